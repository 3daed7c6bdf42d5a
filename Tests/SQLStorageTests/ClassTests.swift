import AttendanceCore
import FoundationEssentials
import SQLStorage
import TestKit
import Testing

/// Teachers, an admin and students over a store.
private struct Classroom: Sendable {
    let subject: StoreUnderTest
    let teacher: ClassroomCaller
    let other: ClassroomCaller
    let admin: ClassroomCaller

    init(_ subject: StoreUnderTest) {
        self.subject = subject
        func caller(_ role: ClassroomRole, _ name: String) -> ClassroomCaller {
            ClassroomCaller(
                caller: Caller(tenant: .default, name: WireText("account/\(name)"), roles: []),
                account: .init(rawValue: UUID()), role: role, email: WireText("\(name)@college.example"))
        }
        teacher = caller(.teacher, "asha")
        other = caller(.teacher, "noor")
        admin = caller(.admin, "root")
    }

    var operations: Operations { subject.operations }

    func student(_ email: WireText) -> ClassroomCaller {
        ClassroomCaller(
            caller: Caller(tenant: .default, name: "account/student", roles: []), account: .init(rawValue: UUID()),
            role: .student, email: email)
    }

    func open(
        _ code: WireText, section: WireText = "A", as caller: ClassroomCaller? = nil
    ) async throws -> SchoolClass {
        subject.clock.advance(milliseconds: 1)
        return try await operations.createClass(
            ClassDraft(code: code, name: "Name of \(code)", section: section), as: caller ?? teacher)
    }

    /// `A1: Ann` and so on.
    @discardableResult
    func enrol(_ lines: [WireText: WireText], in one: SchoolClass, as caller: ClassroomCaller? = nil) async throws -> [Student] {
        let drafts = try lines.sorted { $0.key < $1.key }.map { rollNumber, name in
            try StudentDraft(rollNumber: rollNumber, profile: StudentProfile(name: name))
        }
        return try await operations.updateRoster(of: one.id, drafts, as: caller ?? teacher)
    }

    func session(
        _ one: SchoolClass, _ day: WireText, as caller: ClassroomCaller? = nil
    ) async throws -> ClassSession {
        try await operations.openClassSession(of: one.id, on: day, imageURL: nil, as: caller ?? teacher)
    }

    @discardableResult
    func call(
        _ session: ClassSession, _ marks: [(WireText, MarkStatus)], as caller: ClassroomCaller? = nil
    ) async throws -> RollCallOutcome {
        try await operations.callRoll(
            session.id, marks.map { MarkUpdate(rollNumber: $0, status: $1) }, as: caller ?? teacher)
    }

    func entries() async throws -> [LedgerEntry] {
        try await subject.store.read(in: .default) { tx throws(AttendanceError) in try tx.entries(after: 0, limit: 10_000) }
    }

    func head() async throws -> Int64 {
        try await subject.store.read(in: .default) { tx throws(AttendanceError) in try tx.head().sequence }
    }
}

private func time(_ text: String) throws -> TimeOfDay { try #require(TimeOfDay(parsing: text)) }

private func day(_ text: String) throws -> CalendarDay { try #require(CalendarDay(parsing: text)) }

extension StoreKind {
    fileprivate func withClassroom(_ body: (Classroom) async throws -> Void) async throws {
        try await withFreshStore { subject in
            let room = Classroom(subject)
            try await body(room)
            try await subject.expectRebuildChangesNothing()
            let verified = try await subject.operations.verifyLedger(of: .default, as: subject.caller) { _, _ in }
            let head = try await subject.store.read(in: .default) { tx throws(AttendanceError) in try tx.head() }
            #expect(verified == .intact(head))
        }
    }
}

extension RollCallOutcome {
    /// `A1 present`, with ` ai` and a score where there are such.
    fileprivate var lines: [String] {
        sheet.marks.map { one in
            "\(one.rollNumber) \(one.mark.status.rawValue)" + (one.mark.isRecognisedByAI ? " ai" : "")
                + (one.mark.score.map { " \($0.text)" } ?? "")
        }
    }
}

@Suite struct `Classes` {
    @Test(arguments: StoreKind.underTest)
    func `are seen and edited by whoever owns them, and by admins`(on kind: StoreKind) async throws {
        try await kind.withClassroom { room in
            let first = try await room.open("GX1")
            let second = try await room.open("GX2")
            let foreign = try await room.open("GX1", as: room.other)
            let adminsOwn = try await room.open("GX1", as: room.admin)
            #expect(try await room.operations.classes(as: room.teacher).map(\.schoolClass) == [first, second])
            #expect(
                try await room.operations.classes(as: room.admin).map(\.schoolClass) == [first, second, foreign, adminsOwn])
            await #expect(throws: AttendanceError.notPermitted) {
                _ = try await room.operations.classes(as: room.student("a@b.example"))
            }
            await #expect(throws: AttendanceError.taken(.class)) { _ = try await room.open("GX1") }
            await #expect(throws: AttendanceError.notPermitted) {
                try await room.operations.endClass(foreign.id, as: room.teacher)
            }
            await #expect(throws: AttendanceError.notFound(.class)) {
                try await room.operations.endClass(.init(rawValue: UUID()), as: room.teacher)
            }
            await #expect(throws: AttendanceError.invalid(field: "name", .empty)) {
                _ = try await room.operations.createClass(ClassDraft(code: "X", name: "", section: "A"), as: room.teacher)
            }
            var change = ClassChange()
            change.code = "GX2"
            await #expect(throws: AttendanceError.taken(.class)) {
                _ = try await room.operations.changeClass(first.id, change, as: room.teacher)
            }
            change.code = "100 % Optics\n"
            change.practicalGroup = "G 2"
            let changed = try await room.operations.changeClass(first.id, change, as: room.admin)
            #expect(changed.profile.code == "100 % Optics\n")
            #expect(changed.profile.practicalGroup == "G 2")
            #expect(changed.owner == room.teacher.account)
            try await room.operations.endClass(second.id, as: room.teacher)
            #expect(try await room.operations.classes(as: room.teacher).map(\.schoolClass) == [changed])
            // What has ended keeps no code occupied.
            _ = try await room.open("GX2")
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `meet once on a day of the week`(on kind: StoreKind) async throws {
        try await kind.withClassroom { room in
            let one = try await room.open("GX1")
            let friday = try ClassSlot(
                weekday: 5, start: #require(TimeOfDay(parsing: "14:30")), end: #require(TimeOfDay(parsing: "16:30:00")))
            let monday = try ClassSlot(
                weekday: 1, start: #require(TimeOfDay(parsing: "10:00:00")), end: #require(TimeOfDay(parsing: "11:00")))
            try await room.operations.addSlot(friday, to: one.id, as: room.teacher)
            try await room.operations.addSlot(monday, to: one.id, as: room.admin)
            await #expect(throws: AttendanceError.taken(.slot)) {
                try await room.operations.addSlot(monday, to: one.id, as: room.teacher)
            }
            await #expect(throws: AttendanceError.notPermitted) {
                try await room.operations.addSlot(monday, to: one.id, as: room.other)
            }
            #expect(try await room.operations.classes(as: room.teacher)[0].schoolClass.slots == [monday, friday])
            try await room.operations.removeSlot(onWeekday: 5, from: one.id, as: room.teacher)
            await #expect(throws: AttendanceError.notFound(.slot)) {
                try await room.operations.removeSlot(onWeekday: 5, from: one.id, as: room.teacher)
            }
            #expect(try await room.operations.classes(as: room.teacher)[0].schoolClass.slots == [monday])
            // The clock of the test shows Thursday, 2026-02-12T08:00:00Z.
            let meetings = try await room.operations.nextMeetings(of: one.id, limit: 2, as: room.teacher)
            #expect(meetings.map { $0.start.millisecondText } == ["2026-02-16T10:00:00.000Z", "2026-02-23T10:00:00.000Z"])
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `have meetings that are moved, under numbers that are never given twice`(on kind: StoreKind) async throws {
        try await kind.withClassroom { room in
            let one = try await room.open("GX1")
            try await room.operations.addSlot(
                ClassSlot(weekday: 3, start: time("10:00"), end: time("11:00")), to: one.id, as: room.teacher)
            var draft = try RescheduleDraft(
                originalDay: day("2025-10-29"), day: day("2025-10-31"), start: time("14:00"), end: time("15:00"),
                reason: "Exam, sort of")
            let moved = try await room.operations.reschedule(draft, of: one.id, as: room.teacher)
            #expect(moved.originalStart.secondText == "10:00:00")
            #expect(moved.originalEnd.secondText == "11:00:00")
            draft.originalDay = try day("2025-10-30")
            await #expect(throws: AttendanceError.notFound(.slot)) {
                _ = try await room.operations.reschedule(draft, of: one.id, as: room.teacher)
            }
            await #expect(throws: AttendanceError.notFound(.class)) {
                _ = try await room.operations.reschedule(draft, of: one.id, as: room.other)
            }
            await #expect(throws: AttendanceError.notPermitted) {
                _ = try await room.operations.reschedule(draft, of: one.id, as: room.student("a@b.example"))
            }
            draft.originalDay = try day("2025-11-05")
            draft.day = try day("2025-11-06")
            draft.reason = nil
            room.subject.clock.advance(milliseconds: 1_000)
            let second = try await room.operations.reschedule(draft, of: one.id, as: room.admin)
            #expect(second.number == moved.number + 1)
            let change = try RescheduleChange(start: time("09:30"), end: time("10:30"))
            await #expect(throws: AttendanceError.notFound(.reschedule)) {
                _ = try await room.operations.changeReschedule(moved.number, change, as: room.other)
            }
            let changed = try await room.operations.changeReschedule(moved.number, change, as: room.teacher).reschedule
            #expect(changed.start.secondText == "09:30:00")
            #expect(changed.reason == "Exam, sort of")
            #expect(changed.createdAt == moved.createdAt)
            func listed(_ from: CalendarDay?, _ through: CalendarDay?) async throws -> [Int64] {
                try await room.operations.reschedules(of: one.id, from: from, through: through, as: room.teacher).map(\.number)
            }
            #expect(try await listed(nil, nil) == [moved.number, second.number])
            #expect(try await listed(day("2025-11-06"), nil) == [second.number])
            #expect(try await listed(nil, day("2025-10-31")) == [moved.number])
            try await room.operations.removeReschedule(second.number, as: room.teacher)
            await #expect(throws: AttendanceError.notFound(.reschedule)) {
                try await room.operations.removeReschedule(second.number, as: room.teacher)
            }
            let third = try await room.operations.reschedule(draft, of: one.id, as: room.teacher)
            #expect(third.number == second.number + 1)
            try await room.operations.endClass(one.id, as: room.teacher)
            await #expect(throws: AttendanceError.notFound(.reschedule)) {
                try await room.operations.removeReschedule(third.number, as: room.teacher)
            }
        }
    }
}

@Suite struct `A roster` {
    @Test(arguments: StoreKind.underTest)
    func `is added to, and tells more of students without forgetting anything`(on kind: StoreKind) async throws {
        try await kind.withClassroom { room in
            let one = try await room.open("GX1")
            let two = try await room.open("GX2", as: room.other)
            var full = StudentProfile(name: "Uma Joshi")
            full.photoURL = ""
            full.program = "BTECH"
            full.semester = "3"
            full.email = "Uma@mail.example"
            full.instituteEmail = "null"
            let roster = try await room.operations.updateRoster(
                of: one.id,
                [
                    StudentDraft(rollNumber: " 23/GX/2 ", profile: StudentProfile(name: "Bo")),
                    StudentDraft(rollNumber: "23/GX/1", profile: full),
                ], as: room.teacher)
            #expect(roster.map(\.rollNumber) == ["23/GX/1", "23/GX/2"])
            #expect(roster[0].profile.photoURL == nil)
            #expect(roster[0].profile.program == "BTECH")
            let allowed = try await room.subject.store.read(in: .default) { tx throws(AttendanceError) in
                try tx.allowedEmails(on: .student)
            }
            #expect(
                allowed.map { "\($0.rollNumber ?? "-") \($0.email) \($0.otherEmail ?? "-")" } == ["23/GX/1 uma@mail.example -"])
            // Another class tells of the same student; what is empty there is kept, and the name is the new one here too.
            var less = StudentProfile(name: "Uma J.")
            less.program = ""
            less.phone = "555"
            let there = try await room.operations.updateRoster(
                of: two.id, [StudentDraft(rollNumber: "23/GX/1", profile: less)], as: room.other)
            #expect(there[0].id == roster[0].id)
            let again = try await room.operations.updateRoster(of: one.id, [], as: room.teacher)
            #expect(again.map(\.profile.name) == ["Uma J.", "Bo"])
            #expect(again[0].profile.program == "BTECH")
            #expect(again[0].profile.phone == "555")
            // What is known already is no entry; of two lines the later one is told last.
            let head = try await room.head()
            try await room.enrol(["23/GX/2": "Bo"], in: one)
            #expect(try await room.head() == head)
            let twice = try await room.operations.updateRoster(
                of: one.id,
                [
                    StudentDraft(rollNumber: "23/GX/3", profile: StudentProfile(name: "First", program: "A")),
                    StudentDraft(rollNumber: "23/GX/3", profile: StudentProfile(name: "Second")),
                ], as: room.teacher)
            #expect(twice[2].profile == StudentProfile(name: "Second", program: "A"))
            #expect(try await room.head() == head + 2)
        }
    }

    @Test(
        arguments: [
            ("", "Ann", "rollNo"), (" \t", "Ann", "rollNo"), ("A1", "", "name"), ("A1", " ", "name"), ("A1", "a\u{1F}b", "name"),
            ("A\u{0}1", "Ann", "rollNo"),
        ] as [(WireText, WireText, String)])
    func `takes no line without a roll number or a name`(rollNumber: WireText, name: WireText, field: String) {
        #expect {
            try StudentDraft(rollNumber: rollNumber, profile: StudentProfile(name: name))
        } throws: { error in
            if case AttendanceError.invalid(let found, _) = error { found == field } else { false }
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `keeps who left, and what was noted of them`(on kind: StoreKind) async throws {
        try await kind.withClassroom { room in
            let one = try await room.open("GX1")
            try await room.enrol(["A1": "Ann", "A2": "Ben", "A3": "Cy"], in: one)
            let session = try await room.session(one, "2025-10-26")
            try await room.call(session, [("A1", .present), ("A2", .late)])
            let left = try await room.operations.unenrol(rollNumbers: ["A2", "A9", "A2"], from: one.id, as: room.teacher)
            #expect(left == 1)
            #expect(try await room.operations.roster(of: one.id, as: room.teacher).map(\.rollNumber) == ["A1", "A3"])
            let sheets = try await room.operations.classSessions(of: one.id, from: nil, through: nil, as: room.teacher)
            #expect(sheets[0].marks.map(\.name) == ["Ann", "Ben"])
            #expect(try await room.operations.classStatistics(of: one.id, as: room.teacher).count == 2)
            let outcome = try await room.call(session, [("A2", .absent), ("A1", .absent)])
            #expect(outcome.lines == ["A1 absent", "A2 late"])
            #expect(outcome.skipped == [SkippedUpdate(rollNumber: "A2", reason: .notInClass)])
            room.subject.clock.advance(milliseconds: 86_400_000)
            try await room.enrol(["A2": "Ben"], in: one)
            #expect(try await room.call(session, [("A2", .absent)]).lines == ["A1 absent", "A2 absent"])
            #expect(try await room.subject.store.projectionRows(of: .default)["enrolment"]?.count == 4)
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `that two edit at once has what both of them said`(on kind: StoreKind) async throws {
        try await kind.withClassroom { room in
            let one = try await room.open("GX1")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for editor in 0..<2 {
                    for step in 0..<20 {
                        group.addTask {
                            // Both name one student each time, under their own spelling of the name, and add one of their own.
                            var lines: [WireText: WireText] = [:]
                            lines["S-\(WireText("\(step)"))"] = WireText("Shared \(editor)")
                            lines["E\(WireText("\(editor)-\(step)"))"] = "Own"
                            try await room.enrol(lines, in: one, as: editor == 0 ? room.teacher : room.admin)
                        }
                    }
                }
                try await group.waitForAll()
            }
            let roster = try await room.operations.roster(of: one.id, as: room.teacher)
            #expect(roster.count == 60)
            #expect(Set(roster.map(\.rollNumber)).count == 60)
        }
    }
}

@Suite struct `A class session` {
    @Test(arguments: StoreKind.underTest)
    func `is made once for a class and day, and stays as it was made`(on kind: StoreKind) async throws {
        try await kind.withClassroom { room in
            let one = try await room.open("GX1")
            let first = try await room.operations.openClassSession(
                of: one.id, on: "2025-10-26", imageURL: "/storage/a b.jpg", as: room.admin)
            #expect(first.creator == room.admin.account)
            let again = try await room.operations.openClassSession(
                of: one.id, on: "2025-10-26", imageURL: "other", as: room.teacher)
            #expect(again == first)
            #expect(again.imageURL == "/storage/a b.jpg")
            // A stranger is not told what is wrong with the date.
            await #expect(throws: AttendanceError.notPermitted) { _ = try await room.session(one, "20251026", as: room.other) }
            await #expect(throws: AttendanceError.notPermitted) {
                _ = try await room.session(one, "2025-10-26", as: room.student("a@b.example"))
            }
            await #expect(throws: AttendanceError.notFound(.class)) {
                _ = try await room.operations.openClassSession(
                    of: .init(rawValue: UUID()), on: "no date", imageURL: nil, as: room.teacher)
            }
            await #expect {
                _ = try await room.session(one, "20251026")
            } throws: { error in
                if case AttendanceError.invalid("sessionDate", _) = error { true } else { false }
            }
            try await room.operations.voidClassSession(first.id, as: room.teacher)
            let anew = try await room.session(one, "2025-10-26")
            #expect(anew.id != first.id)
            await #expect(throws: AttendanceError.notFound(.classSession)) { try await room.call(first, [("A1", .present)]) }
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `that two hundred ask for at once is one`(on kind: StoreKind) async throws {
        try await kind.withClassroom { room in
            let one = try await room.open("GX1")
            let ids = try await withThrowingTaskGroup(of: Identifier<ClassSession>.self) { group in
                for asker in 0..<200 {
                    group.addTask {
                        try await room.session(one, "2025-10-26", as: asker % 2 == 0 ? room.teacher : room.admin).id
                    }
                }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(ids.count == 1)
            #expect(try await room.subject.store.projectionRows(of: .default)["class_session"]?.count == 1)
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `takes marks, and passes over what it cannot take`(on kind: StoreKind) async throws {
        try await kind.withClassroom { room in
            let one = try await room.open("GX1")
            try await room.enrol(["A1": "Ann", "A2": "Ben", "A3": "Cy"], in: one)
            let session = try await room.session(one, "2025-10-26")
            let first = try await room.operations.callRoll(
                session.id,
                [
                    MarkUpdate(rollNumber: "A2", status: .absent),
                    MarkUpdate(rollNumber: "A1", status: .absent),
                    MarkUpdate(rollNumber: "a1", status: .present),
                    MarkUpdate(rollNumber: "A3", status: MarkStatus(anyCase: "P")),
                    MarkUpdate(
                        rollNumber: "A1", status: MarkStatus(anyCase: "PresenT"), isRecognisedByAI: true, score: Hundredths(9250)),
                ], as: room.teacher)
            #expect(first.lines == ["A1 present ai 92.50", "A2 absent"])
            #expect(
                first.skipped == [
                    SkippedUpdate(rollNumber: "a1", reason: .notInClass),
                    SkippedUpdate(rollNumber: "A3", reason: .unknownStatus),
                ])
            // Again changes nothing; what is left out is reset.
            let head = try await room.head()
            try await room.call(session, [("A2", .absent)])
            #expect(try await room.head() == head)
            #expect(try await room.operations.callRoll(session.id, [], as: room.admin).lines == first.lines)
            #expect(try await room.call(session, [("A1", .present)]).lines == ["A1 present", "A2 absent"])
            let zero = try await room.operations.callRoll(
                session.id, [MarkUpdate(rollNumber: "A3", status: .late, score: Hundredths(0))], as: room.teacher)
            #expect(zero.lines == ["A1 present", "A2 absent", "A3 late 0.00"])
            await #expect {
                _ = try await room.operations.callRoll(
                    session.id, [MarkUpdate(rollNumber: "A3", status: .late, score: Hundredths(-100_000))], as: room.teacher)
            } throws: { error in
                if case AttendanceError.invalid("similarityScore", _) = error { true } else { false }
            }
            // Who and when are the entry's: one entry, one row for each mark that changed.
            let calls = try await room.entries().filter { $0.claim.kind == .rollCalled }
            let numbers = try await room.operations.roster(of: one.id, as: room.teacher).map(\.number)
            #expect(
                calls.map(\.claim.detail?.text) == [
                    "roll session=\(session.number) \(numbers[0])=p,ai,9250 \(numbers[1])=a",
                    "roll session=\(session.number) \(numbers[0])=p", "roll session=\(session.number) \(numbers[2])=l,0",
                ])
            #expect(calls[0].caller == room.teacher.caller.name)
            #expect(zero.sheet.session.marks.map(\.toldBy) == [calls[1].sequence, calls[0].sequence, calls[2].sequence])
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `is marked by the class's owner, by its creator, and by admins`(on kind: StoreKind) async throws {
        try await kind.withClassroom { room in
            let one = try await room.open("GX1")
            try await room.enrol(["A1": "Ann"], in: one)
            let session = try await room.session(one, "2025-10-26", as: room.admin)
            #expect(try await room.call(session, [("A1", .present)]).lines == ["A1 present"])
            #expect(try await room.call(session, [("A1", .late)], as: room.admin).lines == ["A1 late"])
            await #expect(throws: AttendanceError.notPermitted) {
                try await room.call(session, [("A1", .absent)], as: room.other)
            }
            await #expect(throws: AttendanceError.notPermitted) {
                _ = try await room.operations.callRoll(session.id, [], as: room.other)
            }
            await #expect(throws: AttendanceError.notPermitted) {
                try await room.call(session, [("A1", .absent)], as: room.student("a@b.example"))
            }
            await #expect(throws: AttendanceError.notPermitted) {
                _ = try await room.operations.classSessions(of: one.id, from: nil, through: nil, as: room.other)
            }
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `is listed between two days, newest first`(on kind: StoreKind) async throws {
        try await kind.withClassroom { room in
            let one = try await room.open("GX1")
            for day in ["2025-10-20", "2025-10-27", "2025-10-22"] as [WireText] { _ = try await room.session(one, day) }
            func days(_ from: String?, _ through: String?) async throws -> [String] {
                try await room.operations.classSessions(
                    of: one.id, from: from.flatMap { CalendarDay(parsing: $0) },
                    through: through.flatMap { CalendarDay(parsing: $0) }, as: room.teacher
                ).map(\.session.day.text)
            }
            #expect(try await days(nil, nil) == ["2025-10-27", "2025-10-22", "2025-10-20"])
            #expect(try await days("2025-10-22", nil) == ["2025-10-27", "2025-10-22"])
            #expect(try await days(nil, "2025-10-22") == ["2025-10-22", "2025-10-20"])
            #expect(try await days("2025-10-21", "2025-10-26") == ["2025-10-22"])
            #expect(try await days("2025-10-27", "2025-10-20") == [])
        }
    }
}

@Suite struct `What was noted` {
    @Test(arguments: StoreKind.underTest)
    func `is added up for each student of one class`(on kind: StoreKind) async throws {
        try await kind.withClassroom { room in
            let one = try await room.open("GX1")
            let two = try await room.open("GX2")
            try await room.enrol(["A1": "Ann", "A2": "Ben", "A3": "Cy"], in: one)
            try await room.enrol(["A1": "Ann"], in: two)
            let marks: [[(WireText, MarkStatus)]] = [
                [("A1", .present), ("A2", .absent)], [("A1", .late), ("A2", .excused)], [("A1", .excused)],
            ]
            for (place, marks) in marks.enumerated() {
                try await room.call(try await room.session(one, WireText("2025-10-2\(place)")), marks)
            }
            try await room.call(try await room.session(two, "2025-10-20"), [("A1", .absent)])
            let tallies = try await room.operations.classStatistics(of: one.id, as: room.teacher)
            #expect(
                tallies.map { "\($0.student.rollNumber) \($0.tally.total) \($0.tally.presentPercentage.text)" } == [
                    "A1 3 33.33", "A2 2 0.00", "A3 0 0.00",
                ])
            await #expect(throws: AttendanceError.notPermitted) {
                _ = try await room.operations.classStatistics(of: one.id, as: room.other)
            }
            let fair = try await room.operations.fairStatistics(of: one.id, as: room.teacher)
            // They joined on the day of the test's clock, long after those sessions.
            #expect(fair.map { "\($0.unmarked) \($0.percentage.text)" } == ["0 100.00", "0 0.00", "0 0.00"])
            _ = try await room.session(one, "2026-02-12")
            let later = try await room.operations.fairStatistics(of: one.id, as: room.teacher)
            #expect(later.map { "\($0.unmarked) \($0.percentage.text)" } == ["1 66.67", "1 0.00", "1 0.00"])
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `is shown to the student whom it is about`(on kind: StoreKind) async throws {
        try await kind.withClassroom { room in
            let owner = room.teacher.account
            try await room.subject.store.write(in: .default) { tx throws(AttendanceError) in
                let account = Identifier<Account>(rawValue: UUID())
                let profile = AccountProfile(
                    email: "asha@college.example", username: "asha", firstName: "Asha", lastName: "Verma")
                let moment = Instant(microseconds: 0)
                try tx.addAccount(account, profile, passwordHash: nil, at: moment)
                try tx.addGrant(
                    owner, of: .timeTracker, to: account, role: "teacher", isActive: true, epoch: 0, at: moment)
            }
            let one = try await room.open("GX2")
            let two = try await room.open("GX1", section: "B")
            _ = try await room.open("GX0")
            let profile = StudentProfile(name: "Ila", email: "Ila@Mail.example", instituteEmail: " ila_1@college.example")
            for one in [one, two] {
                _ = try await room.operations.updateRoster(
                    of: one.id, [StudentDraft(rollNumber: "I1", profile: profile)], as: room.teacher)
            }
            for (day, mark) in [("2025-10-20", .present), ("2025-10-22", .late), ("2025-10-27", nil)] as [(WireText, MarkStatus?)] {
                let session = try await room.session(one, day)
                if let mark { try await room.call(session, [("I1", mark)]) }
            }
            try await room.operations.setClassFlag(one.id.text, to: true, in: .default)
            for address in ["ila@mail.EXAMPLE", "ILA_1@college.example"] as [WireText] {
                let student = room.student(address)
                let own = try await room.operations.ownClasses(as: student)
                #expect(own.map(\.schoolClass.id) == [two.id, one.id])
                #expect(own[0].owner == ClassOwner(name: "Asha Verma", email: "asha@college.example"))
                #expect(own.map(\.isCheckInOpen) == [false, true])
                let attendance = try await room.operations.ownAttendance(in: one.id, as: student)
                #expect(attendance.tally == MarkTally(present: 1, late: 1))
                #expect(
                    attendance.records.map { "\($0.day.text) \($0.shownStatus.rawValue)" } == [
                        "2025-10-27 absent", "2025-10-22 late", "2025-10-20 present",
                    ])
            }
            await #expect(throws: AttendanceError.notPermitted) { _ = try await room.operations.ownClasses(as: room.admin) }
            let stranger = room.student("nobody@mail.example")
            #expect(try await room.operations.ownClasses(as: stranger) == [])
            await #expect(throws: AttendanceError.notFound(.student)) {
                _ = try await room.operations.ownAttendance(in: one.id, as: stranger)
            }
            await #expect(throws: AttendanceError.notPermitted) {
                _ = try await room.operations.ownAttendance(in: .init(rawValue: UUID()), as: room.student("ila@mail.example"))
            }
            // Whose address it is can no longer be told: nobody is shown somebody else's marks.
            _ = try await room.operations.updateRoster(
                of: one.id,
                [StudentDraft(rollNumber: "I2", profile: StudentProfile(name: "Twin", instituteEmail: "ila@mail.example"))],
                as: room.teacher)
            #expect(try await room.operations.ownRecord(as: room.student("ila@mail.example")) == nil)
            let known = try await room.subject.store.read(in: .default) { tx throws(AttendanceError) in
                [try tx.isStudentAddress("ILA@mail.example"), try tx.isStudentAddress(" "), try tx.isStudentAddress("no@x")]
            }
            #expect(known == [true, false, false])
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `ranks students once, whatever classes they are in`(on kind: StoreKind) async throws {
        try await kind.withClassroom { room in
            let one = try await room.open("GX1")
            let two = try await room.open("GX2")
            for each in [one, two] { try await room.enrol(["A1": "Ann", "A2": "Ben", "A3": "Cy"], in: each) }
            _ = try await room.operations.updateRoster(
                of: one.id,
                [StudentDraft(rollNumber: "A2", profile: StudentProfile(name: "Ben", email: "ben@mail.example"))],
                as: room.teacher)
            for day in ["2025-10-20", "2025-10-21"] as [WireText] {
                try await room.call(try await room.session(one, day), [("A1", .present), ("A2", .late)])
            }
            try await room.call(try await room.session(two, "2025-10-22"), [("A1", .absent), ("A2", .present)])
            let board = try await room.operations.leaderboard(limit: 1, offset: 1, as: room.student("ben@mail.example"))
            #expect(board.total == 2)
            #expect(board.entries.map(\.student.profile.name) == ["Ann"])
            #expect(board.entries[0].rank == 2)
            #expect(board.entries[0].maxStreak == 2)
            #expect(board.entries[0].percentage.text == "66.67")
            // 0.7 × 66.67 + 20 × 2/3 + 10 × (2/3)²
            #expect(board.entries[0].coins.text == "64.45")
            #expect(board.own?.rank == 1)
            #expect(board.own?.tally.total == 3)
            #expect(board.own?.coins.text == "100.00")
            #expect(try await room.operations.leaderboard(limit: 50, offset: 9, as: room.admin).total == 2)
            await #expect(throws: AttendanceError.notPermitted) {
                _ = try await room.operations.leaderboard(limit: 50, offset: 0, as: room.teacher)
            }
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `is told to students at or below a threshold, once`(on kind: StoreKind) async throws {
        try await kind.withClassroom { room in
            let one = try await room.open("GX1")
            let two = try await room.open("GX2")
            for each in [one, two] { try await room.enrol(["A1": "Ann", "A2": "Ben"], in: each) }
            _ = try await room.operations.updateRoster(
                of: one.id,
                [StudentDraft(rollNumber: "A1", profile: StudentProfile(name: "Ann", email: "ann@mail.example"))],
                as: room.teacher)
            for (day, marks) in [("2025-10-20", [("A1", .present)]), ("2025-10-21", [("A2", .late)]), ("2025-10-22", [])]
                as [(WireText, [(WireText, MarkStatus)])]
            {
                let session = try await room.session(one, day)
                if !marks.isEmpty { try await room.call(session, marks) }
            }
            func send(_ threshold: Double, _ id: Identifier<SchoolClass>?) async throws -> Int {
                room.subject.clock.advance(milliseconds: 1)
                return try await room.operations.sendNotices(
                    title: "Low", message: "Please come", belowOrAt: threshold, in: id, as: room.admin)
            }
            #expect(try await send(33.3, one.id) == 1)
            #expect(try await send(33.34, one.id) == 2)
            // The other class has no session at all.
            #expect(try await send(0, nil) == 2)
            let ann = room.student("ANN@mail.example")
            let notices = try await room.operations.ownNotices(unreadOnly: false, as: ann)
            #expect(notices.map(\.threshold) == [0, 33.34])
            try await room.operations.readOwnNotice(notices[1].id, as: ann)
            try await room.operations.readOwnNotice(notices[1].id, as: ann)
            #expect(try await room.operations.ownNotices(unreadOnly: true, as: ann).map(\.id) == [notices[0].id])
            await #expect(throws: AttendanceError.notFound(.notice)) {
                try await room.operations.readOwnNotice(UUID(), as: ann)
            }
            let sent = try await room.operations.sendNotice(
                title: "Hello", message: "", .manual, to: notices[0].student, as: room.admin)
            #expect(try await room.operations.ownNotices(unreadOnly: true, as: ann).map(\.id).contains(sent.id))
            await #expect(throws: AttendanceError.notFound(.student)) {
                _ = try await room.operations.sendNotice(
                    title: "", message: "", .system, to: .init(rawValue: UUID()), as: room.admin)
            }
            await #expect(throws: AttendanceError.notPermitted) {
                _ = try await room.operations.sendNotices(
                    title: "", message: "", belowOrAt: 10, in: nil, as: room.teacher)
            }
            await #expect(throws: AttendanceError.notFound(.class)) { _ = try await send(10, .init(rawValue: UUID())) }
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `of Bluetooth is free text and never passes`(on kind: StoreKind) async throws {
        try await kind.withClassroom { room in
            let operations = room.operations
            #expect(try await !operations.classFlag("gx", in: .default))
            try await operations.setClassFlag("gx", to: true, in: .default)
            #expect(try await operations.classFlag("gx", in: .default))
            try await operations.setClassFlag("gx", to: false, in: .default)
            #expect(try await !operations.classFlag("gx", in: .default))
            for (email, isPresent) in [
                ("b@x.example", true), ("A@x.example", true), ("b@x.example", true), ("c", true), ("c", false),
            ]
                as [(WireText, Bool)]
            {
                try await operations.setClassPresence(of: email, at: "gx", to: isPresent, in: .default)
            }
            #expect(try await operations.classPresence("gx", in: .default) == ["A@x.example", "b@x.example"])
            #expect(try await operations.classPresence("other", in: .default) == [])
            await #expect(throws: AttendanceError.invalid(field: "email", .empty)) {
                try await operations.setClassPresence(of: "", at: "gx", to: true, in: .default)
            }
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

@Suite struct `A classroom that grew entry by entry` {
    /// What a few classes and marks should be, kept by a plain list.
    private struct Model {
        struct Class {
            var roster: [WireText: Bool] = [:]
            var sessions: [WireText: [WireText: MarkStatus]] = [:]
        }
        var names: [WireText: WireText] = [:]
        var classes: [Identifier<SchoolClass>: Class] = [:]
    }

    /// Deeds in any order and many at once in a group: rosters, schedules, moved meetings, sessions, roll calls, and what takes
    /// them away again.
    @Test(arguments: StoreKind.underTest)
    func `is what its entries make of it at once, and what a plain list says`(on kind: StoreKind) async throws {
        for seed in 1...(kind == .sqlite ? 40 : 10) as ClosedRange<UInt64> {
            try await kind.withFreshStore { subject in
                try await Self.play(seed: seed, Classroom(subject))
                try await subject.expectRebuildChangesNothing()
            }
        }
    }

    private static let rollNumbers: [WireText] = ["A1", "A2", "A10", "b/1", "Ä 9", "Z"]

    private static func play(seed: UInt64, _ room: Classroom) async throws {
        var dice = Dice(state: seed)
        var model = Model()
        var open: [SchoolClass] = []
        for step in 0..<120 {
            room.subject.clock.advance(milliseconds: Int64(dice.next(40_000_000)))
            if open.count < 2 {
                let one = try await room.open(WireText("C\(step)"))
                open.append(one)
                model.classes[one.id] = .init()
            }
            let one = open[dice.next(open.count)]
            let day = WireText("2026-02-\(10 + dice.next(6))")
            switch dice.next(16) {
            case 0...2:
                var lines: [WireText: WireText] = [:]
                for _ in 0...dice.next(4) { lines[rollNumbers[dice.next(6)]] = WireText("Name \(dice.next(3))") }
                try await room.enrol(lines, in: one)
                for (rollNumber, name) in lines {
                    model.names[rollNumber] = name
                    model.classes[one.id]?.roster[rollNumber] = true
                }
            case 3:
                let dropped = [rollNumbers[dice.next(6)], rollNumbers[dice.next(6)]]
                _ = try await room.operations.unenrol(rollNumbers: dropped, from: one.id, as: room.teacher)
                for rollNumber in dropped where model.classes[one.id]?.roster[rollNumber] == true {
                    model.classes[one.id]?.roster[rollNumber] = false
                }
            case 4...9:
                let session = try await room.session(one, day)
                if model.classes[one.id]?.sessions[day] == nil { model.classes[one.id]?.sessions[day] = [:] }
                var marks: [(WireText, MarkStatus)] = []
                for _ in 0..<dice.next(6) {
                    marks.append((rollNumbers[dice.next(6)], MarkStatus.allCases[dice.next(4)]))
                }
                try await room.call(session, marks)
                for (rollNumber, status) in marks where model.classes[one.id]?.roster[rollNumber] == true {
                    model.classes[one.id]?.sessions[day]?[rollNumber] = status
                }
            case 10:
                let sheets = try await room.operations.classSessions(of: one.id, from: nil, through: nil, as: room.teacher)
                guard let sheet = sheets.first else { break }
                try await room.operations.voidClassSession(sheet.session.id, as: room.teacher)
                model.classes[one.id]?.sessions[WireText(sheet.session.day.text)] = nil
            case 11:
                let slot = try ClassSlot(weekday: Int64(1 + dice.next(7)), start: time("10:00"), end: time("11:00"))
                // A day that has one already is refused.
                try? await room.operations.addSlot(slot, to: one.id, as: room.teacher)
            case 12:
                let draft = RescheduleDraft(
                    originalDay: try SQLStorageTests.day("2026-02-1\(dice.next(9))"), day: try SQLStorageTests.day("2026-03-01"),
                    start: try time("08:00"), end: try time("09:00"), reason: dice.next(2) == 0 ? nil : "why")
                // Only days with a slot can be moved.
                let moved = try? await room.operations.reschedule(draft, of: one.id, as: room.teacher)
                if let moved, dice.next(2) == 0 {
                    _ = try await room.operations.changeReschedule(
                        moved.number, RescheduleChange(start: try time("07:00")), as: room.teacher)
                }
            case 13:
                for moved in try await room.operations.reschedules(of: one.id, from: nil, through: nil, as: room.teacher)
                where dice.next(2) == 0 {
                    try await room.operations.removeReschedule(moved.number, as: room.teacher)
                }
            case 14:
                // Many at once are one group: what is kept back of one is seen by the next.
                let session = try await room.session(one, day)
                if model.classes[one.id]?.sessions[day] == nil { model.classes[one.id]?.sessions[day] = [:] }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for rollNumber in rollNumbers {
                        group.addTask { try await room.call(session, [(rollNumber, .late)]) }
                        group.addTask { try await room.enrol([rollNumber: "Together"], in: one) }
                    }
                    try await group.waitForAll()
                }
                for rollNumber in rollNumbers {
                    model.names[rollNumber] = "Together"
                    model.classes[one.id]?.roster[rollNumber] = true
                }
                // Whether a mark or the enrolment came first is anybody's guess; now all are there.
                try await room.call(session, rollNumbers.map { ($0, .excused) })
                for rollNumber in rollNumbers { model.classes[one.id]?.sessions[day]?[rollNumber] = .excused }
            default:
                guard dice.next(3) == 0 else { break }
                try await room.operations.endClass(one.id, as: room.teacher)
                open.removeAll { $0.id == one.id }
                model.classes[one.id] = nil
            }
        }
        for one in open { try await compare(one, with: try #require(model.classes[one.id]), model.names, room, seed) }
    }

    private static func compare(
        _ one: SchoolClass, with expected: Model.Class, _ names: [WireText: WireText], _ room: Classroom, _ seed: UInt64
    ) async throws {
        let enrolled = expected.roster.filter(\.value).keys.sorted()
        let roster = try await room.operations.roster(of: one.id, as: room.teacher)
        #expect(roster.map(\.rollNumber) == enrolled, "seed \(seed)")
        #expect(roster.map(\.profile.name) == enrolled.map { names[$0] }, "seed \(seed)")
        let sheets = try await room.operations.classSessions(of: one.id, from: nil, through: nil, as: room.teacher)
        #expect(sheets.map { WireText($0.session.day.text) } == expected.sessions.keys.sorted().reversed(), "seed \(seed)")
        for sheet in sheets {
            let marks = expected.sessions[WireText(sheet.session.day.text)] ?? [:]
            #expect(sheet.marks.map(\.rollNumber) == marks.keys.sorted(), "seed \(seed)")
            #expect(sheet.marks.map(\.mark.status) == marks.sorted { $0.key < $1.key }.map(\.value), "seed \(seed)")
        }
        for row in try await room.operations.classStatistics(of: one.id, as: room.teacher) {
            var tally = MarkTally()
            for marks in expected.sessions.values {
                switch marks[row.student.rollNumber] {
                case .present:
                    tally = MarkTally(present: tally.present + 1, absent: tally.absent, late: tally.late, excused: tally.excused)
                case .absent:
                    tally = MarkTally(present: tally.present, absent: tally.absent + 1, late: tally.late, excused: tally.excused)
                case .late:
                    tally = MarkTally(present: tally.present, absent: tally.absent, late: tally.late + 1, excused: tally.excused)
                case .excused:
                    tally = MarkTally(present: tally.present, absent: tally.absent, late: tally.late, excused: tally.excused + 1)
                case nil: break
                }
            }
            #expect(row.tally == tally, "seed \(seed), \(row.student.rollNumber)")
        }
    }
}

@Suite struct `Views of the classroom` {
    /// The rows of a view as others' reports read them, every column as text.
    private static func rows(
        _ room: Classroom, _ columns: [String], of view: String, by order: String
    ) throws -> [String] {
        let connection = try room.subject.engine.connect(.reading)
        defer { connection.close() }
        // The views of a test's schema stand in one that is called after it.
        let place =
            switch room.subject.kind {
            case .sqlite: "aims_"
            case .postgres: try connection.run("SELECT CAST(current_schema() AS text)")[0].text(0) + "_aims."
            }
        let texts = columns.map { "CAST(\($0) AS text)" }.joined(separator: ", ")
        return try connection.run(SQL(trusted: "SELECT \(texts) FROM \(place)\(view) ORDER BY \(order)")).map { row in
            row.values.indices.map { row.textOrNil($0) ?? "-" }.joined(separator: " ")
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `show who may sign in, and who has`(on kind: StoreKind) async throws {
        try await kind.withClassroom { room in
            let list = [
                try AllowedEmailDraft(email: "t@college.example", role: .teacher, name: "T. Each"),
                try AllowedEmailDraft(
                    email: "s@mail.example", role: .student, otherEmail: "s@inst.example", name: "S", rollNumber: "A1"),
                try AllowedEmailDraft(email: "gone@mail.example", role: .student),
            ]
            _ = try await room.operations.allowEmails(list, as: .commandLine(tenant: .default))
            _ = try await room.operations.denyEmail("gone@mail.example", as: .commandLine(tenant: .default))
            let identity = ProviderIdentity(
                issuer: "https://accounts.google.com", subject: "g-1", email: "t@college.example", name: "Tea Cher")
            let signedIn = try await room.operations.signIn(identity, at: .staff, in: .default, address: "127.0.0.1")
            #expect(
                try Self.rows(room, ["email", "name", "role"], of: "allowed_emails", by: "email").contains(
                    "t@college.example T. Each teacher"))
            #expect(
                try Self.rows(room, ["email", "dtu_email", "roll_no", "name"], of: "allowed_student_emails", by: "email")
                    == ["s@mail.example s@inst.example A1 S"])
            #expect(
                try Self.rows(room, ["id", "email", "name", "role", "department"], of: "users", by: "email").contains(
                    "\(signedIn.grant.id.text) t@college.example Tea Cher teacher -"))
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `show the contract's tables under their names`(on kind: StoreKind) async throws {
        try await kind.withClassroom { room in
            let one = try await room.open("GX1")
            try await room.enrol(["A1": "Ann", "A2": "Ben", "A3": "Cy"], in: one)
            _ = try await room.operations.unenrol(rollNumbers: ["A3"], from: one.id, as: room.teacher)
            try await room.operations.addSlot(
                ClassSlot(weekday: 3, start: time("10:00"), end: time("11:30")), to: one.id, as: room.teacher)
            let draft = try RescheduleDraft(
                originalDay: day("2025-10-29"), day: day("2025-10-31"), start: time("14:00"), end: time("15:00"), reason: "Exam")
            let moved = try await room.operations.reschedule(draft, of: one.id, as: room.teacher)
            let removed = try await room.operations.reschedule(draft, of: one.id, as: room.teacher)
            try await room.operations.removeReschedule(removed.number, as: room.teacher)
            var last: ClassSession?
            for (day, status) in [("2025-10-20", .present), ("2025-10-21", .late), ("2025-10-22", .excused)]
                as [(WireText, MarkStatus)]
            {
                let session = try await room.operations.openClassSession(
                    of: one.id, on: day, imageURL: "a b", as: room.teacher)
                _ = try await room.operations.callRoll(
                    session.id,
                    [
                        MarkUpdate(rollNumber: "A1", status: status, isRecognisedByAI: true, score: Hundredths(9105)),
                        MarkUpdate(rollNumber: "A2", status: .absent),
                    ], as: room.teacher)
                last = session
            }
            let session = try #require(last)
            let students = try await room.operations.roster(of: one.id, as: room.teacher)
            let notice = try await room.operations.sendNotice(
                title: "T", message: "M", .system, to: students[0].id, threshold: 75.5, as: room.admin)
            let (id, owner) = (one.id.text, room.teacher.account.rawValue.uuidString.lowercased())
            let yes = kind == .sqlite ? "1" : "true"
            let no = kind == .sqlite ? "0" : "false"
            #expect(
                try Self.rows(room, ["id", "roll_no", "name", "photo_url"], of: "students", by: "roll_no")
                    .prefix(2) == ["\(students[0].id.text) A1 Ann -", "\(students[1].id.text) A2 Ben -"])
            #expect(
                try Self.rows(room, ["id", "code", "section", "ltp_pattern", "teacher_id"], of: "classes", by: "code")
                    == ["\(id) GX1 A - \(owner)"])
            #expect(
                try Self.rows(
                    room, ["class_id", "day_of_week", "start_time", "end_time"], of: "class_schedules", by: "id")
                    == ["\(id) 3 10:00:00 11:30:00"])
            let meeting = [
                "id", "class_id", "original_date", "rescheduled_date", "original_start_time", "rescheduled_end_time", "reason",
            ]
            #expect(
                try Self.rows(room, meeting, of: "class_reschedules", by: "id")
                    == ["\(moved.number) \(id) 2025-10-29 2025-10-31 10:00:00 15:00:00 Exam"])
            #expect(
                try Self.rows(room, ["class_id", "student_id"], of: "class_students", by: "student_id")
                    == students.map { "\(id) \($0.id.text)" }.sorted())
            #expect(
                try Self.rows(
                    room, ["id", "class_id", "teacher_id", "session_date", "processed_image_url"],
                    of: "attendance_sessions", by: "session_date"
                ).last == "\(session.id.text) \(id) \(owner) 2025-10-22 a b")
            let marks = try Self.rows(
                room, ["student_id", "status", "recognized_by_ai", "similarity_score"], of: "attendance_statuses",
                by: "status, student_id")
            #expect(
                marks == [String](repeating: "\(students[1].id.text) absent \(no) -", count: 3)
                    + ["excused", "late", "present"].map { "\(students[0].id.text) \($0) \(yes) 91.05" })
            #expect(
                try Self.rows(
                    room, ["id", "student_id", "title", "notification_type", "attendance_threshold", "is_read"],
                    of: "notifications", by: "id")
                    == ["\(notice.id.uuidString.lowercased()) \(students[0].id.text) T system 75.5 \(no)"])
            let summary = try Self.rows(
                room, ["roll_no", "student_name", "present_count", "total_count", "percentage"],
                of: "v_student_attendance_summary", by: "roll_no")
            #expect(summary == ["A1 Ann 2 3 66.67", "A2 Ben 0 3 \(kind == .sqlite ? "0.0" : "0.00")"])
            // The clock of the test stands in February 2026.
            let made = try Self.rows(room, ["created_at"], of: "attendance_sessions", by: "id")
            #expect(made.allSatisfy { $0.hasPrefix("2026-02-12 08:00:00") })
        }
    }
}
