public import AttendanceCore

/// Some weeks of an organisation, as a server would have seen them.
public struct DemoHistory: Sendable {
    public static let weeksMax = 520

    /// What stations send at about the same time.
    public struct Delivery: Sendable {
        public let receivedAt: Instant
        /// Each with scans of one station. A batch may have been sent before.
        public let batches: [[DemoScan]]
    }

    public let organisation: DemoOrganisation
    public let end: Instant
    private let days: [DemoDay]

    /// Stations gather scans for so long; the demonstration stores one group of batches each time.
    private static let deliverySeconds: Int64 = 1_800
    /// The longest batch of a kiosk. Source: contract TrackAttendance §5.
    private static let batchMax = 1_000

    /// - Parameters:
    ///   - weeks: 1 to ``weeksMax``, the last of which ends with `end`.
    ///   - end: No scan lies behind it.
    public init(of organisation: DemoOrganisation, weeks: Int, through end: Instant, secondsAheadOfUTC: Int64) {
        precondition((1...Self.weeksMax).contains(weeks))
        self.organisation = organisation
        self.end = end
        let last = DemoDay(of: end, secondsAheadOfUTC: secondsAheadOfUTC)
        days = (0..<Int64(weeks * 7)).reversed().map { last.adding(days: -$0) }
    }

    /// How many days of the calendar it spans, the last of them perhaps not over yet.
    public var dayCount: Int { days.count }

    /// What the stations deliver of the scans of one day, the earliest first.
    /// - Parameter index: From 0 to ``dayCount`` - 1, the earliest day first.
    public func deliveries(ofDay index: Int) -> [Delivery] {
        let day = days[index]
        // Who stays over midnight is seen on the next day, which may not have come yet.
        let scans = organisation.scans(on: day).filter { $0.occurredAt < end }
        var random = SeededRandom(seed: organisation.seed, for: 3, UInt64(bitPattern: day.number))
        var due: [Int64: [[DemoScan]]] = [:]
        let byStation = Dictionary(grouping: scans, by: \.station)
        for station in organisation.stations {
            // Drawn for each station, also for one without scans, so that stations do not move one another's faults.
            let offline = offlineSpell(&random)
            let isResent = random.chance(perMille: 150)
            var waiting: [Int64: [DemoScan]] = [:]
            for scan in byStation[station.name] ?? [] {
                var seconds = scan.occurredAt.seconds(since: day.beginning)
                if let offline, offline.contains(seconds) { seconds = offline.upperBound }
                waiting[seconds / Self.deliverySeconds, default: []].append(scan)
            }
            let slots = waiting.keys.sorted()
            // The answer to one upload was lost, so the kiosk sent it once more: duplicates.
            let resent = isResent && !slots.isEmpty ? random.pick(slots) : nil
            for slot in slots {
                let scans = waiting[slot] ?? []
                for start in stride(from: 0, to: scans.count, by: Self.batchMax) {
                    let batch = Array(scans[start..<min(start + Self.batchMax, scans.count)])
                    due[slot, default: []].append(batch)
                    if slot == resent { due[slot + 1, default: []].append(batch) }
                }
            }
        }
        return due.sorted { $0.key < $1.key }.map { slot, batches in
            let at = day.beginning.adding(seconds: (slot + 1) * Self.deliverySeconds)
            return Delivery(receivedAt: min(at, end), batches: batches)
        }
    }

    /// A cable, a switch, somebody who needed the socket: some hours of some days.
    private func offlineSpell(_ random: inout SeededRandom) -> Range<Int64>? {
        let begins = Int64(random.within(5...16)) * 3_600
        let lasts = Int64(random.within(2...9)) * 1_800
        return random.chance(perMille: 25) ? begins..<begins + lasts : nil
    }
}
