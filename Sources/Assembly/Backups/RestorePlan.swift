import AttendanceCore
import SQLStorage
import StrictJSON

/// What a restore would change, tenant by tenant.
struct RestorePlan {
    /// What stands in the backup's place now.
    enum Present {
        case absent
        /// Too damaged to be read, or of a newer program; with the reason.
        case unreadable(String)
        case ledgers([StoreSurvey.Ledger])
    }

    struct Line {
        let tenant: String
        /// Nil where the store has no such tenant.
        let now: LedgerHead?
        /// Nil where the backup has no such tenant.
        let backup: LedgerHead?
        /// How the backup's ledger stands to the present one; nil where there is nothing to compare.
        let relation: LedgerRelation?
        /// Kiosks will hear another clear epoch than before and delete what they hold.
        let changesEpoch: Bool

        /// How many entries of the present ledger the restored one will not have; nil where they were not counted.
        var lost: Int64? {
            guard let now else { return 0 }
            guard backup != nil else { return now.sequence }
            switch relation {
            case .same, .continuation: return 0
            case .beginning(let lacking): return lacking
            case .parted(let after?): return now.sequence - after
            case .parted(nil), nil: return nil
            }
        }

        var words: String {
            switch (now, backup, relation) {
            case (nil, _, _): "comes back"
            case (_, nil, _): "is not in the backup, and is gone afterwards"
            case (_, _, .same): "stays as it is"
            case (_, _, .beginning(let lacking)): "loses its last \(lacking): the backup is the beginning of the present ledger"
            case (_, _, .continuation(let more)): "gets \(more) more: the present ledger is the beginning of the backup"
            case (let now?, _, .parted(let after?)):
                "loses its last \(now.sequence - after): both ledgers have the same first \(after), and part there"
            case (_, _, .parted(nil)), (_, _, nil): "is replaced by a ledger that parts from it"
            }
        }

        /// One word for programs.
        var relationName: String {
            switch relation {
            case .same: "same"
            case .beginning: "backup is the beginning"
            case .continuation: "backup goes on"
            case .parted: "parted"
            case nil: now == nil ? "only in the backup" : backup == nil ? "only in the store" : "unknown"
            }
        }
    }

    let present: Present
    let lines: [Line]

    /// - Parameters:
    ///   - backup: The hash of an entry in the backup; nil where it is not at hand.
    ///   - own: The hash of an entry in the store.
    init(
        _ manifest: Manifest, _ present: Present,
        backup: (_ tenant: Tenant, _ sequence: Int64) throws(SQLError) -> Digest?,
        own: (_ tenant: Tenant, _ sequence: Int64) throws(SQLError) -> Digest?
    ) throws {
        self.present = present
        var ledgers: [String: StoreSurvey.Ledger] = [:]
        if case .ledgers(let list) = present {
            for ledger in list { ledgers[ledger.tenant.name.text] = ledger }
        }
        var lines: [Line] = []
        for theirs in manifest.ledgers {
            let mine = ledgers.removeValue(forKey: theirs.tenant)
            let relation = try mine.map { mine throws(SQLError) in
                try LedgerRelation.of(theirs.head, to: mine.head) { sequence throws(SQLError) in
                    try backup(mine.tenant, sequence)
                } other: { sequence throws(SQLError) in
                    try own(mine.tenant, sequence)
                }
            }
            lines.append(
                Line(
                    tenant: theirs.tenant, now: mine?.head, backup: theirs.head, relation: relation,
                    changesEpoch: mine.map { $0.clearEpoch?.text != theirs.clearEpoch } ?? false))
        }
        lines += ledgers.values.map { mine in
            Line(tenant: mine.tenant.name.text, now: mine.head, backup: nil, relation: nil, changesEpoch: false)
        }
        self.lines = lines.sorted { $0.tenant < $1.tenant }
    }

    /// The plan as people read it before they say yes.
    var text: String {
        var text = Terminal.table(
            ["TENANT", "NOW", "BACKUP", "ITS LEDGER"],
            lines.map { [$0.tenant, Self.count($0.now), Self.count($0.backup), $0.words] })
        if case .unreadable(let reason) = present {
            text += "\nThe present store cannot be compared: \(reason)"
        }
        if lines.contains(where: { $0.lost != 0 }) {
            text += """
                \nScans that a kiosk was told are stored are not sent again: what is lost here is kept in the safety copy alone.
                """
        }
        for line in lines where line.changesEpoch {
            text += """
                \nTenant \(line.tenant): scans were cleared on one side only, so the clear epoch changes. Kiosks that hear of it \
                delete the scans they hold, those not yet sent included: let them upload first, or keep them off the network.
                """
        }
        return text
    }

    private static func count(_ head: LedgerHead?) -> String {
        head.map { "\($0.sequence) entries" } ?? "–"
    }

    func write(to writer: inout JSONWriter) {
        writer.array(of: lines) { writer, line in
            writer.object { member in
                member.member("name", line.tenant)
                member.member("now") { Self.write(line.now, to: &$0) }
                member.member("backup") { Self.write(line.backup, to: &$0) }
                member.member("relation", line.relationName)
                member.member("lost", line.lost)
                member.member("clear_epoch_changes", line.changesEpoch)
            }
        }
    }

    private static func write(_ head: LedgerHead?, to writer: inout JSONWriter) {
        guard let head else { return writer.null() }
        writer.object { member in
            member.member("sequence", head.sequence)
            member.member("hash", "\(head.hash)")
        }
    }
}
