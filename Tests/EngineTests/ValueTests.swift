import Foundation
import SQLStorage
import Testing

@Suite struct `A value` {
    static let integers: [Int64] = [0, 1, -1, 255, 256, -32769, 1 << 31, -(1 << 33), .max, .min]
    static let texts = [
        "", " ", "Anna", "O'Brien; DROP TABLE thing", "สมชาย ใจดี", "👩‍🏫🏽", "e\u{301}", "\u{e9}", "\u{feff}x", "a\nb\t\u{1}",
        String(repeating: "ä", count: 70_000),
    ]
    static let blobs: [[UInt8]] = [[], [0], [0, 0, 0], Array(0...255), [UInt8](repeating: 0xff, count: 100_000)]
    static let identities = [
        UUID(uuidString: "00000000-0000-0000-0000-000000000000")!,  // Well-formed, as the next two are.
        UUID(uuidString: "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF")!,
        UUID(uuidString: "01234567-89AB-CDEF-FEDC-BA9876543210")!,
    ]

    @Test(arguments: Engine.underTest)
    func `comes back as it was bound`(on engine: Engine) throws {
        try engine.withFreshStore { store in
            try store.create("thing (place INTEGER PRIMARY KEY, number INTEGER , name TEXT , content BYTES , identity UUID )")
            let count = 11
            for place in 0..<count {
                let number = place < Self.integers.count ? Self.integers[place] : nil
                let name = place < Self.texts.count ? Self.texts[place] : nil
                let content = place < Self.blobs.count ? Self.blobs[place] : nil
                let identity = place < Self.identities.count ? Self.identities[place] : nil
                _ = try store.writer.run(
                    "INSERT INTO thing VALUES (\(place), \(number), \(name), \(content), \(identity))")
                let row = try store.writer.run(
                    "SELECT number, name, content, identity FROM thing WHERE place = \(place)")[0]
                #expect(row.integerOrNil(0) == number)
                // Swift's == would take a composed letter for its decomposed form.
                #expect(row.textOrNil(1).map { Array($0.utf8) } == name.map { Array($0.utf8) })
                #expect(row.blobOrNil(2) == content)
                #expect((row.values[3] == .null ? nil : row.uuid(3)) == identity)
            }
        }
    }

    @Test(arguments: Engine.underTest)
    func `comes back as it was inserted among many`(on engine: Engine) throws {
        try engine.withFreshStore { store in
            try store.create(
                "thing (place INTEGER PRIMARY KEY, number INTEGER , name TEXT , content BYTES , identity UUID , same SMALL )")
            let identities = (0..<13).map { Self.identities[$0 % Self.identities.count] }
            let numbers = Self.integers.map { Optional($0) } + [nil, nil, 5]
            var names = PackedBytes()
            var contents = PackedBytes()
            for place in 0..<13 {
                if place < Self.texts.count { names.append(Self.texts[place]) } else { names.appendNull() }
                if place % 3 == 0 { contents.appendNull() } else { contents.append(Self.blobs[place % Self.blobs.count]) }
            }
            let returned = try store.writer.insert(
                BulkInsert(
                    into: "thing",
                    [
                        BulkColumn("place", .integers((0..<13).map { Int64($0) })),
                        BulkColumn("same", .constant(7, count: 13)),
                        BulkColumn("number", .optionalIntegers(numbers)),
                        BulkColumn("name", .texts(names)),
                        BulkColumn("content", .blobs(contents)),
                        BulkColumn("identity", .uuids(identities)),
                    ]))
            #expect(returned.isEmpty)
            let rows = try store.writer.run("SELECT number, name, content, identity, same FROM thing ORDER BY place")
            #expect(rows.count == 13)
            for (place, row) in rows.enumerated() {
                #expect(row.integerOrNil(0) == numbers[place])
                let name = place < Self.texts.count ? Self.texts[place] : nil
                #expect(row.textOrNil(1).map { Array($0.utf8) } == name.map { Array($0.utf8) })
                #expect(row.blobOrNil(2) == (place % 3 == 0 ? nil : Self.blobs[place % Self.blobs.count]))
                #expect(row.uuid(3) == identities[place])
                #expect(row.integer(4) == 7)
            }
        }
    }

    @Test(arguments: Engine.underTest)
    func `may be null in one run of a statement and not in the next`(on engine: Engine) throws {
        try engine.withFreshStore { store in
            try store.create("thing (place INTEGER PRIMARY KEY, small SMALL , name TEXT )")
            let cases: [(Int64?, String?)] = [(nil, nil), (7, nil), (nil, "a"), (8, "b"), (nil, nil)]
            for (place, (small, name)) in cases.enumerated() {
                _ = try store.writer.run("INSERT INTO thing VALUES (\(place), \(small), \(name))")
            }
            let rows = try store.writer.run("SELECT small, name FROM thing ORDER BY place")
            #expect(rows.map { $0.integerOrNil(0) } == cases.map(\.0))
            #expect(rows.map { $0.textOrNil(1) } == cases.map(\.1))
        }
    }

    /// SQLite keeps it, PostgreSQL cannot: dialects refuse such text before it comes here.
    @Test(arguments: Engine.underTest)
    func `of text with a NUL survives whole or is refused whole`(on engine: Engine) throws {
        try engine.withFreshStore { store in
            try store.create("thing (name TEXT )")
            let name = "before\0after"
            let refusal = refusal { _ = try store.writer.run("INSERT INTO thing VALUES (\(name))") }
            let rows = try store.writer.run("SELECT name FROM thing")
            switch engine {
            case .sqlite:
                #expect(refusal == nil)
                #expect(rows.map { $0.text(0) } == [name])
            case .postgres:
                #expect(refusal?.kind == .defect)
                #expect(refusal?.code == "22021")
                #expect(rows.isEmpty)
            }
        }
    }

    @Test(arguments: Engine.underTest)
    func `of text is ordered and compared by its bytes`(on engine: Engine) throws {
        try engine.withFreshStore { store in
            try store.create("thing (name TEXT PRIMARY KEY)")
            let names = ["b", "B", "a", "Z", "é", "e\u{301}", "e", "f", "ä", "กา", "_", "10", "9", "ß", "ss", "😀", "\u{ffff}"]
            for name in names {
                _ = try store.writer.run("INSERT INTO thing VALUES (\(name))")
            }
            let sorted = names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            let rows = try store.writer.run("SELECT name FROM thing ORDER BY name")
            #expect(rows.map { Array($0.text(0).utf8) } == sorted.map { Array($0.utf8) })
            #expect(try store.writer.run("SELECT name FROM thing WHERE name = \("E")").isEmpty)
            #expect(try store.writer.run("SELECT name FROM thing WHERE name < \("a")").count == 5)
        }
    }

    @Test(arguments: Engine.underTest)
    func `counted, compared or summed is an integer`(on engine: Engine) throws {
        try engine.withFreshStore { store in
            let row = try store.writer.run(
                """
                SELECT count(*), 1 = 1, 1 = 2, CAST(sum(number) AS BIGINT), max(number)
                FROM (SELECT \(3) AS number UNION ALL SELECT \(4)) AS numbers
                """)[0]
            #expect(row.values == [.integer(2), .integer(1), .integer(0), .integer(7), .integer(4)])
        }
    }

    @Test(arguments: Engine.underTest)
    func `of a kind that no table holds is refused`(on engine: Engine) throws {
        try engine.withFreshStore { store in
            #expect(refusal { _ = try store.writer.run("SELECT CAST(1.5 AS REAL)") }?.kind == .defect)
            let next = try store.writer.run("SELECT 1")
            #expect(next[0].integer(0) == 1)
        }
    }
}
