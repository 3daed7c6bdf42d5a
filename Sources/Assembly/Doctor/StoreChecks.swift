import AttendanceCore
import SQLStorage

/// What an engine says of itself, judged. Each takes what was read and looks at nothing.
enum StoreChecks {
    // MARK: Schema

    static func schema(_ error: MigrationError?) -> Finding {
        guard let error else { return Finding(.schema, .ok, "the schema is this program's") }
        let advice =
            switch error {
            case .schemaIsOlder: "muster migrate up, or start the server, which does it"
            case .schemaIsNewer: "run the program that has brought the schema further, or migrate down with that one"
            case .digestDiffers: "run the program that has made the schema; no released migration is ever changed"
            case .occupied: "give Muster a database of its own"
            case .wouldLoseRows: "keep the schema as it is"
            }
        return Finding(.schema, .trouble, error.description, advice: advice)
    }

    // MARK: Clock

    static let offsetNoted: Int64 = 1_000_000
    static let offsetTrouble: Int64 = 5_000_000

    /// - Parameters:
    ///   - before: This machine's clock when the server was asked for its own.
    ///   - after: And when it had answered.
    static func clock(server: Int64, before: Instant, after: Instant) -> Finding {
        // The server looked at its clock at some moment between the two.
        let offset =
            server < before.microseconds
            ? server - before.microseconds : server > after.microseconds ? server - after.microseconds : 0
        let words = "\(Figure.microseconds(Int(abs(offset))).text) s \(offset < 0 ? "behind" : "ahead of") this machine's"
        if abs(offset) >= offsetTrouble {
            return Finding(
                .clock, .trouble, "PostgreSQL's clock is \(words)",
                advice: "let both machines follow one time server (chrony, systemd-timesyncd)")
        }
        if abs(offset) >= offsetNoted { return Finding(.clock, .note, "PostgreSQL's clock is \(words)") }
        return Finding(.clock, .ok, "this machine and PostgreSQL agree within a second")
    }

    /// - Parameter newest: When the newest entry was received.
    static func clock(newest: Instant?, stepsBack: Int, now: Instant, tenant: String) -> Finding {
        if let newest, newest.microseconds - now.microseconds >= offsetTrouble {
            return Finding(
                .clock, .trouble, tenant: tenant,
                "the newest entry was received at \(newest.millisecondText), which is still to come",
                advice: "set this machine's clock: either it is behind now, or it was ahead when that entry came")
        }
        guard stepsBack == 0 else {
            return Finding(
                .clock, .note, tenant: tenant,
                "the clock went back \(stepsBack) time(s) among the newest entries: several machines, or one that was set")
        }
        return Finding(.clock, .ok, tenant: tenant, "entries were received one after another")
    }

    // MARK: Durability, connections, damage

    static func durability(_ settings: [(name: String, value: String)]) -> Finding {
        let shown = settings.map { "\($0.name) \($0.value)" }.joined(separator: ", ")
        let bad = settings.filter { setting in
            switch setting.name {
            case "journal_mode": setting.value != "wal"
            // 2 is FULL, 3 EXTRA.
            case "synchronous": !["2", "3"].contains(setting.value)
            case "foreign_keys": setting.value != "1"
            case "fsync", "full_page_writes": setting.value != "on"
            case "synchronous_commit": setting.value == "off"
            default: false
            }
        }
        guard let first = bad.first else { return Finding(.durability, .ok, shown) }
        let isServers = ["fsync", "full_page_writes", "synchronous_commit"].contains(first.name)
        return Finding(
            .durability, .trouble, shown,
            advice: isServers
                ? "set \(first.name) = on in postgresql.conf: what clients were told is stored can be lost"
                : "start the server once, which sets \(first.name): what clients were told is stored can be lost")
    }

    static func connections(_ server: ServerCondition) -> Finding {
        // Nine tenths and three quarters, without rounding.
        func level(_ open: Int, _ max: Int) -> Finding.Level {
            open * 10 >= max * 9 ? .trouble : open * 4 >= max * 3 ? .note : .ok
        }
        var text = "\(server.sessions) of \(server.sessionsMax) connections are open"
        var level = level(server.sessions, server.sessionsMax)
        if let most = server.databaseSessionsMax {
            text += ", \(server.databaseSessions) of \(most) to this database"
            level = max(level, server.databaseSessions * 10 >= most * 9 ? .trouble : .ok)
        }
        return Finding(
            .connections, level, text,
            advice: level == .trouble
                ? "raise max_connections or the database's limit; each server process of Muster takes up to \(SQLStore.connectionsMax)"
                : nil)
    }

    static func integrity(_ damage: [String], _ server: ServerCondition?) -> Finding {
        if let worst = damage.first {
            return Finding(
                .integrity, .trouble, "the file is damaged: \(worst)" + (damage.count > 1 ? ", and more" : ""),
                advice: "stop the server, keep a copy of the folder, restore the latest backup, and look at the disk")
        }
        guard let server else { return Finding(.integrity, .ok, "SQLite finds nothing wrong with the file") }
        return server.hasChecksums
            ? Finding(.integrity, .ok, "PostgreSQL checks its pages by checksums")
            : Finding(
                .integrity, .note,
                "PostgreSQL's pages carry no checksums (pg_checksums --enable): a bad disk goes unnoticed for longer")
    }
}

/// What a tenant's data says, judged.
enum TenantChecks {
    /// What is named at once; the rest is counted.
    static let namedMax = 5

    static func chain(_ recent: RecentEntries, tenant: String) -> Finding {
        if let flaw = recent.flaw {
            return Finding(
                .chain, .trouble, tenant: tenant, "entry \(flaw.sequence) is bad: \(flaw.words)",
                advice: "find out who can write to the database; muster verify walks everything, and a backup tells what it was")
        }
        return Finding(
            .chain, .ok, tenant: tenant,
            recent.checked == recent.head
                ? "all \(recent.head) entries hold"
                : "the newest \(recent.checked) of \(recent.head) entries hold; --full looks at all")
    }

    static func keys(_ keys: [AccessKey], now: Instant, tenant: String) -> Finding {
        let concerns = Dictionary(grouping: keys.compactMap { key in key.concern(at: now).map { (key, $0) } }, by: \.1)
        func named(_ concern: KeyConcern) -> String {
            list((concerns[concern] ?? []).map { "\($0.0.id) \"\($0.0.label)\"" })
        }
        var words: [String] = []
        if concerns[.usedAfterItsEnd] != nil { words.append("still sent although ended: \(named(.usedAfterItsEnd))") }
        if concerns[.endsSoon] != nil { words.append("about to end: \(named(.endsSoon))") }
        if concerns[.old] != nil { words.append("older than a year: \(named(.old))") }
        if concerns[.neverUsed] != nil { words.append("never used: \(named(.neverUsed))") }
        if words.isEmpty { return Finding(.keys, .ok, tenant: tenant, "\(keys.count { $0.isLive(at: now) }) live keys") }
        return Finding(
            .keys, concerns[.usedAfterItsEnd] == nil ? .note : .trouble, tenant: tenant, words.joined(separator: "; "),
            advice: concerns[.usedAfterItsEnd] == nil
                ? nil : "give whoever sends it a new one (muster key create): its scans are refused and wait")
    }

    static func stations(_ silent: [SilentStation], of count: Int, tenant: String) -> Finding {
        guard !silent.isEmpty else {
            return Finding(.stations, .ok, tenant: tenant, "none of \(count) is silent in its usual hours")
        }
        let words = silent.map { station in
            let since = station.silence.lastHour.millisecondText.prefix(16)
            return "\(station.name) (since the hour of \(since)Z, \(station.silence.missedHours) usual hours)"
        }
        return Finding(
            .stations, .trouble, tenant: tenant, "\(silent.count) of \(count) silent in their usual hours: \(list(words))",
            advice: "see whether the kiosk is on, connected, and sends: muster stations tells when it was last heard")
    }

    static func badges(_ summary: UnmatchedSummary, tenant: String) -> Finding {
        guard summary.badges > 0 else {
            return Finding(.badges, .ok, tenant: tenant, "every badge of the newest \(summary.entries) entries is somebody's")
        }
        let most = summary.most.map { "\($0.identifier) (\($0.scans))" }.joined(separator: ", ")
        return Finding(
            .badges, .note, tenant: tenant,
            "badges that are nobody's: \(summary.badges), with \(summary.scans) of the newest \(summary.entries) scans; most often: \(most)"
        )
    }

    /// How long a refusal is news.
    static let refusalSeconds: Int64 = 86_400

    static func refusals(_ refusals: [RefusalCount], now: Instant, tenant: String) -> Finding {
        let recent = refusals.filter { now.seconds(since: $0.lastAt) <= refusalSeconds }
        // Who is asked to be slower comes back by itself.
        let lasting = recent.filter { $0.refusal.status != 429 }
        guard !recent.isEmpty else { return Finding(.refusals, .ok, tenant: tenant, "nothing was refused within a day") }
        let words = (lasting.isEmpty ? recent : lasting).map { count in
            let refusal = count.refusal
            let station = refusal.station.isEmpty ? "" : ", station \(refusal.station)"
            let reason = "\(refusal.status) \(refusal.reason.text.prefix(80)) (\(count.count) times)"
            return "\(refusal.request) from \(refusal.address)\(station): \(reason)"
        }
        return Finding(
            .refusals, lasting.isEmpty ? .note : .trouble, tenant: tenant, "refused within a day: \(list(words))",
            advice: lasting.isEmpty ? nil : "muster audit lists them all; what a kiosk cannot send waits there, or was given up")
    }

    private static func list(_ words: [String]) -> String {
        words.prefix(namedMax).joined(separator: ", ") + (words.count > namedMax ? " and \(words.count - namedMax) more" : "")
    }
}
