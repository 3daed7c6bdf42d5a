extension Migration {
    /// The fronts of identities on the wire, and on PostgreSQL what is needed to show Time Tracker's tables to others' reports.
    ///
    /// The views stand in a schema of their own, which a backup does not hold, and follow the tables they were made of when
    /// a restore sets those aside. So they are made by a function, which is called again whenever a store is opened.
    static let timeTrackerViews = Migration(
        name: "0004 views for time tracker's reports",
        up: { w in
            """
            CREATE TABLE wire_front (
                tenant_id \(w.integer) NOT NULL REFERENCES tenant (tenant_id),
                noun \(w.small) NOT NULL,
                front \(w.integer) NOT NULL,
                PRIMARY KEY (tenant_id, noun)
            ) \(w.keyedTable);
            """ + w.onServers(views)
        },
        down: { w in
            w.onServers(withoutViews) + "DROP TABLE wire_front;"
        },
        // What it holds follows from the installation's secret and is there again at the next start.
        tables: [])

    /// The tenant is `default`, 1, and the contract's source 3. Numbers 1 to 3 are the nouns of identities on the wire. A session's
    /// place is its member's number and its day since 0001-01-01 in 22 bits.
    private static let views = """

        CREATE FUNCTION wire_moment(microseconds bigint) RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $moment$
            SELECT TIMESTAMPTZ 'epoch' + (microseconds / 1000000) * INTERVAL '1 second'
                + (microseconds % 1000000) * INTERVAL '1 microsecond'
        $moment$;
        CREATE FUNCTION wire_identity(front bigint, number bigint) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $identity$
            SELECT CAST(lpad(to_hex(front), 16, '0') || to_hex(number | (-9223372036854775807 - 1)) AS uuid)
        $identity$;
        CREATE FUNCTION wire_hundredths(microseconds bigint, each bigint) RETURNS numeric LANGUAGE sql IMMUTABLE PARALLEL SAFE
        AS $hundredths$
            SELECT least(round(CAST(microseconds AS numeric) / each, 2), 999.99)
        $hundredths$;

        -- Makes the views, or turns them to the tables of the schema in whose name it is called. They stand in the schema
        -- "timetracker", or, where that is somebody else's or this store is not called "muster", in one that is called after the
        -- store. Who may not make schemas goes without them.
        CREATE FUNCTION publish_time_tracker() RETURNS void LANGUAGE plpgsql AS $publish$
        DECLARE
            mine CONSTANT name := current_schema();
            mark CONSTANT text := 'Muster: what the store in schema ' || mine || ' holds, as Time Tracker''s tables';
            place name;
        BEGIN
            SELECT nspname INTO place FROM pg_namespace WHERE obj_description(oid, 'pg_namespace') = mark;
            IF FOUND AND EXISTS (
                SELECT 1 FROM pg_depend
                JOIN pg_rewrite ON pg_rewrite.oid = pg_depend.objid AND classid = CAST('pg_rewrite' AS regclass)
                JOIN pg_class AS made ON made.oid = ev_class AND made.relname = 'timetracking_punchcycle'
                    AND made.relnamespace = CAST(quote_ident(place) AS regnamespace)
                JOIN pg_class AS source ON source.oid = refobjid AND source.relname = 'work_cycle'
                    AND source.relnamespace = CAST(quote_ident(mine) AS regnamespace))
            THEN RETURN;
            END IF;
            PERFORM pg_advisory_xact_lock(1297437526, hashtext(mine));
            IF place IS NULL THEN
                place := 'timetracker';
                IF mine <> 'muster' OR to_regnamespace('timetracker') IS NOT NULL THEN
                    place := left(mine, 51) || '_timetracker';
                END IF;
                IF to_regnamespace(quote_ident(place)) IS NOT NULL THEN RETURN; END IF;
                EXECUTE format('CREATE SCHEMA %I', place);
                EXECUTE format('COMMENT ON SCHEMA %I IS %L', place, mark);
            END IF;
            EXECUTE format($view$
                CREATE OR REPLACE VIEW %I.employees_employee AS
                SELECT membership_id AS id, name COLLATE "default" AS name, staff_code COLLATE "default" AS employee_id,
                    email COLLATE "default" AS email, department COLLATE "default" AS department,
                    position COLLATE "default" AS position, is_active = 1 AS is_active,
                    wire_moment(created_at_us) AS created_at, wire_moment(updated_at_us) AS updated_at
                FROM member WHERE tenant_id = 1 AND source = 3
            $view$, place);
            EXECUTE format($view$
                CREATE OR REPLACE VIEW %I.employees_businesshours AS
                SELECT number AS id, TIME '00:00' + start_us * INTERVAL '1 microsecond' AS start_time,
                    TIME '00:00' + end_us * INTERVAL '1 microsecond' AS end_time, CAST(break_minutes AS integer) AS break_duration,
                    CAST(late_threshold_minutes AS integer) AS late_threshold, is_active = 1 AS is_active,
                    wire_moment(created_at_us) AS created_at, wire_moment(updated_at_us) AS updated_at
                FROM business_hours WHERE tenant_id = 1 AND source = 3 AND is_removed = 0
            $view$, place);
            EXECUTE format($view$
                CREATE OR REPLACE VIEW %I.employees_customuser AS
                SELECT account_grant.grant_id AS id, CAST('' AS text) AS password, CAST(NULL AS timestamptz) AS last_login,
                    false AS is_superuser, username COLLATE "default" AS username, first_name COLLATE "default" AS first_name,
                    last_name COLLATE "default" AS last_name, false AS is_staff, account_grant.is_active = 1 AS is_active,
                    wire_moment(account_grant.created_at_us) AS date_joined, email COLLATE "default" AS email,
                    role COLLATE "default" AS role, wire_moment(account_grant.created_at_us) AS created_at,
                    wire_moment(greatest(account_grant.updated_at_us, account.updated_at_us)) AS updated_at
                FROM account_grant JOIN account USING (account_id)
                WHERE account_grant.tenant_id = 1 AND contract = 'timetracker'
            $view$, place);
            EXECUTE format($view$
                CREATE OR REPLACE VIEW %I.timetracking_timeentry AS
                SELECT COALESCE(CAST(encode(punch.imported_id, 'hex') AS uuid), wire_identity(front, punch.number)) AS id,
                    CASE direction WHEN 'in' THEN 'punch_in' WHEN 'out' THEN 'punch_out' ELSE replace(direction, '-', '_') END
                        COLLATE "default" AS type,
                    wire_moment(at_us) AS "timestamp", is_late = 1 AS is_late, is_early = 1 AS is_early,
                    note COLLATE "default" AS notes, wire_moment(punch.created_at_us) AS created_at,
                    wire_moment(changed_at_us) AS updated_at, membership_id AS employee_id
                FROM punch
                JOIN member ON member.tenant_id = punch.tenant_id AND member.source = punch.source AND member.number = punch.member
                JOIN wire_front ON wire_front.tenant_id = punch.tenant_id AND noun = 1
                WHERE punch.tenant_id = 1 AND punch.source = 3
            $view$, place);
            EXECUTE format($view$
                CREATE OR REPLACE VIEW %I.timetracking_worksession AS
                SELECT COALESCE(CAST(encode(imported_id, 'hex') AS uuid),
                        wire_identity(front, (member.number << 22) | ((day + 719162) & 4194303))) AS id,
                    CAST(DATE '1970-01-01' + CAST(day AS integer) AS date) AS date, wire_moment(punch_in_us) AS punch_in,
                    wire_moment(punch_out_us) AS punch_out, wire_moment(break_start_us) AS break_start,
                    wire_moment(break_end_us) AS break_end,
                    CAST(wire_hundredths(total_us, 3600000000) AS numeric(5,2)) AS total_hours,
                    CAST(wire_hundredths(break_us, 60000000) AS numeric(5,2)) AS break_duration,
                    CAST(wire_hundredths(working_us, 3600000000) AS numeric(5,2)) AS working_hours,
                    is_late_in = 1 AS is_late_in, is_early_out = 1 AS is_early_out,
                    replace(status, '-', '_') COLLATE "default" AS status, note COLLATE "default" AS note,
                    wire_moment(work_session.created_at_us) AS created_at, wire_moment(work_session.updated_at_us) AS updated_at,
                    membership_id AS employee_id
                FROM work_session
                JOIN member ON member.tenant_id = work_session.tenant_id AND member.source = work_session.source
                    AND member.number = work_session.member
                JOIN wire_front ON wire_front.tenant_id = work_session.tenant_id AND noun = 2
                WHERE work_session.tenant_id = 1 AND work_session.source = 3
            $view$, place);
            EXECUTE format($view$
                CREATE OR REPLACE VIEW %I.timetracking_punchcycle AS
                SELECT wire_identity(cycles.front, work_cycle.number) AS id, wire_moment(since_us) AS punch_in,
                    wire_moment(until_us) AS punch_out, work_cycle.is_late_in = 1 AS is_late_in,
                    work_cycle.is_early_out = 1 AS is_early_out,
                    CAST(COALESCE(wire_hundredths(greatest(until_us - since_us, 0), 3600000000), 0) AS numeric(5,2))
                        AS duration_hours,
                    wire_moment(work_cycle.created_at_us) AS created_at, wire_moment(work_cycle.updated_at_us) AS updated_at,
                    COALESCE(CAST(encode(imported_id, 'hex') AS uuid),
                        wire_identity(sessions.front, (work_cycle.member << 22) | ((work_cycle.day + 719162) & 4194303)))
                        AS work_session_id
                FROM work_cycle
                JOIN work_session ON work_session.tenant_id = work_cycle.tenant_id AND work_session.source = work_cycle.source
                    AND work_session.day = work_cycle.day AND work_session.member = work_cycle.member
                JOIN wire_front AS cycles ON cycles.tenant_id = work_cycle.tenant_id AND cycles.noun = 3
                JOIN wire_front AS sessions ON sessions.tenant_id = work_cycle.tenant_id AND sessions.noun = 2
                WHERE work_cycle.tenant_id = 1 AND work_cycle.source = 3
            $view$, place);
        EXCEPTION WHEN insufficient_privilege OR duplicate_schema OR invalid_table_definition OR wrong_object_type THEN
            RETURN;
        END
        $publish$;
        DO $$ BEGIN PERFORM publish_time_tracker(); END $$;
        """

    private static let withoutViews = """
        DO $$
        DECLARE
            place name;
        BEGIN
            SELECT nspname INTO place FROM pg_namespace WHERE obj_description(oid, 'pg_namespace')
                = 'Muster: what the store in schema ' || current_schema() || ' holds, as Time Tracker''s tables';
            IF FOUND THEN EXECUTE format('DROP SCHEMA %I CASCADE', place); END IF;
        END
        $$;
        DROP FUNCTION publish_time_tracker();
        DROP FUNCTION wire_hundredths(bigint, bigint);
        DROP FUNCTION wire_identity(bigint, bigint);
        DROP FUNCTION wire_moment(bigint);

        """
}
