import Synchronization

/// Everything the system can be asked to do. Each operation is an extension in its noun's folder, named for its verb.
public struct Operations: Sendable {
    public let store: any Store
    public let ambient: Ambient
    public let sealer: Sealer
    public let zones: ZoneSource
    let recentUses = RecentUses()
    let epochLeases = EpochLeases()

    public init(store: any Store, ambient: Ambient, sealer: Sealer, zones: ZoneSource) {
        self.store = store
        self.zones = zones
        self.ambient = ambient
        self.sealer = sealer
    }
}

/// Which keys' uses were noted lately, so that a hundred requests at once write one note.
final class RecentUses: Sendable {
    /// How many keys are remembered; beyond that all are forgotten, and each is noted once more.
    static let keysMax = 10_000

    private let notedAt = Mutex<[String: Instant]>([:])

    /// Whether the key's use is to be noted: the first within a minute.
    func isFirst(ofKey id: String, at moment: Instant) -> Bool {
        notedAt.withLock { notedAt in
            if let last = notedAt[id], moment.seconds(since: last) < 60, last <= moment { return false }
            if notedAt.count >= Self.keysMax { notedAt = [:] }
            notedAt[id] = moment
            return true
        }
    }
}
