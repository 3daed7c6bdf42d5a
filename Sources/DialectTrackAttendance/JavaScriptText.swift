import DialectKit

extension JavaScript {
    /// The integer that a text begins with, and the nearest one that fits where it needs more than 64 bits.
    static func clampedInteger(beginning text: String) -> Int? {
        if let integer = integer(beginning: text) { return integer }
        let spelled = trimmed(text).utf8
        let isNegative = spelled.first == UInt8(ascii: "-")
        let unsigned = isNegative || spelled.first == UInt8(ascii: "+") ? spelled.dropFirst() : spelled[...]
        guard let first = unsigned.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else { return nil }
        return isNegative ? .min : .max
    }
}
