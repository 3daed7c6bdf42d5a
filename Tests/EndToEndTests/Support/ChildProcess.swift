import Foundation
import Glibc
import Synchronization

/// A program that a test started, with its output in files, so that no full pipe can hold it up.
final class ChildProcess: Sendable {
    let id: pid_t
    private let outputFile: String
    private let errorFile: String
    private let status = Mutex<Int32?>(nil)

    /// The environment without what would configure the program.
    static let cleanEnvironment = ProcessInfo.processInfo.environment.filter { name, _ in
        !name.hasPrefix("MUSTER_") && !name.contains("RATE_LIMIT")
            && !["DATABASE_URL", "API_KEY", "HOST", "PORT"].contains(name)
    }

    /// - Parameter arguments: The program's path first.
    init(_ arguments: [String], environment: [String: String], directory: String) throws {
        let name = UUID().uuidString
        outputFile = "\(directory)/.output-\(name)"
        errorFile = "\(directory)/.error-\(name)"
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_addopen(&actions, 1, outputFile, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        unsafe posix_spawn_file_actions_addopen(&actions, 2, errorFile, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        // Sockets of other suites must not stay open in a child.
        unsafe posix_spawn_file_actions_addclosefrom_np(&actions, 3)
        unsafe posix_spawn_file_actions_addchdir_np(&actions, directory)
        var attributes = unsafe posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        // What this process ignores or blocks is no business of the child.
        var all = sigset_t()
        var none = sigset_t()
        unsafe sigfillset(&all)
        unsafe sigemptyset(&none)
        unsafe posix_spawnattr_setsigdefault(&attributes, &all)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
        var words = unsafe arguments.map { unsafe strdup($0) } + [nil]
        var settings = unsafe environment.map { unsafe strdup("\($0)=\($1)") } + [nil]
        defer { unsafe (words + settings).forEach { unsafe free($0) } }
        var id: pid_t = 0
        let code = unsafe posix_spawnp(&id, arguments[0], &actions, &attributes, &words, &settings)
        guard code == 0 else { throw Overdue(what: "\(arguments[0]) to start: error \(code)") }
        self.id = id
    }

    /// What it has written so far.
    var output: String { Self.text(outputFile) }
    var errors: String { Self.text(errorFile) }

    private static func text(_ file: String) -> String {
        String(decoding: FileManager.default.contents(atPath: file) ?? Data(), as: UTF8.self)
    }

    func signal(_ number: Int32) {
        // A process that was waited for has given its id back.
        status.withLock { if $0 == nil { kill(id, number) } }
    }

    /// The exit code, or 1000 and the signal that ended it; nil while it runs.
    var exitCode: Int32? {
        status.withLock { status in
            if status == nil {
                var raw: Int32 = 0
                guard unsafe waitpid(id, &raw, WNOHANG) == id else { return nil }
                status = raw & 0x7F == 0 ? (raw >> 8) & 0xFF : 1_000 + (raw & 0x7F)
            }
            return status
        }
    }

    @discardableResult
    func exit(within seconds: Double) async throws -> Int32 {
        try await wait(for: "process \(id) to end", seconds: seconds) { exitCode }
    }

    /// Ends it in any case.
    func end() async {
        signal(SIGKILL)
        // Nobody outlives SIGKILL; a process that cannot be waited for was waited for already.
        _ = try? await exit(within: 5)
    }
}
