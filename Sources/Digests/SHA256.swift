internal import COpenSSL

/// SHA-256 over bytes that come in pieces.
///
/// It is a plain value of 112 bytes: a copy goes on from the same point on its own, and nothing has to be released.
public struct SHA256: Sendable {
    // Safe to send: the C structure holds numbers only, no pointers.
    private nonisolated(unsafe) var state = SHA256_CTX()

    public init() {
        unsafe copenssl_sha256_begin(&state)
    }

    /// Adds bytes behind those that were added before.
    public mutating func update(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBytes { unsafe copenssl_sha256_update(&state, $0.baseAddress, $0.count) }
    }

    /// Adds bytes behind those that were added before.
    public mutating func update(_ bytes: [UInt8]) {
        update(bytes.span)
    }

    /// Adds the UTF-8 of `text` behind the bytes that were added before.
    public mutating func update(_ text: String) {
        update(text.utf8Span.span)
    }

    /// The digest of everything added so far. More can be added afterwards, since a copy is finished here.
    public func digest() -> SHA256Digest {
        var copy = self
        var digest = SHA256Digest.zero
        unsafe withUnsafeMutableBytes(of: &digest.words) { unsafe copenssl_sha256_finish(&copy.state, $0.baseAddress) }
        return digest
    }

    /// The digest of `bytes`.
    public static func digest(of bytes: Span<UInt8>) -> SHA256Digest {
        var hasher = SHA256()
        hasher.update(bytes)
        return hasher.digest()
    }

    /// The digest of `bytes`.
    public static func digest(of bytes: [UInt8]) -> SHA256Digest {
        digest(of: bytes.span)
    }

    /// The digest of the UTF-8 of `text`.
    public static func digest(of text: String) -> SHA256Digest {
        digest(of: text.utf8Span.span)
    }
}

/// The 32 bytes of a SHA-256 digest or of an HMAC made with it.
///
/// `==` takes a time that depends on the bytes. What proves a secret is compared with ``isEqualInConstantTime(to:)``.
public struct SHA256Digest: Hashable, Sendable {
    public static let byteCount = 32

    /// The bytes in order, eight to a word, as they lie in memory.
    public internal(set) var words: (UInt64, UInt64, UInt64, UInt64)

    /// 32 zeros: what precedes the first link of a chain.
    public static let zero = SHA256Digest(words: (0, 0, 0, 0))

    private init(words: (UInt64, UInt64, UInt64, UInt64)) {
        self.words = words
    }

    /// The digest with these bytes, or nil if they are not exactly 32.
    public init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.byteCount else { return nil }
        words = (0, 0, 0, 0)
        unsafe withUnsafeMutableBytes(of: &words) { unsafe $0.copyBytes(from: bytes) }
    }

    /// The digest that 64 hexadecimal digits spell, or nil.
    public init?(hex: String) {
        guard let bytes = Hexadecimal.decode(hex) else { return nil }
        self.init(bytes)
    }

    public var bytes: [UInt8] {
        unsafe withUnsafeBytes(of: words) { unsafe [UInt8]($0) }
    }

    /// 64 hexadecimal digits in lower case.
    public var hex: String {
        Hexadecimal.encode(bytes)
    }

    /// Lends the bytes without copying them into an array.
    func withBytes(_ body: (Span<UInt8>) -> Void) {
        unsafe withUnsafeBytes(of: words) { raw in
            unsafe raw.withMemoryRebound(to: UInt8.self) { unsafe body(Span(_unsafeElements: $0)) }
        }
    }

    /// Whether the digests are equal, found in a time that does not depend on where they differ.
    public func isEqualInConstantTime(to other: SHA256Digest) -> Bool {
        unsafe withUnsafeBytes(of: words) { own in
            unsafe withUnsafeBytes(of: other.words) { unsafe CRYPTO_memcmp(own.baseAddress, $0.baseAddress, Self.byteCount) == 0 }
        }
    }

    public static func == (a: SHA256Digest, b: SHA256Digest) -> Bool {
        a.words == b.words
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
        hasher.combine(words.2)
        hasher.combine(words.3)
    }
}

extension SHA256Digest: CustomStringConvertible {
    public var description: String { hex }
}
