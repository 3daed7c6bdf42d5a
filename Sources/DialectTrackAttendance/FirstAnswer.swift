import Synchronization

/// What `work` returns, or nil where it takes longer. Work that is too late runs on, and nobody waits for it.
///
/// A task group would wait for its slowest child, which is what must not happen here.
func firstAnswer<Answer: Sendable>(
    within patience: Duration, _ work: @escaping @Sendable () async -> Answer
) async -> Answer? {
    await withCheckedContinuation { continuation in
        let answer = FirstAnswer(continuation)
        let timer = Task {
            // Only a cancellation ends the sleep early, and then the answer is there.
            try? await Task.sleep(for: patience)
            answer.give(nil)
        }
        Task {
            answer.give(await work())
            timer.cancel()
        }
    }
}

/// Resumes a continuation with the first answer and forgets all later ones.
private final class FirstAnswer<Answer: Sendable>: Sendable {
    private let waiting: Mutex<CheckedContinuation<Answer?, Never>?>

    init(_ continuation: CheckedContinuation<Answer?, Never>) {
        waiting = Mutex(continuation)
    }

    func give(_ answer: sending Answer?) {
        let continuation = waiting.withLock { waiting in
            defer { waiting = nil }
            return waiting
        }
        continuation?.resume(returning: answer)
    }
}
