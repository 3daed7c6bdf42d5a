import CSQLite
import Glibc
public import SQLStorage

/// One SQLite file in WAL mode: one writer at a time, readers beside it, other processes welcome.
///
/// There is no in-memory form. A memory database belongs to one connection, and the shared-cache form that lets several
/// see it locks whole tables and knows no WAL, so it would behave like nothing that runs in the field. Tests take a
/// temporary file, on a memory file system where one is at hand.
public struct SQLiteEngine: SQLEngine {
    public let name = "sqlite"
    public let vocabulary = SchemaVocabulary.sqlite
    public let writesBesideCommits = false
    public let readsWithoutWaiting = true

    /// Where the file is. Beside it lie `-wal` and `-shm` while it is open.
    public let path: String
    let limits: SQLiteLimits
    /// Whether nobody writes the file while it is open, this engine included.
    let isArchive: Bool

    /// - Parameter file: Its directory exists; the caller made it 0700. The first writing connection creates the file
    ///   with mode 0600, which SQLite passes on to the files beside it.
    public init(file: String, limits: SQLiteLimits = SQLiteLimits()) {
        // SQLite gives `:memory:` and an empty name meanings of their own, and Debian's build `file:` too.
        self.init(path: file.hasPrefix("/") ? file : "./" + file, limits: limits, isArchive: false)
    }

    private init(path: String, limits: SQLiteLimits, isArchive: Bool) {
        self.path = path
        self.limits = limits
        self.isArchive = isArchive
    }

    /// A file that nobody writes, such as a backup. It is opened for reading only, no lock is taken, and neither `-wal` nor
    /// `-shm` appears beside it.
    /// - Parameter file: A whole store. A log beside it is not looked at.
    public static func archive(file: String) -> SQLiteEngine {
        SQLiteEngine(path: file.hasPrefix("/") ? file : "./" + file, limits: SQLiteLimits(), isArchive: true)
    }

    /// - Throws: `.misconfigured` when the file cannot be opened; for a reader also when nobody has created it yet.
    public func connect(_ purpose: ConnectionPurpose) throws(SQLError) -> any SQLConnection {
        try open(purpose)
    }

    /// ``connect(_:)`` with the type of this engine.
    public func open(_ purpose: ConnectionPurpose) throws(SQLError) -> SQLiteConnection {
        guard !isArchive || purpose == .reading else {
            throw SQLError(kind: .defect, code: "", message: "\(path) is only there to be read")
        }
        return try SQLiteConnection(path: path, purpose: purpose, limits: limits, isArchive: isArchive)
    }
}

/// How long and how much, for every connection of a ``SQLiteEngine``.
public struct SQLiteLimits: Sendable {
    /// How long a connection waits for another one that holds a lock, in this process or another, before it says
    /// `.unavailable`. Long enough for the command line to get its turn between the commits of a busy server.
    public var lockWaitMilliseconds: Int32 = 5000

    /// Page cache of a writing connection, filled as needed. The pages of a commit have to fit, or they are
    /// written more than once in it; the process is to stay below 150 MB under load.
    public var writerCacheKiBMax = 64 * 1024

    /// Page cache of a reading connection. The operating system caches the file as well.
    public var readerCacheKiBMax = 4 * 1024

    /// Pages in the write-ahead log at which a commit copies them back into the file, earlier where the volume is small.
    ///
    /// Badges lie in no order, so a commit of 1,600 rows changes several hundred pages: at SQLite's default of 1,000 every
    /// other commit would copy back. With 8,192 (32 MiB) a page that many commits changed is copied once, while what has to be
    /// read again after a crash stays below a tenth of a second.
    public var checkpointPages = 8192

    /// What the write-ahead log is cut back to after a burst that grew it beyond ``checkpointPages``.
    public var logBytesMax = 64 * 1024 * 1024

    /// Prepared statements kept by one connection.
    public var statementsMax = 256

    public init() {}
}

extension SchemaVocabulary {
    static let sqlite = SchemaVocabulary(
        integer: "INTEGER", small: "INTEGER", text: "TEXT", bytes: "BLOB", uuid: "BLOB",
        keyedTable: "STRICT, WITHOUT ROWID", table: "STRICT", rewrittenTable: "STRICT, WITHOUT ROWID", lockingRows: "",
        onServers: { _ in "" },
        // REPLACE deletes without a word unless `recursive_triggers` is on; every connection switches it on.
        appendOnly: { table in
            """
            CREATE TRIGGER \(table)_refuses_update BEFORE UPDATE ON \(table)
            BEGIN SELECT RAISE(ABORT, '\(table) only grows'); END;
            CREATE TRIGGER \(table)_refuses_delete BEFORE DELETE ON \(table)
            BEGIN SELECT RAISE(ABORT, '\(table) only grows'); END;
            """
        },
        mutableAgain: { table in
            "DROP TRIGGER \(table)_refuses_update; DROP TRIGGER \(table)_refuses_delete;"
        })
}
