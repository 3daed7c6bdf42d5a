import Synchronization

/// Clear epochs that were read a moment ago and may be told again without reading them, for health checks by the thousand.
///
/// A clear of everything is acknowledged only when every lease from before it has run out, whichever process holds it. So
/// whoever has been told of a clear finds the new epoch everywhere, and no process need ask the others.
final class EpochLeases: Sendable {
    /// How long an epoch may be told after the reading of it began, and how long a clear waits.
    static let microseconds: Int64 = 20_000

    private struct Key: Hashable {
        let source: EntrySource
        let tenant: TenantID
    }

    private struct Lease {
        let epoch: WireText?
        /// When the reading began and ended.
        let readAt: Int64
        let endedAt: Int64
        var isBeingRenewed = false
    }

    private let leases = Mutex<[Key: Lease]>([:])

    func epoch(of source: EntrySource, in tenant: TenantID, at uptime: Int64) -> WireText?? {
        leases.withLock { leases in
            let key = Key(source: source, tenant: tenant)
            guard let lease = leases[key], uptime - lease.readAt < Self.microseconds else { return nil }
            // One caller renews it ahead of time, so that not all of them have to when it runs out.
            if uptime - lease.readAt >= Self.microseconds / 2, !lease.isBeingRenewed {
                leases[key]?.isBeingRenewed = true
                return nil
            }
            return .some(lease.epoch)
        }
    }

    /// Keeps what was read between two readings of the uptime.
    func keep(_ epoch: WireText?, of source: EntrySource, in tenant: TenantID, readAt: Int64, endedAt: Int64) {
        leases.withLock { leases in
            let key = Key(source: source, tenant: tenant)
            if let other = leases[key] {
                // Of two readings that overlap nobody knows which saw the later moment. Where they differ neither is told
                // again: a client that has seen the new epoch must not be told the former one after it.
                if other.epoch != epoch, readAt < other.endedAt, other.readAt < endedAt {
                    leases[key] = nil
                    return
                }
                if other.readAt > readAt { return }
            }
            leases[key] = Lease(epoch: epoch, readAt: readAt, endedAt: endedAt)
        }
    }
}
