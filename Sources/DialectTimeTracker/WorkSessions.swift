import AttendanceCore
import HTTPMessages
import StrictJSON

/// Days of employees, as their punches or an admin say. Source: contract §6.4 to §6.6.
extension TimeTrackerDialect {
    static let editedSpanMaxMicroseconds: Int64 = 24 * 3_600_000_000

    func listSessions(_ visit: Visit) async throws(TimeTrackerFailure) -> Response {
        let pages = operations.sessions(of: .timeTracker, matching: try visit.sessionFilter(), as: visit.caller)
        let list = try await ask { () async throws(AttendanceError) in
            try await PagedBody(JSONRows<SessionRecord> { $0.write(to: &$1, .newestFirst) }) { () async throws(AttendanceError) in
                try await pages.next()
            }
        }
        return .json(list.body)
    }

    func showSession(_ visit: Visit) async throws(TimeTrackerFailure) -> Response {
        answer(try await session(visit))
    }

    func createSession(_ visit: Visit) async throws(TimeTrackerFailure) -> Response {
        var fields = try visit.fields()
        let sent = SessionFields(&fields)
        let member = try await employee(in: &fields, visit)
        try fields.check()
        guard let member, let day = sent.day else { throw .fields(fields.faults) }
        var draft = SessionDraft(member: member, day: day)
        draft.punchIn = sent.punchIn.value
        draft.punchOut = sent.punchOut.value
        draft.breakStart = sent.breakStart.value
        draft.breakEnd = sent.breakEnd.value
        // A session that somebody lays down says itself what its hours are: nothing is nothing.
        draft.total = sent.total ?? .zero
        draft.break = sent.breakMinutes ?? .zero
        draft.working = sent.working ?? .zero
        draft.isLateIn = sent.isLateIn ?? false
        draft.isEarlyOut = sent.isEarlyOut ?? false
        draft.status = sent.status ?? .inProgress
        draft.note = sent.note.value
        let session = try await ask { [draft] () async throws(AttendanceError) in
            try await operations.assertSession(draft, of: .timeTracker, as: visit.caller)
        }
        return answer(session, status: 201)
    }

    func changeSession(_ visit: Visit, isPartial: Bool) async throws(TimeTrackerFailure) -> Response {
        let known = try await session(visit)
        var fields = try visit.fields(isPartial: isPartial)
        let sent = SessionFields(&fields)
        let member = try await employee(in: &fields, visit)
        // Whose day it is makes a session the one it is; another one can be laid down.
        if let member, member != known.member.id { fields.refuse("employee", "The employee of a session cannot be changed.") }
        if let day = sent.day, day != known.day { fields.refuse("date", "The date of a session cannot be changed.") }
        try fields.check()
        var change = SessionChange()
        change.punchIn = sent.punchIn.change
        change.punchOut = sent.punchOut.change
        change.breakStart = sent.breakStart.change
        change.breakEnd = sent.breakEnd.change
        change.total = sent.total
        change.break = sent.breakMinutes
        change.working = sent.working
        change.isLateIn = sent.isLateIn
        change.isEarlyOut = sent.isEarlyOut
        change.status = sent.status
        change.note = sent.note.change
        let changed = try await ask { [change] () async throws(AttendanceError) in
            try await operations.changeSession(known.id, change, of: .timeTracker, as: visit.caller)
        }
        return answer(changed)
    }

    func deleteSession(_ visit: Visit) async throws(TimeTrackerFailure) -> Response {
        let id = try visit.id(SessionRecord.self)
        try await ask { () async throws(AttendanceError) in
            try await operations.voidSession(id.rawValue, of: .timeTracker, as: visit.caller)
        }
        return .gone
    }

    /// `PUT …/{id}/edit/`. Source: contract §6.5.
    func editSession(_ visit: Visit) async throws(TimeTrackerFailure) -> Response {
        let known = try await session(visit)
        var fields = try visit.fields()
        let punchIn = fields.required("punch_in", as: .moment)
        let punchOut = fields.required("punch_out", as: .moment)
        let note = fields.nullable("note", as: .text(allowsBlank: true))
        try fields.check()
        guard let punchIn, let punchOut else { throw .fields(fields.faults) }
        guard punchIn <= punchOut else { throw .rule("Punch in time cannot be after Punch out time.") }
        guard punchOut.microseconds - punchIn.microseconds <= Self.editedSpanMaxMicroseconds else {
            throw .rule("Punch in and Punch out time cannot exceed 24 hours.")
        }
        let kept: WireText? = if case .absent = note { "" } else { note.value }
        let edited = try await ask { () async throws(AttendanceError) in
            try await operations.editSession(
                known.id, punchIn: punchIn, punchOut: punchOut, note: kept, of: .timeTracker, as: visit.caller)
        }
        return answer(edited, .oldestFirst)
    }

    /// `POST …/sessions/generate/`. Source: contract §6.6.
    func generateSessions(_ visit: Visit) async throws(TimeTrackerFailure) -> Response {
        var fields = try visit.fields()
        let from = try day("start_date", in: &fields)
        let through = try day("end_date", in: &fields)
        guard let from, let through else { throw .rule("start_date and end_date are required") }
        guard let from = from.value, let through = through.value else {
            throw .rule("start_date and end_date must be dates in the format YYYY-MM-DD")
        }
        let count = try await ask { () async throws(AttendanceError) in
            try await operations.generateSessions(from: from, through: through, of: .timeTracker, as: visit.caller)
        }
        return .json {
            $0.member("message", "Generated \(count) work sessions")
            $0.member("sessions_count", count)
        }
    }

    /// A day of a request that knows no field messages: nil where nothing is given, null where it is no day.
    private func day(_ name: String, in fields: inout RequestFields) throws(TimeTrackerFailure) -> Given<CalendarDay>? {
        guard case .value(let sent) = fields.nullable(name, as: SentField()) else { return nil }
        if sent.string == "" { return nil }
        return sent.string.flatMap(DjangoTime.day).map { .value($0) } ?? .null
    }

    private func session(_ visit: Visit) async throws(TimeTrackerFailure) -> SessionRecord {
        let id = try visit.id(SessionRecord.self)
        return try await ask { () async throws(AttendanceError) in
            try await operations.session(id.rawValue, of: .timeTracker, as: visit.caller)
        }
    }

    private func answer(_ session: SessionRecord, _ order: CycleOrder = .newestFirst, status: Int = 200) -> Response {
        var writer = JSONWriter(reservingCapacity: 1_536)
        session.write(to: &writer, order)
        return .json(status: status, writer.take())
    }
}

/// Whatever is sent, as it is.
private struct SentField: RequestField {
    func read(_ sent: Sent) throws(FieldFault) -> Sent { sent }
}

/// What a body says of a session, its employee apart.
private struct SessionFields {
    let day: CalendarDay?
    let punchIn, punchOut, breakStart, breakEnd: Given<Instant>
    let total, breakMinutes, working: Hundredths?
    let isLateIn, isEarlyOut: Bool?
    let status: SessionStatus?
    let note: Given<WireText>

    init(_ fields: inout RequestFields) {
        day = fields.required("date", as: .day)
        punchIn = fields.nullable("punch_in", as: .moment)
        punchOut = fields.nullable("punch_out", as: .moment)
        breakStart = fields.nullable("break_start", as: .moment)
        breakEnd = fields.nullable("break_end", as: .moment)
        total = fields.optional("total_hours", as: .hundredths)
        breakMinutes = fields.optional("break_duration", as: .hundredths)
        working = fields.optional("working_hours", as: .hundredths)
        isLateIn = fields.optional("is_late_in", as: .boolean)
        isEarlyOut = fields.optional("is_early_out", as: .boolean)
        status = fields.optional("status", as: ChoiceField { SessionStatus(word: $0) })
        note = fields.nullable("note", as: .text(allowsBlank: true))
    }
}

extension SessionStatus {
    /// The words of contract §6.4.
    fileprivate init?(word: String) {
        guard let status = Self.allCases.first(where: { $0.word == word }) else { return nil }
        self = status
    }

    fileprivate var word: String {
        switch self {
        case .complete: "complete"
        case .inProgress: "in_progress"
        case .onBreak: "on_break"
        }
    }
}

/// Which of a day's cycles stands first: the newest wherever sessions are read, the oldest in the answer to an edit.
enum CycleOrder {
    case newestFirst
    case oldestFirst
}

extension SessionRecord {
    /// The session object of contract §6.4.
    func write(to writer: inout JSONWriter, _ order: CycleOrder) {
        writer.object {
            $0.member("id", id)
            $0.member("employee_name", member.profile.name.text)
            $0.member("employee_data") { member.writeAsEmployee(to: &$0) }
            $0.member("punch_cycles") { writer in
                writer.array { writer in
                    switch order {
                    case .newestFirst: for cycle in cycles.reversed() { cycle.write(to: &writer, of: self) }
                    case .oldestFirst: for cycle in cycles { cycle.write(to: &writer, of: self) }
                    }
                }
            }
            $0.member("date", day.text)
            $0.member("punch_in", punchIn)
            $0.member("punch_out", punchOut)
            $0.member("break_start", breakStart)
            $0.member("break_end", breakEnd)
            $0.member("total_hours", figures.total)
            $0.member("break_duration", figures.break)
            $0.member("working_hours", figures.working)
            $0.member("is_late_in", isLateIn)
            $0.member("is_early_out", isEarlyOut)
            $0.member("status", status.word)
            $0.member("note", note?.text)
            $0.member("created_at", createdAt)
            $0.member("updated_at", updatedAt)
            $0.member("employee", member.id.rawValue)
        }
    }
}

extension CycleRecord {
    fileprivate func write(to writer: inout JSONWriter, of session: SessionRecord) {
        writer.object {
            $0.member("id", id)
            $0.member("punch_in", since)
            $0.member("punch_out", until)
            $0.member("is_late_in", isLateIn)
            $0.member("is_early_out", isEarlyOut)
            $0.member("duration_hours", duration)
            $0.member("created_at", createdAt)
            $0.member("updated_at", updatedAt)
            $0.member("work_session", session.id)
        }
    }
}
