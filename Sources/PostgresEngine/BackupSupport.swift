public import SQLStorage
import Synchronization

/// What `pg_dump`, `pg_restore` and `psql` need of the engine to copy a store and to put a copy in its place. They do the
/// copying: they know what every version of the server has to be asked.
extension PostgresEngine {
    /// Where the server is and who asks, as PostgreSQL's programs take it from their environment. It holds the password.
    public var programEnvironment: [String: String] { address.environment }

    /// The schema as a pattern of `pg_dump --schema` that matches nothing else.
    public var schemaPattern: String { Self.quoted(schema) }

    /// A statement that gives the store another name and so makes room for one that is restored. For `psql`.
    public func renaming(to aside: String) -> String {
        "ALTER SCHEMA \(Self.quoted(schema)) RENAME TO \(Self.quoted(aside));"
    }

    /// The statements that put a store which was set aside back into its place, for an operator.
    public func undoing(_ aside: String) -> String {
        "BEGIN; DROP SCHEMA \(Self.quoted(schema)) CASCADE; ALTER SCHEMA \(Self.quoted(aside)) RENAME TO \(Self.quoted(schema)); COMMIT;"
    }

    static func quoted(_ name: String) -> String {
        "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}

extension PostgresConnection {
    /// Makes the moment that the open reading transaction sees available to other sessions until the transaction ends, which
    /// may then idle for as long as they need.
    /// - Returns: What `pg_dump --snapshot` takes.
    public func exportSnapshot() throws(SQLError) -> String {
        try run("SELECT set_config('idle_in_transaction_session_timeout', '0', true), pg_export_snapshot()")[0].text(1)
    }

    /// The server's version as it writes it, `15.18 (Debian 15.18-0+deb12u1)`, and the part that its programs have to match.
    public func serverVersion() throws(SQLError) -> (text: String, major: Int) {
        let row = try run(
            "SELECT current_setting('server_version'), CAST(current_setting('server_version_num') AS BIGINT) / 10000")[0]
        return (row.text(0), Int(row.integer(1)))
    }

    /// Whether the schema is there.
    public func hasStore() throws(SQLError) -> Bool {
        try run("SELECT to_regnamespace(quote_ident(\(engine.schema))) IS NOT NULL")[0].integer(0) == 1
    }

    /// Keeps every other process of Muster's from this store until the connection ends.
    ///
    /// Each session of the engine shares an advisory lock for as long as it lives, so who uses the store can be seen, and
    /// nobody new can come while this one holds the lock alone.
    /// - Returns: False where somebody uses it now.
    public func claimStore() throws(SQLError) -> Bool {
        try run("SELECT pg_try_advisory_lock(\(presenceLock), hashtext(\(engine.schema)))")[0].integer(0) == 1
    }

    /// Whether ``claimStore()`` still holds: a lost session loses it.
    public func holdsClaim() throws(SQLError) -> Bool {
        try run(
            """
            SELECT EXISTS (SELECT 1 FROM pg_locks WHERE \(isPresence) AND pid = pg_backend_pid()
                AND mode = 'ExclusiveLock' AND granted)
            """)[0].integer(0) == 1
    }

    /// Where the sessions that use the store come from, each as `application (process id, address)`.
    public func users() throws(SQLError) -> [String] {
        try run(
            """
            SELECT DISTINCT COALESCE(NULLIF(application_name, ''), '?') || ' (session ' || pg_locks.pid
                || COALESCE(' from ' || host(client_addr), '') || ')'
            FROM pg_locks JOIN pg_stat_activity ON pg_stat_activity.pid = pg_locks.pid
            WHERE \(isPresence) AND pg_locks.pid <> pg_backend_pid() ORDER BY 1
            """
        ).map { $0.text(0) }
    }

    /// A row of `pg_locks` about this store's lock: its two numbers are shown there without their signs.
    private var isPresence: SQL {
        """
        locktype = 'advisory' AND CAST(pg_locks.classid AS BIGINT) = \(presenceLock)
        AND CAST(pg_locks.objid AS BIGINT) = (CAST(hashtext(\(engine.schema)) AS BIGINT) & 4294967295)
        AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        """
    }

    private var presenceLock: SQL { SQL(stringLiteral: PostgresEngine.presenceLock) }
}

/// Which schema an engine's sessions have found under its name.
///
/// A server that has lost all sessions while a backup was restored would go on with what it remembers of the former store,
/// as would one whose SQLite file was replaced.
final class StoreIdentity: Sendable {
    private let known = Mutex<Int64?>(nil)

    /// - Parameter found: The schema's number in the server, which a restored one has not; nil where there is no schema yet.
    /// - Throws: `.unavailable` where it is another one than before.
    func require(_ found: Int64?) throws(SQLError) {
        guard let found else { return }
        let isSame = known.withLock { known in
            known = known ?? found
            return known == found
        }
        guard isSame else {
            throw SQLError(
                kind: .unavailable, code: "", message: "the store was replaced while it was open: stop and start again")
        }
    }
}
