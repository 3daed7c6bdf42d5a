public import StrictJSON

extension ViolationReason {
    /// Why a value of this kind cannot be what is expected.
    init(_ found: JSONValue, insteadOf expected: FieldType) {
        self = found.isNull ? .null : .wrongType(expected: expected)
    }
}

/// A text of a certain length, counted in Unicode scalars, kept exactly as it came.
public struct TextReading: FieldReading {
    /// What happens to values that are no strings.
    public enum Others: Sendable {
        case refused
        /// A number or boolean counts as its text in JavaScript, and `null` as the empty text. Source: TrackAttendance §2.
        case asJavaScript
    }

    let scalars: ClosedRange<Int>
    let others: Others

    public func read(_ value: JSONValue) throws(ViolationReason) -> String {
        let text = try text(of: value)
        // Texts are short and most are ASCII: a scalar has one to four bytes, so that often none has to be counted.
        let byteCount = text.utf8.count
        if byteCount > scalars.upperBound, text.unicodeScalars.count > scalars.upperBound {
            throw .tooLong(max: scalars.upperBound)
        }
        if byteCount < scalars.lowerBound * 4, text.unicodeScalars.count < scalars.lowerBound {
            throw .tooShort(min: scalars.lowerBound)
        }
        if value.containsNUL { throw .containsNUL }
        return text
    }

    private func text(of value: JSONValue) throws(ViolationReason) -> String {
        if let string = value.string { return string }
        switch others {
        case .refused: throw ViolationReason(value, insteadOf: .text)
        case .asJavaScript:
            guard let text = JavaScript.text(of: value) else { throw .wrongType(expected: .text) }
            return text
        }
    }
}

extension FieldReading where Self == TextReading {
    /// A text of so many Unicode scalars, without U+0000.
    public static func text(_ scalars: ClosedRange<Int>, others: TextReading.Others = .refused) -> Self {
        TextReading(scalars: scalars, others: others)
    }
}

/// A text that is one of a few.
public struct ChoiceReading: FieldReading {
    let choices: [String]

    public func read(_ value: JSONValue) throws(ViolationReason) -> String {
        guard let text = value.string else { throw ViolationReason(value, insteadOf: .text) }
        guard let choice = choices.first(where: { $0.utf8.elementsEqual(text.utf8) }) else { throw .notAmong(choices) }
        return choice
    }
}

extension FieldReading where Self == ChoiceReading {
    /// One of these texts, compared code point by code point.
    public static func oneOf(_ choices: [String]) -> Self {
        ChoiceReading(choices: choices)
    }
}

/// An integer in a range.
public struct IntegerReading: FieldReading {
    /// What is taken beside a JSON number without fraction and exponent.
    public struct Leniency: OptionSet, Sendable {
        public let rawValue: Int

        public init(rawValue: Int) {
            self.rawValue = rawValue
        }

        /// Other spellings of an integer: `12.0`, `1.2e1`.
        public static let wholeNumbers = Leniency(rawValue: 1)
        /// A string of digits, with or without a sign, and nothing around them.
        public static let text = Leniency(rawValue: 2)
    }

    let range: ClosedRange<Int>
    let leniency: Leniency

    public func read(_ value: JSONValue) throws(ViolationReason) -> Int {
        let integer = try integer(value)
        if integer < range.lowerBound { throw .belowMinimum(range.lowerBound) }
        if integer > range.upperBound { throw .aboveMaximum(range.upperBound) }
        return integer
    }

    private func integer(_ value: JSONValue) throws(ViolationReason) -> Int {
        if let number = value.number {
            if number.isInteger { return try spelled(number.text) }
            let double = number.double
            guard leniency.contains(.wholeNumbers), double == double.rounded(.towardZero) else { throw .fractional }
            if let exact = Int(exactly: double) { return exact }
            throw double < 0 ? .belowMinimum(range.lowerBound) : .aboveMaximum(range.upperBound)
        }
        guard leniency.contains(.text), let text = value.string else {
            throw ViolationReason(value, insteadOf: .integer)
        }
        return try spelled(text)
    }

    /// The integer that digits spell. One beyond 64 bits is out of any range rather than unreadable.
    private func spelled(_ text: String) throws(ViolationReason) -> Int {
        if let integer = Int(text) { return integer }
        let digits = text.utf8.drop { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+") }
        guard text.utf8.count - digits.count <= 1, !digits.isEmpty,
            digits.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 })
        else { throw .unreadable(as: .integer) }
        throw text.utf8.first == UInt8(ascii: "-") ? .belowMinimum(range.lowerBound) : .aboveMaximum(range.upperBound)
    }
}

extension FieldReading where Self == IntegerReading {
    /// An integer in `range`.
    public static func integer(_ range: ClosedRange<Int>, alsoTaking leniency: IntegerReading.Leniency = []) -> Self {
        IntegerReading(range: range, leniency: leniency)
    }
}

/// `true` or `false`.
public struct BooleanReading: FieldReading {
    public func read(_ value: JSONValue) throws(ViolationReason) -> Bool {
        guard let boolean = value.boolean else { throw ViolationReason(value, insteadOf: .boolean) }
        return boolean
    }
}

extension FieldReading where Self == BooleanReading {
    /// `true` or `false`, and no other spelling.
    public static var boolean: Self { BooleanReading() }
}

/// A moment, as microseconds since 1970 in UTC.
public struct MomentReading: FieldReading {
    let syntax: Moment.Syntax

    public func read(_ value: JSONValue) throws(ViolationReason) -> Int64 {
        guard let text = value.string else { throw ViolationReason(value, insteadOf: .text) }
        guard let microseconds = Moment.microseconds(parsing: text, syntax: syntax) else { throw .badMoment }
        return microseconds
    }
}

extension FieldReading where Self == MomentReading {
    /// A string that spells a moment, as microseconds since 1970 in UTC.
    public static func moment(_ syntax: Moment.Syntax = .complete) -> Self {
        MomentReading(syntax: syntax)
    }
}

/// An array of a certain length.
public struct ArrayReading: FieldReading {
    let count: ClosedRange<Int>

    public func read(_ value: JSONValue) throws(ViolationReason) -> JSONItems {
        guard let items = value.items else { throw ViolationReason(value, insteadOf: .array) }
        if items.count < count.lowerBound { throw .tooFewItems(min: count.lowerBound) }
        if items.count > count.upperBound { throw .tooManyItems(max: count.upperBound) }
        return items
    }
}

extension FieldReading where Self == ArrayReading {
    /// An array of so many items, of whatever kinds.
    public static func array(_ count: ClosedRange<Int>) -> Self {
        ArrayReading(count: count)
    }
}

/// An object; its members are then read one by one.
public struct ObjectReading: FieldReading {
    let membersMax: Int

    public func read(_ value: JSONValue) throws(ViolationReason) -> JSONValue {
        guard let members = value.members else { throw ViolationReason(value, insteadOf: .object) }
        if members.count > membersMax { throw .tooManyMembers(max: membersMax) }
        return value
    }
}

extension FieldReading where Self == ObjectReading {
    /// An object with any members.
    public static var object: Self { ObjectReading(membersMax: .max) }

    /// An object with at most so many members.
    public static func object(membersMax: Int) -> Self {
        ObjectReading(membersMax: membersMax)
    }
}
