import AttendanceCore

/// The running totals of scans: `station_span`, `station_tally`, `unit_tally`, `scan_total`. Like `badge_places`, from which
/// different badges are counted, they are projections: folds over the ledger that `muster rebuild` makes again, row for row.
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

    /// Scans of a span, counted in one transaction.
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

    /// Adds counts to spans, storing spans that are new.
    static func insertion(of deltas: [Int64: ScanDelta], layout: StationLayout, terms: TermBook, tenant: TenantID) -> BulkInsert {
        let sorted = deltas.sorted { $0.key < $1.key }
        let spans = sorted.map { layout[$0.key] }
        func term(_ name: WireText) -> Int64 {
            guard let known = terms.id(.station, name) else { preconditionFailure("a span's names are terms") }
            return known
        }
        return BulkInsert(
            into: "station_span",
            [
                BulkColumn("tenant_id", .constant(tenant.rawValue, count: sorted.count)),
                BulkColumn("span_id", .integers(sorted.map(\.key))),
                BulkColumn("source", .integers(spans.map(\.source.rawValue))),
                BulkColumn("claimed_term", .integers(spans.map { term($0.claimed) })),
                BulkColumn("shown_term", .integers(spans.map { term($0.shown) })),
                BulkColumn("opened_by", .integers(spans.map(\.openedBy))),
                BulkColumn("closed_by", .optionalIntegers(spans.map(\.closedBy))),
                BulkColumn("cleared_through", .integers(spans.map(\.clearedThrough))),
                BulkColumn("scans", .integers(sorted.map(\.value.scans))),
                BulkColumn("last_occurred_at_us", .integers(sorted.map(\.value.lastOccurredAt))),
            ],
            suffix: """
                ON CONFLICT (tenant_id, span_id) DO UPDATE SET scans = station_span.scans + excluded.scans,
                last_occurred_at_us = CASE WHEN station_span.last_occurred_at_us > excluded.last_occurred_at_us
                    THEN station_span.last_occurred_at_us ELSE excluded.last_occurred_at_us END
                """)
    }

    // MARK: station_tally, unit_tally, scan_total

    /// How many different badges there are, by where: of those seen for the first time, or of all.
    struct UniqueCount {
        var total: Int64 = 0
        /// By the term of the shown name.
        var stations: [Int64: Int64] = [:]
        /// By the unit's term; 0 for the group without a unit.
        var units: [Int64: Int64] = [:]
    }

    /// Adds to the counts that are stored, making those that are not.
    static func insertions(of counts: [EntrySource: UniqueCount], tenant: TenantID) -> [BulkInsert] {
        let sorted = counts.sorted { $0.key.rawValue < $1.key.rawValue }
        func rows(_ part: KeyPath<UniqueCount, [Int64: Int64]>) -> [(source: Int64, term: Int64, count: Int64)] {
            sorted.flatMap { source, counts in
                counts[keyPath: part].sorted { $0.key < $1.key }.map { (source.rawValue, $0.key, $0.value) }
            }
        }
        let stations = rows(\.stations)
        let units = rows(\.units)
        return [
            BulkInsert(
                into: "scan_total",
                [
                    BulkColumn("tenant_id", .constant(tenant.rawValue, count: sorted.count)),
                    BulkColumn("source", .integers(sorted.map(\.key.rawValue))),
                    BulkColumn("unique_badges", .integers(sorted.map(\.value.total))),
                ],
                suffix: """
                    ON CONFLICT (tenant_id, source) DO UPDATE SET
                    unique_badges = scan_total.unique_badges + excluded.unique_badges
                    """),
            BulkInsert(
                into: "station_tally",
                [
                    BulkColumn("tenant_id", .constant(tenant.rawValue, count: stations.count)),
                    BulkColumn("source", .integers(stations.map(\.source))),
                    BulkColumn("shown_term", .integers(stations.map(\.term))),
                    BulkColumn("unique_badges", .integers(stations.map(\.count))),
                ],
                suffix: """
                    ON CONFLICT (tenant_id, source, shown_term) DO UPDATE SET
                    unique_badges = station_tally.unique_badges + excluded.unique_badges
                    """),
            BulkInsert(
                into: "unit_tally",
                [
                    BulkColumn("tenant_id", .constant(tenant.rawValue, count: units.count)),
                    BulkColumn("source", .integers(units.map(\.source))),
                    BulkColumn("unit_term", .integers(units.map(\.term))),
                    BulkColumn("unique_badges", .integers(units.map(\.count))),
                ],
                suffix: """
                    ON CONFLICT (tenant_id, source, unit_term) DO UPDATE SET
                    unique_badges = unit_tally.unique_badges + excluded.unique_badges
                    """),
        ].filter { $0.rowCount > 0 }
    }

    /// Puts these counts in the place of the source's stored ones.
    func replace(_ source: EntrySource, with counts: UniqueCount) throws(SQLError) {
        _ = try connection.run(pipelined: [
            "DELETE FROM station_tally WHERE tenant_id = \(tenant.rawValue) AND source = \(source.rawValue)",
            "DELETE FROM unit_tally WHERE tenant_id = \(tenant.rawValue) AND source = \(source.rawValue)",
            """
            UPDATE scan_total SET unique_badges = 0 WHERE tenant_id = \(tenant.rawValue) AND source = \(source.rawValue)
            """,
        ])
        _ = try connection.insert(pipelined: Self.insertions(of: [source: counts], tenant: tenant))
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
