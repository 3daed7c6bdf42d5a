/// What somebody who looks after keys ought to know of one.
public enum KeyConcern: Sendable, Equatable {
    /// Somebody has sent it within the last week, after its end: scans may be waiting there.
    case usedAfterItsEnd
    /// It ends within two weeks, and was used within the last one.
    case endsSoon
    /// It is more than a year old.
    case old
    /// It was made more than a week ago, and nobody has ever sent it.
    case neverUsed

    /// How long ago a use may be to count as present.
    static let presentSeconds: Int64 = 7 * 86_400
    static let soonSeconds: Int64 = 14 * 86_400
    static let oldSeconds: Int64 = 365 * 86_400
}

extension AccessKey {
    /// What there is to say of the key at a moment; of several things the most pressing.
    public func concern(at now: Instant) -> KeyConcern? {
        let isUsed = lastUsedAt.map { now.seconds(since: $0) <= KeyConcern.presentSeconds } ?? false
        guard isLive(at: now) else {
            // It ended with whichever came first.
            guard isUsed, let lastUsedAt, let end = [revokedAt, expiresAt].compactMap({ $0 }).min(), lastUsedAt > end else {
                return nil
            }
            return .usedAfterItsEnd
        }
        if isUsed, let expiresAt, expiresAt.seconds(since: now) <= KeyConcern.soonSeconds { return .endsSoon }
        if lastUsedAt == nil, now.seconds(since: createdAt) > KeyConcern.presentSeconds { return .neverUsed }
        return now.seconds(since: createdAt) > KeyConcern.oldSeconds ? .old : nil
    }
}
