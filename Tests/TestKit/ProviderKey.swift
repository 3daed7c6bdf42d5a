import COpenSSL
import Digests

/// A real RSA key of an identity provider, with its private part. It signs whatever it is told to, so that what a token says can
/// be wrong while its signature is right.
@safe public final class ProviderKey: Sendable {
    public let id: String
    // Never changed after it is made; libcrypto only reads it while it signs.
    private nonisolated(unsafe) let key: OpaquePointer
    /// SEQUENCE { INTEGER modulus, INTEGER exponent }, in DER. Source: RFC 8017 A.1.1.
    private let publicDER: [UInt8]

    public init(id: String, bits: Int32 = 2_048) {
        self.id = id
        let context = unsafe EVP_PKEY_CTX_new_id(EVP_PKEY_RSA, nil)
        defer { unsafe EVP_PKEY_CTX_free(context) }
        var made: OpaquePointer?
        let isMade =
            unsafe EVP_PKEY_keygen_init(context) == 1 && EVP_PKEY_CTX_ctrl_str(context, "rsa_keygen_bits", String(bits)) == 1
            && EVP_PKEY_keygen(context, &made) == 1
        guard isMade, let made = unsafe made else { preconditionFailure("libcrypto makes no key") }
        unsafe key = made
        var bytes: UnsafeMutablePointer<UInt8>?
        let count = unsafe Int(i2d_PublicKey(made, &bytes))
        publicDER = unsafe Array(UnsafeBufferPointer(start: bytes, count: count))
        unsafe CRYPTO_free(bytes, "", 0)
    }

    deinit { unsafe EVP_PKEY_free(key) }

    /// The key's numbers as a JSON Web Key's members `n` and `e`.
    public var numbers: (n: String, e: String) {
        var rest = publicDER[...]
        _ = Self.element(&rest)
        let modulus = Self.element(&rest)
        rest = rest.dropFirst(modulus.count)
        let exponent = Self.element(&rest)
        return (
            Base64URL.encode(Array(modulus.drop { $0 == 0 })), Base64URL.encode(Array(exponent.drop { $0 == 0 }))
        )
    }

    /// As it stands in a key set.
    /// - Parameter more: Members beside the usual ones, each with a comma in front.
    public func jwk(id: String? = nil, more: String = "") -> String {
        #"{"kty":"RSA","use":"sig","alg":"RS256","kid":"\#(id ?? self.id)","n":"\#(numbers.n)","e":"\#(numbers.e)"\#(more)}"#
    }

    /// The public part as others write it into files, for those who would take it for a shared secret.
    public var pem: String {
        let algorithm: [UInt8] = [0x30, 0x0D, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01, 0x05, 0x00]
        let bits = Self.wrapped(0x03, [0] + publicDER)
        let text = Base64URL.encode(Self.wrapped(0x30, algorithm + bits)).map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 }
        let padded = String(text) + String(repeating: "=", count: (4 - text.count % 4) % 4)
        var lines = "-----BEGIN PUBLIC KEY-----\n"
        var rest = padded[...]
        while !rest.isEmpty {
            lines += rest.prefix(64) + "\n"
            rest = rest.dropFirst(64)
        }
        return lines + "-----END PUBLIC KEY-----\n"
    }

    /// RS256 over whatever stands in the two parts.
    public func signature(of text: String) -> [UInt8] {
        let context = unsafe EVP_MD_CTX_new()
        defer { unsafe EVP_MD_CTX_free(context) }
        var signature = [UInt8](repeating: 0, count: 1_024)
        var count = signature.count
        let bytes = Array(text.utf8)
        let isSigned =
            unsafe EVP_DigestSignInit(context, nil, EVP_sha256(), nil, key) == 1
            && EVP_DigestSign(context, &signature, &count, bytes, bytes.count) == 1
        precondition(isSigned, "libcrypto signs nothing")
        return Array(signature.prefix(count))
    }

    /// A token of a header and claims, as they stand.
    public func token(header: String? = nil, claims: String) -> String {
        let header = header ?? #"{"alg":"RS256","typ":"JWT","kid":"\#(id)"}"#
        let text = Base64URL.encode(Array(header.utf8)) + "." + Base64URL.encode(Array(claims.utf8))
        return text + "." + Base64URL.encode(signature(of: text))
    }

    /// Enters the next element of a text in DER and returns what is in it.
    private static func element(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        rest = rest.dropFirst()
        var length = Int(rest.popFirst() ?? 0)
        if length > 0x80 { length = (0..<(length - 0x80)).reduce(0) { sum, _ in sum << 8 | Int(rest.popFirst() ?? 0) } }
        return rest.prefix(length)
    }

    private static func wrapped(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        let count = content.count
        let length: [UInt8] =
            count < 0x80 ? [UInt8(count)] : [0x82, UInt8(count >> 8), UInt8(truncatingIfNeeded: count)]
        return [tag] + length + content
    }
}

/// Tokens without a key of a provider, for those who try.
public enum ForgedToken {
    /// HS256 with any secret.
    public static func shared(header: String, claims: String, secret: [UInt8]) -> String {
        let text = Base64URL.encode(Array(header.utf8)) + "." + Base64URL.encode(Array(claims.utf8))
        return text + "." + Base64URL.encode(HMACKey(secret).code(for: text).bytes)
    }

    public static func unsigned(header: String, claims: String) -> String {
        Base64URL.encode(Array(header.utf8)) + "." + Base64URL.encode(Array(claims.utf8)) + "."
    }
}

/// The claims of an ID token, each as JSON text; a test sets and drops what it is about.
public struct IDTokenClaims: Sendable {
    public static let clientID = "golden-client.apps.googleusercontent.com"

    public var members: [(name: String, json: String)]

    /// What Google says of somebody who signs in now.
    public init(email: String, name: String? = nil, now: Int64, audience: String = Self.clientID) {
        members = [
            ("iss", "\"https://accounts.google.com\""), ("aud", "\"\(audience)\""), ("azp", "\"\(audience)\""),
            ("sub", "\"g-\(email)\""), ("email", "\"\(email)\""), ("email_verified", "true"),
            ("iat", "\(now - 5)"), ("exp", "\(now + 3_600)"),
        ]
        if let name { members.append(("name", "\"\(name)\"")) }
    }

    public func setting(_ name: String, _ json: String) -> IDTokenClaims {
        var changed = dropping(name)
        changed.members.append((name, json))
        return changed
    }

    public func dropping(_ name: String) -> IDTokenClaims {
        var changed = self
        changed.members.removeAll { $0.name == name }
        return changed
    }

    public var json: String {
        "{" + members.map { "\"\($0.name)\":\($0.json)" }.joined(separator: ",") + "}"
    }
}
