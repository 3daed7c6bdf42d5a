public import StrictJSON

/// Readings that follow JavaScript, because a server written in it defined what some clients may send.
public enum JavaScript {
    /// A scalar as a text: strings as they are, numbers as `String(number)`, `true`, `false`, and the empty text for `null`.
    /// Nil for arrays and objects.
    public static func text(of value: JSONValue) -> String? {
        switch value.kind {
        case .string: value.string
        case .number: value.number.map(text(of:))
        case .boolean: value.boolean == true ? "true" : "false"
        case .null: ""
        case .array, .object: nil
        }
    }

    /// What `String(number)` gives for a number literal: `1.10` is `1.1`, `-0` is `0`, `1e21` is `1e+21`.
    public static func text(of number: JSONNumber) -> String {
        // Up to 15 digits a double is exact, so the spelling is already the answer; `-0` is the exception.
        if number.isInteger, number.text.utf8.count <= 15, number.text != "-0" { return number.text }
        return text(of: number.double)
    }

    /// What `String(number)` gives: the fewest digits that read back as the same double, written out between 1e-7 and
    /// 1e21 and with an exponent beyond. Source: ECMA-262, Number::toString.
    public static func text(of number: Double) -> String {
        guard number.isFinite else { return number.isNaN ? "NaN" : number < 0 ? "-Infinity" : "Infinity" }
        guard number != 0 else { return "0" }
        let sign = number < 0 ? "-" : ""
        let (digits, exponent) = shortestDigits(number.magnitude)
        func zeros(_ count: Int) -> String { String(repeating: "0", count: count) }
        switch exponent {
        case -5...0:
            return sign + "0." + zeros(-exponent) + digits
        case 1...21 where exponent < digits.utf8.count:
            return sign + digits.prefix(exponent) + "." + digits.dropFirst(exponent)
        case 1...21:
            return sign + digits + zeros(exponent - digits.utf8.count)
        default:
            let power = exponent - 1
            let mantissa = digits.utf8.count == 1 ? digits : digits.prefix(1) + "." + digits.dropFirst()
            return sign + mantissa + "e" + (power < 0 ? "-" : "+") + String(power.magnitude)
        }
    }

    /// The integer that `parseInt(text, 10)` finds: white space, a sign, digits, then anything. Nil if there is none, and
    /// for one that 64 bits cannot hold.
    public static func integer(beginning text: String) -> Int? {
        var rest = text.unicodeScalars.drop(while: isWhiteSpace)
        var digits = ""
        if let sign = rest.first, sign == "-" || sign == "+" {
            digits.unicodeScalars.append(sign)
            rest = rest.dropFirst()
        }
        digits.unicodeScalars.append(contentsOf: rest.prefix { "0"..."9" ~= $0 })
        return Int(digits)
    }

    /// The integer that a value is or, as a text, begins with; nil for any other.
    ///
    /// `12.0` is an integer, since JavaScript cannot tell it from `12`; `12.9` is none.
    public static func integer(_ value: JSONValue) -> Int? {
        if let text = value.string { return integer(beginning: text) }
        guard let number = value.number else { return nil }
        return number.int64.map { Int($0) } ?? Int(exactly: number.double)
    }

    /// The shortest digits of a positive double without zeros at either end, and the power of ten that 0.DIGITS is to be
    /// multiplied with.
    private static func shortestDigits(_ number: Double) -> (digits: String, exponent: Int) {
        // `description` has the shortest digits, as "123.0", "0.00015", "1.5e-07" or "1e+21".
        let parts = number.description.split(separator: "e")
        let fixed = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        let fraction = fixed.count > 1 ? fixed[1] : ""
        let written = fixed[0] + fraction
        let significant = written.drop { $0 == "0" }
        let power = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        let exponent = fixed[0].utf8.count - (written.utf8.count - significant.utf8.count) + power
        var digits = String(significant)
        while digits.last == "0" { digits.removeLast() }
        return (digits, exponent)
    }

    /// `text.trim()`: without the white space and line ends of ECMA-262 at either end. U+0085 is none of them.
    public static func trimmed(_ text: String) -> String {
        let scalars = text.unicodeScalars
        let front = scalars.drop(while: isWhiteSpace)
        guard let last = front.lastIndex(where: { !isWhiteSpace($0) }) else { return "" }
        return String(front[...last])
    }

    /// The white space and line ends of ECMA-262.
    private static func isWhiteSpace(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09...0x0D, 0x2028, 0x2029, 0xFEFF: true
        default: scalar.properties.generalCategory == .spaceSeparator
        }
    }
}

/// An integer, or a text that begins with one.
public struct LeadingIntegerReading: FieldReading {
    public func read(_ value: JSONValue) throws(ViolationReason) -> Int {
        guard let integer = JavaScript.integer(value) else {
            throw value.string == nil ? ViolationReason(value, insteadOf: .integer) : .unreadable(as: .integer)
        }
        return integer
    }
}

extension FieldReading where Self == LeadingIntegerReading {
    /// An integer, or a text that begins with one; see ``JavaScript/integer(_:)``.
    public static var leadingInteger: Self { LeadingIntegerReading() }
}
