/// When a station usually scans, learnt from the hours in which it did.
///
/// The rule, in hours of UTC:
/// - The pattern is learnt from the four weeks that end with the station's last scan.
/// - An hour of the week is *usual* when the station scanned in it in at least three of those weeks. So a station has to be
///   known for some three weeks, and one day off in four weeks changes nothing.
/// - A station is silent when usual hours have passed since its last scan: at least two, and more than it ever missed in a
///   row in those four weeks. One is not enough, since where clocks are put back everything happens an hour later.
/// - The hour that is under way has not passed. After four weeks of silence a station is taken for one that is gone.
///
/// A holiday looks like silence until the next scan; nobody has told the server of it.
public struct StationRhythm: Sendable, Equatable {
    static let weeks: Int64 = 4
    static let hoursPerWeek: Int64 = 168
    static let weeksMin = 3
    static let missedMin = 2

    private let busy: Set<Int64>

    /// - Parameter busyHours: Whole hours since 1970 in which there was a scan.
    public init(busyHours: some Sequence<Int64>) {
        busy = Set(busyHours)
    }

    /// A station that should have scanned.
    public struct Silence: Sendable, Equatable {
        /// The beginning of the last hour in which it scanned.
        public let lastHour: Instant
        /// Usual hours that have passed since.
        public let missedHours: Int
        /// The most that it missed in a row before.
        public let missedBefore: Int
    }

    /// How silent the station is at a moment; nil where it is not.
    public func silence(at now: Instant) -> Silence? {
        let present = now.microseconds.dividedFlooring(by: 3_600_000_000).quotient
        guard let last = busy.filter({ $0 <= present }).max(), present - last <= Self.weeks * Self.hoursPerWeek else { return nil }
        let begin = last - Self.weeks * Self.hoursPerWeek + 1
        guard let first = busy.filter({ $0 >= begin }).min() else { return nil }

        var weeksScanned = [Int](repeating: 0, count: Int(Self.hoursPerWeek))
        func slot(_ hour: Int64) -> Int { Int(hour.dividedFlooring(by: Self.hoursPerWeek).remainder) }
        for hour in first...last where busy.contains(hour) { weeksScanned[slot(hour)] += 1 }
        func isUsual(_ hour: Int64) -> Bool { weeksScanned[slot(hour)] >= Self.weeksMin }
        var missedBefore = 0
        var inARow = 0
        for hour in first...last {
            if busy.contains(hour) { inARow = 0 } else if isUsual(hour) { inARow += 1 }
            missedBefore = max(missedBefore, inARow)
        }
        let missed = last + 1 < present ? ((last + 1)..<present).count(where: isUsual) : 0
        guard missed >= Self.missedMin, missed > missedBefore else { return nil }
        return Silence(
            lastHour: Instant(microseconds: last * 3_600_000_000), missedHours: missed, missedBefore: missedBefore)
    }
}

/// A station that is silent in its usual hours.
public struct SilentStation: Sendable, Equatable {
    /// The name it goes by now.
    public let name: WireText
    public let silence: StationRhythm.Silence
}

extension Operations {
    /// The stations that are silent although they usually scan, by name in code point order, and how many stations have
    /// scanned in the eight weeks that are looked at. See ``StationRhythm`` for the rule.
    /// - Throws: `.notPermitted` without the admin role, `.unavailable`, `.unexpected`.
    public func silentStations(
        of source: EntrySource, as caller: Caller
    ) async throws(AttendanceError) -> (silent: [SilentStation], of: Int) {
        try caller.require(.admin)
        let now = ambient.now()
        // Four weeks of silence, and the four before it.
        let days = 2 * StationRhythm.weeks * 7
        var hours: [WireText: Set<Int64>] = [:]
        let layout = try await store.read(in: caller.tenant) { tx throws(AttendanceError) in try tx.layout() }
        for day in 0...days {
            // To the hour, so that no hour is cut in two.
            let present = now.microseconds.dividedFlooring(by: 3_600_000_000).quotient
            let from = (present - (day + 1) * 24 + 1) * 3_600_000_000
            let found = try await store.read(in: caller.tenant) { tx throws(AttendanceError) in
                try tx.stationHours(
                    of: source, from: Instant(microseconds: from), before: Instant(microseconds: from + 24 * 3_600_000_000))
            }
            for one in found {
                let span = layout.span(ofEntry: one.lastSequence, claimed: one.claimed, source: source)
                hours[span?.shown ?? one.claimed, default: []].insert(one.hour)
            }
        }
        let silent = hours.compactMap { name, hours in
            StationRhythm(busyHours: hours).silence(at: now).map { SilentStation(name: name, silence: $0) }
        }
        return (silent.sorted { $0.name < $1.name }, hours.count)
    }
}
