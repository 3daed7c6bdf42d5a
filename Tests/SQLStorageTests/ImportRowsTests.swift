import AttendanceCore
import FoundationEssentials
import SQLStorage
import TestKit
import Testing

/// Another system's rows, brought into a store.
private struct Mover {
    let subject: StoreUnderTest
    var operations: Operations { subject.operations }
    var caller: Caller { subject.caller }

    static func id(_ number: Int) throws -> UUID {
        try #require(UUID(uuidString: "11111111-0000-4000-8000-00000000" + String(1_000 + number)))
    }

    /// A digest of a row is any number that changes with it.
    private func row(_ number: Int, version: Int64) throws -> ImportedRow {
        ImportedRow(
            id: try Self.id(number),
            stamp: RowStamp(
                digest: version, createdAt: Instant(microseconds: 1_700_000_000_000_000),
                changedAt: Instant(microseconds: 1_700_000_000_000_000 + subject.clock.now.microseconds % 1_000_000_000)))
    }

    func move(
        _ number: Int, code: WireText, email: WireText, version: Int64 = 1, isDryRun: Bool = false
    ) async throws -> RowOutcome {
        subject.clock.advance(milliseconds: 1)
        let profile = MemberProfile(
            name: "Name \(version)", staffCode: code, email: email, department: "Packing", position: "Packer", isActive: true)
        let outcomes = try await operations.importMembers(
            [FormerMember(row: try row(number, version: version), profile: profile)], of: .timeTracker, isDryRun: isDryRun,
            as: caller)
        return outcomes[0]
    }

    func punch(
        _ number: Int, of member: Int, at microseconds: Int64, _ direction: PunchDirection? = .in, version: Int64 = 1
    ) async throws -> RowOutcome {
        subject.clock.advance(milliseconds: 1)
        let punch = FormerPunch(
            row: try row(number, version: version), member: Identifier(rawValue: try Self.id(member)), direction: direction,
            word: "lunch", at: Instant(microseconds: microseconds), isLate: true, isEarly: false, note: nil)
        return try await operations.importPunches(
            [punch], of: .timeTracker, isDryRun: false, knowing: [], as: caller)[0]
    }

    /// - Parameter edited: Hours that somebody laid down there; nil where nobody did.
    func name(
        _ number: Int, of member: Int, on day: String, version: Int64 = 1, edited: Int64? = nil
    ) async throws -> RowOutcome {
        subject.clock.advance(milliseconds: 1)
        let day = try #require(CalendarDay(parsing: day))
        let edit = edited.map { hours in
            var edit = SessionDetail(.whole, of: day)
            edit.isImported = true
            edit.totalMicroseconds = hours * 3_600_000_000
            edit.workingMicroseconds = hours * 3_600_000_000
            return edit
        }
        let session = FormerSession(
            row: try row(number, version: version), member: Identifier(rawValue: try Self.id(member)), day: day, edit: edit,
            note: edited.map { "\($0) hours" })
        return try await operations.importSessions(
            [session], of: .timeTracker, isDryRun: false, knowing: [], as: caller)[0]
    }

    func entries() async throws -> [TimeEntry] {
        let pages = operations.timeEntries(of: .timeTracker, matching: TimeEntryFilter(), limit: nil, as: caller)
        var all: [TimeEntry] = []
        while let page = try await pages.next() { all += page }
        return all
    }

    func sessions() async throws -> [String: UUID] {
        let pages = operations.sessions(of: .timeTracker, matching: SessionFilter(), as: caller)
        var all: [String: UUID] = [:]
        while let page = try await pages.next() { for session in page { all[session.day.text] = session.id } }
        return all
    }
}

extension StoreKind {
    fileprivate func withMover(_ body: (Mover) async throws -> Void) async throws {
        try await withFreshStore { subject in
            try await body(Mover(subject: subject))
            try await subject.expectRebuildChangesNothing()
        }
    }
}

/// 2025-07-07 14:00 UTC: nine in the morning in Chicago.
private let morning: Int64 = 1_751_896_800_000_000
private let day: Int64 = 86_400_000_000

@Suite struct `Rows of another system` {
    @Test(arguments: StoreKind.underTest)
    func `make members under their identities, one to a code`(on kind: StoreKind) async throws {
        try await kind.withMover { mover in
            #expect(try await mover.move(1, code: "A", email: "a@x.example", isDryRun: true) == RowOutcome(.new))
            #expect(try await mover.move(1, code: "A", email: "a@x.example") == RowOutcome(.new))
            #expect(try await mover.move(1, code: "A", email: "a@x.example") == RowOutcome(.alreadyThere))
            let id = try Identifier<Membership>(rawValue: Mover.id(1))
            let member = try await mover.operations.member(id, of: .timeTracker, as: mover.caller)
            #expect(member.createdAt == Instant(microseconds: 1_700_000_000_000_000))
            let taken = try await mover.move(2, code: "A", email: "b@x.example")
            #expect(taken.fate == .misfit && taken.remark?.contains("has its code") == true)
            // To and fro: each time it is a change.
            for version: Int64 in [2, 1, 2, 1] {
                #expect(try await mover.move(1, code: "A", email: "a@x.example", version: version).fate == .corrected)
                let now = try await mover.operations.member(id, of: .timeTracker, as: mover.caller)
                #expect(now.profile.name == "Name \(version)")
            }
            try await mover.operations.endMember(id, of: .timeTracker, as: mover.caller)
            #expect(try await mover.move(1, code: "A", email: "a@x.example") == RowOutcome(.alreadyThere))
            await #expect(throws: AttendanceError.notFound(.member)) {
                _ = try await mover.operations.member(id, of: .timeTracker, as: mover.caller)
            }
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `keep an e-mail that somebody else has but for letter case`(on kind: StoreKind) async throws {
        try await kind.withMover { mover in
            _ = try await mover.move(1, code: "A", email: "ilse@x.example")
            let second = try await mover.move(2, code: "B", email: "Ilse@x.example")
            #expect(second.fate == .new && second.remark?.contains("has its e-mail") == true)
            let found = try await mover.operations.member(ofEmail: "ILSE@x.example", of: .timeTracker, as: mover.caller)
            #expect(found?.profile.staffCode == "A")
            let id = try Identifier<Membership>(rawValue: Mover.id(2))
            var change = MemberChange()
            change.email = "Ilse@x.example"
            change.isActive = false
            let changed = try await mover.operations.changeMember(id, change, of: .timeTracker, as: mover.caller)
            #expect(!changed.profile.isActive, "what is not their e-mail can be changed")
            await #expect(throws: AttendanceError.occupied([.email])) {
                _ = try await mover.operations.createMember(
                    MemberProfile(
                        name: "C", staffCode: "C", email: "ilse@X.example", department: "D", position: "P", isActive: true),
                    of: .timeTracker, as: mover.caller)
            }
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `make punches as they were judged, and correct them`(on kind: StoreKind) async throws {
        try await kind.withMover { mover in
            #expect(try await mover.punch(10, of: 1, at: morning) == RowOutcome(.misfit, "its employee is not there"))
            _ = try await mover.move(1, code: "A", email: "a@x.example")
            #expect(try await mover.punch(10, of: 1, at: morning) == RowOutcome(.new))
            #expect(try await mover.punch(10, of: 1, at: morning) == RowOutcome(.alreadyThere))
            #expect(try await mover.punch(11, of: 1, at: morning + 1, nil).fate == .new)
            #expect(try await mover.punch(12, of: 1, at: .max / 2).fate == .misfit)
            for (minutes, version) in [(5, 2), (0, 1), (5, 2), (0, 1)] as [(Int64, Int64)] {
                #expect(
                    try await mover.punch(10, of: 1, at: morning + minutes * 60_000_000, version: version).fate == .corrected)
            }
            let entries = try await mover.entries()
            #expect(entries.map(\.direction) == [.undefined, .in])
            #expect(entries.last?.isLate == true)
            #expect(entries.last?.createdAt == Instant(microseconds: 1_700_000_000_000_000))
            let id = try #require(entries.last?.id)
            #expect(try id == Mover.id(10))
            try await mover.operations.voidTimeEntry(id, of: .timeTracker, as: mover.caller)
            #expect(try await mover.punch(10, of: 1, at: morning) == RowOutcome(.alreadyThere), "it stays away")
            #expect(try await mover.entries().count == 1)
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `give days their identities, also when they change hands`(on kind: StoreKind) async throws {
        try await kind.withMover { mover in
            _ = try await mover.move(1, code: "A", email: "a@x.example")
            for number in 0..<2 { _ = try await mover.punch(10 + number, of: 1, at: morning + Int64(number) * day) }
            #expect(try await mover.name(20, of: 1, on: "2025-07-07").fate == .new)
            #expect(try await mover.name(20, of: 1, on: "2025-07-07") == RowOutcome(.alreadyThere))
            #expect(try await mover.name(21, of: 1, on: "2025-07-30").fate == .new)
            #expect(try await mover.name(21, of: 1, on: "2025-07-30") == RowOutcome(.alreadyThere), "of a day without a session")
            let first = try await mover.sessions()
            #expect(try first["2025-07-07"] == Mover.id(20))
            #expect(first["2025-07-08"] != nil)
            #expect(try await mover.name(20, of: 1, on: "2025-07-08", version: 2).fate == .corrected)
            let second = try await mover.sessions()
            #expect(try second["2025-07-08"] == Mover.id(20))
            #expect(try second["2025-07-07"] != Mover.id(20))
            // A later punch of the day leaves its name.
            _ = try await mover.punch(30, of: 1, at: morning + day + 3_600_000_000, .out)
            let third = try await mover.sessions()
            #expect(try third["2025-07-08"] == Mover.id(20))
        }
    }

    /// What was an edit there may be none any more: somebody put the entries right, and the session was worked out anew.
    @Test(arguments: StoreKind.underTest)
    func `hold a session to an edit as long as it is one there`(on kind: StoreKind) async throws {
        try await kind.withMover { mover in
            func shown() async throws -> [String] {
                let pages = mover.operations.sessions(of: .timeTracker, matching: SessionFilter(), as: mover.caller)
                var all: [String] = []
                while let page = try await pages.next() {
                    all += page.map { "\($0.day.text) \($0.figures.working.text) \($0.note?.text ?? "-")" }
                }
                return all
            }
            _ = try await mover.move(1, code: "A", email: "a@x.example")
            for (number, hour) in [(10, 0), (11, 4)] as [(Int, Int64)] {
                _ = try await mover.punch(number, of: 1, at: morning + hour * 3_600_000_000, number == 10 ? .in : .out)
            }
            #expect(try await mover.name(20, of: 1, on: "2025-07-07", edited: 6).fate == .new)
            #expect(try await shown() == ["2025-07-07 6.00 6 hours"])
            for round: Int64 in 1...2 {
                #expect(try await mover.name(20, of: 1, on: "2025-07-07", version: 2 * round).fate == .corrected)
                #expect(try await shown() == ["2025-07-07 4.00 -"], "it is what its punches make of it")
                #expect(try await mover.name(20, of: 1, on: "2025-07-07", version: 2 * round) == RowOutcome(.alreadyThere))
                #expect(
                    try await mover.name(20, of: 1, on: "2025-07-07", version: 2 * round + 1, edited: 5 + round).fate == .corrected)
                #expect(try await shown() == ["2025-07-07 \(5 + round).00 \(5 + round) hours"])
            }
            // A session that has another day there leaves nothing of its edit behind.
            _ = try await mover.punch(12, of: 1, at: morning + day)
            #expect(try await mover.name(20, of: 1, on: "2025-07-08", version: 9, edited: 3).fate == .corrected)
            #expect(try await shown() == ["2025-07-08 3.00 3 hours", "2025-07-07 4.00 -"])
            // What somebody laid down here is theirs, a note on another's edit too.
            var change = SessionChange()
            change.note = "looked at"
            _ = try await mover.operations.changeSession(try Mover.id(20), change, of: .timeTracker, as: mover.caller)
            #expect(try await mover.name(20, of: 1, on: "2025-07-08", version: 10).fate == .corrected)
            #expect(try await shown() == ["2025-07-08 3.00 looked at", "2025-07-07 4.00 -"])
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `make business hours under their numbers`(on kind: StoreKind) async throws {
        try await kind.withMover { mover in
            func move(_ number: Int64, digest: Int64, isActive: Bool) async throws -> RowOutcome.Fate {
                let draft = BusinessHoursDraft(
                    startMicroseconds: 0, endMicroseconds: 3_600_000_000, breakMinutes: 30, lateThresholdMinutes: 5,
                    isActive: isActive)
                let stamp = RowStamp(digest: digest, createdAt: Instant(microseconds: 7), changedAt: Instant(microseconds: 9))
                return try await mover.operations.importBusinessHours(
                    [FormerHours(number: number, stamp: stamp, draft: draft)], of: .timeTracker, isDryRun: false,
                    as: mover.caller)[0].fate
            }
            #expect(try await move(7, digest: 1, isActive: true) == .new)
            #expect(try await move(7, digest: 1, isActive: true) == .alreadyThere)
            #expect(try await move(7, digest: 2, isActive: true) == .corrected)
            let made = try await mover.operations.createBusinessHours(
                BusinessHoursDraft(
                    startMicroseconds: 0, endMicroseconds: 1, breakMinutes: 0, lateThresholdMinutes: 0, isActive: false),
                of: .timeTracker, as: mover.caller)
            #expect(made.number == 8)
            #expect(try await move(8, digest: 3, isActive: false) == .misfit)
            #expect(
                try await mover.operations.activeBusinessHours(of: .timeTracker, as: mover.caller)?.createdAt
                    == Instant(microseconds: 7))
            try await mover.operations.removeBusinessHours(7, of: .timeTracker, as: mover.caller)
            #expect(try await move(7, digest: 4, isActive: true) == .alreadyThere, "what was removed stays removed")
        }
    }
}
