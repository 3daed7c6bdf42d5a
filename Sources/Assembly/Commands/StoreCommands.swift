import AttendanceCore
import FoundationEssentials
import SQLStorage

extension Command {
    /// Opens the store for a command of a tenant, and closes it behind it.
    static func withStore(
        _ invocation: Invocation, _ body: (_ store: SQLStore, _ operations: Operations, _ caller: Caller) async throws -> Int32
    ) async throws -> Int32 {
        let name = try invocation.tenantName
        let log = invocation.log
        defer { log.flush() }
        let place = StorePlace(configuration: invocation.configuration, ambient: invocation.ambient, log: log)
        try place.requireExisting()
        let lock = try place.enter()
        defer { withExtendedLifetime(lock) {} }
        let store = try place.open()
        do {
            let operations = place.operations(store)
            let tenant: Tenant
            do {
                tenant = try await operations.tenant(named: name)
            } catch AttendanceError.notFound {
                throw Failure("no tenant is called \(name): muster tenant create \(name)")
            }
            let code = try await body(store, operations, .commandLine(tenant: tenant.id))
            await store.close()
            return code
        } catch {
            await store.close()
            throw error
        }
    }

    private static func place(_ invocation: Invocation) -> StorePlace {
        StorePlace(configuration: invocation.configuration, ambient: invocation.ambient, log: invocation.log)
    }

    // MARK: migrate

    static let migrateUp = Command("migrate up", "Brings the store's schema up to date; makes the store where there is none.") {
        invocation in
        let migrated = try place(invocation).migrate()
        if let copy = migrated.copy { Terminal.print("copied the store to \(copy)") }
        Terminal.print(
            migrated.applied.isEmpty ? "nothing to do" : migrated.applied.map { "applied \($0)" }.joined(separator: "\n"))
        return 0
    }

    static let migrateDown = Command(
        "migrate down", "Undoes the last migration, or the last N. Refuses where rows would be lost.", operands: "[N]",
        operandCount: 0...1, options: Option.common + [Option("--lose-data", nil, "go on where rows are lost")]
    ) { invocation in
        guard let count = Int(invocation.operands.first ?? "1"), count > 0 else {
            throw Misuse("\"\(invocation.operands[0])\" is no number of migrations")
        }
        try place(invocation).requireExisting()
        let undone = try place(invocation).withMigrator { migrator in
            try migrator.down(count, losingData: invocation.has("--lose-data"))
        }
        Terminal.print(undone.isEmpty ? "nothing to do" : undone.map { "undid \($0)" }.joined(separator: "\n"))
        return 0
    }

    static let migrateStatus = Command("migrate status", "Lists the migrations and when each was applied.") { invocation in
        try place(invocation).requireExisting()
        let steps = try place(invocation).withMigrator { try $0.status() }
        Terminal.print(
            Terminal.table(["MIGRATION", "APPLIED"], steps.map { [$0.name, $0.appliedAt?.millisecondText ?? "no"] }))
        return 0
    }

    static let migrateHistory = Command("migrate history", "Lists everything that was done to the schema.") { invocation in
        try place(invocation).requireExisting()
        let events = try place(invocation).withMigrator { try $0.history() }
        Terminal.print(
            Terminal.table(["AT", "STEP", "MIGRATION"], events.map { [$0.at.millisecondText, $0.direction, $0.name] }))
        return 0
    }

    // MARK: key

    static let keyCreate = Command(
        "key create", "Makes a key and shows it once: it is kept nowhere.",
        options: [
            Option("--label", "TEXT", "what it is for, such as \"Main entrance\""),
            Option("--roles", "LIST", "upload, dashboard, admin, apart by commas; all where left out"),
            Option("--expires", "WHEN", "a number of days such as 90d, or a day such as 2027-07-31 (its end, UTC)"),
            Option.tenant,
        ] + Option.common
    ) { invocation in
        let label = try invocation.required("--label")
        let expires = try invocation.options["--expires"].map { try expiry($0, now: invocation.ambient.now()) }
        return try await withStore(invocation) { _, operations, caller in
            let roles = try invocation.options["--roles"].map { raw throws(AttendanceError) in try KeyRoles(parsing: raw) }
            let made = try await operations.createKey(label: label, roles: roles ?? .all, expiresAt: expires, as: caller)
            Terminal.print(made.text.text)
            Terminal.complain(
                """
                Key \(made.key.id) for "\(Terminal.harmless(label))" may \(made.key.roles.names)\
                \(made.key.expiresAt.map { " until " + $0.millisecondText } ?? "").
                It is not shown again. In a kiosk's settings it is CLOUD_API_KEY.
                """)
            return 0
        }
    }

    static func expiry(_ text: String, now: Instant) throws -> Instant {
        if text.hasSuffix("d"), let days = Int64(text.dropLast()), (1...36_500).contains(days) {
            return now.adding(seconds: days * 86_400)
        }
        let parts = text.split(separator: "-").compactMap { Int64($0) }
        if parts.count == 3, text.utf8.count == 10,
            let day = CivilDate.daysSince1970(year: parts[0], month: parts[1], day: parts[2])
        {
            let end = Instant(microseconds: (day + 1) * 86_400_000_000)
            if end > now { return end }
        }
        throw Misuse("--expires is \"\(text)\": days such as 90d, or a day to come such as 2027-07-31, were expected")
    }

    static let keyList = Command(
        "key list", "Lists the keys of a tenant; never their secrets.", options: [Option.tenant] + Option.common
    ) { invocation in
        try await withStore(invocation) { _, operations, caller in
            let now = invocation.ambient.now()
            let keys = try await operations.accessKeys(as: caller)
            Terminal.print(
                keys.isEmpty
                    ? "no keys; muster key create makes one"
                    : Terminal.table(
                        ["ID", "LABEL", "ROLES", "STATE", "CREATED", "EXPIRES", "LAST USE"],
                        keys.map { key in
                            [
                                key.id, Terminal.harmless(key.label), key.roles.names,
                                key.revokedAt != nil ? "revoked" : key.isLive(at: now) ? "live" : "expired",
                                key.createdAt.millisecondText, key.expiresAt?.millisecondText ?? "never",
                                key.lastUsedAt?.millisecondText ?? "never",
                            ]
                        }))
            return 0
        }
    }

    static let keyRevoke = Command(
        "key revoke", "Ends a key; the next request with it is refused.", operands: "ID", operandCount: 1...1,
        options: [Option.tenant] + Option.common
    ) { invocation in
        try await withStore(invocation) { _, operations, caller in
            do {
                try await operations.revokeKey(id: invocation.operands[0], as: caller)
            } catch AttendanceError.notFound {
                throw Failure("no live key has the id \(invocation.operands[0]); muster key list shows them")
            }
            Terminal.print("revoked \(invocation.operands[0])")
            return 0
        }
    }

    // MARK: tenant

    static let tenantCreate = Command(
        "tenant create", "Adds a tenant: an organisation with data of its own, served below /t/NAME.", operands: "NAME",
        operandCount: 1...1
    ) { invocation in
        let name: TenantName
        do {
            name = try TenantName(parsing: invocation.operands[0])
        } catch {
            throw Misuse("\"\(invocation.operands[0])\" is no name for a tenant: a-z, 0-9 and - were expected, at most 40")
        }
        return try await withStore(invocation) { _, operations, caller in
            do {
                _ = try await operations.createTenant(named: name, as: caller)
            } catch AttendanceError.taken {
                throw Failure("there is a tenant \(name) already")
            }
            Terminal.print(
                "created \(name); its clients use /t/\(name) in front of every path, with keys of its own:\n  muster key create --tenant \(name) --label …"
            )
            return 0
        }
    }

    static let tenantList = Command("tenant list", "Lists the tenants of the installation.") { invocation in
        try await withStore(invocation) { _, operations, _ in
            let tenants = try await operations.tenants()
            Terminal.print(
                Terminal.table(["NAME", "CREATED"], tenants.map { [$0.name.text, $0.createdAt.millisecondText] }))
            return 0
        }
    }

    // MARK: stations, audit

    static let stations = Command(
        "stations", "Shows what each station has sent and when it was last heard.", options: [Option.tenant] + Option.common
    ) { invocation in
        try await withStore(invocation) { store, _, caller in
            let (counters, heartbeats) = try await store.read(in: caller.tenant) { tx throws(AttendanceError) in
                (try tx.stationCounters().map { ($0.station, $0.counters) }, try tx.heartbeats())
            }
            let byName = Dictionary(uniqueKeysWithValues: counters)
            let heard = Dictionary(uniqueKeysWithValues: heartbeats.map { ($0.station, $0) })
            let names = Set(byName.keys).union(heard.keys).sorted()
            Terminal.print(
                names.isEmpty
                    ? "no station has sent anything yet"
                    : Terminal.table(
                        ["STATION", "SCANS", "DUPLICATES", "LAST UPLOAD", "LAST HEARTBEAT", "HOLDS"],
                        names.map { name in
                            [
                                Terminal.harmless(name.text), String(byName[name]?.scans ?? 0),
                                String(byName[name]?.duplicates ?? 0), byName[name]?.lastUploadAt.millisecondText ?? "never",
                                heard[name]?.receivedAt.millisecondText ?? "never",
                                heard[name].map { String($0.localScanCount) } ?? "",
                            ]
                        }))
            return 0
        }
    }

    static let audit = Command(
        "audit", "Shows who changed what, and what was refused, from whom and why; newest first.",
        options: [Option("--limit", "N", "how many lines of each; 50 where left out"), Option.tenant] + Option.common
    ) { invocation in
        guard let limit = Int(invocation.options["--limit"] ?? "50"), limit > 0 else {
            throw Misuse("--limit is \"\(invocation.options["--limit"] ?? "")\": a number above 0 was expected")
        }
        return try await withStore(invocation) { store, _, caller in
            let (entries, refusals) = try await store.read(in: caller.tenant) { tx throws(AttendanceError) in
                (try tx.auditEntries(limit: limit), try tx.refusals(limit: limit))
            }
            Terminal.print("CHANGES")
            Terminal.print(
                entries.isEmpty
                    ? "none"
                    : Terminal.table(
                        ["AT", "BY", "FROM", "WHAT", "ON", "DETAIL"],
                        entries.map { entry in
                            [
                                entry.at.millisecondText, entry.caller.text, entry.address ?? "", entry.act.rawValue,
                                Terminal.harmless(entry.subject.text), Terminal.harmless(entry.detail.text),
                            ]
                        }))
            Terminal.print("\nREFUSED")
            Terminal.print(
                refusals.isEmpty
                    ? "nothing"
                    : Terminal.table(
                        ["LAST", "TIMES", "REQUEST", "STATUS", "BY", "FROM", "STATION", "REASON"],
                        refusals.map { count in
                            [
                                count.lastAt.millisecondText, String(count.count), Terminal.harmless(count.refusal.request.text),
                                String(count.refusal.status), count.refusal.caller.text, count.refusal.address.text,
                                Terminal.harmless(count.refusal.station.text), Terminal.harmless(count.refusal.reason.text),
                            ]
                        }))
            return 0
        }
    }

    // MARK: verify, rebuild

    static let verify = Command(
        "verify", "Walks the ledger and checks that no entry was changed, added or removed since it was written.",
        options: [
            Option("--expect", "SEQUENCE:HASH", "also require this entry's hash, as an earlier verify printed it"),
            Option.tenant,
        ] + Option.common
    ) { invocation in
        let expected = try invocation.options["--expect"].map { text -> (Int64, String) in
            let parts = text.split(separator: ":")
            guard parts.count == 2, let sequence = Int64(parts[0]), parts[1].utf8.count == 64 else {
                throw Misuse("--expect is \"\(text)\": SEQUENCE:HASH was expected, as verify prints it")
            }
            return (sequence, parts[1].lowercased())
        }
        return try await withStore(invocation) { _, operations, caller in
            let result = try await operations.verifyLedger(
                of: try invocation.tenantName, as: caller, expecting: expected
            ) { checked, total in Terminal.progress("verifying", checked, of: total) }
            guard case .intact(let head) = result else {
                Terminal.print(result.words)
                return 1
            }
            Terminal.print("\(head.sequence) entries hold; the last is \(head.sequence):\(head.hash)")
            return 0
        }
    }

    static let rebuild = Command(
        "rebuild", "Computes all projections anew from the ledger. Scans are refused with 503 meanwhile.",
        options: [Option.tenant] + Option.common
    ) { invocation in
        try await withStore(invocation) { store, operations, caller in
            let folded = try await store.rebuild(caller.tenant) { folded, total in
                Terminal.progress("rebuilding", folded, of: total)
            }
            try await operations.noteRebuild(of: folded, as: caller)
            Terminal.print("folded \(folded) entries")
            return 0
        }
    }

    // MARK: config

    static let config = Command(
        "config", "Shows the settings in force and where each comes from; secrets are masked.",
        options: [Option("--listen", "ADDRESS:PORT", "as for serve")] + Option.common
    ) { invocation in
        Terminal.print(
            Terminal.table(
                ["SETTING", "VALUE", "FROM", "MEANING"],
                invocation.configuration.values.map { setting in
                    [
                        setting.name.rawValue, setting.value.map { Terminal.harmless(setting.name.shown($0)) } ?? "",
                        setting.origin.rawValue,
                        setting.name.meaning,
                    ]
                }))
        return 0
    }
}

extension VerifyResult {
    /// What became of a walk, as people are told.
    var words: String {
        switch self {
        case .intact(let head): "\(head.sequence) entries hold"
        case .broken(let sequence, let flaw): "entry \(sequence) is bad: \(flaw)"
        case .headDiffers(let last, let head):
            "the ledger ends at entry \(last) and its head says \(head): entries are missing or were added"
        case .headHashDiffers(let sequence):
            "all \(sequence) entries hold, and the head has another hash than the last of them"
        case .expectationFailed(let sequence):
            "entry \(sequence) has not the expected hash: the ledger is not the one verified before"
        }
    }
}
