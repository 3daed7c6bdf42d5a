extension Migration {
    /// Tenants, the ledger with its personal part, references and terms, the projections of scans, keys, audit.
    static let foundation = Migration(
        name: "0001 foundation",
        up: { w in
            """
            CREATE TABLE tenant (
                tenant_id \(w.integer) NOT NULL PRIMARY KEY,
                name \(w.text) NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 40),
                created_at_us \(w.integer) NOT NULL
            ) \(w.table);

            CREATE TABLE secret (
                name \(w.text) NOT NULL PRIMARY KEY,
                value \(w.bytes) NOT NULL
            ) \(w.keyedTable);

            CREATE TABLE ledger_head (
                tenant_id \(w.integer) NOT NULL PRIMARY KEY REFERENCES tenant (tenant_id),
                sequence \(w.integer) NOT NULL CHECK (sequence >= 0),
                hash \(w.bytes) NOT NULL CHECK (length(hash) = 32),
                term_count \(w.integer) NOT NULL,
                layout_version \(w.integer) NOT NULL,
                people_version \(w.integer) NOT NULL
            ) \(w.keyedTable);

            CREATE TABLE claim_term (
                tenant_id \(w.integer) NOT NULL REFERENCES tenant (tenant_id),
                term_id \(w.integer) NOT NULL,
                kind \(w.small) NOT NULL,
                text \(w.text) NOT NULL,
                PRIMARY KEY (tenant_id, term_id),
                UNIQUE (tenant_id, kind, text)
            ) \(w.keyedTable);
            \(w.appendOnly("claim_term"))

            CREATE TABLE ledger_entry (
                tenant_id \(w.integer) NOT NULL,
                sequence \(w.integer) NOT NULL CHECK (sequence > 0),
                kind \(w.small) NOT NULL,
                source \(w.small) NOT NULL,
                occurred_at_us \(w.integer) NOT NULL,
                received_at_us \(w.integer) NOT NULL,
                caller_term \(w.integer) NOT NULL,
                station_term \(w.integer),
                unit_term \(w.integer),
                means_term \(w.integer),
                detail \(w.text),
                personal_digest \(w.bytes),
                hash \(w.bytes) NOT NULL CHECK (length(hash) = 32),
                PRIMARY KEY (tenant_id, sequence)
            ) \(w.keyedTable);
            CREATE INDEX ledger_entry_by_moment ON ledger_entry (tenant_id, source, occurred_at_us, sequence);
            \(w.appendOnly("ledger_entry"))

            CREATE TABLE ledger_personal (
                tenant_id \(w.integer) NOT NULL,
                sequence \(w.integer) NOT NULL,
                salt \(w.bytes) NOT NULL CHECK (length(salt) = 16),
                identifier_kind \(w.small) NOT NULL,
                identifier \(w.text) NOT NULL,
                staff_code \(w.text),
                reference \(w.text),
                meta \(w.text),
                PRIMARY KEY (tenant_id, sequence)
            ) \(w.keyedTable);

            CREATE TABLE client_reference (
                tenant_id \(w.integer) NOT NULL,
                source \(w.small) NOT NULL,
                reference \(w.bytes) NOT NULL CHECK (length(reference) = 16),
                sequence \(w.integer) NOT NULL,
                span_id \(w.integer),
                PRIMARY KEY (tenant_id, source, reference)
            ) \(w.keyedTable);

            CREATE TABLE station_span (
                tenant_id \(w.integer) NOT NULL REFERENCES tenant (tenant_id),
                span_id \(w.integer) NOT NULL,
                source \(w.small) NOT NULL,
                claimed_term \(w.integer) NOT NULL,
                shown_term \(w.integer) NOT NULL,
                opened_by \(w.integer) NOT NULL,
                closed_by \(w.integer),
                cleared_through \(w.integer) NOT NULL,
                scans \(w.integer) NOT NULL,
                last_occurred_at_us \(w.integer),
                PRIMARY KEY (tenant_id, span_id)
            ) \(w.keyedTable);

            CREATE TABLE badge_places (
                tenant_id \(w.integer) NOT NULL,
                badge \(w.bytes) NOT NULL CHECK (length(badge) = 16),
                places \(w.bytes) NOT NULL,
                PRIMARY KEY (tenant_id, badge)
            ) \(w.rewrittenTable);

            CREATE TABLE station_tally (
                tenant_id \(w.integer) NOT NULL REFERENCES tenant (tenant_id),
                source \(w.small) NOT NULL,
                shown_term \(w.integer) NOT NULL,
                unique_badges \(w.integer) NOT NULL,
                PRIMARY KEY (tenant_id, source, shown_term)
            ) \(w.keyedTable);

            CREATE TABLE unit_tally (
                tenant_id \(w.integer) NOT NULL REFERENCES tenant (tenant_id),
                source \(w.small) NOT NULL,
                unit_term \(w.integer) NOT NULL,
                unique_badges \(w.integer) NOT NULL,
                PRIMARY KEY (tenant_id, source, unit_term)
            ) \(w.keyedTable);

            CREATE TABLE scan_total (
                tenant_id \(w.integer) NOT NULL REFERENCES tenant (tenant_id),
                source \(w.small) NOT NULL,
                unique_badges \(w.integer) NOT NULL,
                clear_epoch \(w.text),
                PRIMARY KEY (tenant_id, source)
            ) \(w.keyedTable);

            CREATE TABLE person (
                tenant_id \(w.integer) NOT NULL REFERENCES tenant (tenant_id),
                person_id \(w.uuid) NOT NULL,
                opened_by \(w.integer) NOT NULL,
                PRIMARY KEY (tenant_id, person_id)
            ) \(w.keyedTable);

            CREATE TABLE membership (
                tenant_id \(w.integer) NOT NULL REFERENCES tenant (tenant_id),
                membership_id \(w.uuid) NOT NULL,
                person_id \(w.uuid) NOT NULL,
                source \(w.small) NOT NULL,
                staff_code \(w.text) NOT NULL,
                opened_by \(w.integer) NOT NULL,
                PRIMARY KEY (tenant_id, membership_id),
                FOREIGN KEY (tenant_id, person_id) REFERENCES person (tenant_id, person_id)
            ) \(w.keyedTable);
            CREATE UNIQUE INDEX membership_by_staff_code ON membership (tenant_id, source, staff_code);
            CREATE INDEX membership_by_person ON membership (tenant_id, person_id);

            CREATE TABLE identifier (
                tenant_id \(w.integer) NOT NULL REFERENCES tenant (tenant_id),
                source \(w.small) NOT NULL,
                kind \(w.small) NOT NULL,
                text \(w.text) NOT NULL,
                valid_from \(w.integer) NOT NULL,
                valid_to \(w.integer),
                membership_id \(w.uuid) NOT NULL,
                PRIMARY KEY (tenant_id, source, kind, text, valid_from),
                FOREIGN KEY (tenant_id, membership_id) REFERENCES membership (tenant_id, membership_id)
            ) \(w.keyedTable);
            CREATE INDEX identifier_by_membership ON identifier (tenant_id, membership_id);

            CREATE TABLE roster (
                tenant_id \(w.integer) NOT NULL PRIMARY KEY REFERENCES tenant (tenant_id),
                fingerprint \(w.text) NOT NULL
            ) \(w.keyedTable);

            CREATE TABLE roster_unit (
                tenant_id \(w.integer) NOT NULL REFERENCES roster (tenant_id),
                name \(w.text) NOT NULL,
                registered \(w.integer) NOT NULL CHECK (registered >= 0),
                PRIMARY KEY (tenant_id, name)
            ) \(w.keyedTable);

            CREATE TABLE station_heartbeat (
                tenant_id \(w.integer) NOT NULL REFERENCES tenant (tenant_id),
                station \(w.text) NOT NULL,
                last_clear_epoch \(w.text),
                local_scan_count \(w.integer) NOT NULL,
                received_at_us \(w.integer) NOT NULL,
                PRIMARY KEY (tenant_id, station)
            ) \(w.keyedTable);

            CREATE TABLE station_counter (
                tenant_id \(w.integer) NOT NULL REFERENCES tenant (tenant_id),
                station \(w.text) NOT NULL,
                scans \(w.integer) NOT NULL,
                duplicates \(w.integer) NOT NULL,
                last_upload_at_us \(w.integer) NOT NULL,
                PRIMARY KEY (tenant_id, station)
            ) \(w.keyedTable);

            CREATE TABLE access_key (
                key_id \(w.text) NOT NULL PRIMARY KEY CHECK (length(key_id) = 8),
                tenant_id \(w.integer) NOT NULL REFERENCES tenant (tenant_id),
                label \(w.text) NOT NULL,
                roles \(w.integer) NOT NULL,
                verifier \(w.bytes) NOT NULL CHECK (length(verifier) = 32),
                created_at_us \(w.integer) NOT NULL,
                expires_at_us \(w.integer),
                revoked_at_us \(w.integer),
                last_used_at_us \(w.integer)
            ) \(w.keyedTable);

            CREATE TABLE display_setting (
                tenant_id \(w.integer) NOT NULL REFERENCES tenant (tenant_id),
                name \(w.text) NOT NULL,
                value \(w.integer) NOT NULL,
                PRIMARY KEY (tenant_id, name)
            ) \(w.keyedTable);

            CREATE TABLE audit_entry (
                tenant_id \(w.integer) NOT NULL REFERENCES tenant (tenant_id),
                number \(w.integer) NOT NULL,
                at_us \(w.integer) NOT NULL,
                caller \(w.text) NOT NULL,
                address \(w.text),
                act \(w.text) NOT NULL,
                subject \(w.text) NOT NULL,
                detail \(w.text) NOT NULL,
                PRIMARY KEY (tenant_id, number)
            ) \(w.keyedTable);
            \(w.appendOnly("audit_entry"))

            CREATE TABLE refusal (
                tenant_id \(w.integer) NOT NULL REFERENCES tenant (tenant_id),
                request \(w.text) NOT NULL,
                status \(w.small) NOT NULL,
                caller \(w.text) NOT NULL,
                address \(w.text) NOT NULL,
                station \(w.text) NOT NULL,
                reason \(w.text) NOT NULL,
                count \(w.integer) NOT NULL,
                first_at_us \(w.integer) NOT NULL,
                last_at_us \(w.integer) NOT NULL,
                PRIMARY KEY (tenant_id, request, status, caller, address, station, reason)
            ) \(w.keyedTable);
            """
        },
        down: { w in
            w.mutableAgain("audit_entry") + w.mutableAgain("ledger_entry") + w.mutableAgain("claim_term")
                + foundationTables.reversed().map { "DROP TABLE \($0);" }.joined(separator: "\n")
        },
        tables: foundationTables)

    /// In an order in which each stands behind what it refers to.
    private static let foundationTables = [
        "tenant", "secret", "ledger_head", "claim_term", "ledger_entry", "ledger_personal", "client_reference", "station_span",
        "badge_places", "station_tally", "unit_tally", "scan_total", "person", "membership", "identifier", "roster",
        "roster_unit", "station_heartbeat", "station_counter", "access_key", "display_setting", "audit_entry", "refusal",
    ]
}
