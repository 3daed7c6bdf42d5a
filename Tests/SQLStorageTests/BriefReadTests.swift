import AttendanceCore
import SQLStorage
import TestKit
import Testing

@Suite struct `Brief reads` {
    @Test(arguments: StoreKind.underTest)
    func `see what this process and another have stored, however often they read the same before`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { one in
            let other = try StoreUnderTest(kind: kind, engine: one.engine, clock: one.clock)
            let member = try await one.operations.createMember(
                MemberProfile(
                    name: "Ada", staffCode: "A", email: "ada@corp.example", department: "Packing", position: "Packer",
                    isActive: true), of: .timeTracker, as: one.caller)
            @Sendable func state(_ subject: StoreUnderTest) async throws -> ClockState {
                try await subject.operations.workStatus(of: member.id, of: .timeTracker, as: subject.caller).state
            }
            let steps: [(PunchDirection, ClockState)] = [
                (.in, .working), (.breakStart, .onBreak), (.breakEnd, .working), (.out, .finished), (.in, .working),
                (.out, .finished),
            ]
            for (round, (direction, expected)) in steps.enumerated() {
                let writer = round % 2 == 0 ? one : other
                _ = try await state(one)
                _ = try await state(other)
                _ = try await writer.operations.punch(
                    member.id, direction, at: nil, note: nil, of: .timeTracker, as: writer.caller)
                #expect(try await state(one) == expected)
                #expect(try await state(other) == expected)
                one.clock.advance(milliseconds: 60_000)
            }
            try await other.operations.setRule(.zone, to: "Asia/Tokyo", of: .timeTracker, as: other.caller)
            #expect(try await one.operations.rules(of: .timeTracker, in: one.caller.tenant).settings[.zone]?.value == "Asia/Tokyo")
            _ = try await other.operations.toggleMember(member.id, of: .timeTracker, as: other.caller)
            await #expect(throws: AttendanceError.notFound(.member)) { try await state(one) }
            await #expect(throws: AttendanceError.notFound(.member)) { try await state(other) }
            await other.store.close()
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `run beside each other, more of them than there are connections`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            let (operations, caller) = (subject.operations, subject.caller)
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<(8 * SQLStore.readersMax) {
                    group.addTask {
                        for _ in 0..<20 { _ = try await operations.rules(of: .timeTracker, in: caller.tenant) }
                        return 20
                    }
                }
                let reads = try await group.reduce(0, +)
                #expect(reads == 160 * SQLStore.readersMax)
            }
            #expect(subject.store.readersInUse == (lent: 0, waiting: 0))
        }
    }
}
