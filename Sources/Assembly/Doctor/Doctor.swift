import AttendanceCore
import SQLStorage
import Synchronization

/// Looks at everything that could be wrong with an installation, and changes nothing.
///
/// Works beside a running server, and also where the store is out of reach: that is then one finding, and the rest is
/// looked at all the same.
struct Doctor: Sendable {
    /// How many entries of each ledger are walked unless all are asked for.
    static let entriesWalked: Int64 = 10_000
    /// How many entries are looked through for badges that are nobody's.
    static let entriesLookedThrough: Int64 = 100_000
    static let refusalsMax = 1_000

    let configuration: Configuration
    let ambient: Ambient
    /// Walk the ledgers from their first entry, and look through all entries for unknown badges.
    let isFull: Bool

    /// What an engine reported last, for the finding that it spoils.
    private final class Report: Sendable {
        private let message = Mutex<String?>(nil)

        func note(_ error: SQLError) -> Incident {
            message.withLock { $0 = error.message }
            return Incident(text: "")
        }

        func take() -> String {
            message.withLock { message in
                defer { message = nil }
                return message ?? "the store gave no reason"
            }
        }
    }

    func examine() async -> Diagnosis {
        var findings = await storeFindings()
        if case .sqlite(let file) = configuration.database {
            let folder = DataFolder(file: file)
            findings += [folder.disk(), folder.filesystem()] + (folder.isMade ? [folder.files()] : [])
        }
        let addresses = configuration.sharedAddresses + configuration.trackAttendanceAddresses
        findings += addresses.map { ListenerProbe(address: $0).finding }
        if !findings.contains(where: { $0.check == .zone }) {
            // A store that cannot be asked, or is not there, has no zone either.
            findings.append(Finding(.zone, .note, "no time zone is set: Time Tracker's days are those of America/Chicago"))
        }
        let order = Dictionary(uniqueKeysWithValues: Check.allCases.enumerated().map { ($0.element, $0.offset) })
        // Stable, so that tenants stay in their order.
        let sorted = findings.enumerated().sorted { left, right in
            (order[left.element.check] ?? 0, left.offset) < (order[right.element.check] ?? 0, right.offset)
        }
        return Diagnosis(at: ambient.now().millisecondText, findings: sorted.map(\.element))
    }

    // MARK: The store

    private func storeFindings() async -> [Finding] {
        let place = StorePlace(configuration: configuration, ambient: ambient, log: Log(level: .off, now: ambient.now))
        do {
            try place.requireExisting()
            let engine = try place.engine
            let connection = try engine.connect(.inspecting)
            defer { connection.close() }
            let bytes = try connection.bytesUsed()
            var findings = [Finding(.store, .ok, "\(place.description), \(readableBytes(bytes))")]
            let schema = schema(connection)
            findings.append(schema)
            findings += engineFindings(connection)
            if schema.level == .ok { findings += await tenantFindings(engine) }
            return findings
        } catch let error as SQLError {
            return [unreachable("\(place.description) cannot be read: \(error.message)")]
        } catch {
            let advice = "if there was one, see where it has gone before anything else; --data names another folder"
            return [Finding(.store, .trouble, "\(error)", advice: advice)]
        }
    }

    private func unreachable(_ text: String) -> Finding {
        Finding(
            .store, .trouble, text,
            advice: "see that the database runs and DATABASE_URL, MUSTER_DATA and the user are right (muster config shows them)")
    }

    private func schema(_ connection: any SQLConnection) -> Finding {
        do {
            let pending = try Migrator(connection: connection, now: ambient.now, sha256: ambient.sha256).pending()
            return StoreChecks.schema(pending.count == 0 ? nil : .schemaIsOlder(by: pending.count))
        } catch let error as MigrationError {
            return StoreChecks.schema(error)
        } catch {
            return spoiled(.schema, "\((error as? SQLError)?.message ?? "\(error)")")
        }
    }

    private func engineFindings(_ connection: any SQLConnection) -> [Finding] {
        var findings: [Finding] = []
        func look(_ check: Check, _ body: () throws(SQLError) -> [Finding]) {
            do throws(SQLError) { findings += try body() } catch { findings.append(spoiled(check, error.message)) }
        }
        look(.connections) { () throws(SQLError) in
            let before = ambient.now()
            guard let server = try connection.server() else { return [] }
            return [
                StoreChecks.connections(server),
                StoreChecks.clock(server: server.clockMicroseconds, before: before, after: ambient.now()),
                Finding(.disk, .ok, "PostgreSQL keeps the data; its disks cannot be seen from here"),
            ]
        }
        look(.durability) { () throws(SQLError) in [StoreChecks.durability(try connection.durability())] }
        look(.integrity) { () throws(SQLError) in
            [StoreChecks.integrity(try connection.damage(reportsMax: 5), try connection.server())]
        }
        return findings
    }

    // MARK: Tenants

    private func tenantFindings(_ engine: any SQLEngine) async -> [Finding] {
        let report = Report()
        do {
            guard let store = try SQLStore.openForInspection(engine, ambient: ambient, report: report.note) else { return [] }
            let operations = Operations(store: store, ambient: ambient, sealer: store.sealer, zones: .system())
            var findings: [Finding] = []
            do throws(AttendanceError) {
                for tenant in try await operations.tenants() { findings += await self.findings(of: tenant, operations, report) }
            } catch {
                findings.append(spoiled(.store, report.take()))
            }
            await store.close()
            return findings
        } catch {
            return [spoiled(.store, (error as? SQLError)?.message ?? "\(error)")]
        }
    }

    private func findings(of tenant: Tenant, _ operations: Operations, _ report: Report) async -> [Finding] {
        let caller = Caller.commandLine(tenant: tenant.id)
        let name = tenant.name.text
        let now = ambient.now()
        var findings: [Finding] = []
        func look(_ check: Check, _ body: () async throws(AttendanceError) -> [Finding]) async {
            do throws(AttendanceError) {
                findings += try await body()
            } catch {
                findings.append(spoiled(check, report.take(), tenant: name))
            }
        }
        await look(.chain) { () async throws(AttendanceError) in
            let recent = try await operations.verifyNewestEntries(isFull ? .max : Self.entriesWalked, of: tenant.name, as: caller) {
                Terminal.progress("walking \(name)", $0, of: $1)
            }
            return [
                TenantChecks.chain(recent, tenant: name),
                StoreChecks.clock(newest: recent.newestReceivedAt, stepsBack: recent.stepsBack, now: now, tenant: name),
            ]
        }
        await look(.keys) { () async throws(AttendanceError) in
            [TenantChecks.keys(try await operations.accessKeys(as: caller), now: now, tenant: name)]
        }
        await look(.zone) { () async throws(AttendanceError) in
            let zone = try await operations.rules(of: .timeTracker, in: tenant.id).settings[.zone]?.value
            let words = zone.map { "Time Tracker's days are those of \($0)" }
            return [
                Finding(
                    .zone, zone == nil ? .note : .ok, tenant: name,
                    words ?? "no time zone is set: Time Tracker's days are those of America/Chicago",
                    advice: zone == nil ? "muster rule set zone Area/City" : nil)
            ]
        }
        await look(.stations) { () async throws(AttendanceError) in
            var silent: [SilentStation] = []
            var count = 0
            for source in EntrySource.allCases {
                let more = try await operations.silentStations(of: source, as: caller)
                silent += more.silent
                count += more.of
            }
            return [TenantChecks.stations(silent, of: count, tenant: name)]
        }
        await look(.badges) { () async throws(AttendanceError) in
            let summary = try await operations.unmatchedIdentifiers(
                amongNewest: isFull ? nil : Self.entriesLookedThrough, namedMax: TenantChecks.namedMax, as: caller)
            return [TenantChecks.badges(summary, tenant: name)]
        }
        await look(.refusals) { () async throws(AttendanceError) in
            let refusals = try await operations.store.read(in: tenant.id) { tx throws(AttendanceError) in
                try tx.refusals(limit: Self.refusalsMax)
            }
            return [TenantChecks.refusals(refusals, now: now, tenant: name)]
        }
        return findings
    }

    /// A look that could not be taken is trouble of its own.
    private func spoiled(_ check: Check, _ reason: String, tenant: String? = nil) -> Finding {
        Finding(
            check, .trouble, tenant: tenant, "cannot be looked at: \(reason)",
            advice: "see what the other lines say; damaged data is what backups are for")
    }
}
