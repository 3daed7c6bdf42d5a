import AttendanceCore
import struct FoundationEssentials.UUID

/// Classes, when they meet, and meetings that were moved: `class`, `class_slot`, `class_reschedule`. Projections.
struct ClassTable {
    let connection: any SQLConnection
    let tenant: TenantID

    private static let columns: StaticString = """
        c.number, c.class_id, c.owner, c.code, c.name, c.section, c.teacher_type, c.ltp_pattern, c.practical_group,
        c.created_at_us, c.updated_at_us, c.imported_digest
        """

    // MARK: Reading

    func schoolClass(_ id: Identifier<SchoolClass>) throws(SQLError) -> SchoolClass? {
        try classes(
            "SELECT \(Self.columns) FROM class AS c WHERE c.tenant_id = \(tenant.rawValue) AND c.class_id = \(id.rawValue)"
        ).first
    }

    func schoolClass(numbered number: Int64) throws(SQLError) -> SchoolClass? {
        try classes(
            "SELECT \(Self.columns) FROM class AS c WHERE c.tenant_id = \(tenant.rawValue) AND c.number = \(number)"
        ).first
    }

    func schoolClass(
        of owner: Identifier<Grant>, code: WireText, section: WireText
    ) throws(SQLError) -> SchoolClass? {
        try classes(
            """
            SELECT \(Self.columns) FROM class AS c
            WHERE c.tenant_id = \(tenant.rawValue) AND c.owner = \(owner.rawValue) AND c.code = \(code.text)
                AND c.section = \(section.text)
            """
        ).first
    }

    func classes(of owner: Identifier<Grant>?) throws(SQLError) -> [SchoolClass] {
        let whose: SQL = owner.map { "AND c.owner = \($0.rawValue)" } ?? ""
        return try classes(
            """
            SELECT \(Self.columns) FROM class AS c WHERE c.tenant_id = \(tenant.rawValue) \(whose)
            ORDER BY c.created_at_us, c.class_id
            """)
    }

    func classes(ofStudent student: Int64) throws(SQLError) -> [SchoolClass] {
        try classes(
            """
            SELECT \(Self.columns) FROM enrolment AS e
            JOIN class AS c ON c.tenant_id = e.tenant_id AND c.number = e.class
            WHERE e.tenant_id = \(tenant.rawValue) AND e.student = \(student) AND e.ended_by IS NULL
            ORDER BY c.code, c.section, c.number
            """)
    }

    private func classes(_ statement: SQL) throws(SQLError) -> [SchoolClass] {
        let rows = try connection.run(statement)
        guard !rows.isEmpty else { return [] }
        let slots = try slots(of: rows.map { $0.integer(0) })
        return rows.map { row in
            SchoolClass(
                id: Identifier(rawValue: row.uuid(1)), number: row.integer(0),
                profile: ClassProfile(
                    owner: Identifier(rawValue: row.uuid(2)), code: WireText(row.text(3)), name: WireText(row.text(4)),
                    section: WireText(row.text(5)), teacherType: row.wireTextOrNil(6), ltpPattern: row.wireTextOrNil(7),
                    practicalGroup: row.wireTextOrNil(8)),
                slots: slots[row.integer(0)] ?? [], createdAt: Instant(microseconds: row.integer(9)),
                updatedAt: Instant(microseconds: row.integer(10)), importedDigest: row.integerOrNil(11))
        }
    }

    private func slots(of classes: [Int64]) throws(SQLError) -> [Int64: [ClassSlot]] {
        let rows = try connection.lookup(
            BulkLookup(
                [
                    BulkColumn("tenant_id", .constant(tenant.rawValue, count: classes.count)),
                    BulkColumn("class", .integers(classes)),
                ], selecting: "s.class, s.weekday, s.start_s, s.end_s", from: "class_slot s",
                matching: "s.tenant_id = given.tenant_id AND s.class = given.class"))
        var slots: [Int64: [ClassSlot]] = [:]
        for row in rows {
            guard let start = TimeOfDay(secondsFromMidnight: row.integer(2)),
                let end = TimeOfDay(secondsFromMidnight: row.integer(3)),
                // Only what was a slot was stored; why a row is none any more makes no difference.
                let slot = try? ClassSlot(weekday: row.integer(1), start: start, end: end)
            else {
                throw SQLError(kind: .corrupt, code: "", message: "a slot is none; muster rebuild makes it anew")
            }
            slots[row.integer(0), default: []].append(slot)
        }
        return slots.mapValues { $0.sorted { $0.weekday < $1.weekday } }
    }

    /// Whose classes are, by the identities of their grants.
    func owners(_ ids: [Identifier<Grant>]) throws(SQLError) -> [Identifier<Grant>: ClassOwner] {
        guard !ids.isEmpty else { return [:] }
        let rows = try connection.lookup(
            BulkLookup(
                [
                    BulkColumn("tenant_id", .constant(tenant.rawValue, count: ids.count)),
                    BulkColumn("grant_id", .uuids(ids.map(\.rawValue))),
                ], selecting: "g.grant_id, COALESCE(p.name, TRIM(a.first_name || ' ' || a.last_name)), a.email",
                from: """
                    account_grant g JOIN account a ON a.account_id = g.account_id
                    LEFT JOIN grant_profile p ON p.tenant_id = g.tenant_id AND p.grant_id = g.grant_id
                    """,
                matching: "g.tenant_id = given.tenant_id AND g.grant_id = given.grant_id"))
        return Dictionary(
            uniqueKeysWithValues: rows.map { row in
                (
                    Identifier<Grant>(rawValue: row.uuid(0)),
                    ClassOwner(name: WireText(row.text(1)), email: WireText(row.text(2)))
                )
            })
    }

    // MARK: Moved meetings

    func reschedules(of classes: [Int64]) throws(SQLError) -> [Int64: [Reschedule]] {
        guard !classes.isEmpty else { return [:] }
        let rows = try connection.lookup(
            BulkLookup(
                [
                    BulkColumn("tenant_id", .constant(tenant.rawValue, count: classes.count)),
                    BulkColumn("class", .integers(classes)),
                ],
                selecting: """
                    r.number, r.class, r.original_day, r.original_start_s, r.original_end_s, r.day, r.start_s, r.end_s, r.reason,
                    r.created_at_us
                    """, from: "class_reschedule r",
                matching: "r.tenant_id = given.tenant_id AND r.class = given.class AND r.is_removed = 0"))
        var found: [Int64: [Reschedule]] = [:]
        for row in rows { found[row.integer(1), default: []].append(try Self.reschedule(row)) }
        return found.mapValues { $0.sorted { ($0.day, $0.number) < ($1.day, $1.number) } }
    }

    func reschedule(_ number: Int64) throws(SQLError) -> Reschedule? {
        try connection.run(
            """
            SELECT number, class, original_day, original_start_s, original_end_s, day, start_s, end_s, reason, created_at_us
            FROM class_reschedule WHERE tenant_id = \(tenant.rawValue) AND number = \(number) AND is_removed = 0
            """
        ).first.map { row throws(SQLError) in try Self.reschedule(row) }
    }

    func nextRescheduleNumber() throws(SQLError) -> Int64 {
        try connection.run(
            "SELECT COALESCE(MAX(number), 0) + 1 FROM class_reschedule WHERE tenant_id = \(tenant.rawValue)")[0].integer(0)
    }

    private static func reschedule(_ row: SQLRow) throws(SQLError) -> Reschedule {
        func time(_ column: Int) throws(SQLError) -> TimeOfDay {
            guard let time = TimeOfDay(secondsFromMidnight: row.integer(column)) else {
                throw SQLError(
                    kind: .corrupt, code: "", message: "a moved meeting has no time; muster rebuild makes it anew")
            }
            return time
        }
        return Reschedule(
            number: row.integer(0), schoolClass: row.integer(1), originalDay: CalendarDay(daysSince1970: row.integer(2)),
            originalStart: try time(3), originalEnd: try time(4), day: CalendarDay(daysSince1970: row.integer(5)),
            start: try time(6), end: try time(7), reason: row.wireTextOrNil(8),
            createdAt: Instant(microseconds: row.integer(9)))
    }

    // MARK: Writing

    func insertion(of one: SchoolClass) -> SQL {
        """
        INSERT INTO class (tenant_id, number, class_id, owner, code, name, section, teacher_type, ltp_pattern, practical_group,
            created_at_us, updated_at_us, imported_digest)
        VALUES (\(tenant.rawValue), \(one.number), \(one.id.rawValue), \(one.owner.rawValue), \(one.profile.code.text),
            \(one.profile.name.text), \(one.profile.section.text), \(one.profile.teacherType?.text),
            \(one.profile.ltpPattern?.text), \(one.profile.practicalGroup?.text), \(one.createdAt.microseconds),
            \(one.updatedAt.microseconds), \(one.importedDigest))
        """
    }

    func update(of one: SchoolClass) -> SQL {
        """
        UPDATE class SET owner = \(one.owner.rawValue), code = \(one.profile.code.text), name = \(one.profile.name.text),
            section = \(one.profile.section.text), teacher_type = \(one.profile.teacherType?.text),
            ltp_pattern = \(one.profile.ltpPattern?.text), practical_group = \(one.profile.practicalGroup?.text),
            updated_at_us = \(one.updatedAt.microseconds), imported_digest = \(one.importedDigest)
        WHERE tenant_id = \(tenant.rawValue) AND number = \(one.number)
        """
    }

    func insertion(of slot: ClassSlot, of schoolClass: Int64) -> SQL {
        """
        INSERT INTO class_slot (tenant_id, class, weekday, start_s, end_s)
        VALUES (\(tenant.rawValue), \(schoolClass), \(slot.weekday), \(slot.start.secondsFromMidnight),
            \(slot.end.secondsFromMidnight))
        ON CONFLICT (tenant_id, class, weekday) DO UPDATE SET start_s = excluded.start_s, end_s = excluded.end_s
        """
    }

    func deletion(ofSlotOn weekday: Int64, of schoolClass: Int64) -> SQL {
        """
        DELETE FROM class_slot
        WHERE tenant_id = \(tenant.rawValue) AND class = \(schoolClass) AND weekday = \(weekday)
        """
    }

    /// Inserts a moved meeting, or changes the one of its number, which keeps the moment of its making.
    func insertion(of one: Reschedule, digest: Int64?, toldBy sequence: Int64) -> SQL {
        """
        INSERT INTO class_reschedule (tenant_id, number, class, original_day, original_start_s, original_end_s, day, start_s,
            end_s, reason, is_removed, created_at_us, told_by, imported_digest)
        VALUES (\(tenant.rawValue), \(one.number), \(one.schoolClass), \(one.originalDay.daysSince1970),
            \(one.originalStart.secondsFromMidnight), \(one.originalEnd.secondsFromMidnight), \(one.day.daysSince1970),
            \(one.start.secondsFromMidnight), \(one.end.secondsFromMidnight), \(one.reason?.text), 0,
            \(one.createdAt.microseconds), \(sequence), \(digest))
        ON CONFLICT (tenant_id, number) DO UPDATE SET day = excluded.day, start_s = excluded.start_s, end_s = excluded.end_s,
            reason = excluded.reason, told_by = excluded.told_by,
            imported_digest = COALESCE(excluded.imported_digest, class_reschedule.imported_digest)
        """
    }

    /// The row stays, so that its number is not given again.
    func removal(ofReschedule number: Int64, by sequence: Int64) -> SQL {
        """
        UPDATE class_reschedule SET is_removed = 1, reason = NULL, told_by = \(sequence)
        WHERE tenant_id = \(tenant.rawValue) AND number = \(number)
        """
    }

    /// Takes a class away with all that hangs on it.
    func deletions(of number: Int64, by sequence: Int64) -> [SQL] {
        [
            "DELETE FROM class_tally WHERE tenant_id = \(tenant.rawValue) AND class = \(number)",
            "DELETE FROM class_session WHERE tenant_id = \(tenant.rawValue) AND class = \(number)",
            "DELETE FROM enrolment WHERE tenant_id = \(tenant.rawValue) AND class = \(number)",
            """
            UPDATE class_reschedule SET is_removed = 1, reason = NULL, told_by = \(sequence)
            WHERE tenant_id = \(tenant.rawValue) AND class = \(number) AND is_removed = 0
            """,
            "DELETE FROM class_slot WHERE tenant_id = \(tenant.rawValue) AND class = \(number)",
            "DELETE FROM class WHERE tenant_id = \(tenant.rawValue) AND number = \(number)",
        ]
    }
}

extension SQLRow {
    func wireTextOrNil(_ column: Int) -> WireText? { textOrNil(column).map { WireText($0) } }
}
