public import struct FoundationEssentials.UUID

/// A punch as clients of a punch clock know it.
public struct TimeEntry: Sendable, Equatable {
    public let id: UUID
    public let number: Int64
    public let member: Identifier<Membership>
    public let memberName: WireText
    public let staffCode: WireText
    public let direction: PunchDirection
    public let at: Instant
    public let isLate: Bool
    public let isEarly: Bool
    public let note: WireText?
    public let createdAt: Instant
    public let updatedAt: Instant

    init(_ sheetPunch: SheetPunch, of member: Member, id: UUID) {
        let punch = sheetPunch.punch
        self.id = sheetPunch.importedID ?? id
        number = punch.number
        self.member = member.id
        memberName = member.profile.name
        staffCode = member.profile.staffCode
        direction = punch.direction
        at = punch.at
        isLate = punch.isLate
        isEarly = punch.isEarly
        note = sheetPunch.note
        createdAt = punch.createdAt
        updatedAt = punch.changedAt
    }
}

/// What a member's clock shows.
public struct WorkStatus: Sendable, Equatable {
    public let state: ClockState
    /// The last thing that led there; nil where nothing did.
    public let last: TimeEntry?
}

/// A punch that somebody enters by hand. Flags that are not given are judged.
public struct TimeEntryDraft: Sendable {
    public var member: Identifier<Membership>
    public var direction: PunchDirection
    public var at: Instant
    public var isLate: Bool?
    public var isEarly: Bool?
    public var note: WireText?

    public init(
        member: Identifier<Membership>, direction: PunchDirection, at: Instant, isLate: Bool? = nil, isEarly: Bool? = nil,
        note: WireText? = nil
    ) {
        self.member = member
        self.direction = direction
        self.at = at
        self.isLate = isLate
        self.isEarly = isEarly
        self.note = note
    }
}

/// What is to be different about a punch; nil keeps what there is.
public struct TimeEntryChange: Sendable {
    public var member: Identifier<Membership>?
    public var direction: PunchDirection?
    public var at: Instant?
    public var isLate: Bool?
    public var isEarly: Bool?
    public var note: WireText??

    public init() {}
}
