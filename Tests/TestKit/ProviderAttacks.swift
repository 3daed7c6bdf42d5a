/// What somebody sends instead of an ID token.
public struct ProviderAttack: Sendable, CustomStringConvertible {
    public let description: String
    /// The front of the answer's sentence.
    public let answer: Answer
    /// - Parameter now: Seconds since 1970.
    public let token: @Sendable (_ provider: ProviderKey, _ stranger: ProviderKey, _ now: Int64) -> String

    /// How the contract begins a refusal. Source: contract aims §2.1.
    public enum Answer: String, Sendable {
        case invalid = "Invalid Google token:"
        case unverified = "Token verification failed:"
    }

    private init(
        _ description: String, _ answer: Answer = .invalid,
        _ token: @escaping @Sendable (ProviderKey, ProviderKey, Int64) -> String
    ) {
        self.description = description
        self.answer = answer
        self.token = token
    }

    /// Claims that are not what they should be, rightly signed.
    private init(claims description: String, _ change: @escaping @Sendable (IDTokenClaims, Int64) -> IDTokenClaims) {
        self.init(description) { provider, _, now in provider.token(claims: change(Self.victim(now), now).json) }
    }

    /// A header that is not what it should be, rightly signed.
    private init(header description: String, _ answer: Answer = .invalid, _ header: @escaping @Sendable (String) -> String) {
        self.init(description, answer) { provider, _, now in
            provider.token(header: header(provider.id), claims: Self.victim(now).json)
        }
    }

    /// Somebody who is allowed to sign in.
    public static let victimEmail = "asha.verma@college.example"

    private static func victim(_ now: Int64) -> IDTokenClaims { IDTokenClaims(email: victimEmail, now: now) }

    public static let all: [ProviderAttack] = texts + headers + signatures + claims

    private static let texts: [ProviderAttack] = [
        .init("nothing") { _, _, _ in "" },
        .init("a word") { _, _, _ in "not-a-token" },
        .init("two parts") { provider, _, now in
            provider.token(claims: victim(now).json).split(separator: ".").prefix(2).joined(separator: ".")
        },
        .init("four parts") { provider, _, now in provider.token(claims: victim(now).json) + ".AA" },
        .init("an oversized token") { provider, _, now in
            provider.token(claims: victim(now).setting("more", "\"" + String(repeating: "x", count: 9_000) + "\"").json)
        },
        .init("padding behind a part") { provider, _, now in provider.token(claims: victim(now).json) + "=" },
        .init("another spelling of the same signature") { provider, _, now in
            // The last letter's low bits stand for nothing, and a lax reader passes over them.
            let token = provider.token(claims: victim(now).json)
            let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
            let place = token.last.flatMap { alphabet.firstIndex(of: $0) } ?? 0
            return token.dropLast() + String(alphabet[place ^ 1])
        },
        .init("letters of the other base64") { provider, _, now in
            let parts = provider.token(claims: victim(now).json).split(separator: ".")
            return parts[0] + "." + parts[1] + ".++//" + parts[2].dropFirst(4)
        },
        .init("a blank in front") { provider, _, now in " " + provider.token(claims: victim(now).json) },
    ]

    private static let headers: [ProviderAttack] = [
        .init("no algorithm at all") { _, _, now in
            ForgedToken.unsigned(header: #"{"alg":"none","typ":"JWT","kid":"golden-kid"}"#, claims: victim(now).json)
        },
        .init("no algorithm in another case") { _, _, now in
            ForgedToken.unsigned(header: #"{"alg":"nOnE","typ":"JWT","kid":"golden-kid"}"#, claims: victim(now).json) + "AA"
        },
        .init("HS256 with the public key as its secret") { provider, _, now in
            ForgedToken.shared(
                header: #"{"alg":"HS256","typ":"JWT","kid":"golden-kid"}"#, claims: victim(now).json,
                secret: Array(provider.pem.utf8))
        },
        .init("HS256 with the modulus as its secret") { provider, _, now in
            ForgedToken.shared(
                header: #"{"alg":"HS256","typ":"JWT","kid":"golden-kid"}"#, claims: victim(now).json,
                secret: Array(provider.numbers.n.utf8))
        },
        .init(header: "another algorithm's name over a right signature") { #"{"alg":"RS384","typ":"JWT","kid":"\#($0)"}"# },
        .init(header: "an algorithm twice") { #"{"alg":"none","alg":"RS256","typ":"JWT","kid":"\#($0)"}"# },
        .init(header: "a list of algorithms") { #"{"alg":["RS256"],"typ":"JWT","kid":"\#($0)"}"# },
        .init(header: "a critical extension") { #"{"alg":"RS256","crit":["exp"],"typ":"JWT","kid":"\#($0)"}"# },
        .init(header: "an unencoded payload") { #"{"alg":"RS256","b64":false,"typ":"JWT","kid":"\#($0)"}"# },
        .init(header: "another type") { #"{"alg":"RS256","typ":"at+jwt","kid":"\#($0)"}"# },
        .init(header: "no key id") { _ in #"{"alg":"RS256","typ":"JWT"}"# },
        .init(header: "a key id that is no text") { _ in #"{"alg":"RS256","typ":"JWT","kid":7}"# },
        .init(header: "an unknown key id", .unverified) { _ in #"{"alg":"RS256","typ":"JWT","kid":"nobody's"}"# },
        .init(header: "a key id that is a path", .unverified) { _ in #"{"alg":"RS256","typ":"JWT","kid":"../../../dev/null"}"# },
    ]

    private static let signatures: [ProviderAttack] = [
        .init("another key under a known id", .unverified) { provider, stranger, now in
            stranger.token(header: #"{"alg":"RS256","typ":"JWT","kid":"\#(provider.id)"}"#, claims: victim(now).json)
        },
        .init("a key that the token brings along", .unverified) { provider, stranger, now in
            stranger.token(
                header: #"{"alg":"RS256","typ":"JWT","kid":"\#(provider.id)","jwk":\#(stranger.jwk())}"#, claims: victim(now).json)
        },
        .init("an address where a key is said to be", .unverified) { provider, stranger, now in
            stranger.token(
                header: #"{"alg":"RS256","typ":"JWT","kid":"\#(provider.id)","jku":"http://127.0.0.1:9/keys"}"#,
                claims: victim(now).json)
        },
        .init("claims changed behind the signature", .unverified) { provider, _, now in
            let mine = provider.token(claims: IDTokenClaims(email: "me@elsewhere.example", now: now).json).split(separator: ".")
            let wanted = provider.token(claims: victim(now).json).split(separator: ".")
            return mine[0] + "." + wanted[1] + "." + mine[2]
        },
        .init("half a signature", .unverified) { provider, _, now in
            let parts = provider.token(claims: victim(now).json).split(separator: ".")
            return parts[0] + "." + parts[1] + "." + parts[2].prefix(168)
        },
    ]

    private static let claims: [ProviderAttack] = [
        .init(claims: "expired by one second") { claims, now in claims.setting("exp", "\(now - 1)") },
        .init(claims: "expiring in this second") { claims, now in claims.setting("exp", "\(now)") },
        .init(claims: "no end") { claims, _ in claims.dropping("exp") },
        .init(claims: "an end that is a text") { claims, now in claims.setting("exp", "\"\(now + 3_600)\"") },
        .init(claims: "an end with a fraction") { claims, now in claims.setting("exp", "\(now + 3_600).5") },
        .init(claims: "an end in another spelling") { claims, _ in claims.setting("exp", "9e99") },
        .init(claims: "two ends") { claims, now in
            var both = claims
            both.members.append(("exp", "\(now + 7_200)"))
            return both
        },
        .init(claims: "issued in the future") { claims, now in claims.setting("iat", "\(now + 120)") },
        .init(claims: "no beginning") { claims, _ in claims.dropping("iat") },
        .init(claims: "not valid yet") { claims, now in claims.setting("nbf", "\(now + 120)") },
        .init(claims: "a beginning that is none") { claims, _ in claims.setting("nbf", "null") },
        .init(claims: "another audience") { claims, _ in claims.setting("aud", "\"somebody-else\"") },
        .init(claims: "no audience") { claims, _ in claims.dropping("aud") },
        .init(claims: "an empty list of audiences") { claims, _ in claims.setting("aud", "[]") },
        .init(claims: "ours among other audiences") { claims, _ in
            claims.setting("aud", "[\"\(IDTokenClaims.clientID)\",\"somebody-else\"]")
        },
        .init(claims: "another issuer") { claims, _ in claims.setting("iss", "\"https://accounts.google.com.evil.example\"") },
        .init(claims: "the issuer in another case") { claims, _ in claims.setting("iss", "\"https://Accounts.Google.com\"") },
        .init(claims: "no email") { claims, _ in claims.dropping("email") },
        .init(claims: "two emails") { claims, _ in
            var both = claims
            both.members.append(("email", "\"root.admin@college.example\""))
            return both
        },
        .init(claims: "an email that the provider has not verified") { claims, _ in claims.setting("email_verified", "false") },
        .init(claims: "nothing said about the email") { claims, _ in claims.dropping("email_verified") },
        .init(claims: "verified in a text") { claims, _ in claims.setting("email_verified", "\"true\"") },
        .init(claims: "nobody's name") { claims, _ in claims.dropping("sub") },
        .init(claims: "deep nesting") { claims, _ in
            claims.setting("deep", String(repeating: "[", count: 50) + String(repeating: "]", count: 50))
        },
        .init("claims that are a list") { provider, _, _ in provider.token(claims: "[]") },
    ]
}
