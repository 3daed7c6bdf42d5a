import Foundation
import HTTPMessages
import SQLStorage
import TestKit
import Testing

extension `The program` {
    @Suite struct `The first start` {
        @Test(arguments: StoreKind.underTest)
        func `says where it listens, where the data lives and how to make a key, and each of it is so`(
            on kind: StoreKind
        ) async throws {
            try await Place.on(kind) { place in
                let server = try await place.serve(key: nil)
                let lines = server.process.output.split(separator: "\n").map(String.init)
                #expect(lines[0] == "Muster \(try await place.muster("--version").output.split(separator: " ")[1].dropLast())")
                let data = try #require(lines.first { $0.hasPrefix("  Data  ") })
                #expect(data.hasSuffix(" (new)"))
                #expect(try await server.anonymous.ask(.get, "/healthz").status == 200)
                let dashboard = try #require(lines.first { $0.hasPrefix("  Dashboard  ") })
                #expect(dashboard.hasSuffix("http://127.0.0.1:\(server.ports[0].port)/dashboard/"))
                #expect(try await server.anonymous.ask(.get, "/dashboard/").status == 200)

                if kind == .sqlite {
                    #expect(data.contains("./muster-data/muster.sqlite"))
                    try Self.expectPrivate(place.directory + "/muster-data")
                } else {
                    #expect(!FileManager.default.fileExists(atPath: place.directory + "/muster-data"))
                }

                // The line is run as it was printed, in a shell.
                let command = try #require(lines.first { $0.contains("key create --label") })
                let shell = try await place.start(["/bin/sh", "-c", command])
                #expect(try await shell.exit(within: 20) == 0, "\(shell.errors)")
                let key = String(try #require(shell.output.split(separator: "\n").first))
                #expect(!shell.errors.contains(key), "the key stands on standard output alone")
                let answer = try await server.anonymous.with(key: key).upload([Scan(key: "k", badge: "b")])
                #expect(answer.status == 200 && answer.saved == 1)
                try await server.stop()
                #expect(!server.process.output.contains(key) && !server.process.errors.contains(key))

                // The second time there is a key, and the store is not new.
                let again = try await place.serve(key: nil)
                #expect(!again.process.output.contains("key create"))
                #expect(!again.process.output.contains("(new)"))
                try await again.stop()
            }
        }

        private static func expectPrivate(_ folder: String) throws {
            func permissions(_ path: String) throws -> Int? {
                try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            }
            #expect(try permissions(folder) == 0o700)
            let files = try FileManager.default.contentsOfDirectory(atPath: folder)
            #expect(files.contains("muster.sqlite"))
            for file in files { #expect(try permissions("\(folder)/\(file)") == 0o600, "\(file)") }
        }

        @Test func `prints a key command that finds a store in another folder`() async throws {
            try await Place.on(.sqlite) { place in
                for (arguments, environment) in [
                    (["--data", "by flag"], [:]), ([], ["MUSTER_DATA": "by-environment"]),
                ] as [([String], [String: String])] {
                    let server = try await place.serve(key: nil, environment: environment, arguments: arguments)
                    let command = try #require(
                        server.process.output.split(separator: "\n").first { $0.contains("key create --label") })
                    // Another terminal has not the environment of this one.
                    let shell = try await place.start(["/bin/sh", "-c", String(command)])
                    #expect(try await shell.exit(within: 20) == 0, "\(command): \(shell.errors)")
                    let key = String(shell.output.split(separator: "\n").first ?? "")
                    #expect(try await server.anonymous.with(key: key).upload([Scan(key: "k", badge: "b")]).status == 200)
                    try await server.stop()
                }
            }
        }

        /// The command of the greeting has to work as it is, and a screen is no place for a password.
        @Test(.enabled(if: StoreKind.postgresURL != nil, "MUSTER_TEST_POSTGRES names no server"))
        func `prints a key command that finds a database, and no password`() async throws {
            try await Place.on(.postgres) { place in
                let url = try #require(place.databaseURL)
                var withPassword = try #require(URLComponents(string: url))
                withPassword.password = "not-to-be-shown"
                for (address, isShown) in [(url, true), (try #require(withPassword.string), false)] {
                    let server = try await place.serve(
                        key: nil, environment: ["DATABASE_URL": ""], arguments: ["--database-url", address])
                    let output = server.process.output
                    #expect(!output.contains("not-to-be-shown"))
                    let command = try #require(output.split(separator: "\n").first { $0.contains("key create --label") })
                    #expect(command.contains("--database-url") == isShown)
                    #expect(output.contains("with the same DATABASE_URL") != isShown)
                    if !isShown {
                        let shell = try await place.start(
                            ["/bin/sh", "-c", String(command)], environment: ["DATABASE_URL": address])
                        #expect(try await shell.exit(within: 20) == 0, "\(shell.errors)")
                    }
                    try await server.stop()
                }
            }
        }
    }

    @Suite struct `Keys of a running server` {
        private static func makeKey(_ place: Place, _ more: String...) async throws -> (text: String, id: String) {
            let made = try await place.muster(["key", "create", "--label", "Gate"] + more)
            try #require(made.code == 0, "\(made.errors)")
            let words = made.errors.split { " \n".contains($0) }
            return (String(made.output.dropLast()), String(try #require(words.dropFirst().first)))
        }

        @Test(arguments: StoreKind.underTest)
        func `open what their roles say`(on kind: StoreKind) async throws {
            try await Place.on(kind) { place in
                let server = try await place.serve(key: nil)
                let requests: [(name: String, send: @Sendable (HTTPClient) async throws -> Int)] = [
                    ("upload", { try await $0.upload([]).status }),
                    ("dashboard", { try await $0.ask(.get, "/v1/dashboard/stats").status }),
                    (
                        "admin",
                        {
                            try await $0.ask(
                                .delete, "/v1/admin/clear-scans", headers: ["X-Confirm-Delete": "DELETE ALL SCANS"]
                            ).status
                        }
                    ),
                ]
                for (role, statuses) in [
                    ("upload", [200, 403, 403]), ("dashboard", [401, 200, 403]), ("admin", [401, 403, 200]),
                    ("upload,admin", [200, 403, 200]),
                ] {
                    let client = server.anonymous.with(key: try await Self.makeKey(place, "--roles", role).text)
                    for (request, status) in zip(requests, statuses) {
                        #expect(try await request.send(client) == status, "\(request.name) with a key for \(role)")
                    }
                }
                try await server.stop()
            }
        }

        @Test(arguments: StoreKind.underTest)
        func `end at once where they are revoked or have expired`(on kind: StoreKind) async throws {
            try await Place.on(kind) { place in
                let server = try await place.serve(key: nil)
                let revoked = try await Self.makeKey(place)
                let expiring = try await Self.makeKey(place, "--expires", "1d")
                for key in [revoked, expiring] {
                    #expect(try await server.anonymous.with(key: key.text).upload([]).status == 200)
                }

                let revocation = try await place.muster("key", "revoke", revoked.id)
                #expect(revocation.code == 0, "\(revocation)")
                #expect(try await server.anonymous.with(key: revoked.text).upload([]).status == 401)
                #expect(try await place.muster("key", "revoke", revoked.id).code == 1)

                let id = expiring.id
                try await place.withConnection { connection in
                    _ = try connection.run("UPDATE access_key SET expires_at_us = 1 WHERE key_id = \(id)")
                }
                #expect(try await server.anonymous.with(key: expiring.text).upload([]).status == 401)

                let list = try await place.muster("key", "list").output.split(separator: "\n")
                #expect(list.first { $0.hasPrefix(revoked.id) }?.contains("revoked") == true)
                #expect(list.first { $0.hasPrefix(expiring.id) }?.contains("expired") == true)
                #expect(!list.joined().contains(revoked.text))
                try await server.stop()
            }
        }
    }

    @Suite struct `Two tenants` {
        @Test(arguments: StoreKind.underTest)
        func `know nothing of each other`(on kind: StoreKind) async throws {
            try await Place.on(kind) { place in
                let server = try await place.serve(key: nil)
                #expect(try await server.anonymous.below("/t/school").ask(.get, "/").status != 200)
                #expect(try await place.muster("tenant", "create", "school").code == 0)
                #expect(try await place.muster("tenant", "create", "school").code == 1)
                var keys: [String] = []
                for tenant in ["default", "school"] {
                    keys.append(
                        String(try await place.muster("key", "create", "--label", "Gate", "--tenant", tenant).output.dropLast()))
                }
                let root = server.anonymous
                let company = root.with(key: keys[0])
                let school = root.with(key: keys[1]).below("/t/school")
                // One idempotency key is two scans in two tenants.
                for client in [company, school] {
                    let answer = try await client.upload([Scan(key: "same", badge: "same")])
                    #expect(answer.status == 200 && answer.saved == 1)
                }
                #expect(try await school.upload([Scan(key: "s", badge: "s")]).saved == 1)
                #expect(try await company.exportedBadges() == ["same"])
                #expect(Set(try await school.exportedBadges()) == ["same", "s"])

                // A key opens its own tenant's addresses and no other's.
                #expect(try await root.with(key: keys[1]).upload([]).status == 401)
                #expect(try await root.with(key: keys[0]).below("/t/school").upload([]).status == 401)
                #expect(try await root.with(key: keys[0]).below("/t/nobody").upload([]).status == 401)
                #expect([401, 404].contains(try await root.below("/t/nobody").ask(.get, "/").status))

                // A clear epoch wipes kiosks, so it must not reach those of the neighbour.
                let epochs = [try await company.json("/")["clear_epoch"], try await school.json("/")["clear_epoch"]]
                let cleared = try await school.ask(
                    .delete, "/v1/admin/clear-scans", headers: ["X-Confirm-Delete": "DELETE ALL SCANS"])
                #expect(cleared.status == 200)
                #expect(try Plain(cleared.body)["deleted"]?.integer == 2)
                #expect(try await company.json("/")["clear_epoch"] == epochs[0])
                #expect(try await school.json("/")["clear_epoch"] == Plain(cleared.body)["clear_epoch"])
                #expect(try await school.json("/")["clear_epoch"] != epochs[1])
                #expect(try await company.exportedBadges() == ["same"])
                #expect(try await school.exportedBadges() == [])

                let verified = try await place.muster("verify", "--tenant", "school")
                #expect(verified.code == 0 && verified.output.hasPrefix("3 entries"))
                try await server.stop()
            }
        }

        @Test func `may have listeners of their own`() async throws {
            try await Place.on(.sqlite) { place in
                let refused = try await place.muster("serve", "--listen", "127.0.0.1:0,tenant=school")
                #expect(refused.code == 1)
                #expect(refused.errors.contains("no tenant is called school"))
                #expect(try await place.muster("tenant", "create", "school").code == 0)
                let key = String(
                    try await place.muster("key", "create", "--label", "Gate", "--tenant", "school").output.dropLast())
                let server = try await place.serve(environment: ["MUSTER_LISTEN": "127.0.0.1:0;127.0.0.1:0,tenant=school"])
                let school = HTTPClient(port: try #require(server.ports.last).port).with(key: key)
                #expect(try await school.upload([Scan(key: "k", badge: "pupil")]).saved == 1)
                #expect(try await school.exportedBadges() == ["pupil"])
                #expect(try await server.client.exportedBadges() == [])
                // The key of the environment belongs to the tenant default, and a bound listener has no other tenants.
                #expect(try await school.with(key: Place.key).upload([]).status == 401)
                #expect([401, 404].contains(try await school.below("/t/default").ask(.get, "/healthz").status))
                #expect(try await server.anonymous.with(key: key).below("/t/school").exportedBadges() == ["pupil"])
                try await server.stop()
            }
        }
    }
}
