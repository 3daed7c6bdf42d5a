/// Why somebody whom a provider vouches for is not let in.
public enum ProviderSignInFault: Error, Sendable, Equatable {
    /// The address is on no list that opens this door, or was taken off it.
    case notAllowed
    /// Who teaches or administers comes in by the other door, and stays what they are. Source: contract aims §7.3.
    case isStaff
    /// The address belongs to another account of the provider. Source: contract aims §2.2.
    case otherIdentity
    case failed(AttendanceError)
}

/// What somebody gets who has signed in with a provider.
public struct SignedInWithProvider: Sendable {
    public let token: String
    public let grant: Grant
    public let profile: GrantProfile
    public let role: ClassroomRole
}

/// Where somebody signs in: by which list, and whether students need one.
public struct ClassroomDoor: Sendable, Equatable {
    public let list: AllowedList
    /// Whether any student comes in whom nobody has denied. Source: contract aims §7.3.
    public let isOpen: Bool

    /// For those who teach or administer: only by the list.
    public static let staff = ClassroomDoor(list: .staff, isOpen: false)

    public static func students(isOpen: Bool) -> ClassroomDoor {
        ClassroomDoor(list: .student, isOpen: isOpen)
    }
}

extension Operations {
    /// Lets in whom a provider vouches for and a list names. The first time makes an account, or adds a grant to the one that
    /// has the address, and binds the provider's account to it; later times refresh name and role.
    /// - Parameter address: The client's; nil where it is not known.
    public func signIn(
        _ identity: ProviderIdentity, at door: ClassroomDoor, in tenant: TenantID, address: String?
    ) async throws(ProviderSignInFault) -> SignedInWithProvider {
        guard let email = try? EmailAddress(parsing: identity.email.trimmed) else { throw .notAllowed }
        let now = ambient.now()
        let fresh = (account: newIdentifier(of: Account.self), grant: newIdentifier(of: Grant.self))
        let outcome: Result<(AccountCredentials, GrantProfile, ClassroomRole), ProviderSignInFault>
        do {
            outcome = try await store.write(in: tenant) { tx throws(AttendanceError) in
                try tx.lockAccounts()
                let known = try tx.account(ofEmail: email.folded)
                let grant = try known.flatMap { account throws(AttendanceError) in
                    try tx.grants(ofAccount: account.id).first { $0.contract == .aims }
                }
                let allowance: Allowance
                switch try tx.allowance(of: email.folded, held: grant, at: door) {
                case .success(let found): allowance = found
                case .failure(let fault): return .failure(fault)
                }
                let binding = ProviderBinding(issuer: identity.issuer, subject: identity.subject)
                let bound = try known.flatMap { account throws(AttendanceError) in try tx.binding(of: account.id) }
                guard bound == nil || bound == binding else { return .failure(.otherIdentity) }

                let caller = Caller(
                    tenant: tenant, name: (grant?.id ?? fresh.grant).callerName, roles: [], address: address)
                let former = try grant.flatMap { grant throws(AttendanceError) in try tx.profiles(of: [grant.id])[grant.id] }
                let profile = GrantProfile(
                    name: identity.name ?? former?.name ?? allowance.name ?? email.folded.localPart,
                    department: former?.department, employeeCode: former?.employeeCode, signedInAt: now)
                let account = known?.id ?? fresh.account
                if known == nil { try tx.addAccount(account, of: email, named: profile.name, at: now) }
                if bound == nil {
                    try tx.bind(account, to: binding, at: now)
                    // An account that was there before is worth a line of its own: from now on two things open it.
                    if known != nil {
                        try tx.note(AuditEntry(at: now, caller: caller, act: .identityBound, subject: caller.name, detail: "aims"))
                    }
                }
                try tx.give(allowance.role, to: account, held: grant, fresh: fresh.grant, at: now, as: caller)
                try tx.setProfile(profile, of: grant?.id ?? fresh.grant)
                try tx.note(
                    AuditEntry(at: now, caller: caller, act: .signedIn, subject: caller.name, detail: "aims"))
                // It was written a moment ago, behind the lock.
                guard let current = try tx.credentials(of: email.folded, for: .aims) else { throw .notFound(.account) }
                return .success((current, profile, allowance.role))
            }
        } catch {
            throw .failed(error)
        }
        let (current, profile, role) = try outcome.get()
        let seconds = now.wholeSeconds
        let token = bearerTokens.sign(
            BearerClaims(
                subject: current.grant.id.text, email: current.grant.email.text, role: role.rawValue, issuedAt: seconds,
                expiresAt: seconds + bearerTokens.lifeSeconds,
                own: .init(purpose: BearerClaims.Own.purpose(for: .aims, in: tenant), epoch: current.epoch)))
        return SignedInWithProvider(token: token, grant: current.grant, profile: profile, role: role)
    }

    /// What is told of somebody who has signed in with a provider; nil for a grant that nobody has signed in with.
    public func profile(
        of grant: Identifier<Grant>, in tenant: TenantID
    ) async throws(AttendanceError) -> GrantProfile? {
        try await store.readBriefly(in: tenant) { tx throws(AttendanceError) in try tx.profiles(of: [grant])[grant] }
    }
}

/// What a list lets somebody do.
private struct Allowance {
    let role: ClassroomRole
    let name: WireText?
}

extension WriteTransaction {
    /// What an address may do that comes in by a door.
    fileprivate func allowance(
        of email: WireText, held grant: Grant?, at door: ClassroomDoor
    ) throws(AttendanceError) -> Result<Allowance, ProviderSignInFault> {
        let entries = try allowedEmails(on: door.list, having: [email])
        switch door.list {
        case .staff:
            guard let entry = entries.first, !entry.isDenied else { return .failure(.notAllowed) }
            return .success(Allowance(role: entry.role, name: entry.name))
        case .student:
            // Of two entries that share an address one may say no, and that beats the other.
            guard !entries.contains(where: \.isDenied) else { return .failure(.notAllowed) }
            if let grant, grant.role != WireText(ClassroomRole.student.rawValue) { return .failure(.isStaff) }
            let isOnRoster = try entries.isEmpty && !door.isOpen ? isStudentAddress(email) : true
            guard isOnRoster else { return .failure(.notAllowed) }
            return .success(Allowance(role: .student, name: entries.first?.name))
        }
    }

    /// Makes an account without a password. Its name to sign in with is the address, unless somebody else is called so.
    fileprivate func addAccount(
        _ id: Identifier<Account>, of email: EmailAddress, named name: WireText, at now: Instant
    ) throws(AttendanceError) {
        let isFree = try taken(email: email.folded, username: email.folded, besides: nil).isEmpty
        try addAccount(
            id,
            AccountProfile(
                email: email.folded,
                username: isFree && email.folded.scalarCount <= AccountRules.usernameMaxScalars
                    ? email.folded : WireText(id.rawValue.text),
                firstName: WireText(String(String.UnicodeScalarView(name.text.unicodeScalars.prefix(AccountRules.nameMaxScalars)))),
                lastName: ""),
            passwordHash: nil, at: now)
    }

    /// Adds a grant, or gives the one there is the role, and makes it active again: whoever a list names may come back.
    fileprivate func give(
        _ role: ClassroomRole, to account: Identifier<Account>, held: Grant?, fresh: Identifier<Grant>, at now: Instant,
        as caller: Caller
    ) throws(AttendanceError) {
        let word = WireText(role.rawValue)
        guard held == nil || held?.role != word || held?.isActive == false else { return }
        if let held {
            try changeGrant(held.id, role: word, isActive: true, endingTokens: false, at: now)
        } else {
            try addGrant(fresh, of: .aims, to: account, role: word, isActive: true, epoch: 0, at: now)
        }
        let before = held.map { $0.isActive ? " instead of \($0.role)" : " again" } ?? ""
        try note(
            AuditEntry(
                at: now, caller: caller, act: .roleGranted, subject: caller.name,
                detail: WireText("aims, \(role.rawValue)\(before)")))
    }
}

extension WireText {
    /// What stands before the last `@`.
    fileprivate var localPart: WireText {
        let scalars = text.unicodeScalars
        return scalars.lastIndex(of: "@").map { WireText(String(scalars[..<$0])) } ?? self
    }
}
