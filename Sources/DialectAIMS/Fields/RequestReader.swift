import DialectKit
import HTTPMessages
import StrictJSON

/// What stands in a request where a value should be.
enum WireValue: Sendable {
    case json(JSONValue)
    /// Of the path or the query.
    case text(String)

    /// The text of a string; nil for anything else.
    var string: String? {
        switch self {
        case .json(let value): value.string
        case .text(let text): text
        }
    }

    var isNull: Bool {
        if case .json(let value) = self { value.isNull } else { false }
    }
}

/// How a value is read. What is taken beside the plain form, and how the rest is refused, is Pydantic's way in its lax mode.
protocol ValueReading<Value>: Sendable {
    associatedtype Value
    func read(_ value: WireValue) throws(ValueFault) -> Value
}

/// A field's name as clients know it, and a second one where the contract takes two. Faults name the first.
struct FieldName: Sendable, ExpressibleByStringLiteral {
    let name: String
    let other: String?

    init(_ name: String, or other: String) {
        self.name = name
        self.other = other
    }

    init(stringLiteral name: String) {
        self.name = name
        other = nil
    }
}

/// An object of the body, with its place in the request.
struct BodyObject: Sendable {
    let value: JSONValue
    let place: [RequestFault.Step]

    /// The member of this name; of two names the first that is there counts.
    subscript(name: FieldName) -> JSONValue? {
        value[name.name] ?? name.other.flatMap { value[$0] }
    }
}

/// Reads the values of one request and keeps all that is wrong with them, in field order: path, query, body, as they are asked
/// for. A function that returns nil for a value that was there has noted why; ``check()`` is asked once at the end.
struct RequestReader {
    /// So many faults are told. Nobody reads more, and an answer should not be longer than its request.
    static let faultsMax = 256

    private let visit: Visit
    private(set) var faults: [RequestFault] = []

    init(_ visit: Visit) {
        self.visit = visit
    }

    /// - Throws: 422 with everything that was noted.
    func check() throws(AIMSFailure) {
        guard faults.isEmpty else { throw .invalid(faults) }
    }

    mutating func note(_ fault: ValueFault, at place: [RequestFault.Step]) {
        guard faults.count < Self.faultsMax else { return }
        faults.append(RequestFault(fault, at: place))
    }

    /// Notes a rule that a member breaks together with others.
    mutating func note(_ fault: ValueFault, at name: FieldName, of object: BodyObject) {
        note(fault, at: object.place + [.name(name.name)])
    }

    // MARK: Path and query

    mutating func path<Value>(_ name: String, as reading: some ValueReading<Value>) -> Value? {
        read(.text(visit.parameters[name] ?? ""), at: [.name("path"), .name(name)], as: reading)
    }

    /// Nil where there is none. Of several the last counts.
    mutating func query<Value>(_ name: String, as reading: some ValueReading<Value>) -> Value? {
        visit.query(name).flatMap { read(.text($0), at: [.name("query"), .name(name)], as: reading) }
    }

    mutating func requiredQuery<Value>(_ name: String, as reading: some ValueReading<Value>) -> Value? {
        guard visit.query(name) != nil else {
            note(.missing, at: [.name("query"), .name(name)])
            return nil
        }
        return query(name, as: reading)
    }

    // MARK: Body

    /// The body, which has to be an object. Under another type than JSON's it counts as a plain text. Source: contract §1.
    mutating func body() -> BodyObject? {
        switch visit.body {
        case .nothing: note(.missing, at: [.name("body")])
        case .plain: note(.notObject, at: [.name("body")])
        case .json(let value):
            guard value.kind != .object else { return BodyObject(value: value, place: [.name("body")]) }
            note(.notObject, at: [.name("body")])
        }
        return nil
    }

    /// A member that has to be there. Null is refused as what it is not.
    mutating func required<Value>(_ name: FieldName, of object: BodyObject, as reading: some ValueReading<Value>) -> Value? {
        guard let member = object[name] else {
            note(.missing, at: name, of: object)
            return nil
        }
        return read(.json(member), at: object.place + [.name(name.name)], as: reading)
    }

    /// A member that may be absent or null.
    mutating func optional<Value>(_ name: FieldName, of object: BodyObject, as reading: some ValueReading<Value>) -> Value? {
        guard let member = object[name], !member.isNull else { return nil }
        return read(.json(member), at: object.place + [.name(name.name)], as: reading)
    }

    /// A member that may be absent, but not null.
    mutating func present<Value>(_ name: FieldName, of object: BodyObject, as reading: some ValueReading<Value>) -> Value? {
        guard let member = object[name] else { return nil }
        return read(.json(member), at: object.place + [.name(name.name)], as: reading)
    }

    /// A list of objects that has to be there: what `item` makes of each, without those it makes nothing of.
    mutating func objects<Item>(
        _ name: FieldName, of object: BodyObject, _ item: (inout RequestReader, BodyObject) -> Item?
    ) -> [Item]? {
        let place = object.place + [.name(name.name)]
        guard let member = object[name] else {
            note(.missing, at: place)
            return nil
        }
        guard let items = member.items else {
            note(.notList, at: place)
            return nil
        }
        var found: [Item] = []
        found.reserveCapacity(items.count)
        for (index, value) in items.enumerated() {
            guard value.kind == .object else {
                note(.notObject, at: place + [.index(index)])
                continue
            }
            if let item = item(&self, BodyObject(value: value, place: place + [.index(index)])) { found.append(item) }
        }
        return found
    }

    private mutating func read<Value>(
        _ value: WireValue, at place: [RequestFault.Step], as reading: some ValueReading<Value>
    ) -> Value? {
        do throws(ValueFault) {
            return try reading.read(value)
        } catch {
            note(error, at: place)
            return nil
        }
    }
}
