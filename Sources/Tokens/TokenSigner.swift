public import AttendanceCore
internal import Digests
internal import StrictJSON

/// Tokens of an installation: JSON Web Tokens signed with its present key, and checked with that and its former ones.
public struct TokenSigner: Sendable {
    /// No token of ours comes near it; a longer text is not looked into.
    public static let bytesMax = 2_048

    private let keys: [SigningKey]

    /// - Parameters:
    ///   - key: At least 32 bytes.
    ///   - formerKeys: Keys that tokens in use were signed with; at least 32 bytes each.
    public init(key: [UInt8], formerKeys: [[UInt8]] = []) {
        keys = ([key] + formerKeys).map { SigningKey($0) }
    }

    public func sign(_ claims: TokenClaims) -> String {
        keys[0].sign(
            JSONWriter.object {
                $0.member("token_type", claims.kind.rawValue)
                $0.member("exp", claims.expiresAt)
                $0.member("iat", claims.issuedAt)
                $0.member("jti", Hexadecimal.encode(claims.id))
                $0.member("user_id", claims.subject)
                $0.member("purpose", claims.purpose)
                $0.member("epoch", claims.epoch)
            })
    }

    /// The claims of a token that one of the keys has signed with HS256; nil for any other text. Nothing in an unsigned
    /// payload is looked at.
    public func claims(of token: String) -> TokenClaims? {
        guard token.utf8.count <= Self.bytesMax, CompactToken(token)?.isPlain("HS256") == true,
            let payload = keys.lazy.compactMap({ $0.payload(of: token) }).first
        else { return nil }
        return Self.claims(in: payload)
    }

    private static func claims(in payload: [UInt8]) -> TokenClaims? {
        guard let object = CompactToken.object(payload, bytesMax: bytesMax),
            let kind = object["token_type"]?.string.flatMap(TokenClaims.Kind.init),
            let expiresAt = object["exp"]?.number?.int64, let issuedAt = object["iat"]?.number?.int64,
            let id = object["jti"]?.string.flatMap(Hexadecimal.decode), id.count == 16,
            let subject = object["user_id"]?.string, let purpose = object["purpose"]?.string,
            let epoch = object["epoch"]?.number?.int64
        else { return nil }
        return TokenClaims(
            kind: kind, purpose: purpose, subject: subject, id: id, epoch: epoch, issuedAt: issuedAt, expiresAt: expiresAt)
    }
}
