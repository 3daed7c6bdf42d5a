import struct FoundationEssentials.UUID

/// The ``Claim/detail`` of what is told of a member: which one, and of which row of another system it was taken.
///
/// `new`; `new imported=5b0e8d2e-… digest=… created=… changed=…`; `change member=7f1c…`, behind which an import writes the digest
/// and moments of the row that it took the change from.
public enum MemberDetail: Sendable, Equatable {
    /// A new one takes over the identity of the row it was taken of.
    case new(importedAs: ImportedRow?)
    case known(Identifier<Membership>, RowStamp? = nil)

    public init?(parsing text: WireText) {
        guard let words = DetailWords(parsing: text) else { return nil }
        if words.first == "new" {
            self = .new(importedAs: words.importedRow)
        } else {
            guard words.first == "change", let id = words.text("member").flatMap({ UUID(text: $0) }) else { return nil }
            self = .known(.init(rawValue: id), words.rowStamp)
        }
        guard self.text == text else { return nil }
    }

    public var text: WireText {
        switch self {
        case .new(let row):
            var words = DetailWords("new")
            words.add(row)
            return words.text
        case .known(let id, let stamp):
            var words = DetailWords("change")
            words.add("member", id.text.text)
            words.add(stamp)
            return words.text
        }
    }
}

extension Identifier {
    /// The identity as it stands in entries: UUID text in lower case.
    public var text: WireText { WireText(rawValue.text) }

    /// Nil for what is no UUID.
    public init?(text: WireText) {
        guard let id = UUID(text: text.text) else { return nil }
        self.init(rawValue: id)
    }
}

extension MemberProfile {
    /// What stands between the fields of a profile in an entry. No wire text may hold it: contracts refuse control characters
    /// in these fields, and where one is sent all the same the member is refused; see ``unstorableField``.
    private static let separator: Unicode.Scalar = "\u{1F}"

    /// The profile as an entry's personal part tells it: a version, then name, e-mail, department, position, and whether they
    /// may punch. The staff code is the identifier beside it.
    var entryText: WireText {
        let fields = [name.text, email.text, department.text, position.text, isActive ? "active" : "inactive"]
        return WireText("1" + fields.map { String(Self.separator) + $0 }.joined())
    }

    /// Reads back what ``entryText`` wrote.
    public init?(entryText: WireText, staffCode: WireText) {
        let fields = entryText.text.unicodeScalars.split(separator: Self.separator, omittingEmptySubsequences: false)
            .map { WireText(String(String.UnicodeScalarView($0))) }
        guard fields.count == 6, fields[0] == "1" else { return nil }
        self.init(
            name: fields[1], staffCode: staffCode, email: fields[2], department: fields[3], position: fields[4],
            isActive: fields[5] == "active")
    }

    /// The name of a field that holds what an entry cannot: U+001F or U+0000.
    var unstorableField: String? {
        let fields = [
            ("name", name), ("employee_id", staffCode), ("email", email), ("department", department), ("position", position),
        ]
        return fields.first { _, text in text.text.unicodeScalars.contains { $0 == Self.separator || $0.value == 0 } }?.0
    }
}
