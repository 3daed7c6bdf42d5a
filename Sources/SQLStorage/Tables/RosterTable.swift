import AttendanceCore

/// `roster` and `roster_unit`.
struct RosterTable {
    let connection: any SQLConnection
    let tenant: TenantID

    func summary() throws(SQLError) -> RosterSummary? {
        let results = try connection.run(pipelined: [
            "SELECT fingerprint FROM roster WHERE tenant_id = \(tenant.rawValue)",
            "SELECT name, registered FROM roster_unit WHERE tenant_id = \(tenant.rawValue) ORDER BY name",
        ])
        guard let fingerprint = results[0].first else { return nil }
        return RosterSummary(
            fingerprint: WireText(fingerprint.text(0)),
            units: results[1].map { RosterSummary.Unit(name: WireText($0.text(0)), registered: $0.integer(1)) })
    }

    func replace(with summary: RosterSummary?) throws(SQLError) {
        var statements: [SQL] = [
            "DELETE FROM roster_unit WHERE tenant_id = \(tenant.rawValue)",
            "DELETE FROM roster WHERE tenant_id = \(tenant.rawValue)",
        ]
        if let summary {
            statements.append(
                "INSERT INTO roster (tenant_id, fingerprint) VALUES (\(tenant.rawValue), \(summary.fingerprint.text))")
        }
        _ = try connection.run(pipelined: statements)
        guard let summary, !summary.units.isEmpty else { return }
        var names = PackedBytes()
        for unit in summary.units { names.append(unit.name.text) }
        _ = try connection.insert(
            BulkInsert(
                into: "roster_unit",
                [
                    BulkColumn("tenant_id", .constant(tenant.rawValue, count: summary.units.count)),
                    BulkColumn("name", .texts(names)),
                    BulkColumn("registered", .integers(summary.units.map(\.registered))),
                ]))
    }
}
