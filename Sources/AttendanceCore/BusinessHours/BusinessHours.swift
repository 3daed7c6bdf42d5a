/// When work begins and ends on every day, as the entry says that set it.
///
/// Start and end are times of day in UTC, since that is what callers send; what they are on a clock of the place changes with
/// its clocks. Source: docs/dialects/timetracker.md §5, W1.
public struct BusinessHours: Sendable, Equatable {
    /// What callers know them by.
    public let number: Int64
    /// From midnight UTC.
    public let startMicroseconds: Int64
    /// From midnight UTC.
    public let endMicroseconds: Int64
    /// Shown only: no figure is worked out from it.
    public let breakMinutes: Int64
    /// How long after the start somebody may come and is not late.
    public let lateThresholdMinutes: Int64
    public let isActive: Bool
    public let createdAt: Instant
    public let updatedAt: Instant
    /// The sequence of the entry that tells these values.
    public let toldBy: Int64

    public init(
        number: Int64, startMicroseconds: Int64, endMicroseconds: Int64, breakMinutes: Int64, lateThresholdMinutes: Int64,
        isActive: Bool, createdAt: Instant, updatedAt: Instant, toldBy: Int64
    ) {
        self.number = number
        self.startMicroseconds = startMicroseconds
        self.endMicroseconds = endMicroseconds
        self.breakMinutes = breakMinutes
        self.lateThresholdMinutes = lateThresholdMinutes
        self.isActive = isActive
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.toldBy = toldBy
    }

    /// Whether a punch is late, or early.
    ///
    /// Only who comes can be late, and only who leaves early. Times of day are compared, both to the microsecond: at start and
    /// threshold nobody is late yet, and at the end nobody early any more. A threshold does not go over midnight: with a start
    /// of 23:50 and 15 minutes nobody is late on that day, rather than nearly everybody (W11).
    public func flags(
        direction: PunchDirection, at moment: Instant, zone: ZoneRules
    ) -> (isLate: Bool, isEarly: Bool) {
        switch direction.forHours {
        case .in: (lateness(at: moment, zone: zone).microseconds > 0, false)
        case .out: (false, earliness(at: moment, zone: zone).microseconds > 0)
        default: (false, false)
        }
    }

    /// A time of a punch beside the time it is held against, on one clock, in microseconds from midnight.
    struct Comparison: Equatable {
        /// Of the punch.
        let punch: Int64
        /// Start or end of business hours.
        let bound: Int64
        /// What may be late; 0 for an end.
        let threshold: Int64
        /// How much too late or too early; negative or 0 where it is not.
        let microseconds: Int64
    }

    func lateness(at moment: Instant, zone: ZoneRules) -> Comparison {
        let local = LocalMoment(moment, zone)
        let start = local.timeOfDay(ofUTC: startMicroseconds, zone)
        let threshold = lateThresholdMinutes * 60_000_000
        return Comparison(
            punch: local.timeOfDay, bound: start, threshold: threshold, microseconds: local.timeOfDay - start - threshold)
    }

    func earliness(at moment: Instant, zone: ZoneRules) -> Comparison {
        let local = LocalMoment(moment, zone)
        let end = local.timeOfDay(ofUTC: endMicroseconds, zone)
        return Comparison(punch: local.timeOfDay, bound: end, threshold: 0, microseconds: end - local.timeOfDay)
    }

    /// Whether an end is behind its start, in UTC or on the clocks of the place; equal ones are not. 10:30 to 19:30 in
    /// Chicago is 15:30 to 00:30 in UTC. Source: docs/dialects/timetracker.md §5, B22.
    /// - Parameter moment: Of the request: what the clocks show on its day decides.
    public static func isInOrder(
        startMicroseconds: Int64, endMicroseconds: Int64, at moment: Instant, zone: ZoneRules
    ) -> Bool {
        let offset = zone.offset(at: moment) * 1_000_000
        func local(_ time: Int64) -> Int64 { (time + offset).dividedFlooring(by: microsecondsPerDay).remainder }
        return endMicroseconds > startMicroseconds || local(endMicroseconds) > local(startMicroseconds)
    }

    static let microsecondsPerDay: Int64 = 86_400_000_000
}

/// What the clocks of a place show at a moment.
private struct LocalMoment {
    let day: CalendarDay
    /// Microseconds from midnight.
    let timeOfDay: Int64

    init(_ moment: Instant, _ zone: ZoneRules) {
        let local = moment.microseconds + zone.offset(at: moment) * 1_000_000
        let (days, rest) = local.dividedFlooring(by: BusinessHours.microsecondsPerDay)
        day = CalendarDay(daysSince1970: days)
        timeOfDay = rest
    }

    /// What the clocks of the place show on this day when it is a time of day in UTC.
    ///
    /// That moment can lie on the UTC day before or after: 00:30 UTC is the evening of the day before in Chicago. It matters
    /// on days of 23 and 25 hours, on which the offset of the wrong side of the change would be taken. Where none of the three
    /// falls on the day (a day of 23 hours lacks an hour of UTC), that of the same date counts.
    func timeOfDay(ofUTC time: Int64, _ zone: ZoneRules) -> Int64 {
        let sameDate = day.daysSince1970 * BusinessHours.microsecondsPerDay + time
        let candidates = [0, 1, -1].map { days in
            LocalMoment(Instant(microseconds: sameDate + days * BusinessHours.microsecondsPerDay), zone)
        }
        return (candidates.first { $0.day == day } ?? candidates[0]).timeOfDay
    }
}
