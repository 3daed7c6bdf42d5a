import AttendanceCore
import struct FoundationEssentials.UUID

/// Who a claimed identifier belongs to: `person`, `membership`, `identifier`. Projections of scans and enrolments.
struct PeopleTable {
    let connection: any SQLConnection
    let tenant: TenantID

    /// An entry that says whose an identifier is.
    struct Sighting {
        let sequence: Int64
        let hash: Digest
        let source: EntrySource
        let kind: IdentifierKind
        let identifier: WireText
        let staffCode: WireText
        /// From which entry on the identifier is this membership's.
        let validFrom: Int64
    }

    struct Subject: Hashable, Sendable {
        let source: EntrySource
        let kind: IdentifierKind
        let text: WireText
    }

    /// Folds sightings in the order of their entries. Returns whether anything changed, and what each badge is now.
    ///
    /// The first sighting of a staff code opens a person and a membership; a badge that was another's before is handed on:
    /// the former identifier ends where the new one begins.
    func fold(_ sightings: [Sighting], sealer: Sealer) throws(SQLError) -> (changed: Bool, now: [Subject: WireText]) {
        guard !sightings.isEmpty else { return (false, [:]) }
        var persons: [WireText: Identifier<Person>] = [:]
        var memberships = try memberships(of: Set(sightings.map(\.staff)))
        var stored = try currentIdentifiers(of: Set(sightings.map(\.subject)))

        var opened: [(Sighting, Identifier<Person>, Identifier<Membership>)] = []
        var newPersons: [(Sighting, Identifier<Person>)] = []
        var added: [(sighting: Sighting, membership: Identifier<Membership>, validTo: Int64?)] = []
        var ended: [(subject: Subject, validFrom: Int64, at: Int64)] = []
        var now: [Subject: WireText] = [:]
        var pending: [Subject: Int] = [:]

        for sighting in sightings {
            let badge = sighting.subject
            let staff = sighting.staff
            defer { now[badge] = sighting.staffCode }
            if let current = stored[badge], current.staffCode == sighting.staffCode { continue }
            let membership: Identifier<Membership>
            if let known = memberships[staff] {
                membership = known
            } else {
                let identities = sealer.identities(openedBy: sighting.hash)
                membership = identities.membership
                memberships[staff] = membership
                let linked =
                    if let known = persons[sighting.staffCode] { known as Identifier<Person>? } else {
                        try person(ofStaffCode: sighting.staffCode, besides: sighting.source)
                    }
                persons[sighting.staffCode] = linked ?? identities.person
                opened.append((sighting, linked ?? identities.person, membership))
                if linked == nil { newPersons.append((sighting, identities.person)) }
            }
            if let place = pending[badge] {
                added[place].validTo = sighting.sequence
            } else if let current = stored[badge] {
                ended.append((badge, current.validFrom, sighting.sequence))
            }
            pending[badge] = added.count
            added.append((sighting, membership, nil))
            stored[badge] = (sighting.staffCode, sighting.validFrom)
        }
        guard !added.isEmpty else { return (false, now) }

        try connection.insert(
            ahead: [
                BulkInsert(
                    into: "person",
                    [
                        BulkColumn("tenant_id", .constant(tenant.rawValue, count: newPersons.count)),
                        BulkColumn("person_id", .uuids(newPersons.map(\.1.rawValue))),
                        BulkColumn("opened_by", .integers(newPersons.map(\.0.sequence))),
                    ]),
                BulkInsert(
                    into: "membership",
                    [
                        BulkColumn("tenant_id", .constant(tenant.rawValue, count: opened.count)),
                        BulkColumn("membership_id", .uuids(opened.map(\.2.rawValue))),
                        BulkColumn("person_id", .uuids(opened.map(\.1.rawValue))),
                        BulkColumn("source", .integers(opened.map(\.0.source.rawValue))),
                        BulkColumn("staff_code", .texts(packed(opened.map(\.0.staffCode)))),
                        BulkColumn("opened_by", .integers(opened.map(\.0.sequence))),
                    ]),
                BulkInsert(
                    into: "identifier",
                    [
                        BulkColumn("tenant_id", .constant(tenant.rawValue, count: added.count)),
                        BulkColumn("source", .integers(added.map(\.sighting.source.rawValue))),
                        BulkColumn("kind", .integers(added.map(\.sighting.kind.rawValue))),
                        BulkColumn("text", .texts(packed(added.map(\.sighting.identifier)))),
                        BulkColumn("valid_from", .integers(added.map(\.sighting.validFrom))),
                        BulkColumn("valid_to", .optionalIntegers(added.map(\.validTo))),
                        BulkColumn("membership_id", .uuids(added.map(\.membership.rawValue))),
                    ]),
            ].filter { $0.rowCount > 0 })
        try connection.run(
            ahead: ended.map { subject, validFrom, sequence in
                """
                UPDATE identifier SET valid_to = \(sequence)
                WHERE tenant_id = \(tenant.rawValue) AND source = \(subject.source.rawValue)
                    AND kind = \(subject.kind.rawValue) AND text = \(subject.text.text) AND valid_from = \(validFrom)
                """
            })
        return (true, now)
    }

    // MARK: Members

    /// The contracts whose staff codes mean the same person where they are equal. Source: design.md §2, link rule.
    private static let staffSources: [EntrySource] = [.trackAttendance, .timeTracker]

    /// The person whom another contract that keeps staff knows by this code.
    func person(ofStaffCode staffCode: WireText, besides source: EntrySource) throws(SQLError) -> Identifier<Person>? {
        guard Self.staffSources.contains(source) else { return nil }
        for other in Self.staffSources where other != source {
            let rows = try connection.run(
                """
                SELECT person_id FROM membership WHERE tenant_id = \(tenant.rawValue) AND source = \(other.rawValue)
                    AND staff_code = \(staffCode.text)
                """)
            if let row = rows.first { return Identifier(rawValue: row.uuid(0)) }
        }
        return nil
    }

    /// Opens a membership of the person whom another contract knows by the same staff code, or of a new one.
    func open(
        _ id: Identifier<Membership>, of source: EntrySource, staffCode: WireText, by sequence: Int64,
        orElse new: Identifier<Person>
    ) throws(SQLError) {
        let linked = try person(ofStaffCode: staffCode, besides: source)
        if linked == nil {
            _ = try connection.run(
                """
                INSERT INTO person (tenant_id, person_id, opened_by)
                VALUES (\(tenant.rawValue), \(new.rawValue), \(sequence))
                """)
        }
        _ = try connection.run(
            """
            INSERT INTO membership (tenant_id, membership_id, person_id, source, staff_code, opened_by)
            VALUES (\(tenant.rawValue), \(id.rawValue), \((linked ?? new).rawValue), \(source.rawValue), \(staffCode.text),
                \(sequence))
            """)
    }

    private static let ownerColumns: StaticString = "m.opened_by, m.source, m.membership_id, m.person_id, m.staff_code, r.name"

    func owners(known id: UUID) throws(SQLError) -> [SheetOwner] {
        owners(
            try connection.run(
                """
                SELECT \(Self.ownerColumns) FROM membership m
                LEFT JOIN member r ON r.tenant_id = m.tenant_id AND r.membership_id = m.membership_id
                WHERE m.tenant_id = \(tenant.rawValue) AND (m.membership_id = \(id) OR m.person_id = \(id))
                ORDER BY m.opened_by
                """))
    }

    /// - Parameters:
    ///   - pin: The code of somebody whom only a device knows; nil where no device was told.
    ///   - pinEnd: What such a code ends in, whatever the device; nil where one was told.
    func owners(called name: WireText, pin: WireText?, pinEnd: WireText?) throws(SQLError) -> [SheetOwner] {
        owners(
            try connection.run(
                """
                SELECT \(Self.ownerColumns) FROM membership m
                LEFT JOIN member r ON r.tenant_id = m.tenant_id AND r.membership_id = m.membership_id
                WHERE m.tenant_id = \(tenant.rawValue)
                    AND (m.staff_code = \(name.text) OR m.staff_code = \(pin?.text) OR r.email_folded = \(name.folded.text)
                        OR m.source = \(EntrySource.terminalLog.rawValue) AND substr(m.staff_code,
                            CAST(length(m.staff_code) - \(pinEnd.map { $0.scalarCount - 1 } ?? 0) AS INTEGER)) = \(pinEnd?.text))
                ORDER BY m.opened_by
                """))
    }

    private func owners(_ rows: [SQLRow]) -> [SheetOwner] {
        rows.compactMap { row in
            EntrySource(rawValue: row.integer(1)).map { source in
                SheetOwner(
                    number: row.integer(0), source: source, membership: Identifier(rawValue: row.uuid(2)),
                    person: Identifier(rawValue: row.uuid(3)), staffCode: WireText(row.text(4)),
                    name: row.textOrNil(5).map { WireText($0) })
            }
        }
    }

    /// The entry that opened the membership whose an identifier is; nil for nobody's.
    func opener(of subject: Subject) throws(SQLError) -> Int64? {
        try connection.run(
            """
            SELECT m.opened_by FROM identifier i
            JOIN membership m ON m.tenant_id = i.tenant_id AND m.membership_id = i.membership_id
            WHERE i.tenant_id = \(tenant.rawValue) AND i.source = \(subject.source.rawValue)
                AND i.kind = \(subject.kind.rawValue) AND i.text = \(subject.text.text) AND i.valid_to IS NULL
            """
        ).first?.integer(0)
    }

    /// Claimed badges of a stretch of the ledger that are nobody's, with how often each was scanned.
    func unmatched(after sequence: Int64, through last: Int64) throws(SQLError) -> [UnmatchedIdentifier] {
        try connection.run(
            """
            SELECT p.identifier, COUNT(*) FROM ledger_personal p
            JOIN ledger_entry e ON e.tenant_id = p.tenant_id AND e.sequence = p.sequence
            WHERE p.tenant_id = \(tenant.rawValue) AND p.sequence > \(sequence) AND p.sequence <= \(last)
                AND e.kind = \(EntryKind.scan.rawValue) AND p.identifier_kind = \(IdentifierKind.badge.rawValue)
                AND NOT EXISTS (
                    SELECT 1 FROM identifier i WHERE i.tenant_id = p.tenant_id AND i.source = e.source
                        AND i.kind = p.identifier_kind AND i.text = p.identifier)
            GROUP BY p.identifier
            """
        ).map { UnmatchedIdentifier(identifier: WireText($0.text(0)), scans: $0.integer(1)) }
    }

    /// Those of the numbers that are somebody's.
    func known(_ pins: Set<DevicePIN>, source: EntrySource) throws(SQLError) -> Set<DevicePIN> {
        guard !pins.isEmpty else { return [] }
        let subjects = pins.map { Subject(source: source, kind: .devicePIN, text: $0.text) }
        let found = try currentIdentifiers(of: Set(subjects))
        return pins.filter { found[Subject(source: source, kind: .devicePIN, text: $0.text)] != nil }
    }

    private func memberships(of staffCodes: Set<Subject>) throws(SQLError) -> [Subject: Identifier<Membership>] {
        let rows = try connection.lookup(
            BulkLookup(
                keys(staffCodes, textColumn: "staff_code"), selecting: "m.source, m.staff_code, m.membership_id",
                from: "membership m",
                matching: """
                    m.tenant_id = given.tenant_id AND m.source = given.source AND m.staff_code = given.staff_code
                    """))
        var found: [Subject: Identifier<Membership>] = [:]
        for row in rows { found[subject(row, .staffCode)] = Identifier(rawValue: row.uuid(2)) }
        return found
    }

    private func currentIdentifiers(
        of badges: Set<Subject>
    ) throws(SQLError) -> [Subject: (staffCode: WireText, validFrom: Int64)] {
        let rows = try connection.lookup(
            BulkLookup(
                keys(badges, textColumn: "text", naming: "kind"),
                selecting: "i.source, i.text, m.staff_code, i.valid_from, i.kind",
                from: """
                    identifier i
                    JOIN membership m ON m.tenant_id = i.tenant_id AND m.membership_id = i.membership_id
                    """,
                matching: """
                    i.tenant_id = given.tenant_id AND i.source = given.source AND i.kind = given.kind AND i.text = given.text
                    AND i.valid_to IS NULL
                    """))
        var found: [Subject: (staffCode: WireText, validFrom: Int64)] = [:]
        for row in rows {
            guard let kind = IdentifierKind(rawValue: row.integer(4)) else { preconditionFailure("a kind that was asked for") }
            found[subject(row, kind)] = (WireText(row.text(2)), row.integer(3))
        }
        return found
    }

    private func keys(_ subjects: Set<Subject>, textColumn: StaticString, naming kindColumn: StaticString? = nil) -> [BulkColumn] {
        let sorted = subjects.sorted()
        return [
            BulkColumn("tenant_id", .constant(tenant.rawValue, count: sorted.count)),
            BulkColumn("source", .integers(sorted.map(\.source.rawValue))),
            BulkColumn(textColumn, .texts(packed(sorted.map(\.text)))),
        ] + (kindColumn.map { [BulkColumn($0, .integers(sorted.map(\.kind.rawValue)))] } ?? [])
    }

    private func subject(_ row: SQLRow, _ kind: IdentifierKind) -> Subject {
        guard let source = EntrySource(rawValue: row.integer(0)) else { preconditionFailure("a source that was asked for") }
        return Subject(source: source, kind: kind, text: WireText(row.text(1)))
    }

    private func packed(_ texts: [WireText]) -> PackedBytes { PackedBytes(texts.map(\.text)) }
}

extension PeopleTable.Sighting {
    fileprivate var subject: PeopleTable.Subject { .init(source: source, kind: kind, text: identifier) }
    fileprivate var staff: PeopleTable.Subject { .init(source: source, kind: .staffCode, text: staffCode) }
}

extension PeopleTable.Subject: Comparable {
    static func < (left: Self, right: Self) -> Bool {
        left.text == right.text
            ? (left.source.rawValue, left.kind.rawValue) < (right.source.rawValue, right.kind.rawValue) : left.text < right.text
    }
}
