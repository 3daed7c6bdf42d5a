extension Operations {
    /// The contract's members by name, then in the order in which they came.
    public func members(
        of source: EntrySource, matching filter: MemberFilter, as caller: Caller
    ) async throws(AttendanceError) -> [Member] {
        let all = try await store.read(in: caller.tenant) { tx throws(AttendanceError) in try tx.members(of: source) }
        return all.filter { filter.admits($0.profile) }
    }

    /// - Throws: `.notFound(.member)`, `.unavailable`.
    public func member(
        _ id: Identifier<Membership>, of source: EntrySource, as caller: Caller
    ) async throws(AttendanceError) -> Member {
        let found = try await store.readBriefly(in: caller.tenant) { tx throws(AttendanceError) in try tx.member(id, of: source) }
        guard let found else { throw .notFound(.member) }
        return found
    }

    /// The active member with this e-mail, letter case aside; nil for none.
    public func member(
        ofEmail email: WireText, of source: EntrySource, as caller: Caller
    ) async throws(AttendanceError) -> Member? {
        let found = try await store.readBriefly(in: caller.tenant) { tx throws(AttendanceError) in
            try tx.member(ofEmail: email, of: source)
        }
        return found.flatMap { $0.profile.isActive ? $0 : nil }
    }

    /// The departments of the contract's members, each once, in code point order.
    public func departments(of source: EntrySource, as caller: Caller) async throws(AttendanceError) -> [WireText] {
        let all = try await store.read(in: caller.tenant) { tx throws(AttendanceError) in try tx.members(of: source) }
        return Set(all.map(\.profile.department)).sorted()
    }

    /// Which of the two are another member's. What is free now may be taken when it is written.
    public func occupied(
        staffCode: WireText?, email: WireText?, besides id: Identifier<Membership>?, of source: EntrySource, as caller: Caller
    ) async throws(AttendanceError) -> Set<AttendanceError.UniqueField> {
        try await store.readBriefly(in: caller.tenant) { tx throws(AttendanceError) in
            try Self.occupied(staffCode: staffCode, email: email, besides: id, of: source, in: tx)
        }
    }

    private static func occupied(
        staffCode: WireText?, email: WireText?, besides id: Identifier<Membership>?, of source: EntrySource,
        in tx: any MemberReading
    ) throws(AttendanceError) -> Set<AttendanceError.UniqueField> {
        var occupied: Set<AttendanceError.UniqueField> = []
        if let staffCode, let holder = try tx.member(ofStaffCode: staffCode, of: source), holder.id != id {
            occupied.insert(.staffCode)
        }
        if let email, let holder = try tx.member(ofEmail: email, of: source), holder.id != id {
            // Who came in from another system with an e-mail that somebody had already may keep it while other things change.
            let own = try id.flatMap { id throws(AttendanceError) in try tx.member(id, of: source) }
            if own?.profile.email.folded != email.folded { occupied.insert(.email) }
        }
        return occupied
    }

    /// Opens a membership. Where another contract that keeps staff knows the same staff code, it is the same person's.
    /// - Throws: `.occupied`, `.invalid(field:…)` for text that cannot be kept, `.notPermitted` without the admin role,
    ///   `.unavailable`.
    public func createMember(
        _ profile: MemberProfile, of source: EntrySource, as caller: Caller
    ) async throws(AttendanceError) -> Member {
        try caller.require(.admin)
        try profile.check()
        let sealed = sealer.seal(
            [Claim(telling: profile, .new(importedAs: nil), source: source, at: ambient.now())], by: caller.name)
        return try await store.write(in: caller.tenant) { tx throws(AttendanceError) in
            let occupied = try Self.occupied(
                staffCode: profile.staffCode, email: profile.email, besides: nil, of: source, in: tx)
            guard occupied.isEmpty else { throw .occupied(occupied) }
            _ = try tx.append(sealed)
            guard let member = try tx.member(ofStaffCode: profile.staffCode, of: source) else { throw .notFound(.member) }
            try tx.note(
                AuditEntry(at: sealed[0].receivedAt, caller: caller, act: .memberCreated, subject: member.id.text))
            return member
        }
    }

    /// Changes what is told of a member. What was counted before stays as it was.
    /// - Throws: `.notFound(.member)`, `.occupied`, `.invalid`, `.notPermitted`, `.unavailable`.
    public func changeMember(
        _ id: Identifier<Membership>, _ change: MemberChange, of source: EntrySource, as caller: Caller
    ) async throws(AttendanceError) -> Member {
        try await changeMember(id, of: source, as: caller) { change.applied(to: $0) }
    }

    /// Makes an inactive member active, and an active one inactive.
    /// - Throws: `.notFound(.member)`, `.notPermitted`, `.unavailable`.
    public func toggleMember(
        _ id: Identifier<Membership>, of source: EntrySource, as caller: Caller
    ) async throws(AttendanceError) -> Member {
        try await changeMember(id, of: source, as: caller) { profile in
            var profile = profile
            profile.isActive.toggle()
            return profile
        }
    }

    private func changeMember(
        _ id: Identifier<Membership>, of source: EntrySource, as caller: Caller,
        _ change: @escaping @Sendable (MemberProfile) -> MemberProfile
    ) async throws(AttendanceError) -> Member {
        try caller.require(.admin)
        let moment = ambient.now()
        let sealer = sealer
        return try await store.write(in: caller.tenant) { tx throws(AttendanceError) in
            guard let former = try tx.member(id, of: source) else { throw .notFound(.member) }
            let profile = change(former.profile)
            try profile.check()
            let occupied = try Self.occupied(
                staffCode: profile.staffCode, email: profile.email, besides: id, of: source, in: tx)
            guard occupied.isEmpty else { throw .occupied(occupied) }
            _ = try tx.append(
                sealer.seal([Claim(telling: profile, .known(id), source: source, at: moment)], by: caller.name))
            guard let member = try tx.member(id, of: source) else { throw .notFound(.member) }
            try tx.note(AuditEntry(at: moment, caller: caller, act: .memberChanged, subject: id.text))
            return member
        }
    }

    /// Ends a membership: nothing that belongs to it is shown or counted any more. The ledger keeps what happened.
    /// - Throws: `.notFound(.member)`, `.notPermitted`, `.unavailable`.
    public func endMember(
        _ id: Identifier<Membership>, of source: EntrySource, as caller: Caller
    ) async throws(AttendanceError) {
        try caller.require(.admin)
        let sealed = sealer.seal(
            [
                Claim(
                    kind: .memberEnded, source: source, occurredAt: ambient.now(), detail: MemberDetail.known(id).text)
            ], by: caller.name)
        try await store.write(in: caller.tenant) { tx throws(AttendanceError) in
            guard try tx.member(id, of: source) != nil else { throw .notFound(.member) }
            _ = try tx.append(sealed)
            try tx.note(AuditEntry(at: sealed[0].receivedAt, caller: caller, act: .memberEnded, subject: id.text))
        }
    }
}

extension MemberProfile {
    fileprivate func check() throws(AttendanceError) {
        guard let field = unstorableField else { return }
        throw .invalid(field: field, .malformed("U+0000 and U+001F cannot be kept"))
    }
}

extension Claim {
    /// What is true of a member from here on.
    package init(telling profile: MemberProfile, _ detail: MemberDetail, source: EntrySource, at moment: Instant) {
        self.init(
            kind: .memberTold, source: source, occurredAt: moment, detail: detail.text,
            personal: PersonalPart(identifierKind: .staffCode, identifier: profile.staffCode, meta: profile.entryText))
    }
}
