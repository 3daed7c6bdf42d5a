import AttendanceCore

/// Folds what happens to members into their sheets: punches, sessions with cycles, sums per day.
///
/// One entry changes few days: its own, the one before where it continues that day's shift, and those after it as far as
/// another state at midnight changes what they may count. All of it is worked out in memory and written once for all entries
/// of a group. Members and rules are rare, and written at once.
struct TimeSheetFold {
    private let connection: any SQLConnection
    private let tenant: TenantID
    private let sealer: Sealer
    private let memory: SheetMemory

    /// What has to be written, by source: whether a row was there before the group is known from what was read.
    private struct Changes {
        var newPunches: [Int64: SheetPunch] = [:]
        var storedPunches: Set<Int64> = []
        /// As they were before, for what was there; nil for what was not.
        var sessionsBefore: [SessionPlace: SheetSession?] = [:]
        var sums: [CalendarDay: HoursSum] = [:]
        var beside: [SQL] = []
    }
    private var changes: [EntrySource: Changes] = [:]

    init(connection: any SQLConnection, tenant: TenantID, sealer: Sealer, memory: SheetMemory) {
        self.connection = connection
        self.tenant = tenant
        self.sealer = sealer
        self.memory = memory
    }

    private var punches: PunchTable { PunchTable(connection: connection, tenant: tenant) }
    private var sessions: WorkSessionTable { WorkSessionTable(connection: connection, tenant: tenant) }
    private var members: MemberTable { MemberTable(connection: connection, tenant: tenant) }

    // MARK: What stands there now, changes that are kept back included

    func member(_ id: Identifier<Membership>, of source: EntrySource) throws(SQLError) -> Member? {
        // An identity is one contract's only; who asks for another's finds nobody.
        if let known = memory.members[id], memory.sources[id] == source { return known }
        let found = try members.member(id, of: source)
        memory.members[id] = found
        memory.sources[id] = source
        return found
    }

    func rules(of source: EntrySource) throws(SQLError) -> TimeSheetRules {
        if let known = memory.rules[source] { return known }
        let found = try RuleTable(connection: connection, tenant: tenant).rules(of: source)
        memory.rules[source] = found
        return found
    }

    mutating func punches(of member: Int64, from: CalendarDay, through: CalendarDay) throws(SQLError) -> [SheetPunch] {
        try load(member, from, through)
        var found: [SheetPunch] = []
        var day = from
        var isInOrder = true
        while day <= through {
            if let punches = memory.days[SessionPlace(member: member, day: day)]?.punches, let first = punches.first {
                // Days meet out of order only where the zone was changed between two punches.
                if let last = found.last, first.punch.precedes(last.punch) { isInOrder = false }
                found += punches
            }
            day = day.after
        }
        return isInOrder ? found : found.sorted { $0.punch.precedes($1.punch) }
    }

    /// A punch that this group changed; nil for any other.
    func changedPunch(_ number: Int64, of source: EntrySource) -> SheetPunch? {
        changes[source]?.newPunches[number]
    }

    mutating func session(of member: Int64, on day: CalendarDay) throws(SQLError) -> SheetSession? {
        try load(member, day, day)
        return memory.days[SessionPlace(member: member, day: day)]?.session
    }

    /// Reads the days that are not remembered.
    private func load(_ member: Int64, _ from: CalendarDay, _ through: CalendarDay) throws(SQLError) {
        var missing: [CalendarDay] = []
        var day = from
        while day <= through {
            if memory.days[SessionPlace(member: member, day: day)] == nil { missing.append(day) }
            day = day.after
        }
        guard let first = missing.first else { return }
        let newest = try newestDay(of: member)
        var read: [CalendarDay: SheetMemory.Day] = [:]
        // Mostly the days that are new to the writer are new altogether, and nothing stands there.
        if let newest, let last = missing.last(where: { $0 <= newest }) {
            for punch in try punches.punches(of: member, from: first, through: last) {
                read[punch.punch.day, default: .init()].punches.append(punch)
                memory.punches += 1
            }
            for session in try sessions.sessions(of: member, from: first, through: last) {
                read[session.day, default: .init()].session = session
            }
        }
        for day in missing { memory.days[SessionPlace(member: member, day: day)] = read[day] ?? .init() }
    }

    /// The last day of a member that anything stands at, or stood since it was read; nil for a member without any.
    private func newestDay(of member: Int64) throws(SQLError) -> CalendarDay? {
        if let known = memory.newestDays[member] { return known }
        let found = try punches.newestDay(of: member)
        memory.newestDays[member] = .some(found)
        return found
    }

    // MARK: Folding

    /// Folds one entry. Entries of other kinds change nothing here.
    mutating func add(_ claim: Claim, sequence: Int64, hash: Digest, receivedAt: Instant) throws(SQLError) {
        switch claim.kind {
        case .punch, .punchCorrected: try addPunch(claim, sequence: sequence, receivedAt: receivedAt)
        case .punchVoided:
            guard let detail = claim.detail.flatMap({ PunchDetail(parsing: $0) }), let number = detail.corrects,
                let former = try storedPunch(number, of: claim.source)
            else { return }
            changes[claim.source, default: .init()].beside.append(punches.keepVoided(former, by: sequence))
            try change(former.member, of: claim.source, taking: former, adding: nil, at: receivedAt)
        case .enrolment: try enrol(claim, sequence: sequence)
        case .memberTold: try tell(claim, sequence: sequence, hash: hash, receivedAt: receivedAt)
        case .memberEnded: try end(claim)
        case .ruleChanged:
            guard let change = claim.detail.flatMap({ RuleChange(parsing: $0) }) else { return }
            try RuleTable(connection: connection, tenant: tenant).apply(
                change, of: claim.source, toldBy: sequence, at: receivedAt)
            memory.rules[claim.source] = nil
        case .sessionAsserted:
            guard let detail = claim.detail.flatMap({ SessionDetail(parsing: $0) }), let member = try subject(of: claim) else {
                return
            }
            try load(member, detail.day, detail.day.after)
            try recompute(
                SessionPlace(member: member, day: detail.day), of: claim.source, asserting: (detail, sequence),
                note: claim.personal?.meta, at: receivedAt)
        case .sessionVoided:
            guard let span = claim.detail.flatMap({ DaySpan(parsing: $0) }), let member = try subject(of: claim) else { return }
            try load(member, span.from, span.from)
            set(nil, at: SessionPlace(member: member, day: span.from), of: claim.source)
        case .sessionsGenerated:
            guard let span = claim.detail.flatMap({ DaySpan(parsing: $0) }) else { return }
            try write()
            for (member, day) in try punches.daysWithoutSession(of: claim.source, from: span.from, through: span.through) {
                try load(member, day, day.after)
                try recompute(SessionPlace(member: member, day: day), of: claim.source, at: receivedAt)
            }
        case .sessionNamed:
            guard let name = claim.detail.flatMap({ SessionName(parsing: $0) }), let member = try subject(of: claim) else {
                return
            }
            try self.name(SessionPlace(member: member, day: name.day), name.row, of: claim.source)
        case .scan, .clearAll, .clearStation, .renameStation, .rowKept, .studentTold, .classTold, .classEnded, .slotTold,
            .rescheduleTold, .rosterChanged, .classSessionOpened, .rollCalled, .classSessionVoided:
            return
        }
    }

    /// The member an entry names; nil where they are one no longer.
    private func subject(of claim: Claim) throws(SQLError) -> Int64? {
        guard let personal = claim.personal, personal.identifierKind == .membership,
            let id = Identifier<Membership>(text: personal.identifier)
        else { return nil }
        return try member(id, of: claim.source)?.number
    }

    private mutating func addPunch(_ claim: Claim, sequence: Int64, receivedAt: Instant) throws(SQLError) {
        guard let text = claim.detail, let detail = memory.detail(text) else { return }
        if let pin = DevicePIN(claimedIn: claim) {
            let waiting = PunchTable.Waiting(number: sequence, at: claim.occurredAt, detail: text, createdAt: receivedAt)
            guard let owner = try owner(of: pin, source: claim.source) else {
                changes[claim.source, default: .init()].beside.append(punches.keep(waiting, of: pin, source: claim.source))
                return
            }
            try add(waiting, detail, of: owner, source: claim.source, at: receivedAt)
            return
        }
        guard let member = try subject(of: claim) else { return }
        let former: SheetPunch?
        if let corrected = detail.corrects {
            // What was taken away cannot be corrected any more.
            guard let found = try storedPunch(corrected, of: claim.source) else { return }
            former = found
        } else {
            former = nil
        }
        let stamp = detail.imported?.stamp
        var punch = SheetPunch(
            punch: TimedPunch(
                number: former?.punch.number ?? sequence, toldBy: sequence, at: claim.occurredAt, detail,
                createdAt: former?.punch.createdAt ?? stamp?.createdAt ?? receivedAt,
                changedAt: stamp?.changedAt ?? receivedAt),
            member: member, note: claim.personal?.meta, countsFor: nil, importedID: former?.importedID ?? detail.imported?.id)
        punch.importedDigest = stamp?.digest ?? former?.importedDigest
        if let former, former.member != member {
            try change(former.member, of: claim.source, taking: former, adding: nil, at: receivedAt)
            try change(member, of: claim.source, taking: nil, adding: punch, at: receivedAt)
        } else {
            try change(member, of: claim.source, taking: former, adding: punch, at: receivedAt)
        }
    }

    private mutating func add(
        _ waiting: PunchTable.Waiting, _ detail: PunchDetail, of owner: Int64, source: EntrySource, at moment: Instant
    ) throws(SQLError) {
        let punch = SheetPunch(
            punch: TimedPunch(
                number: waiting.number, toldBy: waiting.number, at: waiting.at, detail, createdAt: waiting.createdAt,
                changedAt: waiting.createdAt),
            member: owner, note: nil, countsFor: nil, importedID: nil)
        try change(owner, of: source, taking: nil, adding: punch, at: moment)
    }

    private func owner(of pin: DevicePIN, source: EntrySource) throws(SQLError) -> Int64? {
        let subject = PeopleTable.Subject(source: source, kind: .devicePIN, text: pin.text)
        if let known = memory.owners[subject] { return known }
        let found = try PeopleTable(connection: connection, tenant: tenant).opener(of: subject)
        memory.owners[subject] = .some(found)
        return found
    }

    /// Somebody has a device's number from here on: what waited for it is theirs.
    private mutating func enrol(_ claim: Claim, sequence: Int64) throws(SQLError) {
        guard let pin = DevicePIN(claimedIn: claim) else { return }
        let subject = PeopleTable.Subject(source: claim.source, kind: .devicePIN, text: pin.text)
        guard try owner(of: pin, source: claim.source) == nil else { return }
        memory.owners[subject] = .some(sequence)
        try write()
        for waiting in try punches.takeWaiting(of: pin, source: claim.source) {
            guard let detail = PunchDetail(parsing: waiting.detail) else { continue }
            try add(waiting, detail, of: sequence, source: claim.source, at: waiting.createdAt)
        }
    }

    // MARK: Members

    private mutating func tell(_ claim: Claim, sequence: Int64, hash: Digest, receivedAt: Instant) throws(SQLError) {
        guard let personal = claim.personal, let meta = personal.meta,
            let profile = MemberProfile(entryText: meta, staffCode: personal.identifier),
            let detail = claim.detail.flatMap({ MemberDetail(parsing: $0) })
        else { return }
        switch detail {
        case .new(let row):
            let identities = sealer.identities(openedBy: hash)
            let id = row.map { Identifier<Membership>(rawValue: $0.id) } ?? identities.membership
            try PeopleTable(connection: connection, tenant: tenant).open(
                id, of: claim.source, staffCode: profile.staffCode, by: sequence, orElse: identities.person)
            let member = Member(
                id: id, number: sequence, profile: profile, createdAt: row?.stamp.createdAt ?? receivedAt,
                updatedAt: row?.stamp.changedAt ?? receivedAt, importedDigest: row?.stamp.digest)
            try members.insert(member, of: claim.source)
            memory.members[id] = member
            memory.sources[id] = claim.source
        case .known(let id, let stamp):
            guard let former = try member(id, of: claim.source) else { return }
            let member = Member(
                id: id, number: former.number, profile: profile, createdAt: former.createdAt,
                updatedAt: stamp?.changedAt ?? receivedAt, importedDigest: stamp?.digest ?? former.importedDigest)
            try members.update(member, of: claim.source)
            memory.members[id] = member
        }
    }

    private mutating func end(_ claim: Claim) throws(SQLError) {
        guard case .known(let id, _) = claim.detail.flatMap({ MemberDetail(parsing: $0) }),
            let member = try member(id, of: claim.source)
        else { return }
        try write()
        let former = try sessions.sessions(
            of: claim.source, member: member.number, from: nil, through: nil, limit: .max)
        for session in former {
            load(session)
            set(nil, at: SessionPlace(member: member.number, day: session.day), of: claim.source)
        }
        try write()
        try punches.removeAll(of: member.number)
        try members.remove(member, of: claim.source)
        memory.forgetMembers()
    }

    private func load(_ session: SheetSession) {
        memory.days[SessionPlace(member: session.member, day: session.day), default: .init()].session = session
    }

    // MARK: Days

    private func storedPunch(_ number: Int64, of source: EntrySource) throws(SQLError) -> SheetPunch? {
        if let changed = changes[source]?.newPunches[number] { return changed }
        return changes[source]?.storedPunches.contains(number) == true ? nil : try punches.punch(number, of: source)
    }

    /// Takes a punch from a member's sheet, or adds one, or both, and judges the days anew that this may change.
    private mutating func change(
        _ member: Int64, of source: EntrySource, taking former: SheetPunch?, adding new: SheetPunch?, at moment: Instant
    ) throws(SQLError) {
        var starts = [former, new].compactMap { $0?.punch.day }
        guard let first = starts.min() else { return }
        starts.sort()
        for day in starts { try load(member, day.before, day.after) }
        var leavingBefore: [CalendarDay: OpenShift?] = [:]
        for day in starts { leavingBefore[day] = leaving(day, member) }

        if let former {
            memory.days[SessionPlace(member: member, day: former.punch.day)]?.punches
                .removeAll { $0.punch.number == former.punch.number }
            if changes[source]?.newPunches.removeValue(forKey: former.punch.number) == nil {
                changes[source, default: .init()].storedPunches.insert(former.punch.number)
            }
        }
        if let new {
            memory.punches += 1
            memory.reach(new.punch.day, of: member)
            let place = SessionPlace(member: member, day: new.punch.day)
            let index = memory.days[place]?.punches.firstIndex { new.punch.precedes($0.punch) }
            if let index {
                memory.days[place]?.punches.insert(new, at: index)
            } else {
                memory.days[place, default: .init()].punches.append(new)
            }
        }

        var affected: Set<CalendarDay> = Set(former?.countsFor.map { [$0] } ?? [])
        var day = first
        while true {
            let before = leavingBefore[day] ?? leaving(day, member)
            try judge(day, of: member, source: source, directly: new?.punch.number, affecting: &affected)
            let changed = leaving(day, member) != before
            if changed {
                day = day.after
            } else if let next = starts.first(where: { $0 > day }) {
                day = next
            } else {
                break
            }
            try load(member, day.before, day.after)
        }
        for day in affected.sorted() {
            try load(member, day, day.after)
            try recompute(SessionPlace(member: member, day: day), of: source, at: moment)
        }
    }

    private func leaving(_ day: CalendarDay, _ member: Int64) -> OpenShift? {
        let punches = memory.days[SessionPlace(member: member, day: day)]?.punches ?? []
        return OpenShift.leaving(day, counted: punches.filter { $0.countsFor == day }.map(\.punch))
    }

    /// Says anew of the punches of a day what they count for.
    private mutating func judge(
        _ day: CalendarDay, of member: Int64, source: EntrySource, directly number: Int64?,
        affecting affected: inout Set<CalendarDay>
    ) throws(SQLError) {
        let place = SessionPlace(member: member, day: day)
        guard var known = memory.days[place] else { preconditionFailure("the day was loaded") }
        let judgement = DayJudgement(
            of: day, punches: known.punches.map(\.punch), entering: leaving(day.before, member))
        var countsFor: [Int64: CalendarDay] = [:]
        for punch in judgement.carried { countsFor[punch.number] = day.before }
        for punch in judgement.own { countsFor[punch.number] = day }
        for index in known.punches.indices {
            let punch = known.punches[index]
            let counts = countsFor[punch.punch.number]
            if counts == punch.countsFor, punch.punch.number != number { continue }
            for one in [counts, punch.countsFor] {
                if let one { affected.insert(one) }
            }
            known.punches[index].countsFor = counts
            if punch.punch.number != number, changes[source]?.newPunches[punch.punch.number] == nil {
                changes[source, default: .init()].storedPunches.insert(punch.punch.number)
            }
            changes[source, default: .init()].newPunches[punch.punch.number] = known.punches[index]
        }
        memory.days[place] = known
    }

    /// Works a day's session out of its punches, and of what was laid down about it.
    private mutating func recompute(
        _ place: SessionPlace, of source: EntrySource, asserting new: (detail: SessionDetail, sequence: Int64)? = nil,
        note: WireText? = nil, at moment: Instant
    ) throws(SQLError) {
        let former = memory.days[place]?.session
        let next = SessionPlace(member: place.member, day: place.day.after)
        let counted = ((memory.days[place]?.punches ?? []) + (memory.days[next]?.punches ?? []))
            .filter { $0.countsFor == place.day }.map(\.punch)
        let assertion: (detail: SessionDetail, sequence: Int64, at: Instant)? =
            if let new { (new.detail, new.sequence, moment) } else { former?.assertion }
        let asserted = assertion.map { $0.detail.assertion(toldBy: $0.sequence, at: $0.at, note: new == nil ? former?.note : note) }
        guard let session = WorkSession(day: place.day, counted: counted, assertion: asserted) else {
            set(nil, at: place, of: source)
            return
        }
        var sheet = SheetSession(
            session, member: place.member, assertion: assertion, createdAt: former?.createdAt ?? moment, updatedAt: moment,
            importedID: former?.importedID)
        sheet.importedDigest = former?.importedDigest
        // What shows nothing new was not changed.
        if new == nil, let former, former.isSame(as: sheet) { return }
        set(sheet, at: place, of: source)
    }

    /// Gives a day the identity that it had in another system, with what that knew of its making. A day without a session has
    /// nothing to give it to.
    private mutating func name(_ place: SessionPlace, _ row: ImportedRow?, of source: EntrySource) throws(SQLError) {
        try load(place.member, place.day, place.day)
        guard var session = memory.days[place]?.session else { return }
        session.importedID = row?.id
        session.importedDigest = row?.stamp.digest
        session.createdAt = row?.stamp.createdAt ?? session.createdAt
        session.updatedAt = row?.stamp.changedAt ?? session.updatedAt
        set(session, at: place, of: source)
    }

    private mutating func set(_ session: SheetSession?, at place: SessionPlace, of source: EntrySource) {
        let former = memory.days[place]?.session
        memory.days[place, default: .init()].session = session
        memory.reach(place.day, of: place.member)
        if changes[source]?.sessionsBefore[place] == nil {
            changes[source, default: .init()].sessionsBefore[place] = .some(former)
        }
        changes[source, default: .init()].sums[place.day, default: HoursSum()].add(session, replacing: former)
    }

    // MARK: Writing

    /// Writes everything that is kept back.
    mutating func write() throws(SQLError) {
        for (source, changes) in changes.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            try write(changes, of: source)
        }
        changes = [:]
    }

    private func write(_ changes: Changes, of source: EntrySource) throws(SQLError) {
        var removals = changes.storedPunches.sorted().map { punches.deletion(of: $0) } + changes.beside
        var new: [SheetSession] = []
        var stored: [SheetSession] = []
        var newCycles: [WorkSessionTable.CycleRow] = []
        var storedCycles: [WorkSessionTable.CycleRow] = []
        for (place, before) in changes.sessionsBefore.sorted(by: { $0.key.number < $1.key.number }) {
            let now = memory.days[place]?.session
            switch (before, now) {
            case (nil, nil): continue
            case (nil, let now?): new.append(now)
            case (let before?, nil): removals.append(sessions.deletion(of: before, source: source))
            case (.some, let now?): stored.append(now)
            }
            let cyclesBefore = Dictionary(uniqueKeysWithValues: (before?.cycles ?? []).map { ($0.number, $0) })
            for cycle in now?.cycles ?? [] {
                let row = WorkSessionTable.CycleRow(place: place, cycle: cycle)
                switch cyclesBefore[cycle.number] {
                case nil: newCycles.append(row)
                case cycle: continue
                default: storedCycles.append(row)
                }
            }
            let kept = Set((now?.cycles ?? []).map(\.number))
            for (number, cycle) in cyclesBefore.sorted(by: { $0.key < $1.key }) where !kept.contains(number) {
                removals.append(sessions.deletion(of: .init(place: place, cycle: cycle), source: source))
            }
        }
        try connection.run(ahead: removals)
        let told = changes.newPunches.sorted { $0.key < $1.key }.map(\.value)
        try connection.insert(
            ahead: [
                punches.insertion(of: told, source: source),
                sessions.insertion(of: new, source: source, areStored: false),
                sessions.insertion(of: stored, source: source, areStored: true),
                sessions.insertion(of: newCycles, source: source, areStored: false),
                sessions.insertion(of: storedCycles, source: source, areStored: true),
                sessions.insertion(of: changes.sums, source: source),
            ].filter { $0.rowCount > 0 })
    }
}

extension TimedPunch {
    /// A punch as its entry tells it.
    init(number: Int64, toldBy: Int64, at: Instant, _ detail: PunchDetail, createdAt: Instant, changedAt: Instant) {
        self.init(
            number: number, toldBy: toldBy, direction: detail.direction, at: at, day: detail.day(at: at),
            isLate: detail.remarks.contains(.late), isEarly: detail.remarks.contains(.early),
            // A direction that was worked out from the punches of one day begins with coming: it continues no shift.
            carryMaxMicroseconds: detail.remarks.contains(.derived)
                ? 0 : (detail.carrySeconds ?? TimeSheetRules.defaultCarrySeconds) * 1_000_000,
            createdAt: createdAt, changedAt: changedAt)
    }
}

extension HoursSum {
    /// What a day's sums gain where one session takes another's place.
    fileprivate mutating func add(_ session: SheetSession?, replacing former: SheetSession?) {
        for (one, sign) in [(session, Int64(1)), (former, -1)] {
            guard let one else { continue }
            let figures = one.figures(at: nil)
            sessions += sign
            cycles += sign * one.cycleCount
            late += one.isLateIn ? sign : 0
            early += one.isEarlyOut ? sign : 0
            working = Hundredths(working.hundredths + sign * figures.working.hundredths)
            breaks = Hundredths(breaks.hundredths + sign * figures.break.hundredths)
        }
    }
}
