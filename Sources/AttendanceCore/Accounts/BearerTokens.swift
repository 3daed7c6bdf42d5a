/// Tokens in the form of AIMS: anybody who shares the secret can make them, and read ours. Source: contract aims §2.4.
public struct BearerTokens: Sendable {
    /// How long tokens live where nothing else is set, and at the most.
    public static let lifeSecondsStandard: Int64 = 3_600
    public static let lifeSecondsMax: Int64 = 8_760 * 3_600

    public var sign: @Sendable (BearerClaims) -> String
    /// The claims of a token that the secret has signed. Whether it still holds, and for whom, is not looked at.
    /// - Throws: Words on what is wrong with any other text.
    public var claims: @Sendable (_ token: String) throws(BearerTokenFlaw) -> BearerClaims
    public var lifeSeconds: Int64

    public init(
        sign: @escaping @Sendable (BearerClaims) -> String,
        claims: @escaping @Sendable (String) throws(BearerTokenFlaw) -> BearerClaims,
        lifeSeconds: Int64 = Self.lifeSecondsStandard
    ) {
        self.sign = sign
        self.claims = claims
        self.lifeSeconds = lifeSeconds
    }
}

/// What is wrong with a text that should be a token. It holds nothing of the token.
public struct BearerTokenFlaw: Error, Sendable, Equatable {
    public let words: String

    public init(_ words: String) {
        self.words = words
    }
}

/// What such a token says. Who else makes one has no need to say all of it.
public struct BearerClaims: Sendable, Equatable {
    public var subject: String?
    public var email: String?
    public var role: String?
    /// Seconds since 1970; nil where it does not say.
    public var issuedAt: Int64?
    /// From this second on it holds.
    public var notBefore: Int64?
    /// From this second on it holds no more.
    public var expiresAt: Int64
    /// Only in tokens of ours: what ends them before their time.
    public var own: Own?

    /// What our own tokens say beside the contract's claims.
    public struct Own: Sendable, Equatable {
        /// The contract and tenant it was made for: `aims/1`.
        public var purpose: String
        /// How often all tokens of the account were ended when this one was made.
        public var epoch: Int64

        public init(purpose: String, epoch: Int64) {
            self.purpose = purpose
            self.epoch = epoch
        }

        static func purpose(for contract: Contract, in tenant: TenantID) -> String {
            "\(contract.rawValue)/\(tenant.rawValue)"
        }
    }

    public init(
        subject: String?, email: String?, role: String?, issuedAt: Int64?, notBefore: Int64? = nil, expiresAt: Int64,
        own: Own? = nil
    ) {
        self.subject = subject
        self.email = email
        self.role = role
        self.issuedAt = issuedAt
        self.notBefore = notBefore
        self.expiresAt = expiresAt
        self.own = own
    }
}
