internal import CSimdJSON
internal import Glibc

/// The six kinds of JSON values.
public enum JSONKind: Hashable, Sendable {
    case null, boolean, number, string, array, object
}

/// One value of a ``JSONDocument``, read in place.
public struct JSONValue: Sendable {
    let document: JSONDocument
    /// Its node, never that of a name.
    let index: Int

    private var node: csimdjson_node { document.nodes[index] }

    public var kind: JSONKind {
        switch csimdjson_kind(rawValue: node.kind) {
        case csimdjson_null: .null
        case csimdjson_false, csimdjson_true: .boolean
        case csimdjson_number: .number
        case csimdjson_string: .string
        case csimdjson_array: .array
        default: .object
        }
    }

    /// How many bytes of the text precede the value.
    public var offset: Int { document.start + Int(node.offset) }

    public var isNull: Bool { node.kind == csimdjson_null.rawValue }

    /// The boolean it is, or nil for any other kind.
    public var boolean: Bool? {
        switch csimdjson_kind(rawValue: node.kind) {
        case csimdjson_true: true
        case csimdjson_false: false
        default: nil
        }
    }

    /// The number it is, or nil for any other kind.
    public var number: JSONNumber? {
        let node = node
        guard node.kind == csimdjson_number.rawValue else { return nil }
        let text = document.text(from: Int(node.offset), count: Int(node.length))
        return JSONNumber(text: text, isInteger: node.flags & csimdjson_integer.rawValue != 0)
    }

    /// The string it is, or nil for any other kind. U+0000 stays in it; a contract decides what that means.
    public var string: String? {
        node.kind == csimdjson_string.rawValue ? document.text(ofStringAt: index) : nil
    }

    /// Whether it is a string with U+0000 in it, which PostgreSQL cannot store.
    public var containsNUL: Bool {
        let node = node
        return node.kind == csimdjson_string.rawValue && node.flags & csimdjson_has_nul.rawValue != 0
    }

    /// The items of an array in order, or nil for any other kind.
    public var items: JSONItems? {
        node.kind == csimdjson_array.rawValue ? JSONItems(array: self) : nil
    }

    /// The members of an object in the order of the text, or nil for any other kind.
    ///
    /// Of several with one name only the one that the document's policy chose is among them, at its own place.
    public var members: JSONMembers? {
        node.kind == csimdjson_object.rawValue ? JSONMembers(object: self) : nil
    }

    /// The value of an object's member of that name; nil without one, and for any other kind.
    ///
    /// Names are compared byte by byte: a composed and a decomposed "é" are two names. The search is linear, which is
    /// the fastest for the few members that objects of the contracts have.
    public subscript(name: String) -> JSONValue? {
        let nodes = document.nodes
        let node = nodes[index]
        guard node.kind == csimdjson_object.rawValue else { return nil }
        let name = name.utf8Span.span
        var at = index + 1
        while at < Int(node.next) {
            let candidate = nodes[at]
            if candidate.flags & csimdjson_superseded.rawValue == 0, Int(candidate.length) == name.count,
                document.isText(name, at: Int(candidate.offset) + 1)
            {
                return JSONValue(document: document, index: at + 1)
            }
            at = Int(nodes[at + 1].next)
        }
        return nil
    }

    /// The way from the document's root to this value.
    ///
    /// It is found anew each time, in time that grows with the number of neighbours on the way: nothing is spent on paths
    /// until somebody has to name a place.
    public var path: JSONPath {
        let nodes = document.nodes
        var steps: [JSONPath.Step] = []
        var container = 0
        while container != index {
            let isObject = nodes[container].kind == csimdjson_object.rawValue
            var child = container + 1
            var position = 0
            while true {
                let value = isObject ? child + 1 : child
                let next = Int(nodes[value].next)
                if index < next {
                    steps.append(isObject ? .member(document.text(ofStringAt: child)) : .index(position))
                    container = value
                    break
                }
                child = next
                position += 1
            }
        }
        return JSONPath(steps)
    }
}

/// The items of an array, in order.
public struct JSONItems: Sequence, Sendable {
    let array: JSONValue

    public var count: Int { Int(array.document.nodes[array.index].length) }
    public var underestimatedCount: Int { count }

    public func makeIterator() -> Iterator {
        Iterator(
            document: array.document, at: array.index + 1, end: Int(array.document.nodes[array.index].next))
    }

    /// Walks over them once, from the first.
    public struct Iterator: IteratorProtocol {
        let document: JSONDocument
        var at: Int
        let end: Int

        public mutating func next() -> JSONValue? {
            guard at < end else { return nil }
            defer { at = Int(document.nodes[at].next) }
            return JSONValue(document: document, index: at)
        }
    }
}

/// One member of an object.
public struct JSONMember: Sendable {
    /// The member's value.
    public let value: JSONValue

    /// The member's name, unescaped.
    public var name: String { value.document.text(ofStringAt: value.index - 1) }

    /// How many bytes of the text precede the name's opening quote.
    public var nameOffset: Int { value.document.start + Int(value.document.nodes[value.index - 1].offset) }
}

/// The members of an object that count, in the order of the text.
public struct JSONMembers: Sequence, Sendable {
    let object: JSONValue

    public var count: Int { Int(object.document.nodes[object.index].length) }
    public var underestimatedCount: Int { count }

    public func makeIterator() -> Iterator {
        Iterator(
            document: object.document, at: object.index + 1, end: Int(object.document.nodes[object.index].next))
    }

    /// Walks over them once, from the first.
    public struct Iterator: IteratorProtocol {
        let document: JSONDocument
        var at: Int
        let end: Int

        public mutating func next() -> JSONMember? {
            while at < end {
                let name = at
                at = Int(document.nodes[name + 1].next)
                guard document.nodes[name].flags & csimdjson_superseded.rawValue == 0 else { continue }
                return JSONMember(value: JSONValue(document: document, index: name + 1))
            }
            return nil
        }
    }
}

extension JSONDocument {
    /// The text of a string or a name.
    func text(ofStringAt index: Int) -> String {
        text(from: Int(nodes[index].offset) + 1, count: Int(nodes[index].length))
    }

    func text(from offset: Int, count: Int) -> String {
        let begin = start + offset
        // Safe: the whole text was checked to be UTF-8, and a node begins and ends between scalars.
        let bytes = bytes
        let text = unsafe UTF8Span(unchecked: bytes.span.extracting(begin..<begin + count))
        return String(copying: text)
    }

    /// Lends the UTF-8 of a string or a name.
    func withText<Result>(ofStringAt index: Int, _ body: (Span<UInt8>) -> Result) -> Result {
        let bytes = bytes
        let begin = start + Int(nodes[index].offset) + 1
        return body(bytes.span.extracting(begin..<begin + Int(nodes[index].length)))
    }

    func isText(_ text: Span<UInt8>, at offset: Int) -> Bool {
        let begin = start + offset
        return unsafe text.withUnsafeBytes { wanted in
            unsafe bytes.withUnsafeBytes { all in
                // A bound check for the whole instead of one for each byte: names are looked up six times per scan.
                precondition(begin + wanted.count <= all.count)
                guard let found = all.baseAddress, let wanted = wanted.baseAddress else { return true }
                return unsafe memcmp(found + begin, wanted, text.count) == 0
            }
        }
    }
}
