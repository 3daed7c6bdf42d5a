import AttendanceCore

/// What a client asks a store to do.
enum Deed: Sendable {
    case scans([Claim])
    case heartbeat(station: WireText, epoch: WireText?, count: Int64)
    case roster(RosterSummary)
    case clearAll
    case clearStation(WireText)
    case rename(WireText, to: WireText)
    case clock(PunchClockDeed)
    /// Writes this and that and then turns out to be wrong, so that nothing of it may stay.
    case refused([Claim], readsBetween: Bool)
}

/// What the client was told.
enum Answer: Sendable, Equatable {
    case batch(saved: Int, duplicates: Int)
    case kept
    case roster(isNew: Bool)
    case cleared(Int64, epoch: Text)
    case stationCleared(Int64)
    case renamed(Int64)
    /// A member or a punch, by its number.
    case numbered(Int64)
    case failed(AttendanceError)
}

extension Operations {
    func perform(_ deed: Deed, as caller: Caller) async throws(AttendanceError) -> Answer {
        let source = EntrySource.trackAttendance
        switch deed {
        case .scans(let claims):
            let outcome = try await recordScans(claims, as: caller)
            return .batch(saved: outcome.saved, duplicates: outcome.duplicates)
        case .heartbeat(let station, let epoch, let count):
            try await keepHeartbeat(of: station, lastClearEpoch: epoch, localScanCount: count, as: caller)
            return .kept
        case .roster(let summary):
            return .roster(isNew: try await replaceRoster(with: summary, as: caller))
        case .clearAll:
            let outcome = try await clearScans(of: source, as: caller)
            return .cleared(outcome.deleted, epoch: Text(outcome.epoch))
        case .clearStation(let station):
            return .stationCleared(try await clearScans(ofStation: station, source: source, as: caller))
        case .rename(let old, let new):
            return .renamed(try await renameStation(old, to: new, source: source, as: caller))
        case .clock(let deed):
            return try await perform(deed, as: caller)
        case .refused(let claims, let readsBetween):
            let sealed = sealer.seal(claims, by: caller.name)
            return try await store.write(in: caller.tenant) { tx throws(AttendanceError) in
                if let claim = sealed.first, let station = claim.claim.station {
                    try tx.keep(
                        Heartbeat(station: station, lastClearEpoch: "ghost", localScanCount: -1, receivedAt: claim.receivedAt))
                }
                if readsBetween { _ = try tx.tally(of: source) } else { _ = try tx.append(sealed) }
                throw .notFound(.station)
            }
        }
    }
}

extension Deed: CustomStringConvertible {
    var description: String {
        switch self {
        case .scans(let claims):
            "scans [" + claims.map(\.summary).joined(separator: "; ") + "]"
        case .heartbeat(let station, let epoch, let count):
            "heartbeat of \(Text(station)): epoch \(epoch.map { Text($0).description } ?? "none"), \(count)"
        case .roster(let summary):
            "roster \(Text(summary.fingerprint)): "
                + summary.units.map { "\(Text($0.name)) \($0.registered)" }.joined(separator: ", ")
        case .clearAll: "clear all"
        case .clearStation(let station): "clear \(Text(station))"
        case .rename(let old, let new): "rename \(Text(old)) to \(Text(new))"
        case .clock(let deed): "\(deed)"
        case .refused(let claims, let readsBetween):
            "refused [" + claims.map(\.summary).joined(separator: "; ") + "]" + (readsBetween ? " after reading" : "")
        }
    }
}

extension Claim {
    fileprivate var summary: String {
        let place = [station, unit, personal?.staffCode].map { $0.map { Text($0).description } ?? "-" }.joined(separator: "/")
        return "\(Text(personal?.reference ?? "")) \(Text(personal?.identifier ?? "")) \(place) \(occurredAt.microseconds)"
    }
}
