import AttendanceCore

/// The rules in force: `rule_setting`, `business_hours`. Projections of entries that change rules.
struct RuleTable {
    let connection: any SQLConnection
    let tenant: TenantID

    func rules(of source: EntrySource) throws(SQLError) -> TimeSheetRules {
        let settings = try connection.run(
            """
            SELECT name, value, told_by FROM rule_setting
            WHERE tenant_id = \(tenant.rawValue) AND source = \(source.rawValue)
            """)
        let hours = try connection.run(
            """
            SELECT number, start_us, end_us, break_minutes, late_threshold_minutes, is_active, created_at_us, updated_at_us,
                told_by
            FROM business_hours
            WHERE tenant_id = \(tenant.rawValue) AND source = \(source.rawValue) AND is_removed = 0 ORDER BY number
            """)
        return TimeSheetRules(
            settings: Dictionary(
                uniqueKeysWithValues: settings.compactMap { row in
                    RuleName(rawValue: row.text(0)).map {
                        ($0, RuleSetting(value: WireText(row.text(1)), toldBy: row.integer(2)))
                    }
                }),
            hours: hours.map { row in
                BusinessHours(
                    number: row.integer(0), startMicroseconds: row.integer(1), endMicroseconds: row.integer(2),
                    breakMinutes: row.integer(3), lateThresholdMinutes: row.integer(4), isActive: row.integer(5) != 0,
                    createdAt: Instant(microseconds: row.integer(6)), updatedAt: Instant(microseconds: row.integer(7)),
                    toldBy: row.integer(8))
            })
    }

    func nextBusinessHoursNumber(of source: EntrySource) throws(SQLError) -> Int64 {
        try connection.run(
            """
            SELECT COALESCE(MAX(number), 0) + 1 FROM business_hours
            WHERE tenant_id = \(tenant.rawValue) AND source = \(source.rawValue)
            """)[0].integer(0)
    }

    /// All there ever were, and whether each was brought in from another system.
    func origins(of source: EntrySource) throws(SQLError) -> [Int64: (digest: Int64?, isRemoved: Bool)] {
        let rows = try connection.run(
            """
            SELECT number, imported_digest, is_removed FROM business_hours
            WHERE tenant_id = \(tenant.rawValue) AND source = \(source.rawValue)
            """)
        return Dictionary(uniqueKeysWithValues: rows.map { ($0.integer(0), ($0.integerOrNil(1), $0.integer(2) != 0)) })
    }

    /// Makes a change of an entry take effect.
    func apply(_ change: RuleChange, of source: EntrySource, toldBy sequence: Int64, at moment: Instant) throws(SQLError) {
        let at = moment.microseconds
        switch change {
        case .setting(let name, let value):
            _ = try connection.run(
                """
                INSERT INTO rule_setting (tenant_id, source, name, value, told_by)
                VALUES (\(tenant.rawValue), \(source.rawValue), \(name.rawValue), \(value.text), \(sequence))
                ON CONFLICT (tenant_id, source, name) DO UPDATE SET value = excluded.value, told_by = excluded.told_by
                """)
        case .hours(let number, let draft, let stamp):
            if draft.isActive {
                // One at a time is active; the others are told so by the same entry.
                _ = try connection.run(
                    """
                    UPDATE business_hours SET is_active = 0, updated_at_us = \(at)
                    WHERE tenant_id = \(tenant.rawValue) AND source = \(source.rawValue) AND is_active = 1
                        AND number <> \(number)
                    """)
            }
            _ = try connection.run(
                """
                INSERT INTO business_hours (tenant_id, source, number, start_us, end_us, break_minutes,
                    late_threshold_minutes, is_active, is_removed, created_at_us, updated_at_us, told_by, imported_digest)
                VALUES (\(tenant.rawValue), \(source.rawValue), \(number), \(draft.startMicroseconds),
                    \(draft.endMicroseconds), \(draft.breakMinutes), \(draft.lateThresholdMinutes),
                    \(draft.isActive ? 1 : 0), 0, \(stamp?.createdAt?.microseconds ?? at), \(stamp?.changedAt?.microseconds ?? at),
                    \(sequence), \(stamp?.digest))
                ON CONFLICT (tenant_id, source, number) DO UPDATE SET start_us = excluded.start_us, end_us = excluded.end_us,
                    break_minutes = excluded.break_minutes, late_threshold_minutes = excluded.late_threshold_minutes,
                    is_active = excluded.is_active, updated_at_us = excluded.updated_at_us, told_by = excluded.told_by,
                    imported_digest = COALESCE(excluded.imported_digest, business_hours.imported_digest)
                """)
        case .hoursRemoved(let number):
            _ = try connection.run(
                """
                UPDATE business_hours SET is_active = 0, is_removed = 1, updated_at_us = \(at), told_by = \(sequence)
                WHERE tenant_id = \(tenant.rawValue) AND source = \(source.rawValue) AND number = \(number)
                """)
        }
    }
}
