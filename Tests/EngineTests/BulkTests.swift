import Foundation
import SQLStorage
import Testing

private func packed(_ texts: [String?]) -> PackedBytes {
    var packed = PackedBytes()
    for text in texts {
        if let text { packed.append(text) } else { packed.appendNull() }
    }
    return packed
}

private func insertion(_ keys: [Int64], _ names: [String?], suffix: StaticString = "") -> BulkInsert {
    BulkInsert(
        into: "thing", [BulkColumn("place", .integers(keys)), BulkColumn("name", .texts(packed(names)))], suffix: suffix)
}

@Suite struct `A bulk insert` {
    @Test(arguments: Engine.underTest)
    func `returns the rows it inserted and not those that conflicted`(on engine: Engine) throws {
        try engine.withFreshStore { store in
            try store.create("thing (place INTEGER PRIMARY KEY, name TEXT )")
            _ = try store.writer.insert(insertion([2, 4], ["old", nil]))
            let returned = try store.writer.insert(
                insertion(
                    [1, 2, 3, 4, 3], ["a", "b", "c", "d", "again"], suffix: "ON CONFLICT (place) DO NOTHING RETURNING place, name"))
            #expect(Set(returned.map { $0.integer(0) }) == [1, 3])
            let names = try store.writer.run("SELECT name FROM thing ORDER BY place").map { $0.textOrNil(0) }
            #expect(names == ["a", "old", "c", nil])
        }
    }

    @Test(arguments: Engine.underTest, [false, true])
    func `replaces rows with the same key as a whole`(on engine: Engine, hasIndexes: Bool) throws {
        try engine.withFreshStore { store in
            try store.create("thing (place INTEGER PRIMARY KEY, name TEXT )")
            if hasIndexes { _ = try store.writer.run("CREATE INDEX thing_by_name ON thing (name)") }
            _ = try store.writer.insert(insertion([2, 4], ["old", "stays"]))
            let columns = [BulkColumn("place", .integers([4, 2])), BulkColumn("name", .texts(packed(["new", nil])))]
            _ = try store.writer.insert(insertion([3], ["stays"]))
            _ = try store.writer.insert(BulkInsert(into: "thing", columns, .replace(keyCount: 1, hasIndexes: hasIndexes)))
            let names = try store.writer.run("SELECT name FROM thing ORDER BY place").map { $0.textOrNil(0) }
            #expect(names == [nil, "stays", "new"])
            let found = try store.writer.run("SELECT place FROM thing WHERE name = 'new'").map { $0.integer(0) }
            #expect(found == [4])
        }
    }

    @Test(arguments: Engine.underTest)
    func `updates from the refused row`(on engine: Engine) throws {
        try engine.withFreshStore { store in
            try store.create("thing (place INTEGER PRIMARY KEY, name TEXT )")
            for (names, expected) in [(["a", "b"], ["a", "b"]), (["c", "d"], ["ac", "bd"])] {
                let returned = try store.writer.insert(
                    insertion(
                        [1, 2], names,
                        suffix: "ON CONFLICT (place) DO UPDATE SET name = thing.name || excluded.name RETURNING place, name"))
                let sorted = returned.sorted { $0.integer(0) < $1.integer(0) }
                #expect(sorted.map { $0.text(1) } == expected)
            }
        }
    }

    @Test(arguments: Engine.underTest)
    func `of no rows does nothing`(on engine: Engine) throws {
        try engine.withFreshStore { store in
            try store.create("thing (place INTEGER PRIMARY KEY, name TEXT )")
            #expect(try store.writer.insert(insertion([], [])).isEmpty)
            let several = try store.writer.insert(pipelined: [
                insertion([], []), insertion([1], ["a"], suffix: "RETURNING place"), insertion([], []),
            ])
            #expect(several.map(\.count) == [0, 1, 0])
            #expect(try store.writer.insert(pipelined: []).isEmpty)
        }
    }

    @Test(arguments: Engine.underTest)
    func `of constants alone inserts as many rows as they count`(on engine: Engine) throws {
        try engine.withFreshStore { store in
            try store.create("thing (a INTEGER , b SMALL )")
            _ = try store.writer.insert(
                BulkInsert(
                    into: "thing", [BulkColumn("a", .constant(-5, count: 3)), BulkColumn("b", .constant(6, count: 3))]))
            let rows = try store.writer.run("SELECT a, b FROM thing")
            #expect(rows == [SQLRow](repeating: SQLRow([.integer(-5), .integer(6)]), count: 3))
        }
    }

    @Test(arguments: Engine.underTest)
    func `outside a transaction is stored whole or not at all`(on engine: Engine) throws {
        try engine.withFreshStore { store in
            try store.create("thing (place INTEGER PRIMARY KEY, name TEXT )")
            let refusal = refusal { _ = try store.writer.insert(insertion([1, 2, 1], ["a", "b", "c"])) }
            #expect(refusal?.kind == .constraint)
            #expect(try store.writer.run("SELECT place FROM thing").isEmpty)
            _ = try store.writer.insert(insertion([1, 2], ["a", "b"]))
            #expect(try store.writer.run("SELECT place FROM thing").count == 2)
        }
    }

    @Test(arguments: Engine.underTest)
    func `in a pipeline stops at the first that fails`(on engine: Engine) throws {
        try engine.withFreshStore { store in
            try store.create("thing (place INTEGER PRIMARY KEY, name TEXT )")
            try store.writer.beginWriting()
            let refusal = refusal {
                _ = try store.writer.insert(pipelined: [
                    insertion([1], ["a"]), insertion([1], ["b"]), insertion([3], ["c"]),
                ])
            }
            #expect(refusal?.kind == .constraint)
            store.writer.rollBack()
            #expect(try store.writer.run("SELECT place FROM thing").isEmpty)
        }
    }

    @Test(arguments: Engine.underTest)
    func `takes as many rows as a large commit has`(on engine: Engine) throws {
        try engine.withFreshStore { store in
            try store.create("thing (place INTEGER PRIMARY KEY, name TEXT )")
            let keys = (0..<50_000).map { Int64($0) }
            _ = try store.writer.insert(insertion(keys, keys.map { $0 % 5 == 0 ? nil : "name of \($0)" }))
            let row = try store.writer.run("SELECT count(*), count(name), CAST(sum(place) AS BIGINT) FROM thing")[0]
            #expect(row.values == [.integer(50_000), .integer(40_000), .integer(1_249_975_000)])
        }
    }
}

@Suite struct `A bulk lookup` {
    private func filled(_ store: Store) throws {
        try store.create("thing (place INTEGER , kind SMALL , name TEXT , identity UUID )")
        try store.writer.runScript("CREATE UNIQUE INDEX thing_by_key ON thing (kind, place);")
        var identities: [UUID] = []
        for place in 0..<100 {
            identities.append(UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, UInt8(place))))
        }
        _ = try store.writer.insert(
            BulkInsert(
                into: "thing",
                [
                    BulkColumn("place", .integers((0..<100).map { Int64($0) })),
                    BulkColumn("kind", .integers((0..<100).map { Int64($0 % 2) })),
                    BulkColumn("name", .texts(packed((0..<100).map { "n\($0)" }))),
                    BulkColumn("identity", .uuids(identities)),
                ]))
    }

    @Test(arguments: Engine.underTest)
    func `joins each key with its row`(on engine: Engine) throws {
        try engine.withFreshStore { store in
            try filled(store)
            let inner = try store.writer.lookup(
                BulkLookup(
                    [BulkColumn("wanted", .integers([3, 4, 500, 3])), BulkColumn("kind", .constant(1, count: 4))],
                    selecting: "given.wanted, thing.name",
                    from: "thing", matching: "thing.place = given.wanted AND thing.kind = given.kind"))
            #expect(inner.map { $0.text(1) }.sorted() == ["n3", "n3"])
            let byName = try store.writer.lookup(
                BulkLookup(
                    [BulkColumn("name", .texts(packed(["n7", nil, "N7", ""])))],
                    selecting: "given.name, other.place",
                    from: "thing JOIN thing other ON other.place = thing.place + 1", matching: "thing.name = given.name"))
            #expect(byName.map { $0.text(0) } == ["n7"])
            #expect(byName.map { $0.integer(1) } == [8])
        }
    }

    @Test(arguments: Engine.underTest)
    func `finds by every type of key`(on engine: Engine) throws {
        try engine.withFreshStore { store in
            try filled(store)
            let identity = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9))
            let tables: [(BulkColumn.Values, StaticString)] = [
                (.integers([9]), "thing.place = given.wanted"),
                (.optionalIntegers([nil, 9]), "thing.place = given.wanted"),
                (.constant(9, count: 1), "thing.place = given.wanted"),
                (.texts(packed(["n9", "n9x"])), "thing.name = given.wanted"),
                (.uuids([identity]), "thing.identity = given.wanted"),
            ]
            for (values, matching) in tables {
                let rows = try store.writer.lookup(
                    BulkLookup([BulkColumn("wanted", values)], selecting: "thing.place", from: "thing", matching: matching))
                #expect(rows.map { $0.integer(0) } == [9])
            }
        }
    }

    @Test(arguments: Engine.underTest, [1, 2, 7, 8, 9, 63, 64, 65, 100, 137])
    func `finds each of any number of keys once`(on engine: Engine, count: Int) throws {
        try engine.withFreshStore { store in
            try filled(store)
            let rows = try store.writer.lookup(
                BulkLookup(
                    [
                        BulkColumn("kind", .integers((0..<count).map { Int64($0 % 2) })),
                        BulkColumn("base", .constant(0, count: count)),
                        BulkColumn("wanted", .integers((0..<count).map { Int64($0) })),
                    ],
                    selecting: "given.wanted, thing.place",
                    from: "thing", matching: "thing.place = given.wanted + given.base AND thing.kind = given.kind"))
            #expect(rows.map { $0.integer(0) }.sorted() == (0..<min(count, 100)).map { Int64($0) })
            #expect(rows.allSatisfy { $0.integer(1) == $0.integer(0) })
        }
    }

    @Test(arguments: Engine.underTest)
    func `of no keys finds nothing`(on engine: Engine) throws {
        try engine.withFreshStore { store in
            try filled(store)
            let rows = try store.writer.lookup(
                BulkLookup([BulkColumn("wanted", .integers([]))], selecting: "1", from: "thing", matching: "true"))
            #expect(rows.isEmpty)
        }
    }

    @Test func `goes through the index on SQLite`() throws {
        try Engine.sqlite.withFreshStore { store in
            try filled(store)
            let plan = try store.writer.run(
                """
                EXPLAIN QUERY PLAN WITH given (wanted, kind) AS (VALUES (\(3), \(1)), (\(4), \(0)))
                SELECT thing.name FROM given
                JOIN thing ON thing.place = given.wanted AND thing.kind = given.kind
                """
            ).map { $0.text(3) }
            #expect(plan.contains { $0.hasPrefix("SEARCH thing USING INDEX thing_by_key (kind=? AND place=?)") })
        }
    }
}
