/// What somebody is in the classroom. The words are texts of grants. Source: contract aims §2.1, §3.
public enum ClassroomRole: String, Sendable, CaseIterable {
    case teacher
    case admin
    case student
}

/// Who asks about classes: somebody who has signed in, with the role that the store knows them by.
public struct ClassroomCaller: Sendable {
    public let caller: Caller
    /// The grant, whose identity is the teacher's on the wire: it owns classes and creates sessions.
    public let account: Identifier<Grant>
    public let role: ClassroomRole
    /// By which a student's own record is found. Source: contract aims §7.4.
    public let email: WireText

    public init(caller: Caller, account: Identifier<Grant>, role: ClassroomRole, email: WireText) {
        self.caller = caller
        self.account = account
        self.role = role
        self.email = email
    }

    /// Nil for a role that means nothing here.
    public init?(_ account: AccountCaller) {
        guard let role = ClassroomRole(rawValue: account.grant.role.text) else { return nil }
        self.init(caller: account.caller, account: account.grant.id, role: role, email: account.grant.email)
    }

    var tenant: TenantID { caller.tenant }

    /// - Throws: `.notPermitted` for any other role.
    func require(_ roles: ClassroomRole...) throws(AttendanceError) {
        guard roles.contains(role) else { throw .notPermitted }
    }

    /// Whether the caller may see and edit a class: a teacher their own only, an admin all. Source: contract aims §3.
    public func mayTend(_ schoolClass: SchoolClass) -> Bool {
        switch role {
        case .admin: true
        case .teacher: schoolClass.owner == account
        case .student: false
        }
    }

    /// Whether the caller may make marks: the owner of the class, whoever created the session, and an admin. In the original a
    /// session that an admin had opened kept the owner out. Source: contract aims §3, decision.
    public func mayMark(_ session: ClassSession, of schoolClass: SchoolClass) -> Bool {
        mayTend(schoolClass) || role == .teacher && session.creator == account
    }
}

extension ClassReading {
    /// A class that the caller may see and edit. It is looked for first: a stranger is told of an unknown class that there is
    /// none. Source: contract aims §1.2.
    /// - Throws: `.notFound(.class)`, `.notPermitted`.
    func tended(_ id: Identifier<SchoolClass>, by caller: ClassroomCaller) throws(AttendanceError) -> SchoolClass {
        guard let found = try schoolClass(id) else { throw .notFound(.class) }
        guard caller.mayTend(found) else { throw .notPermitted }
        return found
    }
}
