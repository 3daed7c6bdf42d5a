import AttendanceCore
import SQLStorage
import TestKit
import Testing

@Suite struct `Clearing` {
    @Test(arguments: StoreKind.underTest)
    func `everything frees every reference and gives a new epoch`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            let operations = subject.operations
            let scans: [Claim] = (0..<10).map { .scan("K-\($0)", badge: "\($0 % 3)", station: "S\($0 % 2)", unit: "U") }
            #expect(try await operations.recordScans(scans, as: subject.caller).saved == 10)
            let cleared = try await operations.clearScans(of: .trackAttendance, as: subject.caller)
            #expect(cleared.deleted == 10)
            #expect(cleared.epoch == "2026-02-12T08:00:00.000Z")
            #expect(try await operations.clearEpoch(of: .trackAttendance, in: .default) == cleared.epoch)
            let empty = try await subject.totals()
            #expect(empty.scans == 0 && empty.uniqueBadges == 0 && empty.stations.isEmpty && empty.units.isEmpty)
            #expect(try await operations.recordScans(scans, as: subject.caller).saved == 10)
            #expect(try await subject.totals().uniqueBadges == 3)
            try await subject.expectIntact(entries: 21)
            try await subject.expectRebuildChangesNothing()
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `twice in one millisecond, or with a clock that went back, never gives one epoch twice`(
        on kind: StoreKind
    ) async throws {
        try await kind.withFreshStore { subject in
            var epochs: [WireText] = []
            for step in [0, 0, 0, -3_600_000, 5, -86_400_000 * 400] as [Int64] {
                subject.clock.advance(milliseconds: step)
                epochs.append(try await subject.operations.clearScans(of: .trackAttendance, as: subject.caller).epoch)
                #expect(subject.clock.pauses.count == epochs.count, "the former epoch's leases run out first")
            }
            #expect(
                epochs == [
                    "2026-02-12T08:00:00.000Z", "2026-02-12T08:00:00.001Z", "2026-02-12T08:00:00.002Z",
                    "2026-02-12T08:00:00.003Z", "2026-02-12T08:00:00.004Z", "2026-02-12T08:00:00.005Z",
                ])
            try await subject.expectRebuildChangesNothing()
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `forgets the roster and all heartbeats, and keeps the settings`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            let operations = subject.operations
            let roster = RosterSummary(fingerprint: "f", units: [.init(name: "Audit", registered: 4)])
            #expect(try await operations.replaceRoster(with: roster, as: subject.caller))
            try await operations.keepHeartbeat(of: "Gate", lastClearEpoch: nil, localScanCount: 3, as: subject.caller)
            try await operations.set(.refreshInterval, to: 30, as: subject.caller)
            _ = try await operations.clearScans(of: .trackAttendance, as: subject.caller)
            #expect(try await operations.rosterFingerprint(as: subject.caller) == nil)
            #expect(try await operations.stationOverview(of: .trackAttendance, in: .default).heartbeats.isEmpty)
            #expect(try await operations.value(of: .refreshInterval, in: .default) == 30)
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `one station leaves the others, and badges seen elsewhere still count`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            let operations = subject.operations
            _ = try await operations.recordScans(
                [
                    .scan("A-1", badge: "both", station: "A", unit: "U"), .scan("A-2", badge: "only A", station: "A", unit: "V"),
                    .scan("B-1", badge: "both", station: "B", unit: "U"),
                ], as: subject.caller)
            #expect(try await operations.clearScans(ofStation: "A", source: .trackAttendance, as: subject.caller) == 2)
            #expect(try await operations.clearScans(ofStation: "A", source: .trackAttendance, as: subject.caller) == 0)
            #expect(try await operations.clearScans(ofStation: "nowhere", source: .trackAttendance, as: subject.caller) == 0)
            let tally = try await subject.totals()
            #expect(tally.scans == 1)
            #expect(tally.uniqueBadges == 1)
            #expect(tally.stations.map(\.name) == ["B"])
            #expect(tally.units.map(\.name) == ["U"])
            #expect(
                try await operations.recordScans(
                    [.scan("A-1", badge: "both", station: "A", unit: "U"), .scan("B-1", badge: "both", station: "B")],
                    as: subject.caller) == BatchOutcome(saved: 1, duplicates: 1))
            #expect(try await subject.totals().uniqueBadges == 1)
            #expect(try await operations.clearEpoch(of: .trackAttendance, in: .default) == nil)
            try await subject.expectRebuildChangesNothing()
        }
    }
}

@Suite struct `Renaming a station` {
    @Test(arguments: StoreKind.underTest)
    func `moves its scans and heartbeat, and entries keep the name as it was sent`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            let operations = subject.operations
            _ = try await operations.recordScans(
                [.scan("K-1", badge: "1", station: "Old"), .scan("K-2", badge: "2", station: "Old")], as: subject.caller)
            try await operations.keepHeartbeat(of: "Old", lastClearEpoch: "e", localScanCount: 2, as: subject.caller)
            #expect(try await operations.renameStation("Old", to: "New", source: .trackAttendance, as: subject.caller) == 2)
            #expect(try await subject.totals().stations.map(\.name) == ["New"])
            #expect(
                try await operations.stationOverview(of: .trackAttendance, in: .default).heartbeats.map(\.station) == ["New"])
            let export = try await operations.beginExport(of: .trackAttendance, as: subject.caller)
            let page = try await operations.nextScans(of: export, after: .beginning, limit: 10)
            #expect(page.scans.map(\.station) == ["New", "New"])
            let entries = try await subject.store.read(in: .default) { tx throws(AttendanceError) in
                try tx.entries(after: 0, limit: 10)
            }
            #expect(entries.prefix(2).map(\.claim.station) == ["Old", "Old"])
            #expect(
                try await operations.recordScans([.scan("K-1", badge: "1", station: "Old")], as: subject.caller).duplicates == 1)
            try await subject.expectRebuildChangesNothing()
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `to one that exists merges them, and a badge seen at both counts once`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            let operations = subject.operations
            _ = try await operations.recordScans(
                [
                    .scan("A-1", badge: "1", station: "A"), .scan("B-1", badge: "1", station: "B"),
                    .scan("B-2", badge: "2", station: "B"),
                ], as: subject.caller)
            #expect(try await operations.renameStation("A", to: "B", source: .trackAttendance, as: subject.caller) == 1)
            let merged = try await subject.totals().stations
            #expect(merged.map(\.name) == ["B"])
            #expect(merged.map(\.scans) == [3])
            #expect(merged.map(\.uniqueBadges) == [2])
            // A kiosk that was not restarted still sends the old name: that is a station of its own again.
            _ = try await operations.recordScans(
                [.scan("A-2", badge: "1", station: "A"), .scan("B-3", badge: "3", station: "B")], as: subject.caller)
            let after = try await subject.totals().stations
            #expect(after.map(\.name) == ["A", "B"])
            #expect(after.map(\.uniqueBadges) == [1, 3])
            #expect(try await operations.renameStation("A", to: "B", source: .trackAttendance, as: subject.caller) == 1)
            #expect(try await subject.totals().stations.map(\.scans) == [5])
            #expect(try await operations.clearScans(ofStation: "B", source: .trackAttendance, as: subject.caller) == 5)
            #expect(try await subject.totals().uniqueBadges == 0)
            #expect(
                try await operations.recordScans([.scan("A-1", badge: "1", station: "A")], as: subject.caller).saved == 1)
            try await subject.expectRebuildChangesNothing()
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `back and forth, or nobody knows, loses nothing`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            let operations = subject.operations
            let source = EntrySource.trackAttendance
            _ = try await operations.recordScans([.scan("A-1", badge: "1", station: "A")], as: subject.caller)
            #expect(try await operations.renameStation("A", to: "B", source: source, as: subject.caller) == 1)
            #expect(try await operations.renameStation("B", to: "A", source: source, as: subject.caller) == 1)
            #expect(try await operations.renameStation("A", to: "A", source: source, as: subject.caller) == 1)
            #expect(try await operations.renameStation("nobody", to: "A", source: source, as: subject.caller) == 0)
            _ = try await operations.recordScans([.scan("A-2", badge: "1", station: "A")], as: subject.caller)
            let stations = try await subject.totals().stations
            #expect(stations.map(\.name) == ["A"])
            #expect(stations.map(\.scans) == [2])
            #expect(stations.map(\.uniqueBadges) == [1])
            try await subject.expectRebuildChangesNothing()
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `keeps what was cleared before cleared`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            let operations = subject.operations
            let source = EntrySource.trackAttendance
            _ = try await operations.recordScans([.scan("A-1", badge: "1", station: "A")], as: subject.caller)
            _ = try await operations.clearScans(ofStation: "A", source: source, as: subject.caller)
            _ = try await operations.recordScans(
                [.scan("A-2", badge: "2", station: "A"), .scan("B-1", badge: "3", station: "B")], as: subject.caller)
            _ = try await operations.renameStation("A", to: "B", source: source, as: subject.caller)
            let export = try await operations.beginExport(of: source, as: subject.caller)
            let page = try await operations.nextScans(of: export, after: .beginning, limit: 10)
            #expect(export.total == 2)
            #expect(page.scans.map(\.personal?.identifier) == ["2", "3"])
            try await subject.expectRebuildChangesNothing()
        }
    }
}

@Suite struct `Reading` {
    @Test(arguments: StoreKind.underTest)
    func `an export shows the moment it began, whatever happens meanwhile`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            let operations = subject.operations
            let start = subject.clock.now
            _ = try await operations.recordScans(
                (0..<7).map {
                    .scan("K-\($0)", badge: "\($0)", station: "S", at: start.adding(seconds: Int64(10 - $0)))
                }, as: subject.caller)
            let export = try await operations.beginExport(of: .trackAttendance, as: subject.caller)
            var read: [WireText?] = []
            var position: ScanPosition? = .beginning
            var round = 0
            while let here = position {
                let page = try await operations.nextScans(of: export, after: here, limit: 3)
                read += page.scans.map(\.personal?.identifier)
                position = page.next
                if round == 0 {
                    _ = try await operations.recordScans(
                        [.scan("late", badge: "late", station: "S", at: start.adding(seconds: 9))], as: subject.caller)
                    _ = try await operations.clearScans(of: .trackAttendance, as: subject.caller)
                }
                round += 1
            }
            #expect(export.total == 7)
            #expect(read == ["6", "5", "4", "3", "2", "1", "0"])
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `finds the newest scan of a badge elsewhere, within the window only`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            let operations = subject.operations
            let now = subject.clock.now
            func ask(_ badge: WireText, minutes: Int64 = 5, notAt station: WireText? = "B") async throws -> WireText? {
                try await operations.newestScan(
                    ofBadge: badge, source: .trackAttendance, withinMinutes: minutes, notAt: station, as: subject.caller)?.station
            }
            _ = try await operations.recordScans(
                [
                    .scan("1", badge: "x", station: "A", at: now.adding(seconds: -60)),
                    .scan("2", badge: "x", station: "B", at: now.adding(seconds: -10)),
                    .scan("3", badge: "old", station: "A", at: now.adding(seconds: -301)),
                    .scan("4", badge: "edge", station: "A", at: now.adding(seconds: -300)),
                    // A clock ahead of ours: the scan in the future hides neither itself nor the one before it.
                    .scan("5", badge: "ahead", station: "A", at: now.adding(seconds: 3_600)),
                    .scan("6", badge: "ahead", station: "A", at: now.adding(seconds: -20)),
                ], as: subject.caller)
            #expect(try await ask("x") == "A")
            #expect(try await ask("x", notAt: nil) == "B")
            #expect(try await ask("x", notAt: "A") == "B")
            #expect(try await ask("old") == nil)
            #expect(try await ask("old", minutes: 6) == "A")
            #expect(try await ask("edge") == "A")
            #expect(try await ask("ahead") == "A")
            #expect(try await ask("nobody") == nil)
            _ = try await operations.clearScans(ofStation: "A", source: .trackAttendance, as: subject.caller)
            #expect(try await ask("x") == nil)
            #expect(try await ask("ahead") == nil)
        }
    }
}

@Suite struct `People` {
    @Test(arguments: StoreKind.underTest)
    func `come from scans whose badge the station knew, and a badge can be handed on`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            let operations = subject.operations
            _ = try await operations.recordScans(
                [
                    .scan("1", badge: "b1", station: "S", staffCode: "E1"), .scan("2", badge: "b2", station: "S"),
                    .scan("3", badge: "b1", station: "S", staffCode: "E2"), .scan("4", badge: "b3", station: "S", staffCode: "E1"),
                ], as: subject.caller)
            _ = try await operations.recordScans(
                [.scan("5", badge: "b1", station: "S", staffCode: "E1"), .scan("6", badge: "b3", station: "S", staffCode: "E1")],
                as: subject.caller)
            let rows = try await subject.store.projectionRows(of: .default)
            #expect(rows["person"]?.count == 2)
            #expect(rows["membership"]?.count == 2)
            let spans = try #require(rows["identifier"]).map { [$0[3], $0[4], $0[5]] }
            #expect(
                spans == [
                    [.text("b1"), .integer(1), .integer(3)], [.text("b1"), .integer(3), .integer(5)],
                    [.text("b1"), .integer(5), .null], [.text("b3"), .integer(4), .null],
                ])
            try await subject.expectRebuildChangesNothing()
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `keep a badge that was handed over and back in one batch`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            let operations = subject.operations
            _ = try await operations.recordScans([.scan("1", badge: "b", station: "S", staffCode: "E1")], as: subject.caller)
            _ = try await operations.recordScans(
                [.scan("2", badge: "b", station: "S", staffCode: "E2"), .scan("3", badge: "b", station: "S", staffCode: "E1")],
                as: subject.caller)
            let identifiers = try await subject.store.projectionRows(of: .default)["identifier"]
            #expect(identifiers?.count == 3)
            try await subject.expectRebuildChangesNothing()
        }
    }
}
