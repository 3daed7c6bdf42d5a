public import AttendanceCore
import Digests
import FoundationEssentials
import PostgresEngine
public import SQLStorage
import SQLiteEngine
import Synchronization

/// The engines every promise of the store is tested on.
public enum StoreKind: String, CaseIterable, Sendable, CustomStringConvertible {
    case sqlite = "SQLite"
    case postgres = "PostgreSQL"

    /// A running private server, as `script/test` starts one. Each test makes a schema of its own in it.
    public static let postgresURL = ProcessInfo.processInfo.environment["MUSTER_TEST_POSTGRES"]
    public static let underTest: [StoreKind] = postgresURL == nil ? [.sqlite] : [.sqlite, .postgres]

    public var description: String { rawValue }

    /// The engine's words, without a store.
    public var vocabulary: SchemaVocabulary {
        get throws {
            switch self {
            case .sqlite: SQLiteEngine(file: "nowhere").vocabulary
            case .postgres: try PostgresEngine(url: "postgresql://nowhere").vocabulary
            }
        }
    }

    /// Lends an empty store and removes it afterwards.
    public func withFreshStore(_ body: (StoreUnderTest) async throws -> Void) async throws {
        try await withEngine { engine in
            let subject = try StoreUnderTest(kind: self, engine: engine)
            do {
                try await body(subject)
                await subject.store.close()
            } catch {
                await subject.store.close()
                throw error
            }
        }
    }

    /// Lends the place for a store, without a schema.
    public func withEngine(_ body: (any SQLEngine) async throws -> Void) async throws {
        switch self {
        case .sqlite:
            try await withTemporaryDirectory { directory in
                try await body(SQLiteEngine(file: directory + "/muster.sqlite"))
            }
        case .postgres:
            guard let url = Self.postgresURL else { throw MissingPostgres() }
            let schema = "test_\(UUID().uuidString.prefix(8).lowercased())"
            let engine = try PostgresEngine(url: url, schema: schema)
            func drop() throws {
                let connection = try engine.connect(.writing)
                defer { connection.close() }
                try connection.runScript(
                    ["", "_timetracker", "_aims"].map { "DROP SCHEMA IF EXISTS \(schema)\($0) CASCADE;" }.joined())
            }
            do {
                try await body(engine)
            } catch {
                try drop()
                throw error
            }
            try drop()
        }
    }
}

public struct MissingPostgres: Error {}

/// Lends a directory, in memory where the system has such a place: what is tested is not the disk.
public func withTemporaryDirectory<Result>(_ body: (String) async throws -> Result) async throws -> Result {
    let memory = "/dev/shm"
    let parent = FileManager.default.isWritableFile(atPath: memory) ? memory : "/tmp"
    let directory = parent + "/muster-test-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
    do {
        let result = try await body(directory)
        try FileManager.default.removeItem(atPath: directory)
        return result
    } catch {
        // The first error tells more than a directory that stays behind.
        try? FileManager.default.removeItem(atPath: directory)
        throw error
    }
}

/// A clock that stands still until a test moves it.
public final class TestClock: Sendable {
    private let microseconds: Mutex<Int64>

    /// Begins at 2026-02-12T08:00:00Z.
    private struct Others {
        var uptime: Int64 = 0
        var uptimeStep: Int64 = 1_000_000
        var pauses: [Int64] = []
    }
    private let others = Mutex(Others())

    public init(_ start: Instant = Instant(microseconds: 1_770_883_200_000_000)) {
        microseconds = Mutex(start.microseconds)
    }

    public var now: Instant {
        get { Instant(microseconds: microseconds.withLock { $0 }) }
        set { microseconds.withLock { $0 = newValue.microseconds } }
    }

    public func advance(milliseconds: Int64) {
        self.microseconds.withLock { $0 += milliseconds * 1_000 }
    }

    /// Between two readings of the uptime a second passes, so that nothing is remembered for a moment, unless a test sets
    /// the step.
    public var uptimeStep: Int64 {
        get { others.withLock { $0.uptimeStep } }
        set { others.withLock { $0.uptimeStep = newValue } }
    }

    /// The pauses that were asked for, in microseconds; none of them is made.
    public var pauses: [Int64] { others.withLock { $0.pauses } }

    func passUptime() -> Int64 {
        others.withLock { others in
            others.uptime += others.uptimeStep
            return others.uptime
        }
    }

    func notePause(_ microseconds: Int64) {
        others.withLock { $0.pauses.append(microseconds) }
    }
}

extension Ambient {
    /// Real digests and random bytes, and the time of a test's clock.
    public static func test(_ clock: TestClock) -> Ambient {
        Ambient(
            now: { clock.now }, uptime: { clock.passUptime() }, pause: { clock.notePause($0) },
            randomBytes: { RandomBytes.make($0) },
            sha256: { Digest(words: SHA256.digest(of: $0).words) },
            hmac: { key in
                let key = HMACKey(key)
                return { message in Digest(words: key.code(for: message).words) }
            },
            equalInConstantTime: { ConstantTime.areEqual($0, $1) })
    }
}

extension ZoneSource {
    /// The system's time zone database.
    public static let test = ZoneSource { name in
        // A name without a file is no zone: that is what nil says.
        guard let file = try? Data(contentsOf: URL(filePath: "/usr/share/zoneinfo/\(name)")) else { return nil }
        return try? ZoneRules(named: name, compiled: Array(file))
    }
}

/// A store with operations over it, as a process has them.
public struct StoreUnderTest: Sendable {
    public let kind: StoreKind
    public let engine: any SQLEngine
    public let store: SQLStore
    public let operations: Operations
    public let clock: TestClock
    public let caller: Caller

    /// - Parameter referencesPerOverlappingGroupMax: Cuts groups smaller, so that a few batches are several groups.
    public init(
        kind: StoreKind, engine: any SQLEngine, clock: TestClock = TestClock(), referencesPerOverlappingGroupMax: Int = 500
    ) throws {
        self.kind = kind
        self.engine = engine
        self.clock = clock
        let ambient = Ambient.test(clock)
        let connection = try engine.connect(.writing)
        try Migrator(connection: connection, now: ambient.now, sha256: ambient.sha256).up()
        connection.close()
        store = try SQLStore.open(
            engine, ambient: ambient, referencesPerOverlappingGroupMax: referencesPerOverlappingGroupMax
        ) { cause in Incident(text: "\(cause)") }
        operations = Operations(
            store: store, ambient: ambient, sealer: store.sealer, zones: .test, secrets: .test(key: store.tokenKey))
        caller = Caller(tenant: .default, name: "key/test", roles: .all)
    }

    /// Runs statements on a connection of their own, as somebody with the database's password could.
    public func tamper(_ script: String) throws {
        let connection = try engine.connect(.writing)
        defer { connection.close() }
        try connection.runScript(script)
    }
}

extension Claim {
    /// A scan as a kiosk sends it.
    public static func scan(
        _ reference: WireText, badge: WireText, station: WireText,
        at moment: Instant = Instant(microseconds: 1_770_883_200_000_000),
        unit: WireText? = nil, staffCode: WireText? = nil
    ) -> Claim {
        Claim(
            kind: .scan, source: .trackAttendance, occurredAt: moment, station: station, unit: unit, means: "badge",
            personal: PersonalPart(
                identifierKind: .badge, identifier: badge, staffCode: staffCode, reference: reference,
                meta: staffCode == nil ? nil : #"{"matched":true}"#))
    }
}
