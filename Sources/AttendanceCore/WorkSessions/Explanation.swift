/// Where the figures of one person and day come from, in full: what an explanation shows, before anybody writes it down.
public struct Explanation: Sendable, Equatable {
    /// One of the five figures of a day.
    public enum FigureName: String, Sendable, CaseIterable {
        case total = "total"
        case `break` = "break"
        case working = "working"
        /// How far the first punch-in was past start and threshold.
        case late = "late"
        /// How far the last punch-out was before the end.
        case early = "early"
    }

    /// What a part of a figure is.
    public enum Meaning: String, Sendable, CaseIterable {
        /// From a punch-in to its punch-out.
        case cycle = "cycle"
        /// From a punch-out, or from what an admin set in its place, to the next punch-in.
        case gap = "gap"
        /// A break that is over.
        case pause = "break"
        /// From a punch-in, or what an admin put in its place, to now.
        case openCycle = "open cycle"
        /// From the start of a break to now.
        case openBreak = "open break"
        /// From the punch-in that an admin set to the punch-out that they set.
        case assertedSpan = "asserted span"
        /// From the start of the break that an admin set to its end.
        case assertedBreak = "asserted break"
        /// A figure that an admin set.
        case assertedFigure = "asserted figure"
        /// The time of day of the punch that is judged.
        case timeOfPunch = "time of punch"
        /// The time of day at which business hours begin or end.
        case businessHours = "business hours"
        /// How late one may be.
        case threshold = "threshold"
        /// What is left out so that the figure is not below zero.
        case cut = "cut at zero"
    }

    /// One summand of a figure.
    public struct Part: Sendable, Equatable {
        public let meaning: Meaning
        /// Negative for what is subtracted.
        public let microseconds: Int64
        /// Of the entries, or settings, that it comes from, in the order of the moments.
        public let sequences: [Int64]
        /// What it spans, where it spans something.
        public let from: Instant?
        public let until: Instant?
    }

    /// How a figure is shown.
    public struct Rounding: Sendable, Equatable {
        /// What a figure counts.
        public enum Unit: String, Sendable {
            case hours = "hours"
            case minutes = "minutes"
        }

        /// The sum of the parts.
        public let exactMicroseconds: Int64
        public let unit: Unit
        /// With two decimals, half away from zero.
        public let shownText: String
    }

    /// One figure of a day, and what it is made of.
    public struct Figure: Sendable, Equatable {
        public let name: FigureName
        /// Their sum is exactly ``Rounding/exactMicroseconds``.
        public let parts: [Part]
        public let rounding: Rounding
        /// For late and early: what the session says. It was judged when the entry was stored, or set by hand, so it can differ
        /// from what the parts say.
        public let isFlagged: Bool?
    }

    /// A rule that the figures depend on.
    public struct Rule: Sendable, Hashable {
        /// Which rule it is.
        public enum Name: String, Sendable, CaseIterable {
            case zone = "zone"
            case shiftOverMidnight = "shift over midnight"
            case businessHours = "business hours"
            case provisionalClose = "provisional close"
            case rounding = "rounding of punches"
        }

        public let name: Name
        public let setting: String
        /// Of the entry that set it; 0 for the built-in default.
        public let sequence: Int64
    }

    /// What was put right after it had been told.
    public enum Correction: Sendable, Equatable {
        /// An admin edited the session, or set it as a whole.
        case asserted(sequence: Int64, kind: SessionAssertion.Kind)
        /// An earlier assertion, which a later one has replaced.
        case superseded(sequence: Int64)
        /// A punch whose values another entry tells now.
        case corrected(number: Int64, by: Int64)
        /// A punch that counts no more.
        case voided(number: Int64, by: Int64)
    }

    public let day: CalendarDay
    /// Until when open time counts; nil for a day that is not today.
    public let now: Instant?
    /// Nil without a session.
    public let status: SessionStatus?
    /// All five, in the order of ``FigureName``, as every contract shows them; zeros without a session.
    public let figures: [Figure]
    /// Total, break and working as they would be under a policy; empty while that is off.
    public let underPolicy: [Figure]
    public let rules: [Rule]
    public let corrections: [Correction]
    /// The punches of the day that count nowhere.
    public let uncounted: [UncountedPunch]
    /// The punches of the day that belong to the session of the day before.
    public let ofDayBefore: [TimedPunch]
}

extension Explanation {
    public init(of material: ExplanationMaterial) {
        let day = material.judgement.day
        let now = material.isToday ? material.asOf : nil
        let counted = material.judgement.own + material.carriedBack
        // A note says nothing of hours.
        let assertion = material.assertion?.kind == .note ? nil : material.assertion
        let session = WorkSession(day: day, counted: counted, assertion: assertion)
        let parts = FigureParts(session: session, assertion: assertion, now: now)
        let punctuality = Punctuality(session: session, assertion: assertion, rules: material.rulesByEntry)
        self.day = day
        self.now = now
        status = session?.status
        figures =
            parts.figures + [
                Figure(.late, punctuality.late, isFlagged: session?.isLateIn ?? false),
                Figure(.early, punctuality.early, isFlagged: session?.isEarlyOut ?? false),
            ]
        if let session, !material.policy.isOff {
            let cycles = material.policy.applied(
                to: session.cycles, hours: material.currentRules.hours, zone: material.currentRules.zone, asOf: material.asOf)
            let other = WorkSession(day: day, cycles: cycles, assertion: assertion)
            underPolicy = FigureParts(session: other, assertion: assertion, now: now).figures
        } else {
            underPolicy = []
        }
        let punches = counted + material.judgement.carried + material.judgement.uncounted
        rules = Self.rules(material, punches, punctuality.used)
        corrections =
            material.superseded.map { .superseded(sequence: $0) }
            + (assertion.map { [.asserted(sequence: $0.sequence, kind: $0.kind)] } ?? [])
            + punches.filter { $0.toldBy != $0.number }.map { .corrected(number: $0.number, by: $0.toldBy) }
            + material.voided.map { .voided(number: $0.number, by: $0.by) }
        uncounted = material.judgement.refused
        ofDayBefore = material.judgement.carried
    }

    /// What was in force at the entries, each rule once, in the order of their names and sequences.
    private static func rules(
        _ material: ExplanationMaterial, _ punches: [TimedPunch], _ hours: [BusinessHours]
    ) -> [Rule] {
        var rules: Set<Rule> = []
        for punch in punches {
            let inForce = material.rulesByEntry[punch.toldBy] ?? material.currentRules
            rules.insert(Rule(name: .zone, setting: inForce.zone.name.text, sequence: inForce.zoneSequence))
            rules.insert(
                Rule(
                    name: .shiftOverMidnight, setting: "up to " + durationText(punch.carryMaxMicroseconds),
                    sequence: inForce.carrySequence))
        }
        if let assertion = material.assertion {
            let inForce = material.rulesByEntry[assertion.sequence] ?? material.currentRules
            rules.insert(Rule(name: .zone, setting: inForce.zone.name.text, sequence: inForce.zoneSequence))
        }
        for hours in hours {
            rules.insert(Rule(name: .businessHours, setting: hours.explainedText, sequence: hours.toldBy))
        }
        let policy = material.policy
        if let close = policy.close {
            let setting =
                switch close {
                case .after(let microseconds): "after " + durationText(microseconds)
                case .atEndOfBusinessHours: "at the end of business hours"
                }
            rules.insert(Rule(name: .provisionalClose, setting: setting, sequence: policy.closeSequence))
        }
        if let rounding = policy.rounding {
            rules.insert(
                Rule(
                    name: .rounding, setting: "\(rounding.minutes) min, \(rounding.direction.rawValue)",
                    sequence: policy.roundingSequence))
        }
        let order = Rule.Name.allCases
        return rules.sorted { left, right in
            (order.firstIndex(of: left.name) ?? 0, left.sequence, left.setting)
                < (order.firstIndex(of: right.name) ?? 0, right.sequence, right.setting)
        }
    }
}

extension BusinessHours {
    fileprivate var explainedText: String {
        "\(clockText(startMicroseconds)) to \(clockText(endMicroseconds)) UTC, late after \(lateThresholdMinutes) min"
    }
}
