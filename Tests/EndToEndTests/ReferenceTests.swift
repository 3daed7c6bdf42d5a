import Foundation
import HTTPMessages
import TestKit
import Testing

extension `The program` {
    @Suite struct `The API reference` {
        private static let browser = tool("chromium", "chromium-browser", "google-chrome")
        /// Named where the run has one; script/test names the one that script/bootstrap --tests has installed.
        private static let schemathesis = ProcessInfo.processInfo.environment["MUSTER_TEST_SCHEMATHESIS"]

        @Test func `is of everything where all is served, and of its own part where one contract is alone`() async throws {
            try await Place.on(.sqlite) { place in
                let server = try await place.serve(environment: [
                    "MUSTER_LISTEN": "127.0.0.1:0", "MUSTER_LISTEN_TIMETRACKER": "127.0.0.1:0",
                ])
                func paths(_ client: HTTPClient) async throws -> Set<String> {
                    let answer = try await client.ask(.get, "/openapi.json")
                    #expect(answer.status == 200 && answer.headers.first("Content-Type") == "application/json")
                    let document = try Plain(answer.body)
                    #expect(document["openapi"] == .text("3.1.0"))
                    return Set((document["paths"]?.members ?? [:]).keys)
                }
                let all = try await paths(server.anonymous)
                #expect(
                    all.isSuperset(of: [
                        "/v1/scans/batch", "/api/timetracking/punch/", "/api/v1/people/{id}/days/{date}/explain", "/setup",
                        "/health",
                        "/livez", "/metrics", "/docs",
                    ]))
                let part = try await paths(try server.anonymous(at: "timetracker"))
                #expect(part.isSuperset(of: ["/api/timetracking/punch/", "/livez", "/docs"]))
                #expect(part.isDisjoint(with: ["/v1/scans/batch", "/setup", "/health"]))
                try await server.stop()
            }
        }

        @Test(.enabled(if: browser != nil || isPromised, "Chromium is not installed"), arguments: ["/docs", "/redoc"])
        func `is shown by its pages, or they say how to get there`(path: String) async throws {
            let browser = try #require(Self.browser)
            try await Place.on(.sqlite) { place in
                let server = try await place.serve()
                let client = server.anonymous
                let plain = try await client.ask(.get, path)
                #expect(plain.status == 200 && plain.text.contains("openapi.json"))
                let policy = plain.headers.first("Content-Security-Policy") ?? ""
                #expect(policy.contains("default-src 'none'") && policy.contains("script-src 'self';"))
                #expect(plain.text.firstMatch(of: /(src|href)="(https?:)?\/\//) == nil, "nothing is loaded from elsewhere")
                let page = try await place.start([
                    browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                    "--user-data-dir=\(place.directory)/browser", "--virtual-time-budget=15000", "--dump-dom",
                    "http://127.0.0.1:\(server.ports[0].port)\(path)",
                ])
                #expect(try await page.exit(within: 90) == 0, "\(page.errors.suffix(1_000))")
                if try await client.ask(.get, "/docs/swagger-ui.css").status == 200 {
                    #expect(page.output.contains("Upload scans") && page.output.contains("Time Tracker"))
                } else {
                    #expect(page.output.contains("script/bootstrap"))
                }
                try await server.stop()
            }
        }

        /// Requests that somebody drew from the reference, right ones and wrong ones: each answer has a status and a shape that
        /// the reference tells, and none is a server's error.
        @Test(
            .enabled(
                if: schemathesis != nil || isPromised,
                "MUSTER_TEST_SCHEMATHESIS names no program; script/bootstrap --tests installs it from PyPI"))
        func `tells what happens`() async throws {
            let program = try #require(Self.schemathesis)
            let key = ProviderKey(id: "reference")
            let provider = try ProviderServer(.keys(key.jwk()))
            try await Place.on(.sqlite) { place in
                let server = try await place.serve(environment: [
                    "GOOGLE_CLIENT_ID": "reference", "MUSTER_OIDC_KEYS_URL": provider.keysURL, "BT_API_KEY": "reference-flags",
                ])
                let made = try await place.muster(
                    "admin", "create", "--email", "chief@example.test", "--password", "Correct-Horse-42")
                try #require(made.code == 0, "\(made.errors)")
                let signedIn = try await server.anonymous.ask(
                    .post, "/api/auth/login/", #"{"email":"chief@example.test","password":"Correct-Horse-42"}"#)
                let token = try #require(try Plain(signedIn.body)["access"]?.text)
                let created = try await place.muster("key", "create", "--label", "reference", "--roles", "admin")
                let own = try #require(created.output.split(separator: "\n").first, "\(created.errors)")
                #expect(try await place.muster("allow-email", "add", "root@college.example", "--role", "admin").code == 0)
                let now = Int64(Date().timeIntervalSince1970)
                let claims = IDTokenClaims(email: "root@college.example", name: "Root", now: now, audience: "reference").json
                let vouched = try await server.anonymous.ask(
                    .post, "/auth/google", #"{"idToken":"\#(key.token(claims: claims))"}"#)
                let teaching = try #require(try Plain(vouched.body)["token"]?.text, "\(vouched.text)")
                let settings = """
                    [auth.openapi.TimeTrackerToken]
                    bearer = "\(token)"
                    [auth.openapi.TrackAttendanceKey]
                    bearer = "\(Place.key)"
                    [auth.openapi.TrackAttendanceKeyHeader]
                    api_key = "\(Place.key)"
                    [auth.openapi.MusterKey]
                    bearer = "\(own)"
                    [auth.openapi.aimsToken]
                    bearer = "\(teaching)"
                    [auth.openapi.aimsFlagKey]
                    api_key = "reference-flags"
                    """
                let file = place.directory + "/schemathesis.toml"
                try settings.write(toFile: file, atomically: true, encoding: .utf8)
                let run = try await place.start([
                    program, "--config-file", file, "--no-color", "run", "http://127.0.0.1:\(server.ports[0].port)/openapi.json",
                    "--checks", "not_a_server_error,status_code_conformance,response_schema_conformance,content_type_conformance",
                    // Not what draws on former answers: it repeats until its time is over.
                    "--phases", "examples,coverage,fuzzing", "--max-examples", "5", "--seed", "20250707",
                    "--generation-database", "none", "--suppress-health-check", "all", "--warnings", "off", "--continue-on-failure",
                    // It would end the token that the others need.
                    "--exclude-path", "/api/auth/logout/",
                    // What is not there yet says so with 503.
                    "--exclude-path-regex", "^/api/storage/",
                ])
                let code = try await run.exit(within: 300)
                #expect(code == 0, "\(run.output.suffix(6_000))\(run.errors.suffix(1_000))")
                #expect(run.output.contains("passed"))
                try await server.stop()
            }
            await provider.stop()
        }
    }
}
