/// The installation's tenants.
public protocol TenantReading {
    /// The tenant of this name, or nil. Known to the whole installation.
    func tenant(named name: TenantName) throws(AttendanceError) -> Tenant?
    /// All tenants of the installation by name.
    func tenants() throws(AttendanceError) -> [Tenant]
}

/// Adds to the installation's tenants; none is ever taken away.
public protocol TenantWriting {
    /// Adds a tenant with an empty ledger.
    /// - Throws: `.taken(.tenant)`.
    func addTenant(named name: TenantName, at moment: Instant) throws(AttendanceError) -> Tenant
}

extension Operations {
    /// - Throws: `.notFound(.tenant)`.
    public func tenant(named name: TenantName) async throws(AttendanceError) -> Tenant {
        let found = try await store.readBriefly(in: .default) { tx throws(AttendanceError) in try tx.tenant(named: name) }
        guard let found else { throw .notFound(.tenant) }
        return found
    }

    /// All tenants of the installation by name.
    public func tenants() async throws(AttendanceError) -> [Tenant] {
        try await store.read(in: .default) { tx throws(AttendanceError) in try tx.tenants() }
    }

    /// - Throws: `.taken(.tenant)`, `.notPermitted`.
    public func createTenant(named name: TenantName, as caller: Caller) async throws(AttendanceError) -> Tenant {
        try caller.require(.admin)
        let moment = ambient.now()
        return try await store.write(in: .default) { tx throws(AttendanceError) in
            let tenant = try tx.addTenant(named: name, at: moment)
            try tx.note(AuditEntry(at: moment, caller: caller, act: .tenantCreated, subject: WireText(name.text)))
            return tenant
        }
    }
}
