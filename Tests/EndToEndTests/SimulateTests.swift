import Foundation
import HTTPMessages
import HTTPServer
import Synchronization
import TestKit
import Testing

extension `The program` {
    @Suite struct `A simulated day` {
        private static let small = ["--people", "150", "--stations", "6", "--speed", "0"]

        @Test(arguments: StoreKind.underTest)
        func `finds everything in the ledger that it was told is there`(on kind: StoreKind) async throws {
            try await Place.on(kind) { place in
                let server = try await place.serve()
                // Scans of others do not confuse it.
                #expect(try await server.client.upload([Scan(key: "k", badge: "b")]).saved == 1)
                let key = try await place.muster("key", "create", "--label", "sim", "--roles", "upload,dashboard")
                try key.output.write(toFile: "\(place.directory)/key", atomically: true, encoding: .utf8)
                for run in 1...2 {
                    let played = try await place.muster(
                        ["simulate", "--url", "http://127.0.0.1:\(server.ports[0].port)", "--key-file", "key"] + Self.small)
                    #expect(played.code == 0, "\(played)")
                    let figures = try Figures(played.output)
                    #expect(figures.sent > 300 && figures.sent == figures.acknowledged && figures.sent == figures.stored)
                    #expect(figures.missing == 0 && figures.doubled == 0 && figures.foreign == 0)
                    #expect(played.output.contains("p50 ") && played.output.contains("p99 "))
                    // The same seed twice is two days of badges, since each run has names of its own.
                    #expect(try await server.client.exportedBadges().count == figures.sent * run + 1)
                }
                try await expectSound(place, server)
                try await server.stop()
            }
        }

        @Test func `goes where the configuration listens, with the key of the environment`() async throws {
            try await Place.on(.sqlite) { place in
                let server = try await place.serve()
                let environment = ["MUSTER_LISTEN": "0.0.0.0:\(server.ports[0].port)", "API_KEY": Place.key]
                let played = try await place.muster(["simulate"] + Self.small, environment: environment)
                #expect(played.code == 0, "\(played)")
                let wrong = try await place.muster(
                    ["simulate", "--key", "muster_no-such-key-at-all"] + Self.small, environment: environment)
                #expect(wrong.code == 1 && wrong.errors.contains("does not take the key for the role upload"), "\(wrong)")
                try await server.stop()
                let gone = try await place.muster(["simulate"] + Self.small, environment: environment)
                #expect(gone.code == 1 && gone.errors.contains("there is no answer from http://127.0.0.1:"), "\(gone)")
                let keyless = try await place.muster(["simulate"] + Self.small)
                #expect(keyless.code == 2 && keyless.errors.contains("a key is missing"))
            }
        }

        @Test func `keeps its pace, and compares what was sent when it is stopped early`() async throws {
            try await Place.on(.sqlite) { place in
                let server = try await place.serve()
                let running = try await place.start(
                    [Place.program, "simulate", "--people", "300", "--stations", "4", "--speed", "3600", "--url"]
                        + ["http://127.0.0.1:\(server.ports[0].port)"], environment: ["API_KEY": Place.key])
                // The first shift has come.
                _ = try await wait(for: "scans", seconds: 20) {
                    try await server.client.stats()["total_scans"]?.integer ?? 0 > 30 ? true : nil
                }
                running.signal(SIGINT)
                let code = try await running.exit(within: 20)
                let figures = try Figures(running.output)
                #expect(code == 0 && figures.sent >= 30 && figures.missing == 0, "\(running.output)")
                #expect(figures.sent < 600, "it was not stopped: \(running.output)")
                #expect(running.errors.contains("stopped early"))
                try await server.stop()
            }
        }

        /// Between the stations and the server stands somebody who says yes to a batch and passes on all of it but one scan.
        @Test(arguments: [false, true])
        func `exits with 1 where one scan is lost or one is invented`(invents: Bool) async throws {
            try await Place.on(.sqlite) { place in
                let server = try await place.serve()
                let thief = Thief(behind: server.client, invents: invents)
                let listener = try Listener(ListenerConfiguration(name: "thief", host: "127.0.0.1", port: 0), serving: thief)
                let played = try await place.muster(
                    ["simulate", "--url", "http://127.0.0.1:\(listener.port)"] + Self.small, environment: ["API_KEY": Place.key])
                await listener.stop(within: .zero)
                #expect(thief.hasActed)
                #expect(played.code == 1 && played.output.contains("THE LEDGER IS WRONG"), "\(played)")
                let figures = try Figures(played.output)
                #expect(figures.sent == figures.acknowledged)
                #expect(figures.missing == (invents ? 0 : 1) && figures.foreign == (invents ? 1 : 0) && figures.doubled == 0)
                try await server.stop()
            }
        }
    }

    /// What `muster simulate` prints at its end.
    private struct Figures {
        let sent: Int
        let acknowledged: Int
        let stored: Int
        let missing: Int
        let doubled: Int
        let foreign: Int

        init(_ output: String) throws {
            func number(_ words: String) throws -> Int {
                let match = try #require(
                    try Regex("\(words) +([0-9]+)", as: (Substring, Substring).self).firstMatch(in: output), "\(words): \(output)")
                return try #require(Int(match.1))
            }
            sent = try number("sent")
            acknowledged = try number("acknowledged")
            stored = try number("in the ledger")
            missing = try number("missing")
            doubled = try number("doubled")
            foreign = try number("foreign")
        }
    }

    /// Passes requests on, and does harm to one upload: takes a scan out of it, however often it comes, or puts one in.
    private final class Thief: RequestHandler {
        private let client: HTTPClient
        private let invents: Bool
        private let stolen = Mutex<String?>(nil)

        init(behind client: HTTPClient, invents: Bool) {
            self.client = client
            self.invents = invents
        }

        var hasActed: Bool { stolen.withLock { $0 != nil } }

        func admit(_ head: RequestHead) async -> Admission {
            .read(bodyMaxBytes: 16 << 20, tooLarge: Response(status: 413)) { [self] body in
                var text = String(decoding: body, as: UTF8.self)
                let events = text.matches(of: /\{"idempotency_key":"([^"]+)".*?\}\}/)
                if events.count > 3 {
                    stolen.withLock { stolen in stolen = stolen ?? String(events[1].1) }
                }
                var count = 0
                if let key = stolen.withLock({ $0 }), let event = events.first(where: { $0.1 == key }) {
                    if invents {
                        let more = event.0.replacing(key, with: key + "-more").replacing(/"badge_id":"[^"]+/) { $0.0 + "9" }
                        text = text.replacing(event.0, with: event.0 + "," + more)
                        count = -1
                    } else {
                        text = text.replacing(event.0 + ",", with: "").replacing("," + event.0, with: "")
                        count = 1
                    }
                }
                let target = "/" + head.path.segments.joined(separator: "/") + (head.rawQuery.isEmpty ? "" : "?" + head.rawQuery)
                guard let answer = try? await client.ask(head.method, target, head.method == .get ? nil : text) else {
                    return Response(status: 502)
                }
                guard count != 0, answer.status == 200, let told = try? Plain(answer.body) else {
                    return Response(status: answer.status, headers: ["Content-Type": "application/json"], body: .bytes(answer.body))
                }
                let saved = (told["saved"]?.integer ?? 0) + count
                let words = #"{"saved":\#(saved),"duplicates":\#(told["duplicates"]?.integer ?? 0),"errors":0}"#
                return Response(status: 200, headers: ["Content-Type": "application/json"], body: .bytes(Array(words.utf8)))
            }
        }

        func answer(to failure: TransportFailure, rawTarget: String) -> Response { Response(status: 400) }
    }
}
