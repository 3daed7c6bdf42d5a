/// The world around the core, one closure each, so that a test varies one of them in one line.
public struct Ambient: Sendable {
    /// The present moment, by the machine's clock.
    public var now: @Sendable () -> Instant
    /// Microseconds on a clock that only moves forward, from any beginning: for what lies between two readings of it.
    public var uptime: @Sendable () -> Int64
    /// Returns after so many microseconds.
    public var pause: @Sendable (_ microseconds: Int64) async -> Void
    /// So many bytes from a cryptographic random generator.
    public var randomBytes: @Sendable (_ count: Int) -> [UInt8]
    /// SHA-256 of the bytes.
    public var sha256: @Sendable ([UInt8]) -> Digest
    /// HMAC-SHA256 under a key: what it returns is used for many messages.
    public var hmac: @Sendable (_ key: [UInt8]) -> @Sendable ([UInt8]) -> Digest
    /// Whether two byte strings are equal, in a time that depends on their lengths only.
    public var equalInConstantTime: @Sendable ([UInt8], [UInt8]) -> Bool

    public init(
        now: @escaping @Sendable () -> Instant, uptime: @escaping @Sendable () -> Int64,
        pause: @escaping @Sendable (Int64) async -> Void, randomBytes: @escaping @Sendable (Int) -> [UInt8],
        sha256: @escaping @Sendable ([UInt8]) -> Digest, hmac: @escaping @Sendable ([UInt8]) -> @Sendable ([UInt8]) -> Digest,
        equalInConstantTime: @escaping @Sendable ([UInt8], [UInt8]) -> Bool
    ) {
        self.now = now
        self.uptime = uptime
        self.pause = pause
        self.randomBytes = randomBytes
        self.sha256 = sha256
        self.hmac = hmac
        self.equalInConstantTime = equalInConstantTime
    }
}
