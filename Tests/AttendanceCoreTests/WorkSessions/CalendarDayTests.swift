import AttendanceCore
import Testing

@Suite struct `A calendar day` {
    @Test(arguments: [
        ("1970-01-01", Int64(0)), ("1969-12-31", -1), ("2024-02-29", 19_782), ("0001-01-01", -719_162), ("9999-12-31", 2_932_896),
    ])
    func `is read and written`(text: String, days: Int64) throws {
        let day = try #require(CalendarDay(parsing: text))
        #expect(day.daysSince1970 == days)
        #expect(day.text == text)
    }

    @Test(arguments: [
        "", "2025-7-07", "2025-07-7", "2025/07/07", "20250707", "2025-07-07 ", " 2025-07-07", "2025-07-07T00:00", "2025-02-29",
        "2025-13-01", "2025-00-10", "2025-01-00", "0000-01-01", "10000-01-01", "2025-W28-1", "٢٠٢٥-٠٧-٠٧", "+025-07-07",
        "2025-0a-07", "today",
    ])
    func `is nothing else`(text: String) {
        #expect(CalendarDay(parsing: text) == nil)
    }

    @Test(
        arguments: [
            ("2025-07-07T04:59:59.999999", Int64(-18_000), "2025-07-06"), ("2025-07-07T05:00", -5 * 3_600, "2025-07-07"),
            ("2025-01-07T05:59:59.999999", -21_600, "2025-01-06"), ("2025-01-07T06:00", -21_600, "2025-01-07"),
            ("1969-12-31T23:59:59.999999", 0, "1969-12-31"), ("2025-07-06T18:15", 20_700, "2025-07-07"),
        ] as [(String, Int64, String)])
    func `is what a clock shows`(at: String, offset: Int64, day: String) throws {
        #expect(CalendarDay(of: try moment(at), offsetSeconds: offset).text == day)
    }
}
