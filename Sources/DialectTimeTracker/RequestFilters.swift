import AttendanceCore

import struct FoundationEssentials.UUID

/// What a query says of days and employees. Source: contract §6.3, §8.
extension Visit {
    /// The employee who is asked about; nil for all.
    /// - Throws: A sentence for what is no identity (B6).
    func employeeQuery() throws(TimeTrackerFailure) -> Identifier<Membership>? {
        guard let text = filled("employee_id") else { return nil }
        guard let id = UUIDField.id(.text(text)) else { throw .rule("employee_id must be a valid UUID") }
        return Identifier(rawValue: id)
    }

    /// A day; nil where none is given.
    /// - Throws: A sentence for what is no date (B6).
    func dayQuery(_ name: String) throws(TimeTrackerFailure) -> CalendarDay? {
        guard let text = filled(name) else { return nil }
        guard let day = DjangoTime.day(text) else { throw .rule("\(name) must be a date in the format YYYY-MM-DD") }
        return day
    }

    /// The value of a query parameter; an empty one is none.
    func filled(_ name: String) -> String? {
        query(name).flatMap { $0.isEmpty ? nil : $0 }
    }

    func sessionFilter() throws(TimeTrackerFailure) -> SessionFilter {
        let employee = try employeeQuery()
        let from = try dayQuery("start_date")
        return SessionFilter(member: employee, from: from, through: try dayQuery("end_date"))
    }

    /// The filter of a report, which needs both days.
    func reportFilter() throws(TimeTrackerFailure) -> SessionFilter {
        guard filled("start_date") != nil, filled("end_date") != nil else { throw .rule("start_date and end_date are required") }
        return try sessionFilter()
    }
}
