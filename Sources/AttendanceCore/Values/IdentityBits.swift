package import struct FoundationEssentials.UUID

/// Identities as numbers and bytes, most significant first, as RFC 9562 writes them.
extension UUID {
    package var bits: UInt128 {
        UInt128(bigEndian: unsafe withUnsafeBytes(of: uuid) { unsafe $0.loadUnaligned(as: UInt128.self) })
    }

    package init(bits: UInt128) {
        func byte(_ place: Int) -> UInt8 { UInt8(truncatingIfNeeded: bits >> UInt128((15 - place) * 8)) }
        self.init(
            uuid: (
                byte(0), byte(1), byte(2), byte(3), byte(4), byte(5), byte(6), byte(7), byte(8), byte(9), byte(10), byte(11),
                byte(12), byte(13), byte(14), byte(15)
            ))
    }

    package var bytes: [UInt8] {
        let bits = bits
        return (0..<16).map { UInt8(truncatingIfNeeded: bits >> UInt128((15 - $0) * 8)) }
    }

    /// Nil for no bytes, or not sixteen.
    package init?(_ bytes: [UInt8]?) {
        guard let bytes, bytes.count == 16 else { return nil }
        self.init(bits: bytes.reduce(0) { $0 << 8 | UInt128($1) })
    }

    /// In lower case. Source: RFC 9562 §4.
    package var text: String {
        let bits = bits
        let digits: StaticString = "0123456789abcdef"
        return unsafe String(unsafeUninitializedCapacity: Self.textBytes) { text in
            var shift = 128
            for place in 0..<Self.textBytes {
                if Self.isHyphen(place) {
                    unsafe text[place] = 0x2D
                } else {
                    shift -= 4
                    unsafe text[place] = unsafe digits.utf8Start[Int(truncatingIfNeeded: bits >> UInt128(shift)) & 0xF]
                }
            }
            return Self.textBytes
        }
    }

    /// Reads what ``text`` writes, in either case; nil for any other text.
    package init?(text: String) {
        var bits: UInt128 = 0
        var place = 0
        for byte in text.utf8 {
            guard place < Self.textBytes else { return nil }
            if Self.isHyphen(place) {
                guard byte == 0x2D else { return nil }
            } else {
                switch byte {
                case 0x30...0x39: bits = bits << 4 | UInt128(byte - 0x30)
                case 0x41...0x46: bits = bits << 4 | UInt128(byte - 0x41 + 10)
                case 0x61...0x66: bits = bits << 4 | UInt128(byte - 0x61 + 10)
                default: return nil
                }
            }
            place += 1
        }
        guard place == Self.textBytes else { return nil }
        self.init(bits: bits)
    }

    private static let textBytes = 36

    private static func isHyphen(_ place: Int) -> Bool { place == 8 || place == 13 || place == 18 || place == 23 }

    /// Sixteen bytes of which six bits say what kind of identity they are. Source: RFC 9562 §4.1, §4.2.
    init(version: UInt128, of bytes: [UInt8]) {
        precondition(bytes.count == 16 && version < 16)
        let bits = bytes.reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
        let marks: UInt128 = 0xF << 76 | 0b11 << 62
        self.init(bits: bits & ~marks | version << 76 | 0b10 << 62)
    }
}
