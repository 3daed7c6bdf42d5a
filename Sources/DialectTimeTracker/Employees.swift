import AttendanceCore
import HTTPMessages
import StrictJSON

/// What a body says of an employee.
private struct EmployeeFields {
    let name: WireText?
    let staffCode: WireText?
    let email: WireText?
    let department: WireText?
    let position: WireText?
    let isActive: Bool?

    init(_ fields: inout RequestFields) {
        name = fields.required("name", as: .text(max: 100))
        staffCode = fields.required("employee_id", as: .text(max: 20))
        email = fields.required("email", as: .email)
        department = fields.required("department", as: .text(max: 100))
        position = fields.required("position", as: .text(max: 100))
        isActive = fields.optional("is_active", as: .boolean)
    }
}

/// Employees, which are members here. Source: contract §4.
extension TimeTrackerDialect {
    func listEmployees(_ visit: Visit) async throws(TimeTrackerFailure) -> Response {
        func text(_ name: String) -> WireText? { visit.query(name).flatMap { $0.isEmpty ? nil : WireText($0) } }
        let filter = MemberFilter(
            search: text("search"), department: text("department"),
            isActive: visit.query("is_active").map { $0.lowercased() == "true" })
        let members = try await ask { () async throws(AttendanceError) in
            try await operations.members(of: .timeTracker, matching: filter, as: visit.caller)
        }
        var writer = JSONWriter(reservingCapacity: 2 + members.count * 320)
        writer.array { writer in for member in members { member.writeAsEmployee(to: &writer) } }
        return .json(writer.take())
    }

    func createEmployee(_ visit: Visit) async throws(TimeTrackerFailure) -> Response {
        var fields = try visit.fields()
        let sent = EmployeeFields(&fields)
        try await checkEmployee(&fields, sent, besides: nil, visit)
        guard let name = sent.name, let staffCode = sent.staffCode, let email = sent.email,
            let department = sent.department, let position = sent.position
        else { throw .fields(fields.faults) }
        let profile = MemberProfile(
            name: name, staffCode: staffCode, email: email, department: department, position: position,
            isActive: sent.isActive ?? true)
        let member = try await ask { () async throws(AttendanceError) in
            try await operations.createMember(profile, of: .timeTracker, as: visit.caller)
        }
        return employee(member, status: 201)
    }

    func showEmployee(_ visit: Visit) async throws(TimeTrackerFailure) -> Response {
        employee(try await member(visit))
    }

    func changeEmployee(_ visit: Visit, isPartial: Bool) async throws(TimeTrackerFailure) -> Response {
        let known = try await member(visit)
        var fields = try visit.fields(isPartial: isPartial)
        let sent = EmployeeFields(&fields)
        try await checkEmployee(&fields, sent, besides: known.id, visit)
        var change = MemberChange()
        change.name = sent.name
        change.staffCode = sent.staffCode
        change.email = sent.email
        change.department = sent.department
        change.position = sent.position
        change.isActive = sent.isActive
        let changed = try await ask { [change] () async throws(AttendanceError) in
            try await operations.changeMember(known.id, change, of: .timeTracker, as: visit.caller)
        }
        return employee(changed)
    }

    func deleteEmployee(_ visit: Visit) async throws(TimeTrackerFailure) -> Response {
        let id = try visit.id(Membership.self)
        try await ask { () async throws(AttendanceError) in
            try await operations.endMember(id, of: .timeTracker, as: visit.caller)
        }
        return .gone
    }

    func toggleEmployee(_ visit: Visit) async throws(TimeTrackerFailure) -> Response {
        let id = try visit.id(Membership.self)
        let member = try await ask { () async throws(AttendanceError) in
            try await operations.toggleMember(id, of: .timeTracker, as: visit.caller)
        }
        return .json {
            $0.member("message", "Employee \(member.profile.isActive ? "activated" : "deactivated") successfully")
            $0.member("is_active", member.profile.isActive)
        }
    }

    func findEmployee(_ visit: Visit) async throws(TimeTrackerFailure) -> Response {
        guard let email = visit.query("email"), !email.isEmpty else { throw .rule("Email parameter is required") }
        // No address holds U+0000, and PostgreSQL takes no text with it.
        guard !email.utf8.contains(0) else { throw .rule("Employee not found", status: 404) }
        let found = try await ask { () async throws(AttendanceError) in
            try await operations.member(ofEmail: WireText(email), of: .timeTracker, as: visit.caller)
        }
        guard let found else { throw .rule("Employee not found", status: 404) }
        return employee(found)
    }

    func listDepartments(_ visit: Visit) async throws(TimeTrackerFailure) -> Response {
        let departments = try await ask { () async throws(AttendanceError) in
            try await operations.departments(of: .timeTracker, as: visit.caller)
        }
        return .json(JSONWriter.array { writer in for department in departments { writer.value(department.text) } })
    }

    /// The employee whom the path names.
    private func member(_ visit: Visit) async throws(TimeTrackerFailure) -> Member {
        let id = try visit.id(Membership.self)
        return try await ask { () async throws(AttendanceError) in
            try await operations.member(id, of: .timeTracker, as: visit.caller)
        }
    }

    /// Tells also what is somebody else's where something else is wrong; otherwise the operation tells it.
    private func checkEmployee(
        _ fields: inout RequestFields, _ sent: EmployeeFields, besides id: Identifier<Membership>?, _ visit: Visit
    ) async throws(TimeTrackerFailure) {
        guard !fields.faults.isEmpty else { return }
        let occupied = try await ask { () async throws(AttendanceError) in
            try await operations.occupied(
                staffCode: sent.staffCode, email: sent.email, besides: id, of: .timeTracker, as: visit.caller)
        }
        for fault in TimeTrackerFailure.occupied(occupied).all {
            for message in fault.messages { fields.refuse(fault.field, message) }
        }
        try fields.check()
    }

    private func employee(_ member: Member, status: Int = 200) -> Response {
        var writer = JSONWriter(reservingCapacity: 320)
        member.writeAsEmployee(to: &writer)
        return .json(status: status, writer.take())
    }
}

extension Member {
    /// The employee object of contract §4.
    func writeAsEmployee(to writer: inout JSONWriter) {
        writer.object {
            $0.member("id", id.rawValue)
            $0.member("name", profile.name.text)
            $0.member("employee_id", profile.staffCode.text)
            $0.member("email", profile.email.text)
            $0.member("department", profile.department.text)
            $0.member("position", profile.position.text)
            $0.member("is_active", profile.isActive)
            $0.member("created_at", createdAt)
            $0.member("updated_at", updatedAt)
        }
    }
}
