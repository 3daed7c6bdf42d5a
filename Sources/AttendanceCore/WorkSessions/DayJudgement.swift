/// A shift that is open at the end of the day it began on.
public struct OpenShift: Sendable, Equatable {
    /// The day it began on, and whose session it belongs to.
    public let day: CalendarDay
    /// When its punch-in was.
    public let since: Instant
    /// The number of its punch-in.
    public let inNumber: Int64
    public let isOnBreak: Bool

    public init(day: CalendarDay, since: Instant, inNumber: Int64, isOnBreak: Bool) {
        self.day = day
        self.since = since
        self.inNumber = inNumber
        self.isOnBreak = isOnBreak
    }
}

/// A punch that no hours are counted from, and why: it was not allowed in the state that it met.
public struct UncountedPunch: Sendable, Equatable {
    public let punch: TimedPunch
    /// The state that it met.
    public let state: ClockState
    /// The shift of the day before that it would have continued, had that not been too old.
    public let forgotten: OpenShift?

    /// Why a punch does not count.
    public enum Reason: String, Sendable, CaseIterable {
        /// It says neither that somebody came nor that they went.
        case saysNothing = "says nothing"
        /// Somebody came, or came back, who was at work already.
        case isWorking = "is working"
        /// Somebody on a break did something else than come back.
        case isOnBreak = "is on break"
        /// Somebody left, or took a break, who was not at work.
        case isNotWorking = "is not working"
        /// The same, and the shift of the day before was too old to be continued.
        case shiftIsTooOld = "shift is too old"
    }

    public var reason: Reason {
        guard punch.direction.forHours != nil else { return .saysNothing }
        return switch state {
        case .working: .isWorking
        case .onBreak: .isOnBreak
        case .notStarted, .finished: forgotten == nil ? .isNotWorking : .shiftIsTooOld
        }
    }
}

/// Which punches of one person and local day count, and for which day's session.
///
/// Each punch is judged at its own time, by those before it; in what order they were stored does not matter. What the table of
/// ``ClockState`` does not allow is kept, counts for nothing, and changes nothing for the punches behind it. The day before
/// matters only through the shift that is still open at its end, so days can be judged one by one from any day on.
public struct DayJudgement: Sendable, Equatable {
    public let day: CalendarDay
    /// Those that continue the shift of the day before, and belong to that day's session. In their order, as all here.
    public let carried: [TimedPunch]
    /// Those that count for this day's session.
    public let own: [TimedPunch]
    /// Those that count nowhere, each with its reason.
    public let refused: [UncountedPunch]
    /// The shift that began on this very day and is still open at its end. One that was carried into the day never leaves it:
    /// no shift goes over a second midnight.
    public let leaving: OpenShift?
    /// The state after the last punch of the day, whether that counts or not; `notStarted` without any.
    public let state: ClockState

    /// Those that count nowhere.
    public var uncounted: [TimedPunch] { refused.map(\.punch) }

    /// - Parameters:
    ///   - punches: All of that local day, in any order.
    ///   - entering: What the day before left open. It counts if it is of the day before.
    public init(of day: CalendarDay, punches: [TimedPunch], entering: OpenShift?) {
        var clock = Clock(day: day, entering: entering)
        var carried: [TimedPunch] = []
        var own: [TimedPunch] = []
        var refused: [UncountedPunch] = []
        var state = ClockState.notStarted
        for punch in punches.sorted(by: { $0.precedes($1) }) {
            switch clock.take(punch) {
            case .carried: carried.append(punch)
            case .own: own.append(punch)
            case .refused(let reason): refused.append(reason)
            }
            state = clock.state(at: punch.at, carryMaxMicroseconds: punch.carryMaxMicroseconds)
        }
        self.day = day
        self.carried = carried
        self.own = own
        self.refused = refused
        self.state = state
        leaving = clock.leaving
    }

    /// The state at a moment: for judging a punch before it is stored, and for telling whether somebody is at work.
    ///
    /// Punches behind the moment are not looked at.
    /// - Parameters:
    ///   - number: The number of the punch that is judged, where it has one: of the punches at this very moment only those
    ///     that were stored before it count, and it does not count itself. Nil counts all of them.
    ///   - punches: All of that local day, in any order.
    ///   - entering: What the day before left open. It counts if it is of the day before.
    ///   - carryMaxMicroseconds: How old a shift may be to be continued over midnight at this moment.
    public static func state(
        at moment: Instant, number: Int64?, of day: CalendarDay, punches: [TimedPunch], entering: OpenShift?,
        carryMaxMicroseconds: Int64 = TimedPunch.carryMaxDefault
    ) -> ClockState {
        var clock = Clock(day: day, entering: entering)
        let earlier = punches.filter { punch in
            guard let number else { return punch.at <= moment }
            return punch.number != number && (punch.at, punch.number) < (moment, number)
        }
        for punch in earlier.sorted(by: { $0.precedes($1) }) { _ = clock.take(punch) }
        return clock.state(at: moment, carryMaxMicroseconds: carryMaxMicroseconds)
    }
}

/// What is known of a day while its punches are gone through.
private struct Clock {
    enum Verdict {
        case carried
        case own
        case refused(UncountedPunch)
    }

    let day: CalendarDay
    /// The shift of the day before, until it is closed or forgotten, and what its holder is doing.
    private var entered: (shift: OpenShift, state: ClockState)?
    /// What the punches of the day's own session tell; `finished` also behind a shift of the day before.
    private var state = ClockState.notStarted
    /// The punch-in of the day's own open shift.
    private var opening: TimedPunch?

    init(day: CalendarDay, entering: OpenShift?) {
        self.day = day
        if let entering, entering.day == day.adding(days: -1) {
            entered = (entering, entering.isOnBreak ? .onBreak : .working)
        }
    }

    var leaving: OpenShift? {
        opening.map { OpenShift(day: day, since: $0.at, inNumber: $0.number, isOnBreak: state == .onBreak) }
    }

    /// The state of the shift of the day before, if that can still be continued at a moment.
    ///
    /// A moment before its punch-in can belong to the day after where the zone was changed meanwhile.
    private func enteredState(at moment: Instant, _ carryMaxMicroseconds: Int64) -> ClockState? {
        guard let entered, entered.shift.since <= moment,
            moment.microseconds - entered.shift.since.microseconds <= carryMaxMicroseconds
        else { return nil }
        return entered.state
    }

    func state(at moment: Instant, carryMaxMicroseconds: Int64) -> ClockState {
        enteredState(at: moment, carryMaxMicroseconds) ?? state
    }

    /// What a punch that is stored leads to; nil where it does not count.
    ///
    /// Nobody may go out from a break, yet such a punch-out can stand in the ledger: the start of a break was put in behind it,
    /// or both come from elsewhere. It ends the cycle, as every first punch-out behind a punch-in does, and the break without
    /// an end is none. Source: docs/dialects/timetracker.md §7.4, 2 and 3.
    private static func state(after direction: PunchDirection, in state: ClockState) -> ClockState? {
        if let next = state.after(direction) { return next }
        return state == .onBreak && direction.forHours == .out ? .finished : nil
    }

    mutating func take(_ punch: TimedPunch) -> Verdict {
        if let met = enteredState(at: punch.at, punch.carryMaxMicroseconds) {
            guard let next = Self.state(after: punch.direction, in: met) else {
                return .refused(UncountedPunch(punch: punch, state: met, forgotten: nil))
            }
            if next == .finished {
                entered = nil
                state = .finished
            } else {
                entered?.state = next
            }
            return .carried
        }
        guard let next = Self.state(after: punch.direction, in: state) else {
            return .refused(UncountedPunch(punch: punch, state: state, forgotten: entered?.shift))
        }
        // Whoever punches in on the new day has forgotten to leave on the former one: for good, even if the limit is raised
        // between two punches.
        entered = nil
        if punch.direction.forHours == .in { opening = punch }
        if next == .finished { opening = nil }
        state = next
        return .own
    }
}
