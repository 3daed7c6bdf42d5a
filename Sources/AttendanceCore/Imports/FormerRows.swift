/// A member as another system knows them.
public struct FormerMember: Sendable {
    public let row: ImportedRow
    public let profile: MemberProfile

    public init(row: ImportedRow, profile: MemberProfile) {
        self.row = row
        self.profile = profile
    }

    public var id: Identifier<Membership> { Identifier(rawValue: row.id) }
}

/// Business hours as another system knows them; their number is kept.
public struct FormerHours: Sendable {
    public let number: Int64
    public let stamp: RowStamp
    public let draft: BusinessHoursDraft

    public init(number: Int64, stamp: RowStamp, draft: BusinessHoursDraft) {
        self.number = number
        self.stamp = stamp
        self.draft = draft
    }
}

/// A punch as another system knows it.
public struct FormerPunch: Sendable {
    public let row: ImportedRow
    public let member: Identifier<Membership>
    /// Nil where the word there means nothing here: such a punch is kept, and counts for nothing.
    public let direction: PunchDirection?
    /// That word.
    public let word: WireText
    /// Nil for a moment that no calendar has, such as infinity.
    public let at: Instant?
    public let isLate: Bool
    public let isEarly: Bool
    public let note: WireText?

    public init(
        row: ImportedRow, member: Identifier<Membership>, direction: PunchDirection?, word: WireText, at: Instant?,
        isLate: Bool, isEarly: Bool, note: WireText?
    ) {
        self.row = row
        self.member = member
        self.direction = direction
        self.word = word
        self.at = at
        self.isLate = isLate
        self.isEarly = isEarly
        self.note = note
    }
}

/// A session as another system knows it: its identity, and what somebody laid down about it there.
public struct FormerSession: Sendable {
    public let row: ImportedRow
    public let member: Identifier<Membership>
    public let day: CalendarDay
    /// Nil where nobody edited it, so that what it shows follows from its punches.
    public let edit: SessionDetail?
    public let note: WireText?

    public init(
        row: ImportedRow, member: Identifier<Membership>, day: CalendarDay, edit: SessionDetail?, note: WireText?
    ) {
        self.row = row
        self.member = member
        self.day = day
        self.edit = edit
        self.note = note
    }
}

/// A row of another system that has no place here: kept as it was, word for word.
public struct Misfit: Sendable {
    /// What it is a row of, in a word: `entry`, `employee`.
    public let kind: String
    /// Its identity there, whatever that is made of.
    public let id: WireText
    public let digest: Int64
    /// The row as JSON.
    public let content: WireText

    public init(kind: String, id: WireText, digest: Int64, content: WireText) {
        self.kind = kind
        self.id = id
        self.digest = digest
        self.content = content
    }
}

/// What became of a row, or would.
public struct RowOutcome: Sendable, Equatable {
    /// Whether a row is here, and since when.
    public enum Fate: Sendable, Equatable {
        case new
        case alreadyThere
        /// It was there, and was changed since in the other system.
        case corrected
        /// It has no place here.
        case misfit
    }

    public let fate: Fate
    /// What somebody should know about it: why it has no place, or how it differs here.
    public let remark: String?

    public init(_ fate: Fate, _ remark: String? = nil) {
        self.fate = fate
        self.remark = remark
    }
}
