import Foundation
import Glibc
import HTTPMessages
import SQLStorage
import TestKit
import Testing

extension HTTPClient {
    fileprivate func figures(_ headers: HeaderFields = [:]) async throws -> ExpositionPage {
        let answer = try await ask(.get, "/metrics", headers: headers)
        try #require(answer.status == 200, "\(answer.text)")
        #expect(answer.headers.first("Content-Type") == "text/plain; version=0.0.4; charset=utf-8")
        return try ExpositionPage(answer.text)
    }

    /// The figures once `condition` holds: a request is counted when its answer has gone out, which a client sees earlier.
    fileprivate func figures(
        once what: String, _ condition: (ExpositionPage) -> Bool
    ) async throws -> ExpositionPage {
        try await wait(for: what) {
            let page = try await figures()
            return condition(page) ? page : nil
        }
    }
}

extension `The program` {
    @Suite struct `What it says of itself` {
        private static func requests(_ method: String, _ route: String, _ status: String) -> String {
            #"muster_http_requests_total{method="\#(method)",route="\#(route)",status="\#(status)"}"#
        }

        private static func ofRoute(_ metric: String, _ method: String, _ route: String) -> String {
            #"\#(metric){method="\#(method)",route="\#(route)"}"#
        }

        @Test(arguments: StoreKind.underTest)
        func `counts exactly what happened`(on kind: StoreKind) async throws {
            try await Place.on(kind) { place in
                let server = try await place.serve()
                let client = server.client
                let fresh = try await client.figures()
                #expect(fresh["muster_ledger_entries_appended_total"] == 0)
                #expect(fresh.values.keys.contains { $0.hasPrefix("muster_build_info{version=") })
                #expect(fresh[#"muster_build_info{version="0.1.0",engine="\#(kind == .sqlite ? "sqlite" : "postgresql")"}"#] == 1)

                // Three batches of ten, the last one sent twice; each waits for the one before, so each is a transaction.
                for batch in [0, 1, 2, 2] {
                    let scans = (0..<10).map { Scan(key: "k\(batch)-\($0)", badge: "b\($0)") }
                    #expect(try await client.upload(scans).status == 200)
                }
                #expect(try await server.anonymous.upload([Scan(key: "x", badge: "x")]).status == 401)
                #expect(try await client.ask(.post, "/v1/scans/batch", "{").status == 400)
                for path in ["/v1/stations/status", "/v1/stations/status", "/no/such/\(UUID().uuidString)"] {
                    _ = try await client.ask(.get, path)
                }
                #expect(try await client.ask(.head, "/v1/stations/status").status == 200)
                let batches = Self.requests("POST", "/v1/scans/batch", "2xx")
                let page = try await client.figures(once: "the requests to be counted") { page in
                    page[batches] == 4 && page[Self.requests("HEAD", "/v1/stations/status", "2xx")] == 1
                }
                #expect(page[Self.requests("POST", "/v1/scans/batch", "4xx")] == 2)
                #expect(page[Self.requests("GET", "/v1/stations/status", "2xx")] == 2)
                #expect(page[Self.requests("any", "unmatched", "4xx")] == 1)
                #expect(page[Self.ofRoute("muster_http_request_duration_seconds_count", "POST", "/v1/scans/batch")] == 6)
                #expect(page[Self.ofRoute("muster_http_sent_bytes_total", "HEAD", "/v1/stations/status")] == 0)
                #expect(try #require(page[Self.ofRoute("muster_http_received_bytes_total", "POST", "/v1/scans/batch")]) > 4_000)
                #expect(!page.values.keys.contains { $0.contains("/no/such") }, "a path is no label")

                #expect(page["muster_ledger_entries_appended_total"] == 30)
                #expect(page["muster_claims_duplicate_total"] == 10)
                #expect(page["muster_writer_group_claims_sum"] == 40)
                #expect(page[#"muster_writer_group_claims_bucket{le="10.0"}"#] == page["muster_writer_group_claims_count"])
                #expect(page[#"muster_writer_groups_total{outcome="failed"}"#] == 0)
                #expect(
                    page[#"muster_writer_groups_total{outcome="committed"}"#] == page["muster_writer_group_duration_seconds_count"])
                #expect(page["muster_writer_refused_units_total"] == 0 && page["muster_writer_queue_units"] == 0)
                let refused = #"muster_refusals_total{request="POST /v1/scans/batch",status="#
                #expect(page[refused + #""400",reason="malformed"}"#] == 1)
                #expect(page[refused + #""401",reason="credential"}"#] == 1)

                let listener = #"{listener="127.0.0.1:\#(server.ports[0].port)"}"#
                #expect(page["muster_http_requests_in_flight" + listener] == 1, "the question itself")
                #expect(try #require(page["muster_store_size_bytes"]) > 100_000)
                #expect(page["muster_store_readers_in_use"] == 0)
                #expect(try #require(page["process_resident_memory_bytes"]) > 1_000_000)
                #expect(try #require(page["process_open_fds"]) > 5)
                let started = try #require(page["process_start_time_seconds"])
                #expect(abs(started - Date().timeIntervalSince1970) < 60)
                try await server.stop()
            }
        }

        @Test func `opens its figures to the machine, to the key, and to nobody else`() async throws {
            try await Place.on(.sqlite) { place in
                let key = "figures-key-0123456789"
                let server = try await place.serve()
                #expect(try await server.anonymous.ask(.get, "/metrics").status == 200)
                let forwarded = try await server.anonymous.ask(.get, "/metrics", headers: ["X-Forwarded-For": "127.0.0.1"])
                #expect(forwarded.status == 403, "somebody stands behind a proxy on this machine")
                #expect(try await server.client.ask(.get, "/metrics", headers: ["Via": "1.1 x"]).status == 403)
                try await server.stop()

                let closed = try await place.serve(environment: ["MUSTER_METRICS_KEY": key, "MUSTER_METRICS_ALLOW": "off"])
                let refused = try await closed.anonymous.ask(.get, "/metrics")
                #expect(refused.status == 401 && refused.headers.first("WWW-Authenticate") == "Bearer")
                #expect(try await closed.client.ask(.get, "/metrics").status == 401, "a key of the contract opens nothing here")
                #expect(try await closed.anonymous.with(key: key).ask(.get, "/metrics").status == 200)
                #expect(try await closed.anonymous.with(key: key).ask(.get, "/v1/dashboard/stats").status == 401)
                try await closed.stop()
                #expect(!closed.process.errors.contains(key) && !closed.process.output.contains(key))

                let proxied = try await place.serve(
                    environment: ["MUSTER_TRUSTED_PROXIES": "127.0.0.1", "MUSTER_METRICS_ALLOW": "192.0.2.0/24"])
                func status(_ client: String) async throws -> Int {
                    try await proxied.anonymous.ask(.get, "/metrics", headers: ["X-Forwarded-For": client]).status
                }
                #expect(try await status("192.0.2.7") == 200)
                #expect(try await status("198.51.100.7") == 403)
                #expect(try await status("192.0.2.7, 198.51.100.7") == 403, "only the proxy's own word counts")
                try await proxied.stop()
            }
        }

        @Test(arguments: StoreKind.underTest)
        func `is ready while the store is, and lives in any case`(on kind: StoreKind) async throws {
            try await Place.on(kind) { place in
                let server = try await place.serve(environment: ["RATE_LIMIT_MAX": "1", "PUBLIC_RATE_LIMIT_MAX": "1"])
                let client = server.anonymous
                for method in [HTTPMethod.get, .head] {
                    for path in ["/livez", "/readyz"] {
                        for _ in 0..<3 {
                            let answer = try await client.ask(method, path)
                            #expect(answer.status == 200 && answer.headers.first("X-RateLimit-Limit") == nil)
                            #expect(answer.headers.first("Content-Type")?.hasPrefix("text/plain") == true)
                        }
                    }
                }
                #expect(try await client.ask(.get, "/readyz").text == "ready\n")
                // The contract's own path is answered as the contract says.
                #expect(try await client.ask(.get, "/healthz").text == #"{"ok":true,"db":"connected"}"#)

                try await place.withConnection { connection in
                    let digest = [UInt8](repeating: 7, count: 32)
                    _ = try connection.run(
                        """
                        INSERT INTO schema_migration (place, name, digest, applied_at_us)
                        VALUES (1000, \("0999 to come"), \(digest), 0)
                        """)
                }
                let moved = try await wait(for: "the new schema to be seen") {
                    let answer = try await client.ask(.get, "/readyz")
                    return answer.status == 503 ? answer : nil
                }
                #expect(moved.text == "not ready: the store's schema is not this program's\n")
                #expect(moved.headers.first("Retry-After") == "2")
                try await place.withConnection { _ = try $0.run("DELETE FROM schema_migration WHERE place = 1000") }
                _ = try await wait(for: "the schema to be its own again") {
                    try await client.ask(.get, "/readyz").status == 200 ? true : nil
                }

                try await Self.takeAway(place)
                let away = try await wait(for: "the store to be missed") {
                    let answer = try await client.ask(.get, "/readyz")
                    return answer.status == 503 ? answer : nil
                }
                #expect(away.text == "not ready: the store cannot be read\n", "no word of where or why")
                #expect(try await client.ask(.get, "/livez").status == 200)
                #expect(try await client.ask(.get, "/metrics").status == 200)
                try await Self.giveBack(place)
                _ = try await wait(for: "the store to be found again") {
                    try await client.ask(.get, "/readyz").status == 200 ? true : nil
                }
                try await server.stop()
            }
        }

        private static func takeAway(_ place: Place) async throws {
            guard place.kind == .postgres else {
                return try FileManager.default.moveItem(
                    atPath: place.directory + "/muster-data/muster.sqlite", toPath: place.directory + "/away")
            }
            try await administer(place, "ALTER DATABASE \(name(place)) ALLOW_CONNECTIONS false")
            try await administer(
                place, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '\(name(place))'")
        }

        private static func giveBack(_ place: Place) async throws {
            guard place.kind == .postgres else {
                return try FileManager.default.moveItem(
                    atPath: place.directory + "/away", toPath: place.directory + "/muster-data/muster.sqlite")
            }
            try await administer(place, "ALTER DATABASE \(name(place)) ALLOW_CONNECTIONS true")
        }

        private static func name(_ place: Place) -> String {
            place.databaseURL?.split(separator: "/").last.map(String.init) ?? ""
        }

        private static func administer(_ place: Place, _ statement: String) async throws {
            try await Place.onServer { connection in _ = try connection.run(SQL(stringLiteral: statement)) }
        }

        @Test(.enabled(if: StoreKind.postgresURL != nil, "MUSTER_TEST_POSTGRES names no server"))
        func `answers at once while the store hangs, and asks it no second time`() async throws {
            try await Place.on(.postgres) { place in
                let server = try await place.serve()
                #expect(try await server.anonymous.ask(.get, "/readyz").status == 200)
                try await place.withConnection { connection in
                    try connection.beginWriting()
                    _ = try connection.run("LOCK TABLE schema_migration IN ACCESS EXCLUSIVE MODE")
                    let client = server.anonymous
                    // Inside the lock, on this thread: what waits for it waits for us.
                    let done = DispatchSemaphore(value: 0)
                    Task {
                        defer { done.signal() }
                        _ = try await wait(for: "the store to be taken for silent") {
                            let answer = try await client.ask(.get, "/readyz")
                            return answer.status == 503 && answer.text == "not ready: the store does not answer\n" ? true : nil
                        }
                        let began = ContinuousClock.now
                        for _ in 0..<20 { #expect(try await client.ask(.get, "/readyz").status == 503) }
                        #expect(ContinuousClock.now - began < .seconds(1), "nobody waits for what hangs")
                        #expect(try await client.ask(.get, "/livez").status == 200)
                    }
                    done.wait()
                    let waiting = try connection.run(
                        "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
                    #expect(waiting[0].integer(0) <= 1, "one look at a time")
                    connection.rollBack()
                }
                _ = try await wait(for: "the store to answer again") {
                    try await server.anonymous.ask(.get, "/readyz").status == 200 ? true : nil
                }
                try await server.stop()
            }
        }

        @Test func `says first that it stops, and serves on for as long as it was told`() async throws {
            try await Place.on(.sqlite) { place in
                let server = try await place.serve(environment: ["MUSTER_DRAIN_SECONDS": "60"])
                #expect(try await server.anonymous.ask(.get, "/readyz").status == 200)
                server.process.signal(SIGTERM)
                let stopping = try await wait(for: "the stop to be told") {
                    let answer = try await server.anonymous.ask(.get, "/readyz")
                    return answer.status == 503 ? answer : nil
                }
                #expect(stopping.text == "not ready: the server is stopping\n")
                #expect(stopping.headers.first("Retry-After") != nil)
                #expect(try await server.anonymous.ask(.get, "/livez").status == 200)
                #expect(try await server.client.upload([Scan(key: "late", badge: "late")]).saved == 1)
                // The second signal ends the wait.
                try await server.stop()
            }
        }
    }
}
