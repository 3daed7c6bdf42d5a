/// A recogniser of RFC 8259 that shares nothing with the one it judges: byte by byte, recursive, as the grammar stands there.
///
/// It differs from the RFC where `StrictJSON` says that it does: UTF-8 throughout, a byte order mark in front is skipped, and
/// an escape that names half of a surrogate pair is refused.
indirect enum ReferenceJSON {
    case null
    case boolean(Bool)
    case number([UInt8])
    case string([UInt8])
    case array([ReferenceJSON])
    case object([(name: [UInt8], value: ReferenceJSON)])

    /// Values and member names, as `JSONLimits.nodesMax` counts them: also those of superseded members.
    var nodeCount: Int {
        switch self {
        case .null, .boolean, .number, .string: 1
        case .array(let items): items.reduce(1) { $0 + $1.nodeCount }
        case .object(let members): members.reduce(1) { $0 + 1 + $1.value.nodeCount }
        }
    }

    var depth: Int {
        switch self {
        case .null, .boolean, .number, .string: 0
        case .array(let items): 1 + (items.map(\.depth).max() ?? 0)
        case .object(let members): 1 + (members.map(\.value.depth).max() ?? 0)
        }
    }

    var hasDuplicates: Bool {
        switch self {
        case .null, .boolean, .number, .string: false
        case .array(let items): items.contains(where: \.hasDuplicates)
        case .object(let members): Set(members.map(\.name)).count < members.count || members.contains(where: \.value.hasDuplicates)
        }
    }

    init?(_ text: [UInt8]) {
        guard String(validating: text, as: UTF8.self) != nil else { return nil }
        var reader = Reader(text: text, at: text.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0)
        reader.skipBlanks()
        guard let value = reader.value(room: 1_000) else { return nil }
        reader.skipBlanks()
        guard reader.at == text.count else { return nil }
        self = value
    }

    private struct Reader {
        let text: [UInt8]
        var at: Int

        var next: UInt8? { at < text.count ? text[at] : nil }

        mutating func skipBlanks() {
            while let byte = next, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { at += 1 }
        }

        mutating func take(_ mark: String) -> Bool {
            guard text[at...].starts(with: mark.utf8) else { return false }
            at += mark.utf8.count
            return true
        }

        mutating func value(room: Int) -> ReferenceJSON? {
            guard room > 0, let first = next else { return nil }
            switch first {
            case UInt8(ascii: "n"): return take("null") ? .null : nil
            case UInt8(ascii: "t"): return take("true") ? .boolean(true) : nil
            case UInt8(ascii: "f"): return take("false") ? .boolean(false) : nil
            case UInt8(ascii: "\""): return string().map { .string($0) }
            case UInt8(ascii: "["): return array(room: room - 1)
            case UInt8(ascii: "{"): return object(room: room - 1)
            default: return number()
            }
        }

        mutating func array(room: Int) -> ReferenceJSON? {
            var items: [ReferenceJSON] = []
            at += 1
            skipBlanks()
            if take("]") { return .array(items) }
            while true {
                skipBlanks()
                guard let item = value(room: room) else { return nil }
                items.append(item)
                skipBlanks()
                if take("]") { return .array(items) }
                guard take(",") else { return nil }
            }
        }

        mutating func object(room: Int) -> ReferenceJSON? {
            var members: [(name: [UInt8], value: ReferenceJSON)] = []
            at += 1
            skipBlanks()
            if take("}") { return .object(members) }
            while true {
                skipBlanks()
                guard next == UInt8(ascii: "\""), let name = string() else { return nil }
                skipBlanks()
                guard take(":") else { return nil }
                skipBlanks()
                guard let value = value(room: room) else { return nil }
                members.append((name, value))
                skipBlanks()
                if take("}") { return .object(members) }
                guard take(",") else { return nil }
            }
        }

        mutating func digits() -> Int {
            let begin = at
            while let byte = next, (0x30...0x39).contains(byte) { at += 1 }
            return at - begin
        }

        mutating func number() -> ReferenceJSON? {
            let begin = at
            _ = take("-")
            if !take("0"), digits() == 0 { return nil }
            if take("."), digits() == 0 { return nil }
            if take("e") || take("E") {
                if !take("+") { _ = take("-") }
                if digits() == 0 { return nil }
            }
            return .number(Array(text[begin..<at]))
        }

        mutating func string() -> [UInt8]? {
            var unescaped: [UInt8] = []
            at += 1
            while let byte = next {
                switch byte {
                case UInt8(ascii: "\""):
                    at += 1
                    return unescaped
                case UInt8(ascii: "\\"):
                    guard let scalar = escape() else { return nil }
                    unescaped += Array(String(Character(scalar)).utf8)
                case 0..<0x20:
                    return nil
                default:
                    unescaped.append(byte)
                    at += 1
                }
            }
            return nil
        }

        mutating func escape() -> Unicode.Scalar? {
            let short: [(String, Unicode.Scalar)] = [
                ("\\\"", "\""), ("\\\\", "\\"), ("\\/", "/"), ("\\b", "\u{8}"), ("\\f", "\u{C}"), ("\\n", "\n"), ("\\r", "\r"),
                ("\\t", "\t"),
            ]
            for (spelling, scalar) in short where take(spelling) { return scalar }
            guard let first = unit() else { return nil }
            guard (0xD800...0xDFFF).contains(first) else { return Unicode.Scalar(first) }
            guard first < 0xDC00, let second = unit(), (0xDC00...0xDFFF).contains(second) else { return nil }
            return Unicode.Scalar(0x10000 + (first - 0xD800) * 0x400 + (second - 0xDC00))
        }

        mutating func unit() -> UInt32? {
            guard take("\\u"), at + 4 <= text.count else { return nil }
            var value: UInt32 = 0
            for byte in text[at..<at + 4] {
                guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else { return nil }
                value = value * 16 + UInt32(digit)
            }
            at += 4
            return value
        }
    }
}
