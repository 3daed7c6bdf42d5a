/// Keys of programs: by id in the whole installation, and the transaction's tenant's own.
public protocol AccessReading {
    /// The key of this id, whatever its tenant and state; nil for none.
    func accessKey(id: String) throws(AttendanceError) -> AccessKey?
    /// All keys of the tenant, oldest first.
    func accessKeys() throws(AttendanceError) -> [AccessKey]
}

/// Makes and ends keys of the transaction's tenant.
public protocol AccessWriting {
    /// - Throws: `.taken(.key)`.
    func add(_ key: AccessKey) throws(AttendanceError)
    /// Returns whether there was a live key of this id in the tenant.
    func revokeKey(id: String, at moment: Instant) throws(AttendanceError) -> Bool
    /// Remembers when the key was sent last; later moments win.
    func noteUse(ofKey id: String, at moment: Instant) throws(AttendanceError)
}

extension Operations {
    /// Makes a key. The text is in the answer and nowhere else.
    /// - Parameter label: 1 to 80 Unicode scalars.
    /// - Throws: `.invalid(field:…)`, `.notPermitted` without the admin role, `.unavailable`.
    public func createKey(
        label: String, roles: KeyRoles, expiresAt: Instant?, as caller: Caller
    ) async throws(AttendanceError) -> (key: AccessKey, text: KeyText) {
        try caller.require(.admin)
        guard !label.isEmpty else { throw .invalid(field: "label", .empty) }
        guard WireText(label).scalarCount <= 80 else { throw .invalid(field: "label", .tooLong(maxScalars: 80)) }
        let now = ambient.now()
        if let expiresAt, expiresAt <= now { throw .invalid(field: "expires", .malformed("the moment has passed")) }
        let text = KeyText(id: ambient.randomBytes(4).hexadecimal, secret: ambient.randomBytes(32).hexadecimal)
        let key = AccessKey(
            id: text.id, tenant: caller.tenant, label: label, roles: roles, createdAt: now, expiresAt: expiresAt,
            revokedAt: nil, lastUsedAt: nil, verifier: ambient.sha256(Array(text.secret.utf8)))
        try await store.write(in: caller.tenant) { tx throws(AttendanceError) in
            try tx.add(key)
            try tx.note(
                AuditEntry(
                    at: now, caller: caller, act: .keyCreated, subject: WireText(key.id),
                    detail: WireText("\(label), \(roles.names)")))
        }
        return (key, text)
    }

    /// - Throws: `.notFound(.key)` where the tenant has no live key of this id, `.notPermitted`, `.unavailable`.
    public func revokeKey(id: String, as caller: Caller) async throws(AttendanceError) {
        try caller.require(.admin)
        let now = ambient.now()
        try await store.write(in: caller.tenant) { tx throws(AttendanceError) in
            guard try tx.revokeKey(id: id, at: now) else { throw .notFound(.key) }
            try tx.note(AuditEntry(at: now, caller: caller, act: .keyRevoked, subject: WireText(id)))
        }
    }

    /// All keys of the tenant, ended ones included, oldest first.
    /// - Throws: `.notPermitted` without the admin role, `.unavailable`.
    public func accessKeys(as caller: Caller) async throws(AttendanceError) -> [AccessKey] {
        try caller.require(.admin)
        return try await store.read(in: caller.tenant) { tx throws(AttendanceError) in try tx.accessKeys() }
    }

    /// Resolves a sent credential to a caller of the tenant. A revoked key stops working with the next request.
    ///
    /// Text that has not the form of a key never reaches the store.
    /// - Throws: `.notAuthenticated` for anything that is no live key of this tenant, `.unavailable`.
    public func authenticate(_ credential: String, in tenant: TenantID, address: String?) async throws(AttendanceError) -> Caller {
        guard let sent = KeyText(parsing: credential) else { throw .notAuthenticated }
        let key = try await store.readBriefly(in: tenant) { tx throws(AttendanceError) in try tx.accessKey(id: sent.id) }
        let now = ambient.now()
        let verifier = ambient.sha256(Array(sent.secret.utf8))
        guard let key, ambient.equalInConstantTime(verifier.bytes, key.verifier.bytes), key.tenant == tenant
        else { throw .notAuthenticated }
        // Also of a key that has ended: whoever still sends it has not heard of that, and an operator ought to.
        if key.lastUsedAt.map({ now.seconds(since: $0) >= 60 }) ?? true, recentUses.isFirst(ofKey: key.id, at: now) {
            // Nobody waits for the note, and nothing is lost where it fails: the next use tries again.
            Task { try? await store.write(in: tenant) { tx throws(AttendanceError) in try tx.noteUse(ofKey: key.id, at: now) } }
        }
        guard key.isLive(at: now) else { throw .notAuthenticated }
        return Caller(tenant: tenant, name: WireText("key/\(key.id)"), roles: key.roles, address: address)
    }
}
