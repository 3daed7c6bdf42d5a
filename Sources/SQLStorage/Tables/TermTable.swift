import AttendanceCore

/// A text that many entries claim, kept once: `claim_term`. Terms are only added, so what was read of them stays true.
struct TermTable {
    enum Kind: Int64 {
        case station = 1
        case unit = 2
        case means = 3
        case caller = 4
    }

    struct Term: Hashable {
        let kind: Kind
        let text: WireText
    }

    let connection: any SQLConnection
    let tenant: TenantID

    /// The terms behind number `last`, in their order; nil for a row that is no term of ours.
    func terms(after last: Int64) throws(SQLError) -> [(id: Int64, term: Term?)] {
        try connection.run(
            """
            SELECT term_id, kind, text FROM claim_term
            WHERE tenant_id = \(tenant.rawValue) AND term_id > \(last) ORDER BY term_id
            """
        ).map { row in
            (row.integer(0), Kind(rawValue: row.integer(1)).map { Term(kind: $0, text: WireText(row.text(2))) })
        }
    }

    /// Numbered `first`, `first + 1`, …
    static func insertion(of terms: [Term], numberedFrom first: Int64, tenant: TenantID) -> BulkInsert {
        var texts = PackedBytes()
        for term in terms { texts.append(term.text.text) }
        return BulkInsert(
            into: "claim_term",
            [
                BulkColumn("tenant_id", .constant(tenant.rawValue, count: terms.count)),
                BulkColumn("term_id", .integers(terms.indices.map { first + Int64($0) })),
                BulkColumn("kind", .integers(terms.map(\.kind.rawValue))),
                BulkColumn("text", .texts(texts)),
            ])
    }
}

/// The terms of one tenant as far as they were read, in both directions.
struct TermBook {
    private var byID: [Int64: TermTable.Term] = [:]
    private var ids: [TermTable.Term: Int64] = [:]
    /// The term of each kind that was numbered last: the scans of a station come together.
    private var latest = [(text: WireText, id: Int64)?](repeating: nil, count: 5)

    /// Up to which number the terms are known without a gap. In a store that nobody has tampered with, these are all.
    private(set) var count: Int64 = 0

    /// The text of a term, or nil where there is none of this number.
    func text(_ id: Int64) -> WireText? { byID[id]?.text }

    /// The text of a term that a projection names.
    func known(_ id: Int64) throws(SQLError) -> WireText {
        guard let text = text(id) else { throw SQLError(kind: .corrupt, code: "", message: "term \(id) is missing") }
        return text
    }

    func id(_ kind: TermTable.Kind, _ text: WireText) -> Int64? {
        ids[TermTable.Term(kind: kind, text: text)]
    }

    /// The terms that were numbered here after the first `count`.
    func terms(after count: Int64) -> [TermTable.Term] {
        guard count < self.count else { return [] }
        return ((count + 1)...self.count).compactMap { byID[$0] }
    }

    /// The number of a term, which is added behind the others where it is new.
    mutating func number(_ kind: TermTable.Kind, _ text: WireText) -> Int64 {
        if let latest = latest[Int(kind.rawValue)], latest.text == text { return latest.id }
        let term = TermTable.Term(kind: kind, text: text)
        let id = ids[term] ?? count + 1
        if id > count {
            count = id
            byID[id] = term
            ids[term] = id
        }
        latest[Int(kind.rawValue)] = (text, id)
        return id
    }

    /// Adds what another process, or this one before, has stored.
    mutating func catchUp(_ table: TermTable) throws(SQLError) {
        for (id, term) in try table.terms(after: count) {
            if id == count + 1 { count = id }
            guard let term else { continue }
            byID[id] = term
            ids[term] = id
        }
    }

    /// Forgets the terms behind the first `count`: those of a transaction that left no trace.
    mutating func forget(after count: Int64) {
        latest = latest.map { _ in nil }
        while self.count > count {
            if let term = byID.removeValue(forKey: self.count) { ids[term] = nil }
            self.count -= 1
        }
    }
}
