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
}
