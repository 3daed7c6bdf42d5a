import AttendanceCore
@testable import SQLStorage
import Synchronization
import TestKit
import Testing

@Suite struct `Looking at a store` {
    /// 2026-02-12T08:00:00Z, the test clock's beginning.
    private static let start: Int64 = 1_770_883_200_000_000
    private static let hour: Int64 = 3_600_000_000

    @Test(arguments: StoreKind.underTest)
    func `gives the hours in which stations scanned`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            func at(_ minutes: Int64) -> Instant { Instant(microseconds: Self.start + minutes * 60_000_000) }
            _ = try await subject.operations.recordScans(
                [
                    .scan("1", badge: "a", station: "Gate", at: at(0)), .scan("2", badge: "b", station: "Gate", at: at(59)),
                    .scan("3", badge: "a", station: "Hall", at: at(59)), .scan("4", badge: "a", station: "Gate", at: at(60)),
                    .scan("5", badge: "a", station: "Gate", at: at(-1)), .scan("6", badge: "a", station: "Gate", at: at(120)),
                ], as: subject.caller)
            let hours = try await subject.store.read(in: .default) { tx throws(AttendanceError) in
                try tx.stationHours(
                    of: .trackAttendance, from: Instant(microseconds: Self.start),
                    before: Instant(microseconds: Self.start + 2 * Self.hour))
            }
            let first = Self.start / Self.hour
            let sorted = hours.sorted { ($0.hour, $0.claimed) < ($1.hour, $1.claimed) }
            #expect(
                sorted == [
                    StationHour(claimed: "Gate", hour: first, lastSequence: 2),
                    StationHour(claimed: "Hall", hour: first, lastSequence: 3),
                    StationHour(claimed: "Gate", hour: first + 1, lastSequence: 4),
                ])
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `finds the station that has gone silent, under its present name`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            // One scan an hour for four weeks; the Gate's stop a day ago.
            let scans = (0..<(28 * 24)).flatMap { (hours: Int64) -> [Claim] in
                let moment = Instant(microseconds: Self.start - hours * Self.hour)
                let hall = Claim.scan("h\(hours)", badge: "a", station: "Hall", at: moment)
                return hours < 24 ? [hall] : [hall, .scan("g\(hours)", badge: "a", station: "Gate", at: moment)]
            }
            _ = try await subject.operations.recordScans(scans, as: subject.caller)
            _ = try await subject.operations.renameStation("Gate", to: "North", source: .trackAttendance, as: subject.caller)
            let (silent, count) = try await subject.operations.silentStations(of: .trackAttendance, as: subject.caller)
            #expect(count == 2)
            #expect(silent.map(\.name) == ["North"])
            #expect(silent.first?.silence.missedHours == 23, "the hour under way has not passed")
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `finds badges that are nobody's`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            _ = try await subject.operations.recordScans(
                (0..<30).map { .scan("s\($0)", badge: "stray\($0 % 3)", station: "Gate") }
                    + [
                        .scan("k", badge: "known", station: "Gate", staffCode: "E-1"),
                        .scan("l", badge: "é", station: "Gate"), .scan("m", badge: "e\u{301}", station: "Gate"),
                    ], as: subject.caller)
            let all = try await subject.operations.unmatchedIdentifiers(amongNewest: nil, namedMax: 2, as: subject.caller)
            #expect(all.entries == 33 && all.badges == 5 && all.scans == 32)
            #expect(all.most.map(\.identifier) == ["stray0", "stray1"] && all.most.map(\.scans) == [10, 10])
            let few = try await subject.operations.unmatchedIdentifiers(amongNewest: 3, namedMax: 9, as: subject.caller)
            #expect(few.entries == 3 && few.badges == 2, "composed and decomposed are two")
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `walks the newest entries only, and believes what lies before`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            for round in 0..<3 {
                _ = try await subject.operations.recordScans(
                    (0..<4).map { .scan("\(round)-\($0)", badge: "b", station: "Gate") }, as: subject.caller)
                // Back by two seconds after the first round.
                subject.clock.advance(milliseconds: round == 0 ? -2_000 : 60_000)
            }
            func walk(_ count: Int64) async throws -> RecentEntries {
                try await subject.operations.verifyNewestEntries(count, of: .default, as: subject.caller) { _, _ in }
            }
            #expect(try await walk(.max).flaw == nil)
            #expect(try await walk(.max).checked == 12)
            let five = try await walk(5)
            #expect(five.flaw == nil && five.checked == 5 && five.head == 12 && five.stepsBack == 0)
            #expect(five.newestReceivedAt == Instant(microseconds: Self.start + 58_000_000))
            #expect(try await walk(.max).stepsBack == 1)

            let trigger = kind == .sqlite ? "ledger_entry_refuses_update" : "ledger_entry_refuses_change ON ledger_entry"
            try subject.tamper(
                "DROP TRIGGER \(trigger); UPDATE ledger_entry SET occurred_at_us = 7 WHERE tenant_id = 1 AND sequence = 6;")
            #expect(try await walk(6).flaw == nil, "the walk begins behind it")
            #expect(try await walk(7).flaw?.sequence == 6)
            #expect(try await walk(.max).flaw?.sequence == 6)
            try subject.tamper("UPDATE ledger_head SET sequence = 13 WHERE tenant_id = 1;")
            #expect(try await walk(3).flaw?.sequence == 13)
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `writes nothing, and can write nothing`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            _ = try await subject.operations.recordScans([.scan("k", badge: "b", station: "Gate")], as: subject.caller)
            let ambient = Ambient.test(subject.clock)
            let looked = try #require(
                try SQLStore.openForInspection(subject.engine, ambient: ambient) { Incident(text: "\($0)") })
            let operations = Operations(store: looked, ambient: ambient, sealer: looked.sealer, zones: .test)
            #expect(try await operations.tenants().map(\.name) == [.default])
            let verified = try await operations.verifyLedger(of: .default, as: subject.caller) { _, _ in }
            guard case .intact(let head) = verified else {
                Issue.record("\(verified)")
                return
            }
            #expect(head.sequence == 1)
            await #expect(throws: AttendanceError.self) {
                try await operations.recordScans([.scan("l", badge: "b", station: "Gate")], as: subject.caller)
            }
            await looked.close()
            let connection = try subject.engine.connect(.inspecting)
            defer { connection.close() }
            #expect(throws: SQLError.self) { try connection.run("DELETE FROM station_counter WHERE tenant_id = 1") }
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `finds no tenant where a store was made and never opened`(on kind: StoreKind) async throws {
        try await kind.withEngine { engine in
            let ambient = Ambient.test(TestClock())
            let connection = try engine.connect(.writing)
            defer { connection.close() }
            let migrator = Migrator(connection: connection, now: ambient.now, sha256: ambient.sha256)
            if kind == .postgres {
                #expect(throws: MigrationError.schemaIsOlder(by: try migrator.pending().count)) {
                    try SQLStore.openForInspection(engine, ambient: ambient) { _ in Incident(text: "") }
                }
            }
            try migrator.up()
            #expect(try SQLStore.openForInspection(engine, ambient: ambient) { _ in Incident(text: "") } == nil)
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `tells what the engine knows of itself`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            let before = try await subject.store.bytesUsed()
            #expect(before > 50_000)
            for round in 0..<3 {
                _ = try await subject.operations.recordScans(
                    (0..<2_000).map { .scan("\(round)-\($0)", badge: "b\($0)", station: "Gate") }, as: subject.caller)
            }
            #expect(try await subject.store.bytesUsed() > before + 500_000)
            #expect(try await subject.store.schemaIsCurrent())
            let connection = try subject.engine.connect(.inspecting)
            defer { connection.close() }
            #expect(try connection.damage(reportsMax: 5) == [])
            let durability = Dictionary(uniqueKeysWithValues: try connection.durability().map { ($0.name, $0.value) })
            #expect(kind == .sqlite ? durability["journal_mode"] == "wal" : durability["fsync"] == "on", "\(durability)")
            let server = try connection.server()
            #expect((server == nil) == (kind == .sqlite))
            if let server {
                #expect(server.sessions >= server.databaseSessions && server.databaseSessions > 0)
                #expect(server.sessionsMax == 197 || server.sessionsMax > 10)
                #expect(abs(server.clockMicroseconds - 1_770_883_200_000_000) < 40 * 365 * 86_400_000_000)
            }
            try subject.tamper("DELETE FROM schema_migration;")
            #expect(try await !subject.store.schemaIsCurrent())
        }
    }
}

@Suite struct `An observer of the writer` {
    private final class Seen: Sendable {
        struct Notes {
            var groups: [WriterObserver.Group] = []
            var failed = 0
            var refused = 0
        }
        let notes = Mutex(Notes())

        var observer: WriterObserver {
            WriterObserver(
                uptime: { 0 }, committed: { [self] group in notes.withLock { $0.groups.append(group) } },
                failed: { [self] in notes.withLock { $0.failed += 1 } },
                refused: { [self] in notes.withLock { $0.refused += 1 } })
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `is told of each group what it brought, and of each that was given up`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            let seen = Seen()
            let store = try SQLStore.open(subject.engine, ambient: .test(subject.clock), observer: seen.observer) { _ in
                Incident(text: "")
            }
            let operations = Operations(store: store, ambient: .test(subject.clock), sealer: store.sealer, zones: .test)
            for _ in 0..<2 {
                _ = try await operations.recordScans(
                    [.scan("1", badge: "a", station: "Gate"), .scan("2", badge: "b", station: "Gate")], as: subject.caller)
            }
            let expected = [
                WriterObserver.Group(units: 1, claims: 2, appended: 2, duplicates: 0, microseconds: 0),
                WriterObserver.Group(units: 1, claims: 2, appended: 0, duplicates: 2, microseconds: 0),
            ]
            #expect(seen.notes.withLock { $0.groups } == expected)
            #expect(store.waitingUnits == 0 && store.readersInUse == (0, 0))

            // A unit that appends and then fails spoils its group; nothing of it is told as appended.
            let sealed = store.sealer.seal([.scan("3", badge: "a", station: "Gate")], by: "key/test")
            await #expect(throws: AttendanceError.notPermitted) {
                try await store.write(in: .default) { tx throws(AttendanceError) in
                    _ = try tx.append(sealed)
                    throw .notPermitted
                }
            }
            #expect(seen.notes.withLock { $0.groups.count } == 2)
            #expect(seen.notes.withLock { $0.failed } == 1 && seen.notes.withLock { $0.refused } == 0)
            await store.close()
            await #expect(throws: AttendanceError.unavailable(retryAfterSeconds: 2)) {
                try await operations.recordScans([.scan("4", badge: "a", station: "Gate")], as: subject.caller)
            }
            #expect(seen.notes.withLock { $0.refused } == 1)
        }
    }
}
