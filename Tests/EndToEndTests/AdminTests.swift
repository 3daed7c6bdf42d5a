import Foundation
import HTTPMessages
import SQLStorage
import TestKit
import Testing

extension `The program` {
    @Suite struct `Admins` {
        private static func piped(_ place: Place, _ command: String, _ input: String) async throws -> ChildProcess {
            let shell = try await place.start(["/bin/sh", "-c", "printf '\(input)\\n' | \(Place.program) \(command)"])
            _ = try await shell.exit(within: 30)
            return shell
        }

        @Test(arguments: StoreKind.underTest)
        func `are made, listed and given new passwords beside a running server`(on kind: StoreKind) async throws {
            try await Place.on(kind) { place in
                let server = try await place.serve()
                #expect(try await place.muster("admin", "list").output == "no admins; muster admin create makes one\n")
                let made = try await place.muster(
                    "admin", "create", "--email", "Mara@Corp.example", "--first-name", "Mara", "--role", "HR Admin",
                    "--for", "timetracker", "--password", "correct horse", "--json")
                #expect(made.code == 0, "\(made.errors)")
                let admin = try #require(
                    try JSONSerialization.jsonObject(with: Data(made.output.utf8)) as? [[String: Any]])[0]
                #expect(admin["email"] as? String == "Mara@corp.example")
                #expect(admin["username"] as? String == "Mara@Corp.example")
                #expect(admin["contract"] as? String == "timetracker" && admin["is_active"] as? Bool == true)
                #expect(UUID(uuidString: admin["id"] as? String ?? "") != nil)

                let second = try await Self.piped(place, "admin create --email ann@corp.example", "from a pipe")
                #expect(second.exitCode == 0, "\(second.errors)")
                let listed = try await place.muster("admin", "list", "--json")
                #expect(listed.output.contains("ann@corp.example") && listed.output.contains("Mara@corp.example"))
                let table = try await place.muster("admin", "list").output
                #expect(table.hasPrefix("E-MAIL ") && table.contains("HR Admin"))

                for again in [["--email", "MARA@corp.example"], ["--email", "x@corp.example", "--username", "ann@corp.example"]] {
                    let refused = try await place.muster(["admin", "create", "--password", "x"] + again)
                    #expect(refused.code == 1, "\(again)")
                    #expect(refused.errors.count { $0 == "\n" } == 1)
                }
                let bad = try await place.muster("admin", "create", "--email", "nobody", "--password", "x")
                #expect(bad.code == 1 && bad.errors.contains("no e-mail address"))
                #expect(try await place.muster("admin", "create", "--email", "a@b.example", "--for", "x").code == 2)
                #expect(try await Self.piped(place, "admin create --email new@corp.example", "").exitCode == 1)

                let before = try await Self.hash(of: "mara@corp.example", at: place)
                #expect(before.hasPrefix("$argon2id$"))
                let reset = try await Self.piped(place, "admin reset --email mara@corp.example", "another")
                #expect(reset.exitCode == 0, "\(reset.errors)")
                #expect(try await Self.hash(of: "mara@corp.example", at: place) != before)
                #expect(try await place.muster("admin", "reset", "--email", "no@b.example", "--password", "x").code == 1)

                let audit = try await place.muster("audit").output
                #expect(audit.contains("admin created") && audit.contains("password reset"))
                try await server.stop()
                for secret in ["correct horse", "from a pipe", "another", "$argon2id"] {
                    for text in [audit, table, listed.output, made.output, server.process.output, server.process.errors] {
                        #expect(!text.contains(secret), "\(secret)")
                    }
                }
            }
        }

        private static func hash(of email: String, at place: Place) async throws -> String {
            try await place.withConnection { connection in
                try connection.run("SELECT password_hash FROM account WHERE email_folded = \(email)")[0].text(0)
            }
        }

        @Test(arguments: StoreKind.underTest)
        func `begin with a link that the first start prints`(on kind: StoreKind) async throws {
            try await Place.on(kind) { place in
                // Two servers that start together print a link each, and both lead to the page.
                let servers = [try await place.serve(), try await place.serve()]
                let links = try servers.map { server in
                    try #require(server.process.output.firstMatch(of: /http:\/\/127\.0\.0\.1:(\d+)(\/setup\?token=([0-9a-f]{64}))/))
                }
                for (server, link) in zip(servers, links) {
                    #expect(String(server.ports[0].port) == link.1)
                    let shown = try await server.anonymous.ask(.get, String(link.2))
                    #expect(shown.status == 200 && String(decoding: shown.body, as: UTF8.self).contains("<form"))
                }
                let kept = try await place.withConnection { connection in
                    try connection.run("SELECT verifier FROM setup_link").map { Data($0.blob(0)) }
                }
                #expect(kept.count == 2)

                let form = "token=\(links[0].3)&email=mara%40corp.example&password=correct+horse&password_again=correct+horse"
                let made = try await servers[1].anonymous.ask(
                    .post, "/setup", form, headers: ["Content-Type": "application/x-www-form-urlencoded"])
                #expect(made.status == 200, "\(String(decoding: made.body, as: UTF8.self))")
                #expect(try await place.muster("admin", "list").output.contains("mara@corp.example"))
                for (server, link) in zip(servers, links) {
                    #expect(try await server.anonymous.ask(.get, String(link.2)).status == 410)
                    #expect(try await server.anonymous.ask(.get, "/setup").status == 410)
                    try await server.stop()
                    // The log has paths without their queries, and the link stands in the greeting alone.
                    #expect(!server.process.errors.contains(link.3) && !server.process.errors.contains("horse"))
                }
                let next = try await place.serve()
                #expect(!next.process.output.contains("/setup"))
                try await next.stop()
            }
        }

        @Test func `stop the start where their tokens' key is weak`() async throws {
            try await Place.on(.sqlite) { place in
                for (name, value) in [
                    ("SECRET_KEY", "tiny"), ("SECRET_KEY", "django-insecure-0123456789abcdefghijklmnopqrstuv"),
                    ("SECRET_KEY", String(repeating: "ab", count: 20)), ("MUSTER_FORMER_SECRET_KEYS", "tiny"),
                    ("MUSTER_ACCESS_TOKEN_LIFETIME", "3651 days"), ("MUSTER_ACCESS_TOKEN_LIFETIME", "long"),
                ] {
                    let refused = try await place.muster(["serve", "--listen", "127.0.0.1:0"], environment: [name: value])
                    #expect(refused.code == 2, "\(name): \(value)")
                    #expect(refused.errors.hasPrefix("muster: \(name) is ") && refused.errors.count { $0 == "\n" } == 1)
                    if name.contains("KEY") { #expect(!refused.errors.contains(value)) }
                }
                let key = "b3f1c8a9e07d46529f8a1c3e5b7d9f02"
                let shown = try await place.muster(
                    ["config"], environment: ["SECRET_KEY": key, "MUSTER_FORMER_SECRET_KEYS": "\(key)1, \(key)2"])
                #expect(shown.code == 0 && !shown.output.contains(key))
            }
        }
    }
}
