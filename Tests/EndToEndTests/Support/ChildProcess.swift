import Foundation
import Glibc

/// A program that a test started, with its output in files, so that no full pipe can hold it up.
final class ChildProcess: Sendable {
    private let process: Process
    private let outputFile: String
    private let errorFile: String

    /// The environment without what would configure the program.
    static let cleanEnvironment = ProcessInfo.processInfo.environment.filter { name, _ in
        !name.hasPrefix("MUSTER_") && !name.contains("RATE_LIMIT")
            && !["DATABASE_URL", "API_KEY", "HOST", "PORT"].contains(name)
    }

    /// - Parameter arguments: The program's path first.
    init(_ arguments: [String], environment: [String: String], directory: String) async throws {
        let name = UUID().uuidString
        outputFile = "\(directory)/.output-\(name)"
        errorFile = "\(directory)/.error-\(name)"
        process = Process()
        process.executableURL = URL(fileURLWithPath: arguments[0])
        process.arguments = Array(arguments.dropFirst())
        process.environment = environment
        process.currentDirectoryURL = URL(fileURLWithPath: directory)
        process.standardInput = FileHandle.nullDevice
        for file in [outputFile, errorFile] { _ = FileManager.default.createFile(atPath: file, contents: nil) }
        process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: outputFile))
        process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: errorFile))
        let process = process
        try await blocking {
            // Threads of the shared pool block signals, and a child would begin with what its parent's thread blocks.
            var none = sigset_t()
            unsafe sigemptyset(&none)
            unsafe pthread_sigmask(SIG_SETMASK, &none, nil)
            try process.run()
        }
    }

    var id: pid_t { process.processIdentifier }

    /// What it has written so far.
    var output: String { Self.text(outputFile) }
    var errors: String { Self.text(errorFile) }

    private static func text(_ file: String) -> String {
        String(decoding: FileManager.default.contents(atPath: file) ?? Data(), as: UTF8.self)
    }

    func signal(_ number: Int32) {
        if process.isRunning { kill(id, number) }
    }

    /// The exit code, or 1000 and the signal that ended it; nil while it runs.
    var exitCode: Int32? {
        guard !process.isRunning else { return nil }
        return process.terminationReason == .exit ? process.terminationStatus : 1_000 + process.terminationStatus
    }

    @discardableResult
    func exit(within seconds: Double) async throws -> Int32 {
        try await wait(for: "process \(id) to end", seconds: seconds) { exitCode }
    }

    /// Ends it in any case.
    func end() async {
        signal(SIGKILL)
        // Nobody outlives SIGKILL, so there is nothing more to be done where this fails.
        _ = try? await exit(within: 5)
    }
}
