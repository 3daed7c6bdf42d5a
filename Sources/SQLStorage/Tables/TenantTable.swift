import AttendanceCore

/// `tenant`, `secret`: what the installation knows before a tenant is known.
struct TenantTable {
    let connection: any SQLConnection

    func tenant(named name: TenantName) throws(SQLError) -> Tenant? {
        try connection.run("SELECT tenant_id, created_at_us FROM tenant WHERE name = \(name.text)").first.map { row in
            Tenant(id: TenantID(rawValue: row.integer(0)), name: name, createdAt: Instant(microseconds: row.integer(1)))
        }
    }

    func tenants() throws(SQLError) -> [Tenant] {
        try connection.run("SELECT tenant_id, name, created_at_us FROM tenant ORDER BY name").map { row throws(SQLError) in
            guard let name = try? TenantName(parsing: row.text(1)) else {
                throw SQLError(kind: .corrupt, code: "", message: "tenant \(row.integer(0)) has a name that is none")
            }
            return Tenant(
                id: TenantID(rawValue: row.integer(0)), name: name, createdAt: Instant(microseconds: row.integer(2)))
        }
    }

    /// Returns nil where the name is taken.
    func add(named name: TenantName, at moment: Instant) throws(SQLError) -> Tenant? {
        let rows = try connection.run(
            """
            INSERT INTO tenant (tenant_id, name, created_at_us)
            SELECT COALESCE(MAX(tenant_id), 0) + 1, \(name.text), \(moment.microseconds) FROM tenant WHERE true
            ON CONFLICT (name) DO NOTHING RETURNING tenant_id
            """)
        return rows.first.map { Tenant(id: TenantID(rawValue: $0.integer(0)), name: name, createdAt: moment) }
    }

    /// The installation's secret of this name; nil where there is none.
    func secret(_ name: String) throws(SQLError) -> [UInt8]? {
        try connection.run("SELECT value FROM secret WHERE name = \(name)").first?.blob(0)
    }

    /// The installation's secret of this name; `fresh` becomes it where there is none.
    func secret(_ name: String, orElse fresh: [UInt8]) throws(SQLError) -> [UInt8] {
        _ = try connection.run("INSERT INTO secret (name, value) VALUES (\(name), \(fresh)) ON CONFLICT (name) DO NOTHING")
        return try secret(name) ?? fresh
    }
}
