import AttendanceCore
import FoundationEssentials
import SQLStorage
import TestKit
import Testing

extension Instant {
    /// `2025-07-07T13:58:00Z`, with a fraction or without.
    fileprivate init(_ text: String) throws {
        let whole = try Date(text.replacing(/\.\d+/, with: ""), strategy: .iso8601)
        let fraction = text.firstMatch(of: /\.(\d+)/).map { String($0.1) } ?? "0"
        let micros = Int64((fraction + "000000").prefix(6)) ?? 0
        self.init(microseconds: Int64(whole.timeIntervalSince1970) * 1_000_000 + micros)
    }
}

/// A punch clock over a store: members by their staff codes, moments as texts.
private struct PunchClock {
    let subject: StoreUnderTest
    var operations: Operations { subject.operations }
    var caller: Caller { subject.caller }

    func open(_ code: WireText, email: WireText? = nil) async throws -> Member {
        try await operations.createMember(
            MemberProfile(
                name: "Name of \(code)", staffCode: code, email: email ?? "\(code)@corp.example", department: "Packing",
                position: "Packer", isActive: true), of: .timeTracker, as: caller)
    }

    @discardableResult
    func punch(_ member: Member, _ direction: PunchDirection, _ moment: String, note: WireText? = "") async throws -> TimeEntry {
        try await operations.punch(
            member.id, direction, at: Instant(moment), note: note, of: .timeTracker, as: caller)
    }

    func punch(_ member: Member, _ steps: [(PunchDirection, String)]) async throws {
        for (direction, moment) in steps { try await punch(member, direction, moment) }
    }

    func sessions(of member: Member? = nil) async throws -> [SessionRecord] {
        let pages = operations.sessions(of: .timeTracker, matching: SessionFilter(member: member?.id), as: caller)
        var all: [SessionRecord] = []
        while let page = try await pages.next() { all += page }
        return all
    }

    func entries(_ filter: TimeEntryFilter = TimeEntryFilter(), limit: Int? = nil) async throws -> [TimeEntry] {
        let pages = operations.timeEntries(of: .timeTracker, matching: filter, limit: limit, as: caller)
        var all: [TimeEntry] = []
        while let page = try await pages.next() { all += page }
        return all
    }

    /// `13:58` of a session as `total/break/working`.
    func figures(of member: Member) async throws -> [String] {
        try await sessions(of: member).map {
            "\($0.day.text) \($0.figures.total.text)/\($0.figures.break.text)/\($0.figures.working.text) \($0.status.rawValue)"
        }
    }
}

extension StoreKind {
    fileprivate func withPunchClock(_ body: (PunchClock) async throws -> Void) async throws {
        try await withFreshStore { subject in
            try await body(PunchClock(subject: subject))
            try await subject.expectRebuildChangesNothing()
        }
    }
}

@Suite struct `Members` {
    @Test(arguments: StoreKind.underTest)
    func `have codes and addresses of their own`(on kind: StoreKind) async throws {
        try await kind.withPunchClock { clock in
            let first = try await clock.open("P-1", email: "Ilse@corp.example")
            await #expect(throws: AttendanceError.occupied([.staffCode, .email])) {
                _ = try await clock.open("P-1", email: "ILSE@CORP.example")
            }
            await #expect(throws: AttendanceError.occupied([.email])) {
                _ = try await clock.open("p-1", email: "ilse@corp.example")
            }
            let second = try await clock.open("p-1")
            var change = MemberChange()
            change.staffCode = "P-1"
            await #expect(throws: AttendanceError.occupied([.staffCode])) {
                _ = try await clock.operations.changeMember(second.id, change, of: .timeTracker, as: clock.caller)
            }
            change.staffCode = "P-2"
            change.email = "ILSE.B@corp.example"
            clock.subject.clock.advance(milliseconds: 5_000)
            let changed = try await clock.operations.changeMember(second.id, change, of: .timeTracker, as: clock.caller)
            #expect(changed.profile.staffCode == "P-2")
            #expect(changed.createdAt == second.createdAt)
            #expect(changed.updatedAt > second.updatedAt)
            let found = try await clock.operations.member(
                ofEmail: "ilse.B@CORP.example", of: .timeTracker, as: clock.caller)
            #expect(found?.id == second.id)
            let toggled = try await clock.operations.toggleMember(second.id, of: .timeTracker, as: clock.caller)
            #expect(!toggled.profile.isActive)
            #expect(
                try await clock.operations.member(ofEmail: "ilse.b@corp.example", of: .timeTracker, as: clock.caller) == nil)
            #expect(
                try await clock.operations.members(of: .timeTracker, matching: MemberFilter(isActive: true), as: clock.caller)
                    .map(\.id) == [first.id])
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `who end take everything with them, and come again as others`(on kind: StoreKind) async throws {
        try await kind.withPunchClock { clock in
            let first = try await clock.open("P-1")
            let entry = try await clock.punch(first, .in, "2025-07-07T14:00:00Z")
            try await clock.operations.endMember(first.id, of: .timeTracker, as: clock.caller)
            #expect(try await clock.sessions() == [])
            #expect(try await clock.entries() == [])
            await #expect(throws: AttendanceError.notFound(.timeEntry)) {
                _ = try await clock.operations.timeEntry(entry.id, of: .timeTracker, as: clock.caller)
            }
            await #expect(throws: AttendanceError.notFound(.member)) { try await clock.punch(first, .out, "2025-07-07T15:00:00Z") }
            let again = try await clock.open("P-1")
            #expect(again.id != first.id)
            try await clock.punch(again, .in, "2025-07-07T14:00:00Z")
            #expect(try await clock.sessions().count == 1)
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `whom two contracts know by one staff code are one person`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            let clock = PunchClock(subject: subject)
            _ = try await subject.operations.recordScans(
                [.scan("K-1", badge: "1", station: "Gate", staffCode: "S-1")], as: subject.caller)
            _ = try await clock.open("S-1")
            _ = try await clock.open("S-2")
            _ = try await subject.operations.recordScans(
                [.scan("K-2", badge: "2", station: "Gate", staffCode: "S-2")], as: subject.caller)
            _ = try await clock.open("S-3")
            let rows = try await subject.store.projectionRows(of: .default)
            #expect(rows["person"]?.count == 3)
            #expect(rows["membership"]?.count == 5)
            try await subject.expectRebuildChangesNothing()
        }
    }
}

@Suite struct `A punch clock` {
    @Test(arguments: StoreKind.underTest)
    func `adds up a day as the contract's example does, in whatever order its punches come`(on kind: StoreKind) async throws {
        let steps: [(PunchDirection, String)] = [
            (.in, "2025-07-07T13:55:00Z"), (.breakStart, "2025-07-07T15:30:00Z"), (.breakEnd, "2025-07-07T15:45:00Z"),
            (.out, "2025-07-07T17:00:00Z"), (.in, "2025-07-07T18:00:00Z"), (.breakStart, "2025-07-07T20:00:00Z"),
            (.breakEnd, "2025-07-07T20:10:30Z"), (.out, "2025-07-07T22:30:00Z"),
        ]
        try await kind.withPunchClock { clock in
            let inOrder = try await clock.open("A")
            try await clock.punch(inOrder, steps)
            let later = try await clock.open("B")
            // The second cycle first, then the first one, its break last.
            try await clock.punch(later, Array(steps[4...]))
            try await clock.punch(later, [steps[0], steps[3], steps[1], steps[2]])
            for member in [inOrder, later] {
                #expect(try await clock.figures(of: member) == ["2025-07-07 8.58/25.50/7.16 complete"])
                let session = try #require(try await clock.sessions(of: member).first)
                #expect(session.cycles.map(\.duration.text) == ["3.08", "4.50"])
                #expect(try session.punchIn == Instant("2025-07-07T13:55:00Z"))
                #expect(try session.punchOut == Instant("2025-07-07T22:30:00Z"))
                #expect(try await clock.operations.session(session.id, of: .timeTracker, as: clock.caller) == session)
            }
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `refuses what the state at the punch's own moment does not allow, and stores nothing`(on kind: StoreKind) async throws {
        try await kind.withPunchClock { clock in
            let member = try await clock.open("A")
            for direction in [PunchDirection.out, .breakStart, .breakEnd] {
                await #expect(throws: AttendanceError.notAllowed(direction, in: .notStarted)) {
                    try await clock.punch(member, direction, "2025-07-07T14:00:00Z")
                }
            }
            try await clock.punch(member, .in, "2025-07-07T14:00:00Z")
            await #expect(throws: AttendanceError.notAllowed(.in, in: .working)) {
                try await clock.punch(member, .in, "2025-07-07T14:00:00Z")
            }
            try await clock.punch(member, .out, "2025-07-07T22:00:00Z")
            try await clock.punch(member, .breakStart, "2025-07-07T17:00:00Z")
            await #expect(throws: AttendanceError.notAllowed(.out, in: .onBreak)) {
                try await clock.punch(member, .out, "2025-07-07T17:30:00Z")
            }
            #expect(try await clock.entries().count == 3)
            await #expect(throws: AttendanceError.self) { try await clock.punch(member, .in, "0001-01-01T00:00:00Z") }
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `continues a shift over midnight for sixteen hours`(on kind: StoreKind) async throws {
        try await kind.withPunchClock { clock in
            let member = try await clock.open("A")
            // 22:00 in Chicago.
            try await clock.punch(member, .in, "2025-07-08T03:00:00Z")
            await #expect(throws: AttendanceError.notAllowed(.in, in: .working)) {
                try await clock.punch(member, .in, "2025-07-08T08:00:00Z")
            }
            try await clock.punch(
                member,
                [
                    (.breakStart, "2025-07-08T07:00:00Z"), (.breakEnd, "2025-07-08T07:30:00Z"),
                    (.out, "2025-07-08T11:00:00Z"),
                ])
            #expect(try await clock.figures(of: member) == ["2025-07-07 8.00/30.00/7.50 complete"])
            let late = try await clock.open("B")
            try await clock.punch(late, .in, "2025-07-08T03:00:00Z")
            await #expect(throws: AttendanceError.notAllowed(.out, in: .notStarted)) {
                try await clock.punch(late, .out, "2025-07-08T19:00:00.000001Z")
            }
            try await clock.punch(late, .in, "2025-07-08T19:00:00.000001Z")
            try await clock.punch(late, .out, "2025-07-08T19:36:00.000001Z")
            #expect(
                try await clock.figures(of: late) == [
                    "2025-07-08 0.60/0.00/0.60 complete", "2025-07-07 0.00/0.00/0.00 in-progress",
                ])
            // The forgotten punch-out is given after all: the next day's first punches were another shift then.
            try await clock.punch(late, .out, "2025-07-08T04:00:00Z")
            #expect(
                try await clock.figures(of: late) == [
                    "2025-07-08 0.60/0.00/0.60 complete", "2025-07-07 1.00/0.00/1.00 complete",
                ])
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `judges late and early by the business hours in force, and never again`(on kind: StoreKind) async throws {
        try await kind.withPunchClock { clock in
            let member = try await clock.open("A")
            let free = try await clock.punch(member, .in, "2025-07-07T20:00:00Z")
            #expect(!free.isLate)
            let hours = try await clock.operations.createBusinessHours(
                BusinessHoursDraft(
                    startMicroseconds: 14 * 3_600_000_000, endMicroseconds: 22 * 3_600_000_000, breakMinutes: 60,
                    lateThresholdMinutes: 15, isActive: true), of: .timeTracker, as: clock.caller)
            #expect(hours.number == 1)
            for (day, moment, isLate) in [
                ("08", "14:15:00Z", false), ("09", "14:15:00.000001Z", true), ("10", "14:14:59.999999Z", false),
            ] {
                #expect(try await clock.punch(member, .in, "2025-07-\(day)T\(moment)").isLate == isLate)
            }
            #expect(try await clock.punch(member, .out, "2025-07-10T21:59:59.999999Z").isEarly)
            let winter = try await clock.punch(member, .in, "2025-01-10T14:15:00Z")
            #expect(!winter.isLate)
            let second = try await clock.operations.createBusinessHours(
                BusinessHoursDraft(
                    startMicroseconds: 12 * 3_600_000_000, endMicroseconds: 22 * 3_600_000_000, breakMinutes: 60,
                    lateThresholdMinutes: 15, isActive: true), of: .timeTracker, as: clock.caller)
            #expect(try await clock.operations.activeBusinessHours(of: .timeTracker, as: clock.caller) == second)
            #expect(try await clock.sessions(of: member).filter(\.isLateIn).map(\.day.text) == ["2025-07-09"])
            try await clock.operations.removeBusinessHours(2, of: .timeTracker, as: clock.caller)
            #expect(try await clock.operations.activeBusinessHours(of: .timeTracker, as: clock.caller) == nil)
            let third = try await clock.operations.createBusinessHours(
                BusinessHoursDraft(
                    startMicroseconds: 0, endMicroseconds: 1, breakMinutes: 0, lateThresholdMinutes: 0, isActive: false),
                of: .timeTracker, as: clock.caller)
            #expect(third.number == 3, "numbers are not used again")
            await #expect(throws: AttendanceError.self) {
                // 14:00 to 13:00 UTC is 9:00 to 8:00 in Chicago.
                _ = try await clock.operations.createBusinessHours(
                    BusinessHoursDraft(
                        startMicroseconds: 14 * 3_600_000_000, endMicroseconds: 13 * 3_600_000_000, breakMinutes: 0,
                        lateThresholdMinutes: 0, isActive: false), of: .timeTracker, as: clock.caller)
            }
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `lets one of six simultaneous punch-ins win`(on kind: StoreKind) async throws {
        try await kind.withPunchClock { clock in
            let member = try await clock.open("A")
            let outcomes = await withTaskGroup(of: Result<TimeEntry, any Error>.self) { group in
                for second in 0..<6 {
                    group.addTask {
                        do {
                            return .success(try await clock.punch(member, .in, "2025-07-07T14:00:0\(second)Z"))
                        } catch {
                            return .failure(error)
                        }
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            let refusals = outcomes.compactMap { outcome -> AttendanceError? in
                if case .failure(let error) = outcome { error as? AttendanceError } else { nil }
            }
            #expect(refusals == Array(repeating: .notAllowed(.in, in: .working), count: 5))
            #expect(try await clock.entries().count == 1)
            #expect(try await clock.sessions(of: member).map(\.cycles.count) == [1])
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `takes two punches round midnight for one act`(on kind: StoreKind) async throws {
        try await kind.withPunchClock { clock in
            let member = try await clock.open("A")
            // Midnight in Chicago.
            try await clock.punch(member, .in, "2025-07-08T05:00:01Z")
            await #expect(throws: AttendanceError.notAllowed(.in, in: .working)) {
                try await clock.punch(member, .in, "2025-07-08T04:59:59Z")
            }
            #expect(try await clock.entries().count == 1)
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `takes two punches of a few minutes for one act, whichever comes first`(on kind: StoreKind) async throws {
        try await kind.withPunchClock { clock in
            let member = try await clock.open("A")
            try await clock.punch(member, .in, "2025-07-07T14:05:00Z")
            for moment in ["14:00:00Z", "14:04:59.999999Z", "14:05:00Z", "14:09:00Z"] {
                await #expect(throws: AttendanceError.notAllowed(.in, in: .working), "\(moment)") {
                    try await clock.punch(member, .in, "2025-07-07T\(moment)")
                }
            }
            try await clock.punch(member, .out, "2025-07-07T20:00:00Z")
            await #expect(throws: AttendanceError.notAllowed(.out, in: .finished)) {
                try await clock.punch(member, .out, "2025-07-07T19:59:00Z")
            }
            // Another step within these minutes is no repetition, and what lies further back was forgotten.
            try await clock.punch(member, [(.breakStart, "2025-07-07T19:00:00Z"), (.breakEnd, "2025-07-07T19:01:00Z")])
            try await clock.punch(member, [(.breakStart, "2025-07-07T18:54:00Z"), (.breakEnd, "2025-07-07T18:55:00Z")])
            try await clock.punch(member, .in, "2025-07-07T13:59:59.999999Z")
            #expect(try await clock.entries().count == 7)
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `keeps an admin's edit against everything that comes after`(on kind: StoreKind) async throws {
        try await kind.withPunchClock { clock in
            let member = try await clock.open("A")
            try await clock.punch(
                member,
                [
                    (.in, "2025-06-11T14:00:00Z"), (.breakStart, "2025-06-11T17:00:00Z"), (.breakEnd, "2025-06-11T18:00:00Z"),
                    (.out, "2025-06-11T20:00:00Z"),
                ])
            let session = try #require(try await clock.sessions(of: member).first)
            let edited = try await clock.operations.editSession(
                session.id, punchIn: Instant("2025-06-11T13:00:00Z"), punchOut: Instant("2025-06-11T21:00:00Z"), note: "agreed",
                of: .timeTracker, as: clock.caller)
            #expect(edited.note == "agreed")
            #expect(edited.id == session.id)
            #expect(try await clock.figures(of: member) == ["2025-06-11 8.00/60.00/7.00 complete"])
            try await clock.punch(member, .in, "2025-06-11T22:00:00Z")
            #expect(try await clock.figures(of: member) == ["2025-06-11 8.00/60.00/7.00 in-progress"])
            try await clock.punch(member, .out, "2025-06-11T23:00:00Z")
            #expect(try await clock.figures(of: member) == ["2025-06-11 10.00/60.00/8.00 complete"])
            #expect(try await clock.sessions(of: member).map(\.note) == ["agreed"])
            try await clock.operations.voidSession(session.id, of: .timeTracker, as: clock.caller)
            #expect(try await clock.sessions(of: member) == [])
            let count = try await clock.operations.generateSessions(
                from: session.day, through: session.day, of: .timeTracker, as: clock.caller)
            #expect(count == 1)
            #expect(try await clock.figures(of: member) == ["2025-06-11 9.00/60.00/6.00 complete"])
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `follows corrections to other days, other members, and away`(on kind: StoreKind) async throws {
        try await kind.withPunchClock { clock in
            let (member, other) = (try await clock.open("A"), try await clock.open("B"))
            try await clock.punch(member, .in, "2025-06-11T14:00:00Z")
            let out = try await clock.punch(member, .out, "2025-06-11T20:00:00Z", note: "side door")
            var change = TimeEntryChange()
            change.at = try Instant("2025-06-11T21:00:00Z")
            clock.subject.clock.advance(milliseconds: 3_000)
            let corrected = try await clock.operations.correctTimeEntry(out.id, change, of: .timeTracker, as: clock.caller)
            #expect(corrected.id == out.id)
            #expect(corrected.note == "side door")
            #expect(corrected.createdAt == out.createdAt)
            #expect(corrected.updatedAt > out.updatedAt)
            #expect(try await clock.figures(of: member) == ["2025-06-11 7.00/0.00/7.00 complete"])
            change = TimeEntryChange()
            change.at = try Instant("2025-06-12T21:00:00Z")
            _ = try await clock.operations.correctTimeEntry(out.id, change, of: .timeTracker, as: clock.caller)
            #expect(try await clock.figures(of: member) == ["2025-06-11 0.00/0.00/0.00 in-progress"], "it does not count there")
            change = TimeEntryChange()
            change.member = other.id
            change.direction = .in
            _ = try await clock.operations.correctTimeEntry(out.id, change, of: .timeTracker, as: clock.caller)
            #expect(try await clock.figures(of: other) == ["2025-06-12 0.00/0.00/0.00 in-progress"])
            try await clock.operations.voidTimeEntry(out.id, of: .timeTracker, as: clock.caller)
            #expect(try await clock.figures(of: other) == [])
            await #expect(throws: AttendanceError.notFound(.timeEntry)) {
                try await clock.operations.voidTimeEntry(out.id, of: .timeTracker, as: clock.caller)
            }
            #expect(try await clock.entries().count == 1)
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `lists newest first, page by page, as filters say`(on kind: StoreKind) async throws {
        try await kind.withPunchClock { clock in
            let (a, b) = (try await clock.open("A"), try await clock.open("B"))
            for day in 1...9 {
                for member in [a, b] {
                    try await clock.punch(
                        member, [(.in, "2025-06-0\(day)T14:00:00Z"), (.out, "2025-06-0\(day)T15:00:00Z")])
                }
            }
            let all = try await clock.entries()
            #expect(all.count == 36)
            #expect(zip(all, all.dropFirst()).allSatisfy { ($0.at, $0.number) > ($1.at, $1.number) })
            #expect(try await clock.entries(limit: 5) == Array(all.prefix(5)))
            let day = try #require(CalendarDay(parsing: "2025-06-03"))
            let some = try await clock.entries(TimeEntryFilter(member: b.id, from: day, through: day, direction: .out))
            #expect(try some.map(\.at) == [Instant("2025-06-03T15:00:00Z")])
            #expect(some.map(\.member) == [b.id])
            let sessions = try await clock.sessions()
            #expect(
                sessions.map { "\($0.day.text) \($0.member.profile.staffCode)" }.prefix(3) == [
                    "2025-06-09 A", "2025-06-09 B", "2025-06-08 A",
                ])
            let overview = try await clock.operations.hoursOverview(
                of: .timeTracker, matching: SessionFilter(from: day, through: day.adding(days: 1)), as: clock.caller)
            #expect(overview.sessions == 4)
            #expect(overview.working.text == "4.00")
            #expect(overview.averageWorking.text == "1.00")
            let people = try await clock.operations.hoursByMember(
                of: .timeTracker, matching: SessionFilter(member: a.id, from: day, through: day.adding(days: 2)),
                as: clock.caller)
            #expect(people.map(\.working.text) == ["3.00"])
            let days = try await clock.operations.hoursByDay(
                of: .timeTracker, matching: SessionFilter(from: day, through: day.adding(days: 1)), as: clock.caller)
            #expect(days.map(\.working.text) == ["2.00", "2.00"])
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `counts what is open today up to now, in lists and in sums`(on kind: StoreKind) async throws {
        try await kind.withPunchClock { clock in
            clock.subject.clock.now = try Instant("2025-07-07T17:00:00Z")
            let member = try await clock.open("A")
            try await clock.punch(
                member,
                [(.in, "2025-07-07T14:00:00Z"), (.breakStart, "2025-07-07T15:00:00Z"), (.breakEnd, "2025-07-07T16:00:00Z")])
            #expect(try await clock.figures(of: member) == ["2025-07-07 3.00/60.00/2.00 in-progress"])
            let today = try await clock.operations.today(of: .timeTracker, in: .default)
            let filter = SessionFilter(from: today, through: today)
            let sum = try await clock.operations.hoursOverview(of: .timeTracker, matching: filter, as: clock.caller)
            #expect((sum.working.text, sum.breaks.text) == ("2.00", "60.00"))
            let status = try await clock.operations.workStatus(of: member.id, of: .timeTracker, as: clock.caller)
            #expect(status.state == .working)
            #expect(status.last?.direction == .breakEnd)
            clock.subject.clock.now = try Instant("2025-07-08T17:00:00Z")
            #expect(try await clock.figures(of: member) == ["2025-07-07 0.00/0.00/0.00 in-progress"])
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `takes a note without pinning what is worked out`(on kind: StoreKind) async throws {
        try await kind.withPunchClock { clock in
            let member = try await clock.open("A")
            try await clock.punch(member, .in, "2025-07-07T14:00:00Z")
            let id = try #require(try await clock.sessions(of: member).first).id
            var change = SessionChange()
            change.note = .some("forgot the badge")
            let noted = try await clock.operations.changeSession(id, change, of: .timeTracker, as: clock.caller)
            #expect(noted.note == "forgot the badge")
            try await clock.punch(member, .out, "2025-07-07T20:00:00Z")
            #expect(try await clock.figures(of: member) == ["2025-07-07 6.00/0.00/6.00 complete"])
            // Beside an edit too: what comes later still adds to that.
            _ = try await clock.operations.editSession(
                id, punchIn: Instant("2025-07-07T14:00:00Z"), punchOut: Instant("2025-07-07T19:00:00Z"), note: "agreed",
                of: .timeTracker, as: clock.caller)
            try await clock.punch(member, .in, "2025-07-07T21:00:00Z")
            change.note = .some("agreed twice")
            _ = try await clock.operations.changeSession(id, change, of: .timeTracker, as: clock.caller)
            try await clock.punch(member, .out, "2025-07-07T22:00:00Z")
            #expect(try await clock.figures(of: member) == ["2025-07-07 8.00/0.00/6.00 complete"])
            #expect(try await clock.sessions(of: member).map(\.note) == ["agreed twice"])
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `replaces by an edit what was known when it was made`(on kind: StoreKind) async throws {
        try await kind.withPunchClock { clock in
            let member = try await clock.open("A")
            try await clock.punch(member, [(.in, "2025-07-07T18:00:00Z"), (.out, "2025-07-07T22:00:00Z")])
            let id = try #require(try await clock.sessions(of: member).first).id
            let edited = try await clock.operations.editSession(
                id, punchIn: Instant("2025-07-07T13:00:00Z"), punchOut: Instant("2025-07-07T17:00:00Z"), note: "",
                of: .timeTracker, as: clock.caller)
            #expect(try edited.punchOut == Instant("2025-07-07T17:00:00Z"))
            #expect(try await clock.figures(of: member) == ["2025-07-07 4.00/0.00/4.00 complete"])
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `is explained to whoever asks by code, e-mail, identity or a terminal's number`(on kind: StoreKind) async throws {
        try await kind.withPunchClock { clock in
            let member = try await clock.open("P-1", email: "Ilse@corp.example")
            try await clock.punch(member, [(.in, "2025-07-07T14:00:00Z"), (.out, "2025-07-07T22:00:00Z")])
            for station in ["Gate", "North Gate"] as [WireText] {
                let claim = Claim(
                    kind: .punch, source: .terminalLog, occurredAt: try Instant("2025-07-07T08:00:00Z"), station: station,
                    means: "verification-1", detail: PunchDetail(.in).text,
                    personal: PersonalPart(
                        identifierKind: .devicePIN, identifier: "213", reference: "punch \(station)"))
                _ = try await clock.operations.recordPunches([claim], openingPeople: true, as: clock.caller)
            }
            let day = try #require(CalendarDay(parsing: "2025-07-07"))
            func owners(_ name: SheetName) async throws -> [String] {
                try await clock.operations.explainDay(day, of: name, as: clock.caller).map {
                    "\($0.owner.staffCode) \($0.explanation.figures[0].rounding.shownText)"
                }
            }
            #expect(try await owners(.text("P-1")) == ["P-1 8.00"])
            #expect(try await owners(.text("ilse@CORP.example")) == ["P-1 8.00"])
            #expect(try await owners(.id(member.id.rawValue)) == ["P-1 8.00"])
            #expect(try await owners(.text("213")) == ["Gate\u{1F}213 0.00", "North Gate\u{1F}213 0.00"])
            #expect(try await owners(.text("Gate:213")) == ["Gate\u{1F}213 0.00"])
            await #expect(throws: AttendanceError.notFound(.member)) { try await owners(.text("nobody")) }
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `tells the same person of a kiosk's staff code, also where a member ends in between`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            let clock = PunchClock(subject: subject)
            let member = try await clock.open("S-1")
            _ = try await subject.operations.recordScans(
                [.scan("K-1", badge: "1", station: "Gate", staffCode: "S-1")], as: subject.caller)
            try await clock.operations.endMember(member.id, of: .timeTracker, as: subject.caller)
            #expect(try await subject.store.projectionRows(of: .default)["person"]?.count == 1)
            try await subject.expectRebuildChangesNothing()
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `gives a terminal's punches to whoever gets their number later`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            func punch(_ direction: PunchDirection, _ second: Int64) -> Claim {
                Claim(
                    kind: .punch, source: .terminalLog, occurredAt: Instant(microseconds: second * 1_000_000), station: "Gate",
                    means: "verification-1", detail: PunchDetail(direction, offsetSeconds: 0).text,
                    personal: PersonalPart(
                        identifierKind: .devicePIN, identifier: "7", reference: "p \(WireText("\(second)"))"))
            }
            let early = [punch(.in, 3_600), punch(.out, 7_200)]
            _ = try await subject.operations.recordPunches(early, openingPeople: false, as: subject.caller)
            #expect(try await subject.store.projectionRows(of: .default)["work_session"]?.count == 0)
            _ = try await subject.operations.recordPunches(
                early + [punch(.in, 90_000)], openingPeople: true, as: subject.caller)
            #expect(try await subject.store.projectionRows(of: .default)["work_session"]?.count == 2)
            #expect(try await subject.store.projectionRows(of: .default)["waiting_punch"]?.count == 0)
            try await subject.expectRebuildChangesNothing()
        }
    }
}

/// Random numbers that a seed makes again.
private struct Dice {
    var state: UInt64

    mutating func next(_ sides: Int) -> Int {
        // SplitMix64; source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators".
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((z ^ (z >> 31)) % UInt64(sides))
    }
}

@Suite struct `A sheet that grew entry by entry` {
    /// Deeds in any order: punches of all ages, entered, corrected, moved and taken away, rules and zones that change,
    /// sessions laid down and taken away.
    @Test(arguments: StoreKind.underTest)
    func `is what its punches make of it at once`(on kind: StoreKind) async throws {
        for seed in 1...(kind == .sqlite ? 60 : 15) as ClosedRange<UInt64> {
            try await kind.withFreshStore { subject in
                try await Self.play(seed: seed, PunchClock(subject: subject))
                try await subject.expectRebuildChangesNothing()
            }
        }
    }

    private static func play(seed: UInt64, _ clock: PunchClock) async throws {
        var dice = Dice(state: seed)
        let members = [try await clock.open("A"), try await clock.open("B")]
        let start = try Instant("2025-03-07T06:00:00Z")
        let directions: [PunchDirection] = [.in, .out, .breakStart, .breakEnd]
        for _ in 0..<60 {
            clock.subject.clock.advance(milliseconds: Int64(dice.next(5_000)))
            let member = members[dice.next(2)]
            // Five days around the change of the clocks, in steps of 20 minutes so that moments meet.
            let at = start.adding(seconds: Int64(dice.next(5 * 72)) * 1_200)
            let direction = directions[dice.next(4)]
            let entries = try await clock.entries()
            switch dice.next(12) {
            case 0...5:
                // What the state does not allow is refused, and that is half of them.
                _ = try? await clock.operations.punch(
                    member.id, direction, at: at, note: nil, of: .timeTracker, as: clock.caller)
            case 6, 7:
                _ = try await clock.operations.assertTimeEntry(
                    TimeEntryDraft(member: member.id, direction: direction, at: at), of: .timeTracker, as: clock.caller)
            case 8 where !entries.isEmpty:
                var change = TimeEntryChange()
                change.at = at
                if dice.next(3) == 0 { change.member = member.id }
                if dice.next(3) == 0 { change.direction = direction }
                _ = try await clock.operations.correctTimeEntry(
                    entries[dice.next(entries.count)].id, change, of: .timeTracker, as: clock.caller)
            case 9 where !entries.isEmpty:
                try await clock.operations.voidTimeEntry(
                    entries[dice.next(entries.count)].id, of: .timeTracker, as: clock.caller)
            case 10:
                let hours: Int64 = 3_600 * [4, 16][dice.next(2)]
                try await clock.operations.setRule(
                    .carrySeconds, to: WireText("\(hours)"), of: .timeTracker, as: clock.caller)
            default:
                let draft = BusinessHoursDraft(
                    startMicroseconds: Int64(dice.next(12)) * 3_600_000_000, endMicroseconds: 86_399_000_000, breakMinutes: 0,
                    lateThresholdMinutes: 5, isActive: dice.next(3) > 0)
                _ = try await clock.operations.createBusinessHours(draft, of: .timeTracker, as: clock.caller)
            }
        }
        for member in members {
            let stored = try await clock.sessions(of: member)
            let expected = try await Self.sessions(of: member, clock)
            #expect(
                stored.map(Line.init) == expected.map { Line($0) },
                "seed \(seed), \(member.profile.staffCode)")
        }
        let first = try #require(CalendarDay(parsing: "2025-03-01"))
        let sums = try await clock.operations.hoursOverview(
            of: .timeTracker, matching: SessionFilter(from: first, through: first.adding(days: 30)), as: clock.caller)
        let all = try await clock.sessions()
        #expect(sums.sessions == Int64(all.count), "seed \(seed)")
        #expect(sums.cycles == Int64(all.reduce(0) { $0 + $1.cycles.count }), "seed \(seed)")
        #expect(sums.working.hundredths == all.reduce(0) { $0 + $1.figures.working.hundredths }, "seed \(seed)")
        #expect(sums.lateArrivals == Int64(all.count { $0.isLateIn }), "seed \(seed)")
    }

    /// Judges a member's punches day after day from the beginning, as they stand in the store.
    private static func sessions(of member: Member, _ clock: PunchClock) async throws -> [WorkSession] {
        let punches = try await clock.subject.store.read(in: .default) { tx throws(AttendanceError) in
            try tx.punches(
                of: member.number, from: CalendarDay(daysSince1970: 0), through: CalendarDay(daysSince1970: 40_000))
        }.map(\.punch)
        guard let first = punches.map(\.day).min(), let last = punches.map(\.day).max() else { return [] }
        var counted: [CalendarDay: [TimedPunch]] = [:]
        var entering: OpenShift?
        var day = first
        while day <= last {
            let judgement = DayJudgement(of: day, punches: punches.filter { $0.day == day }, entering: entering)
            counted[day.adding(days: -1), default: []] += judgement.carried
            counted[day, default: []] += judgement.own
            entering = judgement.leaving
            day = day.adding(days: 1)
        }
        return counted.sorted { $1.key < $0.key }.compactMap { WorkSession(day: $0, counted: $1, assertion: nil) }
    }

    /// What both calculations have to agree on.
    private struct Line: Equatable {
        let text: String

        init(_ session: SessionRecord) {
            text = Self.text(
                session.day, session.punchIn, session.punchOut, session.breakStart, session.breakEnd, session.figures,
                session.isLateIn, session.isEarlyOut, session.status, session.cycles.map(\.since), session.cycles.map(\.until))
        }

        init(_ session: WorkSession) {
            text = Self.text(
                session.day, session.punchIn, session.punchOut, session.breakStart, session.breakEnd, session.figures(at: nil),
                session.isLateIn, session.isEarlyOut, session.status, session.cycles.map(\.since), session.cycles.map(\.until))
        }

        private static func text(
            _ day: CalendarDay, _ punchIn: Instant?, _ punchOut: Instant?, _ breakStart: Instant?, _ breakEnd: Instant?,
            _ figures: SessionFigures, _ isLateIn: Bool, _ isEarlyOut: Bool, _ status: SessionStatus, _ since: [Instant],
            _ until: [Instant?]
        ) -> String {
            func moment(_ instant: Instant?) -> String { instant?.millisecondText ?? "-" }
            return
                ([day.text] + [punchIn, punchOut, breakStart, breakEnd].map(moment)
                + [figures.total, figures.break, figures.working].map(\.text)
                + ["\(isLateIn)", "\(isEarlyOut)", status.rawValue] + since.map(moment) + until.map(moment))
                .joined(separator: " ")
        }
    }
}
