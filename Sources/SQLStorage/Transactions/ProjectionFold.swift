import AttendanceCore

/// Folds entries into projections: for the entries being appended and, with the same code, for a rebuild.
///
/// Changes are kept back and written together: so a hundred scans of one station move its counters once. How entries are
/// cut into groups makes no difference to the rows.
struct ProjectionFold {
    private let connection: any SQLConnection
    private let tenant: TenantID
    private let sealer: Sealer

    private(set) var layout: StationLayout
    private var unstoredSpans: Set<Int64> = []
    private var spanDeltas: [Int64: ScanTallyTable.ScanDelta] = [:]
    private var badgeDeltas: [ScanTallyTable.BadgeKey: ScanTallyTable.ScanDelta] = [:]
    private var sightings: [PeopleTable.Sighting] = []
    /// The badges of `sightings`: what is remembered of them is older than what is kept back.
    private var sighted: Set<PeopleTable.Subject> = []

    /// - Parameter layout: As the stored projections have it.
    init(connection: any SQLConnection, tenant: TenantID, sealer: Sealer, layout: StationLayout) {
        self.connection = connection
        self.tenant = tenant
        self.sealer = sealer
        self.layout = layout
    }

    private var tallies: ScanTallyTable { ScanTallyTable(connection: connection, tenant: tenant) }

    /// Folds one entry.
    /// - Parameters:
    ///   - badge: What stands for the claimed identifier.
    ///   - memory: What need not be looked up, if anything is remembered.
    /// - Returns: The span the entry joined, and whether station names mean something else than before.
    mutating func add(
        _ claim: Claim, sequence: Int64, hash: Digest, badge: Pseudonym?, terms: inout TermBook, memory: WriterMemory? = nil
    ) throws(SQLError) -> (span: Int64?, layoutChanged: Bool) {
        switch claim.kind {
        case .scan:
            guard let station = claim.station else { return (nil, false) }
            let joined = layout.join(station, source: claim.source, at: sequence)
            if joined.isNew { unstoredSpans.insert(joined.id) }
            count(claim, in: joined.id, badge: badge, terms: &terms)
            see(claim, sequence: sequence, hash: hash, memory: memory)
            return (joined.id, joined.isNew)
        case .clearAll:
            try writeTallies(terms: terms)
            let cleared = layout.clearAll(source: claim.source, through: sequence)
            try store(cleared, clearing: true, terms: terms)
            try tallies.reset(claim.source, clearEpoch: claim.detail)
        case .clearStation:
            guard let station = claim.station else { return (nil, false) }
            try writeTallies(terms: terms)
            let cleared = layout.clear(station, source: claim.source, through: sequence)
            try store(cleared, clearing: true, terms: terms)
            try tallies.recount(claim.source)
        case .renameStation:
            guard let station = claim.station, let name = claim.detail else { return (nil, false) }
            try writeTallies(terms: terms)
            _ = terms.number(.station, name)
            let moved = layout.rename(station, to: name, source: claim.source, at: sequence)
            try store(moved, clearing: false, terms: terms)
            try tallies.recount(claim.source)
        }
        return (nil, true)
    }

    /// Writes everything that is kept back. Returns whether it changed who an identifier belongs to.
    mutating func write(terms: TermBook, memory: (WriterMemory, version: Int64)?) throws(SQLError) -> Bool {
        try writeTallies(terms: terms)
        let people = try PeopleTable(connection: connection, tenant: tenant).fold(sightings, sealer: sealer)
        sightings = []
        sighted = []
        if let memory {
            memory.0.learn(people.now, of: tenant, version: memory.version + (people.changed ? 1 : 0))
        }
        return people.changed
    }

    // MARK: One scan

    private mutating func count(_ claim: Claim, in span: Int64, badge: Pseudonym?, terms: inout TermBook) {
        let occurredAt = claim.occurredAt.microseconds
        spanDeltas[span, default: .init()].add(occurredAt)
        guard let badge else { return }
        let unit = UnitGrouping.group(of: claim.unit).map { terms.number(.unit, $0) } ?? 0
        badgeDeltas[.init(badge: badge, span: span, unit: unit), default: .init()].add(occurredAt)
    }

    private mutating func see(_ claim: Claim, sequence: Int64, hash: Digest, memory: WriterMemory?) {
        guard let personal = claim.personal, personal.identifierKind == .badge, let staffCode = personal.staffCode else { return }
        let badge = PeopleTable.Subject(source: claim.source, text: personal.identifier)
        if !sighted.contains(badge), memory?.knows(badge, is: staffCode, tenant: tenant) == true { return }
        sighted.insert(badge)
        sightings.append(
            .init(
                sequence: sequence, hash: hash, source: claim.source, identifier: personal.identifier, staffCode: staffCode))
    }

    // MARK: Writing

    private mutating func writeTallies(terms: TermBook) throws(SQLError) {
        try store(unstoredSpans.sorted(), clearing: false, terms: terms)
        unstoredSpans = []
        try tallies.add(spanDeltas)
        spanDeltas = [:]
        let new = try tallies.add(badgeDeltas, layout: layout)
        badgeDeltas = [:]
        try addUnique(new, terms: terms)
    }

    private func store(_ spans: [Int64], clearing: Bool, terms: TermBook) throws(SQLError) {
        try tallies.store(spans.map { layout[$0] }, clearing: clearing, terms: terms)
    }

    /// What rows that did not count before add to the numbers of different badges: one for each station, unit and total in
    /// which no other row of the badge counted already.
    private func addUnique(_ new: [ScanTallyTable.BadgeKey], terms: TermBook) throws(SQLError) {
        guard !new.isEmpty else { return }
        struct Seen: Hashable {
            enum Whole: Hashable { case source, station(Int64), unit(Int64) }
            let source: EntrySource
            let badge: Pseudonym
            let whole: Whole
        }
        func wholes(_ row: ScanTallyTable.BadgeKey) -> [Seen] {
            let span = layout[row.span]
            guard let shown = terms.id(.station, span.shown) else { preconditionFailure("a shown name is a term") }
            return [.source, .station(shown), .unit(row.unit)].map {
                Seen(source: span.source, badge: row.badge, whole: $0)
            }
        }
        let isNew = Set(new)
        var seen: Set<Seen> = []
        for row in try tallies.countingRows(of: Set(new.map(\.badge)).sorted(), layout: layout) where !isNew.contains(row) {
            seen.formUnion(wholes(row))
        }
        var deltas: [EntrySource: ScanTallyTable.UniqueDelta] = [:]
        for row in new {
            for whole in wholes(row) where seen.insert(whole).inserted {
                switch whole.whole {
                case .source: deltas[whole.source, default: .init()].total += 1
                case .station(let term): deltas[whole.source, default: .init()].stations[term, default: 0] += 1
                case .unit(let term): deltas[whole.source, default: .init()].units[term, default: 0] += 1
                }
            }
        }
        try tallies.add(deltas)
    }
}
