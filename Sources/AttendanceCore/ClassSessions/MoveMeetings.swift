extension Operations {
    /// Moves one meeting of a class. The original times are those of the slot of the original day's weekday. A day that was
    /// moved already may be moved again; both moves stand.
    ///
    /// Whoever may not touch the class is told that there is none. Source: contract aims §7.2, decision.
    /// - Throws: `.notPermitted` to students, `.notFound(.class)`, `.notFound(.slot)` where the class does not meet on the
    ///   original day, `.invalid(field: "reason", …)`, `.unavailable`.
    public func reschedule(
        _ draft: RescheduleDraft, of id: Identifier<SchoolClass>, as caller: ClassroomCaller
    ) async throws(AttendanceError) -> Reschedule {
        try caller.require(.teacher, .admin)
        try Self.check(draft.reason)
        let moment = ambient.now()
        let sealer = sealer
        return try await store.write(in: caller.tenant) { tx throws(AttendanceError) in
            let schoolClass = try tx.tendedOrHidden(id, by: caller)
            guard let slot = schoolClass.slot(on: draft.originalDay) else { throw .notFound(.slot) }
            let number = try tx.nextRescheduleNumber()
            let moved = Reschedule(
                number: number, schoolClass: schoolClass.number, originalDay: draft.originalDay,
                originalStart: slot.start, originalEnd: slot.end, day: draft.day, start: draft.start, end: draft.end,
                reason: draft.reason, createdAt: moment)
            return try Self.tell(.told(moved), of: schoolClass, as: caller, at: moment, sealer: sealer, in: tx) ?? moved
        }
    }

    /// The moved meetings of a class whose new day lies between two days, both included; by the new day, then number.
    /// - Throws: `.notPermitted` to students, `.notFound(.class)`, `.unavailable`. Source: contract aims §7.2.
    public func reschedules(
        of id: Identifier<SchoolClass>, from: CalendarDay?, through: CalendarDay?, as caller: ClassroomCaller
    ) async throws(AttendanceError) -> [Reschedule] {
        try caller.require(.teacher, .admin)
        return try await store.readBriefly(in: caller.tenant) { tx throws(AttendanceError) in
            let schoolClass = try tx.tendedOrHidden(id, by: caller)
            return (try tx.reschedules(of: [schoolClass.number])[schoolClass.number] ?? []).filter { one in
                from.map { $0 <= one.day } ?? true && through.map { one.day <= $0 } ?? true
            }
        }
    }

    /// Changes where a meeting was moved to.
    /// - Returns: The moved meeting, and its class.
    /// - Throws: `.notPermitted` to students, `.notFound(.reschedule)` also to whoever may not touch its class,
    ///   `.invalid(field: "reason", …)`, `.unavailable`. Source: contract aims §7.2.
    public func changeReschedule(
        _ number: Int64, _ change: RescheduleChange, as caller: ClassroomCaller
    ) async throws(AttendanceError) -> (reschedule: Reschedule, schoolClass: SchoolClass) {
        try caller.require(.teacher, .admin)
        try Self.check(change.reason)
        let moment = ambient.now()
        let sealer = sealer
        return try await store.write(in: caller.tenant) { tx throws(AttendanceError) in
            let (former, schoolClass) = try tx.tendedReschedule(number, by: caller)
            let changed = change.applied(to: former)
            guard changed != former else { return (former, schoolClass) }
            let told = try Self.tell(.told(changed), of: schoolClass, as: caller, at: moment, sealer: sealer, in: tx)
            return (told ?? changed, schoolClass)
        }
    }

    /// Lets a meeting take place as the schedule says after all.
    /// - Throws: `.notPermitted` to students, `.notFound(.reschedule)` also to whoever may not touch its class, `.unavailable`.
    ///   Source: contract aims §7.2.
    public func removeReschedule(_ number: Int64, as caller: ClassroomCaller) async throws(AttendanceError) {
        try caller.require(.teacher, .admin)
        let moment = ambient.now()
        let sealer = sealer
        try await store.write(in: caller.tenant) { tx throws(AttendanceError) in
            let (_, schoolClass) = try tx.tendedReschedule(number, by: caller)
            _ = try Self.tell(.removed(number: number), of: schoolClass, as: caller, at: moment, sealer: sealer, in: tx)
        }
    }

    /// - Returns: The moved meeting as it stands then.
    private static func tell(
        _ detail: RescheduleDetail, of schoolClass: SchoolClass, as caller: ClassroomCaller, at moment: Instant,
        sealer: Sealer, in tx: any WriteTransaction
    ) throws(AttendanceError) -> Reschedule? {
        let claim = Claim(telling: detail, by: caller.account, at: moment)
        _ = try tx.append(sealer.seal([claim], by: caller.caller.name))
        try tx.note(
            AuditEntry(
                at: moment, caller: caller.caller, act: .scheduleChanged, subject: schoolClass.id.text, detail: detail.text))
        guard case .told(let told, _) = detail else { return nil }
        return try tx.reschedule(told.number)
    }

    private static func check(_ reason: WireText?) throws(AttendanceError) {
        guard reason?.containsNUL == true else { return }
        throw .invalid(field: "reason", .malformed("U+0000 cannot be kept"))
    }
}

extension ClassReading {
    /// As ``tended(_:by:)``, and nothing is told of a class that the caller may not touch.
    fileprivate func tendedOrHidden(
        _ id: Identifier<SchoolClass>, by caller: ClassroomCaller
    ) throws(AttendanceError) -> SchoolClass {
        guard let found = try schoolClass(id), caller.mayTend(found) else { throw .notFound(.class) }
        return found
    }

    fileprivate func tendedReschedule(
        _ number: Int64, by caller: ClassroomCaller
    ) throws(AttendanceError) -> (Reschedule, SchoolClass) {
        guard let found = try reschedule(number), let schoolClass = try schoolClass(numbered: found.schoolClass),
            caller.mayTend(schoolClass)
        else { throw .notFound(.reschedule) }
        return (found, schoolClass)
    }
}
