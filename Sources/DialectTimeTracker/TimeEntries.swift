import AttendanceCore
import HTTPMessages
import StrictJSON

import struct FoundationEssentials.UUID

/// Punches as a list, and by hand. Source: contract §6.3.
extension TimeTrackerDialect {
    static let recentEntriesMax = 50

    func listEntries(_ visit: Visit) async throws(TimeTrackerFailure) -> Response {
        try await entries(visit, limit: nil)
    }

    func listRecentEntries(_ visit: Visit) async throws(TimeTrackerFailure) -> Response {
        try await entries(visit, limit: Self.recentEntriesMax)
    }

    func listEntriesOfToday(_ visit: Visit) async throws(TimeTrackerFailure) -> Response {
        let today = try await ask { () async throws(AttendanceError) in
            try await operations.today(of: .timeTracker, in: visit.tenant)
        }
        return try await entries(visit, limit: nil, on: today)
    }

    private func entries(
        _ visit: Visit, limit: Int?, on day: CalendarDay? = nil
    ) async throws(TimeTrackerFailure) -> Response {
        var filter = TimeEntryFilter(
            member: try visit.employeeQuery(), from: try visit.dayQuery("start_date"), through: try visit.dayQuery("end_date"))
        if let day { (filter.from, filter.through) = (day, day) }
        if let type = visit.filled("type") {
            guard let direction = PunchDirection(type: type) else { return .json(JSONWriter.array { _ in }) }
            filter.direction = direction
        }
        let pages = operations.timeEntries(of: .timeTracker, matching: filter, limit: limit, as: visit.caller)
        let list = try await ask { () async throws(AttendanceError) in
            try await PagedBody(JSONRows<TimeEntry> { $0.write(to: &$1) }) { () async throws(AttendanceError) in
                try await pages.next()
            }
        }
        return .json(list.body)
    }

    func showEntry(_ visit: Visit) async throws(TimeTrackerFailure) -> Response {
        answer(try await entry(visit))
    }

    func createEntry(_ visit: Visit) async throws(TimeTrackerFailure) -> Response {
        var fields = try visit.fields()
        let sent = try await EntryFields(&fields, of: self, visit)
        try fields.check()
        guard let member = sent.member, let direction = sent.direction, let at = sent.at else { throw .fields(fields.faults) }
        let draft = TimeEntryDraft(
            member: member, direction: direction, at: at, isLate: sent.isLate, isEarly: sent.isEarly, note: sent.note.value)
        let entry = try await ask(.punch) { () async throws(AttendanceError) in
            try await operations.assertTimeEntry(draft, of: .timeTracker, as: visit.caller)
        }
        return answer(entry, status: 201)
    }

    func changeEntry(_ visit: Visit, isPartial: Bool) async throws(TimeTrackerFailure) -> Response {
        let known = try await entry(visit)
        var fields = try visit.fields(isPartial: isPartial)
        let sent = try await EntryFields(&fields, of: self, visit)
        try fields.check()
        var change = TimeEntryChange()
        change.member = sent.member
        change.direction = sent.direction
        change.at = sent.at
        change.isLate = sent.isLate
        change.isEarly = sent.isEarly
        change.note = sent.note.change
        let changed = try await ask(.punch) { [change] () async throws(AttendanceError) in
            try await operations.correctTimeEntry(known.id, change, of: .timeTracker, as: visit.caller)
        }
        return answer(changed)
    }

    func deleteEntry(_ visit: Visit) async throws(TimeTrackerFailure) -> Response {
        let id = try visit.id(TimeEntry.self)
        try await ask { () async throws(AttendanceError) in
            try await operations.voidTimeEntry(id.rawValue, of: .timeTracker, as: visit.caller)
        }
        return .gone
    }

    private func entry(_ visit: Visit) async throws(TimeTrackerFailure) -> TimeEntry {
        let id = try visit.id(TimeEntry.self)
        return try await ask { () async throws(AttendanceError) in
            try await operations.timeEntry(id.rawValue, of: .timeTracker, as: visit.caller)
        }
    }

    private func answer(_ entry: TimeEntry, status: Int = 200) -> Response {
        var writer = JSONWriter(reservingCapacity: 384)
        entry.write(to: &writer)
        return .json(status: status, writer.take())
    }

    /// The employee a body names, whether active or not.
    func employee(
        in fields: inout RequestFields, _ visit: Visit
    ) async throws(TimeTrackerFailure) -> Identifier<Membership>? {
        guard let key = fields.required("employee", as: .employeeKey) else { return nil }
        do throws(AttendanceError) {
            return try await operations.member(key.id, of: .timeTracker, as: visit.caller).id
        } catch .notFound {
            fields.refuse("employee", "Invalid pk \"\(key.quoted)\" - object does not exist.")
            return nil
        } catch {
            throw TimeTrackerFailure(error)
        }
    }
}

/// What a body says of an entry.
private struct EntryFields {
    let member: Identifier<Membership>?
    let direction: PunchDirection?
    let at: Instant?
    let isLate: Bool?
    let isEarly: Bool?
    let note: Given<WireText>

    init(
        _ fields: inout RequestFields, of dialect: TimeTrackerDialect, _ visit: Visit
    ) async throws(TimeTrackerFailure) {
        direction = fields.required("type", as: .punchType)
        at = fields.required("timestamp", as: .moment)
        isLate = fields.optional("is_late", as: .boolean)
        isEarly = fields.optional("is_early", as: .boolean)
        note = fields.nullable("notes", as: .text(allowsBlank: true))
        member = try await dialect.employee(in: &fields, visit)
    }
}

extension TimeEntry {
    /// The entry object of contract §6.1.
    func write(to writer: inout JSONWriter) {
        writer.object {
            $0.member("id", id)
            $0.member("employee_name", memberName.text)
            $0.member("employee_id", staffCode.text)
            $0.member("type", direction.type)
            $0.member("timestamp", at)
            $0.member("is_late", isLate)
            $0.member("is_early", isEarly)
            $0.member("notes", note?.text)
            $0.member("created_at", createdAt)
            $0.member("updated_at", updatedAt)
            $0.member("employee", member.rawValue)
        }
    }
}
