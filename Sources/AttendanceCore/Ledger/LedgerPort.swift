/// Where a tenant's ledger ends.
public struct LedgerHead: Sendable, Equatable {
    /// The sequence of the last entry; 0 for an empty ledger.
    public let sequence: Int64
    /// The hash of the last entry, or the genesis hash.
    public let hash: Digest

    public init(sequence: Int64, hash: Digest) {
        self.sequence = sequence
        self.hash = hash
    }
}

/// An entry as it is found, tampered with or not.
public enum StoredEntry: Sendable, Equatable {
    case readable(LedgerEntry)
    /// It names a kind, source or text that there is not, or a digest of no digest's length.
    case unreadable(sequence: Int64)

    public var sequence: Int64 {
        switch self {
        case .readable(let entry): entry.sequence
        case .unreadable(let sequence): sequence
        }
    }
}

/// What became of one claim.
public enum AppendOutcome: Sendable, Equatable {
    case appended(sequence: Int64)
    /// Its reference is taken by this entry, which stays as it is.
    case duplicate(of: Int64)
}

/// One scan as it counts now: under its present station name.
public struct CountedScan: Sendable, Equatable {
    public let sequence: Int64
    public let occurredAt: Instant
    public let station: WireText
    public let unit: WireText?
    public let means: WireText?
    /// Nil where it was erased.
    public let personal: PersonalPart?

    public init(
        sequence: Int64, occurredAt: Instant, station: WireText, unit: WireText?, means: WireText?, personal: PersonalPart?
    ) {
        self.sequence = sequence
        self.occurredAt = occurredAt
        self.station = station
        self.unit = unit
        self.means = means
        self.personal = personal
    }
}

/// A place in the list of scans by moment.
public struct ScanPosition: Sendable, Equatable {
    public let occurredAt: Instant
    public let sequence: Int64

    public init(occurredAt: Instant, sequence: Int64) {
        self.occurredAt = occurredAt
        self.sequence = sequence
    }

    public static let beginning = ScanPosition(occurredAt: Instant(microseconds: .min), sequence: 0)
}

/// A tenant's ledger, and what is folded from its scans.
public protocol LedgerReading {
    /// Where the ledger ends, as the transaction sees it.
    func head() throws(AttendanceError) -> LedgerHead

    /// Entries behind `sequence`, oldest first, with their personal parts.
    func entries(after sequence: Int64, limit: Int) throws(AttendanceError) -> [LedgerEntry]

    /// The same, with those that nobody can have written: what ``Operations/verifyLedger(of:as:expecting:progress:)`` walks.
    func storedEntries(after sequence: Int64, limit: Int) throws(AttendanceError) -> [StoredEntry]

    /// What station names mean at the head.
    func layout() throws(AttendanceError) -> StationLayout

    /// Scans of a source by moment, then sequence, behind `position`: at most `limit` rows are looked at, and those that
    /// do not count under `layout`, or lie behind `head`, are left out. `next` is nil when there are no more.
    func scans(
        of source: EntrySource, after position: ScanPosition, upTo head: Int64, under layout: StationLayout, limit: Int
    ) throws(AttendanceError) -> (scans: [CountedScan], next: ScanPosition?)

    /// The newest counting scan of a badge between two moments, both included, at another station than `station`.
    func newestScan(
        of badge: WireText, known pseudonym: Pseudonym, source: EntrySource, from: Instant, through: Instant,
        notAt station: WireText?
    ) throws(AttendanceError) -> (station: WireText, occurredAt: Instant)?

    /// The text of the last clear of everything, or nil. Never from a cache.
    func clearEpoch(of source: EntrySource) throws(AttendanceError) -> WireText?

    /// The running totals of a source's counting scans.
    func tally(of source: EntrySource) throws(AttendanceError) -> ScanTally

    /// The references that are taken, and by which entries: a claim under one of them would be a duplicate.
    func taken(_ references: Set<Pseudonym>, source: EntrySource) throws(AttendanceError) -> [Pseudonym: Int64]
}

/// Adds to a tenant's ledger, the only thing that can be done to it.
public protocol LedgerWriting {
    /// Appends the claims whose references are free, in their order.
    func append(_ claims: [SealedClaim]) throws(AttendanceError) -> [AppendOutcome]
}
