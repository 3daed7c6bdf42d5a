import AttendanceCore
import Foundation
import HTTPMessages
import TestKit
import Testing

extension `The program` {
    @Suite struct `Speaking AIMS` {
        private static let provider = ProviderKey(id: "golden-kid")
        private static let stranger = ProviderKey(id: "stranger")
        private static var now: Int64 { Int64(Date().timeIntervalSince1970) }

        private func golden() throws -> (suite: GoldenSuite, fixtures: AIMSFixtures) {
            let suite = try GoldenSuite(source("../DialectAIMSTests/Golden/aims.json"))
            return (suite, try AIMSFixtures(suite.fixtures))
        }

        private func environment(_ fixtures: AIMSFixtures, _ provider: ProviderServer) -> [String: String] {
            [
                "MUSTER_LISTEN_AIMS": "127.0.0.1:0", "JWT_SECRET": fixtures.secret, "GOOGLE_CLIENT_ID": fixtures.clientID,
                "MUSTER_OIDC_KEYS_URL": provider.keysURL, "CORS_ORIGINS": #"["*"]"#, "BT_API_KEY": "golden-bt-key",
            ]
        }

        /// Lends a server with a provider that tells its key.
        private func withServer(
            on kind: StoreKind = .sqlite, telling behaviour: ProviderServer.Behaviour = .keys(provider.jwk()),
            _ body: (Place, RunningServer, ProviderServer, AIMSFixtures) async throws -> Void
        ) async throws {
            let fixtures = try golden().fixtures
            let provider = try ProviderServer(behaviour)
            do {
                try await Place.on(kind) { place in
                    let server = try await place.serve(environment: environment(fixtures, provider))
                    try await body(place, server, provider, fixtures)
                    try await server.stop()
                }
            } catch {
                await provider.stop()
                throw error
            }
            await provider.stop()
        }

        private func signIn(_ email: String, at client: HTTPClient, path: String = "/auth/google") async throws -> GoldenAnswer {
            let token = Self.provider.token(claims: IDTokenClaims(email: email, name: "N", now: Self.now).json)
            return try await client.ask(.post, path, #"{"idToken":"\#(token)"}"#)
        }

        @Test(arguments: StoreKind.underTest)
        func `holds in every golden case`(on kind: StoreKind) async throws {
            let (suite, fixtures) = try golden()
            try await withServer(on: kind) { place, server, _, _ in
                for draft in fixtures.allowed {
                    var arguments = ["allow-email", "add", draft.email.text.text, "--role", draft.role.rawValue]
                    if let name = draft.name { arguments += ["--name", name.text] }
                    if let roll = draft.rollNumber { arguments += ["--roll-no", roll.text] }
                    if let other = draft.otherEmail { arguments += ["--other-email", other.text.text] }
                    let added = try await place.muster(arguments)
                    #expect(added.code == 0, "\(added.errors)")
                }
                let client = try server.anonymous(at: "aims")
                var ids: [String: String] = [:]
                for user in fixtures.users {
                    let path = user.role == .student ? "/auth/google/student" : "/auth/google"
                    let token = fixtures.idToken(of: user, by: Self.provider, now: Self.now)
                    let answer = try await client.ask(.post, path, #"{"idToken":"\#(token)"}"#)
                    ids[user.variable] = try #require(try Plain(answer.body)["user"]?["id"]?.text, "\(answer.text)")
                }
                let classes = try await fixtures.makeClasses(ids: ids, now: Self.now) { try await client.send($0) }
                let variables = try ids.merging(classes) { $1 }
                    .merging(fixtures.tokens(ids: ids, by: Self.provider, now: Self.now)) { $1 }
                for scenario in suite.with(variables).scenarios {
                    let problems = await suite.with(variables).play(scenario, run: "r") { try await client.send($0) }
                    #expect(problems == [], "\(scenario.name)")
                }
                let document = try Plain(try await client.ask(.get, "/openapi.json").body)
                #expect(document["info"]?["title"]?.text == "AIMS Attendance API")
                #expect(document["info"]?["version"]?.text == "1.0.0")
            }
        }

        @Test func `takes the students of a class from a file, all of them or none`() async throws {
            try await withServer { place, server, _, _ in
                let email = "asha@college.example"
                #expect(try await place.muster("allow-email", "add", email, "--role", "teacher").code == 0)
                let client = try server.anonymous(at: "aims")
                let token = try Plain(try await signIn(email, at: client).body)["token"]?.text ?? ""
                func roster(_ text: String, _ more: String...) async throws -> (code: Int32, output: String, errors: String) {
                    let path = place.directory + "/roster.csv"
                    try text.write(toFile: path, atomically: true, encoding: .utf8)
                    return try await place.muster(["import", "roster", path, "--owner", " Asha@college.example"] + more)
                }
                func classes() async throws -> Plain {
                    try Plain(
                        try await client.ask(.get, "/classes", headers: ["Authorization": "Bearer \(token)"]).body)
                }
                let good = "Name;Roll No;Semester\r\nBen;24/2;3\r\n\"Wu, Lee\";24/1;\r\n"
                #expect(try await roster(good, "--class", "BIO12/C").code == 1)
                #expect(try await roster(good, "--class", "BIO12/C", "--name", "Botany", "--dry-run").code == 0)
                #expect(try await classes() == .array([]))
                let made = try await roster(good, "--class", "BIO12/C", "--name", "Botany")
                #expect(made.code == 0, "\(made.errors)")
                let students = try #require(try await classes().items?.first?["students"]?.items)
                #expect(students.map { $0["rollNo"]?.text } == ["24/1", "24/2"])
                #expect(students.map { $0["name"]?.text } == ["Wu, Lee", "Ben"])
                #expect(students.map { $0["semester"]?.text } == [nil, "3"])
                let bad = try await roster("roll_no,name\n24/3,Cy\n24/4,\n24/3,Di\n", "--class", "BIO12")
                #expect(bad.code == 1)
                #expect(bad.errors.contains("line 3: name is empty") && bad.errors.contains("line 4: roll_no stands in line 2 too"))
                #expect(try await roster("roll_no\n24/3\n", "--class", "BIO12").code == 1)
                #expect(try await classes().items?.first?["students"]?.items?.count == 2)
                let nobody = try await place.muster(
                    "import", "roster", place.directory + "/roster.csv", "--class", "BIO12", "--owner", "x@college.example")
                #expect(nobody.code == 1)
            }
        }

        @Test func `refuses every forgery, and asks the provider no more often for them`() async throws {
            try await withServer { place, server, provider, _ in
                #expect(try await place.muster("allow-email", "add", ProviderAttack.victimEmail, "--role", "teacher").code == 0)
                let client = try server.anonymous(at: "aims")
                #expect(try await signIn(ProviderAttack.victimEmail, at: client).status == 200)
                for attack in ProviderAttack.all {
                    let token = attack.token(Self.provider, Self.stranger, Self.now)
                    let answer = try await client.ask(.post, "/auth/google", #"{"idToken":"\#(token)"}"#)
                    #expect(answer.status == 401, "\(attack): \(answer.text)")
                    #expect(answer.text.hasPrefix(#"{"detail":"\#(attack.answer.rawValue)"#), "\(attack): \(answer.text)")
                    #expect(answer.headers.first("WWW-Authenticate") == nil, "\(attack)")
                }
                // A storm of invented key ids.
                try await withThrowingTaskGroup { group in
                    for number in 0..<100 {
                        let header = #"{"alg":"RS256","typ":"JWT","kid":"storm-\#(number)"}"#
                        let claims = IDTokenClaims(email: ProviderAttack.victimEmail, now: Self.now).json
                        let token = Self.stranger.token(header: header, claims: claims)
                        group.addTask {
                            let answer = try await client.ask(.post, "/auth/google", #"{"idToken":"\#(token)"}"#)
                            #expect(answer.status == 401)
                        }
                    }
                    try await group.waitForAll()
                }
                #expect(provider.asked <= 2, "one for the first sign-in, and one for all unknown ids of half a minute")
                #expect(try await signIn(ProviderAttack.victimEmail, at: client).status == 200)
            }
        }

        @Test(
            arguments: [
                .other(status: 200, headers: ["Content-Type": "text/html"], body: Array("<html>sign in</html>".utf8)),
                .other(status: 200, headers: [:], body: [UInt8](repeating: 0x20, count: 3_000_000)),
                .other(status: 302, headers: ["Location": "/keys"], body: []), .other(status: 500, headers: [:], body: []),
                .keys(provider.jwk(more: #","d":"AQAB""#)), .keys(provider.jwk() + "," + provider.jwk()), .silent(seconds: 20),
            ] as [ProviderServer.Behaviour])
        func `lives with a provider that is slow or lies, and answers everybody else`(
            behaviour: ProviderServer.Behaviour
        ) async throws {
            try await withServer(telling: behaviour) { place, server, provider, _ in
                #expect(try await place.muster("allow-email", "add", "t@college.example", "--role", "teacher").code == 0)
                let client = try server.anonymous(at: "aims")
                async let waiting = signIn("t@college.example", at: client)
                _ = try await wait(for: "the provider to be asked") { provider.asked > 0 ? true : nil }
                let began = ContinuousClock.now
                for _ in 0..<20 {
                    #expect(try await client.ask(.get, "/health").status == 200)
                    #expect(try await client.ask(.get, "/users/me").status == 403)
                }
                #expect(ContinuousClock.now - began < .seconds(3))
                let refused = try await waiting
                #expect(refused.status == 503, "\(refused.text)")
                #expect(refused.headers.first("Retry-After").flatMap { Int($0) }.map { 1...5 ~= $0 } == true)
                provider.behave(.keys(Self.provider.jwk()))
                _ = try await wait(for: "a sign-in with the provider's keys", seconds: 20) {
                    try await signIn("t@college.example", at: client).status == 200 ? true : nil
                }
                // Keys that are fresh go on holding whatever the provider says from here on.
                provider.behave(behaviour)
                #expect(try await signIn("t@college.example", at: client).status == 200)
            }
        }

        @Test(arguments: StoreKind.underTest)
        func `lets in and shuts out beside a running server, at once`(on kind: StoreKind) async throws {
            try await withServer(on: kind) { place, server, _, _ in
                let client = try server.anonymous(at: "aims")
                #expect(try await signIn("t@college.example", at: client).status == 403)
                #expect(try await place.muster("allow-email", "add", "T@College.example", "--role", "teacher").code == 0)
                let signedIn = try await signIn("t@college.example", at: client)
                #expect(signedIn.status == 200)
                let headers: HeaderFields = ["Authorization": "Bearer \(try Plain(signedIn.body)["token"]?.text ?? "")"]
                #expect(try await client.ask(.get, "/users/me", headers: headers).text.contains(#""role":"teacher""#))
                #expect(try await place.muster("allow-email", "add", "t@college.example", "--role", "admin").code == 0)
                #expect(try await client.ask(.get, "/users/me", headers: headers).text.contains(#""role":"admin""#))
                #expect(try await place.muster("allow-email", "remove", "t@college.example").code == 0)
                #expect(try await client.ask(.get, "/users/me", headers: headers).status == 401)
                #expect(try await signIn("t@college.example", at: client).status == 403)
                let list = try await place.muster("allow-email", "list")
                #expect(list.code == 0 && list.output.contains("denied"))

                let good =
                    "Role;Name;E-Mail;Roll No\r\nstudent;\"Rao; Ila\";s1@mail.example;7\r\n\r\nteacher;;t@college.example;\r\n"
                try good.write(toFile: place.directory + "/good.csv", atomically: true, encoding: .utf8)
                let imported = try await place.muster("allow-email", "import", "good.csv")
                #expect(imported.code == 0 && imported.output.contains("1 added, 1 changed"), "\(imported.errors)")
                #expect(try await signIn("t@college.example", at: client).status == 200)
                #expect(try await signIn("s1@mail.example", at: client, path: "/auth/google/student").status == 200)
                let bad = "email,role\na@mail.example,student\nnobody,student\nb@mail.example,root\n"
                try bad.write(toFile: place.directory + "/bad.csv", atomically: true, encoding: .utf8)
                let refused = try await place.muster("allow-email", "import", "bad.csv")
                #expect(refused.code == 1 && refused.errors.contains("line 3") && refused.errors.contains("line 4"))
                #expect(try await !place.muster("allow-email", "list", "--json").output.contains("a@mail.example"))
                #expect(try await place.muster("allow-email", "reset", "t@college.example").code == 0)
                #expect(try await place.muster("allow-email", "reset", "nobody@college.example").code == 1)
                #expect(try await place.muster("allow-email", "add", "x", "--role", "teacher").code == 1)
                #expect(try await place.muster("allow-email", "add", "x@y.example", "--role", "root").code == 2)
            }
        }

        @Test func `keeps its form on its own listener, and shares what several have`() async throws {
            try await withServer { _, server, _, _ in
                let own = try server.anonymous(at: "aims")
                let shared = try server.anonymous(at: "shared")
                let root = try Plain(try await shared.ask(.get, "/").body)
                #expect(root["service"]?.text == "Track Attendance API")
                for name in ["message", "version", "docs", "health"] { #expect(root[name] != nil, "\(name)") }
                #expect(try Plain(try await own.ask(.get, "/").body)["message"]?.text == "AIMS Attendance Backend API")
                #expect(try Plain(try await shared.ask(.get, "/health").body)["service"]?.text == "Muster")
                #expect(try await own.ask(.get, "/v1/roster/hash").text == #"{"detail":"Not Found"}"#)
                #expect(try await shared.ask(.get, "/users/nobody").text == #"{"detail":"Not Found"}"#)
                #expect(try await shared.ask(.get, "/users/me").text == #"{"detail":"Not authenticated"}"#)
                #expect(try await shared.ask(.get, "/users/me/").status == 307)
                let page: HeaderFields = ["Origin": "https://app.example"]
                func origin(_ client: HTTPClient, _ path: String) async throws -> String? {
                    try await client.ask(.get, path, headers: page).headers.first("Access-Control-Allow-Origin")
                }
                #expect(try await origin(own, "/health") == "https://app.example")
                #expect(try await origin(shared, "/users/me") == "https://app.example")
                for path in ["/", "/health", "/nothing", "/api/employees/"] {
                    #expect(try await origin(shared, path) == nil, "\(path)")
                }
                let preflight = try await shared.ask(
                    .options, "/health",
                    headers: HeaderFields(page.fields + [.init(name: "Access-Control-Request-Method", value: "GET")]))
                #expect(preflight.headers.first("Access-Control-Allow-Origin") == nil)
            }
        }
    }
}
