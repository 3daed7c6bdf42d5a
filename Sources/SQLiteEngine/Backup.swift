import CSQLite
import Glibc
public import SQLStorage

extension SQLiteEngine {
    /// Copies the store as it is at one moment into a new file of mode 0600, while others read and write it, and returns
    /// when the copy and its name are on disk.
    ///
    /// The copy grows under a name of its own (`.partial`) and gets `destination` when it is whole, so a crash leaves
    /// nothing that could be taken for a backup.
    /// - Throws: `.misconfigured` when `destination` exists or cannot be created; `.unavailable` when the disk is full.
    public func backup(to destination: String) throws(SQLError) {
        let destination = destination.hasPrefix("/") ? destination : "./" + destination
        guard unsafe access(destination, F_OK) != 0 else {
            throw SQLError(kind: .misconfigured, code: "", message: "\(destination) exists")
        }
        let partial = destination + ".partial"
        // What an earlier attempt left behind.
        _ = unsafe unlink(partial)
        do throws(SQLError) {
            try copy(to: partial)
            try sync(partial, flags: O_RDONLY)
            guard unsafe rename(partial, destination) == 0 else {
                throw SQLError(
                    kind: .unavailable, code: "", message: "\(destination): \(unsafe String(cString: strerror(errno)))")
            }
            try syncDirectory(of: destination)
        } catch {
            _ = unsafe unlink(partial)
            throw error
        }
    }

    private func copy(to partial: String) throws(SQLError) {
        let source = try Database(path: path, purpose: .reading)
        try source.check(unsafe sqlite3_busy_timeout(source.handle, limits.lockWaitMilliseconds), in: "")
        let copy = try Database(path: partial, purpose: .writing)
        // Nobody sees the copy before it is whole and synced, so it needs no journal of its own.
        try copy.run(script: "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")
        guard let backup = unsafe sqlite3_backup_init(copy.handle, "main", source.handle, "main") else {
            throw copy.failure(unsafe sqlite3_extended_errcode(copy.handle), in: "backup")
        }
        // All pages in one step: a reader of the log holds up nobody, and a copy in several steps would start again
        // whenever somebody commits in between.
        let stepped = unsafe sqlite3_backup_step(backup, -1)
        let finished = unsafe sqlite3_backup_finish(backup)
        guard stepped == SQLITE_DONE else { throw copy.failure(stepped, in: "backup") }
        try copy.check(finished, in: "backup")
        // The copied header says that there is a log. Without it the copy is one whole file: whoever opens it to look leaves
        // nothing beside it, and can do so on a medium that cannot be written.
        try copy.run(script: "PRAGMA journal_mode = DELETE;")
    }
}
