import Foundation
import SQLStorage
import SQLiteEngine
import Synchronization

/// Where one seed's store lies, and what of it is left after a crash. The one place that knows the engines apart.
final class Ground: Sendable {
    private struct State {
        var random: SeededRandom
        /// How many crashes there were: each leaves its files in a folder of its own.
        var crashes = 0
    }

    private enum Kind: Sendable {
        case files(directory: String, checkpointPages: Int)
        case server(any SQLEngine)
    }

    private let kind: Kind
    private let state: Mutex<State>

    private init(_ kind: Kind, random: SeededRandom) {
        self.kind = kind
        state = Mutex(State(random: random))
    }

    /// - Parameter template: A place with a store that has its schema and nothing else. SQLite's file is copied; on
    ///   PostgreSQL seeds share it and keep to tenants of their own.
    static func make(_ template: any SQLEngine, seed: UInt64) throws -> Ground {
        var random = SeededRandom(seed: ~seed)
        guard let sqlite = template as? SQLiteEngine else { return Ground(.server(template), random: random) }
        let directory = "\(sqlite.path)-\(seed)"
        try FileManager.default.createDirectory(atPath: directory + "/0", withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: sqlite.path, toPath: directory + "/0/muster.sqlite")
        // The log is copied back often, seldom, or never before the store is closed.
        return Ground(.files(directory: directory, checkpointPages: random.pick([4, 64, 8192])), random: random)
    }

    /// The store as it is now.
    var engine: any SQLEngine {
        switch kind {
        case .server(let engine): return engine
        case .files(_, let checkpointPages):
            var limits = SQLiteLimits()
            limits.checkpointPages = checkpointPages
            return SQLiteEngine(file: path(state.withLock { $0.crashes }), limits: limits)
        }
    }

    private func path(_ crash: Int) -> String {
        guard case .files(let directory, _) = kind else { preconditionFailure("a server has no files here") }
        return "\(directory)/\(crash)/muster.sqlite"
    }

    func remove() throws {
        if case .files(let directory, _) = kind { try FileManager.default.removeItem(atPath: directory) }
    }

    // MARK: Crashes

    /// Leaves the files as they are at this moment. A server notices by itself that its clients are gone.
    func keepWhatIsThere() {
        guard case .files = kind else { return }
        state.withLock { state in
            for end in ["", "-wal"] { copy(path(state.crashes) + end, to: path(state.crashes + 1) + end) }
            state.crashes += 1
        }
    }

    /// Leaves the files as they are while a commit is being written: some of what it appends to the log, not all. Where it
    /// appends nothing, because the log began anew, it has not begun. On a server a commit is written whole or not at all.
    func keepHalf(of commit: () throws(SQLError) -> Void) throws(SQLError) {
        guard case .files = kind else { return }
        let crash = state.withLock { $0.crashes }
        let before = size(path(crash) + "-wal")
        keepWhatIsThere()
        try commit()
        let after = size(path(crash) + "-wal")
        guard after > before else { return }
        let log = path(crash + 1) + "-wal"
        let cut = before + state.withLock { $0.random.below(after - before) }
        guard let written = FileManager.default.contents(atPath: path(crash) + "-wal"), cut <= written.count else {
            preconditionFailure("the log that was just measured can be read")
        }
        precondition(FileManager.default.createFile(atPath: log, contents: written.prefix(cut)), "a copy can be written")
    }

    private func size(_ path: String) -> Int {
        FileManager.default.contents(atPath: path)?.count ?? 0
    }

    private func copy(_ path: String, to other: String) {
        let directory = String(other.prefix(upTo: other.lastIndex(of: "/") ?? other.startIndex))
        do {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            if FileManager.default.fileExists(atPath: path) { try FileManager.default.copyItem(atPath: path, toPath: other) }
        } catch {
            preconditionFailure("the files of a crash cannot be kept: \(error)")
        }
    }

    /// Ends the session behind a connection, as a server does that is restarted, and returns when it is gone.
    func endSession(of connection: any SQLConnection) throws(SQLError) {
        guard case .server(let engine) = kind else {
            throw SQLError(kind: .unavailable, code: "", message: "the simulation took the file away for a moment")
        }
        let session = try connection.run("SELECT pg_backend_pid()")[0].integer(0)
        let other = try engine.connect(.writing)
        defer { other.close() }
        _ = try other.run("SELECT pg_terminate_backend(CAST(\(session) AS INTEGER))")
        while try !other.run("SELECT pid FROM pg_stat_activity WHERE pid = \(session)").isEmpty {}
    }
}
