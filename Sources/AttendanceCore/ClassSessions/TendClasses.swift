/// A class with all that clients are shown of it.
public struct ClassRecord: Sendable, Equatable {
    public let schoolClass: SchoolClass
    /// By their new day, then number.
    public let reschedules: [Reschedule]
    /// Those who are in the class now, by roll number.
    public let students: [Student]

    public init(schoolClass: SchoolClass, reschedules: [Reschedule], students: [Student]) {
        self.schoolClass = schoolClass
        self.reschedules = reschedules
        self.students = students
    }
}

extension Operations {
    /// A teacher's own classes, or all of them for an admin, by creation. Source: contract aims §4.4.
    /// - Throws: `.notPermitted` to students, `.unavailable`.
    public func classes(as caller: ClassroomCaller) async throws(AttendanceError) -> [ClassRecord] {
        try caller.require(.teacher, .admin)
        return try await store.read(in: caller.tenant) { tx throws(AttendanceError) in
            let classes = try tx.classes(of: caller.role == .admin ? nil : caller.account)
            let numbers = classes.map(\.number)
            let (reschedules, rosters) = (try tx.reschedules(of: numbers), try tx.rosters(of: numbers))
            return classes.map {
                ClassRecord(
                    schoolClass: $0, reschedules: reschedules[$0.number] ?? [], students: rosters[$0.number]?.enrolled ?? [])
            }
        }
    }

    /// Opens a class, whose owner the caller becomes.
    /// - Throws: `.notPermitted` to students, `.invalid(field:…)` for an empty code, name or section, `.taken(.class)` where the
    ///   caller owns one of the same code and section, `.unavailable`. Source: contract aims §7.1.
    public func createClass(
        _ draft: ClassDraft, as caller: ClassroomCaller
    ) async throws(AttendanceError) -> SchoolClass {
        try caller.require(.teacher, .admin)
        let profile = draft.profile(of: caller.account)
        try profile.check()
        let sealed = sealer.seal(
            [Claim(telling: .new(profile, importedAs: nil), at: ambient.now())], by: caller.caller.name)
        return try await store.write(in: caller.tenant) { tx throws(AttendanceError) in
            guard try tx.schoolClass(of: profile.owner, code: profile.code, section: profile.section) == nil else {
                throw .taken(.class)
            }
            guard case .appended(let number) = try tx.append(sealed)[0], let opened = try tx.schoolClass(numbered: number) else {
                throw .notFound(.class)
            }
            try tx.note(
                AuditEntry(at: sealed[0].receivedAt, caller: caller.caller, act: .classCreated, subject: opened.id.text))
            return opened
        }
    }

    /// Changes what is told of a class.
    /// - Throws: `.notFound(.class)`, `.notPermitted`, `.invalid(field:…)`, `.taken(.class)`, `.unavailable`.
    public func changeClass(
        _ id: Identifier<SchoolClass>, _ change: ClassChange, as caller: ClassroomCaller
    ) async throws(AttendanceError) -> SchoolClass {
        try await tendClass(id, as: caller, act: .classChanged) { tx, former, moment throws(AttendanceError) in
            let profile = change.applied(to: former.profile)
            try profile.check()
            let holder = try tx.schoolClass(of: profile.owner, code: profile.code, section: profile.section)
            guard holder == nil || holder?.id == id else { throw .taken(.class) }
            return profile == former.profile ? nil : Claim(telling: .change(former.number, profile), at: moment)
        }
    }

    /// Ends a class: schedule, moved meetings, enrolments, sessions and marks are shown no more. Students stay, and the ledger
    /// keeps what happened. Source: contract aims §7.1.
    /// - Throws: `.notPermitted` to students, `.notFound(.class)`, `.notPermitted`, `.unavailable`.
    public func endClass(_ id: Identifier<SchoolClass>, as caller: ClassroomCaller) async throws(AttendanceError) {
        _ = try await tendClass(id, as: caller, act: .classEnded) { _, former, moment throws(AttendanceError) in
            Claim(ending: .schoolClass(former.number), at: moment)
        }
    }

    /// Lets a class meet on a day of the week.
    /// - Throws: `.notPermitted` to students, `.notFound(.class)`, `.notPermitted`, `.taken(.slot)` where it meets on that day
    ///   already, `.unavailable`. Source: contract aims §7.1, decision.
    public func addSlot(
        _ slot: ClassSlot, to id: Identifier<SchoolClass>, as caller: ClassroomCaller
    ) async throws(AttendanceError) {
        _ = try await tendClass(id, as: caller, act: .scheduleChanged) { _, former, moment throws(AttendanceError) in
            guard !former.slots.contains(where: { $0.weekday == slot.weekday }) else { throw .taken(.slot) }
            return Claim(telling: .told(schoolClass: former.number, slot), at: moment)
        }
    }

    /// Lets a class meet no more on a day of the week. Meetings that were moved stay moved.
    /// - Throws: `.notPermitted` to students, `.notFound(.class)`, `.notPermitted`, `.notFound(.slot)`, `.unavailable`.
    public func removeSlot(
        onWeekday weekday: Int64, from id: Identifier<SchoolClass>, as caller: ClassroomCaller
    ) async throws(AttendanceError) {
        _ = try await tendClass(id, as: caller, act: .scheduleChanged) { _, former, moment throws(AttendanceError) in
            guard former.slots.contains(where: { $0.weekday == weekday }) else { throw .notFound(.slot) }
            return Claim(telling: .removed(schoolClass: former.number, weekday: weekday), at: moment)
        }
    }

    /// - Parameter decide: What is told of the class; nil for nothing.
    /// - Returns: The class as it is then, or was when it ended.
    private func tendClass(
        _ id: Identifier<SchoolClass>, as caller: ClassroomCaller, act: AuditAct,
        _ decide: @escaping @Sendable (any WriteTransaction, SchoolClass, Instant) throws(AttendanceError) -> Claim?
    ) async throws(AttendanceError) -> SchoolClass {
        try caller.require(.teacher, .admin)
        let moment = ambient.now()
        let sealer = sealer
        return try await store.write(in: caller.tenant) { tx throws(AttendanceError) in
            let former = try tx.tended(id, by: caller)
            guard let claim = try decide(tx, former, moment) else { return former }
            _ = try tx.append(sealer.seal([claim], by: caller.caller.name))
            try tx.note(
                AuditEntry(at: moment, caller: caller.caller, act: act, subject: id.text, detail: claim.detail ?? ""))
            return try tx.schoolClass(id) ?? former
        }
    }

    /// The next meetings of a class that have not ended, on the clocks of the zone in force; see
    /// ``ClassMeeting/next(from:slots:reschedules:zone:limit:)``.
    /// - Throws: `.notPermitted` to students, `.notFound(.class)`, `.notPermitted`, `.unavailable`.
    public func nextMeetings(
        of id: Identifier<SchoolClass>, limit: Int, as caller: ClassroomCaller
    ) async throws(AttendanceError) -> [ClassMeeting] {
        try caller.require(.teacher, .admin)
        let (now, zones) = (ambient.now(), zones)
        return try await store.readBriefly(in: caller.tenant) { tx throws(AttendanceError) in
            let schoolClass = try tx.tended(id, by: caller)
            let zone = try zones.rules(of: try tx.rules(of: .aims), .aims)
            return ClassMeeting.next(
                from: now, slots: schoolClass.slots,
                reschedules: try tx.reschedules(of: [schoolClass.number])[schoolClass.number] ?? [], zone: zone, limit: limit)
        }
    }
}
