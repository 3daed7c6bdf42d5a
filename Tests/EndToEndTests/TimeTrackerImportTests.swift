import AttendanceCore
import Foundation
import Glibc
import PostgresEngine
import SQLStorage
import SQLiteEngine
import TestKit
import Testing

/// A database as Time Tracker leaves it, in a schema of its own: `Data/former-timetracker.sql`.
private struct FormerPlace: Sendable {
    /// What `muster import timetracker` is given.
    let url: String
    private let database: String

    static func lend(_ body: (FormerPlace) async throws -> Void) async throws {
        let server = try #require(StoreKind.postgresURL)
        let name = "muster_former_\(UUID().uuidString.prefix(8).lowercased())"
        var components = try #require(URLComponents(string: server))
        components.path = "/\(name)"
        let database = try #require(components.string)
        func administer(_ statement: String) async throws {
            try await Place.onServer { connection in _ = try connection.run(SQL(stringLiteral: statement)) }
        }
        try await administer("CREATE DATABASE \(name)")
        do {
            let place = FormerPlace(url: database + "?options=-csearch_path%3Dformer", database: database)
            let dump = try #require(Bundle.module.url(forResource: "Data/former-timetracker", withExtension: "sql"))
            try await place.change(try String(contentsOf: dump, encoding: .utf8))
            try await body(place)
        } catch {
            try await administer("DROP DATABASE \(name) WITH (FORCE)")
            throw error
        }
        try await administer("DROP DATABASE \(name) WITH (FORCE)")
    }

    /// Runs a script as Time Tracker's owner could.
    func change(_ script: String) async throws {
        let database = database
        try await blocking {
            let connection = try PostgresEngine(url: database, schema: "former").connect(.writing)
            defer { connection.close() }
            try connection.beginWriting()
            try connection.runScript(script)
            try connection.commit()
        }
    }

    func rows(_ statement: String) async throws -> [String] {
        let database = database
        return try await blocking {
            let connection = try PostgresEngine(url: database, schema: "former").connect(.reading)
            defer { connection.close() }
            return try connection.run(SQL(stringLiteral: statement)).map { "\($0.values)" }
        }
    }
}

extension Place {
    fileprivate func moveIn(_ former: FormerPlace, _ more: String...) async throws -> Plain {
        let run = try await muster(["import", "timetracker", former.url, "--json"] + more)
        #expect(run.code == 0, "\(run)")
        return try Plain(Array(run.output.utf8))
    }

    fileprivate func rows(_ statement: String) async throws -> [String] {
        try await withConnection { connection in
            try connection.run(SQL(stringLiteral: statement)).map { "\($0.values)" }
        }
    }

    /// All that is worked out of entries, as a text.
    private func sheets() async throws -> String {
        var all: [String] = []
        for table in ["member", "membership", "business_hours", "punch", "voided_punch", "work_session", "work_cycle", "work_day"] {
            all += try await rows("SELECT * FROM \(table)").map { "\(table) \($0)" }
        }
        return all.sorted().joined(separator: "\n")
    }

    fileprivate func expectSoundSheets() async throws {
        let verified = try await muster("verify")
        #expect(verified.code == 0, "\(verified)")
        let before = try await sheets()
        #expect(try await muster("rebuild").code == 0)
        #expect(try await sheets() == before)
    }

    /// Sessions as the punch clock tells them, one a line.
    fileprivate func sessions() async throws -> [String] {
        let file = directory + "/muster-data/muster.sqlite"
        let engine: any SQLEngine = if let url = databaseURL { try PostgresEngine(url: url) } else { SQLiteEngine(file: file) }
        let ambient = Ambient.test(TestClock())
        let store = try SQLStore.open(engine, ambient: ambient) { Incident(text: "\($0)") }
        let operations = Operations(store: store, ambient: ambient, sealer: store.sealer, zones: .test)
        let pages = operations.sessions(of: .timeTracker, matching: SessionFilter(), as: .commandLine(tenant: .default))
        var lines: [String] = []
        while let page = try await pages.next() {
            lines += page.map { session in
                let id = session.id.uuidString.lowercased()
                return [
                    id.hasPrefix("33333333-") ? String(Int(id.suffix(12)) ?? 0) : "own", session.member.profile.staffCode.text,
                    session.day.text, session.figures.total.text, session.figures.break.text, session.figures.working.text,
                    session.status.rawValue, session.isLateIn ? "late" : "-", session.isEarlyOut ? "early" : "-",
                    "\(session.cycles.count)", session.note?.text ?? "-",
                ].joined(separator: " ")
            }
        }
        await store.close()
        return lines.sorted()
    }
}

extension Plain {
    /// What a table's rows became: new, already there, corrected, vanished, misfits.
    fileprivate func fates(of table: String) -> [Int] {
        ["new", "already_there", "corrected", "vanished", "misfits"].compactMap { self[table]?[$0]?.integer }
    }

    fileprivate func lines(_ name: String) -> [String] {
        (self[name]?.items ?? []).compactMap { line in
            guard let id = (line["id"] ?? line["session"])?.text else { return "- " + (line["reason"]?.text?.prefix(3) ?? "") }
            return String(id.suffix(3)) + " " + (line["reason"]?.text ?? "")
        }
    }
}

extension `The program` {
    @Suite(.enabled(if: StoreKind.postgresURL != nil, "MUSTER_TEST_POSTGRES names no server; script/test starts one"))
    struct `Moving in from Time Tracker` {
        static let sessions = [
            "1 P-104 2025-07-07 8.58 25.50 7.16 complete - - 2 -",
            "10 P-106 2025-07-07 8.00 0.00 8.00 complete - - 1 -",
            "11 P-106 2025-07-09 4.00 0.00 4.00 complete - early 0 -",
            "2 P-104 2025-07-08 8.00 30.00 8.00 complete - - 1 clock was broken",
            "3 P-104 2025-07-09 8.00 0.00 8.00 complete - - 1 -",
            "4 P-104 2025-07-10 8.00 30.00 6.50 complete - - 2 -",
            "5 P-104 2025-07-11 0.00 0.00 0.00 in-progress - - 1 -",
            "6 P-104 2025-05-12 0.00 0.00 0.00 in-progress - - 1 -",
            "7 P-105 2025-07-07 8.00 0.00 8.00 complete late early 1 -",
            "9 P-105 2025-11-02 8.00 0.00 8.00 complete - early 1 -",
            "own P-106 2025-07-08 1.00 0.00 1.00 complete - early 1 -",
        ]

        @Test(arguments: StoreKind.underTest)
        func `brings everything in once, says what differs and why, and drops nothing`(into kind: StoreKind) async throws {
            try await FormerPlace.lend { former in
                try await Place.on(kind) { place in
                    _ = try await place.muster("migrate", "up")
                    let foreseen = try await place.moveIn(former, "--dry-run")
                    #expect(try await place.muster("verify").output.hasPrefix("0 entries hold"), "a dry run writes nothing")
                    let first = try await place.moveIn(former)
                    for (name, value) in first.members ?? [:] where name != "dry_run" {
                        #expect(foreseen[name] == value, "\(name) is foreseen")
                    }
                    #expect(first.fates(of: "employees") == [4, 0, 0, 0, 0])
                    #expect(first.fates(of: "business_hours") == [3, 0, 0, 0, 0])
                    #expect(first.fates(of: "admins") == [2, 0, 0, 0, 0])
                    #expect(first.fates(of: "entries") == [35, 0, 0, 0, 3])
                    #expect(first.fates(of: "sessions") == [11, 0, 0, 0, 1])
                    #expect(first["sessions_edited"]?.integer == 2)
                    #expect(
                        first.lines("misfits") == [
                            "002 employee 11111111-0000-4000-8000-000000000001 has its e-mail but for letter case, and is the one"
                                + " that is found by it", "3 W10: active beside others; it is inactive here",
                            "c12 it has no password that can be verified: muster admin reset gives it one",
                            "401 its type is unknown: it is kept and counts for nothing",
                            "403 its moment lies outside of the calendar", "402 its moment lies outside of the calendar",
                            "404 its employee is not there", "012 its employee is not there", "012 its session is not there",
                        ])
                    #expect(
                        first.lines("differences").map { String($0.prefix(7)) } == [
                            "006 B10", "003 B12", "004 B15", "005 B10", "007 B13", "008 B13", "010 B12", "- W8:",
                        ])
                    let sessions = try await place.sessions()
                    #expect(sessions == Self.sessions)

                    let kept =
                        "SELECT identifier, meta FROM ledger_personal WHERE meta LIKE '%22222222-0000-4000-8000-000000000402%'"
                    let row = try await place.rows(kept)
                    #expect(row.count == 1 && row[0].contains("infinity"), "a misfit stands in the ledger, word for word")

                    let count = try await place.muster("verify").output
                    let second = try await place.moveIn(former)
                    #expect(second.fates(of: "employees") == [0, 4, 0, 0, 0])
                    #expect(second.fates(of: "business_hours") == [0, 3, 0, 0, 0])
                    #expect(second.fates(of: "admins") == [0, 2, 0, 0, 0])
                    #expect(second.fates(of: "entries") == [0, 35, 0, 0, 3])
                    #expect(second.fates(of: "sessions") == [0, 11, 0, 0, 1])
                    #expect(try await place.muster("verify").output == count, "a second run adds nothing")
                    try await place.expectSoundSheets()
                    let later = try await place.sessions()
                    #expect(later == Self.sessions)
                    let runs = try await place.muster("audit").output.split(separator: "\n").filter { $0.contains("file imported") }
                    #expect(runs.count == 2, "each run leaves one line: \(runs)")
                }
            }
        }

        @Test(arguments: StoreKind.underTest)
        func `corrects what was changed there since, and names what is gone`(into kind: StoreKind) async throws {
            try await FormerPlace.lend { former in
                try await Place.on(kind) { place in
                    _ = try await place.muster("migrate", "up")
                    _ = try await place.moveIn(former)
                    func changeTheWorkedExample(_ moment: String) async throws -> Plain {
                        try await former.change(
                            """
                            UPDATE timetracking_timeentry SET "timestamp" = '\(moment)', updated_at = clock_timestamp()
                            WHERE id = '22222222-0000-4000-8000-000000000101'
                            """)
                        return try await place.moveIn(former)
                    }
                    // To and fro, twice: each time it is a change.
                    for (moment, total) in [("13:25", "9.08"), ("13:55", "8.58"), ("13:25", "9.08"), ("13:55", "8.58")] {
                        let answer = try await changeTheWorkedExample("2025-07-07 \(moment)+00")
                        #expect(answer.fates(of: "entries") == [0, 34, 1, 0, 3])
                        // What the session says there is what its former entries said: Time Tracker worked out nothing (W8).
                        let shown = try await place.sessions().first { $0.hasPrefix("1 ") }
                        #expect(
                            shown?.hasPrefix("1 P-104 2025-07-07 \(moment == "13:25" ? "8.58" : total)") == true, "\(shown ?? "")")
                    }
                    // Whatever is changed there together with what it leads to is no edit, and an edit that is none any more ends:
                    // the session was last said to be what its former entries said.
                    for (moment, total, working) in [
                        ("13:25", "9.08", "7.66"), ("13:55", "8.58", "7.16"), ("13:25", "9.08", "7.66"),
                    ] {
                        try await former.change(
                            """
                            UPDATE timetracking_worksession SET punch_in = '2025-07-07 \(moment)+00', total_hours = \(total),
                                working_hours = \(working), updated_at = clock_timestamp()
                            WHERE id = '33333333-0000-4000-8000-000000000001'
                            """)
                        let answer = try await changeTheWorkedExample("2025-07-07 \(moment)+00")
                        #expect(answer["sessions_edited"]?.integer == 2)
                        #expect(
                            try await place.sessions().contains { $0.hasPrefix("1 P-104 2025-07-07 \(total) 25.50 \(working) ") })
                    }
                    let heldAsEdited = try await changeTheWorkedExample("2025-07-07 13:55+00")
                    #expect(heldAsEdited["sessions_edited"]?.integer == 3)
                    try await former.change(
                        """
                        UPDATE timetracking_worksession SET punch_in = '2025-07-07 13:55+00', total_hours = 8.58, working_hours = 7.16
                            WHERE id = '33333333-0000-4000-8000-000000000001';
                        """)
                    #expect(try await place.moveIn(former)["sessions_edited"]?.integer == 2)
                    let held = try await place.rows("SELECT COUNT(*) FROM work_session WHERE assertion LIKE 'whole%'")
                    #expect(held == ["\([SQLValue.integer(2)])"], "nothing holds it to what it was")
                    #expect(try await place.sessions().contains { $0.hasPrefix("1 P-104 2025-07-07 8.58 25.50 7.16 ") })
                    let own = try await place.muster(
                        "admin", "create", "--email", "own@corp.example", "--password", "Correct-Horse-42")
                    #expect(own.code == 0, "\(own)")
                    try await former.change(
                        """
                        UPDATE employees_employee SET name = 'Ilse Berg', email = 'berg@corp.example', updated_at = now()
                            WHERE employee_id = 'P-104';
                        UPDATE employees_businesshours SET late_threshold = 20, updated_at = now() WHERE id = 7;
                        UPDATE employees_customuser SET role = 'Payroll Admin' WHERE username = 'olaf';
                        UPDATE timetracking_worksession SET note = 'clock was broken twice', updated_at = now()
                            WHERE id = '33333333-0000-4000-8000-000000000002';
                        DELETE FROM timetracking_timeentry WHERE id = '22222222-0000-4000-8000-000000000311';
                        DELETE FROM timetracking_worksession WHERE id = '33333333-0000-4000-8000-000000000009';
                        DELETE FROM employees_businesshours WHERE id = 2;
                        """)
                    let answer = try await place.moveIn(former)
                    #expect(answer.fates(of: "employees") == [0, 3, 1, 0, 0])
                    #expect(answer.fates(of: "business_hours") == [0, 1, 1, 1, 0])
                    #expect(answer.fates(of: "admins") == [0, 1, 1, 0, 0])
                    #expect(answer.fates(of: "entries") == [0, 34, 0, 1, 3])
                    #expect(answer.fates(of: "sessions") == [0, 9, 1, 1, 1])
                    #expect(answer.lines("vanished").map { $0.prefix(3) } == ["2 ", "311", "009"])
                    let sessions = try await place.sessions()
                    #expect(sessions.contains("2 P-104 2025-07-08 8.00 30.00 8.00 complete - - 1 clock was broken twice"))
                    #expect(sessions.count == Self.sessions.count, "what is gone there stays here")
                    let members = try await place.rows("SELECT name, email_folded FROM member WHERE staff_code = 'P-104'")
                    #expect(members == [#"[SQLStorage.SQLValue.text("Ilse Berg"), SQLStorage.SQLValue.text("berg@corp.example")]"#])
                    try await former.change("DELETE FROM employees_customuser WHERE username = 'olaf'")
                    let last = try await place.moveIn(former)
                    #expect(last.fates(of: "admins") == [0, 1, 0, 1, 0], "who was made here is not missed there")
                    #expect(last.lines("vanished").map { $0.prefix(3) } == ["2 ", "c12", "311", "009"])
                    #expect(try await place.muster("admin", "list").output.contains("Olaf@corp.example"), "they stay here")
                    try await place.expectSoundSheets()
                }
            }
        }

        /// Reports that people wrote in SQL against Time Tracker's tables.
        static let reports = [
            """
            SELECT CAST(id AS text), name, employee_id, email, department, position, is_active, CAST(created_at AS text),
                CAST(updated_at AS text) FROM SCHEMA.employees_employee ORDER BY 1
            """,
            """
            SELECT CAST(id AS bigint), CAST(start_time AS text), CAST(end_time AS text), break_duration, late_threshold,
                CAST(created_at AS text), CAST(updated_at AS text) FROM SCHEMA.employees_businesshours ORDER BY 1
            """,
            """
            SELECT CAST(id AS text), username, email, first_name, last_name, role, is_active, CAST(created_at AS text)
            FROM SCHEMA.employees_customuser ORDER BY 1
            """,
            """
            SELECT CAST(t.id AS text), type, CAST("timestamp" AS text), is_late, is_early, notes, CAST(t.created_at AS text),
                CAST(t.updated_at AS text), e.name
            FROM SCHEMA.timetracking_timeentry t JOIN SCHEMA.employees_employee e ON e.id = t.employee_id
            WHERE type ~ '^(punch|break)' AND "timestamp" < '2100-01-01' ORDER BY 1
            """,
            // Of the sessions that both rules lead to, and of those that somebody edited.
            """
            SELECT e.name, CAST(s.id AS text), CAST(s.date AS text), CAST(s.punch_in AS text), CAST(s.punch_out AS text),
                CAST(s.break_start AS text), CAST(s.break_end AS text), CAST(s.total_hours AS text),
                CAST(s.break_duration AS text), CAST(s.working_hours AS text), s.is_late_in, s.is_early_out, s.status, s.note,
                CAST(s.created_at AS text), CAST(s.updated_at AS text),
                (SELECT CAST(sum(c.duration_hours) AS text) FROM SCHEMA.timetracking_punchcycle c WHERE c.work_session_id = s.id)
            FROM SCHEMA.timetracking_worksession s JOIN SCHEMA.employees_employee e ON e.id = s.employee_id
            WHERE right(CAST(s.id AS text), 2) IN ('01', '02', '09', '11') ORDER BY 2
            """,
            """
            SELECT e.department, CAST(sum(s.working_hours) AS text), CAST(round(avg(s.total_hours), 2) AS text), count(*)
            FROM SCHEMA.timetracking_worksession s JOIN SCHEMA.employees_employee e ON e.id = s.employee_id
            WHERE right(CAST(s.id AS text), 2) IN ('01', '02', '09', '11') GROUP BY e.department ORDER BY 1
            """,
        ]

        @Test func `lets reports in SQL go on`() async throws {
            try await FormerPlace.lend { former in
                try await Place.on(.postgres) { place in
                    _ = try await place.muster("migrate", "up")
                    _ = try await place.moveIn(former)
                    func expectSameReports() async throws {
                        for report in Self.reports {
                            let theirs = try await former.rows(report.replacing("SCHEMA", with: "former"))
                            let ours = try await place.rows(report.replacing("SCHEMA", with: "timetracker"))
                            #expect(ours == theirs)
                            #expect(!theirs.isEmpty)
                        }
                    }
                    try await expectSameReports()
                    #expect(try await place.rows("SELECT DISTINCT password FROM timetracker.employees_customuser").count == 1)

                    // The identity of a session that was made here is the one that the punch clock tells.
                    let own = try await place.rows(
                        """
                        SELECT CAST(s.id AS text) FROM timetracker.timetracking_worksession s
                        WHERE s.date = '2025-07-08' AND s.total_hours = 1.00
                        """)
                    #expect(own.count == 1 && own[0].contains("-8"), "\(own)")

                    // A restore sets the tables aside on which the views stand.
                    let file = place.directory + "/backup.muster"
                    #expect(try await place.muster("backup", file).code == 0)
                    let restored = try await place.muster("restore", file, "--yes")
                    #expect(restored.code == 0, "\(restored)")
                    #expect(try await place.muster("verify").code == 0)
                    try await expectSameReports()
                    let stands = try await place.rows(
                        """
                        SELECT DISTINCT view_schema, table_schema FROM information_schema.view_table_usage
                        WHERE view_schema = 'timetracker'
                        """)
                    #expect(stands.count == 1 && stands[0].contains(#"text("muster")"#), "\(stands)")

                    // Past the steps that came later, of which nothing is there.
                    let down = try await place.muster("migrate", "down", "3")
                    #expect(down.code == 0, "\(down.errors)")
                    #expect(try await place.rows("SELECT 1 FROM pg_namespace WHERE nspname = 'timetracker'").isEmpty)
                    _ = try await place.muster("migrate", "up")
                    // Whatever opens the store next says what stands at the front of identities.
                    #expect(try await place.muster("verify").code == 0)
                    try await expectSameReports()
                }
            }
        }

        @Test func `reads no database that is not Time Tracker's, and not its own views`() async throws {
            try await Place.on(.postgres) { place in
                _ = try await place.muster("migrate", "up")
                let url = try #require(place.databaseURL)
                let bare = try await place.muster("import", "timetracker", url)
                #expect(bare.code == 1 && bare.errors.contains("the database has no employees_employee"), "\(bare)")
                let own = try await place.muster("import", "timetracker", url + "?options=-csearch_path%3Dtimetracker")
                #expect(own.code == 1 && own.errors.contains("Muster's own views"), "\(own)")
                let away = try await place.muster("import", "timetracker", "postgresql://127.0.0.1:1/nowhere")
                #expect(away.code == 1 && away.errors.contains("Time Tracker's database cannot be read"), "\(away)")
            }
        }

        @Test(arguments: StoreKind.underTest)
        func `is finished by another run when it was killed, also beside another one`(into kind: StoreKind) async throws {
            try await FormerPlace.lend { former in
                // Thirty people who came, had a break and left on two hundred days.
                try await former.change(
                    """
                    INSERT INTO employees_employee SELECT CAST('55555555-0000-4000-8000-' || lpad(CAST(n AS text), 12, '0') AS uuid),
                        'Many ' || n, 'M-' || n, 'm' || n || '@corp.example', 'Many', 'One', true, now(), now()
                        FROM generate_series(1, 30) n;
                    INSERT INTO timetracking_timeentry
                        SELECT gen_random_uuid(), kind, TIMESTAMPTZ '2024-01-01 14:00+00' + day * INTERVAL '1 day' + after, false,
                            false, '', now(), now(), CAST('55555555-0000-4000-8000-' || lpad(CAST(n AS text), 12, '0') AS uuid)
                        FROM generate_series(1, 30) n, generate_series(1, 200) day, (VALUES ('punch_in', INTERVAL '0 hours'),
                            ('break_start', '2 hours'), ('break_end', '3 hours'), ('punch_out', '8 hours')) AS act (kind, after);
                    INSERT INTO timetracking_worksession
                        SELECT gen_random_uuid(), CAST('2024-01-01' AS date) + day, begin, begin + INTERVAL '8 hours',
                            begin + INTERVAL '2 hours', begin + INTERVAL '3 hours', 8, 60, 7, false, false, 'complete', NULL, now(),
                            now(), CAST('55555555-0000-4000-8000-' || lpad(CAST(n AS text), 12, '0') AS uuid)
                        FROM generate_series(1, 30) n, generate_series(1, 200) day,
                            LATERAL (SELECT TIMESTAMPTZ '2024-01-01 14:00+00' + day * INTERVAL '1 day' AS begin) AS at
                    """)
                try await Place.on(kind) { place in
                    _ = try await place.muster("migrate", "up")
                    let words = [Place.program, "import", "timetracker", former.url]
                    func entries() async throws -> Int64 {
                        try await place.withConnection { connection in
                            try connection.run("SELECT sequence FROM ledger_head").first?.integer(0) ?? 0
                        }
                    }
                    for goal: Int64 in [1_500, 9_000, 20_000, 27_000] {
                        let process = try await place.start(words)
                        _ = try await wait(for: "the import to have stored something", seconds: 60) {
                            if process.exitCode != nil { return true }
                            return try await entries() >= goal ? true : nil
                        }
                        process.signal(SIGKILL)
                        _ = try await process.exit(within: 10)
                        #expect(try await place.muster("verify").code == 0)
                    }
                    let both = [try await place.start(words), try await place.start(words)]
                    for process in both { #expect(try await process.exit(within: 120) == 0, "\(process.errors.suffix(500))") }
                    let counts = try await place.rows(
                        """
                        SELECT (SELECT COUNT(*) FROM member), (SELECT COUNT(*) FROM punch),
                            (SELECT COUNT(*) FROM work_session WHERE imported_id IS NOT NULL), (SELECT COUNT(*) FROM account_grant)
                        """)
                    #expect(counts == ["\([SQLValue.integer(34), .integer(24_035), .integer(6_010), .integer(2)])"])
                    // Each of these rows became one entry, and each of the three misfits, of the stray session and of the cycle.
                    #expect(try await entries() == 34 + 3 + 24_035 + 6_011 + 2 + 5)
                    let again = try await place.moveIn(former)
                    #expect(again.fates(of: "entries") == [0, 24_035, 0, 0, 3])
                    #expect(again.fates(of: "sessions") == [0, 6_011, 0, 0, 1])
                    try await place.expectSoundSheets()
                }
            }
        }
    }
}
