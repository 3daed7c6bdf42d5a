/// A point in time: microseconds UTC since 1970-01-01T00:00:00Z, without leap seconds.
public struct Instant: Hashable, Comparable, Sendable {
    public let microseconds: Int64

    public init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    public static func < (left: Instant, right: Instant) -> Bool {
        left.microseconds < right.microseconds
    }

    public func adding(seconds: Int64) -> Instant {
        Instant(microseconds: microseconds + seconds * 1_000_000)
    }

    public func adding(milliseconds: Int64) -> Instant {
        Instant(microseconds: microseconds + milliseconds * 1_000)
    }

    /// Whole seconds from `earlier` to this instant, cut towards zero, and at the ends of what 64 bits hold.
    public func seconds(since earlier: Instant) -> Int64 {
        let (difference, overflow) = microseconds.subtractingReportingOverflow(earlier.microseconds)
        return (overflow ? (microseconds < 0 ? .min : .max) : difference) / 1_000_000
    }

    /// The millisecond this instant lies in, as milliseconds since 1970; also before 1970 the earlier one.
    public var milliseconds: Int64 {
        microseconds.dividedFlooring(by: 1_000).quotient
    }
}

extension Instant {
    /// `YYYY-MM-DDTHH:MM:SS.mmmZ`: UTC, milliseconds cut and not rounded.
    public var millisecondText: String {
        secondText + "." + Self.padded(milliseconds.dividedFlooring(by: 1_000).remainder, 3) + "Z"
    }

    /// `YYYY-MM-DDTHH:MM:SS.ffffffZ`: UTC.
    public var microsecondText: String {
        secondText + "." + Self.padded(microseconds.dividedFlooring(by: 1_000_000).remainder, 6) + "Z"
    }

    /// Up to the second the instant lies in, without the zone.
    private var secondText: String {
        let (days, rest) = microseconds.dividedFlooring(by: 1_000_000).quotient.dividedFlooring(by: 86_400)
        let date = CivilDate(daysSince1970: days)
        return Self.padded(date.year, 4) + "-" + Self.padded(date.month, 2) + "-" + Self.padded(date.day, 2) + "T"
            + Self.padded(rest / 3_600, 2) + ":" + Self.padded(rest / 60 % 60, 2) + ":" + Self.padded(rest % 60, 2)
    }

    private static func padded(_ value: Int64, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}
