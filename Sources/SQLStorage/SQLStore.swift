public import AttendanceCore

/// The core's store in SQL, written once for both engines.
public final class SQLStore: Store {
    private let engine: any SQLEngine
    private let writer: GroupWriter
    private let readers: ReaderPool
    private let watch: StoreWatch
    /// Computes digests with the store's own secret; handed to ``Operations``.
    public let sealer: Sealer
    /// The store's own key for tokens, 32 random bytes: for an installation that is given none.
    public let tokenKey: [UInt8]
    /// The same for tokens in the form of AIMS.
    public let bearerKey: [UInt8]

    /// How many reading connections a process opens at the most.
    public static let readersMax = 4
    /// How many connections a process opens at the most: those readers, two of the writer, and one that looks after the store.
    public static let connectionsMax = readersMax + 3

    init(
        engine: any SQLEngine, ambient: Ambient, secrets: StoreSecrets, trouble: EngineTrouble,
        observer: WriterObserver?,
        referencesPerOverlappingGroupMax: Int = GroupWriter.referencesPerOverlappingGroupMax
    ) {
        self.engine = engine
        sealer = secrets.sealer
        tokenKey = secrets.tokenKey
        bearerKey = secrets.bearerKey
        writer = GroupWriter(
            engine: engine, sealer: sealer, trouble: trouble, observer: observer,
            referencesPerOverlappingGroupMax: referencesPerOverlappingGroupMax)
        watch = StoreWatch(engine: engine, ambient: ambient, trouble: trouble)
        readers = ReaderPool(connectionsMax: Self.readersMax) { Reader(engine: engine, trouble: trouble) }
    }

    /// Opens a store whose schema is the program's.
    ///
    /// What every store has is made where it is missing: the secrets of pseudonyms and tokens, and the tenant `default`.
    /// - Parameters:
    ///   - secretBytes: Fresh random bytes, at least 32, for a store that has no secret yet.
    ///   - observer: Told what the writer does.
    ///   - report: Writes an engine's error to the log and gives the incident it stands under.
    /// - Throws: ``SQLError``; ``MigrationError/schemaIsOlder(by:)`` where migrations are missing.
    public static func open(
        _ engine: any SQLEngine, ambient: Ambient, observer: WriterObserver? = nil,
        report: @escaping @Sendable (SQLError) -> Incident
    ) throws -> SQLStore {
        try open(
            engine, ambient: ambient, observer: observer,
            referencesPerOverlappingGroupMax: GroupWriter.referencesPerOverlappingGroupMax, report: report)
    }

    /// - Parameter referencesPerOverlappingGroupMax: Cuts groups smaller, so that a test sees two under way.
    package static func open(
        _ engine: any SQLEngine, ambient: Ambient, observer: WriterObserver? = nil, referencesPerOverlappingGroupMax: Int,
        report: @escaping @Sendable (SQLError) -> Incident
    ) throws -> SQLStore {
        let connection = try engine.connect(.writing)
        defer { connection.close() }
        try Migrator(connection: connection, now: ambient.now, sha256: ambient.sha256).requireCurrent()
        let secrets = try prepare(connection, ambient: ambient)
        publish(connection)
        return SQLStore(
            engine: engine, ambient: ambient, secrets: secrets, trouble: EngineTrouble(report: report), observer: observer,
            referencesPerOverlappingGroupMax: referencesPerOverlappingGroupMax)
    }

    /// Opens a store to look at it, such as a backup, and changes nothing in it.
    ///
    /// - Parameter report: As for ``open(_:ambient:report:)``.
    /// - Throws: ``SQLError``; ``MigrationError/schemaIsOlder(by:)`` where migrations are missing.
    public static func openForReading(
        _ engine: any SQLEngine, ambient: Ambient, report: @escaping @Sendable (SQLError) -> Incident
    ) throws -> SQLStore {
        let connection = try engine.connect(.reading)
        defer { connection.close() }
        try Migrator(connection: connection, now: ambient.now, sha256: ambient.sha256).requireCurrent()
        // A store that was made and never opened has no secret yet, and no entry that anything could be compared with.
        let tenants = TenantTable(connection: connection)
        let pseudonymKey = try tenants.secret("pseudonyms") ?? ambient.randomBytes(32)
        return SQLStore(
            engine: engine, ambient: ambient, secrets: try StoreSecrets(pseudonymKey: pseudonymKey, tenants, ambient),
            trouble: EngineTrouble(report: report), observer: nil)
    }

    /// What others read beside the program is no reason not to serve: where it cannot be shown now, the next start tries again.
    private static func publish(_ connection: any SQLConnection) {
        do {
            try connection.beginWriting()
            try connection.publish()
            try connection.commit()
        } catch {
            connection.rollBack()
        }
    }

    private static func prepare(
        _ connection: any SQLConnection, ambient: Ambient
    ) throws(SQLError) -> StoreSecrets {
        try connection.beginWriting()
        do {
            let tenants = TenantTable(connection: connection)
            let sealer = Sealer(
                ambient: ambient, pseudonymKey: try tenants.secret("pseudonyms", orElse: ambient.randomBytes(32)))
            let secrets = StoreSecrets(
                sealer: sealer, tokenKey: try tenants.secret("tokens", orElse: ambient.randomBytes(32)),
                bearerKey: try tenants.secret("bearer tokens", orElse: ambient.randomBytes(32)))
            if let added = try tenants.add(named: .default, at: ambient.now()) {
                try LedgerTable(connection: connection, tenant: added.id).addHead(.beginning(of: .default, sealer: sealer))
            }
            try WireFrontTable(connection: connection).publish(try tenants.tenants().map(\.id), sealer: sealer)
            try connection.commit()
            return secrets
        } catch {
            connection.rollBack()
            throw error
        }
    }

    public func write<Result: Sendable>(
        in tenant: TenantID, expecting references: ExpectedReferences?,
        _ unit: @escaping @Sendable (any WriteTransaction) throws(AttendanceError) -> Result
    ) async throws(AttendanceError) -> Result {
        try await writer.write(in: tenant, expecting: references, unit)
    }

    public func read<Result: Sendable>(
        in tenant: TenantID, _ body: @escaping @Sendable (any ReadTransaction) throws(AttendanceError) -> Result
    ) async throws(AttendanceError) -> Result {
        try await readers.read(in: tenant, body)
    }

    public func readBriefly<Result: Sendable>(
        in tenant: TenantID, _ body: @escaping @Sendable (any ReadTransaction) throws(AttendanceError) -> Result
    ) async throws(AttendanceError) -> Result {
        if engine.readsWithoutWaiting, let read = readers.readAtOnce(in: tenant, body) { return try read.get() }
        return try await readers.read(in: tenant, body)
    }

    // MARK: How it does

    /// `sqlite` or `postgresql`.
    public var engineName: String { engine.name }

    /// Units of work that wait for the writer.
    public var waitingUnits: Int { writer.waitingUnits }

    /// Reading connections that are lent out, and readers that wait for one.
    public var readersInUse: (lent: Int, waiting: Int) { readers.inUse }

    /// Whether the store can be read and has this program's schema, on a connection of its own.
    /// - Throws: `.unavailable`, `.unexpected` where it cannot be read.
    public func schemaIsCurrent() async throws(AttendanceError) -> Bool { try await watch.schemaIsCurrent() }

    /// What the store takes on disk. PostgreSQL asks its file system for each table: do not call it all the time.
    /// - Throws: `.unavailable`, `.unexpected`.
    public func bytesUsed() async throws(AttendanceError) -> Int64 { try await watch.bytesUsed() }

    /// Empties a tenant's projections and folds its ledger anew, in one transaction.
    ///
    /// Nobody else of the tenant writes meanwhile; on SQLite nobody at all.
    /// - Parameter progress: Told now and then how many entries are folded.
    /// - Returns: How many entries there were.
    public func rebuild(
        _ tenant: TenantID, progress: @escaping @Sendable (_ folded: Int64, _ of: Int64) -> Void
    ) async throws(AttendanceError) -> Int64 {
        let sealer = sealer
        return try await writer.exclusively(in: tenant) { connection throws(SQLError) in
            try ProjectionRebuild(connection: connection, tenant: tenant, sealer: sealer).run(progress: progress)
        }
    }

    /// The rows of every projection of a tenant, table by table, in the order of their keys: for comparing.
    package func projectionRows(of tenant: TenantID) async throws(AttendanceError) -> [String: [[SQLValue]]] {
        try await writer.exclusively(in: tenant) { connection throws(SQLError) in
            try ProjectionRebuild.rows(connection, tenant)
        }
    }

    /// Closes all connections. Call it when nothing is under way any more.
    public func close() async {
        await readers.close()
        await watch.close()
        await writer.close()
    }
}

/// What a store keeps to itself.
struct StoreSecrets {
    let sealer: Sealer
    let tokenKey: [UInt8]
    let bearerKey: [UInt8]

    init(sealer: Sealer, tokenKey: [UInt8], bearerKey: [UInt8]) {
        self.sealer = sealer
        self.tokenKey = tokenKey
        self.bearerKey = bearerKey
    }

    /// Of a store that is only looked at. Keys that it lacks are made up, and forgotten: nobody signs in there.
    init(pseudonymKey: [UInt8], _ tenants: TenantTable, _ ambient: Ambient) throws(SQLError) {
        sealer = Sealer(ambient: ambient, pseudonymKey: pseudonymKey)
        tokenKey = try tenants.secret("tokens") ?? ambient.randomBytes(32)
        bearerKey = try tenants.secret("bearer tokens") ?? ambient.randomBytes(32)
    }
}
