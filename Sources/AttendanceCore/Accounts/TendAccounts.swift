extension Operations {
    /// Makes somebody an admin of some contracts. Only for the command line: it may add to an account that is there.
    ///
    /// Where the e-mail has an account, the account gets the grants that it lacks, and everything else of the draft but its
    /// role counts for nothing: the password stays. Without contracts to add to, that is refused as taken.
    /// - Parameter draft: Its password is asked for only where an account has to be made.
    /// - Returns: The grants that were added, and whether the account is new.
    /// - Throws: `.invalid(field:…)`, `.accountTaken`, `.notPermitted`, `.unavailable`.
    public func createAdmin(
        _ draft: GrantDraft, of contracts: [Contract], as caller: Caller
    ) async throws(AttendanceError) -> (grants: [Grant], isNewAccount: Bool) {
        try caller.require(.admin)
        let email = try EmailAddress(parsing: draft.email)
        let known = try await store.read(in: caller.tenant) { tx throws(AttendanceError) in try tx.account(ofEmail: email.folded) }
        try AccountRules.check(firstName: nil, lastName: nil, role: draft.role)
        var hash: PasswordHash?
        if known == nil {
            try AccountRules.check(draft)
            hash = try await secrets.hash(draft.password)
        }
        let ids = contracts.map { _ in newIdentifier(of: Grant.self) }
        let fresh = newIdentifier(of: Account.self)
        let now = ambient.now()
        return try await store.write(in: caller.tenant) { [hash] tx throws(AttendanceError) in
            try tx.lockAccounts()
            let existing = try tx.account(ofEmail: email.folded)
            if existing == nil {
                // Somebody deleted it a moment ago: the password was not asked for.
                guard let hash else { throw .notFound(.account) }
                try tx.requireFree(email, draft.username, besides: nil)
                try tx.addAccount(fresh, draft.profile(email), passwordHash: hash, at: now)
            }
            let account = existing?.id ?? fresh
            let held = Set(try tx.grants(ofAccount: account).map(\.contract))
            var added: [Grant] = []
            for (contract, id) in zip(contracts, ids) where !held.contains(contract) {
                try tx.addGrant(id, of: contract, to: account, role: draft.role, isActive: true, epoch: 0, at: now)
                added.append(try tx.noteNew(id, of: contract, .adminCreated, at: now, caller))
            }
            guard !added.isEmpty else { throw .accountTaken(.email) }
            return (added, existing == nil)
        }
    }

    /// Whether somebody has an account, in any contract and tenant.
    public func hasAccount(email: WireText) async throws(AttendanceError) -> Bool {
        let folded = email.folded
        return try await store.read(in: .default) { tx throws(AttendanceError) in try tx.account(ofEmail: folded) != nil }
    }

    /// Sets a password, ends all tokens of the account, and forgets its vain attempts. Only for the command line.
    /// - Parameter activating: Makes its grants of the caller's tenant active, too.
    /// - Throws: `.notFound(.account)`, `.invalid(field: "password", …)`, `.notPermitted`, `.unavailable`.
    public func resetPassword(
        of email: WireText, to password: String, activating: Bool, as caller: Caller
    ) async throws(AttendanceError) {
        try caller.require(.admin)
        try AccountRules.check(password: password)
        let folded = email.folded
        guard try await hasAccount(email: email) else { throw .notFound(.account) }
        let hash = try await secrets.hash(password)
        let keys = signInKeys(email: folded, address: nil)
        let now = ambient.now()
        try await store.write(in: caller.tenant) { tx throws(AttendanceError) in
            try tx.lockAccounts()
            guard let account = try tx.account(ofEmail: folded) else { throw .notFound(.account) }
            try tx.setPasswordHash(of: account.id, to: hash, at: now)
            for key in keys { try tx.forgetSignIns(key, onlyOne: false) }
            var detail = account.profile.email.text
            if activating {
                for grant in try tx.grants(ofAccount: account.id) where grant.contract.hasPasswords && !grant.isActive {
                    try tx.changeGrant(grant.id, role: grant.role, isActive: true, endingTokens: false, at: now)
                    detail += ", activated for \(grant.contract.rawValue)"
                }
            }
            try tx.note(
                AuditEntry(at: now, caller: caller, act: .passwordReset, subject: "account", detail: WireText(detail)))
        }
    }

    /// All grants of the caller's tenant of contracts with passwords; newest first.
    public func grants(as caller: Caller) async throws(AttendanceError) -> [Grant] {
        try caller.require(.admin)
        return try await store.read(in: caller.tenant) { tx throws(AttendanceError) in
            try tx.grants(of: nil).filter(\.contract.hasPasswords)
        }
    }
}
