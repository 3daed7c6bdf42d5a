/// The link by which the first admin of an installation makes an account.
public enum SetupLink {
    public static let secondsMax: Int64 = 1_800
}

extension Operations {
    /// Opens a way to make the first account, for half an hour and for one use; nil where anybody holds a grant already.
    ///
    /// Links that were given out before stay open until their own end, so that two servers that start together do not
    /// close each other's.
    /// - Returns: The secret part of the link: 64 hexadecimal digits, of which only the SHA-256 is kept.
    public func openSetup() async throws(AttendanceError) -> String? {
        let secret = ambient.randomBytes(32).hexadecimal
        let verifier = ambient.sha256(Array(secret.utf8))
        let now = ambient.now()
        let isEmpty = try await store.read(in: .default) { tx throws(AttendanceError) in try !tx.hasGrants() }
        guard isEmpty else { return nil }
        return try await store.write(in: .default) { tx throws(AttendanceError) -> String? in
            try tx.lockAccounts()
            guard try !tx.hasGrants() else { return nil }
            try tx.addSetupLink(verifier, until: now.adding(seconds: SetupLink.secondsMax), at: now)
            return secret
        }
    }

    /// Whether a link's secret still opens the set-up.
    public func setupIsOpen(_ secret: String) async throws(AttendanceError) -> Bool {
        let verifier = ambient.sha256(Array(secret.utf8))
        let now = ambient.now()
        return try await store.read(in: .default) { tx throws(AttendanceError) in
            guard try tx.hasSetupLink(verifier, at: now) else { return false }
            return try !tx.hasGrants()
        }
    }

    /// Makes the first account, an admin of every contract with passwords in the tenant `default`, and closes the set-up.
    /// - Throws: `.notPermitted` where the link is used, expired or none; `.invalid(field:…)`; `.unavailable`.
    public func setUp(
        _ draft: GrantDraft, with secret: String, address: String?
    ) async throws(AttendanceError) -> [Grant] {
        guard try await setupIsOpen(secret) else { throw .notPermitted }
        let email = try EmailAddress(parsing: draft.email)
        try AccountRules.check(draft)
        let hash = try await secrets.hash(draft.password)
        let verifier = ambient.sha256(Array(secret.utf8))
        let ids = Contract.withPasswords.map { ($0, newIdentifier(of: Grant.self)) }
        let account = newIdentifier(of: Account.self)
        let now = ambient.now()
        let caller = Caller(tenant: .default, name: "set-up link", roles: .all, address: address)
        return try await store.write(in: .default) { tx throws(AttendanceError) in
            try tx.lockAccounts()
            guard try tx.hasSetupLink(verifier, at: now), try !tx.hasGrants() else { throw .notPermitted }
            try tx.removeSetupLinks()
            // Grants there are none, and an account without any does not stay.
            try tx.requireFree(email, draft.username, besides: nil)
            try tx.addAccount(account, draft.profile(email), passwordHash: hash, at: now)
            return try ids.map { contract, id throws(AttendanceError) in
                try tx.addGrant(id, of: contract, to: account, role: draft.role, isActive: true, epoch: 0, at: now)
                return try tx.noteNew(id, of: contract, .adminCreated, at: now, caller)
            }
        }
    }
}
