public import AttendanceCore
import SQLStorage
import struct FoundationEssentials.UUID

/// Moves everything that Time Tracker keeps into the ledger, as often as somebody likes: what is there stays as it is, what was
/// changed there since is corrected, and what is gone there is named.
public struct MovingIn {
    /// How many rows one unit of work has, all or none of which are stored.
    static let unitMax = 1_000
    /// How many days are looked at at a time when sessions are compared.
    static let daysAtATime: Int64 = 366

    /// What was found, and what became of it.
    public private(set) var summary = MovingInSummary()

    private let operations: Operations
    private let caller: Caller
    private let isDryRun: Bool
    private let source: FormerDatabase
    private let tell: (MovingInLine) -> Void
    private let progress: (_ what: String, _ done: Int, _ of: Int) -> Void

    private var employees: [EmployeeRow] = []
    /// Those who are here, or would be.
    private var members: Set<Identifier<Membership>> = []

    /// - Parameters:
    ///   - url: Of the database that Time Tracker keeps.
    ///   - tell: Told each line that somebody has to know of, as it comes.
    ///   - progress: Told how far it is.
    /// - Throws: ``FormerTimeTrackerError``; `SQLError` where the database cannot be reached.
    public init(
        from url: String, into operations: Operations, isDryRun: Bool, as caller: Caller,
        tell: @escaping (MovingInLine) -> Void, progress: @escaping (_ what: String, _ done: Int, _ of: Int) -> Void
    ) throws {
        self.operations = operations
        self.caller = caller
        self.isDryRun = isDryRun
        self.tell = tell
        self.progress = progress
        source = try FormerDatabase(url: url)
    }

    /// Moves. What was told to be stored is, also where this throws; running it again does the rest.
    public mutating func run() async throws {
        defer { source.close() }
        try await moveMembers()
        try await moveBusinessHours()
        try await moveAdmins()
        try await movePunches()
        try await moveSessions()
        try await nameStrayCycles()
        try await nameVanished()
        if !isDryRun {
            try await operations.noteImport(of: "timetracker", detail: WireText(summary.auditText), as: caller)
        }
    }

    // MARK: Few rows

    /// How often a batch is tried that the store has no time for: another import may hold it for a while.
    private static let attemptsMax = 30

    /// Tries again what passes by itself. A batch that was stored although nobody could say so is found there, and is not new.
    private func patiently<Result>(
        _ body: () async throws(AttendanceError) -> Result
    ) async throws(AttendanceError) -> Result {
        for _ in 1..<Self.attemptsMax {
            do throws(AttendanceError) {
                return try await body()
            } catch {
                guard case .unavailable(let seconds) = error else { throw error }
                await operations.ambient.pause(Int64(seconds) * 1_000_000)
            }
        }
        return try await body()
    }

    private mutating func moveMembers() async throws {
        employees = try source.employees()
        let rows = employees.map { row in
            FormerMember(
                row: imported(
                    row.id, row.createdAt, row.updatedAt,
                    [row.name, row.code, row.email, row.department, row.position, row.isActive ? "1" : "0"]),
                profile: MemberProfile(
                    name: WireText(row.name), staffCode: WireText(row.code), email: WireText(row.email),
                    department: WireText(row.department), position: WireText(row.position), isActive: row.isActive))
        }
        let outcomes = try await patiently { () async throws(AttendanceError) in
            try await operations.importMembers(rows, of: .timeTracker, isDryRun: isDryRun, as: caller)
        }
        for (row, outcome) in zip(rows, outcomes) {
            if outcome.fate != .misfit { members.insert(row.id) }
            note(outcome, of: .employees, row.row.id)
            for (name, text, max) in [
                ("name", row.profile.name, 100), ("employee_id", row.profile.staffCode, 20), ("email", row.profile.email, 254),
                ("department", row.profile.department, 100), ("position", row.profile.position, 100),
            ] where text.scalarCount > max && outcome.fate != .misfit {
                remark(.employees, row.row.id, "its \(name) has more than \(max) characters: it is kept whole")
            }
        }
        try await keep(zip(rows, outcomes).filter { $1.fate == .misfit }.map(\.0.row), of: .employee, kind: "employee")
    }

    private mutating func moveBusinessHours() async throws {
        let found = try source.businessHours()
        // One at a time is in force here. Of several, the one that was made last is; nothing in Time Tracker's database says
        // which it meant (W10).
        let inForce = found.last(where: \.isActive)?.number
        let ordered = found.filter { $0.number != inForce } + found.filter { $0.number == inForce }
        let rows = ordered.map { row in
            FormerHours(
                number: row.number,
                stamp: stamp(
                    row.createdAt, row.updatedAt,
                    [row.start, row.end, row.breakMinutes, row.lateMinutes].map { String($0) } + [row.number == inForce ? "1" : "0"]
                ),
                draft: BusinessHoursDraft(
                    startMicroseconds: row.start, endMicroseconds: row.end, breakMinutes: row.breakMinutes,
                    lateThresholdMinutes: row.lateMinutes, isActive: row.number == inForce))
        }
        let outcomes = try await patiently { () async throws(AttendanceError) in
            try await operations.importBusinessHours(rows, of: .timeTracker, isDryRun: isDryRun, as: caller)
        }
        var misfits: [Misfit] = []
        for ((row, outcome), former) in zip(zip(rows, outcomes), ordered) {
            note(outcome, of: .businessHours, id: String(row.number))
            if former.isActive, row.number != inForce {
                remark(.businessHours, id: String(row.number), "W10: active beside others; it is inactive here")
            }
            guard outcome.fate == .misfit else { continue }
            misfits.append(
                Misfit(
                    kind: "businesshours", id: "\(row.number)", digest: row.stamp.digest,
                    content: WireText(try source.content(ofBusinessHours: row.number))))
        }
        if !isDryRun {
            try await patiently { () async throws(AttendanceError) in
                try await operations.keepMisfits(misfits, of: .timeTracker, as: caller)
            }
        }
        let here = try await operations.importedMembersAndHours(of: .timeTracker, as: caller)
        let numbers = Set(rows.map(\.number))
        for number in here.hours.subtracting(numbers).sorted() { vanish(.businessHours, id: String(number)) }
        let ids = Set(employees.map(\.id))
        for member in here.members where !ids.contains(member.id.rawValue) { vanish(.employees, id: member.id.text.text) }
    }

    private mutating func moveAdmins() async throws {
        let rows = try source.admins()
        var known = Dictionary(
            try await operations.grants(of: .timeTracker, in: caller.tenant).map { ($0.id.rawValue, $0) }
        ) { first, _ in first }
        for row in rows {
            let grant = ImportedGrant(
                id: Identifier(rawValue: row.id), email: WireText(row.email), username: WireText(row.username),
                passwordHash: row.isUsable ? PasswordHash(row.passwordHash) : nil, firstName: WireText(row.firstName),
                lastName: WireText(row.lastName), role: WireText(row.role), isActive: row.isActive,
                createdAt: row.createdAt ?? operations.ambient.now())
            if !row.isUsable { remark(.admins, row.id, "it has no password that can be verified: muster admin reset gives it one") }
            do throws(AttendanceError) {
                if let former = known.removeValue(forKey: row.id) {
                    note(try await correct(former, by: grant), of: .admins, row.id)
                } else {
                    if !isDryRun { _ = try await operations.importGrant(grant, of: .timeTracker, as: caller) }
                    note(RowOutcome(.new), of: .admins, row.id)
                }
            } catch {
                guard let reason = error.misfitOfAdmin else { throw error }
                note(RowOutcome(.misfit, reason), of: .admins, row.id)
            }
        }
        let present = Set(rows.map(\.id))
        for grant in try await operations.importedGrants(of: .timeTracker, in: caller.tenant)
        where !present.contains(grant.id.rawValue) {
            vanish(.admins, id: grant.id.text)
        }
    }

    /// Takes over what was changed in Time Tracker of somebody who can sign in here. A password stays the one that is here.
    private func correct(_ former: Grant, by row: ImportedGrant) async throws(AttendanceError) -> RowOutcome {
        func changed(_ mine: WireText, _ theirs: WireText) -> WireText? { mine == theirs ? nil : theirs }
        let email = former.email.folded == row.email.folded ? nil : row.email
        let change = GrantChange(
            email: email, username: changed(former.username, row.username), firstName: changed(former.firstName, row.firstName),
            lastName: changed(former.lastName, row.lastName), role: changed(former.role, row.role),
            isActive: former.isActive == row.isActive ? nil : row.isActive)
        let isSame =
            change.email == nil && change.username == nil && change.firstName == nil && change.lastName == nil
            && change.role == nil && change.isActive == nil
        if isSame { return RowOutcome(.alreadyThere) }
        if !isDryRun { _ = try await operations.changeGrant(former.id, change, of: .timeTracker, as: caller) }
        return RowOutcome(.corrected)
    }

    // MARK: Many rows

    private mutating func movePunches() async throws {
        let total = try source.count(of: .entry)
        var done = 0
        var pending: [FormerPunch] = []
        for employee in employees {
            var place: FormerDatabase.EntryPlace?
            repeat {
                let page = try source.entries(of: employee.id, after: place)
                pending += page.rows.map(punch)
                done += page.rows.count
                place = page.next
                while pending.count >= Self.unitMax {
                    try await take(Array(pending.prefix(Self.unitMax)))
                    pending.removeFirst(Self.unitMax)
                    progress("entries", done, total)
                }
            } while place != nil
        }
        try await take(pending)
        var last: UUID?
        while true {
            let strays = try source.strayEntries(after: last)
            try await take(strays.map(punch))
            guard strays.count == FormerDatabase.pageMax else { break }
            last = strays.last?.id
        }
    }

    private func punch(_ row: EntryRow) -> FormerPunch {
        FormerPunch(
            row: imported(
                row.id, row.createdAt, row.updatedAt,
                [
                    row.employee.text, row.type, row.atText, row.isLate ? "1" : "0", row.isEarly ? "1" : "0",
                    row.notes.map { "+" + $0 } ?? "",
                ]), member: Identifier(rawValue: row.employee), direction: row.direction, word: WireText(row.type), at: row.at,
            isLate: row.isLate, isEarly: row.isEarly, note: row.notes.map { WireText($0) })
    }

    private mutating func take(_ rows: [FormerPunch]) async throws {
        guard !rows.isEmpty else { return }
        let outcomes = try await patiently { () async throws(AttendanceError) in
            try await operations.importPunches(
                rows, of: .timeTracker, isDryRun: isDryRun, knowing: isDryRun ? members : [], as: caller)
        }
        for (row, outcome) in zip(rows, outcomes) { note(outcome, of: .entries, row.row.id) }
        try await keep(zip(rows, outcomes).filter { $1.fate == .misfit }.map(\.0.row), of: .entry, kind: "entry")
    }

    private mutating func moveSessions() async throws {
        let rules = try await operations.rules(of: .timeTracker, in: caller.tenant)
        let zone = try await operations.zone(of: .timeTracker, in: caller.tenant)
        let now = operations.ambient.now()
        let today = CalendarDay(of: now, offsetSeconds: zone.offset(at: now))
        let total = try source.count(of: .session)
        var done = 0
        var pending: [FormerSession] = []
        for employee in employees {
            var next = try source.firstDay(of: employee.id, from: Self.firstDay)
            while let first = next, first < Self.endDay {
                let end = min(first.adding(days: Self.daysAtATime), Self.endDay)
                let entries = try source.entries(
                    of: employee.id, from: first.adding(days: -2).midnight, before: end.adding(days: 3).midnight)
                let rows = try source.sessions(of: employee.id, from: first, before: end)
                let ours = OurRules(entries, zone: zone, carrySeconds: rules.carrySeconds)
                var byDay: [CalendarDay: [EntryRow]] = [:]
                for entry in entries {
                    guard let at = entry.at else { continue }
                    byDay[CalendarDay(of: at, offsetSeconds: zone.offset(at: at)), default: []].append(entry)
                }
                for row in rows {
                    guard let day = row.day else { continue }
                    pending.append(judge(row, on: day, of: employee, byDay[day] ?? [], ours, today: today))
                }
                let known = Set(rows.compactMap(\.day))
                for day in ours.days where day >= first && day < end && !known.contains(day) && ours.session(of: day) != nil {
                    differ("", employee, day, ("a session that was not there", OurRules.Reason.absent))
                }
                done += rows.count
                while pending.count >= Self.unitMax {
                    try await take(Array(pending.prefix(Self.unitMax)))
                    pending.removeFirst(Self.unitMax)
                    progress("sessions", done, total)
                }
                next = try source.firstDay(of: employee.id, from: end)
            }
        }
        try await take(pending)
        try await moveStraySessions()
    }

    /// Days that both calendars have.
    private static let firstDay = CalendarDay(daysSince1970: CivilDate.daysSince0001 + 1)
    private static let endDay = CalendarDay(daysSince1970: CivilDate.daysSince10000 - 1)

    /// Tells an edited session from one that its entries explain, and notes where the figures will be others here.
    private mutating func judge(
        _ row: SessionRow, on day: CalendarDay, of employee: EmployeeRow, _ entries: [EntryRow], _ ours: OurRules,
        today: CalendarDay
    ) -> FormerSession {
        let isWorkedOut = FormerRules(entries).workOut(row.shown, updatedAt: row.updatedAt)
        let hasNote = row.note.map { !$0.isEmpty } ?? false
        let isEdited = !isWorkedOut || hasNote
        if isEdited {
            summary.editedSessions += 1
            if [row.shown.total, row.shown.pause, row.shown.working].contains(where: { $0 < 0 }) {
                differ(row.id.text, employee, day, ("negative hours are 0.00", OurRules.Reason.illegal))
            }
            if SessionStatus(formerWord: row.shown.status) == nil {
                remark(.sessions, row.id, "its status is unknown: it is complete here")
            }
        } else if day != today, let difference = ours.difference(from: row, on: day) {
            // What is open today is worked out at every look (W7).
            differ(row.id.text, employee, day, difference)
        }
        return FormerSession(
            row: imported(row.id, row.createdAt, row.updatedAt, row.digested(isEdited: isEdited)),
            member: Identifier(rawValue: row.employee), day: day, edit: isEdited ? SessionDetail(row, of: day) : nil,
            note: row.note.map { WireText($0) })
    }

    private mutating func take(_ rows: [FormerSession]) async throws {
        guard !rows.isEmpty else { return }
        let outcomes = try await patiently { () async throws(AttendanceError) in
            try await operations.importSessions(
                rows, of: .timeTracker, isDryRun: isDryRun, knowing: isDryRun ? members : [], as: caller)
        }
        for (row, outcome) in zip(rows, outcomes) { note(outcome, of: .sessions, row.row.id) }
        try await keep(zip(rows, outcomes).filter { $1.fate == .misfit }.map(\.0.row), of: .session, kind: "session")
    }

    private mutating func moveStraySessions() async throws {
        var last: UUID?
        while true {
            let strays = try source.straySessions(after: last)
            var misfits: [ImportedRow] = []
            for row in strays {
                misfits.append(imported(row.id, row.createdAt, row.updatedAt, row.digested(isEdited: true)))
                let isInside = row.day.map { Self.firstDay <= $0 && $0 < Self.endDay } ?? false
                note(
                    RowOutcome(.misfit, isInside ? "its employee is not there" : "its day lies outside of the calendar"),
                    of: .sessions, row.id)
            }
            try await keep(misfits, of: .session, kind: "session")
            guard strays.count == FormerDatabase.pageMax else { return }
            last = strays.last?.id
        }
    }

    /// Cycles follow from punches, and Time Tracker gives them new identities at every punch: there is nothing of them to keep.
    /// Those of no session are named all the same.
    private mutating func nameStrayCycles() async throws {
        summary.cycles = try source.count(of: .cycle)
        var last: UUID?
        while true {
            let strays = try source.strayCycles(after: last)
            for id in strays { note(RowOutcome(.misfit, "its session is not there"), of: .cycles, id) }
            try await keep(strays.map { imported($0, nil, nil, []) }, of: .cycle, kind: "cycle")
            guard strays.count == FormerDatabase.pageMax else { return }
            last = strays.last
        }
    }

    // MARK: What is gone

    private mutating func nameVanished() async throws {
        for (table, name, isSession) in [
            (FormerDatabase.Table.entry, MovingInTable.entries, false), (.session, .sessions, true),
        ] {
            var last: UUID?
            while true {
                let ids = try await operations.importedIDs(
                    of: .timeTracker, sessions: isSession, after: last, limit: FormerDatabase.pageMax, as: caller)
                let present = try source.present(ids, in: table)
                for id in ids where !present.contains(id) { vanish(name, id: id.text) }
                guard ids.count == FormerDatabase.pageMax else { break }
                last = ids.last
            }
        }
    }

    // MARK: Words

    private func keep(_ rows: [ImportedRow], of table: FormerDatabase.Table, kind: String) async throws {
        guard !isDryRun, !rows.isEmpty else { return }
        let misfits = try rows.map { row in
            Misfit(
                kind: kind, id: Identifier<Membership>(rawValue: row.id).text, digest: row.stamp.digest,
                content: WireText(try source.content(of: table, id: row.id)))
        }
        try await patiently { () async throws(AttendanceError) in
            try await operations.keepMisfits(misfits, of: .timeTracker, as: caller)
        }
    }

    private func imported(_ id: UUID, _ createdAt: Instant?, _ changedAt: Instant?, _ fields: [String]) -> ImportedRow {
        ImportedRow(id: id, stamp: stamp(createdAt, changedAt, fields))
    }

    /// When a row was saved without a change does not matter, so its moments are no part of the digest.
    private func stamp(_ createdAt: Instant?, _ changedAt: Instant?, _ fields: [String]) -> RowStamp {
        var bytes: [UInt8] = []
        for field in fields {
            bytes.append(contentsOf: "\(field.utf8.count):".utf8)
            bytes.append(contentsOf: field.utf8)
        }
        let front = operations.ambient.sha256(bytes).bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return RowStamp(digest: Int64(bitPattern: front), createdAt: createdAt, changedAt: changedAt)
    }

    private mutating func note(_ outcome: RowOutcome, of table: MovingInTable, _ id: UUID) {
        note(outcome, of: table, id: id.text)
    }

    private mutating func note(_ outcome: RowOutcome, of table: MovingInTable, id: String) {
        summary.count(outcome.fate, of: table)
        guard let words = outcome.remark else { return }
        remark(table, id: id, words)
    }

    private mutating func remark(_ table: MovingInTable, _ id: UUID, _ reason: String) {
        remark(table, id: id.text, reason)
    }

    private mutating func remark(_ table: MovingInTable, id: String, _ reason: String) {
        take(.misfit(table: table, id: id, reason: reason))
    }

    private mutating func vanish(_ table: MovingInTable, id: String) {
        summary.countVanished(of: table)
        take(.vanished(table: table, id: id))
    }

    private mutating func differ(
        _ id: String, _ employee: EmployeeRow, _ day: CalendarDay, _ difference: (what: String, reason: String)
    ) {
        take(
            .difference(
                session: id, employee: employee.id.text, date: day.text, what: difference.what,
                reason: difference.reason))
    }

    private mutating func take(_ line: MovingInLine) {
        summary.take(line)
        tell(line)
    }
}

extension CalendarDay {
    fileprivate var midnight: Instant { Instant(microseconds: daysSince1970 * 86_400_000_000) }
}

extension AdminRow {
    /// Whether its password is of a kind that is verified here; Django marks accounts without one by `!`.
    fileprivate var isUsable: Bool {
        ["pbkdf2_sha256$", "$2a$", "$2b$", "$2y$", "$argon2id$"].contains { passwordHash.hasPrefix($0) }
    }
}

extension SessionRow {
    fileprivate func digested(isEdited: Bool) -> [String] {
        func text(_ moment: Instant?) -> String { moment.map { String($0.microseconds) } ?? "" }
        // Of a session that nobody edited only its place is taken over: what it shows follows from its punches.
        let place = [employee.text, dayText]
        guard isEdited else { return place }
        return place + [
            text(shown.punchIn), text(shown.punchOut), text(shown.breakStart), text(shown.breakEnd), String(shown.total),
            String(shown.pause), String(shown.working), shown.isLateIn ? "1" : "0", shown.isEarlyOut ? "1" : "0", shown.status,
            note.map { "+" + $0 } ?? "",
        ]
    }
}

extension SessionDetail {
    /// An edited session as it stands there.
    init(_ row: SessionRow, of day: CalendarDay) {
        self.init(.whole, of: day)
        punchIn = row.shown.punchIn
        punchOut = row.shown.punchOut
        breakStart = row.shown.breakStart
        breakEnd = row.shown.breakEnd
        totalMicroseconds = max(0, row.shown.total) * 36_000_000
        breakMicroseconds = max(0, row.shown.pause) * 600_000
        workingMicroseconds = max(0, row.shown.working) * 36_000_000
        isLateIn = row.shown.isLateIn
        isEarlyOut = row.shown.isEarlyOut
        status = SessionStatus(formerWord: row.shown.status)
        isImported = true
    }
}

extension AttendanceError {
    /// Why an admin has no place here; nil for what is no matter of theirs.
    fileprivate var misfitOfAdmin: String? {
        switch self {
        case .accountTaken(let names):
            names == .email ? "another account has its e-mail" : "another account has its user name, or its id"
        case .accountHeldElsewhere: "its account is another contract's too, and is changed there"
        case .lastAdmin: "nobody would be left who can sign in"
        case .invalid(let field, _): "its \(field) cannot be taken over"
        default: nil
        }
    }
}
