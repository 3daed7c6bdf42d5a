public import StrictJSON

/// One thing that is wrong with a request, and where.
public struct Violation: Sendable {
    /// The place; for a missing member the place where it should be.
    public let path: JSONPath
    public let reason: ViolationReason
    /// What stands there, for contracts whose answers quote it; nil if nothing does.
    public let found: JSONValue?

    public init(path: JSONPath, reason: ViolationReason, found: JSONValue? = nil) {
        self.path = path
        self.reason = reason
        self.found = found
    }
}

/// Why a field was refused, with the numbers that a sentence about it needs. How it is said is each contract's own.
public enum ViolationReason: Error, Hashable, Sendable {
    /// The member is not there.
    case missing
    /// It is `null` and may not be.
    case null
    /// It is of another JSON type than the expected one.
    case wrongType(expected: FieldType)
    /// It is a string, as it may be, but does not spell what is expected.
    case unreadable(as: FieldType)
    /// It is a number with a fraction where an integer is expected.
    case fractional
    /// The text has fewer Unicode scalars.
    case tooShort(min: Int)
    /// The text has more Unicode scalars.
    case tooLong(max: Int)
    /// The text holds U+0000, which PostgreSQL cannot store.
    case containsNUL
    /// The array has fewer items.
    case tooFewItems(min: Int)
    /// The array has more items.
    case tooManyItems(max: Int)
    /// The object has more members.
    case tooManyMembers(max: Int)
    case belowMinimum(Int)
    case aboveMaximum(Int)
    /// The text is none of these.
    case notAmong([String])
    /// The text names no moment; see ``Moment``.
    case badMoment
    /// The same value stands earlier in a list where each may stand once.
    case duplicate
    /// A rule that one contract has for itself, by a name that it recognises.
    case rule(String)
}

/// What a field is expected to hold.
public enum FieldType: Hashable, Sendable {
    case text, integer, boolean, array, object
}

/// How a contract reads the value of a field.
///
/// Contracts differ in what they take for a text or a number; each difference is a type or a parameter, and a contract can
/// add its own: `extension FieldReading where Self == ShiftReading { static var shift: Self { … } }`.
public protocol FieldReading<Value> {
    associatedtype Value
    /// The value that `value` stands for. `null` comes here too; an absent member does not.
    func read(_ value: JSONValue) throws(ViolationReason) -> Value
}

/// Reads the fields of one request and keeps all that is wrong with them, so that one answer can name everything.
///
/// A function that returns nil for a field that was there has noted why. So a dialect reads everything it can, and asks
/// ``violations`` once at the end:
/// ```swift
/// var reader = FieldReader()
/// guard let events = reader.required("events", of: body, as: .array(0...2_000)) else { … }
/// for event in events {
///     let badge = reader.required("badge_id", of: event, as: .text(1...128, others: .asJavaScript))
///     let unit = reader.optional("business_unit", of: event, as: .text(0...256, others: .asJavaScript))
/// ```
/// Nothing is allocated for fields that are right: a path is found from the value when there is something to say about it.
public struct FieldReader: Sendable {
    /// So many violations are kept. Finding the path of each costs time that grows with the length of the request, and
    /// nobody reads more.
    public static let violationsMax = 256

    /// In the order in which the fields were read.
    public private(set) var violations: [Violation] = []

    public init() {}

    /// Whether nothing has been refused so far.
    public var isClean: Bool { violations.isEmpty }

    /// The value of a member that must be there. Whether it may be `null` is the reading's business.
    @inlinable
    public mutating func required<Value>(
        _ name: String, of object: JSONValue, as reading: some FieldReading<Value>
    ) -> Value? {
        guard let member = object[name] else {
            refuse(name, of: object, .missing)
            return nil
        }
        return value(member, as: reading)
    }

    /// The value of a member that may be absent or `null`.
    @inlinable
    public mutating func optional<Value>(
        _ name: String, of object: JSONValue, as reading: some FieldReading<Value>
    ) -> Value? {
        guard let member = object[name], !member.isNull else { return nil }
        return value(member, as: reading)
    }

    /// The value of a member that may be absent; if it is there, the reading decides about `null` too.
    @inlinable
    public mutating func ifPresent<Value>(
        _ name: String, of object: JSONValue, as reading: some FieldReading<Value>
    ) -> Value? {
        guard let member = object[name] else { return nil }
        return value(member, as: reading)
    }

    /// What `value` itself stands for: the whole body, or an item of an array.
    @inlinable
    public mutating func value<Value>(_ value: JSONValue, as reading: some FieldReading<Value>) -> Value? {
        do throws(ViolationReason) {
            return try reading.read(value)
        } catch {
            refuse(value, error)
            return nil
        }
    }

    /// Notes that a rule of the contract refuses `value`.
    public mutating func refuse(_ value: JSONValue, _ reason: ViolationReason) {
        guard violations.count < Self.violationsMax else { return }
        violations.append(Violation(path: value.path, reason: reason, found: value))
    }

    /// Notes that a rule of the contract refuses the member `name`, whether it is there or not.
    public mutating func refuse(_ name: String, of object: JSONValue, _ reason: ViolationReason) {
        guard violations.count < Self.violationsMax else { return }
        violations.append(
            Violation(path: object.path.appending(.member(name)), reason: reason, found: object[name]))
    }
}
