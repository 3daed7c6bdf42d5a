/// Text as it came over the wire, compared and counted code point by code point.
///
/// Swift's `String` compares by canonical equivalence and counts visible letters, so it would take a composed and a
/// decomposed "é" for one badge and a flag emoji for one character. Here equality, order and hash follow the UTF-8 bytes,
/// whose order is the order of the code points, and ``scalarCount`` counts Unicode scalars.
public struct WireText: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let text: String

    public init(_ text: String) {
        self.text = text
    }

    public static func == (left: WireText, right: WireText) -> Bool {
        let (left, right) = (left.text.utf8, right.text.utf8)
        guard left.count == right.count else { return false }
        // Every native String lends its bytes without a copy; they are only read, and only inside the closures.
        let lent: Bool?? = unsafe left.withContiguousStorageIfAvailable { leftBytes in
            unsafe right.withContiguousStorageIfAvailable { rightBytes in unsafe leftBytes.elementsEqual(rightBytes) }
        }
        return (lent ?? nil) ?? left.elementsEqual(right)
    }

    public static func < (left: WireText, right: WireText) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }

    public func hash(into hasher: inout Hasher) {
        // The buffer is only read, and only inside the closure. Every native String lends its bytes without a copy.
        let lent: Void? = unsafe text.utf8.withContiguousStorageIfAvailable { bytes in
            unsafe hasher.combine(bytes: UnsafeRawBufferPointer(bytes))
        }
        if lent == nil {
            for byte in text.utf8 { hasher.combine(byte) }
        }
        hasher.combine(UInt8(0xFF))
    }

    public var isEmpty: Bool { text.utf8.isEmpty }

    /// How many Unicode scalars (code points) the text has.
    public var scalarCount: Int { text.unicodeScalars.count }

    public var description: String { text }
}

extension WireText: ExpressibleByStringInterpolation {
    public init(stringLiteral value: String) {
        self.init(value)
    }
}
