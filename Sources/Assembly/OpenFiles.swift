import Glibc

/// How many files and sockets the process may have open at once.
enum OpenFiles {
    /// What is kept for everything but clients: the store's connections and files, the listeners, the log.
    static let reserved = 256

    /// Raises the limit to what the system permits, and tells what it is then.
    ///
    /// A shell gives its programs 1,024, out of regard for programs that use `select`; this one does not. With so few, a
    /// thousand clients that say nothing would keep everybody else out.
    static func raiseLimit() -> Int {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1_024 }
        let before = limit.rlim_cur
        limit.rlim_cur = limit.rlim_max
        let isRaised = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
        return Int(clamping: isRaised ? limit.rlim_max : before)
    }

    /// How many clients each of several listeners may have, where at most `most` are wanted.
    static func connectionsMax(atMost most: Int, limit: Int, listeners: Int) -> Int {
        // Where hardly any files are permitted, half of them serve clients.
        max(1, min(most, max(limit - reserved, limit / 2) / max(1, listeners)))
    }
}
