public import struct FoundationEssentials.UUID

// Every unit decides on what stands in the ledger at that moment, so that imports side by side, or one after another that was
// interrupted, bring a row in once. A reference says the same to whoever asks in vain: a unit whose answer was lost.

extension Operations {
    /// Brings members in, under the identities they had.
    /// - Parameter isDryRun: Only tells what would become of them.
    /// - Throws: `.notPermitted` without the admin role, `.unavailable`.
    public func importMembers(
        _ rows: [FormerMember], of source: EntrySource, isDryRun: Bool, as caller: Caller
    ) async throws(AttendanceError) -> [RowOutcome] {
        let now = ambient.now()
        return try await importing(isDryRun, as: caller) { look throws(AttendanceError) in
            var known = KnownMembers(try look.tx.members(of: source))
            var batch = ImportBatch()
            for row in rows {
                let (outcome, detail) = known.judge(row)
                guard let detail else {
                    batch.settle(outcome)
                    continue
                }
                var claim = Claim(telling: row.profile, detail, source: source, at: now)
                claim.personal?.reference = ImportReference.member(row.row, after: known.digest(of: row.id))
                known.take(row)
                batch.take(claim, outcome)
            }
            // Whoever came in once and was ended here since stays ended.
            return batch.outcomes(try look.append(batch.claims))
        }
    }

    /// Brings business hours in, in the order in which they take effect.
    /// - Throws: `.notPermitted` without the admin role, `.unavailable`.
    public func importBusinessHours(
        _ rows: [FormerHours], of source: EntrySource, isDryRun: Bool, as caller: Caller
    ) async throws(AttendanceError) -> [RowOutcome] {
        let now = ambient.now()
        return try await importing(isDryRun, as: caller) { look throws(AttendanceError) in
            let known = try look.tx.hoursOrigins(of: source)
            var claims: [Claim] = []
            let outcomes = rows.map { row in
                let origin = known[row.number]
                if let origin, origin.digest == nil {
                    return RowOutcome(.misfit, "business hours that were made here have its number")
                }
                guard row.number > 0, row.draft.breakMinutes >= 0, row.draft.lateThresholdMinutes >= 0 else {
                    return RowOutcome(.misfit, "its number, break or threshold is negative")
                }
                if let origin, origin.isRemoved || origin.digest == row.stamp.digest { return RowOutcome(.alreadyThere) }
                claims.append(Claim(changing: .hours(number: row.number, row.draft, row.stamp), of: source, at: now))
                return RowOutcome(origin == nil ? .new : .corrected)
            }
            _ = try look.append(claims)
            return outcomes
        }
    }

    /// Brings punches in, as they were judged there. What their member's state did not allow is kept and not counted.
    /// - Throws: `.notPermitted` without the admin role, `.unavailable`.
    public func importPunches(
        _ rows: [FormerPunch], of source: EntrySource, isDryRun: Bool, knowing members: Set<Identifier<Membership>>,
        as caller: Caller
    ) async throws(AttendanceError) -> [RowOutcome] {
        let zones = zones
        return try await importing(isDryRun, as: caller) { look throws(AttendanceError) in
            let judging = try Judging(source, zones: zones, in: look.tx)
            let known = try look.tx.importedPunches(rows.map(\.row.id), of: source)
            var batch = ImportBatch()
            for row in rows {
                let former = known[row.row.id]
                if let settled = try look.verdict(row.row, former?.digest, of: row.member, source, besides: members) {
                    batch.settle(settled)
                    continue
                }
                guard let at = row.at, let detail = try? judging.detail(of: row.direction ?? .undefined, at: at) else {
                    batch.settle(RowOutcome(.misfit, "its moment lies outside of the calendar"))
                    continue
                }
                batch.take(
                    Claim(importing: row, at: at, detail, correcting: former, source: source),
                    RowOutcome(
                        former == nil ? .new : .corrected,
                        row.direction == nil ? "its type is unknown: it is kept and counts for nothing" : nil))
            }
            return batch.outcomes(try look.append(batch.claims))
        }
    }

    /// Gives days the identities they had, and lays down about them what somebody had laid down there. Their punches come first.
    /// - Throws: `.notPermitted` without the admin role, `.unavailable`.
    public func importSessions(
        _ rows: [FormerSession], of source: EntrySource, isDryRun: Bool, knowing members: Set<Identifier<Membership>>,
        as caller: Caller
    ) async throws(AttendanceError) -> [RowOutcome] {
        let now = ambient.now()
        return try await importing(isDryRun, as: caller) { look throws(AttendanceError) in
            let known = try look.tx.importedSessions(rows.map(\.row.id), of: source)
            var batch = ImportBatch()
            for row in rows {
                let known = known[row.row.id]
                if let settled = try look.verdict(row.row, known?.digest, of: row.member, source, besides: members) {
                    batch.settle(settled)
                    continue
                }
                let former = try known.map { known throws(AttendanceError) in try look.former(known, of: source) }
                if let former, let holder = try look.tx.member(numbered: former.place.member, of: source) {
                    let staysThere = holder.id == row.member && former.place.day == row.day
                    if !staysThere || row.edit == nil, let back = former.takenBack {
                        batch.add(
                            Claim(
                                asserting: back, row, of: holder.id, note: staysThere ? row.note : nil, "back", after: former,
                                source: source, at: now))
                    }
                    if !staysThere {
                        batch.add(Claim(naming: former.place.day, nil, of: holder.id, source: source, at: now))
                    }
                }
                if let edit = row.edit {
                    batch.add(
                        Claim(
                            asserting: edit, row, of: row.member, note: row.note, "edit", after: former, source: source, at: now))
                }
                var claim = Claim(naming: row.day, row.row, of: row.member, source: source, at: now)
                claim.personal?.reference = ImportReference.session(row.row, "name", after: former)
                batch.take(claim, RowOutcome(former == nil ? .new : .corrected))
            }
            return batch.outcomes(try look.append(batch.claims))
        }
    }

    /// Keeps rows that have no place here in the ledger, word for word. Each once.
    /// - Throws: `.notPermitted` without the admin role, `.unavailable`.
    public func keepMisfits(_ rows: [Misfit], of source: EntrySource, as caller: Caller) async throws(AttendanceError) {
        let now = ambient.now()
        _ = try await importing(false, as: caller) { look throws(AttendanceError) in
            try look.append(rows.map { Claim(keeping: $0, source: source, at: now) })
        }
    }

    /// The identities that punches, or sessions, were brought in under and have now, in the order of their bytes.
    public func importedIDs(
        of source: EntrySource, sessions: Bool, after id: UUID?, limit: Int, as caller: Caller
    ) async throws(AttendanceError) -> [UUID] {
        try await store.read(in: caller.tenant) { tx throws(AttendanceError) in
            sessions
                ? try tx.importedSessionIDs(of: source, after: id, limit: limit)
                : try tx.importedPunchIDs(of: source, after: id, limit: limit)
        }
    }

    /// The members that were brought in, and the numbers of business hours that were.
    public func importedMembersAndHours(
        of source: EntrySource, as caller: Caller
    ) async throws(AttendanceError) -> (members: [Member], hours: Set<Int64>) {
        try await store.read(in: caller.tenant) { tx throws(AttendanceError) in
            (
                try tx.members(of: source).filter { $0.importedDigest != nil },
                Set(try tx.hoursOrigins(of: source).filter { $0.value.digest != nil && !$0.value.isRemoved }.keys)
            )
        }
    }

    private func importing<Result: Sendable>(
        _ isDryRun: Bool, as caller: Caller,
        _ body: @escaping @Sendable (ImportLook) throws(AttendanceError) -> Result
    ) async throws(AttendanceError) -> Result {
        try caller.require(.admin)
        let sealer = sealer
        guard !isDryRun else {
            return try await store.read(in: caller.tenant) { tx throws(AttendanceError) in
                try body(ImportLook(tx: tx, sealer: sealer, writing: nil, caller: caller.name))
            }
        }
        return try await store.write(in: caller.tenant) { tx throws(AttendanceError) in
            try body(ImportLook(tx: tx, sealer: sealer, writing: tx, caller: caller.name))
        }
    }
}

/// A transaction in which an import decides, and appends unless nothing is to be changed.
private struct ImportLook {
    let tx: any ReadTransaction
    let sealer: Sealer
    let writing: (any WriteTransaction)?
    let caller: WireText

    /// What is clear of a row of somebody's before it is looked at: that it is there already, or that nobody has it. Nil where it
    /// has to be looked at.
    /// - Parameters:
    ///   - digest: Of the row as it was brought in last; nil where it was not.
    ///   - members: Who would be there besides.
    func verdict(
        _ row: ImportedRow, _ digest: Int64?, of member: Identifier<Membership>, _ source: EntrySource,
        besides members: Set<Identifier<Membership>>
    ) throws(AttendanceError) -> RowOutcome? {
        if digest == row.stamp.digest { return RowOutcome(.alreadyThere) }
        if members.contains(member) { return nil }
        return try tx.member(member, of: source) == nil ? RowOutcome(.misfit, "its employee is not there") : nil
    }

    /// A session as it is here before a row changes it.
    func former(_ known: ImportedSession, of source: EntrySource) throws(AttendanceError) -> SessionBefore {
        let session = try tx.session(of: known.place.member, on: known.place.day, of: source)
        return SessionBefore(
            place: known.place, digest: known.digest, assertion: session?.assertion.map { ($0.detail, $0.sequence) })
    }

    /// Whether each of the claims is new, or would be.
    func append(_ claims: [Claim]) throws(AttendanceError) -> [Bool] {
        guard let source = claims.first?.source else { return [] }
        guard let writing else {
            let references = sealer.references(of: claims)
            let taken = try tx.taken(Set(references.compactMap(\.self)), source: source)
            return references.map { $0.map { taken[$0] == nil } ?? true }
        }
        return try writing.append(sealer.seal(claims, by: caller)).map { outcome in
            if case .appended = outcome { true } else { false }
        }
    }
}

/// What a row of a session takes the place of.
private struct SessionBefore {
    let place: SessionPlace
    let digest: Int64
    /// What was laid down about its day last.
    let assertion: (detail: SessionDetail, sequence: Int64)?

    /// By which its day is what its punches make of it again, where an import laid something down about it that holds still; nil
    /// where that is not so. What somebody laid down here since stays.
    var takenBack: SessionDetail? {
        guard let assertion, assertion.detail.isImported, assertion.detail.kind != .note else { return nil }
        var back = SessionDetail(.note, of: place.day)
        back.isImported = true
        back.replaces = assertion.sequence
        return back
    }
}

/// Rows of one unit of work: what becomes of each, and the claims that make it so.
private struct ImportBatch {
    private(set) var claims: [Claim] = []
    private var verdicts: [(outcome: RowOutcome, claim: Int?)] = []

    /// A row for which nothing is to be done.
    mutating func settle(_ outcome: RowOutcome) {
        verdicts.append((outcome, nil))
    }

    /// A row with the claim that tells, once it is appended, whether somebody else was sooner.
    mutating func take(_ claim: Claim, _ outcome: RowOutcome) {
        verdicts.append((outcome, claims.count))
        claims.append(claim)
    }

    /// Another claim of the row that is taken next.
    mutating func add(_ claim: Claim) {
        claims.append(claim)
    }

    /// What became of the rows.
    /// - Parameter appended: Whether each of the claims was new.
    func outcomes(_ appended: [Bool]) -> [RowOutcome] {
        verdicts.map { verdict in
            verdict.claim.map { appended[$0] } ?? true ? verdict.outcome : RowOutcome(.alreadyThere)
        }
    }
}

/// The members of a contract while others join them.
private struct KnownMembers {
    private var byID: [Identifier<Membership>: Member]
    private var codes: [WireText: Identifier<Membership>]
    private var emails: [WireText: Identifier<Membership>]

    init(_ members: [Member]) {
        byID = Dictionary(members.map { ($0.id, $0) }) { first, _ in first }
        codes = Dictionary(members.map { ($0.profile.staffCode, $0.id) }) { first, _ in first }
        emails = Dictionary(members.sorted { $0.number < $1.number }.map { ($0.profile.email.folded, $0.id) }) { first, _ in first }
    }

    func digest(of id: Identifier<Membership>) -> Int64? { byID[id]?.importedDigest }

    /// What becomes of a row, and what its entry says; nil where there is to be none.
    func judge(_ row: FormerMember) -> (RowOutcome, MemberDetail?) {
        let known = byID[row.id]
        if let known, known.importedDigest == row.row.stamp.digest {
            return (RowOutcome(.alreadyThere, sharedEmail(row)), nil)
        }
        if let field = row.profile.unstorableField { return (RowOutcome(.misfit, "\(field) holds U+0000 or U+001F"), nil) }
        if let holder = codes[row.profile.staffCode], holder != row.id {
            return (RowOutcome(.misfit, "employee \(holder.text) has its code here"), nil)
        }
        guard known != nil else { return (RowOutcome(.new, sharedEmail(row)), .new(importedAs: row.row)) }
        return (RowOutcome(.corrected, sharedEmail(row)), .known(row.id, row.row.stamp))
    }

    private func sharedEmail(_ row: FormerMember) -> String? {
        guard let holder = emails[row.profile.email.folded], holder != row.id else { return nil }
        return "employee \(holder.text) has its e-mail but for letter case, and is the one that is found by it"
    }

    mutating func take(_ row: FormerMember) {
        codes[row.profile.staffCode] = row.id
        if emails[row.profile.email.folded] == nil { emails[row.profile.email.folded] = row.id }
    }
}

/// What makes a row happen once: its identity, its digest, and what it takes the place of, since a row can be changed back.
private enum ImportReference {
    static func member(_ row: ImportedRow, after digest: Int64?) -> WireText { text("member", row, digest) }

    static func punch(_ row: ImportedRow, after former: ImportedPunch?) -> WireText { text("entry", row, former?.toldBy) }

    /// A session can become an edited one again without a change of its row: because the entries that explained it changed. What
    /// was laid down before tells those apart.
    static func session(_ row: ImportedRow, _ part: String, after former: SessionBefore?) -> WireText {
        text("session-\(part)", row, former?.digest, over: former?.assertion?.sequence)
    }

    private static func text(_ kind: String, _ row: ImportedRow, _ predecessor: Int64?, over sequence: Int64? = nil) -> WireText {
        // A row that is changed to and fro has the same digests again, and later moments.
        let before =
            predecessor.map { "\(String(UInt64(bitPattern: $0), radix: 16))-\(row.stamp.changedAt?.microseconds ?? 0)" } ?? "new"
        let place = sequence.map { "-\($0)" } ?? ""
        return WireText("import/\(kind)/\(row.id.text)/\(before)\(place)/\(row.stamp.digestText)")
    }
}

extension Claim {
    fileprivate init(
        importing row: FormerPunch, at: Instant, _ judged: PunchDetail, correcting former: ImportedPunch?, source: EntrySource
    ) {
        var detail = judged
        // By which hours it was judged, only the other system knew.
        detail.hoursRule = nil
        if row.isLate { detail.remarks.insert(.late) }
        if row.isEarly { detail.remarks.insert(.early) }
        if row.direction == nil { detail.remarks.insert(.unknownState) }
        detail.corrects = former?.number
        detail.imported = row.row
        self.init(
            kind: former == nil ? .punch : .punchCorrected, source: source, occurredAt: at,
            means: row.direction == nil ? row.word : nil, detail: detail.text,
            personal: PersonalPart(
                identifierKind: .membership, identifier: row.member.text,
                reference: ImportReference.punch(row.row, after: former), meta: row.note))
    }

    fileprivate init(
        naming day: CalendarDay, _ row: ImportedRow?, of member: Identifier<Membership>, source: EntrySource, at moment: Instant
    ) {
        self.init(
            kind: .sessionNamed, source: source, occurredAt: moment, detail: SessionName(day: day, row: row).text,
            personal: PersonalPart(identifierKind: .membership, identifier: member.text))
    }

    fileprivate init(
        asserting edit: SessionDetail, _ row: FormerSession, of member: Identifier<Membership>, note: WireText?, _ part: String,
        after former: SessionBefore?, source: EntrySource, at moment: Instant
    ) {
        self.init(
            kind: .sessionAsserted, source: source, occurredAt: moment, detail: edit.text,
            personal: PersonalPart(
                identifierKind: .membership, identifier: member.text,
                reference: ImportReference.session(row.row, part, after: former), meta: note))
    }

    fileprivate init(keeping misfit: Misfit, source: EntrySource, at moment: Instant) {
        let stamp = RowStamp(digest: misfit.digest, createdAt: nil, changedAt: nil)
        var words = DetailWords(misfit.kind)
        words.add(stamp)
        self.init(
            kind: .rowKept, source: source, occurredAt: moment, detail: words.text,
            personal: PersonalPart(
                identifierKind: .membership, identifier: misfit.id,
                reference: WireText("import/kept-\(misfit.kind)/\(misfit.id)/\(stamp.digestText)"), meta: misfit.content))
    }
}
