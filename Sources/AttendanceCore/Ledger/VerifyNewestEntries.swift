/// What a walk over the newest entries of a ledger showed.
public struct RecentEntries: Sendable, Equatable {
    public let head: Int64
    /// How many entries were checked.
    public let checked: Int64
    /// The first entry that is not what was written, and why; nil where all hold.
    public let flaw: Flaw?
    /// When the server says it received the latest of them; nil for none.
    public let newestReceivedAt: Instant?
    /// How often an entry was received more than a second before its predecessor: the server's clock went back.
    public let stepsBack: Int

    /// An entry that is not as it was written, and how that shows.
    public struct Flaw: Sendable, Equatable {
        public let sequence: Int64
        public let words: String
    }
}

extension Operations {
    /// Walks the newest entries of a tenant's ledger. The entry before them is believed; for a walk that believes nothing
    /// see ``verifyLedger(of:as:expecting:progress:)``.
    /// - Throws: `.notPermitted` without the admin role, `.unavailable`, `.unexpected`.
    public func verifyNewestEntries(
        _ count: Int64, of tenant: TenantName, as caller: Caller,
        progress: (_ checked: Int64, _ of: Int64) -> Void
    ) async throws(AttendanceError) -> RecentEntries {
        try caller.require(.admin)
        let head = try await store.read(in: caller.tenant) { tx throws(AttendanceError) in try tx.head() }
        let first = max(0, head.sequence - count)
        var walk = Walk(position: first, hash: first == 0 ? sealer.genesis(of: tenant) : nil)
        // The entry that the walk begins behind is read with the others.
        var next = max(0, first - 1)
        while next < head.sequence, walk.flaw == nil {
            let after = next
            let entries = try await store.read(in: caller.tenant) { tx throws(AttendanceError) in
                try tx.storedEntries(after: after, limit: Self.entriesPerRead)
            }.filter { $0.sequence <= head.sequence }
            for entry in entries where walk.flaw == nil { walk.look(at: entry, sealer) }
            guard let last = entries.last else { break }
            next = last.sequence
            progress(walk.position - first, head.sequence - first)
        }
        if walk.flaw == nil, walk.position < head.sequence {
            walk.flaw = .init(sequence: head.sequence, words: "the head names it, and the ledger ends at \(walk.position)")
        } else if walk.flaw == nil, let hash = walk.hash, hash != head.hash {
            walk.flaw = .init(sequence: head.sequence, words: "the head has another hash")
        }
        return RecentEntries(
            head: head.sequence, checked: walk.position - first, flaw: walk.flaw, newestReceivedAt: walk.newestReceivedAt,
            stepsBack: walk.stepsBack)
    }

    private struct Walk {
        var position: Int64
        /// The hash of the entry at `position`; nil before it was read.
        var hash: Digest?
        var flaw: RecentEntries.Flaw?
        var newestReceivedAt: Instant?
        var previousReceivedAt: Instant?
        var stepsBack = 0

        mutating func look(at stored: StoredEntry, _ sealer: Sealer) {
            guard case .readable(let entry) = stored else {
                flaw = .init(sequence: stored.sequence, words: "\(Sealer.Flaw.unreadable)")
                return
            }
            if let hash {
                if let found = sealer.flaw(in: entry, after: hash, previousSequence: position) {
                    flaw = .init(sequence: entry.sequence, words: "\(found)")
                    return
                }
            } else if entry.sequence != position {
                flaw = .init(sequence: position, words: "it is missing")
                return
            }
            position = entry.sequence
            hash = entry.hash
            newestReceivedAt = max(newestReceivedAt ?? entry.receivedAt, entry.receivedAt)
            if let previousReceivedAt, previousReceivedAt.seconds(since: entry.receivedAt) >= 1 { stepsBack += 1 }
            previousReceivedAt = entry.receivedAt
        }
    }
}
