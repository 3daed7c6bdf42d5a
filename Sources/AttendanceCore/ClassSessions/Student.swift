/// What is told of a student. What nobody told is nil, and never empty. Source: contract aims §4.5.
public struct StudentProfile: Sendable, Equatable {
    public var name: WireText
    public var photoURL: WireText?
    public var program: WireText?
    public var spCode: WireText?
    public var semester: WireText?
    public var status: WireText?
    public var duration: WireText?
    public var email: WireText?
    /// Given by the institute: `dtuEmail` on the wire.
    public var instituteEmail: WireText?
    public var phone: WireText?

    public init(
        name: WireText, photoURL: WireText? = nil, program: WireText? = nil, spCode: WireText? = nil,
        semester: WireText? = nil, status: WireText? = nil, duration: WireText? = nil, email: WireText? = nil,
        instituteEmail: WireText? = nil, phone: WireText? = nil
    ) {
        self.name = name
        self.photoURL = photoURL
        self.program = program
        self.spCode = spCode
        self.semester = semester
        self.status = status
        self.duration = duration
        self.email = email
        self.instituteEmail = instituteEmail
        self.phone = phone
    }

    /// Everything but the name, in the order of entries.
    static let optionalFields: [(name: String, path: any WritableKeyPath<StudentProfile, WireText?> & Sendable)] = [
        ("photoUrl", \.photoURL), ("program", \.program), ("spCode", \.spCode), ("semester", \.semester),
        ("status", \.status), ("duration", \.duration), ("email", \.email), ("dtuEmail", \.instituteEmail),
        ("phone", \.phone),
    ]

    /// What is true when a roster says more of a known student: the name is the new one, and whatever else is told with some
    /// content. Source: contract aims §4.5, rule 1.
    func told(_ new: StudentProfile) -> StudentProfile {
        var merged = self
        merged.name = new.name
        for (_, path) in Self.optionalFields {
            if let text = new[keyPath: path], !text.isEmpty { merged[keyPath: path] = text }
        }
        return merged
    }

    /// Without fields that are there and empty.
    var withoutEmptyFields: StudentProfile {
        StudentProfile(name: name).told(self)
    }
}

/// A student as they are now: one row for the whole tenant, whatever classes they are in.
public struct Student: Sendable, Equatable {
    /// As clients know them.
    public let id: Identifier<Membership>
    /// The sequence of the entry that told of them first.
    public let number: Int64
    /// Belongs to one student of the tenant; letter case counts, and it never changes.
    public let rollNumber: WireText
    public package(set) var profile: StudentProfile
    public let createdAt: Instant
    public package(set) var updatedAt: Instant
    /// Of the row of another system that they were brought in from; nil for who was not.
    public package(set) var importedDigest: Int64?

    package init(
        id: Identifier<Membership>, number: Int64, rollNumber: WireText, profile: StudentProfile, createdAt: Instant,
        updatedAt: Instant, importedDigest: Int64? = nil
    ) {
        self.id = id
        self.number = number
        self.rollNumber = rollNumber
        self.profile = profile
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.importedDigest = importedDigest
    }
}

/// One line of a roster as somebody sends it.
public struct StudentDraft: Sendable, Equatable {
    /// Without blanks around it.
    public let rollNumber: WireText
    public let profile: StudentProfile

    /// - Throws: `.invalid(field:…)` with the field's name on the wire: a roll number or name without content, and text that
    ///   cannot be kept (U+0000, U+001F). Source: contract aims §4.5, rule 6.
    public init(rollNumber: WireText, profile: StudentProfile) throws(AttendanceError) {
        self.rollNumber = rollNumber.trimmed
        self.profile = profile
        guard !self.rollNumber.isEmpty else { throw .invalid(field: "rollNo", .empty) }
        guard !profile.name.trimmed.isEmpty else { throw .invalid(field: "name", .empty) }
        let optional = StudentProfile.optionalFields.map { ($0.name, profile[keyPath: $0.path]) }
        for (field, text) in [("rollNo", self.rollNumber), ("name", profile.name)] + optional {
            guard let text, text.text.utf8.contains(where: { $0 == 0 || $0 == StudentProfile.separator }) else { continue }
            throw .invalid(field: field, .malformed("U+0000 and U+001F cannot be kept"))
        }
    }
}

extension StudentAddresses {
    /// Those that a line tells; nil for none.
    init?(_ line: StudentDraft) {
        self.init(
            rollNumber: line.rollNumber, name: line.profile.name, email: line.profile.email,
            instituteEmail: line.profile.instituteEmail)
    }
}

extension WireText {
    /// What two spellings of one address share: no blanks around it, no letter case.
    package var foldedAddress: WireText { trimmed.folded }
}

// MARK: Entries

/// The ``Claim/detail`` of what is told of a student: `new`, with an ``ImportedRow`` where they were brought in; `change
/// student=412`, with a ``RowStamp``.
public enum StudentDetail: Sendable, Equatable {
    /// A new one takes over the identity of the row it was taken of.
    case new(importedAs: ImportedRow?)
    /// The student of this number.
    case known(Int64, RowStamp? = nil)

    public init?(parsing text: WireText) {
        guard let words = DetailWords(parsing: text) else { return nil }
        if words.first == "new" {
            self = .new(importedAs: words.importedRow)
        } else {
            guard words.first == "change", let number = words.integer("student") else { return nil }
            self = .known(number, words.rowStamp)
        }
        guard self.text == text else { return nil }
    }

    public var text: WireText {
        switch self {
        case .new(let row):
            var words = DetailWords("new")
            words.add(row)
            return words.text
        case .known(let number, let stamp):
            var words = DetailWords("change")
            words.add("student", number)
            words.add(stamp)
            return words.text
        }
    }
}

extension StudentProfile {
    /// What stands between the fields of a profile in an entry: U+001F, which no field may hold.
    fileprivate static let separator: UInt8 = 0x1F

    /// The profile as an entry's personal part tells it: a version, the name, then the other fields in their order, empty where
    /// nobody told them. The roll number is the identifier beside it.
    package var entryText: WireText {
        var text = "1\u{1F}" + name.text
        for (_, path) in Self.optionalFields { text += "\u{1F}" + (self[keyPath: path]?.text ?? "") }
        return WireText(text)
    }

    /// Reads back what ``entryText`` wrote; nil for anything else.
    public init?(entryText: WireText) {
        let fields = entryText.text.utf8.split(separator: Self.separator, omittingEmptySubsequences: false)
            .map { WireText(String(decoding: $0, as: UTF8.self)) }
        guard fields.count == 2 + Self.optionalFields.count, fields[0] == "1" else { return nil }
        self.init(name: fields[1])
        for (field, text) in zip(Self.optionalFields, fields[2...]) where !text.isEmpty { self[keyPath: field.path] = text }
    }
}

extension Claim {
    /// What is true of a student from here on.
    package init(telling profile: StudentProfile, of rollNumber: WireText, _ detail: StudentDetail, at moment: Instant) {
        self.init(
            kind: .studentTold, source: .aims, occurredAt: moment, detail: detail.text,
            personal: PersonalPart(identifierKind: .rollNumber, identifier: rollNumber, meta: profile.entryText))
    }
}
