/// A number with two decimals, exactly: hours, minutes or per cent as contracts show them.
///
/// Binary floating point is nowhere involved, so a figure is the same on every machine, and sums of shown figures are exact.
public struct Hundredths: Hashable, Comparable, Sendable {
    public let hundredths: Int64

    public init(_ hundredths: Int64) {
        self.hundredths = hundredths
    }

    public static let zero = Hundredths(0)

    /// Hours from microseconds, rounded half away from zero: 18 s are 0.01 h.
    public init(hours microseconds: Int64) {
        self.init(halfAwayFromZero: microseconds, 36_000_000)
    }

    /// Minutes from microseconds, rounded half away from zero.
    public init(minutes microseconds: Int64) {
        self.init(halfAwayFromZero: microseconds, 600_000)
    }

    private init(halfAwayFromZero microseconds: Int64, _ microsecondsEach: Int64) {
        let (quotient, remainder) = microseconds.quotientAndRemainder(dividingBy: microsecondsEach)
        self.init(2 * remainder.magnitude >= microsecondsEach.magnitude ? quotient + microseconds.signum() : quotient)
    }

    /// A sum divided by a count, rounded half to even; zero for a count of zero.
    public static func mean(of sum: Hundredths, over count: Int64) -> Hundredths {
        count == 0 ? .zero : Hundredths(sum.hundredths.dividedHalfToEven(by: count))
    }

    /// The part of sessions that were neither late nor early, in per cent, rounded half to even; never below zero, though a
    /// session that was both is subtracted twice. Zero without a session. Source: docs/dialects/timetracker.md §8, B20.
    public static func attendanceRate(sessions: Int64, late: Int64, early: Int64) -> Hundredths {
        guard sessions > 0 else { return .zero }
        return Hundredths((max(0, sessions - late - early) * 10_000).dividedHalfToEven(by: sessions))
    }

    /// The whole number next to it, the even one where two are equally near: 25.50 is 26, and 24.50 is 24.
    public var wholeHalfToEven: Int64 { hundredths.dividedHalfToEven(by: 100) }

    /// `7.16`.
    public var text: String {
        let decimals = String(hundredths.magnitude % 100)
        return (hundredths < 0 ? "-" : "") + String(hundredths.magnitude / 100) + (decimals.utf8.count == 1 ? ".0" : ".") + decimals
    }

    public static func < (left: Hundredths, right: Hundredths) -> Bool {
        left.hundredths < right.hundredths
    }

    public static func + (left: Hundredths, right: Hundredths) -> Hundredths {
        Hundredths(left.hundredths + right.hundredths)
    }
}

extension Int64 {
    /// The quotient, rounded to the nearest whole number, and to the even one where two are equally near.
    fileprivate func dividedHalfToEven(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = dividedFlooring(by: divisor)
        let isNearerToNext = remainder > divisor - remainder
        let isTie = remainder == divisor - remainder
        return isNearerToNext || isTie && quotient % 2 != 0 ? quotient + 1 : quotient
    }
}
