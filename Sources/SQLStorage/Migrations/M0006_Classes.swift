extension Migration {
    /// Students, classes with their schedules, rosters and sessions: projections. Notices and flags. Views for AIMS' reports.
    ///
    /// The marks of a session are one text, `[[student, "p", recognised by AI, score in hundredths, told by], …]` in the order of
    /// the students' numbers, and so are the sums of a class, `[[student, present, absent, late, excused], …]`: a roll call of a
    /// whole class then changes two rows. Both engines' functions for JSON take such texts apart.
    static let classes = Migration(
        name: "0006 classes",
        up: { w in
            """
            CREATE TABLE student (
                tenant_id \(w.integer) NOT NULL REFERENCES tenant (tenant_id),
                number \(w.integer) NOT NULL,
                membership_id \(w.uuid) NOT NULL,
                roll_number \(w.text) NOT NULL,
                name \(w.text) NOT NULL,
                photo_url \(w.text),
                program \(w.text),
                sp_code \(w.text),
                semester \(w.text),
                status \(w.text),
                duration \(w.text),
                email \(w.text),
                email_folded \(w.text),
                institute_email \(w.text),
                institute_email_folded \(w.text),
                phone \(w.text),
                created_at_us \(w.integer) NOT NULL,
                updated_at_us \(w.integer) NOT NULL,
                imported_digest \(w.integer),
                PRIMARY KEY (tenant_id, number),
                FOREIGN KEY (tenant_id, membership_id) REFERENCES membership (tenant_id, membership_id)
            ) \(w.keyedTable);
            CREATE UNIQUE INDEX student_by_roll_number ON student (tenant_id, roll_number);
            CREATE UNIQUE INDEX student_by_membership ON student (tenant_id, membership_id);
            CREATE INDEX student_by_email ON student (tenant_id, email_folded) WHERE email_folded IS NOT NULL;
            CREATE INDEX student_by_institute_email ON student (tenant_id, institute_email_folded)
                WHERE institute_email_folded IS NOT NULL;

            CREATE TABLE class (
                tenant_id \(w.integer) NOT NULL REFERENCES tenant (tenant_id),
                number \(w.integer) NOT NULL,
                class_id \(w.uuid) NOT NULL,
                owner \(w.uuid) NOT NULL,
                code \(w.text) NOT NULL,
                name \(w.text) NOT NULL,
                section \(w.text) NOT NULL,
                teacher_type \(w.text),
                ltp_pattern \(w.text),
                practical_group \(w.text),
                created_at_us \(w.integer) NOT NULL,
                updated_at_us \(w.integer) NOT NULL,
                imported_digest \(w.integer),
                PRIMARY KEY (tenant_id, number)
            ) \(w.keyedTable);
            CREATE UNIQUE INDEX class_by_id ON class (tenant_id, class_id);
            CREATE UNIQUE INDEX class_by_owner ON class (tenant_id, owner, code, section);

            CREATE TABLE class_slot (
                tenant_id \(w.integer) NOT NULL,
                class \(w.integer) NOT NULL,
                weekday \(w.small) NOT NULL CHECK (weekday BETWEEN 1 AND 7),
                start_s \(w.integer) NOT NULL,
                end_s \(w.integer) NOT NULL,
                PRIMARY KEY (tenant_id, class, weekday),
                FOREIGN KEY (tenant_id, class) REFERENCES class (tenant_id, number)
            ) \(w.keyedTable);

            CREATE TABLE class_reschedule (
                tenant_id \(w.integer) NOT NULL REFERENCES tenant (tenant_id),
                number \(w.integer) NOT NULL CHECK (number > 0),
                class \(w.integer) NOT NULL,
                original_day \(w.integer) NOT NULL,
                original_start_s \(w.integer) NOT NULL,
                original_end_s \(w.integer) NOT NULL,
                day \(w.integer) NOT NULL,
                start_s \(w.integer) NOT NULL,
                end_s \(w.integer) NOT NULL,
                reason \(w.text),
                is_removed \(w.small) NOT NULL,
                created_at_us \(w.integer) NOT NULL,
                told_by \(w.integer) NOT NULL,
                imported_digest \(w.integer),
                PRIMARY KEY (tenant_id, number)
            ) \(w.keyedTable);
            CREATE INDEX class_reschedule_by_class ON class_reschedule (tenant_id, class, day);

            CREATE TABLE enrolment (
                tenant_id \(w.integer) NOT NULL,
                class \(w.integer) NOT NULL,
                student \(w.integer) NOT NULL,
                told_by \(w.integer) NOT NULL,
                added_at_us \(w.integer) NOT NULL,
                ended_by \(w.integer),
                ended_at_us \(w.integer),
                PRIMARY KEY (tenant_id, class, student, told_by),
                FOREIGN KEY (tenant_id, class) REFERENCES class (tenant_id, number),
                FOREIGN KEY (tenant_id, student) REFERENCES student (tenant_id, number)
            ) \(w.keyedTable);
            CREATE UNIQUE INDEX enrolment_now ON enrolment (tenant_id, student, class) WHERE ended_by IS NULL;

            CREATE TABLE class_session (
                tenant_id \(w.integer) NOT NULL,
                class \(w.integer) NOT NULL,
                day \(w.integer) NOT NULL,
                number \(w.integer) NOT NULL,
                session_id \(w.uuid) NOT NULL,
                creator \(w.uuid) NOT NULL,
                image_url \(w.text),
                created_at_us \(w.integer) NOT NULL,
                imported_digest \(w.integer),
                marks \(w.text) NOT NULL,
                PRIMARY KEY (tenant_id, class, day),
                FOREIGN KEY (tenant_id, class) REFERENCES class (tenant_id, number)
            ) \(w.table);
            CREATE UNIQUE INDEX class_session_by_id ON class_session (tenant_id, session_id);
            CREATE UNIQUE INDEX class_session_by_number ON class_session (tenant_id, number);

            CREATE TABLE class_tally (
                tenant_id \(w.integer) NOT NULL,
                class \(w.integer) NOT NULL,
                sessions \(w.integer) NOT NULL,
                tallies \(w.text) NOT NULL,
                PRIMARY KEY (tenant_id, class),
                FOREIGN KEY (tenant_id, class) REFERENCES class (tenant_id, number)
            ) \(w.table);

            CREATE TABLE notification (
                tenant_id \(w.integer) NOT NULL REFERENCES tenant (tenant_id),
                notification_id \(w.uuid) NOT NULL,
                student \(w.integer) NOT NULL,
                title \(w.text) NOT NULL,
                message \(w.text) NOT NULL,
                kind \(w.text) NOT NULL CHECK (kind IN ('attendance', 'manual', 'system')),
                threshold \(w.text),
                created_at_us \(w.integer) NOT NULL,
                read_at_us \(w.integer),
                PRIMARY KEY (tenant_id, notification_id)
            ) \(w.keyedTable);
            CREATE INDEX notification_by_student ON notification (tenant_id, student, created_at_us);

            CREATE TABLE class_flag (
                tenant_id \(w.integer) NOT NULL REFERENCES tenant (tenant_id),
                flag \(w.text) NOT NULL,
                is_on \(w.small) NOT NULL,
                PRIMARY KEY (tenant_id, flag)
            ) \(w.keyedTable);

            CREATE TABLE flag_presence (
                tenant_id \(w.integer) NOT NULL REFERENCES tenant (tenant_id),
                flag \(w.text) NOT NULL,
                email \(w.text) NOT NULL,
                PRIMARY KEY (tenant_id, flag, email)
            ) \(w.keyedTable);

            """ + (isOnServer(w) ? w.onServers(rewriting + published) : embedded)
        },
        down: { w in
            (isOnServer(w) ? w.onServers(unpublished) : embeddedViews.map { "DROP VIEW \($0);" }.joined(separator: "\n"))
                + classTables.reversed().map { "DROP TABLE \($0);" }.joined(separator: "\n")
        },
        tables: classTables)

    private static let classTables = [
        "student", "class", "class_slot", "class_reschedule", "enrolment", "class_session", "class_tally", "notification",
        "class_flag", "flag_presence",
    ]

    private static func isOnServer(_ w: SchemaVocabulary) -> Bool { !w.onServers("-").isEmpty }

    /// Rows that are rewritten with every roll call find room for their new version beside the old one. On SQLite they stand in
    /// tables with row numbers, whose pages hold longer rows whole.
    private static let rewriting = """
        ALTER TABLE class_session SET (fillfactor = 50);
        ALTER TABLE class_tally SET (fillfactor = 50);

        """

    // MARK: PostgreSQL

    /// The tenant is `default`, 1. As of Time Tracker's views, a function makes them, which is called again whenever a store is
    /// opened. Source of names and columns: contract aims §5.1, §5.2, §7.5.
    private static let published = """
        CREATE FUNCTION wire_day(days bigint) RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $day$
            SELECT CAST(DATE '1970-01-01' + CAST(days AS integer) AS date)
        $day$;
        CREATE FUNCTION wire_time(seconds bigint) RETURNS time LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $time$
            SELECT TIME '00:00' + seconds * INTERVAL '1 second'
        $time$;

        CREATE FUNCTION publish_aims() RETURNS void LANGUAGE plpgsql AS $publish$
        DECLARE
            mine CONSTANT name := current_schema();
            mark CONSTANT text := 'Muster: what the store in schema ' || mine || ' holds, as AIMS'' tables';
            place name;
        BEGIN
            SELECT nspname INTO place FROM pg_namespace WHERE obj_description(oid, 'pg_namespace') = mark;
            IF FOUND AND EXISTS (
                SELECT 1 FROM pg_depend
                JOIN pg_rewrite ON pg_rewrite.oid = pg_depend.objid AND classid = CAST('pg_rewrite' AS regclass)
                JOIN pg_class AS made ON made.oid = ev_class AND made.relname = 'attendance_statuses'
                    AND made.relnamespace = CAST(quote_ident(place) AS regnamespace)
                JOIN pg_class AS source ON source.oid = refobjid AND source.relname = 'class_session'
                    AND source.relnamespace = CAST(quote_ident(mine) AS regnamespace))
            THEN RETURN;
            END IF;
            PERFORM pg_advisory_xact_lock(1297437526, hashtext(mine));
            IF place IS NULL THEN
                place := 'aims';
                IF mine <> 'muster' OR to_regnamespace('aims') IS NOT NULL THEN
                    place := left(mine, 58) || '_aims';
                END IF;
                IF to_regnamespace(quote_ident(place)) IS NOT NULL THEN RETURN; END IF;
                EXECUTE format('CREATE SCHEMA %I', place);
                EXECUTE format('COMMENT ON SCHEMA %I IS %L', place, mark);
            END IF;
            EXECUTE format($view$
                CREATE OR REPLACE VIEW %I.students AS
                SELECT membership_id AS id, roll_number COLLATE "default" AS roll_no, name COLLATE "default" AS name,
                    photo_url COLLATE "default" AS photo_url, program COLLATE "default" AS program,
                    sp_code COLLATE "default" AS sp_code, semester COLLATE "default" AS semester,
                    status COLLATE "default" AS status, duration COLLATE "default" AS duration,
                    email COLLATE "default" AS email, institute_email COLLATE "default" AS dtu_email,
                    phone COLLATE "default" AS phone, wire_moment(created_at_us) AS created_at
                FROM student WHERE tenant_id = 1
            $view$, place);
            EXECUTE format($view$
                CREATE OR REPLACE VIEW %I.classes AS
                SELECT class_id AS id, code COLLATE "default" AS code, name COLLATE "default" AS name,
                    section COLLATE "default" AS section, ltp_pattern COLLATE "default" AS ltp_pattern,
                    teacher_type COLLATE "default" AS teacher_type, practical_group COLLATE "default" AS practical_group,
                    owner AS teacher_id, wire_moment(created_at_us) AS created_at, wire_moment(updated_at_us) AS updated_at
                FROM class WHERE tenant_id = 1
            $view$, place);
            EXECUTE format($view$
                CREATE OR REPLACE VIEW %I.class_schedules AS
                SELECT class * 8 + weekday AS id, class_id, weekday AS day_of_week, wire_time(start_s) AS start_time,
                    wire_time(end_s) AS end_time
                FROM class_slot JOIN class ON class.tenant_id = class_slot.tenant_id AND class.number = class_slot.class
                WHERE class_slot.tenant_id = 1
            $view$, place);
            EXECUTE format($view$
                CREATE OR REPLACE VIEW %I.class_reschedules AS
                SELECT class_reschedule.number AS id, class_id, wire_day(original_day) AS original_date,
                    wire_day(day) AS rescheduled_date, wire_time(original_start_s) AS original_start_time,
                    wire_time(original_end_s) AS original_end_time, wire_time(start_s) AS rescheduled_start_time,
                    wire_time(end_s) AS rescheduled_end_time, reason COLLATE "default" AS reason,
                    wire_moment(class_reschedule.created_at_us) AS created_at
                FROM class_reschedule
                JOIN class ON class.tenant_id = class_reschedule.tenant_id AND class.number = class_reschedule.class
                WHERE class_reschedule.tenant_id = 1 AND is_removed = 0
            $view$, place);
            EXECUTE format($view$
                CREATE OR REPLACE VIEW %I.class_students AS
                SELECT class_id, membership_id AS student_id, wire_moment(added_at_us) AS added_at
                FROM enrolment
                JOIN class ON class.tenant_id = enrolment.tenant_id AND class.number = enrolment.class
                JOIN student ON student.tenant_id = enrolment.tenant_id AND student.number = enrolment.student
                WHERE enrolment.tenant_id = 1 AND ended_by IS NULL
            $view$, place);
            EXECUTE format($view$
                CREATE OR REPLACE VIEW %I.attendance_sessions AS
                SELECT session_id AS id, class_id, creator AS teacher_id, wire_day(day) AS session_date,
                    image_url COLLATE "default" AS processed_image_url, wire_moment(class_session.created_at_us) AS created_at
                FROM class_session
                JOIN class ON class.tenant_id = class_session.tenant_id AND class.number = class_session.class
                WHERE class_session.tenant_id = 1
            $view$, place);
            EXECUTE format($view$
                CREATE OR REPLACE VIEW %I.attendance_statuses AS
                SELECT session_id, membership_id AS student_id,
                    CASE mark ->> 1 WHEN 'p' THEN 'present' WHEN 'a' THEN 'absent' WHEN 'l' THEN 'late' ELSE 'excused' END
                        AS status,
                    mark ->> 2 = '1' AS recognized_by_ai,
                    CAST(CAST(mark ->> 3 AS numeric) / 100 AS numeric(5,2)) AS similarity_score
                FROM class_session
                CROSS JOIN LATERAL jsonb_array_elements(CAST(marks AS jsonb)) AS mark
                JOIN student ON student.tenant_id = class_session.tenant_id AND student.number = CAST(mark ->> 0 AS bigint)
                WHERE class_session.tenant_id = 1
            $view$, place);
            EXECUTE format($view$
                CREATE OR REPLACE VIEW %I.notifications AS
                SELECT notification_id AS id, membership_id AS student_id, title COLLATE "default" AS title,
                    message COLLATE "default" AS message, kind COLLATE "default" AS notification_type,
                    CAST(threshold AS double precision) AS attendance_threshold, read_at_us IS NOT NULL AS is_read,
                    wire_moment(notification.created_at_us) AS created_at, wire_moment(read_at_us) AS read_at
                FROM notification
                JOIN student ON student.tenant_id = notification.tenant_id AND student.number = notification.student
                WHERE notification.tenant_id = 1
            $view$, place);
            EXECUTE format($view$
                CREATE OR REPLACE VIEW %I.users AS
                SELECT account_grant.grant_id AS id, email COLLATE "default" AS email,
                    COALESCE(name, btrim(first_name || ' ' || last_name)) COLLATE "default" AS name,
                    role COLLATE "default" AS role, department COLLATE "default" AS department,
                    employee_code COLLATE "default" AS employee_id, wire_moment(signed_in_at_us) AS last_login_at,
                    wire_moment(account_grant.created_at_us) AS created_at
                FROM account_grant
                JOIN account ON account.account_id = account_grant.account_id
                LEFT JOIN grant_profile ON grant_profile.tenant_id = account_grant.tenant_id
                    AND grant_profile.grant_id = account_grant.grant_id
                WHERE account_grant.tenant_id = 1 AND contract = 'aims'
            $view$, place);
            EXECUTE format($view$
                CREATE OR REPLACE VIEW %I.allowed_emails AS
                SELECT allowed_id AS id, email COLLATE "default" AS email, name COLLATE "default" AS name,
                    role COLLATE "default" AS role, wire_moment(created_at_us) AS created_at
                FROM allowed_email WHERE tenant_id = 1 AND list = 'staff' AND is_denied = 0
            $view$, place);
            EXECUTE format($view$
                CREATE OR REPLACE VIEW %I.allowed_student_emails AS
                SELECT allowed_id AS id, email COLLATE "default" AS email, other_email COLLATE "default" AS dtu_email,
                    roll_no COLLATE "default" AS roll_no, name COLLATE "default" AS name, batch COLLATE "default" AS batch,
                    department COLLATE "default" AS department, program COLLATE "default" AS program,
                    wire_moment(created_at_us) AS created_at, wire_moment(updated_at_us) AS updated_at
                FROM allowed_email WHERE tenant_id = 1 AND list = 'student' AND is_denied = 0
            $view$, place);
            EXECUTE format($view$
                CREATE OR REPLACE VIEW %I.v_student_attendance_summary AS
                SELECT class_id, membership_id AS student_id, roll_number COLLATE "default" AS roll_no,
                    student.name COLLATE "default" AS student_name, COALESCE(attended, 0) AS present_count,
                    COALESCE(total, 0) AS total_count,
                    CASE WHEN COALESCE(total, 0) = 0 THEN 0 ELSE round(CAST(attended AS numeric) * 100 / total, 2) END
                        AS percentage
                FROM enrolment
                JOIN class ON class.tenant_id = enrolment.tenant_id AND class.number = enrolment.class
                JOIN student ON student.tenant_id = enrolment.tenant_id AND student.number = enrolment.student
                LEFT JOIN (
                    SELECT class, CAST(tally ->> 0 AS bigint) AS student,
                        CAST(tally ->> 1 AS bigint) + CAST(tally ->> 3 AS bigint) AS attended,
                        CAST(tally ->> 1 AS bigint) + CAST(tally ->> 2 AS bigint) + CAST(tally ->> 3 AS bigint)
                            + CAST(tally ->> 4 AS bigint) AS total
                    FROM class_tally CROSS JOIN LATERAL jsonb_array_elements(CAST(tallies AS jsonb)) AS tally
                    WHERE tenant_id = 1
                ) AS sums ON sums.class = enrolment.class AND sums.student = enrolment.student
                WHERE enrolment.tenant_id = 1 AND ended_by IS NULL
            $view$, place);
        EXCEPTION WHEN insufficient_privilege OR duplicate_schema OR invalid_table_definition OR wrong_object_type THEN
            RETURN;
        END
        $publish$;
        DO $$ BEGIN PERFORM publish_aims(); END $$;

        """

    private static let unpublished = """
        DO $$
        DECLARE
            place name;
        BEGIN
            SELECT nspname INTO place FROM pg_namespace WHERE obj_description(oid, 'pg_namespace')
                = 'Muster: what the store in schema ' || current_schema() || ' holds, as AIMS'' tables';
            IF FOUND THEN EXECUTE format('DROP SCHEMA %I CASCADE', place); END IF;
        END
        $$;
        DROP FUNCTION publish_aims();
        DROP FUNCTION wire_time(bigint);
        DROP FUNCTION wire_day(bigint);

        """

    // MARK: SQLite

    private static let embeddedViews = [
        "aims_users", "aims_allowed_emails", "aims_allowed_student_emails",
        "aims_students", "aims_classes", "aims_class_schedules", "aims_class_reschedules", "aims_class_students",
        "aims_attendance_sessions", "aims_attendance_statuses", "aims_notifications", "aims_v_student_attendance_summary",
    ]

    /// An identity as it stands on the wire.
    private static func identity(_ column: String) -> String {
        "lower(substr(hex(\(column)), 1, 8) || '-' || substr(hex(\(column)), 9, 4) || '-' || substr(hex(\(column)), 13, 4) || '-' "
            + "|| substr(hex(\(column)), 17, 4) || '-' || substr(hex(\(column)), 21))"
    }

    /// A moment in UTC to the microsecond.
    private static func moment(_ column: String) -> String {
        "strftime('%Y-%m-%d %H:%M:%S', \(column) / 1000000, 'unixepoch') || printf('.%06d+00', \(column) % 1000000)"
    }

    private static func day(_ column: String) -> String { "date(\(column) * 86400, 'unixepoch')" }

    private static func time(_ column: String) -> String { "time(\(column), 'unixepoch')" }

    /// A part of a packed row. `json_extract` would be shorter, and SQLite 3.40 runs it in no view of a schema that it is told not
    /// to trust, as every connection of ours tells it.
    private static func part(_ place: Int, of row: String) -> String {
        "(SELECT value FROM json_each(\(row).value) WHERE key = \(place))"
    }

    private static var embedded: String {
        """
        CREATE VIEW aims_users AS
        SELECT \(identity("account_grant.grant_id")) AS id, email, COALESCE(name, trim(first_name || ' ' || last_name)) AS name,
            role, department, employee_code AS employee_id, \(moment("signed_in_at_us")) AS last_login_at,
            \(moment("account_grant.created_at_us")) AS created_at
        FROM account_grant
        JOIN account ON account.account_id = account_grant.account_id
        LEFT JOIN grant_profile ON grant_profile.tenant_id = account_grant.tenant_id
            AND grant_profile.grant_id = account_grant.grant_id
        WHERE account_grant.tenant_id = 1 AND contract = 'aims';

        CREATE VIEW aims_allowed_emails AS
        SELECT \(identity("allowed_id")) AS id, email, name, role, \(moment("created_at_us")) AS created_at
        FROM allowed_email WHERE tenant_id = 1 AND list = 'staff' AND is_denied = 0;

        CREATE VIEW aims_allowed_student_emails AS
        SELECT \(identity("allowed_id")) AS id, email, other_email AS dtu_email, roll_no, name, batch, department, program,
            \(moment("created_at_us")) AS created_at, \(moment("updated_at_us")) AS updated_at
        FROM allowed_email WHERE tenant_id = 1 AND list = 'student' AND is_denied = 0;

        CREATE VIEW aims_students AS
        SELECT \(identity("membership_id")) AS id, roll_number AS roll_no, name, photo_url, program, sp_code, semester, status,
            duration, email, institute_email AS dtu_email, phone, \(moment("created_at_us")) AS created_at
        FROM student WHERE tenant_id = 1;

        CREATE VIEW aims_classes AS
        SELECT \(identity("class_id")) AS id, code, name, section, ltp_pattern, teacher_type, practical_group,
            \(identity("owner")) AS teacher_id, \(moment("created_at_us")) AS created_at, \(moment("updated_at_us")) AS updated_at
        FROM class WHERE tenant_id = 1;

        CREATE VIEW aims_class_schedules AS
        SELECT class * 8 + weekday AS id, \(identity("class_id")) AS class_id, weekday AS day_of_week,
            \(time("start_s")) AS start_time, \(time("end_s")) AS end_time
        FROM class_slot JOIN class ON class.tenant_id = class_slot.tenant_id AND class.number = class_slot.class
        WHERE class_slot.tenant_id = 1;

        CREATE VIEW aims_class_reschedules AS
        SELECT class_reschedule.number AS id, \(identity("class_id")) AS class_id, \(day("original_day")) AS original_date,
            \(day("day")) AS rescheduled_date, \(time("original_start_s")) AS original_start_time,
            \(time("original_end_s")) AS original_end_time, \(time("start_s")) AS rescheduled_start_time,
            \(time("end_s")) AS rescheduled_end_time, reason, \(moment("class_reschedule.created_at_us")) AS created_at
        FROM class_reschedule
        JOIN class ON class.tenant_id = class_reschedule.tenant_id AND class.number = class_reschedule.class
        WHERE class_reschedule.tenant_id = 1 AND is_removed = 0;

        CREATE VIEW aims_class_students AS
        SELECT \(identity("class_id")) AS class_id, \(identity("membership_id")) AS student_id,
            \(moment("added_at_us")) AS added_at
        FROM enrolment
        JOIN class ON class.tenant_id = enrolment.tenant_id AND class.number = enrolment.class
        JOIN student ON student.tenant_id = enrolment.tenant_id AND student.number = enrolment.student
        WHERE enrolment.tenant_id = 1 AND ended_by IS NULL;

        CREATE VIEW aims_attendance_sessions AS
        SELECT \(identity("session_id")) AS id, \(identity("class_id")) AS class_id, \(identity("creator")) AS teacher_id,
            \(day("day")) AS session_date, image_url AS processed_image_url,
            \(moment("class_session.created_at_us")) AS created_at
        FROM class_session
        JOIN class ON class.tenant_id = class_session.tenant_id AND class.number = class_session.class
        WHERE class_session.tenant_id = 1;

        CREATE VIEW aims_attendance_statuses AS
        SELECT \(identity("session_id")) AS session_id, \(identity("membership_id")) AS student_id,
            CASE \(part(1, of: "mark")) WHEN 'p' THEN 'present' WHEN 'a' THEN 'absent' WHEN 'l' THEN 'late'
                ELSE 'excused' END AS status,
            \(part(2, of: "mark")) AS recognized_by_ai, \(part(3, of: "mark")) / 100.0 AS similarity_score
        FROM class_session, json_each(class_session.marks) AS mark
        JOIN student ON student.tenant_id = class_session.tenant_id AND student.number = \(part(0, of: "mark"))
        WHERE class_session.tenant_id = 1;

        CREATE VIEW aims_notifications AS
        SELECT \(identity("notification_id")) AS id, \(identity("membership_id")) AS student_id, title, message,
            kind AS notification_type, CAST(threshold AS REAL) AS attendance_threshold, read_at_us IS NOT NULL AS is_read,
            \(moment("notification.created_at_us")) AS created_at, \(moment("read_at_us")) AS read_at
        FROM notification
        JOIN student ON student.tenant_id = notification.tenant_id AND student.number = notification.student
        WHERE notification.tenant_id = 1;

        CREATE VIEW aims_v_student_attendance_summary AS
        SELECT \(identity("class_id")) AS class_id, \(identity("membership_id")) AS student_id, roll_number AS roll_no,
            student.name AS student_name, COALESCE(attended, 0) AS present_count, COALESCE(total, 0) AS total_count,
            CASE WHEN COALESCE(total, 0) = 0 THEN 0 ELSE (attended * 20000 + total) / (total * 2) / 100.0 END AS percentage
        FROM enrolment
        JOIN class ON class.tenant_id = enrolment.tenant_id AND class.number = enrolment.class
        JOIN student ON student.tenant_id = enrolment.tenant_id AND student.number = enrolment.student
        LEFT JOIN (
            SELECT class, \(part(0, of: "tally")) AS student,
                \(part(1, of: "tally")) + \(part(3, of: "tally")) AS attended,
                \(part(1, of: "tally")) + \(part(2, of: "tally")) + \(part(3, of: "tally"))
                    + \(part(4, of: "tally")) AS total
            FROM class_tally, json_each(class_tally.tallies) AS tally WHERE tenant_id = 1
        ) AS sums ON sums.class = enrolment.class AND sums.student = enrolment.student
        WHERE enrolment.tenant_id = 1 AND ended_by IS NULL;

        """
    }
}
