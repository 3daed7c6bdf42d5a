/// How many claims of a batch were new.
public struct BatchOutcome: Sendable, Equatable {
    public let saved: Int
    public let duplicates: Int

    public init(saved: Int, duplicates: Int) {
        self.saved = saved
        self.duplicates = duplicates
    }
}

extension Operations {
    /// Appends the scans whose references are new, all or none of them. What is counted as a duplicate changes nothing.
    ///
    /// Returns when the scans are on disk. Sending the same scans again, also at the same time, appends nothing twice.
    /// - Throws: `.notPermitted` without the upload role, `.unavailable`, `.unexpected`.
    public func recordScans(_ scans: [Claim], as caller: Caller) async throws(AttendanceError) -> BatchOutcome {
        try caller.require(.upload)
        guard !scans.isEmpty else { return BatchOutcome(saved: 0, duplicates: 0) }
        let sealed = sealer.seal(scans, by: caller.name)
        let source = scans[0].source
        precondition(scans.allSatisfy { $0.source == source }, "a batch comes from one source")
        let references = ExpectedReferences(source: source, keys: sealed.compactMap(\.reference))
        return try await store.write(in: caller.tenant, expecting: references) { tx throws(AttendanceError) in
            let outcomes = try tx.append(sealed)
            var counters: [WireText: StationCounters] = [:]
            var duplicates = 0
            for (sealed, outcome) in zip(sealed, outcomes) {
                let isDuplicate = if case .duplicate = outcome { true } else { false }
                duplicates += isDuplicate ? 1 : 0
                guard let station = sealed.claim.station else { continue }
                counters[station, default: StationCounters(lastUploadAt: sealed.receivedAt)].count(isDuplicate: isDuplicate)
            }
            try tx.count(counters)
            return BatchOutcome(saved: outcomes.count - duplicates, duplicates: duplicates)
        }
    }
}
