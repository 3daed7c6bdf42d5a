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
        guard token.utf8.count <= Self.bytesMax, Self.namesOurAlgorithm(token),
            let payload = keys.lazy.compactMap({ $0.payload(of: token) }).first
        else { return nil }
        return Self.claims(in: payload)
    }

    /// Whether the text is three parts, of which the first is a header that asks for HS256 and for nothing that is not
    /// understood here. This decides which algorithm is used, never the token: RFC 8725 §3.1.
    private static func namesOurAlgorithm(_ token: String) -> Bool {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        // cjose takes padding too; here every token has one spelling.
        let decoded = parts.map { Base64URL.decode(String($0)) }
        guard decoded.count == 3, decoded.allSatisfy({ $0?.isEmpty == false }), let header = decoded[0].flatMap(object)
        else { return false }
        let type = header["typ"]
        return header["alg"]?.string == "HS256" && (type == nil || type?.string == "JWT") && header["crit"] == nil
            && header["b64"] == nil
    }

    private static func claims(in payload: [UInt8]) -> TokenClaims? {
        guard let object = object(payload),
            let kind = object["token_type"]?.string.flatMap(TokenClaims.Kind.init),
            let expiresAt = object["exp"]?.number?.int64, let issuedAt = object["iat"]?.number?.int64,
            let id = object["jti"]?.string.flatMap(Hexadecimal.decode), id.count == 16,
            let subject = object["user_id"]?.string, let purpose = object["purpose"]?.string,
            let epoch = object["epoch"]?.number?.int64
        else { return nil }
        return TokenClaims(
            kind: kind, purpose: purpose, subject: subject, id: id, epoch: epoch, issuedAt: issuedAt, expiresAt: expiresAt)
    }

    /// Two members of one name would be read in two ways by two programs, so there are none.
    private static func object(_ bytes: [UInt8]) -> JSONValue? {
        let limits = JSONLimits(bytesMax: bytesMax, depthMax: 4, nodesMax: 64)
        // Why it is no JSON is of no interest: it is no token then.
        guard let root = try? JSONDocument(parsing: bytes, duplicates: .refuse, limits: limits).root, root.kind == .object
        else { return nil }
        return root
    }
}
