import AttendanceCore

/// Moments as text: the spellings that contracts take, and the one they are answered in.
///
/// A moment is a count of microseconds since 1970-01-01T00:00:00Z, without leap seconds, in the years 0001 to 9999.
public enum Moment {
    /// Which spellings a contract takes beside `2025-12-09T15:30:45Z`.
    ///
    /// Always taken are `t` or one blank for `T`, `z` for `Z`, an offset `+07:00` or `+0700`, and any number of decimals.
    public struct Syntax: Sendable {
        /// `2025-12-09T15:30Z`.
        public var secondsMayBeAbsent: Bool
        /// `2025-12-09T15:30:45`, which then means UTC.
        public var zoneMayBeAbsent: Bool
        /// `2025-12-09`, which then means its midnight in UTC.
        public var dateMayStandAlone: Bool

        public init(secondsMayBeAbsent: Bool = false, zoneMayBeAbsent: Bool = false, dateMayStandAlone: Bool = false) {
            self.secondsMayBeAbsent = secondsMayBeAbsent
            self.zoneMayBeAbsent = zoneMayBeAbsent
            self.dateMayStandAlone = dateMayStandAlone
        }

        /// Date, time with seconds, and zone, all of them. Source: TrackAttendance contract §2.
        public static let complete = Syntax()
        /// Seconds, zone and time may be left out. Source: Time Tracker contract §2.3.
        public static let abbreviated = Syntax(
            secondsMayBeAbsent: true, zoneMayBeAbsent: true, dateMayStandAlone: true)
    }

    /// How many decimals of a second are written.
    public enum Precision: Sendable {
        case seconds, milliseconds, microseconds
    }

    /// The microseconds since 1970 that `text` names, or nil.
    ///
    /// Decimals beyond the sixth are cut, towards the past also before 1970. Refused are blanks around, days that a month
    /// does not have, hour 24, second 60, an offset of 24 hours or more or without minutes, the year 0000, years of more
    /// or fewer than four digits, and moments that only the offset moves out of the years 0001 to 9999.
    public static func microseconds(parsing text: String, syntax: Syntax = .complete) -> Int64? {
        let bytes = text.utf8Span.span
        var cursor = Cursor()
        guard let year = cursor.number(digits: 4, in: bytes), cursor.take("-", in: bytes),
            let month = cursor.number(digits: 2, in: bytes), cursor.take("-", in: bytes),
            let day = cursor.number(digits: 2, in: bytes),
            let days = CivilDate.daysSince1970(year: year, month: month, day: day)
        else { return nil }
        if cursor.isAtEnd(of: bytes) { return syntax.dateMayStandAlone ? days * microsecondsPerDay : nil }

        guard cursor.take("T", in: bytes) || cursor.take("t", in: bytes) || cursor.take(" ", in: bytes),
            let hour = cursor.number(digits: 2, in: bytes), hour < 24, cursor.take(":", in: bytes),
            let minute = cursor.number(digits: 2, in: bytes), minute < 60
        else { return nil }
        var second: Int64 = 0
        var fraction: Int64 = 0
        if cursor.take(":", in: bytes) {
            guard let digits = cursor.number(digits: 2, in: bytes), digits < 60 else { return nil }
            second = digits
            if cursor.take(".", in: bytes) {
                guard let millionths = cursor.millionths(in: bytes) else { return nil }
                fraction = millionths
            }
        } else if !syntax.secondsMayBeAbsent {
            return nil
        }

        guard let offset = offsetSeconds(at: &cursor, in: bytes, syntax), cursor.isAtEnd(of: bytes) else { return nil }
        let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second - offset
        let microseconds = seconds * 1_000_000 + fraction
        return expressible.contains(microseconds) ? microseconds : nil
    }

    /// The moments that can be written with a year of four digits, the year 0000 left out.
    public static let expressible: ClosedRange<Int64> =
        CivilDate.daysSince0001 * microsecondsPerDay...(CivilDate.daysSince10000 * microsecondsPerDay - 1)

    /// Appends `YYYY-MM-DDTHH:MM:SS.mmmZ`, in UTC. Decimals beyond `precision` are cut, towards the past also before 1970.
    /// - Precondition: `microseconds` lies in ``expressible``.
    public static func append(
        _ microseconds: Int64, to bytes: inout [UInt8], precision: Precision = .milliseconds
    ) {
        precondition(expressible.contains(microseconds), "a moment outside the years 0001 to 9999")
        let (days, ofDay) = microseconds.dividedFlooring(by: microsecondsPerDay)
        let date = CivilDate(daysSince1970: days)
        let seconds = ofDay / 1_000_000
        let begin = bytes.count
        bytes.append(contentsOf: template(precision))
        func fill(_ offset: Int, _ width: Int, _ value: Int64) {
            var rest = value
            for at in stride(from: begin + offset + width - 1, through: begin + offset, by: -1) {
                bytes[at] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            }
        }
        fill(0, 4, date.year)
        fill(5, 2, date.month)
        fill(8, 2, date.day)
        fill(11, 2, seconds / 3_600)
        fill(14, 2, seconds / 60 % 60)
        fill(17, 2, seconds % 60)
        switch precision {
        case .seconds: break
        case .milliseconds: fill(20, 3, ofDay / 1_000 % 1_000)
        case .microseconds: fill(20, 6, ofDay % 1_000_000)
        }
    }

    /// What ``append(_:to:precision:)`` appends, as a text of its own.
    public static func text(_ microseconds: Int64, precision: Precision = .milliseconds) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(27)
        append(microseconds, to: &bytes, precision: precision)
        return String(decoding: bytes, as: UTF8.self)
    }

    private static let microsecondsPerDay: Int64 = 86_400_000_000

    private static func offsetSeconds(at cursor: inout Cursor, in bytes: Span<UInt8>, _ syntax: Syntax) -> Int64? {
        if cursor.take("Z", in: bytes) || cursor.take("z", in: bytes) { return 0 }
        if cursor.isAtEnd(of: bytes) { return syntax.zoneMayBeAbsent ? 0 : nil }
        let isEast = cursor.take("+", in: bytes)
        guard isEast || cursor.take("-", in: bytes), let hours = cursor.number(digits: 2, in: bytes), hours < 24 else {
            return nil
        }
        _ = cursor.take(":", in: bytes)
        guard let minutes = cursor.number(digits: 2, in: bytes), minutes < 60 else { return nil }
        return (hours * 3_600 + minutes * 60) * (isEast ? 1 : -1)
    }

    private static func template(_ precision: Precision) -> [UInt8] {
        switch precision {
        case .seconds: secondsTemplate
        case .milliseconds: millisecondsTemplate
        case .microseconds: microsecondsTemplate
        }
    }

    private static let secondsTemplate = Array("0000-00-00T00:00:00Z".utf8)
    private static let millisecondsTemplate = Array("0000-00-00T00:00:00.000Z".utf8)
    private static let microsecondsTemplate = Array("0000-00-00T00:00:00.000000Z".utf8)
}

/// A place in a text from which digits and marks are read. The bytes come with each call: to hold on to a `Span` is not
/// yet part of the language, and reading through the text's own iterator takes five times as long.
private struct Cursor {
    private var at = 0

    func isAtEnd(of bytes: Span<UInt8>) -> Bool { at == bytes.count }

    mutating func take(_ mark: Unicode.Scalar, in bytes: Span<UInt8>) -> Bool {
        guard at < bytes.count, UInt32(bytes[at]) == mark.value else { return false }
        at += 1
        return true
    }

    mutating func digit(in bytes: Span<UInt8>) -> Int64? {
        guard at < bytes.count, UInt8(ascii: "0")...UInt8(ascii: "9") ~= bytes[at] else { return nil }
        at += 1
        return Int64(bytes[at - 1] - UInt8(ascii: "0"))
    }

    /// A number of exactly so many digits.
    mutating func number(digits count: Int, in bytes: Span<UInt8>) -> Int64? {
        var value: Int64 = 0
        for _ in 0..<count {
            guard let digit = digit(in: bytes) else { return nil }
            value = value * 10 + digit
        }
        return value
    }

    /// One decimal or more as millionths, the seventh and later ones cut.
    mutating func millionths(in bytes: Span<UInt8>) -> Int64? {
        guard let first = digit(in: bytes) else { return nil }
        var value = first * 100_000
        var weight: Int64 = 10_000
        while let digit = digit(in: bytes) {
            value += digit * weight
            weight /= 10
        }
        return value
    }
}
