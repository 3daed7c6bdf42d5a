/// The parts of total, break and working. They come from the moments of punches where ``WorkSession`` adds up
/// durations, and have to come to the same.
struct FigureParts {
    typealias Part = Explanation.Part

    private(set) var total: [Part] = []
    private(set) var pause: [Part] = []
    private(set) var working: [Part] = []

    var figures: [Explanation.Figure] {
        [Explanation.Figure(.total, total), Explanation.Figure(.break, pause), Explanation.Figure(.working, working)]
    }

    init(session: WorkSession?, assertion: SessionAssertion?, now: Instant?) {
        guard let session else { return }
        let (former, later) = SessionAssertion.part(session.cycles, by: assertion)
        let closed = later.filter { $0.end != nil }
        if let assertion { take(assertion, former: former) }
        if !closed.isEmpty { spanTotal(closed, behind: assertion) }
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
    private mutating func take(_ assertion: SessionAssertion, former: [WorkCycle]) {
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
    private mutating func spanTotal(_ closed: [WorkCycle], behind assertion: SessionAssertion?) {
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
struct Punctuality {
    private(set) var late: [Explanation.Part] = []
    private(set) var early: [Explanation.Part] = []
    /// The business hours that the two were worked out with.
    private(set) var used: [BusinessHours] = []

    init(session: WorkSession?, assertion: SessionAssertion?, rules: [Int64: ExplanationMaterial.EntryRules]) {
        guard let session else { return }
        let later = SessionAssertion.part(session.cycles, by: assertion).later
        let coming =
            assertion.flatMap { word in word.punchIn.map { (at: $0, sequence: word.sequence) } }
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
            ?? assertion.flatMap { word in word.punchOut.map { (at: $0, sequence: word.sequence) } }
        if let going, let inForce = rules[going.sequence], let hours = inForce.hours {
            let found = hours.earliness(at: going.at, zone: inForce.zone)
            used.append(hours)
            early =
                [
                    Explanation.Part(.businessHours, microseconds: found.bound, [hours.toldBy]),
                    Explanation.Part(.timeOfPunch, microseconds: -found.punch, [going.sequence]),
                ].notBelowZero
        }
    }
}

extension Explanation.Figure {
    init(_ name: Explanation.FigureName, _ parts: [Explanation.Part], isFlagged: Bool? = nil) {
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
    init(_ meaning: Explanation.Meaning, _ from: Instant, _ until: Instant, _ sequences: [Int64]) {
        self.init(
            meaning: meaning, microseconds: until.microseconds - from.microseconds, sequences: sequences, from: from, until: until)
    }

    init(_ meaning: Explanation.Meaning, microseconds: Int64, _ sequences: [Int64]) {
        self.init(meaning: meaning, microseconds: microseconds, sequences: sequences, from: nil, until: nil)
    }

    var negated: Explanation.Part {
        Explanation.Part(meaning: meaning, microseconds: -microseconds, sequences: sequences, from: from, until: until)
    }
}

extension [Explanation.Part] {
    /// With a last part that lifts a sum below zero to zero.
    var notBelowZero: [Explanation.Part] {
        let sum = reduce(0) { $0 + $1.microseconds }
        return sum < 0 ? self + [Explanation.Part(.cut, microseconds: -sum, [])] : self
    }
}
