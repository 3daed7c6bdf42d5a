import Foundation
import SQLStorage
import Testing

@testable import SQLiteEngine

@Suite struct `A SQLite store` {
    private func withEngine(
        limits: SQLiteLimits = SQLiteLimits(), _ body: (SQLiteEngine) throws -> Void
    ) throws {
        try withTemporaryDirectory { try body(SQLiteEngine(file: $0 + "/test.sqlite", limits: limits)) }
    }

    private func mode(_ path: String) throws -> Int {
        try #require(FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
    }

    private func fill(_ connection: SQLiteConnection, bytes: Int) throws -> BulkInsert {
        var blobs = PackedBytes()
        for _ in 0..<10 { blobs.append([UInt8](repeating: 1, count: bytes / 10)) }
        return BulkInsert(into: "thing", [BulkColumn("content", .blobs(blobs))])
    }

    @Test(arguments: [ConnectionPurpose.writing, .reading])
    func `syncs every commit, on every connection`(purpose: ConnectionPurpose) throws {
        try withEngine { engine in
            let writer = try engine.open(.writing)
            let connection = try engine.open(purpose)
            let settings = try connection.durability().map { "\($0.name)=\($0.value)" }
            #expect(settings == ["journal_mode=wal", "synchronous=2", "foreign_keys=1"])
            for (pragma, value) in [
                ("recursive_triggers", 1), ("cell_size_check", 1), ("trusted_schema", 0), ("secure_delete", 1),
                ("temp_store", 2), ("query_only", purpose == .reading ? 1 : 0),
                ("mmap_size", 0), ("busy_timeout", 5000),
            ] as [(String, Int64)] {
                let row = try connection.run(SQL(stringLiteral: "PRAGMA \(pragma)"))
                #expect(row == [SQLRow([.integer(value)])], "\(pragma)")
            }
            writer.close()
        }
    }

    @Test func `lies in files that only their owner may read`() throws {
        try withEngine { engine in
            let writer = try engine.open(.writing)
            try writer.runScript("CREATE TABLE thing (place INTEGER);")
            for suffix in ["", "-wal", "-shm"] {
                #expect(try mode(engine.path + suffix) == 0o600)
            }
            writer.close()
            #expect(!FileManager.default.fileExists(atPath: engine.path + "-wal"))
        }
    }

    @Test(arguments: [":memory:", "file:x?mode=memory", "ä ö?.sqlite"])
    func `has the name it was given, whatever SQLite would make of it`(name: String) throws {
        try withTemporaryDirectory { directory in
            let engine = SQLiteEngine(file: directory + "/" + name)
            try engine.open(.writing).runScript("CREATE TABLE thing (place INTEGER);")
            #expect(FileManager.default.fileExists(atPath: directory + "/" + name))
            let reader = try engine.open(.reading)
            #expect(try reader.run("SELECT place FROM thing").isEmpty)
        }
        #expect(SQLiteEngine(file: name).path == "./" + name)
    }

    @Test func `that is absent or out of reach is misconfigured`() throws {
        try withTemporaryDirectory { directory in
            for (path, purpose) in [
                ("/absent.sqlite", ConnectionPurpose.reading), ("/absent/x.sqlite", .writing), ("", .writing),
                ("/a\0b", .writing),
            ] {
                let refusal = refusal { _ = try SQLiteEngine(file: directory + path).open(purpose) }
                #expect(refusal?.kind == .misconfigured, "\(path)")
            }
            let left = try FileManager.default.contentsOfDirectory(atPath: directory)
            #expect(left.isEmpty)
        }
    }

    @Test func `that is no database is corrupt`() throws {
        try withEngine { engine in
            try Data(repeating: 0x41, count: 10_000).write(to: URL(fileURLWithPath: engine.path))
            #expect(refusal { _ = try engine.open(.writing) }?.kind == .corrupt)
        }
    }

    @Test func `with text that is no UTF-8 is corrupt`() throws {
        try withEngine { engine in
            let writer = try engine.open(.writing)
            #expect(refusal { _ = try writer.run("SELECT CAST(X'ff41' AS TEXT)") }?.kind == .corrupt)
        }
    }

    @Test func `can be created by many at once`() throws {
        try withEngine { engine in
            let errors = Collected()
            DispatchQueue.concurrentPerform(iterations: 8) { number in
                if let error = refusal({
                    let connection = try engine.open(.writing)
                    try connection.beginWriting()
                    try connection.runScript("CREATE TABLE IF NOT EXISTS thing (place INTEGER);")
                    _ = try connection.run("INSERT INTO thing VALUES (\(number))")
                    try connection.commit()
                }) {
                    errors.append(error)
                }
            }
            let refused = errors.all
            #expect(refused.isEmpty, "\(refused)")
            let reader = try engine.open(.reading)
            #expect(try reader.run("SELECT place FROM thing").count == 8)
        }
    }

    @Test func `whose writer holds the lock too long is unavailable to a second`() throws {
        var limits = SQLiteLimits()
        limits.lockWaitMilliseconds = 20
        try withEngine(limits: limits) { engine in
            let first = try engine.open(.writing)
            let second = try engine.open(.writing)
            try first.runScript("CREATE TABLE thing (place INTEGER);")
            try first.beginWriting()
            let refused = refusal { try second.beginWriting() }
            #expect(refused?.kind == .unavailable)
            #expect(refused?.code == "5")
            second.rollBack()
            #expect(refusal { _ = try second.run("INSERT INTO thing VALUES (\(1))") }?.kind == .unavailable)
            #expect(try second.run("SELECT place FROM thing").isEmpty)
            try first.commit()
            try second.beginWriting()
            try second.commit()
        }
    }

    @Test func `lets a second writer wait for the first`() throws {
        try withEngine { engine in
            let first = try engine.open(.writing)
            try first.runScript("CREATE TABLE thing (place INTEGER);")
            try first.beginWriting()
            let seen = Collected()
            let done = DispatchSemaphore(value: 0)
            Thread.detachNewThread {
                if let error = refusal({
                    let second = try engine.open(.writing)
                    try second.beginWriting()
                    #expect(try second.run("SELECT place FROM thing").count == 1)
                    try second.commit()
                }) {
                    seen.append(error)
                }
                done.signal()
            }
            _ = try first.run("INSERT INTO thing VALUES (\(1))")
            try first.commit()
            #expect(done.wait(timeout: .now() + 20) == .success)
            #expect(seen.all.isEmpty)
        }
    }

    @Test func `that is full rolls back by itself and says so until its caller does`() throws {
        try withEngine { engine in
            let writer = try engine.open(.writing)
            try writer.runScript("CREATE TABLE thing (content BLOB) STRICT; PRAGMA max_page_count = 50;")
            try writer.beginWriting()
            _ = try writer.insert(fill(writer, bytes: 100))
            let refused = refusal { _ = try writer.insert(fill(writer, bytes: 1_000_000)) }
            #expect(refused?.kind == .unavailable)
            #expect(refused?.code == "13")
            // Outside the transaction that is gone, this would be stored by itself.
            #expect(refusal { _ = try writer.insert(fill(writer, bytes: 100)) }?.kind == .unavailable)
            #expect(refusal { _ = try writer.run("SAVEPOINT unit") }?.kind == .unavailable)
            #expect(refusal { try writer.runScript("DELETE FROM thing") }?.kind == .unavailable)
            #expect(refusal { try writer.commit() }?.kind == .unavailable)
            writer.rollBack()
            try writer.beginWriting()
            _ = try writer.insert(fill(writer, bytes: 100))
            try writer.commit()
            #expect(try writer.run("SELECT count(*) FROM thing")[0].integer(0) == 10)
        }
    }

    @Test func `counts the values of a statement`() throws {
        try withEngine { engine in
            let writer = try engine.open(.writing)
            #expect(refusal { _ = try writer.run(SQL(trusted: "SELECT $1", values: [])) }?.kind == .defect)
            #expect(refusal { _ = try writer.run(SQL(trusted: "SELECT 1", values: [.null])) }?.kind == .defect)
        }
    }

    @Test func `is backed up as it was at one moment`() throws {
        try withEngine { engine in
            let writer = try engine.open(.writing)
            try writer.runScript("CREATE TABLE thing (content BLOB) STRICT;")
            _ = try writer.insert(fill(writer, bytes: 200_000))
            try writer.beginWriting()
            _ = try writer.insert(fill(writer, bytes: 100))
            let copy = engine.path + ".before"
            try engine.backup(to: copy)
            try writer.commit()
            #expect(try mode(copy) == 0o600)
            #expect(!FileManager.default.fileExists(atPath: copy + ".partial"))
            let restored = try SQLiteEngine(file: copy).open(.writing)
            #expect(try restored.run("SELECT count(*) FROM thing")[0].integer(0) == 10)
            #expect(try restored.run("PRAGMA integrity_check")[0].text(0) == "ok")
            #expect(refusal { try engine.backup(to: copy) }?.kind == .misconfigured)
            #expect(refusal { try engine.backup(to: engine.path + "/x") }?.kind == .misconfigured)
        }
    }

    @Test func `that nobody writes is read without a trace, whatever its name`() throws {
        try withEngine { engine in
            let writer = try engine.open(.writing)
            try writer.runScript("CREATE TABLE thing (content BLOB) STRICT;")
            _ = try writer.insert(fill(writer, bytes: 100))
            let folder = String(engine.path.prefix(upTo: try #require(engine.path.lastIndex(of: "/"))))
            let copy = folder + "/copy é%41?&#.sqlite"
            try engine.backup(to: copy)
            writer.close()
            try FileManager.default.setAttributes([.posixPermissions: 0o400], ofItemAtPath: copy)
            let archive = SQLiteEngine.archive(file: copy)
            let reader = try archive.open(.reading)
            try reader.beginReading()
            #expect(try reader.run("SELECT count(*) FROM thing")[0].integer(0) == 10)
            #expect(try reader.flaws() == [])
            #expect(refusal { _ = try archive.open(.writing) }?.kind == .defect)
            let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasPrefix("copy") }
            #expect(names == ["copy é%41?&#.sqlite"])
        }
    }

    @Test func `names what is damaged in it`() throws {
        try withEngine { engine in
            let writer = try engine.open(.writing)
            try writer.runScript("CREATE TABLE thing (content BLOB) STRICT;")
            _ = try writer.insert(fill(writer, bytes: 200_000))
            writer.close()
            try engine.settle()
            var bytes = try #require(FileManager.default.contents(atPath: engine.path))
            // The first page of the table: its cells no longer lie where they are said to.
            for place in 4_096..<4_200 { bytes[place] ^= 0x5A }
            try bytes.write(to: URL(fileURLWithPath: engine.path))
            let reader = try SQLiteEngine.archive(file: engine.path).open(.reading)
            let flaws = try reader.flaws()
            #expect(!flaws.isEmpty && flaws.count <= 10)
        }
    }

    @Test func `is settled when all of it stands in the file, and only when nobody has it open`() throws {
        try withEngine { engine in
            let writer = try engine.open(.writing)
            try writer.runScript("CREATE TABLE thing (content BLOB) STRICT;")
            _ = try writer.insert(fill(writer, bytes: 100))
            #expect(refusal { try engine.settle() }?.kind == .unavailable)
            writer.close()
            try engine.settle()
            #expect(!FileManager.default.fileExists(atPath: engine.path + "-wal"))
            let reader = try SQLiteEngine.archive(file: engine.path).open(.reading)
            #expect(try reader.run("SELECT count(*) FROM thing")[0].integer(0) == 10)
        }
    }

    @Test(arguments: [
        (5, ConnectionPurpose.writing, SQLError.Kind.unavailable), (517, .writing, .unavailable), (6, .writing, .unavailable),
        (13, .writing, .unavailable), (10, .writing, .unavailable), (778, .writing, .unavailable), (7, .writing, .unavailable),
        (14, .writing, .unavailable), (9, .writing, .unavailable), (11, .writing, .corrupt), (779, .writing, .corrupt),
        (26, .writing, .corrupt), (8202, .writing, .corrupt), (8458, .writing, .corrupt), (19, .writing, .constraint),
        (2067, .writing, .constraint), (1811, .writing, .constraint), (3091, .writing, .defect), (8, .reading, .defect),
        (8, .writing, .misconfigured), (1032, .reading, .misconfigured), (3, .writing, .misconfigured),
        (1, .writing, .defect), (21, .writing, .defect), (18, .writing, .defect),
    ])
    func `tells errors apart`(code: Int, purpose: ConnectionPurpose, kind: SQLError.Kind) {
        #expect(SQLError.Kind(sqliteCode: Int32(code), purpose: purpose) == kind)
    }
}

/// What happened on several threads.
final class Collected: @unchecked Sendable {  // Every access holds the lock.
    private let lock = NSLock()
    private var errors: [SQLError] = []

    var all: [SQLError] { lock.withLock { errors } }

    func append(_ error: SQLError) {
        lock.withLock { errors.append(error) }
    }
}

@Suite struct `A SQLite file that is gone` {
    @Test(arguments: [false, true])
    func `is noticed before anything more is written or read`(replaced: Bool) throws {
        try withTemporaryDirectory { directory in
            let engine = SQLiteEngine(file: directory + "/test.sqlite")
            let writer = try engine.connect(.writing)
            defer { writer.close() }
            try writer.runScript("CREATE TABLE thing (place INTEGER) STRICT")
            let reader = try engine.connect(.reading)
            defer { reader.close() }
            try FileManager.default.removeItem(atPath: directory + "/test.sqlite")
            if replaced { #expect(FileManager.default.createFile(atPath: directory + "/test.sqlite", contents: nil)) }
            #expect(refusal { try writer.beginWriting() }?.kind == .unavailable)
            #expect(refusal { try reader.beginReading() }?.kind == .unavailable)
        }
    }
}
