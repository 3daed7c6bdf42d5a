extension Operations {
    /// How many punches two days of a member may hold: judging one takes time that grows with them, and anybody may punch.
    static let punchesPerDayMax = 500
    /// How many Unicode scalars a note may have, since it is kept for ever.
    public static let noteScalarsMax = 4_000

    /// Appends a punch of an active member, judged at its own moment, and returns when it is on disk.
    ///
    /// Each request is a new fact: a punch sent twice is refused, because the first one changed the state. Of punches that
    /// come at the same time, also to several processes, one is judged after the other; the first of them stands, whichever
    /// names the earlier moment.
    /// - Parameter at: The moment the caller names; nil for now.
    /// - Throws: `.notFound(.member)` for nobody, and for somebody inactive; `.notAllowed` where the state has no such step;
    ///   `.invalid(field: "timestamp", …)`; `.unavailable`. Nothing is stored then.
    public func punch(
        _ id: Identifier<Membership>, _ direction: PunchDirection, at moment: Instant?, note: WireText?,
        of source: EntrySource, as caller: Caller
    ) async throws(AttendanceError) -> TimeEntry {
        guard note.map({ $0.scalarCount <= Self.noteScalarsMax }) ?? true else {
            throw .invalid(field: "notes", .tooLong(maxScalars: Self.noteScalarsMax))
        }
        let moment = moment ?? ambient.now()
        let (sealer, zones) = (sealer, zones)
        return try await store.write(in: caller.tenant) { tx throws(AttendanceError) in
            guard let member = try tx.member(id, of: source), member.profile.isActive else { throw .notFound(.member) }
            let judging = try Judging(source, zones: zones, in: tx)
            var detail = try judging.detail(of: direction, at: moment)
            let day = detail.day(at: moment)
            let near = try tx.punches(of: member.number, from: day.before, through: day.after)
            let window = DayWindow(on: day, within: near)
            guard window.punches.count < Self.punchesPerDayMax else {
                throw .invalid(field: "timestamp", .malformed("the day holds \(Self.punchesPerDayMax) punches already"))
            }
            let state = window.state(at: moment, under: judging.rules).state
            guard let next = state.after(direction) else { throw .notAllowed(direction, in: state) }
            guard !DayWindow.hasOne(direction, soonAfter: moment, within: near) else {
                throw .notAllowed(direction, in: next)
            }
            detail.remarks = judging.flags(direction, at: moment)
            return try Self.append(
                Claim(punchOf: id, detail, at: moment, note: note, source: source), of: member, sealer: sealer, by: caller,
                in: tx)
        }
    }

    /// What a member's clock shows now.
    ///
    /// Today's punches decide, or a shift that began yesterday and may be continued.
    /// - Throws: `.notFound(.member)` for nobody, and for somebody inactive; `.unavailable`.
    public func workStatus(
        of id: Identifier<Membership>, of source: EntrySource, as caller: Caller
    ) async throws(AttendanceError) -> WorkStatus {
        let now = ambient.now()
        let (sealer, zones) = (sealer, zones)
        return try await store.readBriefly(in: caller.tenant) { tx throws(AttendanceError) in
            guard let member = try tx.member(id, of: source), member.profile.isActive else { throw .notFound(.member) }
            let rules = try tx.rules(of: source)
            let zone = try zones.rules(of: rules, source)
            let today = CalendarDay(of: now, offsetSeconds: zone.offset(at: now))
            let window = try DayWindow(of: member, on: today, in: tx)
            let (state, isCarried) = window.state(at: now, under: rules)
            let last =
                window.punches.last { $0.punch.day == today && $0.punch.at <= now }
                ?? (isCarried ? window.punches.last { $0.countsFor == today.before } : nil)
            return WorkStatus(
                state: state,
                last: last.map {
                    TimeEntry($0, of: member, id: sealer.identity(of: .timeEntry, $0.punch.number, in: caller.tenant))
                })
        }
    }

    /// Appends one entry that tells of a punch, and gives the punch as it stands then.
    static func append(
        _ claim: Claim, of member: Member, correcting number: Int64? = nil, sealer: Sealer, by caller: Caller,
        in tx: any WriteTransaction
    ) throws(AttendanceError) -> TimeEntry {
        let outcomes = try tx.append(sealer.seal([claim], by: caller.name))
        guard case .appended(let sequence) = outcomes[0] else { preconditionFailure("a punch of this contract has no reference") }
        let number = number ?? sequence
        guard let punch = try tx.punch(number, of: claim.source) else { throw .notFound(.timeEntry) }
        return TimeEntry(punch, of: member, id: sealer.identity(of: .timeEntry, number, in: caller.tenant))
    }
}

extension Claim {
    /// A punch of a member, or its correction.
    package init(
        punchOf member: Identifier<Membership>, _ detail: PunchDetail, at moment: Instant, note: WireText?,
        source: EntrySource
    ) {
        self.init(
            kind: detail.corrects == nil ? .punch : .punchCorrected, source: source, occurredAt: moment, detail: detail.text,
            personal: PersonalPart(identifierKind: .membership, identifier: member.text, meta: note))
    }
}
