import AttendanceCore

/// A place where a badge was seen: one station span and unit.
///
/// It counts while its mark is its span's `clearedThrough`. A clear moves the latter and touches no badge; the badge's next
/// scan anywhere drops the places that no longer count.
struct BadgePlace: Equatable {
    let span: Int64
    /// 0 for the group without a unit.
    let unit: Int64
    var clearMark: Int64
    var lastOccurredAt: Int64

    func counts(under layout: StationLayout) -> Bool {
        layout.has(span) && clearMark == layout[span].clearedThrough
    }
}

/// Where each badge was seen: `badge_places`, a projection. All places of a badge are one value in one row, because they are
/// read together and one of them changes with every scan: a row for each of them would be many more rows.
struct BadgePlaceTable {
    let connection: any SQLConnection
    let tenant: TenantID

    /// The places of badges; nil for one that was never seen.
    func places(of badges: [Pseudonym]) throws(SQLError) -> [Pseudonym: [BadgePlace]?] {
        guard !badges.isEmpty else { return [:] }
        var keys = PackedBytes()
        keys.reserve(values: badges.count, bytes: 16 * badges.count)
        for badge in badges { keys.append(words: badge.words) }
        let rows = try connection.lookup(
            BulkLookup(
                [
                    BulkColumn("tenant_id", .constant(tenant.rawValue, count: badges.count)),
                    BulkColumn("badge", .blobs(keys)),
                ],
                selecting: "b.badge, b.places", from: "badge_places b",
                matching: "b.tenant_id = given.tenant_id AND b.badge = given.badge"))
        var places = Dictionary(uniqueKeysWithValues: badges.map { ($0, [BadgePlace]?.none) })
        for row in rows { places[Pseudonym(row.blob(0))] = .some(try Self.decoded(row.blob(1))) }
        return places
    }

    /// - Parameter areStored: Whether all of them have rows, or none has.
    func insertion(of badges: [(badge: Pseudonym, places: [BadgePlace])], areStored: Bool) -> BulkInsert {
        var keys = PackedBytes()
        keys.reserve(values: badges.count, bytes: 16 * badges.count)
        var values = PackedBytes()
        values.reserve(values: badges.count, bytes: 64 * badges.count)
        for (badge, places) in badges {
            keys.append(words: badge.words)
            values.append { Self.encode(places, into: &$0) }
        }
        return BulkInsert(
            into: "badge_places",
            [
                BulkColumn("tenant_id", .constant(tenant.rawValue, count: badges.count)),
                BulkColumn("badge", .blobs(keys)),
                BulkColumn("places", .blobs(values)),
            ], areStored ? .replace(keyCount: 2) : .none(suffix: ""))
    }

    /// How many badges are read at once where all are.
    static let badgesPerStep = 2_000

    /// Calls `body` with the places of every badge, in the order of the badges.
    func forEach(_ body: ([BadgePlace]) throws(SQLError) -> Void) throws(SQLError) {
        var last: [UInt8] = []
        while true {
            let rows = try connection.run(
                """
                SELECT badge, places FROM badge_places WHERE tenant_id = \(tenant.rawValue) AND badge > \(last)
                ORDER BY badge LIMIT \(Self.badgesPerStep)
                """)
            for row in rows { try body(Self.decoded(row.blob(1))) }
            guard rows.count == Self.badgesPerStep, let end = rows.last else { return }
            last = end.blob(0)
        }
    }

    // MARK: The value

    /// Each place is its span, its unit and its mark as numbers of seven bits a byte, lowest first, the eighth bit set in all
    /// but the last byte; then the moment in eight bytes, highest first.
    static func encode(_ places: [BadgePlace], into bytes: inout [UInt8]) {
        for place in places {
            for number in [place.span, place.unit, place.clearMark] { bytes.append(sevenBitsAByte: UInt64(number)) }
            for shift in stride(from: Int64(56), through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: place.lastOccurredAt >> shift))
            }
        }
    }

    static func decoded(_ bytes: [UInt8]) throws(SQLError) -> [BadgePlace] {
        var places: [BadgePlace] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            guard let span = rest.popNumber(), let unit = rest.popNumber(), let mark = rest.popNumber(), rest.count >= 8 else {
                throw SQLError(
                    kind: .corrupt, code: "", message: "the places of a badge cannot be read; muster rebuild makes them anew")
            }
            let moment = rest.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            rest.removeFirst(8)
            places.append(BadgePlace(span: span, unit: unit, clearMark: mark, lastOccurredAt: Int64(bitPattern: moment)))
        }
        return places
    }
}

extension [UInt8] {
    fileprivate mutating func append(sevenBitsAByte number: UInt64) {
        var number = number
        while number > 0x7F {
            append(UInt8(truncatingIfNeeded: number) | 0x80)
            number >>= 7
        }
        append(UInt8(truncatingIfNeeded: number))
    }
}

extension ArraySlice<UInt8> {
    /// Nil where the number does not end, or is negative as 64 bits.
    fileprivate mutating func popNumber() -> Int64? {
        var number: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 63, by: 7) {
            guard let byte = popFirst() else { return nil }
            number |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return Int64(number) }
        }
        return nil
    }
}

/// What a writer remembers of badges, so that a badge it has seen need not be read before it is written.
///
/// Believed only while the tenant's head is the one that it was remembered with: see ``WriterMemory``.
final class BadgeMemory {
    private var known: [Pseudonym: Known] = [:]
    /// See ``costMax``.
    private(set) var cost = 0
    private var round = 0

    fileprivate struct Known {
        var places: [BadgePlace]
        /// Whether the badge has a row.
        var isStored: Bool
        /// In which round it was changed last.
        var round: Int
    }

    /// What is remembered at most, of all tenants together, in units of some 50 bytes: one for each place, two for each
    /// badge. Beyond that all is forgotten, and read again.
    static let costMax = 400_000

    /// A scan that counts.
    struct Sighting {
        let badge: Pseudonym
        let span: Int64
        let unit: Int64
        let occurredAt: Int64
    }

    /// What sightings change: the badges whose places are others now, each list in the order of the badges, and how many
    /// different badges there are more.
    struct Changes {
        var new: [(badge: Pseudonym, places: [BadgePlace])] = []
        var stored: [(badge: Pseudonym, places: [BadgePlace])] = []
        var unique: [EntrySource: ScanTallyTable.UniqueCount] = [:]
    }

    /// Folds sightings in their order, reading from `table` what is not remembered.
    func fold(
        _ sightings: [Sighting], layout: StationLayout, terms: TermBook, table: BadgePlaceTable
    ) throws(SQLError) -> Changes {
        if cost > Self.costMax {
            known = [:]
            cost = 0
        }
        let unknown = Set(sightings.lazy.map(\.badge).filter { self.known[$0] == nil })
        for (badge, places) in try table.places(of: unknown.sorted()) {
            known[badge] = Known(places: places ?? [], isStored: places != nil, round: round)
            cost += (places?.count ?? 0) + 2
        }
        round += 1
        var changes = Changes()
        var touched: [Pseudonym] = []
        touched.reserveCapacity(sightings.count)
        var shownTerms: [Int64: Int64] = [:]
        func shownTerm(_ span: Int64) -> Int64 {
            if let known = shownTerms[span] { return known }
            guard let term = terms.id(.station, layout[span].shown) else { preconditionFailure("a shown name is a term") }
            shownTerms[span] = term
            return term
        }
        for sighting in sightings {
            let span = layout[sighting.span]
            var isFirstTouch = false
            var isNew = false
            // Changed where it lies: a copy of the places for each scan would cost more than all the rest.
            known[sighting.badge, default: Known(places: [], isStored: false, round: 0)].fold(
                sighting, clearedThrough: span.clearedThrough, layout: layout, round: round, isFirstTouch: &isFirstTouch,
                isNew: &isNew)
            if isFirstTouch { touched.append(sighting.badge) }
            guard isNew else { continue }
            cost += 1
            // The first place of the badge in all, at the station or in the unit is one different badge more there.
            var isAlone = (total: true, station: true, unit: true)
            let shown = shownTerm(sighting.span)
            for other in known[sighting.badge]?.places ?? [] where (other.span, other.unit) != (sighting.span, sighting.unit) {
                guard layout[other.span].source == span.source else { continue }
                isAlone.total = false
                if other.unit == sighting.unit { isAlone.unit = false }
                if shownTerm(other.span) == shown { isAlone.station = false }
            }
            if isAlone.total { changes.unique[span.source, default: .init()].total += 1 }
            if isAlone.station { changes.unique[span.source, default: .init()].stations[shown, default: 0] += 1 }
            if isAlone.unit { changes.unique[span.source, default: .init()].units[sighting.unit, default: 0] += 1 }
        }
        touched.sort()
        for badge in touched {
            guard let now = known[badge] else { continue }
            if now.isStored { changes.stored.append((badge, now.places)) } else { changes.new.append((badge, now.places)) }
            known[badge]?.isStored = true
        }
        return changes
    }
}

extension BadgeMemory.Known {
    fileprivate mutating func fold(
        _ sighting: BadgeMemory.Sighting, clearedThrough: Int64, layout: StationLayout, round: Int, isFirstTouch: inout Bool,
        isNew: inout Bool
    ) {
        if self.round != round {
            self.round = round
            isFirstTouch = true
            // Nothing is cleared between the sightings of one round, so once is enough.
            places.removeAll { !$0.counts(under: layout) }
        }
        for index in places.indices {
            if places[index].span == sighting.span, places[index].unit == sighting.unit {
                places[index].lastOccurredAt = max(places[index].lastOccurredAt, sighting.occurredAt)
                return
            }
            if (places[index].span, places[index].unit) > (sighting.span, sighting.unit) {
                places.insert(
                    BadgePlace(
                        span: sighting.span, unit: sighting.unit, clearMark: clearedThrough,
                        lastOccurredAt: sighting.occurredAt), at: index)
                isNew = true
                return
            }
        }
        places.append(
            BadgePlace(
                span: sighting.span, unit: sighting.unit, clearMark: clearedThrough, lastOccurredAt: sighting.occurredAt))
        isNew = true
    }
}
