/// A day on the calendar of some place. Which moments belong to it, only a zone can tell; what keeps a day keeps the one that
/// was worked out when it happened, so that a change of the zone moves nothing that is past.
public struct CalendarDay: Hashable, Comparable, Sendable {
    public let daysSince1970: Int64

    public init(daysSince1970: Int64) {
        self.daysSince1970 = daysSince1970
    }

    /// The day that a clock shows at a moment.
    /// - Parameter offsetSeconds: How far that clock is east of UTC then.
    public init(of instant: Instant, offsetSeconds: Int64) {
        let secondsSince1970 = instant.microseconds.dividedFlooring(by: 1_000_000).quotient
        daysSince1970 = (secondsSince1970 + offsetSeconds).dividedFlooring(by: 86_400).quotient
    }

    /// Reads `YYYY-MM-DD`: digits of ASCII, years 1 to 9999. Nil for anything else, blanks at the ends included, and for a
    /// date that does not exist.
    public init?(parsing text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 10, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-") else { return nil }
        func number(_ places: Range<Int>) -> Int64? {
            var value: Int64 = 0
            for byte in bytes[places] {
                guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte else { return nil }
                value = value * 10 + Int64(byte - UInt8(ascii: "0"))
            }
            return value
        }
        guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
            let days = CivilDate.daysSince1970(year: year, month: month, day: day)
        else { return nil }
        daysSince1970 = days
    }

    /// `YYYY-MM-DD`.
    public var text: String {
        let date = CivilDate(daysSince1970: daysSince1970)
        func padded(_ value: Int64, _ width: Int) -> String {
            let digits = String(value)
            return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
        }
        return padded(date.year, 4) + "-" + padded(date.month, 2) + "-" + padded(date.day, 2)
    }

    public func adding(days: Int64) -> CalendarDay {
        CalendarDay(daysSince1970: daysSince1970 + days)
    }

    public static func < (left: CalendarDay, right: CalendarDay) -> Bool {
        left.daysSince1970 < right.daysSince1970
    }
}
