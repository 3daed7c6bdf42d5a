import Foundation
import Glibc
import HTTPMessages
import Synchronization
import TestKit
import Testing

extension `The program` {
    /// The sample `deploy/haproxy.cfg` as it is: only ports, files and addresses are put in their place.
    @Suite struct `Two servers behind HAProxy` {
        private static let haproxy = tool("haproxy") ?? ["/usr/sbin/haproxy"].first(where: FileManager.default.isExecutableFile)
        private static let isPossible = haproxy != nil && StoreKind.postgresURL != nil || isPromised

        @Test(.enabled(if: isPossible, "HAProxy is not installed, or MUSTER_TEST_POSTGRES names no server"))
        func `lose nothing while one after the other is killed and started again`() async throws {
            try await Place.on(.postgres) { place in
                let front = try await Front(try #require(Self.haproxy), in: place)
                let load = Load("haproxy")
                async let running: Void = load.run(against: front.client.with(key: Place.key))
                try await load.more(30)
                for round in 0..<4 {
                    let victim = round % 2
                    front.servers[victim].process.signal(SIGKILL)
                    #expect(try await front.servers[victim].process.exit(within: 10) == 1_000 + SIGKILL)
                    // The other serves meanwhile.
                    try await load.more(30)
                    try await front.restart(victim)
                    try await load.more(30)
                }
                load.stop()
                await running
                // A kiosk never sees more than the contract tells it to expect: stored, or come back.
                #expect(load.answers.count == load.uploads.count, "a request had no answer")
                for answer in load.answers {
                    #expect(answer.status == 200 || answer.status == 503 && answer.hasRetryAfter, "\(answer)")
                }
                let there = try await front.client.with(key: Place.key).exportedBadges()
                #expect(Set(there).count == there.count, "a scan counts twice")
                #expect(Set(load.acknowledged.map(\.badge)).subtracting(there) == [], "an acknowledged scan is missing")
                // What was put off is sent again, as a kiosk does, and then everything is there once.
                let client = front.client.with(key: Place.key)
                for upload in load.uploads where !upload.isAcknowledged {
                    let again = try await client.upload(upload.scans)
                    #expect(again.status == 200 && again.saved + again.duplicates == upload.scans.count)
                }
                let all = try await client.exportedBadges()
                #expect(all.count == load.uploads.count * Load.batchSize && Set(all).count == all.count)
                try await expectSound(place, front.servers[0])
                for server in front.servers { try await server.stop() }
            }
        }

        @Test(.enabled(if: isPossible, "HAProxy is not installed, or MUSTER_TEST_POSTGRES names no server"))
        func `are left out when they stop, and what a client says about itself ends at the proxy`() async throws {
            try await Place.on(.postgres) { place in
                let front = try await Front(try #require(Self.haproxy), in: place)
                let load = Load("stop")
                async let running: Void = load.run(against: front.client.with(key: Place.key))
                try await load.more(20)
                try await front.servers[0].stop()
                try await load.more(40)
                load.stop()
                await running
                for answer in load.answers {
                    #expect(answer.status == 200 || answer.status == 503 && answer.hasRetryAfter, "\(answer)")
                }
                let forged = try await front.client.ask(
                    .get, "/healthz",
                    headers: ["X-Forwarded-For": "192.0.2.1", "Forwarded": "for=192.0.2.1", "X-Request-Id": "mine"])
                #expect(forged.status == 200)
                try await front.servers[1].stop()
                let log = front.servers[1].process.errors
                #expect(log.contains(#""client":"127.0.0.1""#) && !log.contains("192.0.2.1") && !log.contains(#""id":"mine""#))
                // Nobody left: still a kiosk's "come back", in words it knows.
                let away = try await front.client.with(key: Place.key).ask(.post, "/v1/scans/batch", #"{"events":[]}"#)
                #expect(away.status == 503 && away.headers.first("Retry-After") == "5")
                #expect(away.text.contains(#""error":"Service Unavailable""#))
            }
        }
    }

    /// HAProxy with two servers on one PostgreSQL. Its TLS is taken away, which the test of the file's syntax looks at.
    private final class Front: Sendable {
        private let place: Place
        private let state: [ServerPlace]
        let client: HTTPClient

        private final class ServerPlace: Sendable {
            let port: Int
            let server: Mutex<RunningServer>

            init(port: Int, server: RunningServer) {
                self.port = port
                self.server = Mutex(server)
            }
        }

        var servers: [RunningServer] { state.map { $0.server.withLock { $0 } } }

        init(_ haproxy: String, in place: Place) async throws {
            self.place = place
            var places: [ServerPlace] = []
            for _ in 0..<2 {
                let port = try freePort()
                places.append(ServerPlace(port: port, server: try await Self.serve(place, port)))
            }
            state = places
            let port = try freePort()
            var text = String(decoding: try source("../../deploy/haproxy.cfg"), as: UTF8.self)
            func put(_ new: String, for old: String) throws {
                try #require(text.contains(old), "\(old)")
                text = text.replacingOccurrences(of: old, with: new)
            }
            try put("127.0.0.1:\(places[0].port)", for: "127.0.0.1:8001")
            try put("127.0.0.1:\(places[1].port)", for: "127.0.0.1:8002")
            try put("    bind 127.0.0.1:\(port)\n", for: "    bind :80\n")
            try put("", for: "    bind :443 ssl crt /etc/haproxy/attendance.example.org.pem alpn h2,http/1.1 ssl-min-ver TLSv1.2\n")
            try put("", for: "    http-request redirect scheme https code 308 unless { ssl_fc }\n")
            let file = "\(place.directory)/haproxy.cfg"
            try text.write(toFile: file, atomically: true, encoding: .utf8)
            client = HTTPClient(port: port)
            let running = try await place.start([haproxy, "-db", "-f", file])
            let client = client
            _ = try await wait(for: "the proxy to find both servers", seconds: 20) {
                guard running.exitCode == nil else { throw Overdue(what: "HAProxy, which ended: \(running.errors)") }
                return try? await client.ask(.get, "/healthz").status == 200 ? true : nil
            }
        }

        /// Starts a server that was killed, at its old address.
        func restart(_ number: Int) async throws {
            let server = try await Self.serve(place, state[number].port)
            state[number].server.withLock { $0 = server }
        }

        private static func serve(_ place: Place, _ port: Int) async throws -> RunningServer {
            try await place.serve(
                environment: ["MUSTER_LISTEN": "127.0.0.1:\(port)", "MUSTER_TRUSTED_PROXIES": "127.0.0.1"])
        }
    }
}
