import HTTPMessages

/// The fields of a form, as `application/x-www-form-urlencoded` or `multipart/form-data`.
public struct FormBody: Sendable {
    /// Why a body is no form.
    public enum Fault: Error, Sendable, Equatable {
        /// The media type names no boundary, or one that RFC 2046 does not allow.
        case boundary
        /// A part has no name, or does not end.
        case malformed
        /// More than ``fieldsMax``.
        case tooManyFields
    }

    /// One field, in the order sent.
    public struct Field: Sendable, Equatable {
        public let name: String
        public let content: Content
    }

    /// What a part of a form holds.
    public enum Content: Sendable, Equatable {
        case text(String)
        case file(name: String, bytes: [UInt8])
    }

    /// No contract has a form with a tenth of this.
    public static let fieldsMax = 1_000

    public let fields: [Field]

    /// The last field of this name: what Python's frameworks take where a form has several.
    public func last(_ name: String) -> Content? {
        fields.last { $0.name.utf8.elementsEqual(name.utf8) }?.content
    }

    /// Reads names and values apart by `&`, with `+` for blanks; bytes that are no UTF-8 become U+FFFD.
    public init(urlEncoded body: [UInt8]) throws(Fault) {
        let pairs = FormDecoding.pairs(String(decoding: body, as: UTF8.self))
        guard pairs.count <= Self.fieldsMax else { throw .tooManyFields }
        fields = pairs.map { Field(name: $0.name, content: .text($0.value)) }
    }

    /// Reads the parts of RFC 7578.
    /// - Parameter contentType: The header with its `boundary`.
    public init(multipart body: [UInt8], contentType: String) throws(Fault) {
        guard let boundary = HeaderParameters(contentType)["boundary"], (1...70).contains(boundary.utf8.count) else {
            throw .boundary
        }
        let delimiter = Array("\r\n--\(boundary)".utf8)
        // The first delimiter has no line before it to end.
        let text = [13, 10] + body
        guard var position = text.range(of: delimiter, from: 0)?.upperBound else { throw .malformed }
        var fields: [Field] = []
        while !text[position...].starts(with: [0x2D, 0x2D]) {
            guard fields.count < Self.fieldsMax else { throw .tooManyFields }
            guard text[position...].starts(with: [13, 10]),
                let end = text.range(of: delimiter, from: position),
                let headEnd = text.range(of: [13, 10, 13, 10], from: position), headEnd.upperBound <= end.lowerBound + 2
            else { throw .malformed }
            let bytes = Array(text[headEnd.upperBound..<max(headEnd.upperBound, end.lowerBound)])
            let head = String(decoding: text[(position + 2)..<max(position + 2, headEnd.lowerBound)], as: UTF8.self)
            guard let field = Self.field(head, bytes) else { throw .malformed }
            fields.append(field)
            position = end.upperBound
        }
        self.fields = fields
    }

    private static func field(_ head: String, _ bytes: [UInt8]) -> Field? {
        for line in head.split(separator: "\r\n") {
            guard let colon = line.firstIndex(of: ":"),
                String(line[..<colon]).equalsIgnoringASCIICase("Content-Disposition")
            else { continue }
            let parameters = HeaderParameters(String(line[line.index(after: colon)...]))
            guard let name = parameters["name"] else { return nil }
            if let file = parameters["filename"] { return Field(name: name, content: .file(name: file, bytes: bytes)) }
            return Field(name: name, content: .text(String(decoding: bytes, as: UTF8.self)))
        }
        return nil
    }
}

/// What stands behind the first `;` of a header's value: `name=value` and `name="value"`.
private struct HeaderParameters {
    private var values: [String: String] = [:]

    subscript(name: String) -> String? { values[name] }

    init(_ header: String) {
        var rest = header.utf8.drop { $0 != UInt8(ascii: ";") }.dropFirst()
        while !rest.isEmpty {
            let name = rest.prefix { $0 != UInt8(ascii: "=") && $0 != UInt8(ascii: ";") }
            rest = rest[name.endIndex...]
            guard rest.first == UInt8(ascii: "=") else {
                rest = rest.dropFirst()
                continue
            }
            rest = rest.dropFirst()
            var value: [UInt8] = []
            if rest.first == UInt8(ascii: "\"") {
                rest = rest.dropFirst()
                while let byte = rest.first, byte != UInt8(ascii: "\"") {
                    rest = rest.dropFirst()
                    // Browsers write a quote as %22 and keep backslashes of file names, so only `\"` is an escape.
                    if byte == UInt8(ascii: "\\"), rest.first == UInt8(ascii: "\"") {
                        value.append(UInt8(ascii: "\""))
                        rest = rest.dropFirst()
                    } else {
                        value.append(byte)
                    }
                }
                rest = rest.drop { $0 != UInt8(ascii: ";") }.dropFirst()
            } else {
                let token = rest.prefix { $0 != UInt8(ascii: ";") }
                value = Array(token)
                while value.last == UInt8(ascii: " ") { value.removeLast() }
                rest = rest[token.endIndex...].dropFirst()
            }
            let folded = name.filter { $0 != UInt8(ascii: " ") }.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
            values[String(decoding: folded, as: UTF8.self)] = String(decoding: value, as: UTF8.self)
        }
    }
}

extension [UInt8] {
    /// Where `needle` stands first at or behind a place.
    fileprivate func range(of needle: [UInt8], from start: Int) -> Range<Int>? {
        guard count >= needle.count else { return nil }
        var at = start
        while at <= count - needle.count {
            guard let candidate = self[at...(count - needle.count)].firstIndex(of: needle[0]) else { return nil }
            if self[candidate..<candidate + needle.count].elementsEqual(needle) { return candidate..<candidate + needle.count }
            at = candidate + 1
        }
        return nil
    }
}
