import AttendanceCore

/// The ledger: `ledger_head`, `ledger_entry`, `ledger_personal`, `client_reference`.
struct LedgerTable {
    let connection: any SQLConnection
    let tenant: TenantID

    /// A tenant's last entry, and the versions that tell whether what was remembered still holds.
    struct Head: Equatable {
        var sequence: Int64
        var hash: Digest
        var termCount: Int64
        /// Moves with every change of `station_span` other than its counts.
        var layoutVersion: Int64
        /// Moves with every change of who an identifier belongs to.
        var peopleVersion: Int64
    }

    /// - Parameter locking: Keeps everybody else from appending until the transaction ends.
    func head(locking: Bool) throws(SQLError) -> Head {
        let lock = SQL(trusted: locking ? connection.vocabulary.lockingRows : "")
        let rows = try connection.run(
            """
            SELECT sequence, hash, term_count, layout_version, people_version FROM ledger_head
            WHERE tenant_id = \(tenant.rawValue) \(lock)
            """)
        guard let row = rows.first else {
            throw SQLError(kind: .corrupt, code: "", message: "tenant \(tenant.rawValue) has no ledger head")
        }
        return Head(
            sequence: row.integer(0), hash: Digest(row.blob(1)), termCount: row.integer(2), layoutVersion: row.integer(3),
            peopleVersion: row.integer(4))
    }

    func addHead(_ head: Head) throws(SQLError) {
        _ = try connection.run(
            """
            INSERT INTO ledger_head (tenant_id, sequence, hash, term_count, layout_version, people_version)
            VALUES (\(tenant.rawValue), \(head.sequence), \(head.hash.bytes), \(head.termCount), \(head.layoutVersion),
                \(head.peopleVersion))
            """)
    }

    /// Locks the head without waiting: fails where another process holds it.
    func lockHeadAtOnce() throws(SQLError) {
        let lock = SQL(trusted: connection.vocabulary.lockingRows)
        try connection.run(ahead: [
            "SELECT sequence FROM ledger_head WHERE tenant_id = \(tenant.rawValue) \(lock) NOWAIT"
        ])
    }

    /// Moves the head. Where it is not `former`, the column that may not be null refuses: a chain cannot part in two, whatever
    /// a writer believes.
    func move(_ former: Head, to head: Head) throws(SQLError) {
        try connection.run(ahead: [
            """
            UPDATE ledger_head
            SET sequence = CASE WHEN sequence = \(former.sequence) AND hash = \(former.hash.bytes)
                    AND term_count = \(former.termCount) AND layout_version = \(former.layoutVersion)
                    AND people_version = \(former.peopleVersion) THEN \(head.sequence) END,
                hash = \(head.hash.bytes), term_count = \(head.termCount), layout_version = \(head.layoutVersion),
                people_version = \(head.peopleVersion)
            WHERE tenant_id = \(tenant.rawValue)
            """
        ])
    }

    /// The hash that stands in an entry; nil where there is none of a digest's length.
    func hash(ofEntry sequence: Int64) throws(SQLError) -> Digest? {
        let rows = try connection.run(
            "SELECT hash FROM ledger_entry WHERE tenant_id = \(tenant.rawValue) AND sequence = \(sequence)")
        return rows.first?.blobOrNil(0).flatMap { $0.count == 32 ? Digest($0) : nil }
    }

    private static let entryColumns: StaticString = """
        sequence, kind, source, occurred_at_us, received_at_us, caller_term, station_term, unit_term, means_term, detail,
        personal_digest, hash
        """

    /// Entries behind `sequence`, also those that nobody can have written.
    func storedEntries(after sequence: Int64, limit: Int, terms: inout TermBook) throws(SQLError) -> [StoredEntry] {
        try stored(
            """
            SELECT \(Self.entryColumns) FROM ledger_entry
            WHERE tenant_id = \(tenant.rawValue) AND sequence > \(sequence) ORDER BY sequence LIMIT \(limit)
            """, terms: &terms)
    }

    func entries(after sequence: Int64, limit: Int, terms: inout TermBook) throws(SQLError) -> [LedgerEntry] {
        try storedEntries(after: sequence, limit: limit, terms: &terms).map(readable)
    }

    /// Entries of a source by moment behind `position`.
    func entries(
        of source: EntrySource, after position: ScanPosition, limit: Int, terms: inout TermBook
    ) throws(SQLError) -> [LedgerEntry] {
        try stored(
            """
            SELECT \(Self.entryColumns) FROM ledger_entry
            WHERE tenant_id = \(tenant.rawValue) AND source = \(source.rawValue)
                AND (occurred_at_us, sequence) > (\(position.occurredAt.microseconds), \(position.sequence))
            ORDER BY occurred_at_us, sequence LIMIT \(limit)
            """, terms: &terms
        ).map(readable)
    }

    /// Entries of a source by moment from `earliest` up to what stands before `position`, newest first.
    func entries(
        of source: EntrySource, from earliest: Instant, before position: ScanPosition, limit: Int, terms: inout TermBook
    ) throws(SQLError) -> [LedgerEntry] {
        try stored(
            """
            SELECT \(Self.entryColumns) FROM ledger_entry
            WHERE tenant_id = \(tenant.rawValue) AND source = \(source.rawValue)
                AND occurred_at_us >= \(earliest.microseconds)
                AND (occurred_at_us, sequence) < (\(position.occurredAt.microseconds), \(position.sequence))
            ORDER BY occurred_at_us DESC, sequence DESC LIMIT \(limit)
            """, terms: &terms
        ).map(readable)
    }

    /// Which stations scanned in which hours.
    func stationHours(
        of source: EntrySource, from: Instant, before end: Instant, terms: inout TermBook
    ) throws(SQLError) -> [StationHour] {
        let rows = try connection.run(
            """
            SELECT station_term, occurred_at_us / 3600000000, MAX(sequence) FROM ledger_entry
            WHERE tenant_id = \(tenant.rawValue) AND source = \(source.rawValue)
                AND occurred_at_us >= \(from.microseconds) AND occurred_at_us < \(end.microseconds)
                AND kind = \(EntryKind.scan.rawValue) AND station_term IS NOT NULL
            GROUP BY station_term, occurred_at_us / 3600000000
            """)
        try terms.catchUp(TermTable(connection: connection, tenant: tenant))
        return try rows.map { row throws(SQLError) in
            StationHour(claimed: try terms.known(row.integer(0)), hour: row.integer(1), lastSequence: row.integer(2))
        }
    }

    private func readable(_ stored: StoredEntry) throws(SQLError) -> LedgerEntry {
        switch stored {
        case .readable(let entry): return entry
        case .unreadable(let sequence):
            throw SQLError(kind: .corrupt, code: "", message: "entry \(sequence) is not what a program of ours writes")
        }
    }

    /// The entries a statement selects, with their personal parts looked up by their keys: a join would be planned by what
    /// PostgreSQL last knew of two tables that grow all the time, and has been seen to read all of one for each row.
    private func stored(_ statement: SQL, terms: inout TermBook) throws(SQLError) -> [StoredEntry] {
        let rows = try connection.run(statement)
        guard !rows.isEmpty else { return [] }
        var personal: [Int64: SQLRow] = [:]
        let found = try connection.lookup(
            BulkLookup(
                [
                    BulkColumn("tenant_id", .constant(tenant.rawValue, count: rows.count)),
                    BulkColumn("sequence", .integers(rows.map { $0.integer(0) })),
                ],
                selecting: "p.sequence, p.salt, p.identifier_kind, p.identifier, p.staff_code, p.reference, p.meta",
                from: "ledger_personal p", matching: "p.tenant_id = given.tenant_id AND p.sequence = given.sequence"))
        for row in found { personal[row.integer(0)] = row }
        try terms.catchUp(TermTable(connection: connection, tenant: tenant))
        let book = terms
        return rows.map { row in
            entry(row, personal: personal[row.integer(0)], terms: book).map { .readable($0) }
                ?? .unreadable(sequence: row.integer(0))
        }
    }

    /// The entry that rows hold, or nil where they name a kind, source or term that there is not, or a digest is none.
    private func entry(_ row: SQLRow, personal: SQLRow?, terms: TermBook) -> LedgerEntry? {
        let digest = row.blobOrNil(10)
        guard let kind = EntryKind(rawValue: row.integer(1)), let source = EntrySource(rawValue: row.integer(2)),
            let caller = terms.text(row.integer(5)), let station = terms.optional(row.integerOrNil(6)),
            let unit = terms.optional(row.integerOrNil(7)), let means = terms.optional(row.integerOrNil(8)),
            digest == nil || digest?.count == 32, row.blob(11).count == 32
        else { return nil }
        var claim = Claim(
            kind: kind, source: source, occurredAt: Instant(microseconds: row.integer(3)), station: station, unit: unit,
            means: means, detail: row.textOrNil(9).map { WireText($0) })
        if let personal {
            guard let kind = IdentifierKind(rawValue: personal.integer(2)) else { return nil }
            claim.personal = PersonalPart(
                identifierKind: kind, identifier: WireText(personal.text(3)),
                staffCode: personal.textOrNil(4).map { WireText($0) }, reference: personal.textOrNil(5).map { WireText($0) },
                meta: personal.textOrNil(6).map { WireText($0) })
        }
        return LedgerEntry(
            sequence: row.integer(0), claim: claim, receivedAt: Instant(microseconds: row.integer(4)), caller: caller,
            salt: personal?.blob(1), personalDigest: digest.map { Digest($0) }, hash: Digest(row.blob(11)))
    }

    /// Where a reference is taken, in the order of nothing: those that are not returned are free.
    func places(of references: [Pseudonym], source: EntrySource) throws(SQLError) -> [(Pseudonym, ReferencePlace)] {
        guard !references.isEmpty else { return [] }
        var keys = PackedBytes()
        keys.reserve(values: references.count, bytes: 16 * references.count)
        for reference in references { keys.append(words: reference.words) }
        return try connection.lookup(
            BulkLookup(
                [
                    BulkColumn("tenant_id", .constant(tenant.rawValue, count: references.count)),
                    BulkColumn("source", .constant(source.rawValue, count: references.count)),
                    BulkColumn("reference", .blobs(keys)),
                ],
                selecting: "r.reference, r.sequence, r.span_id",
                from: "client_reference r",
                matching: """
                    r.tenant_id = given.tenant_id AND r.source = given.source AND r.reference = given.reference
                    """)
        ).map { row in
            (Pseudonym(row.blob(0)), ReferencePlace(sequence: row.integer(1), span: row.integerOrNil(2)))
        }
    }
}

extension TermBook {
    /// The text of a term that need not be there: nil for a number that names none, a text or its absence otherwise.
    fileprivate func optional(_ id: Int64?) -> WireText?? {
        guard let id else { return .some(nil) }
        return text(id).map { .some($0) }
    }
}

/// The entry that has taken a reference, and the span whose clear frees it again.
struct ReferencePlace: Equatable {
    let sequence: Int64
    let span: Int64?
}

extension StationLayout {
    /// Whether the entry that has taken a reference still counts, or cannot be cleared at all.
    func isTaken(_ place: ReferencePlace) -> Bool {
        guard let span = place.span else { return true }
        // A span that is not there was tampered with; what it once held stays taken.
        return has(span) ? place.sequence > self[span].clearedThrough : true
    }
}

/// Entries on their way into the store, by column.
struct EntryBuffer {
    private var sequences: [Int64] = []
    private var kinds: [Int64] = []
    private var sources: [Int64] = []
    private var occurredAt: [Int64] = []
    private var receivedAt: [Int64] = []
    private var callers: [Int64] = []
    private var stations: [Int64?] = []
    private var units: [Int64?] = []
    private var means: [Int64?] = []
    private var details = PackedBytes()
    private var personalDigests = PackedBytes()
    private var hashes = PackedBytes()

    private var personalSequences: [Int64] = []
    private var salts = PackedBytes()
    private var identifierKinds: [Int64] = []
    private var identifiers = PackedBytes()
    private var staffCodes = PackedBytes()
    private var references = PackedBytes()
    private var metas = PackedBytes()

    var count: Int { sequences.count }

    mutating func append(
        _ sealed: SealedClaim, sequence: Int64, hash: Digest, caller: Int64, station: Int64?, unit: Int64?, means: Int64?
    ) {
        let claim = sealed.claim
        sequences.append(sequence)
        kinds.append(claim.kind.rawValue)
        sources.append(claim.source.rawValue)
        occurredAt.append(claim.occurredAt.microseconds)
        receivedAt.append(sealed.receivedAt.microseconds)
        callers.append(caller)
        stations.append(station)
        units.append(unit)
        self.means.append(means)
        details.append(orNull: claim.detail)
        if let digest = sealed.personalDigest { personalDigests.append(words: digest.words) } else { personalDigests.appendNull() }
        hashes.append(words: hash.words)
        guard let personal = claim.personal, let salt = sealed.salt else { return }
        personalSequences.append(sequence)
        salts.append(salt)
        identifierKinds.append(personal.identifierKind.rawValue)
        identifiers.append(personal.identifier.text)
        staffCodes.append(orNull: personal.staffCode)
        references.append(orNull: personal.reference)
        metas.append(orNull: personal.meta)
    }

    func insertions(tenant: TenantID) -> [BulkInsert] {
        [
            BulkInsert(
                into: "ledger_entry",
                [
                    BulkColumn("tenant_id", .constant(tenant.rawValue, count: sequences.count)),
                    BulkColumn("sequence", .integers(sequences)),
                    BulkColumn("kind", .same(kinds)),
                    BulkColumn("source", .same(sources)),
                    BulkColumn("occurred_at_us", .integers(occurredAt)),
                    BulkColumn("received_at_us", .same(receivedAt)),
                    BulkColumn("caller_term", .same(callers)),
                    BulkColumn("station_term", .same(stations)),
                    BulkColumn("unit_term", .optionalIntegers(units)),
                    BulkColumn("means_term", .same(means)),
                    BulkColumn("detail", .texts(details)),
                    BulkColumn("personal_digest", .blobs(personalDigests)),
                    BulkColumn("hash", .blobs(hashes)),
                ]),
            BulkInsert(
                into: "ledger_personal",
                [
                    BulkColumn("tenant_id", .constant(tenant.rawValue, count: personalSequences.count)),
                    BulkColumn("sequence", .integers(personalSequences)),
                    BulkColumn("salt", .blobs(salts)),
                    BulkColumn("identifier_kind", .same(identifierKinds)),
                    BulkColumn("identifier", .texts(identifiers)),
                    BulkColumn("staff_code", .texts(staffCodes)),
                    BulkColumn("reference", .texts(references)),
                    BulkColumn("meta", .texts(metas)),
                ]),
        ].filter { $0.rowCount > 0 }.map(\.withoutEmptyColumns)
    }
}

extension BulkColumn.Values {
    /// One value where all are the same: what differs costs an engine something for each row.
    fileprivate static func same(_ values: [Int64]) -> BulkColumn.Values {
        guard let first = values.first, values.allSatisfy({ $0 == first }) else { return .integers(values) }
        return .constant(first, count: values.count)
    }

    fileprivate static func same(_ values: [Int64?]) -> BulkColumn.Values {
        guard case let first?? = values.first, values.allSatisfy({ $0 == first }) else { return .optionalIntegers(values) }
        return .constant(first, count: values.count)
    }
}

/// References that entries of one transaction have taken, on their way into the store.
struct TakenReferences {
    private var new: [Pseudonym: ReferencePlace] = [:]
    private var takenOver: [Pseudonym: ReferencePlace] = [:]

    /// - Parameter isStored: Whether it was taken before, by an entry that no longer counts: of this transaction or of the
    ///   store.
    mutating func take(_ reference: Pseudonym, at place: ReferencePlace, isStored: Bool) {
        if isStored, new[reference] == nil { takenOver[reference] = place } else { new[reference] = place }
    }

    /// The references that nobody held, which are inserted without asking what is there: they were looked up, and no other
    /// writer has come between. What is taken from now on counts as taken before.
    mutating func popNew(source: EntrySource, tenant: TenantID) -> BulkInsert {
        defer { new = [:] }
        return Self.insertion(of: new, source: source, tenant: tenant, .none(suffix: ""))
    }

    /// The references that somebody held.
    mutating func popTakenOver(source: EntrySource, tenant: TenantID) -> BulkInsert {
        defer { takenOver = [:] }
        return Self.insertion(of: takenOver, source: source, tenant: tenant, .replace(keyCount: 3))
    }

    /// In the order of their bytes: the pages of the index are then visited in their order.
    private static func insertion(
        of places: [Pseudonym: ReferencePlace], source: EntrySource, tenant: TenantID, _ conflict: BulkInsert.Conflict
    ) -> BulkInsert {
        let sorted = places.sorted { $0.key < $1.key }
        var references = PackedBytes()
        references.reserve(values: sorted.count, bytes: 16 * sorted.count)
        for (reference, _) in sorted { references.append(words: reference.words) }
        return BulkInsert(
            into: "client_reference",
            [
                BulkColumn("tenant_id", .constant(tenant.rawValue, count: sorted.count)),
                BulkColumn("source", .constant(source.rawValue, count: sorted.count)),
                BulkColumn("reference", .blobs(references)),
                BulkColumn("sequence", .integers(sorted.map(\.value.sequence))),
                BulkColumn("span_id", .optionalIntegers(sorted.map(\.value.span))),
            ], conflict)
    }
}

extension PackedBytes {
    fileprivate mutating func append(orNull text: WireText?) {
        if let text { append(text.text) } else { appendNull() }
    }
}
