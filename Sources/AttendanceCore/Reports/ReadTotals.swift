/// Everything a dashboard shows about scans, as of one moment.
public struct ScanOverview: Sendable, Equatable {
    public let tally: ScanTally
    public let roster: RosterSummary?
    public let asOf: Instant
}

/// What stations said last, as of one moment.
public struct StationOverview: Sendable, Equatable {
    public let clearEpoch: WireText?
    public let heartbeats: [Heartbeat]
    public let asOf: Instant
}

extension Operations {
    /// Totals without names or badges: the open pages show them too, so no role is asked for.
    public func scanOverview(of source: EntrySource, in tenant: TenantID) async throws(AttendanceError) -> ScanOverview {
        let ambient = ambient
        return try await store.read(in: tenant) { tx throws(AttendanceError) in
            ScanOverview(tally: try tx.tally(of: source), roster: try tx.roster(), asOf: ambient.now())
        }
    }

    public func stationOverview(of source: EntrySource, in tenant: TenantID) async throws(AttendanceError) -> StationOverview {
        let ambient = ambient
        return try await store.read(in: tenant) { tx throws(AttendanceError) in
            StationOverview(
                clearEpoch: try tx.clearEpoch(of: source), heartbeats: try tx.heartbeats(), asOf: ambient.now())
        }
    }

    /// The text of the last clear of everything, read from the store itself; nil until there was one.
    public func clearEpoch(of source: EntrySource, in tenant: TenantID) async throws(AttendanceError) -> WireText? {
        let beganAt = ambient.uptime()
        let epoch = try await store.readBriefly(in: tenant) { tx throws(AttendanceError) in try tx.clearEpoch(of: source) }
        epochLeases.keep(epoch, of: source, in: tenant, readAt: beganAt, endedAt: ambient.uptime())
        return epoch
    }

    /// What ``clearEpoch(of:in:)`` returned a moment ago, at most ``EpochLeases/microseconds`` old; the outer nil where it
    /// has to be read, the inner one where nothing was ever cleared. After a clear was acknowledged, by this process or another, nobody sees an older epoch here.
    public func leasedClearEpoch(of source: EntrySource, in tenant: TenantID) -> WireText?? {
        epochLeases.epoch(of: source, in: tenant, at: ambient.uptime())
    }

    /// The newest counting scan of a badge in the last so many minutes, at another station than the asking one.
    /// - Throws: `.notPermitted` without the upload role, `.unavailable`.
    public func newestScan(
        ofBadge badge: WireText, source: EntrySource, withinMinutes minutes: Int64, notAt station: WireText?, as caller: Caller
    ) async throws(AttendanceError) -> (station: WireText, occurredAt: Instant)? {
        try caller.require(.upload)
        let now = ambient.now()
        let pseudonym = sealer.identifier(badge, kind: .badge)
        return try await store.read(in: caller.tenant) { tx throws(AttendanceError) in
            try tx.newestScan(
                of: badge, known: pseudonym, source: source, from: now.adding(seconds: -60 * minutes), through: now,
                notAt: station)
        }
    }

    /// Begins reading all counting scans of a source by moment, as they count now: what is appended, cleared or renamed
    /// while the export is read does not change it.
    /// - Throws: `.notPermitted` without the dashboard role, `.unavailable`.
    public func beginExport(of source: EntrySource, as caller: Caller) async throws(AttendanceError) -> ScanExport {
        try caller.require(.dashboard)
        return try await store.read(in: caller.tenant) { tx throws(AttendanceError) in
            ScanExport(
                tenant: caller.tenant, source: source, total: try tx.tally(of: source).scans, head: try tx.head().sequence,
                layout: try tx.layout())
        }
    }

    /// The next counting scans of an export, at most `limit`; nil at its end. May return none before the end.
    public func nextScans(
        of export: ScanExport, after position: ScanPosition, limit: Int
    ) async throws(AttendanceError) -> (scans: [CountedScan], next: ScanPosition?) {
        try await store.read(in: export.tenant) { tx throws(AttendanceError) in
            try tx.scans(of: export.source, after: position, upTo: export.head, under: export.layout, limit: limit)
        }
    }
}

/// The state of the ledger an export shows. The ledger only grows, so holding this is holding a snapshot.
public struct ScanExport: Sendable {
    public let tenant: TenantID
    public let source: EntrySource
    /// How many scans the export has.
    public let total: Int64
    let head: Int64
    let layout: StationLayout
}
