import Glibc

/// Tells the processes that use an embedded store from one that puts another in its place: a lock on the file `FILE.lock`
/// beside the store, which the system lets go of when the process ends, however it ends.
///
/// Any number of processes share it; a restore holds it alone. Neither waits for the other. The store's own file cannot be
/// locked for this: SQLite locks parts of it, and closing a second descriptor of it would drop those locks.
final class StoreLock: Sendable {
    enum Mode {
        case shared, alone
    }

    private let descriptor: Int32

    /// - Returns: Nil where somebody holds it in a way that excludes this one.
    /// - Throws: ``Failure`` where the file cannot be made or locked.
    init?(_ mode: Mode, store file: String) throws {
        // Beside the file itself, whatever links lead to it.
        let resolved = unsafe realpath(file, nil)
        defer { unsafe free(resolved) }
        let path = (unsafe resolved.map { unsafe String(cString: $0) } ?? file) + ".lock"
        let opened = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard opened >= 0 else { throw Failure("the store cannot be locked: \(Files.trouble(path))") }
        do {
            // Made by root for a server that runs as somebody else.
            try Files.give(path, toOwnerOf: Files.folder(of: file))
        } catch {
            _ = close(opened)
            throw error
        }
        guard flock(opened, (mode == .shared ? LOCK_SH : LOCK_EX) | LOCK_NB) == 0 else {
            let isTaken = errno == EWOULDBLOCK
            let trouble = Files.trouble(path)
            _ = close(opened)
            if isTaken { return nil }
            throw Failure("the store cannot be locked: \(trouble)")
        }
        descriptor = opened
    }

    deinit {
        _ = close(descriptor)
    }
}
