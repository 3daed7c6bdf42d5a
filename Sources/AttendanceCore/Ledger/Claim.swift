/// What kind of fact an entry states. Numbers are stored and hashed: never reused, never changed.
public enum EntryKind: Int64, Sendable, CaseIterable {
    /// A badge was seen at a station.
    case scan = 1
    /// All scans of one source up to here no longer count.
    case clearAll = 2
    /// The scans of one station up to here no longer count.
    case clearStation = 3
    /// The scans of one station up to here are shown under another name.
    case renameStation = 4
    /// Somebody came, went, or took a break; which of these stands in ``Claim/detail``, see ``PunchDetail``.
    case punch = 5
    /// From here on somebody is known by an identifier that nobody had.
    case enrolment = 6
    /// What is true of a member from here on: a new one, or a known one's profile. See ``MemberDetail``.
    case memberTold = 7
    /// A member is one no longer, and nothing that they did counts.
    case memberEnded = 8
    /// A rule that changes results has another value from here on; see ``RuleChange``.
    case ruleChanged = 9
    /// What an earlier punch says, corrected; ``PunchDetail/corrects`` names it.
    case punchCorrected = 10
    /// An earlier punch no longer counts.
    case punchVoided = 11
    /// What somebody laid down about a day of a member; see ``SessionDetail``.
    case sessionAsserted = 12
    /// A day's session is taken away, until something of that day happens.
    case sessionVoided = 13
    /// Sessions that were taken away between two days are there again.
    case sessionsGenerated = 14
    /// Under which identity a member's day was known in another system; see ``SessionName``.
    case sessionNamed = 15
    /// A row of another system that has no place here. It is kept as it was and counts for nothing; see ``Misfit``.
    case rowKept = 16
    /// What is true of a student from here on: a new one, or a known one's profile. See ``StudentDetail``.
    case studentTold = 17
    /// What is true of a class from here on: a new one, or a known one's profile. See ``ClassDetail``.
    case classTold = 18
    /// A class is none any longer, and nothing that hangs on it counts; see ``EndDetail``.
    case classEnded = 19
    /// When a class meets on a day of the week, or that it does not any more; see ``SlotDetail``.
    case slotTold = 20
    /// A meeting takes place at another time, or does not any more; see ``RescheduleDetail``.
    case rescheduleTold = 21
    /// Students are in a class from here on, or are no longer; see ``RosterDetail``.
    case rosterChanged = 22
    /// A class has a session on a day; see ``ClassSessionDetail``.
    case classSessionOpened = 23
    /// What was noted of students in a session: those of whom something else was noted than before. See ``RollCallDetail``.
    case rollCalled = 24
    /// A session of a class is taken away with its marks; see ``EndDetail``.
    case classSessionVoided = 25
}

/// Which contract an entry belongs to. Numbers are stored and hashed.
public enum EntrySource: Int64, Sendable, CaseIterable {
    case trackAttendance = 1
    /// Logs of wall terminals that are brought in as files.
    case terminalLog = 2
    case timeTracker = 3
    case aims = 4
}

/// What kind of identifier somebody claimed. Numbers are stored and hashed.
public enum IdentifierKind: Int64, Sendable, CaseIterable {
    case badge = 1
    case staffCode = 2
    /// A user number of a device, of which only the device knows whose it is: see ``DevicePIN``.
    case devicePIN = 3
    /// The identity of a membership, as UUID text in lower case.
    case membership = 4
    /// A student's roll number.
    case rollNumber = 5
    /// The identity of an account's grant, as UUID text in lower case.
    case account = 6
}

/// What a caller says happened, before the server has added what it saw itself.
public struct Claim: Sendable, Equatable {
    public var kind: EntryKind
    public var source: EntrySource
    /// The moment the caller names.
    public var occurredAt: Instant
    /// The station as the caller spelled it.
    public var station: WireText?
    /// The part of the organisation as the caller spelled it: a business unit.
    public var unit: WireText?
    /// How the identifier was read: `badge`, `lookup`, `manual`; of a terminal's log `verification-` and the terminal's number.
    public var means: WireText?
    /// What else belongs to this kind: the clear epoch of `clearAll`, the new name of `renameStation`, the
    /// ``PunchDetail`` of `punch`.
    public var detail: WireText?
    public var personal: PersonalPart?

    public init(
        kind: EntryKind, source: EntrySource, occurredAt: Instant, station: WireText? = nil, unit: WireText? = nil,
        means: WireText? = nil, detail: WireText? = nil, personal: PersonalPart? = nil
    ) {
        self.kind = kind
        self.source = source
        self.occurredAt = occurredAt
        self.station = station
        self.unit = unit
        self.means = means
        self.detail = detail
        self.personal = personal
    }
}

/// The part of an entry that tells something about a human. It is kept apart from the entry, so that it can be erased
/// while the chain still holds: the chain covers a salted digest of it only.
public struct PersonalPart: Sendable, Equatable {
    public var identifierKind: IdentifierKind
    public var identifier: WireText
    /// The employee number that the caller found for the identifier in its own roster.
    public var staffCode: WireText?
    /// The caller's key for this claim; the same key again is the same claim.
    public var reference: WireText?
    /// What else is told of a human. Of a scan the caller's own remarks as compact JSON, numbers as they were sent; of a member
    /// the profile (``MemberProfile/init(entryText:staffCode:)``), of a punch or session the note, of a kept row its content.
    public var meta: WireText?

    public init(
        identifierKind: IdentifierKind, identifier: WireText, staffCode: WireText? = nil, reference: WireText? = nil,
        meta: WireText? = nil
    ) {
        self.identifierKind = identifierKind
        self.identifier = identifier
        self.staffCode = staffCode
        self.reference = reference
        self.meta = meta
    }
}

/// An entry as it stands in the ledger.
public struct LedgerEntry: Sendable, Equatable {
    /// 1 for a tenant's first entry, then without gaps in the order of commits.
    public var sequence: Int64
    public var claim: Claim
    /// When the server took the claim.
    public var receivedAt: Instant
    /// Who sent it; see ``Caller/name``.
    public var caller: WireText
    /// Salt of the personal part; nil where there is none, or where it was erased.
    public var salt: [UInt8]?
    /// Digest of salt and personal part; nil where there never was one.
    public var personalDigest: Digest?
    /// The hash of this entry and its predecessor.
    public var hash: Digest

    public init(
        sequence: Int64, claim: Claim, receivedAt: Instant, caller: WireText, salt: [UInt8]?, personalDigest: Digest?,
        hash: Digest
    ) {
        self.sequence = sequence
        self.claim = claim
        self.receivedAt = receivedAt
        self.caller = caller
        self.salt = salt
        self.personalDigest = personalDigest
        self.hash = hash
    }
}
