import Foundation
import SQLStorage
import Testing

@Suite struct `A transaction` {
    @Test(arguments: Engine.underTest)
    func `is seen by others after its commit and never before`(on engine: Engine) throws {
        try engine.withFreshStore { store in
            try store.create("thing (place INTEGER PRIMARY KEY)")
            let reader = try store.engine.connect(.reading)
            defer { reader.close() }
            try store.writer.beginWriting()
            _ = try store.writer.run("INSERT INTO thing VALUES (\(1))")
            #expect(try reader.run("SELECT place FROM thing").isEmpty)
            try store.writer.commit()
            #expect(try reader.run("SELECT place FROM thing").count == 1)
        }
    }

    @Test(arguments: Engine.underTest)
    func `that reads sees one moment`(on engine: Engine) throws {
        try engine.withFreshStore { store in
            try store.create("thing (place INTEGER PRIMARY KEY)")
            let reader = try store.engine.connect(.reading)
            defer { reader.close() }
            try reader.beginReading()
            #expect(try reader.run("SELECT place FROM thing").isEmpty)
            _ = try store.writer.run("INSERT INTO thing VALUES (\(1))")
            #expect(try reader.run("SELECT place FROM thing").isEmpty)
            try reader.commit()
            #expect(try reader.run("SELECT place FROM thing").count == 1)
        }
    }

    @Test(arguments: Engine.underTest)
    func `rolled back leaves nothing, and the next one works`(on engine: Engine) throws {
        try engine.withFreshStore { store in
            try store.create("thing (place INTEGER PRIMARY KEY)")
            for _ in 0..<3 {
                try store.writer.beginWriting()
                _ = try store.writer.run("INSERT INTO thing VALUES (\(1))")
                store.writer.rollBack()
            }
            // Nothing to undo is nothing wrong.
            store.writer.rollBack()
            try store.writer.beginWriting()
            store.writer.rollBack()
            try store.writer.beginWriting()
            try store.writer.commit()
            #expect(try store.writer.run("SELECT place FROM thing").isEmpty)
        }
    }

    @Test(arguments: Engine.underTest)
    func `stores what was sent ahead, in its order`(on engine: Engine) throws {
        try engine.withFreshStore { store in
            try store.create("thing (place INTEGER PRIMARY KEY)")
            try store.writer.beginWriting()
            try store.writer.insert(ahead: [BulkInsert(into: "thing", [BulkColumn("place", .integers([1, 2]))])])
            try store.writer.run(ahead: ["DELETE FROM thing WHERE place = \(1)"])
            #expect(try store.writer.run("SELECT place FROM thing") == [SQLRow([.integer(2)])])
            try store.writer.insert(ahead: [BulkInsert(into: "thing", [BulkColumn("place", .integers([3]))])])
            try store.writer.commit()
            #expect(try store.writer.run("SELECT place FROM thing ORDER BY place").map { $0.integer(0) } == [2, 3])
        }
    }

    /// A failure of what was sent ahead comes late, but never too late: what the caller took for stored is not committed.
    @Test(arguments: Engine.underTest)
    func `is not committed when what was sent ahead failed`(on engine: Engine) throws {
        try engine.withFreshStore { store in
            try store.create("thing (place INTEGER PRIMARY KEY)")
            let twice = BulkInsert(into: "thing", [BulkColumn("place", .integers([7, 7]))])
            for looksMeanwhile in [false, true] {
                try store.writer.beginWriting()
                let failure = #expect(throws: SQLError.self) {
                    try store.writer.insert(ahead: [twice])
                    if looksMeanwhile { _ = try store.writer.run("SELECT place FROM thing") }
                    try store.writer.commit()
                }
                #expect(failure?.kind == .constraint)
                #expect(failure?.statement.contains("INSERT INTO thing") == true)
                store.writer.rollBack()
                #expect(try store.writer.run("SELECT place FROM thing").isEmpty)
            }
            // And rolled back before anybody asked.
            try store.writer.beginWriting()
            try? store.writer.insert(ahead: [twice])
            store.writer.rollBack()
            try store.writer.beginWriting()
            _ = try store.writer.run("INSERT INTO thing VALUES (\(8))")
            try store.writer.commit()
            #expect(try store.writer.run("SELECT place FROM thing").map { $0.integer(0) } == [8])
        }
    }

    @Test(arguments: Engine.underTest)
    func `keeps what stands outside a savepoint that was rolled back`(on engine: Engine) throws {
        try engine.withFreshStore { store in
            try store.create("thing (place INTEGER PRIMARY KEY)")
            try store.writer.beginWriting()
            _ = try store.writer.run("INSERT INTO thing VALUES (\(1))")
            _ = try store.writer.run("SAVEPOINT unit")
            _ = try store.writer.run("INSERT INTO thing VALUES (\(2))")
            #expect(refusal { _ = try store.writer.run("INSERT INTO thing VALUES (\(1))") }?.kind == .constraint)
            _ = try store.writer.run("ROLLBACK TO SAVEPOINT unit")
            _ = try store.writer.run("RELEASE SAVEPOINT unit")
            _ = try store.writer.run("INSERT INTO thing VALUES (\(3))")
            try store.writer.commit()
            #expect(try store.writer.run("SELECT place FROM thing ORDER BY place").map { $0.integer(0) } == [1, 3])
        }
    }

    @Test(arguments: Engine.underTest)
    func `begun twice or ended without a beginning is a defect`(on engine: Engine) throws {
        try engine.withFreshStore { store in
            #expect(refusal { try store.writer.commit() }?.kind == .defect)
            try store.writer.beginWriting()
            #expect(refusal { try store.writer.beginReading() }?.kind == .defect)
            store.writer.rollBack()
        }
    }

    @Test(arguments: Engine.underTest)
    func `on a connection for reading cannot write`(on engine: Engine) throws {
        try engine.withFreshStore { store in
            try store.create("thing (place INTEGER PRIMARY KEY)")
            let reader = try store.engine.connect(.reading)
            defer { reader.close() }
            #expect(refusal { _ = try reader.run("INSERT INTO thing VALUES (\(1))") }?.kind == .defect)
            try reader.beginReading()
            #expect(refusal { _ = try reader.run("INSERT INTO thing VALUES (\(1))") }?.kind == .defect)
            reader.rollBack()
            #expect(try reader.run("SELECT place FROM thing").isEmpty)
        }
    }

    @Test(arguments: Engine.underTest)
    func `may span a script`(on engine: Engine) throws {
        try engine.withFreshStore { store in
            try store.writer.beginWriting()
            try store.writer.runScript("CREATE TABLE a (x INTEGER); CREATE TABLE b (x INTEGER); INSERT INTO a VALUES (1);")
            _ = try store.writer.run("INSERT INTO b VALUES (\(2))")
            store.writer.rollBack()
            #expect(refusal { _ = try store.writer.run("SELECT x FROM a") }?.kind == .defect)
            try store.writer.beginWriting()
            #expect(refusal { try store.writer.runScript("CREATE TABLE a (x INTEGER); CREATE nonsense;") }?.kind == .defect)
            store.writer.rollBack()
            #expect(refusal { _ = try store.writer.run("SELECT x FROM a") }?.kind == .defect)
            try store.writer.beginWriting()
            try store.writer.runScript("CREATE TABLE a (x INTEGER); INSERT INTO a VALUES (1);")
            try store.writer.commit()
            #expect(try store.writer.run("SELECT x FROM a").count == 1)
        }
    }
}

@Suite struct `A statement` {
    @Test(arguments: Engine.underTest)
    func `that the schema forbids is refused by kind`(on engine: Engine) throws {
        try engine.withFreshStore { store in
            try store.create(
                "parent (place INTEGER PRIMARY KEY)",
                "child (place INTEGER PRIMARY KEY, parent INTEGER NOT NULL REFERENCES parent (place), age INTEGER CHECK (age > 0))"
            )
            _ = try store.writer.run("INSERT INTO parent VALUES (\(1))")
            _ = try store.writer.run("INSERT INTO child VALUES (\(1), \(1), \(1))")
            let refused: [(SQL, SQLError.Kind)] = [
                ("INSERT INTO child VALUES (\(1), \(1), \(1))", .constraint),
                ("INSERT INTO child VALUES (\(2), \(2), \(1))", .constraint),
                ("INSERT INTO child VALUES (\(2), \(1), \(0))", .constraint),
                ("INSERT INTO child VALUES (\(2), NULL, \(1))", .constraint),
                ("DELETE FROM parent", .constraint),
                ("INSERT INTO child VALUES (\(2), \(1), \("many"))", .defect),
                ("SELECT x FROM nowhere", .defect),
                ("SELEC", .defect),
                ("SELECT 1; SELECT 2", .defect),
            ]
            for (statement, kind) in refused {
                let refusal = refusal { _ = try store.writer.run(statement) }
                #expect(refusal?.kind == kind, "\(statement.text)")
                #expect(refusal?.statement == statement.text)
            }
            #expect(try store.writer.run("SELECT place FROM child").count == 1)
        }
    }

    @Test(arguments: Engine.underTest)
    func `names no value when it is refused`(on engine: Engine) throws {
        try engine.withFreshStore { store in
            try store.create("thing (badge TEXT PRIMARY KEY)")
            _ = try store.writer.run("INSERT INTO thing VALUES (\("B-4711"))")
            let refusal = refusal { _ = try store.writer.run("INSERT INTO thing VALUES (\("B-4711"))") }
            #expect(refusal?.description.contains("4711") == false)
        }
    }

    @Test(arguments: Engine.underTest)
    func `is prepared anew when its table has changed`(on engine: Engine) throws {
        try engine.withFreshStore { store in
            try store.create("thing (place INTEGER PRIMARY KEY)")
            _ = try store.writer.run("INSERT INTO thing VALUES (\(1))")
            #expect(try store.writer.run("SELECT * FROM thing")[0].values.count == 1)
            try store.writer.runScript("ALTER TABLE thing ADD COLUMN other INTEGER;")
            #expect(try store.writer.run("SELECT * FROM thing")[0].values.count == 2)
        }
    }

    @Test(arguments: Engine.underTest)
    func `one of more than a connection keeps still works`(on engine: Engine) throws {
        try engine.withFreshStore { store in
            for round in 0..<2 {
                for number in 0..<400 {
                    let row = try store.writer.run(SQL(stringLiteral: "SELECT \(number) + \(round)"))[0]
                    #expect(row.integer(0) == Int64(number + round))
                }
            }
        }
    }

    @Test(arguments: Engine.underTest)
    func `in a pipeline answers in its place`(on engine: Engine) throws {
        try engine.withFreshStore { store in
            try store.create("thing (place INTEGER PRIMARY KEY)")
            #expect(try store.writer.run(pipelined: []).isEmpty)
            try store.writer.beginWriting()
            let rows = try store.writer.run(pipelined: [
                "INSERT INTO thing VALUES (\(1))", "INSERT INTO thing VALUES (\(2))", "SELECT count(*) FROM thing",
                "UPDATE thing SET place = place + 10 RETURNING place", "SELECT place FROM thing WHERE place = \(1)",
            ])
            #expect(rows.map(\.count) == [0, 0, 1, 2, 0])
            #expect(rows[2][0].integer(0) == 2)
            let refusal = refusal {
                _ = try store.writer.run(pipelined: ["SELECT 1", "SELECT x FROM nowhere", "DELETE FROM thing"])
            }
            #expect(refusal?.statement == "SELECT x FROM nowhere")
            store.writer.rollBack()
            #expect(try store.writer.run("SELECT count(*) FROM thing")[0].integer(0) == 0)
        }
    }
}

@Suite struct `An append-only table` {
    @Test(arguments: Engine.underTest)
    func `only grows until it is made mutable again`(on engine: Engine) throws {
        try engine.withFreshStore { store in
            try store.create("thing (place INTEGER PRIMARY KEY, name TEXT )")
            try store.writer.runScript(store.engine.vocabulary.appendOnly("thing"))
            _ = try store.writer.run("INSERT INTO thing VALUES (\(1), \("a"))")
            var changes: [SQL] = [
                "UPDATE thing SET name = \("b")", "DELETE FROM thing", "DELETE FROM thing WHERE place = \(1)",
                "INSERT INTO thing VALUES (\(1), \("b")) ON CONFLICT (place) DO UPDATE SET name = excluded.name",
            ]
            switch engine {
            case .sqlite: changes += ["REPLACE INTO thing VALUES (\(1), \("b"))"]
            case .postgres: changes += ["TRUNCATE thing"]
            }
            for change in changes {
                #expect(refusal { _ = try store.writer.run(change) }?.kind == .constraint, "\(change.text)")
            }
            _ = try store.writer.run(
                "INSERT INTO thing VALUES (\(2), \("c")) ON CONFLICT (place) DO UPDATE SET name = excluded.name")
            let names = try store.writer.run("SELECT name FROM thing ORDER BY place").map { $0.text(0) }
            #expect(names == ["a", "c"])
            try store.writer.runScript(store.engine.vocabulary.mutableAgain("thing"))
            _ = try store.writer.run("DELETE FROM thing")
            try store.writer.runScript(store.engine.vocabulary.appendOnly("thing"))
        }
    }
}

@Suite struct `A connection` {
    @Test(arguments: Engine.underTest)
    func `knows the tables of its store`(on engine: Engine) throws {
        try engine.withFreshStore { store in
            try store.writer.createNamespace()
            #expect(try store.writer.tables().isEmpty)
            try store.writer.beginWriting()
            try store.writer.lockForMigration()
            try store.create("thing (place INTEGER PRIMARY KEY)", "other (name TEXT UNIQUE)")
            #expect(try store.writer.tables() == ["thing", "other"])
            store.writer.rollBack()
            #expect(try store.writer.tables().isEmpty)
            #expect(try store.writer.tablesOfFormerServers().filter { $0.hasPrefix("thing") }.isEmpty)
        }
    }

    @Test(arguments: Engine.underTest)
    func `can be closed twice and refuses what comes after`(on engine: Engine) throws {
        try engine.withFreshStore { store in
            let connection = try store.engine.connect(.writing)
            try connection.beginWriting()
            connection.close()
            connection.close()
            connection.rollBack()
            #expect(refusal { _ = try connection.run("SELECT 1") }?.kind == .defect)
            #expect(refusal { try connection.beginWriting() }?.kind == .defect)
        }
    }
}
