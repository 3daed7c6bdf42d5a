import HTTPMessages
import TestKit
import Testing

extension `The program` {
    @Suite struct `Two servers on one store` {
        /// Each numbers and chains entries, counts badges and knows keys, and neither is told what the other does.
        @Test(arguments: StoreKind.underTest)
        func `agree on every scan, also on those that both are sent`(on kind: StoreKind) async throws {
            try await Place.on(kind) { place in
                let servers = [try await place.serve(), try await place.serve()]
                let batches = (0..<30).map { number in
                    (0..<20).map {
                        Scan(key: "\(number)-\($0)", badge: "b\($0)-\(number % 7)", station: "Gate \(number % 5)")
                    }
                }
                let answers = try await withThrowingTaskGroup(of: BatchAnswer.self) { group in
                    for batch in batches {
                        for server in servers { group.addTask { try await server.client.upload(batch) } }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(answers.allSatisfy { $0.status == 200 })
                #expect(answers.reduce(0) { $0 + $1.saved } == 600)
                #expect(answers.reduce(0) { $0 + $1.duplicates } == 600)
                let stats = try await servers[0].client.stats()
                #expect(stats["total_scans"]?.integer == 600)
                #expect(stats["unique_badges"]?.integer == 140)
                #expect(try await servers[1].client.stats() == stats)

                // What one clears is gone at the other, with the same epoch.
                let cleared = try await servers[1].client.ask(
                    .delete, "/v1/admin/clear-scans", headers: ["X-Confirm-Delete": "DELETE ALL SCANS"])
                #expect(cleared.status == 200)
                #expect(try await servers[0].client.json("/")["clear_epoch"] == Plain(cleared.body)["clear_epoch"])
                let again = try await servers[0].client.upload(batches[0])
                #expect(again.saved == 20 && again.duplicates == 0)
                #expect(try await servers[1].client.upload(batches[0]).duplicates == 20)
                try await expectSound(place, servers[0])
                #expect(try await servers[1].client.stats() == servers[0].client.stats())
                for server in servers { try await server.stop() }
            }
        }
    }
}
