/// What a punch is judged by, read in the transaction that stores it.
struct Judging {
    let rules: TimeSheetRules
    let zone: ZoneRules

    init(_ source: EntrySource, zones: ZoneSource, in tx: any RuleReading) throws(AttendanceError) {
        rules = try tx.rules(of: source)
        zone = try zones.rules(of: rules, source)
    }

    /// The local years that have days. Source: contract of Time Tracker §6.1.
    private static let days = CivilDate.daysSince0001 + 1..<CivilDate.daysSince10000 - 1

    /// What stands in the entry of a punch beside its remarks: which day it belongs to, and by which rules it was judged.
    /// - Throws: `.invalid(field: "timestamp", …)` at the very ends of the calendar.
    func detail(of direction: PunchDirection, at moment: Instant) throws(AttendanceError) -> PunchDetail {
        guard moment.microseconds > Self.firstMicrosecond, moment.microseconds < Self.endMicrosecond else {
            throw .invalid(field: "timestamp", .malformed("it lies outside of the calendar's days"))
        }
        var detail = PunchDetail(direction, offsetSeconds: zone.offset(at: moment))
        guard Self.days.contains(detail.day(at: moment).daysSince1970) else {
            throw .invalid(field: "timestamp", .malformed("it lies outside of the calendar's days"))
        }
        detail.zoneRule = rules.settings[.zone]?.toldBy
        if let carry = rules.settings[.carrySeconds] {
            detail.carrySeconds = rules.carrySeconds
            detail.carryRule = carry.toldBy
        }
        detail.hoursRule = rules.activeHours?.toldBy
        return detail
    }

    private static let firstMicrosecond = (CivilDate.daysSince0001) * 86_400_000_000
    private static let endMicrosecond = (CivilDate.daysSince10000) * 86_400_000_000

    /// Whether the punch is late or early by the business hours in force.
    /// Times of day are compared, whatever day the shift began on: what an entry says does not depend on which others came
    /// before it.
    func flags(_ direction: PunchDirection, at moment: Instant) -> Set<PunchRemark> {
        guard let hours = rules.activeHours else { return [] }
        let flags = hours.flags(direction: direction, at: moment, zone: zone)
        var remarks: Set<PunchRemark> = []
        if flags.isLate { remarks.insert(.late) }
        if flags.isEarly { remarks.insert(.early) }
        return remarks
    }
}

/// The days of a member that decide what a punch may be.
struct DayWindow {
    let day: CalendarDay
    let punches: [SheetPunch]
    let entering: OpenShift?

    init(of member: Member, on day: CalendarDay, in tx: any TimeSheetReading) throws(AttendanceError) {
        self.init(on: day, within: try tx.punches(of: member.number, from: day.before, through: day))
    }

    /// - Parameter near: Punches of a member in their order, among them all of the day and of the one before.
    init(on day: CalendarDay, within near: [SheetPunch]) {
        self.day = day
        let before = day.before
        punches = near.filter { $0.punch.day <= day && $0.punch.day >= before }
        entering = OpenShift.leaving(before, counted: punches.filter { $0.countsFor == before }.map(\.punch))
    }

    /// What the clock shows after everything up to a moment, and whether that is the shift of the day before.
    func state(at moment: Instant, under rules: TimeSheetRules) -> (state: ClockState, isCarried: Bool) {
        let today = punches.filter { $0.punch.day == day }.map(\.punch)
        func state(_ entering: OpenShift?) -> ClockState {
            DayJudgement.state(
                at: moment, number: nil, of: day, punches: today, entering: entering,
                carryMaxMicroseconds: rules.carrySeconds * 1_000_000)
        }
        let shown = state(entering)
        return (shown, (shown == .working || shown == .onBreak) && state(nil) != shown)
    }

    /// How far apart two punches of one direction are at most that are one act: of those who click at once, and twice, each
    /// with another clock.
    static let oneActSecondsMax: Int64 = 300

    /// Whether what counts next after a moment is a punch of the same act, told by another clock. It was stored first, so it
    /// stands: without this, the earlier of two that come at the same time would be taken whenever it comes second. It may
    /// belong to the day behind, where people click at midnight.
    /// - Parameter near: The member's punches of the moment's day, the one before and the one behind, in their order.
    static func hasOne(_ direction: PunchDirection, soonAfter moment: Instant, within near: [SheetPunch]) -> Bool {
        guard let next = near.first(where: { $0.countsFor != nil && $0.punch.at > moment })?.punch else { return false }
        return next.direction.forHours == direction.forHours
            && next.at.microseconds - moment.microseconds <= oneActSecondsMax * 1_000_000
    }
}

extension OpenShift {
    /// The shift that is open when a day ends, from the punches of that day that count for it.
    package static func leaving(_ day: CalendarDay, counted: [TimedPunch]) -> OpenShift? {
        DayJudgement(of: day, punches: counted.filter { $0.day == day }, entering: nil).leaving
    }
}

extension CalendarDay {
    package var before: CalendarDay { adding(days: -1) }
    package var after: CalendarDay { adding(days: 1) }
}
