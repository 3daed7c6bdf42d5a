import Glibc
public import SQLStorage

/// One schema of a PostgreSQL database (13 or newer), through libpq.
///
/// Connections are opened one by one by whoever pools them; what they share is the address and the pause between attempts
/// to reach a server that is away.
public struct PostgresEngine: SQLEngine {
    public let name = "postgresql"
    public let vocabulary = SchemaVocabulary.postgres
    public let writesBesideCommits = true
    public let readsWithoutWaiting = false

    let address: PostgresAddress
    let schema: String
    let limits: PostgresLimits
    let gate: ConnectGate
    let identity = StoreIdentity()
    let clock: @Sendable () -> Int64

    /// - Parameters:
    ///   - url: `postgresql://` or `postgres://` with everything libpq knows: several hosts, `sslmode`, passwords from
    ///     `.pgpass`. SQLAlchemy's spelling (`postgresql+asyncpg://`) is accepted, for an old `.env` may hold one.
    ///   - schema: Where all tables are; `createNamespace()` makes it.
    ///   - applicationName: What `pg_stat_activity` shows unless the URL names something else.
    ///   - monotonicNanoseconds: A clock that never jumps, for deadlines and pauses.
    ///   - jitter: A number from 0 to 1 that spreads the attempts of several processes after an outage.
    /// - Throws: `.misconfigured` when libpq does not understand the URL. The message does not repeat it: it may hold a
    ///   password.
    public init(
        url: String, schema: String = "muster", applicationName: String = "muster",
        limits: PostgresLimits = PostgresLimits(),
        monotonicNanoseconds: @escaping @Sendable () -> Int64 = systemMonotonicNanoseconds,
        jitter: @escaping @Sendable () -> Double = { .random(in: 0...1) }
    ) throws(SQLError) {
        guard (1...63).contains(schema.utf8.count), !schema.utf8.contains(0) else {
            throw SQLError(kind: .misconfigured, code: "", message: "a schema's name has 1 to 63 bytes")
        }
        address = try PostgresAddress(url: url, applicationName: applicationName, connectSeconds: limits.connectSecondsMax)
        self.schema = schema
        self.limits = limits
        clock = monotonicNanoseconds
        gate = ConnectGate(limits: limits, jitter: jitter)
    }

    /// - Throws: `.unavailable` when the server cannot be reached now, at once while the pause after a failed attempt
    ///   lasts; `.misconfigured` when it refuses the user, the password or the database.
    public func connect(_ purpose: ConnectionPurpose) throws(SQLError) -> any SQLConnection {
        try open(purpose)
    }

    /// ``connect(_:)`` with the type of this engine.
    public func open(_ purpose: ConnectionPurpose) throws(SQLError) -> PostgresConnection {
        try PostgresConnection(to: self, for: purpose)
    }

    /// A new session, set up, or the reason of the attempt before while it is too early for another one.
    func link(for purpose: ConnectionPurpose) throws(SQLError) -> Link {
        try gate.pass(at: clock())
        do throws(SQLError) {
            let link = try Link(to: address, for: purpose, clock: clock, limits: limits)
            try setUp(link, for: purpose)
            gate.succeeded()
            return link
        } catch {
            gate.failed(error, at: clock())
            throw error
        }
    }

    private func setUp(_ link: Link, for purpose: ConnectionPurpose) throws(SQLError) {
        let rows = try link.exchange(
            [
                Request(
                    """
                    -- Held until the session ends, so that a restore sees who uses the store. See `claimStore()`.
                    SELECT pg_try_advisory_lock_shared(\(Self.presenceLock), hashtext($1)),
                        CAST(CAST(to_regnamespace(quote_ident($1)) AS oid) AS BIGINT),
                        set_config('search_path', quote_ident($1), false),
                        set_config('synchronous_commit', CASE current_setting('synchronous_commit')
                            WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, false),
                        set_config('default_transaction_isolation', 'read committed', false),
                        set_config('default_transaction_read_only', $2, false),
                        set_config('statement_timeout', $3, false),
                        set_config('lock_timeout', $4, false),
                        set_config('idle_in_transaction_session_timeout', $5, false),
                        set_config('standard_conforming_strings', 'on', false),
                        set_config('timezone', 'UTC', false),
                        set_config('client_min_messages', 'error', false),
                        set_config('jit', 'off', false),
                        -- Every statement probes indexes for a few rows. What the planner knows of a table that grows by
                        -- thousands of rows a second is always old, and these three are what it then picks wrongly.
                        set_config('enable_seqscan', 'off', false),
                        set_config('enable_hashjoin', 'off', false),
                        set_config('enable_mergejoin', 'off', false)
                    """,
                    [
                        .text(schema), .text(purpose == .writing ? "off" : "on"),
                        .text("\(limits.statementSecondsMax)s"), .text("\(limits.lockSecondsMax)s"),
                        .text("\(limits.idleInTransactionSecondsMax)s"),
                    ])
            ], secondsMax: limits.connectSecondsMax)
        guard rows[0][0].integer(0) == 1 else {
            throw SQLError(kind: .unavailable, code: "", message: "a backup is being restored into this store")
        }
        try identity.require(rows[0][0].integerOrNil(1))
    }

    /// The first number of the lock that each session shares: one above that of migrations.
    static let presenceLock = "1297437525"
}

/// How long and how much, for every connection of a ``PostgresEngine``.
public struct PostgresLimits: Sendable {
    /// Reaching one host, up to an answered log-in. A `connect_timeout` in the URL goes before it.
    public var connectSecondsMax = 5
    /// One statement, on the server. Longer work is cut into pieces by its caller.
    public var statementSecondsMax = 30
    /// One script of migrations: it may build an index over millions of rows.
    public var scriptSecondsMax = 3600
    /// Waiting for a row that another transaction has locked.
    public var lockSecondsMax = 10
    /// A transaction in which nothing happens, because its process hangs, is ended by the server: it holds locks.
    public var idleInTransactionSecondsMax = 60
    /// How much longer than the server's own limit a call waits for its answer before it takes the server for gone.
    public var graceSeconds = 10
    /// Acknowledgement of sent bytes, where the system supports it (`tcp_user_timeout`).
    public var unacknowledgedSecondsMax = 30
    /// The pause after a first failed attempt to connect; it doubles with each further one.
    public var pauseMillisecondsMin = 100
    /// The longest pause between attempts to connect.
    public var pauseMillisecondsMax = 5000
    /// Prepared statements kept by one connection.
    public var statementsMax = 256

    public init() {}
}

/// Nanoseconds of a clock that neither stops nor jumps while the system runs.
@Sendable public func systemMonotonicNanoseconds() -> Int64 {
    var now = timespec()
    _ = unsafe clock_gettime(CLOCK_MONOTONIC, &now)
    return Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec)
}

extension SchemaVocabulary {
    static let postgres = SchemaVocabulary(
        integer: "BIGINT", small: "SMALLINT", text: "TEXT COLLATE \"C\"", bytes: "BYTEA", uuid: "UUID",
        keyedTable: "", table: "", rewrittenTable: "WITH (fillfactor = 50)", lockingRows: "FOR UPDATE",
        onServers: { $0 },
        // `restrict_violation` is of the class of constraints, which is what SQLite calls its RAISE(ABORT) too. Rows fire
        // UPDATE and DELETE, not statements: an upsert that only inserts would fire a trigger on statements.
        appendOnly: { table in
            """
            CREATE FUNCTION \(table)_refuses() RETURNS trigger LANGUAGE plpgsql AS $refuses$
            BEGIN RAISE EXCEPTION '\(table) only grows' USING ERRCODE = 'restrict_violation'; END
            $refuses$;
            CREATE TRIGGER \(table)_refuses_change BEFORE UPDATE OR DELETE ON \(table)
            FOR EACH ROW EXECUTE FUNCTION \(table)_refuses();
            CREATE TRIGGER \(table)_refuses_truncate BEFORE TRUNCATE ON \(table)
            FOR EACH STATEMENT EXECUTE FUNCTION \(table)_refuses();
            """
        },
        mutableAgain: { table in
            """
            DROP TRIGGER \(table)_refuses_change ON \(table);
            DROP TRIGGER \(table)_refuses_truncate ON \(table);
            DROP FUNCTION \(table)_refuses();
            """
        })
}
