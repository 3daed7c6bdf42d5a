public import struct FoundationEssentials.UUID

/// A punch as a member's sheet has it: as it counts now, and for which day.
public struct SheetPunch: Sendable, Equatable {
    public var punch: TimedPunch
    /// The number of the member whose it is.
    public var member: Int64
    public var note: WireText?
    /// The day whose session it is part of: its own, or the one before where it continues that day's shift. Nil where it does
    /// not count, because the member's state did not allow it.
    public var countsFor: CalendarDay?
    /// The identity it had in the system it was brought in from.
    public var importedID: UUID?
    /// Of its row there; see ``RowStamp/digest``.
    public var importedDigest: Int64?

    public init(punch: TimedPunch, member: Int64, note: WireText?, countsFor: CalendarDay?, importedID: UUID?) {
        self.punch = punch
        self.member = member
        self.note = note
        self.countsFor = countsFor
        self.importedID = importedID
    }
}

/// A cycle of a day's session as a member's sheet has it.
public struct SheetCycle: Sendable, Equatable {
    /// The number of its punch-in.
    public let number: Int64
    public let since: Instant
    public let until: Instant?
    public let isLateIn: Bool
    public let isEarlyOut: Bool
    public let createdAt: Instant
    public let updatedAt: Instant

    public init(
        number: Int64, since: Instant, until: Instant?, isLateIn: Bool, isEarlyOut: Bool, createdAt: Instant,
        updatedAt: Instant
    ) {
        self.number = number
        self.since = since
        self.until = until
        self.isLateIn = isLateIn
        self.isEarlyOut = isEarlyOut
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }

    init(_ cycle: WorkCycle) {
        self.init(
            number: cycle.number, since: cycle.since, until: cycle.until, isLateIn: cycle.isLateIn,
            isEarlyOut: cycle.isEarlyOut, createdAt: cycle.createdAt, updatedAt: cycle.updatedAt)
    }
}

/// A day's session as a member's sheet has it.
public struct SheetSession: Sendable, Equatable {
    public var member: Int64
    public var day: CalendarDay
    public var punchIn: Instant?
    public var punchOut: Instant?
    public var breakStart: Instant?
    public var breakEnd: Instant?
    public var closedTotalMicroseconds: Int64
    public var closedBreakMicroseconds: Int64
    public var closedWorkingMicroseconds: Int64
    public var open: WorkSession.OpenTime?
    public var isLateIn: Bool
    public var isEarlyOut: Bool
    public var status: SessionStatus
    public var note: WireText?
    /// How many there are; ``cycles`` may have been left out.
    public var cycleCount: Int64
    /// Oldest first.
    public var cycles: [SheetCycle]
    /// What somebody laid down about the day last, as its entry told it, and that entry's sequence and moment.
    public var assertion: (detail: SessionDetail, sequence: Int64, at: Instant)?
    /// When the server took the entry that opened the session, and the one that changed it last.
    public var createdAt: Instant
    public var updatedAt: Instant
    /// The identity it had in the system it was brought in from.
    public var importedID: UUID?
    /// Of its row there; see ``RowStamp/digest``.
    public var importedDigest: Int64?

    public init(
        member: Int64, day: CalendarDay, punchIn: Instant?, punchOut: Instant?, breakStart: Instant?, breakEnd: Instant?,
        closedTotalMicroseconds: Int64, closedBreakMicroseconds: Int64, closedWorkingMicroseconds: Int64,
        open: WorkSession.OpenTime?, isLateIn: Bool, isEarlyOut: Bool, status: SessionStatus, note: WireText?,
        cycleCount: Int64, cycles: [SheetCycle], assertion: (detail: SessionDetail, sequence: Int64, at: Instant)?,
        createdAt: Instant, updatedAt: Instant, importedID: UUID?
    ) {
        self.member = member
        self.day = day
        self.punchIn = punchIn
        self.punchOut = punchOut
        self.breakStart = breakStart
        self.breakEnd = breakEnd
        self.closedTotalMicroseconds = closedTotalMicroseconds
        self.closedBreakMicroseconds = closedBreakMicroseconds
        self.closedWorkingMicroseconds = closedWorkingMicroseconds
        self.open = open
        self.isLateIn = isLateIn
        self.isEarlyOut = isEarlyOut
        self.status = status
        self.note = note
        self.cycleCount = cycleCount
        self.cycles = cycles
        self.assertion = assertion
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.importedID = importedID
    }

    /// What a calculation makes of a day.
    public init(
        _ session: WorkSession, member: Int64, assertion: (detail: SessionDetail, sequence: Int64, at: Instant)?,
        createdAt: Instant, updatedAt: Instant, importedID: UUID?
    ) {
        self.init(
            member: member, day: session.day, punchIn: session.punchIn, punchOut: session.punchOut,
            breakStart: session.breakStart, breakEnd: session.breakEnd,
            closedTotalMicroseconds: session.closedTotalMicroseconds,
            closedBreakMicroseconds: session.closedBreakMicroseconds,
            closedWorkingMicroseconds: session.closedWorkingMicroseconds, open: session.open, isLateIn: session.isLateIn,
            isEarlyOut: session.isEarlyOut, status: session.status, note: session.note,
            cycleCount: Int64(session.cycles.count), cycles: session.cycles.map { SheetCycle($0) }, assertion: assertion,
            createdAt: createdAt, updatedAt: updatedAt, importedID: importedID)
    }

    /// - Parameter now: For the session of today only; see ``WorkSession/figures(at:)``.
    public func figures(at now: Instant?) -> SessionFigures {
        SessionFigures(
            closedTotalMicroseconds: closedTotalMicroseconds, closedBreakMicroseconds: closedBreakMicroseconds,
            closedWorkingMicroseconds: closedWorkingMicroseconds, open: open, punchIn: punchIn, punchOut: punchOut, at: now)
    }

    public static func == (left: SheetSession, right: SheetSession) -> Bool {
        func asserted(_ one: SheetSession) -> Int64? { one.assertion?.sequence }
        return left.isSame(as: right) && left.createdAt == right.createdAt && left.updatedAt == right.updatedAt
            && asserted(left) == asserted(right) && left.importedID == right.importedID
            && left.importedDigest == right.importedDigest
    }

    /// Whether both show the same, whenever they were stored.
    public func isSame(as other: SheetSession) -> Bool {
        member == other.member && day == other.day && punchIn == other.punchIn && punchOut == other.punchOut
            && breakStart == other.breakStart && breakEnd == other.breakEnd
            && closedTotalMicroseconds == other.closedTotalMicroseconds
            && closedBreakMicroseconds == other.closedBreakMicroseconds
            && closedWorkingMicroseconds == other.closedWorkingMicroseconds && open == other.open
            && isLateIn == other.isLateIn && isEarlyOut == other.isEarlyOut && status == other.status && note == other.note
            && cycles == other.cycles
    }
}

/// Sums over sessions; hours and minutes in hundredths, each session rounded by itself, open time left out.
public struct HoursSum: Sendable, Equatable {
    public var sessions: Int64 = 0
    public var cycles: Int64 = 0
    public var late: Int64 = 0
    public var early: Int64 = 0
    public var working = Hundredths.zero
    public var breaks = Hundredths.zero

    public init(
        sessions: Int64 = 0, cycles: Int64 = 0, late: Int64 = 0, early: Int64 = 0, working: Hundredths = .zero,
        breaks: Hundredths = .zero
    ) {
        self.sessions = sessions
        self.cycles = cycles
        self.late = late
        self.early = early
        self.working = working
        self.breaks = breaks
    }
}

/// Which punches are asked for; nil for no matter.
public struct PunchQuery: Sendable {
    public var member: Int64?
    public var from: CalendarDay?
    public var through: CalendarDay?
    public var direction: PunchDirection?

    public init(member: Int64? = nil, from: CalendarDay? = nil, through: CalendarDay? = nil, direction: PunchDirection? = nil) {
        self.member = member
        self.from = from
        self.through = through
        self.direction = direction
    }
}

/// A place in the list of punches, newest first.
public struct PunchPosition: Sendable, Equatable {
    public let at: Instant
    public let number: Int64

    public init(at: Instant, number: Int64) {
        self.at = at
        self.number = number
    }
}

/// Somebody whose hours are counted: a membership of any source, with what people call it by.
public struct SheetOwner: Sendable, Equatable {
    public let number: Int64
    public let source: EntrySource
    public let membership: Identifier<Membership>
    public let person: Identifier<Person>
    /// The staff code; of somebody whom only a device knows its name, U+001F, and the number there.
    public let staffCode: WireText
    /// Nil where nobody told it.
    public let name: WireText?

    public init(
        number: Int64, source: EntrySource, membership: Identifier<Membership>, person: Identifier<Person>,
        staffCode: WireText, name: WireText?
    ) {
        self.number = number
        self.source = source
        self.membership = membership
        self.person = person
        self.staffCode = staffCode
        self.name = name
    }
}

/// Punches, sessions and sums of the transaction's tenant: projections, with what the transaction itself has changed.
public protocol TimeSheetReading {
    /// The memberships of a person, or the one of this identity, by number.
    func sheetOwners(known id: UUID) throws(AttendanceError) -> [SheetOwner]
    /// Those with this staff code, this e-mail without letter case, or this number at any device, by number.
    func sheetOwners(called name: WireText) throws(AttendanceError) -> [SheetOwner]

    /// A member's punches of a day that were taken away, and by which entries.
    func voidedPunches(of member: Int64, on day: CalendarDay) throws(AttendanceError) -> [(number: Int64, by: Int64)]

    /// A member's punches of some days by moment, then number, those that do not count included.
    func punches(of member: Int64, from: CalendarDay, through: CalendarDay) throws(AttendanceError) -> [SheetPunch]

    /// Punches of a source, newest first, behind `position`, at most `limit`.
    func punches(
        of source: EntrySource, matching query: PunchQuery, after position: PunchPosition?, limit: Int
    ) throws(AttendanceError) -> [SheetPunch]

    /// The punch of this number; nil for none, and for one that was taken away.
    func punch(_ number: Int64, of source: EntrySource) throws(AttendanceError) -> SheetPunch?
    /// The punch that was brought in under this identity.
    func punch(importedAs id: UUID, of source: EntrySource) throws(AttendanceError) -> SheetPunch?

    /// The session of a member's day, with its cycles.
    func session(of member: Int64, on day: CalendarDay, of source: EntrySource) throws(AttendanceError) -> SheetSession?
    /// The session that has this identity of another system, with its cycles.
    func session(importedAs id: UUID, of source: EntrySource) throws(AttendanceError) -> SheetSession?

    /// The newest days with sessions of a source in a span, at most `limit`.
    func sessionDays(
        of source: EntrySource, from: CalendarDay?, through: CalendarDay?, limit: Int
    ) throws(AttendanceError) -> [(day: CalendarDay, sessions: Int64)]

    /// The sessions of some days with their cycles, newest day first, then by member's number.
    func sessions(
        of source: EntrySource, from: CalendarDay, through: CalendarDay
    ) throws(AttendanceError) -> [SheetSession]

    /// A member's sessions with their cycles, newest day first, at most `limit`.
    func sessions(
        of source: EntrySource, member: Int64, from: CalendarDay?, through: CalendarDay?, limit: Int
    ) throws(AttendanceError) -> [SheetSession]

    /// A day's sessions with open time, without their cycles.
    func openSessions(
        of source: EntrySource, on day: CalendarDay, member: Int64?
    ) throws(AttendanceError) -> [SheetSession]

    /// The sum of a member's sessions, or of all, of some days, both included.
    func hours(
        of source: EntrySource, member: Int64?, from: CalendarDay, through: CalendarDay
    ) throws(AttendanceError) -> HoursSum
    /// By member, in no order; only members with sessions.
    func hoursByMember(
        of source: EntrySource, member: Int64?, from: CalendarDay, through: CalendarDay
    ) throws(AttendanceError) -> [(member: Int64, sum: HoursSum)]
    /// By day; only days with sessions.
    func hoursByDay(
        of source: EntrySource, member: Int64?, from: CalendarDay, through: CalendarDay
    ) throws(AttendanceError) -> [(day: CalendarDay, sum: HoursSum)]
}
