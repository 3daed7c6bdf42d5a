public import struct FoundationEssentials.UUID

extension Operations {
    /// Enters a punch by hand. What the member's state allows is not asked: a punch that does not fit is kept and not counted.
    /// - Throws: `.notFound(.member)`, `.invalid(field: "timestamp", …)`, `.notPermitted` without the admin role, `.unavailable`.
    public func assertTimeEntry(
        _ draft: TimeEntryDraft, of source: EntrySource, as caller: Caller
    ) async throws(AttendanceError) -> TimeEntry {
        try caller.require(.admin)
        let (sealer, zones, now) = (sealer, zones, ambient.now())
        return try await store.write(in: caller.tenant) { tx throws(AttendanceError) in
            guard let member = try tx.member(draft.member, of: source) else { throw .notFound(.member) }
            let judging = try Judging(source, zones: zones, in: tx)
            var detail = try judging.detail(of: draft.direction, at: draft.at)
            detail.remarks = judging.flags(draft.direction, at: draft.at).with(late: draft.isLate, early: draft.isEarly)
            detail.remarks.insert(.entered)
            let entry = try Self.append(
                Claim(punchOf: member.id, detail, at: draft.at, note: draft.note, source: source), of: member, sealer: sealer,
                by: caller, in: tx)
            try tx.note(AuditEntry(at: now, caller: caller, act: .punchEntered, subject: "\(entry.number)"))
            return entry
        }
    }

    /// Corrects a punch: an entry says what is true instead. Where its moment or direction changes and no flag is given, it is
    /// judged again by the rules in force now.
    /// - Throws: `.notFound(.timeEntry)`, `.notFound(.member)`, `.invalid`, `.notPermitted`, `.unavailable`.
    public func correctTimeEntry(
        _ id: UUID, _ change: TimeEntryChange, of source: EntrySource, as caller: Caller
    ) async throws(AttendanceError) -> TimeEntry {
        try caller.require(.admin)
        let (sealer, zones, now) = (sealer, zones, ambient.now())
        return try await store.write(in: caller.tenant) { tx throws(AttendanceError) in
            let (former, holder) = try Self.punch(id, of: source, sealer: sealer, tenant: caller.tenant, in: tx)
            let member =
                if let wanted = change.member, wanted != holder.id { try tx.member(wanted, of: source) } else { holder as Member? }
            guard let member else { throw .notFound(.member) }
            let judging = try Judging(source, zones: zones, in: tx)
            let (direction, at) = (change.direction ?? former.punch.direction, change.at ?? former.punch.at)
            var detail = try judging.detail(of: direction, at: at)
            let isSame = direction == former.punch.direction && at == former.punch.at
            let judged =
                isSame
                ? Set<PunchRemark>().with(late: former.punch.isLate, early: former.punch.isEarly)
                : judging.flags(direction, at: at)
            detail.remarks = judged.with(late: change.isLate, early: change.isEarly)
            detail.remarks.insert(.entered)
            detail.corrects = former.punch.number
            let entry = try Self.append(
                Claim(punchOf: member.id, detail, at: at, note: change.note ?? former.note, source: source), of: member,
                correcting: former.punch.number, sealer: sealer, by: caller, in: tx)
            try tx.note(AuditEntry(at: now, caller: caller, act: .punchCorrected, subject: "\(entry.number)"))
            return entry
        }
    }

    /// Takes a punch away. The ledger keeps it, and what took it away.
    /// - Throws: `.notFound(.timeEntry)`, `.notPermitted`, `.unavailable`.
    public func voidTimeEntry(_ id: UUID, of source: EntrySource, as caller: Caller) async throws(AttendanceError) {
        try caller.require(.admin)
        let (sealer, now) = (sealer, ambient.now())
        try await store.write(in: caller.tenant) { tx throws(AttendanceError) in
            let (former, _) = try Self.punch(id, of: source, sealer: sealer, tenant: caller.tenant, in: tx)
            var detail = PunchDetail(former.punch.direction)
            detail.corrects = former.punch.number
            _ = try tx.append(
                sealer.seal(
                    [Claim(kind: .punchVoided, source: source, occurredAt: now, detail: detail.text)], by: caller.name))
            try tx.note(AuditEntry(at: now, caller: caller, act: .punchVoided, subject: "\(former.punch.number)"))
        }
    }

    /// - Throws: `.notFound(.timeEntry)`, `.unavailable`.
    public func timeEntry(_ id: UUID, of source: EntrySource, as caller: Caller) async throws(AttendanceError) -> TimeEntry {
        let sealer = sealer
        return try await store.readBriefly(in: caller.tenant) { tx throws(AttendanceError) in
            let (punch, member) = try Self.punch(id, of: source, sealer: sealer, tenant: caller.tenant, in: tx)
            return TimeEntry(
                punch, of: member, id: sealer.identity(of: .timeEntry, punch.punch.number, in: caller.tenant))
        }
    }

    private static func punch(
        _ id: UUID, of source: EntrySource, sealer: Sealer, tenant: TenantID, in tx: any ReadTransaction
    ) throws(AttendanceError) -> (SheetPunch, Member) {
        let found =
            if let number = sealer.number(of: .timeEntry, id, in: tenant) {
                try tx.punch(number, of: source)
            } else {
                try tx.punch(importedAs: id, of: source)
            }
        // Punches of somebody who is a member no longer are not shown.
        guard let found, let member = try tx.member(numbered: found.member, of: source) else { throw .notFound(.timeEntry) }
        return (found, member)
    }
}

extension Set<PunchRemark> {
    /// The remarks with the flags that somebody gave instead of the judged ones.
    fileprivate func with(late: Bool?, early: Bool?) -> Set<PunchRemark> {
        var remarks = self
        for (flag, given) in [(PunchRemark.late, late), (.early, early)] {
            guard let given else { continue }
            if given { remarks.insert(flag) } else { remarks.remove(flag) }
        }
        return remarks
    }
}
