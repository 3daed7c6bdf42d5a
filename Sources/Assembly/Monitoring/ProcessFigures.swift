import FoundationEssentials
import Glibc

/// What the system knows of this process.
struct ProcessFigures: Sendable, Equatable {
    let residentBytes: Int
    let openFiles: Int
    let openFilesMax: Int
    let processorMicroseconds: Int

    /// Nil where the system does not tell.
    static func read() -> ProcessFigures? {
        var limit = rlimit()
        var usage = rusage()
        guard let pages = residentPages(), let files = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd"),
            unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0,
            unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0
        else { return nil }
        func microseconds(_ time: timeval) -> Int { Int(time.tv_sec) * 1_000_000 + Int(time.tv_usec) }
        return ProcessFigures(
            residentBytes: pages * sysconf(Int32(_SC_PAGESIZE)),
            // Reading the list took one.
            openFiles: max(0, files.count - 1), openFilesMax: Int(clamping: limit.rlim_cur),
            processorMicroseconds: microseconds(usage.ru_utime) + microseconds(usage.ru_stime))
    }

    /// The second number of `/proc/self/statm`.
    private static func residentPages() -> Int? {
        guard let bytes = FileManager.default.contents(atPath: "/proc/self/statm") else { return nil }
        let words = String(decoding: bytes, as: UTF8.self).split(separator: " ")
        return words.count > 1 ? Int(words[1]) : nil
    }
}
