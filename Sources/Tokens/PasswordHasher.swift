public import AttendanceCore

/// Hashes and compares passwords, at most two at once, on threads of its own.
public final class PasswordHasher: Sendable {
    private let line = PasswordLine()

    public init() {
        Argon2id.prepare()
    }

    /// - Throws: `.unavailable` when too many wait, or memory is short.
    public func hash(_ password: String) async throws(AttendanceError) -> PasswordHash {
        let bytes = Array(password.utf8)
        guard let made = await line.run({ Argon2id.hash(bytes) }), let hash = made else { throw Self.busy }
        return hash
    }

    /// Compares a password with a hash of any kind that is understood.
    ///
    /// Without a hash, and for one that is not understood, it costs what a comparison with a new one costs: how long the
    /// answer takes does not tell whether there is such an account. A hash of another system can take longer, until its
    /// account signs in for the first time and is given a new one.
    /// - Throws: `.unavailable` when too many wait.
    public func verify(_ password: String, _ hash: PasswordHash?) async throws(AttendanceError) -> PasswordVerdict {
        let bytes = Array(password.utf8.prefix(AccountRules.passwordMaxBytes + 1))
        let verdict = await line.run { () -> PasswordVerdict in
            guard let hash, hash.isUnderstood, let kind = PasswordKind(of: hash),
                bytes.count <= AccountRules.passwordMaxBytes
            else {
                _ = Argon2id.hash(Array(bytes.prefix(AccountRules.passwordMaxBytes)))
                return .wrong
            }
            switch kind {
            case .argon2id:
                guard Argon2id.verify(bytes, hash.text) else { return .wrong }
                return Argon2id.isOutdated(hash.text) ? .outdated : .right
            case .bcrypt: return BCrypt.verify(bytes, hash.text) ? .outdated : .wrong
            case .django: return DjangoHash(hash.text)?.verify(bytes) == true ? .outdated : .wrong
            }
        }
        guard let verdict else { throw Self.busy }
        return verdict
    }

    private static let busy = AttendanceError.unavailable(retryAfterSeconds: 1)
}

extension AccountSecrets {
    /// Argon2id for new passwords, and tokens of a signer.
    public init(
        hasher: PasswordHasher, signer: TokenSigner, lifetimes: TokenLifetimes = TokenLifetimes(), bearer: BearerTokens? = nil
    ) {
        self.init(
            hash: { password throws(AttendanceError) in try await hasher.hash(password) },
            verify: { password, hash throws(AttendanceError) in try await hasher.verify(password, hash) },
            sign: { signer.sign($0) }, claims: { signer.claims(of: $0) }, lifetimes: lifetimes,
            bearer: bearer)
    }
}
