public import StrictJSON

/// The shape of a JSON value, in the part of JSON Schema (draft 2020-12) that the API reference needs.
///
/// An object has the members that it names and no others, unless it says what others are: an answer with a member that
/// nobody described then fails the test that compares answers with their shapes.
public indirect enum JSONSchema: Sendable {
    case anything
    case boolean
    case null
    case number
    case integer(min: Int64? = nil, max: Int64? = nil)
    /// - Parameters:
    ///   - format: One of JSON Schema's names, such as `uuid`. It explains; `pattern` is what is checked.
    ///   - min: The least Unicode scalars.
    ///   - max: The most Unicode scalars.
    case text(format: String? = nil, pattern: String? = nil, min: Int? = nil, max: Int? = nil)
    /// One of these texts.
    case words([String])
    case list(of: JSONSchema, max: Int? = nil)
    /// - Parameter others: What the members are that are not named; nil where there are none.
    case object([Member], others: JSONSchema? = nil, membersMax: Int? = nil)
    case either([JSONSchema])
    /// A shape that several places share; the reference tells it once, under this name.
    case named(String, JSONSchema)
    case explained(String, JSONSchema)

    /// One member of an object.
    public struct Member: Sendable {
        public let name: String
        public let schema: JSONSchema
        public let isRequired: Bool

        /// A member that is always there.
        public static func required(_ name: String, _ schema: JSONSchema) -> Member {
            Member(name: name, schema: schema, isRequired: true)
        }

        /// A member that may be left out.
        public static func optional(_ name: String, _ schema: JSONSchema) -> Member {
            Member(name: name, schema: schema, isRequired: false)
        }
    }

    public static var integer: JSONSchema { .integer() }

    public static var text: JSONSchema { .text() }

    /// A number of things.
    public static var count: JSONSchema { .integer(min: 0) }

    public static var uuid: JSONSchema {
        .text(format: "uuid", pattern: "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")
    }

    /// A day of the calendar, `2025-07-07`.
    public static var day: JSONSchema { .text(format: "date", pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}$") }

    /// A moment in UTC, `2025-07-07T14:15:00Z`, with any number of decimals of a second.
    public static var utcMoment: JSONSchema {
        .text(format: "date-time", pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?Z$")
    }

    /// The same, or null.
    public var orNull: JSONSchema { .either([self, .null]) }

    /// The same, with a sentence that says what it means.
    public func meaning(_ sentence: String) -> JSONSchema { .explained(sentence, self) }
}

extension JSONSchema: JSONWritable {
    /// Writes the schema. What is shared is written as a reference into the document's `components`.
    public func write(to writer: inout JSONWriter) {
        writer.object { writeMembers(to: &$0) }
    }

    private func writeMembers(to writer: inout JSONWriter) {
        switch self {
        case .anything: break
        case .boolean: writer.member("type", "boolean")
        case .null: writer.member("type", "null")
        case .number: writer.member("type", "number")
        case .integer(let min, let max):
            writer.member("type", "integer")
            if let min { writer.member("minimum", min) }
            if let max { writer.member("maximum", max) }
        case .text(let format, let pattern, let min, let max):
            writer.member("type", "string")
            if let format { writer.member("format", format) }
            if let pattern { writer.member("pattern", pattern) }
            if let min { writer.member("minLength", min) }
            if let max { writer.member("maxLength", max) }
        case .words(let words):
            writer.member("type", "string")
            writer.member("enum", words)
        case .list(let item, let max):
            writer.member("type", "array")
            writer.member("items", item)
            if let max { writer.member("maxItems", max) }
        case .object(let members, let others, let membersMax):
            writer.member("type", "object")
            if !members.isEmpty {
                writer.member("properties") { writer in
                    writer.object { for member in members { $0.member(named: member.name, member.schema) } }
                }
            }
            let required = members.filter(\.isRequired).map(\.name)
            if !required.isEmpty { writer.member("required", required) }
            if let others { writer.member("additionalProperties", others) } else { writer.member("additionalProperties", false) }
            if let membersMax { writer.member("maxProperties", membersMax) }
        case .either(let choices): writer.member("anyOf", choices)
        case .named(let name, _): writer.member("$ref", "#/components/schemas/\(name)")
        case .explained(let sentence, let schema):
            schema.writeMembers(to: &writer)
            writer.member("description", sentence)
        }
    }

    /// The shapes with names in this one, and in those.
    var namedParts: [(name: String, schema: JSONSchema)] {
        switch self {
        case .anything, .boolean, .null, .number, .integer, .text, .words: []
        case .list(let item, _): item.namedParts
        case .object(let members, let others, _): members.flatMap(\.schema.namedParts) + (others?.namedParts ?? [])
        case .either(let choices): choices.flatMap(\.namedParts)
        case .named(let name, let schema): [(name, schema)] + schema.namedParts
        case .explained(_, let schema): schema.namedParts
        }
    }
}
