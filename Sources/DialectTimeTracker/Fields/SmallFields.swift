import AttendanceCore
import DialectKit
import StrictJSON

import struct FoundationEssentials.UUID

/// Yes or no, in any of the spellings that the original takes.
struct BooleanField: RequestField {
    /// An unticked box of a form is not sent.
    var absentInForm: Bool? { false }

    func read(_ sent: Sent) throws(FieldFault) -> Bool {
        if let boolean = sent.boolean { return boolean }
        if let number = sent.number?.double {
            if number == 1 { return true }
            if number == 0 { return false }
        }
        switch sent.string {
        case "t", "T", "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON", "1": return true
        case "f", "F", "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF", "0": return false
        default: throw FieldFault("Must be a valid boolean.")
        }
    }
}

extension RequestField where Self == BooleanField {
    static var boolean: Self { BooleanField() }
}

/// A whole number from 0 to 2147483647, also as a text.
struct CountField: RequestField {
    /// What the original's column holds.
    static let max: Int64 = 2_147_483_647
    static let textScalarsMax = 1_000

    func read(_ sent: Sent) throws(FieldFault) -> Int64 {
        if let string = sent.string, string.unicodeScalars.count > Self.textScalarsMax {
            throw FieldFault("String value too large.")
        }
        guard let text = sent.string ?? sent.number.map(Python.text(of:)), let integer = Self.integer(text) else {
            throw FieldFault("A valid integer is required.")
        }
        if integer > Self.max { throw FieldFault("Ensure this value is less than or equal to \(Self.max).") }
        if integer < 0 { throw FieldFault("Ensure this value is greater than or equal to 0.") }
        return integer
    }

    /// `int(text)` with a fraction of zeros cut off; digits beyond 64 bits are the largest number there is.
    private static func integer(_ text: String) -> Int64? {
        var rest = Python.stripped(text).unicodeScalars[...]
        if let point = rest.firstIndex(of: "."), rest[rest.index(after: point)...].allSatisfy({ $0 == "0" }) {
            rest = rest[..<point]
        }
        let isNegative = rest.first == "-"
        if isNegative || rest.first == "+" { rest = rest.dropFirst() }
        var value: Int64 = 0
        // Single underscores between digits are Python's.
        var mayUnderscore = false
        guard let last = rest.last, last != "_" else { return nil }
        for scalar in rest {
            if scalar == "_", mayUnderscore {
                mayUnderscore = false
                continue
            }
            guard scalar.properties.numericType == .decimal, let digit = scalar.properties.numericValue else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflowOfSum) = product.addingReportingOverflow(Int64(digit))
            value = overflow || overflowOfSum ? .max : sum
            mayUnderscore = true
        }
        return isNegative ? -value : value
    }
}

extension RequestField where Self == CountField {
    static var count: Self { CountField() }
}

/// An identity on the wire.
struct UUIDField: RequestField {
    func read(_ sent: Sent) throws(FieldFault) -> UUID {
        guard let id = Self.id(sent) else { throw FieldFault("Must be a valid UUID.") }
        return id
    }

    /// An integer is one too: its 128 bits.
    static func id(_ sent: Sent) -> UUID? {
        if let string = sent.string { return UUID(wire: string) }
        guard let number = sent.number, number.isInteger, let bits = UInt128(Python.text(of: number)) else {
            return sent.boolean.map { UUID(bits: $0 ? 1 : 0) }
        }
        return UUID(bits: bits)
    }
}

extension RequestField where Self == UUIDField {
    static var uuid: Self { UUIDField() }
}

extension UUID {
    /// Reads what Python's `uuid.UUID` takes: 32 hexadecimal digits in any case, with hyphens, braces and `urn:uuid:` or
    /// without.
    init?(wire text: String) {
        var rest = text[...]
        if rest.hasPrefix("urn:") { rest = rest.dropFirst(4) }
        if rest.hasPrefix("uuid:") { rest = rest.dropFirst(5) }
        var bits: UInt128 = 0
        var digits = 0
        for byte in rest.utf8 {
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "-"), UInt8(ascii: "{"), UInt8(ascii: "}"): continue
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
            default: return nil
            }
            digits += 1
            guard digits <= 32 else { return nil }
            bits = bits << 4 | UInt128(digit)
        }
        guard digits == 32 else { return nil }
        self.init(bits: bits)
    }
}

/// The identity of an employee to whom something is to belong. Whether there is one is asked later, so the text goes along
/// for the message.
struct EmployeeKeyField: RequestField {
    struct Key {
        let id: Identifier<Membership>
        let quoted: String
    }

    func read(_ sent: Sent) throws(FieldFault) -> Key {
        if sent.boolean != nil { throw FieldFault("Incorrect type. Expected pk value, received bool.") }
        if sent.string == "" { throw FieldFault("This field may not be null.") }
        guard let id = UUIDField.id(sent) else { throw FieldFault("“\(sent.quoted)” is not a valid UUID.") }
        return Key(id: Identifier(rawValue: id), quoted: sent.quoted)
    }
}

extension RequestField where Self == EmployeeKeyField {
    static var employeeKey: Self { EmployeeKeyField() }
}

/// One of a few words.
struct ChoiceField<Value>: RequestField {
    let choices: @Sendable (String) -> Value?

    func read(_ sent: Sent) throws(FieldFault) -> Value {
        guard let value = choices(sent.quoted) else { throw FieldFault("\"\(sent.quoted)\" is not a valid choice.") }
        return value
    }
}

/// Hours or minutes with two decimals, below a thousand: a column `numeric(5,2)`.
struct HundredthsField: RequestField {
    func read(_ sent: Sent) throws(FieldFault) -> Hundredths {
        guard let raw = sent.string ?? sent.number.map(Python.text(of:)) else {
            throw FieldFault("A valid number is required.")
        }
        if raw.unicodeScalars.count > CountField.textScalarsMax { throw FieldFault("String value too large.") }
        guard let number = Decimal(Python.stripped(raw)) else { throw FieldFault("A valid number is required.") }
        let (count, decimals) = (number.digits.count, max(0, -number.exponent))
        let total = number.exponent >= 0 ? count + number.exponent : max(count, decimals)
        guard total <= 5 else { throw FieldFault("Ensure that there are no more than 5 digits in total.") }
        guard decimals <= 2 else { throw FieldFault("Ensure that there are no more than 2 decimal places.") }
        guard total - decimals <= 3 else {
            throw FieldFault("Ensure that there are no more than 3 digits before the decimal point.")
        }
        var value: Int64 = 0
        for digit in number.digits { value = value * 10 + Int64(digit) }
        for _ in 0..<(number.exponent + 2) { value *= 10 }
        // A figure is never negative. Source: contract §2.3.
        guard value == 0 || !number.isNegative else { throw FieldFault("Ensure this value is greater than or equal to 0.") }
        return Hundredths(value)
    }

    /// A decimal number as digits and a power of ten.
    private struct Decimal {
        var isNegative = false
        /// Without zeros in front, and never empty.
        var digits: [UInt8] = []
        var exponent = 0

        init?(_ text: String) {
            var rest = text.utf8[...]
            isNegative = rest.first == UInt8(ascii: "-")
            if isNegative || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
            func takeDigits() -> [UInt8] {
                let taken = rest.prefix { 0x30...0x39 ~= $0 }
                rest = rest[taken.endIndex...]
                return taken.map { $0 - 0x30 }
            }
            digits = takeDigits()
            if rest.first == UInt8(ascii: ".") {
                rest = rest.dropFirst()
                let fraction = takeDigits()
                digits += fraction
                exponent = -fraction.count
            }
            guard !digits.isEmpty else { return nil }
            if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
                // A power that is no small number is far beyond every bound.
                guard let power = Int(String(Substring(rest.dropFirst()))) else { return nil }
                exponent += min(max(power, -10_000), 10_000)
                rest = rest[rest.endIndex...]
            }
            guard rest.isEmpty else { return nil }
            digits = Array(digits.drop { $0 == 0 })
            if digits.isEmpty { digits = [0] }
        }
    }
}

extension RequestField where Self == HundredthsField {
    static var hundredths: Self { HundredthsField() }
}
