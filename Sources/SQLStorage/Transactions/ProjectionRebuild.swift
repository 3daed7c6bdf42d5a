import AttendanceCore

/// Empties the projections of a tenant and folds its ledger anew.
struct ProjectionRebuild {
    let connection: any SQLConnection
    let tenant: TenantID
    let sealer: Sealer

    /// Every projection with the order of its rows. What stands here is derived from the ledger and from nothing else.
    /// Parents stand before what refers to them.
    private static let projections: [(table: StaticString, order: StaticString)] = [
        ("station_span", "span_id"), ("badge_places", "badge"), ("station_tally", "source, shown_term"),
        ("unit_tally", "source, unit_term"), ("scan_total", "source"), ("person", "person_id"),
        ("membership", "membership_id"), ("identifier", "source, kind, text, valid_from"), ("member", "source, number"),
        ("rule_setting", "source, name"), ("business_hours", "source, number"), ("punch", "number"),
        ("waiting_punch", "source, pin, number"), ("voided_punch", "number"), ("work_session", "source, day, member"),
        ("work_cycle", "source, day, member, number"), ("work_day", "source, day"),
        ("student", "number"), ("class", "number"), ("class_slot", "class, weekday"), ("class_reschedule", "number"),
        ("enrolment", "class, student, told_by"), ("class_session", "class, day"), ("class_tally", "class"),
    ]

    /// How many entries are folded before they are written.
    static let entriesPerStep = 5_000

    static func rows(_ connection: any SQLConnection, _ tenant: TenantID) throws(SQLError) -> [String: [[SQLValue]]] {
        var rows: [String: [[SQLValue]]] = [:]
        for (table, order) in projections {
            rows[table.description] = try connection.run(
                "SELECT * FROM \(table) WHERE tenant_id = \(tenant.rawValue) ORDER BY \(order)"
            ).map(\.values)
        }
        return rows
    }

    func run(progress: (_ folded: Int64, _ of: Int64) -> Void) throws(SQLError) -> Int64 {
        try connection.beginWriting()
        do {
            try connection.allowLongStatements()
            let count = try fold(progress: progress)
            try connection.commit()
            return count
        } catch {
            connection.rollBack()
            throw error
        }
    }

    private func fold(progress: (_ folded: Int64, _ of: Int64) -> Void) throws(SQLError) -> Int64 {
        let ledger = LedgerTable(connection: connection, tenant: tenant)
        let former = try ledger.head(locking: true)
        for (table, _) in Self.projections.reversed() {
            _ = try connection.run("DELETE FROM \(table) WHERE tenant_id = \(tenant.rawValue)")
        }
        var terms = TermBook()
        try terms.catchUp(TermTable(connection: connection, tenant: tenant))
        let sheets = SheetMemory()
        var fold = ProjectionFold(
            connection: connection, tenant: tenant, sealer: sealer, layout: StationLayout(), badges: BadgeMemory(),
            sheets: sheets)
        var sequence: Int64 = 0
        while true {
            let entries = try ledger.entries(after: sequence, limit: Self.entriesPerStep, terms: &terms)
            guard let last = entries.last else { break }
            for entry in entries {
                _ = try fold.add(
                    entry.claim, sequence: entry.sequence, hash: entry.hash, receivedAt: entry.receivedAt,
                    badge: entry.claim.personal.map { sealer.identifier($0.identifier, kind: $0.identifierKind) },
                    terms: &terms)
            }
            _ = try fold.write(terms: terms, memory: nil)
            if sheets.cost > SheetMemory.costMax {
                sheets.forgetMembers()
                sheets.classes.forgetAll()
            }
            sequence = last.sequence
            progress(sequence, former.sequence)
        }
        // Other processes remember the former rows by these versions.
        var head = former
        head.layoutVersion += 1
        head.peopleVersion += 1
        try ledger.move(former, to: head)
        return sequence
    }
}
