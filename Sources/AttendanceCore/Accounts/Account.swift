import struct FoundationEssentials.UUID

/// A secret that somebody signs in with, and the name it goes by. Known to the whole installation.
public enum Account {}

/// Which wire contract a grant belongs to. Names are stored, and stand in tokens.
public enum Contract: String, Sendable, CaseIterable {
    case timeTracker = "timetracker"
    case aims

    /// Those whose users sign in with a password of ours. The users of the others come from an identity provider, and who may
    /// come stands in a list (``AllowedEmail``).
    public static let withPasswords = allCases.filter(\.hasPasswords)

    /// Whether its users sign in with a password of ours.
    public var hasPasswords: Bool {
        switch self {
        case .timeTracker: true
        case .aims: false
        }
    }
}

/// An account as one contract and tenant see it: what it may do there. Whoever asks a contract for its admins gets these.
public struct Grant: Sendable, Equatable {
    /// The id on the wire.
    public let id: Identifier<Grant>
    public let account: Identifier<Account>
    public let contract: Contract
    public let tenant: TenantID
    /// As it was given, its domain in lower case.
    public let email: WireText
    public let username: WireText
    public let firstName: WireText
    public let lastName: WireText
    /// Any text; it carries no rights here.
    public let role: WireText
    /// Whether somebody can sign in with it, and whether its tokens open anything.
    public let isActive: Bool
    public let createdAt: Instant
    public let updatedAt: Instant

    public init(
        id: Identifier<Grant>, account: Identifier<Account>, contract: Contract, tenant: TenantID, email: WireText,
        username: WireText, firstName: WireText, lastName: WireText, role: WireText, isActive: Bool, createdAt: Instant,
        updatedAt: Instant
    ) {
        self.id = id
        self.account = account
        self.contract = contract
        self.tenant = tenant
        self.email = email
        self.username = username
        self.firstName = firstName
        self.lastName = lastName
        self.role = role
        self.isActive = isActive
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }

    /// What the ledger, the audit trail and logs call whoever holds it: `account/7f1c6f5e`.
    public var callerName: WireText { id.callerName }
}

extension Identifier where Owner == Grant {
    /// As it stands in answers and tokens: in lower case, with hyphens.
    public var text: String { rawValue.text }

    var callerName: WireText { WireText("account/" + text.prefix(8)) }
}

/// Somebody who is to get an account.
public struct GrantDraft: Sendable {
    public var email: WireText
    public var username: WireText
    public var password: String
    public var firstName: WireText
    public var lastName: WireText
    public var role: WireText
    public var isActive: Bool

    public init(
        email: WireText, username: WireText, password: String, firstName: WireText = "", lastName: WireText = "",
        role: WireText, isActive: Bool = true
    ) {
        self.email = email
        self.username = username
        self.password = password
        self.firstName = firstName
        self.lastName = lastName
        self.role = role
        self.isActive = isActive
    }
}

/// What is to become different; nil keeps what there is.
public struct GrantChange: Sendable {
    public var email: WireText?
    public var username: WireText?
    /// Never empty: a contract where an empty password keeps the old one hands on nil.
    public var password: String?
    public var firstName: WireText?
    public var lastName: WireText?
    public var role: WireText?
    public var isActive: Bool?

    public init(
        email: WireText? = nil, username: WireText? = nil, password: String? = nil, firstName: WireText? = nil,
        lastName: WireText? = nil, role: WireText? = nil, isActive: Bool? = nil
    ) {
        self.email = email
        self.username = username
        self.password = password
        self.firstName = firstName
        self.lastName = lastName
        self.role = role
        self.isActive = isActive
    }
}

/// Somebody whom another system knew: with the id, the moments and the password's hash from there.
public struct ImportedGrant: Sendable {
    public var id: Identifier<Grant>
    public var email: WireText
    public var username: WireText
    /// In a form that can be verified here; nil for somebody who has to be given a password.
    public var passwordHash: PasswordHash?
    public var firstName: WireText
    public var lastName: WireText
    public var role: WireText
    public var isActive: Bool
    public var createdAt: Instant

    public init(
        id: Identifier<Grant>, email: WireText, username: WireText, passwordHash: PasswordHash?, firstName: WireText,
        lastName: WireText, role: WireText, isActive: Bool, createdAt: Instant
    ) {
        self.id = id
        self.email = email
        self.username = username
        self.passwordHash = passwordHash
        self.firstName = firstName
        self.lastName = lastName
        self.role = role
        self.isActive = isActive
        self.createdAt = createdAt
    }
}

/// What no two accounts of an installation share.
public struct AccountNames: OptionSet, Sendable, Hashable {
    public let rawValue: Int

    public init(rawValue: Int) {
        self.rawValue = rawValue
    }

    /// Compared without letter case.
    public static let email = AccountNames(rawValue: 1)
    /// Compared letter by letter.
    public static let username = AccountNames(rawValue: 2)
}
