import Foundation
import Glibc
import PostgresEngine
import SQLStorage
import SQLiteEngine
import TestKit
import Testing

extension `The program` {
    @Suite struct `A scan that was acknowledged` {
        private static let strace = tool("strace")

        @Test(arguments: StoreKind.underTest)
        func `lies in a store that promises to keep it`(on kind: StoreKind) async throws {
            try await Place.on(kind) { place in
                let server = try await place.serve()
                let promised = try await place.withConnection { connection -> [(name: String, value: String)] in
                    switch connection {
                    case let connection as SQLiteConnection: try connection.durability()
                    case let connection as PostgresConnection: try connection.durability()
                    default: []
                    }
                }
                let wanted =
                    kind == .sqlite
                    ? ["journal_mode": "wal", "synchronous": "2", "foreign_keys": "1"]
                    : ["fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"]
                #expect(Dictionary(uniqueKeysWithValues: promised.map { ($0.name, $0.value) }) == wanted)
                try await server.stop()
            }
        }

        /// No setting is believed here: the kernel is watched while scans come in, several at a time, so that commits are
        /// shared. Each scan has to be in the log, and the log synced, before its answer's first byte is sent.
        @Test(.enabled(if: strace != nil || isPromised, "strace is not installed"), arguments: StoreKind.underTest)
        func `had reached the disk before`(on kind: StoreKind) async throws {
            let strace = try #require(Self.strace)
            try await Place.on(kind, onDisk: true) { place in
                let server = try await place.serve()
                let client = server.client
                _ = try await client.upload([Scan(key: "first", badge: "first")])
                let databases = kind == .postgres ? try await Self.databaseProcesses(place) : []
                let file = place.directory + "/trace"
                let watched = ([server.process.id] + databases).flatMap { ["-p", "\($0)"] }
                let watcher = try await place.start(
                    [
                        strace, "-f", "-yy", "-s", "100000", "-o", file, "-e",
                        "trace=fdatasync,fsync,write,writev,pwrite64,pwritev,sendto,sendmsg,sendmmsg,read,recvfrom,recvmsg",
                    ] + watched)
                _ = try await wait(for: "strace to attach") {
                    if let code = watcher.exitCode { throw Overdue(what: "strace, which ended with \(code): \(watcher.errors)") }
                    return watcher.errors.split(separator: "\n").count { $0.contains("attach") } >= 1 + databases.count
                        ? true : nil
                }
                // One after another on PostgreSQL, whose log cannot be read so plainly that shared commits could be told apart.
                let atOnce = kind == .sqlite ? 6 : 1
                let badges = (0..<24).map { "durable-\($0)-badge" }
                for start in stride(from: 0, to: badges.count, by: atOnce) {
                    try await withThrowingTaskGroup { group in
                        for badge in badges[start..<start + atOnce] {
                            group.addTask {
                                let answer = try await client.upload([Scan(key: "k-\(badge)", badge: badge)])
                                #expect(answer.status == 200 && answer.saved == 1)
                            }
                        }
                        try await group.waitForAll()
                    }
                }
                watcher.signal(SIGINT)
                try await watcher.exit(within: 10)
                let trace = String(decoding: try #require(FileManager.default.contents(atPath: file)), as: UTF8.self)
                let seen = SystemCalls(trace)
                let log = kind == .sqlite ? "muster.sqlite-wal>" : "/pg_wal/"
                let flaws = badges.compactMap { seen.flaw(inScanOf: $0, log: log, namesBadge: kind == .sqlite) }
                #expect(flaws == [])
                try await server.stop()
            }
        }

        /// The server's processes on this machine: its first one, from which new sessions come, and those already there.
        private static func databaseProcesses(_ place: Place) async throws -> [pid_t] {
            func parent(_ id: String) -> pid_t? {
                guard let status = try? String(contentsOfFile: "/proc/\(id)/status", encoding: .utf8) else { return nil }
                let line = status.split(separator: "\n").first { $0.hasPrefix("PPid:") }
                return line.flatMap { pid_t($0.dropFirst(5).filter(\.isNumber)) }
            }
            let known = try await place.withConnection { connection in
                try connection.run("SELECT pid FROM pg_stat_activity WHERE pid IS NOT NULL").map { pid_t($0.integer(0)) }
            }
            let first = try #require(known.lazy.compactMap { parent("\($0)") }.first, "PostgreSQL does not run on this machine")
            let all = try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { $0.allSatisfy(\.isNumber) }
            return [first] + all.filter { parent($0) == first }.compactMap { pid_t($0) }
        }

        /// The judge is judged too: of these traces only the first is right.
        @Test(arguments: [
            ("RECV WRITE SYNC SEND", true), ("RECV SYNC WRITE SEND", false), ("RECV WRITE SEND SYNC", false),
            ("RECV WRITE SYNCBEGIN SEND SYNCEND", false), ("RECV WRITE SYNCBEGIN SYNCEND SEND", true),
            ("RECV WRITE OTHERSYNC SEND", false), ("RECV SEND", false), ("WRITE SYNC RECV SEND", false),
        ])
        func `is recognised in what the kernel saw`(order: String, isRight: Bool) {
            let lines = [
                "RECV": #"7 recvfrom(9<TCP:[127.0.0.1:1->127.0.0.1:2]>, "POST /v1/scans/batch HTTP/1.1\r\n\"b-1\"", 9, 0) = 9"#,
                "WRITE": #"8 pwrite64(5</d/muster.sqlite-wal>, "\0b-1\0", 5, 0) = 5"#,
                "SYNC": "8 fdatasync(5</d/muster.sqlite-wal>) = 0",
                "SYNCBEGIN": "8 fdatasync(5</d/muster.sqlite-wal> <unfinished ...>",
                "SYNCEND": "8 <... fdatasync resumed>) = 0",
                "OTHERSYNC": "8 fdatasync(6</d/muster.sqlite>) = 0",
                "SEND": #"7 sendto(9<TCP:[127.0.0.1:1->127.0.0.1:2]>, "HTTP/1.1 200 OK\r\n", 9, 0) = 9"#,
            ]
            let trace = order.split(separator: " ").map { lines[String($0)] ?? "" }.joined(separator: "\n")
            let flaw = SystemCalls(trace).flaw(inScanOf: "b-1", log: "muster.sqlite-wal>", namesBadge: true)
            #expect((flaw == nil) == isRight, "\(flaw ?? "")")
        }
    }
}
