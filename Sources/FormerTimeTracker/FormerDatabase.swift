import AttendanceCore
import FoundationEssentials
import PostgresEngine
import SQLStorage

/// A database that Time Tracker keeps, seen as it was at one moment, and never changed.
///
/// The tables are found as Time Tracker finds them, by the search path of whoever connects; a URL can set it
/// (`?options=-csearch_path%3Dtimetracker`). Source of all names and types: contract of Time Tracker §10.
final class FormerDatabase {
    /// How many rows are read at a time.
    static let pageMax = 1_000

    enum Table: String, CaseIterable {
        case employee = "employees_employee"
        case businessHours = "employees_businesshours"
        case admin = "employees_customuser"
        case entry = "timetracking_timeentry"
        case session = "timetracking_worksession"
        case cycle = "timetracking_punchcycle"
    }

    private let connection: PostgresConnection

    /// Begins to look.
    /// - Throws: ``FormerTimeTrackerError``; `SQLError` where the server cannot be reached.
    init(url: String) throws {
        var limits = PostgresLimits()
        // Counting and looking for strays may pass over millions of rows, on a server that has other work too.
        limits.statementSecondsMax = 600
        connection = try PostgresEngine(url: url, schema: "pg_catalog", applicationName: "muster import", limits: limits)
            .open(.reading)
        try connection.beginReading()
        try connection.allowLongStatements()
        // What the engine sets for Muster's own tables is undone: the path by which tables are found, and plans that suit
        // tables which grow while they are read. Other work may take as long as it likes between two readings.
        _ = try connection.run("RESET search_path")
        _ = try connection.run(
            """
            SELECT set_config('idle_in_transaction_session_timeout', '0', true), set_config('enable_seqscan', 'on', true),
                set_config('enable_hashjoin', 'on', true), set_config('enable_mergejoin', 'on', true),
                set_config('datestyle', 'ISO, YMD', true)
            """)
        try requireTables()
    }

    func close() {
        connection.close()
    }

    /// The views that Muster shows under these names are no source: it would read itself.
    private func requireTables() throws {
        var missing: [String] = []
        for table in Table.allCases {
            let rows = try connection.run(
                """
                SELECT CAST(relkind AS text), COALESCE(obj_description(relnamespace, 'pg_namespace'), '') FROM pg_class
                WHERE oid = to_regclass(\(table.rawValue))
                """)
            guard let row = rows.first else {
                missing.append(table.rawValue)
                continue
            }
            if row.text(0) == "v", row.text(1).hasPrefix("Muster: ") { throw FormerTimeTrackerError.isMuster }
        }
        guard missing.isEmpty else { throw FormerTimeTrackerError.tablesAreMissing(missing) }
    }

    // MARK: Few rows

    func employees() throws -> [EmployeeRow] {
        try connection.run(
            """
            SELECT t.id, CAST(t.name AS text), CAST(t.employee_id AS text), CAST(t.email AS text), CAST(t.department AS text),
                CAST(t."position" AS text), t.is_active, \(Self.instant("t.created_at")), \(Self.instant("t.updated_at"))
            FROM employees_employee t ORDER BY t.created_at, t.id
            """
        ).map { row in
            EmployeeRow(
                id: row.uuid(0), name: row.text(1), code: row.text(2), email: row.text(3), department: row.text(4),
                position: row.text(5), isActive: row.integer(6) != 0, createdAt: row.instant(7), updatedAt: row.instant(8))
        }
    }

    func businessHours() throws -> [HoursRow] {
        try connection.run(
            """
            SELECT CAST(t.id AS bigint), CAST(extract(epoch FROM t.start_time) * 1000000 AS bigint),
                CAST(extract(epoch FROM t.end_time) * 1000000 AS bigint), CAST(t.break_duration AS bigint),
                CAST(t.late_threshold AS bigint), t.is_active, \(Self.instant("t.created_at")),
                \(Self.instant("t.updated_at"))
            FROM employees_businesshours t ORDER BY t.created_at, t.id
            """
        ).map { row in
            HoursRow(
                number: row.integer(0), start: row.integer(1), end: row.integer(2), breakMinutes: row.integer(3),
                lateMinutes: row.integer(4), isActive: row.integer(5) != 0, createdAt: row.instant(6),
                updatedAt: row.instant(7))
        }
    }

    func admins() throws -> [AdminRow] {
        try connection.run(
            """
            SELECT t.id, CAST(t.email AS text), CAST(t.username AS text), CAST(t.password AS text), CAST(t.first_name AS text),
                CAST(t.last_name AS text), CAST(t.role AS text), t.is_active, \(Self.instant("t.created_at"))
            FROM employees_customuser t ORDER BY t.created_at, t.id
            """
        ).map { row in
            AdminRow(
                id: row.uuid(0), email: row.text(1), username: row.text(2), passwordHash: row.text(3), firstName: row.text(4),
                lastName: row.text(5), role: row.text(6), isActive: row.integer(7) != 0, createdAt: row.instant(8))
        }
    }

    /// How many rows a table has.
    func count(of table: Table) throws -> Int {
        Int(try connection.run(SQL(trusted: "SELECT COUNT(*) FROM \(table.rawValue)"))[0].integer(0))
    }

    // MARK: Many rows, by key

    private static let entryColumns: SQL = """
        t.id, t.employee_id, CAST(t.type AS text), \(instant("t.\"timestamp\"")), CAST(t."timestamp" AS text), t.is_late,
        t.is_early, t.notes, \(instant("t.created_at")), \(instant("t.updated_at")), CAST(t.created_at AS text)
        """

    /// A place in an employee's entries.
    struct EntryPlace {
        let at: String
        let createdAt: String
        let id: UUID
    }

    /// An employee's entries by moment, of one moment in the order in which they were stored.
    func entries(of employee: UUID, after place: EntryPlace?) throws -> (rows: [EntryRow], next: EntryPlace?) {
        let behind: SQL =
            place.map { place in
                """
                AND (t."timestamp", t.created_at, t.id) > (CAST(\(place.at) AS timestamptz),
                    CAST(\(place.createdAt) AS timestamptz), \(place.id))
                """
            } ?? ""
        let rows = try connection.run(
            """
            SELECT \(Self.entryColumns) FROM timetracking_timeentry t WHERE t.employee_id = \(employee) \(behind)
            ORDER BY t."timestamp", t.created_at, t.id LIMIT \(Self.pageMax)
            """)
        let next = rows.last.map { EntryPlace(at: $0.text(4), createdAt: $0.text(10), id: $0.uuid(0)) }
        return (rows.map(Self.entry), rows.count < Self.pageMax ? nil : next)
    }

    /// An employee's entries between two moments, the first included, in the same order.
    func entries(of employee: UUID, from: Instant, before end: Instant) throws -> [EntryRow] {
        try connection.run(
            """
            SELECT \(Self.entryColumns) FROM timetracking_timeentry t WHERE t.employee_id = \(employee)
                AND t."timestamp" >= \(Self.moment(from)) AND t."timestamp" < \(Self.moment(end))
            ORDER BY t."timestamp", t.created_at, t.id
            """
        ).map(Self.entry)
    }

    /// Entries whose employee is not there, by identity.
    func strayEntries(after id: UUID?) throws -> [EntryRow] {
        let behind: SQL = id.map { "AND t.id > \($0)" } ?? ""
        return try connection.run(
            """
            SELECT \(Self.entryColumns) FROM timetracking_timeentry t
            WHERE NOT EXISTS (SELECT 1 FROM employees_employee e WHERE e.id = t.employee_id) \(behind)
            ORDER BY t.id LIMIT \(Self.pageMax)
            """
        ).map(Self.entry)
    }

    private static let sessionColumns: SQL = """
        t.id, t.employee_id, CASE WHEN isfinite(t.date) THEN CAST(t.date - DATE '1970-01-01' AS bigint) END,
        CAST(t.date AS text), \(instant("t.punch_in")), \(instant("t.punch_out")), \(instant("t.break_start")),
        \(instant("t.break_end")), CAST(round(t.total_hours * 100) AS bigint),
        CAST(round(t.break_duration * 100) AS bigint), CAST(round(t.working_hours * 100) AS bigint), t.is_late_in,
        t.is_early_out, CAST(t.status AS text), t.note, \(instant("t.created_at")), \(instant("t.updated_at")),
        (SELECT COUNT(*) FROM timetracking_punchcycle c WHERE c.work_session_id = t.id)
        """

    /// An employee's sessions of some days, oldest first.
    func sessions(of employee: UUID, from: CalendarDay, before end: CalendarDay) throws -> [SessionRow] {
        try connection.run(
            """
            SELECT \(Self.sessionColumns) FROM timetracking_worksession t WHERE t.employee_id = \(employee)
                AND t.date >= DATE '1970-01-01' + CAST(\(from.daysSince1970) AS integer)
                AND t.date < DATE '1970-01-01' + CAST(\(end.daysSince1970) AS integer)
            ORDER BY t.date, t.id
            """
        ).map(Self.session)
    }

    /// The first day from one on on which something of an employee's is; nil where nothing more is.
    ///
    /// No clock is more than a day from UTC, so it may be told a day too early.
    func firstDay(of employee: UUID, from: CalendarDay) throws -> CalendarDay? {
        let rows = try connection.run(
            """
            SELECT (SELECT CAST(min(t.date) - DATE '1970-01-01' AS bigint) FROM timetracking_worksession t
                    WHERE t.employee_id = \(employee) AND isfinite(t.date)
                    AND t.date >= DATE '1970-01-01' + CAST(\(from.daysSince1970) AS integer)),
                (SELECT \(Self.instant("min(t.\"timestamp\")")) FROM timetracking_timeentry t
                    WHERE t.employee_id = \(employee) AND isfinite(t."timestamp")
                    AND t."timestamp" >= \(Self.moment(Instant(microseconds: from.daysSince1970 * 86_400_000_000))))
            """)
        let ofSession = rows[0].integerOrNil(0).map { CalendarDay(daysSince1970: $0) }
        let ofEntry = rows[0].instant(1).map { CalendarDay(of: $0, offsetSeconds: 0).adding(days: -1) }
        return [ofSession, ofEntry].compactMap(\.self).min().map { max($0, from) }
    }

    /// Sessions whose employee, or whose day on the calendar, is not there; by identity.
    func straySessions(after id: UUID?) throws -> [SessionRow] {
        let behind: SQL = id.map { "AND t.id > \($0)" } ?? ""
        return try connection.run(
            """
            SELECT \(Self.sessionColumns) FROM timetracking_worksession t
            WHERE (NOT EXISTS (SELECT 1 FROM employees_employee e WHERE e.id = t.employee_id)
                OR NOT t.date BETWEEN DATE '0001-01-02' AND DATE '9999-12-30') \(behind)
            ORDER BY t.id LIMIT \(Self.pageMax)
            """
        ).map(Self.session)
    }

    /// Cycles whose session is not there, by identity.
    func strayCycles(after id: UUID?) throws -> [UUID] {
        let behind: SQL = id.map { "AND t.id > \($0)" } ?? ""
        return try connection.run(
            """
            SELECT t.id FROM timetracking_punchcycle t
            WHERE NOT EXISTS (SELECT 1 FROM timetracking_worksession s WHERE s.id = t.work_session_id) \(behind)
            ORDER BY t.id LIMIT \(Self.pageMax)
            """
        ).map { $0.uuid(0) }
    }

    /// Those of the identities that a table has.
    func present(_ ids: [UUID], in table: Table) throws -> Set<UUID> {
        guard !ids.isEmpty else { return [] }
        let keys = [BulkColumn("id", .uuids(ids))]
        let lookup: BulkLookup
        switch table {
        case .session:
            lookup = BulkLookup(keys, selecting: "t.id", from: "timetracking_worksession t", matching: "t.id = given.id")
        default:
            lookup = BulkLookup(keys, selecting: "t.id", from: "timetracking_timeentry t", matching: "t.id = given.id")
        }
        return Set(try connection.lookup(lookup).map { $0.uuid(0) })
    }

    /// A whole row as JSON, whatever columns it has. Not for admins: a hash stays where it is needed.
    func content(of table: Table, id: UUID) throws -> String {
        precondition(table != .admin, "a password's hash is nothing to write down")
        let rows = try connection.run(
            "SELECT CAST(row_to_json(t) AS text) FROM \(SQL(trusted: table.rawValue)) t WHERE t.id = \(id)")
        return rows.first?.text(0) ?? "{}"
    }

    /// As ``content(of:id:)``, of business hours, which are numbered.
    func content(ofBusinessHours number: Int64) throws -> String {
        let rows = try connection.run(
            "SELECT CAST(row_to_json(t) AS text) FROM employees_businesshours t WHERE t.id = \(number)")
        return rows.first?.text(0) ?? "{}"
    }

    // MARK: Words

    /// A moment in microseconds since 1970, exactly; null for none, and for infinity.
    private static func instant(_ expression: String) -> SQL {
        SQL(
            trusted: """
                CASE WHEN isfinite(\(expression)) THEN
                CAST(extract(epoch FROM date_trunc('second', \(expression))) AS bigint) * 1000000
                + CAST(extract(microseconds FROM \(expression)) AS bigint) % 1000000 END
                """)
    }

    private static func moment(_ instant: Instant) -> SQL {
        let (seconds, rest) = instant.microseconds.quotientAndRemainder(dividingBy: 1_000_000)
        return """
            (TIMESTAMPTZ '1970-01-01 00:00:00+00' + make_interval(secs => CAST(\(seconds) AS bigint))
            + CAST(\(rest) AS bigint) * INTERVAL '1 microsecond')
            """
    }

    private static func entry(_ row: SQLRow) -> EntryRow {
        EntryRow(
            id: row.uuid(0), employee: row.uuid(1), type: row.text(2), at: row.instant(3), atText: row.text(4),
            isLate: row.integer(5) != 0, isEarly: row.integer(6) != 0, notes: row.textOrNil(7), createdAt: row.instant(8),
            updatedAt: row.instant(9))
    }

    private static func session(_ row: SQLRow) -> SessionRow {
        SessionRow(
            id: row.uuid(0), employee: row.uuid(1), day: row.integerOrNil(2).map { CalendarDay(daysSince1970: $0) },
            dayText: row.text(3),
            shown: FormerFigures(
                punchIn: row.instant(4), punchOut: row.instant(5), breakStart: row.instant(6), breakEnd: row.instant(7),
                total: row.integerOrNil(8) ?? 0, pause: row.integerOrNil(9) ?? 0, working: row.integerOrNil(10) ?? 0,
                isLateIn: row.integer(11) != 0, isEarlyOut: row.integer(12) != 0, status: row.text(13)),
            note: row.textOrNil(14), createdAt: row.instant(15), updatedAt: row.instant(16), cycles: row.integer(17))
    }
}

extension SQLRow {
    fileprivate func instant(_ column: Int) -> Instant? {
        integerOrNil(column).map { Instant(microseconds: $0) }
    }
}

/// Why a database cannot be moved in from.
public enum FormerTimeTrackerError: Error, Sendable, Equatable, CustomStringConvertible {
    case tablesAreMissing([String])
    /// What stands under the tables' names are Muster's own views.
    case isMuster

    public var description: String {
        switch self {
        case .tablesAreMissing(let tables):
            "the database has no \(tables.joined(separator: ", ")) in its search path; a URL can set that: "
                + "?options=-csearch_path%3DSCHEMA"
        case .isMuster: "what the database has under these names are Muster's own views: the address is its own"
        }
    }
}
