/// The hours of some days.
public struct HoursOverview: Sendable, Equatable {
    public let sessions: Int64
    public let working: Hundredths
    /// Minutes.
    public let breaks: Hundredths
    public let lateArrivals: Int64
    public let earlyDepartures: Int64
    /// Per session, not per calendar day.
    public let averageWorking: Hundredths
    public let cycles: Int64
}

/// The hours of one member.
public struct MemberHours: Sendable, Equatable {
    public let member: Member
    public let sessions: Int64
    public let working: Hundredths
    public let average: Hundredths
    public let late: Int64
    public let early: Int64
    public let cycles: Int64
    /// Per cent.
    public let attendanceRate: Hundredths
}

/// The hours of one day.
public struct DayHours: Sendable, Equatable {
    public let day: CalendarDay
    public let working: Hundredths
    public let sessions: Int64
    public let cycles: Int64
}

extension Operations {
    /// Sums over the sessions of some days; each session is rounded by itself, and what is open today counts up to now.
    /// - Parameter filter: Both days are given.
    /// - Throws: `.unavailable`.
    public func hoursOverview(
        of source: EntrySource, matching filter: SessionFilter, as caller: Caller
    ) async throws(AttendanceError) -> HoursOverview {
        try await store.read(in: caller.tenant) { tx throws(AttendanceError) in
            guard let span = try HoursSpan(source, filter, in: tx) else { return HoursOverview(HoursSum()) }
            var sum = try tx.hours(of: source, member: span.member, from: span.from, through: span.through)
            for open in try openToday(span, of: source, as: caller, in: tx) { sum.add(open) }
            return HoursOverview(sum)
        }
    }

    /// The same for each member with sessions, by name.
    public func hoursByMember(
        of source: EntrySource, matching filter: SessionFilter, as caller: Caller
    ) async throws(AttendanceError) -> [MemberHours] {
        try await store.read(in: caller.tenant) { tx throws(AttendanceError) in
            guard let span = try HoursSpan(source, filter, in: tx) else { return [] }
            var sums = Dictionary(
                uniqueKeysWithValues: try tx.hoursByMember(
                    of: source, member: span.member, from: span.from, through: span.through
                ).map { ($0.member, $0.sum) })
            for open in try openToday(span, of: source, as: caller, in: tx) { sums[open.member]?.add(open) }
            return try tx.members(of: source).compactMap { member in
                sums[member.number].map { sum in
                    MemberHours(
                        member: member, sessions: sum.sessions, working: sum.working,
                        average: .mean(of: sum.working, over: sum.sessions), late: sum.late, early: sum.early,
                        cycles: sum.cycles,
                        attendanceRate: .attendanceRate(sessions: sum.sessions, late: sum.late, early: sum.early))
                }
            }
        }
    }

    /// The same for each day with sessions, oldest first.
    public func hoursByDay(
        of source: EntrySource, matching filter: SessionFilter, as caller: Caller
    ) async throws(AttendanceError) -> [DayHours] {
        try await store.read(in: caller.tenant) { tx throws(AttendanceError) in
            guard let span = try HoursSpan(source, filter, in: tx) else { return [] }
            var sums = Dictionary(
                uniqueKeysWithValues: try tx.hoursByDay(
                    of: source, member: span.member, from: span.from, through: span.through
                ).map { ($0.day, $0.sum) })
            for open in try openToday(span, of: source, as: caller, in: tx) { sums[open.day]?.add(open) }
            return sums.map { DayHours(day: $0, working: $1.working, sessions: $1.sessions, cycles: $1.cycles) }
                .sorted { $0.day < $1.day }
        }
    }

    /// What today's open sessions show above what is stored of them.
    private func openToday(
        _ span: HoursSpan, of source: EntrySource, as caller: Caller, in tx: any ReadTransaction
    ) throws(AttendanceError) -> [OpenHours] {
        let recorder = try SessionRecorder(source, self, tenant: caller.tenant, in: tx)
        guard span.from <= recorder.today, recorder.today <= span.through else { return [] }
        return try tx.openSessions(of: source, on: recorder.today, member: span.member).map { session in
            let (stored, shown) = (session.figures(at: nil), recorder.figures(of: session))
            return OpenHours(
                member: session.member, day: session.day,
                working: Hundredths(shown.working.hundredths - stored.working.hundredths),
                breaks: Hundredths(shown.break.hundredths - stored.break.hundredths))
        }
    }
}

/// A filter whose member was looked up; there is none for days in the wrong order, or for nobody's.
private struct HoursSpan {
    let member: Int64?
    let from: CalendarDay
    let through: CalendarDay

    init?(_ source: EntrySource, _ filter: SessionFilter, in tx: any MemberReading) throws(AttendanceError) {
        guard let from = filter.from, let through = filter.through, from <= through else { return nil }
        self.from = from
        self.through = through
        guard let id = filter.member else {
            member = nil
            return
        }
        guard let found = try tx.member(id, of: source) else { return nil }
        member = found.number
    }
}

private struct OpenHours {
    let member: Int64
    let day: CalendarDay
    let working: Hundredths
    let breaks: Hundredths
}

extension HoursSum {
    fileprivate mutating func add(_ open: OpenHours) {
        working = working + open.working
        breaks = breaks + open.breaks
    }
}

extension HoursOverview {
    fileprivate init(_ sum: HoursSum) {
        self.init(
            sessions: sum.sessions, working: sum.working, breaks: sum.breaks, lateArrivals: sum.late,
            earlyDepartures: sum.early, averageWorking: .mean(of: sum.working, over: sum.sessions), cycles: sum.cycles)
    }
}
