public import struct FoundationEssentials.UUID

/// A statement with its values. Interpolation binds and never splices: the text stays constant, so it can be prepared
/// once and cached, and an injection cannot be written by accident.
///
/// Values become `$1`, `$2`, … in the order written. What is no value (a column list, a table of the vocabulary) enters
/// only as a `StaticString` or another `SQL`.
public struct SQL: ExpressibleByStringInterpolation, Sendable {
    public private(set) var text: String
    public private(set) var values: [SQLValue]

    public init(stringLiteral value: String) {
        text = value
        values = []
    }

    public init(stringInterpolation: StringInterpolation) {
        text = stringInterpolation.text
        values = stringInterpolation.values
    }

    /// Gathers a literal's text, and what is interpolated as values to bind.
    public struct StringInterpolation: StringInterpolationProtocol {
        var text = ""
        var values: [SQLValue] = []

        public init(literalCapacity: Int, interpolationCount: Int) {
            text.reserveCapacity(literalCapacity + interpolationCount * 3)
            values.reserveCapacity(interpolationCount)
        }

        public mutating func appendLiteral(_ literal: String) {
            text += literal
        }

        public mutating func appendInterpolation(_ value: some SQLBindable) {
            appendInterpolation(value.sqlValue)
        }

        public mutating func appendInterpolation(_ value: (some SQLBindable)?) {
            appendInterpolation(value?.sqlValue ?? .null)
        }

        public mutating func appendInterpolation(_ value: SQLValue) {
            values.append(value)
            text += "$\(values.count)"
        }

        /// Text known when the program was built: column lists, clauses.
        public mutating func appendInterpolation(_ constant: StaticString) {
            text += constant.description
        }

        /// A statement inside a statement, its values renumbered behind those already here.
        public mutating func appendInterpolation(_ inner: SQL) {
            guard !inner.values.isEmpty else {
                text += inner.text
                return
            }
            var number = ""
            var inPlaceholder = false
            for character in inner.text.unicodeScalars {
                if inPlaceholder, ("0"..."9").contains(character) {
                    number.unicodeScalars.append(character)
                    continue
                }
                if inPlaceholder { flush(&number) }
                inPlaceholder = character == "$"
                text.unicodeScalars.append(character)
            }
            if inPlaceholder { flush(&number) }
            values += inner.values
        }

        private mutating func flush(_ number: inout String) {
            if let place = Int(number) { text += String(place + values.count) }
            number = ""
        }
    }

    /// Text made at run time that is no value: for the vocabulary and the engines, whose words are constants of theirs.
    package init(trusted text: String, values: [SQLValue] = []) {
        self.text = text
        self.values = values
    }
}

/// One value bound to a statement or read from a row.
public enum SQLValue: Sendable, Equatable {
    case null
    case integer(Int64)
    /// Text compares by its UTF-8 bytes on both engines (`BINARY`, `COLLATE "C"`).
    case text(String)
    case blob([UInt8])
    case uuid(UUID)
}

/// What can be a parameter of a statement.
public protocol SQLBindable {
    /// As both engines take it.
    var sqlValue: SQLValue { get }
}

extension Int64: SQLBindable {
    public var sqlValue: SQLValue { .integer(self) }
}

extension Int: SQLBindable {
    public var sqlValue: SQLValue { .integer(Int64(self)) }
}

extension String: SQLBindable {
    public var sqlValue: SQLValue { .text(self) }
}

extension [UInt8]: SQLBindable {
    public var sqlValue: SQLValue { .blob(self) }
}

extension UUID: SQLBindable {
    public var sqlValue: SQLValue { .uuid(self) }
}
