import CSQLite
public import SQLStorage

/// One connection to a SQLite file.
///
/// After an error inside a transaction its caller rolls back, to a savepoint or altogether; SQLite may already have done
/// so by itself (disk full, out of memory), and then every call but `rollBack()` says `.unavailable` rather than to write
/// outside any transaction. The rows that a bulk insert stored before one that failed are undone by that roll-back.
public final class SQLiteConnection: SQLConnection {
    public let vocabulary = SchemaVocabulary.sqlite

    private enum Transaction {
        case none
        case open
    }

    private let path: String
    private let purpose: ConnectionPurpose
    private let limits: SQLiteLimits
    private let isArchive: Bool
    private var database: Database?
    private var statements: StatementCache
    private var transaction = Transaction.none
    private var isClosed = false
    private var timesOpened = 0

    init(path: String, purpose: ConnectionPurpose, limits: SQLiteLimits, isArchive: Bool) throws(SQLError) {
        self.isArchive = isArchive
        self.path = path
        self.purpose = purpose
        self.limits = limits
        statements = StatementCache(countMax: limits.statementsMax)
        database = try configured()
    }

    deinit {
        close()
    }

    /// Runs one statement. See `SQLConnection`.
    public func run(_ statement: SQL) throws(SQLError) -> [SQLRow] {
        try prepared(statement.text).run(statement.values)
    }

    /// Runs the statements one after another: there is no round trip to save.
    public func run(pipelined statements: [SQL]) throws(SQLError) -> [[SQLRow]] {
        var rows: [[SQLRow]] = []
        rows.reserveCapacity(statements.count)
        for statement in statements {
            rows.append(try run(statement))
        }
        return rows
    }

    public func runScript(_ script: String) throws(SQLError) {
        try ready().run(script: script)
    }

    /// Runs `INSERT … VALUES` once a row, with values bound from where they lie.
    ///
    /// Outside a transaction it makes one of its own, so that it is stored whole or not at all, as on PostgreSQL.
    public func insert(_ insertion: BulkInsert) throws(SQLError) -> [SQLRow] {
        guard insertion.rowCount > 0 else { return [] }
        let names = insertion.columns.map(\.name.description).joined(separator: ", ")
        let places = insertion.columns.indices.map { "?\($0 + 1)" }.joined(separator: ", ")
        let text =
            switch insertion.conflict {
            case .none(let suffix): "INSERT INTO \(insertion.table) (\(names)) VALUES (\(places)) \(suffix)"
            // Without other indexes or triggers this overwrites where it would insert, which `DO UPDATE` does not.
            case .replace(_, hasIndexes: false): "INSERT OR REPLACE INTO \(insertion.table) (\(names)) VALUES (\(places))"
            // With indexes it would take the row out of each and put it back.
            case .replace(let keyCount, hasIndexes: true): Self.update(insertion, keyCount: keyCount)
            }
        let statement = try prepared(text)
        guard case .none = transaction else { return try run(statement, for: insertion) }
        try beginWriting()
        do {
            let rows = try run(statement, for: insertion)
            try commit()
            return rows
        } catch {
            rollBack()
            throw error
        }
    }

    private static func update(_ insertion: BulkInsert, keyCount: Int) -> String {
        let parts = insertion.columns.enumerated().map { "\($1.name) = ?\($0 + 1)" }
        return """
            UPDATE \(insertion.table) SET \(parts.dropFirst(keyCount).joined(separator: ", "))
            WHERE \(parts.prefix(keyCount).joined(separator: " AND "))
            """
    }

    private func run(_ statement: Statement, for insertion: BulkInsert) throws(SQLError) -> [SQLRow] {
        try withLent(insertion.columns) { lent throws(SQLError) in
            var rows: [SQLRow] = []
            try statement.run(forRows: 0..<insertion.rowCount, of: lent, addingTo: &rows)
            return rows
        }
    }

    public func insert(pipelined insertions: [BulkInsert]) throws(SQLError) -> [[SQLRow]] {
        var rows: [[SQLRow]] = []
        rows.reserveCapacity(insertions.count)
        for insertion in insertions {
            rows.append(try insert(insertion))
        }
        return rows
    }

    /// Runs the statements at once: there is nobody to run them meanwhile.
    public func run(ahead statements: [SQL]) throws(SQLError) {
        _ = try run(pipelined: statements)
    }

    public func insert(ahead insertions: [BulkInsert]) throws(SQLError) {
        _ = try insert(pipelined: insertions)
    }

    /// Runs the selection for 64, 8 or one key at a time, whichever still fits.
    ///
    /// SQLite puts `given` into a temporary table before it joins, which for one key costs more than the search. 64 keys
    /// a run find four times as many a second as one; all keys at once would be a new statement for each number of keys.
    public func lookup(_ lookup: BulkLookup) throws(SQLError) -> [SQLRow] {
        guard lookup.keyCount > 0 else { return [] }
        let names = lookup.keys.map(\.name.description).joined(separator: ", ")
        return try withLent(lookup.keys) { lent throws(SQLError) in
            var rows: [SQLRow] = []
            var next = 0
            for size in [64, 8, 1] {
                let count = (lookup.keyCount - next) / size * size
                guard count > 0 else { continue }
                let values = (0..<size).map { row in
                    "(" + lent.indices.map { "?\(row * lent.count + $0 + 1)" }.joined(separator: ", ") + ")"
                }.joined(separator: ", ")
                try prepared(
                    """
                    WITH given (\(names)) AS (VALUES \(values))
                    SELECT \(lookup.selecting) FROM given CROSS JOIN \(lookup.from) WHERE \(lookup.matching)
                    """
                ).run(forRows: next..<(next + count), of: lent, rowsPerRun: size, addingTo: &rows)
                next += count
            }
            return rows
        }
    }

    /// Takes the write lock at once, so that no later statement can fail for want of it.
    public func beginWriting() throws(SQLError) {
        try begin("BEGIN IMMEDIATE")
    }

    /// Sees the moment of its first statement.
    public func beginReading() throws(SQLError) {
        try begin("BEGIN DEFERRED")
    }

    /// Fixes the moment that a reading transaction sees.
    public func version() throws(SQLError) -> StoreVersion? {
        StoreVersion(opened: timesOpened, number: try prepared("PRAGMA data_version").run([])[0].integer(0))
    }

    private func begin(_ text: String) throws(SQLError) {
        guard case .none = transaction else {
            throw SQLError(kind: .defect, code: "", message: "a transaction is open", statement: text)
        }
        try database?.requireFile()
        _ = try prepared(text).run([])
        transaction = .open
    }

    public func beginWritingBesideCommit() throws(SQLError) { try beginWriting() }

    public func sendCommit() throws(SQLError) {}

    /// A commit that fails has not happened: what stands in the log without its end is not read.
    public var mayHaveCommitted: Bool { false }

    public func commit() throws(SQLError) {
        guard case .open = transaction else {
            throw SQLError(kind: .defect, code: "", message: "no transaction is open", statement: "COMMIT")
        }
        _ = try prepared("COMMIT").run([])
        transaction = .none
    }

    public func rollBack() {
        defer { transaction = .none }
        guard let database else { return }
        do {
            if !database.isOutsideTransaction { _ = try statements.statement("ROLLBACK", on: database).run([]) }
            database.makeSpaceIfFull()
        } catch {
            // Closing rolls back too; the next call opens the file again.
            release()
        }
    }

    public func tables() throws(SQLError) -> Set<String> {
        Set(try run("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB 'sqlite_*'").map { $0.text(0) })
    }

    /// None: the file is Muster's own.
    public func tablesOfFormerServers() throws(SQLError) -> Set<String> { [] }

    /// Nothing to do: the file is the place.
    public func createNamespace() throws(SQLError) {}

    /// Does nothing: SQLite limits no statement's time.
    public func allowLongStatements() throws(SQLError) {}

    /// Nothing to do: `BEGIN IMMEDIATE` has locked the file.
    public func lockForMigration() throws(SQLError) {}

    /// Releases the file; may be called again.
    public func close() {
        isClosed = true
        transaction = .none
        release()
    }

    /// What this connection promises about a commit, as SQLite itself reports it: `journal_mode` is `wal`, `synchronous`
    /// `2` (FULL), `foreign_keys` `1`.
    public func durability() throws(SQLError) -> [(name: String, value: String)] {
        var settings: [(name: String, value: String)] = []
        for name in ["journal_mode", "synchronous", "foreign_keys"] {
            let row = try prepared("PRAGMA \(name)").run([])[0]
            switch row.values[0] {
            case .integer(let number): settings.append((name, String(number)))
            // To an onlooker who takes no part in the log, a file that is written with one seems to have none.
            case .text where name == "journal_mode" && purpose == .inspecting && Database.isWrittenWithLog(path):
                settings.append((name, "wal"))
            case .text(let text): settings.append((name, text))
            case .null, .blob, .uuid: settings.append((name, ""))
            }
        }
        return settings
    }

    public func bytesUsed() throws(SQLError) -> Int64 {
        // Before the first commit there is no log; a file that is gone is noticed by whoever reads it.
        Database.bytes(of: path) + Database.bytes(of: path + "-wal")
    }

    public func damage(reportsMax: Int) throws(SQLError) -> [String] {
        let found = try run(SQL(trusted: "PRAGMA quick_check(\(reportsMax))")).map { $0.text(0) }
        return found == ["ok"] ? [] : found
    }

    public func server() throws(SQLError) -> ServerCondition? { nil }
    /// What is wrong with the file's pages, rows and indexes, in SQLite's words; empty for a sound file. Reads all of it.
    public func flaws() throws(SQLError) -> [String] {
        try prepared("PRAGMA integrity_check(\(Self.flawsMax))").run([]).map { $0.text(0) }.filter { $0 != "ok" }
    }

    /// How many flaws are named: one is enough to refuse a file, and a damaged one has thousands.
    static let flawsMax = 10

    private func release() {
        statements.removeAll()
        database = nil
    }

    private func prepared(_ text: String) throws(SQLError) -> Statement {
        try statements.statement(text, on: ready())
    }

    private func ready() throws(SQLError) -> Database {
        switch transaction {
        case .open:
            guard let database, !database.isOutsideTransaction else {
                throw SQLError(kind: .unavailable, code: "", message: "an earlier error rolled the transaction back")
            }
            return database
        case .none:
            guard !isClosed else { throw SQLError(kind: .defect, code: "", message: "the connection is closed") }
            if let database { return database }
            let reopened = try configured()
            database = reopened
            return reopened
        }
    }

    private func configured() throws(SQLError) -> Database {
        let database = try Database(path: path, purpose: purpose, isArchive: isArchive)
        let cacheKiB = purpose == .writing ? limits.writerCacheKiBMax : limits.readerCacheKiBMax
        try database.check(unsafe sqlite3_busy_timeout(database.handle, limits.lockWaitMilliseconds), in: "")
        // Names in double quotes that match no column would silently be strings.
        try database.check(unsafe csqlite_switch(database.handle, SQLITE_DBCONFIG_DQS_DML, 0), in: "")
        try database.check(unsafe csqlite_switch(database.handle, SQLITE_DBCONFIG_DQS_DDL, 0), in: "")
        if isArchive {
            // Nothing to set: nobody writes there, and nothing may be left beside it.
        } else if purpose == .inspecting {
            // The last connection to close copies the log back into the file, which is not for an onlooker to do.
            try database.check(unsafe csqlite_switch(database.handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1), in: "")
        } else {
            let mode = try Statement("PRAGMA journal_mode = WAL", on: database).run([])
            guard mode == [SQLRow([.text("wal")])] else {
                throw SQLError(
                    kind: .misconfigured, code: "", message: "\(path): this file system cannot hold a write-ahead log")
            }
        }
        // `synchronous`: a commit returns when the log is on disk. `recursive_triggers`: so that REPLACE cannot delete
        // from an append-only table. `secure_delete`: an erased person is not left in free pages. `cell_size_check` and
        // `trusted_schema`: a damaged or doctored file fails early. No `mmap_size`: an I/O error would be a signal then.
        try database.run(
            script: """
                PRAGMA synchronous = FULL;
                PRAGMA foreign_keys = ON;
                PRAGMA recursive_triggers = ON;
                PRAGMA secure_delete = ON;
                PRAGMA cell_size_check = ON;
                PRAGMA trusted_schema = OFF;
                PRAGMA temp_store = MEMORY;
                PRAGMA cache_size = -\(cacheKiB);
                PRAGMA journal_size_limit = \(limits.logBytesMax);
                PRAGMA query_only = \(purpose == .writing ? "OFF" : "ON");
                """)
        if purpose != .inspecting { database.checkpoint(atPages: limits.checkpointPages) }
        timesOpened += 1
        return database
    }
}
