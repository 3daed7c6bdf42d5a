public import AttendanceCore

extension SQLStore {
    /// Opens a store to look at it: nothing is made where it is missing, and nothing can be written.
    ///
    /// - Returns: Nil for a store that has its schema and was never opened: there is no tenant yet to look at.
    /// - Throws: ``SQLError``; ``MigrationError`` where the schema is not the program's.
    public static func openForInspection(
        _ engine: any SQLEngine, ambient: Ambient, report: @escaping @Sendable (SQLError) -> Incident
    ) throws -> SQLStore? {
        let connection = try engine.connect(.inspecting)
        defer { connection.close() }
        try Migrator(connection: connection, now: ambient.now, sha256: ambient.sha256).requireCurrent()
        let tenants = TenantTable(connection: connection)
        guard let key = try tenants.secret("pseudonyms") else {
            if try tenants.tenants().isEmpty { return nil }
            throw SQLError(kind: .corrupt, code: "", message: "the store has lost the secret of its pseudonyms")
        }
        return SQLStore(
            engine: InspectingEngine(inner: engine), ambient: ambient,
            secrets: try StoreSecrets(pseudonymKey: key, tenants, ambient), trouble: EngineTrouble(report: report), observer: nil)
    }
}

/// An engine whose readers only look, and that has no writers.
private struct InspectingEngine: SQLEngine {
    let inner: any SQLEngine

    var name: String { inner.name }
    var vocabulary: SchemaVocabulary { inner.vocabulary }
    var writesBesideCommits: Bool { inner.writesBesideCommits }
    var readsWithoutWaiting: Bool { inner.readsWithoutWaiting }

    func connect(_ purpose: ConnectionPurpose) throws(SQLError) -> any SQLConnection {
        guard purpose != .writing else {
            throw SQLError(kind: .defect, code: "", message: "a store that is only looked at was to be written to")
        }
        return try inner.connect(.inspecting)
    }
}
