/// What became of walking a ledger.
public enum VerifyResult: Sendable, Equatable {
    case intact(LedgerHead)
    /// The first entry that is not what was written.
    case broken(sequence: Int64, Sealer.Flaw)
    /// All entries hold, and yet the ledger ends elsewhere than its head says.
    case headDiffers(last: Int64, head: Int64)
    /// All entries hold and end where the head says, but the head's own hash is not the last entry's.
    case headHashDiffers(sequence: Int64)
    /// An entry has another hash than somebody noted down earlier.
    case expectationFailed(sequence: Int64)
}

extension Operations {
    /// How many entries are read at once.
    static let entriesPerRead = 2_000

    /// Walks a tenant's ledger from its first entry to its head and checks every link. May run beside a serving process:
    /// what is appended meanwhile is not looked at.
    /// - Parameters:
    ///   - expected: A sequence and the hash, in hexadecimal digits, that its entry had once.
    ///   - progress: Told now and then how many entries are checked, and of how many.
    /// - Throws: `.notPermitted` without the admin role, `.unavailable`, `.unexpected`.
    public func verifyLedger(
        of tenant: TenantName, as caller: Caller, expecting expected: (sequence: Int64, hash: String)? = nil,
        progress: (_ checked: Int64, _ of: Int64) -> Void
    ) async throws(AttendanceError) -> VerifyResult {
        try caller.require(.admin)
        let head = try await store.read(in: caller.tenant) { tx throws(AttendanceError) in try tx.head() }
        var last = LedgerHead(sequence: 0, hash: sealer.genesis(of: tenant))
        var metExpectation = expected.map { $0.sequence == 0 && "\(last.hash)" == $0.hash } ?? true
        while last.sequence < head.sequence {
            let before = last.sequence
            let entries = try await store.read(in: caller.tenant) { tx throws(AttendanceError) in
                try tx.storedEntries(after: before, limit: Self.entriesPerRead)
            }
            for stored in entries where stored.sequence <= head.sequence {
                guard case .readable(let entry) = stored else {
                    let flaw: Sealer.Flaw = stored.sequence == last.sequence + 1 ? .unreadable : .gap
                    return .broken(sequence: stored.sequence, flaw)
                }
                if let flaw = sealer.flaw(in: entry, after: last.hash, previousSequence: last.sequence) {
                    return .broken(sequence: entry.sequence, flaw)
                }
                last = LedgerHead(sequence: entry.sequence, hash: entry.hash)
                if let expected, entry.sequence == expected.sequence {
                    guard "\(entry.hash)" == expected.hash else { return .expectationFailed(sequence: entry.sequence) }
                    metExpectation = true
                }
            }
            guard last.sequence > before else { return .headDiffers(last: last.sequence, head: head.sequence) }
            progress(last.sequence, head.sequence)
        }
        guard last == head else { return .headHashDiffers(sequence: head.sequence) }
        if let expected, !metExpectation { return .expectationFailed(sequence: expected.sequence) }
        return .intact(head)
    }

    /// Notes that the projections of a tenant were computed anew.
    public func noteRebuild(of entries: Int64, as caller: Caller) async throws(AttendanceError) {
        let moment = ambient.now()
        try await store.write(in: caller.tenant) { tx throws(AttendanceError) in
            try tx.note(
                AuditEntry(
                    at: moment, caller: caller, act: .projectionsRebuilt, subject: "all projections",
                    detail: WireText("\(entries) entries")))
        }
    }
}
