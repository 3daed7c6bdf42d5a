import Foundation
import TestKit
import Testing

/// The punches of a real terminal, as batches of twenty kiosks.
struct TerminalLog {
    static let stationCount = 20
    static let batchMax = 100

    /// By station, in the order of the file.
    let scans: [[Scan]]

    init() throws {
        var scans = [[Scan]](repeating: [], count: Self.stationCount)
        let file = try #require(Bundle.module.url(forResource: "Data/terminal-log-2015", withExtension: "dat"))
        let lines = String(decoding: try Data(contentsOf: file), as: UTF8.self).split { $0.isNewline }
        for (number, line) in lines.enumerated() {
            let fields = line.split(separator: "\t")
            let user = try #require(fields.first).filter { $0 != " " }
            let index = number % Self.stationCount
            // The terminal knows no zone; its local time is taken for UTC.
            scans[index].append(
                Scan(
                    key: "Gate\(index)-\(user)-\(number)", badge: user, station: Self.name(index),
                    moment: fields[1].split(separator: " ").joined(separator: "T") + ".000Z"))
        }
        self.scans = scans
    }

    static func name(_ index: Int) -> String { "Gate \(index < 10 ? "0" : "")\(index)" }

    func batches(of station: Int) -> [[Scan]] {
        stride(from: 0, to: scans[station].count, by: Self.batchMax).map {
            Array(scans[station][$0..<min($0 + Self.batchMax, scans[station].count)])
        }
    }
}

extension `The program` {
    @Suite struct `Twenty kiosks at once` {
        @Test(arguments: StoreKind.underTest)
        func `send a terminal's whole log twice, and each punch counts once`(on kind: StoreKind) async throws {
            let log = try TerminalLog()
            let all = log.scans.flatMap { $0 }
            try #require(all.count == 5_567)
            try await Place.on(kind) { place in
                let server = try await place.serve()
                let client = server.client
                let answers = try await withThrowingTaskGroup(of: [BatchAnswer].self) { group in
                    for station in log.scans.indices {
                        group.addTask {
                            var answers: [BatchAnswer] = []
                            for batch in log.batches(of: station) {
                                if station.isMultiple(of: 2) {
                                    answers.append(try await client.upload(batch))
                                    answers.append(try await client.upload(batch))
                                } else {
                                    // As after a connection that broke while the server was still at work.
                                    async let first = client.upload(batch)
                                    async let second = client.upload(batch)
                                    answers += [try await first, try await second]
                                }
                            }
                            return answers
                        }
                    }
                    return try await group.reduce(into: []) { $0 += $1 }
                }
                #expect(answers.allSatisfy { $0.status == 200 })
                #expect(answers.reduce(0) { $0 + $1.saved } == 5_567)
                #expect(answers.reduce(0) { $0 + $1.duplicates } == 5_567)

                try await Self.expectTotals(of: log, at: client)
                try await Self.expectExport(of: all, at: client)
                let verified = try await place.muster("verify")
                #expect(verified.code == 0, "\(verified)")
                #expect(verified.output.hasPrefix("5567 entries hold"))
                try await expectSound(place, server)
                try await server.stop()

                let again = try await place.serve()
                try await Self.expectTotals(of: log, at: again.client)
                try await again.stop()
            }
        }

        /// The figures, counted here from the file alone.
        private static func expectTotals(of log: TerminalLog, at client: HTTPClient) async throws {
            let stats = try await client.json("/v1/dashboard/stats")
            let badges = Set(log.scans.joined().map(\.badge)).count
            #expect(stats["total_scans"]?.integer == 5_567)
            #expect(stats["unique_badges"]?.integer == badges)
            #expect(try await client.json("/v1/admin/scan-count")["count"]?.integer == 5_567)
            let units: Plain = .array([
                .object(["name": .text("Unmatched"), "registered": .number("0"), "unique": .number("\(badges)")])
            ])
            #expect(stats["business_units"] == units)
            let stations = log.scans.enumerated().map { index, scans in
                Plain.object([
                    "name": .text(TerminalLog.name(index)), "scans": .number("\(scans.count)"),
                    "unique": .number("\(Set(scans.map(\.badge)).count)"),
                    "last_scan": .text(scans.map(\.moment).max() ?? ""),
                ])
            }
            #expect(stats["stations"] == .array(stations))
        }

        private static func expectExport(of scans: [Scan], at client: HTTPClient) async throws {
            let export = try await client.json("/v1/dashboard/export")
            #expect(export["total_records"]?.integer == scans.count)
            let rows = try #require(export["scans"]?.items).map { row in
                [row["scanned_at"]?.text ?? "", row["badge_id"]?.text ?? "", row["station_name"]?.text ?? ""]
            }
            #expect(rows.map { $0[0] } == rows.map { $0[0] }.sorted(), "oldest first")
            #expect(
                rows.map { $0.joined(separator: " ") }.sorted()
                    == scans.map { [$0.moment, $0.badge, $0.station].joined(separator: " ") }.sorted())
        }
    }
}
