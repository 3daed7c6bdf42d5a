/// Whether a work session is over, as far as its punches or an admin say. The words are stored: never changed.
public enum SessionStatus: String, Sendable, CaseIterable {
    case complete = "complete"
    case inProgress = "in-progress"
    case onBreak = "on-break"
}

/// What an admin says a work session was, against what its punches say.
///
/// It holds for the session up to its punch-out. Cycles that begin later add to it, so that somebody whose morning was put
/// right can come again in the afternoon. Of several the latest holds, and the others for nothing.
/// Source: docs/dialects/timetracker.md §6.5, B11.
public struct SessionAssertion: Sendable, Equatable {
    /// How much it says.
    public enum Kind: Sendable {
        /// In, out and note; hours follow from them and from the breaks that were punched.
        case edit
        /// The session as a whole; what it does not say of the hours is worked out.
        case whole
        /// The note alone; everything else is what was punched.
        case note
    }

    public let kind: Kind
    /// Of the entry that says so.
    public let sequence: Int64
    /// When that entry was received.
    public let at: Instant
    public let punchIn: Instant?
    public let punchOut: Instant?
    /// Of a whole session only; an edit leaves breaks as they were punched.
    public let breakStart: Instant?
    /// As ``breakStart``.
    public let breakEnd: Instant?
    /// Nil to have it worked out; always so in an edit.
    public let totalMicroseconds: Int64?
    /// As ``totalMicroseconds``.
    public let breakMicroseconds: Int64?
    /// As ``totalMicroseconds``.
    public let workingMicroseconds: Int64?
    public let isLateIn: Bool
    public let isEarlyOut: Bool
    /// Nil for complete.
    public let status: SessionStatus?
    public let note: WireText?

    public init(
        kind: Kind, sequence: Int64, at: Instant, punchIn: Instant?, punchOut: Instant?, breakStart: Instant? = nil,
        breakEnd: Instant? = nil, totalMicroseconds: Int64? = nil, breakMicroseconds: Int64? = nil,
        workingMicroseconds: Int64? = nil, isLateIn: Bool, isEarlyOut: Bool, status: SessionStatus? = nil, note: WireText?
    ) {
        self.kind = kind
        self.sequence = sequence
        self.at = at
        self.punchIn = punchIn
        self.punchOut = punchOut
        self.breakStart = breakStart
        self.breakEnd = breakEnd
        self.totalMicroseconds = totalMicroseconds
        self.breakMicroseconds = breakMicroseconds
        self.workingMicroseconds = workingMicroseconds
        self.isLateIn = isLateIn
        self.isEarlyOut = isEarlyOut
        self.status = status
        self.note = note
    }

    /// Parts the cycles of a session into those that an assertion stands for and those that add to it: whose punch-in was not
    /// known yet, and lies behind the asserted punch-out where there is one. What was known is what somebody saw, and left out.
    /// Without an assertion all are behind.
    static func part(
        _ cycles: [WorkCycle], by assertion: SessionAssertion?
    ) -> (former: [WorkCycle], later: [WorkCycle]) {
        guard let assertion else { return ([], cycles) }
        func isLater(_ cycle: WorkCycle) -> Bool {
            cycle.number > assertion.sequence && assertion.punchOut.map { cycle.since > $0 } ?? true
        }
        return (cycles.filter { !isLater($0) }, cycles.filter(isLater))
    }
}
