import AttendanceCore
import SQLStorage
import SQLiteEngine

/// Walks the ledgers of a store, each from its first entry to its last.
struct LedgerCheck {
    let place: StorePlace

    /// What is wrong with the ledgers of a store; nothing where all hold.
    /// - Parameter expected: Heads that the ledgers must have passed through.
    func flaws(of store: SQLStore, expecting expected: [StoreSurvey.Ledger]) async throws -> [String] {
        let operations = place.operations(store)
        var flaws: [String] = []
        for ledger in expected {
            let tenant = ledger.tenant
            let result = try await operations.verifyLedger(
                of: tenant.name, as: .commandLine(tenant: tenant.id),
                expecting: (ledger.head.sequence, "\(ledger.head.hash)")
            ) { Terminal.progress("verifying \(tenant.name)", $0, of: $1) }
            if case .intact = result { continue }
            flaws.append("tenant \(tenant.name): \(result.words)")
        }
        return flaws
    }
}

/// A whole SQLite store in a file that nobody writes: a backup, or a store that is locked and settled.
struct SQLiteArchive {
    let place: StorePlace
    let file: String

    /// What was found in it.
    struct Finding {
        var flaws: [String]
        var ledgers: [StoreSurvey.Ledger] = []
        /// The last migration of its schema.
        var schema = ""
        /// How many migrations it lacks. The chain of such a store is not walked: this program reads its own schema only.
        var migrationsLacking = 0
    }

    /// Reads all of it: pages, rows, indexes, and the chain of every tenant.
    func inspect() async throws -> Finding {
        var found = Finding(flaws: [])
        do {
            let connection = try SQLiteEngine.archive(file: file).open(.reading)
            defer { connection.close() }
            found.flaws = try connection.flaws()
            guard found.flaws.isEmpty else { return found }
            let survey = StoreSurvey(connection: connection)
            found.ledgers = try survey.ledgers()
            (found.migrationsLacking, found.schema) = try survey.schema(now: place.ambient.now, sha256: place.ambient.sha256)
        } catch let error as SQLError where error.kind == .corrupt {
            return Finding(flaws: [error.message])
        }
        guard found.migrationsLacking == 0 else { return found }
        let store = try place.openForReading(SQLiteEngine.archive(file: file))
        do {
            found.flaws = try await LedgerCheck(place: place).flaws(of: store, expecting: found.ledgers)
            await store.close()
        } catch {
            await store.close()
            throw error
        }
        return found
    }
}
