import AttendanceCore
import Glibc
import SQLStorage
import SQLiteEngine

/// Makes and checks backups of the embedded store.
struct SQLiteBackup {
    let place: StorePlace
    /// The store's file.
    let file: String

    /// Copies the store into the staging folder as it is at one moment, beside whoever reads and writes it, and checks the
    /// copy.
    func make(in staging: Staging) async throws -> Manifest {
        let begunAt = place.ambient.now().millisecondText
        try requireSpace(in: Files.folder(of: staging.target.path))
        let copy = staging.files.path
        do {
            try SQLiteEngine(file: file).backup(to: copy)
        } catch {
            throw Failure("the store could not be copied: \(error.message)")
        }
        let found = try await SQLiteArchive(place: place, file: copy).inspect()
        guard found.migrationsLacking == 0 else { throw MigrationError.schemaIsOlder(by: found.migrationsLacking) }
        guard found.flaws.isEmpty else {
            throw Failure("the store is damaged, and no backup was made of it: \(found.flaws.joined(separator: "; "))")
        }
        return Manifest(
            engine: .sqlite, begunAt: begunAt, schema: found.schema, server: nil, bytes: try Files.size(copy),
            ledgers: found.ledgers)
    }

    /// Looked at before the first byte: a volume that a backup has filled up is the server's too, often enough.
    private func requireSpace(in folder: String) throws {
        // Pages of the log may be new ones.
        let log = Files.exists(file + "-wal") ? try Files.size(file + "-wal") : 0
        let needed = try Files.size(file) + log
        guard let free = Files.freeBytes(in: folder), free < needed else { return }
        throw Failure("a backup takes up to \(needed) bytes, and \(folder) has \(free) left")
    }

    /// What is wrong with a backup whose digests hold, and whether its chains could be walked.
    static func check(
        _ files: BackupFiles, _ manifest: Manifest, place: StorePlace
    ) async throws -> (flaws: [String], isWalked: Bool) {
        let found = try await SQLiteArchive(place: place, file: files.path).inspect()
        guard found.flaws.isEmpty, found.ledgers.map({ Manifest.Ledger($0) }) != manifest.ledgers else {
            return (found.flaws, found.migrationsLacking == 0)
        }
        return (["its ledgers do not end where \(files.manifestPath) says"], true)
    }
}

/// Puts a backup into the place of the embedded store.
struct SQLiteRestore {
    let place: StorePlace
    let file: String

    private var staged: String { file + ".restoring" }

    static let safetySuffix = ".before-restore-"

    /// What stands at the store's place now.
    ///
    /// Looking at it copies a log that a killed server has left into the file, as every opening does.
    func present() -> RestorePlan.Present {
        guard Files.exists(file) else { return .absent }
        do throws(SQLError) {
            let connection = try SQLiteEngine(file: file).open(.reading)
            defer { connection.close() }
            return .ledgers(try StoreSurvey(connection: connection).ledgers())
        } catch {
            return .unreadable(error.message)
        }
    }

    /// Compares the ledgers of a backup with those of the store, entry by entry where that is needed.
    func plan(_ files: BackupFiles, _ manifest: Manifest) throws -> RestorePlan {
        let present = present()
        guard case .ledgers = present else {
            return try RestorePlan(manifest, present, backup: { _, _ in nil }, own: { _, _ in nil })
        }
        let mine = try SQLiteEngine(file: file).open(.reading)
        defer { mine.close() }
        let theirs = try SQLiteEngine.archive(file: files.path).open(.reading)
        defer { theirs.close() }
        let tenants = Dictionary(
            uniqueKeysWithValues: try StoreSurvey(connection: theirs).ledgers().map { ($0.tenant.name, $0.tenant.id) })
        return try RestorePlan(manifest, present) { tenant, sequence throws(SQLError) in
            guard let number = tenants[tenant.name] else { return nil }
            return try StoreSurvey(connection: theirs).hash(ofEntry: sequence, in: number)
        } own: { tenant, sequence throws(SQLError) in
            try StoreSurvey(connection: mine).hash(ofEntry: sequence, in: tenant.id)
        }
    }

    /// Swaps the store for the backup.
    ///
    /// Whenever this stops, the store's name stands for one whole store, the former or the restored: the copy is made and
    /// synced beside it, the former gets a second name, and one rename makes the swap. Its log is empty by then, or no file
    /// of the former could be mistaken for a part of the restored one.
    /// - Parameters:
    ///   - digest: The backup's, as it was verified: what is put in its place is compared with it once more.
    ///   - lock: Held alone.
    /// - Returns: Where the former store is now, and what is wrong with it; nil where there was none.
    func run(
        _ files: BackupFiles, digest: String, lock: StoreLock, interruption: Interruption
    ) async throws -> (safety: String, flaws: [String])? {
        defer { withExtendedLifetime(lock) {} }
        let staged = staged
        try Self.removeSecondNames(of: file)
        _ = unsafe unlink(staged)
        interruption.undo { _ = unsafe unlink(staged) }
        do {
            guard try Files.copy(files.path, to: staged) == digest else {
                throw Failure("\(files.path) changed while it was read")
            }
            let hasFormer = Files.exists(file)
            try Files.give(staged, toOwnerOf: hasFormer ? file : Files.folder(of: file))
            guard hasFormer else {
                try removeLog()
                try interruption.finish { try swap() }
                return nil
            }
            let safety = BackupFiles(path: file + Self.safetySuffix + BackupFiles.moment(place.ambient.now()))
            let former = try await settled()
            try interruption.finish {
                try keep(safety, isSettled: former != nil)
                try swap()
            }
            guard let former else {
                return (safety.path, ["it cannot be read; its log, if there was one, lies beside it as \(safety.path)-wal"])
            }
            if former.flaws.isEmpty {
                let manifest = Manifest(
                    engine: .sqlite, begunAt: place.ambient.now().millisecondText, schema: former.schema, server: nil,
                    bytes: try Files.size(safety.path), ledgers: former.ledgers)
                try safety.describe(manifest, digest: try Files.digest(safety.path))
                for beside in [safety.manifestPath, safety.digestPath] { try Files.give(beside, toOwnerOf: safety.path) }
            }
            return (safety.path, former.flaws)
        } catch {
            _ = unsafe unlink(staged)
            throw error
        }
    }

    /// The former store with nothing in its log any more, looked through; nil where it is too damaged to be opened.
    private func settled() async throws -> SQLiteArchive.Finding? {
        do {
            try SQLiteEngine(file: file).settle()
        } catch {
            guard error.kind == .corrupt else { throw Failure("the present store cannot be set aside: \(error.message)") }
            return nil
        }
        do {
            return try await SQLiteArchive(place: place, file: file).inspect()
        } catch let error as MigrationError {
            // A newer program's store is kept like any other.
            return SQLiteArchive.Finding(flaws: ["it was not looked through: \(error)"])
        }
    }

    /// Gives the former store its second name, with its log where that could not be emptied.
    private func keep(_ safety: BackupFiles, isSettled: Bool) throws {
        try alias(file, as: safety.path)
        if !isSettled, Files.exists(file + "-wal") { try alias(file + "-wal", as: safety.path + "-wal") }
        try Files.keepNames(in: Files.folder(of: file))
        try removeLog()
    }

    /// Where the file system knows no second names, a copy is made.
    private func alias(_ source: String, as name: String) throws {
        if unsafe link(source, name) == 0 { return }
        guard [EPERM, EOPNOTSUPP, ENOSYS, EMLINK].contains(errno) else { throw Files.trouble(name) }
        _ = try Files.copy(source, to: name)
        try Files.give(name, toOwnerOf: source)
    }

    /// A log that stands beside the restored file would be taken for its own.
    private func removeLog() throws {
        for suffix in ["-wal", "-shm", "-journal"] where Files.exists(file + suffix) {
            guard unsafe unlink(file + suffix) == 0 else { throw Files.trouble(file + suffix) }
        }
        try Files.keepNames(in: Files.folder(of: file))
    }

    private func swap() throws {
        try Files.rename(staged, to: file)
        try Files.keepNames(in: Files.folder(of: file))
    }

    /// Takes back the second name that a restore gave the store and that was killed before the swap: it stands for the file
    /// that is still in use, and would change with it.
    static func removeSecondNames(of file: String) throws {
        var status = stat()
        guard unsafe stat(file, &status) == 0, status.st_nlink > 1 else { return }
        let folder = Files.folder(of: file)
        let prefix = Files.name(of: file) + safetySuffix
        for name in try Files.names(in: folder) where name.hasPrefix(prefix) {
            var other = stat()
            guard unsafe lstat(folder + "/" + name, &other) == 0, other.st_ino == status.st_ino, other.st_dev == status.st_dev
            else { continue }
            _ = unsafe unlink(folder + "/" + name)
        }
    }
}
