extension Migration {
    /// The addresses that may sign in through an identity provider, whose accounts of the provider are whose, and what is told of
    /// those who signed in.
    static let allowedEmails = Migration(
        name: "0005 allowed e-mails",
        up: { w in
            """
            CREATE TABLE allowed_email (
                tenant_id \(w.integer) NOT NULL REFERENCES tenant (tenant_id),
                list \(w.text) NOT NULL CHECK (list IN ('staff', 'student')),
                email \(w.text) NOT NULL,
                other_email \(w.text),
                allowed_id \(w.uuid) NOT NULL,
                role \(w.text) NOT NULL CHECK (role IN ('teacher', 'admin', 'student') AND (role = 'student') = (list = 'student')),
                name \(w.text),
                roll_no \(w.text),
                batch \(w.text),
                department \(w.text),
                program \(w.text),
                is_denied \(w.small) NOT NULL CHECK (is_denied IN (0, 1)),
                created_at_us \(w.integer) NOT NULL,
                updated_at_us \(w.integer) NOT NULL,
                PRIMARY KEY (tenant_id, list, email)
            ) \(w.keyedTable);
            CREATE INDEX allowed_email_by_other ON allowed_email (tenant_id, list, other_email);

            CREATE TABLE provider_binding (
                account_id \(w.uuid) NOT NULL PRIMARY KEY REFERENCES account (account_id),
                issuer \(w.text) NOT NULL,
                subject \(w.text) NOT NULL,
                bound_at_us \(w.integer) NOT NULL
            ) \(w.keyedTable);

            CREATE TABLE grant_profile (
                tenant_id \(w.integer) NOT NULL,
                grant_id \(w.uuid) NOT NULL,
                name \(w.text) NOT NULL,
                department \(w.text),
                employee_code \(w.text),
                signed_in_at_us \(w.integer),
                PRIMARY KEY (tenant_id, grant_id),
                FOREIGN KEY (tenant_id, grant_id) REFERENCES account_grant (tenant_id, grant_id)
            ) \(w.keyedTable);
            """
        },
        down: { _ in allowedEmailTables.reversed().map { "DROP TABLE \($0);" }.joined(separator: "\n") },
        tables: allowedEmailTables)

    private static let allowedEmailTables = ["allowed_email", "provider_binding", "grant_profile"]
}
