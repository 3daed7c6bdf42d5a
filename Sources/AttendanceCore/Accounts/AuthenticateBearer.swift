import struct FoundationEssentials.UUID

/// Why a token in the form of AIMS opens nothing. Source: contract aims §2.5.
public enum BearerFault: Error, Sendable, Equatable {
    case expired
    /// It is none, not signed with the secret, not yet in force, or was ended.
    case invalid(BearerTokenFlaw)
    /// It does not say who, or not in words that are understood.
    case payload
    /// Whoever it was made for is gone, or may not come any more.
    case userNotFound
    /// Could not be looked up.
    case failed(AttendanceError)
}

extension Operations {
    /// Resolves a token in the form of AIMS, whoever made it. A text that the secret has not signed never reaches the store; for
    /// one that it has, the store is read once and not written.
    ///
    /// What the token says of a role has to be one of the words, and counts for nothing else. Source: contract aims §2.5.
    public func authenticate(
        bearer token: String, for contract: Contract, in tenant: TenantID, address: String?
    ) async throws(BearerFault) -> AccountCaller {
        let claims: BearerClaims
        do throws(BearerTokenFlaw) {
            claims = try bearerTokens.claims(token)
        } catch {
            throw .invalid(error)
        }
        let now = ambient.now().wholeSeconds
        if let notBefore = claims.notBefore, now < notBefore { throw .invalid(.init("the token is not yet valid (nbf)")) }
        guard now < claims.expiresAt else { throw .expired }
        if let own = claims.own, own.purpose != BearerClaims.Own.purpose(for: contract, in: tenant) {
            throw .invalid(.init("it was made for something else"))
        }
        guard let subject = claims.subject.flatMap({ UUID(loose: $0) }), claims.email != nil,
            claims.role.flatMap(ClassroomRole.init) != nil
        else { throw .payload }
        let standing: TokenStanding?
        do {
            standing = try await store.readBriefly(in: tenant) { tx throws(AttendanceError) in
                try tx.standing(of: Identifier(rawValue: subject), for: contract, token: [])
            }
        } catch {
            throw .failed(error)
        }
        guard let standing, standing.grant.isActive else { throw .userNotFound }
        if let own = claims.own, own.epoch != standing.epoch { throw .invalid(.init("it was ended")) }
        // The roles of keys open what other contracts have; nobody in a classroom holds one.
        let caller = Caller(tenant: tenant, name: standing.grant.callerName, roles: [], address: address)
        return AccountCaller(caller: caller, grant: standing.grant)
    }

    /// - Precondition: The operations were made with such tokens. That is decided once, where the parts are joined.
    var bearerTokens: BearerTokens {
        guard let bearer = secrets.bearer else { preconditionFailure("such tokens need their secret") }
        return bearer
    }
}

extension Instant {
    /// Whole seconds since 1970, towards the past.
    var wholeSeconds: Int64 { microseconds.dividedFlooring(by: 1_000_000).quotient }
}

extension UUID {
    /// Reads an identity in either case, with or without hyphens; nil for any other text. Source: contract aims §1.
    package init?(loose text: String) {
        if let plain = UUID(text: text) {
            self = plain
            return
        }
        // The integer takes a sign as well.
        guard text.utf8.count == 32, text.utf8.allSatisfy({ $0 > UInt8(ascii: "-") }), let bits = UInt128(text, radix: 16) else {
            return nil
        }
        self.init(bits: bits)
    }
}
