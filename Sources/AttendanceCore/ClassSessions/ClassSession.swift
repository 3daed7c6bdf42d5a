import struct FoundationEssentials.UUID

/// One roll call of a class: at most one a day, with what was noted of each student. Source: contract aims §4.6.
public struct ClassSession: Sendable, Equatable {
    /// As clients know it.
    public let id: Identifier<ClassSession>
    /// The sequence of the entry that opened it.
    public let number: Int64
    /// The number of its class.
    public let schoolClass: Int64
    public let day: CalendarDay
    /// Who opened it, which need not be the owner of the class.
    public let creator: Identifier<Grant>
    /// Where a picture of the class is: free text.
    public let imageURL: WireText?
    public let createdAt: Instant
    /// By the students' numbers, one each; who was not mentioned has none.
    public package(set) var marks: [Mark]
    /// Of the row of another system that it was brought in from; nil for one that was not.
    public let importedDigest: Int64?

    package init(
        id: Identifier<ClassSession>, number: Int64, schoolClass: Int64, day: CalendarDay, creator: Identifier<Grant>,
        imageURL: WireText?, createdAt: Instant, marks: [Mark] = [], importedDigest: Int64? = nil
    ) {
        self.id = id
        self.number = number
        self.schoolClass = schoolClass
        self.day = day
        self.creator = creator
        self.imageURL = imageURL
        self.createdAt = createdAt
        self.marks = marks
        self.importedDigest = importedDigest
    }

    /// The mark of the student of this number; nil for none.
    public func mark(of student: Int64) -> Mark? {
        let place = place(of: student)
        return place < marks.count && marks[place].student == student ? marks[place] : nil
    }

    /// Puts marks in the places of those that there are, or between them.
    /// - Parameter new: One a student.
    /// - Returns: Those that were there before.
    package mutating func mark(_ new: [Mark]) -> [Mark] {
        var former: [Mark] = []
        for mark in new {
            let place = place(of: mark.student)
            if place < marks.count, marks[place].student == mark.student {
                former.append(marks[place])
                marks[place] = mark
            } else {
                marks.insert(mark, at: place)
            }
        }
        return former
    }

    private func place(of student: Int64) -> Int {
        var (low, high) = (0, marks.count)
        while low < high {
            let middle = (low + high) / 2
            if marks[middle].student < student { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

/// The ``Claim/detail`` of a session that was opened: `new class=17 day=2025-10-26 creator=7f1c…`, with `image=` and an
/// ``ImportedRow`` where they are told.
public struct ClassSessionDetail: Sendable, Equatable {
    public var schoolClass: Int64
    public var day: CalendarDay
    public var creator: Identifier<Grant>
    public var imageURL: WireText?
    public var imported: ImportedRow?

    public init(
        schoolClass: Int64, day: CalendarDay, creator: Identifier<Grant>, imageURL: WireText? = nil,
        imported: ImportedRow? = nil
    ) {
        self.schoolClass = schoolClass
        self.day = day
        self.creator = creator
        self.imageURL = imageURL
        self.imported = imported
    }

    public init?(parsing text: WireText) {
        guard let words = DetailWords(parsing: text), words.first == "new", let schoolClass = words.integer("class"),
            let day = words.text("day").flatMap({ CalendarDay(parsing: $0) }),
            let creator = words.text("creator").flatMap({ UUID(text: $0) })
        else { return nil }
        self.init(
            schoolClass: schoolClass, day: day, creator: .init(rawValue: creator), imageURL: words.unescaped("image"),
            imported: words.importedRow)
        guard self.text == text else { return nil }
    }

    public var text: WireText {
        var words = DetailWords("new")
        words.add("class", schoolClass)
        words.add("day", day.text)
        words.add("creator", creator.rawValue.text)
        words.add("image", escaping: imageURL)
        words.add(imported)
        return words.text
    }
}

/// The ``Claim/detail`` of an entry that ends something: `class number=17`, `session number=412`.
public enum EndDetail: Sendable, Equatable {
    /// A class, with all that hangs on it.
    case schoolClass(Int64)
    /// A session, with its marks.
    case session(Int64)

    public init?(parsing text: WireText) {
        guard let words = DetailWords(parsing: text) else { return nil }
        if words.first == "class", let number = words.integer("number") {
            self = .schoolClass(number)
        } else if words.first == "session", let number = words.integer("number") {
            self = .session(number)
        } else {
            return nil
        }
        guard self.text == text else { return nil }
    }

    public var text: WireText {
        switch self {
        case .schoolClass(let number): Self.text("class", number)
        case .session(let number): Self.text("session", number)
        }
    }

    private static func text(_ word: String, _ number: Int64) -> WireText {
        var words = DetailWords(word)
        words.add("number", number)
        return words.text
    }
}

extension Sealer {
    /// The identity of a class that an entry opens. It derives from the entry, so that a rebuild gives the same one.
    public func classIdentity(openedBy hash: Digest) -> Identifier<SchoolClass> {
        .init(rawValue: identity(0x03, hash))
    }

    /// The same of a class session.
    public func classSessionIdentity(openedBy hash: Digest) -> Identifier<ClassSession> {
        .init(rawValue: identity(0x04, hash))
    }
}

extension Claim {
    package init(opening detail: ClassSessionDetail, at moment: Instant) {
        self.init(kind: .classSessionOpened, source: .aims, occurredAt: moment, detail: detail.text)
    }

    package init(ending detail: EndDetail, at moment: Instant) {
        let kind = if case .schoolClass = detail { EntryKind.classEnded } else { EntryKind.classSessionVoided }
        self.init(kind: kind, source: .aims, occurredAt: moment, detail: detail.text)
    }
}
