import AttendanceCore
import SQLStorage
import TestKit
import Testing

extension Claim {
    /// A punch as a terminal's log gives it.
    fileprivate static func punch(
        _ number: WireText, _ second: Int64, at station: WireText = "Gate", _ detail: PunchDetail = PunchDetail(.in)
    ) -> Claim {
        Claim(
            kind: .punch, source: .terminalLog, occurredAt: Instant(microseconds: second * 1_000_000), station: station,
            means: "verification-1", detail: detail.text,
            personal: PersonalPart(
                identifierKind: .devicePIN, identifier: number, reference: "punch \(station) \(number) \(WireText("\(second)"))",
                meta: #"{"fields":["1"]}"#))
    }
}

extension StoreUnderTest {
    fileprivate func count(_ table: String) async throws -> Int {
        try await store.projectionRows(of: .default)[table]?.count ?? -1
    }
}

@Suite struct `Recording punches` {
    @Test(arguments: StoreKind.underTest)
    func `keeps each once, with its direction and remarks`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            let punches: [Claim] = [
                .punch("1", 100), .punch("1", 200, PunchDetail(.out, [.derived, .clockRepeated])), .punch("1", 100),
            ]
            let first = try await subject.operations.recordPunches(punches, openingPeople: false, as: subject.caller)
            #expect(first.punches == [.appended(sequence: 1), .appended(sequence: 2), .duplicate(of: 1)])
            let second = try await subject.operations.recordPunches(punches, openingPeople: false, as: subject.caller)
            #expect(second.punches == [.duplicate(of: 1), .duplicate(of: 2), .duplicate(of: 1)])
            #expect(!second.differsInMoment)
            let entries = try await subject.store.read(in: .default) { tx throws(AttendanceError) in
                try tx.entries(after: 0, limit: 10)
            }
            #expect(entries.map(\.claim) == Array(punches.prefix(2)))
            #expect(entries.map(\.claim.detail) == ["in", "out derived fold"])
            try await subject.expectRebuildChangesNothing()
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `leaves everything that is told of scans as it was`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            _ = try await subject.operations.recordScans(
                [.scan("K-1", badge: "1", station: "Gate", staffCode: "S"), .scan("K-2", badge: "2", station: "Gate")],
                as: subject.caller)
            let before = try await subject.operations.scanOverview(of: .trackAttendance, in: .default).tally
            let rows = try await subject.store.projectionRows(of: .default)
            _ = try await subject.operations.recordPunches([.punch("1", 100)], openingPeople: false, as: subject.caller)
            var after = try await subject.store.projectionRows(of: .default)
            #expect(after["waiting_punch"]?.count == 1, "it waits for somebody to get its number")
            after["waiting_punch"] = []
            #expect(after == rows)
            _ = try await subject.operations.recordPunches(
                [.punch("1", 100), .punch("2", 100)], openingPeople: true, as: subject.caller)
            #expect(try await subject.operations.scanOverview(of: .trackAttendance, in: .default).tally == before)
            #expect(try await subject.operations.scanOverview(of: .terminalLog, in: .default).tally.scans == 0)
            _ = try await subject.operations.clearScans(of: .trackAttendance, as: subject.caller)
            let again = try await subject.operations.recordPunches([.punch("1", 100)], openingPeople: false, as: subject.caller)
            #expect(again.punches == [.duplicate(of: 3)], "no clear of scans frees a punch")
            try await subject.expectRebuildChangesNothing()
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `opens a person for a number that nobody has, once, and never for another terminal's number`(
        on kind: StoreKind
    ) async throws {
        try await kind.withFreshStore { subject in
            let operations = subject.operations
            let gate = DevicePIN(scope: "Gate", number: "1")
            let door = DevicePIN(scope: "Door", number: "1")
            let unknown = try await operations.recordPunches([.punch("1", 100)], openingPeople: false, as: subject.caller)
            #expect(unknown.unknown == [gate])
            #expect(unknown.opened == [])
            #expect(try await subject.count("person") == 0)

            let opening = try await operations.recordPunches(
                [.punch("1", 100), .punch("2", 100), .punch("1", 200)], openingPeople: true, as: subject.caller)
            #expect(opening.unknown == [])
            #expect(opening.opened == [gate, DevicePIN(scope: "Gate", number: "2")])
            #expect(opening.punches == [.duplicate(of: 1), .appended(sequence: 4), .appended(sequence: 5)])
            #expect(try await subject.count("person") == 2)

            let known = try await operations.recordPunches([.punch("1", 300)], openingPeople: true, as: subject.caller)
            #expect(known.unknown == [])
            #expect(known.opened == [])
            let elsewhere = try await operations.recordPunches(
                [.punch("1", 100, at: "Door")], openingPeople: false, as: subject.caller)
            #expect(elsewhere.unknown == [door])
            _ = try await operations.recordPunches([.punch("1", 200, at: "Door")], openingPeople: true, as: subject.caller)
            #expect(try await subject.count("person") == 3)
            #expect(try await subject.count("membership") == 3)

            let rows = try await subject.store.projectionRows(of: .default)["identifier"] ?? []
            #expect(rows.count == 3)
            for row in rows {
                #expect(row[1] == .integer(EntrySource.terminalLog.rawValue))
                #expect(row[2] == .integer(IdentifierKind.devicePIN.rawValue))
                #expect(row[4] == .integer(0), "punches that came before are theirs too")
                #expect(row[5] == .null)
            }
            #expect(rows.map { $0[3] } == [.text("Door\u{1F}1"), .text("Gate\u{1F}1"), .text("Gate\u{1F}2")])
            try await subject.expectRebuildChangesNothing()
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `opens one person when two processes meet the same number`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { first in
            let second = try StoreUnderTest(kind: kind, engine: first.engine, clock: first.clock)
            let opened = try await withThrowingTaskGroup(of: Int.self) { group in
                for (number, subject) in [first, second, first, second].enumerated() {
                    group.addTask {
                        try await subject.operations.recordPunches(
                            [.punch("1", Int64(number)), .punch("2", Int64(number))], openingPeople: true, as: subject.caller
                        ).opened.count
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(opened == 2)
            await second.store.close()
            #expect(try await first.count("person") == 2)
            try await first.expectRebuildChangesNothing()
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `is foreseen without a trace`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            let operations = subject.operations
            _ = try await operations.recordPunches([.punch("1", 100)], openingPeople: true, as: subject.caller)
            let head = try await subject.head()
            let preview = try await operations.previewPunches(
                [.punch("1", 100), .punch("1", 200), .punch("2", 100)], as: subject.caller)
            #expect(preview.isThere == [true, false, false])
            #expect(preview.unknown == [DevicePIN(scope: "Gate", number: "2")])
            #expect(try await subject.head() == head)
            #expect(try await operations.previewPunches([], as: subject.caller).isThere == [])
            #expect(try await operations.recordPunches([], openingPeople: true, as: subject.caller).punches == [])
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `tells that a punch stands there at another moment`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            var punch = Claim.punch("1", 100)
            _ = try await subject.operations.recordPunches([punch], openingPeople: false, as: subject.caller)
            punch.occurredAt = Instant(microseconds: 3_700_000_000)
            #expect(try await subject.operations.previewPunches([punch], as: subject.caller).differsInMoment)
            let outcome = try await subject.operations.recordPunches(
                [.punch("1", 50), punch], openingPeople: false, as: subject.caller)
            #expect(outcome.differsInMoment)
            #expect(outcome.punches == [.appended(sequence: 2), .duplicate(of: 1)])
        }
    }

    @Test func `is refused without the roles it takes`() async throws {
        try await StoreKind.sqlite.withFreshStore { subject in
            let upload = Caller(tenant: .default, name: "key/upload", roles: .upload)
            let reader = Caller(tenant: .default, name: "key/reader", roles: .dashboard)
            _ = try await subject.operations.recordPunches([.punch("1", 1)], openingPeople: false, as: upload)
            await #expect(throws: AttendanceError.notPermitted) {
                try await subject.operations.recordPunches([.punch("1", 1)], openingPeople: true, as: upload)
            }
            await #expect(throws: AttendanceError.notPermitted) {
                try await subject.operations.recordPunches([.punch("1", 1)], openingPeople: false, as: reader)
            }
            await #expect(throws: AttendanceError.notPermitted) {
                try await subject.operations.previewPunches([.punch("1", 1)], as: reader)
            }
        }
    }
}

@Suite struct `Importing scans` {
    @Test(arguments: StoreKind.underTest)
    func `counts each once, and nothing for its station`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            let operations = subject.operations
            _ = try await operations.recordScans([.scan("K-1", badge: "1", station: "Gate")], as: subject.caller)
            let scans: [Claim] = [
                .scan("K-1", badge: "1", station: "Gate"), .scan("K-2", badge: "2", station: "Gate", staffCode: "S"),
                .scan("K-2", badge: "2", station: "Gate"),
            ]
            #expect(try await operations.previewScans(scans, as: subject.caller) == [true, false, false])
            #expect(
                try await operations.importScans(scans, as: subject.caller)
                    == [.duplicate(of: 1), .appended(sequence: 2), .duplicate(of: 2)])
            #expect(try await operations.importScans([], as: subject.caller) == [])
            let counters = try await subject.store.read(in: .default) { tx throws(AttendanceError) in
                try tx.stationCounters().map { $0.counters.scans }
            }
            #expect(counters == [1])
            #expect(try await operations.scanOverview(of: .trackAttendance, in: .default).tally.scans == 2)
            #expect(try await subject.count("person") == 1)
            try await subject.expectRebuildChangesNothing()
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `takes scans again that were cleared`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            let scans: [Claim] = [.scan("K-1", badge: "1", station: "Gate")]
            _ = try await subject.operations.importScans(scans, as: subject.caller)
            #expect(try await subject.operations.previewScans(scans, as: subject.caller) == [true])
            _ = try await subject.operations.clearScans(of: .trackAttendance, as: subject.caller)
            #expect(try await subject.operations.previewScans(scans, as: subject.caller) == [false])
            #expect(try await subject.operations.importScans(scans, as: subject.caller) == [.appended(sequence: 3)])
        }
    }
}
