/// The work of one person that began on one local day: what the punches say, and what an admin says instead.
///
/// Nothing here depends on the clock; what is still open is told apart, and ``figures(at:)`` adds it.
/// Source: docs/dialects/timetracker.md §7.4.
public struct WorkSession: Sendable, Equatable {
    /// A cycle that is still open.
    public struct OpenTime: Sendable, Equatable {
        /// Its punch-in.
        public let since: Instant
        /// Of its breaks that are over.
        public let finishedBreakMicroseconds: Int64
        /// When the break began that lasts on.
        public let breakSince: Instant?

        public init(since: Instant, finishedBreakMicroseconds: Int64, breakSince: Instant?) {
            self.since = since
            self.finishedBreakMicroseconds = finishedBreakMicroseconds
            self.breakSince = breakSince
        }
    }

    public let day: CalendarDay
    /// As they were punched, oldest first; an assertion leaves them as they are.
    public let cycles: [WorkCycle]
    public let punchIn: Instant?
    public let punchOut: Instant?
    public let breakStart: Instant?
    public let breakEnd: Instant?
    /// From the first punch-in to the last punch-out, the time between cycles included; 0 without a punch-out.
    public let closedTotalMicroseconds: Int64
    /// Of closed cycles.
    public let closedBreakMicroseconds: Int64
    /// Of closed cycles.
    public let closedWorkingMicroseconds: Int64
    public let open: OpenTime?
    public let isLateIn: Bool
    public let isEarlyOut: Bool
    public let status: SessionStatus
    public let note: WireText?
    /// The sequence of the assertion that holds.
    public let assertedBy: Int64?

    /// Nil where neither a punch nor an assertion tells of a session.
    /// - Parameters:
    ///   - counted: ``DayJudgement/own`` of the day and ``DayJudgement/carried`` of the next, in any order.
    ///   - assertion: The latest one of the day.
    /// - Precondition: `counted` follows the table of ``ClockState``, as a judgement leaves it.
    public init?(day: CalendarDay, counted: [TimedPunch], assertion: SessionAssertion?) {
        guard !counted.isEmpty || assertion.map({ $0.kind != .note }) ?? false else { return nil }
        // Where the zone was changed meanwhile, a punch of the next day can be earlier than one of this. Days then come first,
        // as in the judgement.
        let ordered = counted.sorted { left, right in left.day != right.day ? left.day < right.day : left.precedes(right) }
        self.init(day: day, cycles: WorkCycle.cycles(of: ordered), assertion: assertion)
    }

    /// The session of cycles that are in their order already.
    init(day: CalendarDay, cycles: [WorkCycle], assertion: SessionAssertion?) {
        if let assertion, assertion.kind != .note {
            self.init(day: day, cycles: cycles, asserted: assertion)
        } else {
            self.init(day: day, punched: cycles, noted: assertion)
        }
    }

    /// What the punches alone say, beside a note.
    private init(day: CalendarDay, punched cycles: [WorkCycle], noted note: SessionAssertion?) {
        let breaks = cycles.flatMap(\.breaks)
        let closed = cycles.filter { $0.end != nil }
        self.day = day
        self.cycles = cycles
        punchIn = cycles.first?.since
        punchOut = closed.last?.until
        breakStart = breaks.first?.start.at
        breakEnd = breaks.last { $0.end != nil }?.end?.at
        closedTotalMicroseconds = Self.microseconds(from: punchIn, to: punchOut)
        closedBreakMicroseconds = closed.reduce(0) { $0 + $1.breakMicroseconds }
        closedWorkingMicroseconds = closed.reduce(0) { $0 + $1.netMicroseconds }
        open = Self.openTime(of: cycles)
        isLateIn = cycles.first?.isLateIn ?? false
        isEarlyOut = closed.last?.isEarlyOut ?? false
        status = Self.status(open: open)
        self.note = note?.note
        assertedBy = note?.sequence
    }

    /// What an assertion says of the time up to its punch-out, and the punches of the time behind it.
    private init(day: CalendarDay, cycles: [WorkCycle], asserted assertion: SessionAssertion) {
        let (former, later) = SessionAssertion.part(cycles, by: assertion)
        let laterClosed = later.filter { $0.end != nil }
        let times = AssertedTimes(assertion, breaksOf: former)
        self.day = day
        self.cycles = cycles
        punchIn = assertion.punchIn ?? later.first?.since
        punchOut = laterClosed.last?.until ?? assertion.punchOut
        switch assertion.kind {
        case .edit:
            let breaks = cycles.flatMap(\.breaks)
            breakStart = breaks.first?.start.at
            breakEnd = breaks.last { $0.end != nil }?.end?.at
        case .whole, .note:
            let breaks = later.flatMap(\.breaks)
            breakStart = assertion.breakStart ?? breaks.first?.start.at
            breakEnd = breaks.last { $0.end != nil }?.end?.at ?? assertion.breakEnd
        }
        closedTotalMicroseconds = laterClosed.isEmpty ? times.total : Self.microseconds(from: punchIn, to: punchOut)
        closedBreakMicroseconds = laterClosed.reduce(times.pause) { $0 + $1.breakMicroseconds }
        closedWorkingMicroseconds = laterClosed.reduce(times.working) { $0 + $1.netMicroseconds }
        open = Self.openTime(of: later)
        isLateIn = assertion.punchIn == nil ? later.first?.isLateIn ?? assertion.isLateIn : assertion.isLateIn
        isEarlyOut = laterClosed.last?.isEarlyOut ?? assertion.isEarlyOut
        status = later.isEmpty ? assertion.status ?? .complete : Self.status(open: open)
        note = assertion.note
        assertedBy = assertion.sequence
    }

    /// The figures that a session shows.
    /// - Parameter now: For the session of today only: what is open counts up to this moment. Nil counts nothing of it.
    public func figures(at now: Instant?) -> SessionFigures {
        SessionFigures(
            closedTotalMicroseconds: closedTotalMicroseconds, closedBreakMicroseconds: closedBreakMicroseconds,
            closedWorkingMicroseconds: closedWorkingMicroseconds, open: open, punchIn: punchIn, punchOut: punchOut, at: now)
    }

    private static func microseconds(from start: Instant?, to end: Instant?) -> Int64 {
        guard let start, let end else { return 0 }
        return max(0, end.microseconds - start.microseconds)
    }

    private static func openTime(of cycles: [WorkCycle]) -> OpenTime? {
        guard let last = cycles.last, last.end == nil else { return nil }
        return OpenTime(
            since: last.since, finishedBreakMicroseconds: last.breakMicroseconds, breakSince: last.runningBreak?.start.at)
    }

    private static func status(open: OpenTime?) -> SessionStatus {
        guard let open else { return .complete }
        return open.breakSince == nil ? .inProgress : .onBreak
    }
}

/// The hours that an assertion leaves to a session, without the cycles behind it.
struct AssertedTimes {
    let total: Int64
    let pause: Int64
    let working: Int64

    /// - Parameter former: The cycles that are not behind it: what they say of breaks still holds, unless the assertion says
    ///   something of breaks itself.
    init(_ assertion: SessionAssertion, breaksOf former: [WorkCycle]) {
        func span(_ start: Instant?, _ end: Instant?) -> Int64? {
            guard let start, let end else { return nil }
            return max(0, end.microseconds - start.microseconds)
        }
        let punched = former.reduce(0) { $0 + $1.breakMicroseconds }
        let asserted = assertion.kind == .whole ? span(assertion.breakStart, assertion.breakEnd) : nil
        total = assertion.totalMicroseconds ?? span(assertion.punchIn, assertion.punchOut) ?? 0
        pause = assertion.breakMicroseconds ?? asserted ?? punched
        working = assertion.workingMicroseconds ?? max(0, total - pause)
    }
}

/// The three figures of a session as contracts show them, each rounded once.
public struct SessionFigures: Sendable, Equatable {
    /// Hours from the first punch-in to the last punch-out.
    public let total: Hundredths
    /// Minutes.
    public let `break`: Hundredths
    /// Hours.
    public let working: Hundredths

    /// What the figures are rounded from.
    public let totalMicroseconds: Int64
    /// As ``totalMicroseconds``.
    public let breakMicroseconds: Int64
    /// As ``totalMicroseconds``.
    public let workingMicroseconds: Int64

    /// Adds what is open to what is closed. Nothing becomes negative by a moment before a punch.
    /// - Parameter now: As in ``WorkSession/figures(at:)``.
    public init(
        closedTotalMicroseconds: Int64, closedBreakMicroseconds: Int64, closedWorkingMicroseconds: Int64,
        open: WorkSession.OpenTime?, punchIn: Instant?, punchOut: Instant?, at now: Instant?
    ) {
        var total = closedTotalMicroseconds
        var pause = closedBreakMicroseconds
        var working = closedWorkingMicroseconds
        if let now, let open {
            let running = open.breakSince.map { max(0, now.microseconds - $0.microseconds) } ?? 0
            let breaks = open.finishedBreakMicroseconds + running
            pause += breaks
            working += max(0, now.microseconds - open.since.microseconds - breaks)
            if punchOut == nil, let punchIn { total = max(0, now.microseconds - punchIn.microseconds) }
        }
        totalMicroseconds = total
        breakMicroseconds = pause
        workingMicroseconds = working
        self.total = Hundredths(hours: total)
        self.break = Hundredths(minutes: pause)
        self.working = Hundredths(hours: working)
    }
}
