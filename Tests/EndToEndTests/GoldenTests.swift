import HTTPMessages
import TestKit
import Testing

extension `The program` {
    @Suite struct `Speaking TrackAttendance` {
        /// Every case on the listener that all dialects share and on the dialect's own, and again after a restart.
        @Test(arguments: StoreKind.underTest)
        func `holds in every golden case, also after a restart`(on kind: StoreKind) async throws {
            let suite = try GoldenSuite(source("../DialectTrackAttendanceTests/Golden/trackattendance.json"))
            try #require(suite.scenarios.count > 30)
            try await Place.on(kind) { place in
                var known: [Plain]?
                for start in 1...2 {
                    let server = try await place.serve(
                        key: suite.apiKey, environment: ["MUSTER_LISTEN_TRACKATTENDANCE": "127.0.0.1:0"])
                    let keyed = try server.anonymous(at: "trackattendance").with(key: suite.apiKey)
                    // What was there before the restart is there now.
                    if let known { #expect(try await Self.remembered(by: keyed) == known) }
                    for listener in ["shared", "trackattendance"] {
                        let client = try server.anonymous(at: listener)
                        for (number, scenario) in suite.scenarios.enumerated() {
                            let problems = await suite.play(scenario, run: "\(start)\(listener)\(number)") {
                                try await client.send($0)
                            }
                            #expect(problems == [], "\(scenario.name), on the listener \(listener), start \(start)")
                        }
                    }
                    _ = try await keyed.upload((0..<7).map { Scan(key: "kept-\(start)-\($0)", badge: "kept-\($0)") })
                    known = try await Self.remembered(by: keyed)
                    try await server.stop()
                }
            }
        }

        private static func remembered(by client: HTTPClient) async throws -> [Plain] {
            [
                try await client.stats(), .text(try await client.json("/")["clear_epoch"]?.text ?? ""),
                try await client.json("/v1/roster/hash"), try await client.json("/v1/dashboard/public/config"),
                .array(try await client.exportedBadges().map { .text($0) }),
            ]
        }
    }
}
