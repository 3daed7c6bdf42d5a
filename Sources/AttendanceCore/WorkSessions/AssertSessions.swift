public import struct FoundationEssentials.UUID

/// A session that somebody lays down as a whole. What is nil of the hours is worked out.
public struct SessionDraft: Sendable {
    public var member: Identifier<Membership>
    public var day: CalendarDay
    public var punchIn: Instant?
    public var punchOut: Instant?
    public var breakStart: Instant?
    public var breakEnd: Instant?
    /// Hours.
    public var total: Hundredths?
    /// Minutes.
    public var `break`: Hundredths?
    /// Hours.
    public var working: Hundredths?
    public var isLateIn = false
    public var isEarlyOut = false
    public var status: SessionStatus?
    public var note: WireText?

    public init(member: Identifier<Membership>, day: CalendarDay) {
        self.member = member
        self.day = day
    }

    fileprivate var detail: SessionDetail {
        var detail = SessionDetail(.whole, of: day)
        detail.punchIn = punchIn
        detail.punchOut = punchOut
        detail.breakStart = breakStart
        detail.breakEnd = breakEnd
        detail.totalMicroseconds = total.map { $0.hundredths * 36_000_000 }
        detail.breakMicroseconds = `break`.map { $0.hundredths * 600_000 }
        detail.workingMicroseconds = working.map { $0.hundredths * 36_000_000 }
        detail.isLateIn = isLateIn
        detail.isEarlyOut = isEarlyOut
        detail.status = status
        return detail
    }
}

/// What is to be different about a session; nil keeps what there is.
public struct SessionChange: Sendable {
    public var punchIn: Instant??
    public var punchOut: Instant??
    public var breakStart: Instant??
    public var breakEnd: Instant??
    public var total: Hundredths?
    public var `break`: Hundredths?
    public var working: Hundredths?
    public var isLateIn: Bool?
    public var isEarlyOut: Bool?
    public var status: SessionStatus?
    public var note: WireText??

    public init() {}

    /// Whether nothing but the note is to be different.
    fileprivate var isNoteOnly: Bool {
        punchIn == nil && punchOut == nil && breakStart == nil && breakEnd == nil && total == nil && `break` == nil
            && working == nil && isLateIn == nil && isEarlyOut == nil && status == nil && note != nil
    }

    fileprivate func applied(to session: SheetSession, of member: Member, showing figures: SessionFigures) -> SessionDraft {
        var draft = SessionDraft(member: member.id, day: session.day)
        draft.punchIn = punchIn ?? session.punchIn
        draft.punchOut = punchOut ?? session.punchOut
        draft.breakStart = breakStart ?? session.breakStart
        draft.breakEnd = breakEnd ?? session.breakEnd
        draft.total = total ?? figures.total
        draft.break = `break` ?? figures.break
        draft.working = working ?? figures.working
        draft.isLateIn = isLateIn ?? session.isLateIn
        draft.isEarlyOut = isEarlyOut ?? session.isEarlyOut
        draft.status = status ?? session.status
        draft.note = note ?? session.note
        return draft
    }
}

extension Operations {
    /// Fixes in, out, note, and the hours up to the punch-out; cycles that begin later add to them. The flags are judged by the
    /// business hours in force. Punches stay as they are.
    /// - Precondition: `punchIn` is not after `punchOut`.
    /// - Throws: `.notFound(.workSession)`, `.notPermitted` without the admin role, `.unavailable`.
    public func editSession(
        _ id: UUID, punchIn: Instant, punchOut: Instant, note: WireText?, of source: EntrySource, as caller: Caller
    ) async throws(AttendanceError) -> SessionRecord {
        try await assertSession(of: source, as: caller) { tx throws(AttendanceError) in
            let (session, member) = try Self.session(id, of: source, sealer: sealer, tenant: caller.tenant, in: tx)
            let judging = try Judging(source, zones: zones, in: tx)
            var detail = SessionDetail(.edit, of: session.day)
            detail.punchIn = punchIn
            detail.punchOut = punchOut
            detail.isLateIn = judging.flags(.in, at: punchIn).contains(.late)
            detail.isEarlyOut = judging.flags(.out, at: punchOut).contains(.early)
            detail.hoursRule = judging.rules.activeHours?.toldBy
            detail.zoneRule = judging.rules.settings[.zone]?.toldBy
            return (detail, note, member)
        }
    }

    /// Lays down a session of a day that has none.
    /// - Throws: `.taken(.workSession)`, `.notFound(.member)`, `.notPermitted`, `.unavailable`.
    public func assertSession(
        _ draft: SessionDraft, of source: EntrySource, as caller: Caller
    ) async throws(AttendanceError) -> SessionRecord {
        try await assertSession(of: source, as: caller) { tx throws(AttendanceError) in
            guard let member = try tx.member(draft.member, of: source) else { throw .notFound(.member) }
            guard try tx.session(of: member.number, on: draft.day, of: source) == nil else { throw .taken(.workSession) }
            return (draft.detail, draft.note, member)
        }
    }

    /// Lays down what is different about a session; what is not named is laid down as it stands now.
    /// - Throws: `.notFound(.workSession)`, `.notPermitted`, `.unavailable`.
    public func changeSession(
        _ id: UUID, _ change: SessionChange, of source: EntrySource, as caller: Caller
    ) async throws(AttendanceError) -> SessionRecord {
        try await assertSession(of: source, as: caller) { tx throws(AttendanceError) in
            let (session, member) = try Self.session(id, of: source, sealer: sealer, tenant: caller.tenant, in: tx)
            if change.isNoteOnly {
                // Hours go on as they were: worked out from punches, or from what was laid down before.
                var detail = session.assertion?.detail ?? SessionDetail(.note, of: session.day)
                if let former = session.assertion, former.detail.kind != .note {
                    detail.repeats = former.detail.repeats ?? former.sequence
                    detail.isImported = false
                }
                return (detail, change.note ?? nil, member)
            }
            let figures = try SessionRecorder(source, self, tenant: caller.tenant, in: tx).figures(of: session)
            let draft = change.applied(to: session, of: member, showing: figures)
            return (draft.detail, draft.note, member)
        }
    }

    private func assertSession(
        of source: EntrySource, as caller: Caller,
        _ decide: @escaping @Sendable (any WriteTransaction) throws(AttendanceError) -> (SessionDetail, WireText?, Member)
    ) async throws(AttendanceError) -> SessionRecord {
        try caller.require(.admin)
        let now = ambient.now()
        return try await store.write(in: caller.tenant) { tx throws(AttendanceError) in
            var (detail, note, member) = try decide(tx)
            detail.replaces = try tx.session(of: member.number, on: detail.day, of: source)?.assertion?.sequence
            _ = try tx.append(
                sealer.seal(
                    [
                        Claim(
                            kind: .sessionAsserted, source: source, occurredAt: now, detail: detail.text,
                            personal: PersonalPart(
                                identifierKind: .membership, identifier: member.id.text, meta: note))
                    ], by: caller.name))
            try tx.note(
                AuditEntry(
                    at: now, caller: caller, act: .sessionAsserted, subject: member.id.text, detail: WireText(detail.day.text)))
            guard let session = try tx.session(of: member.number, on: detail.day, of: source) else {
                throw .notFound(.workSession)
            }
            return try SessionRecorder(source, self, tenant: caller.tenant, in: tx).record(session, of: member)
        }
    }

    /// Takes a session away, until something of its day happens. Its punches stay.
    /// - Throws: `.notFound(.workSession)`, `.notPermitted`, `.unavailable`.
    public func voidSession(_ id: UUID, of source: EntrySource, as caller: Caller) async throws(AttendanceError) {
        try caller.require(.admin)
        let now = ambient.now()
        try await store.write(in: caller.tenant) { tx throws(AttendanceError) in
            let (session, member) = try Self.session(id, of: source, sealer: sealer, tenant: caller.tenant, in: tx)
            _ = try tx.append(
                sealer.seal(
                    [
                        Claim(
                            kind: .sessionVoided, source: source, occurredAt: now,
                            detail: DaySpan(from: session.day, through: session.day).text,
                            personal: PersonalPart(identifierKind: .membership, identifier: member.id.text))
                    ], by: caller.name))
            try tx.note(
                AuditEntry(
                    at: now, caller: caller, act: .sessionVoided, subject: member.id.text,
                    detail: WireText(session.day.text)))
        }
    }

    /// Brings back sessions that were taken away, and tells how many there are then between two days, both included.
    /// - Throws: `.notPermitted` without the admin role, `.unavailable`.
    public func generateSessions(
        from: CalendarDay, through: CalendarDay, of source: EntrySource, as caller: Caller
    ) async throws(AttendanceError) -> Int {
        try caller.require(.admin)
        guard from <= through else { return 0 }
        let sealed = sealer.seal(
            [
                Claim(
                    kind: .sessionsGenerated, source: source, occurredAt: ambient.now(),
                    detail: DaySpan(from: from, through: through).text)
            ], by: caller.name)
        return try await store.write(in: caller.tenant) { tx throws(AttendanceError) in
            _ = try tx.append(sealed)
            try tx.note(
                AuditEntry(
                    at: sealed[0].receivedAt, caller: caller, act: .sessionsGenerated, subject: WireText(from.text),
                    detail: WireText(through.text)))
            return Int(try tx.hours(of: source, member: nil, from: from, through: through).sessions)
        }
    }
}
