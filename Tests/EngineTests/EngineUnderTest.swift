import Foundation
import PostgresEngine
import SQLStorage
import SQLiteEngine
import Testing

/// The engines that the same promises are tested on.
enum Engine: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case sqlite = "SQLite"
    case postgres = "PostgreSQL"

    /// A running private server, as `script/test` starts one. Each test makes a schema of its own in it.
    static let postgresURL = ProcessInfo.processInfo.environment["MUSTER_TEST_POSTGRES"]
    static let underTest: [Engine] = postgresURL == nil ? [.sqlite] : [.sqlite, .postgres]

    var testDescription: String { rawValue }

    /// Lends an empty store with a writing connection and removes it afterwards.
    func withFreshStore(_ body: (Store) throws -> Void) throws {
        switch self {
        case .sqlite:
            try withTemporaryDirectory { directory in
                let engine = SQLiteEngine(file: directory + "/test.sqlite")
                let store = Store(kind: self, engine: engine, writer: try engine.connect(.writing))
                defer { store.writer.close() }
                try body(store)
            }
        case .postgres:
            try withPostgres { engine in
                let store = Store(kind: self, engine: engine, writer: try engine.connect(.writing))
                defer { store.writer.close() }
                try body(store)
            }
        }
    }
}

struct Store {
    let kind: Engine
    let engine: any SQLEngine
    let writer: any SQLConnection

    /// Creates tables from statements in which `INTEGER`, `SMALL`, `TEXT`, `BYTES`, `UUID` and `;` mean the engine's.
    func create(_ tables: String...) throws {
        let words = engine.vocabulary
        for table in tables {
            let columns = table.split(separator: " ", omittingEmptySubsequences: false).map { word in
                switch word {
                case "INTEGER": words.integer
                case "SMALL": words.small
                case "TEXT": words.text
                case "BYTES": words.bytes
                case "UUID": words.uuid
                default: String(word)
                }
            }
            try writer.runScript("CREATE TABLE \(columns.joined(separator: " ")) \(words.table);")
        }
    }
}

/// Lends a PostgreSQL engine on a schema of its own, and drops the schema.
func withPostgres(
    limits: PostgresLimits = PostgresLimits(), _ body: (PostgresEngine) throws -> Void
) throws {
    let url = try #require(Engine.postgresURL)
    // In need of quotes, and of their doubling.
    let schema = "Test \"\(UUID().uuidString.prefix(12))"
    let engine = try PostgresEngine(url: url, schema: schema, limits: limits)
    try engine.connect(.writing).createNamespace()
    defer {
        do {
            try PostgresEngine(url: url, schema: schema).connect(.writing)
                .runScript("DROP SCHEMA IF EXISTS \(quoted(schema)) CASCADE")
        } catch {
            Issue.record(error, "the schema stays behind")
        }
    }
    try body(engine)
}

/// An identifier of PostgreSQL as it stands in a statement.
func quoted(_ name: String) -> String {
    "\"" + name.replacingOccurrences(of: "\"", with: "\"\"") + "\""
}

/// Lends a directory, in memory where the system has such a place: nothing here tests the disk.
func withTemporaryDirectory<Result>(_ body: (String) throws -> Result) throws -> Result {
    let memory = "/dev/shm"
    let parent = FileManager.default.isWritableFile(atPath: memory) ? memory : NSTemporaryDirectory()
    let directory = parent + "/muster-engine-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: directory) }  // Nothing of the test depends on it any more.
    return try body(directory)
}

/// What `body` was refused with, or nil.
func refusal(_ body: () throws -> Void) -> SQLError? {
    do {
        try body()
        return nil
    } catch {
        return error as? SQLError
    }
}

extension Trait where Self == ConditionTrait {
    static var needsPostgres: Self {
        .enabled(if: Engine.postgresURL != nil, "MUSTER_TEST_POSTGRES names no server; script/test starts one")
    }
}

@Suite struct `The engine tests` {
    @Test(.needsPostgres) func `include PostgreSQL`() {
        #expect(Engine.underTest.contains(.postgres))
    }
}
