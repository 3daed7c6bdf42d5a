import AttendanceCore
import Glibc
import PostgresEngine
import SQLStorage
import StrictJSON

extension Command {
    private static let json = Option("--json", nil, "one JSON object instead of sentences")

    private static func place(_ invocation: Invocation) -> StorePlace {
        StorePlace(configuration: invocation.configuration, ambient: invocation.ambient, log: invocation.log)
    }

    // MARK: backup

    static let backup = Command(
        "backup", "Writes the store to a file as it is now, also while a server serves it, and checks the copy.",
        operands: "PATH", operandCount: 1...1, options: [json] + Option.common
    ) { invocation in
        let place = place(invocation)
        defer { place.log.flush() }
        try place.requireExisting()
        let lock = try place.enter()
        defer { withExtendedLifetime(lock) {} }
        let interruption = Interruption()
        let target = try target(invocation)
        let staging = try Staging(for: target)
        interruption.undo { staging.discard() }
        do {
            let manifest: Manifest
            switch invocation.configuration.database {
            case .sqlite(let file):
                manifest = try await SQLiteBackup(place: place, file: file).make(in: staging)
            case .postgres(let url):
                let tools = PostgresTools(environment: invocation.environment, interruption: interruption)
                manifest = try await PostgresBackup(place: place, url: url, tools: tools).make(in: staging)
            }
            let digest = try Files.digest(staging.files.path)
            try staging.files.describe(manifest, digest: digest)
            try interruption.finish { try staging.publish() }
            if invocation.has("--json") {
                print { line in
                    line.member("path", target.path)
                    line.member("digest", digest)
                    describe(manifest, &line)
                }
            } else {
                Terminal.print("\(target.path)\n\(words(manifest, isWalked: true))\n  sha256 \(digest)")
            }
            return 0
        } catch {
            staging.discard()
            throw error
        }
    }

    /// Where the backup goes: the path itself, or a name with the moment in it where the path is a folder.
    private static func target(_ invocation: Invocation) throws -> BackupFiles {
        var path = invocation.operands[0]
        // sha256sum escapes such names, and then no longer finds them.
        guard !path.isEmpty, !path.contains(where: { $0.isNewline || $0 == "\\" }) else {
            throw Misuse("PATH is empty, or holds a backslash or a line's end")
        }
        if Files.isDirectory(path) {
            while path.hasSuffix("/"), path.utf8.count > 1 { path.removeLast() }
            let engine: Manifest.Engine = if case .sqlite = invocation.configuration.database { .sqlite } else { .postgresql }
            let name = "muster-\(BackupFiles.moment(invocation.ambient.now())).\(engine.suffix)"
            return BackupFiles(path: path == "/" ? "/\(name)" : "\(path)/\(name)")
        }
        guard !path.hasSuffix("/"), Files.isDirectory(Files.folder(of: path)) else {
            throw Failure("there is no folder \(path.hasSuffix("/") ? path : Files.folder(of: path))")
        }
        return BackupFiles(path: path)
    }

    static let backupVerify = Command(
        "backup verify", "Checks a backup: its digests, that it can be read, its ledgers. Needs no store and no server.",
        operands: "PATH", operandCount: 1...1, options: [json] + Option.common
    ) { invocation in
        let files = BackupFiles(path: invocation.operands[0])
        var manifest: Manifest?
        var found: (flaws: [String], isWalked: Bool)
        do {
            let unchanged = try files.requireUnchanged().manifest
            manifest = unchanged
            found = try await check(files, unchanged, invocation)
        } catch let failure as Failure {
            found = ([failure.description], false)
        }
        let flaws = found.flaws
        if invocation.has("--json") {
            print { line in
                line.member("path", files.path)
                line.member("sound", flaws.isEmpty)
                line.member("flaws", flaws)
                line.member("chains_walked", found.isWalked)
                if let manifest { describe(manifest, &line) }
            }
        } else if flaws.isEmpty, let manifest {
            Terminal.print("\(files.path) is sound\n\(words(manifest, isWalked: found.isWalked))")
        }
        guard flaws.isEmpty else {
            for flaw in flaws { Terminal.complain("muster: \(flaw)") }
            return 1
        }
        return 0
    }

    /// What is wrong with a backup whose digests hold, and whether its chains could be walked here. An archive of PostgreSQL
    /// and a store of an older schema are as they were written, and were walked then.
    private static func check(
        _ files: BackupFiles, _ manifest: Manifest, _ invocation: Invocation, _ interruption: Interruption? = nil
    ) async throws -> (flaws: [String], isWalked: Bool) {
        let found: (flaws: [String], isWalked: Bool)
        switch manifest.engine {
        case .sqlite: found = try await SQLiteBackup.check(files, manifest, place: place(invocation))
        case .postgresql:
            let tools = PostgresTools(environment: invocation.environment, interruption: interruption)
            found = (try tools.flaws(ofArchive: files.path), false)
        }
        return (found.flaws.map { "\(files.path): \($0)" }, found.isWalked)
    }

    // MARK: restore

    static let restore = Command(
        "restore", "Puts a backup in the store's place, after checking it and setting the present store aside.",
        operands: "PATH", operandCount: 1...1,
        options: [
            Option("--dry-run", nil, "only say what would change; may run beside a server"),
            Option("--yes", nil, "do not ask"), json,
        ] + Option.common
    ) { invocation in
        let place = place(invocation)
        defer { place.log.flush() }
        let interruption = Interruption()
        let restoring = Restoring(
            invocation: invocation, place: place, files: BackupFiles(path: invocation.operands[0]), interruption: interruption)
        let done: Restoring.Outcome
        switch invocation.configuration.database {
        case .sqlite(let file): done = try await restoring.run(on: SQLiteRestore(place: place, file: file))
        case .postgres(let url):
            let tools = PostgresTools(environment: invocation.environment, interruption: interruption)
            done = try await restoring.run(on: PostgresRestore(place: place, url: url, tools: tools))
        }
        if invocation.has("--json") {
            print { line in
                line.member("path", restoring.files.path)
                line.member("store", place.description)
                line.member("restored", done.isRestored)
                line.member("safety_copy", done.safety)
                line.member("tenants") { done.plan.write(to: &$0) }
            }
        } else {
            Terminal.print(done.words)
        }
        return 0
    }

    /// The steps of a restore, which both engines share.
    private struct Restoring {
        let invocation: Invocation
        let place: StorePlace
        let files: BackupFiles
        let interruption: Interruption

        struct Outcome {
            let plan: RestorePlan
            var isRestored = false
            var safety: String?
            var words: String
        }

        var isDryRun: Bool { invocation.has("--dry-run") }

        func run(on restore: SQLiteRestore) async throws -> Outcome {
            if !isDryRun { try place.makeDirectory() }
            let lock = try isDryRun ? nil : alone(restore.file)
            defer { withExtendedLifetime(lock) {} }
            let (manifest, digest) = try await sound(.sqlite)
            let plan = try restore.plan(files, manifest)
            guard try goesOn(plan) else { return Outcome(plan: plan, words: "Nothing was changed.") }
            guard let lock else { return Outcome(plan: plan, words: "") }
            let former = try await restore.run(files, digest: digest, lock: lock, interruption: interruption)
            var words = "Restored \(place.description) from \(files.path)." + (await noted(plan, manifest))
            if let former {
                words += "\nThe store as it was: \(former.safety)"
                words +=
                    former.flaws.isEmpty
                    ? "\nTo go back to it: \(invocation.program) restore \(Terminal.shellWord(former.safety))"
                    : "\nIt was damaged before: \(former.flaws.joined(separator: "; "))"
            }
            return Outcome(plan: plan, isRestored: true, safety: former?.safety, words: words)
        }

        private func alone(_ file: String) throws -> StoreLock {
            guard !Files.isLink(file) else {
                throw Failure("\(file) is a link: name the folder in which the store itself lies")
            }
            guard let lock = try StoreLock(.alone, store: file) else {
                throw Failure("\(file) is in use: stop muster serve, and whatever else works on it, then restore")
            }
            return lock
        }

        func run(on restore: PostgresRestore) async throws -> Outcome {
            let engine = try PostgresEngine(url: restore.url)
            let connection = try engine.open(.writing)
            defer { connection.close() }
            if !isDryRun, try !connection.claimStore() {
                let users = try connection.users().joined(separator: ", ")
                throw Failure("the store is in use by \(users): stop muster serve, and whatever else works on it, then restore")
            }
            let (manifest, _) = try await sound(.postgresql)
            let plan = try restore.plan(connection, files, manifest)
            guard try goesOn(plan) else { return Outcome(plan: plan, words: "Nothing was changed.") }
            let aside = try restore.run(files, over: connection)
            connection.close()
            var words = "Restored \(place.description) from \(files.path)."
            if let aside {
                words += """
                    \nThe store as it was: schema \(aside)
                    To go back to it, with the server stopped: psql -c \(Terminal.shellWord(engine.undoing(aside)))
                    """
            }
            let flaws = try await restore.flaws(manifest)
            guard flaws.isEmpty else {
                throw Failure("what was restored is not what was backed up: \(flaws.joined(separator: "; ")).\n\(words)")
            }
            words += await noted(plan, manifest)
            return Outcome(plan: plan, isRestored: true, safety: aside, words: words)
        }

        /// The backup's manifest and digest, where it is sound and of the store's engine.
        private func sound(_ engine: Manifest.Engine) async throws -> (manifest: Manifest, digest: String) {
            let (manifest, digest) = try files.requireUnchanged()
            guard manifest.engine == engine else {
                throw Failure(
                    "\(files.path) is a backup of \(manifest.engine.rawValue), and the store is on \(engine.rawValue)")
            }
            let flaws = try await Command.check(files, manifest, invocation, interruption).flaws
            guard flaws.isEmpty else { throw Failure(flaws.joined(separator: "; ")) }
            return (manifest, digest)
        }

        /// Leaves a line in the restored store's own record of changes.
        /// - Returns: Words where that could not be done: what is restored is restored all the same.
        private func noted(_ plan: RestorePlan, _ manifest: Manifest) async -> String {
            do {
                let store = try place.open()
                let operations = place.operations(store)
                do {
                    for tenant in try await operations.tenants() {
                        guard let line = plan.lines.first(where: { $0.tenant == tenant.name.text }) else { continue }
                        try await operations.noteRestore(
                            of: manifest.begunAt, losing: line.lost, as: .commandLine(tenant: tenant.id))
                    }
                } catch {
                    await store.close()
                    throw error
                }
                await store.close()
                return ""
            } catch is MigrationError {
                return "\nIts schema is older than this program's; the next muster serve brings it up to date."
            } catch {
                return "\nThat could not be noted in the store itself: muster doctor looks what it lacks."
            }
        }

        /// Says what would change and asks, unless that was answered on the command line.
        private func goesOn(_ plan: RestorePlan) throws -> Bool {
            if !invocation.has("--json") {
                Terminal.print("\(files.path) is sound\nInto \(place.description):\n\n\(plan.text)\n")
            }
            if isDryRun { return false }
            if invocation.has("--yes") { return true }
            guard isatty(0) == 1, !invocation.has("--json") else {
                throw Misuse("nothing was changed: add --yes to restore without being asked")
            }
            Terminal.write(Array("Type yes to restore: ".utf8), to: 1)
            return readLine() == "yes"
        }
    }

    // MARK: Words

    private static func words(_ manifest: Manifest, isWalked: Bool) -> String {
        let heads = manifest.ledgers.map { "  \($0.tenant): \($0.sequence) entries, \($0.sequence):\($0.hash)" }
        let chain = isWalked ? "" : "; the chains were walked when it was made"
        return "  begun \(manifest.begunAt), \(manifest.bytes) bytes, \(manifest.engine.rawValue)\(chain)\n"
            + heads.joined(separator: "\n")
    }

    private static func describe(_ manifest: Manifest, _ line: inout JSONWriter) {
        line.member("engine", manifest.engine.rawValue)
        line.member("begun_at", manifest.begunAt)
        line.member("bytes", manifest.bytes)
        line.member("tenants") { manifest.writeLedgers(to: &$0) }
    }

    private static func print(_ members: (inout JSONWriter) -> Void) {
        Terminal.print(String(decoding: JSONWriter.object(members), as: UTF8.self))
    }
}
