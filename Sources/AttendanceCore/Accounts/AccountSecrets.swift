/// The cryptography that accounts need, one closure each: the core decides, and knows neither an algorithm nor a key.
public struct AccountSecrets: Sendable {
    /// Hashes a new password. Takes tens of milliseconds on a thread of its own.
    /// - Throws: `.unavailable` when too many wait already.
    public var hash: @Sendable (_ password: String) async throws(AttendanceError) -> PasswordHash
    /// Compares a password with a hash. Where there is none it costs as much, and is ``PasswordVerdict/wrong``.
    /// - Throws: `.unavailable` when too many wait already.
    public var verify: @Sendable (_ password: String, _ hash: PasswordHash?) async throws(AttendanceError) -> PasswordVerdict
    /// Signs a token's claims.
    public var sign: @Sendable (TokenClaims) -> String
    /// The claims of a token that this installation has signed; nil for any other text. Whether it still holds, and for
    /// what, is not looked at.
    public var claims: @Sendable (_ token: String) -> TokenClaims?
    public var lifetimes: TokenLifetimes
    /// For contracts whose tokens have another form; nil where nobody signs in to one.
    public var bearer: BearerTokens?

    public init(
        hash: @escaping @Sendable (String) async throws(AttendanceError) -> PasswordHash,
        verify: @escaping @Sendable (String, PasswordHash?) async throws(AttendanceError) -> PasswordVerdict,
        sign: @escaping @Sendable (TokenClaims) -> String, claims: @escaping @Sendable (String) -> TokenClaims?,
        lifetimes: TokenLifetimes = TokenLifetimes(), bearer: BearerTokens? = nil
    ) {
        self.hash = hash
        self.verify = verify
        self.sign = sign
        self.claims = claims
        self.lifetimes = lifetimes
        self.bearer = bearer
    }
}

/// A password's hash as text that names its algorithm and parameters. It is not printed.
public struct PasswordHash: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    public let text: String

    public init(_ text: String) {
        self.text = text
    }

    public var description: String { "PasswordHash" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// What a comparison of a password with a hash said.
public enum PasswordVerdict: Sendable, Equatable {
    case wrong
    case right
    /// Right, and the hash is of a kind that is not made any more: it is to be replaced.
    case outdated
}

/// How long tokens live where nothing else is set. Source: contract of Time Tracker §3.1.
public struct TokenLifetimes: Sendable, Equatable {
    public static let accessSecondsMax: Int64 = 3_650 * 86_400
    public static let refreshSecondsMax: Int64 = 86_400

    public var accessSeconds: Int64
    public var refreshSeconds: Int64

    /// A refresh token never outlives the access token by its own setting: it is a day, or less where access is less.
    public init(accessSeconds: Int64 = Self.accessSecondsMax) {
        self.accessSeconds = accessSeconds
        refreshSeconds = min(accessSeconds, Self.refreshSecondsMax)
    }
}

/// What a token says of itself.
public struct TokenClaims: Sendable, Equatable {
    /// What a token is for: asking for things, or for another such token. Words stand in tokens.
    public enum Kind: String, Sendable, CaseIterable {
        case access, refresh
    }

    public var kind: Kind
    /// The contract, tenant and kind it was made for: `timetracker/1/access`. A token of one purpose opens nothing of
    /// another, even where both are signed with one key.
    public var purpose: String
    /// The grant, as text.
    public var subject: String
    /// Sixteen random bytes, by which one token can be ended.
    public var id: [UInt8]
    /// How often all tokens of the account were ended when this one was made.
    public var epoch: Int64
    /// Seconds since 1970.
    public var issuedAt: Int64
    /// Seconds since 1970; from then on it holds no more.
    public var expiresAt: Int64

    public init(
        kind: Kind, purpose: String, subject: String, id: [UInt8], epoch: Int64, issuedAt: Int64, expiresAt: Int64
    ) {
        self.kind = kind
        self.purpose = purpose
        self.subject = subject
        self.id = id
        self.epoch = epoch
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
    }

    static func purpose(of kind: Kind, for contract: Contract, in tenant: TenantID) -> String {
        "\(contract.rawValue)/\(tenant.rawValue)/\(kind.rawValue)"
    }
}
