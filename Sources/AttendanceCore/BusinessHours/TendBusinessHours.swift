extension Operations {
    /// All business hours, newest first.
    public func businessHours(of source: EntrySource, as caller: Caller) async throws(AttendanceError) -> [BusinessHours] {
        let rules = try await store.readBriefly(in: caller.tenant) { tx throws(AttendanceError) in try tx.rules(of: source) }
        return rules.hours.sorted { ($1.createdAt, $1.number) < ($0.createdAt, $0.number) }
    }

    /// Those in force; nil where none are, and nobody is late or early.
    public func activeBusinessHours(
        of source: EntrySource, as caller: Caller
    ) async throws(AttendanceError) -> BusinessHours? {
        try await store.readBriefly(in: caller.tenant) { tx throws(AttendanceError) in try tx.rules(of: source).activeHours }
    }

    /// - Throws: `.notFound(.businessHours)`, `.unavailable`.
    public func businessHours(
        _ number: Int64, of source: EntrySource, as caller: Caller
    ) async throws(AttendanceError) -> BusinessHours {
        try await store.readBriefly(in: caller.tenant) { tx throws(AttendanceError) in
            try tx.rules(of: source).existing(number)
        }
    }

    /// - Throws: `.invalid(field: "end_time", …)` where the end is not after the start, neither in UTC nor in the zone today;
    ///   `.notPermitted` without the admin role, `.unavailable`.
    public func createBusinessHours(
        _ draft: BusinessHoursDraft, of source: EntrySource, as caller: Caller
    ) async throws(AttendanceError) -> BusinessHours {
        try await tellHours(of: source, as: caller) { tx, _ throws(AttendanceError) in
            (try tx.nextBusinessHoursNumber(of: source), draft)
        }
    }

    /// Changes business hours; the order of start and end is judged on what comes out.
    /// - Throws: as ``createBusinessHours(_:of:as:)``, and `.notFound(.businessHours)`.
    public func changeBusinessHours(
        _ number: Int64, _ change: BusinessHoursChange, of source: EntrySource, as caller: Caller
    ) async throws(AttendanceError) -> BusinessHours {
        try await tellHours(of: source, as: caller) { _, rules throws(AttendanceError) in
            (number, change.applied(to: try rules.existing(number)))
        }
    }

    /// Makes these the ones in force, and no others.
    /// - Throws: `.notFound(.businessHours)`, `.notPermitted`, `.unavailable`.
    public func activateBusinessHours(
        _ number: Int64, of source: EntrySource, as caller: Caller
    ) async throws(AttendanceError) -> BusinessHours {
        var change = BusinessHoursChange()
        change.isActive = true
        return try await changeBusinessHours(number, change, of: source, as: caller)
    }

    /// Removes business hours. Where they were in force, none are afterwards.
    /// - Throws: `.notFound(.businessHours)`, `.notPermitted`, `.unavailable`.
    public func removeBusinessHours(
        _ number: Int64, of source: EntrySource, as caller: Caller
    ) async throws(AttendanceError) {
        try caller.require(.admin)
        let sealed = sealer.seal(
            [Claim(changing: .hoursRemoved(number: number), of: source, at: ambient.now())], by: caller.name)
        try await store.write(in: caller.tenant) { tx throws(AttendanceError) in
            _ = try tx.rules(of: source).existing(number)
            _ = try tx.append(sealed)
            try tx.note(
                AuditEntry(
                    at: sealed[0].receivedAt, caller: caller, act: .businessHoursChanged, subject: "\(number)",
                    detail: "removed"))
        }
    }

    private func tellHours(
        of source: EntrySource, as caller: Caller,
        _ decide: @escaping @Sendable (any WriteTransaction, TimeSheetRules) throws(AttendanceError) -> (Int64, BusinessHoursDraft)
    ) async throws(AttendanceError) -> BusinessHours {
        try caller.require(.admin)
        let moment = ambient.now()
        let (sealer, zones) = (sealer, zones)
        return try await store.write(in: caller.tenant) { tx throws(AttendanceError) in
            let rules = try tx.rules(of: source)
            let (number, draft) = try decide(tx, rules)
            let zone = try zones.rules(of: rules, source)
            guard
                BusinessHours.isInOrder(
                    startMicroseconds: draft.startMicroseconds, endMicroseconds: draft.endMicroseconds, at: moment, zone: zone)
            else { throw .invalid(field: "end_time", .malformed("it has to be after start_time")) }
            let change = RuleChange.hours(number: number, draft)
            _ = try tx.append(sealer.seal([Claim(changing: change, of: source, at: moment)], by: caller.name))
            try tx.note(
                AuditEntry(
                    at: moment, caller: caller, act: .businessHoursChanged, subject: "\(number)", detail: change.text))
            return try tx.rules(of: source).existing(number)
        }
    }
}

extension TimeSheetRules {
    func existing(_ number: Int64) throws(AttendanceError) -> BusinessHours {
        guard let found = hours.first(where: { $0.number == number }) else { throw .notFound(.businessHours) }
        return found
    }
}

extension Claim {
    package init(changing change: RuleChange, of source: EntrySource, at moment: Instant) {
        self.init(kind: .ruleChanged, source: source, occurredAt: moment, detail: change.text)
    }
}
