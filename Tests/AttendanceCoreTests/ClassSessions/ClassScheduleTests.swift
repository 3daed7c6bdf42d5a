@testable import AttendanceCore
import TestKit
import Testing

@Suite struct `A time of day` {
    @Test(arguments: [("00:00", 0), ("09:05", 32_700), ("23:59:59", 86_399), ("10:00:00", 36_000)] as [(String, Int64)])
    func `is read and written to the second`(text: String, seconds: Int64) throws {
        let time = try #require(TimeOfDay(parsing: text))
        #expect(time.secondsFromMidnight == seconds)
        #expect(time.secondText.hasPrefix(text))
        #expect(time.minuteText == text.prefix(5))
    }

    @Test(arguments: ["", "9:05", "24:00", "12:60", "12:00:60", "12:00:0", "12-00", "12:00:", "１２:00", "12:00Z"])
    func `is refused in any other form`(text: String) {
        #expect(TimeOfDay(parsing: text) == nil)
    }
}

@Suite struct `A slot` {
    @Test(
        arguments: [
            (0, "10:00", "11:00", "day_of_week"), (8, "10:00", "11:00", "day_of_week"), (1, "11:00", "11:00", "end_time"),
            (7, "12:00", "11:00", "end_time"),
        ] as [(Int64, String, String, String)])
    func `that there cannot be is refused`(weekday: Int64, start: String, end: String, field: String) throws {
        let (start, end) = (try #require(TimeOfDay(parsing: start)), try #require(TimeOfDay(parsing: end)))
        #expect {
            try ClassSlot(weekday: weekday, start: start, end: end)
        } throws: { error in
            if case AttendanceError.invalid(let found, _) = error { found == field } else { false }
        }
    }

    @Test(
        arguments: [("1970-01-01", 4), ("1969-12-31", 3), ("2025-10-29", 3), ("2026-11-22", 7), ("2024-02-29", 4)]
            as [(String, Int64)])
    func `falls on the weekdays of the calendar`(day: String, weekday: Int64) throws {
        #expect(try #require(CalendarDay(parsing: day)).weekday == weekday)
    }
}

@Suite struct `Meetings` {
    private func zone(_ name: WireText) throws -> ZoneRules { try #require(ZoneSource.test.rules(name)) }

    private func slot(_ weekday: Int64, _ start: String, _ end: String) throws -> ClassSlot {
        try ClassSlot(
            weekday: weekday, start: #require(TimeOfDay(parsing: start)), end: #require(TimeOfDay(parsing: end)))
    }

    private func moved(_ number: Int64, _ original: String, to day: String, _ start: String, _ end: String) throws -> Reschedule {
        let originalTime = try #require(TimeOfDay(parsing: "10:00"))
        return try Reschedule(
            number: number, schoolClass: 1, originalDay: #require(CalendarDay(parsing: original)),
            originalStart: originalTime, originalEnd: originalTime, day: #require(CalendarDay(parsing: day)),
            start: #require(TimeOfDay(parsing: start)), end: #require(TimeOfDay(parsing: end)), reason: nil,
            createdAt: Instant(microseconds: 0))
    }

    private func moment(_ day: String, _ hour: Int64) throws -> Instant {
        Instant(microseconds: (try #require(CalendarDay(parsing: day)).daysSince1970 * 24 + hour) * 3_600_000_000)
    }

    private func texts(_ meetings: [ClassMeeting]) -> [String] {
        meetings.map { "\($0.start.millisecondText.prefix(16)) \($0.end.millisecondText.dropFirst(11).prefix(5))" }
    }

    @Test func `begin at the same time of day before and after the clocks change`() throws {
        // Berlin sets its clocks back on 2025-10-26 and forward on 2026-03-29.
        let berlin = try zone("Europe/Berlin")
        let autumn = ClassMeeting.next(
            from: try moment("2025-10-19", 20), slots: [try slot(1, "10:00", "11:30")], reschedules: [], zone: berlin, limit: 2)
        #expect(texts(autumn) == ["2025-10-20T08:00 09:30", "2025-10-27T09:00 10:30"])
        let spring = ClassMeeting.next(
            from: try moment("2026-03-24", 0), slots: [try slot(1, "10:00", "11:30"), try slot(7, "10:00", "11:30")],
            reschedules: [], zone: berlin, limit: 2)
        #expect(texts(spring) == ["2026-03-29T08:00 09:30", "2026-03-30T08:00 09:30"])
    }

    @Test func `in a gap of the clocks are moved behind it, and in an hour that comes twice are in its first`() throws {
        let berlin = try zone("Europe/Berlin")
        let skipped = ClassMeeting.next(
            from: try moment("2026-03-29", 0), slots: [try slot(7, "02:30", "04:00")], reschedules: [], zone: berlin, limit: 1)
        #expect(texts(skipped) == ["2026-03-29T01:30 02:00"])
        let twice = ClassMeeting.next(
            from: try moment("2025-10-25", 20), slots: [try slot(7, "02:30", "02:45")], reschedules: [], zone: berlin, limit: 1)
        #expect(texts(twice) == ["2025-10-26T00:30 00:45"])
    }

    @Test func `take place where they were moved to, and not on their day`() throws {
        let meetings = ClassMeeting.next(
            from: try moment("2025-10-28", 0), slots: [try slot(3, "10:00", "11:00")],
            reschedules: [
                try moved(1, "2025-10-29", to: "2025-10-31", "14:00", "15:00"),
                try moved(2, "2025-10-29", to: "2025-11-01", "09:00", "10:00"),
                try moved(3, "2025-10-22", to: "2025-10-24", "09:00", "10:00"),
            ], zone: .utc, limit: 4)
        #expect(
            texts(meetings) == [
                "2025-10-31T14:00 15:00", "2025-11-01T09:00 10:00", "2025-11-05T10:00 11:00", "2025-11-12T10:00 11:00",
            ])
        #expect(meetings.map(\.reschedule) == [1, 2, nil, nil])
    }

    @Test func `that are under way are the next ones still`() throws {
        let slots = [try slot(3, "10:00", "12:00")]
        func first(_ hour: Int64) throws -> [String] {
            texts(
                ClassMeeting.next(from: try moment("2025-10-29", hour), slots: slots, reschedules: [], zone: .utc, limit: 1))
        }
        #expect(try first(11) == ["2025-10-29T10:00 12:00"])
        #expect(try first(12) == ["2025-11-05T10:00 12:00"])
        #expect(ClassMeeting.next(from: try moment("2025-10-29", 0), slots: [], reschedules: [], zone: .utc, limit: 5) == [])
    }
}
