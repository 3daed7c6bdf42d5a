import DialectKit
import StrictJSON

/// One thing that is wrong with a request's values, as Pydantic 2.5 says it. What was sent is not repeated: it may be a token,
/// and no client reads it. Source: contract §1.2.
struct RequestFault: Sendable, JSONWritable {
    /// From the part of the request down to the value.
    enum Step: Sendable, JSONWritable {
        case name(String)
        case index(Int)

        func write(to writer: inout JSONWriter) {
            switch self {
            case .name(let name): writer.string(name)
            case .index(let index): writer.integer(Int64(index))
            }
        }
    }

    let fault: ValueFault
    let place: [Step]

    init(_ fault: ValueFault, at place: [Step]) {
        self.fault = fault
        self.place = place
    }

    func write(to writer: inout JSONWriter) {
        writer.object {
            $0.member("type", fault.type)
            $0.member("loc", place)
            $0.member("msg", fault.message)
        }
    }
}

/// Why a value is not what it should be.
struct ValueFault: Error, Sendable, Equatable {
    let type: String
    let message: String

    init(_ type: String, _ message: String) {
        self.type = type
        self.message = message
    }

    static let missing = ValueFault("missing", "Field required")
    static let notText = ValueFault("string_type", "Input should be a valid string")
    static let emptyText = ValueFault("string_too_short", "String should have at least 1 character")
    static let notBoolean = ValueFault("bool_type", "Input should be a valid boolean")
    static let unreadableBoolean = ValueFault("bool_parsing", "Input should be a valid boolean, unable to interpret input")
    static let notInteger = ValueFault("int_type", "Input should be a valid integer")
    static let unreadableInteger = ValueFault(
        "int_parsing", "Input should be a valid integer, unable to parse string as an integer")
    static let fraction = ValueFault(
        "int_from_float", "Input should be a valid integer, got a number with a fractional part")
    static let hugeInteger = ValueFault(
        "int_parsing_size", "Unable to parse input string as an integer, exceeded maximum size")
    static let notNumber = ValueFault("float_type", "Input should be a valid number")
    static let unreadableNumber = ValueFault(
        "float_parsing", "Input should be a valid number, unable to parse string as a number")
    static let infinite = ValueFault("finite_number", "Input should be a finite number")
    static let notIdentity = ValueFault("uuid_type", "UUID input should be a string, bytes or UUID object")
    static let notList = ValueFault("list_type", "Input should be a valid list")
    static let notDictionary = ValueFault("dict_type", "Input should be a valid dictionary")
    static let notObject = ValueFault(
        "model_attributes_type", "Input should be a valid dictionary or object to extract fields from")
    static let notDay = ValueFault("date_type", "Input should be a valid date")
    static let notTime = ValueFault("time_type", "Input should be a valid time")

    static func unreadableIdentity(_ why: String) -> ValueFault {
        ValueFault("uuid_parsing", "Input should be a valid UUID, \(why)")
    }

    static func unreadableDay(_ why: String) -> ValueFault {
        ValueFault("date_from_datetime_parsing", "Input should be a valid date or datetime, \(why)")
    }

    static func unreadableTime(_ why: String) -> ValueFault {
        ValueFault("time_parsing", "Input should be in a valid time format, \(why)")
    }

    static func below(_ min: Int) -> ValueFault {
        ValueFault("greater_than_equal", "Input should be greater than or equal to \(min)")
    }

    static func above(_ max: Int) -> ValueFault {
        ValueFault("less_than_equal", "Input should be less than or equal to \(max)")
    }

    /// A rule that is ours, in words.
    static func value(_ why: String) -> ValueFault { ValueFault("value_error", "Value error, \(why)") }
}
