import Synchronization

/// A reading of something slow that many ask for: kept for a while, and made once at a time however many ask.
///
/// Where it hangs, those who wait are told nothing after a while, and newcomers at once; it is not begun a second time, so
/// nothing piles up behind it.
final class SharedReading<Value: Sendable>: Sendable {
    private struct State {
        var latest: (value: Value, at: Int64)?
        /// When the reading under way was begun; nil where there is none.
        var beganAt: Int64?
        /// Moves when a reading ends.
        var readings = 0
        var waiting: [CheckedContinuation<Value?, Never>] = []
    }

    private let state = Mutex(State())
    private let keptMicroseconds: Int64
    private let patienceMicroseconds: Int64
    private let uptime: @Sendable () -> Int64
    private let pause: @Sendable (Int64) async -> Void
    private let read: @Sendable () async -> Value

    /// - Parameters:
    ///   - keptMicroseconds: How long a value is as good as a new one.
    ///   - patienceMicroseconds: How long anybody waits for one.
    init(
        keptMicroseconds: Int64, patienceMicroseconds: Int64, uptime: @escaping @Sendable () -> Int64,
        pause: @escaping @Sendable (Int64) async -> Void, read: @escaping @Sendable () async -> Value
    ) {
        self.keptMicroseconds = keptMicroseconds
        self.patienceMicroseconds = patienceMicroseconds
        self.uptime = uptime
        self.pause = pause
        self.read = read
    }

    private enum Step { case answer(Value?), wait, begin(Int) }

    /// What was read last, however long ago.
    var latest: Value? { state.withLock { $0.latest?.value } }

    /// A value that is new enough; nil where none came in time.
    func value() async -> Value? {
        await withCheckedContinuation { continuation in
            let now = uptime()
            let step = state.withLock { state -> Step in
                if let latest = state.latest, now - latest.at < keptMicroseconds { return .answer(latest.value) }
                if let began = state.beganAt {
                    if now - began >= patienceMicroseconds { return .answer(nil) }
                    state.waiting.append(continuation)
                    return .wait
                }
                state.beganAt = now
                state.waiting.append(continuation)
                return .begin(state.readings)
            }
            switch step {
            case .answer(let value): continuation.resume(returning: value)
            case .wait: break
            case .begin(let number):
                Task { [self] in finish(await read()) }
                Task { [self] in
                    await pause(patienceMicroseconds)
                    giveUp(on: number)
                }
            }
        }
    }

    private func finish(_ value: Value) {
        let waiting = state.withLock { state in
            state.latest = (value, uptime())
            state.beganAt = nil
            state.readings += 1
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume(returning: value) }
    }

    private func giveUp(on number: Int) {
        let waiting = state.withLock { state -> [CheckedContinuation<Value?, Never>] in
            guard state.readings == number else { return [] }
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume(returning: nil) }
    }
}
