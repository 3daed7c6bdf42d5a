public import AttendanceCore
internal import StrictJSON

/// Tokens in the form of AIMS: HS256 under a secret that others may hold too. Source: contract aims §2.4.
public struct BearerSigner: Sendable {
    /// No token of the contract comes near it; a longer text is not looked into.
    public static let bytesMax = 4_096

    private let key: SigningKey

    /// - Parameter secret: At least 32 bytes.
    public init(secret: [UInt8]) {
        key = SigningKey(secret)
    }

    public func sign(_ claims: BearerClaims) -> String {
        key.sign(
            JSONWriter.object {
                $0.member("sub", claims.subject)
                $0.member("email", claims.email)
                $0.member("role", claims.role)
                $0.member("iat", claims.issuedAt)
                $0.member("exp", claims.expiresAt)
                if let own = claims.own {
                    $0.member("purpose", own.purpose)
                    $0.member("epoch", own.epoch)
                }
            })
    }

    /// The claims of a token that the secret has signed with HS256. Nothing in an unsigned payload is looked at.
    ///
    /// Moments are whole seconds, as the contract has them. A token for another audience, or one of another form that is signed
    /// with the same secret, is none of ours.
    public func claims(of token: String) throws(BearerTokenFlaw) -> BearerClaims {
        guard token.utf8.count <= Self.bytesMax else { throw BearerTokenFlaw("it is too long") }
        guard let compact = CompactToken(token) else { throw BearerTokenFlaw("it has not the form of a token") }
        guard compact.isPlain("HS256") else { throw BearerTokenFlaw("the specified alg value is not allowed") }
        guard let payload = key.payload(of: token) else { throw BearerTokenFlaw("signature verification failed") }
        guard let object = CompactToken.object(payload, bytesMax: Self.bytesMax) else {
            throw BearerTokenFlaw("its claims are no object")
        }
        guard object["aud"] == nil, object["token_type"] == nil else { throw BearerTokenFlaw("it was made for something else") }
        func seconds(_ name: String) throws(BearerTokenFlaw) -> Int64? {
            guard let member = object[name] else { return nil }
            guard let value = member.number?.int64 else { throw BearerTokenFlaw("\(name) is no whole number") }
            return value
        }
        guard let expiresAt = try seconds("exp") else { throw BearerTokenFlaw("exp is missing") }
        let issuedAt = try seconds("iat")
        let notBefore = try seconds("nbf")
        var own: BearerClaims.Own?
        if object["purpose"] != nil || object["epoch"] != nil {
            // A token of ours says both, and one that says a part of it is somebody's forgery of one.
            guard let purpose = object["purpose"]?.string, let epoch = object["epoch"]?.number?.int64 else {
                throw BearerTokenFlaw("it was made for something else")
            }
            own = .init(purpose: purpose, epoch: epoch)
        }
        return BearerClaims(
            subject: object["sub"]?.string, email: object["email"]?.string, role: object["role"]?.string, issuedAt: issuedAt,
            notBefore: notBefore, expiresAt: expiresAt, own: own)
    }
}

extension BearerTokens {
    public init(signer: BearerSigner, lifeSeconds: Int64 = Self.lifeSecondsStandard) {
        self.init(
            sign: { signer.sign($0) }, claims: { token throws(BearerTokenFlaw) in try signer.claims(of: token) },
            lifeSeconds: lifeSeconds)
    }
}
