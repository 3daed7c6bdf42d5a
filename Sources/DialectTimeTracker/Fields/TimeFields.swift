import AttendanceCore
import DialectKit

/// A moment. Without an offset it is in UTC; a date alone is its midnight.
struct MomentField: RequestField {
    /// A moment that only its offset moves out of the years 1 to 9999.
    static let outOfRange = "Datetime value out of range."

    func read(_ sent: Sent) throws(FieldFault) -> Instant {
        guard let text = sent.string, let moment = DjangoTime.moment(text) else {
            throw FieldFault(
                "Datetime has wrong format. Use one of these formats instead: "
                    + "YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].")
        }
        guard Moment.expressible.contains(moment.microseconds) else { throw FieldFault(Self.outOfRange) }
        return moment
    }
}

extension RequestField where Self == MomentField {
    static var moment: Self { MomentField() }
}

/// A day of the calendar.
struct DayField: RequestField {
    func read(_ sent: Sent) throws(FieldFault) -> CalendarDay {
        guard let text = sent.string, let day = DjangoTime.day(text) else {
            throw FieldFault("Date has wrong format. Use one of these formats instead: YYYY-MM-DD.")
        }
        return day
    }
}

extension RequestField where Self == DayField {
    static var day: Self { DayField() }
}

/// A time of day, as microseconds from midnight.
struct TimeOfDayField: RequestField {
    func read(_ sent: Sent) throws(FieldFault) -> Int64 {
        guard let text = sent.string, let microseconds = DjangoTime.timeOfDay(text) else {
            throw FieldFault("Time has wrong format. Use one of these formats instead: hh:mm[:ss[.uuuuuu]].")
        }
        return microseconds
    }
}

extension RequestField where Self == TimeOfDayField {
    static var timeOfDay: Self { TimeOfDayField() }
}

/// Dates and times in the spellings of Django's `dateparse`: one digit or two for everything but the year, a point or comma
/// before the fraction, blanks before the offset, and an offset without minutes or without a colon.
enum DjangoTime {
    static func day(_ text: String) -> CalendarDay? {
        var scanner = Scanner(text)
        guard let days = scanner.date(), scanner.isAtEnd else { return nil }
        return CalendarDay(daysSince1970: days)
    }

    /// The moment, which an offset may have moved out of the calendar.
    static func moment(_ text: String) -> Instant? {
        var scanner = Scanner(text)
        guard let days = scanner.date() else { return nil }
        if scanner.isAtEnd { return Instant(microseconds: days * 86_400_000_000) }
        guard scanner.take("T") || scanner.take(" "), let time = scanner.time(), let offset = scanner.offset(),
            scanner.isAtEnd
        else { return nil }
        return Instant(microseconds: days * 86_400_000_000 + time - offset * 1_000_000)
    }

    /// An offset says nothing about a time of day, and is passed over as in the original.
    static func timeOfDay(_ text: String) -> Int64? {
        var scanner = Scanner(text)
        guard let time = scanner.time(), scanner.offset() != nil, scanner.isAtEnd else { return nil }
        return time
    }

    private struct Scanner {
        private var rest: Substring.UTF8View

        init(_ text: String) {
            rest = text[...].utf8
        }

        var isAtEnd: Bool { rest.isEmpty }

        mutating func take(_ mark: Unicode.Scalar) -> Bool {
            guard let byte = rest.first, UInt32(byte) == mark.value else { return false }
            rest = rest.dropFirst()
            return true
        }

        /// A number of at least and at most so many digits.
        private mutating func number(_ least: Int, _ most: Int) -> Int64? {
            let digits = rest.prefix(most).prefix { 0x30...0x39 ~= $0 }
            guard digits.count >= least else { return nil }
            rest = rest[digits.endIndex...]
            return digits.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
        }

        /// Days since 1970.
        mutating func date() -> Int64? {
            guard let year = number(4, 4), take("-"), let month = number(1, 2), take("-"), let day = number(1, 2) else {
                return nil
            }
            return CivilDate.daysSince1970(year: year, month: month, day: day)
        }

        /// Microseconds from midnight; fraction digits beyond the sixth are cut.
        mutating func time() -> Int64? {
            guard let hour = number(1, 2), hour < 24, take(":"), let minute = number(1, 2), minute < 60 else { return nil }
            var microseconds = (hour * 60 + minute) * 60_000_000
            guard take(":") else { return microseconds }
            guard let second = number(1, 2), second < 60 else { return nil }
            microseconds += second * 1_000_000
            guard take(".") || take(",") else { return microseconds }
            let digits = rest.prefix { 0x30...0x39 ~= $0 }
            guard !digits.isEmpty else { return nil }
            rest = rest[digits.endIndex...]
            var weight: Int64 = 100_000
            for digit in digits.prefix(6) {
                microseconds += Int64(digit - 0x30) * weight
                weight /= 10
            }
            return microseconds
        }

        /// Seconds east of UTC; 0 where none is told.
        mutating func offset() -> Int64? {
            let before = rest
            while take(" ") {}
            if take("Z") { return 0 }
            let isEast = take("+")
            guard isEast || take("-") else {
                // Blanks may stand before an offset only.
                rest = before
                return 0
            }
            guard let hours = number(2, 2), hours < 24 else { return nil }
            let hasColon = take(":")
            let minutes = number(2, 2)
            guard minutes != nil || !hasColon, (minutes ?? 0) < 60 else { return nil }
            return (hours * 3_600 + (minutes ?? 0) * 60) * (isEast ? 1 : -1)
        }
    }
}
