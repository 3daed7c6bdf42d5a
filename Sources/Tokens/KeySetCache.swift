internal import Synchronization

/// What a provider answered when it was asked for its keys.
public struct FetchedKeySet: Sendable {
    public let body: [UInt8]
    /// For how long the provider allows the answer to be kept; nil where it does not say.
    public let freshSeconds: Int64?

    public init(body: [UInt8], freshSeconds: Int64?) {
        self.body = body
        self.freshSeconds = freshSeconds
    }
}

/// The keys of a provider, kept for as long as it allows.
///
/// Who needs a key that is there never waits, whatever the provider does meanwhile. Of those who need one that is not, all wait for
/// one and the same request, and after it there is none for a while: neither tokens with invented key ids nor a provider that is
/// gone make more of them.
public final class KeySetCache: Sendable {
    /// A longer answer is none. Providers' key sets have a few kilobytes.
    public static let answerBytesMax = 262_144
    /// However short the provider allows its keys to be kept, so many sign-ins share one request.
    static let freshSecondsMin: Int64 = 60
    /// However long: a key that the provider has withdrawn is not used for longer.
    static let freshSecondsMax: Int64 = 86_400
    /// Where the provider does not say.
    static let freshSecondsStandard: Int64 = 300
    /// Between two requests because of key ids that nobody knows.
    static let unknownKeySecondsMin: Int64 = 30
    /// Between two requests where the first one failed.
    static let retrySeconds: Int64 = 5

    private struct State {
        var set: KeySet?
        /// On the clock of uptime, in microseconds, like the others.
        var freshUntil: Int64 = .min
        /// From when on it is worth asking again although the keys are fresh.
        var renewFrom: Int64 = .max
        var lastAskedAt: Int64 = .min
        var failedAt: Int64?
        var asking: Task<Void, Never>?
    }

    private let fetch: @Sendable () async throws -> FetchedKeySet
    private let uptime: @Sendable () -> Int64
    private let report: @Sendable (String) -> Void
    private let state = Mutex(State())

    /// - Parameters:
    ///   - uptime: Microseconds on a clock that only moves forward.
    ///   - report: Told why there are no new keys, each time somebody asked for them in vain.
    ///   - fetch: Asks the provider; it has to end within some seconds. What it throws is reported.
    public init(
        uptime: @escaping @Sendable () -> Int64, report: @escaping @Sendable (String) -> Void,
        fetch: @escaping @Sendable () async throws -> FetchedKeySet
    ) {
        self.uptime = uptime
        self.report = report
        self.fetch = fetch
    }

    /// What there is to be had of a key.
    enum Finding: Sendable {
        case found(VerificationKey)
        /// The provider has no such key.
        case unknown
        /// There are no keys at all that may still be used.
        case noKeys(retryAfterSeconds: Int)
    }

    func find(_ id: String) async -> Finding {
        let (finding, asking) = look(for: id, mayAsk: true)
        guard let asking else { return finding }
        await asking.value
        return look(for: id, mayAsk: false).finding
    }

    /// - Returns: What is known now, and what to wait for where that may change it.
    private func look(for id: String, mayAsk: Bool) -> (finding: Finding, asking: Task<Void, Never>?) {
        let now = uptime()
        return state.withLock { state in
            if let set = state.set, now < state.freshUntil {
                if let key = set.keys[Array(id.utf8)] {
                    // In good time, so that nobody waits when they end; and nobody waits for it now.
                    if mayAsk, now >= state.renewFrom { _ = ask(&state, at: now, atLeast: Self.unknownKeySecondsMin) }
                    return (.found(key), nil)
                }
                return (.unknown, mayAsk ? ask(&state, at: now, atLeast: Self.unknownKeySecondsMin) : nil)
            }
            let asking = mayAsk ? ask(&state, at: now, atLeast: state.failedAt == nil ? 0 : Self.retrySeconds) : nil
            let since = state.failedAt.map { (now - $0) / 1_000_000 } ?? 0
            return (.noKeys(retryAfterSeconds: Int(max(1, Self.retrySeconds - since))), asking)
        }
    }

    /// The request that is under way, or a new one; nil where the last one was too short a time ago.
    private func ask(_ state: inout State, at now: Int64, atLeast seconds: Int64) -> Task<Void, Never>? {
        if let asking = state.asking { return asking }
        if state.lastAskedAt != .min, now - state.lastAskedAt < seconds * 1_000_000 { return nil }
        state.lastAskedAt = now
        let task = Task { await renew() }
        state.asking = task
        return task
    }

    private func renew() async {
        var outcome: Result<(KeySet, Int64?), any Error>
        do {
            let fetched = try await fetch()
            outcome = .success((try KeySet(fetched.body), fetched.freshSeconds))
        } catch {
            outcome = .failure(error)
        }
        let now = uptime()
        state.withLock { state in
            state.asking = nil
            switch outcome {
            case .success(let (set, freshSeconds)):
                let seconds = min(max(freshSeconds ?? Self.freshSecondsStandard, Self.freshSecondsMin), Self.freshSecondsMax)
                state.set = set
                state.freshUntil = now + seconds * 1_000_000
                state.renewFrom = now + seconds * 800_000
                state.failedAt = nil
            case .failure:
                state.failedAt = now
            }
        }
        if case .failure(let error) = outcome { report("\(error)") }
    }
}
