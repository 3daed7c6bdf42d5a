import AttendanceCore

/// `display_setting`.
struct SettingTable {
    let connection: any SQLConnection
    let tenant: TenantID

    func value(of setting: DisplaySetting) throws(SQLError) -> Int64? {
        try connection.run(
            "SELECT value FROM display_setting WHERE tenant_id = \(tenant.rawValue) AND name = \(setting.rawValue)"
        ).first?.integer(0)
    }

    func set(_ setting: DisplaySetting, to value: Int64) throws(SQLError) {
        _ = try connection.run(
            """
            INSERT INTO display_setting (tenant_id, name, value) VALUES (\(tenant.rawValue), \(setting.rawValue), \(value))
            ON CONFLICT (tenant_id, name) DO UPDATE SET value = excluded.value
            """)
    }
}
