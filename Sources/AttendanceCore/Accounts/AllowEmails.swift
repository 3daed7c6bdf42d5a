import struct FoundationEssentials.UUID

/// What an allowance came to.
public struct AllowedCount: Sendable, Equatable {
    public var added = 0
    public var changed = 0
    /// They stood on the list as they are.
    public var unchanged = 0

    public init(added: Int = 0, changed: Int = 0, unchanged: Int = 0) {
        self.added = added
        self.changed = changed
        self.unchanged = unchanged
    }
}

extension Operations {
    /// Lets addresses sign in, or changes what is known of them: all of them or none.
    ///
    /// It holds from the commit on, whatever server somebody asks. Whoever was taken off a list is on it again, and whoever has
    /// signed in as staff has the new role at once. Of several drafts of one address the last counts.
    /// - Throws: `.notPermitted` without the admin role, `.unavailable`.
    public func allowEmails(_ drafts: [AllowedEmailDraft], as caller: Caller) async throws(AttendanceError) -> AllowedCount {
        try caller.require(.admin)
        let now = ambient.now()
        let sealer = sealer
        return try await store.write(in: caller.tenant) { tx throws(AttendanceError) in
            try tx.lockAccounts()
            var count = AllowedCount()
            for list in AllowedList.allCases {
                let drafts = drafts.filter { $0.role.list == list }
                guard !drafts.isEmpty else { continue }
                var book = AllowanceBook(
                    list: list, try tx.allowedEmails(on: list, having: drafts.flatMap(\.addresses)), at: now, sealer: sealer,
                    tenant: caller.tenant)
                for draft in drafts { book.allow(draft) }
                try tx.store(book.changed, leaving: book.left.map { (list, $0) })
                count.added += book.count.added
                count.changed += book.count.changed
                count.unchanged += book.count.unchanged
                for entry in book.changed {
                    try tx.note(
                        AuditEntry(
                            at: now, caller: caller, act: .emailAllowed, subject: entry.email,
                            detail: WireText("aims, \(entry.role.rawValue)")))
                }
            }
            for draft in drafts where draft.role != .student { try tx.refreshRole(of: draft, at: now, as: caller) }
            return count
        }
    }

    /// Takes an address off both lists, and ends at once whatever was signed in with it. It stays denied, whatever roster it
    /// may stand on, until it is allowed again. A student's other address is denied with it.
    /// - Returns: Whether it stood on a list, or somebody had signed in with it.
    /// - Throws: `.invalid(field: "email", …)`, `.notPermitted` without the admin role, `.unavailable`.
    public func denyEmail(_ raw: WireText, as caller: Caller) async throws(AttendanceError) -> Bool {
        try caller.require(.admin)
        let email = try EmailAddress(parsing: raw.trimmed).folded
        let now = ambient.now()
        let sealer = sealer
        return try await store.write(in: caller.tenant) { tx throws(AttendanceError) in
            try tx.lockAccounts()
            var denied: [WireText] = [email]
            var wasKnown = false
            for list in AllowedList.allCases {
                var book = AllowanceBook(
                    list: list, try tx.allowedEmails(on: list, having: [email]), at: now, sealer: sealer, tenant: caller.tenant)
                if list == .staff && book.entries.isEmpty { continue }
                wasKnown = wasKnown || book.entries.contains { !$0.isDenied }
                book.deny(email)
                denied += book.entries.flatMap(\.addresses)
                try tx.store(book.changed, leaving: [])
            }
            for address in Set(denied).sorted() {
                guard let account = try tx.account(ofEmail: address) else { continue }
                for grant in try tx.grants(ofAccount: account.id) where grant.contract == .aims && grant.isActive {
                    try tx.changeGrant(grant.id, role: grant.role, isActive: false, endingTokens: true, at: now)
                    wasKnown = true
                }
            }
            try tx.note(AuditEntry(at: now, caller: caller, act: .emailDenied, subject: email, detail: "aims"))
            return wasKnown
        }
    }

    /// All entries of a list, or of both, denied ones included; by list and address.
    /// - Throws: `.notPermitted` without the admin role, `.unavailable`.
    public func allowedEmails(on list: AllowedList?, as caller: Caller) async throws(AttendanceError) -> [AllowedEmail] {
        try caller.require(.admin)
        return try await store.read(in: caller.tenant) { tx throws(AttendanceError) in try tx.allowedEmails(on: list) }
    }

    /// Forgets which account of the provider an address belongs to: the next one that signs in under it is bound. Tokens that the
    /// former one was given are ended.
    /// - Throws: `.notFound(.account)` where nobody has signed in with it, `.invalid(field: "email", …)`, `.notPermitted`,
    ///   `.unavailable`.
    public func resetIdentity(of raw: WireText, as caller: Caller) async throws(AttendanceError) {
        try caller.require(.admin)
        let email = try EmailAddress(parsing: raw.trimmed).folded
        let now = ambient.now()
        try await store.write(in: caller.tenant) { tx throws(AttendanceError) in
            try tx.lockAccounts()
            guard let account = try tx.account(ofEmail: email), try tx.binding(of: account.id) != nil else {
                throw .notFound(.account)
            }
            try tx.unbind(account.id)
            for grant in try tx.grants(ofAccount: account.id) where grant.contract == .aims {
                try tx.changeGrant(grant.id, role: grant.role, isActive: grant.isActive, endingTokens: true, at: now)
            }
            try tx.note(AuditEntry(at: now, caller: caller, act: .identityReset, subject: email, detail: "aims"))
        }
    }
}

extension WriteTransaction {
    /// Lets students sign in with the addresses that a roster tells, in the unit of work that changes the roster. Addresses that
    /// were taken off the list stay denied; what the list knows already stays as it is. Source: contract aims §4.5.3.
    public func noteStudentAddresses(
        _ notes: [StudentAddresses], at moment: Instant, sealer: Sealer, in tenant: TenantID
    ) throws(AttendanceError) {
        let addresses = notes.map(\.folded).flatMap { [$0.email, $0.instituteEmail].compactMap { $0 } }
        guard !addresses.isEmpty else { return }
        var book = AllowanceBook(
            list: .student, try allowedEmails(on: .student, having: addresses), at: moment, sealer: sealer,
            tenant: tenant)
        for note in notes { book.complete(note) }
        guard !book.changed.isEmpty else { return }
        try store(book.changed, leaving: book.left.map { (.student, $0) })
    }

    /// Gives whoever has signed in with the address the role that the list now names.
    fileprivate func refreshRole(
        of draft: AllowedEmailDraft, at now: Instant, as caller: Caller
    ) throws(AttendanceError) {
        guard let account = try account(ofEmail: draft.email.folded) else { return }
        let role = WireText(draft.role.rawValue)
        for grant in try grants(ofAccount: account.id) where grant.contract == .aims && grant.role != role {
            try changeGrant(grant.id, role: role, isActive: grant.isActive, endingTokens: false, at: now)
            try note(
                AuditEntry(
                    at: now, caller: caller, act: .roleGranted, subject: grant.callerName,
                    detail: WireText("aims, \(role) instead of \(grant.role)")))
        }
    }
}

/// The entries of a list that hold some addresses, and what becomes of them.
struct AllowanceBook {
    private let list: AllowedList
    private let moment: Instant
    private let sealer: Sealer
    private let tenant: TenantID
    private let former: [WireText: AllowedEmail]
    private(set) var entries: [AllowedEmail]
    /// The places of the entries that hold an address, or have held it.
    private var places: [WireText: [Int]] = [:]
    private var touched: Set<Int> = []

    init(list: AllowedList, _ entries: [AllowedEmail], at moment: Instant, sealer: Sealer, tenant: TenantID) {
        self.list = list
        self.moment = moment
        self.sealer = sealer
        self.tenant = tenant
        self.entries = entries
        former = Dictionary(entries.map { ($0.email, $0) }) { first, _ in first }
        for place in entries.indices { index(place) }
    }

    /// What differs from what stood there.
    var changed: [AllowedEmail] {
        entries.filter { entry in former[entry.email].map { !$0.isSame(as: entry) } ?? true }
    }

    /// Addresses under which no entry stands any more.
    var left: [WireText] {
        let present = Set(entries.map(\.email))
        return former.keys.filter { !present.contains($0) }.sorted()
    }

    var count: AllowedCount {
        let known = Set(former.values.map(\.id))
        let changed = Set(changed.map(\.id))
        return AllowedCount(
            added: changed.subtracting(known).count, changed: changed.intersection(known).count,
            unchanged: Set(touched.map { entries[$0].id }).subtracting(changed).count)
    }

    mutating func allow(_ draft: AllowedEmailDraft) {
        let (email, other) = (draft.email.folded, draft.otherEmail?.folded)
        let place = place(of: email, other) ?? append(email, draft.role)
        touched.insert(place)
        // An address that was denied under another entry, too, would stay so.
        for at in Set(draft.addresses.flatMap { places[$0] ?? [] } + [place]) {
            change(at) { $0.isDenied = false }
        }
        change(place) { entry in
            if other != nil || entry.email != email {
                // The draft says which is which; one that it does not name stays.
                entry.otherEmail = other ?? (entry.otherEmail == email ? entry.email : entry.otherEmail)
                entry.email = email
            }
            entry.role = draft.role
            entry.name = draft.name ?? entry.name
            entry.rollNumber = draft.rollNumber ?? entry.rollNumber
            entry.batch = draft.batch ?? entry.batch
            entry.department = draft.department ?? entry.department
            entry.program = draft.program ?? entry.program
        }
    }

    /// Denies every entry; where there is none, one is made for the denial.
    mutating func deny(_ email: WireText) {
        if entries.isEmpty { _ = append(email, list == .student ? .student : .teacher) }
        for place in entries.indices { change(place) { $0.isDenied = true } }
    }

    /// With both addresses one entry holds both; with only the institutional one that is its first. Source: contract aims §4.5.3.
    mutating func complete(_ note: StudentAddresses) {
        let (own, institute) = note.folded
        guard let email = own ?? institute else { return }
        let other = own == nil || institute == email ? nil : institute
        change(place(of: email, other) ?? append(email, .student)) { entry in
            if let other, entry.otherEmail == nil {
                if entry.email == email { entry.otherEmail = other } else { (entry.email, entry.otherEmail) = (email, other) }
            }
            entry.name = entry.name ?? note.name.filled
            entry.rollNumber = entry.rollNumber ?? note.rollNumber.filled
        }
    }

    /// The entry that an address belongs to: the one that has it first, or else one that has it second, or else one that has the
    /// other address alone.
    private func place(of email: WireText, _ other: WireText?) -> Int? {
        let holders = places[email] ?? []
        return holders.first { entries[$0].email == email } ?? holders.first { entries[$0].otherEmail == email }
            ?? other.flatMap { other in (places[other] ?? []).first { entries[$0].addresses == [other] } }
    }

    private mutating func append(_ email: WireText, _ role: ClassroomRole) -> Int {
        let name = sealer.pseudonym(of: WireText("\(tenant.rawValue)/\(list.rawValue)/\(email)"), purpose: 0x04)
        entries.append(
            AllowedEmail(
                id: UUID(version: 8, of: name.bytes), list: list, email: email, role: role, createdAt: moment, updatedAt: moment))
        index(entries.count - 1)
        return entries.count - 1
    }

    private mutating func change(_ place: Int, _ body: (inout AllowedEmail) -> Void) {
        var entry = entries[place]
        body(&entry)
        guard entry != entries[place] else { return }
        entry.updatedAt = moment
        entries[place] = entry
        index(place)
    }

    private mutating func index(_ place: Int) {
        for address in entries[place].addresses where places[address]?.contains(place) != true {
            places[address, default: []].append(place)
        }
    }
}
