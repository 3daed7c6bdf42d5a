extension ZoneSource {
    /// The rules of the zone that is in force.
    /// - Throws: `.unavailable` where this machine does not know the zone that was set on another one: somebody has to put
    ///   that right, and then everything goes on.
    func rules(of rules: TimeSheetRules, _ source: EntrySource) throws(AttendanceError) -> ZoneRules {
        let name = rules.zoneName(of: source)
        guard let zone = self.rules(name) else {
            throw .unavailable(retryAfterSeconds: 60)
        }
        return zone
    }
}

extension Operations {
    /// The rules in force for a contract.
    public func rules(of source: EntrySource, in tenant: TenantID) async throws(AttendanceError) -> TimeSheetRules {
        try await store.readBriefly(in: tenant) { tx throws(AttendanceError) in try tx.rules(of: source) }
    }

    /// The zone in whose days a contract's hours are counted.
    public func zone(of source: EntrySource, in tenant: TenantID) async throws(AttendanceError) -> ZoneRules {
        try zones.rules(of: try await rules(of: source, in: tenant), source)
    }

    /// The present day in the zone in force.
    public func today(of source: EntrySource, in tenant: TenantID) async throws(AttendanceError) -> CalendarDay {
        let now = ambient.now()
        return CalendarDay(of: now, offsetSeconds: try await zone(of: source, in: tenant).offset(at: now))
    }

    /// Sets a rule from here on. Days that were counted before stay as they are.
    /// - Throws: `.invalid(field:…)` for a value that the rule cannot have, `.notPermitted` without the admin role,
    ///   `.unavailable`.
    public func setRule(
        _ name: RuleName, to value: WireText, of source: EntrySource, as caller: Caller
    ) async throws(AttendanceError) {
        try caller.require(.admin)
        try check(value, of: name)
        let sealed = sealer.seal(
            [Claim(changing: .setting(name, value), of: source, at: ambient.now())], by: caller.name)
        try await store.write(in: caller.tenant) { tx throws(AttendanceError) in
            guard try tx.rules(of: source).settings[name]?.value != value else { return }
            _ = try tx.append(sealed)
            try tx.note(
                AuditEntry(
                    at: sealed[0].receivedAt, caller: caller, act: .ruleChanged, subject: WireText(name.rawValue), detail: value))
        }
    }

    private func check(_ value: WireText, of name: RuleName) throws(AttendanceError) {
        switch name {
        case .zone:
            guard zones.rules(value) != nil else {
                throw .invalid(field: name.rawValue, .malformed("Area/City such as Europe/Berlin was expected"))
            }
        case .carrySeconds:
            guard let seconds = Int64(value.text), 0...86_400 ~= seconds else {
                throw .invalid(field: name.rawValue, .malformed("0 to 86400 seconds were expected"))
            }
        case .rounding:
            guard HoursPolicy.accepts(value, for: name) else {
                throw .invalid(
                    field: name.rawValue,
                    .malformed("1 to 60 minutes and a direction such as 15-nearest or 5-in-up-out-down, or off, were expected"))
            }
        case .provisionalClose:
            guard HoursPolicy.accepts(value, for: name) else {
                throw .invalid(
                    field: name.rawValue,
                    .malformed("1 to 86400 seconds after the punch-in, end for the end of business hours, or off were expected"))
            }
        }
    }
}
