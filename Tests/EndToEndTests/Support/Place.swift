import Foundation
import Glibc
import HTTPMessages
import PostgresEngine
import SQLStorage
import SQLiteEngine
import Synchronization
import TestKit
import Testing

/// Where a test runs the program: a folder, on PostgreSQL also a database of its own, and what was started there.
final class Place: Sendable {
    static let key = "ta-example-key-0123456789abcdef"

    /// The program beside the tests' own executable, wherever they were built.
    static let program: String = {
        let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
        return tests.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/") + "/muster"
    }()

    let kind: StoreKind
    let directory: String
    /// Nil on SQLite.
    let databaseURL: String?
    private let started = Mutex<[ChildProcess]>([])

    private init(_ kind: StoreKind, _ directory: String, _ databaseURL: String?) {
        self.kind = kind
        self.directory = directory
        self.databaseURL = databaseURL
    }

    /// - Parameter onDisk: In a folder of a real disk, where a sync means something.
    static func on(_ kind: StoreKind, onDisk: Bool = false, _ body: (Place) async throws -> Void) async throws {
        let memory = "/dev/shm"
        let parent = !onDisk && FileManager.default.isWritableFile(atPath: memory) ? memory : "/var/tmp"
        let name = "muster_e2e_\(UUID().uuidString.prefix(8).lowercased())"
        let directory = "\(parent)/\(name)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        guard kind == .postgres else { return try await Place(kind, directory, nil).run(body) }

        let server = try #require(StoreKind.postgresURL)
        var components = try #require(URLComponents(string: server))
        components.path = "/\(name)"
        let url = try #require(components.string)
        func administer(_ statement: String) async throws {
            try await onServer { connection in _ = try connection.run(SQL(stringLiteral: statement)) }
        }
        try await administer("CREATE DATABASE \(name)")
        do {
            try await Place(kind, directory, url).run(body)
        } catch {
            try await administer("DROP DATABASE \(name) WITH (FORCE)")
            throw error
        }
        try await administer("DROP DATABASE \(name) WITH (FORCE)")
    }

    /// A connection to the server's own database, whatever is wrong with the place's.
    static func onServer<Result: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> Result
    ) async throws -> Result {
        let server = try #require(StoreKind.postgresURL)
        return try await blocking {
            let connection = try PostgresEngine(url: server).connect(.writing)
            defer { connection.close() }
            return try body(connection)
        }
    }

    private func run(_ body: (Place) async throws -> Void) async throws {
        do {
            try await body(self)
        } catch {
            await endAll()
            throw error
        }
        await endAll()
    }

    private func endAll() async {
        for process in started.withLock({ $0 }) { await process.end() }
    }

    /// What the program is told besides a test's own settings: its store, and no limits for tests that are no test of them.
    private func environment(_ more: [String: String]) -> [String: String] {
        var environment = ChildProcess.cleanEnvironment
        environment["DATABASE_URL"] = databaseURL
        return environment.merging(["RATE_LIMIT_MAX": "0", "PUBLIC_RATE_LIMIT_MAX": "0"]) { $1 }.merging(more) { $1 }
    }

    func start(_ arguments: [String], environment more: [String: String] = [:]) async throws -> ChildProcess {
        let process = try await ChildProcess(arguments, environment: environment(more), directory: directory)
        started.withLock { $0.append(process) }
        return process
    }

    /// Runs a command to its end.
    func muster(
        _ arguments: String..., environment more: [String: String] = [:]
    ) async throws -> (code: Int32, output: String, errors: String) {
        try await muster(arguments, environment: more)
    }

    func muster(
        _ arguments: [String], environment more: [String: String] = [:]
    ) async throws -> (code: Int32, output: String, errors: String) {
        let process = try await start([Self.program] + arguments, environment: more)
        let code = try await process.exit(within: 30)
        return (code, process.output, process.errors)
    }

    /// Starts the server and waits until it says where it listens.
    /// - Parameter through: What runs the program, such as strace with its options; it has to become the program.
    func serve(
        key: String? = Place.key, environment more: [String: String] = [:], arguments: [String] = [], through: [String] = []
    ) async throws -> RunningServer {
        var environment = more
        if let key { environment["API_KEY"] = key }
        let listen = more["MUSTER_LISTEN"] == nil && more["PORT"] == nil ? ["--listen", "127.0.0.1:0"] : []
        let process = try await start(through + [Self.program, "serve"] + listen + arguments, environment: environment)
        let ports = try await wait(for: "the server to listen", seconds: 20) { () -> [(String, Int)]? in
            guard process.exitCode == nil else { throw Overdue(what: "the server, which ended: \(process.errors)") }
            // The greeting is written at once, and this line stands behind those of the listeners.
            let greeting = process.output
            guard greeting.contains("  Dashboard  "), greeting.hasSuffix("\n") else { return nil }
            return greeting.split(separator: "\n").filter { $0.contains("  Listening  ") }.compactMap { line in
                let parts = line.split { " /():,".contains($0) }
                guard let index = parts.firstIndex(of: "http"), parts.count > index + 3, let port = Int(parts[index + 2])
                else { return nil }
                return (String(parts[index + 3]), port)
            }
        }
        return RunningServer(process: process, ports: ports)
    }

    /// A connection to the same store, as somebody with the database's password has one.
    func withConnection<Result: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> Result
    ) async throws -> Result {
        let file = directory + "/muster-data/muster.sqlite"
        let url = databaseURL
        return try await blocking {
            let engine: any SQLEngine = if let url { try PostgresEngine(url: url) } else { SQLiteEngine(file: file) }
            let connection = try engine.connect(.writing)
            defer { connection.close() }
            return try body(connection)
        }
    }
}

/// The server as a process of its own.
struct RunningServer: Sendable {
    let process: ChildProcess
    /// Each listener's name and port, in the order of the greeting.
    let ports: [(name: String, port: Int)]

    var anonymous: HTTPClient { HTTPClient(port: ports[0].port) }
    var client: HTTPClient { anonymous.with(key: Place.key) }

    func anonymous(at listener: String) throws -> HTTPClient {
        HTTPClient(port: try #require(ports.first { $0.name == listener }).port)
    }

    /// Ends it as an operator does, and expects that it ends well.
    func stop(_ signal: Int32 = SIGTERM) async throws {
        process.signal(signal)
        let code = try await process.exit(within: 10)
        #expect(code == 0, "\(process.errors.suffix(2_000))")
    }
}
