internal import CJOSE

/// A secret that tokens are signed with and checked by: HMAC-SHA256 (JWS, RFC 7515 and 7518 §3.2), through cjose.
///
/// Nothing of it is printed.
@safe final class SigningKey: Sendable {
    // Never changed after it is made, and cjose only reads a key while it signs or checks, so threads may share it.
    private nonisolated(unsafe) let key: OpaquePointer

    /// - Precondition: At least 32 bytes: a shorter key weakens the signature (RFC 7518 §3.2).
    init(_ bytes: [UInt8]) {
        precondition(bytes.count >= 32, "a key for HS256 has at least 32 bytes")
        guard let made = unsafe cjose_jwk_create_oct_spec(bytes, bytes.count, nil) else {
            preconditionFailure("only a lack of memory keeps a key from being made")
        }
        unsafe key = made
    }

    deinit {
        unsafe cjose_jwk_release(key)
    }

    /// The payload with its header and signature in the compact form: three parts in base64, joined by full stops.
    func sign(_ payload: [UInt8]) -> String {
        guard let text = compact(payload) else { preconditionFailure("only a lack of memory keeps a token from being signed") }
        return text
    }

    private func compact(_ payload: [UInt8]) -> String? {
        guard let header = unsafe cjose_header_new(nil) else { return nil }
        defer { unsafe cjose_header_release(header) }
        guard unsafe cjose_header_set(header, "alg", "HS256", nil), unsafe cjose_header_set(header, "typ", "JWT", nil)
        else { return nil }
        guard let signed = unsafe cjose_jws_sign(key, header, payload, payload.count, nil) else { return nil }
        defer { unsafe cjose_jws_release(signed) }
        var exported: UnsafePointer<CChar>?
        // It belongs to what was signed, so it is copied before that goes.
        guard unsafe cjose_jws_export(signed, &exported, nil), let exported = unsafe exported else { return nil }
        return unsafe String(cString: exported)
    }

    /// The payload of a token that this key has signed; nil for any other.
    ///
    /// cjose goes by the algorithm that the token's header names, so whoever calls this has made sure which one that is.
    func payload(of token: String) -> [UInt8]? {
        unsafe SignedToken.payload(of: token, verifiedBy: key)
    }
}

/// Tokens as cjose takes them apart.
enum SignedToken {
    /// The payload of a token that a key has signed; nil for any other.
    static func payload(of token: String, verifiedBy key: OpaquePointer) -> [UInt8]? {
        var token = token
        return token.withUTF8 { bytes in
            let parsed = unsafe bytes.withMemoryRebound(to: CChar.self) {
                unsafe cjose_jws_import($0.baseAddress, $0.count, nil)
            }
            guard let parsed = unsafe parsed else { return nil }
            defer { unsafe cjose_jws_release(parsed) }
            guard unsafe cjose_jws_verify(parsed, key, nil) else { return nil }
            var payload: UnsafeMutablePointer<UInt8>?
            var count = 0
            guard unsafe cjose_jws_get_plaintext(parsed, &payload, &count, nil), let payload = unsafe payload else { return nil }
            return unsafe [UInt8](UnsafeBufferPointer(start: payload, count: count))
        }
    }
}
