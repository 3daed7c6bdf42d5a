import AttendanceCore

/// What a writer remembers from one transaction to the next. None of it is believed before the versions in the tenant's
/// head, which other processes move too, say that it still holds.
final class WriterMemory {
    /// Where the latest group that was sent leaves the ledger.
    var heads: [TenantID: LedgerTable.Head] = [:]
    var terms: [TenantID: TermBook] = [:]
    var layouts: [TenantID: (version: Int64, layout: StationLayout)] = [:]
    private var people: [TenantID: (version: Int64, staffCodes: [PeopleTable.Subject: WireText])] = [:]
    private var badges: [TenantID: (head: LedgerTable.Head?, memory: BadgeMemory)] = [:]
    private var sheets: [TenantID: (head: LedgerTable.Head?, memory: SheetMemory)] = [:]

    /// How many badges of a tenant are remembered with whose they are. Beyond that all are forgotten, and looked up anew.
    static let badgesMax = 100_000

    /// Whether it is known, and need not be looked up, that the badge is this staff code's.
    func knows(_ badge: PeopleTable.Subject, is staffCode: WireText, tenant: TenantID) -> Bool {
        people[tenant]?.staffCodes[badge] == staffCode
    }

    /// Forgets whose badges are: they are looked up anew.
    func forgetPeople(of tenant: TenantID) {
        people[tenant]?.staffCodes = [:]
    }

    func checkPeople(of tenant: TenantID, version: Int64) {
        if people[tenant]?.version != version { people[tenant] = (version, [:]) }
    }

    func learn(_ now: [PeopleTable.Subject: WireText], of tenant: TenantID, version: Int64) {
        if (people[tenant]?.staffCodes.count ?? 0) + now.count > Self.badgesMax { people[tenant] = nil }
        people[tenant, default: (version, [:])].version = version
        people[tenant, default: (version, [:])].staffCodes.merge(now) { _, new in new }
    }

    /// What is remembered of a tenant's badges, to be changed with them.
    func badges(of tenant: TenantID) -> BadgeMemory {
        if badges.values.reduce(0, { $0 + $1.memory.cost }) > BadgeMemory.costMax { badges = [:] }
        if let known = badges[tenant] { return known.memory }
        let new = BadgeMemory()
        badges[tenant] = (nil, new)
        return new
    }

    /// What is remembered of a tenant's members and their days, to be changed with them.
    func sheets(of tenant: TenantID) -> SheetMemory {
        if sheets.values.reduce(0, { $0 + $1.memory.cost }) > SheetMemory.costMax { sheets = [:] }
        if let known = sheets[tenant] { return known.memory }
        let new = SheetMemory()
        sheets[tenant] = (nil, new)
        return new
    }

    /// Forgets badges and days that somebody else's entries may have moved.
    func checkFolds(of tenant: TenantID, under head: LedgerTable.Head) {
        if badges[tenant]?.head != head { badges[tenant] = nil }
        if sheets[tenant]?.head != head { sheets[tenant] = nil }
    }

    func rememberFolds(of tenant: TenantID, under head: LedgerTable.Head) {
        badges[tenant]?.head = head
        sheets[tenant]?.head = head
    }

    /// Everything that a transaction has to know of a tenant before its first entry.
    struct Foreseen {
        let head: LedgerTable.Head
        let terms: TermBook
        let layout: StationLayout
        let trustsReferences: Bool
    }

    /// How many groups look references up after one that was taken.
    private static let doubtfulGroupsMax = 256
    private var doubtfulGroups = 0

    func doubtReferences() {
        doubtfulGroups = Self.doubtfulGroupsMax
    }

    /// How many groups ask the store after another process was seen to write: what it writes cannot be foreseen.
    private static let carefulGroupsMax = 32
    private var carefulGroups = 0

    func beCareful() {
        carefulGroups = Self.carefulGroupsMax
    }

    /// What the store will say when the latest group has committed, and nobody else has written; nil where the store has to be
    /// asked.
    func foresee(_ tenant: TenantID) -> Foreseen? {
        guard carefulGroups == 0 else {
            carefulGroups -= 1
            return nil
        }
        guard let head = heads[tenant], let terms = terms[tenant], terms.count == head.termCount,
            let (version, layout) = layouts[tenant], version == head.layoutVersion
        else { return nil }
        checkFolds(of: tenant, under: head)
        checkPeople(of: tenant, version: head.peopleVersion)
        doubtfulGroups = max(doubtfulGroups - 1, 0)
        return Foreseen(head: head, terms: terms, layout: layout, trustsReferences: doubtfulGroups == 0)
    }

    /// After a group that failed, which built on what was foreseen.
    func blame(_ error: SQLError, on transaction: WritingTransaction) {
        forget(transaction.tenant)
        let isReference = error.kind == .constraint && error.statement.contains("client_reference")
        if isReference, transaction.trustsReferences { doubtReferences() } else { beCareful() }
    }

    /// After a transaction that left no trace.
    func forget(_ tenant: TenantID) {
        heads[tenant] = nil
        terms[tenant] = nil
        layouts[tenant] = nil
        people[tenant] = nil
        badges[tenant] = nil
        sheets[tenant] = nil
    }
}
