@testable import AttendanceCore
import struct Foundation.UUID
import TestKit
import Testing

@Suite struct `A mark` {
    @Test(
        arguments: [("present", .present), ("Absent", .absent), ("LATE", .late), ("eXcused", .excused)] as [(WireText, MarkStatus)])
    func `is one of four words in any letter case`(text: WireText, status: MarkStatus) {
        #expect(MarkStatus(anyCase: text) == status)
    }

    @Test(arguments: ["", "P", " present", "present ", "presentt", "anwesend"] as [WireText])
    func `is no other word`(text: WireText) {
        #expect(MarkStatus(anyCase: text) == nil)
    }

    @Test func `is stored as a letter of its own`() {
        #expect(Set(MarkStatus.allCases.map(\.letter)).count == 4)
        for status in MarkStatus.allCases { #expect(MarkStatus(letter: status.letter) == status) }
    }
}

@Suite struct `A percentage` {
    @Test(
        arguments: [
            (1, 32, "3.13"), (3, 32, "9.38"), (1, 3, "33.33"), (2, 3, "66.67"), (0, 5, "0.00"), (5, 5, "100.00"), (0, 0, "0.00"),
            (1, 20_000, "0.01"), (1, 20_001, "0.00"),
        ] as [(Int64, Int64, String)])
    func `is exact, halves away from zero`(part: Int64, whole: Int64, text: String) {
        #expect(Hundredths(percentageOf: part, in: whole).text == text)
    }

    @Test func `of a class counts who is late as there in some views and not in others`() {
        let tally = MarkTally(present: 1, late: 1, excused: 1)
        #expect(tally.presentPercentage.text == "33.33")
        #expect(tally.attendedPercentage.text == "66.67")
    }

    @Test(
        arguments: [
            (1, 3, 33.33, false), (1, 3, 33.34, true), (3, 4, 75, true), (0, 0, 0, true), (0, 0, -1, false),
            (333, 1_000, 33.3, true),
        ] as [(Int64, Int64, Double, Bool)])
    func `of all sessions decides who hears of it`(present: Int64, sessions: Int64, threshold: Double, isDue: Bool) {
        #expect(Notice.isDue(present: present, sessions: sessions, threshold: threshold) == isDue)
    }
}

@Suite struct `Sums of marks` {
    @Test func `follow marks that come and change in any order`() {
        var tally = ClassTally()
        func mark(_ student: Int64, _ status: MarkStatus) -> Mark {
            Mark(student: student, status: status, isRecognisedByAI: false, score: nil, toldBy: 1)
        }
        tally.count([mark(9, .present), mark(3, .late), mark(5, .absent)], by: 1)
        tally.count([mark(5, .absent)], by: -1)
        tally.count([mark(5, .excused), mark(3, .late)], by: 1)
        #expect(tally.rows.map(\.student) == [3, 5, 9])
        #expect(tally.tally(of: 3) == MarkTally(late: 2))
        #expect(tally.tally(of: 5) == MarkTally(excused: 1))
        #expect(tally.tally(of: 4) == MarkTally())
        tally.count([mark(9, .present)], by: -1)
        tally.dropEmptyRows()
        #expect(tally.rows.map(\.student) == [3, 5])
    }
}

@Suite struct `Attendance that is fairly told` {
    private func day(_ text: String) throws -> CalendarDay { try #require(CalendarDay(parsing: text)) }

    /// On the days of Kolkata, which are five and a half hours ahead.
    private func attendance(
        _ text: String, mark: MarkStatus? = nil, _ spans: [(from: String, through: String?)]
    ) throws -> FairAttendance {
        func moment(_ text: String) throws -> Instant {
            // The evening in UTC is the next morning there.
            Instant(microseconds: (try day(text).daysSince1970 * 24 - 4) * 3_600_000_000)
        }
        let enrolments = try spans.enumerated().map { place, span in
            Enrolment(
                student: 1, addedAt: try moment(span.from), toldBy: Int64(place),
                endedAt: try span.through.map { try moment($0) }, endedBy: span.through.map { _ in 9 })
        }
        return FairAttendance(
            on: try day(text),
            mark: mark.map { Mark(student: 1, status: $0, isRecognisedByAI: false, score: nil, toldBy: 1) },
            enrolments: enrolments, zone: try #require(ZoneSource.test.rules("Asia/Kolkata")))
    }

    @Test func `counts nobody as absent before they joined, or after they left`() throws {
        let spans: [(String, String?)] = [("2025-10-10", "2025-10-20"), ("2025-11-01", nil)]
        #expect(try attendance("2025-10-09", spans) == .elsewhere)
        #expect(try attendance("2025-10-10", spans) == .unmarked)
        #expect(try attendance("2025-10-20", spans) == .unmarked)
        #expect(try attendance("2025-10-21", spans) == .elsewhere)
        #expect(try attendance("2025-11-01", spans) == .unmarked)
        #expect(try attendance("2025-10-01", []) == .elsewhere)
    }

    @Test func `counts what was noted, whenever they joined`() throws {
        #expect(try attendance("2025-10-01", mark: .absent, [("2025-10-10", nil)]) == .marked(.absent))
    }

    @Test func `leaves out of its percentage who was excused`() {
        let student = Student(
            id: .init(rawValue: UUID()), number: 1, rollNumber: "A", profile: StudentProfile(name: "Ann"),
            createdAt: Instant(microseconds: 0), updatedAt: Instant(microseconds: 0))
        let tally = FairTally(student: student, marks: MarkTally(present: 1, absent: 1, late: 1, excused: 4), unmarked: 1)
        #expect(tally.percentage.text == "50.00")
    }
}

@Suite struct `A leaderboard` {
    private func student(_ name: WireText, _ number: Int64) -> Student {
        Student(
            id: .init(rawValue: UUID()), number: number, rollNumber: WireText("R\(number)"), profile: StudentProfile(name: name),
            createdAt: Instant(microseconds: 0), updatedAt: Instant(microseconds: 0))
    }

    @Test func `ranks by percentage, then fraction, streak and name`() {
        let ranked = LeaderboardEntry.ranked([
            (student("No marks", 1), MarkTally(), 0), (student("B", 2), MarkTally(present: 2), 1),
            (student("A", 3), MarkTally(late: 2), 1), (student("C", 4), MarkTally(present: 1), 2),
            (student("D", 5), MarkTally(present: 9, absent: 1), 9),
            // Both are 33.33 per cent.
            (student("E", 6), MarkTally(present: 1, absent: 2), 5), (student("F", 7), MarkTally(present: 3_333, absent: 6_667), 5),
        ])
        #expect(ranked.map(\.student.profile.name) == ["C", "A", "B", "D", "E", "F"])
        #expect(ranked.map(\.rank) == Array(1...6))
    }

    @Test(arguments: [(50, 0, 3), (49, 0, 2), (20, 5, 2), (19, 0, 1), (90, 10, 3), (8_999, 1_001, 2)] as [(Int64, Int64, Int)])
    func `gives levels for many sessions and few absences`(present: Int64, absent: Int64, level: Int) {
        #expect(LeaderboardEntry.ranked([(student("A", 1), MarkTally(present: present, absent: absent), 1)])[0].level == level)
    }

    @Test func `gives coins in whole hundredths`() {
        let ranked = LeaderboardEntry.ranked([
            (student("A", 1), MarkTally(present: 4), 4), (student("B", 2), MarkTally(present: 1, absent: 2), 1),
            (student("C", 3), MarkTally(absent: 3), 0),
        ])
        // 23.331 + 6.6666… + 0.625 for the second.
        #expect(ranked.map(\.coins.text) == ["100.00", "30.62", "0.00"])
        // Nobody was ever there: no streak is the best one.
        #expect(LeaderboardEntry.ranked([(student("A", 1), MarkTally(absent: 1), 0)])[0].coins.text == "0.00")
    }

    @Test(arguments: [([], 0), ([5], 1), ([5, 5], 1), ([7, 5, 6], 3), ([1, 2, 4, 5, 6, 8], 3)] as [([Int64], Int64)])
    func `finds the longest run of days`(days: [Int64], run: Int64) {
        #expect(LeaderboardEntry.longestRun(of: days.map { CalendarDay(daysSince1970: $0) }) == run)
    }
}
