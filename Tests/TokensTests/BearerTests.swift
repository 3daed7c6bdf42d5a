import AttendanceCore
import Digests
import TestKit
import Testing
import Tokens

@Suite struct `A bearer token` {
    private static let secret = Array("golden-cases-secret-0123456789abcdef".utf8)
    private let signer = BearerSigner(secret: secret)

    private static let claims = BearerClaims(
        subject: "6a1c1f0e-2f8e-4a0b-9f5e-0d6f7f1d2b11", email: "a@college.example", role: "teacher", issuedAt: 1_770_883_200,
        expiresAt: 1_770_886_800)
    private static let payload =
        #"{"sub":"6a1c1f0e-2f8e-4a0b-9f5e-0d6f7f1d2b11","email":"a@college.example","role":"teacher","iat":1770883200,"exp":1770886800}"#

    private static func token(
        _ payload: String = payload, header: String = #"{"alg":"HS256","typ":"JWT"}"#, secret: [UInt8] = secret
    ) -> String {
        ForgedToken.shared(header: header, claims: payload, secret: secret)
    }

    @Test func `of another holder of the secret says what the contract has it say`() throws {
        #expect(try signer.claims(of: Self.token()) == Self.claims)
        #expect(try signer.claims(of: Self.token(header: #"{"alg":"HS256"}"#)) == Self.claims)
        #expect(try signer.claims(of: Self.token("{\"exp\":1}")).subject == nil)
    }

    @Test func `of ours says what ends it, too`() throws {
        var own = Self.claims
        own.own = .init(purpose: "aims/1", epoch: 3)
        let token = signer.sign(own)
        #expect(try signer.claims(of: token) == own)
        let parts = token.split(separator: ".").map { Base64URL.decode(String($0)) ?? [] }
        #expect(String(decoding: parts[0], as: UTF8.self) == #"{"alg":"HS256","typ":"JWT"}"#)
        #expect(String(decoding: parts[1], as: UTF8.self) == Self.payload.dropLast() + #","purpose":"aims/1","epoch":3}"#)
    }

    @Test(arguments: [
        "", "a", "a.b.c", "..", token() + "=", token() + ".", " " + token(), String(repeating: "x", count: 100_000),
        token(header: #"{"alg":"none","typ":"JWT"}"#), ForgedToken.unsigned(header: #"{"alg":"none"}"#, claims: payload),
        token(header: #"{"alg":"HS512","typ":"JWT"}"#), token(header: #"{"alg":"HS384","typ":"JWT"}"#),
        token(header: #"{"alg":"RS256","typ":"JWT"}"#), token(header: #"{"alg":"HS256","crit":["x"]}"#),
        token(header: #"{"alg":"HS256","alg":"none"}"#), token(secret: Array("another-secret-0123456789abcdefghij".utf8)),
        token("[]"), token("{}"), token(#"{"exp":"1770886800"}"#), token(#"{"exp":1770886800.5}"#), token(#"{"exp":1e9}"#),
        token(#"{"exp":1,"exp":2}"#), token(#"{"exp":1,"iat":"x"}"#), token(#"{"exp":1,"nbf":null}"#),
        token(#"{"exp":1,"aud":"another"}"#), token(#"{"exp":1,"token_type":"access"}"#), token(#"{"exp":1,"purpose":"aims/1"}"#),
        token(#"{"exp":1,"epoch":0}"#), token(#"{"exp":1,"purpose":"aims/1","epoch":"0"}"#),
    ])
    func `that is not rightly made is none`(text: String) {
        #expect(throws: BearerTokenFlaw.self) { try signer.claims(of: text) }
    }

    /// Both secrets can be the same text, as where somebody sets both settings to it.
    @Test func `opens nothing of another contract, and the other way round, even under one secret`() {
        let other = TokenSigner(key: Self.secret)
        var own = Self.claims
        own.own = .init(purpose: "timetracker/1/access", epoch: 0)
        #expect(other.claims(of: signer.sign(own)) == nil)
        let theirs = other.sign(
            TokenClaims(
                kind: .access, purpose: "timetracker/1/access", subject: Self.claims.subject ?? "", id: Array(0..<16), epoch: 0,
                issuedAt: 1_770_883_200, expiresAt: 1_770_886_800))
        #expect(throws: BearerTokenFlaw.self) { try signer.claims(of: theirs) }
    }
}
