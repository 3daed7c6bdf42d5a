extension Operations {
    /// Appends scans that somebody else has kept so far, all or none of them, and returns when they are on disk. What became
    /// of each stands in their order; one whose reference is taken changes nothing.
    ///
    /// Unlike ``recordScans(_:as:)`` it does not count for the stations, which have sent nothing.
    /// - Throws: `.notPermitted` without the upload role, `.unavailable`, `.unexpected`.
    public func importScans(_ scans: [Claim], as caller: Caller) async throws(AttendanceError) -> [AppendOutcome] {
        try caller.require(.upload)
        guard let source = scans.first?.source else { return [] }
        precondition(scans.allSatisfy { $0.kind == .scan && $0.source == source }, "scans of one source")
        let sealed = sealer.seal(scans, by: caller.name)
        let references = ExpectedReferences(source: source, keys: sealed.compactMap(\.reference))
        return try await store.write(in: caller.tenant, expecting: references) { tx throws(AttendanceError) in
            try tx.append(sealed)
        }
    }

    /// Looks which scans are in the ledger already, in their order, and changes nothing.
    /// - Throws: `.notPermitted` without the upload role, `.unavailable`, `.unexpected`.
    public func previewScans(_ scans: [Claim], as caller: Caller) async throws(AttendanceError) -> [Bool] {
        try caller.require(.upload)
        guard let source = scans.first?.source else { return [] }
        let references = sealer.references(of: scans)
        return try await store.read(in: caller.tenant) { tx throws(AttendanceError) in
            let taken = try tx.taken(Set(references.compactMap(\.self)), source: source)
            return references.map { $0.map { taken[$0] != nil } ?? false }
        }
    }

    /// Notes in the audit trail that somebody brought in a file.
    public func noteImport(of what: WireText, detail: WireText, as caller: Caller) async throws(AttendanceError) {
        let moment = ambient.now()
        try await store.write(in: caller.tenant) { tx throws(AttendanceError) in
            try tx.note(AuditEntry(at: moment, caller: caller, act: .fileImported, subject: what, detail: detail))
        }
    }
}
