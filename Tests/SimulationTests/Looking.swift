import AttendanceCore
import SQLStorage

/// A scan that somebody asked for.
struct Newest: Sendable {
    let station: Text
    let moment: Int64
}

extension Operations {
    /// Everything that can be seen of a tenant.
    func look(as caller: Caller, after sequence: Int) async throws(AttendanceError) -> Seen {
        let source = EntrySource.trackAttendance
        let tenant = caller.tenant
        let (entries, sent, acts, tally, roster, beats, clock) = try await store.read(in: tenant) { tx throws(AttendanceError) in
            (
                try tx.entries(after: Int64(sequence), limit: 10_000), try tx.stationCounters(),
                try tx.auditEntries(limit: 10_000).count, try tx.tally(of: source), try tx.roster(), try tx.heartbeats(),
                try tx.punchClock()
            )
        }
        guard entries.map(\.sequence) == entries.indices.map({ Int64(sequence + $0 + 1) }) else {
            throw .unexpected(Incident(text: "sequences with gaps: \(entries.map(\.sequence))"))
        }
        return Seen(
            entries: entries.map { Model.Entry($0.claim) }, scans: tally.scans, badges: tally.uniqueBadges,
            stations: tally.stations.map {
                .init(name: Text($0.name), scans: $0.scans, badges: $0.uniqueBadges, last: $0.lastScanAt.microseconds)
            },
            units: tally.units.map { .init(name: $0.name.map { Text($0) }, badges: $0.uniqueBadges) },
            epoch: tally.clearEpoch.map { Text($0) },
            roster: roster.map { roster in
                Dictionary(uniqueKeysWithValues: roster.units.map { (Text($0.name), $0.registered) })
            },
            fingerprint: roster.map { Text($0.fingerprint) },
            beats: beats.map { beat in
                .init(
                    station: Text(beat.station),
                    beat: .init(
                        epoch: beat.lastClearEpoch.map { Text($0) }, count: beat.localScanCount,
                        receivedAt: beat.receivedAt.microseconds))
            },
            sent: Dictionary(
                uniqueKeysWithValues: sent.map {
                    (
                        Text($0.station),
                        Model.Sent(
                            scans: $0.counters.scans, duplicates: $0.counters.duplicates,
                            lastAt: $0.counters.lastUploadAt.microseconds)
                    )
                }), acts: acts, clock: clock)
    }
}

extension Operations {
    /// All rows of an export, read page by page.
    func rows(of export: ScanExport, pageOf limit: Int) async throws(AttendanceError) -> [Model.Scan] {
        var rows: [Model.Scan] = []
        var position: ScanPosition? = .beginning
        while let here = position {
            let page = try await nextScans(of: export, after: here, limit: limit)
            rows += page.scans.map { Model.Scan($0) }
            position = page.next
        }
        return rows
    }
}

extension Model.Scan {
    /// What an export shows: under the present name, and without the claimed one and the key of the claim's kind.
    var asExported: Model.Scan {
        var row = self
        row.entry.station = nil
        return row
    }

    init(_ scan: CountedScan) {
        self.init(
            sequence: scan.sequence, station: Text(scan.station),
            entry: Model.Entry(
                Claim(
                    kind: .scan, source: .trackAttendance, occurredAt: scan.occurredAt, unit: scan.unit, means: scan.means,
                    personal: scan.personal)))
    }
}
