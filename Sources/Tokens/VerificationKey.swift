internal import CJOSE
internal import Digests
internal import StrictJSON

/// Somebody else's public key: RS256 (RFC 7518 §3.3), through cjose.
@safe final class VerificationKey: Sendable {
    /// Shorter ones can be broken. Source: RFC 7518 §3.3.
    static let bitsMin = 2_048
    /// To check a signature takes time that grows with the square; nobody uses a longer one.
    static let bitsMax = 8_192

    // Never changed after it is made, and cjose only reads a key while it checks, so threads may share it.
    private nonisolated(unsafe) let key: OpaquePointer

    /// Nil for numbers that are no key fit for use.
    /// - Parameters:
    ///   - modulus: Most significant byte first, without zeros in front.
    ///   - exponent: Likewise.
    init?(modulus: [UInt8], exponent: [UInt8]) {
        guard let front = modulus.first, front != 0, let last = modulus.last, last & 1 == 1 else { return nil }
        let bits = modulus.count * 8 - front.leadingZeroBitCount
        // An exponent of 1 would let every signature pass; long ones only cost time. Source: NIST SP 800-56B §6.2.
        guard (Self.bitsMin...Self.bitsMax).contains(bits), (1...4).contains(exponent.count), exponent[0] != 0,
            let unit = exponent.last, unit & 1 == 1, exponent != [1]
        else { return nil }
        var modulus = modulus
        var exponent = exponent
        let made = unsafe modulus.withUnsafeMutableBufferPointer { n in
            unsafe exponent.withUnsafeMutableBufferPointer { e in
                var spec = unsafe cjose_jwk_rsa_keyspec()
                unsafe spec.n = n.baseAddress
                unsafe spec.nlen = n.count
                unsafe spec.e = e.baseAddress
                unsafe spec.elen = e.count
                return unsafe cjose_jwk_create_RSA_spec(&spec, nil)
            }
        }
        guard let made = unsafe made else { return nil }
        unsafe key = made
    }

    deinit {
        unsafe cjose_jwk_release(key)
    }

    /// The payload of a token that the key's owner has signed; nil for any other.
    ///
    /// cjose goes by the algorithm that the token's header names, so whoever calls this has made sure which one that is.
    func payload(of token: String) -> [UInt8]? {
        unsafe SignedToken.payload(of: token, verifiedBy: key)
    }
}

/// The keys of a provider that are fit for use here, by their ids.
struct KeySet: Sendable {
    /// No provider has a tenth of it; a longer set is not looked into.
    static let keysMax = 64
    static let idBytesMax = 256

    /// By the bytes of their ids: Swift's texts take a composed and a decomposed letter for one.
    let keys: [[UInt8]: VerificationKey]

    /// Reads a JSON Web Key Set (RFC 7517 §5). What is no key for RS256 is passed over.
    ///
    /// A key whose private part stands there belongs to everybody, and of two keys with one id nobody knows which is meant: they
    /// are left out.
    /// - Throws: Words on why there is nothing to be had.
    init(_ text: [UInt8]) throws(KeySetFlaw) {
        let limits = JSONLimits(bytesMax: KeySetCache.answerBytesMax, depthMax: 8, nodesMax: 16_384)
        guard let root = try? JSONDocument(parsing: text, duplicates: .refuse, limits: limits).root, root.kind == .object,
            let items = root["keys"]?.items
        else { throw KeySetFlaw("the answer is no key set") }
        guard items.count <= Self.keysMax else { throw KeySetFlaw("the key set has more than \(Self.keysMax) keys") }
        var found: [[UInt8]: VerificationKey] = [:]
        var seen: Set<[UInt8]> = []
        for item in items {
            guard let id = item["kid"]?.string.map({ Array($0.utf8) }), (1...Self.idBytesMax).contains(id.count) else { continue }
            found[id] = seen.insert(id).inserted ? Self.key(item) : nil
        }
        guard !found.isEmpty else { throw KeySetFlaw("the key set has no key for RS256 that is fit for use") }
        keys = found
    }

    private static func key(_ item: JSONValue) -> VerificationKey? {
        guard item["kty"]?.string == "RSA", item["use"].map({ $0.string == "sig" }) ?? true,
            item["alg"].map({ $0.string == "RS256" }) ?? true,
            item["key_ops"].map({ $0.items?.contains { $0.string == "verify" } ?? false }) ?? true,
            !["d", "p", "q", "dp", "dq", "qi", "oth", "k"].contains(where: { item[$0] != nil }),
            let modulus = item["n"]?.string.flatMap(Base64URL.decode), let exponent = item["e"]?.string.flatMap(Base64URL.decode)
        else { return nil }
        return VerificationKey(modulus: modulus, exponent: exponent)
    }
}

/// Why a text is no set of keys.
public struct KeySetFlaw: Error, Sendable, Equatable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) {
        self.description = description
    }
}
