@testable import AttendanceCore
import struct Foundation.UUID
import TestKit
import Testing

/// These texts are hashed and kept for ever, so what was once written is read as it was.
@Suite struct `An entry of the classroom` {
    private static let id = UUID(uuidString: "7F1C6F5E-0000-4000-8000-00000000000A")!  // Is an identity, as anybody can see.
    private static let row = ImportedRow(
        id: id, stamp: RowStamp(digest: -2, createdAt: Instant(microseconds: 5), changedAt: nil))

    @Test func `of a class holds any text`() throws {
        let profile = ClassProfile(
            owner: .init(rawValue: Self.id), code: "GX 1", name: "100% Optics\n=é", section: "A", ltpPattern: "")
        let owner = "owner=7f1c6f5e-0000-4000-8000-00000000000a"
        #expect(
            ClassDetail.new(profile, importedAs: nil).text
                == "new \(WireText(owner)) code=GX%201 name=100%25%20Optics%0a=é section=A pattern=")
        for detail in [ClassDetail.new(profile, importedAs: Self.row), .change(17, profile, Self.row.stamp), .change(1, profile)] {
            #expect(ClassDetail(parsing: detail.text) == detail)
        }
    }

    @Test(
        arguments: [
            "", "new", "new owner=x code=a name=b section=c",
            "change owner=7f1c6f5e-0000-4000-8000-00000000000a code=a name=b section=c",
            "new owner=7f1c6f5e-0000-4000-8000-00000000000a code=%2 name=b section=c",
            "new owner=7f1c6f5e-0000-4000-8000-00000000000a code=%41 name=b section=c",
        ] as [WireText])
    func `that is none of ours is no class`(text: WireText) {
        #expect(ClassDetail(parsing: text) == nil)
    }

    @Test func `of a schedule tells times on the clocks of the place`() throws {
        let slot = try ClassSlot(
            weekday: 3, start: #require(TimeOfDay(parsing: "10:00")), end: #require(TimeOfDay(parsing: "11:00")))
        #expect(SlotDetail.told(schoolClass: 17, slot).text == "slot class=17 day=3 start=36000 end=39600")
        for detail in [SlotDetail.told(schoolClass: 17, slot), .removed(schoolClass: 17, weekday: 3)] {
            #expect(SlotDetail(parsing: detail.text) == detail)
        }
        for text in [
            "slot class=17 day=8 start=0 end=1", "slot class=17 day=1 start=5 end=5", "slot class=17 day=1 start=0 end=86400",
        ] as [WireText] {
            #expect(SlotDetail(parsing: text) == nil)
        }
        let moved = try Reschedule(
            number: 3, schoolClass: 17, originalDay: #require(CalendarDay(parsing: "2025-10-29")), originalStart: slot.start,
            originalEnd: slot.end, day: #require(CalendarDay(parsing: "2025-10-31")), start: slot.start, end: slot.end,
            reason: "why", createdAt: Instant(microseconds: 9))
        #expect(
            RescheduleDetail.told(moved).text
                == "reschedule number=3 class=17 original=2025-10-29 from=36000 until=39600 day=2025-10-31 start=36000 end=39600")
        for detail in [RescheduleDetail.told(moved), .removed(number: 3)] {
            #expect(RescheduleDetail(parsing: detail.text, reason: "why", at: Instant(microseconds: 9)) == detail)
        }
    }

    @Test func `of a student keeps what nobody told apart from the rest`() throws {
        let profile = StudentProfile(name: "Uma", photoURL: "p", semester: "3", instituteEmail: "u@x.example", phone: "555")
        #expect(profile.entryText == "1\u{1F}Uma\u{1F}p\u{1F}\u{1F}\u{1F}3\u{1F}\u{1F}\u{1F}\u{1F}u@x.example\u{1F}555")
        #expect(StudentProfile(entryText: profile.entryText) == profile)
        #expect(StudentProfile(entryText: "1\u{1F}Uma") == nil)
        #expect(StudentProfile(entryText: WireText("2" + profile.entryText.text.dropFirst())) == nil)
        for detail in [StudentDetail.new(importedAs: nil), .new(importedAs: Self.row), .known(412), .known(412, Self.row.stamp)] {
            #expect(StudentDetail(parsing: detail.text) == detail)
        }
        #expect(StudentDetail.known(412).text == "change student=412")
    }

    @Test func `of a roster or session tells numbers`() throws {
        let roster = RosterDetail(schoolClass: 17, added: [413, 412], dropped: [400])
        #expect(roster.text == "roster class=17 add=412,413 drop=400")
        #expect(RosterDetail(parsing: roster.text) == roster)
        for text in ["roster class=17 add=", "roster class=17 add=1,,2", "roster class=17 add=2,1", "roster add=1"] as [WireText] {
            #expect(RosterDetail(parsing: text) == nil)
        }
        var session = ClassSessionDetail(
            schoolClass: 17, day: try #require(CalendarDay(parsing: "2025-10-26")), creator: .init(rawValue: Self.id))
        #expect(session.text == "new class=17 day=2025-10-26 creator=7f1c6f5e-0000-4000-8000-00000000000a")
        session.imageURL = "/a b"
        session.imported = Self.row
        #expect(ClassSessionDetail(parsing: session.text) == session)
        for detail in [EndDetail.schoolClass(17), .session(18)] { #expect(EndDetail(parsing: detail.text) == detail) }
    }

    @Test func `of a roll call has a word for each mark`() throws {
        let detail = RollCallDetail(
            session: 412,
            changes: [
                MarkChange(student: 7, status: .present), MarkChange(student: 8, status: .absent, isRecognisedByAI: true),
                MarkChange(student: 19, status: .late, isRecognisedByAI: true, score: Hundredths(9250)),
                MarkChange(student: 20, status: .excused, score: Hundredths(-5)),
                MarkChange(student: 21, status: .excused, score: Hundredths(0)),
            ])
        #expect(detail.text == "roll session=412 7=p 8=a,ai 19=l,ai,9250 20=e,-5 21=e,0")
        #expect(RollCallDetail(parsing: detail.text) == detail)
        #expect(RollCallDetail(parsing: "roll session=412") == RollCallDetail(session: 412, changes: []))
    }

    @Test(
        arguments: [
            "", "roll", "roll session=", "roll session=x", "roll session=1 ", "roll session=1 2=x", "roll session=1 2=p 2=a",
            "roll session=1 3=p 2=a", "roll session=1 2=p,", "roll session=1 2=p,AI", "roll session=1 2=p,ai,",
            "roll session=1 02=p",
            "roll session=1 2=p,-0", "roll session=1 2=p,5,ai", "roll session=1  2=p", "roll session=1 2=p x",
            "roll session=99999999999999999999",
        ] as [WireText])
    func `that is none of ours is no roll call`(text: WireText) {
        #expect(RollCallDetail(parsing: text) == nil)
    }
}
