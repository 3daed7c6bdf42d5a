import struct FoundationEssentials.UUID

/// Why a token opens nothing. A contract tells most of them apart.
public enum TokenFault: Error, Sendable, Equatable {
    /// Not signed here, made for another contract or tenant, signed out, or made before all tokens were ended.
    case invalid
    /// A token of another kind, such as one for refreshing.
    case wrongType
    case expired
    /// Whoever it was made for is gone.
    case userNotFound
    case userInactive
    /// Could not be looked up.
    case failed(AttendanceError)
}

/// Somebody who has signed in, for the length of a request.
public struct AccountCaller: Sendable, Equatable {
    /// What operations are asked as: an active admin of a contract with passwords has all roles.
    public let caller: Caller
    public let grant: Grant
}

extension Operations {
    /// Resolves an access token. A token that is no token of ours never reaches the store; for one that is, the store is
    /// read once and not written.
    public func authenticate(
        accessToken: String, for contract: Contract, in tenant: TenantID, address: String?
    ) async throws(TokenFault) -> AccountCaller {
        try await resolve(accessToken, for: contract, in: tenant, address: address).account
    }

    /// Ends one access token. Others of the account go on working.
    public func signOut(
        accessToken: String, for contract: Contract, in tenant: TenantID, address: String?
    ) async throws(TokenFault) {
        let (account, claims) = try await resolve(accessToken, for: contract, in: tenant, address: address)
        let now = ambient.now()
        do {
            try await store.write(in: tenant) { tx throws(AttendanceError) in
                try tx.endToken(claims.id, until: Instant(seconds: claims.expiresAt), at: now)
                try tx.note(
                    AuditEntry(
                        at: now, caller: account.caller, act: .signedOut, subject: account.grant.callerName,
                        detail: WireText(contract.rawValue)))
            }
        } catch {
            throw .failed(error)
        }
    }

    private func resolve(
        _ text: String, for contract: Contract, in tenant: TenantID, address: String?
    ) async throws(TokenFault) -> (account: AccountCaller, claims: TokenClaims) {
        guard let claims = secrets.claims(text), let subject = UUID(text: claims.subject),
            claims.purpose == TokenClaims.purpose(of: claims.kind, for: contract, in: tenant)
        else { throw .invalid }
        // In the order of the library behind the original: an expired token of the wrong type is expired.
        guard ambient.now() < Instant(seconds: claims.expiresAt) else { throw .expired }
        guard claims.kind == .access else { throw .wrongType }
        let standing: TokenStanding?
        do {
            standing = try await store.readBriefly(in: tenant) { tx throws(AttendanceError) in
                try tx.standing(of: Identifier(rawValue: subject), for: contract, token: claims.id)
            }
        } catch {
            throw .failed(error)
        }
        guard let standing else { throw .userNotFound }
        guard standing.grant.isActive else { throw .userInactive }
        guard standing.epoch == claims.epoch, !standing.isEnded else { throw .invalid }
        let caller = Caller(tenant: tenant, name: standing.grant.callerName, roles: .all, address: address)
        return (AccountCaller(caller: caller, grant: standing.grant), claims)
    }
}

extension Instant {
    /// Seconds since 1970 that 64 bits of microseconds cannot hold are the end of time.
    fileprivate init(seconds: Int64) {
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        self.init(microseconds: overflow ? (seconds < 0 ? .min : .max) : product)
    }
}
