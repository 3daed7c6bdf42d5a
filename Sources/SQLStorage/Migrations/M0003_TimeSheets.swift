extension Migration {
    /// Members, rules, and the sheets of their hours: all of it projections.
    static let timeSheets = Migration(
        name: "0003 time sheets",
        up: { w in
            """
            CREATE TABLE member (
                tenant_id \(w.integer) NOT NULL REFERENCES tenant (tenant_id),
                source \(w.small) NOT NULL,
                number \(w.integer) NOT NULL,
                membership_id \(w.uuid) NOT NULL,
                name \(w.text) NOT NULL,
                staff_code \(w.text) NOT NULL,
                email \(w.text) NOT NULL,
                email_folded \(w.text),
                department \(w.text) NOT NULL,
                position \(w.text) NOT NULL,
                is_active \(w.small) NOT NULL,
                created_at_us \(w.integer) NOT NULL,
                updated_at_us \(w.integer) NOT NULL,
                imported_digest \(w.integer),
                PRIMARY KEY (tenant_id, source, number),
                FOREIGN KEY (tenant_id, membership_id) REFERENCES membership (tenant_id, membership_id)
            ) \(w.keyedTable);
            CREATE UNIQUE INDEX member_by_membership ON member (tenant_id, membership_id);
            CREATE UNIQUE INDEX member_by_staff_code ON member (tenant_id, source, staff_code);
            CREATE UNIQUE INDEX member_by_email ON member (tenant_id, source, email_folded);

            CREATE TABLE rule_setting (
                tenant_id \(w.integer) NOT NULL REFERENCES tenant (tenant_id),
                source \(w.small) NOT NULL,
                name \(w.text) NOT NULL,
                value \(w.text) NOT NULL,
                told_by \(w.integer) NOT NULL,
                PRIMARY KEY (tenant_id, source, name)
            ) \(w.keyedTable);

            CREATE TABLE business_hours (
                tenant_id \(w.integer) NOT NULL REFERENCES tenant (tenant_id),
                source \(w.small) NOT NULL,
                number \(w.integer) NOT NULL CHECK (number > 0),
                start_us \(w.integer) NOT NULL,
                end_us \(w.integer) NOT NULL,
                break_minutes \(w.integer) NOT NULL CHECK (break_minutes >= 0),
                late_threshold_minutes \(w.integer) NOT NULL CHECK (late_threshold_minutes >= 0),
                is_active \(w.small) NOT NULL,
                is_removed \(w.small) NOT NULL CHECK (is_removed = 0 OR is_active = 0),
                created_at_us \(w.integer) NOT NULL,
                updated_at_us \(w.integer) NOT NULL,
                told_by \(w.integer) NOT NULL,
                imported_digest \(w.integer),
                PRIMARY KEY (tenant_id, source, number)
            ) \(w.keyedTable);
            CREATE UNIQUE INDEX business_hours_active ON business_hours (tenant_id, source) WHERE is_active = 1;

            CREATE TABLE punch (
                tenant_id \(w.integer) NOT NULL,
                member \(w.integer) NOT NULL,
                day \(w.integer) NOT NULL,
                at_us \(w.integer) NOT NULL,
                number \(w.integer) NOT NULL,
                source \(w.small) NOT NULL,
                told_by \(w.integer) NOT NULL,
                direction \(w.text) NOT NULL,
                is_late \(w.small) NOT NULL,
                is_early \(w.small) NOT NULL,
                carry_max_us \(w.integer) NOT NULL,
                note \(w.text),
                counts_for \(w.integer),
                created_at_us \(w.integer) NOT NULL,
                changed_at_us \(w.integer) NOT NULL,
                imported_id \(w.bytes),
                imported_digest \(w.integer),
                PRIMARY KEY (tenant_id, member, day, at_us, number)
            ) \(w.keyedTable);
            CREATE UNIQUE INDEX punch_by_number ON punch (tenant_id, number);
            CREATE INDEX punch_by_moment ON punch (tenant_id, source, at_us, number);
            CREATE UNIQUE INDEX punch_by_import ON punch (tenant_id, source, imported_id) WHERE imported_id IS NOT NULL;

            CREATE TABLE waiting_punch (
                tenant_id \(w.integer) NOT NULL,
                source \(w.small) NOT NULL,
                pin \(w.text) NOT NULL,
                number \(w.integer) NOT NULL,
                at_us \(w.integer) NOT NULL,
                detail \(w.text) NOT NULL,
                created_at_us \(w.integer) NOT NULL,
                PRIMARY KEY (tenant_id, source, pin, number)
            ) \(w.keyedTable);

            CREATE TABLE voided_punch (
                tenant_id \(w.integer) NOT NULL,
                number \(w.integer) NOT NULL,
                member \(w.integer) NOT NULL,
                day \(w.integer) NOT NULL,
                voided_by \(w.integer) NOT NULL,
                PRIMARY KEY (tenant_id, number)
            ) \(w.keyedTable);
            CREATE INDEX voided_punch_by_day ON voided_punch (tenant_id, member, day);

            CREATE TABLE work_session (
                tenant_id \(w.integer) NOT NULL,
                source \(w.small) NOT NULL,
                day \(w.integer) NOT NULL,
                member \(w.integer) NOT NULL,
                punch_in_us \(w.integer),
                punch_out_us \(w.integer),
                break_start_us \(w.integer),
                break_end_us \(w.integer),
                total_us \(w.integer) NOT NULL CHECK (total_us >= 0),
                break_us \(w.integer) NOT NULL CHECK (break_us >= 0),
                working_us \(w.integer) NOT NULL CHECK (working_us >= 0),
                open_since_us \(w.integer),
                open_break_us \(w.integer),
                open_break_since_us \(w.integer),
                is_late_in \(w.small) NOT NULL,
                is_early_out \(w.small) NOT NULL,
                status \(w.text) NOT NULL,
                note \(w.text),
                cycle_count \(w.integer) NOT NULL,
                assertion \(w.text),
                asserted_by \(w.integer),
                asserted_at_us \(w.integer),
                created_at_us \(w.integer) NOT NULL,
                updated_at_us \(w.integer) NOT NULL,
                imported_id \(w.bytes),
                imported_digest \(w.integer),
                PRIMARY KEY (tenant_id, source, day, member)
            ) \(w.keyedTable);
            CREATE INDEX work_session_by_member ON work_session (tenant_id, member, day);
            CREATE UNIQUE INDEX work_session_by_import ON work_session (tenant_id, source, imported_id)
                WHERE imported_id IS NOT NULL;

            CREATE TABLE work_cycle (
                tenant_id \(w.integer) NOT NULL,
                source \(w.small) NOT NULL,
                day \(w.integer) NOT NULL,
                member \(w.integer) NOT NULL,
                number \(w.integer) NOT NULL,
                since_us \(w.integer) NOT NULL,
                until_us \(w.integer),
                is_late_in \(w.small) NOT NULL,
                is_early_out \(w.small) NOT NULL,
                created_at_us \(w.integer) NOT NULL,
                updated_at_us \(w.integer) NOT NULL,
                PRIMARY KEY (tenant_id, source, day, member, number)
            ) \(w.keyedTable);

            CREATE TABLE work_day (
                tenant_id \(w.integer) NOT NULL,
                source \(w.small) NOT NULL,
                day \(w.integer) NOT NULL,
                sessions \(w.integer) NOT NULL,
                cycles \(w.integer) NOT NULL,
                late \(w.integer) NOT NULL,
                early \(w.integer) NOT NULL,
                working_hundredths \(w.integer) NOT NULL,
                break_hundredths \(w.integer) NOT NULL,
                PRIMARY KEY (tenant_id, source, day)
            ) \(w.keyedTable);
            """
        },
        down: { _ in timeSheetTables.reversed().map { "DROP TABLE \($0);" }.joined(separator: "\n") },
        tables: timeSheetTables)

    private static let timeSheetTables = [
        "member", "rule_setting", "business_hours", "punch", "waiting_punch", "voided_punch", "work_session", "work_cycle",
        "work_day",
    ]
}
