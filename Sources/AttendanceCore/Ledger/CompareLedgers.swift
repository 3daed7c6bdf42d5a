/// How one ledger of a tenant stands to another: a backup to the store that it was made of.
public enum LedgerRelation: Sendable, Equatable {
    case same
    /// The other has the same entries, and so many more behind them.
    case beginning(lacking: Int64)
    /// All entries of the other are here, and so many more behind them.
    case continuation(by: Int64)
    /// Both have the same entries up to this one, and different ones behind it; nil where that entry was not looked for.
    case parted(after: Int64?)

    /// Compares two ledgers of one tenant by the hashes of single entries: each covers everything before it.
    ///
    /// - Parameters:
    ///   - hash: The hash of one's own entry of a sequence, which is at most the own head's; nil where it is not at hand.
    ///   - other: The same of the other ledger.
    public static func of<Failure>(
        _ ownHead: LedgerHead, to otherHead: LedgerHead, hash: (Int64) throws(Failure) -> Digest?,
        other: (Int64) throws(Failure) -> Digest?
    ) throws(Failure) -> LedgerRelation {
        let common = min(ownHead.sequence, otherHead.sequence)
        func areEqual(at sequence: Int64) throws(Failure) -> Bool? {
            // Before the first entry stands the tenant's name, and that is the same.
            if sequence == 0 { return true }
            let own = sequence == ownHead.sequence ? ownHead.hash : try hash(sequence)
            let others = sequence == otherHead.sequence ? otherHead.hash : try other(sequence)
            guard let own, let others else { return nil }
            return own == others
        }
        if try areEqual(at: common) == true {
            if ownHead.sequence == otherHead.sequence { return .same }
            return ownHead.sequence < otherHead.sequence
                ? .beginning(lacking: otherHead.sequence - common) : .continuation(by: ownHead.sequence - common)
        }
        var same: Int64 = 0
        var different = common
        while different - same > 1 {
            let middle = same + (different - same) / 2
            guard let isSame = try areEqual(at: middle) else { return .parted(after: nil) }
            if isSame { same = middle } else { different = middle }
        }
        return .parted(after: same)
    }
}

extension Operations {
    /// Notes that the store of a tenant was replaced by a backup: of what was done since nothing else in it tells.
    /// - Parameters:
    ///   - moment: When the backup was begun, as its manifest says.
    ///   - lost: How many entries the former ledger had that this one has not; nil where they were not counted.
    public func noteRestore(of moment: String, losing lost: Int64?, as caller: Caller) async throws(AttendanceError) {
        try caller.require(.admin)
        let now = ambient.now()
        try await store.write(in: caller.tenant) { tx throws(AttendanceError) in
            try tx.note(
                AuditEntry(
                    at: now, caller: caller, act: .storeRestored, subject: WireText("backup of \(moment)"),
                    detail: WireText(lost.map { "\($0) entries lost" } ?? "entries lost were not counted")))
        }
    }
}
