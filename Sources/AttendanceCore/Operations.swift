import Synchronization

/// Everything the system can be asked to do. Each operation is an extension in its noun's folder, named for its verb.
public struct Operations: Sendable {
    public let store: any Store
    public let ambient: Ambient
    public let sealer: Sealer
    public let zones: ZoneSource
    private let accountSecrets: AccountSecrets?
    let recentUses = RecentUses()
    let epochLeases = EpochLeases()

    /// - Parameter secrets: What accounts need; nil where nobody signs in and no account is made, as in a look at a backup.
    public init(
        store: any Store, ambient: Ambient, sealer: Sealer, zones: ZoneSource, secrets: AccountSecrets? = nil
    ) {
        self.store = store
        self.zones = zones
        self.ambient = ambient
        self.sealer = sealer
        accountSecrets = secrets
    }

    /// - Precondition: The operations were made with secrets. That is decided once, where the parts are joined.
    var secrets: AccountSecrets {
        guard let accountSecrets else { preconditionFailure("operations on accounts need their secrets") }
        return accountSecrets
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
