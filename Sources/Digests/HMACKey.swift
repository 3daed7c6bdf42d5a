/// A key for HMAC-SHA256 (RFC 2104), prepared so that each message costs two blocks less.
///
/// It is a value that can be shared between threads. It is not printed: a log that shows it by accident shows nothing.
public struct HMACKey: Sendable {
    private static let blockBytes = 64
    /// The states after the padded key, from which every message goes on.
    private let inner: SHA256
    private let outer: SHA256

    /// Takes a key of any length; one of more than 64 bytes counts as its digest, as RFC 2104 says.
    public init(_ key: [UInt8]) {
        var block = key.count > Self.blockBytes ? SHA256.digest(of: key).bytes : key
        block.append(contentsOf: repeatElement(0, count: Self.blockBytes - block.count))
        var inner = SHA256()
        inner.update(block.map { $0 ^ 0x36 })
        var outer = SHA256()
        outer.update(block.map { $0 ^ 0x5C })
        self.inner = inner
        self.outer = outer
    }

    /// The authentication code of `message`.
    public func code(for message: Span<UInt8>) -> SHA256Digest {
        var inner = inner
        inner.update(message)
        return finish(inner)
    }

    /// The authentication code of `message`.
    public func code(for message: [UInt8]) -> SHA256Digest {
        code(for: message.span)
    }

    /// The authentication code of the UTF-8 of `message`.
    public func code(for message: String) -> SHA256Digest {
        code(for: message.utf8Span.span)
    }

    /// The authentication code of a message in several parts, which `add` adds one after the other.
    public func code(adding add: (inout SHA256) -> Void) -> SHA256Digest {
        var inner = inner
        add(&inner)
        return finish(inner)
    }

    private func finish(_ inner: SHA256) -> SHA256Digest {
        var outer = outer
        inner.digest().withBytes { outer.update($0) }
        return outer.digest()
    }
}

extension HMACKey: CustomStringConvertible, CustomReflectable {
    public var description: String { "HMACKey" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
