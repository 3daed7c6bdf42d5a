/// A claimed badge that is nobody's, as far as the ledger tells.
public struct UnmatchedIdentifier: Sendable, Equatable {
    public let identifier: WireText
    public let scans: Int64

    public init(identifier: WireText, scans: Int64) {
        self.identifier = identifier
        self.scans = scans
    }
}

/// The badges without a person in a stretch of the ledger.
public struct UnmatchedSummary: Sendable, Equatable {
    /// How many entries were looked at: the newest ones.
    public let entries: Int64
    /// How many different badges are nobody's.
    public let badges: Int
    /// How many scans they made.
    public let scans: Int64
    /// Those scanned most often, most often first, then in code point order.
    public let most: [UnmatchedIdentifier]
}

extension Operations {
    /// How many entries are read at once.
    static let entriesPerLook: Int64 = 10_000

    /// Looks for badges without a person among the newest entries.
    /// - Parameters:
    ///   - entriesMax: How many entries are looked at; nil for all. Badges that are nobody's are gathered in memory.
    ///   - namedMax: How many badges ``UnmatchedSummary/most`` names.
    /// - Throws: `.notPermitted` without the admin role, `.unavailable`, `.unexpected`.
    public func unmatchedIdentifiers(
        amongNewest entriesMax: Int64?, namedMax: Int, as caller: Caller
    ) async throws(AttendanceError) -> UnmatchedSummary {
        try caller.require(.admin)
        let head = try await store.read(in: caller.tenant) { tx throws(AttendanceError) in try tx.head() }
        let first = max(0, head.sequence - (entriesMax ?? head.sequence))
        var scans: [WireText: Int64] = [:]
        var position = first
        while position < head.sequence {
            let (after, through) = (position, min(position + Self.entriesPerLook, head.sequence))
            let found = try await store.read(in: caller.tenant) { tx throws(AttendanceError) in
                try tx.unmatchedIdentifiers(after: after, through: through)
            }
            for one in found { scans[one.identifier, default: 0] += one.scans }
            position = through
        }
        let sorted = scans.map { UnmatchedIdentifier(identifier: $0.key, scans: $0.value) }
            .sorted { ($1.scans, $0.identifier) < ($0.scans, $1.identifier) }
        return UnmatchedSummary(
            entries: head.sequence - first, badges: sorted.count, scans: sorted.reduce(0) { $0 + $1.scans },
            most: Array(sorted.prefix(namedMax)))
    }
}
