import SQLStorage
import Synchronization

/// Keeps the connections of one engine from asking a server that is away more often than it can bear.
///
/// Nobody sleeps here: while the pause lasts an attempt fails at once, so callers can answer theirs.
final class ConnectGate: Sendable {
    private struct State {
        var failures = 0
        var opensAt = Int64.min
        var latest: SQLError?
    }

    private let state = Mutex(State())
    private let limits: PostgresLimits
    private let jitter: @Sendable () -> Double

    init(limits: PostgresLimits, jitter: @escaping @Sendable () -> Double) {
        self.limits = limits
        self.jitter = jitter
    }

    /// - Throws: Why the latest attempt failed, when it is too early for another one.
    func pass(at now: Int64) throws(SQLError) {
        let refusal = state.withLock { state in now < state.opensAt ? state.latest : nil }
        if let refusal { throw refusal }
    }

    func succeeded() {
        state.withLock { $0 = State() }
    }

    func failed(_ error: SQLError, at now: Int64) {
        let part = 0.5 + 0.5 * jitter()
        state.withLock { state in
            let doubled = limits.pauseMillisecondsMin << min(state.failures, 16)
            let pause = Double(min(doubled, limits.pauseMillisecondsMax)) * part
            state.failures += 1
            state.opensAt = now + Int64(pause * 1_000_000)
            state.latest = error
        }
    }
}
