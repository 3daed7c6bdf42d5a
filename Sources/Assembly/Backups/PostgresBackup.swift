import AttendanceCore
import Glibc
import PostgresEngine
import SQLStorage

/// The programs of PostgreSQL that copy a schema out of a server and into one.
struct PostgresTools {
    let environment: [String: String]
    /// Nil where nothing is changed, so that a signal may just end the program.
    let interruption: Interruption?

    static let package = "postgresql-client"

    /// - Throws: ``Failure`` where it is not installed; `instead` says what it would have done.
    func file(_ name: String, instead: String) throws -> String {
        guard let file = ChildProgram.find(name, environment: environment) else {
            throw Failure("\(name) is not installed (Debian: \(Self.package)). \(instead)")
        }
        return file
    }

    /// The part of a program's version that has to match the server's, such as 15; nil where it does not say.
    func major(_ file: String) throws -> Int? {
        let said = try ChildProgram.run(file, ["--version"], environment: environment, interruption: interruption).output
        return said.split(separator: " ").lazy.compactMap { Int($0.prefix { $0.isASCII && $0.isNumber }) }.first
    }

    /// What is wrong with an archive of `pg_dump`: its list of contents cannot be read or lacks the ledger, or its data ends
    /// too early.
    func flaws(ofArchive path: String) throws -> [String] {
        let restore = try file(
            "pg_restore", instead: "Without it an archive cannot be looked into; sha256sum -c checks its digests")
        let list = try ChildProgram.run(restore, ["--list", path], environment: environment, interruption: interruption)
        guard list.code == 0 else { return [list.complaint] }
        for table in ["ledger_entry", "ledger_personal", "client_reference", "secret"]
        where !list.output.split(separator: "\n").contains(where: { $0.contains(" TABLE DATA ") && $0.contains(" \(table) ") }) {
            return ["it does not hold the table \(table)"]
        }
        let whole = try ChildProgram.run(
            restore, ["--file=/dev/null", path], environment: environment, interruption: interruption)
        return whole.code == 0 ? [] : [whole.complaint]
    }
}

/// Makes and checks backups of a store on PostgreSQL: an archive of `pg_dump`.
struct PostgresBackup {
    let place: StorePlace
    let url: String
    let tools: PostgresTools

    /// Dumps the schema as it is at one moment, notes where the ledgers end at that very moment, and walks them.
    func make(in staging: Staging) async throws -> Manifest {
        let begunAt = place.ambient.now().millisecondText
        let engine = try PostgresEngine(url: url)
        let dump = try tools.file(
            "pg_dump", instead: "With it this would run: \(command(engine, to: staging.target.path))")
        let connection = try engine.open(.reading)
        defer { connection.close() }
        let server = try connection.serverVersion()
        if let major = try tools.major(dump), major < server.major {
            throw Failure(
                "pg_dump is of version \(major) and the server of \(server.text): install \(PostgresTools.package)-\(server.major)")
        }

        try connection.beginReading()
        let survey = StoreSurvey(connection: connection)
        let snapshot = try connection.exportSnapshot()
        let ledgers = try survey.ledgers()
        let schema = try survey.schema(now: place.ambient.now, sha256: place.ambient.sha256)
        guard schema.lacks == 0 else { throw MigrationError.schemaIsOlder(by: schema.lacks) }
        // A name of this process's own: a pg_dump that outlived a killed backup may only now open the file it was told.
        let growing = "\(staging.files.path)-\(getpid())"
        let ended = try ChildProgram.run(
            dump, arguments(engine, to: growing) + ["--snapshot=\(snapshot)"],
            environment: tools.environment.merging(engine.programEnvironment) { $1 }, interruption: tools.interruption)
        guard ended.code == 0 else { throw Failure("pg_dump failed: \(ended.complaint)") }
        connection.rollBack()
        try Files.keep(growing)
        let archive = staging.files.path
        try Files.rename(growing, to: archive)

        var flaws = try tools.flaws(ofArchive: archive)
        if flaws.isEmpty {
            // The ledgers only grow, so walking them now through where they ended then shows that what was dumped holds.
            let store = try place.openForReading(engine)
            do {
                flaws = try await LedgerCheck(place: place).flaws(of: store, expecting: ledgers)
                await store.close()
            } catch {
                await store.close()
                throw error
            }
        }
        guard flaws.isEmpty else {
            throw Failure("the store is damaged, and no backup was made of it: \(flaws.joined(separator: "; "))")
        }
        return Manifest(
            engine: .postgresql, begunAt: begunAt, schema: schema.last, server: server.text, bytes: try Files.size(archive),
            ledgers: ledgers)
    }

    private func arguments(_ engine: PostgresEngine, to file: String) -> [String] {
        [
            "--format=custom", "--schema=\(engine.schemaPattern)", "--no-password", "--lock-wait-timeout=60s",
            "--file=\(file)",
        ]
    }

    /// What an operator could type elsewhere. The password is left out: it comes from `PGPASSWORD` or `~/.pgpass`.
    private func command(_ engine: PostgresEngine, to file: String) -> String {
        let unsaid = ["PGPASSWORD", "PGCLIENTENCODING", "PGCONNECT_TIMEOUT", "PGAPPNAME", "PGTARGETSESSIONATTRS"]
        let settings = engine.programEnvironment.filter { !unsaid.contains($0.key) }.sorted { $0.key < $1.key }
        let words =
            settings.map { "\($0.key)=\(Terminal.shellWord($0.value))" } + ["pg_dump"]
            + arguments(engine, to: file).map { Terminal.shellWord($0) }
        return words.joined(separator: " ")
    }
}

/// Puts a backup into the place of a store on PostgreSQL.
struct PostgresRestore {
    let place: StorePlace
    let url: String
    let tools: PostgresTools

    /// What stands at the store's place now.
    /// - Throws: ``Failure`` where the schema is somebody else's: nothing is renamed that is not Muster's.
    private func present(_ connection: PostgresConnection) throws -> RestorePlan.Present {
        guard try connection.hasStore() else { return .absent }
        let tables = try connection.tables()
        guard !tables.isEmpty else { return .unreadable("it is empty") }
        guard tables.contains("schema_migration"), tables.contains("ledger_head") else {
            throw Failure("the schema in the store's place holds tables that are not Muster's: nothing is restored over them")
        }
        return .ledgers(try StoreSurvey(connection: connection).ledgers())
    }

    /// Compares the ledgers of a backup with those of the store. An archive is only searched where the store's ledger is the
    /// shorter one; elsewhere the manifest tells enough.
    func plan(_ connection: PostgresConnection, _ files: BackupFiles, _ manifest: Manifest) throws -> RestorePlan {
        let present = try present(connection)
        let survey = StoreSurvey(connection: connection)
        var shorter: [TenantName: Int64] = [:]
        if case .ledgers(let ledgers) = present {
            let theirs = Dictionary(uniqueKeysWithValues: manifest.ledgers.map { ($0.tenant, $0.sequence) })
            for mine in ledgers where mine.head.sequence > 0 {
                guard let other = theirs[mine.tenant.name.text], other > mine.head.sequence else { continue }
                shorter[mine.tenant.name] = mine.head.sequence
            }
        }
        let hashes = try shorter.isEmpty ? [:] : ArchivedHashes(tools: tools).hashes(in: files.path, at: shorter)
        return try RestorePlan(manifest, present) { tenant, sequence in
            shorter[tenant.name] == sequence ? hashes[tenant.name] : nil
        } own: { tenant, sequence throws(SQLError) in
            try survey.hash(ofEntry: sequence, in: tenant.id)
        }
    }

    /// Renames the present schema and restores the archive in one transaction, so that at every moment one whole store stands
    /// under the name.
    ///
    /// `psql` is given `BEGIN` and the rename, then everything that `pg_restore` makes of the archive, and `COMMIT` only once
    /// `pg_restore` has ended well. Where anything fails or this program dies, the transaction has no end and is undone.
    /// - Parameter connection: It holds the store claimed.
    /// - Returns: The schema in which the former store is now; nil where there was none.
    func run(_ files: BackupFiles, over connection: PostgresConnection) throws -> String? {
        let engine = try PostgresEngine(url: url)
        let restore = try tools.file("pg_restore", instead: "It is what reads the archive")
        let shell = try tools.file("psql", instead: "It is what runs what pg_restore makes of the archive")
        let server = try connection.serverVersion()
        let environment = tools.environment.merging(engine.programEnvironment) { $1 }
        let digits = BackupFiles.moment(place.ambient.now()).filter { $0.isNumber }
        let aside = try connection.hasStore() ? "muster_before_\(digits)" : nil

        let pipe = try Pipe()
        var isOpen = true
        defer { if isOpen { _ = close(pipe.write) } }
        let session: ChildProgram
        do {
            defer { _ = close(pipe.read) }
            session = try ChildProgram(
                shell, ["--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1"], environment: environment,
                input: .descriptor(pipe.read), interruption: tools.interruption)
        }
        func end(_ trouble: String) -> Failure {
            _ = close(pipe.write)
            isOpen = false
            let said = session.wait()
            // What psql says is the cause where both complain: pg_restore then only saw that nobody read on.
            return Failure(
                "nothing was restored: \(said.errors.isEmpty ? trouble : said.complaint) (server \(server.text), "
                    + "psql \((try? tools.major(shell)).flatMap { $0 }.map { String($0) } ?? "?"))")
        }
        Terminal.write(
            Array("BEGIN;\nSET LOCAL lock_timeout = '10s';\n\(aside.map { engine.renaming(to: $0) } ?? "")\n".utf8), to: pipe.write)
        let made = try ChildProgram(
            restore, ["--no-owner", "--no-privileges", "--file=-", files.path], environment: environment,
            output: .descriptor(pipe.write), interruption: tools.interruption
        ).wait()
        guard made.code == 0 else { throw end("pg_restore: \(made.complaint)") }
        do {
            guard try connection.holdsClaim() else { throw end("the connection to the server was lost") }
        } catch let error as SQLError {
            throw end(error.message)
        }
        let commit = {
            Terminal.write(Array("COMMIT;\n".utf8), to: pipe.write)
            _ = close(pipe.write)
            isOpen = false
        }
        if let interruption = tools.interruption { interruption.finish(commit) } else { commit() }
        let ended = session.wait()
        guard ended.code == 0 else {
            throw Failure("nothing was restored, unless the connection broke in the last moment: \(ended.complaint)")
        }
        return aside
    }

    /// Whether what was restored is what the manifest tells of.
    func flaws(_ manifest: Manifest) async throws -> [String] {
        let engine = try PostgresEngine(url: url)
        let connection = try engine.open(.reading)
        defer { connection.close() }
        let survey = StoreSurvey(connection: connection)
        let ledgers = try survey.ledgers()
        guard ledgers.map({ Manifest.Ledger($0) }) == manifest.ledgers else { return ["the ledgers end elsewhere"] }
        guard try survey.schema(now: place.ambient.now, sha256: place.ambient.sha256).lacks == 0 else { return [] }
        let store = try place.openForReading(engine)
        do {
            let flaws = try await LedgerCheck(place: place).flaws(of: store, expecting: ledgers)
            await store.close()
            return flaws
        } catch {
            await store.close()
            throw error
        }
    }
}
