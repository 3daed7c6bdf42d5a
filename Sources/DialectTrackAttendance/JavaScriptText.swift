import DialectKit

extension JavaScript {
    /// `text.trim()`: without the white space and line ends of ECMA-262 at either end. U+0085 is none of them.
    static func trimmed(_ text: String) -> String {
        let scalars = text.unicodeScalars
        let front = scalars.drop(while: isTrimmed)
        guard let last = front.lastIndex(where: { !isTrimmed($0) }) else { return "" }
        return String(front[...last])
    }

    /// The integer that a text begins with, and the nearest one that fits where it needs more than 64 bits.
    static func clampedInteger(beginning text: String) -> Int? {
        if let integer = integer(beginning: text) { return integer }
        let spelled = trimmed(text).utf8
        let isNegative = spelled.first == UInt8(ascii: "-")
        let unsigned = isNegative || spelled.first == UInt8(ascii: "+") ? spelled.dropFirst() : spelled[...]
        guard let first = unsigned.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else { return nil }
        return isNegative ? .min : .max
    }

    private static func isTrimmed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09...0x0D, 0x2028, 0x2029, 0xFEFF: true
        default: scalar.properties.generalCategory == .spaceSeparator
        }
    }
}
