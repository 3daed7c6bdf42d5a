import Synchronization

/// Which punches are asked for; nil for no matter. Days are those of the zone in force when a punch was stored.
public struct TimeEntryFilter: Sendable {
    public var member: Identifier<Membership>?
    public var from: CalendarDay?
    public var through: CalendarDay?
    public var direction: PunchDirection?

    public init(
        member: Identifier<Membership>? = nil, from: CalendarDay? = nil, through: CalendarDay? = nil,
        direction: PunchDirection? = nil
    ) {
        self.member = member
        self.from = from
        self.through = through
        self.direction = direction
    }
}

/// A list that is read page by page, so that it may be longer than what fits into memory. For one reader.
public final class Pages<Item: Sendable>: Sendable {
    /// About so many items make a page.
    static var itemsPerPage: Int { 500 }

    private let read: @Sendable () async throws(AttendanceError) -> [Item]?

    init(read: @escaping @Sendable () async throws(AttendanceError) -> [Item]?) {
        self.read = read
    }

    /// The next items; nil when there are no more.
    /// - Throws: `.unavailable`, `.unexpected`.
    public func next() async throws(AttendanceError) -> [Item]? {
        try await read()
    }
}

extension Operations {
    /// Punches of a contract's members, newest first.
    /// - Parameter limit: At most so many; nil for all.
    public func timeEntries(
        of source: EntrySource, matching filter: TimeEntryFilter, limit: Int?, as caller: Caller
    ) -> Pages<TimeEntry> {
        let (store, sealer) = (store, sealer)
        let place = Mutex<ListPlace<PunchPosition>>(ListPlace(left: limit))
        return Pages { () async throws(AttendanceError) -> [TimeEntry]? in
            let (left, position, known) = place.withLock { ($0.isAtEnd ? 0 : $0.left ?? .max, $0.position, $0.members) }
            guard left > 0 else { return nil }
            let limit = min(left, Pages<TimeEntry>.itemsPerPage)
            let (entries, next, members) = try await store.read(in: caller.tenant) { tx throws(AttendanceError) in
                let members = if let known { known } else { Dictionary(numbering: try tx.members(of: source)) }
                var query = PunchQuery(from: filter.from, through: filter.through, direction: filter.direction)
                if let wanted = filter.member {
                    guard let member = members.values.first(where: { $0.id == wanted }) else {
                        return ([TimeEntry](), PunchPosition?.none, members)
                    }
                    query.member = member.number
                }
                let punches = try tx.punches(of: source, matching: query, after: position, limit: limit)
                let entries = punches.compactMap { punch in
                    members[punch.member].map {
                        TimeEntry(punch, of: $0, id: sealer.identity(of: .timeEntry, punch.punch.number, in: caller.tenant))
                    }
                }
                let last = punches.count < limit ? nil : punches.last?.punch
                return (entries, last.map { PunchPosition(at: $0.at, number: $0.number) }, members)
            }
            place.withLock { $0.move(to: next, reading: entries.count, members) }
            return entries
        }
    }
}

/// Where a list is being read, and whose names were read with its first page.
struct ListPlace<Position: Sendable>: Sendable {
    private(set) var left: Int?
    private(set) var position: Position?
    private(set) var members: [Int64: Member]?
    private(set) var isAtEnd = false

    init(left: Int? = nil) {
        self.left = left
    }

    mutating func move(to next: Position?, reading count: Int, _ members: [Int64: Member]) {
        left = left.map { $0 - count }
        position = next
        isAtEnd = next == nil
        self.members = members
    }
}

extension [Int64: Member] {
    init(numbering members: [Member]) {
        self.init(uniqueKeysWithValues: members.map { ($0.number, $0) })
    }
}
