public import StrictJSON

/// Readings that follow Python, because servers written in it defined what some clients may send, and what they are told.
public enum Python {
    /// `str(number)` of what `json.loads` makes of a number: integers keep their digits, `1.10` is `1.1`, `1e400` is `inf`.
    public static func text(of number: JSONNumber) -> String {
        number.isInteger ? (number.text == "-0" ? "0" : number.text) : text(of: number.double)
    }

    /// `repr(number)`: the fewest digits that read back as the same double, with an exponent below 1e-4 and from 1e16 on.
    public static func text(of number: Double) -> String {
        guard number.isFinite else { return number.isNaN ? "nan" : number < 0 ? "-inf" : "inf" }
        let sign = number.sign == .minus ? "-" : ""
        guard number != 0 else { return sign + "0.0" }
        let (digits, point) = digits(number.magnitude)
        func zeros(_ count: Int) -> String { String(repeating: "0", count: count) }
        switch point {
        case -3...0: return sign + "0." + zeros(-point) + digits
        case 1...16 where point < digits.utf8.count: return sign + digits.prefix(point) + "." + digits.dropFirst(point)
        case 1...16: return sign + digits + zeros(point - digits.utf8.count) + ".0"
        default:
            let power = point - 1
            let mantissa = digits.utf8.count == 1 ? digits : digits.prefix(1) + "." + digits.dropFirst()
            let exponent = String(power.magnitude)
            return sign + mantissa + "e" + (power < 0 ? "-" : "+") + (exponent.utf8.count == 1 ? "0" : "") + exponent
        }
    }

    /// `str(value)`: texts as they are, `True`, `None`, and lists and objects as Python prints them.
    public static func text(of value: JSONValue) -> String {
        value.string ?? printed(value)
    }

    /// The name of the type that `json.loads` makes of a value.
    public static func typeName(of value: JSONValue) -> String {
        switch value.kind {
        case .null: "NoneType"
        case .boolean: "bool"
        case .number: value.number?.isInteger == true ? "int" : "float"
        case .string: "str"
        case .array: "list"
        case .object: "dict"
        }
    }

    /// `text.strip()`.
    public static func stripped(_ text: String) -> String {
        let scalars = text.unicodeScalars
        let front = scalars.drop(while: isSpace)
        guard let last = front.lastIndex(where: { !isSpace($0) }) else { return "" }
        return String(front[...last])
    }

    /// `character.isspace()`.
    public static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09...0x0D, 0x1C...0x1F, 0x85, 0x2028, 0x2029: true
        case 0..<0x80: scalar == " "
        default: scalar.properties.generalCategory == .spaceSeparator
        }
    }

    private static func printed(_ value: JSONValue) -> String {
        switch value.kind {
        case .null: "None"
        case .boolean: value.boolean == true ? "True" : "False"
        case .number: value.number.map(text(of:)) ?? ""
        case .string: quoted(value.string ?? "")
        case .array: "[" + (value.items?.map(printed).joined(separator: ", ") ?? "") + "]"
        case .object:
            "{" + (value.members?.map { quoted($0.name) + ": " + printed($0.value) }.joined(separator: ", ") ?? "") + "}"
        }
    }

    /// `repr(text)`.
    private static func quoted(_ text: String) -> String {
        let quote: Unicode.Scalar = text.unicodeScalars.contains("'") && !text.unicodeScalars.contains("\"") ? "\"" : "'"
        var printed = String(quote)
        for scalar in text.unicodeScalars {
            switch scalar {
            case quote, "\\": printed += "\\" + String(scalar)
            case "\n": printed += "\\n"
            case "\r": printed += "\\r"
            case "\t": printed += "\\t"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                printed += (scalar.value < 16 ? "\\x0" : "\\x") + String(scalar.value, radix: 16)
            default: printed.unicodeScalars.append(scalar)
            }
        }
        return printed + String(quote)
    }

    /// The shortest digits without zeros at either end, and where the decimal point stands: 12.5 is `125` and 2.
    private static func digits(_ number: Double) -> (digits: String, point: Int) {
        let parts = number.description.split(separator: "e")
        let fixed = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        let written = fixed[0] + (fixed.count > 1 ? fixed[1] : "")
        let significant = written.drop { $0 == "0" }
        var digits = String(significant)
        while digits.last == "0" { digits.removeLast() }
        let power = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        return (digits, fixed[0].utf8.count - (written.utf8.count - significant.utf8.count) + power)
    }
}
