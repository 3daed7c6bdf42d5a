/// Settings that change what is shown and never a result. Rules that change results are entries of the ledger.
public enum DisplaySetting: String, Sendable, CaseIterable {
    /// Seconds between two refreshes of the public page; 0 for none.
    case refreshInterval = "refresh_interval"
}

/// The tenant's display settings.
public protocol SettingReading {
    /// The stored value, or nil where it was never set.
    func value(of setting: DisplaySetting) throws(AttendanceError) -> Int64?
}

/// Changes the tenant's display settings.
public protocol SettingWriting {
    /// Stores a value in the former one's place.
    func set(_ setting: DisplaySetting, to value: Int64) throws(AttendanceError)
}

extension Operations {
    /// The stored value, or nil where it was never set.
    public func value(of setting: DisplaySetting, in tenant: TenantID) async throws(AttendanceError) -> Int64? {
        try await store.readBriefly(in: tenant) { tx throws(AttendanceError) in try tx.value(of: setting) }
    }

    /// - Throws: `.notPermitted` without the admin role, `.unavailable`.
    public func set(_ setting: DisplaySetting, to value: Int64, as caller: Caller) async throws(AttendanceError) {
        try caller.require(.admin)
        let moment = ambient.now()
        try await store.write(in: caller.tenant) { tx throws(AttendanceError) in
            guard try tx.value(of: setting) != value else { return }
            try tx.set(setting, to: value)
            try tx.note(
                AuditEntry(
                    at: moment, caller: caller, act: .settingChanged, subject: WireText(setting.rawValue),
                    detail: WireText(String(value))))
        }
    }
}
