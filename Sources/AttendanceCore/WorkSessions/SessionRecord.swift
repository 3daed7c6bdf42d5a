public import struct FoundationEssentials.UUID

/// A day of a member as clients of a punch clock know it: open time of today is in its figures.
public struct SessionRecord: Sendable, Equatable {
    public let id: UUID
    public let member: Member
    public let day: CalendarDay
    public let punchIn: Instant?
    public let punchOut: Instant?
    public let breakStart: Instant?
    public let breakEnd: Instant?
    public let figures: SessionFigures
    public let isLateIn: Bool
    public let isEarlyOut: Bool
    public let status: SessionStatus
    public let note: WireText?
    /// Oldest first.
    public let cycles: [CycleRecord]
    public let createdAt: Instant
    public let updatedAt: Instant
}

/// A cycle as it is shown, under its identity on the wire.
public struct CycleRecord: Sendable, Equatable {
    public let id: UUID
    public let since: Instant
    public let until: Instant?
    public let isLateIn: Bool
    public let isEarlyOut: Bool
    /// From in to out, breaks included; 0 while it is open.
    public let duration: Hundredths
    public let createdAt: Instant
    public let updatedAt: Instant
}

/// What turns rows of sheets into records: identities, and the moment up to which open time counts.
struct SessionRecorder {
    let sealer: Sealer
    let tenant: TenantID
    let now: Instant
    let today: CalendarDay

    init(_ source: EntrySource, _ operations: Operations, tenant: TenantID, in tx: any RuleReading) throws(AttendanceError) {
        sealer = operations.sealer
        self.tenant = tenant
        now = operations.ambient.now()
        let zone = try operations.zones.rules(of: try tx.rules(of: source), source)
        today = CalendarDay(of: now, offsetSeconds: zone.offset(at: now))
    }

    func figures(of session: SheetSession) -> SessionFigures {
        session.figures(at: session.day == today ? now : nil)
    }

    func record(_ session: SheetSession, of member: Member) -> SessionRecord {
        let place = SessionPlace(member: session.member, day: session.day)
        return SessionRecord(
            id: session.importedID ?? sealer.identity(of: .workSession, place.number, in: tenant), member: member,
            day: session.day, punchIn: session.punchIn, punchOut: session.punchOut, breakStart: session.breakStart,
            breakEnd: session.breakEnd, figures: figures(of: session), isLateIn: session.isLateIn,
            isEarlyOut: session.isEarlyOut, status: session.status, note: session.note, cycles: session.cycles.map(record),
            createdAt: session.createdAt, updatedAt: session.updatedAt)
    }

    private func record(_ cycle: SheetCycle) -> CycleRecord {
        CycleRecord(
            id: sealer.identity(of: .punchCycle, cycle.number, in: tenant), since: cycle.since, until: cycle.until,
            isLateIn: cycle.isLateIn, isEarlyOut: cycle.isEarlyOut,
            duration: Hundredths(hours: cycle.until.map { max(0, $0.microseconds - cycle.since.microseconds) } ?? 0),
            createdAt: cycle.createdAt, updatedAt: cycle.updatedAt)
    }
}
