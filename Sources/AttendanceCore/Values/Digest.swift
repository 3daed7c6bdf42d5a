/// Thirty-two bytes: a SHA-256 value.
public struct Digest: Hashable, Sendable, CustomStringConvertible {
    /// The bytes in order, eight to a word, as they lie in memory.
    public let words: (UInt64, UInt64, UInt64, UInt64)

    public init(words: (UInt64, UInt64, UInt64, UInt64)) {
        self.words = words
    }

    /// - Precondition: `bytes` holds 32 bytes.
    public init(_ bytes: [UInt8]) {
        precondition(bytes.count == 32, "a digest has 32 bytes")
        words = (bytes.word(at: 0), bytes.word(at: 8), bytes.word(at: 16), bytes.word(at: 24))
    }

    public var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(32)
        append(to: &bytes)
        return bytes
    }

    public func append(to bytes: inout [UInt8]) {
        bytes.append(word: words.0)
        bytes.append(word: words.1)
        bytes.append(word: words.2)
        bytes.append(word: words.3)
    }

    public static func == (left: Digest, right: Digest) -> Bool {
        left.words == right.words
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
    }

    /// Lower-case hexadecimal digits.
    public var description: String {
        bytes.hexadecimal
    }
}

/// Sixteen bytes that stand for a text without giving it away: the front half of a keyed hash. A reference may begin with a
/// part of the number that its text ends in; see ``Sealer/reference(_:)``.
///
/// Two texts of one store share one with a probability of 2⁻¹²⁸ (references: at most 2⁻⁸⁸), so texts are compared by it
/// alone.
public struct Pseudonym: Hashable, Comparable, Sendable {
    /// The bytes in order, eight to a word, as they lie in memory.
    public let words: (UInt64, UInt64)

    /// - Precondition: `bytes` holds 16 bytes.
    public init(_ bytes: [UInt8]) {
        precondition(bytes.count == 16, "a pseudonym has 16 bytes")
        words = (bytes.word(at: 0), bytes.word(at: 8))
    }

    private init(words: (UInt64, UInt64)) {
        self.words = words
    }

    /// The front half of `digest`.
    public init(frontOf digest: Digest) {
        words = (digest.words.0, digest.words.1)
    }

    public var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(16)
        bytes.append(word: words.0)
        bytes.append(word: words.1)
        return bytes
    }

    /// This one with the lowest forty bits of `order` in the place of its first five bytes.
    func behind(_ order: UInt64) -> Pseudonym {
        let ordered = order << 24 | UInt64(bigEndian: words.0) & 0xFF_FFFF
        return Pseudonym(words: (ordered.bigEndian, words.1))
    }

    public static func == (left: Pseudonym, right: Pseudonym) -> Bool {
        left.words == right.words
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
    }

    /// The order of the bytes.
    public static func < (left: Pseudonym, right: Pseudonym) -> Bool {
        (UInt64(bigEndian: left.words.0), UInt64(bigEndian: left.words.1))
            < (UInt64(bigEndian: right.words.0), UInt64(bigEndian: right.words.1))
    }
}

extension [UInt8] {
    /// Eight bytes from `offset` on, as they lie in memory.
    fileprivate func word(at offset: Int) -> UInt64 {
        unsafe withUnsafeBytes { unsafe $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self) }
    }

    /// Appends a word's eight bytes as they lie in memory.
    fileprivate mutating func append(word: UInt64) {
        unsafe Swift.withUnsafeBytes(of: word) { unsafe append(contentsOf: $0) }
    }

    /// Lower-case hexadecimal digits, two a byte.
    var hexadecimal: String {
        map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }

    mutating func append(bigEndian value: UInt64) {
        append(word: value.bigEndian)
    }
}
