extension Migration {
    /// Accounts with their passwords, what they are granted, ended tokens, attempts to sign in, set-up links.
    static let accounts = Migration(
        name: "0002 accounts",
        up: { w in
            """
            CREATE TABLE account (
                account_id \(w.uuid) NOT NULL PRIMARY KEY,
                email \(w.text) NOT NULL,
                email_folded \(w.text) NOT NULL UNIQUE,
                username \(w.text) NOT NULL UNIQUE,
                first_name \(w.text) NOT NULL,
                last_name \(w.text) NOT NULL,
                password_hash \(w.text),
                epoch \(w.integer) NOT NULL CHECK (epoch >= 0),
                created_at_us \(w.integer) NOT NULL,
                updated_at_us \(w.integer) NOT NULL
            ) \(w.keyedTable);

            CREATE TABLE account_grant (
                tenant_id \(w.integer) NOT NULL REFERENCES tenant (tenant_id),
                grant_id \(w.uuid) NOT NULL,
                account_id \(w.uuid) NOT NULL REFERENCES account (account_id),
                contract \(w.text) NOT NULL,
                role \(w.text) NOT NULL,
                is_active \(w.small) NOT NULL CHECK (is_active IN (0, 1)),
                epoch \(w.integer) NOT NULL CHECK (epoch >= 0),
                created_at_us \(w.integer) NOT NULL,
                updated_at_us \(w.integer) NOT NULL,
                PRIMARY KEY (tenant_id, grant_id)
            ) \(w.keyedTable);
            CREATE UNIQUE INDEX account_grant_by_account ON account_grant (account_id, tenant_id, contract);

            CREATE TABLE ended_token (
                token_id \(w.bytes) NOT NULL PRIMARY KEY CHECK (length(token_id) = 16),
                expires_at_us \(w.integer) NOT NULL
            ) \(w.keyedTable);
            CREATE INDEX ended_token_by_expiry ON ended_token (expires_at_us);

            CREATE TABLE sign_in_attempt (
                kind \(w.small) NOT NULL,
                name \(w.bytes) NOT NULL CHECK (length(name) = 16),
                attempts \(w.integer) NOT NULL,
                began_at_us \(w.integer) NOT NULL,
                PRIMARY KEY (kind, name)
            ) \(w.rewrittenTable);
            CREATE INDEX sign_in_attempt_by_beginning ON sign_in_attempt (began_at_us);

            CREATE TABLE setup_link (
                verifier \(w.bytes) NOT NULL PRIMARY KEY CHECK (length(verifier) = 32),
                expires_at_us \(w.integer) NOT NULL
            ) \(w.keyedTable);
            """
        },
        down: { _ in accountTables.reversed().map { "DROP TABLE \($0);" }.joined(separator: "\n") },
        tables: accountTables)

    /// In an order in which each stands behind what it refers to.
    private static let accountTables = ["account", "account_grant", "ended_token", "sign_in_attempt", "setup_link"]
}
