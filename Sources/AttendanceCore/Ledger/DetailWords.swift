/// A ``Claim/detail`` in words apart by single blanks: the first says what it is, then come flags and `name=value`.
///
/// Such texts are hashed and kept for ever, so they are written in one order and read without regard to it. Names and values
/// hold no blank.
struct DetailWords {
    private(set) var words: [String]

    init(_ first: String) {
        words = [first]
    }

    /// Nil for a text without a first word.
    init?(parsing text: WireText) {
        words = text.text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        guard let first = words.first, !first.isEmpty else { return nil }
    }

    var first: String { words[0] }

    var text: WireText { WireText(words.joined(separator: " ")) }

    mutating func add(_ flag: String, if isSet: Bool = true) {
        if isSet { words.append(flag) }
    }

    mutating func add(_ name: String, _ value: Int64?) {
        if let value { words.append("\(name)=\(value)") }
    }

    mutating func add(_ name: String, _ value: String?) {
        if let value { words.append("\(name)=\(value)") }
    }

    func has(_ flag: String) -> Bool {
        words.dropFirst().contains { WireText($0) == WireText(flag) }
    }

    func text(_ name: String) -> String? {
        let start = Array("\(name)=".utf8)
        for word in words.dropFirst() where word.utf8.starts(with: start) {
            return String(decoding: word.utf8.dropFirst(start.count), as: UTF8.self)
        }
        return nil
    }

    func integer(_ name: String) -> Int64? {
        text(name).flatMap { Int64($0) }
    }

    /// A value of any text: whatever would end a word stands as `%20`, in the hexadecimal digits of its bytes.
    mutating func add(_ name: String, escaping value: WireText?) {
        guard let value else { return }
        var bytes: [UInt8] = []
        for byte in value.text.utf8 {
            if byte > UInt8(ascii: " "), byte != UInt8(ascii: "%"), byte != 0x7F {
                bytes.append(byte)
            } else {
                bytes.append(UInt8(ascii: "%"))
                bytes.append(contentsOf: [byte].hexadecimal.utf8)
            }
        }
        words.append("\(name)=\(String(decoding: bytes, as: UTF8.self))")
    }

    /// Reads back what ``add(_:escaping:)`` wrote; nil without such a word, and for one that is not written so.
    func unescaped(_ name: String) -> WireText? {
        guard let value = text(name) else { return nil }
        var bytes: [UInt8] = []
        var rest = Array(value.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2, let escaped = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else {
                return nil
            }
            bytes.append(escaped)
            rest = rest.dropFirst(2)
        }
        return WireText(String(decoding: bytes, as: UTF8.self))
    }
}
