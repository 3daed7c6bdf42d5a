/// How many attempts to sign in there may be, whoever counts them: all processes of an installation count together.
public enum SignInLimits {
    /// Attempts without success per e-mail. With one more stretch every quarter of an hour that is less than a thousand a
    /// day, which even a poor password outlives.
    public static let attemptsPerAccountMax: Int64 = 10
    /// Attempts without success per client address: many people may share one.
    public static let attemptsPerAddressMax: Int64 = 60
    /// How long attempts are counted together. It begins with the first one.
    public static let stretchSeconds: Int64 = 900
    /// How many e-mails and addresses are counted at once; of more, the ones that began first are forgotten.
    public static let keysMax = 10_000
}

/// What somebody gets who has signed in.
public struct SignedIn: Sendable {
    public let access: String
    public let refresh: String
    public let grant: Grant
}

extension Operations {
    /// Signs somebody in by e-mail and password.
    ///
    /// Every attempt is counted before the password is looked at, so that many at once get no more tries than one after the
    /// other; a success takes its own count back. E-mails that nobody has are counted, and take as long, like others.
    /// - Parameter address: The client's; nil where it is not known.
    /// - Throws: `.notAuthenticated` for an unknown e-mail, a wrong password and an inactive account alike;
    ///   `.tooManySignIns`; `.unavailable` when the store or the hashing is busy.
    public func signIn(
        email: WireText, password: String, to contract: Contract, in tenant: TenantID, address: String?
    ) async throws(AttendanceError) -> SignedIn {
        let folded = email.folded
        let keys = signInKeys(email: folded, address: address)
        let began = ambient.now()
        let known = try await store.write(in: tenant) { tx throws(AttendanceError) in
            for key in keys { try Self.count(key, at: began, in: tx) }
            return try tx.credentials(of: folded, for: contract)
        }
        // A password that none can have is compared all the same: an answer that comes sooner would tell something.
        let verdict = try await secrets.verify(password, known?.passwordHash)
        guard let known, let hash = known.passwordHash, verdict != .wrong, known.grant.isActive else {
            throw .notAuthenticated
        }
        var fresh: PasswordHash?
        if verdict == .outdated {
            // Where the hashing is busy just now the next sign-in tries again.
            fresh = try? await secrets.hash(password)
        }
        let now = ambient.now()
        let caller = Caller(tenant: tenant, name: known.grant.callerName, roles: .all, address: address)
        let current = try await store.write(in: tenant) { [fresh] tx throws(AttendanceError) in
            // Since it was read, somebody may have deactivated the account or changed its password.
            guard let current = try tx.credentials(of: folded, for: contract), current.grant.id == known.grant.id,
                current.grant.isActive, current.passwordHash == hash
            else { throw .notAuthenticated }
            for key in keys { try tx.forgetSignIns(key, onlyOne: key.kind == .address) }
            if let fresh { try tx.replacePasswordHash(of: current.grant.account, hash, with: fresh) }
            try tx.note(
                AuditEntry(
                    at: now, caller: caller, act: .signedIn, subject: current.grant.callerName,
                    detail: WireText(contract.rawValue)))
            return current
        }
        return SignedIn(
            access: token(.access, of: current, at: now), refresh: token(.refresh, of: current, at: now), grant: current.grant)
    }

    private func token(_ kind: TokenClaims.Kind, of credentials: AccountCredentials, at now: Instant) -> String {
        let grant = credentials.grant
        let seconds = now.microseconds.dividedFlooring(by: 1_000_000).quotient
        let life = kind == .access ? secrets.lifetimes.accessSeconds : secrets.lifetimes.refreshSeconds
        return secrets.sign(
            TokenClaims(
                kind: kind, purpose: TokenClaims.purpose(of: kind, for: grant.contract, in: grant.tenant),
                subject: grant.id.text, id: ambient.randomBytes(16), epoch: credentials.epoch,
                issuedAt: seconds, expiresAt: seconds + life))
    }

    // MARK: Counting

    func signInKeys(email folded: WireText, address: String?) -> [SignInKey] {
        [SignInKey(kind: .account, name: sealer.signInName(ofEmail: folded))]
            + (address.map { [SignInKey(kind: .address, name: sealer.signInName(ofAddress: ClientNetwork.text(of: $0)))] } ?? [])
    }

    private static func count(
        _ key: SignInKey, at now: Instant, in tx: any WriteTransaction
    ) throws(AttendanceError) {
        let start = now.adding(seconds: -SignInLimits.stretchSeconds)
        let count = try tx.countSignIn(key, at: now, stretchFrom: start, keysMax: SignInLimits.keysMax)
        let max = key.kind == .account ? SignInLimits.attemptsPerAccountMax : SignInLimits.attemptsPerAddressMax
        guard count.attempts > max else { return }
        // The unit is undone with this, so whoever goes on trying does not make the wait longer.
        let left = count.beganAt.adding(seconds: SignInLimits.stretchSeconds).microseconds - now.microseconds
        throw .tooManySignIns(retryAfterSeconds: Swift.max(1, Int((left + 999_999) / 1_000_000)))
    }
}

extension Sealer {
    fileprivate func signInName(ofEmail folded: WireText) -> Pseudonym { pseudonym(of: folded, purpose: 0x02) }
    fileprivate func signInName(ofAddress text: WireText) -> Pseudonym { pseudonym(of: text, purpose: 0x03) }
}

/// Where a client comes from, as attempts are counted.
enum ClientNetwork {
    /// An IPv4 address as it is. Of an IPv6 address the first 64 bits: whoever has one address there has all of them.
    static func text(of address: String) -> WireText {
        guard address.utf8.contains(UInt8(ascii: ":")), !address.utf8.contains(UInt8(ascii: ".")) else { return WireText(address) }
        let halves = address.lowercased().split(separator: "::", maxSplits: 1, omittingEmptySubsequences: false)
        var groups = halves[0].split(separator: ":").map { String($0.drop { $0 == "0" }) }
        if halves.count == 2 {
            let rest = halves[1].split(separator: ":").count
            groups += Array(repeating: "", count: max(0, 8 - groups.count - rest))
            groups += halves[1].split(separator: ":").map { String($0.drop { $0 == "0" }) }
        }
        return WireText(groups.prefix(4).joined(separator: ":") + "::/64")
    }
}
