import CSQLite
import Glibc
public import SQLStorage

extension SQLiteEngine {
    /// Copies what the log holds into the file, so that the file alone is the store, and lets go of it.
    /// - Throws: `.unavailable` where anybody else has the store open, or the disk is full.
    public func settle() throws(SQLError) {
        try emptyLog()
        // Whoever closes a store last removes its log. One that is still there is somebody's.
        guard unsafe access(path + "-wal", F_OK) != 0 else {
            throw SQLError(kind: .unavailable, code: "", message: "\(path) is open in another program")
        }
    }

    private func emptyLog() throws(SQLError) {
        let database = try Database(path: path, purpose: .writing)
        try database.check(unsafe sqlite3_busy_timeout(database.handle, limits.lockWaitMilliseconds), in: "")
        // Reading is what takes up a log, or rolls back a journal, that a killed program has left.
        try database.run(script: "SELECT count(*) FROM sqlite_schema;")
        let code = unsafe sqlite3_wal_checkpoint_v2(database.handle, nil, SQLITE_CHECKPOINT_TRUNCATE, nil, nil)
        try database.check(code, in: "checkpoint")
    }
}
