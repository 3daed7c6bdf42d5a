import AttendanceCore
import DialectKit
import StrictJSON

import struct FoundationEssentials.UUID

/// A string, kept as it came.
struct TextReading: ValueReading {
    /// Whether something has to be left of it without the white space at its ends.
    let isFilled: Bool

    func read(_ value: WireValue) throws(ValueFault) -> WireText {
        guard let text = value.string else { throw .notText }
        // PostgreSQL keeps no text with it.
        guard !text.utf8.contains(0) else { throw .value("U+0000 cannot be stored") }
        if isFilled, Python.stripped(text).isEmpty { throw .emptyText }
        return WireText(text)
    }
}

extension ValueReading where Self == TextReading {
    static var text: Self { TextReading(isFilled: false) }
    static var filledText: Self { TextReading(isFilled: true) }
}

/// A string, or an integer that counts as its digits. Source: contract §4.5, `semester`.
struct TextOrIntegerReading: ValueReading {
    func read(_ value: WireValue) throws(ValueFault) -> WireText {
        if case .json(let json) = value, let number = json.number, number.isInteger { return WireText(number.text) }
        return try TextReading(isFilled: false).read(value)
    }
}

extension ValueReading where Self == TextOrIntegerReading {
    static var textOrInteger: Self { TextOrIntegerReading() }
}

/// `true`, `false`, 0, 1, and words for them in any letter case. Source: contract §1.2.
struct BooleanReading: ValueReading {
    func read(_ value: WireValue) throws(ValueFault) -> Bool {
        if let text = value.string {
            switch WireText(text).folded.text {
            case "1", "on", "t", "true", "y", "yes": return true
            case "0", "off", "f", "false", "n", "no": return false
            default: throw .unreadableBoolean
            }
        }
        guard case .json(let json) = value else { throw .notBoolean }
        if let boolean = json.boolean { return boolean }
        guard let number = json.number?.double else { throw .notBoolean }
        switch number {
        case 0: return false
        case 1: return true
        default: throw .unreadableBoolean
        }
    }
}

extension ValueReading where Self == BooleanReading {
    static var boolean: Self { BooleanReading() }
}

/// An integer, also as `2.0`, as a boolean, or spelled in a string.
struct IntegerReading: ValueReading {
    let range: ClosedRange<Int>

    func read(_ value: WireValue) throws(ValueFault) -> Int {
        let number = try integer(value)
        if number < range.lowerBound { throw .below(range.lowerBound) }
        if number > range.upperBound { throw .above(range.upperBound) }
        return number
    }

    private func integer(_ value: WireValue) throws(ValueFault) -> Int {
        if let text = value.string { return try spelled(Python.stripped(text)) }
        guard case .json(let json) = value else { throw .notInteger }
        if let boolean = json.boolean { return boolean ? 1 : 0 }
        guard let number = json.number else { throw .notInteger }
        if number.isInteger {
            guard let integer = Int(number.text) else { throw .hugeInteger }
            return integer
        }
        let double = number.double
        guard double.isFinite else { throw .infinite }
        guard double == double.rounded(.towardZero) else { throw .fraction }
        guard let integer = Int(exactly: double) else { throw .hugeInteger }
        return integer
    }

    /// Digits, perhaps with a sign in front, and behind them a point with noughts.
    private func spelled(_ text: String) throws(ValueFault) -> Int {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let isDigit = { (byte: UInt8) in UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }
        let digits = parts.first.map { $0.hasPrefix("-") || $0.hasPrefix("+") ? $0.dropFirst() : $0 } ?? ""
        guard !digits.isEmpty, digits.utf8.allSatisfy(isDigit),
            parts.count == 1 || !parts[1].isEmpty && parts[1].utf8.allSatisfy({ $0 == UInt8(ascii: "0") })
        else { throw .unreadableInteger }
        guard let integer = Int(parts[0]) else { throw .hugeInteger }
        return integer
    }
}

extension ValueReading where Self == IntegerReading {
    static func integer(_ range: ClosedRange<Int> = .min ... .max) -> Self { IntegerReading(range: range) }
}

/// A number, also spelled in a string. Source: contract §1.2.
struct NumberReading: ValueReading {
    func read(_ value: WireValue) throws(ValueFault) -> Double {
        if let text = value.string {
            let spelled = Python.stripped(text)
            // Swift's reading takes hexadecimal digits and words, too.
            let isPlain = spelled.utf8.allSatisfy { "0123456789+-.eE".utf8.contains($0) }
            if isPlain, let number = Double(spelled) { return try finite(number) }
            if ["nan", "inf", "infinity"].contains(spelled.drop { $0 == "-" || $0 == "+" }.lowercased()) { throw .infinite }
            throw .unreadableNumber
        }
        guard case .json(let json) = value else { throw .notNumber }
        if let boolean = json.boolean { return boolean ? 1 : 0 }
        guard let number = json.number else { throw .notNumber }
        return try finite(number.double)
    }

    private func finite(_ number: Double) throws(ValueFault) -> Double {
        guard number.isFinite else { throw .infinite }
        return number
    }
}

extension ValueReading where Self == NumberReading {
    static var number: Self { NumberReading() }
}

/// An identity in any letter case, with or without hyphens. Source: contract §1.
struct IdentityReading<Owner>: ValueReading {
    func read(_ value: WireValue) throws(ValueFault) -> Identifier<Owner> {
        guard let text = value.string else { throw .notIdentity }
        guard let id = UUID(loose: text) else { throw .unreadableIdentity(Self.reason(text)) }
        return Identifier(rawValue: id)
    }

    private static func reason(_ text: String) -> String {
        let digits = text.utf8.count { $0 != UInt8(ascii: "-") }
        return digits == 32
            ? "invalid character or group" : "invalid length: expected length 32 for simple format, found \(digits)"
    }
}

extension ValueReading {
    /// The identity of something.
    static func id<Owner>(of: Owner.Type) -> Self where Self == IdentityReading<Owner> { IdentityReading<Owner>() }
}

/// A day, `YYYY-MM-DD`.
struct DayReading: ValueReading {
    func read(_ value: WireValue) throws(ValueFault) -> CalendarDay {
        guard let text = value.string else { throw .notDay }
        guard let day = CalendarDay(parsing: text) else {
            throw .unreadableDay(text.utf8.count < 10 ? "input is too short" : "it is no day in the form YYYY-MM-DD")
        }
        return day
    }
}

extension ValueReading where Self == DayReading {
    static var day: Self { DayReading() }
}

/// A time of day, `HH:MM` or `HH:MM:SS`.
struct TimeReading: ValueReading {
    func read(_ value: WireValue) throws(ValueFault) -> TimeOfDay {
        guard let text = value.string else { throw .notTime }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count) else { throw .unreadableTime("input is too short") }
        var seconds: Int64 = 0
        for (place, part) in zip(["hour", "minute", "second"], parts) {
            guard part.utf8.count == 2, part.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }),
                let number = Int64(part)
            else { throw .unreadableTime("invalid character in \(place)") }
            guard number < (place == "hour" ? 24 : 60) else {
                throw .unreadableTime("\(place) value is outside expected range of 0-\(place == "hour" ? 23 : 59)")
            }
            seconds = seconds * 60 + number
        }
        guard let time = TimeOfDay(secondsFromMidnight: parts.count == 2 ? seconds * 60 : seconds) else {
            throw .unreadableTime("it is no time of day")
        }
        return time
    }
}

extension ValueReading where Self == TimeReading {
    static var timeOfDay: Self { TimeReading() }
}
