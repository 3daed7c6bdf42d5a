import Foundation
import HTTPMessages
import TestKit
import Testing

extension `The program` {
    @Suite struct `A demonstration` {
        @Test(arguments: StoreKind.underTest)
        func `fills an empty store with something for every page, and no other`(on kind: StoreKind) async throws {
            try await Place.on(kind) { place in
                let small = ["demo", "--people", "60", "--weeks", "2", "--stations", "5", "--seed", "9"]
                let made = try await place.muster(small)
                #expect(made.code == 0 && made.output.contains("from seed 9"), "\(made)")
                let key = try #require(made.output.firstMatch(of: /muster_[0-9a-f_]+/)).0
                let scans = try #require(made.output.firstMatch(of: /Scans +(\d+) from/).flatMap { Int($0.1) })

                let server = try await place.serve(key: nil)
                let client = server.anonymous.with(key: String(key))
                let stats = try await client.stats()
                #expect(stats["total_scans"]?.integer == scans && scans > 1_000)
                #expect((stats["unique_badges"]?.integer ?? 0) >= 55)
                let page = try await server.anonymous.json("/v1/dashboard/public/stats")
                #expect((page["total_registered"]?.integer ?? 0) > 60)
                #expect(page["stations"]?.items?.count == 5)
                let units = try #require(page["business_units"]?.items)
                #expect(units.count > 3 && units.contains { $0["name"]?.text == "Unmatched" }, "\(page)")
                #expect(try await client.exportedBadges().count == scans)
                let status = try await server.anonymous.json("/v1/stations/status")
                let states = try #require(status["stations"]?.items).map { $0["status"]?.text }
                #expect(states.count == 5 && states.contains("ready") && states.contains("offline"), "\(states)")
                let stations = try await place.muster("stations")
                #expect(stations.output.contains("Main Gate") && stations.output.contains("Canteen"))
                try await expectDuplicates(stations.output)

                // Beside the server or without it: never twice, and never on top of something.
                let again = try await place.muster(small)
                #expect(
                    again.code == 1 && again.errors.contains("entries already") && again.errors.count { $0 == "\n" } == 1,
                    "\(again)")
                let verified = try await place.muster("verify")
                #expect(verified.code == 0, "\(verified)")
                #expect(try await client.stats() == stats)
                let rebuilt = try await place.muster("rebuild")
                #expect(rebuilt.code == 0)
                #expect(try await client.stats() == stats)

                // A tenant is a store of its own.
                #expect(try await place.muster("tenant", "create", "north").code == 0)
                #expect(try await place.muster(small + ["--tenant", "north"]).code == 0)
                #expect(try await place.muster(small + ["--tenant", "north"]).errors.contains("the tenant north has"))
                try await server.stop()
            }
        }

        private func expectDuplicates(_ table: String) async throws {
            let duplicates = table.split(separator: "\n").dropFirst().compactMap { line in
                line.firstMatch(of: /\s(\d+) +(\d+) +20\d\d-/).flatMap { Int($0.2) }
            }
            #expect(duplicates.count == 5 && duplicates.reduce(0, +) > 0, "\(table)")
        }

        @Test func `refuses a store with a heartbeat alone, and figures that make no sense`() async throws {
            try await Place.on(.sqlite) { place in
                let server = try await place.serve()
                #expect(try await server.client.ask(.post, "/v1/stations/heartbeat", #"{"station_name":"x"}"#).status == 200)
                let refused = try await place.muster("demo")
                #expect(refused.code == 1 && refused.errors.contains("a roster or heartbeats already"), "\(refused)")
                try await server.stop()
                for misuse in [["--people", "0"], ["--weeks", "x"], ["--stations", "201"], ["--seed", "-1"]] {
                    let answer = try await place.muster(["demo"] + misuse)
                    #expect(answer.code == 2 && answer.errors.contains(misuse[0]), "\(answer)")
                }
            }
        }
    }
}
