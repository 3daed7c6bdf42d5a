import AttendanceCore
import struct FoundationEssentials.UUID

/// Punches as they count now: `punch`, and beside it `waiting_punch`, whose people are not known yet, and `voided_punch`, which
/// remembers where those stood that were taken away. Projections.
struct PunchTable {
    let connection: any SQLConnection
    let tenant: TenantID

    private static let columns: StaticString = """
        number, told_by, direction, at_us, day, is_late, is_early, carry_max_us, created_at_us, changed_at_us, member, note,
        counts_for, imported_id, imported_digest
        """

    func punches(of member: Int64, from: CalendarDay, through: CalendarDay) throws(SQLError) -> [SheetPunch] {
        try punches(
            """
            SELECT \(Self.columns) FROM punch WHERE tenant_id = \(tenant.rawValue) AND member = \(member)
                AND day >= \(from.daysSince1970) AND day <= \(through.daysSince1970)
            ORDER BY at_us, number
            """)
    }

    /// The last day at which a member has a punch or a session.
    func newestDay(of member: Int64) throws(SQLError) -> CalendarDay? {
        try connection.run(
            """
            SELECT MAX(day) FROM (
                SELECT MAX(day) AS day FROM punch WHERE tenant_id = \(tenant.rawValue) AND member = \(member)
                UNION ALL
                SELECT MAX(day) FROM work_session WHERE tenant_id = \(tenant.rawValue) AND member = \(member)
            ) AS newest
            """)[0].integerOrNil(0).map { CalendarDay(daysSince1970: $0) }
    }

    func punches(
        of source: EntrySource, matching query: PunchQuery, after position: PunchPosition?, limit: Int
    ) throws(SQLError) -> [SheetPunch] {
        // A member's number says which source is meant. Named beside it, the source would lead engines to walk everybody's
        // punches by moment.
        var conditions: SQL =
            if let member = query.member {
                "member = \(member)"
            } else {
                "source = \(source.rawValue)"
            }
        if let from = query.from { conditions = "\(conditions) AND day >= \(from.daysSince1970)" }
        if let through = query.through { conditions = "\(conditions) AND day <= \(through.daysSince1970)" }
        if let direction = query.direction { conditions = "\(conditions) AND direction = \(direction.rawValue)" }
        // No clock is more than a day from UTC, so days narrow the moments, by which the list is ordered.
        if let from = query.from {
            conditions = "\(conditions) AND at_us >= \((from.daysSince1970 - 1) * 86_400_000_000)"
        }
        if let through = query.through {
            conditions = "\(conditions) AND at_us < \((through.daysSince1970 + 2) * 86_400_000_000)"
        }
        if let position {
            conditions = "\(conditions) AND (at_us, number) < (\(position.at.microseconds), \(position.number))"
        }
        return try punches(
            """
            SELECT \(Self.columns) FROM punch WHERE tenant_id = \(tenant.rawValue) AND \(conditions)
            ORDER BY at_us DESC, number DESC LIMIT \(limit)
            """)
    }

    func punch(_ number: Int64, of source: EntrySource) throws(SQLError) -> SheetPunch? {
        try punches(
            """
            SELECT \(Self.columns) FROM punch
            WHERE tenant_id = \(tenant.rawValue) AND number = \(number) AND source = \(source.rawValue)
            """
        ).first
    }

    func punch(importedAs id: UUID, of source: EntrySource) throws(SQLError) -> SheetPunch? {
        try punches(
            """
            SELECT \(Self.columns) FROM punch WHERE tenant_id = \(tenant.rawValue) AND source = \(source.rawValue)
                AND imported_id = \(id.bytes)
            """
        ).first
    }

    /// Those of the punches that were brought in and are there.
    func imported(_ ids: [UUID], of source: EntrySource) throws(SQLError) -> [UUID: ImportedPunch] {
        guard !ids.isEmpty else { return [:] }
        let rows = try connection.lookup(
            BulkLookup(
                [
                    BulkColumn("tenant_id", .constant(tenant.rawValue, count: ids.count)),
                    BulkColumn("source", .constant(source.rawValue, count: ids.count)),
                    BulkColumn("imported_id", .blobs(PackedBytes(ids.map { $0.bytes }))),
                ], selecting: "p.imported_id, p.number, p.told_by, p.imported_digest", from: "punch p",
                matching: """
                    p.tenant_id = given.tenant_id AND p.source = given.source AND p.imported_id = given.imported_id
                    AND p.imported_id IS NOT NULL
                    """))
        var found: [UUID: ImportedPunch] = [:]
        for row in rows {
            guard let id = UUID(row.blobOrNil(0)), let digest = row.integerOrNil(3) else { continue }
            found[id] = ImportedPunch(number: row.integer(1), toldBy: row.integer(2), digest: digest)
        }
        return found
    }

    /// The identities that punches were brought in under, in the order of their bytes.
    func importedIDs(of source: EntrySource, after id: UUID?, limit: Int) throws(SQLError) -> [UUID] {
        let behind: SQL = id.map { "imported_id > \($0.bytes)" } ?? "imported_id IS NOT NULL"
        return try connection.run(
            """
            SELECT imported_id FROM punch
            WHERE tenant_id = \(tenant.rawValue) AND source = \(source.rawValue) AND imported_id IS NOT NULL AND \(behind)
            ORDER BY imported_id LIMIT \(limit)
            """
        ).compactMap { UUID($0.blobOrNil(0)) }
    }

    private func punches(_ statement: SQL) throws(SQLError) -> [SheetPunch] {
        try connection.run(statement).map { row throws(SQLError) in
            guard let direction = PunchDirection(rawValue: row.text(2)) else {
                throw SQLError(
                    kind: .corrupt, code: "", message: "punch \(row.integer(0)) has no direction; muster rebuild makes it anew")
            }
            var punch = SheetPunch(
                punch: TimedPunch(
                    number: row.integer(0), toldBy: row.integer(1), direction: direction,
                    at: Instant(microseconds: row.integer(3)), day: CalendarDay(daysSince1970: row.integer(4)),
                    isLate: row.integer(5) != 0, isEarly: row.integer(6) != 0, carryMaxMicroseconds: row.integer(7),
                    createdAt: Instant(microseconds: row.integer(8)), changedAt: Instant(microseconds: row.integer(9))),
                member: row.integer(10), note: row.textOrNil(11).map { WireText($0) },
                countsFor: row.integerOrNil(12).map { CalendarDay(daysSince1970: $0) }, importedID: UUID(row.blobOrNil(13)))
            punch.importedDigest = row.integerOrNil(14)
            return punch
        }
    }

    func insertion(of punches: [SheetPunch], source: EntrySource) -> BulkInsert {
        BulkInsert(
            into: "punch",
            [
                BulkColumn("tenant_id", .constant(tenant.rawValue, count: punches.count)),
                BulkColumn("member", .integers(punches.map(\.member))),
                BulkColumn("day", .integers(punches.map(\.punch.day.daysSince1970))),
                BulkColumn("at_us", .integers(punches.map(\.punch.at.microseconds))),
                BulkColumn("number", .integers(punches.map(\.punch.number))),
                BulkColumn("source", .constant(source.rawValue, count: punches.count)),
                BulkColumn("told_by", .integers(punches.map(\.punch.toldBy))),
                BulkColumn("direction", .texts(PackedBytes(punches.map(\.punch.direction.rawValue)))),
                BulkColumn("is_late", .integers(punches.map { $0.punch.isLate ? 1 : 0 })),
                BulkColumn("is_early", .integers(punches.map { $0.punch.isEarly ? 1 : 0 })),
                BulkColumn("carry_max_us", .integers(punches.map(\.punch.carryMaxMicroseconds))),
                BulkColumn("note", .texts(PackedBytes(punches.map { $0.note?.text }))),
                BulkColumn("counts_for", .optionalIntegers(punches.map { $0.countsFor?.daysSince1970 })),
                BulkColumn("created_at_us", .integers(punches.map(\.punch.createdAt.microseconds))),
                BulkColumn("changed_at_us", .integers(punches.map(\.punch.changedAt.microseconds))),
                BulkColumn("imported_id", .blobs(PackedBytes(punches.map { $0.importedID?.bytes }))),
                BulkColumn("imported_digest", .optionalIntegers(punches.map(\.importedDigest))),
            ])
    }

    func deletion(of number: Int64) -> SQL {
        "DELETE FROM punch WHERE tenant_id = \(tenant.rawValue) AND number = \(number)"
    }

    /// Days whose sessions are not there although punches count for them.
    func daysWithoutSession(
        of source: EntrySource, from: CalendarDay, through: CalendarDay
    ) throws(SQLError) -> [(member: Int64, day: CalendarDay)] {
        try connection.run(
            """
            SELECT DISTINCT p.member, p.counts_for FROM punch p
            WHERE p.tenant_id = \(tenant.rawValue) AND p.source = \(source.rawValue)
                AND p.at_us >= \((from.daysSince1970 - 1) * 86_400_000_000)
                AND p.at_us < \((through.daysSince1970 + 3) * 86_400_000_000)
                AND p.counts_for >= \(from.daysSince1970) AND p.counts_for <= \(through.daysSince1970)
                AND NOT EXISTS (
                    SELECT 1 FROM work_session s WHERE s.tenant_id = p.tenant_id AND s.source = p.source
                        AND s.day = p.counts_for AND s.member = p.member)
            ORDER BY p.member, p.counts_for
            """
        ).map { ($0.integer(0), CalendarDay(daysSince1970: $0.integer(1))) }
    }

    func removeAll(of member: Int64) throws(SQLError) {
        _ = try connection.run("DELETE FROM punch WHERE tenant_id = \(tenant.rawValue) AND member = \(member)")
        _ = try connection.run("DELETE FROM voided_punch WHERE tenant_id = \(tenant.rawValue) AND member = \(member)")
    }

    // MARK: Beside

    func keepVoided(_ punch: SheetPunch, by sequence: Int64) -> SQL {
        """
        INSERT INTO voided_punch (tenant_id, number, member, day, voided_by)
        VALUES (\(tenant.rawValue), \(punch.punch.number), \(punch.member), \(punch.punch.day.daysSince1970), \(sequence))
        """
    }

    func voided(of member: Int64, on day: CalendarDay) throws(SQLError) -> [(number: Int64, by: Int64)] {
        try connection.run(
            """
            SELECT number, voided_by FROM voided_punch
            WHERE tenant_id = \(tenant.rawValue) AND member = \(member) AND day = \(day.daysSince1970) ORDER BY number
            """
        ).map { ($0.integer(0), $0.integer(1)) }
    }

    /// A punch that waits for its number to become somebody's.
    struct Waiting {
        let number: Int64
        let at: Instant
        let detail: WireText
        let createdAt: Instant
    }

    func keep(_ waiting: Waiting, of pin: DevicePIN, source: EntrySource) -> SQL {
        """
        INSERT INTO waiting_punch (tenant_id, source, pin, number, at_us, detail, created_at_us)
        VALUES (\(tenant.rawValue), \(source.rawValue), \(pin.text.text), \(waiting.number), \(waiting.at.microseconds),
            \(waiting.detail.text), \(waiting.createdAt.microseconds))
        """
    }

    /// What waited for a number, in the order in which it came; none of it waits any more.
    func takeWaiting(of pin: DevicePIN, source: EntrySource) throws(SQLError) -> [Waiting] {
        let rows = try connection.run(
            """
            SELECT number, at_us, detail, created_at_us FROM waiting_punch
            WHERE tenant_id = \(tenant.rawValue) AND source = \(source.rawValue) AND pin = \(pin.text.text) ORDER BY number
            """)
        guard !rows.isEmpty else { return [] }
        _ = try connection.run(
            """
            DELETE FROM waiting_punch WHERE tenant_id = \(tenant.rawValue) AND source = \(source.rawValue)
                AND pin = \(pin.text.text)
            """)
        return rows.map { row in
            Waiting(
                number: row.integer(0), at: Instant(microseconds: row.integer(1)), detail: WireText(row.text(2)),
                createdAt: Instant(microseconds: row.integer(3)))
        }
    }
}

extension PackedBytes {
    init(_ texts: [String?]) {
        self.init()
        for text in texts {
            if let text { append(text) } else { appendNull() }
        }
    }

    init(_ values: [[UInt8]?]) {
        self.init()
        for value in values {
            if let value { append(value) } else { appendNull() }
        }
    }
}
