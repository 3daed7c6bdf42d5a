/// A day of the proleptic Gregorian calendar, without a zone: for turning instants into text and back.
///
/// Source of both directions: H. Hinnant, "chrono-compatible low-level date algorithms"; years begin in March there, so that
/// the leap day is the last of its year.
public struct CivilDate: Hashable, Sendable {
    public let year: Int64
    public let month: Int64
    public let day: Int64

    /// The day that lies `days` after 1970-01-01.
    public init(daysSince1970 days: Int64) {
        let (era, dayOfEra) = (days + 719_468).dividedFlooring(by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    /// The days from 1970-01-01 to a date; nil for one that does not exist, and for the year 0.
    public static func daysSince1970(year: Int64, month: Int64, day: Int64) -> Int64? {
        guard year >= 1, 1...12 ~= month, day >= 1, day <= dayCount(of: month, in: year) else { return nil }
        let (era, yearOfEra) = (month <= 2 ? year - 1 : year).dividedFlooring(by: 400)
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// The days from 1970-01-01 to 0001-01-01.
    public static let daysSince0001: Int64 = -719_162
    /// The days from 1970-01-01 to 10000-01-01.
    public static let daysSince10000: Int64 = 2_932_897

    private static func dayCount(of month: Int64, in year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

extension Int64 {
    /// Quotient and remainder with a remainder that is never negative, so that moments before 1970 fall into their day.
    package func dividedFlooring(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
