import AttendanceCore
import Digests
import StrictJSON
import Testing
import Tokens

/// Tokens of a signer and tokens that somebody else has put together.
@Suite struct `A token` {
    private static let key = Array("an-example-key-of-more-than-32-bytes".utf8)
    private let signer = TokenSigner(key: key)

    private static let claims = TokenClaims(
        kind: .access, purpose: "timetracker/1/access", subject: "7f1c6f5e-0d43-4c43-9d1a-3f6f9f0f7c11",
        id: Array(0..<16), epoch: 3, issuedAt: 1_770_883_200, expiresAt: 2_086_243_200)
    private static let payload =
        #"{"token_type":"access","exp":2086243200,"iat":1770883200,"jti":"000102030405060708090a0b0c0d0e0f","#
        + #""user_id":"7f1c6f5e-0d43-4c43-9d1a-3f6f9f0f7c11","purpose":"timetracker/1/access","epoch":3}"#

    /// Puts a token together by RFC 7515 alone, without the library under test.
    private static func token(_ header: String, _ payload: String = payload, key: [UInt8] = key) -> String {
        let content = Base64URL.encode(Array(header.utf8)) + "." + Base64URL.encode(Array(payload.utf8))
        return content + "." + Base64URL.encode(HMACKey(key).code(for: content).bytes)
    }

    @Test func `says what it was made of`() {
        #expect(signer.claims(of: signer.sign(Self.claims)) == Self.claims)
    }

    @Test func `is what the standard makes of header and payload`() throws {
        let parts = signer.sign(Self.claims).split(separator: ".").map(String.init)
        try #require(parts.count == 3)
        let header = try #require(Base64URL.decode(parts[0]))
        let body = try #require(Base64URL.decode(parts[1]))
        #expect(try JSONDocument(parsing: header, duplicates: .refuse).root["alg"]?.string == "HS256")
        #expect(String(decoding: body, as: UTF8.self) == Self.payload)
        #expect(parts[2] == Base64URL.encode(HMACKey(Self.key).code(for: parts[0] + "." + parts[1]).bytes))
        #expect(signer.claims(of: Self.token(#"{"typ":"JWT","alg":"HS256"}"#)) == Self.claims)
        #expect(signer.claims(of: Self.token(#"{"alg":"HS256"}"#)) == Self.claims)
    }

    /// Signed with the right key each, so that the header alone is at fault.
    @Test(arguments: [
        #"{"alg":"none"}"#, #"{"alg":"None","typ":"JWT"}"#, #"{"alg":"HS384"}"#, #"{"alg":"HS512"}"#, #"{"alg":"RS256"}"#,
        #"{"alg":"ES256"}"#, #"{"alg":"hs256"}"#, #"{"alg":["HS256"]}"#, #"{"alg":"HS256","alg":"none"}"#,
        #"{"typ":"JWT"}"#, #"{"alg":"HS256","typ":"JWE"}"#, #"{"alg":"HS256","crit":["exp"]}"#, #"{"alg":"HS256","b64":false}"#,
        #"{"alg":null}"#, #"["HS256"]"#, "HS256", "",
    ])
    func `with another header is none`(header: String) {
        #expect(signer.claims(of: Self.token(header)) == nil)
    }

    /// Signatures over the same payload under the same key, made with Python's `hmac`.
    private static let othersSignatures = [
        (
            #"{"alg":"HS384","typ":"JWT"}"#,
            "zMTu0C4q_Hf-DYqhrt5HaJDOBDVnZuX8w-RSnalAMWjtsJ6Hf3ituErutztZ_idi"
        ),
        (
            #"{"alg":"HS512","typ":"JWT"}"#,
            "htwL_wtvG5NqouWi2KZGSysCCR2unYWOYOl1RHxCIH0Dola9gZHoL309NqYALmnpcTkWJeJsKCa8MDD0zwrd4A"
        ),
    ]

    @Test func `signed by another algorithm, or not at all, is none`() {
        let unsigned = Self.token(#"{"alg":"none"}"#).split(separator: ".").prefix(2).joined(separator: ".")
        for text in [unsigned + ".", unsigned, unsigned + ".AA"] { #expect(signer.claims(of: text) == nil, "\(text)") }
        for (header, signature) in Self.othersSignatures {
            let content = Base64URL.encode(Array(header.utf8)) + "." + Base64URL.encode(Array(Self.payload.utf8))
            #expect(signer.claims(of: content + "." + signature) == nil, "\(header)")
        }
        let good = signer.sign(Self.claims)
        let parts = good.split(separator: ".").map(String.init)
        for text in [
            parts[0] + "." + parts[1] + ".", parts[0] + "." + parts[1], "." + parts[1] + "." + parts[2], good + ".x",
            good + "=", " " + good, good + "\n", parts[0] + "." + parts[1] + "." + String(parts[2].dropLast()), "", ".", "..",
            "a.b.c",
            good.replacingOccurrence(of: parts[1], with: Base64URL.encode(Array(Self.payload.utf8.dropLast()) + [0x20, 0x7D])),
        ] { #expect(signer.claims(of: text) == nil, "\(text)") }
    }

    @Test func `signed with another key is none, with a former one it holds`() {
        let former = Array("the-key-that-was-in-use-before-this-one".utf8)
        let old = TokenSigner(key: former).sign(Self.claims)
        #expect(signer.claims(of: old) == nil)
        let rotated = TokenSigner(key: Self.key, formerKeys: [former])
        #expect(rotated.claims(of: old) == Self.claims)
        #expect(rotated.claims(of: signer.sign(Self.claims)) == Self.claims)
        // New ones are signed with the present key only.
        #expect(TokenSigner(key: former).claims(of: rotated.sign(Self.claims)) == nil)
    }

    @Test(arguments: [
        ("\"token_type\":\"access\"", "\"token_type\":\"sliding\""), ("\"exp\":2086243200", "\"exp\":2086243200.5"),
        ("\"exp\":2086243200", "\"exp\":\"2086243200\""), ("\"exp\":2086243200,", ""), ("\"iat\":1770883200,", ""),
        ("000102", "00010"), ("000102", "zz0102"), ("\"user_id\":\"7f1c6f5e-0d43-4c43-9d1a-3f6f9f0f7c11\",", ""),
        ("\"user_id\":\"7f1c6f5e", "\"user_id\":7,\"other\":\"7f1c6f5e"), (",\"purpose\":\"timetracker/1/access\"", ""),
        (",\"epoch\":3", ""), ("\"epoch\":3", "\"epoch\":3,\"epoch\":4"),
    ])
    func `whose claims are not ours is none, although we signed it`(claim: String, other: String) {
        let payload = Self.payload.replacingOccurrence(of: claim, with: other)
        #expect(payload != Self.payload)
        #expect(signer.claims(of: Self.token(#"{"alg":"HS256"}"#, payload)) == nil)
    }

    /// The tokens of the original have no purpose, so they open nothing even where its key is kept.
    @Test func `of the original is none`() {
        let payload =
            #"{"token_type":"access","exp":2086243200,"iat":1770883200,"jti":"000102030405060708090a0b0c0d0e0f","#
            + #""user_id":"7f1c6f5e-0d43-4c43-9d1a-3f6f9f0f7c11"}"#
        #expect(signer.claims(of: Self.token(#"{"alg":"HS256","typ":"JWT"}"#, payload)) == nil)
    }

    @Test func `of a length that none of ours has is not looked into`() {
        let padding = String(repeating: " ", count: TokenSigner.bytesMax)
        let long = Self.token(#"{"alg":"HS256"}"#, Self.payload + padding)
        #expect(signer.claims(of: long) == nil)
        #expect(signer.claims(of: Self.token(#"{"alg":"HS256"}"#, Self.payload + "  ")) == Self.claims)
    }

    @Test func `is signed by many threads at once`() async {
        let signer = signer
        let right = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask { (0..<500).count { _ in signer.claims(of: signer.sign(Self.claims)) == Self.claims } }
            }
            return await group.reduce(0, +)
        }
        #expect(right == 4_000)
    }
}

extension String {
    /// With the first `part` replaced.
    fileprivate func replacingOccurrence(of part: String, with other: String) -> String {
        guard let range = firstRange(of: part) else { return self }
        return replacingCharacters(in: range, with: other)
    }

    private func replacingCharacters(in range: Range<String.Index>, with other: String) -> String {
        String(self[..<range.lowerBound]) + other + String(self[range.upperBound...])
    }
}
