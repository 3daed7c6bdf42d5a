import AttendanceCore

/// `audit_entry`, `refusal`.
struct AuditTable {
    let connection: any SQLConnection
    let tenant: TenantID

    func entries(limit: Int) throws(SQLError) -> [AuditEntry] {
        try connection.run(
            """
            SELECT at_us, caller, address, act, subject, detail FROM audit_entry
            WHERE tenant_id = \(tenant.rawValue) ORDER BY number DESC LIMIT \(limit)
            """
        ).map { row throws(SQLError) in
            guard let act = AuditAct(rawValue: row.text(3)) else {
                throw SQLError(kind: .corrupt, code: "", message: "an audit entry tells of no known act")
            }
            return AuditEntry(
                at: Instant(microseconds: row.integer(0)), callerName: WireText(row.text(1)), address: row.textOrNil(2),
                act: act, subject: WireText(row.text(4)), detail: WireText(row.text(5)))
        }
    }

    func subjects(of act: AuditAct) throws(SQLError) -> Set<WireText> {
        Set(
            try connection.run(
                """
                SELECT DISTINCT subject FROM audit_entry WHERE tenant_id = \(tenant.rawValue) AND act = \(act.rawValue)
                """
            ).map { WireText($0.text(0)) })
    }

    /// The caller of this holds the lock of the tenant's head, so that two never take one number.
    func add(_ entry: AuditEntry) throws(SQLError) {
        _ = try connection.run(
            """
            INSERT INTO audit_entry (tenant_id, number, at_us, caller, address, act, subject, detail)
            SELECT \(tenant.rawValue), COALESCE(MAX(number), 0) + 1, \(entry.at.microseconds), \(entry.caller.text),
                \(entry.address), \(entry.act.rawValue), \(entry.subject.text), \(entry.detail.text)
            FROM audit_entry WHERE tenant_id = \(tenant.rawValue)
            """)
    }

    func refusals(limit: Int) throws(SQLError) -> [RefusalCount] {
        try connection.run(
            """
            SELECT request, status, caller, address, station, reason, count, first_at_us, last_at_us FROM refusal
            WHERE tenant_id = \(tenant.rawValue) ORDER BY last_at_us DESC, count DESC LIMIT \(limit)
            """
        ).map { row in
            RefusalCount(
                refusal: Refusal(
                    request: WireText(row.text(0)), status: Int(row.integer(1)), caller: WireText(row.text(2)),
                    address: WireText(row.text(3)), station: WireText(row.text(4)), reason: WireText(row.text(5))),
                count: row.integer(6), firstAt: Instant(microseconds: row.integer(7)),
                lastAt: Instant(microseconds: row.integer(8)))
        }
    }

    func add(_ refusals: [RefusalCount], kindsMax: Int) throws(SQLError) {
        for refused in refusals {
            let what = refused.refusal
            _ = try connection.run(
                """
                INSERT INTO refusal (tenant_id, request, status, caller, address, station, reason, count, first_at_us,
                    last_at_us)
                VALUES (\(tenant.rawValue), \(what.request.text), \(what.status), \(what.caller.text), \(what.address.text),
                    \(what.station.text), \(what.reason.text), \(refused.count), \(refused.firstAt.microseconds),
                    \(refused.lastAt.microseconds))
                ON CONFLICT (tenant_id, request, status, caller, address, station, reason) DO UPDATE SET
                    count = refusal.count + excluded.count, last_at_us = excluded.last_at_us
                """)
        }
        _ = try connection.run(
            """
            DELETE FROM refusal WHERE tenant_id = \(tenant.rawValue) AND last_at_us < (
                SELECT MIN(last_at_us) FROM (
                    SELECT last_at_us FROM refusal WHERE tenant_id = \(tenant.rawValue)
                    ORDER BY last_at_us DESC LIMIT \(kindsMax)) AS kept)
            """)
    }
}
