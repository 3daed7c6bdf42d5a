import AttendanceCore

/// What units of work get: one group's transaction on the writer's connection.
///
/// What entries change in projections is kept back and written once, when the group ends or something reads it: so a hundred
/// scans of one station move its counters once. Entries are kept back until there are enough of them. A unit that appended is
/// undone with the whole transaction, so what was sent early needs no undoing of its own.
final class WritingTransaction: ReadingTransaction, WriteTransaction {
    private let sealer: Sealer
    private let memory: WriterMemory

    /// The tenant's last entry, locked or foreseen; nil until a unit writes, or reads what only the lock keeps still.
    private var lockedHead: LedgerTable.Head?
    private var storedHead: LedgerTable.Head?
    /// Whether the head is only what the group before this one makes of it, and that group is perhaps not committed yet.
    private var isForeseen = false
    /// Whether references are taken for free without a look, because no group has lately had one that was not. The key of
    /// their table refuses the others.
    private(set) var trustsReferences = false
    /// The group before, while it is not known to be committed: its references cannot be looked up.
    private var before: WritingTransaction?
    private var fold: ProjectionFold
    private var places: [EntrySource: [Pseudonym: ReferencePlace?]] = [:]

    private var entries = EntryBuffer()
    private var takenReferences: [EntrySource: TakenReferences] = [:]
    private var counters: [WireText: StationCounters] = [:]

    /// From how many entries on they are sent to the engine, which then stores them while the next ones are numbered.
    private static let entriesPerSending = 500

    /// Moves whenever a unit changes what is kept back here: such a unit cannot be undone by a savepoint alone.
    private(set) var heldBackChanges = 0
    /// For figures: entries numbered, and claims whose reference was taken.
    private(set) var appended = 0
    private(set) var duplicates = 0
    private var hasSavepoint = false

    init(
        connection: any SQLConnection, tenant: TenantID, memory: WriterMemory, sealer: Sealer, trouble: EngineTrouble
    ) {
        self.sealer = sealer
        self.memory = memory
        fold = ProjectionFold(
            connection: connection, tenant: tenant, sealer: sealer, layout: StationLayout(), badges: BadgeMemory(),
            sheets: SheetMemory())
        super.init(connection: connection, tenant: tenant, terms: memory.terms[tenant] ?? TermBook(), trouble: trouble)
    }

    /// A transaction that begins while the group before it commits. It numbers its entries behind that group's, and stores
    /// what no other transaction touches: entries and references. Units in it append and count, and read nothing.
    /// - Parameter before: That group, unless it is known to be committed.
    init(
        connection: any SQLConnection, foreseeing foreseen: WriterMemory.Foreseen, tenant: TenantID,
        after before: WritingTransaction?, memory: WriterMemory, sealer: Sealer, trouble: EngineTrouble
    ) {
        self.sealer = sealer
        self.memory = memory
        self.before = before
        isForeseen = true
        trustsReferences = foreseen.trustsReferences
        lockedHead = foreseen.head
        storedHead = foreseen.head
        fold = ProjectionFold(
            connection: connection, tenant: tenant, sealer: sealer, layout: foreseen.layout, badges: memory.badges(of: tenant),
            sheets: memory.sheets(of: tenant))
        super.init(connection: connection, tenant: tenant, terms: foreseen.terms, trouble: trouble)
    }

    // MARK: Units

    /// Looks up the group's references at once.
    func expect(_ references: [ExpectedReferences]) throws(AttendanceError) {
        let bySource = Dictionary(grouping: references.filter { !$0.keys.isEmpty }, by: \.source)
        guard !bySource.isEmpty else { return }
        try lockHead()
        for (source, expected) in bySource { try lookUp(expected.flatMap(\.keys), source: source) }
    }

    func beginUnit() {
        hasSavepoint = false
    }

    /// Undoes what the unit wrote. Only for units that changed nothing that is kept back.
    func undoUnit() throws(SQLError) {
        guard hasSavepoint else { return }
        _ = try connection.run("ROLLBACK TO SAVEPOINT unit")
        _ = try connection.run("RELEASE SAVEPOINT unit")
        hasSavepoint = false
    }

    func endUnit() throws(SQLError) {
        guard hasSavepoint else { return }
        _ = try connection.run("RELEASE SAVEPOINT unit")
        hasSavepoint = false
    }

    /// Every statement that a unit writes at once passes here. The savepoint is made when the first one comes: most units
    /// only append, and what they append is written by the group.
    ///
    /// The head is locked first, so that what a unit decides on was read behind the lock, and two processes never wait for
    /// each other's rows in different orders.
    func write(_ body: () throws(SQLError) -> Void) throws(AttendanceError) {
        try requireCertainty()
        try lockHead()
        try attempt { () throws(SQLError) in
            if !hasSavepoint {
                _ = try connection.run("SAVEPOINT unit")
                hasSavepoint = true
            }
            try body()
        }
    }

    /// Sends what no other transaction touches, so that the engine stores it while the group before commits.
    func sendAhead() throws(SQLError) {
        try sendNewReferences()
        try sendEntries()
    }

    /// Writes what is kept back, and the head. Called once, before the commit, and when the group before has committed.
    func finish() throws(SQLError) {
        if isForeseen {
            before = nil
            try ledger.lockHeadAtOnce()
        }
        try flush()
    }

    /// Hands what was learned to the next transaction. Called when the commit has been sent: where it fails, all of it has to
    /// be forgotten.
    func remember() {
        memory.terms[tenant] = terms
        guard let head = lockedHead else { return }
        memory.heads[tenant] = head
        memory.layouts[tenant] = (head.layoutVersion, fold.layout)
        memory.rememberFolds(of: tenant, under: head)
    }

    /// What is read now might be changed by the group before, so a unit that reads has to wait for it: it runs again then.
    override func requireCertainty() throws(AttendanceError) {
        guard isForeseen else { return }
        try attempt { () throws(SQLError) -> Void in
            throw SQLError(kind: .conflict, code: "", message: "the group before has not committed yet")
        }
    }

    // MARK: LedgerWriting

    override func settle() throws(AttendanceError) {
        try requireCertainty()
        try lockHead()
        try attempt { () throws(SQLError) in try flush() }
    }

    override func layout() throws(AttendanceError) -> StationLayout {
        try lockHead()
        return fold.layout
    }

    func append(_ claims: [SealedClaim]) throws(AttendanceError) -> [AppendOutcome] {
        // All other kinds of entries are folded into what has to be read first.
        if claims.contains(where: { $0.claim.kind != .scan }) { try requireCertainty() }
        try lockHead()
        for source in Set(claims.map(\.claim.source)) {
            let unknown = claims.filter { $0.claim.source == source }.compactMap(\.reference)
                .filter { places[source]?[$0] == nil }
            try lookUp(unknown, source: source)
        }
        var outcomes: [AppendOutcome] = []
        outcomes.reserveCapacity(claims.count)
        for sealed in claims {
            if let reference = sealed.reference, let place = places[sealed.claim.source]?[reference] ?? nil, isTaken(place) {
                outcomes.append(.duplicate(of: place.sequence))
                duplicates += 1
                continue
            }
            outcomes.append(.appended(sequence: try attempt { () throws(SQLError) in try push(sealed) }))
        }
        // What would be undone with a unit's savepoint has to wait.
        if entries.count >= Self.entriesPerSending, !hasSavepoint {
            try attempt { () throws(SQLError) in try sendEntries() }
        }
        return outcomes
    }

    private func isTaken(_ place: ReferencePlace) -> Bool {
        fold.layout.isTaken(place)
    }

    /// Numbers, hashes and folds one entry; all of it is kept back but what a clear or rename changes at once.
    private func push(_ sealed: SealedClaim) throws(SQLError) -> Int64 {
        guard var head = lockedHead else { preconditionFailure("the head is locked before anything is appended") }
        heldBackChanges += 1
        appended += 1
        let claim = sealed.claim
        head.sequence += 1
        head.hash = sealer.hash(after: head.hash, sequence: head.sequence, content: sealed.contentDigest)
        entries.append(
            sealed, sequence: head.sequence, hash: head.hash,
            caller: terms.number(.caller, sealed.caller), station: claim.station.map { terms.number(.station, $0) },
            unit: claim.unit.map { terms.number(.unit, $0) }, means: claim.means.map { terms.number(.means, $0) })
        let folded = try fold.add(
            claim, sequence: head.sequence, hash: head.hash, receivedAt: sealed.receivedAt, badge: sealed.identifier,
            terms: &terms, memory: memory)
        if folded.layoutChanged { head.layoutVersion += 1 }
        lockedHead = head
        if let reference = sealed.reference {
            let place = ReferencePlace(sequence: head.sequence, span: folded.span)
            let former = places[claim.source, default: [:]].updateValue(place, forKey: reference) ?? nil
            takenReferences[claim.source, default: .init()].take(reference, at: place, isStored: former != nil)
        }
        return head.sequence
    }

    // MARK: The head and what hangs on it

    private func lockHead() throws(AttendanceError) {
        guard lockedHead == nil else { return }
        try attempt { () throws(SQLError) in
            let head = try ledger.head(locking: true)
            if terms.count != head.termCount {
                // Terms of a transaction that was given up, or another process' terms.
                terms.forget(after: min(terms.count, head.termCount))
                try terms.catchUp(TermTable(connection: connection, tenant: tenant))
            }
            guard terms.count == head.termCount else {
                throw SQLError(
                    kind: .corrupt, code: "",
                    message: "there are terms up to \(terms.count), and the head knows \(head.termCount)")
            }
            memory.checkFolds(of: tenant, under: head)
            if let (version, layout) = memory.layouts[tenant], version == head.layoutVersion {
                fold = projectionFold(layout)
            } else {
                fold = projectionFold(StationLayout(spans: try tallies.spans(terms: &terms)))
            }
            memory.checkPeople(of: tenant, version: head.peopleVersion)
            if let known = memory.heads[tenant], known != head { memory.beCareful() }
            lockedHead = head
            storedHead = head
        }
    }

    private func lookUp(_ references: [Pseudonym], source: EntrySource) throws(AttendanceError) {
        let distinct = Set(references)
        let found =
            trustsReferences
            ? [] : try attempt { () throws(SQLError) in try ledger.places(of: distinct.sorted(), source: source) }
        if !found.isEmpty { memory.doubtReferences() }
        for reference in distinct where places[source]?[reference] == nil {
            places[source, default: [:]][reference] = .some(nil)
        }
        for (reference, place) in found { places[source]?[reference] = .some(place) }
        guard let before = before?.places[source] else { return }
        for reference in distinct {
            if let place = before[reference] ?? nil { places[source]?[reference] = .some(place) }
        }
    }

    // MARK: Writing what was kept back

    private func flush() throws(SQLError) {
        // What is written inside a unit's savepoint may be other units' work: undoing that one would undo theirs.
        if hasSavepoint { heldBackChanges += 1 }
        if !counters.isEmpty {
            try stations.add(counters)
            counters = [:]
        }
        // What was foreseen is compared with the store also where nothing is appended: that all references are taken may have
        // been untrue for a while.
        guard var head = lockedHead, isForeseen || head != storedHead || terms.count != head.termCount else { return }

        // First, because it may have to read: what is sent ahead of a reading has to be waited for.
        if try fold.write(terms: terms, memory: (memory, version: head.peopleVersion)) { head.peopleVersion += 1 }

        var insertions: [BulkInsert] = []
        if terms.count > head.termCount {
            let new = terms.terms(after: head.termCount)
            insertions.append(TermTable.insertion(of: new, numberedFrom: head.termCount + 1, tenant: tenant))
            head.termCount = terms.count
        }
        try connection.insert(ahead: insertions)
        try sendNewReferences()
        try sendTakenOverReferences()
        try sendEntries()
        if let storedHead { try ledger.move(storedHead, to: head) }
        lockedHead = head
        storedHead = head
    }

    private func sendNewReferences() throws(SQLError) {
        try connection.insert(
            ahead: EntrySource.allCases.compactMap { takenReferences[$0]?.popNew(source: $0, tenant: tenant) })
    }

    private func sendTakenOverReferences() throws(SQLError) {
        try connection.insert(
            ahead: EntrySource.allCases.compactMap { takenReferences[$0]?.popTakenOver(source: $0, tenant: tenant) })
    }

    private func sendEntries() throws(SQLError) {
        try connection.insert(ahead: entries.insertions(tenant: tenant))
        entries = EntryBuffer()
    }

    private func projectionFold(_ layout: StationLayout) -> ProjectionFold {
        ProjectionFold(
            connection: connection, tenant: tenant, sealer: sealer, layout: layout, badges: memory.badges(of: tenant),
            sheets: memory.sheets(of: tenant))
    }

    // MARK: Members, rules, sheets

    // Asked by every punch: answered from what is kept back and remembered, so that a group of punches is written once.

    override func member(_ id: Identifier<Membership>, of source: EntrySource) throws(AttendanceError) -> Member? {
        try lockForSheets()
        return try attempt { () throws(SQLError) in try fold.sheets.member(id, of: source) }
    }

    override func rules(of source: EntrySource) throws(AttendanceError) -> TimeSheetRules {
        try lockForSheets()
        return try attempt { () throws(SQLError) in try fold.sheets.rules(of: source) }
    }

    override func punches(
        of member: Int64, from: CalendarDay, through: CalendarDay
    ) throws(AttendanceError) -> [SheetPunch] {
        try lockForSheets()
        return try attempt { () throws(SQLError) in try fold.sheets.punches(of: member, from: from, through: through) }
    }

    override func punch(_ number: Int64, of source: EntrySource) throws(AttendanceError) -> SheetPunch? {
        try lockForSheets()
        if let changed = fold.sheets.changedPunch(number, of: source) { return changed }
        return try super.punch(number, of: source)
    }

    override func session(
        of member: Int64, on day: CalendarDay, of source: EntrySource
    ) throws(AttendanceError) -> SheetSession? {
        try lockForSheets()
        return try attempt { () throws(SQLError) in try fold.sheets.session(of: member, on: day) }
    }

    override func classView() throws(AttendanceError) -> ClassView {
        try lockForSheets()
        return fold.classes.view
    }

    private func lockForSheets() throws(AttendanceError) {
        try requireCertainty()
        try lockHead()
    }

    // MARK: The other nouns

    func keep(_ heartbeat: Heartbeat) throws(AttendanceError) {
        try write { () throws(SQLError) in try stations.keep(heartbeat) }
    }

    func forgetHeartbeats(of station: WireText?) throws(AttendanceError) {
        try write { () throws(SQLError) in try stations.forget(station) }
    }

    func moveHeartbeat(from old: WireText, to new: WireText) throws(AttendanceError) {
        try write { () throws(SQLError) in try stations.move(from: old, to: new) }
    }

    func count(_ counters: [WireText: StationCounters]) throws(AttendanceError) {
        heldBackChanges += 1
        for (station, one) in counters {
            if var known = self.counters[station] {
                known.add(one)
                self.counters[station] = known
            } else {
                self.counters[station] = one
            }
        }
    }

    func replaceRoster(with summary: RosterSummary?) throws(AttendanceError) {
        try write { () throws(SQLError) in
            try RosterTable(connection: connection, tenant: tenant).replace(with: summary)
        }
    }

    func add(_ key: AccessKey) throws(AttendanceError) {
        var isNew = false
        try write { () throws(SQLError) in isNew = try AccessTable(connection: connection).add(key) }
        guard isNew else { throw .taken(.key) }
    }

    func revokeKey(id: String, at moment: Instant) throws(AttendanceError) -> Bool {
        var wasLive = false
        try write { () throws(SQLError) in
            wasLive = try AccessTable(connection: connection).revoke(id: id, of: tenant, at: moment)
        }
        return wasLive
    }

    func noteUse(ofKey id: String, at moment: Instant) throws(AttendanceError) {
        try write { () throws(SQLError) in
            try AccessTable(connection: connection).noteUse(id: id, of: tenant, at: moment)
        }
    }

    func addTenant(named name: TenantName, at moment: Instant) throws(AttendanceError) -> Tenant {
        var added: Tenant?
        try write { () throws(SQLError) in
            added = try TenantTable(connection: connection).add(named: name, at: moment)
            guard let added else { return }
            try LedgerTable(connection: connection, tenant: added.id).addHead(.beginning(of: name, sealer: sealer))
        }
        guard let added else { throw .taken(.tenant) }
        return added
    }

    func note(_ entry: AuditEntry) throws(AttendanceError) {
        try write { () throws(SQLError) in try audit.add(entry) }
    }

    func note(_ refusals: [RefusalCount], kindsMax: Int) throws(AttendanceError) {
        try write { () throws(SQLError) in try audit.add(refusals, kindsMax: kindsMax) }
    }

    func set(_ setting: DisplaySetting, to value: Int64) throws(AttendanceError) {
        try write { () throws(SQLError) in
            try SettingTable(connection: connection, tenant: tenant).set(setting, to: value)
        }
    }

    // MARK: AccountWriting

    func lockAccounts() throws(AttendanceError) {
        try write { () throws(SQLError) in try accounts.lock() }
    }

    func addAccount(
        _ id: Identifier<Account>, _ profile: AccountProfile, passwordHash: PasswordHash?, at moment: Instant
    ) throws(AttendanceError) {
        try write { () throws(SQLError) in
            try accounts.addAccount(id, profile, passwordHash: passwordHash, at: moment)
        }
    }

    func changeAccount(
        _ id: Identifier<Account>, to profile: AccountProfile, at moment: Instant
    ) throws(AttendanceError) {
        try write { () throws(SQLError) in try accounts.changeAccount(id, to: profile, at: moment) }
    }

    func replacePasswordHash(
        of account: Identifier<Account>, _ former: PasswordHash, with new: PasswordHash
    ) throws(AttendanceError) {
        try write { () throws(SQLError) in try accounts.replacePasswordHash(of: account, former, with: new) }
    }

    func setPasswordHash(
        of account: Identifier<Account>, to hash: PasswordHash, at moment: Instant
    ) throws(AttendanceError) {
        try write { () throws(SQLError) in try accounts.setPasswordHash(of: account, to: hash, at: moment) }
    }

    func removeAccount(_ id: Identifier<Account>) throws(AttendanceError) {
        try write { () throws(SQLError) in try accounts.removeAccount(id) }
    }

    func addGrant(
        _ id: Identifier<Grant>, of contract: Contract, to account: Identifier<Account>, role: WireText, isActive: Bool,
        epoch: Int64, at moment: Instant
    ) throws(AttendanceError) {
        try write { () throws(SQLError) in
            try accounts.addGrant(id, of: contract, to: account, role: role, isActive: isActive, epoch: epoch, at: moment)
        }
    }

    func changeGrant(
        _ id: Identifier<Grant>, role: WireText, isActive: Bool, endingTokens: Bool, at moment: Instant
    ) throws(AttendanceError) {
        try write { () throws(SQLError) in
            try accounts.changeGrant(id, role: role, isActive: isActive, endingTokens: endingTokens, at: moment)
        }
    }

    func removeGrant(_ id: Identifier<Grant>) throws(AttendanceError) {
        try write { () throws(SQLError) in try accounts.removeGrant(id) }
    }

    func endToken(_ id: [UInt8], until expiry: Instant, at moment: Instant) throws(AttendanceError) {
        try write { () throws(SQLError) in try accounts.endToken(id, until: expiry, at: moment) }
    }

    func countSignIn(
        _ key: SignInKey, at moment: Instant, stretchFrom start: Instant, keysMax: Int
    ) throws(AttendanceError) -> SignInCount {
        var count: SignInCount?
        try write { () throws(SQLError) in
            count = try signIns.count(key, at: moment, stretchFrom: start, keysMax: keysMax)
        }
        guard let count else { preconditionFailure("what was written without an error was counted") }
        return count
    }

    func forgetSignIns(_ key: SignInKey, onlyOne: Bool) throws(AttendanceError) {
        try write { () throws(SQLError) in try signIns.forget(key, onlyOne: onlyOne) }
    }

    func addSetupLink(_ verifier: Digest, until expiry: Instant, at moment: Instant) throws(AttendanceError) {
        try write { () throws(SQLError) in try signIns.addSetupLink(verifier, until: expiry, at: moment) }
    }

    func removeSetupLinks() throws(AttendanceError) {
        try write { () throws(SQLError) in try signIns.removeSetupLinks() }
    }
}

extension LedgerTable.Head {
    static func beginning(of tenant: TenantName, sealer: Sealer) -> LedgerTable.Head {
        LedgerTable.Head(sequence: 0, hash: sealer.genesis(of: tenant), termCount: 0, layoutVersion: 0, peopleVersion: 0)
    }
}
