import AttendanceCore

/// `access_key`.
struct AccessTable {
    let connection: any SQLConnection

    private static let columns: StaticString = """
        key_id, tenant_id, label, roles, verifier, created_at_us, expires_at_us, revoked_at_us, last_used_at_us
        """

    /// A credential says which key it is before its tenant is known, so this look-up alone names no tenant.
    func key(id: String) throws(SQLError) -> AccessKey? {
        try connection.run("SELECT \(Self.columns) FROM access_key WHERE key_id = \(id)").first.map(Self.key)
    }

    func keys(of tenant: TenantID) throws(SQLError) -> [AccessKey] {
        try connection.run(
            """
            SELECT \(Self.columns) FROM access_key WHERE tenant_id = \(tenant.rawValue) ORDER BY created_at_us, key_id
            """
        ).map(Self.key)
    }

    private static func key(_ row: SQLRow) -> AccessKey {
        AccessKey(
            id: row.text(0), tenant: TenantID(rawValue: row.integer(1)), label: row.text(2),
            roles: KeyRoles(rawValue: row.integer(3)), createdAt: Instant(microseconds: row.integer(5)),
            expiresAt: row.integerOrNil(6).map { Instant(microseconds: $0) },
            revokedAt: row.integerOrNil(7).map { Instant(microseconds: $0) },
            lastUsedAt: row.integerOrNil(8).map { Instant(microseconds: $0) }, verifier: Digest(row.blob(4)))
    }

    /// Returns false where the id is taken.
    func add(_ key: AccessKey) throws(SQLError) -> Bool {
        try !connection.run(
            """
            INSERT INTO access_key (\(Self.columns))
            VALUES (\(key.id), \(key.tenant.rawValue), \(key.label), \(key.roles.rawValue), \(key.verifier.bytes),
                \(key.createdAt.microseconds), \(key.expiresAt?.microseconds), \(key.revokedAt?.microseconds),
                \(key.lastUsedAt?.microseconds))
            ON CONFLICT (key_id) DO NOTHING RETURNING key_id
            """
        ).isEmpty
    }

    func revoke(id: String, of tenant: TenantID, at moment: Instant) throws(SQLError) -> Bool {
        try !connection.run(
            """
            UPDATE access_key SET revoked_at_us = \(moment.microseconds)
            WHERE tenant_id = \(tenant.rawValue) AND key_id = \(id) AND revoked_at_us IS NULL RETURNING key_id
            """
        ).isEmpty
    }

    func noteUse(id: String, of tenant: TenantID, at moment: Instant) throws(SQLError) {
        _ = try connection.run(
            """
            UPDATE access_key SET last_used_at_us = \(moment.microseconds)
            WHERE tenant_id = \(tenant.rawValue) AND key_id = \(id)
                AND (last_used_at_us IS NULL OR last_used_at_us < \(moment.microseconds))
            """)
    }
}
