import AttendanceCore
public import struct FoundationEssentials.UUID

/// One connection to an engine, confined to one thread at a time by whoever owns it. Every call blocks.
///
/// Both engines keep the same promises: text is UTF-8 compared by bytes, integers are 64-bit, a commit that returns is on
/// disk. A call after `SQLError.Kind.unavailable` may reconnect; whether the transaction that broke was stored is unknown.
///
/// After an error inside a transaction the caller rolls back, to a savepoint or altogether: PostgreSQL refuses everything
/// else, and SQLite has kept what a bulk insert stored before the row that failed. Where the error ended the transaction
/// (disk full, session lost) every call but `rollBack()` says `.unavailable`.
///
/// Values come back as integers, texts, bytes and identities only. `sum` of `BIGINT` is a `NUMERIC` on PostgreSQL:
/// `CAST(sum(…) AS BIGINT)` is an integer on both.
public protocol SQLConnection: AnyObject {
    var vocabulary: SchemaVocabulary { get }

    /// Runs one statement, prepared once and cached by its text, and returns all its rows.
    func run(_ statement: SQL) throws(SQLError) -> [SQLRow]

    /// Runs several statements in order; on PostgreSQL in one round trip (pipeline mode). The rows of each, in order.
    ///
    /// The first failure is thrown; later statements have not run. Belongs inside a transaction: outside one PostgreSQL
    /// takes the statements for one, SQLite each for itself.
    func run(pipelined statements: [SQL]) throws(SQLError) -> [[SQLRow]]

    /// Runs a script of constant statements without values, separated by semicolons: migrations. Inside a transaction, for
    /// the same reason.
    func runScript(_ script: String) throws(SQLError)

    /// Inserts many rows with one statement.
    ///
    /// SQLite runs the prepared statement once a row; PostgreSQL sends columns as arrays (`unnest`). Rows of `RETURNING`
    /// come in no promised order.
    func insert(_ insertion: BulkInsert) throws(SQLError) -> [SQLRow]

    /// Runs several insertions in order; on PostgreSQL in one round trip. The returned rows of each, in order.
    func insert(pipelined insertions: [BulkInsert]) throws(SQLError) -> [[SQLRow]]

    /// Runs statements that return nothing without waiting for their end where somebody else runs them: PostgreSQL works
    /// while the caller prepares what comes next. SQLite runs them at once.
    ///
    /// Belongs inside a transaction. A failure is thrown by this or any later call of the transaction, at the latest by
    /// `commit()`, and names the statement that failed.
    func run(ahead statements: [SQL]) throws(SQLError)

    /// Runs insertions without `RETURNING` as ``run(ahead:)`` runs statements.
    func insert(ahead insertions: [BulkInsert]) throws(SQLError)

    /// Selects by many keys with one statement; see ``BulkLookup``.
    func lookup(_ lookup: BulkLookup) throws(SQLError) -> [SQLRow]

    /// Begins a transaction that will write. SQLite: `BEGIN IMMEDIATE`; PostgreSQL: `READ COMMITTED`.
    func beginWriting() throws(SQLError)

    /// Begins a transaction that will write while another one of this process commits, and of which nobody expects that it
    /// waits: who holds a row that it wants works on the same ledger, so it had better fail soon and be run again.
    func beginWritingBesideCommit() throws(SQLError)

    /// Begins a transaction that sees one moment and cannot write. PostgreSQL: `REPEATABLE READ, READ ONLY`.
    func beginReading() throws(SQLError)

    /// What the open transaction sees; nil where to ask costs as much as to read.
    func version() throws(SQLError) -> StoreVersion?

    /// Allows statements of the open transaction to take as long as a migration's. For work of the command line only.
    func allowLongStatements() throws(SQLError)

    /// Sends the commit without waiting for its end, where somebody else stores: ``commit()`` waits for it. Nothing else but
    /// that or ``rollBack()`` may be called in between. On SQLite this does nothing.
    func sendCommit() throws(SQLError)

    /// Returns when what the transaction wrote is on disk.
    func commit() throws(SQLError)

    /// Whether the transaction may have been committed although `commit()` threw: its session was lost before it said so.
    /// Answers until ``rollBack()``.
    var mayHaveCommitted: Bool { get }

    /// Ends the transaction without a trace. Never fails: a connection that cannot roll back is closed, which rolls back.
    func rollBack()

    /// The names of the tables that stand where Muster's stand, or would stand.
    func tables() throws(SQLError) -> Set<String>

    /// Tables in the same database, outside Muster's place, that belong to one of the servers Muster takes the place of: an
    /// old `.env` points there. Empty on SQLite.
    func tablesOfFormerServers() throws(SQLError) -> Set<String>

    /// What the engine promises about a commit, in its own words.
    func durability() throws(SQLError) -> [(name: String, value: String)]

    /// What the store takes on disk: SQLite's file and its log, PostgreSQL's tables of the schema with their indexes.
    func bytesUsed() throws(SQLError) -> Int64

    /// What the engine's own check of its pages finds wrong, in its words and at most so many; empty where nothing is.
    /// SQLite reads the whole file. PostgreSQL has no such check that everybody may run: always empty there.
    func damage(reportsMax: Int) throws(SQLError) -> [String]

    /// The server behind the connection; nil where there is none, on SQLite.
    func server() throws(SQLError) -> ServerCondition?

    /// Lets others read what the store holds under the names that their reports know: on PostgreSQL views, which follow the store
    /// when it was restored under its name. SQLite: nothing.
    func publish() throws(SQLError)

    /// Makes the place where Muster's tables stand, unless it is there. SQLite: nothing; PostgreSQL: the schema.
    func createNamespace() throws(SQLError)

    /// Keeps other processes from migrating until the transaction ends. SQLite: nothing, it has one writer anyway.
    func lockForMigration() throws(SQLError)

    /// Releases the connection and its files or socket. Nothing may be called afterwards.
    func close()
}

extension SQLConnection {
    public func publish() throws(SQLError) {}
}

/// Stands for what one connection sees of a store: while it stays the same, nobody else has changed anything. Versions of two
/// connections have nothing to do with each other.
public struct StoreVersion: Sendable, Equatable {
    private let opened: Int
    private let number: Int64

    /// - Parameter opened: How often the connection has opened the store: numbers begin anew each time.
    public init(opened: Int, number: Int64) {
        self.opened = opened
        self.number = number
    }
}

/// Opens connections to one store.
public protocol SQLEngine: Sendable {
    /// `sqlite` or `postgresql`, for messages and logs.
    var name: String { get }
    var vocabulary: SchemaVocabulary { get }
    /// Whether one transaction can store rows while another one commits.
    var writesBesideCommits: Bool { get }
    /// Whether reading a few rows waits for nobody: neither for another process nor for whoever writes.
    var readsWithoutWaiting: Bool { get }

    /// - Throws: `.unavailable` when the store cannot be reached now, `.misconfigured` when it never will.
    func connect(_ purpose: ConnectionPurpose) throws(SQLError) -> any SQLConnection
}

/// What a connection is opened for.
public enum ConnectionPurpose: Sendable {
    case reading, writing
    /// Looking at a store without making, changing or tidying up anything, not even what a reader leaves behind.
    case inspecting
}

/// A database server as it is at one moment.
public struct ServerCondition: Sendable, Equatable {
    /// Its clock, in microseconds since 1970.
    public let clockMicroseconds: Int64
    /// Sessions of all databases, and how many there may be of users without special rights.
    public let sessions: Int
    public let sessionsMax: Int
    /// Sessions of this database, and how many it may have; nil for no limit of its own.
    public let databaseSessions: Int
    public let databaseSessionsMax: Int?
    /// Whether its pages carry checksums.
    public let hasChecksums: Bool

    public init(
        clockMicroseconds: Int64, sessions: Int, sessionsMax: Int, databaseSessions: Int, databaseSessionsMax: Int?,
        hasChecksums: Bool
    ) {
        self.clockMicroseconds = clockMicroseconds
        self.sessions = sessions
        self.sessionsMax = sessionsMax
        self.databaseSessions = databaseSessions
        self.databaseSessionsMax = databaseSessionsMax
        self.hasChecksums = hasChecksums
    }
}

/// What truly differs between the engines, under one name each.
public struct SchemaVocabulary: Sendable {
    /// Column type of 64-bit integers. SQLite: `INTEGER`; PostgreSQL: `BIGINT`.
    public let integer: String
    /// Column type of small integers. SQLite: `INTEGER`; PostgreSQL: `SMALLINT`.
    public let small: String
    /// Column type of text compared by bytes. SQLite: `TEXT`; PostgreSQL: `TEXT COLLATE "C"`.
    public let text: String
    /// Column type of bytes. SQLite: `BLOB`; PostgreSQL: `BYTEA`.
    public let bytes: String
    /// Column type of identities. SQLite: `BLOB`; PostgreSQL: `UUID`.
    public let uuid: String
    /// What follows a table's closing parenthesis when its rows live in its primary key. SQLite: `STRICT, WITHOUT ROWID`.
    public let keyedTable: String
    /// What follows any other table's closing parenthesis. SQLite: `STRICT`.
    public let table: String
    /// What follows the closing parenthesis of a keyed table whose rows are rewritten all the time. PostgreSQL:
    /// `WITH (fillfactor = 50)`, so that a new version finds room beside the old one and no index has to learn of it.
    public let rewrittenTable: String
    /// Behind a `SELECT` of rows that this transaction decides on. SQLite: nothing (one writer); PostgreSQL: `FOR UPDATE`.
    public let lockingRows: String
    /// A part of a script for stores that others can read beside the program, by its names and functions. SQLite: nothing;
    /// PostgreSQL: the part itself.
    public let onServers: @Sendable (_ script: String) -> String
    /// Statements that make `table` refuse `UPDATE` and `DELETE`.
    public let appendOnly: @Sendable (_ table: String) -> String
    /// Statements that undo ``appendOnly``.
    public let mutableAgain: @Sendable (_ table: String) -> String

    public init(
        integer: String, small: String, text: String, bytes: String, uuid: String, keyedTable: String, table: String,
        rewrittenTable: String, lockingRows: String, onServers: @escaping @Sendable (String) -> String,
        appendOnly: @escaping @Sendable (String) -> String,
        mutableAgain: @escaping @Sendable (String) -> String
    ) {
        self.integer = integer
        self.small = small
        self.text = text
        self.bytes = bytes
        self.uuid = uuid
        self.keyedTable = keyedTable
        self.table = table
        self.rewrittenTable = rewrittenTable
        self.lockingRows = lockingRows
        self.onServers = onServers
        self.appendOnly = appendOnly
        self.mutableAgain = mutableAgain
    }
}

/// What an engine reports: the kind, its own result code, and the statement, never the values.
public struct SQLError: Error, Sendable, CustomStringConvertible {
    /// What an error means for whoever asked.
    public enum Kind: Sendable, Equatable {
        /// Passes by itself: locked, restarting, out of connections, connection lost, disk full, shutting down.
        case unavailable
        /// The transaction lost against another one and can be run again as it was: deadlock, serialization failure.
        case conflict
        /// A `NOT NULL`, `CHECK`, `UNIQUE` or foreign key refused a row.
        case constraint
        /// The store's content is damaged.
        case corrupt
        /// Wrong address, credentials, file rights: will not pass by itself.
        case misconfigured
        /// A statement the engine does not understand, a value out of range: a defect of the program.
        case defect
    }

    public let kind: Kind
    /// SQLite's extended result code as a number, PostgreSQL's SQLSTATE, or empty.
    public let code: String
    /// The engine's own words. For logs, never for clients.
    public let message: String
    public let statement: String

    public init(kind: Kind, code: String, message: String, statement: String = "") {
        self.kind = kind
        self.code = code
        self.message = message
        self.statement = statement
    }

    public var description: String {
        "\(kind) [\(code)] \(message)" + (statement.isEmpty ? "" : " in: \(statement)")
    }
}

/// One row of a result, its columns by position.
public struct SQLRow: Sendable, Equatable {
    public let values: [SQLValue]

    public init(_ values: [SQLValue]) {
        self.values = values
    }

    /// Reading a column as what its table does not hold is a defect of the program, so these stop it.
    public func integer(_ column: Int) -> Int64 {
        guard case .integer(let value) = values[column] else { preconditionFailure("column \(column) is no integer") }
        return value
    }

    public func integerOrNil(_ column: Int) -> Int64? {
        values[column] == .null ? nil : integer(column)
    }

    public func text(_ column: Int) -> String {
        guard case .text(let value) = values[column] else { preconditionFailure("column \(column) is no text") }
        return value
    }

    public func textOrNil(_ column: Int) -> String? {
        values[column] == .null ? nil : text(column)
    }

    public func blob(_ column: Int) -> [UInt8] {
        guard case .blob(let value) = values[column] else { preconditionFailure("column \(column) holds no bytes") }
        return value
    }

    public func blobOrNil(_ column: Int) -> [UInt8]? {
        values[column] == .null ? nil : blob(column)
    }

    /// An identity: PostgreSQL hands out `.uuid`, SQLite 16 bytes.
    public func uuid(_ column: Int) -> UUID {
        switch values[column] {
        case .uuid(let value): return value
        case .blob(let bytes):
            if let value = UUID(bytes) { return value }
        default: break
        }
        preconditionFailure("column \(column) is no identity")
    }
}
