import AttendanceCore
public import DemoData

/// What is to be played.
public struct SimulationPlan: Sendable {
    public let organisation: DemoOrganisation
    public let day: DemoDay
    /// So many seconds of the day pass in one; 0 for as fast as the server answers.
    public let speed: Int
    /// How long stations try to deliver what is left after the day's end.
    public var patienceSeconds: Int64 = 120

    public static let speedMax = 100_000

    /// - Parameters:
    ///   - speed: 0 to ``speedMax``.
    public init(organisation: DemoOrganisation, day: DemoDay, speed: Int) {
        precondition((0...Self.speedMax).contains(speed))
        self.organisation = organisation
        self.day = day
        self.speed = speed
    }

    /// What each station does, in the stations' order.
    func scripts() -> [StationScript] {
        let byStation = Dictionary(grouping: organisation.scans(on: day), by: \.station)
        return organisation.stations.enumerated().map { place, station in
            StationScript(
                station: station.name, scans: byStation[station.name] ?? [], day: day,
                random: SeededRandom(seed: organisation.seed, for: 4, UInt64(place), UInt64(bitPattern: day.number)))
        }
    }
}

/// One station's day with everything that goes wrong in it, but for what the network adds.
struct StationScript: Sendable {
    /// One in so many stations has a wrong clock, and is offline for a while.
    private static let skewedPerMille = 400
    private static let offlinePerMille = 350

    let station: String
    /// When each scan happens, and what the station says about it: by its own clock.
    let scans: [(happensAt: Instant, scan: DemoScan)]
    /// The station reaches nobody then.
    let offline: Range<Instant>?
    let skewSeconds: Int64
    /// For what is decided with each upload.
    var random: SeededRandom

    init(station: String, scans: [DemoScan], day: DemoDay, random: SeededRandom) {
        var random = random
        self.station = station
        let skew = random.chance(perMille: Self.skewedPerMille) ? Int64(random.within(-240...600)) : 0
        skewSeconds = skew
        let begins = day.beginning.adding(seconds: Int64(random.within(6 * 60...15 * 60)) * 60)
        let ends = begins.adding(seconds: Int64(random.within(45...240)) * 60)
        offline = random.chance(perMille: Self.offlinePerMille) ? begins..<ends : nil
        // An export tells scans apart by what is in a row, and so does the comparison.
        var rows: Set<LedgerRow> = []
        self.scans = scans.compactMap { scan in
            var said = scan
            said.occurredAt = scan.occurredAt.adding(seconds: skew)
            return rows.insert(LedgerRow(said)).inserted ? (scan.occurredAt, said) : nil
        }
        self.random = random
    }
}
