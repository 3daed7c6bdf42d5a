public import AttendanceCore

/// Why the schema is not what the program needs.
public enum MigrationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// So many migrations have not been applied.
    case schemaIsOlder(by: Int)
    /// The store knows a migration the program does not.
    case schemaIsNewer(String)
    /// An applied migration's text is not the one this program has.
    case digestDiffers(String)
    /// The place is taken by tables that are not Muster's.
    case occupied([String])
    /// A step down would destroy rows of these tables.
    case wouldLoseRows([String])

    public var description: String {
        switch self {
        case .schemaIsOlder(let count): "the store's schema lacks \(count) migration(s): run muster migrate up"
        case .schemaIsNewer(let name): "the store's schema is newer than this program: it has migration \"\(name)\""
        case .digestDiffers(let name): "migration \"\(name)\" was applied in another wording than this program's"
        case .occupied(let tables):
            "the database holds tables that are not Muster's: \(tables.joined(separator: ", ")); "
                + "give Muster a database of its own in DATABASE_URL, or none for the embedded store"
        case .wouldLoseRows(let tables):
            "stepping down would lose the rows of \(tables.joined(separator: ", ")): add --lose-data if that is meant"
        }
    }
}

/// Brings a store's schema up and down. Every step runs in a transaction of its own and is recorded by name and digest.
public struct Migrator {
    private let connection: any SQLConnection
    private let now: @Sendable () -> Instant
    private let sha256: @Sendable ([UInt8]) -> Digest
    private let migrations: [Migration]

    public init(
        connection: any SQLConnection, now: @escaping @Sendable () -> Instant,
        sha256: @escaping @Sendable ([UInt8]) -> Digest
    ) {
        self.init(connection: connection, now: now, sha256: sha256, migrations: Migration.all)
    }

    init(
        connection: any SQLConnection, now: @escaping @Sendable () -> Instant,
        sha256: @escaping @Sendable ([UInt8]) -> Digest, migrations: [Migration]
    ) {
        self.connection = connection
        self.now = now
        self.sha256 = sha256
        self.migrations = migrations
    }

    /// One migration and when it was applied; nil where it was not.
    public struct Step: Sendable, Equatable {
        public let name: String
        public let appliedAt: Instant?
    }

    /// One line of the record: what was done when.
    public struct Event: Sendable, Equatable {
        public let at: Instant
        /// `up` or `down`.
        public let direction: String
        public let name: String
    }

    /// Every migration in order.
    public func status() throws -> [Step] {
        let applied = try applied()
        return migrations.enumerated().map { place, migration in
            Step(name: migration.name, appliedAt: place < applied.count ? applied[place] : nil)
        }
    }

    /// Everything that was done to the schema, oldest first.
    public func history() throws -> [Event] {
        guard try connection.tables().contains("schema_history") else { return [] }
        return try connection.run("SELECT at_us, direction, name FROM schema_history ORDER BY number").map { row in
            Event(at: Instant(microseconds: row.integer(0)), direction: row.text(1), name: row.text(2))
        }
    }

    /// - Throws: ``MigrationError`` unless the schema is the program's.
    func requireCurrent() throws {
        let missing = migrations.count - (try applied().count)
        guard missing == 0 else { throw MigrationError.schemaIsOlder(by: missing) }
    }

    /// How many migrations are missing, and whether the store is new.
    public func pending() throws -> (count: Int, isNew: Bool) {
        let applied = try applied().count
        return (migrations.count - applied, applied == 0)
    }

    /// Applies what is missing. Several processes may try at once; each step happens once.
    /// - Returns: The names of the applied migrations.
    @discardableResult
    public func up() throws -> [String] {
        // Looked at before anything is created, so that a store of somebody else's stays untouched.
        _ = try applied()
        try connection.createNamespace()
        var done: [String] = []
        while let name = try inTransaction({ try stepUp() }) { done.append(name) }
        return done
    }

    /// Undoes the last `count` migrations, newest first.
    /// - Throws: ``MigrationError/wouldLoseRows(_:)`` unless `losingData`, where one of the tables has rows.
    @discardableResult
    public func down(_ count: Int, losingData: Bool) throws -> [String] {
        var done: [String] = []
        for _ in 0..<count {
            guard let name = try inTransaction({ try stepDown(losingData: losingData) }) else { break }
            done.append(name)
        }
        return done
    }

    // MARK: Steps

    private func stepUp() throws -> String? {
        try connection.lockForMigration()
        let w = connection.vocabulary
        if try !connection.tables().contains("schema_migration") {
            try connection.runScript(
                """
                CREATE TABLE schema_migration (
                    place \(w.integer) NOT NULL PRIMARY KEY, name \(w.text) NOT NULL UNIQUE, digest \(w.bytes) NOT NULL,
                    applied_at_us \(w.integer) NOT NULL
                ) \(w.table);
                CREATE TABLE schema_history (
                    number \(w.integer) NOT NULL PRIMARY KEY, at_us \(w.integer) NOT NULL, direction \(w.text) NOT NULL,
                    name \(w.text) NOT NULL
                ) \(w.table);
                """)
        }
        let place = try applied().count
        guard place < migrations.count else { return nil }
        let migration = migrations[place]
        try connection.runScript(migration.up(w))
        _ = try connection.run(
            """
            INSERT INTO schema_migration (place, name, digest, applied_at_us)
            VALUES (\(place + 1), \(migration.name), \(digest(of: migration).bytes), \(now().microseconds))
            """)
        try record("up", migration.name)
        return migration.name
    }

    private func stepDown(losingData: Bool) throws -> String? {
        try connection.lockForMigration()
        let place = try applied().count
        guard place > 0 else { return nil }
        let migration = migrations[place - 1]
        if !losingData {
            let filled = try migration.tables.filter { table in
                try Self.ownRows[table].map { own in
                    try connection.run(SQL(trusted: "SELECT COUNT(*) FROM \(table)"))[0].integer(0) > own
                } ?? !connection.run(SQL(trusted: "SELECT 1 FROM \(table) LIMIT 1")).isEmpty
            }
            guard filled.isEmpty else { throw MigrationError.wouldLoseRows(filled) }
        }
        try connection.runScript(migration.down(connection.vocabulary))
        _ = try connection.run("DELETE FROM schema_migration WHERE place = \(place)")
        try record("down", migration.name)
        return migration.name
    }

    /// Rows that every store is given when it is opened: losing them loses nothing.
    private static let ownRows: [String: Int64] = ["tenant": 1, "ledger_head": 1, "secret": 3]

    private func record(_ direction: String, _ name: String) throws {
        _ = try connection.run(
            """
            INSERT INTO schema_history (number, at_us, direction, name)
            SELECT COALESCE(MAX(number), 0) + 1, \(now().microseconds), \(direction), \(name) FROM schema_history
            """)
    }

    /// When each applied migration was, in order, after checking that each is the program's own.
    private func applied() throws -> [Instant] {
        let tables = try connection.tables()
        guard tables.contains("schema_migration") else {
            let strangers = try tables.union(connection.tablesOfFormerServers())
            guard strangers.isEmpty else { throw MigrationError.occupied(strangers.sorted()) }
            return []
        }
        let rows = try connection.run("SELECT name, digest, applied_at_us FROM schema_migration ORDER BY place")
        for (place, row) in rows.enumerated() {
            guard place < migrations.count, migrations[place].name == row.text(0) else {
                throw MigrationError.schemaIsNewer(row.text(0))
            }
            guard digest(of: migrations[place]).bytes == row.blob(1) else {
                throw MigrationError.digestDiffers(row.text(0))
            }
        }
        return rows.map { Instant(microseconds: $0.integer(2)) }
    }

    private func digest(of migration: Migration) -> Digest {
        let w = connection.vocabulary
        return sha256(Array((migration.up(w) + "\n----\n" + migration.down(w)).utf8))
    }

    private func inTransaction<Result>(_ body: () throws -> Result) throws -> Result {
        try connection.beginWriting()
        do {
            let result = try body()
            try connection.commit()
            return result
        } catch {
            connection.rollBack()
            throw error
        }
    }
}
