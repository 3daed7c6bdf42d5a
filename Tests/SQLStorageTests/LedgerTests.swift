import AttendanceCore
import SQLStorage
import TestKit
import Testing

@Suite struct `The storage tests` {
    @Test(.enabled(if: StoreKind.postgresURL != nil, "MUSTER_TEST_POSTGRES names no server; script/test starts one"))
    func `include PostgreSQL`() {
        #expect(StoreKind.underTest.contains(.postgres))
    }
}

@Suite struct `Recording scans` {
    @Test(arguments: StoreKind.underTest)
    func `twice with one reference leaves one entry, and the first version stays`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            let operations = subject.operations
            let first = try await operations.recordScans(
                [.scan("K-1", badge: "100", station: "Gate")], as: subject.caller)
            let second = try await operations.recordScans(
                [.scan("K-1", badge: "999", station: "Other")], as: subject.caller)
            #expect(first == BatchOutcome(saved: 1, duplicates: 0))
            #expect(second == BatchOutcome(saved: 0, duplicates: 1))
            let entries = try await subject.store.read(in: .default) { tx throws(AttendanceError) in
                try tx.entries(after: 0, limit: 10)
            }
            #expect(entries.map(\.claim.personal?.identifier) == ["100"])
            #expect(entries.map(\.sequence) == [1])
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `counts a reference that stands twice in one batch once`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            let outcome = try await subject.operations.recordScans(
                [
                    .scan("K-1", badge: "100", station: "Gate"), .scan("K-1", badge: "200", station: "Gate"),
                    .scan("K-2", badge: "200", station: "Gate"),
                ], as: subject.caller)
            #expect(outcome == BatchOutcome(saved: 2, duplicates: 1))
            #expect(try await subject.totals().scans == 2)
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `keeps texts that only look alike apart`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            let composed: WireText = "caf\u{E9}"
            let decomposed: WireText = "cafe\u{301}"
            let outcome = try await subject.operations.recordScans(
                [
                    .scan(composed, badge: composed, station: composed, unit: composed),
                    .scan(decomposed, badge: decomposed, station: decomposed, unit: decomposed),
                    .scan("มานี-1", badge: "มานี", station: "ประตู", unit: "การตลาด"),
                    .scan("👩‍👩‍👧-1", badge: "👩‍👩‍👧", station: "🚪", unit: nil),
                ], as: subject.caller)
            #expect(outcome == BatchOutcome(saved: 4, duplicates: 0))
            let tally = try await subject.totals()
            #expect(tally.uniqueBadges == 4)
            #expect(tally.stations.map(\.name) == ["cafe\u{301}", "caf\u{E9}", "ประตู", "🚪"])
            #expect(tally.units.map(\.name) == ["cafe\u{301}", "caf\u{E9}", "การตลาด", nil])
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `at the same time from many clients stores each reference once`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            let operations = subject.operations
            let outcomes = try await withThrowingTaskGroup(of: BatchOutcome.self) { group in
                for client in 0..<24 {
                    group.addTask {
                        // Each client sends the same keys in another order.
                        let keys = (0..<50).map { ($0 * 7 + client * 13) % 50 }
                        return try await operations.recordScans(
                            keys.map { .scan("K-\($0)", badge: "\($0 % 9)", station: "S\($0 % 4)") }, as: subject.caller)
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes.reduce(0) { $0 + $1.saved } == 50)
            #expect(outcomes.reduce(0) { $0 + $1.duplicates } == 24 * 50 - 50)
            let tally = try await subject.totals()
            #expect(tally.scans == 50)
            #expect(tally.uniqueBadges == 9)
            try await subject.expectIntact(entries: 50)
            try await subject.expectRebuildChangesNothing()
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `without the upload role is refused`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            let caller = Caller(tenant: .default, name: "key/x", roles: [.dashboard, .admin])
            await #expect(throws: AttendanceError.notPermitted) {
                try await subject.operations.recordScans([.scan("K", badge: "1", station: "S")], as: caller)
            }
        }
    }
}

@Suite struct `Two processes on one store` {
    @Test(arguments: StoreKind.underTest)
    func `number their entries without gaps and see each other's names, clears and references`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { one in
            let other = try StoreUnderTest(kind: kind, engine: one.engine, clock: one.clock)
            for round in 0..<6 {
                let subject = round % 2 == 0 ? one : other
                _ = try await subject.operations.recordScans(
                    [
                        .scan("K-\(round)", badge: "\(round)", station: "S\(round)", unit: "U\(round)", staffCode: "E\(round)"),
                        .scan("K-shared", badge: "9", station: "S", unit: "U"),
                    ], as: subject.caller)
            }
            #expect(try await one.totals().scans == 7)
            #expect(try await other.totals() == one.totals())
            _ = try await other.operations.clearScans(ofStation: "S", source: .trackAttendance, as: other.caller)
            #expect(
                try await one.operations.recordScans([.scan("K-shared", badge: "9", station: "S")], as: one.caller)
                    == BatchOutcome(saved: 1, duplicates: 0))
            _ = try await one.operations.renameStation("S", to: "T", source: .trackAttendance, as: one.caller)
            #expect(try await other.totals().stations.map(\.name).contains("T"))
            try await other.expectIntact(entries: 10)
            try await one.expectRebuildChangesNothing()
            #expect(
                try await other.operations.recordScans([.scan("K-after", badge: "9", station: "S")], as: other.caller).saved == 1)
            try await one.expectRebuildChangesNothing()
            await other.store.close()
        }
    }

    /// The one that has just written thinks that it knows the ledger, and is wrong.
    @Test(arguments: StoreKind.underTest, [false, true])
    func `notice a clear of the other even where all that is sent looks like duplicates`(
        on kind: StoreKind, hasSeenDuplicates: Bool
    ) async throws {
        try await kind.withFreshStore { one in
            let other = try StoreUnderTest(kind: kind, engine: one.engine, clock: one.clock)
            func send(_ key: WireText) async throws -> BatchOutcome {
                try await other.operations.recordScans([.scan(key, badge: "1", station: "S")], as: other.caller)
            }
            for key in ["K-1", "K-2", "K-3"] as [WireText] { #expect(try await send(key).saved == 1) }
            if hasSeenDuplicates { #expect(try await send("K-1") == BatchOutcome(saved: 0, duplicates: 1)) }
            _ = try await one.operations.clearScans(of: .trackAttendance, as: one.caller)
            #expect(try await send("K-1") == BatchOutcome(saved: 1, duplicates: 0))
            #expect(try await send("K-2") == BatchOutcome(saved: 1, duplicates: 0))
            #expect(try await one.totals().scans == 2)
            try await one.expectIntact(entries: 6)
            try await other.expectRebuildChangesNothing()
            await other.store.close()
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `may clear, upload rosters and send heartbeats at the same moment`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { one in
            let other = try StoreUnderTest(kind: kind, engine: one.engine, clock: one.clock)
            let epochs = try await withThrowingTaskGroup(of: WireText.self) { group in
                for client in 0..<12 {
                    group.addTask {
                        let subject = client % 2 == 0 ? one : other
                        let roster = RosterSummary(fingerprint: "f\(client)", units: [.init(name: "U", registered: 1)])
                        _ = try await subject.operations.replaceRoster(with: roster, as: subject.caller)
                        try await subject.operations.keepHeartbeat(
                            of: "S\(client % 3)", lastClearEpoch: nil, localScanCount: 0, as: subject.caller)
                        return try await subject.operations.clearScans(of: .trackAttendance, as: subject.caller).epoch
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            // The clock stands still, and still no two clears share a text.
            #expect(Set(epochs).count == 12)
            try await one.expectIntact(entries: 12)
            await other.store.close()
        }
    }

    @Test(
        arguments: StoreKind.underTest,
        [
            "DELETE FROM station_span WHERE span_id = 1", "UPDATE station_span SET last_occurred_at_us = NULL",
            "DELETE FROM claim_term WHERE term_id = (SELECT MAX(term_id) FROM claim_term)",
            "UPDATE claim_term SET term_id = 9000000000000 WHERE text = 'U'", "UPDATE scan_total SET clear_epoch = 'zzz'",
        ])
    func `with a damaged row answers with an error and goes on`(on kind: StoreKind, deed: String) async throws {
        try await kind.withFreshStore { one in
            _ = try await one.operations.recordScans(
                [.scan("1", badge: "1", station: "A", unit: "U"), .scan("2", badge: "2", station: "B", unit: "V")], as: one.caller)
            try one.tamper(one.engine.vocabulary.mutableAgain("claim_term") + deed)
            let other = try StoreUnderTest(kind: kind, engine: one.engine, clock: one.clock)
            for subject in [one, other] {
                // Whatever comes of these, the program is there afterwards.
                _ = try? await subject.totals()
                _ = try? await subject.operations.recordScans([.scan("3", badge: "3", station: "C")], as: subject.caller)
                _ = try? await subject.operations.clearScans(of: .trackAttendance, as: subject.caller)
                _ = try? await subject.operations.verifyLedger(of: .default, as: subject.caller) { _, _ in }
            }
            #expect(try await other.operations.tenants().count == 1)
            await other.store.close()
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `may write at the same moment`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { one in
            let other = try StoreUnderTest(kind: kind, engine: one.engine, clock: one.clock)
            let saved = try await withThrowingTaskGroup(of: Int.self) { group in
                for client in 0..<16 {
                    group.addTask {
                        let subject = client % 2 == 0 ? one : other
                        return try await subject.operations.recordScans(
                            (0..<20).map { .scan("K-\($0 + client / 2)", badge: "\($0)", station: "S\(client)") },
                            as: subject.caller
                        ).saved
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(saved == 27)
            try await one.expectIntact(entries: 27)
            try await one.expectRebuildChangesNothing()
            await other.store.close()
        }
    }
}

@Suite struct `Verifying the ledger` {
    private func filled(_ subject: StoreUnderTest) async throws {
        for batch in 0..<3 {
            _ = try await subject.operations.recordScans(
                (0..<5).map { .scan("K-\(batch)-\($0)", badge: "\($0)", station: "S", unit: "U") }, as: subject.caller)
        }
    }

    private func result(_ subject: StoreUnderTest) async throws -> VerifyResult {
        try await subject.operations.verifyLedger(of: .default, as: subject.caller) { _, _ in }
    }

    /// What somebody with the database's password could do, and the entry that gives it away.
    @Test(
        arguments: StoreKind.underTest,
        [
            ("UPDATE ledger_entry SET occurred_at_us = occurred_at_us + 1 WHERE sequence = 7", 7, Sealer.Flaw.chain),
            ("UPDATE ledger_personal SET identifier = 'somebody else' WHERE sequence = 3", 3, .personalPart),
            ("UPDATE ledger_entry SET personal_digest = NULL WHERE sequence = 5", 5, .personalPart),
            ("DELETE FROM ledger_personal WHERE sequence = 4; DELETE FROM ledger_entry WHERE sequence = 4", 5, .gap),
            ("UPDATE claim_term SET text = 'another gate' WHERE text = 'S'", 1, .chain),
            ("DELETE FROM claim_term WHERE text = 'U'", 1, .unreadable),
            ("UPDATE claim_term SET kind = 77 WHERE text = 'U'", 1, .unreadable),
            ("UPDATE ledger_entry SET kind = 77 WHERE sequence = 6", 6, .unreadable),
            ("UPDATE ledger_entry SET station_term = 99 WHERE sequence = 6", 6, .unreadable),
            ("UPDATE ledger_entry SET personal_digest = hash WHERE sequence = 6", 6, .personalPart),
            ("UPDATE ledger_personal SET identifier_kind = 77 WHERE sequence = 6", 6, .unreadable),
        ])
    func `names the first bad entry`(
        on kind: StoreKind, deed: (script: String, sequence: Int64, flaw: Sealer.Flaw)
    ) async throws {
        try await kind.withFreshStore { subject in
            try await filled(subject)
            #expect(try await result(subject) == .intact(try await subject.head()))
            let w = subject.engine.vocabulary
            try subject.tamper(w.mutableAgain("ledger_entry") + w.mutableAgain("claim_term") + deed.script)
            #expect(try await result(subject) == .broken(sequence: deed.sequence, deed.flaw))
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `holds when a personal part was erased, and notices a cut end`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            try await filled(subject)
            let head = try await subject.head()
            try subject.tamper("DELETE FROM ledger_personal WHERE sequence = 4")
            #expect(try await result(subject) == .intact(head))
            try subject.tamper(
                subject.engine.vocabulary.mutableAgain("ledger_entry")
                    + "DELETE FROM ledger_personal WHERE sequence = 15; DELETE FROM ledger_entry WHERE sequence = 15")
            #expect(try await result(subject) == .headDiffers(last: 14, head: 15))
            try subject.tamper("UPDATE ledger_head SET sequence = 14")
            #expect(try await result(subject) == .headHashDiffers(sequence: 14))
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `compares with a hash that was noted down before`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            try await filled(subject)
            let head = try await subject.head()
            let operations = subject.operations
            let right = try await operations.verifyLedger(
                of: .default, as: subject.caller, expecting: (15, "\(head.hash)")
            ) { _, _ in }
            #expect(right == .intact(head))
            let wrong = try await operations.verifyLedger(
                of: .default, as: subject.caller, expecting: (14, "\(head.hash)")
            ) { _, _ in }
            #expect(wrong == .expectationFailed(sequence: 14))
            let beyond = try await operations.verifyLedger(
                of: .default, as: subject.caller, expecting: (99, "\(head.hash)")
            ) { _, _ in }
            #expect(beyond == .expectationFailed(sequence: 99))
        }
    }

    @Test(arguments: StoreKind.underTest, ["ledger_entry", "claim_term", "audit_entry"])
    func `is helped by tables that refuse to be changed`(on kind: StoreKind, table: String) async throws {
        try await kind.withFreshStore { subject in
            try await filled(subject)
            _ = try await subject.operations.clearScans(of: .trackAttendance, as: subject.caller)
            #expect(throws: SQLError.self) { try subject.tamper("UPDATE \(table) SET tenant_id = 1") }
            #expect(throws: SQLError.self) { try subject.tamper("DELETE FROM \(table)") }
        }
    }
}

extension StoreUnderTest {
    func totals() async throws -> ScanTally {
        try await operations.scanOverview(of: .trackAttendance, in: .default).tally
    }

    func head() async throws -> LedgerHead {
        try await store.read(in: .default) { tx throws(AttendanceError) in try tx.head() }
    }

    func expectIntact(entries: Int64, at location: SourceLocation = #_sourceLocation) async throws {
        let result = try await operations.verifyLedger(of: .default, as: caller) { _, _ in }
        #expect(result == .intact(try await head()), sourceLocation: location)
        #expect(try await head().sequence == entries, sourceLocation: location)
    }

    /// The projections as they are, and as a rebuild makes them from the ledger, row by row and byte by byte.
    func expectRebuildChangesNothing(at location: SourceLocation = #_sourceLocation) async throws {
        let before = try await store.projectionRows(of: .default)
        _ = try await store.rebuild(.default) { _, _ in }
        let after = try await store.projectionRows(of: .default)
        #expect(before.keys.sorted() == after.keys.sorted(), sourceLocation: location)
        for (table, rows) in before {
            #expect(after[table] == rows, "\(table) differs after a rebuild", sourceLocation: location)
        }
    }
}
