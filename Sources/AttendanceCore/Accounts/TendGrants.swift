import struct FoundationEssentials.UUID

extension Operations {
    /// A contract's grants of a tenant, newest first.
    /// - Parameter search: Part of a first name, last name, e-mail or role, without letter case; nil or empty for all.
    public func grants(
        of contract: Contract, search: WireText? = nil, in tenant: TenantID
    ) async throws(AttendanceError) -> [Grant] {
        let all = try await store.read(in: tenant) { tx throws(AttendanceError) in try tx.grants(of: contract) }
        guard let search, !search.isEmpty else { return all }
        let sought = search.folded.text.utf8
        return all.filter { grant in
            [grant.firstName, grant.lastName, grant.email, grant.role].contains { $0.folded.text.utf8.contains(sought) }
        }
    }

    /// - Throws: `.notFound(.account)`.
    public func grant(
        _ id: Identifier<Grant>, of contract: Contract, in tenant: TenantID
    ) async throws(AttendanceError) -> Grant {
        let found = try await store.readBriefly(in: tenant) { tx throws(AttendanceError) in try tx.grant(id, of: contract) }
        guard let found else { throw .notFound(.account) }
        return found
    }

    /// Makes an account with a grant of the contract.
    ///
    /// An e-mail that an account of another contract or tenant has is taken too: a contract that could add itself to
    /// somebody else's account could lock people out of theirs. The command line can add a grant.
    /// - Throws: `.invalid(field:…)`, `.accountTaken`, `.notPermitted`, `.unavailable`.
    public func createGrant(
        _ draft: GrantDraft, of contract: Contract, as caller: Caller
    ) async throws(AttendanceError) -> Grant {
        try caller.require(.admin)
        let email = try EmailAddress(parsing: draft.email)
        try AccountRules.check(draft)
        let hash = try await secrets.hash(draft.password)
        let (id, account) = (newIdentifier(of: Grant.self), newIdentifier(of: Account.self))
        let now = ambient.now()
        return try await store.write(in: caller.tenant) { tx throws(AttendanceError) in
            try tx.lockAccounts()
            try tx.requireFree(email, draft.username, besides: nil)
            try tx.addAccount(account, draft.profile(email), passwordHash: hash, at: now)
            try tx.addGrant(id, of: contract, to: account, role: draft.role, isActive: draft.isActive, epoch: 0, at: now)
            return try tx.noteNew(id, of: contract, .adminCreated, at: now, caller)
        }
    }

    /// Takes over somebody whom another system knew. Only for the command line.
    ///
    /// Their identity is kept, so it may be one that was deleted here, and tokens made of it then may still be about. Nothing
    /// remembers how far its epoch had come; a new one begins at random, at which no former one was but by a chance of one in
    /// 2⁴⁸ for each token.
    /// - Throws: `.accountTaken` also where the id is known, `.invalid(field:…)`, `.notPermitted`, `.unavailable`.
    public func importGrant(
        _ imported: ImportedGrant, of contract: Contract, as caller: Caller
    ) async throws(AttendanceError) -> Grant {
        try caller.require(.admin)
        let email = try EmailAddress(parsing: imported.email)
        try AccountRules.check(username: imported.username)
        try AccountRules.check(firstName: imported.firstName, lastName: imported.lastName, role: imported.role)
        let account = newIdentifier(of: Account.self)
        let epoch = ambient.randomBytes(6).reduce(Int64(0)) { $0 << 8 | Int64($1) }
        let now = ambient.now()
        return try await store.write(in: caller.tenant) { tx throws(AttendanceError) in
            try tx.lockAccounts()
            try tx.requireFree(email, imported.username, besides: nil)
            guard try tx.grant(imported.id, of: contract) == nil else { throw .accountTaken([.email, .username]) }
            let profile = AccountProfile(
                email: email.text, username: imported.username, firstName: imported.firstName, lastName: imported.lastName)
            try tx.addAccount(account, profile, passwordHash: imported.passwordHash, at: imported.createdAt)
            try tx.addGrant(
                imported.id, of: contract, to: account, role: imported.role, isActive: imported.isActive,
                epoch: epoch, at: imported.createdAt)
            return try tx.noteNew(imported.id, of: contract, .adminImported, at: now, caller)
        }
    }

    /// The contract's grants of a tenant that were taken over from another system and are still there, newest first.
    public func importedGrants(of contract: Contract, in tenant: TenantID) async throws(AttendanceError) -> [Grant] {
        try await store.read(in: tenant) { tx throws(AttendanceError) in
            // The trail is never shortened, so it remembers whom an import brought.
            let imported = try tx.auditSubjects(of: .adminImported)
            return try tx.grants(of: contract).filter { imported.contains($0.callerName) }
        }
    }

    /// Changes what is given and differs. A new password, and a grant that becomes inactive, end all tokens.
    ///
    /// Names, e-mail and password belong to the account. Where that holds another grant too, only role and active flag can
    /// be changed here; sending what is there already changes nothing and is no harm.
    /// - Throws: `.notFound(.account)`, `.invalid(field:…)`, `.accountTaken`, `.accountHeldElsewhere`, `.lastAdmin`,
    ///   `.notPermitted`, `.unavailable`.
    public func changeGrant(
        _ id: Identifier<Grant>, _ change: GrantChange, of contract: Contract, as caller: Caller
    ) async throws(AttendanceError) -> Grant {
        try caller.require(.admin)
        // Before anything is hashed: that somebody is missing is told first, and costs less.
        let known = try await grant(id, of: contract, in: caller.tenant)
        let email = try change.email.map { raw throws(AttendanceError) in try EmailAddress(parsing: raw) }
        if let username = change.username, username != known.username { try AccountRules.check(username: username) }
        try AccountRules.check(firstName: change.firstName, lastName: change.lastName, role: change.role)
        var hash: PasswordHash?
        if let password = change.password {
            try AccountRules.check(password: password)
            hash = try await secrets.hash(password)
        }
        let now = ambient.now()
        return try await store.write(in: caller.tenant) { [hash] tx throws(AttendanceError) in
            try tx.lockAccounts()
            guard let grant = try tx.grant(id, of: contract) else { throw .notFound(.account) }
            var fields = try tx.change(grant, change, email: email, hash: hash, at: now)
            let role = change.role ?? grant.role
            let isActive = change.isActive ?? grant.isActive
            if role != grant.role { fields.append("role") }
            if isActive != grant.isActive { fields.append(isActive ? "activated" : "deactivated") }
            guard !fields.isEmpty else { return grant }
            if grant.isActive, !isActive { try tx.requireAnotherActive(than: grant) }
            try tx.changeGrant(id, role: role, isActive: isActive, endingTokens: grant.isActive && !isActive, at: now)
            try tx.note(
                AuditEntry(
                    at: now, caller: caller, act: .adminChanged, subject: grant.callerName,
                    detail: WireText("\(contract.rawValue): \(fields.joined(separator: ", "))")))
            guard let changed = try tx.grant(id, of: contract) else { throw .notFound(.account) }
            return changed
        }
    }

    /// Makes an active grant inactive and the other way round.
    /// - Throws: `.notFound(.account)`, `.lastAdmin`, `.notPermitted`, `.unavailable`.
    public func toggleGrant(
        _ id: Identifier<Grant>, of contract: Contract, as caller: Caller
    ) async throws(AttendanceError) -> Grant {
        try caller.require(.admin)
        let now = ambient.now()
        return try await store.write(in: caller.tenant) { tx throws(AttendanceError) in
            try tx.lockAccounts()
            guard let grant = try tx.grant(id, of: contract) else { throw .notFound(.account) }
            if grant.isActive { try tx.requireAnotherActive(than: grant) }
            try tx.changeGrant(id, role: grant.role, isActive: !grant.isActive, endingTokens: grant.isActive, at: now)
            try tx.note(
                AuditEntry(
                    at: now, caller: caller, act: .adminChanged, subject: grant.callerName,
                    detail: WireText("\(contract.rawValue): \(grant.isActive ? "deactivated" : "activated")")))
            guard let changed = try tx.grant(id, of: contract) else { throw .notFound(.account) }
            return changed
        }
    }

    /// Takes a grant away, and with the last one the account.
    ///
    /// An active grant stays where no other of its contract and tenant is active. An inactive one may go as long as an
    /// active one is left: that leaves nobody locked out (contract §16, W18).
    /// - Throws: `.notFound(.account)`, `.lastAdmin`, `.notPermitted`, `.unavailable`.
    public func deleteGrant(
        _ id: Identifier<Grant>, of contract: Contract, as caller: Caller
    ) async throws(AttendanceError) {
        try caller.require(.admin)
        let now = ambient.now()
        try await store.write(in: caller.tenant) { tx throws(AttendanceError) in
            try tx.lockAccounts()
            guard let grant = try tx.grant(id, of: contract) else { throw .notFound(.account) }
            try tx.requireAnotherActive(than: grant)
            try tx.removeGrant(id)
            if try tx.grantCount(of: grant.account) == 0 { try tx.removeAccount(grant.account) }
            try tx.note(
                AuditEntry(
                    at: now, caller: caller, act: .adminDeleted, subject: grant.callerName,
                    detail: WireText("\(contract.rawValue), \(grant.email)")))
        }
    }

    /// A random identity. Source: RFC 9562 §5.4 (version 4).
    func newIdentifier<Owner>(of owner: Owner.Type) -> Identifier<Owner> {
        Identifier(rawValue: UUID(version: 4, of: ambient.randomBytes(16)))
    }
}

extension GrantDraft {
    func profile(_ email: EmailAddress) -> AccountProfile {
        AccountProfile(email: email.text, username: username, firstName: firstName, lastName: lastName)
    }
}

extension AccountRules {
    /// Everything of a draft but its e-mail.
    static func check(_ draft: GrantDraft) throws(AttendanceError) {
        try check(username: draft.username)
        try check(password: draft.password)
        try check(firstName: draft.firstName, lastName: draft.lastName, role: draft.role)
    }
}

extension WriteTransaction {
    /// - Throws: `.accountTaken` with everything that another account has.
    func requireFree(
        _ email: EmailAddress, _ username: WireText, besides account: Identifier<Account>?
    ) throws(AttendanceError) {
        let taken = try taken(email: email.folded, username: username, besides: account)
        guard taken.isEmpty else { throw .accountTaken(taken) }
    }

    /// - Throws: `.lastAdmin` where nobody else of the grant's contract is active.
    fileprivate func requireAnotherActive(than grant: Grant) throws(AttendanceError) {
        guard try activeGrants(of: grant.contract) > (grant.isActive ? 1 : 0) else { throw .lastAdmin }
    }

    /// Notes a grant that was just added, and reads it.
    func noteNew(
        _ id: Identifier<Grant>, of contract: Contract, _ act: AuditAct, at now: Instant, _ caller: Caller
    ) throws(AttendanceError) -> Grant {
        // It was written a moment ago, behind the lock.
        guard let grant = try grant(id, of: contract) else { throw .notFound(.account) }
        try note(
            AuditEntry(
                at: now, caller: caller, act: act, subject: grant.callerName,
                detail: WireText("\(contract.rawValue), \(grant.email)")))
        return grant
    }

    /// Changes what belongs to the account. Returns the names of what differed.
    fileprivate func change(
        _ grant: Grant, _ change: GrantChange, email: EmailAddress?, hash: PasswordHash?, at now: Instant
    ) throws(AttendanceError) -> [String] {
        let profile = AccountProfile(
            email: email?.text ?? grant.email, username: change.username ?? grant.username,
            firstName: change.firstName ?? grant.firstName, lastName: change.lastName ?? grant.lastName)
        var fields: [String] = []
        if profile.email != grant.email { fields.append("email") }
        if profile.username != grant.username { fields.append("username") }
        if profile.firstName != grant.firstName || profile.lastName != grant.lastName { fields.append("name") }
        let isSame = fields.isEmpty
        if hash != nil { fields.append("password") }
        guard !fields.isEmpty else { return [] }
        guard try grantCount(of: grant.account) == 1 else { throw .accountHeldElsewhere }
        if !isSame {
            let folded = profile.email.folded
            let taken = try taken(email: folded, username: profile.username, besides: grant.account)
            guard taken.isEmpty else { throw .accountTaken(taken) }
            try changeAccount(grant.account, to: profile, at: now)
        }
        if let hash { try setPasswordHash(of: grant.account, to: hash, at: now) }
        return fields
    }
}
