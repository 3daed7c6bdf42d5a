import AttendanceCore
import struct FoundationEssentials.UUID

/// `provider_binding`, `grant_profile`: which account of a provider belongs to whom, and what is told of those who signed in.
struct ProviderTable {
    let connection: any SQLConnection
    let tenant: TenantID

    func binding(of account: Identifier<Account>) throws(SQLError) -> ProviderBinding? {
        try connection.run(
            "SELECT issuer, subject FROM provider_binding WHERE account_id = \(account.rawValue)"
        ).first.map { ProviderBinding(issuer: $0.text(0), subject: $0.text(1)) }
    }

    func bind(_ account: Identifier<Account>, to binding: ProviderBinding, at moment: Instant) throws(SQLError) {
        _ = try connection.run(
            """
            INSERT INTO provider_binding (account_id, issuer, subject, bound_at_us)
            VALUES (\(account.rawValue), \(binding.issuer), \(binding.subject), \(moment.microseconds))
            """)
    }

    func unbind(_ account: Identifier<Account>) throws(SQLError) {
        _ = try connection.run("DELETE FROM provider_binding WHERE account_id = \(account.rawValue)")
    }

    func profiles(of grants: [Identifier<Grant>]) throws(SQLError) -> [Identifier<Grant>: GrantProfile] {
        let ids = Array(Set(grants.map(\.rawValue)))
        guard !ids.isEmpty else { return [:] }
        let rows = try connection.lookup(
            BulkLookup(
                [BulkColumn("tenant_id", .constant(tenant.rawValue, count: ids.count)), BulkColumn("grant_id", .uuids(ids))],
                selecting: "p.grant_id, p.name, p.department, p.employee_code, p.signed_in_at_us", from: "grant_profile p",
                matching: "p.tenant_id = given.tenant_id AND p.grant_id = given.grant_id"))
        return Dictionary(
            uniqueKeysWithValues: rows.map { row in
                (
                    Identifier(rawValue: row.uuid(0)),
                    GrantProfile(
                        name: WireText(row.text(1)), department: row.textOrNil(2).map { WireText($0) },
                        employeeCode: row.textOrNil(3).map { WireText($0) },
                        signedInAt: row.integerOrNil(4).map { Instant(microseconds: $0) })
                )
            })
    }

    func setProfile(_ profile: GrantProfile, of grant: Identifier<Grant>) throws(SQLError) {
        _ = try connection.run(
            """
            INSERT INTO grant_profile (tenant_id, grant_id, name, department, employee_code, signed_in_at_us)
            VALUES (\(tenant.rawValue), \(grant.rawValue), \(profile.name.text), \(profile.department?.text),
                \(profile.employeeCode?.text), \(profile.signedInAt?.microseconds))
            ON CONFLICT (tenant_id, grant_id) DO UPDATE SET
                name = excluded.name, department = excluded.department, employee_code = excluded.employee_code,
                signed_in_at_us = excluded.signed_in_at_us
            """)
    }
}
