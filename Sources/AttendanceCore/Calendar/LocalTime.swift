/// What a clock on a wall shows: a date and a time of day, without a zone. Only a zone makes a moment of it.
public struct LocalTime: Hashable, Comparable, Sendable {
    /// Seconds from 1970-01-01 00:00:00 on the same clock, had it never been changed.
    public let seconds: Int64

    public init(seconds: Int64) {
        self.seconds = seconds
    }

    /// Nil for a date that does not exist, the year 0, hour 24, and second 60.
    public init?(year: Int64, month: Int64, day: Int64, hour: Int64, minute: Int64, second: Int64) {
        guard let days = CivilDate.daysSince1970(year: year, month: month, day: day), 0..<24 ~= hour, 0..<60 ~= minute,
            0..<60 ~= second
        else { return nil }
        seconds = days * 86_400 + hour * 3_600 + minute * 60 + second
    }

    /// The calendar day, as days from 1970-01-01.
    public var day: Int64 { seconds.dividedFlooring(by: 86_400).quotient }

    public static func < (left: LocalTime, right: LocalTime) -> Bool {
        left.seconds < right.seconds
    }

    /// `YYYYMMDDHHMMSS`: fourteen digits for the years 1 to 9999, in the order of the times.
    public var digits: String {
        let (days, rest) = seconds.dividedFlooring(by: 86_400)
        let date = CivilDate(daysSince1970: days)
        var number = date.year
        for part in [date.month, date.day, rest / 3_600, rest / 60 % 60, rest % 60] { number = number * 100 + part }
        let text = String(number)
        return String(repeating: "0", count: max(0, 14 - text.utf8.count)) + text
    }
}
