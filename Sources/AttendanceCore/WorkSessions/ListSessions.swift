public import struct FoundationEssentials.UUID
import Synchronization

/// Which sessions are asked for; nil for no matter. Both days are included.
public struct SessionFilter: Sendable {
    public var member: Identifier<Membership>?
    public var from: CalendarDay?
    public var through: CalendarDay?

    public init(member: Identifier<Membership>? = nil, from: CalendarDay? = nil, through: CalendarDay? = nil) {
        self.member = member
        self.from = from
        self.through = through
    }
}

extension Operations {
    /// Sessions of a contract's members, newest day first, within a day by name, then in the order in which members came.
    public func sessions(
        of source: EntrySource, matching filter: SessionFilter, as caller: Caller
    ) -> Pages<SessionRecord> {
        let place = Mutex<ListPlace<CalendarDay>>(ListPlace())
        return Pages { () async throws(AttendanceError) -> [SessionRecord]? in
            let (isAtEnd, last, known) = place.withLock { ($0.isAtEnd, $0.position, $0.members) }
            guard !isAtEnd else { return nil }
            let (records, next, members) = try await store.read(in: caller.tenant) { tx throws(AttendanceError) in
                let recorder = try SessionRecorder(source, self, tenant: caller.tenant, in: tx)
                let members = if let known { known } else { Dictionary(numbering: try tx.members(of: source)) }
                var filter = filter
                if let last { filter.through = last.before }
                let (sessions, next) = try Self.page(of: source, matching: filter, members: members, in: tx)
                let records = sessions.compactMap { session in
                    members[session.member].map { recorder.record(session, of: $0) }
                }
                return (records.sorted(by: Self.isListedBefore), next, members)
            }
            place.withLock { $0.move(to: next, reading: records.count, members) }
            return records
        }
    }

    private static func page(
        of source: EntrySource, matching filter: SessionFilter, members: [Int64: Member], in tx: any TimeSheetReading
    ) throws(AttendanceError) -> ([SheetSession], CalendarDay?) {
        let limit = Pages<SessionRecord>.itemsPerPage
        if let wanted = filter.member {
            guard let member = members.values.first(where: { $0.id == wanted }) else { return ([], nil) }
            let sessions = try tx.sessions(
                of: source, member: member.number, from: filter.from, through: filter.through, limit: limit)
            return (sessions, sessions.count < limit ? nil : sessions.last?.day)
        }
        let days = try tx.sessionDays(of: source, from: filter.from, through: filter.through, limit: limit)
        var (taken, count) = (0, Int64(0))
        while taken < days.count, taken == 0 || count < limit {
            count += days[taken].sessions
            taken += 1
        }
        guard taken > 0 else { return ([], nil) }
        let (newest, oldest) = (days[0].day, days[taken - 1].day)
        let sessions = try tx.sessions(of: source, from: oldest, through: newest)
        return (sessions, taken == days.count && days.count < limit ? nil : oldest)
    }

    private static func isListedBefore(_ left: SessionRecord, _ right: SessionRecord) -> Bool {
        if left.day != right.day { return left.day > right.day }
        return (left.member.profile.name, left.member.number) < (right.member.profile.name, right.member.number)
    }

    /// - Throws: `.notFound(.workSession)`, `.unavailable`.
    public func session(_ id: UUID, of source: EntrySource, as caller: Caller) async throws(AttendanceError) -> SessionRecord {
        try await store.readBriefly(in: caller.tenant) { tx throws(AttendanceError) in
            let (session, member) = try Self.session(id, of: source, sealer: sealer, tenant: caller.tenant, in: tx)
            return try SessionRecorder(source, self, tenant: caller.tenant, in: tx).record(session, of: member)
        }
    }

    static func session(
        _ id: UUID, of source: EntrySource, sealer: Sealer, tenant: TenantID, in tx: any ReadTransaction
    ) throws(AttendanceError) -> (SheetSession, Member) {
        let found: SheetSession? =
            if let number = sealer.number(of: .workSession, id, in: tenant) {
                try tx.session(
                    of: SessionPlace(number: number).member, on: SessionPlace(number: number).day, of: source)
            } else {
                try tx.session(importedAs: id, of: source)
            }
        guard let found, let member = try tx.member(numbered: found.member, of: source) else { throw .notFound(.workSession) }
        return (found, member)
    }
}
