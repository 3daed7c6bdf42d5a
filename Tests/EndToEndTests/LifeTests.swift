import Glibc
import SQLStorage
import TestKit
import Testing

extension `The program` {
    @Suite struct `Stopping under load` {
        @Test(arguments: StoreKind.underTest, [SIGTERM, SIGINT])
        func `finishes what it has begun, and keeps all it has said yes to`(on kind: StoreKind, signal: Int32) async throws {
            try await Place.on(kind) { place in
                let server = try await place.serve()
                let load = Load("stop")
                async let running: Void = load.run(against: server.client)
                try await load.more(20)
                server.process.signal(signal)
                let code = try await server.process.exit(within: 10)
                load.stop()
                await running
                #expect(code == 0, "\(server.process.errors.suffix(2_000))")
                // What came meanwhile was told to come back, or found nobody.
                for answer in load.answers { #expect(answer.status == 200 || answer.status == 503 && answer.hasRetryAfter) }

                let again = try await place.serve()
                let there = try await again.client.exportedBadges()
                #expect(Set(there).count == there.count)
                #expect(Set(load.acknowledged.map(\.badge)).subtracting(there) == [])
                try await expectSound(place, again)
                try await again.stop()
            }
        }

        @Test func `ends well where one signal follows another`() async throws {
            try await Place.on(.sqlite) { place in
                let server = try await place.serve()
                server.process.signal(SIGINT)
                server.process.signal(SIGTERM)
                #expect(try await server.process.exit(within: 10) == 0)
            }
        }
    }

    @Suite struct `Being killed under load` {
        @Test(arguments: StoreKind.underTest)
        func `loses nothing it has said yes to, three times over`(on kind: StoreKind) async throws {
            try await Place.on(kind, onDisk: true) { place in
                var sent: [Scan] = []
                var acknowledged: Set<String> = []
                for round in 1...3 {
                    let server = try await place.serve()
                    let load = Load("round\(round)")
                    async let running: Void = load.run(against: server.client)
                    try await load.more(15 * round)
                    server.process.signal(SIGKILL)
                    #expect(try await server.process.exit(within: 10) == 1_000 + SIGKILL)
                    load.stop()
                    await running
                    sent += load.uploads.flatMap(\.scans)
                    acknowledged.formUnion(load.acknowledged.map(\.badge))

                    let again = try await place.serve()
                    let there = try await again.client.exportedBadges()
                    #expect(Set(there).count == there.count, "a scan counts twice")
                    #expect(acknowledged.subtracting(there) == [], "an acknowledged scan is missing")
                    // Batches are stored whole or not at all.
                    #expect(there.count.isMultiple(of: Load.batchSize))
                    var saved = 0
                    var duplicates = 0
                    for start in stride(from: 0, to: sent.count, by: 1_000) {
                        let answer = try await again.client.upload(Array(sent[start..<min(start + 1_000, sent.count)]))
                        #expect(answer.status == 200)
                        saved += answer.saved
                        duplicates += answer.duplicates
                    }
                    #expect(duplicates == there.count)
                    #expect(saved == sent.count - there.count)
                    acknowledged.formUnion(sent.map(\.badge))
                    try await expectSound(place, again)
                    try await again.stop()
                }
            }
        }
    }

    @Suite struct `Losing the database's connections` {
        @Test(.enabled(if: StoreKind.postgresURL != nil, "MUSTER_TEST_POSTGRES names no server"))
        func `says 503 for a while, goes on by itself and loses nothing`() async throws {
            try await Place.on(.postgres) { place in
                let server = try await place.serve()
                let load = Load("cut")
                async let running: Void = load.run(against: server.client)
                for _ in 1...4 {
                    try await load.more(10)
                    try await place.withConnection { connection in
                        _ = try connection.run(
                            """
                            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                            WHERE datname = current_database() AND pid <> pg_backend_pid()
                            """)
                    }
                }
                // Nobody has to restart anything.
                try await load.more(10)
                load.stop()
                await running
                #expect(server.process.exitCode == nil)
                #expect(load.answers.count == load.uploads.count, "a request had no answer")
                for answer in load.answers {
                    #expect(answer.status == 200 || answer.status == 503 && answer.hasRetryAfter, "\(answer)")
                }
                let there = try await server.client.exportedBadges()
                #expect(Set(there).count == there.count)
                #expect(Set(load.acknowledged.map(\.badge)).subtracting(there) == [])
                try await expectSound(place, server)
                try await server.stop()
            }
        }

        /// One session that dies by SIGKILL makes PostgreSQL end all others and recover as after a crash of its own. The
        /// server for the tests is this test's alone meanwhile, since they run one after another.
        @Test(.enabled(if: StoreKind.postgresURL != nil, "MUSTER_TEST_POSTGRES names no server"))
        func `says 503 while PostgreSQL recovers from a crash, goes on by itself and loses nothing`() async throws {
            try await Place.on(.postgres) { place in
                let server = try await place.serve()
                let load = Load("crash")
                async let running: Void = load.run(against: server.client)
                for _ in 1...2 {
                    try await load.more(10)
                    let sessions = try await place.withConnection { connection in
                        try connection.run(
                            """
                            SELECT pid FROM pg_stat_activity
                            WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
                            """
                        ).map { pid_t($0.integer(0)) }
                    }
                    let session = try #require(sessions.first)
                    // Signal 0 asks only. Where the database belongs to another user nobody here can crash it.
                    guard kill(session, 0) == 0 else { return load.stop() }
                    kill(session, SIGKILL)
                }
                try await load.more(10)
                load.stop()
                await running
                #expect(server.process.exitCode == nil)
                #expect(load.answers.count == load.uploads.count, "a request had no answer")
                for answer in load.answers {
                    #expect(answer.status == 200 || answer.status == 503 && answer.hasRetryAfter, "\(answer)")
                }
                #expect(load.answers.contains { $0.status == 503 })
                let there = try await server.client.exportedBadges()
                #expect(Set(there).count == there.count)
                #expect(Set(load.acknowledged.map(\.badge)).subtracting(there) == [])
                try await expectSound(place, server)
                try await server.stop()
            }
        }
    }
}
