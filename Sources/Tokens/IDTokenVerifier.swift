public import AttendanceCore
internal import StrictJSON

/// Whose ID tokens are taken, and for whom they have to be made.
public struct IDTokenRules: Sendable, Equatable {
    public static let googleIssuer = "https://accounts.google.com"

    /// The ids under which the provider knows the apps (`aud`).
    public var audiences: [String]
    /// Who has to have made a token (`iss`).
    public var issuer: String
    /// The organisation that an account has to belong to (`hd`), compared without letter case; nil for any.
    public var hostedDomain: String?

    public init(audiences: [String], issuer: String = Self.googleIssuer, hostedDomain: String? = nil) {
        self.audiences = audiences
        self.issuer = issuer
        self.hostedDomain = hostedDomain
    }

    /// The spellings of the issuer. Google has two. Source: contract aims §2.2.
    var spellings: [String] {
        issuer == Self.googleIssuer ? [issuer, "accounts.google.com"] : [issuer]
    }
}

/// Verifies ID tokens of OpenID Connect: who signed them, for whom, and when. Source: contract aims §2.2; OpenID Connect Core §3.1.3.7.
public struct IDTokenVerifier: Sendable {
    /// Providers' tokens have one or two kilobytes; a longer text is not looked into.
    public static let bytesMax = 8_192
    /// By how much another machine's clock may run ahead. Nothing makes a token live longer.
    public static let clockSecondsMax: Int64 = 60
    static let subjectBytesMax = 255

    private let rules: IDTokenRules
    private let keys: KeySetCache
    private let now: @Sendable () -> Instant

    public init(_ rules: IDTokenRules, keys: KeySetCache, now: @escaping @Sendable () -> Instant) {
        self.rules = rules
        self.keys = keys
        self.now = now
    }

    /// Whom the token vouches for.
    public func verify(_ token: String) async throws(ProviderFault) -> ProviderIdentity {
        guard token.utf8.count <= Self.bytesMax else { throw .invalid("it is too long") }
        guard let compact = CompactToken(token) else { throw .invalid("it has not the form of a token") }
        guard compact.isPlain("RS256") else { throw .invalid("it is not signed in the way that is asked for (RS256)") }
        guard let id = compact.header["kid"]?.string, !id.isEmpty, id.utf8.count <= KeySet.idBytesMax else {
            throw .invalid("it names no key")
        }
        let key: VerificationKey
        switch await keys.find(id) {
        case .found(let found): key = found
        case .unknown: throw .unverified("the key it names is not known")
        case .noKeys(let seconds): throw .keysUnavailable(retryAfterSeconds: seconds)
        }
        guard let payload = key.payload(of: token) else { throw .unverified("the signature is not right") }
        guard let claims = CompactToken.object(payload, bytesMax: Self.bytesMax) else {
            throw .invalid("its claims cannot be read")
        }
        return try identity(claims)
    }

    private func identity(_ claims: JSONValue) throws(ProviderFault) -> ProviderIdentity {
        guard let issuer = claims["iss"]?.string, rules.spellings.contains(where: { Self.areSame($0, issuer) }) else {
            throw .invalid("wrong issuer")
        }
        try checkAudience(claims["aud"])
        try checkMoments(claims)
        guard let subject = claims["sub"]?.string, !subject.isEmpty, subject.utf8.count <= Self.subjectBytesMax,
            !subject.utf8.contains(0)
        else { throw .invalid("it names nobody (sub)") }
        guard let email = claims["email"]?.string, !email.isEmpty, !email.utf8.contains(0) else {
            throw .invalid("it holds no email")
        }
        guard claims["email_verified"]?.boolean == true else { throw .invalid("the provider has not verified the email") }
        if let wanted = rules.hostedDomain {
            guard let domain = claims["hd"]?.string, Self.areSame(WireText(domain).folded.text, WireText(wanted).folded.text)
            else { throw .invalid("the account is of another organisation (hd)") }
        }
        return ProviderIdentity(
            issuer: rules.issuer, subject: subject, email: WireText(email), name: claims["name"]?.string.flatMap(Self.name))
    }

    /// Whoever shares a token with an audience that nobody here knows could use it in that one's name.
    private func checkAudience(_ claim: JSONValue?) throws(ProviderFault) {
        let audiences: [String?]
        if let items = claim?.items { audiences = items.map(\.string) } else { audiences = [claim?.string] }
        guard !audiences.isEmpty,
            audiences.allSatisfy({ named in named.map { named in rules.audiences.contains { Self.areSame($0, named) } } ?? false })
        else { throw .invalid("wrong audience") }
    }

    private func checkMoments(_ claims: JSONValue) throws(ProviderFault) {
        let now = now().microseconds.dividedFlooring(by: 1_000_000).quotient
        guard let expiresAt = claims["exp"]?.number?.int64, let issuedAt = claims["iat"]?.number?.int64 else {
            throw .invalid("it does not say when it was made and ends (iat, exp)")
        }
        guard now < expiresAt else { throw .invalid("token expired") }
        guard issuedAt <= now + Self.clockSecondsMax else { throw .invalid("token used too early (iat)") }
        if let claim = claims["nbf"] {
            guard let notBefore = claim.number?.int64, notBefore <= now + Self.clockSecondsMax else {
                throw .invalid("token used too early (nbf)")
            }
        }
    }

    private static func areSame(_ left: String, _ right: String) -> Bool { left.utf8.elementsEqual(right.utf8) }

    /// A name that can be stored and shown, or nil.
    private static func name(_ text: String) -> WireText? {
        let kept = text.unicodeScalars.filter { $0.value != 0 }.prefix(AllowedEmailDraft.textMaxScalars)
        return WireText(String(String.UnicodeScalarView(kept))).filled
    }
}

extension IdentityProvider {
    public init(verifier: IDTokenVerifier) {
        self.init { token throws(ProviderFault) in try await verifier.verify(token) }
    }
}
