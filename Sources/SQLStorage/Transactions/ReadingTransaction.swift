import AttendanceCore
import struct FoundationEssentials.UUID

/// What a reading closure gets: one tenant, one moment, one connection.
class ReadingTransaction: ReadTransaction {
    final let connection: any SQLConnection
    final let tenant: TenantID
    /// The terms read so far; handed on from transaction to transaction by whoever owns the connection.
    final var terms: TermBook
    /// How many entries a search reads at once.
    static let entriesPerStep = 2_000
    /// How many times it reads: an operator waits for the answer, and no answer is better than a late one.
    static let searchStepsMax = 25

    /// The engine's own word on what failed, for whoever began the transaction.
    final private(set) var failure: SQLError?
    private let trouble: EngineTrouble
    private let memory: ReaderMemory?

    init(
        connection: any SQLConnection, tenant: TenantID, terms: TermBook, trouble: EngineTrouble, memory: ReaderMemory? = nil
    ) {
        self.memory = memory
        self.connection = connection
        self.tenant = tenant
        self.terms = terms
        self.trouble = trouble
    }

    /// Every statement of a transaction passes here, so that its failure is known to the owner as well as to the closure.
    final func attempt<Result>(_ body: () throws(SQLError) -> Result) throws(AttendanceError) -> Result {
        do {
            return try body()
        } catch {
            failure = error
            throw trouble.error(error)
        }
    }

    /// Called before projections are read: a writing transaction may hold changes back.
    func settle() throws(AttendanceError) {}

    /// Called before anything else is read that units of work write at once.
    func requireCertainty() throws(AttendanceError) {}

    final func certain<Result>(_ body: () throws(SQLError) -> Result) throws(AttendanceError) -> Result {
        try requireCertainty()
        return try attempt(body)
    }

    /// Reads what may be asked again soon.
    private func remembered<Value>(
        _ question: @autoclosure () -> ReaderMemory.Question, where isWorthIt: (Value) -> Bool = { _ in true },
        _ find: () throws(AttendanceError) -> Value
    ) throws(AttendanceError) -> Value {
        guard let memory else { return try find() }
        return try memory.answer(to: question(), where: isWorthIt, find)
    }

    /// What stands of classes, what a writer keeps back included.
    func classView() throws(AttendanceError) -> ClassView {
        ClassView(connection: connection, tenant: tenant, memory: memory?.classes(of: tenant) ?? ClassMemory())
    }

    final var ledger: LedgerTable { LedgerTable(connection: connection, tenant: tenant) }
    final var tallies: ScanTallyTable { ScanTallyTable(connection: connection, tenant: tenant) }
    final var stations: StationTable { StationTable(connection: connection, tenant: tenant) }
    final var audit: AuditTable { AuditTable(connection: connection, tenant: tenant) }

    // MARK: LedgerReading

    func head() throws(AttendanceError) -> LedgerHead {
        try settle()
        let head = try attempt { () throws(SQLError) in try ledger.head(locking: false) }
        return LedgerHead(sequence: head.sequence, hash: head.hash)
    }

    func entries(after sequence: Int64, limit: Int) throws(AttendanceError) -> [LedgerEntry] {
        try settle()
        return try attempt { () throws(SQLError) in try ledger.entries(after: sequence, limit: limit, terms: &terms) }
    }

    func storedEntries(after sequence: Int64, limit: Int) throws(AttendanceError) -> [StoredEntry] {
        try settle()
        // A walk from the beginning is there to find what was tampered with, so it believes nothing read before.
        if sequence == 0 { terms = TermBook() }
        return try attempt { () throws(SQLError) in
            try ledger.storedEntries(after: sequence, limit: limit, terms: &terms)
        }
    }

    func layout() throws(AttendanceError) -> StationLayout {
        StationLayout(spans: try attempt { () throws(SQLError) in try tallies.spans(terms: &terms) })
    }

    func scans(
        of source: EntrySource, after position: ScanPosition, upTo head: Int64, under layout: StationLayout, limit: Int
    ) throws(AttendanceError) -> (scans: [CountedScan], next: ScanPosition?) {
        try settle()
        let entries = try attempt { () throws(SQLError) in
            try ledger.entries(of: source, after: position, limit: limit, terms: &terms)
        }
        let next =
            entries.count < limit
            ? nil : entries.last.map { ScanPosition(occurredAt: $0.claim.occurredAt, sequence: $0.sequence) }
        var spans: [WireText: [StationSpan]] = [:]
        for span in layout.spans where span.source == source { spans[span.claimed, default: []].append(span) }
        let counted = entries.compactMap { entry -> CountedScan? in
            guard entry.claim.kind == .scan, entry.sequence <= head, let claimed = entry.claim.station,
                let span = spans[claimed]?.first(where: { $0.holds(entry.sequence) }), entry.sequence > span.clearedThrough
            else { return nil }
            return CountedScan(
                sequence: entry.sequence, occurredAt: entry.claim.occurredAt, station: span.shown, unit: entry.claim.unit,
                means: entry.claim.means, personal: entry.claim.personal)
        }
        return (counted, next)
    }

    func newestScan(
        of badge: WireText, known pseudonym: Pseudonym, source: EntrySource, from: Instant, through: Instant,
        notAt station: WireText?
    ) throws(AttendanceError) -> (station: WireText, occurredAt: Instant)? {
        try settle()
        let layout = try layout()
        let places = try attempt { () throws(SQLError) in
            try BadgePlaceTable(connection: connection, tenant: tenant).places(of: [pseudonym])[pseudonym]?.flatMap { $0 } ?? []
        }
        .filter { $0.counts(under: layout) }
        .map { (span: layout[$0.span], lastOccurredAt: Instant(microseconds: $0.lastOccurredAt)) }
        .filter { $0.span.source == source && $0.span.shown != station }
        guard places.contains(where: { $0.lastOccurredAt > through }) else {
            // The usual case: nothing lies in the future, so the last scan at each place is the newest there.
            return places.filter { $0.lastOccurredAt >= from }.max { $0.lastOccurredAt < $1.lastOccurredAt }
                .map { ($0.span.shown, $0.lastOccurredAt) }
        }
        // Some clock runs ahead: the newest one up to now has to be looked for, from now backwards.
        var position = ScanPosition(occurredAt: through, sequence: .max)
        for _ in 0..<Self.searchStepsMax {
            let entries = try attempt { () throws(SQLError) in
                try ledger.entries(of: source, from: from, before: position, limit: Self.entriesPerStep, terms: &terms)
            }
            for entry in entries
            where entry.claim.personal?.identifier == badge && entry.claim.personal?.identifierKind == .badge {
                guard let claimed = entry.claim.station,
                    let span = layout.span(ofEntry: entry.sequence, claimed: claimed, source: source),
                    entry.sequence > span.clearedThrough, span.shown != station
                else { continue }
                return (span.shown, entry.claim.occurredAt)
            }
            guard entries.count == Self.entriesPerStep, let last = entries.last else { return nil }
            position = ScanPosition(occurredAt: last.claim.occurredAt, sequence: last.sequence)
        }
        return nil
    }

    func clearEpoch(of source: EntrySource) throws(AttendanceError) -> WireText? {
        try settle()
        return try attempt { () throws(SQLError) in try tallies.clearEpoch(of: source) }
    }

    func tally(of source: EntrySource) throws(AttendanceError) -> ScanTally {
        try settle()
        return try attempt { () throws(SQLError) in try tallies.tally(of: source, terms: &terms) }
    }

    func taken(_ references: Set<Pseudonym>, source: EntrySource) throws(AttendanceError) -> [Pseudonym: Int64] {
        try settle()
        let layout = try layout()
        let places = try attempt { () throws(SQLError) in try ledger.places(of: references.sorted(), source: source) }
        return Dictionary(
            uniqueKeysWithValues: places.filter { layout.isTaken($0.1) }.map { reference, place in (reference, place.sequence) })
    }

    // MARK: Members, rules, sheets

    final var members: MemberTable { MemberTable(connection: connection, tenant: tenant) }
    final var punches: PunchTable { PunchTable(connection: connection, tenant: tenant) }
    final var workSessions: WorkSessionTable { WorkSessionTable(connection: connection, tenant: tenant) }

    private func settled<Result>(_ body: () throws(SQLError) -> Result) throws(AttendanceError) -> Result {
        try settle()
        return try attempt(body)
    }

    func members(of source: EntrySource) throws(AttendanceError) -> [Member] {
        try settled { () throws(SQLError) in try members.members(of: source) }
    }

    func member(_ id: Identifier<Membership>, of source: EntrySource) throws(AttendanceError) -> Member? {
        try remembered(.member(tenant, source, id.rawValue)) { () throws(AttendanceError) in
            try settled { () throws(SQLError) in try members.member(id, of: source) }
        }
    }

    func member(numbered number: Int64, of source: EntrySource) throws(AttendanceError) -> Member? {
        try settled { () throws(SQLError) in try members.member(numbered: number, of: source) }
    }

    func member(ofEmail email: WireText, of source: EntrySource) throws(AttendanceError) -> Member? {
        try settled { () throws(SQLError) in try members.member(ofEmail: email, of: source) }
    }

    func member(ofStaffCode staffCode: WireText, of source: EntrySource) throws(AttendanceError) -> Member? {
        try settled { () throws(SQLError) in try members.member(ofStaffCode: staffCode, of: source) }
    }

    func rules(of source: EntrySource) throws(AttendanceError) -> TimeSheetRules {
        try remembered(.rules(tenant, source)) { () throws(AttendanceError) in
            try settled { () throws(SQLError) in try RuleTable(connection: connection, tenant: tenant).rules(of: source) }
        }
    }

    func nextBusinessHoursNumber(of source: EntrySource) throws(AttendanceError) -> Int64 {
        try settled { () throws(SQLError) in
            try RuleTable(connection: connection, tenant: tenant).nextBusinessHoursNumber(of: source)
        }
    }

    func sheetOwners(known id: UUID) throws(AttendanceError) -> [SheetOwner] {
        try settled { () throws(SQLError) in try PeopleTable(connection: connection, tenant: tenant).owners(known: id) }
    }

    func sheetOwners(called name: WireText) throws(AttendanceError) -> [SheetOwner] {
        // Where a scope and a number are told, `Gate:213`, both have to be the device's.
        let parts = name.text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map { WireText(String($0)) }
        let pin = parts.count == 2 ? DevicePIN(scope: parts[0], number: parts[1]).text : nil
        let pinEnd = parts.count == 2 ? nil : DevicePIN(scope: "", number: name).text
        return try settled { () throws(SQLError) in
            try PeopleTable(connection: connection, tenant: tenant).owners(called: name, pin: pin, pinEnd: pinEnd)
        }
    }

    func voidedPunches(of member: Int64, on day: CalendarDay) throws(AttendanceError) -> [(number: Int64, by: Int64)] {
        try settled { () throws(SQLError) in try punches.voided(of: member, on: day) }
    }

    func punches(of member: Int64, from: CalendarDay, through: CalendarDay) throws(AttendanceError) -> [SheetPunch] {
        try remembered(
            .punches(tenant, member: member, from: from, through: through), where: { $0.count <= ReaderMemory.punchesMax }
        ) { () throws(AttendanceError) in
            try settled { () throws(SQLError) in try punches.punches(of: member, from: from, through: through) }
        }
    }

    func punches(
        of source: EntrySource, matching query: PunchQuery, after position: PunchPosition?, limit: Int
    ) throws(AttendanceError) -> [SheetPunch] {
        try settled { () throws(SQLError) in
            try punches.punches(of: source, matching: query, after: position, limit: limit)
        }
    }

    func punch(_ number: Int64, of source: EntrySource) throws(AttendanceError) -> SheetPunch? {
        try settled { () throws(SQLError) in try punches.punch(number, of: source) }
    }

    func hoursOrigins(
        of source: EntrySource
    ) throws(AttendanceError) -> [Int64: (digest: Int64?, isRemoved: Bool)] {
        try settled { () throws(SQLError) in try RuleTable(connection: connection, tenant: tenant).origins(of: source) }
    }

    func importedPunches(_ ids: [UUID], of source: EntrySource) throws(AttendanceError) -> [UUID: ImportedPunch] {
        try settled { () throws(SQLError) in try punches.imported(ids, of: source) }
    }

    func importedSessions(_ ids: [UUID], of source: EntrySource) throws(AttendanceError) -> [UUID: ImportedSession] {
        try settled { () throws(SQLError) in try workSessions.imported(ids, of: source) }
    }

    func importedPunchIDs(of source: EntrySource, after id: UUID?, limit: Int) throws(AttendanceError) -> [UUID] {
        try settled { () throws(SQLError) in try punches.importedIDs(of: source, after: id, limit: limit) }
    }

    func importedSessionIDs(of source: EntrySource, after id: UUID?, limit: Int) throws(AttendanceError) -> [UUID] {
        try settled { () throws(SQLError) in try workSessions.importedIDs(of: source, after: id, limit: limit) }
    }

    func punch(importedAs id: UUID, of source: EntrySource) throws(AttendanceError) -> SheetPunch? {
        try settled { () throws(SQLError) in try punches.punch(importedAs: id, of: source) }
    }

    func session(
        of member: Int64, on day: CalendarDay, of source: EntrySource
    ) throws(AttendanceError) -> SheetSession? {
        try settled { () throws(SQLError) in try workSessions.session(of: member, on: day) }
    }

    func session(importedAs id: UUID, of source: EntrySource) throws(AttendanceError) -> SheetSession? {
        try settled { () throws(SQLError) in try workSessions.session(importedAs: id, of: source) }
    }

    func sessionDays(
        of source: EntrySource, from: CalendarDay?, through: CalendarDay?, limit: Int
    ) throws(AttendanceError) -> [(day: CalendarDay, sessions: Int64)] {
        try settled { () throws(SQLError) in
            try workSessions.days(of: source, from: from, through: through, limit: limit)
        }
    }

    func sessions(
        of source: EntrySource, from: CalendarDay, through: CalendarDay
    ) throws(AttendanceError) -> [SheetSession] {
        try settled { () throws(SQLError) in try workSessions.sessions(of: source, from: from, through: through) }
    }

    func sessions(
        of source: EntrySource, member: Int64, from: CalendarDay?, through: CalendarDay?, limit: Int
    ) throws(AttendanceError) -> [SheetSession] {
        try settled { () throws(SQLError) in
            try workSessions.sessions(of: source, member: member, from: from, through: through, limit: limit)
        }
    }

    func openSessions(
        of source: EntrySource, on day: CalendarDay, member: Int64?
    ) throws(AttendanceError) -> [SheetSession] {
        try settled { () throws(SQLError) in try workSessions.openSessions(of: source, on: day, member: member) }
    }

    func hours(
        of source: EntrySource, member: Int64?, from: CalendarDay, through: CalendarDay
    ) throws(AttendanceError) -> HoursSum {
        try settled { () throws(SQLError) in
            try workSessions.hours(of: source, member: member, from: from, through: through)
        }
    }

    func hoursByMember(
        of source: EntrySource, member: Int64?, from: CalendarDay, through: CalendarDay
    ) throws(AttendanceError) -> [(member: Int64, sum: HoursSum)] {
        try settled { () throws(SQLError) in
            try workSessions.hoursByMember(of: source, member: member, from: from, through: through)
        }
    }

    func hoursByDay(
        of source: EntrySource, member: Int64?, from: CalendarDay, through: CalendarDay
    ) throws(AttendanceError) -> [(day: CalendarDay, sum: HoursSum)] {
        try settled { () throws(SQLError) in
            try workSessions.hoursByDay(of: source, member: member, from: from, through: through)
        }
    }

    // MARK: The other nouns

    func known(_ pins: Set<DevicePIN>, source: EntrySource) throws(AttendanceError) -> Set<DevicePIN> {
        try settle()
        return try attempt { () throws(SQLError) in
            try PeopleTable(connection: connection, tenant: tenant).known(pins, source: source)
        }
    }

    func heartbeats() throws(AttendanceError) -> [Heartbeat] {
        try certain { () throws(SQLError) in try stations.heartbeats() }
    }

    func stationCounters() throws(AttendanceError) -> [(station: WireText, counters: StationCounters)] {
        try settle()
        return try attempt { () throws(SQLError) in try stations.counters() }
    }

    func stationHours(
        of source: EntrySource, from: Instant, before end: Instant
    ) throws(AttendanceError) -> [StationHour] {
        try settle()
        return try attempt { () throws(SQLError) in
            try ledger.stationHours(of: source, from: from, before: end, terms: &terms)
        }
    }

    func unmatchedIdentifiers(
        after sequence: Int64, through last: Int64
    ) throws(AttendanceError) -> [UnmatchedIdentifier] {
        try settle()
        return try attempt { () throws(SQLError) in
            try PeopleTable(connection: connection, tenant: tenant).unmatched(after: sequence, through: last)
        }
    }

    func roster() throws(AttendanceError) -> RosterSummary? {
        try certain { () throws(SQLError) in try RosterTable(connection: connection, tenant: tenant).summary() }
    }

    func accessKey(id: String) throws(AttendanceError) -> AccessKey? {
        try certain { () throws(SQLError) in try AccessTable(connection: connection).key(id: id) }
    }

    func accessKeys() throws(AttendanceError) -> [AccessKey] {
        try certain { () throws(SQLError) in try AccessTable(connection: connection).keys(of: tenant) }
    }

    func tenant(named name: TenantName) throws(AttendanceError) -> Tenant? {
        try certain { () throws(SQLError) in try TenantTable(connection: connection).tenant(named: name) }
    }

    func tenants() throws(AttendanceError) -> [Tenant] {
        try certain { () throws(SQLError) in try TenantTable(connection: connection).tenants() }
    }

    func auditEntries(limit: Int) throws(AttendanceError) -> [AuditEntry] {
        try certain { () throws(SQLError) in try audit.entries(limit: limit) }
    }

    func auditSubjects(of act: AuditAct) throws(AttendanceError) -> Set<WireText> {
        try certain { () throws(SQLError) in try audit.subjects(of: act) }
    }

    func refusals(limit: Int) throws(AttendanceError) -> [RefusalCount] {
        try certain { () throws(SQLError) in try audit.refusals(limit: limit) }
    }

    // MARK: AccountReading

    final var accounts: AccountTable { AccountTable(connection: connection, tenant: tenant) }
    final var signIns: SignInTable { SignInTable(connection: connection) }

    func grants(of contract: Contract?) throws(AttendanceError) -> [Grant] {
        try certain { () throws(SQLError) in try accounts.grants(of: contract) }
    }

    func grant(_ id: Identifier<Grant>, of contract: Contract) throws(AttendanceError) -> Grant? {
        try certain { () throws(SQLError) in try accounts.grant(id, of: contract) }
    }

    func grants(ofAccount account: Identifier<Account>) throws(AttendanceError) -> [Grant] {
        try certain { () throws(SQLError) in try accounts.grants(ofAccount: account) }
    }

    func activeGrants(of contract: Contract) throws(AttendanceError) -> Int {
        try certain { () throws(SQLError) in try accounts.activeGrants(of: contract) }
    }

    func credentials(of email: WireText, for contract: Contract) throws(AttendanceError) -> AccountCredentials? {
        try certain { () throws(SQLError) in try accounts.credentials(of: email, for: contract) }
    }

    func standing(
        of id: Identifier<Grant>, for contract: Contract, token: [UInt8]
    ) throws(AttendanceError) -> TokenStanding? {
        try remembered(.standing(tenant, contract, grant: id.rawValue, token: token)) { () throws(AttendanceError) in
            try certain { () throws(SQLError) in try accounts.standing(of: id, for: contract, token: token) }
        }
    }

    func account(ofEmail email: WireText) throws(AttendanceError) -> (id: Identifier<Account>, profile: AccountProfile)? {
        try certain { () throws(SQLError) in try accounts.account(ofEmail: email) }
    }

    func grantCount(of account: Identifier<Account>) throws(AttendanceError) -> Int {
        try certain { () throws(SQLError) in try accounts.grantCount(of: account) }
    }

    func hasGrants() throws(AttendanceError) -> Bool {
        try certain { () throws(SQLError) in try accounts.hasGrants() }
    }

    func taken(
        email: WireText, username: WireText, besides account: Identifier<Account>?
    ) throws(AttendanceError) -> AccountNames {
        try certain { () throws(SQLError) in try accounts.taken(email: email, username: username, besides: account) }
    }

    func hasSetupLink(_ verifier: Digest, at moment: Instant) throws(AttendanceError) -> Bool {
        try certain { () throws(SQLError) in try signIns.hasSetupLink(verifier, at: moment) }
    }

    // MARK: SettingReading

    func value(of setting: DisplaySetting) throws(AttendanceError) -> Int64? {
        try certain { () throws(SQLError) in try SettingTable(connection: connection, tenant: tenant).value(of: setting) }
    }
}
