import Foundation
import Glibc
import SQLStorage
import TestKit
import Testing

extension Place {
    fileprivate func write(_ name: String, _ text: String) throws -> String {
        let path = "\(directory)/\(name)"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return path
    }

    /// The one JSON object a command answers with.
    fileprivate func answer(_ arguments: String...) async throws -> Plain {
        let run = try await muster(arguments + ["--json"])
        #expect(run.code == 0, "\(run)")
        #expect(run.output.split(separator: "\n").count == 1)
        return try Plain(Array(run.output.utf8))
    }

    /// The rows of what is computed from the ledger, as a text.
    fileprivate func people() async throws -> String {
        try await withConnection { connection in
            var rows: [String] = []
            for table in ["person", "membership", "identifier", "station_span", "scan_total"] {
                let statement = self.kind == .sqlite ? "SELECT * FROM \(table)" : "SELECT * FROM muster.\(table)"
                rows += try connection.run(SQL(stringLiteral: statement)).map { "\(table) \($0.values)" }
            }
            return rows.sorted().joined(separator: "\n")
        }
    }

    fileprivate func expectSoundLedger() async throws {
        let verified = try await muster("verify")
        #expect(verified.code == 0, "\(verified)")
        let before = try await people()
        #expect(try await muster("rebuild").code == 0)
        #expect(try await people() == before)
    }
}

extension `The program` {
    @Suite struct `Importing a terminal's log` {
        private func terminalLog() throws -> String {
            try #require(Bundle.module.url(forResource: "Data/terminal-log-2015", withExtension: "dat")).path
        }

        @Test(arguments: StoreKind.underTest)
        func `brings a real one in whole, and once`(on kind: StoreKind) async throws {
            let file = try terminalLog()
            try await Place.on(kind) { place in
                _ = try await place.muster("migrate", "up")
                func bringIn(_ more: String...) async throws -> Plain {
                    let words = ["import", "attlog", file, "--source", "Gate 1", "--zone", "Asia/Kolkata"] + more + ["--json"]
                    let run = try await place.muster(words)
                    #expect(run.code == 0, "\(run)")
                    #expect(run.errors == "", "a pipe stays quiet")
                    return try Plain(Array(run.output.utf8))
                }

                let foreseen = try await bringIn("--dry-run", "--create-people")
                #expect(foreseen["new"]?.integer == 5_567)
                #expect(foreseen["people_opened"]?.integer == 135)
                #expect(try await place.muster("verify").output.hasPrefix("0 entries hold"), "a dry run writes nothing")

                let first = try await bringIn()
                #expect(first["lines"]?.integer == 5_567)
                #expect(first["new"]?.integer == 5_567)
                #expect(first["unreadable"]?.integer == 0)
                #expect(first["people_opened"]?.integer == 0)
                #expect(first["unmatched_punches"]?.integer == 5_567)
                #expect(first["unmatched_numbers"]?.integer == 135)
                #expect(try await place.muster("verify").output.hasPrefix("5568 entries hold"))

                let second = try await bringIn("--direction", "alternate")
                #expect(second["new"]?.integer == 0)
                #expect(second["already_there"]?.integer == 5_567)
                #expect(try await place.muster("verify").output.hasPrefix("5568 entries hold"))

                let third = try await bringIn("--create-people")
                #expect(third["new"]?.integer == 0)
                #expect(third["people_opened"]?.integer == 135)
                #expect(third["unmatched_punches"]?.integer == 0)
                #expect(try await place.muster("verify").output.hasPrefix("5703 entries hold"))
                let fourth = try await bringIn("--create-people", "--dry-run")
                #expect(fourth["people_opened"]?.integer == 0)
                #expect(fourth["already_there"]?.integer == 5_567)
                #expect(try await place.people().split(separator: "\n").filter { $0.hasPrefix("person") }.count == 135)
                try await place.expectSoundLedger()
            }
        }

        @Test(arguments: StoreKind.underTest)
        func `counts what two files share once, whatever their ends and padding`(on kind: StoreKind) async throws {
            try await Place.on(kind) { place in
                _ = try await place.muster("migrate", "up")
                let lines = (10..<40).map { "  7\t2024-05-06 08:\($0):00\t1\t0\t0\t0" }
                let first = try place.write("first.dat", lines[..<20].joined(separator: "\r\n"))
                let second = try place.write(
                    "second.dat", lines[10...].map { $0.replacing("\t", with: " ").replacing("  7", with: "    7") + "\n" }.joined()
                )
                let options = ["--source", "Gate", "--zone", "UTC", "--create-people"]
                let one = try await place.muster(["import", "attlog", first, "--json"] + options)
                #expect(try Plain(Array(one.output.utf8))["new"]?.integer == 20)
                let two = try Plain(Array(try await place.muster(["import", "attlog", second, "--json"] + options).output.utf8))
                #expect(two["new"]?.integer == 10)
                #expect(two["already_there"]?.integer == 10)
                #expect(two["people_opened"]?.integer == 0)
                try await place.expectSoundLedger()
            }
        }

        @Test(arguments: StoreKind.underTest)
        func `works beside a running server, and leaves its scans alone`(on kind: StoreKind) async throws {
            let file = try terminalLog()
            try await Place.on(kind) { place in
                let server = try await place.serve()
                async let imported = place.muster(
                    "import", "attlog", file, "--source", "Main Gate", "--zone", "UTC", "--create-people")
                var saved = 0
                for number in 0..<40 {
                    saved += try await server.client.upload([Scan(key: "K-\(number)", badge: "\(number)")]).saved
                }
                #expect(saved == 40)
                #expect(try await imported.code == 0)
                #expect(try await server.client.stats()["total_scans"]?.integer == 40)
                #expect(try await place.entryCount() == 40 + 5_567 + 135 + 1)
                try await expectSound(place, server)
                try await server.stop()
            }
        }

        @Test func `lists what cannot be read, and brings in the rest`() async throws {
            try await Place.on(.sqlite) { place in
                _ = try await place.muster("migrate", "up")
                let file = try place.write(
                    "log.dat",
                    """
                    1\t2024-03-31 02:30:00\t1\t0\t0\t0
                    1\t2015-02-30 08:00:00\t1\t0\t0\t0

                    one
                    1\t2024-03-31 02:30:00\t1\t0\t0\t0
                    1\t2024-03-31 09:00:00\t1\t9\t0\t0
                    """)
                for isDryRun in [true, false] {
                    let run = try await place.muster(
                        ["import", "attlog", file, "--source", "Gate", "--zone", "Europe/Berlin", "--json"]
                            + (isDryRun ? ["--dry-run"] : []))
                    #expect(run.code == 0)
                    #expect(
                        run.errors == """
                            line 2: its time is none that a calendar and a clock show
                            line 4: it has 1 field, and six were expected

                            """)
                    #expect(
                        run.output == """
                            {"file":"\(file)","source":"Gate","zone":"Europe/Berlin","direction":"state","numbers":"as-written",\
                            "dry_run":\(isDryRun),"lines":6,"empty":1,"new":2,"already_there":0,"repeated":1,"unreadable":2,\
                            "unreadable_lines":[{"line":2,"reason":"its time is none that a calendar and a clock show"},\
                            {"line":4,"reason":"it has 1 field, and six were expected"}],\
                            "flagged":{"gap":2,"fold":0,"unordered":0,"unknown-state":1},"people_opened":0,\
                            "unmatched_punches":3,"unmatched_numbers":1,"zone_differs":false}

                            """)
                }
                let text = try await place.muster("import", "attlog", file, "--source", "Gate", "--zone", "UTC")
                #expect(text.code == 0)
                #expect(text.errors.contains("read in another zone than UTC"))
                #expect(text.output.contains(/\nalready there +3\n/))
                #expect(text.output.contains("flagged: states of unknown meaning"))
            }
        }

        @Test func `fails where nothing can be read, and not where there is nothing`() async throws {
            try await Place.on(.sqlite) { place in
                _ = try await place.muster("migrate", "up")
                let options = ["--source", "Gate", "--zone", "UTC"]
                let nonsense = try place.write("nonsense.dat", "a\nb\n")
                #expect(try await place.muster(["import", "attlog", nonsense] + options).code == 1)
                let empty = try place.write("empty.dat", "\n\n")
                #expect(try await place.muster(["import", "attlog", empty] + options).code == 0)
                let missing = try await place.muster(["import", "attlog", place.directory + "/missing.dat"] + options)
                #expect(missing.code == 1)
                #expect(missing.errors.contains("missing.dat cannot be read"))
                #expect(try await place.muster(["import", "attlog", place.directory] + options).code == 1)
                #expect(try await place.muster(["import", "attlog", "-"] + options).code == 0, "standard input is empty here")
            }
        }

        @Test(arguments: StoreKind.underTest)
        func `is finished by doing it again when it was killed`(on kind: StoreKind) async throws {
            try await Place.on(kind, onDisk: true) { place in
                _ = try await place.muster("migrate", "up")
                var lines = ""
                for number in 0..<24_000 {
                    let (minute, second) = (number / 60 % 60, number % 60)
                    lines += "\(number % 300)\t2024-05-\(10 + number / 3_600) 08:\(minute / 10)\(minute % 10):"
                    lines += "\(second / 10)\(second % 10)\t1\t0\t0\t0\r\n"
                }
                let file = try place.write("long.dat", lines)
                let words = ["import", "attlog", file, "--source", "Gate", "--zone", "UTC", "--create-people", "--json"]
                let process = try await place.start([Place.program] + words)
                _ = try await wait(for: "some punches to be there", seconds: 20) { () -> Bool? in
                    guard process.exitCode == nil else { return true }
                    return try await place.entryCount() > 0 ? true : nil
                }
                process.signal(SIGKILL)
                _ = try await process.exit(within: 10)
                let survived = try await place.entryCount()
                let again = try Plain(Array(try await place.muster(words).output.utf8))
                let there = try #require(again["already_there"]?.integer)
                #expect(try #require(again["new"]?.integer) + there == 24_000)
                #expect(there <= survived && there % 4_000 == 0, "units are there whole")
                #expect(try await place.entryCount() == 24_301)
                try await place.expectSoundLedger()
            }
        }
    }

    @Suite struct `Importing and exporting scans` {
        @Test(arguments: StoreKind.underTest)
        func `carries them to another store unchanged, and once`(on kind: StoreKind) async throws {
            try await Place.on(kind) { origin in
                let server = try await origin.serve()
                let scans = (0..<300).map { number in
                    Scan(
                        key: "K-\(number)", badge: "=\(number % 40)", station: "Gate \(number % 3) é",
                        moment: "2026-02-1\(number % 4)T08:00:0\(number % 10).00000\(number % 7)Z")
                }
                #expect(try await server.client.upload(scans).saved == 300)
                try await server.stop()
                let file = origin.directory + "/scans.jsonl"
                let written = try await origin.muster("export", "scans", file)
                #expect(written.code == 0, "\(written)")
                #expect(written.output == "wrote 300 scans to \(file)\n")
                let lines = String(decoding: FileManager.default.contents(atPath: file) ?? Data(), as: UTF8.self)
                #expect(try await origin.muster("export", "scans", "--format", "jsonl").output == lines, "the same each time")
                #expect(try await origin.muster("export", "scans", file).code == 1, "nothing is written over")
                #expect(lines.split(separator: "\n").count == 300)
                #expect(lines.contains(".000006Z"), "to the microsecond")

                try await Place.on(kind) { other in
                    _ = try await other.muster("migrate", "up")
                    #expect(try await other.answer("import", "scans", file, "--dry-run")["new"]?.integer == 300)
                    let first = try await other.answer("import", "scans", file)
                    #expect(first["new"]?.integer == 300)
                    let second = try await other.answer("import", "scans", file)
                    #expect(second["new"]?.integer == 0)
                    #expect(second["already_there"]?.integer == 300)
                    #expect(try await other.muster("export", "scans", "-").output == lines)
                    let imported = try await other.serve()
                    #expect(try await imported.client.stats()["total_scans"]?.integer == 300)
                    try await expectSound(other, imported)
                    try await imported.stop()
                }
            }
        }

        @Test func `chooses a span of time, and makes tables`() async throws {
            try await Place.on(.sqlite) { place in
                _ = try await place.muster("migrate", "up")
                let moments = [
                    "2026-02-11T23:59:59.999999Z", "2026-02-12T00:00:00Z", "2026-02-12T23:59:59Z", "2026-02-13T00:00:00Z",
                ]
                let file = try place.write(
                    "scans.jsonl",
                    moments.enumerated().map { number, moment in
                        #"{"scanned_at":"\#(moment)","station":"S","badge":"+\#(number)","reference":"R\#(number)"}"# + "\n"
                    }.joined())
                #expect(try await place.answer("import", "scans", file)["new"]?.integer == 4)
                func badges(_ words: String...) async throws -> [String] {
                    let run = try await place.muster(["export", "scans"] + words)
                    #expect(run.code == 0, "\(run)")
                    return try run.output.split(separator: "\n").map { try Plain(Array($0.utf8))["badge"]?.text ?? "" }
                }
                #expect(try await badges() == ["+0", "+1", "+2", "+3"])
                #expect(try await badges("--from", "2026-02-12") == ["+1", "+2", "+3"])
                #expect(try await badges("--to", "2026-02-12") == ["+0", "+1", "+2"])
                #expect(try await badges("--from", "2026-02-12", "--to", "2026-02-12") == ["+1", "+2"])
                #expect(try await badges("--from", "2026-02-12T00:00:01", "--to", "2026-02-13T00:00:00Z") == ["+2"])
                #expect(try await badges("--from", "2026-02-12T00:00:00+01:00", "--to", "2026-02-12T01:00:00+01:00") == ["+0"])
                let table = try await place.muster("export", "scans", "--format", "csv", "--to", "2026-02-11")
                #expect(
                    table.output
                        == "scanned_at,station,unit,means,badge,staff_code,reference,meta\r\n2026-02-11T23:59:59.999999Z,S,,,'+0,,R0,\r\n"
                )
            }
        }

        @Test func `lists the lines and fields that are wrong`() async throws {
            try await Place.on(.sqlite) { place in
                _ = try await place.muster("migrate", "up")
                let right = #"{"scanned_at":"2026-02-12T08:00:00Z","station":"S","badge":"B","reference":"R"}"#
                let file = try place.write(
                    "scans.jsonl",
                    [right, "", #"{"scanned_at":"yesterday","station":"S","badge":"B","reference":"Q"}"#, "{", right]
                        .joined(separator: "\r\n"))
                let run = try await place.muster("import", "scans", file, "--json")
                #expect(run.code == 0)
                #expect(
                    run.errors == """
                        line 3: scanned_at is no moment such as 2026-02-12T08:00:00.000000Z
                        line 4: the text ends too early (byte 1)

                        """)
                let answer = try Plain(Array(run.output.utf8))
                #expect(["lines", "empty", "new", "repeated", "unreadable"].map { answer[$0]?.integer } == [5, 1, 1, 1, 2])
            }
        }
    }
}

extension Place {
    /// How many entries the ledger has.
    fileprivate func entryCount() async throws -> Int {
        let run = try await muster("verify")
        return run.code == 0 ? Int(run.output.prefix { $0.isNumber }) ?? -1 : -1
    }
}
