import AttendanceCore
import HTTPMessages
import StrictJSON

/// What a body says of an admin.
private struct AdminFields {
    var email: WireText?
    var username: WireText?
    var password: WireText?
    var firstName: WireText?
    var lastName: WireText?
    var role: WireText?
    var isActive: Bool?

    /// - Parameter isNew: A new admin needs a password; otherwise an empty one keeps the old. Source: contract §3.3, B5.
    init(_ fields: inout RequestFields, isNew: Bool) {
        email = fields.required("email", as: .email)
        username = fields.required("username", as: .username)
        password =
            isNew
            ? fields.required("password", as: .text()) : fields.optional("password", as: .text(allowsBlank: true))
        firstName = fields.optional("first_name", as: .text(max: AccountRules.nameMaxScalars, allowsBlank: true))
        lastName = fields.optional("last_name", as: .text(max: AccountRules.nameMaxScalars, allowsBlank: true))
        role = fields.optional("role", as: .text(max: AccountRules.roleMaxScalars))
        isActive = fields.optional("is_active", as: .boolean)
    }
}

extension TimeTrackerDialect {
    static let defaultRole: WireText = "Admin"

    /// `GET /api/auth/admin-users/`: open, because the clock's page dies without it. Source: contract B3, B4.
    func listAdmins(_ visit: Visit) async throws(TimeTrackerFailure) -> Response {
        if case .nobody = visit.asker, configuration.hidesAdmins { return .json(JSONWriter.array { _ in }) }
        let search = visit.query("search").map { WireText($0) }
        let grants = try await ask { () async throws(AttendanceError) in
            try await operations.grants(of: .timeTracker, search: search, in: visit.tenant)
        }
        return .json(JSONWriter.array { writer in for grant in grants { grant.writeAsAdmin(to: &writer) } })
    }

    func createAdmin(_ visit: Visit) async throws(TimeTrackerFailure) -> Response {
        var fields = try visit.fields()
        let sent = AdminFields(&fields, isNew: true)
        try await checkAdmin(&fields, sent, besides: nil, visit)
        guard let email = sent.email, let username = sent.username, let password = sent.password else {
            throw .fields(fields.faults)
        }
        let draft = GrantDraft(
            email: email, username: username, password: password.text, firstName: sent.firstName ?? "",
            lastName: sent.lastName ?? "", role: sent.role ?? Self.defaultRole, isActive: sent.isActive ?? true)
        let grant = try await ask { () async throws(AttendanceError) in
            try await operations.createGrant(draft, of: .timeTracker, as: visit.caller)
        }
        return answer(grant, status: 201)
    }

    func showAdmin(_ visit: Visit) async throws(TimeTrackerFailure) -> Response {
        answer(try await admin(visit))
    }

    func changeAdmin(_ visit: Visit, isPartial: Bool) async throws(TimeTrackerFailure) -> Response {
        let known = try await admin(visit)
        var fields = try visit.fields(isPartial: isPartial)
        let sent = AdminFields(&fields, isNew: false)
        try await checkAdmin(&fields, sent, besides: known.id, visit)
        let password = sent.password.flatMap { $0.isEmpty ? nil : $0.text }
        let change = GrantChange(
            email: sent.email, username: sent.username, password: password, firstName: sent.firstName,
            lastName: sent.lastName, role: sent.role, isActive: sent.isActive)
        let grant = try await ask { () async throws(AttendanceError) in
            try await operations.changeGrant(known.id, change, of: .timeTracker, as: visit.caller)
        }
        return answer(grant)
    }

    /// 200 with a body, not 204: the client reads it. Source: contract §3.3.
    func deleteAdmin(_ visit: Visit) async throws(TimeTrackerFailure) -> Response {
        let known = try await admin(visit)
        try await ask(.adminDeletion) { () async throws(AttendanceError) in
            try await operations.deleteGrant(known.id, of: .timeTracker, as: visit.caller)
        }
        return .json { $0.member("message", "User deleted successfully") }
    }

    func toggleAdmin(_ visit: Visit) async throws(TimeTrackerFailure) -> Response {
        let id = try visit.id(Grant.self)
        let grant = try await ask { () async throws(AttendanceError) in
            try await operations.toggleGrant(id, of: .timeTracker, as: visit.caller)
        }
        return .json {
            $0.member("message", "User \(grant.isActive ? "activated" : "deactivated") successfully")
            $0.member("is_active", grant.isActive)
        }
    }

    private func admin(_ visit: Visit) async throws(TimeTrackerFailure) -> Grant {
        let id = try visit.id(Grant.self)
        return try await ask { () async throws(AttendanceError) in
            try await operations.grant(id, of: .timeTracker, in: visit.tenant)
        }
    }

    private func answer(_ grant: Grant, status: Int = 200) -> Response {
        var writer = JSONWriter(reservingCapacity: 256)
        grant.writeAsAdmin(to: &writer)
        return .json(status: status, writer.take())
    }

    /// Tells also which names another admin has where something else is wrong; otherwise the operation tells it, which knows
    /// those of other contracts too.
    private func checkAdmin(
        _ fields: inout RequestFields, _ sent: AdminFields, besides id: Identifier<Grant>?, _ visit: Visit
    ) async throws(TimeTrackerFailure) {
        guard !fields.faults.isEmpty else { return }
        let others = try await ask { () async throws(AttendanceError) in
            try await operations.grants(of: .timeTracker, in: visit.tenant)
        }.filter { $0.id != id }
        var taken: AccountNames = []
        if let email = sent.email, others.contains(where: { $0.email.folded == email.folded }) { taken.insert(.email) }
        if let username = sent.username, others.contains(where: { $0.username == username }) { taken.insert(.username) }
        for fault in TimeTrackerFailure.taken(taken).all { for message in fault.messages { fields.refuse(fault.field, message) } }
        try fields.check()
    }
}

extension Grant {
    /// The admin object of contract §3.3.
    fileprivate func writeAsAdmin(to writer: inout JSONWriter) {
        writer.object {
            $0.member("id", id.rawValue)
            $0.member("email", email.text)
            $0.member("first_name", firstName.text)
            $0.member("last_name", lastName.text)
            $0.member("role", role.text)
            $0.member("is_active", isActive)
            $0.member("created_at", createdAt)
            $0.member("username", username.text)
        }
    }
}
