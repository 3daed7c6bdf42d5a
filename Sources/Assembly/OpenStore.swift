import AttendanceCore
import Digests
import Glibc
import PostgresEngine
import SQLStorage
import SQLiteEngine
import StrictJSON
import Synchronization
import Tokens

/// Something that went wrong while the program ran: one clear line, exit code 1.
struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// Finds, makes and opens the store that the configuration names.
struct StorePlace: Sendable {
    let configuration: Configuration
    let ambient: Ambient
    let log: Log

    var engine: any SQLEngine {
        get throws {
            switch configuration.database {
            case .sqlite(let file): SQLiteEngine(file: file)
            case .postgres(let url): try PostgresEngine(url: url)
            }
        }
    }

    /// Where the data lives, as people are told.
    var description: String {
        switch configuration.database {
        case .sqlite(let file): file
        case .postgres(let url): SettingName.databaseURL.shown(url)
        }
    }

    /// Makes the folder of the embedded store, which nobody else may look into.
    func makeDirectory() throws {
        guard case .sqlite(let file) = configuration.database else { return }
        let directory = file.lastIndex(of: "/").map { String(file[..<$0]) } ?? "."
        var path = ""
        for part in directory.split(separator: "/", omittingEmptySubsequences: false) {
            path += path.isEmpty && directory.first != "/" ? String(part) : "/" + part
            guard !part.isEmpty, unsafe mkdir(path, 0o700) != 0, errno != EEXIST else { continue }
            throw Failure("the data folder \(path) cannot be made: \(unsafe String(cString: strerror(errno)))")
        }
    }

    /// Whether there is a store to open. Looking at one that is missing makes none.
    func requireExisting() throws {
        guard case .sqlite(let file) = configuration.database, unsafe access(file, R_OK | W_OK) != 0 else { return }
        guard errno == ENOENT || errno == ENOTDIR else {
            throw Failure("the store \(file) cannot be opened: \(unsafe String(cString: strerror(errno)))")
        }
        throw Failure("there is no store at \(file): muster serve makes one, --data names another folder")
    }

    /// Brings the schema to the program's. Before the first step of an upgrade the embedded store's file is copied.
    /// - Returns: The migrations applied, the copy's path if one was made, and whether the store is new.
    func migrate() throws -> (applied: [String], copy: String?, isNew: Bool) {
        try makeDirectory()
        return try withMigrator { migrator in
            let pending = try migrator.pending()
            let copy = pending.count > 0 && !pending.isNew ? try copyBeforeUpgrade() : nil
            return (try migrator.up(), copy, pending.isNew)
        }
    }

    /// Says that this process uses the embedded store, for as long as what is returned lives. PostgreSQL's sessions say so
    /// themselves.
    /// - Throws: ``Failure`` where a backup is just being restored into it.
    func enter() throws -> StoreLock? {
        guard case .sqlite(let file) = configuration.database else { return nil }
        guard let lock = try StoreLock(.shared, store: file) else {
            throw Failure("a backup is being restored into \(file): try again when that has ended")
        }
        try SQLiteRestore.removeSecondNames(of: file)
        return lock
    }

    func withMigrator<Result>(_ body: (Migrator) throws -> Result) throws -> Result {
        let lock = try enter()
        defer { withExtendedLifetime(lock) {} }
        let connection: any SQLConnection
        do {
            connection = try engine.connect(.writing)
        } catch let error as SQLError {
            throw Failure("the store \(description) cannot be opened: \(error.message)")
        }
        defer { connection.close() }
        return try body(Migrator(connection: connection, now: ambient.now, sha256: ambient.sha256))
    }

    private func copyBeforeUpgrade() throws -> String? {
        guard case .sqlite(let file) = configuration.database else { return nil }
        let copy = "\(file).before-upgrade-\(BackupFiles.moment(ambient.now()))"
        try SQLiteEngine(file: file).backup(to: copy)
        return copy
    }

    /// - Parameter observer: Told what the writer does.
    func open(observer: WriterObserver? = nil) throws -> SQLStore {
        try SQLStore.open(engine, ambient: ambient, observer: observer, report: report)
    }

    /// Opens a store that is only looked at, such as a backup.
    func openForReading(_ engine: any SQLEngine) throws -> SQLStore {
        try SQLStore.openForReading(engine, ambient: ambient, report: report)
    }

    /// Writes an engine's error to the log.
    private var report: @Sendable (SQLError) -> Incident {
        let log = log
        let randomBytes = ambient.randomBytes
        let passing = PassingTrouble()
        return { [ambient] cause in
            if [.unavailable, .conflict, .misconfigured].contains(cause.kind) {
                guard passing.isNews(at: ambient.now()) else { return Incident(text: "") }
                log.write(.warning, "store unavailable") { fields in
                    fields.member("code", cause.code)
                    fields.member("message", cause.message)
                }
                return Incident(text: "")
            }
            let incident = Incident(text: Hexadecimal.encode(randomBytes(6)))
            log.write(.error, "store failed") { fields in
                fields.member("incident", incident.text)
                fields.member("kind", "\(cause.kind)")
                fields.member("code", cause.code)
                fields.member("message", cause.message)
                fields.member("statement", cause.statement)
            }
            return incident
        }
    }

    func operations(_ store: SQLStore) -> Operations {
        let signer = TokenSigner(
            key: configuration.secretKey.map { Array($0.utf8) } ?? store.tokenKey,
            formerKeys: configuration.formerSecretKeys.map { Array($0.utf8) })
        return Operations(
            store: store, ambient: ambient, sealer: store.sealer, zones: .system(),
            secrets: AccountSecrets(
                hasher: PasswordHasher(), signer: signer,
                lifetimes: TokenLifetimes(accessSeconds: configuration.accessTokenSeconds),
                bearer: BearerTokens(
                    signer: BearerSigner(secret: configuration.bearerSecret.map { Array($0.utf8) } ?? store.bearerKey),
                    lifeSeconds: configuration.bearerSeconds)))
    }
}

/// Keeps trouble that passes, and that thousands of requests meet at once, to a line now and then.
private final class PassingTrouble: Sendable {
    static let secondsBetweenLines: Int64 = 5

    private let lastAt = Mutex<Instant?>(nil)

    func isNews(at moment: Instant) -> Bool {
        lastAt.withLock { lastAt in
            if let last = lastAt, last <= moment, moment.seconds(since: last) < Self.secondsBetweenLines { return false }
            lastAt = moment
            return true
        }
    }
}
