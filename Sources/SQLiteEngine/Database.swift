import CSQLite
import Glibc
import SQLStorage

/// Owns one open handle of the library.
@safe final class Database {
    let handle: OpaquePointer
    private let purpose: ConnectionPurpose
    private let path: String
    /// Set when the disk was full, until ``makeSpaceIfFull()``.
    private(set) var isFull = false
    /// Device and number of the file that was opened; nil where that could not be read.
    private var identity: (device: UInt, number: UInt)?

    /// - Parameter isArchive: Nobody writes the file, so it is opened without locks and without a log.
    init(path: String, purpose: ConnectionPurpose, isArchive: Bool = false) throws(SQLError) {
        guard !path.utf8.contains(0) else {
            throw SQLError(kind: .misconfigured, code: "", message: "a file name contains a NUL byte")
        }
        if purpose == .writing { try createPrivateFile(at: path) }
        var opened: OpaquePointer?
        // Confined to one thread at a time, so the library need not lock. Readers open for writing too: a WAL reader
        // writes to the `-shm` file, and `query_only` keeps it off the tables.
        let (name, access) =
            switch purpose {
            case _ where isArchive: (Self.address(of: path, immutable: true), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI)
            case .inspecting: (Self.onlookersName(of: path), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI)
            case .reading, .writing: (path, SQLITE_OPEN_READWRITE)
            }
        let code = unsafe sqlite3_open_v2(name, &opened, access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nil)
        guard let opened = unsafe opened else {
            throw SQLError(kind: .unavailable, code: String(code), message: "\(path): out of memory")
        }
        // From here on `deinit` closes what a failed open leaves behind.
        unsafe handle = opened
        self.purpose = purpose
        self.path = path
        identity = Self.identity(of: path)
        if code != SQLITE_OK {
            let error = failure(code, in: "")
            let kind = error.kind == .unavailable && code & 0xff == SQLITE_CANTOPEN ? .misconfigured : error.kind
            throw SQLError(kind: kind, code: error.code, message: "\(path): \(error.message)")
        }
    }

    /// The file as a URI: only in that form can it be said to be immutable.
    private static func address(of path: String, immutable: Bool) -> String {
        let plain = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-._~".utf8)
        let escaped = path.utf8.map { byte in
            plain.contains(byte) ? String(UnicodeScalar(byte)) : (byte < 16 ? "%0" : "%") + String(byte, radix: 16)
        }
        return "file:" + escaped.joined() + (immutable ? "?immutable=1" : "")
    }

    deinit {
        // Statements are finalised by their owners, which go first; `_v2` waits for one that did not.
        _ = unsafe sqlite3_close_v2(handle)
    }

    /// - Throws: `.unavailable` where the file is not at its place any more. It could be written to for as long as the
    ///   process lives, and everything acknowledged would be gone with it.
    func requireFile() throws(SQLError) {
        guard let now = Self.identity(of: path), let identity, now == identity else {
            throw SQLError(
                kind: .unavailable, code: "",
                message: "\(path) was moved, replaced or deleted while it was open: put it back, or stop and start again")
        }
    }

    /// How an onlooker opens a file.
    ///
    /// Even a reader makes a log and an index of it beside the file where there are none. Where there is no log nobody has
    /// the file open, and it holds everything: then it is read as one that does not change. Somebody who opens it meanwhile
    /// writes to a log of their own, for minutes at least.
    private static func onlookersName(of path: String) -> String {
        let hasLog = unsafe access(path + "-wal", F_OK) == 0
        return address(of: path, immutable: !hasLog)
    }

    /// Whether a file says of itself that it is written with a log. Source: sqlite.org/fileformat.html §1.3, offset 18.
    ///
    /// Closing it lets go of the locks that this process has on it; an onlooker needs none.
    static func isWrittenWithLog(_ path: String) -> Bool {
        let descriptor = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var version: UInt8 = 0
        return unsafe pread(descriptor, &version, 1, 18) == 1 && version == 2
    }

    /// The size of a file; 0 where there is none.
    static func bytes(of path: String) -> Int64 {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? Int64(status.st_size) : 0
    }

    private static func identity(of path: String) -> (device: UInt, number: UInt)? {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? (UInt(status.st_dev), UInt(status.st_ino)) : nil
    }

    /// Copies the log back into the file from the commit on that has left so many pages in it, or earlier on a small volume.
    ///
    /// Copying back makes the file grow, so it takes space itself. A log that was let grow until the volume is full could
    /// never be copied back, and nothing would be taken any more although most of it is older versions of the same pages.
    /// So there is always room for the log twice: once for the file to grow by, once for the next commit.
    func checkpoint(atPages pagesMax: Int) {
        // The number travels where a pointer could: there is nothing to keep alive.
        let limit = unsafe UnsafeMutableRawPointer(bitPattern: pagesMax)
        _ = unsafe sqlite3_wal_hook(
            handle,
            { limit, database, name, pages in
                let isTight = unsafe Database.freeBytes(besides: sqlite3_db_filename(database, name)) < 2 * Int(pages) * 4_096
                // Where space is short it is worth waiting for readers, so that the log is empty afterwards.
                let mode = isTight ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE
                if isTight || Int(pages) >= Int(bitPattern: limit) {
                    // The commit is on disk already. What cannot be copied back now is copied back behind a later one.
                    _ = unsafe sqlite3_wal_checkpoint_v2(database, name, mode, nil, nil)
                }
                return SQLITE_OK
            }, limit)
    }

    /// What the volume that a file lies on has left.
    private static func freeBytes(besides file: UnsafePointer<CChar>?) -> Int {
        var status = statvfs()
        // Where nobody can tell, there is enough.
        guard let file = unsafe file, unsafe statvfs(file, &status) == 0 else { return .max }
        let (bytes, overflow) = Int(clamping: status.f_bavail).multipliedReportingOverflow(by: Int(clamping: status.f_frsize))
        return overflow ? .max : bytes
    }

    /// Gives the log's space back to the volume after a transaction for which there was none: what it had written of
    /// itself is still there. Outside a transaction only.
    func makeSpaceIfFull() {
        guard isFull else { return }
        isFull = false
        // Fails where the file would have to grow. Then only somebody else can make space.
        _ = unsafe sqlite3_wal_checkpoint_v2(handle, nil, SQLITE_CHECKPOINT_TRUNCATE, nil, nil)
    }

    /// False inside a transaction. SQLite ends one by itself after some errors.
    var isOutsideTransaction: Bool { unsafe sqlite3_get_autocommit(handle) != 0 }

    /// The one place where result codes become errors.
    func check(_ code: Int32, in statement: @autoclosure () -> String) throws(SQLError) {
        if code != SQLITE_OK { throw failure(code, in: statement()) }
    }

    /// What a result code other than OK, ROW and DONE means, with the library's words about its latest call.
    func failure(_ code: Int32, in statement: String) -> SQLError {
        if code & 0xff == SQLITE_FULL { isFull = true }
        let message = unsafe sqlite3_errcode(handle) == code ? sqlite3_errmsg(handle) : sqlite3_errstr(code)
        return SQLError(
            kind: SQLError.Kind(sqliteCode: code, purpose: purpose), code: String(code),
            message: unsafe message.map { unsafe String(cString: $0) } ?? "", statement: statement)
    }

    /// Runs a script of constant statements, one after another.
    func run(script: String) throws(SQLError) {
        let code = unsafe sqlite3_exec(handle, script, nil, nil, nil)
        try check(code, in: script)
    }
}

extension SQLError.Kind {
    /// - Parameter code: An extended result code; its lowest byte is the primary one. Source: sqlite.org/rescode.html.
    init(sqliteCode code: Int32, purpose: ConnectionPurpose) {
        // Extended codes whose class says something else: (class | n << 8) is how the header builds them.
        switch code {
        case SQLITE_IOERR | (32 << 8), SQLITE_IOERR | (33 << 8):  // IOERR_DATA, IOERR_CORRUPTFS
            self = .corrupt
            return
        case SQLITE_CONSTRAINT | (12 << 8):  // CONSTRAINT_DATATYPE: a STRICT table was handed the wrong type.
            self = .defect
            return
        default: break
        }
        switch code & 0xff {
        case SQLITE_BUSY, SQLITE_LOCKED, SQLITE_FULL, SQLITE_IOERR, SQLITE_NOMEM, SQLITE_CANTOPEN, SQLITE_PROTOCOL,
            SQLITE_INTERRUPT:
            self = .unavailable
        case SQLITE_CORRUPT, SQLITE_NOTADB: self = .corrupt
        case SQLITE_CONSTRAINT: self = .constraint
        case SQLITE_PERM, SQLITE_AUTH: self = .misconfigured
        // A reader that writes is the program's fault; a file that cannot be written is the operator's.
        case SQLITE_READONLY: self = purpose != .writing && code == SQLITE_READONLY ? .defect : .misconfigured
        default: self = .defect
        }
    }
}

/// Creates an empty file that only its owner may read, unless the file exists.
///
/// SQLite would create it with the process's umask. It is made by `mknod` because that hands out no descriptor: closing
/// one would drop the locks that another connection of this process may already hold on the file.
func createPrivateFile(at path: String) throws(SQLError) {
    guard unsafe mknod(path, S_IFREG | 0o600, 0) == 0 else {
        // Whatever else is wrong here, opening the file says it again.
        if errno == EEXIST { return }
        throw SQLError(kind: .misconfigured, code: "", message: "\(path): \(unsafe String(cString: strerror(errno)))")
    }
    try syncDirectory(of: path)
}

/// Makes a created or renamed file's name durable: SQLite syncs what is in its file, not that the file exists.
func syncDirectory(of path: String) throws(SQLError) {
    let directory = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
    try sync(directory, flags: O_RDONLY | O_DIRECTORY)
}

/// Returns when what a file or directory holds is on disk.
func sync(_ path: String, flags: Int32) throws(SQLError) {
    let descriptor = unsafe Glibc.open(path, flags | O_CLOEXEC)
    let isSynced = descriptor >= 0 && fsync(descriptor) == 0
    let reason = errno
    if descriptor >= 0 { _ = close(descriptor) }
    guard isSynced else {
        throw SQLError(
            kind: .unavailable, code: "", message: "syncing \(path): \(unsafe String(cString: strerror(reason)))")
    }
}
