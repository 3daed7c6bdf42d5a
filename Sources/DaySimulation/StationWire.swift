import AttendanceCore
public import DemoData

/// What became of one upload.
public enum UploadAnswer: Sendable, Equatable {
    case stored(saved: Int, duplicates: Int)
    /// 429 or 503: the same again, after so long.
    case comeBack(status: Int, afterSeconds: Int)
    /// Nobody knows what became of it.
    case none(reason: String)
    /// Anything else. A kiosk would give its scans up.
    case refused(status: Int, words: String)
}

/// One scan as the server says that it is in the ledger.
public struct LedgerRow: Sendable, Hashable {
    public let badge: String
    public let station: String
    /// As the contract writes moments, to the millisecond.
    public let scannedAt: String

    public init(badge: String, station: String, scannedAt: String) {
        self.badge = badge
        self.station = station
        self.scannedAt = scannedAt
    }

    init(_ scan: DemoScan) {
        self.init(badge: scan.badge, station: scan.station, scannedAt: scan.occurredAt.millisecondText)
    }
}

/// Why a simulation cannot begin, go on or be judged.
public struct SimulationFailure: Error, Hashable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) {
        self.description = description
    }
}

/// The way from simulated stations to a server. Closures, so that a test can be the server.
public struct StationWire: Sendable {
    /// Sends a batch. How long the answer took is nil where there was none.
    public var upload: @Sendable (_ batch: [DemoScan]) async throws -> (answer: UploadAnswer, microseconds: Int64?)
    /// Sends a heartbeat. Nobody waits for its success, as kiosks do not.
    public var beat: @Sendable (_ station: String, _ scanCount: Int) async -> Void
    /// Reads every scan that counts and hands it over.
    public var readLedger: @Sendable (_ take: @escaping @Sendable (LedgerRow) -> Void) async throws -> Void

    public init(
        upload: @escaping @Sendable ([DemoScan]) async throws -> (answer: UploadAnswer, microseconds: Int64?),
        beat: @escaping @Sendable (String, Int) async -> Void,
        readLedger: @escaping @Sendable (@escaping @Sendable (LedgerRow) -> Void) async throws -> Void
    ) {
        self.upload = upload
        self.beat = beat
        self.readLedger = readLedger
    }
}
