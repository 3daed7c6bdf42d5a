/// Somebody as an identity provider vouches for them: what is left of an ID token that was verified.
public struct ProviderIdentity: Sendable, Equatable {
    /// Who vouches. Of a provider that has several spellings, always the same one.
    public let issuer: String
    /// The provider's own name for the person. Unlike an address it is never given to somebody else.
    public let subject: String
    /// As the provider spells it, and verified by it.
    public let email: WireText
    /// Nil where the provider tells none, or blanks.
    public let name: WireText?

    public init(issuer: String, subject: String, email: WireText, name: WireText?) {
        self.issuer = issuer
        self.subject = subject
        self.email = email
        self.name = name
    }
}

/// Why an ID token vouches for nobody. The words are for whoever sent it, and hold nothing of it.
public enum ProviderFault: Error, Sendable, Equatable {
    /// It is none, has expired, or was made for somebody else: what it says is not looked at any further.
    case invalid(String)
    /// Nobody knows that the provider made it: the signature is not right, or its key is not known.
    case unverified(String)
    /// There are no keys to verify it with. That passes by itself; there may be some after so many seconds.
    case keysUnavailable(retryAfterSeconds: Int)
}

/// An identity provider, as far as the core knows one: it says whom an ID token vouches for.
public struct IdentityProvider: Sendable {
    /// Verifies a token: who signed it, for whom, and when.
    public var verify: @Sendable (_ idToken: String) async throws(ProviderFault) -> ProviderIdentity

    public init(verify: @escaping @Sendable (String) async throws(ProviderFault) -> ProviderIdentity) {
        self.verify = verify
    }
}

/// Whom a provider's account belongs to here. The first sign-in binds; another account of the provider under the same
/// address is then refused, since an address can change hands. Source: contract aims §2.2.
public struct ProviderBinding: Sendable, Equatable {
    public let issuer: String
    public let subject: String

    public init(issuer: String, subject: String) {
        self.issuer = issuer
        self.subject = subject
    }
}

/// What a contract whose users come from a provider tells of one, beside the grant. Source: contract aims §2.6.
public struct GrantProfile: Sendable, Equatable {
    public let name: WireText
    public let department: WireText?
    public let employeeCode: WireText?
    public let signedInAt: Instant?

    public init(name: WireText, department: WireText? = nil, employeeCode: WireText? = nil, signedInAt: Instant? = nil) {
        self.name = name
        self.department = department
        self.employeeCode = employeeCode
        self.signedInAt = signedInAt
    }
}

/// Which accounts of a provider belong to whom, and what is told of those who signed in with one.
public protocol ProviderReading {
    /// Known to the installation, like the account.
    func binding(of account: Identifier<Account>) throws(AttendanceError) -> ProviderBinding?
    /// What is told of grants of the tenant; those that nobody has signed in with are left out.
    func profiles(of grants: [Identifier<Grant>]) throws(AttendanceError) -> [Identifier<Grant>: GrantProfile]
}

/// Changes what ``ProviderReading`` reads.
public protocol ProviderWriting {
    /// - Precondition: The accounts are locked, and the account has no binding.
    func bind(_ account: Identifier<Account>, to binding: ProviderBinding, at moment: Instant) throws(AttendanceError)
    func unbind(_ account: Identifier<Account>) throws(AttendanceError)
    /// Puts a profile in the place of the former one of the tenant's grant.
    func setProfile(_ profile: GrantProfile, of grant: Identifier<Grant>) throws(AttendanceError)
}
