import AttendanceCore
import TestKit
import Testing

@testable import SQLStorage

@Suite struct `The places of a badge` {
    @Test(
        arguments: [
            [], [BadgePlace(span: 1, unit: 0, clearMark: 0, lastOccurredAt: 0)],
            [
                BadgePlace(span: 127, unit: 128, clearMark: 16_383, lastOccurredAt: -1),
                BadgePlace(span: 128, unit: 16_384, clearMark: .max, lastOccurredAt: .max),
                BadgePlace(span: .max, unit: .max, clearMark: 1, lastOccurredAt: .min),
            ],
        ])
    func `are read as they were written`(places: [BadgePlace]) throws {
        var bytes: [UInt8] = []
        BadgePlaceTable.encode(places, into: &bytes)
        #expect(try BadgePlaceTable.decoded(bytes) == places)
    }

    @Test(arguments: [
        [0x01], [0x01, 0x00], [0x01, 0x00, 0x00], [0x01, 0x00, 0x00, 0, 0, 0, 0, 0, 0, 0], [0x80],
        [UInt8](repeating: 0xFF, count: 40),
    ])
    func `that end too early or are no numbers are refused`(bytes: [UInt8]) {
        #expect(throws: SQLError.self) { try BadgePlaceTable.decoded(bytes) }
    }

    /// What a writer remembers of badges it must forget when another process has written.
    @Test(arguments: StoreKind.underTest)
    func `are those of the store when two processes take turns`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { first in
            let second = try StoreUnderTest(kind: kind, engine: first.engine, clock: first.clock)
            defer { Task { await second.store.close() } }
            for (number, subject) in [first, second, first, second, second, first].enumerated() {
                let stations = ["A", "B", "A", "B", "A", "B"]
                _ = try await subject.operations.recordScans(
                    [
                        .scan("K-\(number)", badge: "one", station: WireText(stations[number])),
                        .scan("L-\(number)", badge: "\(number)", station: "C"),
                    ],
                    as: subject.caller)
            }
            let tally = try await first.operations.scanOverview(of: .trackAttendance, in: .default).tally
            #expect(tally.uniqueBadges == 7)
            #expect(tally.stations.map(\.uniqueBadges) == [1, 1, 6])
            #expect(tally.stations.map(\.scans) == [3, 3, 6])
        }
    }
}
