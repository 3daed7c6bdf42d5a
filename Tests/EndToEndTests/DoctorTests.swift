import Foundation
import Glibc
import HTTPMessages
import SQLStorage
import TestKit
import Testing

/// What `muster doctor --json` said.
private struct Diagnosis {
    let code: Int32
    let checks: [Plain]

    init(_ ended: (code: Int32, output: String, errors: String)) throws {
        code = ended.code
        #expect(ended.errors == "")
        let page = try Plain(Array(ended.output.utf8))
        checks = try #require(page["checks"]?.items)
        let levels = checks.compactMap { $0["level"]?.text }
        #expect(levels.count == checks.count && Set(levels).isSubset(of: ["ok", "note", "trouble"]))
        #expect((code == 1) == levels.contains("trouble"), "\(ended.output)")
        for check in checks where check["level"]?.text == "trouble" { #expect(check["advice"]?.text?.isEmpty == false) }
    }

    func of(_ id: String) -> [Plain] { checks.filter { $0["id"]?.text == id } }

    func level(_ id: String) -> String? {
        let levels = of(id).compactMap { $0["level"]?.text }
        return ["trouble", "note", "ok"].first { levels.contains($0) }
    }

    func text(_ id: String) -> String { of(id).compactMap { $0["text"]?.text }.joined(separator: "\n") }

    var troubles: Set<String> { Set(checks.filter { $0["level"]?.text == "trouble" }.compactMap { $0["id"]?.text }) }
}

extension Place {
    fileprivate func diagnosis(_ more: String..., environment: [String: String] = [:]) async throws -> Diagnosis {
        try Diagnosis(await muster(["doctor", "--json", "--listen", "127.0.0.1:0"] + more, environment: environment))
    }

    fileprivate var file: String { directory + "/muster-data/muster.sqlite" }

    /// The names and contents of everything in the folder of the embedded store.
    fileprivate func contents() throws -> [String: Data] {
        let folder = directory + "/muster-data"
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        return Dictionary(
            uniqueKeysWithValues: names.map { ($0, FileManager.default.contents(atPath: "\(folder)/\($0)") ?? Data()) })
    }
}

extension `The program` {
    /// Every kind of trouble is made to happen, and is seen under its name.
    @Suite struct `The doctor` {
        @Test(arguments: StoreKind.underTest)
        func `finds no trouble where there is none, and leaves everything as it was`(on kind: StoreKind) async throws {
            try await Place.on(kind, onDisk: true) { place in
                let server = try await place.serve()
                let now = Date().formatted(.iso8601)
                #expect(try await server.client.upload([Scan(key: "k", badge: "b", moment: now)]).saved == 1)
                let address = "127.0.0.1:\(server.ports[0].port)"
                let beside = try Diagnosis(await place.muster(["doctor", "--json", "--full", "--listen", address]))
                #expect(beside.code == 0 && beside.troubles == [], "\(beside.checks)")
                #expect(beside.level("listeners") == "ok" && beside.text("listeners") == "\(address) is ready")
                let looked: Set = ["store", "schema", "clock", "disk", "integrity", "chain", "durability", "listeners", "keys"]
                let found = Set(beside.checks.compactMap { $0["id"]?.text })
                #expect(found.isSuperset(of: looked), "\(found)")
                #expect(beside.text("chain") == "all 1 entries hold")
                try await server.stop()

                let before = kind == .sqlite ? try place.contents() : [:]
                let alone = try Diagnosis(await place.muster(["doctor", "--json", "--listen", address]))
                #expect(alone.code == 0, "\(alone.checks)")
                #expect(alone.level("listeners") == "note", "nobody has to be serving")
                if kind == .sqlite { #expect(try place.contents() == before, "it only looks") }

                let text = try await place.muster("doctor", "--listen", address)
                #expect(text.code == 0 && text.errors == "")
                #expect(!text.output.contains("\u{1B}"), "a pipe wants no colours")
                #expect(text.output.contains("\nok       chain        all 1 entries hold\n"), "\(text.output)")
                #expect(text.output.contains("\nNo trouble, notes: "))
            }
        }

        @Test func `looks into a store that was left as by a crash`() async throws {
            try await Place.on(.sqlite, onDisk: true) { place in
                let server = try await place.serve()
                #expect(try await server.client.upload([Scan(key: "k", badge: "b")]).saved == 1)
                server.process.signal(SIGKILL)
                _ = try await server.process.exit(within: 10)
                let diagnosis = try await place.diagnosis()
                #expect(diagnosis.code == 0 && diagnosis.text("chain") == "all 1 entries hold", "\(diagnosis.checks)")
                let again = try await place.serve()
                #expect(try await again.client.exportedBadges() == ["b"])
                try await again.stop()
            }
        }

        // MARK: The store

        @Test func `store: there is none, and none is made`() async throws {
            try await Place.on(.sqlite, onDisk: true) { place in
                let diagnosis = try await place.diagnosis()
                #expect(diagnosis.code == 1 && diagnosis.troubles == ["store"])
                #expect(diagnosis.text("store").contains("there is no store at ./muster-data/muster.sqlite"))
                #expect(diagnosis.level("disk") != nil && diagnosis.level("zone") == "note", "the rest is looked at")
                #expect(!FileManager.default.fileExists(atPath: place.directory + "/muster-data"))
            }
        }

        @Test func `store: out of reach`() async throws {
            try await Place.on(.sqlite) { place in
                let secret = "postgresql://muster:not-to-be-shown@127.0.0.1:1/x"
                let diagnosis = try await place.diagnosis(environment: ["DATABASE_URL": secret])
                #expect(diagnosis.code == 1 && diagnosis.troubles == ["store"])
                #expect(!diagnosis.text("store").contains("not-to-be-shown"))
                #expect(diagnosis.level("listeners") == "ok")
            }
        }

        @Test(arguments: StoreKind.underTest)
        func `schema: another program's`(on kind: StoreKind) async throws {
            try await Place.on(kind, onDisk: true) { place in
                #expect(try await place.muster("migrate", "up").code == 0)
                try await place.withConnection { connection in
                    let digest = [UInt8](repeating: 7, count: 32)
                    _ = try connection.run(
                        """
                        INSERT INTO schema_migration (place, name, digest, applied_at_us)
                        VALUES (1000, \("0999 to come"), \(digest), 0)
                        """)
                }
                let diagnosis = try await place.diagnosis()
                #expect(diagnosis.code == 1 && diagnosis.troubles == ["schema"], "\(diagnosis.checks)")
            }
        }

        @Test(arguments: StoreKind.underTest)
        func `schema: not there yet`(on kind: StoreKind) async throws {
            try await Place.on(kind, onDisk: true) { place in
                #expect(try await place.muster("migrate", "up").code == 0)
                #expect(try await place.muster("migrate", "down", "--lose-data").code == 0)
                let diagnosis = try await place.diagnosis()
                #expect(diagnosis.code == 1 && diagnosis.troubles == ["schema"], "\(diagnosis.checks)")
                #expect(diagnosis.text("schema").contains("muster migrate up"))
                #expect(try await place.muster("migrate", "status").output.contains(" no"), "it was not migrated")
            }
        }

        @Test func `integrity: a damaged file`() async throws {
            try await Place.on(.sqlite, onDisk: true) { place in
                let server = try await place.serve()
                for batch in 0..<4 {
                    _ = try await server.client.upload((0..<1_000).map { Scan(key: "k\(batch)-\($0)", badge: "b\($0)") })
                }
                try await server.stop()
                var bytes = try #require(FileManager.default.contents(atPath: place.file))
                // Whole pages in the middle; the first ones hold the schema, also where it is longer than a page.
                let middle = bytes.count / 2 / 4_096 * 4_096
                bytes.replaceSubrange(middle..<(middle + 8 * 4_096), with: [UInt8](repeating: 0xA5, count: 8 * 4_096))
                try bytes.write(to: URL(fileURLWithPath: place.file))
                let diagnosis = try await place.diagnosis()
                #expect(diagnosis.code == 1 && diagnosis.troubles.contains("integrity"), "\(diagnosis.checks)")
            }
        }

        @Test(arguments: StoreKind.underTest)
        func `chain, clock: entries that somebody has changed`(on kind: StoreKind) async throws {
            try await Place.on(kind, onDisk: true) { place in
                let server = try await place.serve()
                _ = try await server.client.upload((0..<9).map { Scan(key: "k\($0)", badge: "b\($0)") })
                let trigger = kind == .sqlite ? "ledger_entry_refuses_update" : "ledger_entry_refuses_change ON ledger_entry"
                try await place.withConnection { connection in
                    try connection.runScript(
                        """
                        DROP TRIGGER \(trigger);
                        UPDATE ledger_entry SET received_at_us = received_at_us + 3600000000 WHERE sequence = 5;
                        """)
                }
                let diagnosis = try await place.diagnosis()
                #expect(diagnosis.code == 1 && diagnosis.level("chain") == "trouble")
                #expect(diagnosis.text("chain").hasPrefix("entry 5 is bad"), "\(diagnosis.checks)")
                // Beyond what is walked nothing is said of it.
                _ = try await server.client.upload((0..<2_000).map { Scan(key: "m\($0)", badge: "b\($0)") })
                for round in 0..<5 {
                    _ = try await server.client.upload((0..<2_000).map { Scan(key: "r\(round)-\($0)", badge: "b\($0)") })
                }
                #expect(try await place.diagnosis().level("chain") == "ok")
                #expect(try await place.diagnosis("--full").level("chain") == "trouble")
                try await server.stop()
            }
        }

        @Test(arguments: StoreKind.underTest)
        func `clock: an entry from the time to come`(on kind: StoreKind) async throws {
            try await Place.on(kind, onDisk: true) { place in
                let server = try await place.serve()
                _ = try await server.client.upload([Scan(key: "k", badge: "b")])
                let trigger = kind == .sqlite ? "ledger_entry_refuses_update" : "ledger_entry_refuses_change ON ledger_entry"
                try await place.withConnection { connection in
                    // The entry behind which the walk begins is believed as it stands, so the chain holds.
                    try connection.runScript("DROP TRIGGER \(trigger);")
                    _ = try connection.run(
                        "UPDATE ledger_entry SET received_at_us = received_at_us + 3600000000 WHERE sequence = 1")
                }
                for round in 0..<5 {
                    _ = try await server.client.upload((0..<2_000).map { Scan(key: "r\(round)-\($0)", badge: "b\($0)") })
                }
                let diagnosis = try await place.diagnosis()
                #expect(diagnosis.code == 1 && diagnosis.troubles == ["clock"], "\(diagnosis.checks)")
                try await server.stop()
            }
        }

        @Test func `durability: a file without its log`() async throws {
            try await Place.on(.sqlite, onDisk: true) { place in
                #expect(try await place.muster("migrate", "up").code == 0)
                try await place.withConnection { _ = try $0.run("PRAGMA journal_mode = DELETE") }
                let diagnosis = try await place.diagnosis()
                #expect(diagnosis.code == 1 && diagnosis.troubles == ["durability"], "\(diagnosis.checks)")
                #expect(try await place.diagnosis().level("durability") == "trouble", "looking does not mend it")
            }
        }

        @Test(.enabled(if: StoreKind.postgresURL != nil, "MUSTER_TEST_POSTGRES names no server"))
        func `durability, connections: a careless server`() async throws {
            try await Place.on(.postgres) { place in
                #expect(try await place.muster("migrate", "up").code == 0)
                let name = try #require(place.databaseURL?.split(separator: "/").last)
                try await Place.onServer { connection in
                    _ = try connection.run(SQL(stringLiteral: "ALTER DATABASE \(name) CONNECTION LIMIT 1"))
                    _ = try connection.run("ALTER SYSTEM SET full_page_writes = off")
                    _ = try connection.run("SELECT pg_reload_conf()")
                }
                let result: Result<Diagnosis, any Error>
                do {
                    result = .success(
                        try await wait(for: "the setting to be in force") {
                            let diagnosis = try await place.diagnosis()
                            return diagnosis.level("durability") == "trouble" ? diagnosis : nil
                        })
                } catch {
                    result = .failure(error)
                }
                try await Place.onServer { connection in
                    _ = try connection.run("ALTER SYSTEM RESET full_page_writes")
                    _ = try connection.run("SELECT pg_reload_conf()")
                }
                let diagnosis = try result.get()
                #expect(diagnosis.code == 1 && diagnosis.troubles == ["durability", "connections"], "\(diagnosis.checks)")
                #expect(diagnosis.text("durability").contains("full_page_writes off"))
            }
        }

        // MARK: The machine

        @Test(.enabled(if: Volume.isAllowed, "a tmpfs cannot be mounted here"))
        func `disk, filesystem: a small volume, in memory`() async throws {
            try await Place.on(.sqlite, onDisk: true) { place in
                try await Volume.with(64, at: place.directory + "/muster-data") { _ in
                    #expect(try await place.muster("migrate", "up").code == 0)
                    let diagnosis = try await place.diagnosis()
                    #expect(diagnosis.code == 1 && diagnosis.troubles == ["disk", "filesystem"], "\(diagnosis.checks)")
                    #expect(diagnosis.text("filesystem").contains("tmpfs"))
                }
            }
        }

        @Test func `files: open to others`() async throws {
            try await Place.on(.sqlite, onDisk: true) { place in
                #expect(try await place.muster("migrate", "up").code == 0)
                unsafe chmod(place.file, 0o644)
                let diagnosis = try await place.diagnosis()
                #expect(diagnosis.code == 1 && diagnosis.troubles == ["files"], "\(diagnosis.checks)")
                #expect(diagnosis.text("files").contains("muster.sqlite (644)"))
                // What is advised helps.
                let advice = try #require(diagnosis.of("files").first?["advice"]?.text)
                let shell = try await place.start(["/bin/sh", "-c", advice])
                #expect(try await shell.exit(within: 10) == 0)
                #expect(try await place.diagnosis().code == 0)
            }
        }

        @Test func `listeners: somebody else's, and a server that is not ready`() async throws {
            try await Place.on(.sqlite, onDisk: true) { place in
                let server = try await place.serve(environment: ["MUSTER_DRAIN_SECONDS": "60"])
                let silent = try SilentListener()
                defer { silent.close() }
                let taken = try Diagnosis(
                    await place.muster(["doctor", "--json", "--listen", "127.0.0.1:\(silent.port)"]))
                #expect(taken.code == 1 && taken.troubles == ["listeners"], "\(taken.checks)")
                #expect(taken.text("listeners").contains("not Muster"))

                server.process.signal(SIGTERM)
                let address = "127.0.0.1:\(server.ports[0].port)"
                let stopping = try await wait(for: "the server to say that it stops") {
                    let found = try Diagnosis(await place.muster(["doctor", "--json", "--listen", address]))
                    return found.code == 1 ? found : nil
                }
                #expect(stopping.text("listeners") == "\(address) is not ready: the server is stopping")
                try await server.stop()
            }
        }

        /// Takes connections and says nothing.
        private struct SilentListener {
            let descriptor: Int32
            let port: Int

            init() throws {
                descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
                var address = sockaddr_in()
                address.sin_family = sa_family_t(AF_INET)
                address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
                var size = socklen_t(MemoryLayout<sockaddr_in>.size)
                let descriptor = descriptor
                let code = unsafe withUnsafeMutablePointer(to: &address) { address in
                    unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                        unsafe bind(descriptor, address, size) == 0 ? unsafe getsockname(descriptor, address, &size) : -1
                    }
                }
                try #require(code == 0 && listen(descriptor, 8) == 0)
                port = Int(UInt16(bigEndian: address.sin_port))
            }

            func close() { Glibc.close(descriptor) }
        }

        // MARK: What comes in

        @Test(arguments: StoreKind.underTest)
        func `keys, refusals: a key that has ended and is still sent`(on kind: StoreKind) async throws {
            try await Place.on(kind, onDisk: true) { place in
                let server = try await place.serve()
                let made = try await place.muster("key", "create", "--label", "Old gate", "--expires", "90d")
                let key = String(made.output.dropLast())
                let id = String(try #require(key.split(separator: "_").dropFirst().first))
                #expect(try await server.anonymous.with(key: key).upload([Scan(key: "k", badge: "b")]).saved == 1)
                #expect(try await place.diagnosis().troubles == [])
                // Three days ago it ended, and then a station sent it again.
                try await place.withConnection { connection in
                    let ended = Int64(Date().timeIntervalSince1970 * 1e6) - 3 * 86_400_000_000
                    _ = try connection.run(
                        """
                        UPDATE access_key SET expires_at_us = \(ended), last_used_at_us = \(ended - 1_000_000)
                        WHERE tenant_id = 1 AND key_id = \(id)
                        """)
                }
                #expect(try await place.diagnosis().level("keys") == "ok", "one that has ended and rests")
                // This process has noted its use within the last minute; another one has not.
                let other = try await place.serve()
                #expect(try await other.anonymous.with(key: key).upload([Scan(key: "l", badge: "b")]).status == 401)
                let diagnosis = try await wait(for: "the use and the refusal to be noted") {
                    let found = try await place.diagnosis()
                    return found.troubles == ["keys", "refusals"] ? found : nil
                }
                #expect(diagnosis.code == 1 && diagnosis.text("keys").contains(#"\#(id) "Old gate""#))
                #expect(diagnosis.text("refusals").contains("POST /v1/scans/batch from 127.0.0.1: 401"))
                #expect(!diagnosis.text("keys").contains(key.suffix(20)))
                try await server.stop()
                try await other.stop()
            }
        }

        @Test(arguments: StoreKind.underTest)
        func `stations: one that is silent in its usual hours`(on kind: StoreKind) async throws {
            try await Place.on(kind, onDisk: true) { place in
                let server = try await place.serve()
                let now = Date()
                // Around the clock for four weeks: one until yesterday, one until now.
                for (station, until) in [("North", 24), ("South", 0)] {
                    let scans = (until..<(29 * 24)).map { hours in
                        Scan(
                            key: "\(station)-\(hours)", badge: "b\(hours % 7)", station: station,
                            moment: now.addingTimeInterval(-3_600 * Double(hours)).formatted(.iso8601))
                    }
                    #expect(try await server.client.upload(scans).saved == scans.count)
                }
                let diagnosis = try await place.diagnosis()
                #expect(diagnosis.code == 1 && diagnosis.troubles == ["stations"], "\(diagnosis.checks)")
                #expect(diagnosis.text("stations").hasPrefix("1 of 2 silent in their usual hours: North (since the hour of "))
                // Renamed, it is the same station.
                let renamed = try await server.client.ask(
                    .put, "/v1/stations/rename", #"{"old_name":"North","new_name":"South"}"#)
                #expect(renamed.status == 200, "\(renamed.text)")
                #expect(try await place.diagnosis().level("stations") == "ok")
                try await server.stop()
            }
        }

        @Test(arguments: StoreKind.underTest)
        func `badges: those that are nobody's, most often seen first`(on kind: StoreKind) async throws {
            try await Place.on(kind, onDisk: true) { place in
                let server = try await place.serve()
                var scans = (0..<3).map { #"{"idempotency_key":"a\#($0)","badge_id":"stray","meta":{}"# }
                scans.append(#"{"idempotency_key":"b","badge_id":"lost","meta":{}"#)
                scans.append(#"{"idempotency_key":"c","badge_id":"known","meta":{"matched":true,"legacy_id":"E7"}"#)
                let events = scans.map { $0 + #","station_name":"Gate","scanned_at":"2026-02-12T08:00:00Z"}"# }
                let sent = try await server.client.ask(
                    .post, "/v1/scans/batch", #"{"events":[\#(events.joined(separator: ","))]}"#)
                #expect(sent.status == 200, "\(sent.text)")
                let diagnosis = try await place.diagnosis()
                #expect(diagnosis.code == 0 && diagnosis.level("badges") == "note")
                let text = diagnosis.text("badges")
                #expect(text.hasPrefix("badges that are nobody's: 2, with 4 of the newest 5 scans"), "\(text)")
                #expect(text.hasSuffix("most often: stray (3), lost (1)") && !text.contains("known"), "\(text)")
                try await server.stop()
            }
        }

        @Test(arguments: StoreKind.underTest)
        func `tells tenants apart`(on kind: StoreKind) async throws {
            try await Place.on(kind, onDisk: true) { place in
                #expect(try await place.muster("migrate", "up").code == 0)
                let server = try await place.serve()
                #expect(try await place.muster("tenant", "create", "north").code == 0)
                let diagnosis = try await place.diagnosis()
                #expect(diagnosis.of("chain").compactMap { $0["tenant"]?.text } == ["default", "north"])
                let text = try await place.muster("doctor", "--listen", "127.0.0.1:0")
                #expect(text.output.contains("north: all 0 entries hold"), "\(text.output)")
                try await server.stop()
            }
        }
    }
}
