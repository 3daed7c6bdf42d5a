import AttendanceCore

/// The running totals of scans: `station_span`, `badge_tally`, `station_tally`, `unit_tally`, `scan_total`. All of them are
/// projections: folds over the ledger that `muster rebuild` makes again, row for row.
///
/// A `badge_tally` row counts while its `clear_mark` is its span's `cleared_through`; a clear moves the latter and touches
/// no other row, and the next scan of the badge there begins the row anew.
struct ScanTallyTable {
    let connection: any SQLConnection
    let tenant: TenantID

    // MARK: station_span

    func spans(terms: inout TermBook) throws(SQLError) -> [StationSpan] {
        let rows = try connection.run(
            """
            SELECT span_id, source, claimed_term, shown_term, opened_by, closed_by, cleared_through FROM station_span
            WHERE tenant_id = \(tenant.rawValue) ORDER BY span_id
            """)
        try terms.catchUp(TermTable(connection: connection, tenant: tenant))
        guard rows.map({ $0.integer(0) }) == (0..<rows.count).map({ Int64($0 + 1) }) else {
            throw SQLError(kind: .corrupt, code: "", message: "station spans are missing; muster rebuild makes them anew")
        }
        return try rows.map { row throws(SQLError) in
            guard let source = EntrySource(rawValue: row.integer(1)) else {
                throw SQLError(kind: .corrupt, code: "", message: "station span \(row.integer(0)) is of no known source")
            }
            return StationSpan(
                id: row.integer(0), source: source, claimed: try terms.known(row.integer(2)),
                shown: try terms.known(row.integer(3)),
                openedBy: row.integer(4), closedBy: row.integerOrNil(5), clearedThrough: row.integer(6))
        }
    }

    /// Scans counted in one transaction, of a span or of a badge at it.
    struct ScanDelta {
        var scans: Int64 = 0
        var lastOccurredAt: Int64 = .min

        mutating func add(_ occurredAt: Int64) {
            scans += 1
            lastOccurredAt = max(lastOccurredAt, occurredAt)
        }
    }

    /// Writes spans as they are now. Counts of cleared spans begin at zero again.
    func store(_ spans: [StationSpan], clearing: Bool, terms: TermBook) throws(SQLError) {
        for span in spans {
            guard let claimed = terms.id(.station, span.claimed), let shown = terms.id(.station, span.shown) else {
                preconditionFailure("a span's names are terms")
            }
            _ = try connection.run(
                """
                INSERT INTO station_span (tenant_id, span_id, source, claimed_term, shown_term, opened_by, closed_by,
                    cleared_through, scans, last_occurred_at_us)
                VALUES (\(tenant.rawValue), \(span.id), \(span.source.rawValue), \(claimed), \(shown), \(span.openedBy),
                    \(span.closedBy), \(span.clearedThrough), 0, NULL)
                ON CONFLICT (tenant_id, span_id) DO UPDATE SET shown_term = excluded.shown_term,
                    closed_by = excluded.closed_by, cleared_through = excluded.cleared_through
                """)
            guard clearing else { continue }
            _ = try connection.run(
                """
                UPDATE station_span SET scans = 0, last_occurred_at_us = NULL
                WHERE tenant_id = \(tenant.rawValue) AND span_id = \(span.id)
                """)
        }
    }

    func add(_ deltas: [Int64: ScanDelta]) throws(SQLError) {
        let statements = deltas.sorted { $0.key < $1.key }.map { span, delta -> SQL in
            """
            UPDATE station_span SET scans = scans + \(delta.scans),
                last_occurred_at_us = CASE WHEN last_occurred_at_us > \(delta.lastOccurredAt) THEN last_occurred_at_us
                    ELSE \(delta.lastOccurredAt) END
            WHERE tenant_id = \(tenant.rawValue) AND span_id = \(span)
            """
        }
        _ = try connection.run(pipelined: statements)
    }

    // MARK: badge_tally

    struct BadgeKey: Hashable, Comparable {
        let badge: Pseudonym
        let span: Int64
        /// 0 for the group without a unit.
        let unit: Int64

        static func < (left: BadgeKey, right: BadgeKey) -> Bool {
            (left.badge, left.span, left.unit) < (right.badge, right.span, right.unit)
        }
    }

    /// Adds the deltas and returns the keys that did not count before.
    func add(_ deltas: [BadgeKey: ScanDelta], layout: StationLayout) throws(SQLError) -> [BadgeKey] {
        guard !deltas.isEmpty else { return [] }
        let sorted = deltas.sorted { $0.key < $1.key }
        var badges = PackedBytes()
        badges.reserve(values: sorted.count, bytes: 16 * sorted.count)
        for (key, _) in sorted { badges.append(words: key.badge.words) }
        let rows = try connection.insert(
            BulkInsert(
                into: "badge_tally",
                [
                    BulkColumn("tenant_id", .constant(tenant.rawValue, count: sorted.count)),
                    BulkColumn("badge", .blobs(badges)),
                    BulkColumn("span_id", .integers(sorted.map(\.key.span))),
                    BulkColumn("unit_term", .integers(sorted.map(\.key.unit))),
                    BulkColumn("clear_mark", .integers(sorted.map { layout[$0.key.span].clearedThrough })),
                    BulkColumn("scans", .integers(sorted.map(\.value.scans))),
                    BulkColumn("last_occurred_at_us", .integers(sorted.map(\.value.lastOccurredAt))),
                ],
                suffix: """
                    ON CONFLICT (tenant_id, badge, span_id, unit_term) DO UPDATE SET
                    scans = CASE WHEN badge_tally.clear_mark = excluded.clear_mark
                        THEN badge_tally.scans + excluded.scans ELSE excluded.scans END,
                    last_occurred_at_us = CASE WHEN badge_tally.clear_mark = excluded.clear_mark
                        AND badge_tally.last_occurred_at_us > excluded.last_occurred_at_us
                        THEN badge_tally.last_occurred_at_us ELSE excluded.last_occurred_at_us END,
                    clear_mark = excluded.clear_mark
                    RETURNING badge, span_id, unit_term, scans
                    """))
        return rows.compactMap { row in
            let key = BadgeKey(badge: Pseudonym(row.blob(0)), span: row.integer(1), unit: row.integer(2))
            return deltas[key]?.scans == row.integer(3) ? key : nil
        }
    }

    /// Every counting row of the badges.
    func countingRows(of badges: [Pseudonym], layout: StationLayout) throws(SQLError) -> [BadgeKey] {
        var keys = PackedBytes()
        for badge in badges { keys.append(words: badge.words) }
        return try connection.lookup(
            BulkLookup(
                [
                    BulkColumn("tenant_id", .constant(tenant.rawValue, count: badges.count)),
                    BulkColumn("badge", .blobs(keys)),
                ],
                selecting: "t.badge, t.span_id, t.unit_term, t.clear_mark",
                from: "badge_tally t",
                matching: "t.tenant_id = given.tenant_id AND t.badge = given.badge")
        ).compactMap { row in
            guard layout.has(row.integer(1)), row.integer(3) == layout[row.integer(1)].clearedThrough else { return nil }
            return BadgeKey(badge: Pseudonym(row.blob(0)), span: row.integer(1), unit: row.integer(2))
        }
    }

    /// Where a badge counts, and the latest moment there.
    func places(ofBadge badge: Pseudonym, layout: StationLayout) throws(SQLError) -> [(span: StationSpan, lastOccurredAt: Instant)]
    {
        try connection.run(
            """
            SELECT span_id, clear_mark, last_occurred_at_us FROM badge_tally
            WHERE tenant_id = \(tenant.rawValue) AND badge = \(badge.bytes)
            """
        ).compactMap { row in
            guard layout.has(row.integer(0)) else { return nil }
            let span = layout[row.integer(0)]
            return row.integer(1) == span.clearedThrough ? (span, Instant(microseconds: row.integer(2))) : nil
        }
    }

    // MARK: station_tally, unit_tally, scan_total

    /// How many badges are seen for the first time, by where.
    struct UniqueDelta {
        var total: Int64 = 0
        var stations: [Int64: Int64] = [:]
        var units: [Int64: Int64] = [:]
    }

    func add(_ deltas: [EntrySource: UniqueDelta]) throws(SQLError) {
        var statements: [SQL] = []
        for (source, delta) in deltas.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            statements.append(
                """
                INSERT INTO scan_total (tenant_id, source, unique_badges) VALUES (\(tenant.rawValue), \(source.rawValue),
                    \(delta.total))
                ON CONFLICT (tenant_id, source) DO UPDATE SET
                    unique_badges = scan_total.unique_badges + excluded.unique_badges
                """)
            for (station, count) in delta.stations.sorted(by: { $0.key < $1.key }) {
                statements.append(
                    """
                    INSERT INTO station_tally (tenant_id, source, shown_term, unique_badges)
                    VALUES (\(tenant.rawValue), \(source.rawValue), \(station), \(count))
                    ON CONFLICT (tenant_id, source, shown_term) DO UPDATE SET
                        unique_badges = station_tally.unique_badges + excluded.unique_badges
                    """)
            }
            for (unit, count) in delta.units.sorted(by: { $0.key < $1.key }) {
                statements.append(
                    """
                    INSERT INTO unit_tally (tenant_id, source, unit_term, unique_badges)
                    VALUES (\(tenant.rawValue), \(source.rawValue), \(unit), \(count))
                    ON CONFLICT (tenant_id, source, unit_term) DO UPDATE SET
                        unique_badges = unit_tally.unique_badges + excluded.unique_badges
                    """)
            }
        }
        _ = try connection.run(pipelined: statements)
    }

    /// Counts badges again where stations were cleared or merged: those seen nowhere else are gone, and only the badges
    /// themselves tell which. The cost grows with the badges seen, not with their scans.
    func recount(_ source: EntrySource) throws(SQLError) {
        let counting: SQL = """
            badge_tally t JOIN station_span s ON s.tenant_id = t.tenant_id AND s.span_id = t.span_id
            WHERE t.tenant_id = \(tenant.rawValue) AND s.source = \(source.rawValue) AND t.clear_mark = s.cleared_through
            """
        _ = try connection.run(pipelined: [
            "DELETE FROM station_tally WHERE tenant_id = \(tenant.rawValue) AND source = \(source.rawValue)",
            """
            INSERT INTO station_tally (tenant_id, source, shown_term, unique_badges)
            SELECT t.tenant_id, s.source, s.shown_term, COUNT(DISTINCT t.badge) FROM \(counting)
            GROUP BY t.tenant_id, s.source, s.shown_term
            """,
            "DELETE FROM unit_tally WHERE tenant_id = \(tenant.rawValue) AND source = \(source.rawValue)",
            """
            INSERT INTO unit_tally (tenant_id, source, unit_term, unique_badges)
            SELECT t.tenant_id, s.source, t.unit_term, COUNT(DISTINCT t.badge) FROM \(counting)
            GROUP BY t.tenant_id, s.source, t.unit_term
            """,
            """
            INSERT INTO scan_total (tenant_id, source, unique_badges)
            SELECT \(tenant.rawValue), \(source.rawValue), COUNT(DISTINCT t.badge) FROM \(counting)
            ON CONFLICT (tenant_id, source) DO UPDATE SET unique_badges = excluded.unique_badges
            """,
        ])
    }

    /// After a clear of everything nothing is left to count.
    func reset(_ source: EntrySource, clearEpoch: WireText?) throws(SQLError) {
        _ = try connection.run(pipelined: [
            "DELETE FROM station_tally WHERE tenant_id = \(tenant.rawValue) AND source = \(source.rawValue)",
            "DELETE FROM unit_tally WHERE tenant_id = \(tenant.rawValue) AND source = \(source.rawValue)",
            """
            INSERT INTO scan_total (tenant_id, source, unique_badges, clear_epoch)
            VALUES (\(tenant.rawValue), \(source.rawValue), 0, \(clearEpoch?.text))
            ON CONFLICT (tenant_id, source) DO UPDATE SET unique_badges = 0, clear_epoch = excluded.clear_epoch
            """,
        ])
    }

    func clearEpoch(of source: EntrySource) throws(SQLError) -> WireText? {
        try connection.run(
            """
            SELECT clear_epoch FROM scan_total WHERE tenant_id = \(tenant.rawValue) AND source = \(source.rawValue)
            """
        ).first?.textOrNil(0).map { WireText($0) }
    }

    func tally(of source: EntrySource, terms: inout TermBook) throws(SQLError) -> ScanTally {
        let results = try connection.run(pipelined: [
            """
            SELECT unique_badges, clear_epoch FROM scan_total
            WHERE tenant_id = \(tenant.rawValue) AND source = \(source.rawValue)
            """,
            """
            SELECT shown_term, scans, last_occurred_at_us FROM station_span
            WHERE tenant_id = \(tenant.rawValue) AND source = \(source.rawValue) AND scans > 0
            """,
            """
            SELECT shown_term, unique_badges FROM station_tally
            WHERE tenant_id = \(tenant.rawValue) AND source = \(source.rawValue)
            """,
            """
            SELECT unit_term, unique_badges FROM unit_tally
            WHERE tenant_id = \(tenant.rawValue) AND source = \(source.rawValue)
            """,
        ])
        try terms.catchUp(TermTable(connection: connection, tenant: tenant))
        var stations: [Int64: ScanDelta] = [:]
        for row in results[1] {
            stations[row.integer(0), default: ScanDelta()].scans += row.integer(1)
            let last = max(stations[row.integer(0)]?.lastOccurredAt ?? .min, row.integerOrNil(2) ?? .min)
            stations[row.integer(0)]?.lastOccurredAt = last
        }
        let unique = Dictionary(uniqueKeysWithValues: results[2].map { ($0.integer(0), $0.integer(1)) })
        let units = try results[3].map { row throws(SQLError) in
            ScanTally.Unit(name: row.integer(0) == 0 ? nil : try terms.known(row.integer(0)), uniqueBadges: row.integer(1))
        }
        return ScanTally(
            scans: stations.values.reduce(0) { $0 + $1.scans },
            uniqueBadges: results[0].first?.integer(0) ?? 0,
            clearEpoch: results[0].first?.textOrNil(1).map { WireText($0) },
            stations: try stations.map { term, delta throws(SQLError) in
                ScanTally.Station(
                    name: try terms.known(term), scans: delta.scans, uniqueBadges: unique[term] ?? 0,
                    lastScanAt: Instant(microseconds: delta.lastOccurredAt))
            }.sorted { $0.name < $1.name },
            units: units.filter { $0.uniqueBadges > 0 }.sorted { left, right in
                guard let leftName = left.name else { return false }
                return right.name.map { leftName < $0 } ?? true
            })
    }
}
