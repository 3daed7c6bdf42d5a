import struct FoundationEssentials.UUID

/// What is told of a class.
public struct ClassProfile: Sendable, Equatable {
    /// Whose it is: the identity of a grant.
    public var owner: Identifier<Grant>
    /// Owner, code and section together belong to one class.
    public var code: WireText
    public var name: WireText
    public var section: WireText
    /// `Lecture`, `Practical`.
    public var teacherType: WireText?
    /// How many lectures, tutorials and practicals there are in a week, as digits: `310`.
    public var ltpPattern: WireText?
    public var practicalGroup: WireText?

    public init(
        owner: Identifier<Grant>, code: WireText, name: WireText, section: WireText, teacherType: WireText? = nil,
        ltpPattern: WireText? = nil, practicalGroup: WireText? = nil
    ) {
        self.owner = owner
        self.code = code
        self.name = name
        self.section = section
        self.teacherType = teacherType
        self.ltpPattern = ltpPattern
        self.practicalGroup = practicalGroup
    }
}

/// A class as somebody wants it; whoever creates it owns it. Source: contract aims §7.1.
public struct ClassDraft: Sendable, Equatable {
    public var code: WireText
    public var name: WireText
    public var section: WireText
    public var teacherType: WireText?
    public var ltpPattern: WireText?
    public var practicalGroup: WireText?

    public init(
        code: WireText, name: WireText, section: WireText, teacherType: WireText? = nil, ltpPattern: WireText? = nil,
        practicalGroup: WireText? = nil
    ) {
        self.code = code
        self.name = name
        self.section = section
        self.teacherType = teacherType
        self.ltpPattern = ltpPattern
        self.practicalGroup = practicalGroup
    }

    func profile(of owner: Identifier<Grant>) -> ClassProfile {
        ClassProfile(
            owner: owner, code: code, name: name, section: section, teacherType: teacherType, ltpPattern: ltpPattern,
            practicalGroup: practicalGroup)
    }
}

/// What is to be different about a class; nil keeps what there is.
public struct ClassChange: Sendable {
    public var code: WireText?
    public var name: WireText?
    public var section: WireText?
    public var teacherType: WireText??
    public var ltpPattern: WireText??
    public var practicalGroup: WireText??

    public init() {}

    func applied(to profile: ClassProfile) -> ClassProfile {
        ClassProfile(
            owner: profile.owner, code: code ?? profile.code, name: name ?? profile.name, section: section ?? profile.section,
            teacherType: teacherType ?? profile.teacherType, ltpPattern: ltpPattern ?? profile.ltpPattern,
            practicalGroup: practicalGroup ?? profile.practicalGroup)
    }
}

/// A class as it is now, with its weekly schedule. One that has ended is there no longer.
public struct SchoolClass: Sendable, Equatable {
    /// As clients know it.
    public let id: Identifier<SchoolClass>
    /// The sequence of the entry that opened it.
    public let number: Int64
    public package(set) var profile: ClassProfile
    /// By day of the week, at most one a day.
    public package(set) var slots: [ClassSlot]
    public let createdAt: Instant
    public package(set) var updatedAt: Instant
    /// Of the row of another system that it was brought in from; nil for one that was not.
    public package(set) var importedDigest: Int64?

    package init(
        id: Identifier<SchoolClass>, number: Int64, profile: ClassProfile, slots: [ClassSlot] = [], createdAt: Instant,
        updatedAt: Instant, importedDigest: Int64? = nil
    ) {
        self.id = id
        self.number = number
        self.profile = profile
        self.slots = slots
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.importedDigest = importedDigest
    }

    public var owner: Identifier<Grant> { profile.owner }

    /// The slot of a day's weekday; nil where the class does not meet then.
    public func slot(on day: CalendarDay) -> ClassSlot? {
        slots.first { $0.weekday == day.weekday }
    }
}

/// The ``Claim/detail`` of what is told of a class: `new owner=7f1c… code=BIO12 name=Plant%20Biology section=C`, with
/// `type=`, `pattern=` and `group=` where they are told and an ``ImportedRow`` behind them; `change class=17 owner=…` with all
/// of what is true from then on.
public enum ClassDetail: Sendable, Equatable {
    /// A new one takes over the identity of the row it was taken of.
    case new(ClassProfile, importedAs: ImportedRow?)
    /// The class that this entry opened.
    case change(Int64, ClassProfile, RowStamp? = nil)

    public init?(parsing text: WireText) {
        guard let words = DetailWords(parsing: text), let profile = ClassProfile(words) else { return nil }
        if words.first == "new" {
            self = .new(profile, importedAs: words.importedRow)
        } else {
            guard words.first == "change", let number = words.integer("class") else { return nil }
            self = .change(number, profile, words.rowStamp)
        }
        guard self.text == text else { return nil }
    }

    public var text: WireText {
        switch self {
        case .new(let profile, let row):
            var words = DetailWords("new")
            profile.add(to: &words)
            words.add(row)
            return words.text
        case .change(let number, let profile, let stamp):
            var words = DetailWords("change")
            words.add("class", number)
            profile.add(to: &words)
            words.add(stamp)
            return words.text
        }
    }
}

extension ClassProfile {
    fileprivate init?(_ words: DetailWords) {
        guard let owner = words.text("owner").flatMap({ UUID(text: $0) }), let code = words.unescaped("code"),
            let name = words.unescaped("name"), let section = words.unescaped("section")
        else { return nil }
        self.init(
            owner: .init(rawValue: owner), code: code, name: name, section: section, teacherType: words.unescaped("type"),
            ltpPattern: words.unescaped("pattern"), practicalGroup: words.unescaped("group"))
    }

    fileprivate func add(to words: inout DetailWords) {
        words.add("owner", owner.rawValue.text)
        words.add("code", escaping: code)
        words.add("name", escaping: name)
        words.add("section", escaping: section)
        words.add("type", escaping: teacherType)
        words.add("pattern", escaping: ltpPattern)
        words.add("group", escaping: practicalGroup)
    }

    /// - Throws: `.invalid(field:…)`: code, name and section are told, and no text holds U+0000, which PostgreSQL has no place for.
    func check() throws(AttendanceError) {
        for (field, text) in [("code", code), ("name", name), ("section", section)] where text.isEmpty {
            throw .invalid(field: field, .empty)
        }
        let fields: [(String, WireText?)] = [
            ("code", code), ("name", name), ("section", section), ("teacher_type", teacherType), ("ltp_pattern", ltpPattern),
            ("practical_group", practicalGroup),
        ]
        for (field, text) in fields where text?.containsNUL == true {
            throw .invalid(field: field, .malformed("U+0000 cannot be kept"))
        }
    }
}

extension WireText {
    var containsNUL: Bool { text.utf8.contains(0) }
}

extension Claim {
    /// What is true of a class from here on.
    package init(telling detail: ClassDetail, at moment: Instant) {
        self.init(kind: .classTold, source: .aims, occurredAt: moment, detail: detail.text)
    }
}
