import AttendanceCore
@testable import SQLStorage
import TestKit
import Testing

@Suite struct `Migrating` {
    private func migrator(_ engine: any SQLEngine, _ migrations: [Migration] = Migration.all) throws -> Migrator {
        let ambient = Ambient.test(TestClock())
        return Migrator(
            connection: try engine.connect(.writing), now: ambient.now, sha256: ambient.sha256, migrations: migrations)
    }

    @Test(arguments: StoreKind.underTest)
    func `up, down and up again leaves the same schema, and a record`(on kind: StoreKind) async throws {
        try await kind.withEngine { engine in
            let migrator = try migrator(engine)
            let pending = try migrator.pending()
            #expect(pending == (Migration.all.count, true))
            #expect(try migrator.up() == Migration.all.map(\.name))
            #expect(try migrator.up() == [])
            let tables = try engine.connect(.reading).tables()
            #expect(tables.isSuperset(of: Migration.all.flatMap(\.tables)))
            #expect(try migrator.down(Migration.all.count, losingData: false) == Migration.all.map(\.name).reversed())
            #expect(try engine.connect(.reading).tables() == ["schema_migration", "schema_history"])
            #expect(try migrator.up() == Migration.all.map(\.name))
            #expect(try engine.connect(.reading).tables() == tables)
            let directions = ["up", "down", "up"].flatMap { Array(repeating: $0, count: Migration.all.count) }
            #expect(try migrator.history().map(\.direction) == directions)
            #expect(try migrator.status().allSatisfy { $0.appliedAt != nil })
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `down over rows is refused unless that is meant`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            _ = try await subject.operations.recordScans([.scan("K", badge: "1", station: "S")], as: subject.caller)
            let migrator = try migrator(subject.engine)
            #expect {
                try migrator.down(Migration.all.count, losingData: false)
            } throws: { error in
                guard case MigrationError.wouldLoseRows(let tables) = error else { return false }
                return tables.contains("ledger_entry") && !tables.contains("audit_entry")
            }
            // What was above it had no rows, and is gone.
            #expect(try migrator.down(1, losingData: true) == ["0001 foundation"])
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `down right after the first start loses nothing`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            let undone = try migrator(subject.engine).down(Migration.all.count, losingData: false)
            #expect(undone == Migration.all.map(\.name).reversed())
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `refuses a schema that is newer, differs or is somebody else's`(on kind: StoreKind) async throws {
        try await kind.withEngine { engine in
            let next = Migration(name: "0099 next", up: { _ in "" }, down: { _ in "" }, tables: [])
            let applied = try migrator(engine, Migration.all + [next]).up()
            #expect(applied.last == "0099 next")
            #expect(throws: MigrationError.schemaIsNewer("0099 next")) { try migrator(engine).up() }
            #expect(throws: MigrationError.schemaIsNewer("0099 next")) {
                try SQLStore.open(engine, ambient: .test(TestClock())) { _ in Incident(text: "") }
            }
            let other = Migration(name: "0099 next", up: { _ in "SELECT 1;" }, down: { _ in "" }, tables: [])
            #expect(throws: MigrationError.digestDiffers("0099 next")) { try migrator(engine, Migration.all + [other]).up() }
        }
        try await kind.withEngine { engine in
            let connection = try engine.connect(.writing)
            try connection.createNamespace()
            try connection.runScript("CREATE TABLE stranger (id \(engine.vocabulary.integer))")
            #expect(throws: MigrationError.occupied(["stranger"])) { try migrator(engine).up() }
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `a step that fails leaves nothing behind`(on kind: StoreKind) async throws {
        try await kind.withEngine { engine in
            try migrator(engine).up()
            let bad = Migration(
                name: "0099 bad", up: { w in "CREATE TABLE half (id \(w.integer)); CREATE TABLE half (id \(w.integer));" },
                down: { _ in "" }, tables: [])
            #expect(throws: SQLError.self) { try migrator(engine, Migration.all + [bad]).up() }
            #expect(try !engine.connect(.reading).tables().contains("half"))
            let steps = try migrator(engine).status()
            #expect(steps.count == Migration.all.count && steps.allSatisfy { $0.appliedAt != nil })
        }
    }

    /// Released migrations are never edited. A new one adds its line here.
    @Test(arguments: StoreKind.allCases)
    func `keeps released migrations as they were`(on kind: StoreKind) throws {
        let vocabulary = try kind.vocabulary
        let ambient = Ambient.test(TestClock())
        let digests = Migration.all.map { migration in
            "\(ambient.sha256(Array((migration.up(vocabulary) + "\n----\n" + migration.down(vocabulary)).utf8)))".prefix(16)
        }
        #expect(digests.map(String.init) == kind.releasedDigests)
    }

    @Test(arguments: StoreKind.underTest)
    func `several processes at once applies each step once`(on kind: StoreKind) async throws {
        try await kind.withEngine { engine in
            let done = try await withThrowingTaskGroup(of: [String].self) { group in
                for _ in 0..<4 {
                    let migrator = try migrator(engine)
                    nonisolated(unsafe) let mine = migrator  // Each task has a migrator and connection of its own.
                    group.addTask { try unsafe mine.up() }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            // Who did which step, and was heard of first, is anybody's guess.
            #expect(done.sorted() == Migration.all.map(\.name))
        }
    }
}

extension StoreKind {
    /// The front of each released migration's digest, oldest first.
    fileprivate var releasedDigests: [String] {
        switch self {
        case .sqlite:
            [
                "8a6cf233dedd4cc3", "b680609634b80fa7", "182bf29a6e6b17ad", "6a1ac588be80a97f",
                "70c17f899e1a6665", "e6957832f1eb3e72",
            ]
        case .postgres:
            [
                "eee11c08a941191e", "cba7833e527a9c09", "e9aea72c534b5b9c", "0afbca3a56e989b5",
                "27150caddafdbde2", "534e5bc1ea9d21d6",
            ]
        }
    }
}
