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
}
