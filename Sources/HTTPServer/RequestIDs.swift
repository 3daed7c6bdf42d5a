import Synchronization

/// Makes request identifiers, and judges those that a proxy sent.
final class RequestIDs: Sendable {
    private let prefix: UInt64
    private let count = Atomic<UInt64>(0)

    init() {
        prefix = UInt64.random(in: 0..<1 << 28)
    }

    /// Fifteen hexadecimal digits: seven that differ between runs, eight that count. Short enough to need no allocation.
    func next() -> String {
        let count = count.add(1, ordering: .relaxed).newValue
        var rest = prefix << 32 | count & 0xFFFF_FFFF
        return unsafe String(unsafeUninitializedCapacity: 15) { buffer in
            for index in stride(from: 14, through: 0, by: -1) {
                let digit = UInt8(rest & 0xF)
                unsafe buffer[index] = digit < 10 ? 0x30 + digit : 0x57 + digit
                rest >>= 4
            }
            return 15
        }
    }

    /// Whether an identifier from outside can stand in logs and headers: 1 to 64 of `A`–`Z`, `a`–`z`, `0`–`9`, `.`, `_`, `-`.
    static func isAcceptable(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
                default: false
                }
            }
    }
}
