import DialectKit
import StrictJSON

/// What a request says a field is.
enum Sent {
    case json(JSONValue)
    /// A form knows no other kind.
    case text(String)
    case file

    var isNull: Bool { if case .json(let value) = self { value.isNull } else { false } }

    /// The text it is; nil where it is something else.
    var string: String? {
        switch self {
        case .json(let value): value.string
        case .text(let text): text
        case .file: nil
        }
    }

    /// The number it is; nil where it is something else, such as a text of digits.
    var number: JSONNumber? { if case .json(let value) = self { value.number } else { nil } }

    var boolean: Bool? { if case .json(let value) = self { value.boolean } else { nil } }

    /// What Python's `str` makes of it: the original's messages quote that.
    var quoted: String {
        switch self {
        case .json(let value): Python.text(of: value)
        case .text(let text): text
        case .file: "file"
        }
    }
}

/// What a request says of a field that it may leave out.
enum Given<Value> {
    case absent
    case null
    case value(Value)

    /// The value where there is one.
    var value: Value? { if case .value(let value) = self { value } else { nil } }

    /// A change: the outer nil keeps what there is, the inner one takes it away.
    var change: Value?? {
        switch self {
        case .absent: .none
        case .null: .some(nil)
        case .value(let value): .some(value)
        }
    }
}

/// How a kind of field is read, in the way of Django REST framework 3.14, whose messages clients and tests know.
protocol RequestField<Value> {
    associatedtype Value
    /// Whether an empty text is a value.
    var allowsBlank: Bool { get }
    /// What a form says that leaves the field out: nothing, except that an unticked box is not sent.
    var absentInForm: Value? { get }
    /// The value that is sent; `null` never comes here.
    func read(_ sent: Sent) throws(FieldFault) -> Value
}

extension RequestField {
    var allowsBlank: Bool { false }
    var absentInForm: Value? { nil }
}

/// Why a field was refused. A field can break several rules at once.
struct FieldFault: Error {
    let messages: [String]

    init(_ messages: String...) {
        self.messages = messages
    }

    init(messages: [String]) {
        self.messages = messages
    }
}

/// The messages of one request, by field, in the order in which the fields were read.
struct FieldFaults: Sendable {
    private(set) var all: [(field: String, messages: [String])] = []

    var isEmpty: Bool { all.isEmpty }

    subscript(field: String) -> [String] { all.first { $0.field == field }?.messages ?? [] }

    mutating func add(_ field: String, _ messages: [String]) {
        if let known = all.firstIndex(where: { $0.field == field }) {
            all[known].messages += messages
        } else {
            all.append((field, messages))
        }
    }
}

/// The fields of one request's body. Reading goes on behind a fault, so that one answer names everything that is wrong.
struct RequestFields {
    private enum Source {
        case nothing
        case json(JSONValue)
        case form(FormBody)
    }

    private let source: Source
    /// Whether fields may be left out that would have to be there otherwise: PATCH.
    let isPartial: Bool
    private(set) var faults = FieldFaults()

    /// No body at all says as much as an empty object.
    init(isPartial: Bool = false) {
        source = .nothing
        self.isPartial = isPartial
    }

    init(_ object: JSONValue, isPartial: Bool) {
        source = .json(object)
        self.isPartial = isPartial
    }

    init(_ form: FormBody, isPartial: Bool) {
        source = .form(form)
        self.isPartial = isPartial
    }

    /// The value of a field that has to be there; nil where it is refused, or left out of a PATCH.
    mutating func required<Value>(_ name: String, as field: some RequestField<Value>) -> Value? {
        read(name, as: field, isRequired: true, isNullable: false).value
    }

    /// A field that may be left out, and not be null.
    mutating func optional<Value>(_ name: String, as field: some RequestField<Value>) -> Value? {
        read(name, as: field, isRequired: false, isNullable: false).value
    }

    /// A field that may be left out, and be null.
    mutating func nullable<Value>(_ name: String, as field: some RequestField<Value>) -> Given<Value> {
        read(name, as: field, isRequired: false, isNullable: true)
    }

    /// Notes that a rule beyond the field's own form refuses it.
    mutating func refuse(_ name: String, _ message: String) {
        faults.add(name, [message])
    }

    /// - Throws: All that was wrong.
    func check() throws(TimeTrackerFailure) {
        guard faults.isEmpty else { throw .fields(faults) }
    }

    private mutating func read<Value>(
        _ name: String, as field: some RequestField<Value>, isRequired: Bool, isNullable: Bool
    ) -> Given<Value> {
        let sent: Sent
        switch source {
        case .nothing: return missing(name, isRequired)
        case .json(let object):
            guard let value = object[name] else { return missing(name, isRequired) }
            sent = .json(value)
        case .form(let form):
            guard let content = form.last(name) else {
                if !isPartial, let value = field.absentInForm { return .value(value) }
                return missing(name, isRequired)
            }
            // A form cannot say null, so an empty field means it, or nothing, where that is possible.
            if content == .text(""), !field.allowsBlank {
                if isNullable { return .null }
                if !isRequired { return .absent }
            }
            if case .text(let text) = content { sent = .text(text) } else { sent = .file }
        }
        if sent.isNull {
            if isNullable { return .null }
            faults.add(name, ["This field may not be null."])
            return .absent
        }
        do throws(FieldFault) {
            return .value(try field.read(sent))
        } catch {
            faults.add(name, error.messages)
            return .absent
        }
    }

    private mutating func missing<Value>(_ name: String, _ isRequired: Bool) -> Given<Value> {
        if isRequired, !isPartial { faults.add(name, ["This field is required."]) }
        return .absent
    }
}
