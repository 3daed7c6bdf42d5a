import AttendanceCore

/// Folds entries into projections: for the entries being appended and, with the same code, for a rebuild.
///
/// Changes are kept back and written together: so a hundred scans of one station move its counters once. How entries are
/// cut into groups makes no difference to the rows.
struct ProjectionFold {
    private let connection: any SQLConnection
    private let tenant: TenantID
    private let sealer: Sealer
    private let badges: BadgeMemory

    private(set) var layout: StationLayout
    private var spanDeltas: [Int64: ScanTallyTable.ScanDelta] = [:]
    private var badgeSightings: [BadgeMemory.Sighting] = []
    private var sightings: [PeopleTable.Sighting] = []
    /// The badges of `sightings`: what is remembered of them is older than what is kept back.
    private var sighted: Set<PeopleTable.Subject> = []
    /// Whether who an identifier belongs to was changed since ``write(terms:memory:)``.
    private var peopleChanged = false
    var sheets: TimeSheetFold
    var classes: ClassFold

    /// - Parameters:
    ///   - layout: As the stored projections have it.
    ///   - badges: What is remembered of the stored projections; changed with them.
    ///   - sheets: The same of members and their hours.
    init(
        connection: any SQLConnection, tenant: TenantID, sealer: Sealer, layout: StationLayout, badges: BadgeMemory,
        sheets: SheetMemory
    ) {
        self.connection = connection
        self.tenant = tenant
        self.sealer = sealer
        self.layout = layout
        self.badges = badges
        self.sheets = TimeSheetFold(connection: connection, tenant: tenant, sealer: sealer, memory: sheets)
        classes = ClassFold(connection: connection, tenant: tenant, sealer: sealer, memory: sheets.classes)
    }

    private var tallies: ScanTallyTable { ScanTallyTable(connection: connection, tenant: tenant) }
    private var badgePlaces: BadgePlaceTable { BadgePlaceTable(connection: connection, tenant: tenant) }

    /// Folds one entry.
    /// - Parameters:
    ///   - badge: What stands for the claimed identifier.
    ///   - memory: What need not be looked up, if anything is remembered.
    /// - Returns: The span the entry joined, and whether station names mean something else than before.
    mutating func add(
        _ claim: Claim, sequence: Int64, hash: Digest, receivedAt: Instant, badge: Pseudonym?, terms: inout TermBook,
        memory: WriterMemory? = nil
    ) throws(SQLError) -> (span: Int64?, layoutChanged: Bool) {
        switch claim.kind {
        case .scan:
            guard let station = claim.station else { return (nil, false) }
            let joined = layout.join(station, source: claim.source, at: sequence)
            count(claim, in: joined.id, badge: badge, terms: &terms)
            see(claim, sequence: sequence, hash: hash, memory: memory)
            return (joined.id, joined.isNew)
        case .enrolment:
            enrol(claim, sequence: sequence, hash: hash)
            try sheets.add(claim, sequence: sequence, hash: hash, receivedAt: receivedAt)
            return (nil, false)
        case .memberTold, .memberEnded:
            // Whom another contract knows by the same staff code, and whose an identifier is, has to be found in the store.
            try writePeople(memory: nil)
            memory?.forgetPeople(of: tenant)
            try sheets.add(claim, sequence: sequence, hash: hash, receivedAt: receivedAt)
            return (nil, false)
        case .punch, .punchCorrected, .punchVoided, .ruleChanged, .sessionAsserted, .sessionVoided,
            .sessionsGenerated, .sessionNamed:
            try sheets.add(claim, sequence: sequence, hash: hash, receivedAt: receivedAt)
            return (nil, false)
        case .studentTold, .classTold, .classEnded, .slotTold, .rescheduleTold, .rosterChanged, .classSessionOpened,
            .rollCalled, .classSessionVoided:
            try classes.add(claim, sequence: sequence, hash: hash, receivedAt: receivedAt)
            return (nil, false)
        case .rowKept: return (nil, false)
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
            try recount(claim.source, terms: terms)
        case .renameStation:
            guard let station = claim.station, let name = claim.detail else { return (nil, false) }
            try writeTallies(terms: terms)
            _ = terms.number(.station, name)
            let moved = layout.rename(station, to: name, source: claim.source, at: sequence)
            try store(moved, clearing: false, terms: terms)
            try recount(claim.source, terms: terms)
        }
        return (nil, true)
    }

    /// Writes everything that is kept back. Returns whether it changed who an identifier belongs to.
    mutating func write(terms: TermBook, memory: (WriterMemory, version: Int64)?) throws(SQLError) -> Bool {
        try writeTallies(terms: terms)
        try writePeople(memory: memory)
        try sheets.write()
        try classes.write()
        defer { peopleChanged = false }
        return peopleChanged
    }

    private mutating func writePeople(memory: (WriterMemory, version: Int64)?) throws(SQLError) {
        let people = try PeopleTable(connection: connection, tenant: tenant).fold(sightings, sealer: sealer)
        sightings = []
        sighted = []
        if people.changed { peopleChanged = true }
        if let memory {
            memory.0.learn(people.now, of: tenant, version: memory.version + (peopleChanged ? 1 : 0))
        }
    }

    // MARK: One scan

    private mutating func count(_ claim: Claim, in span: Int64, badge: Pseudonym?, terms: inout TermBook) {
        let occurredAt = claim.occurredAt.microseconds
        spanDeltas[span, default: .init()].add(occurredAt)
        guard let badge else { return }
        let unit = UnitGrouping.group(of: claim.unit).map { terms.number(.unit, $0) } ?? 0
        badgeSightings.append(.init(badge: badge, span: span, unit: unit, occurredAt: occurredAt))
    }

    private mutating func see(_ claim: Claim, sequence: Int64, hash: Digest, memory: WriterMemory?) {
        guard let personal = claim.personal, personal.identifierKind == .badge, let staffCode = personal.staffCode else { return }
        let badge = PeopleTable.Subject(source: claim.source, kind: .badge, text: personal.identifier)
        if !sighted.contains(badge), memory?.knows(badge, is: staffCode, tenant: tenant) == true { return }
        sighted.insert(badge)
        sightings.append(
            .init(
                sequence: sequence, hash: hash, source: claim.source, kind: .badge, identifier: personal.identifier,
                staffCode: staffCode, validFrom: sequence))
    }

    /// A number that nobody had is its new holder's from the beginning, so that punches which came before are theirs too.
    /// Nobody has told a staff code; the membership goes by the number itself.
    private mutating func enrol(_ claim: Claim, sequence: Int64, hash: Digest) {
        guard let pin = DevicePIN(claimedIn: claim)?.text else { return }
        sighted.insert(PeopleTable.Subject(source: claim.source, kind: .devicePIN, text: pin))
        sightings.append(
            .init(
                sequence: sequence, hash: hash, source: claim.source, kind: .devicePIN, identifier: pin, staffCode: pin,
                validFrom: 0))
    }

    // MARK: Writing

    private mutating func writeTallies(terms: TermBook) throws(SQLError) {
        guard !spanDeltas.isEmpty else { return }
        let changes = try badges.fold(badgeSightings, layout: layout, terms: terms, table: badgePlaces)
        var insertions = [
            ScanTallyTable.insertion(of: spanDeltas, layout: layout, terms: terms, tenant: tenant),
            badgePlaces.insertion(of: changes.new, areStored: false),
            badgePlaces.insertion(of: changes.stored, areStored: true),
        ]
        insertions += ScanTallyTable.insertions(of: changes.unique, tenant: tenant)
        spanDeltas = [:]
        badgeSightings = []
        try connection.insert(ahead: insertions)
    }

    private func store(_ spans: [Int64], clearing: Bool, terms: TermBook) throws(SQLError) {
        try tallies.store(spans.map { layout[$0] }, clearing: clearing, terms: terms)
    }

    /// Counts badges again where stations were cleared or merged: those seen nowhere else are gone, and only the badges
    /// themselves tell which. The cost grows with the badges seen, not with their scans.
    private func recount(_ source: EntrySource, terms: TermBook) throws(SQLError) {
        var shownTerms: [Int64: Int64] = [:]
        for span in layout.spans where span.source == source { shownTerms[span.id] = terms.id(.station, span.shown) }
        var counts = ScanTallyTable.UniqueCount()
        try badgePlaces.forEach { places in
            var stations: Set<Int64> = []
            var units: Set<Int64> = []
            for place in places where place.counts(under: layout) {
                guard let shown = shownTerms[place.span] else { continue }
                stations.insert(shown)
                units.insert(place.unit)
            }
            guard !stations.isEmpty else { return }
            counts.total += 1
            for station in stations { counts.stations[station, default: 0] += 1 }
            for unit in units { counts.units[unit, default: 0] += 1 }
        }
        try tallies.replace(source, with: counts)
    }
}
