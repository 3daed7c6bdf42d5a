/// What signing in compares, for one contract and tenant.
public struct AccountCredentials: Sendable {
    public let grant: Grant
    /// Nil where the account has no password.
    public let passwordHash: PasswordHash?
    /// Moves on whenever the tokens of the grant are ended: a sum of the account's and the grant's, which only grow.
    public let epoch: Int64

    public init(grant: Grant, passwordHash: PasswordHash?, epoch: Int64) {
        self.grant = grant
        self.passwordHash = passwordHash
        self.epoch = epoch
    }
}

/// What a token is judged by.
public struct TokenStanding: Sendable {
    public let grant: Grant
    public let epoch: Int64
    /// Whether this one token was ended.
    public let isEnded: Bool

    public init(grant: Grant, epoch: Int64, isEnded: Bool) {
        self.grant = grant
        self.epoch = epoch
        self.isEnded = isEnded
    }
}

/// What belongs to an account itself, whoever granted it what.
public struct AccountProfile: Sendable, Equatable {
    /// As it is kept: see ``EmailAddress/text``.
    public var email: WireText
    public var username: WireText
    public var firstName: WireText
    public var lastName: WireText

    public init(email: WireText, username: WireText, firstName: WireText, lastName: WireText) {
        self.email = email
        self.username = username
        self.firstName = firstName
        self.lastName = lastName
    }
}

/// What attempts to sign in are counted by.
public struct SignInKey: Sendable, Hashable {
    /// What attempts are counted for. Numbers are stored: never changed.
    public enum Kind: Int64, Sendable {
        case account = 1
        case address = 2
    }

    public let kind: Kind
    /// Stands for what was typed, which may be a password in the wrong field, or for an address.
    public let name: Pseudonym

    public init(kind: Kind, name: Pseudonym) {
        self.kind = kind
        self.name = name
    }
}

/// Attempts within one stretch of time.
public struct SignInCount: Sendable, Equatable {
    public let attempts: Int64
    public let beganAt: Instant

    public init(attempts: Int64, beganAt: Instant) {
        self.attempts = attempts
        self.beganAt = beganAt
    }
}

/// Accounts, and the grants of the transaction's tenant.
public protocol AccountReading {
    /// The tenant's grants, of one contract or of all; newest first.
    func grants(of contract: Contract?) throws(AttendanceError) -> [Grant]
    func grant(_ id: Identifier<Grant>, of contract: Contract) throws(AttendanceError) -> Grant?
    /// What an account holds in the tenant, oldest first.
    func grants(ofAccount account: Identifier<Account>) throws(AttendanceError) -> [Grant]
    /// How many of the tenant's grants of the contract are active.
    func activeGrants(of contract: Contract) throws(AttendanceError) -> Int
    /// By a folded e-mail; nil where nobody of this e-mail has a grant of the contract.
    func credentials(of email: WireText, for contract: Contract) throws(AttendanceError) -> AccountCredentials?
    /// A grant with everything that can end a token, in one look.
    func standing(
        of id: Identifier<Grant>, for contract: Contract, token: [UInt8]
    ) throws(AttendanceError) -> TokenStanding?
    /// By a folded e-mail. Known to the installation.
    func account(ofEmail email: WireText) throws(AttendanceError) -> (id: Identifier<Account>, profile: AccountProfile)?
    /// How many grants an account holds in the whole installation.
    func grantCount(of account: Identifier<Account>) throws(AttendanceError) -> Int
    /// Whether anybody in the installation holds a grant.
    func hasGrants() throws(AttendanceError) -> Bool
    /// Which of the names another account has.
    func taken(
        email: WireText, username: WireText, besides account: Identifier<Account>?
    ) throws(AttendanceError) -> AccountNames
    /// Whether a set-up link of this verifier is open at a moment.
    func hasSetupLink(_ verifier: Digest, at moment: Instant) throws(AttendanceError) -> Bool
}

/// Changes accounts, which belong to the installation, and grants of the transaction's tenant.
public protocol AccountWriting {
    /// From here to the end of the transaction nobody else changes accounts or grants, whatever the tenant: what a unit
    /// decides on afterwards stays so.
    func lockAccounts() throws(AttendanceError)

    /// - Precondition: The accounts are locked and the names are free.
    func addAccount(
        _ id: Identifier<Account>, _ profile: AccountProfile, passwordHash: PasswordHash?, at moment: Instant
    ) throws(AttendanceError)
    func changeAccount(_ id: Identifier<Account>, to profile: AccountProfile, at moment: Instant) throws(AttendanceError)
    /// Puts another hash in the place of `former`; nothing where that is not there any more.
    func replacePasswordHash(
        of account: Identifier<Account>, _ former: PasswordHash, with new: PasswordHash
    ) throws(AttendanceError)
    /// Sets a new password, which ends all tokens of the account.
    func setPasswordHash(
        of account: Identifier<Account>, to hash: PasswordHash, at moment: Instant
    ) throws(AttendanceError)
    /// Forgets an account that holds no grant.
    func removeAccount(_ id: Identifier<Account>) throws(AttendanceError)

    /// - Parameter epoch: Where its epoch of tokens begins; see ``Operations/importGrant(_:of:as:)``.
    func addGrant(
        _ id: Identifier<Grant>, of contract: Contract, to account: Identifier<Account>, role: WireText, isActive: Bool,
        epoch: Int64, at moment: Instant
    ) throws(AttendanceError)
    /// - Parameter endingTokens: Ends all tokens that were made of it.
    func changeGrant(
        _ id: Identifier<Grant>, role: WireText, isActive: Bool, endingTokens: Bool, at moment: Instant
    ) throws(AttendanceError)
    func removeGrant(_ id: Identifier<Grant>) throws(AttendanceError)

    /// Remembers until `expiry` that a token was ended, and forgets those that have expired at `moment`.
    func endToken(_ id: [UInt8], until expiry: Instant, at moment: Instant) throws(AttendanceError)

    /// Counts one more attempt, in a new stretch where the former one began before `start` or after `moment`.
    ///
    /// All processes count in one place. A new key drops stretches that are over, and the oldest where there are more than
    /// `keysMax`.
    func countSignIn(
        _ key: SignInKey, at moment: Instant, stretchFrom start: Instant, keysMax: Int
    ) throws(AttendanceError) -> SignInCount
    /// Forgets a key's attempts, or takes one back.
    func forgetSignIns(_ key: SignInKey, onlyOne: Bool) throws(AttendanceError)

    /// Keeps a set-up link, and drops those that have expired at `moment`.
    func addSetupLink(_ verifier: Digest, until expiry: Instant, at moment: Instant) throws(AttendanceError)
    /// Drops all set-up links.
    func removeSetupLinks() throws(AttendanceError)
}
