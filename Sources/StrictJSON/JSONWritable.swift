/// What can stand as a value in JSON.
public protocol JSONWritable {
    /// Writes exactly one value.
    func write(to writer: inout JSONWriter)
}

extension Bool: JSONWritable {
    public func write(to writer: inout JSONWriter) { writer.boolean(self) }
}

extension Int: JSONWritable {
    public func write(to writer: inout JSONWriter) { writer.integer(Int64(self)) }
}

extension Int64: JSONWritable {
    public func write(to writer: inout JSONWriter) { writer.integer(self) }
}

extension Double: JSONWritable {
    /// Writes the shortest digits that read back as the same value, with a point or an exponent: `92.5`, `50.0`, `1e+21`.
    /// - Precondition: It is finite; JSON has no word for the rest.
    public func write(to writer: inout JSONWriter) {
        precondition(isFinite, "JSON cannot express \(self)")
        writer.number(spelled: description)
    }
}

extension String: JSONWritable {
    public func write(to writer: inout JSONWriter) { writer.string(self) }
}

extension JSONNumber: JSONWritable {
    /// Writes the number as it was spelled.
    public func write(to writer: inout JSONWriter) { writer.number(spelled: text) }
}

extension Optional: JSONWritable where Wrapped: JSONWritable {
    /// Writes `null` for nil.
    public func write(to writer: inout JSONWriter) {
        if let self { self.write(to: &writer) } else { writer.null() }
    }
}

extension Array: JSONWritable where Element: JSONWritable {
    public func write(to writer: inout JSONWriter) {
        writer.array { for element in self { element.write(to: &$0) } }
    }
}

extension JSONValue: JSONWritable {
    /// Writes the value without blanks: numbers as they were spelled, members in the order of the text, strings escaped as
    /// the writer always does. Equal texts up to blanks and escapes therefore give equal bytes.
    public func write(to writer: inout JSONWriter) {
        switch kind {
        case .null: writer.null()
        case .boolean: writer.boolean(boolean == true)
        case .number: number?.write(to: &writer)
        case .string: document.withText(ofStringAt: index) { writer.string($0) }
        case .array: writer.array { for item in JSONItems(array: self) { item.write(to: &$0) } }
        case .object:
            writer.object { writer in
                for member in JSONMembers(object: self) {
                    document.withText(ofStringAt: member.value.index - 1) { writer.name($0) }
                    member.value.write(to: &writer)
                }
            }
        }
    }

    /// The value as compact JSON, as ``write(to:)`` writes it.
    public var compactText: String {
        var writer = JSONWriter()
        write(to: &writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
