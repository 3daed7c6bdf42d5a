import AttendanceCore
import struct FoundationEssentials.UUID

/// Days of work: `work_session`, `work_cycle`, and their sums per day in `work_day`. Projections.
///
/// A session is kept as its punches left it; time that is open is added when it is read.
struct WorkSessionTable {
    let connection: any SQLConnection
    let tenant: TenantID

    private static let columns: StaticString = """
        member, day, punch_in_us, punch_out_us, break_start_us, break_end_us, total_us, break_us, working_us, open_since_us,
        open_break_us, open_break_since_us, is_late_in, is_early_out, status, note, cycle_count, assertion, asserted_by,
        asserted_at_us, created_at_us, updated_at_us, imported_id, imported_digest
        """

    // MARK: Reading

    func session(of member: Int64, on day: CalendarDay) throws(SQLError) -> SheetSession? {
        try withCycles(
            try sessions(
                """
                SELECT source, \(Self.columns) FROM work_session WHERE tenant_id = \(tenant.rawValue) AND member = \(member)
                    AND day = \(day.daysSince1970)
                """)
        ).first
    }

    func session(importedAs id: UUID, of source: EntrySource) throws(SQLError) -> SheetSession? {
        try withCycles(
            try sessions(
                """
                SELECT source, \(Self.columns) FROM work_session
                WHERE tenant_id = \(tenant.rawValue) AND source = \(source.rawValue) AND imported_id = \(id.bytes)
                """)
        ).first
    }

    /// Those of the sessions that have the identity of another system's row.
    func imported(_ ids: [UUID], of source: EntrySource) throws(SQLError) -> [UUID: ImportedSession] {
        guard !ids.isEmpty else { return [:] }
        let rows = try connection.lookup(
            BulkLookup(
                [
                    BulkColumn("tenant_id", .constant(tenant.rawValue, count: ids.count)),
                    BulkColumn("source", .constant(source.rawValue, count: ids.count)),
                    BulkColumn("imported_id", .blobs(PackedBytes(ids.map { $0.bytes }))),
                ], selecting: "s.imported_id, s.member, s.day, s.imported_digest", from: "work_session s",
                matching: """
                    s.tenant_id = given.tenant_id AND s.source = given.source AND s.imported_id = given.imported_id
                    AND s.imported_id IS NOT NULL
                    """))
        var found: [UUID: ImportedSession] = [:]
        for row in rows {
            guard let id = UUID(row.blobOrNil(0)), let digest = row.integerOrNil(3) else { continue }
            let place = SessionPlace(member: row.integer(1), day: CalendarDay(daysSince1970: row.integer(2)))
            found[id] = ImportedSession(place: place, digest: digest)
        }
        return found
    }

    /// The identities of other systems' rows that sessions have, in the order of their bytes.
    func importedIDs(of source: EntrySource, after id: UUID?, limit: Int) throws(SQLError) -> [UUID] {
        let behind: SQL = id.map { "imported_id > \($0.bytes)" } ?? "imported_id IS NOT NULL"
        return try connection.run(
            """
            SELECT imported_id FROM work_session
            WHERE tenant_id = \(tenant.rawValue) AND source = \(source.rawValue) AND imported_id IS NOT NULL AND \(behind)
            ORDER BY imported_id LIMIT \(limit)
            """
        ).compactMap { UUID($0.blobOrNil(0)) }
    }

    /// A member's sessions of some days, oldest first.
    func sessions(of member: Int64, from: CalendarDay, through: CalendarDay) throws(SQLError) -> [SheetSession] {
        try withCycles(
            try sessions(
                """
                SELECT source, \(Self.columns) FROM work_session WHERE tenant_id = \(tenant.rawValue) AND member = \(member)
                    AND day >= \(from.daysSince1970) AND day <= \(through.daysSince1970)
                ORDER BY day
                """))
    }

    func sessions(
        of source: EntrySource, member: Int64, from: CalendarDay?, through: CalendarDay?, limit: Int
    ) throws(SQLError) -> [SheetSession] {
        try withCycles(
            try sessions(
                """
                SELECT source, \(Self.columns) FROM work_session WHERE tenant_id = \(tenant.rawValue) AND member = \(member)
                    \(Self.days(from, through)) ORDER BY day DESC LIMIT \(limit)
                """))
    }

    func sessions(of source: EntrySource, from: CalendarDay, through: CalendarDay) throws(SQLError) -> [SheetSession] {
        try withCycles(
            try sessions(
                """
                SELECT source, \(Self.columns) FROM work_session
                WHERE tenant_id = \(tenant.rawValue) AND source = \(source.rawValue) \(Self.days(from, through))
                ORDER BY day DESC, member
                """))
    }

    func openSessions(of source: EntrySource, on day: CalendarDay, member: Int64?) throws(SQLError) -> [SheetSession] {
        try sessions(
            """
            SELECT source, \(Self.columns) FROM work_session
            WHERE tenant_id = \(tenant.rawValue) AND source = \(source.rawValue) AND day = \(day.daysSince1970)
                AND open_since_us IS NOT NULL \(Self.member(member))
            ORDER BY member
            """
        ).map(\.session)
    }

    func days(
        of source: EntrySource, from: CalendarDay?, through: CalendarDay?, limit: Int
    ) throws(SQLError) -> [(day: CalendarDay, sessions: Int64)] {
        try connection.run(
            """
            SELECT day, sessions FROM work_day
            WHERE tenant_id = \(tenant.rawValue) AND source = \(source.rawValue) AND sessions > 0 \(Self.days(from, through))
            ORDER BY day DESC LIMIT \(limit)
            """
        ).map { (CalendarDay(daysSince1970: $0.integer(0)), $0.integer(1)) }
    }

    private static func days(_ from: CalendarDay?, _ through: CalendarDay?) -> SQL {
        var conditions: SQL = ""
        if let from { conditions = "\(conditions) AND day >= \(from.daysSince1970)" }
        if let through { conditions = "\(conditions) AND day <= \(through.daysSince1970)" }
        return conditions
    }

    private static func member(_ member: Int64?) -> SQL {
        member.map { "AND member = \($0)" } ?? ""
    }

    private func sessions(_ statement: SQL) throws(SQLError) -> [(source: Int64, session: SheetSession)] {
        try connection.run(statement).map { row throws(SQLError) in
            func instant(_ column: Int) -> Instant? { row.integerOrNil(column).map { Instant(microseconds: $0) } }
            guard let status = SessionStatus(rawValue: row.text(15)) else {
                throw SQLError(
                    kind: .corrupt, code: "", message: "a session has no status; muster rebuild makes it anew")
            }
            let assertion = row.textOrNil(18).flatMap { SessionDetail(parsing: WireText($0)) }
            var session = SheetSession(
                member: row.integer(1), day: CalendarDay(daysSince1970: row.integer(2)), punchIn: instant(3),
                punchOut: instant(4), breakStart: instant(5), breakEnd: instant(6),
                closedTotalMicroseconds: row.integer(7), closedBreakMicroseconds: row.integer(8),
                closedWorkingMicroseconds: row.integer(9),
                open: instant(10).map {
                    WorkSession.OpenTime(
                        since: $0, finishedBreakMicroseconds: row.integerOrNil(11) ?? 0, breakSince: instant(12))
                }, isLateIn: row.integer(13) != 0, isEarlyOut: row.integer(14) != 0, status: status,
                note: row.textOrNil(16).map { WireText($0) }, cycleCount: row.integer(17), cycles: [],
                assertion: assertion.flatMap { detail in
                    row.integerOrNil(19).map { (detail, $0, instant(20) ?? Instant(microseconds: 0)) }
                }, createdAt: Instant(microseconds: row.integer(21)), updatedAt: Instant(microseconds: row.integer(22)),
                importedID: UUID(row.blobOrNil(23)))
            session.importedDigest = row.integerOrNil(24)
            return (row.integer(0), session)
        }
    }

    /// Reads the cycles of sessions by the sessions' keys.
    private func withCycles(_ found: [(source: Int64, session: SheetSession)]) throws(SQLError) -> [SheetSession] {
        guard found.contains(where: { $0.session.cycleCount > 0 }) else { return found.map(\.session) }
        let rows = try connection.lookup(
            BulkLookup(
                [
                    BulkColumn("tenant_id", .constant(tenant.rawValue, count: found.count)),
                    BulkColumn("source", .integers(found.map(\.source))),
                    BulkColumn("day", .integers(found.map(\.session.day.daysSince1970))),
                    BulkColumn("member", .integers(found.map(\.session.member))),
                ],
                selecting: """
                    c.member, c.day, c.number, c.since_us, c.until_us, c.is_late_in, c.is_early_out, c.created_at_us,
                    c.updated_at_us
                    """,
                from: "work_cycle c",
                matching: """
                    c.tenant_id = given.tenant_id AND c.source = given.source AND c.day = given.day
                    AND c.member = given.member
                    """))
        var cycles: [SessionPlace: [SheetCycle]] = [:]
        for row in rows {
            let place = SessionPlace(member: row.integer(0), day: CalendarDay(daysSince1970: row.integer(1)))
            cycles[place, default: []].append(
                SheetCycle(
                    number: row.integer(2), since: Instant(microseconds: row.integer(3)),
                    until: row.integerOrNil(4).map { Instant(microseconds: $0) }, isLateIn: row.integer(5) != 0,
                    isEarlyOut: row.integer(6) != 0, createdAt: Instant(microseconds: row.integer(7)),
                    updatedAt: Instant(microseconds: row.integer(8))))
        }
        return found.map { _, session in
            var session = session
            session.cycles = (cycles[SessionPlace(member: session.member, day: session.day)] ?? [])
                .sorted { ($0.since, $0.number) < ($1.since, $1.number) }
            return session
        }
    }

    // MARK: Sums

    /// Hundredths of hours of one session: 36 s each, and of minutes: 0.6 s each, half away from zero.
    private static let sessionSums: StaticString = """
        COUNT(*), CAST(COALESCE(SUM(cycle_count), 0) AS BIGINT), CAST(COALESCE(SUM(is_late_in), 0) AS BIGINT),
        CAST(COALESCE(SUM(is_early_out), 0) AS BIGINT), CAST(COALESCE(SUM((working_us + 18000000) / 36000000), 0) AS BIGINT),
        CAST(COALESCE(SUM((break_us + 300000) / 600000), 0) AS BIGINT)
        """
    private static let daySums: StaticString = """
        CAST(COALESCE(SUM(sessions), 0) AS BIGINT), CAST(COALESCE(SUM(cycles), 0) AS BIGINT),
        CAST(COALESCE(SUM(late), 0) AS BIGINT), CAST(COALESCE(SUM(early), 0) AS BIGINT),
        CAST(COALESCE(SUM(working_hundredths), 0) AS BIGINT), CAST(COALESCE(SUM(break_hundredths), 0) AS BIGINT)
        """

    func hours(
        of source: EntrySource, member: Int64?, from: CalendarDay, through: CalendarDay
    ) throws(SQLError) -> HoursSum {
        let rows =
            if let member {
                try connection.run(
                    """
                    SELECT \(Self.sessionSums) FROM work_session
                    WHERE tenant_id = \(tenant.rawValue) AND member = \(member) \(Self.days(from, through))
                    """)
            } else {
                try connection.run(
                    """
                    SELECT \(Self.daySums) FROM work_day
                    WHERE tenant_id = \(tenant.rawValue) AND source = \(source.rawValue) \(Self.days(from, through))
                    """)
            }
        return Self.sum(rows[0], from: 0)
    }

    func hoursByMember(
        of source: EntrySource, member: Int64?, from: CalendarDay, through: CalendarDay
    ) throws(SQLError) -> [(member: Int64, sum: HoursSum)] {
        try connection.run(
            """
            SELECT member, \(Self.sessionSums) FROM work_session
            WHERE tenant_id = \(tenant.rawValue) AND source = \(source.rawValue) \(Self.days(from, through))
                \(Self.member(member))
            GROUP BY member
            """
        ).map { ($0.integer(0), Self.sum($0, from: 1)) }
    }

    func hoursByDay(
        of source: EntrySource, member: Int64?, from: CalendarDay, through: CalendarDay
    ) throws(SQLError) -> [(day: CalendarDay, sum: HoursSum)] {
        let rows =
            if let member {
                try connection.run(
                    """
                    SELECT day, \(Self.sessionSums) FROM work_session
                    WHERE tenant_id = \(tenant.rawValue) AND member = \(member) \(Self.days(from, through))
                    GROUP BY day
                    """)
            } else {
                try connection.run(
                    """
                    SELECT day, sessions, cycles, late, early, working_hundredths, break_hundredths FROM work_day
                    WHERE tenant_id = \(tenant.rawValue) AND source = \(source.rawValue) AND sessions > 0
                        \(Self.days(from, through))
                    """)
            }
        return rows.map { (CalendarDay(daysSince1970: $0.integer(0)), Self.sum($0, from: 1)) }
    }

    private static func sum(_ row: SQLRow, from first: Int) -> HoursSum {
        HoursSum(
            sessions: row.integer(first), cycles: row.integer(first + 1), late: row.integer(first + 2),
            early: row.integer(first + 3), working: Hundredths(row.integer(first + 4)),
            breaks: Hundredths(row.integer(first + 5)))
    }

    // MARK: Writing

    /// - Parameter areStored: Whether all of them are there already, and take their places anew; else none is.
    func insertion(of sessions: [SheetSession], source: EntrySource, areStored: Bool) -> BulkInsert {
        func instants(_ part: (SheetSession) -> Instant?) -> BulkColumn.Values {
            .optionalIntegers(sessions.map { part($0)?.microseconds })
        }
        func integers(_ part: (SheetSession) -> Int64) -> BulkColumn.Values { .integers(sessions.map(part)) }
        return BulkInsert(
            into: "work_session",
            [
                BulkColumn("tenant_id", .constant(tenant.rawValue, count: sessions.count)),
                BulkColumn("source", .constant(source.rawValue, count: sessions.count)),
                BulkColumn("day", integers { $0.day.daysSince1970 }),
                BulkColumn("member", integers { $0.member }),
                BulkColumn("punch_in_us", instants { $0.punchIn }),
                BulkColumn("punch_out_us", instants { $0.punchOut }),
                BulkColumn("break_start_us", instants { $0.breakStart }),
                BulkColumn("break_end_us", instants { $0.breakEnd }),
                BulkColumn("total_us", integers { $0.closedTotalMicroseconds }),
                BulkColumn("break_us", integers { $0.closedBreakMicroseconds }),
                BulkColumn("working_us", integers { $0.closedWorkingMicroseconds }),
                BulkColumn("open_since_us", instants { $0.open?.since }),
                BulkColumn("open_break_us", .optionalIntegers(sessions.map { $0.open?.finishedBreakMicroseconds })),
                BulkColumn("open_break_since_us", instants { $0.open?.breakSince }),
                BulkColumn("is_late_in", integers { $0.isLateIn ? 1 : 0 }),
                BulkColumn("is_early_out", integers { $0.isEarlyOut ? 1 : 0 }),
                BulkColumn("status", .texts(PackedBytes(sessions.map(\.status.rawValue)))),
                BulkColumn("note", .texts(PackedBytes(sessions.map { $0.note?.text }))),
                BulkColumn("cycle_count", integers { $0.cycleCount }),
                BulkColumn("assertion", .texts(PackedBytes(sessions.map { $0.assertion?.detail.text.text }))),
                BulkColumn("asserted_by", .optionalIntegers(sessions.map { $0.assertion?.sequence })),
                BulkColumn("asserted_at_us", instants { $0.assertion?.at }),
                BulkColumn("created_at_us", integers { $0.createdAt.microseconds }),
                BulkColumn("updated_at_us", integers { $0.updatedAt.microseconds }),
                BulkColumn("imported_id", .blobs(PackedBytes(sessions.map { $0.importedID?.bytes }))),
                BulkColumn("imported_digest", .optionalIntegers(sessions.map(\.importedDigest))),
            ], areStored ? .replace(keyCount: 4, hasIndexes: true) : .none(suffix: ""))
    }

    func deletion(of session: SheetSession, source: EntrySource) -> SQL {
        """
        DELETE FROM work_session WHERE tenant_id = \(tenant.rawValue) AND source = \(source.rawValue)
            AND day = \(session.day.daysSince1970) AND member = \(session.member)
        """
    }

    /// A cycle with the session it belongs to.
    struct CycleRow {
        let place: SessionPlace
        let cycle: SheetCycle
    }

    /// - Parameter areStored: As of sessions.
    func insertion(of cycles: [CycleRow], source: EntrySource, areStored: Bool) -> BulkInsert {
        BulkInsert(
            into: "work_cycle",
            [
                BulkColumn("tenant_id", .constant(tenant.rawValue, count: cycles.count)),
                BulkColumn("source", .constant(source.rawValue, count: cycles.count)),
                BulkColumn("day", .integers(cycles.map(\.place.day.daysSince1970))),
                BulkColumn("member", .integers(cycles.map(\.place.member))),
                BulkColumn("number", .integers(cycles.map(\.cycle.number))),
                BulkColumn("since_us", .integers(cycles.map(\.cycle.since.microseconds))),
                BulkColumn("until_us", .optionalIntegers(cycles.map { $0.cycle.until?.microseconds })),
                BulkColumn("is_late_in", .integers(cycles.map { $0.cycle.isLateIn ? 1 : 0 })),
                BulkColumn("is_early_out", .integers(cycles.map { $0.cycle.isEarlyOut ? 1 : 0 })),
                BulkColumn("created_at_us", .integers(cycles.map(\.cycle.createdAt.microseconds))),
                BulkColumn("updated_at_us", .integers(cycles.map(\.cycle.updatedAt.microseconds))),
            ], areStored ? .replace(keyCount: 5) : .none(suffix: ""))
    }

    func deletion(of cycle: CycleRow, source: EntrySource) -> SQL {
        """
        DELETE FROM work_cycle WHERE tenant_id = \(tenant.rawValue) AND source = \(source.rawValue)
            AND day = \(cycle.place.day.daysSince1970) AND member = \(cycle.place.member) AND number = \(cycle.cycle.number)
        """
    }

    /// Adds to the sums of days, making those that are not there.
    func insertion(of sums: [CalendarDay: HoursSum], source: EntrySource) -> BulkInsert {
        let sorted = sums.sorted { $0.key < $1.key }
        return BulkInsert(
            into: "work_day",
            [
                BulkColumn("tenant_id", .constant(tenant.rawValue, count: sorted.count)),
                BulkColumn("source", .constant(source.rawValue, count: sorted.count)),
                BulkColumn("day", .integers(sorted.map(\.key.daysSince1970))),
                BulkColumn("sessions", .integers(sorted.map(\.value.sessions))),
                BulkColumn("cycles", .integers(sorted.map(\.value.cycles))),
                BulkColumn("late", .integers(sorted.map(\.value.late))),
                BulkColumn("early", .integers(sorted.map(\.value.early))),
                BulkColumn("working_hundredths", .integers(sorted.map(\.value.working.hundredths))),
                BulkColumn("break_hundredths", .integers(sorted.map(\.value.breaks.hundredths))),
            ],
            suffix: """
                ON CONFLICT (tenant_id, source, day) DO UPDATE SET sessions = work_day.sessions + excluded.sessions,
                    cycles = work_day.cycles + excluded.cycles, late = work_day.late + excluded.late,
                    early = work_day.early + excluded.early,
                    working_hundredths = work_day.working_hundredths + excluded.working_hundredths,
                    break_hundredths = work_day.break_hundredths + excluded.break_hundredths
                """)
    }
}
