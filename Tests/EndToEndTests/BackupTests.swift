import AttendanceCore
import Foundation
import Glibc
import HTTPMessages
import PostgresEngine
import SQLStorage
import SQLiteEngine
import TestKit
import Testing

extension StoreKind {
    /// A name for a backup of this engine.
    fileprivate var backup: String { self == .sqlite ? "copy.sqlite" : "copy.pgdump" }
}

extension Place {
    fileprivate func path(_ name: String) -> String { "\(directory)/\(name)" }
    fileprivate var store: String { path("muster-data/muster.sqlite") }

    fileprivate func names(in folder: String = "") throws -> Set<String> {
        Set(try FileManager.default.contentsOfDirectory(atPath: path(folder)).filter { !$0.hasPrefix(".") })
    }

    fileprivate func bytes(_ name: String) throws -> Data { try #require(FileManager.default.contents(atPath: path(name))) }

    /// What the commands say with `--json`.
    fileprivate func json(_ arguments: String...) async throws -> Plain {
        let ended = try await muster(arguments + ["--json"])
        #expect(ended.code == 0, "\(arguments): \(ended)")
        return try Plain(Array(ended.output.utf8))
    }

    /// Writes the digests anew over files that a test has changed, as somebody would who wants them to be believed.
    fileprivate func reseal(_ name: String) async throws {
        // The size stands in the manifest.
        let size = try bytes(name).count
        let manifest = String(decoding: try bytes(name + ".json"), as: UTF8.self)
            .replacing(/"bytes":\d+/, with: "\"bytes\":\(size)")
        try manifest.write(toFile: path(name + ".json"), atomically: true, encoding: .utf8)
        let sums = try await start(["/usr/bin/sha256sum", name, name + ".json"])
        try await sums.exit(within: 10)
        try sums.output.write(toFile: path(name + ".sha256"), atomically: true, encoding: .utf8)
    }

    /// Makes a store with so many scans, without a server left behind.
    fileprivate func fill(_ scans: Int, _ name: String = "s") async throws {
        let server = try await serve()
        for start in stride(from: 0, to: scans, by: 1_000) {
            let answer = try await server.client.upload(
                (start..<min(scans, start + 1_000)).map { Scan(key: "\(name)-\($0)", badge: "\(name)-\($0)") })
            #expect(answer.status == 200)
        }
        try await server.stop()
    }

    /// How many entries the ledger of the tenant `default` has, after walking it.
    fileprivate func verifiedCount() async throws -> Int {
        let verified = try await muster("verify")
        #expect(verified.code == 0, "\(verified)")
        return try #require(Int(verified.output.prefix { $0.isNumber }))
    }

    /// The schemas of the database that are Muster's, or were.
    fileprivate func schemas() async throws -> [String] {
        try await withConnection { connection in
            try connection.run("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'muster%' ORDER BY 1").map { $0.text(0) }
        }
    }
}

extension `The program` {
    @Suite struct `A backup` {
        @Test(arguments: StoreKind.underTest)
        func `under load holds all that was acknowledged before it began, and is a whole store`(on kind: StoreKind) async throws {
            try await Place.on(kind) { place in
                let server = try await place.serve()
                #expect(try await place.muster("tenant", "create", "north").code == 0)
                let load = Load("backup")
                async let running: Void = load.run(against: server.client)
                try await load.more(40)
                let before = Set(load.acknowledged.map(\.badge))
                let made = try await place.muster("backup", kind.backup)
                #expect(made.code == 0, "\(made)")
                let refusals = load.answers.count { $0.status != 200 }
                try await load.more(20)
                load.stop()
                await running
                #expect(refusals == 0, "uploads go on while a backup is made")
                let files = [kind.backup, kind.backup + ".json", kind.backup + ".sha256"]
                #expect(try place.names() == Set(files + (kind == .sqlite ? ["muster-data"] : [])))
                for name in files {
                    let mode = try FileManager.default.attributesOfItem(atPath: place.path(name))[.posixPermissions] as? Int
                    #expect(mode == 0o600, "\(name)")
                }
                try await server.stop()

                let restored = try await place.json("restore", kind.backup, "--yes")
                #expect(restored["restored"] == .boolean(true))
                let tenants = try #require(restored["tenants"]?.items)
                #expect(tenants.map { $0["name"]?.text } == ["default", "north"])
                #expect(tenants[0]["relation"]?.text == "backup is the beginning")
                let all = load.acknowledged.count
                let again = try await place.serve()
                let there = try await again.client.exportedBadges()
                #expect(before.subtracting(there) == [], "acknowledged before the backup began, and missing")
                #expect(Set(there).count == there.count && there.count.isMultiple(of: Load.batchSize))
                #expect(tenants[0]["backup"]?["sequence"]?.integer == there.count)
                #expect((tenants[0]["lost"]?.integer ?? -1) >= all - there.count)
                try await expectSound(place, again)
                // It goes on from where the backup ended.
                #expect(try await again.client.upload([Scan(key: "after", badge: "after")]).saved == 1)
                try await again.stop()
            }
        }

        @Test(arguments: StoreKind.underTest)
        func `gets a name of its own in a folder, and is never written over anything`(on kind: StoreKind) async throws {
            try await Place.on(kind) { place in
                try await place.fill(3)
                try FileManager.default.createDirectory(atPath: place.path("kept"), withIntermediateDirectories: false)
                let made = try await place.json("backup", "kept/")
                let path = try #require(made["path"]?.text)
                #expect(path.wholeMatch(of: /kept\/muster-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}Z\.(sqlite|pgdump)/) != nil)
                #expect(try await place.muster("backup", "verify", path).code == 0)
                for taken in ["x", "x.json", "x.sha256"] {
                    try "mine".write(toFile: place.path(taken), atomically: false, encoding: .utf8)
                    let refused = try await place.muster("backup", "x")
                    #expect(refused.code == 1)
                    #expect(refused.errors.hasPrefix("muster: x") && refused.errors.contains(" exists"), "\(refused.errors)")
                    #expect(refused.errors.count { $0 == "\n" } == 1)
                    #expect(String(decoding: try place.bytes(taken), as: UTF8.self) == "mine")
                    try FileManager.default.removeItem(atPath: place.path(taken))
                }
            }
        }

        @Test(arguments: [true, false])
        func `removes nothing that no backup has made, also behind a link`(isLink: Bool) async throws {
            try await Place.on(.sqlite) { place in
                try await place.fill(1)
                let folder = isLink ? "theirs" : "copy.partial"
                try FileManager.default.createDirectory(atPath: place.path(folder), withIntermediateDirectories: false)
                try "keep".write(toFile: place.path(folder + "/precious"), atomically: false, encoding: .utf8)
                if isLink {
                    try FileManager.default.createSymbolicLink(
                        atPath: place.path("copy.partial"), withDestinationPath: place.path(folder))
                }
                let refused = try await place.muster("backup", "copy")
                #expect(refused.code == 1 && refused.errors.contains("copy.partial"), "\(refused)")
                #expect(FileManager.default.contents(atPath: place.path(folder + "/precious")) == Data("keep".utf8))
                #expect(!FileManager.default.fileExists(atPath: place.path("copy")))
            }
        }

        @Test(arguments: ["/proc/x.sqlite", "nowhere/x.sqlite", "nowhere/"])
        func `that cannot be written is one line`(path: String) async throws {
            try await Place.on(.sqlite) { place in
                try await place.fill(1)
                let refused = try await place.muster("backup", path)
                #expect(refused.code == 1 && refused.output == "")
                #expect(refused.errors.hasPrefix("muster: ") && refused.errors.count { $0 == "\n" } == 1, "\(refused.errors)")
                #expect(try place.names() == ["muster-data"])
            }
        }

        @Test(arguments: [SIGTERM, SIGINT])
        func `that is interrupted leaves nothing`(signal: Int32) async throws {
            try await Place.on(.sqlite) { place in
                try await place.fill(8_000)
                let backup = try await place.start([Place.program, "backup", "copy.sqlite"])
                _ = try await wait(for: "the backup to begin") {
                    FileManager.default.fileExists(atPath: place.path("copy.sqlite.partial")) ? true : nil
                }
                backup.signal(signal)
                let code = try await backup.exit(within: 20)
                if code == 1 {
                    #expect(backup.errors == "muster: interrupted; what was begun is undone\n")
                    #expect(try place.names() == ["muster-data"])
                } else {
                    // It was too late.
                    #expect(code == 0)
                    #expect(try await place.muster("backup", "verify", "copy.sqlite").code == 0)
                }
            }
        }

        @Test(arguments: StoreKind.underTest)
        func `that is killed at any moment leaves nothing under its name, and nothing in the way of the next`(
            on kind: StoreKind
        ) async throws {
            try await Place.on(kind) { place in
                try await place.fill(4_000)
                var unfinished = 0
                for milliseconds in stride(from: 10, through: 400, by: 30) {
                    let backup = try await place.start([Place.program, "backup", kind.backup])
                    try await Task.sleep(for: .milliseconds(milliseconds))
                    backup.signal(SIGKILL)
                    _ = try await backup.exit(within: 20)
                    if FileManager.default.fileExists(atPath: place.path(kind.backup)) {
                        let verified = try await place.muster("backup", "verify", kind.backup)
                        #expect(verified.code == 0, "\(milliseconds) ms: \(verified)")
                    } else {
                        unfinished += 1
                        // Only where it died between two renames.
                        for suffix in [".json", ".sha256"] {
                            #expect(!FileManager.default.fileExists(atPath: place.path(kind.backup + suffix)))
                        }
                    }
                    for name in try place.names() where name.hasPrefix("copy.") && !name.hasSuffix(".partial") {
                        try FileManager.default.removeItem(atPath: place.path(name))
                    }
                }
                #expect(unfinished > 0, "the first kill comes before anything is done")
                #expect(try await place.muster("backup", kind.backup).code == 0)
                #expect(try place.names().filter { $0.hasSuffix(".partial") } == [])
                #expect(try await place.verifiedCount() == 4_000)
            }
        }

        @Test func `is verified without a store, from a folder that nobody writes to, and leaves nothing beside it`() async throws {
            try await Place.on(.sqlite) { place in
                try await place.fill(20)
                #expect(try await place.muster("backup", "copy.sqlite").code == 0)
                try FileManager.default.removeItem(atPath: place.path("muster-data"))
                let before = try place.bytes("copy.sqlite")
                let said = try await place.json("backup", "verify", "copy.sqlite")
                #expect(said["sound"] == .boolean(true) && said["chains_walked"] == .boolean(true))
                #expect(said["tenants"]?.items?.first?["sequence"]?.integer == 20)
                #expect(try place.names() == ["copy.sqlite", "copy.sqlite.json", "copy.sqlite.sha256"])
                #expect(try place.bytes("copy.sqlite") == before)
                let sums = try await place.start(["/usr/bin/sha256sum", "-c", "copy.sqlite.sha256"])
                #expect(try await sums.exit(within: 10) == 0, "\(sums.errors)")
            }
        }

        enum Damage: String, CaseIterable {
            case flippedInFile, flippedInManifest, flippedInDigests, truncated, manifestGone, digestsGone, emptyDigests

            func apply(to backup: String, in place: Place) throws {
                func rewrite(_ name: String, _ change: (inout Data) -> Void) throws {
                    var bytes = try place.bytes(name)
                    change(&bytes)
                    try bytes.write(to: URL(fileURLWithPath: place.path(name)))
                }
                switch self {
                case .flippedInFile: try rewrite(backup) { $0[$0.count / 2] ^= 1 }
                case .flippedInManifest: try rewrite(backup + ".json") { $0[$0.count / 2] ^= 1 }
                case .flippedInDigests: try rewrite(backup + ".sha256") { $0[10] ^= 1 }
                case .truncated: try rewrite(backup) { $0.removeLast(4_096) }
                case .manifestGone: try FileManager.default.removeItem(atPath: place.path(backup + ".json"))
                case .digestsGone: try FileManager.default.removeItem(atPath: place.path(backup + ".sha256"))
                case .emptyDigests: try rewrite(backup + ".sha256") { $0 = Data("\n".utf8) }
                }
            }
        }

        @Test(arguments: StoreKind.underTest, Damage.allCases)
        func `that is not what was written is refused`(on kind: StoreKind, damage: Damage) async throws {
            try await Place.on(kind) { place in
                try await place.fill(50)
                #expect(try await place.muster("backup", kind.backup).code == 0)
                try await place.fill(1, "later")
                try damage.apply(to: kind.backup, in: place)
                for command in [["backup", "verify", kind.backup], ["restore", kind.backup, "--yes"]] {
                    let refused = try await place.muster(command)
                    #expect(refused.code == 1 && refused.output == "", "\(refused)")
                    #expect(refused.errors.contains(kind.backup) && refused.errors.count { $0 == "\n" } == 1, "\(refused.errors)")
                }
                #expect(try await place.verifiedCount() == 51)
            }
        }

        /// Digests show that a file is as it was written, not that it was right.
        @Test func `whose digests are right and whose ledger is not is refused`() async throws {
            try await Place.on(.sqlite) { place in
                try await place.fill(9)
                #expect(try await place.muster("backup", "copy.sqlite").code == 0)
                let copy = place.path("copy.sqlite")
                try await blocking {
                    let engine = SQLiteEngine(file: copy)
                    let connection = try engine.connect(.writing)
                    try connection.runScript(
                        """
                        DROP TRIGGER ledger_entry_refuses_update;
                        UPDATE ledger_entry SET occurred_at_us = occurred_at_us + 1 WHERE sequence = 5;
                        """)
                    connection.close()
                    try engine.settle()
                }
                try await place.reseal("copy.sqlite")
                for command in [["backup", "verify", "copy.sqlite"], ["restore", "copy.sqlite", "--yes"]] {
                    let refused = try await place.muster(command)
                    #expect(refused.code == 1 && refused.errors.contains("tenant default: entry 5 is bad"), "\(refused)")
                }
            }
        }

        @Test(.enabled(if: StoreKind.postgresURL != nil, "MUSTER_TEST_POSTGRES names no server"))
        func `of PostgreSQL whose archive ends too early is refused though its digests are right`() async throws {
            try await Place.on(.postgres) { place in
                try await place.fill(500)
                #expect(try await place.muster("backup", "copy.pgdump").code == 0)
                let bytes = try place.bytes("copy.pgdump")
                try bytes.prefix(bytes.count * 2 / 3).write(to: URL(fileURLWithPath: place.path("copy.pgdump")))
                try await place.reseal("copy.pgdump")
                let refused = try await place.muster("backup", "verify", "copy.pgdump")
                #expect(refused.code == 1 && refused.errors.contains("pg_restore"), "\(refused)")
            }
        }

        @Test(arguments: StoreKind.underTest)
        func `is not made of a store that does not hold`(on kind: StoreKind) async throws {
            try await Place.on(kind) { place in
                try await place.fill(9)
                try await place.withConnection { connection in
                    try connection.runScript(connection.vocabulary.mutableAgain("ledger_entry"))
                    try connection.runScript("UPDATE ledger_entry SET received_at_us = 1 WHERE sequence = 5")
                }
                let refused = try await place.muster("backup", kind.backup)
                #expect(refused.code == 1)
                #expect(refused.errors.contains("damaged") && refused.errors.contains("entry 5"), "\(refused.errors)")
                #expect(try place.names().filter { $0.hasPrefix("copy") } == [])
            }
        }
    }

    @Suite(.enabled(if: Volume.isAllowed, "a tmpfs cannot be mounted here"))
    struct `A backup to a full disk` {
        /// Too small for the store at all, and so small that all but the last bytes find room.
        @Test(arguments: StoreKind.underTest, [false, true])
        func `leaves nothing and says why`(on kind: StoreKind, isAlmostEnough: Bool) async throws {
            try await Place.on(kind) { place in
                try await place.fill(3_000)
                #expect(try await place.muster("backup", kind.backup).code == 0)
                let size = try place.bytes(kind.backup).count
                try await Volume.with(16, at: place.path("small")) { volume in
                    try volume.fill(leaving: isAlmostEnough ? size : size / 2)
                    let before = try place.names(in: "small")
                    let refused = try await place.muster("backup", "small")
                    #expect(refused.code == 1 && refused.output == "")
                    #expect(refused.errors.hasPrefix("muster: ") && refused.errors.count { $0 == "\n" } == 1, "\(refused.errors)")
                    #expect(try place.names(in: "small") == before)
                    volume.free()
                    #expect(try await place.muster("backup", "small").code == 0)
                }
            }
        }
    }

    @Suite struct `A restore` {
        @Test(arguments: StoreKind.underTest)
        func `that is only tried changes nothing, beside a server too`(on kind: StoreKind) async throws {
            try await Place.on(kind) { place in
                try await place.fill(10)
                #expect(try await place.muster("backup", kind.backup).code == 0)
                try await place.fill(4, "later")
                let names = kind == .sqlite ? try place.names(in: "muster-data") : []
                let bytes = kind == .sqlite ? try place.bytes("muster-data/muster.sqlite") : Data()
                let tried = try await place.muster("restore", kind.backup, "--dry-run")
                #expect(tried.code == 0, "\(tried)")
                #expect(tried.output.contains("loses its last 4") && tried.output.hasSuffix("Nothing was changed.\n"))
                if kind == .sqlite {
                    #expect(try place.names(in: "muster-data") == names)
                    #expect(try place.bytes("muster-data/muster.sqlite") == bytes)
                } else {
                    #expect(try await place.schemas() == ["muster"])
                }
                // Nobody to ask, and not told to go on.
                let unasked = try await place.muster("restore", kind.backup)
                #expect(unasked.code == 2 && unasked.errors.contains("--yes"))
                #expect(try await place.verifiedCount() == 14)

                let server = try await place.serve()
                let beside = try await place.json("restore", kind.backup, "--dry-run")
                #expect(beside["restored"] == .boolean(false))
                #expect(beside["tenants"]?.items?.first?["lost"]?.integer == 4)
                #expect(try await server.client.stats()["total_scans"]?.integer == 14)
                try await server.stop()
            }
        }

        @Test(arguments: StoreKind.underTest)
        func `sets the present store aside whole, and can be undone`(on kind: StoreKind) async throws {
            try await Place.on(kind) { place in
                try await place.fill(10)
                #expect(try await place.muster("backup", kind.backup).code == 0)
                try await place.fill(4, "later")
                let restored = try await place.json("restore", kind.backup, "--yes")
                let safety = try #require(restored["safety_copy"]?.text)
                #expect(try await place.verifiedCount() == 10)
                let audit = try await place.muster("audit")
                #expect(audit.output.contains("store restored") && audit.output.contains("4 entries lost"), "\(audit.output)")
                if kind == .sqlite {
                    let verified = try await place.muster("backup", "verify", safety)
                    #expect(verified.code == 0 && verified.output.contains("14 entries"), "\(verified)")
                    let mode = try FileManager.default.attributesOfItem(atPath: place.store)[.posixPermissions] as? Int
                    #expect(mode == 0o600)
                    let undone = try await place.json("restore", safety, "--yes")
                    #expect(undone["tenants"]?.items?.first?["relation"]?.text == "backup goes on")
                } else {
                    let url = try #require(place.databaseURL)
                    let engine = try PostgresEngine(url: url, schema: safety)
                    let store = try SQLStore.openForReading(engine, ambient: .test(TestClock())) { Incident(text: "\($0)") }
                    let operations = Operations(store: store, ambient: .test(TestClock()), sealer: store.sealer, zones: .test)
                    let walked = try await operations.verifyLedger(of: .default, as: .commandLine(tenant: .default)) { _, _ in }
                    guard case .intact(let head) = walked, head.sequence == 14 else { throw Overdue(what: "\(walked)") }
                    await store.close()
                    // As the command said, in psql's place.
                    try await blocking {
                        let connection = try engine.connect(.writing)
                        defer { connection.close() }
                        try connection.runScript(
                            "DROP SCHEMA muster CASCADE; ALTER SCHEMA \(safety) RENAME TO muster;")
                    }
                }
                #expect(try await place.verifiedCount() == 14)
            }
        }

        @Test(arguments: StoreKind.underTest)
        func `waits for no server and takes nothing from one`(on kind: StoreKind) async throws {
            try await Place.on(kind) { place in
                try await place.fill(10)
                #expect(try await place.muster("backup", kind.backup).code == 0)
                let servers = [try await place.serve(), try await place.serve()]
                for server in servers {
                    let refused = try await place.muster("restore", kind.backup, "--yes")
                    #expect(refused.code == 1 && refused.output == "")
                    #expect(refused.errors.contains("in use") && refused.errors.contains("stop muster serve"), "\(refused.errors)")
                    #expect(try await server.client.upload([Scan(key: "\(server.process.id)", badge: "b")]).saved == 1)
                    try await server.stop()
                }
                #expect(try await place.muster("restore", kind.backup, "--yes").code == 0)
                #expect(try await place.verifiedCount() == 10)
            }
        }

        /// What a killed server has left in the log belongs to the store that is set aside, and to no other.
        @Test func `after a server was killed keeps its log out of the restored store`() async throws {
            try await Place.on(.sqlite) { place in
                try await place.fill(10)
                #expect(try await place.muster("backup", "copy.sqlite").code == 0)
                let server = try await place.serve()
                for number in 0..<20 { _ = try await server.client.upload([Scan(key: "late-\(number)", badge: "late-\(number)")]) }
                server.process.signal(SIGKILL)
                _ = try await server.process.exit(within: 10)
                #expect(try place.names(in: "muster-data").contains("muster.sqlite-wal"))
                let restored = try await place.json("restore", "copy.sqlite", "--yes")
                #expect(try place.names(in: "muster-data").filter { $0.hasSuffix("-wal") || $0.hasSuffix("-shm") } == [])
                #expect(try await place.verifiedCount() == 10)
                let safety = try #require(restored["safety_copy"]?.text)
                let kept = try await place.json("backup", "verify", safety)
                #expect(kept["tenants"]?.items?.first?["sequence"]?.integer == 30)
            }
        }

        @Test(arguments: StoreKind.underTest)
        func `that is killed at any moment leaves the former store or the restored one, whole`(on kind: StoreKind) async throws {
            try await Place.on(kind) { place in
                try await place.fill(3_000)
                #expect(try await place.muster("backup", kind.backup).code == 0)
                try await place.fill(7, "later")
                var former = 0
                for milliseconds in stride(from: 20, through: 620, by: 60) {
                    let restore = try await place.start([Place.program, "restore", kind.backup, "--yes"])
                    try await Task.sleep(for: .milliseconds(milliseconds))
                    restore.signal(SIGKILL)
                    _ = try await restore.exit(within: 20)
                    let server = try await place.serve()
                    let count = try #require(try await server.client.stats()["total_scans"]?.integer)
                    #expect([3_000, 3_007].contains(count), "\(milliseconds) ms")
                    if count == 3_007 { former += 1 }
                    try await expectSound(place, server)
                    try await server.stop()
                    if kind == .sqlite {
                        // No name is left that would change with the store.
                        let links = try FileManager.default.attributesOfItem(atPath: place.store)[.referenceCount] as? Int
                        #expect(links == 1)
                    }
                    // The next round begins with the longer ledger.
                    if count == 3_000 { try await place.fill(7, "later") }
                }
                #expect(former > 0, "the first kill comes before anything is done")
                // PostgreSQL may still be undoing what the last one began.
                _ = try await wait(for: "a restore", seconds: 30) {
                    try await place.muster("restore", kind.backup, "--yes").code == 0 ? true : nil
                }
                #expect(try await place.verifiedCount() == 3_000)
            }
        }

        @Test func `takes the place of a store that is damaged beyond opening, and keeps what is left of it`() async throws {
            try await Place.on(.sqlite) { place in
                try await place.fill(10)
                #expect(try await place.muster("backup", "copy.sqlite").code == 0)
                let rubbish = Data(repeating: 7, count: 50_000)
                try rubbish.write(to: URL(fileURLWithPath: place.store))
                let restored = try await place.muster("restore", "copy.sqlite", "--yes")
                #expect(restored.code == 0, "\(restored)")
                #expect(restored.output.contains("cannot be compared") && restored.output.contains("It was damaged before"))
                #expect(try await place.verifiedCount() == 10)
                let kept = try #require(try place.names(in: "muster-data").first { $0.contains(".before-restore-") })
                #expect(try place.bytes("muster-data/" + kept) == rubbish)
            }
        }

        @Test(arguments: StoreKind.underTest)
        func `makes a store where there is none`(on kind: StoreKind) async throws {
            try await Place.on(kind) { place in
                try await place.fill(10)
                #expect(try await place.muster("backup", kind.backup).code == 0)
                if kind == .sqlite {
                    try FileManager.default.removeItem(atPath: place.path("muster-data"))
                } else {
                    try await place.withConnection { try $0.runScript("DROP SCHEMA muster CASCADE") }
                }
                let restored = try await place.json("restore", kind.backup, "--yes")
                #expect(restored["safety_copy"] == .null)
                #expect(try await place.verifiedCount() == 10)
            }
        }

        @Test(arguments: StoreKind.underTest)
        func `tells ledgers that part, and where`(on kind: StoreKind) async throws {
            try await Place.on(kind) { place in
                try await place.fill(10)
                #expect(try await place.muster("backup", "first").code == 0)
                try await place.fill(5, "one")
                #expect(try await place.muster("backup", "longer").code == 0)
                let ahead = try await place.json("restore", "first", "--yes")
                #expect(ahead["tenants"]?.items?.first?["lost"]?.integer == 5)
                let behind = try await place.json("restore", "longer", "--dry-run")
                #expect(behind["tenants"]?.items?.first?["relation"]?.text == "backup goes on")
                try await place.fill(3, "other")
                let parted = try await place.muster("restore", "longer", "--dry-run")
                #expect(parted.code == 0)
                // An archive has no index, so there it is not looked for.
                let words =
                    kind == .sqlite
                    ? "loses its last 3: both ledgers have the same first 10, and part there"
                    : "is replaced by a ledger that parts from it"
                #expect(parted.output.contains(words), "\(parted.output)")
            }
        }

        /// Kiosks delete what they hold when they hear of another epoch, so nobody may be surprised by that.
        @Test(arguments: StoreKind.underTest)
        func `warns where kiosks will hear another clear epoch`(on kind: StoreKind) async throws {
            try await Place.on(kind) { place in
                try await place.fill(10)
                #expect(try await place.muster("backup", kind.backup).code == 0)
                let silent = try await place.muster("restore", kind.backup, "--dry-run")
                #expect(!silent.output.contains("epoch"))
                let server = try await place.serve()
                let cleared = try await server.client.ask(
                    .delete, "/v1/admin/clear-scans", headers: ["X-Confirm-Delete": "DELETE ALL SCANS"])
                #expect(cleared.status == 200)
                try await server.stop()
                let warned = try await place.muster("restore", kind.backup, "--dry-run")
                #expect(warned.output.contains("Kiosks that hear of it delete the scans they hold"), "\(warned.output)")
            }
        }

        @Test func `refuses a backup of a newer program`() async throws {
            try await Place.on(.sqlite) { place in
                try await place.fill(10)
                #expect(try await place.muster("backup", "copy.sqlite").code == 0)
                let copy = place.path("copy.sqlite")
                try await blocking {
                    let engine = SQLiteEngine(file: copy)
                    let connection = try engine.connect(.writing)
                    _ = try connection.run(
                        """
                        INSERT INTO schema_migration (place, name, digest, applied_at_us)
                        VALUES (1000, \("0999 to come"), \([UInt8](repeating: 7, count: 32)), 0)
                        """)
                    connection.close()
                    try engine.settle()
                }
                try await place.reseal("copy.sqlite")
                for command in [["backup", "verify", "copy.sqlite"], ["restore", "copy.sqlite", "--yes"]] {
                    let refused = try await place.muster(command)
                    #expect(refused.code == 1 && refused.errors.contains("newer than this program"), "\(refused)")
                }
                #expect(try await place.verifiedCount() == 10)
            }
        }

        /// As far as that can be shown while there is one migration: a copy that does not know of it yet.
        @Test func `takes a backup of an older program as it is, and says that its chains were not walked`() async throws {
            try await Place.on(.sqlite) { place in
                try await place.fill(10)
                #expect(try await place.muster("backup", "copy.sqlite").code == 0)
                let copy = place.path("copy.sqlite")
                try await blocking {
                    let engine = SQLiteEngine(file: copy)
                    let connection = try engine.connect(.writing)
                    try connection.runScript("DELETE FROM schema_migration")
                    connection.close()
                    try engine.settle()
                }
                try await place.reseal("copy.sqlite")
                let verified = try await place.muster("backup", "verify", "copy.sqlite")
                #expect(verified.code == 0 && verified.output.contains("were walked when it was made"), "\(verified)")
                #expect(try await place.json("backup", "verify", "copy.sqlite")["chains_walked"] == .boolean(false))
                let restored = try await place.muster("restore", "copy.sqlite", "--yes")
                #expect(restored.code == 0 && restored.output.contains("the next muster serve brings it up to date"), "\(restored)")
            }
        }

        @Test(.enabled(if: StoreKind.postgresURL != nil, "MUSTER_TEST_POSTGRES names no server"))
        func `does not mix the engines up`() async throws {
            try await Place.on(.sqlite) { place in
                try await place.fill(2)
                #expect(try await place.muster("backup", "copy.sqlite").code == 0)
                try await Place.on(.postgres) { other in
                    try await other.fill(1)
                    let refused = try await other.muster("restore", place.path("copy.sqlite"), "--yes")
                    #expect(refused.code == 1 && refused.errors.contains("is a backup of sqlite"), "\(refused.errors)")
                    #expect(try await other.verifiedCount() == 1)
                }
            }
        }
    }

    @Suite(.enabled(if: StoreKind.postgresURL != nil, "MUSTER_TEST_POSTGRES names no server"))
    struct `PostgreSQL's own programs` {
        /// A `pg_dump` that notes how it was called and fails.
        private func place(_ script: String, in place: Place) throws -> [String: String] {
            let file = place.path("bin/pg_dump")
            try FileManager.default.createDirectory(atPath: place.path("bin"), withIntermediateDirectories: true)
            try "#!/bin/sh\n\(script)\n".write(toFile: file, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file)
            return ["PATH": "\(place.path("bin")):/usr/bin:/bin"]
        }

        @Test func `are told the password by their environment and never on a command line`() async throws {
            try await Place.on(.postgres) { place in
                try await place.fill(1)
                var components = try #require(URLComponents(string: place.databaseURL ?? ""))
                components.password = "top secret"
                var environment = try self.place(
                    """
                    if [ "$1" = --version ]; then echo "pg_dump (PostgreSQL) 99.1"; exit; fi
                    for word; do echo "$word"; done >arguments; env >environment; exit 3
                    """, in: place)
                environment["DATABASE_URL"] = components.string
                let failed = try await place.muster(["backup", "copy"], environment: environment)
                #expect(failed.code == 1 && failed.errors.contains("pg_dump failed"), "\(failed)")
                let arguments = String(decoding: try place.bytes("arguments"), as: UTF8.self)
                #expect(arguments.contains("--schema=\"muster\"\n") && arguments.contains("--snapshot="))
                #expect(!arguments.contains("secret") && !failed.errors.contains("secret"))
                #expect(String(decoding: try place.bytes("environment"), as: UTF8.self).contains("PGPASSWORD=top secret\n"))
                #expect(try place.names().filter { $0.hasPrefix("copy") } == [])
            }
        }

        @Test func `that are older than the server are named with both versions`() async throws {
            try await Place.on(.postgres) { place in
                try await place.fill(1)
                let refused = try await place.muster(
                    ["backup", "copy"], environment: try self.place("echo 'pg_dump (PostgreSQL) 9.6.24'", in: place))
                #expect(refused.code == 1 && refused.errors.contains("pg_dump is of version 9 and the server of 1"), "\(refused)")
                #expect(refused.errors.count { $0 == "\n" } == 1)
            }
        }

        @Test func `that are not installed are replaced by the command to run elsewhere`() async throws {
            try await Place.on(.postgres) { place in
                try await place.fill(1)
                var components = try #require(URLComponents(string: place.databaseURL ?? ""))
                components.password = "top secret"
                let refused = try await place.muster(
                    ["backup", "copy"],
                    environment: ["PATH": "/nowhere", "DATABASE_URL": components.string ?? ""])
                #expect(refused.code == 1)
                #expect(refused.errors.contains("pg_dump is not installed (Debian: postgresql-client)"), "\(refused.errors)")
                #expect(refused.errors.contains("pg_dump --format=custom '--schema=\"muster\"'"))
                #expect(refused.errors.contains("--file=copy") && !refused.errors.contains("secret"))
                #expect(refused.errors.count { $0 == "\n" } == 1)
                #expect(try place.names() == [])
            }
        }

        @Test func `touch no schema that is somebody else's`() async throws {
            try await Place.on(.postgres) { place in
                try await place.fill(1)
                #expect(try await place.muster("backup", "copy").code == 0)
                try await place.withConnection { connection in
                    try connection.runScript(
                        "DROP SCHEMA muster CASCADE; CREATE SCHEMA muster; CREATE TABLE muster.theirs (x INTEGER);")
                }
                let refused = try await place.muster("restore", "copy", "--yes")
                #expect(refused.code == 1 && refused.errors.contains("not Muster's"), "\(refused)")
                #expect(try await place.schemas() == ["muster"])
            }
        }
    }
}
