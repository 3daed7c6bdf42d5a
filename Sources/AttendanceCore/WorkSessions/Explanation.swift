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
        /// From a punch-out to the next punch-in.
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

/// All that an explanation is made of.
public struct ExplanationMaterial: Sendable {
    /// The rules that were in force at one entry.
    public struct EntryRules: Sendable {
        /// Those that were active; nil without any.
        public let hours: BusinessHours?
        public let zone: ZoneRules
        /// Of the setting; 0 for the built-in default.
        public let zoneSequence: Int64
        /// Of the setting how old a shift may be; 0 for the built-in default.
        public let carrySequence: Int64

        public init(hours: BusinessHours?, zone: ZoneRules, zoneSequence: Int64, carrySequence: Int64) {
            self.hours = hours
            self.zone = zone
            self.zoneSequence = zoneSequence
            self.carrySequence = carrySequence
        }
    }

    /// A punch that counts no more.
    public struct VoidedPunch: Sendable, Equatable {
        public let number: Int64
        /// The sequence of the entry that voids it.
        public let by: Int64

        public init(number: Int64, by: Int64) {
            self.number = number
            self.by = by
        }
    }

    public let judgement: DayJudgement
    /// What the next day carried back into this day's session.
    public let carriedBack: [TimedPunch]
    public let assertion: SessionAssertion?
    /// Sequences of the assertions that `assertion` has replaced.
    public let superseded: [Int64]
    public let voided: [VoidedPunch]
    /// By the sequence of the entry: ``TimedPunch/toldBy``, or that of the assertion.
    public let rulesByEntry: [Int64: EntryRules]
    /// Those in force now, for a policy, and for entries that `rulesByEntry` does not know.
    public let currentRules: EntryRules
    public let policy: HoursPolicy
    /// When the explanation is asked for.
    public let asOf: Instant
    public let isToday: Bool

    public init(
        judgement: DayJudgement, carriedBack: [TimedPunch], assertion: SessionAssertion?, superseded: [Int64] = [],
        voided: [VoidedPunch] = [], rulesByEntry: [Int64: EntryRules], currentRules: EntryRules, policy: HoursPolicy = .off,
        asOf: Instant, isToday: Bool
    ) {
        self.judgement = judgement
        self.carriedBack = carriedBack
        self.assertion = assertion
        self.superseded = superseded
        self.voided = voided
        self.rulesByEntry = rulesByEntry
        self.currentRules = currentRules
        self.policy = policy
        self.asOf = asOf
        self.isToday = isToday
    }
}

extension Explanation {
    public init(of material: ExplanationMaterial) {
        let day = material.judgement.day
        let now = material.isToday ? material.asOf : nil
        let counted = material.judgement.own + material.carriedBack
        let assertion = material.assertion
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

extension Explanation.Figure {
    fileprivate init(_ name: Explanation.FigureName, _ parts: [Explanation.Part], isFlagged: Bool? = nil) {
        let exact = parts.reduce(0) { $0 + $1.microseconds }
        let unit: Explanation.Rounding.Unit = name == .total || name == .working ? .hours : .minutes
        let shown = unit == .hours ? Hundredths(hours: exact) : Hundredths(minutes: exact)
        self.init(
            name: name, parts: parts,
            rounding: Explanation.Rounding(exactMicroseconds: exact, unit: unit, shownText: shown.text), isFlagged: isFlagged)
    }
}

extension Explanation.Part {
    /// What lies between two moments.
    fileprivate init(
        _ meaning: Explanation.Meaning, _ from: Instant, _ until: Instant, _ sequences: [Int64], isSubtracted: Bool = false
    ) {
        let microseconds = until.microseconds - from.microseconds
        self.init(
            meaning: meaning, microseconds: isSubtracted ? -microseconds : microseconds, sequences: sequences, from: from,
            until: until)
    }

    fileprivate init(_ meaning: Explanation.Meaning, microseconds: Int64, _ sequences: [Int64]) {
        self.init(meaning: meaning, microseconds: microseconds, sequences: sequences, from: nil, until: nil)
    }

    fileprivate var negated: Explanation.Part {
        Explanation.Part(meaning: meaning, microseconds: -microseconds, sequences: sequences, from: from, until: until)
    }
}

extension [Explanation.Part] {
    /// With a last part that lifts a sum below zero to zero.
    fileprivate var notBelowZero: [Explanation.Part] {
        let sum = reduce(0) { $0 + $1.microseconds }
        return sum < 0 ? self + [Explanation.Part(.cut, microseconds: -sum, [])] : self
    }
}

/// The parts of total, break and working. It adds up moments of punches where ``WorkSession`` adds up durations, and has to come
/// to the same.
private struct FigureParts {
    typealias Part = Explanation.Part

    private(set) var total: [Part] = []
    private(set) var pause: [Part] = []
    private(set) var working: [Part] = []

    var figures: [Explanation.Figure] {
        [Explanation.Figure(.total, total), Explanation.Figure(.break, pause), Explanation.Figure(.working, working)]
    }

    init(session: WorkSession?, assertion: SessionAssertion?, now: Instant?) {
        guard let session else { return }
        let former = assertion.map { assertion in session.cycles.filter { !assertion.isBefore($0) } } ?? []
        let later = assertion.map { assertion in session.cycles.filter { assertion.isBefore($0) } } ?? session.cycles
        let closed = later.filter { $0.end != nil }
        if let assertion { assert(assertion, former: former) }
        if !closed.isEmpty { span(closed, behind: assertion) }
        for cycle in closed {
            let breaks = Self.finishedBreaks(of: cycle)
            pause += breaks
            working += (Self.parts(of: cycle) + breaks.map(\.negated)).notBelowZero
        }
        guard let now, let open = later.last, open.end == nil else { return }
        var breaks = Self.finishedBreaks(of: open)
        if let running = open.runningBreak {
            breaks += [Part(.openBreak, running.start.at, max(now, running.start.at), [running.start.toldBy])]
        }
        pause += breaks
        working += ([Part(.openCycle, open.since, now, [open.start.toldBy])] + breaks.map(\.negated)).notBelowZero
        if session.punchOut == nil, let punchIn = session.punchIn {
            let teller = punchIn == assertion?.punchIn ? assertion?.sequence : nil
            total = [Part(.openCycle, punchIn, now, [teller ?? later[0].start.toldBy])].notBelowZero
        }
    }

    /// What an assertion says of the time up to its punch-out.
    private mutating func assert(_ assertion: SessionAssertion, former: [WorkCycle]) {
        func given(_ microseconds: Int64) -> [Part] {
            [Part(.assertedFigure, microseconds: microseconds, [assertion.sequence])]
        }
        func span(_ meaning: Explanation.Meaning, _ from: Instant?, _ until: Instant?) -> [Part]? {
            guard let from, let until else { return nil }
            return [Part(meaning, from, until, [assertion.sequence])].notBelowZero
        }
        total =
            assertion.totalMicroseconds.map { given($0) } ?? span(.assertedSpan, assertion.punchIn, assertion.punchOut) ?? []
        let asserted = assertion.kind == .whole ? span(.assertedBreak, assertion.breakStart, assertion.breakEnd) : nil
        pause = assertion.breakMicroseconds.map { given($0) } ?? asserted ?? former.flatMap { Self.finishedBreaks(of: $0) }
        working = assertion.workingMicroseconds.map { given($0) } ?? (total + pause.map(\.negated)).notBelowZero
    }

    /// From the first punch-in to the last punch-out, cycle by cycle.
    private mutating func span(_ closed: [WorkCycle], behind assertion: SessionAssertion?) {
        total = []
        var before: (at: Instant, sequence: Int64)?
        if let assertion, let punchIn = assertion.punchIn {
            before = (punchIn, assertion.sequence)
            if let punchOut = assertion.punchOut {
                total.append(Part(.assertedSpan, punchIn, punchOut, [assertion.sequence]))
                before = (punchOut, assertion.sequence)
            }
        }
        for cycle in closed {
            if let before { total.append(Part(.gap, before.at, cycle.since, [before.sequence, cycle.start.toldBy])) }
            total += Self.parts(of: cycle)
            before = cycle.end.map { ($0.at, $0.toldBy) }
        }
        total = total.notBelowZero
    }

    private static func parts(of cycle: WorkCycle) -> [Part] {
        guard let end = cycle.end else { return [] }
        return [Part(.cycle, cycle.since, end.at, [cycle.start.toldBy, end.toldBy])]
    }

    private static func finishedBreaks(of cycle: WorkCycle) -> [Part] {
        cycle.breaks.compactMap { pause in
            guard let end = pause.end else { return nil }
            return Part(.pause, pause.start.at, max(end.at, pause.start.at), [pause.start.toldBy, end.toldBy])
        }
    }
}

/// The parts of late and early.
private struct Punctuality {
    private(set) var late: [Explanation.Part] = []
    private(set) var early: [Explanation.Part] = []
    /// The business hours that the two were worked out with.
    private(set) var used: [BusinessHours] = []

    init(session: WorkSession?, assertion: SessionAssertion?, rules: [Int64: ExplanationMaterial.EntryRules]) {
        guard let session else { return }
        let later = assertion.map { assertion in session.cycles.filter { assertion.isBefore($0) } } ?? session.cycles
        let coming =
            assertion?.punchIn.flatMap { moment in assertion.map { (at: moment, sequence: $0.sequence) } }
            ?? later.first.map { (at: $0.since, sequence: $0.start.toldBy) }
        if let coming, let inForce = rules[coming.sequence], let hours = inForce.hours {
            let found = hours.lateness(at: coming.at, zone: inForce.zone)
            used.append(hours)
            late =
                [
                    Explanation.Part(.timeOfPunch, microseconds: found.punch, [coming.sequence]),
                    Explanation.Part(.businessHours, microseconds: -found.bound, [hours.toldBy]),
                    Explanation.Part(.threshold, microseconds: -found.threshold, [hours.toldBy]),
                ].notBelowZero
        }
        let going =
            later.last { $0.end != nil }?.end.map { (at: $0.at, sequence: $0.toldBy) }
            ?? assertion?.punchOut.flatMap { moment in assertion.map { (at: moment, sequence: $0.sequence) } }
        if let going, let inForce = rules[going.sequence], let hours = inForce.hours {
            let found = hours.earliness(at: going.at, zone: inForce.zone, shiftDay: session.day)
            used.append(hours)
            early =
                [
                    Explanation.Part(.businessHours, microseconds: found.bound, [hours.toldBy]),
                    Explanation.Part(.timeOfPunch, microseconds: -found.punch, [going.sequence]),
                ].notBelowZero
        }
    }
}

extension BusinessHours {
    fileprivate var explainedText: String {
        "\(clockText(startMicroseconds)) to \(clockText(endMicroseconds)) UTC, late after \(lateThresholdMinutes) min"
    }
}

/// `7:09:30`, with six decimals where the seconds are not whole.
func durationText(_ microseconds: Int64) -> String {
    let magnitude = microseconds.magnitude
    func padded(_ value: UInt64, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
    let seconds = magnitude / 1_000_000
    let fraction = magnitude % 1_000_000
    return (microseconds < 0 ? "-" : "") + String(seconds / 3_600) + ":" + padded(seconds / 60 % 60, 2) + ":"
        + padded(seconds % 60, 2) + (fraction == 0 ? "" : "." + padded(fraction, 6))
}

/// `08:55:00`: a time of day, in microseconds from midnight.
func clockText(_ timeOfDay: Int64) -> String {
    (timeOfDay < 36_000_000_000 ? "0" : "") + durationText(timeOfDay)
}
