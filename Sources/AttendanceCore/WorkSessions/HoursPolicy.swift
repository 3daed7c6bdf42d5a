/// What a place may do to hours beyond what was punched. Everything is off by default, and no contract's figure ever knows of it:
/// only an explanation shows what hours would be.
public struct HoursPolicy: Sendable, Equatable {
    /// When a punch-out that was forgotten is taken to have been.
    public enum Close: Sendable, Equatable {
        /// So long after the punch-in.
        case after(microseconds: Int64)
        /// When business hours end next after the punch-in.
        case atEndOfBusinessHours
    }

    /// Which way the time of a punch is moved.
    public enum Direction: String, Sendable, CaseIterable {
        /// To the nearer one; to the later of two that are equally near.
        case nearest = "nearest"
        /// Coming, also from a break, to the later one, and going to the earlier one: time at work never grows.
        case inUpOutDown = "in-up-out-down"
    }

    /// Times of punches become multiples of some minutes on the clock of the place.
    public struct Rounding: Sendable, Equatable {
        public let minutes: Int64
        public let direction: Direction

        /// Nil for a number of minutes that is not from 1 to 60.
        public init?(minutes: Int64, direction: Direction) {
            guard 1...60 ~= minutes else { return nil }
            self.minutes = minutes
            self.direction = direction
        }
    }

    public let close: Close?
    /// Of the setting; 0 for the built-in default.
    public let closeSequence: Int64
    public let rounding: Rounding?
    /// Of the setting; 0 for the built-in default.
    public let roundingSequence: Int64

    public static let off = HoursPolicy(close: nil, closeSequence: 0, rounding: nil, roundingSequence: 0)

    public init(close: Close?, closeSequence: Int64, rounding: Rounding?, roundingSequence: Int64) {
        self.close = close
        self.closeSequence = closeSequence
        self.rounding = rounding
        self.roundingSequence = roundingSequence
    }

    public var isOff: Bool { close == nil && rounding == nil }

    /// The cycles that a session would have.
    ///
    /// No punch is moved before the one ahead of it, so cycles stay in their order and none becomes negative. A cycle is closed
    /// only when its punch-in is too old for the shift to be continued, so nobody who is still at work is sent home. A break
    /// that was not ended either lasts until then: that is what was said last.
    /// - Parameters:
    ///   - cycles: Of a session, in their order.
    ///   - hours: Those that hold for the session; without them nothing is closed at their end.
    public func applied(to cycles: [WorkCycle], hours: BusinessHours?, zone: ZoneRules, asOf: Instant) -> [WorkCycle] {
        var latest = Instant(microseconds: .min)
        func moved(_ punch: TimedPunch) -> TimedPunch {
            latest = max(latest, rounding?.rounded(punch, zone) ?? punch.at)
            return punch.moved(to: latest)
        }
        return cycles.map { cycle in
            let start = moved(cycle.start)
            var breaks = cycle.breaks.map { pause in
                WorkBreak(start: moved(pause.start), end: pause.end.map { moved($0) })
            }
            if let end = cycle.end { return WorkCycle(start: start, end: moved(end), breaks: breaks) }
            guard let moment = closing(cycle, hours), moment <= asOf,
                asOf.microseconds - cycle.since.microseconds > cycle.start.carryMaxMicroseconds
            else { return WorkCycle(start: start, end: nil, breaks: breaks) }
            let end = provisional(.out, at: max(moment, latest), of: cycle)
            if let running = breaks.last, running.end == nil {
                breaks[breaks.count - 1] = WorkBreak(start: running.start, end: provisional(.breakEnd, at: end.at, of: cycle))
            }
            return WorkCycle(start: start, end: end, breaks: breaks)
        }
    }

    private func closing(_ cycle: WorkCycle, _ hours: BusinessHours?) -> Instant? {
        switch close {
        case nil: return nil
        case .after(let microseconds): return Instant(microseconds: cycle.since.microseconds + microseconds)
        case .atEndOfBusinessHours:
            guard let hours else { return nil }
            // An end of the day is a time of day in UTC, so the next one is found without a zone.
            let wait = (hours.endMicroseconds - cycle.since.microseconds).dividedFlooring(by: BusinessHours.microsecondsPerDay)
                .remainder
            return Instant(microseconds: cycle.since.microseconds + (wait == 0 ? BusinessHours.microsecondsPerDay : wait))
        }
    }

    /// A punch that nobody made: it bears the name of the punch-in that it goes with, and the setting tells of it.
    private func provisional(_ direction: PunchDirection, at moment: Instant, of cycle: WorkCycle) -> TimedPunch {
        TimedPunch(
            number: cycle.number, toldBy: closeSequence, direction: direction, at: moment, day: cycle.start.day,
            carryMaxMicroseconds: cycle.start.carryMaxMicroseconds, createdAt: cycle.createdAt, changedAt: cycle.start.changedAt)
    }
}

extension HoursPolicy.Rounding {
    fileprivate func rounded(_ punch: TimedPunch, _ zone: ZoneRules) -> Instant {
        let step = minutes * 60_000_000
        let offset = zone.offset(at: punch.at) * 1_000_000
        let timeOfDay = (punch.at.microseconds + offset).dividedFlooring(by: BusinessHours.microsecondsPerDay).remainder
        let down = -timeOfDay.dividedFlooring(by: step).remainder
        let up = down == 0 ? 0 : down + step
        let isComing = punch.direction.forHours == .in || punch.direction.forHours == .breakEnd
        let shift =
            switch direction {
            case .nearest: up <= -down ? up : down
            case .inUpOutDown: isComing ? up : down
            }
        return Instant(microseconds: punch.at.microseconds + shift)
    }
}

extension TimedPunch {
    fileprivate func moved(to moment: Instant) -> TimedPunch {
        TimedPunch(
            number: number, toldBy: toldBy, direction: direction, at: moment, day: day, isLate: isLate, isEarly: isEarly,
            carryMaxMicroseconds: carryMaxMicroseconds, createdAt: createdAt, changedAt: changedAt)
    }
}
