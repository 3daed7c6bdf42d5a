import AttendanceCore
import Dispatch
import SQLStorage
import TestKit
import Testing

/// Units that wait at the same time share a transaction. What one of them does wrong is its own affair.
@Suite struct `A group of units` {
    private typealias Unit = @Sendable (StoreUnderTest) async throws -> Int

    /// Holds the writer until the units behind it are all waiting, so that they become one group.
    private func together(_ subject: StoreUnderTest, _ units: [Unit]) async throws -> [Result<Int, any Error>] {
        let gate = DispatchSemaphore(value: 0)
        let store = subject.store
        async let held: Void = store.write(in: .default) { _ in gate.wait() }
        try await Task.sleep(for: .milliseconds(100))
        let tasks = units.map { unit in Task { try await unit(subject) } }
        try await Task.sleep(for: .milliseconds(200))
        gate.signal()
        try await held
        var outcomes: [Result<Int, any Error>] = []
        for task in tasks { outcomes.append(await task.result) }
        return outcomes
    }

    private static func scan(_ number: Int) -> Unit {
        { subject in
            try await subject.operations.recordScans(
                [.scan("K-\(number)", badge: "\(number)", station: "S"), .scan("shared", badge: "x", station: "S")],
                as: subject.caller
            ).saved
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `loses nothing when one fails before it wrote, after it wrote, and after it appended`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            let refusedAtOnce: Unit = { subject in
                try await subject.store.write(in: .default) { _ throws(AttendanceError) -> Int in throw .notFound(.key) }
            }
            let refusedAfterWriting: Unit = { subject in
                let moment = subject.clock.now
                return try await subject.store.write(in: .default) { tx throws(AttendanceError) -> Int in
                    try tx.keep(Heartbeat(station: "ghost", lastClearEpoch: nil, localScanCount: 1, receivedAt: moment))
                    try tx.set(.refreshInterval, to: 99)
                    throw .notFound(.station)
                }
            }
            let refusedAfterAppending: Unit = { subject in
                let sealed = subject.operations.sealer.seal([.scan("ghost", badge: "g", station: "ghost")], by: "x")
                return try await subject.store.write(in: .default) { tx throws(AttendanceError) -> Int in
                    _ = try tx.append(sealed)
                    throw .notFound(.entry)
                }
            }
            let outcomes = try await together(
                subject,
                [
                    Self.scan(1), refusedAtOnce, Self.scan(2), refusedAfterWriting, Self.scan(3), refusedAfterAppending,
                    Self.scan(4),
                ])
            let saved = outcomes.compactMap { try? $0.get() }
            #expect(saved.count == 4)
            #expect(saved.reduce(0, +) == 5)
            #expect(
                outcomes.compactMap { outcome -> AttendanceError? in
                    if case .failure(let error) = outcome { error as? AttendanceError } else { nil }
                } == [.notFound(.key), .notFound(.station), .notFound(.entry)])
            #expect(try await subject.operations.value(of: .refreshInterval, in: .default) == nil)
            #expect(try await subject.operations.stationOverview(of: .trackAttendance, in: .default).heartbeats.isEmpty)
            #expect(try await subject.totals().stations.map(\.name) == ["S"])
            #expect(
                try await subject.operations.recordScans([.scan("ghost", badge: "g", station: "T")], as: subject.caller).saved == 1)
            try await subject.expectIntact(entries: 6)
            try await subject.expectRebuildChangesNothing()
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `loses nothing of the others when one reads what they wrote and then fails`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            let refusedAfterReading: Unit = { subject in
                let moment = subject.clock.now
                return try await subject.store.write(in: .default) { tx throws(AttendanceError) -> Int in
                    try tx.keep(Heartbeat(station: "ghost", lastClearEpoch: nil, localScanCount: 1, receivedAt: moment))
                    _ = try tx.tally(of: .trackAttendance)
                    throw .notFound(.station)
                }
            }
            let outcomes = try await together(subject, [Self.scan(1), Self.scan(2), refusedAfterReading, Self.scan(3)])
            #expect(outcomes.compactMap { try? $0.get() }.reduce(0, +) == 4)
            #expect(try await subject.totals().scans == 4)
            #expect(try await subject.operations.stationOverview(of: .trackAttendance, in: .default).heartbeats.isEmpty)
            try await subject.expectIntact(entries: 4)
            try await subject.expectRebuildChangesNothing()
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `of scans, clears and renames of one station agrees with the ledger`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            let source = EntrySource.trackAttendance
            let clear: Unit = { subject in
                Int(try await subject.operations.clearScans(ofStation: "S", source: source, as: subject.caller))
            }
            let rename: Unit = { subject in
                Int(try await subject.operations.renameStation("S", to: "T", source: source, as: subject.caller))
            }
            let outcomes = try await together(subject, [Self.scan(1), clear, Self.scan(1), rename, Self.scan(1)])
            // Tasks hand the units in, in whatever order; the ledger and its projections agree all the same.
            #expect(outcomes.allSatisfy { (try? $0.get()) != nil })
            let saved = try await subject.totals().scans
            #expect((0...2).contains(saved))
            let head = try await subject.head().sequence
            try await subject.expectIntact(entries: head)
            try await subject.expectRebuildChangesNothing()
        }
    }

    /// On PostgreSQL each batch is a group here, numbered while the one before commits: every second one holds a reference that
    /// was taken for free and is not, which shows only then.
    @Test(arguments: StoreKind.underTest)
    func `that was built upon runs again where it was wrong, and so does what was built on it`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { outer in
            let subject = try StoreUnderTest(
                kind: kind, engine: outer.engine, clock: outer.clock, referencesPerOverlappingGroupMax: 1)
            let caller = subject.caller
            func batch(_ keys: [Int]) -> [Claim] { keys.map { .scan("K-\($0)", badge: "7", station: "S") } }
            // Known badges, so that nothing has to be read before the commit.
            for key in 0..<3 { _ = try await subject.operations.recordScans(batch([key]), as: caller) }
            let units = (1...12).map { number -> Unit in
                let claims = batch(number.isMultiple(of: 2) ? [number * 10, 1] : [number * 10, number * 10 + 1])
                return { try await $0.operations.recordScans(claims, as: caller).saved }
            }
            let outcomes = try await together(subject, units)
            #expect(outcomes.compactMap { try? $0.get() }.sorted() == [1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2])
            try await subject.expectIntact(entries: 21)
            try await subject.expectRebuildChangesNothing()
            await subject.store.close()
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `of several tenants keeps them apart`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            let school = try await subject.operations.createTenant(named: TenantName(parsing: "school"), as: subject.caller)
            let pupil = Caller(tenant: school.id, name: "key/school", roles: .all)
            let pupils: Unit = { subject in
                try await subject.operations.recordScans(
                    [.scan("K-1", badge: "1", station: "S"), .scan("shared", badge: "x", station: "S")], as: pupil
                ).saved
            }
            let outcomes = try await together(subject, [Self.scan(1), pupils, Self.scan(2)])
            #expect(outcomes.compactMap { try? $0.get() }.reduce(0, +) == 5)
            _ = try await subject.operations.clearScans(of: .trackAttendance, as: pupil)
            #expect(try await subject.totals().scans == 3)
            #expect(try await subject.operations.clearEpoch(of: .trackAttendance, in: .default) == nil)
            #expect(
                try await subject.operations.verifyLedger(of: school.name, as: pupil) { _, _ in }
                    == .intact(try await subject.store.read(in: school.id) { tx throws(AttendanceError) in try tx.head() }))
            try await subject.expectIntact(entries: 3)
        }
    }
}

@Suite struct `Adding tenants` {
    @Test(arguments: StoreKind.underTest)
    func `at the same time from two processes gives each a number of its own`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { one in
            let other = try StoreUnderTest(kind: kind, engine: one.engine, clock: one.clock)
            try await withThrowingTaskGroup { group in
                for number in 0..<8 {
                    group.addTask {
                        _ = try await (number % 2 == 0 ? one : other).operations.createTenant(
                            named: TenantName(parsing: "t\(number)"), as: one.caller)
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await Set(one.operations.tenants().map(\.id)).count == 9)
            await #expect(throws: AttendanceError.taken(.tenant)) {
                try await other.operations.createTenant(named: TenantName(parsing: "t1"), as: one.caller)
            }
            await other.store.close()
        }
    }
}
