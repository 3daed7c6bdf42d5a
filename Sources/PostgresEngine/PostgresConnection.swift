import CPostgres
public import SQLStorage

/// One connection to a PostgreSQL server, which outlives the sessions behind it: one that was lost is replaced when the
/// next transaction begins.
///
/// `BEGIN` travels with the first statement of its transaction, so a transaction costs one round trip less; one without
/// statements costs none. After an error inside a transaction the server refuses everything until its caller rolls back,
/// to a savepoint or altogether.
public final class PostgresConnection: SQLConnection {
    public let vocabulary = SchemaVocabulary.postgres

    private enum Transaction {
        case none
        /// Begun for the caller; the server learns of it with the first statement.
        case announced(String)
        case open
        /// Its end is under way.
        case committing
        /// Ended by something else than its caller, who is told the same until it rolls back.
        case lost(SQLError)
    }

    let engine: PostgresEngine
    private let purpose: ConnectionPurpose
    private var link: Link?
    private var transaction = Transaction.none
    private var isClosed = false
    /// Whether the session was lost between a commit and its answer.
    public private(set) var mayHaveCommitted = false

    init(to engine: PostgresEngine, for purpose: ConnectionPurpose) throws(SQLError) {
        self.engine = engine
        self.purpose = purpose
        link = try engine.link(for: purpose)
    }

    /// Runs one statement. See `SQLConnection`.
    public func run(_ statement: SQL) throws(SQLError) -> [SQLRow] {
        try exchange([Request(statement.text, statement.values)])[0]
    }

    /// Runs the statements in one round trip. Outside a transaction they are one.
    public func run(pipelined statements: [SQL]) throws(SQLError) -> [[SQLRow]] {
        guard !statements.isEmpty else { return [] }
        return try exchange(statements.map { Request($0.text, $0.values) })
    }

    /// Runs the script in one round trip. Outside a transaction it is one. For the rest of its transaction the longer
    /// limit of scripts is in force.
    public func runScript(_ script: String) throws(SQLError) {
        var text = "SET LOCAL statement_timeout = '\(engine.limits.scriptSecondsMax)s'; \(script)"
        let link: Link
        switch transaction {
        case .none: link = try ready()
        case .announced(let begin):
            link = try ready()
            text = "\(begin); \(text)"
            transaction = .open
        case .open: link = try ready()
        case .committing: throw defect("a commit is under way", in: script)
        case .lost(let error): throw error
        }
        try watch(link) { link throws(SQLError) in try link.run(script: text) }
    }

    /// Inserts from arrays, one a column. Integers fit `SMALLINT` columns: an insertion converts what it selects.
    public func insert(_ insertion: BulkInsert) throws(SQLError) -> [SQLRow] {
        try insert(pipelined: [insertion])[0]
    }

    public func insert(pipelined insertions: [BulkInsert]) throws(SQLError) -> [[SQLRow]] {
        // One without rows has nothing to say to the server; its place in the answer stays.
        let filled = insertions.indices.filter { insertions[$0].rowCount > 0 }
        var rows = [[SQLRow]](repeating: [], count: insertions.count)
        guard !filled.isEmpty else { return rows }
        let answers = try exchange(filled.map { Request(inserting: insertions[$0]) })
        for (index, answer) in zip(filled, answers) {
            rows[index] = answer
        }
        return rows
    }

    public func run(ahead statements: [SQL]) throws(SQLError) {
        try send(ahead: statements.map { Request($0.text, $0.values) })
    }

    public func insert(ahead insertions: [BulkInsert]) throws(SQLError) {
        try send(ahead: insertions.filter { $0.rowCount > 0 }.map { Request(inserting: $0) })
    }

    private func send(ahead requests: [Request]) throws(SQLError) {
        guard !requests.isEmpty else { return }
        switch transaction {
        case .none: throw defect("no transaction is open", in: requests[0].text)
        case .committing: throw defect("a commit is under way", in: requests[0].text)
        case .lost(let error): throw error
        case .open:
            try watch(ready()) { link throws(SQLError) in try link.send(ahead: requests) }
        case .announced(let begin):
            let link = try ready()
            transaction = .open
            try watch(link) { link throws(SQLError) in try link.send(ahead: [Request(begin, [])] + requests) }
        }
    }

    /// Joins with `given`, made of arrays.
    public func lookup(_ lookup: BulkLookup) throws(SQLError) -> [SQLRow] {
        guard lookup.keyCount > 0 else { return [] }
        return try exchange([Request(lookingUp: lookup)])[0]
    }

    public func beginWriting() throws(SQLError) {
        try begin("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
    }

    public func beginWritingBesideCommit() throws(SQLError) {
        try beginWriting()
        // The server does not see a circle of waiting that goes through two of our own transactions.
        try send(ahead: [Request("SELECT set_config('lock_timeout', $1, true)", [.text("200ms")])])
    }

    public func beginReading() throws(SQLError) {
        try begin("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    }

    private func begin(_ text: String) throws(SQLError) {
        guard case .none = transaction else { throw defect("a transaction is open", in: text) }
        _ = try ready()
        transaction = .announced(text)
    }

    public func sendCommit() throws(SQLError) {
        switch transaction {
        case .none, .committing: throw defect("no transaction is open", in: "COMMIT")
        case .lost(let error): throw error
        case .announced: break
        case .open:
            let link = try ready()
            // The server would answer by rolling back, without an error.
            if link.isInFailedTransaction { throw defect("a statement failed and was not undone", in: "COMMIT") }
            transaction = .committing
            try watch(link) { link throws(SQLError) in try link.send(ending: Request("COMMIT", [])) }
        }
    }

    public func commit() throws(SQLError) {
        try sendCommitUnlessSent()
        switch transaction {
        case .lost(let error): throw error
        case .none, .announced, .open: transaction = .none
        case .committing:
            do throws(SQLError) {
                guard let link else { throw defect("the session is gone", in: "COMMIT") }
                _ = try watch(link) { link throws(SQLError) in try link.exchange([]) }
                transaction = .none
            } catch {
                transaction = .lost(error)
                throw error
            }
        }
    }

    private func sendCommitUnlessSent() throws(SQLError) {
        if case .committing = transaction { return }
        try sendCommit()
    }

    public func rollBack() {
        defer {
            transaction = .none
            mayHaveCommitted = false
        }
        guard let link else { return }
        // What was sent ahead and failed would keep the server from hearing of the end.
        link.endAhead()
        guard link.isInTransaction else { return }
        do throws(SQLError) {
            _ = try link.exchange([Request("ROLLBACK", [])])
        } catch {
            // Closing rolls back too; the next transaction connects again.
            self.link = nil
        }
    }

    /// None: the answer would take a round trip, as reading does.
    public func version() throws(SQLError) -> StoreVersion? { nil }

    public func allowLongStatements() throws(SQLError) {
        _ = try run("SELECT set_config('statement_timeout', \("\(engine.limits.scriptSecondsMax)s"), true)")
    }

    public func tables() throws(SQLError) -> Set<String> {
        Set(
            try run(
                """
                SELECT relname FROM pg_class
                JOIN pg_namespace ON pg_namespace.oid = relnamespace AND nspname = \(engine.schema)
                WHERE relkind IN ('r', 'p')
                """
            ).map { $0.text(0) })
    }

    /// With their schemas, `public.employees_employee`.
    ///
    /// Where a contract names its tables, by name (Time Tracker §10, AIMS §5.1 and §6), leaving out names that anybody's
    /// table may have; elsewhere by a column that nobody else has (Face §3, TrackAttendance §7).
    public func tablesOfFormerServers() throws(SQLError) -> Set<String> {
        Set(
            try run(
                """
                SELECT nspname || '.' || relname FROM pg_class
                JOIN pg_namespace ON pg_namespace.oid = relnamespace
                WHERE relkind IN ('r', 'p') AND nspname <> \(engine.schema) AND nspname !~ '^(pg_|information_schema$)'
                AND (relname IN (
                        'employees_customuser', 'employees_employee', 'employees_businesshours',
                        'timetracking_timeentry', 'timetracking_worksession', 'timetracking_punchcycle',
                        'allowed_emails', 'allowed_student_emails', 'class_schedules', 'class_reschedules',
                        'class_students', 'attendance_sessions', 'attendance_statuses')
                    OR EXISTS (
                        SELECT 1 FROM pg_attribute WHERE attrelid = pg_class.oid AND NOT attisdropped
                        AND (attname = 'face_encoding_path' OR (relname, attname) = ('scans', 'idempotency_key'))))
                """
            ).map { $0.text(0) })
    }

    public func publish() throws(SQLError) {
        _ = try run(pipelined: ["SELECT publish_time_tracker()", "SELECT publish_aims()"])
    }

    public func createNamespace() throws(SQLError) {
        let quoted = engine.schema.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
        // Asked first, since `IF NOT EXISTS` wants the right to create one even where it exists.
        guard try run("SELECT to_regnamespace(quote_ident(\(engine.schema))) IS NULL")[0].integer(0) == 1 else { return }
        do throws(SQLError) {
            _ = try exchange([Request("CREATE SCHEMA IF NOT EXISTS \"\(quoted)\"", [])])
        } catch  where error.kind == .constraint {
            // Another process created it at the same moment: `IF NOT EXISTS` looks and then writes.
        }
    }

    /// Waits as long as a migration may take: somebody else's is under way.
    public func lockForMigration() throws(SQLError) {
        let seconds = "\(engine.limits.scriptSecondsMax)s"
        _ = try exchange(
            [
                Request("SELECT set_config('statement_timeout', $1, true)", [.text(seconds)]),
                Request("SELECT set_config('lock_timeout', $1, true)", [.text(seconds)]),
                // The first number is ours ("MUST" in ASCII), the second tells stores in one database apart.
                Request("SELECT pg_advisory_xact_lock(1297437524, hashtext($1))", [.text(engine.schema)]),
                Request(
                    "SELECT set_config('lock_timeout', $1, true)", [.text("\(engine.limits.lockSecondsMax)s")]),
            ], secondsMax: engine.limits.scriptSecondsMax)
    }

    /// Releases the socket; may be called again.
    public func close() {
        isClosed = true
        transaction = .none
        link = nil
    }

    /// What the server promises about a commit: `fsync`, `full_page_writes` and `synchronous_commit` are `on`, the last
    /// one possibly `remote_apply`, `remote_write` or `local` where its operator chose so.
    public func durability() throws(SQLError) -> [(name: String, value: String)] {
        let row = try run(
            """
            SELECT current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit')
            """)[0]
        return [
            ("fsync", row.text(0)), ("full_page_writes", row.text(1)), ("synchronous_commit", row.text(2)),
        ]
    }

    public func bytesUsed() throws(SQLError) -> Int64 {
        try run(
            """
            SELECT CAST(COALESCE(sum(pg_total_relation_size(pg_class.oid)), 0) AS BIGINT) FROM pg_class
            JOIN pg_namespace ON pg_namespace.oid = relnamespace AND nspname = \(engine.schema)
            WHERE relkind IN ('r', 'p')
            """)[0].integer(0)
    }

    /// None: PostgreSQL checks a page when it reads it, where its operator has switched checksums on.
    public func damage(reportsMax: Int) throws(SQLError) -> [String] { [] }

    public func server() throws(SQLError) -> ServerCondition? {
        // The statistics, since the list of sessions hides from most users whose each one is.
        let row = try run(
            """
            SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT),
                (SELECT CAST(COALESCE(sum(numbackends), 0) AS BIGINT) FROM pg_stat_database),
                CAST(current_setting('max_connections') AS BIGINT)
                    - CAST(current_setting('superuser_reserved_connections') AS BIGINT),
                (SELECT CAST(COALESCE(sum(numbackends), 0) AS BIGINT) FROM pg_stat_database
                    WHERE datname = current_database()),
                (SELECT CAST(datconnlimit AS BIGINT) FROM pg_database WHERE datname = current_database()),
                CASE current_setting('data_checksums') WHEN 'on' THEN CAST(1 AS BIGINT) ELSE 0 END
            """)[0]
        return ServerCondition(
            clockMicroseconds: row.integer(0), sessions: Int(row.integer(1)), sessionsMax: Int(row.integer(2)),
            databaseSessions: Int(row.integer(3)), databaseSessionsMax: row.integer(4) < 0 ? nil : Int(row.integer(4)),
            hasChecksums: row.integer(5) == 1)
    }

    private func exchange(_ requests: [Request], secondsMax: Int? = nil) throws(SQLError) -> [[SQLRow]] {
        switch transaction {
        case .lost(let error): throw error
        case .committing: throw defect("a commit is under way", in: requests.first?.text ?? "")
        case .open:
            return try watch(ready()) { link throws(SQLError) in try link.exchange(requests, secondsMax: secondsMax) }
        case .announced(let begin):
            let link = try ready()
            transaction = .open
            return try watch(link) { link throws(SQLError) in
                Array(try link.exchange([Request(begin, [])] + requests, secondsMax: secondsMax).dropFirst())
            }
        case .none:
            return try watch(ready()) { link throws(SQLError) in
                do throws(SQLError) {
                    return try link.exchange(requests, secondsMax: secondsMax)
                } catch {
                    // Nothing was done: outside a transaction the requests are one. Once, for the statements are new now.
                    guard link.isOpen, link.foundStaleStatement else { throw error }
                    return try link.exchange(requests, secondsMax: secondsMax)
                }
            }
        }
    }

    /// Lets go of a session that a call has lost.
    private func watch<Result>(
        _ link: Link, _ body: (Link) throws(SQLError) -> Result
    ) throws(SQLError) -> Result {
        do throws(SQLError) {
            return try body(link)
        } catch {
            var error = error
            if !link.isOpen {
                self.link = nil
                if case .committing = transaction { mayHaveCommitted = true }
                if case .none = transaction {} else { transaction = .lost(error) }
            } else if error.code == "25006", purpose != .writing {
                // On a connection for reading this is no standby that took over, but the program's fault.
                error = SQLError(kind: .defect, code: error.code, message: error.message, statement: error.statement)
            }
            throw error
        }
    }

    /// The session, connecting anew where that cannot tear a transaction in two.
    private func ready() throws(SQLError) -> Link {
        guard !isClosed else { throw defect("the connection is closed", in: "") }
        if case .open = transaction {
            guard let link else { throw SQLError(kind: .unavailable, code: "", message: "the session was lost") }
            return link
        }
        if let link, link.isStillThere() { return link }
        link = nil
        let new = try engine.link(for: purpose)
        link = new
        return new
    }

    private func defect(_ message: String, in statement: String) -> SQLError {
        SQLError(kind: .defect, code: "", message: message, statement: statement)
    }
}

extension Request {
    init(inserting insertion: BulkInsert) {
        let given = Given(insertion.columns)
        // In the list of what is selected the arrays are taken apart row by row; in `FROM` each would be stored first.
        let rows = "SELECT \(given.unnested)"
        switch insertion.conflict {
        case .none(let suffix):
            self.init(
                "INSERT INTO \(insertion.table) (\(given.names)) \(rows) \(suffix)", columns: given.columns)
        case .replace(let keyCount, _):
            // Cheaper than `ON CONFLICT DO UPDATE`, which locks each row before it changes it.
            let keys = insertion.columns.prefix(keyCount).map { "stored.\($0.name) = given.\($0.name)" }
            let others = insertion.columns.dropFirst(keyCount).map { "\($0.name) = given.\($0.name)" }
            self.init(
                """
                UPDATE \(insertion.table) AS stored SET \(others.joined(separator: ", "))
                FROM (SELECT \(given.unnestedWithNames)) AS given WHERE \(keys.joined(separator: " AND "))
                """, columns: given.columns)
        }
    }

    init(lookingUp lookup: BulkLookup) {
        let given = Given(lookup.keys)
        // A constant stands beside the arrays, so the relation that the caller names is a selection from them.
        let relation =
            given.hasConstants
            ? "(SELECT \(given.selectedWithNames) FROM \(given.source)) AS given" : given.source
        // `OFFSET 0` keeps the inner selection a selection of its own, run once a key. Joined freely, a plan that was made
        // when the table was small would go on reading all of it: 70 thousand rows for 800 keys were seen.
        self.init(
            """
            SELECT found.* FROM \(relation) CROSS JOIN LATERAL
            (SELECT \(lookup.selecting) FROM \(lookup.from) WHERE \(lookup.matching) OFFSET 0) AS found
            """, columns: given.columns)
    }
}

/// Columns as a relation: arrays side by side through `unnest`, constants as values of their own.
private struct Given {
    let columns: [BulkColumn]
    let hasConstants: Bool
    let source: String
    let names: String
    let selectedWithNames: String
    /// The columns' values in their order, one row for each element of the arrays.
    let unnested: String
    let unnestedWithNames: String

    init(_ given: [BulkColumn]) {
        var columns = given
        // Something has to say how many rows there are.
        if columns.allSatisfy(\.isConstant), case .constant(let value, let count) = columns[0].values {
            columns[0] = BulkColumn(columns[0].name, .integers([Int64](repeating: value, count: count)))
        }
        let places = columns.indices.map { "$\($0 + 1)" }
        let arrays = columns.indices.filter { !columns[$0].isConstant }
        let arrayPlaces = arrays.map { places[$0] }.joined(separator: ", ")
        let arrayNames = arrays.map { columns[$0].name.description }.joined(separator: ", ")
        let values = columns.indices.map { columns[$0].isConstant ? places[$0] : "given.\(columns[$0].name)" }
        self.columns = columns
        hasConstants = arrays.count < columns.count
        source = "unnest(\(arrayPlaces)) AS given (\(arrayNames))"
        let taken = columns.indices.map { columns[$0].isConstant ? places[$0] : "unnest(\(places[$0]))" }
        names = columns.map(\.name.description).joined(separator: ", ")
        unnested = taken.joined(separator: ", ")
        unnestedWithNames = zip(taken, columns).map { "\($0) AS \($1.name)" }.joined(separator: ", ")
        selectedWithNames = zip(values, columns).map { "\($0) AS \($1.name)" }.joined(separator: ", ")
    }
}

extension BulkColumn {
    fileprivate var isConstant: Bool {
        if case .constant = values { true } else { false }
    }
}
