/// What became of a clear of everything.
public struct ClearOutcome: Sendable, Equatable {
    public let deleted: Int64
    public let epoch: WireText
}

extension Operations {
    /// Keeps a station's heartbeat.
    /// - Throws: `.notPermitted` without the upload role, `.unavailable`.
    public func keepHeartbeat(
        of station: WireText, lastClearEpoch: WireText?, localScanCount: Int64, as caller: Caller
    ) async throws(AttendanceError) {
        try caller.require(.upload)
        let heartbeat = Heartbeat(
            station: station, lastClearEpoch: lastClearEpoch, localScanCount: localScanCount, receivedAt: ambient.now())
        try await store.write(in: caller.tenant) { tx throws(AttendanceError) in try tx.keep(heartbeat) }
    }

    /// Shows everything a station sent so far under another name, merging where the name exists.
    ///
    /// Entries keep the name as it was sent. Returns how many counting scans moved; 0 for an unknown name.
    /// - Throws: `.notPermitted` without the admin role, `.unavailable`.
    public func renameStation(
        _ old: WireText, to new: WireText, source: EntrySource, as caller: Caller
    ) async throws(AttendanceError) -> Int64 {
        try caller.require(.admin)
        let sealed = sealer.seal(
            [Claim(kind: .renameStation, source: source, occurredAt: ambient.now(), station: old, detail: new)], by: caller.name)
        return try await store.write(in: caller.tenant) { tx throws(AttendanceError) in
            let moved = try tx.tally(of: source).stations.first { $0.name == old }?.scans ?? 0
            guard old != new else { return moved }
            if try !tx.layout().spans(shownAs: old, source: source).isEmpty { _ = try tx.append(sealed) }
            try tx.moveHeartbeat(from: old, to: new)
            try tx.note(
                AuditEntry(
                    at: sealed[0].receivedAt, caller: caller, act: .stationRenamed, subject: old,
                    detail: WireText("to \(new), \(moved) scans")))
            return moved
        }
    }

    /// All scans of a source, its roster and all heartbeats no longer count, and there is a new clear epoch.
    ///
    /// The epoch is the present moment in milliseconds; where that would not be later than the former epoch, the
    /// millisecond after the former one, so that two clears never share a text. Returns when no process tells the former
    /// one any more.
    /// - Throws: `.notPermitted` without the admin role, `.unavailable`.
    public func clearScans(of source: EntrySource, as caller: Caller) async throws(AttendanceError) -> ClearOutcome {
        try caller.require(.admin)
        let moment = ambient.now()
        let sealer = sealer
        let outcome = try await store.write(in: caller.tenant) { tx throws(AttendanceError) in
            let tally = try tx.tally(of: source)
            let epoch = ClearEpoch.next(after: tally.clearEpoch, at: moment)
            let claim = Claim(kind: .clearAll, source: source, occurredAt: moment, detail: epoch)
            _ = try tx.append(sealer.seal([claim], by: caller.name))
            try tx.replaceRoster(with: nil)
            try tx.forgetHeartbeats(of: nil)
            try tx.note(
                AuditEntry(
                    at: moment, caller: caller, act: .scansCleared, subject: "all stations",
                    detail: WireText("\(tally.scans) scans, epoch \(epoch)")))
            return ClearOutcome(deleted: tally.scans, epoch: epoch)
        }
        await ambient.pause(EpochLeases.microseconds)
        return outcome
    }

    /// The scans and the heartbeat of one station no longer count. Returns how many scans; 0 for an unknown station.
    /// - Throws: `.notPermitted` without the admin role, `.unavailable`.
    public func clearScans(
        ofStation station: WireText, source: EntrySource, as caller: Caller
    ) async throws(AttendanceError) -> Int64 {
        try caller.require(.admin)
        let sealed = sealer.seal(
            [Claim(kind: .clearStation, source: source, occurredAt: ambient.now(), station: station)], by: caller.name)
        return try await store.write(in: caller.tenant) { tx throws(AttendanceError) in
            let deleted = try tx.tally(of: source).stations.first { $0.name == station }?.scans ?? 0
            if deleted > 0 { _ = try tx.append(sealed) }
            try tx.forgetHeartbeats(of: station)
            try tx.note(
                AuditEntry(
                    at: sealed[0].receivedAt, caller: caller, act: .stationCleared, subject: station,
                    detail: WireText("\(deleted) scans")))
            return deleted
        }
    }
}

/// The text of a clear epoch. Opaque to everybody else: a station that sees another text than before deletes its scans.
enum ClearEpoch {
    static func next(after former: WireText?, at moment: Instant) -> WireText {
        var text = WireText(moment.millisecondText)
        // Anything else than a text made here cannot be compared with one, only differ from it.
        guard let former, former.scalarCount == text.scalarCount, former < "9999" else { return text }
        // Texts of this form sort like the moments they name, and the former one was made here.
        var later = moment
        while text <= former {
            let step = max(1, gap(from: later, to: former))
            later = later.adding(milliseconds: step)
            text = WireText(later.millisecondText)
        }
        return text
    }

    /// Milliseconds from a moment to a later epoch of ours; at least 1 where it cannot be read, so that `next` moves on.
    private static func gap(from moment: Instant, to epoch: WireText) -> Int64 {
        var low = moment.milliseconds
        // Doubling, then halving: a few dozen texts are made even where the clock went back by years.
        var step: Int64 = 1
        while WireText(Instant(microseconds: (low + step) * 1_000).millisecondText) < epoch, step < 1 << 46 { step *= 2 }
        var high = low + step
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if WireText(Instant(microseconds: middle * 1_000).millisecondText) < epoch { low = middle } else { high = middle }
        }
        return high - moment.milliseconds
    }
}
