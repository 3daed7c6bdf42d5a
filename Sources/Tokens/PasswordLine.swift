internal import Dispatch
internal import Synchronization

/// Runs work that blocks for long on a few threads of its own, and makes the rest wait in line. The threads that answer
/// requests are never among them.
final class PasswordLine: Sendable {
    /// Two take 38 MiB, and on a machine of two cores leave requests their share between them.
    static let atOnceMax = 2
    /// About a second of waiting. More are told to come again.
    static let waitingMax = 32

    private struct Line {
        var running = 0
        var waiting: [@Sendable () -> Void] = []
    }

    /// Where a job has come.
    private enum Place {
        case now, later, none
    }

    private let line = Mutex(Line())
    private let queue = DispatchQueue(label: "muster.passwords", attributes: .concurrent)

    /// What `work` returns; nil, at once, where too much waits already.
    func run<Result: Sendable>(_ work: @escaping @Sendable () -> Result) async -> Result? {
        await withCheckedContinuation { continuation in
            let job: @Sendable () -> Void = { continuation.resume(returning: work()) }
            let place = line.withLock { line -> Place in
                if line.running < Self.atOnceMax {
                    line.running += 1
                    return .now
                }
                guard line.waiting.count < Self.waitingMax else { return .none }
                line.waiting.append(job)
                return .later
            }
            switch place {
            case .now: queue.async { self.run(job) }
            case .later: break
            case .none: continuation.resume(returning: nil)
            }
        }
    }

    /// Runs a job, and those that wait, one after the other.
    private func run(_ first: @Sendable () -> Void) {
        first()
        while let next = next() { next() }
    }

    private func next() -> (@Sendable () -> Void)? {
        line.withLock { line in
            guard !line.waiting.isEmpty else {
                line.running -= 1
                return nil
            }
            return line.waiting.removeFirst()
        }
    }
}
