/// The last word of a station about itself.
public struct Heartbeat: Sendable, Equatable {
    public let station: WireText
    /// The clear epoch the station has seen, as it sent it; nil for none.
    public let lastClearEpoch: WireText?
    /// How many scans the station holds itself.
    public let localScanCount: Int64
    public let receivedAt: Instant

    public init(station: WireText, lastClearEpoch: WireText?, localScanCount: Int64, receivedAt: Instant) {
        self.station = station
        self.lastClearEpoch = lastClearEpoch
        self.localScanCount = localScanCount
        self.receivedAt = receivedAt
    }
}

/// What a station has sent since it was first heard, clears notwithstanding: for operators, not for reports.
public struct StationCounters: Sendable, Equatable {
    public var scans: Int64
    public var duplicates: Int64
    public var lastUploadAt: Instant

    public init(scans: Int64 = 0, duplicates: Int64 = 0, lastUploadAt: Instant) {
        self.scans = scans
        self.duplicates = duplicates
        self.lastUploadAt = lastUploadAt
    }

    mutating func count(isDuplicate: Bool) {
        if isDuplicate { duplicates += 1 } else { scans += 1 }
    }

    /// Adds what came later. The last upload is the one that came last, also where the server's clock went back meanwhile.
    public mutating func add(_ other: StationCounters) {
        scans += other.scans
        duplicates += other.duplicates
        lastUploadAt = other.lastUploadAt
    }
}

/// An hour in which a station scanned.
public struct StationHour: Sendable, Equatable {
    /// The station as it was claimed.
    public let claimed: WireText
    /// Whole hours since 1970, in UTC.
    public let hour: Int64
    /// The last of the hour's entries.
    public let lastSequence: Int64

    public init(claimed: WireText, hour: Int64, lastSequence: Int64) {
        self.claimed = claimed
        self.hour = hour
        self.lastSequence = lastSequence
    }
}

/// What is known of a tenant's stations besides their scans.
public protocol StationReading {
    /// The hours in which stations of a source scanned, by the moments that they named, in no order: those that begin at or
    /// behind `from` and before `end`. All scans of the time between are read, so ask for a day at a time.
    func stationHours(of source: EntrySource, from: Instant, before end: Instant) throws(AttendanceError) -> [StationHour]
    /// The heartbeats of all stations, by name in code point order.
    func heartbeats() throws(AttendanceError) -> [Heartbeat]
    /// What each station has sent, by the name it used, in code point order.
    func stationCounters() throws(AttendanceError) -> [(station: WireText, counters: StationCounters)]
}

/// Keeps what stations say of themselves and have sent.
public protocol StationWriting {
    /// Keeps the heartbeat in the place of the station's former one.
    func keep(_ heartbeat: Heartbeat) throws(AttendanceError)
    /// Forgets the heartbeat of a station, or of all.
    func forgetHeartbeats(of station: WireText?) throws(AttendanceError)
    /// Moves a heartbeat to another name; of two the newer one stays.
    func moveHeartbeat(from old: WireText, to new: WireText) throws(AttendanceError)
    /// Adds to the stations' counters.
    func count(_ counters: [WireText: StationCounters]) throws(AttendanceError)
}
