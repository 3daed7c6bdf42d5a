public import struct FoundationEssentials.UUID

/// Where somebody's figures of a day come from, as one membership of theirs has it.
public struct ExplainedDay: Sendable {
    public let owner: SheetOwner
    /// On whose clocks the times are.
    public let zone: ZoneRules
    public let explanation: Explanation
}

/// How somebody is named whose day is asked for.
public enum SheetName: Sendable {
    /// A person's identity, or a membership's.
    case id(UUID)
    /// A staff code, an e-mail, a number at a device, or device and number as `Gate:213`.
    case text(WireText)
}

extension Operations {
    /// Explains a person's day: for each membership of theirs with punches or a session on it, or else for the first one.
    /// - Throws: `.notFound(.member)`, `.notPermitted` without the admin role, `.unavailable`.
    public func explainDay(
        _ day: CalendarDay, of name: SheetName, as caller: Caller
    ) async throws(AttendanceError) -> [ExplainedDay] {
        try caller.require(.admin)
        let now = ambient.now()
        let zones = zones
        return try await store.read(in: caller.tenant) { tx throws(AttendanceError) in
            let owners =
                switch name {
                case .id(let id): try tx.sheetOwners(known: id)
                case .text(let text): try tx.sheetOwners(called: text)
                }
            guard !owners.isEmpty else { throw .notFound(.member) }
            var explained: [ExplainedDay] = []
            for owner in owners {
                let sheet = try DaySheet(of: owner, day, zones: zones, at: now, in: tx)
                if !sheet.isEmpty || owner == owners.last && explained.isEmpty { explained.append(sheet.explained) }
            }
            return explained
        }
    }
}

/// Everything that a membership's sheet and the ledger hold of a day.
private struct DaySheet {
    private let owner: SheetOwner
    private let zone: ZoneRules
    private let material: ExplanationMaterial

    var isEmpty: Bool {
        let judgement = material.judgement
        return judgement.own.isEmpty && judgement.carried.isEmpty && judgement.uncounted.isEmpty
            && material.carriedBack.isEmpty && material.assertion == nil && material.voided.isEmpty
    }

    var explained: ExplainedDay { ExplainedDay(owner: owner, zone: zone, explanation: Explanation(of: material)) }

    init(
        of owner: SheetOwner, _ day: CalendarDay, zones: ZoneSource, at now: Instant, in tx: any ReadTransaction
    ) throws(AttendanceError) {
        self.owner = owner
        let rules = try tx.rules(of: owner.source)
        let zone = try zones.rules(of: rules, owner.source)
        self.zone = zone
        let punches = try tx.punches(of: owner.number, from: day.before, through: day.after)
        let session = try tx.session(of: owner.number, on: day, of: owner.source)
        let judgement = DayJudgement(
            of: day, punches: punches.filter { $0.punch.day == day }.map(\.punch),
            entering: OpenShift.leaving(day.before, counted: punches.filter { $0.countsFor == day.before }.map(\.punch)))
        var book = RuleBook(owner.source, zones: zones, current: rules, zone: zone)
        for punch in punches { try book.read(punch.punch.toldBy, in: tx) }
        var superseded: [Int64] = []
        if let assertion = session?.assertion {
            try book.read(assertion.detail.repeats ?? assertion.sequence, in: tx)
            var former = assertion.detail.replaces
            while let sequence = former {
                superseded.append(sequence)
                let entry = try tx.entries(after: sequence - 1, limit: 1).first
                former = entry?.claim.detail.flatMap { SessionDetail(parsing: $0) }?.replaces
            }
        }
        material = ExplanationMaterial(
            judgement: judgement,
            carriedBack: punches.filter { $0.punch.day == day.after && $0.countsFor == day }.map(\.punch),
            assertion: session.flatMap { session in
                session.assertion.map { $0.detail.assertion(toldBy: $0.sequence, at: $0.at, note: session.note) }
            }, superseded: superseded.reversed(),
            voided: try tx.voidedPunches(of: owner.number, on: day).map { .init(number: $0.number, by: $0.by) },
            rulesByEntry: book.byEntry, currentRules: book.inForce, policy: HoursPolicy(rules), asOf: now,
            isToday: day == CalendarDay(of: now, offsetSeconds: zone.offset(at: now)))
    }
}

/// The rules by which entries were judged: each entry names those that were in force.
private struct RuleBook {
    private let source: EntrySource
    private let zones: ZoneSource
    let inForce: ExplanationMaterial.EntryRules
    private(set) var byEntry: [Int64: ExplanationMaterial.EntryRules] = [:]
    private var hours: [Int64: BusinessHours] = [:]
    private var zonesByEntry: [Int64: ZoneRules] = [:]

    init(_ source: EntrySource, zones: ZoneSource, current rules: TimeSheetRules, zone: ZoneRules) {
        self.source = source
        self.zones = zones
        inForce = ExplanationMaterial.EntryRules(
            hours: rules.activeHours, zone: zone, zoneSequence: rules.settings[.zone]?.toldBy ?? 0,
            carrySequence: rules.settings[.carrySeconds]?.toldBy ?? 0)
    }

    /// Reads what an entry says of its rules.
    mutating func read(_ sequence: Int64, in tx: any LedgerReading) throws(AttendanceError) {
        guard byEntry[sequence] == nil, let entry = try tx.entries(after: sequence - 1, limit: 1).first,
            let text = entry.claim.detail
        else { return }
        guard let detail = PunchDetail(parsing: text) else {
            let asserted = SessionDetail(parsing: text)
            byEntry[sequence] = ExplanationMaterial.EntryRules(
                hours: try hours(toldBy: asserted?.hoursRule, in: tx), zone: try zone(toldBy: asserted?.zoneRule, in: tx),
                zoneSequence: asserted?.zoneRule ?? 0, carrySequence: inForce.carrySequence)
            return
        }
        byEntry[sequence] = ExplanationMaterial.EntryRules(
            hours: try hours(toldBy: detail.hoursRule, in: tx),
            zone: try zone(toldBy: detail.zoneRule, in: tx), zoneSequence: detail.zoneRule ?? 0,
            carrySequence: detail.carryRule ?? 0)
    }

    private mutating func hours(toldBy sequence: Int64?, in tx: any LedgerReading) throws(AttendanceError) -> BusinessHours? {
        guard let sequence else { return nil }
        if let known = hours[sequence] { return known }
        guard let entry = try tx.entries(after: sequence - 1, limit: 1).first,
            case .hours(let number, let draft, _) = entry.claim.detail.flatMap({ RuleChange(parsing: $0) })
        else { return nil }
        let found = BusinessHours(
            number: number, startMicroseconds: draft.startMicroseconds, endMicroseconds: draft.endMicroseconds,
            breakMinutes: draft.breakMinutes, lateThresholdMinutes: draft.lateThresholdMinutes, isActive: draft.isActive,
            createdAt: entry.receivedAt, updatedAt: entry.receivedAt, toldBy: sequence)
        hours[sequence] = found
        return found
    }

    private mutating func zone(toldBy sequence: Int64?, in tx: any LedgerReading) throws(AttendanceError) -> ZoneRules {
        let key = sequence ?? 0
        if let known = zonesByEntry[key] { return known }
        var name = TimeSheetRules().zoneName(of: source)
        if let sequence, let entry = try tx.entries(after: sequence - 1, limit: 1).first,
            case .setting(.zone, let value) = entry.claim.detail.flatMap({ RuleChange(parsing: $0) })
        {
            name = value
        }
        let found = zones.rules(name) ?? inForce.zone
        zonesByEntry[key] = found
        return found
    }
}
