import Dispatch
import Glibc
import Synchronization

/// A program of PostgreSQL's that does a part of the work. It is started with a list of arguments and no shell.
final class ChildProgram: Sendable {
    /// Where its standard input comes from or its standard output goes to.
    enum Stream {
        case nothing
        /// Kept for ``wait()``.
        case kept
        /// Given to the child; its owner closes it.
        case descriptor(Int32)
    }

    /// How it ended and what it said.
    struct End {
        /// The exit code, or 128 and the signal that ended it.
        let code: Int32
        let output: String
        let errors: String

        /// What it complained of, in one line.
        var complaint: String {
            let lines = errors.split(whereSeparator: \.isNewline).filter { !$0.allSatisfy(\.isWhitespace) }
            return lines.isEmpty ? "it ended with \(code)" : lines.joined(separator: "; ")
        }
    }

    /// More than this of what a program says is not kept.
    static let textBytesMax = 1 << 20

    private let id: pid_t
    private let interruption: Interruption?
    private let output: Drain?
    private let errors: Drain

    /// The file that a name stands for, looked for in the folders of `PATH`.
    static func find(_ name: String, environment: [String: String]) -> String? {
        (environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":").map { "\($0)/\(name)" }
            .first { unsafe access($0, X_OK) == 0 && !Files.isDirectory($0) }
    }

    /// - Parameter file: As ``find(_:environment:)`` gave it.
    /// - Throws: ``Failure`` where it cannot be started.
    init(
        _ file: String, _ arguments: [String], environment: [String: String], input: Stream = .nothing,
        output: Stream = .nothing, interruption: Interruption?
    ) throws {
        self.interruption = interruption
        let nothing = unsafe open("/dev/null", O_RDWR | O_CLOEXEC)
        guard nothing >= 0 else { throw Files.trouble("/dev/null") }
        defer { _ = close(nothing) }
        let errorPipe = try Pipe()
        let outputPipe: Pipe? = if case .kept = output { try Pipe() } else { nil }
        defer {
            _ = close(errorPipe.write)
            if let outputPipe { _ = close(outputPipe.write) }
        }
        func end(_ stream: Stream, kept: Int32?) -> Int32 {
            switch stream {
            case .nothing: nothing
            case .kept: kept ?? nothing
            case .descriptor(let descriptor): descriptor
            }
        }

        var actions = unsafe posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        unsafe posix_spawn_file_actions_init(&actions)
        unsafe posix_spawnattr_init(&attributes)
        defer {
            unsafe posix_spawn_file_actions_destroy(&actions)
            unsafe posix_spawnattr_destroy(&attributes)
        }
        // Everything else is closed on exec.
        unsafe posix_spawn_file_actions_adddup2(&actions, end(input, kept: nil), 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, end(output, kept: outputPipe?.write), 1)
        unsafe posix_spawn_file_actions_adddup2(&actions, errorPipe.write, 2)
        // What this program ignores, and what its thread blocks, a child would inherit.
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe posix_spawnattr_setsigmask(&attributes, &signals)
        for number in [SIGINT, SIGTERM, SIGHUP, SIGPIPE] { unsafe sigaddset(&signals, number) }
        unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))

        var id: pid_t = 0
        let code = unsafe withCStrings([file] + arguments) { arguments in
            unsafe withCStrings(environment.map { "\($0.key)=\($0.value)" }) { environment in
                unsafe posix_spawn(&id, file, &actions, &attributes, arguments, environment)
            }
        }
        guard code == 0 else {
            _ = close(errorPipe.read)
            if let outputPipe { _ = close(outputPipe.read) }
            throw Failure("\(file) cannot be started: \(unsafe String(cString: strerror(code)))")
        }
        self.id = id
        interruption?.add(child: id)
        self.output = outputPipe.map { Drain($0.read, bytesMax: Self.textBytesMax) }
        errors = Drain(errorPipe.read, bytesMax: Self.textBytesMax)
    }

    /// Returns when it has ended. To be called once.
    func wait() -> End {
        let output = output?.text() ?? ""
        let errors = errors.text()
        var status: Int32 = 0
        while unsafe waitpid(id, &status, 0) < 0, errno == EINTR {}
        interruption?.remove(child: id)
        let signal = status & 0x7f
        return End(code: signal == 0 ? status >> 8 & 0xff : 128 + signal, output: output, errors: errors)
    }

    /// Runs a program to its end.
    static func run(
        _ file: String, _ arguments: [String], environment: [String: String], interruption: Interruption?
    ) throws -> End {
        try ChildProgram(file, arguments, environment: environment, output: .kept, interruption: interruption).wait()
    }
}

/// Both ends of a pipe, closed on exec.
struct Pipe {
    let read: Int32
    let write: Int32

    init() throws {
        var ends: [Int32] = [-1, -1]
        guard unsafe ends.withUnsafeMutableBufferPointer({ unsafe pipe($0.baseAddress) }) == 0 else {
            throw Files.trouble("a pipe")
        }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        (read, write) = (ends[0], ends[1])
    }
}

/// Reads a pipe to its end beside whatever its owner does, so that a full one holds nobody up.
private final class Drain: Sendable {
    private let bytes = Mutex<[UInt8]>([])
    private let done = DispatchGroup()

    init(_ descriptor: Int32, bytesMax: Int) {
        DispatchQueue.global().async(group: done) { [self] in
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            while true {
                let count = unsafe buffer.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { break }
                bytes.withLock { bytes in bytes += buffer[..<min(count, max(0, bytesMax - bytes.count))] }
            }
            _ = close(descriptor)
        }
    }

    func text() -> String {
        done.wait()
        return String(decoding: bytes.withLock { $0 }, as: UTF8.self)
    }
}

/// Lends texts as a list of C strings that ends with null.
private func withCStrings<Result>(
    _ texts: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
    let copies = unsafe texts.map { unsafe strdup($0) } + [nil]
    defer { unsafe copies.forEach { unsafe free($0) } }
    // The list is never empty, so it has an address.
    return unsafe copies.withUnsafeBufferPointer { unsafe body($0.baseAddress!) }
}
