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

    func update(_ head: Head) throws(SQLError) {
        _ = try connection.run(
            """
            UPDATE ledger_head SET sequence = \(head.sequence), hash = \(head.hash.bytes), term_count = \(head.termCount),
                layout_version = \(head.layoutVersion), people_version = \(head.peopleVersion)
            WHERE tenant_id = \(tenant.rawValue)
            """)
    }

    private static let entryColumns: StaticString = """
        e.sequence, e.kind, e.source, e.occurred_at_us, e.received_at_us, e.caller_term, e.station_term, e.unit_term,
        e.means_term, e.detail, e.personal_digest, e.hash,
        p.salt, p.identifier_kind, p.identifier, p.staff_code, p.reference, p.meta
        """
    private static let entryWithPersonal: StaticString = """
        ledger_entry e LEFT JOIN ledger_personal p ON p.tenant_id = e.tenant_id AND p.sequence = e.sequence
        """

    /// Entries behind `sequence`, also those that nobody can have written.
    func storedEntries(after sequence: Int64, limit: Int, terms: inout TermBook) throws(SQLError) -> [StoredEntry] {
        let rows = try connection.run(
            """
            SELECT \(Self.entryColumns) FROM \(Self.entryWithPersonal)
            WHERE e.tenant_id = \(tenant.rawValue) AND e.sequence > \(sequence) ORDER BY e.sequence LIMIT \(limit)
            """)
        try terms.catchUp(TermTable(connection: connection, tenant: tenant))
        let book = terms
        return rows.map { row in entry(row, terms: book).map { .readable($0) } ?? .unreadable(sequence: row.integer(0)) }
    }

    func entries(after sequence: Int64, limit: Int, terms: inout TermBook) throws(SQLError) -> [LedgerEntry] {
        try storedEntries(after: sequence, limit: limit, terms: &terms).map { stored throws(SQLError) in
            switch stored {
            case .readable(let entry): return entry
            case .unreadable(let sequence): throw Self.damaged(sequence)
            }
        }
    }

    private static func damaged(_ sequence: Int64) -> SQLError {
        SQLError(kind: .corrupt, code: "", message: "entry \(sequence) is not what a program of ours writes")
    }

    /// Scans of a source by moment behind `position`.
    func scans(
        of source: EntrySource, after position: ScanPosition, limit: Int, terms: inout TermBook
    ) throws(SQLError) -> [LedgerEntry] {
        let rows = try connection.run(
            """
            SELECT \(Self.entryColumns) FROM \(Self.entryWithPersonal)
            WHERE e.tenant_id = \(tenant.rawValue) AND e.source = \(source.rawValue)
                AND (e.occurred_at_us, e.sequence) > (\(position.occurredAt.microseconds), \(position.sequence))
            ORDER BY e.occurred_at_us, e.sequence LIMIT \(limit)
            """)
        try terms.catchUp(TermTable(connection: connection, tenant: tenant))
        return try rows.map { row throws(SQLError) in
            guard let entry = entry(row, terms: terms) else { throw Self.damaged(row.integer(0)) }
            return entry
        }
    }

    /// The entries of a badge between two moments, newest moment first.
    func scans(
        ofBadge badge: WireText, source: EntrySource, from: Instant, through: Instant, terms: inout TermBook
    ) throws(SQLError) -> [LedgerEntry] {
        let rows = try connection.run(
            """
            SELECT \(Self.entryColumns)
            FROM ledger_entry e JOIN ledger_personal p ON p.tenant_id = e.tenant_id AND p.sequence = e.sequence
            WHERE e.tenant_id = \(tenant.rawValue) AND e.source = \(source.rawValue)
                AND e.occurred_at_us BETWEEN \(from.microseconds) AND \(through.microseconds)
                AND p.identifier_kind = \(IdentifierKind.badge.rawValue) AND p.identifier = \(badge.text)
            ORDER BY e.occurred_at_us DESC, e.sequence DESC
            """)
        try terms.catchUp(TermTable(connection: connection, tenant: tenant))
        return try rows.map { row throws(SQLError) in
            guard let entry = entry(row, terms: terms) else { throw Self.damaged(row.integer(0)) }
            return entry
        }
    }

    /// The entry a row holds, or nil where it names a kind, source or term that there is not, or a digest is none.
    private func entry(_ row: SQLRow, terms: TermBook) -> LedgerEntry? {
        let digest = row.blobOrNil(10)
        guard let kind = EntryKind(rawValue: row.integer(1)), let source = EntrySource(rawValue: row.integer(2)),
            let caller = terms.text(row.integer(5)), let station = terms.optional(row.integerOrNil(6)),
            let unit = terms.optional(row.integerOrNil(7)), let means = terms.optional(row.integerOrNil(8)),
            digest == nil || digest?.count == 32, row.blob(11).count == 32
        else { return nil }
        var claim = Claim(
            kind: kind, source: source, occurredAt: Instant(microseconds: row.integer(3)), station: station, unit: unit,
            means: means, detail: row.textOrNil(9).map { WireText($0) })
        let salt = row.blobOrNil(12)
        if salt != nil {
            guard let kind = IdentifierKind(rawValue: row.integer(13)) else { return nil }
            claim.personal = PersonalPart(
                identifierKind: kind, identifier: WireText(row.text(14)), staffCode: row.textOrNil(15).map { WireText($0) },
                reference: row.textOrNil(16).map { WireText($0) }, meta: row.textOrNil(17).map { WireText($0) })
        }
        return LedgerEntry(
            sequence: row.integer(0), claim: claim, receivedAt: Instant(microseconds: row.integer(4)), caller: caller,
            salt: salt, personalDigest: digest.map { Digest($0) }, hash: Digest(row.blob(11)))
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

    var isEmpty: Bool { sequences.isEmpty }

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
                    BulkColumn("kind", .integers(kinds)),
                    BulkColumn("source", .integers(sources)),
                    BulkColumn("occurred_at_us", .integers(occurredAt)),
                    BulkColumn("received_at_us", .integers(receivedAt)),
                    BulkColumn("caller_term", .integers(callers)),
                    BulkColumn("station_term", .optionalIntegers(stations)),
                    BulkColumn("unit_term", .optionalIntegers(units)),
                    BulkColumn("means_term", .optionalIntegers(means)),
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
                    BulkColumn("identifier_kind", .integers(identifierKinds)),
                    BulkColumn("identifier", .texts(identifiers)),
                    BulkColumn("staff_code", .texts(staffCodes)),
                    BulkColumn("reference", .texts(references)),
                    BulkColumn("meta", .texts(metas)),
                ]),
        ].filter { $0.rowCount > 0 }
    }

    /// References that entries of this transaction have taken, each once, in the order of their bytes: the pages of the
    /// index are then visited in their order.
    static func insertion(
        of places: [Pseudonym: ReferencePlace], source: EntrySource, tenant: TenantID
    ) -> BulkInsert {
        let sorted = places.sorted { $0.key < $1.key }
        var keys = PackedBytes()
        keys.reserve(values: sorted.count, bytes: 16 * sorted.count)
        for (key, _) in sorted { keys.append(words: key.words) }
        return BulkInsert(
            into: "client_reference",
            [
                BulkColumn("tenant_id", .constant(tenant.rawValue, count: sorted.count)),
                BulkColumn("source", .constant(source.rawValue, count: sorted.count)),
                BulkColumn("reference", .blobs(keys)),
                BulkColumn("sequence", .integers(sorted.map(\.value.sequence))),
                BulkColumn("span_id", .optionalIntegers(sorted.map(\.value.span))),
            ],
            suffix: """
                ON CONFLICT (tenant_id, source, reference) DO UPDATE SET sequence = excluded.sequence,
                span_id = excluded.span_id
                """)
    }
}

extension PackedBytes {
    fileprivate mutating func append(orNull text: WireText?) {
        if let text { append(text.text) } else { appendNull() }
    }
}
