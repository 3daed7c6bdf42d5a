import Foundation
import SQLStorage
import Testing

@testable import PostgresEngine

@Suite(.needsPostgres) struct `A PostgreSQL store` {
    /// Ends a session as an administrator or a restart would, and returns when it is gone.
    private func end(_ process: Int64, from connection: PostgresConnection) throws {
        _ = try connection.run("SELECT pg_terminate_backend(CAST(\(process) AS INTEGER))")
        let deadline = Date(timeIntervalSinceNow: 20)
        while try !connection.run("SELECT pid FROM pg_stat_activity WHERE pid = \(process)").isEmpty {
            try #require(Date() < deadline)
        }
    }

    private func process(of connection: PostgresConnection) throws -> Int64 {
        try connection.run("SELECT pg_backend_pid()")[0].integer(0)
    }

    private func fast(_ change: (inout PostgresLimits) -> Void) -> PostgresLimits {
        var limits = PostgresLimits()
        change(&limits)
        return limits
    }

    @Test(arguments: [ConnectionPurpose.writing, .reading])
    func `syncs every commit, on every connection`(purpose: ConnectionPurpose) throws {
        try withPostgres { engine in
            let connection = try engine.open(purpose)
            let settings = try connection.durability().map { "\($0.name)=\($0.value)" }
            #expect(settings == ["fsync=on", "full_page_writes=on", "synchronous_commit=on"])
        }
    }

    @Test func `syncs commits though the server would not`() throws {
        let url = try #require(Engine.postgresURL)
        for (theirs, ours) in [("off", "on"), ("local", "local"), ("remote_apply", "remote_apply")] {
            let engine = try PostgresEngine(url: url + "?options=-csynchronous_commit%3D\(theirs)")
            #expect(try engine.open(.reading).durability()[2].value == ours)
        }
    }

    @Test func `has the schema alone on its path and UTC as its zone`() throws {
        try withPostgres { engine in
            let connection = try engine.open(.writing)
            let row = try connection.run(
                """
                SELECT current_schema(), current_setting('search_path'), current_setting('timezone'),
                    current_setting('client_encoding'), current_setting('lock_timeout')
                """)[0]
            #expect(row.text(0) == engine.schema)
            #expect(row.text(1) == quoted(engine.schema))
            #expect([row.text(2), row.text(3), row.text(4)] == ["UTC", "UTF8", "10s"])
        }
    }

    @Test func `is had alone by whoever claims it, while nobody else uses it, until the session ends`() throws {
        try withPostgres { engine in
            let other = try engine.open(.reading)
            let claimant = try engine.open(.writing)
            #expect(try !claimant.claimStore())
            #expect(try !claimant.holdsClaim())
            let users = try claimant.users()
            let session = try process(of: other)
            #expect(users.count == 1 && users[0].contains("session \(session)"), "\(users)")
            other.close()
            let deadline = Date(timeIntervalSinceNow: 20)
            while try !claimant.claimStore() { try #require(Date() < deadline) }
            #expect(try claimant.holdsClaim())
            #expect(try claimant.users() == [])
            #expect(refusal { _ = try engine.open(.reading) }?.kind == .unavailable)
            // Another store of the same database is another's.
            let elsewhere = try PostgresEngine(url: try #require(Engine.postgresURL), schema: engine.schema + "_b")
            _ = try elsewhere.open(.writing)
            claimant.close()
            while true {
                do throws(SQLError) {
                    _ = try engine.open(.reading)
                    break
                } catch { try #require(Date() < deadline) }
            }
        }
    }

    @Test func `that was replaced while it was open is noticed by the next session`() throws {
        try withPostgres { engine in
            try engine.open(.writing).close()
            let other = try PostgresEngine(url: try #require(Engine.postgresURL), schema: engine.schema)
            let script = "ALTER SCHEMA \(quoted(engine.schema)) RENAME TO \(quoted(engine.schema + "_"));"
            try other.open(.writing).runScript(script + "CREATE SCHEMA \(quoted(engine.schema))")
            let error = refusal { _ = try engine.open(.reading) }
            #expect(error?.kind == .unavailable && error?.message.contains("replaced") == true)
            try PostgresEngine(url: try #require(Engine.postgresURL), schema: engine.schema).open(.writing)
                .runScript("DROP SCHEMA \(quoted(engine.schema + "_"))")
        }
    }

    @Test func `shows another session the moment that one sees`() throws {
        try withPostgres { engine in
            let writer = try engine.open(.writing)
            try writer.runScript("CREATE TABLE thing (place BIGINT); INSERT INTO thing VALUES (1);")
            let reader = try engine.open(.reading)
            try reader.beginReading()
            let snapshot = try reader.exportSnapshot()
            try writer.runScript("INSERT INTO thing VALUES (2)")
            let script = "BEGIN ISOLATION LEVEL REPEATABLE READ; SET TRANSACTION SNAPSHOT '\(snapshot)';"
            let other = try engine.open(.writing)
            try other.beginWriting()
            #expect(refusal { try other.runScript("SET TRANSACTION SNAPSHOT '\(snapshot)'") } != nil, "only REPEATABLE READ can")
            other.rollBack()
            try other.runScript(script + "CREATE TABLE seen AS SELECT count(*) AS number FROM thing; COMMIT;")
            #expect(try other.run("SELECT number FROM seen")[0].integer(0) == 1)
            #expect(try reader.run("SELECT current_setting('idle_in_transaction_session_timeout')")[0].text(0) == "0")
        }
    }

    @Test func `is named to PostgreSQL's programs by their environment`() throws {
        let engine = try PostgresEngine(
            url: "postgresql+asyncpg://me:top%20secret@h:7/d?ssl=require&options=-cjit%3Doff&keepalives_idle=5")
        let environment = engine.programEnvironment
        let expected = [
            "PGHOST": "h", "PGPORT": "7", "PGDATABASE": "d", "PGUSER": "me", "PGPASSWORD": "top secret",
            "PGSSLMODE": "require", "PGOPTIONS": "-cjit=off",
        ]
        for (name, value) in expected { #expect(environment[name] == value, "\(name)") }
        #expect(environment.keys.allSatisfy { $0.hasPrefix("PG") })
    }

    @Test func `can be created by many at once`() throws {
        try withPostgres { engine in
            // By somebody else: this engine's own sessions would know afterwards that it is another schema.
            try PostgresEngine(url: try #require(Engine.postgresURL), schema: engine.schema).open(.writing)
                .runScript("DROP SCHEMA \(quoted(engine.schema))")
            let errors = Collected()
            DispatchQueue.concurrentPerform(iterations: 8) { _ in
                if let error = refusal({ try engine.open(.writing).createNamespace() }) { errors.append(error) }
            }
            #expect(errors.all.isEmpty, "\(errors.all)")
            try engine.open(.writing).runScript("CREATE TABLE thing (place BIGINT)")
            #expect(try engine.open(.reading).tables() == ["thing"])
        }
    }

    @Test func `sees where a former server lives`() throws {
        try withPostgres { former in
            let connection = try former.open(.writing)
            let qualified = { (table: String) in "\(former.schema).\(table)" }
            // Other tests of this kind may run in other schemas of the database.
            let seen = { () throws in
                Set(
                    try PostgresEngine(url: Engine.postgresURL ?? "").open(.reading).tablesOfFormerServers()
                        .filter { $0.hasPrefix(former.schema) })
            }
            try connection.runScript("CREATE TABLE users (id BIGINT); CREATE TABLE scans (id BIGINT);")
            #expect(try seen().isEmpty)
            try connection.runScript(
                """
                CREATE TABLE employees_employee (id UUID); CREATE TABLE enrolled (face_encoding_path TEXT);
                ALTER TABLE scans ADD COLUMN idempotency_key TEXT;
                """)
            #expect(try seen() == [qualified("employees_employee"), qualified("enrolled"), qualified("scans")])
            #expect(try connection.tablesOfFormerServers().filter { $0.hasPrefix(former.schema) }.isEmpty)
        }
    }

    @Test func `lets a second migration wait for the first, longer than for a row`() throws {
        try withPostgres(
            limits: fast {
                $0.lockSecondsMax = 1; $0.statementSecondsMax = 1
            }
        ) { engine in
            let first = try engine.open(.writing)
            try first.beginWriting()
            try first.lockForMigration()
            let refused = Collected()
            let done = DispatchSemaphore(value: 0)
            Thread.detachNewThread {
                if let error = refusal({
                    let second = try engine.open(.writing)
                    try second.beginWriting()
                    try second.lockForMigration()
                    #expect(try second.tables() == ["thing"])
                    try second.commit()
                    #expect(try second.run("SELECT current_setting('lock_timeout')")[0].text(0) == "1s")
                }) {
                    refused.append(error)
                }
                done.signal()
            }
            try first.runScript("SELECT pg_sleep(1.5); CREATE TABLE thing (place BIGINT);")
            try first.commit()
            #expect(done.wait(timeout: .now() + 20) == .success)
            #expect(refused.all.isEmpty, "\(refused.all)")
        }
    }

    @Test func `whose session ends in a transaction is unavailable until that is rolled back`() throws {
        try withPostgres { engine in
            let other = try engine.open(.writing)
            let connection = try engine.open(.writing)
            try other.runScript("CREATE TABLE thing (place BIGINT PRIMARY KEY)")
            try connection.beginWriting()
            _ = try connection.run("INSERT INTO thing VALUES (\(1))")
            try end(process(of: connection), from: other)
            #expect(refusal { _ = try connection.run("INSERT INTO thing VALUES (\(2))") }?.kind == .unavailable)
            #expect(refusal { _ = try connection.run("INSERT INTO thing VALUES (\(3))") }?.kind == .unavailable)
            #expect(refusal { try connection.runScript("SELECT 1") }?.kind == .unavailable)
            #expect(refusal { try connection.commit() }?.kind == .unavailable)
            connection.rollBack()
            try connection.beginWriting()
            _ = try connection.run("INSERT INTO thing VALUES (\(4))")
            try connection.commit()
            #expect(try other.run("SELECT place FROM thing").map { $0.integer(0) } == [4])
        }
    }

    @Test func `whose session ends before its commit does not commit`() throws {
        try withPostgres { engine in
            let other = try engine.open(.writing)
            let connection = try engine.open(.writing)
            try other.runScript("CREATE TABLE thing (place BIGINT PRIMARY KEY)")
            try connection.beginWriting()
            _ = try connection.run("INSERT INTO thing VALUES (\(1))")
            try end(process(of: connection), from: other)
            #expect(refusal { try connection.commit() }?.kind == .unavailable)
            connection.rollBack()
            #expect(try connection.run("SELECT place FROM thing").isEmpty)
        }
    }

    @Test func `whose session ends between transactions is reached again unnoticed`() throws {
        try withPostgres { engine in
            let other = try engine.open(.writing)
            let connection = try engine.open(.writing)
            for _ in 0..<5 {
                let before = try process(of: connection)
                try end(before, from: other)
                #expect(try process(of: connection) != before)
                try end(process(of: connection), from: other)
                try connection.beginWriting()
                #expect(try connection.run("SELECT \(7)")[0].integer(0) == 7)
                try connection.commit()
            }
        }
    }

    @Test func `that answers too late is given up, and reached again`() throws {
        try withPostgres(
            limits: fast {
                $0.statementSecondsMax = 1; $0.graceSeconds = 0
            }
        ) { engine in
            let connection = try engine.open(.writing)
            _ = try connection.run("SELECT set_config('statement_timeout', '0', false)")
            let refused = refusal { _ = try connection.run("SELECT pg_sleep(30)") }
            #expect(refused?.kind == .unavailable)
            #expect(refused?.message == "no answer in time")
            #expect(try connection.run("SELECT 1").count == 1)
        }
    }

    @Test func `ends a statement that takes too long and keeps the session`() throws {
        try withPostgres(limits: fast { $0.statementSecondsMax = 1 }) { engine in
            let connection = try engine.open(.writing)
            let before = try process(of: connection)
            let refused = refusal { _ = try connection.run("SELECT pg_sleep(30)") }
            #expect(refused?.kind == .unavailable)
            #expect(refused?.code == "57014")
            #expect(try process(of: connection) == before)
        }
    }

    @Test func `gives scripts more time`() throws {
        try withPostgres(limits: fast { $0.statementSecondsMax = 1 }) { engine in
            let connection = try engine.open(.writing)
            try connection.runScript("SELECT pg_sleep(1.2);")
            try connection.beginWriting()
            try connection.runScript("SELECT pg_sleep(1.2);")
            try connection.commit()
            #expect(try connection.run("SELECT current_setting('statement_timeout')")[0].text(0) == "1s")
        }
    }

    @Test func `whose row is locked too long is unavailable`() throws {
        try withPostgres(limits: fast { $0.lockSecondsMax = 1 }) { engine in
            let first = try engine.open(.writing)
            let second = try engine.open(.writing)
            try first.runScript("CREATE TABLE thing (place BIGINT PRIMARY KEY); INSERT INTO thing VALUES (1);")
            try first.beginWriting()
            _ = try first.run("SELECT place FROM thing FOR UPDATE")
            try second.beginWriting()
            let refused = refusal { _ = try second.run("SELECT place FROM thing FOR UPDATE") }
            #expect(refused?.kind == .unavailable)
            #expect(refused?.code == "55P03")
            second.rollBack()
            try first.commit()
        }
    }

    @Test func `tells the loser of a deadlock to try again`() throws {
        try withPostgres { engine in
            let first = try engine.open(.writing)
            try first.runScript("CREATE TABLE thing (place BIGINT PRIMARY KEY); INSERT INTO thing VALUES (1), (2);")
            try first.beginWriting()
            _ = try first.run("SELECT place FROM thing WHERE place = \(1) FOR UPDATE")
            let refused = Collected()
            let holds = DispatchSemaphore(value: 0)
            let done = DispatchSemaphore(value: 0)
            Thread.detachNewThread {
                if let error = refusal({
                    let second = try engine.open(.writing)
                    try second.beginWriting()
                    _ = try second.run("SELECT place FROM thing WHERE place = \(2) FOR UPDATE")
                    holds.signal()
                    _ = try second.run("SELECT place FROM thing WHERE place = \(1) FOR UPDATE")
                    try second.commit()
                }) {
                    refused.append(error)
                }
                done.signal()
            }
            try #require(holds.wait(timeout: .now() + 20) == .success)
            if let error = refusal({ _ = try first.run("SELECT place FROM thing WHERE place = \(2) FOR UPDATE") }) {
                refused.append(error)
            }
            first.rollBack()
            #expect(done.wait(timeout: .now() + 20) == .success)
            #expect(refused.all.map(\.kind) == [.conflict])
        }
    }

    @Test func `goes on after an error in a pipeline`() throws {
        try withPostgres { engine in
            let connection = try engine.open(.writing)
            try connection.runScript("CREATE TABLE thing (place BIGINT PRIMARY KEY)")
            for _ in 0..<3 {
                let refused = refusal {
                    _ = try connection.run(pipelined: [
                        "INSERT INTO thing VALUES (\(1))", "INSERT INTO thing VALUES (\(1))", "SELECT 2, \(2)",
                    ])
                }
                #expect(refused?.kind == .constraint)
                #expect(refused?.statement == "INSERT INTO thing VALUES ($1)")
                #expect(try connection.run("SELECT 2, \(2)")[0].integer(1) == 2)
            }
            try connection.beginWriting()
            _ = refusal { _ = try connection.run("SELECT nonsense") }
            #expect(refusal { _ = try connection.run("SELECT 1") }?.code == "25P02")
            #expect(refusal { try connection.commit() }?.kind == .defect)
            connection.rollBack()
            #expect(try connection.run("SELECT count(*) FROM thing")[0].integer(0) == 0)
        }
    }

    @Test func `asks for the transaction again when what it prepared is out of date`() throws {
        try withPostgres { engine in
            let connection = try engine.open(.writing)
            try connection.runScript("CREATE TABLE thing (place BIGINT PRIMARY KEY); INSERT INTO thing VALUES (1);")
            let statement: SQL = "SELECT * FROM thing"
            _ = try connection.run(statement)
            try engine.open(.writing).runScript("ALTER TABLE thing ADD COLUMN name TEXT")
            try connection.beginWriting()
            #expect(refusal { _ = try connection.run(statement) }?.kind == .conflict)
            connection.rollBack()
            try connection.beginWriting()
            #expect(try connection.run(statement)[0].values.count == 2)
            _ = try connection.run("DEALLOCATE ALL")
            #expect(refusal { _ = try connection.run(statement) }?.kind == .conflict)
            connection.rollBack()
            #expect(try connection.run(statement)[0].values.count == 2)
        }
    }

    @Test func `keeps no more prepared statements than its limit`() throws {
        try withPostgres(limits: fast { $0.statementsMax = 5 }) { engine in
            let connection = try engine.open(.writing)
            for number in 0..<30 {
                _ = try connection.run(SQL(stringLiteral: "SELECT \(number)"))
            }
            let count = try connection.run("SELECT count(*) FROM pg_prepared_statements")[0].integer(0)
            #expect((1...6).contains(count))
        }
    }

    @Test func `is reached at the one of several hosts that answers`() throws {
        let url = try #require(Engine.postgresURL)
        let engine = try PostgresEngine(url: url.replacingOccurrences(of: "@", with: "@127.0.0.1:1,"))
        #expect(try engine.open(.writing).run("SELECT 1").count == 1)
    }

    @Test(arguments: ["postgresql://", "postgres://", "postgresql+asyncpg://", "postgresql+psycopg2://", "postgres+x://"])
    func `is reached by every spelling of its URL`(scheme: String) throws {
        let url = try #require(Engine.postgresURL).replacingOccurrences(of: "postgresql://", with: scheme)
        #expect(try PostgresEngine(url: url).open(.reading).run("SELECT 1").count == 1)
    }

    @Test(arguments: [
        ("/postgres", "/absent", "3D000"), ("muster@", "nobody@", "28000"),
    ])
    func `that refuses the log-in is misconfigured`(part: String, wrong: String, code: String) throws {
        let url = try #require(Engine.postgresURL).replacingOccurrences(of: part, with: wrong)
        let refused = refusal { _ = try PostgresEngine(url: url).open(.writing) }
        #expect(refused?.kind == .misconfigured)
        #expect(refused?.code == code)
        #expect(refused?.message.contains("LOCATION") == false)
    }
}

@Suite struct `A PostgreSQL server` {
    @Test(arguments: [
        "", "mysql://h/d", "postgresql+a+b://h/d", "host=127.0.0.1 password=geheim", "postgresql://u:geheim@h:port/d",
        "postgresql://u:gehe%zzim@h/d", "postgresql://u:geheim@h/d?nonsense=1", "postgresql://u:geheim@h/\0",
        "postgresql://u:geheim@h/d?sslmode=never&sslmode",
    ])
    func `has no URL that libpq does not read, and no error repeats one`(url: String) {
        let refused = refusal { _ = try PostgresEngine(url: url) }
        #expect(refused?.kind == .misconfigured)
        #expect(refused?.description.contains("gehe") == false)
    }

    @Test func `keeps what its URL says over our defaults`() throws {
        let address = try PostgresAddress(
            url: "postgresql+asyncpg://u:p%40@[::1]:1,b:2/d?ssl=require&connect_timeout=1&keepalives_idle=7"
                + "&target_session_attrs=any&application_name=x&client_encoding=LATIN1",
            applicationName: "muster", connectSeconds: 5)
        let settings = address.settings(for: .writing, limits: PostgresLimits())
        let expected = [
            "host": "::1,b", "port": "1,2", "user": "u", "password": "p@", "dbname": "d", "sslmode": "require",
            "connect_timeout": "1", "keepalives_idle": "7", "keepalives_interval": "10", "keepalives_count": "3",
            "target_session_attrs": "any", "application_name": "x", "fallback_application_name": "muster",
            "client_encoding": "UTF8", "tcp_user_timeout": "30000",
        ]
        #expect(settings == expected)
        #expect(address.hostCount == 2)
        #expect(address.connectSeconds(orElse: 5) == 2)
    }

    @Test func `that nobody runs is unavailable`() throws {
        // Port 1 is nobody's.
        let engine = try PostgresEngine(url: "postgresql://u:geheim@127.0.0.1:1/d")
        for _ in 0..<3 {
            let refused = refusal { _ = try engine.connect(.writing) }
            #expect(refused?.kind == .unavailable)
            #expect(refused?.description.contains("geheim") == false)
        }
    }

    @Test func `that says nothing is given up after the time its URL allows`() throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { _ = close(listener) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                #expect(unsafe bind(listener, address, size) == 0)
                #expect(unsafe getsockname(listener, address, &size) == 0)
            }
        }
        #expect(listen(listener, 1) == 0)
        let port = UInt16(bigEndian: address.sin_port)
        let engine = try PostgresEngine(url: "postgresql://u@127.0.0.1:\(port)/d?connect_timeout=1")
        let start = systemMonotonicNanoseconds()
        #expect(refusal { _ = try engine.connect(.reading) }?.kind == .unavailable)
        #expect((1_900_000_000...15_000_000_000).contains(systemMonotonicNanoseconds() - start))
    }

    @Test(arguments: [
        ("", SQLError.Kind.unavailable), ("08006", .unavailable), ("57P01", .unavailable), ("57P03", .unavailable),
        ("57014", .unavailable), ("53100", .unavailable), ("53300", .unavailable), ("58030", .unavailable),
        ("25006", .unavailable), ("55P03", .unavailable), ("40001", .conflict), ("40P01", .conflict),
        ("23505", .constraint), ("23001", .constraint), ("23502", .constraint), ("XX001", .corrupt), ("XX002", .corrupt),
        ("28P01", .misconfigured), ("28000", .misconfigured), ("3D000", .misconfigured), ("42501", .misconfigured),
        ("42P01", .defect), ("22021", .defect), ("25P02", .defect), ("0A000", .defect), ("XX000", .defect),
    ])
    func `has its errors told apart`(state: String, kind: SQLError.Kind) {
        #expect(SQLError.Kind(sqlState: state) == kind)
    }

    @Test(arguments: [
        ("connection to server at \"h\", port 5432 failed: FATAL:  28P01: password authentication failed", "28P01"),
        ("connection to server at \"h\" (::1), port 10000 failed: Connection refused\n\tIs the server running?", ""),
        ("at \"h\" (::1) failed: Connection refused\nat \"h\" (1.2.3.4) failed: FATAL:  57P03: starting up\n", "57P03"),
        ("", ""),
    ])
    func `has its refusals read`(message: String, state: String) {
        #expect(sqlState(in: message) == state)
    }
}

@Suite struct `The pause between attempts to connect` {
    private static let reason = SQLError(kind: .misconfigured, code: "28P01", message: "no")
    private static let milliseconds: Int64 = 1_000_000

    private func isOpen(_ gate: ConnectGate, at milliseconds: Int64) -> Bool {
        refusal { try gate.pass(at: milliseconds * Self.milliseconds) } == nil
    }

    @Test(arguments: [(1.0, [100, 200, 400, 800, 1600, 3200, 5000, 5000]), (0.0, [50, 100, 200, 400, 800, 1600, 2500, 2500])])
    func `doubles up to its limit`(jitter: Double, pauses: [Int64]) {
        let gate = ConnectGate(limits: PostgresLimits(), jitter: { jitter })
        var now: Int64 = 0
        for pause in pauses {
            #expect(isOpen(gate, at: now))
            gate.failed(Self.reason, at: now * Self.milliseconds)
            #expect(!isOpen(gate, at: now + pause - 1))
            #expect(isOpen(gate, at: now + pause))
            now += pause
        }
    }

    @Test func `repeats the reason and ends with a success`() {
        let gate = ConnectGate(limits: PostgresLimits(), jitter: { 1 })
        gate.failed(Self.reason, at: 0)
        gate.failed(Self.reason, at: 0)
        #expect(refusal { try gate.pass(at: 1) }?.code == "28P01")
        gate.succeeded()
        #expect(isOpen(gate, at: 0))
        gate.failed(Self.reason, at: 0)
        #expect(isOpen(gate, at: 100))
    }
}
