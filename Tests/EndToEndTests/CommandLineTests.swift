import Foundation
import Glibc
import SQLStorage
import TestKit
import Testing

extension `The program` {
    @Suite struct `The command line` {
        @Test(arguments: [
            "serve", "migrate up", "migrate down", "migrate status", "migrate history", "key create", "key list", "key revoke",
            "tenant create", "tenant list", "stations", "audit", "verify", "rebuild", "backup", "backup verify", "restore",
            "doctor",
            "import attlog", "import scans", "export scans",
            "config",
        ])
        func `explains each command, and touches nothing while it does`(command: String) async throws {
            try await Place.on(.sqlite) { place in
                let words = command.split(separator: " ").map(String.init)
                let help = try await place.muster(words + ["--help"])
                #expect(help.code == 0)
                #expect(help.output.hasPrefix("muster \(command)"))
                #expect(help.output.contains("--help"))
                #expect(help.errors == "")
                #expect(try await place.muster("--help").output.contains("  muster \(command)  "))
                #expect(!FileManager.default.fileExists(atPath: place.directory + "/muster-data"))
            }
        }

        @Test func `tells its version`() async throws {
            try await Place.on(.sqlite) { place in
                let version = try await place.muster("--version")
                #expect(version.code == 0)
                #expect(version.output.wholeMatch(of: /muster \d+\.\d+\.\d+\n/) != nil)
            }
        }

        @Test(
            arguments: [
                (["fly"], [:], "fly"),
                (["serve", "--fly"], [:], "--fly"),
                (["serve", "now"], [:], "now"),
                (["serve", "--listen"], [:], "--listen"),
                (["serve", "--listen", "8000"], [:], "MUSTER_LISTEN"),
                (["serve", "--listen", "127.0.0.1:70000"], [:], "MUSTER_LISTEN"),
                (["serve", "--data", "a", "--data", "b"], [:], "--data"),
                (["key", "revoke"], [:], "ID"),
                (["key", "create"], [:], "--label"),
                (["key", "create", "--label", "x", "--expires", "2026-02-30"], [:], "--expires"),
                (["tenant", "create", "No Name"], [:], "No Name"),
                (["verify", "--tenant", "No Name"], [:], "--tenant"),
                (["verify", "--expect", "1"], [:], "--expect"),
                (["migrate", "down", "-1"], [:], "-1"),
                (["audit", "--limit", "0"], [:], "--limit"),
                (["backup"], [:], "PATH"),
                (["backup", "verify"], [:], "PATH"),
                (["restore"], [:], "PATH"),
                (["import", "attlog", "x.dat", "--zone", "UTC"], [:], "--source"),
                (["import", "attlog", "x.dat", "--source", "Gate"], [:], "--zone"),
                (["import", "attlog", "--source", "Gate", "--zone", "UTC"], [:], "FILE"),
                (["import", "attlog", "x.dat", "--source", "Gate", "--zone", "Mars/Base"], [:], "Mars/Base"),
                (["import", "attlog", "x.dat", "--source", "Gate", "--zone", "../passwd"], [:], "../passwd"),
                (["import", "attlog", "x.dat", "--source", "Gate", "--zone", "Europe"], [:], "Europe"),
                (["import", "attlog", "x.dat", "--source", "Gate", "--zone", "tzdata.zi"], [:], "tzdata.zi"),
                (["import", "attlog", "x.dat", "--source", "Gate\n", "--zone", "UTC"], [:], "--source"),
                (["import", "attlog", "x.dat", "--source", "Gate", "--zone", "UTC", "--direction", "up"], [:], "first-last"),
                (["import", "attlog", "x.dat", "--source", "Gate", "--zone", "UTC", "--numbers", "7"], [:], "as-written"),
                (["export", "scans", "--format", "xml"], [:], "jsonl, csv"),
                (["export", "scans", "--from", "yesterday"], [:], "--from"),
                (["export", "scans", "--to", "2026-02-30"], [:], "--to"),
                (["export", "scans", "--from", "2026-05-01", "--to", "2026-01-01"], [:], "--from"),
                (["import", "attlog", "x.dat", "--source", "Gate ", "--zone", "UTC"], [:], "--source"),
                (["import", "attlog", "x.dat", "--source", "--zone", "--zone", "UTC"], [:], "--source"),
                (["stations", "\u{FFFD}"], [:], "argument 2"),
                (["config"], ["MUSTER_LISTNE": "x"], "MUSTER_LISTNE"),
                (["config"], ["MUSTER_LOG": "loud"], "MUSTER_LOG"),
                (["config"], ["MUSTER_TRUSTED_PROXIES": "10.0.0.0/99"], "MUSTER_TRUSTED_PROXIES"),
                (["config"], ["RATE_LIMIT_MAX": "many"], "RATE_LIMIT_MAX"),
                (["config"], ["RATE_LIMIT_WINDOW": "a while"], "RATE_LIMIT_WINDOW"),
                (["config"], ["PORT": "http"], "PORT"),
                (["config"], ["DATABASE_URL": "mysql://x/y"], "DATABASE_URL"),
                (["config"], ["API_KEY": "short"], "API_KEY"),
                (["config"], ["API_KEY": "your-api-key-here-please"], "API_KEY"),
            ] as [([String], [String: String], String)])
        func `ends with 2 and one line that names the mistake`(
            arguments: [String], environment: [String: String], names: String
        ) async throws {
            try await Place.on(.sqlite) { place in
                let ended = try await place.muster(arguments, environment: environment)
                #expect(ended.code == 2)
                #expect(ended.output == "")
                #expect(ended.errors.hasPrefix("muster: ") && ended.errors.contains(names), "\(ended.errors)")
                #expect(ended.errors.count { $0 == "\n" } == 1, "\(ended.errors)")
                #expect(!FileManager.default.fileExists(atPath: place.directory + "/muster-data"))
            }
        }

        @Test(arguments: [
            ["verify"], ["rebuild"], ["key", "list"], ["key", "create", "--label", "x"], ["key", "revoke", "abcdefgh"],
            ["tenant", "list"], ["stations"], ["audit"], ["migrate", "status"], ["migrate", "down"], ["backup", "x.sqlite"],
            ["import", "attlog", "x.dat", "--source", "Gate", "--zone", "UTC"], ["import", "scans", "x.jsonl"],
            ["export", "scans"],
        ])
        func `makes no store where a command looks for one`(arguments: [String]) async throws {
            try await Place.on(.sqlite) { place in
                let ended = try await place.muster(arguments)
                #expect(ended.code == 1)
                #expect(ended.errors.contains("there is no store at ./muster-data/muster.sqlite"))
                #expect(!FileManager.default.fileExists(atPath: place.directory + "/muster-data"))
            }
        }

        @Test func `reads .env, lets the environment and flags override it, and masks secrets`() async throws {
            try await Place.on(.sqlite) { place in
                let secret = "a-secret-of-the-environment-file"
                let file = """
                    # settings
                    export MUSTER_LISTEN="127.0.0.1:0"
                    API_KEY=\(secret)
                    MUSTER_DATA=elsewhere # not here
                    MUSTER_LOG=error
                    """
                try file.write(toFile: place.directory + "/.env", atomically: true, encoding: .utf8)
                let shown = try await place.muster(
                    ["config", "--log", "off", "--database-url", "postgresql://muster:top%20secret@db/x?password=more"],
                    environment: ["MUSTER_DATA": "here"])
                #expect(shown.code == 0)
                func line(_ name: String) -> [Substring] {
                    shown.output.split(separator: "\n").first { $0.hasPrefix(name + " ") }?.split(separator: " ") ?? []
                }
                #expect(line("MUSTER_LISTEN").prefix(3) == ["MUSTER_LISTEN", "127.0.0.1:0", ".env"])
                #expect(line("MUSTER_DATA").prefix(3) == ["MUSTER_DATA", "here", "environment"])
                #expect(line("MUSTER_LOG").prefix(3) == ["MUSTER_LOG", "off", "flag"])
                #expect(line("DATABASE_URL").prefix(2) == ["DATABASE_URL", "postgresql://muster:***@db/x?password=***"])
                #expect(!shown.output.contains(secret))
                #expect(!shown.output.contains("secret@") && !shown.output.contains("more"))

                let server = try await place.serve(key: nil, environment: ["MUSTER_LISTEN": "127.0.0.1:0"])
                #expect(try await server.anonymous.with(key: secret).upload([]).status == 200)
                #expect(FileManager.default.fileExists(atPath: place.directory + "/elsewhere/muster.sqlite"))
                try await server.stop()

                try "MUSTER_NO_SUCH=1".write(toFile: place.directory + "/.env", atomically: true, encoding: .utf8)
                let refused = try await place.muster("serve")
                #expect(refused.code == 2)
                #expect(refused.errors == "muster: MUSTER_NO_SUCH in .env is no setting of Muster; muster config lists them\n")
            }
        }

        @Test func `names an address that is taken`() async throws {
            try await Place.on(.sqlite) { place in
                let server = try await place.serve()
                let address = "127.0.0.1:\(server.ports[0].port)"
                let second = try await place.muster("serve", "--listen", address, environment: ["MUSTER_LOG": "off"])
                #expect(second.code == 1)
                #expect(second.errors.contains(address), "\(second.errors)")
                #expect(second.errors.count { $0 == "\n" } == 1)
                try await server.stop()
            }
        }

        @Test(arguments: StoreKind.underTest)
        func `does not touch a store that a newer program has brought further`(on kind: StoreKind) async throws {
            try await Place.on(kind) { place in
                #expect(try await place.muster("migrate", "up").code == 0)
                try await place.withConnection { connection in
                    let digest = [UInt8](repeating: 7, count: 32)
                    _ = try connection.run(
                        """
                        INSERT INTO schema_migration (place, name, digest, applied_at_us)
                        VALUES (1000, \("0999 to come"), \(digest), 0)
                        """)
                }
                for command in [["serve", "--listen", "127.0.0.1:0"], ["verify"], ["migrate", "up"]] {
                    let ended = try await place.muster(command)
                    #expect(ended.code == 1, "\(command)")
                    #expect(ended.errors.contains("newer than this program"), "\(command): \(ended.errors)")
                    #expect(ended.errors.count { $0 == "\n" } == 1)
                }
            }
        }

        @Test func `finds an entry that somebody has changed`() async throws {
            try await Place.on(.sqlite) { place in
                let server = try await place.serve()
                _ = try await server.client.upload((0..<9).map { Scan(key: "k\($0)", badge: "b\($0)") })
                let sound = try await place.muster("verify")
                #expect(sound.code == 0)
                let head = String(try #require(sound.output.split { " \n".contains($0) }.last))
                #expect(try await place.muster("verify", "--expect", head).code == 0)
                try await place.withConnection { connection in
                    try connection.runScript(
                        """
                        DROP TRIGGER ledger_entry_refuses_update;
                        UPDATE ledger_entry SET occurred_at_us = occurred_at_us + 1 WHERE sequence = 5;
                        """)
                }
                let tampered = try await place.muster("verify")
                #expect(tampered.code == 1)
                #expect(tampered.output.hasPrefix("entry 5 is bad"))
                try await server.stop()
            }
        }
    }
}
