import AttendanceCore
import SQLStorage
import Synchronization

/// Counts what the writer does. It is told once a transaction, so a lock costs nothing that could be noticed.
final class WriterCounts: Sendable {
    struct Snapshot: Sendable, Equatable {
        var committed = 0
        var failed = 0
        var refused = 0
        var appended = 0
        var duplicates = 0
        var units = Histogram(bounds: [1, 2, 4, 8, 16, 32, 64, 128, 256])
        var claims = Histogram(bounds: [1, 10, 50, 100, 500, 1_000, 2_000, 4_000, 8_000])
        var microseconds = Histogram(
            bounds: [500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 5_000_000])
    }

    private let counts = Mutex(Snapshot())

    var snapshot: Snapshot { counts.withLock { $0 } }

    /// What tells this of the writer's transactions.
    func observer(_ ambient: Ambient) -> WriterObserver {
        WriterObserver(
            uptime: ambient.uptime,
            committed: { [self] group in
                counts.withLock { counts in
                    counts.committed += 1
                    counts.appended += group.appended
                    counts.duplicates += group.duplicates
                    counts.units.add(group.units)
                    counts.claims.add(group.claims)
                    counts.microseconds.add(Int(group.microseconds))
                }
            },
            failed: { [self] in counts.withLock { $0.failed += 1 } },
            refused: { [self] in counts.withLock { $0.refused += 1 } })
    }
}

/// Counts refused uploads, rosters and heartbeats by what was asked for and why, since the start of the process.
final class RefusalFigures: Sendable {
    /// How many kinds there may be. There are as many as noted routes times statuses, which is far fewer.
    static let kindsMax = 100

    struct Kind: Hashable, Comparable, Sendable {
        let request: String
        let status: Int

        /// The status in a word. The reason itself names fields and places, and there is no end to those.
        var reason: String {
            switch status {
            case 400: "malformed"
            case 401: "credential"
            case 403: "role"
            case 409: "conflict"
            case 413: "too large"
            case 415: "media type"
            case 429: "rate limit"
            default: "other"
            }
        }

        static func < (left: Kind, right: Kind) -> Bool { (left.request, left.status) < (right.request, right.status) }
    }

    private let counts = Mutex<[Kind: Int]>([:])

    var snapshot: [Kind: Int] { counts.withLock { $0 } }

    func add(_ refusal: Refusal) {
        let kind = Kind(request: refusal.request.text, status: refusal.status)
        counts.withLock { counts in
            guard counts[kind] != nil || counts.count < Self.kindsMax else { return }
            counts[kind, default: 0] += 1
        }
    }
}
