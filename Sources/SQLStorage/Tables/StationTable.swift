import AttendanceCore

/// What stations say of themselves and what they sent: `station_heartbeat`, `station_counter`.
struct StationTable {
    let connection: any SQLConnection
    let tenant: TenantID

    func heartbeats() throws(SQLError) -> [Heartbeat] {
        try connection.run(
            """
            SELECT station, last_clear_epoch, local_scan_count, received_at_us FROM station_heartbeat
            WHERE tenant_id = \(tenant.rawValue) ORDER BY station
            """
        ).map { row in
            Heartbeat(
                station: WireText(row.text(0)), lastClearEpoch: row.textOrNil(1).map { WireText($0) },
                localScanCount: row.integer(2), receivedAt: Instant(microseconds: row.integer(3)))
        }
    }

    func keep(_ heartbeat: Heartbeat) throws(SQLError) {
        _ = try connection.run(
            """
            INSERT INTO station_heartbeat (tenant_id, station, last_clear_epoch, local_scan_count, received_at_us)
            VALUES (\(tenant.rawValue), \(heartbeat.station.text), \(heartbeat.lastClearEpoch?.text),
                \(heartbeat.localScanCount), \(heartbeat.receivedAt.microseconds))
            ON CONFLICT (tenant_id, station) DO UPDATE SET last_clear_epoch = excluded.last_clear_epoch,
                local_scan_count = excluded.local_scan_count, received_at_us = excluded.received_at_us
            """)
    }

    func forget(_ station: WireText?) throws(SQLError) {
        if let station {
            _ = try connection.run(
                "DELETE FROM station_heartbeat WHERE tenant_id = \(tenant.rawValue) AND station = \(station.text)")
        } else {
            _ = try connection.run("DELETE FROM station_heartbeat WHERE tenant_id = \(tenant.rawValue)")
        }
    }

    func move(from old: WireText, to new: WireText) throws(SQLError) {
        _ = try connection.run(pipelined: [
            """
            INSERT INTO station_heartbeat (tenant_id, station, last_clear_epoch, local_scan_count, received_at_us)
            SELECT tenant_id, \(new.text), last_clear_epoch, local_scan_count, received_at_us FROM station_heartbeat
            WHERE tenant_id = \(tenant.rawValue) AND station = \(old.text)
            ON CONFLICT (tenant_id, station) DO UPDATE SET last_clear_epoch = excluded.last_clear_epoch,
                local_scan_count = excluded.local_scan_count, received_at_us = excluded.received_at_us
            WHERE excluded.received_at_us > station_heartbeat.received_at_us
            """,
            "DELETE FROM station_heartbeat WHERE tenant_id = \(tenant.rawValue) AND station = \(old.text)",
        ])
    }

    func counters() throws(SQLError) -> [(station: WireText, counters: StationCounters)] {
        try connection.run(
            """
            SELECT station, scans, duplicates, last_upload_at_us FROM station_counter
            WHERE tenant_id = \(tenant.rawValue) ORDER BY station
            """
        ).map { row in
            (
                WireText(row.text(0)),
                StationCounters(
                    scans: row.integer(1), duplicates: row.integer(2), lastUploadAt: Instant(microseconds: row.integer(3)))
            )
        }
    }

    func add(_ counters: [WireText: StationCounters]) throws(SQLError) {
        let sorted = counters.sorted { $0.key < $1.key }
        var names = PackedBytes()
        for (name, _) in sorted { names.append(name.text) }
        try connection.insert(ahead: [
            BulkInsert(
                into: "station_counter",
                [
                    BulkColumn("tenant_id", .constant(tenant.rawValue, count: sorted.count)),
                    BulkColumn("station", .texts(names)),
                    BulkColumn("scans", .integers(sorted.map(\.value.scans))),
                    BulkColumn("duplicates", .integers(sorted.map(\.value.duplicates))),
                    BulkColumn("last_upload_at_us", .integers(sorted.map(\.value.lastUploadAt.microseconds))),
                ],
                suffix: """
                    ON CONFLICT (tenant_id, station) DO UPDATE SET scans = station_counter.scans + excluded.scans,
                    duplicates = station_counter.duplicates + excluded.duplicates,
                    last_upload_at_us = excluded.last_upload_at_us
                    """)
        ])
    }
}
