import AttendanceCore
import Dispatch
import Synchronization

/// What a client was answered, once it was.
final class Reply<Value: Sendable>: Sendable {
    private let arrived = Mutex<Result<Value, AttendanceError>?>(nil)

    var result: Result<Value, AttendanceError>? { arrived.withLock { $0 } }

    fileprivate func set(_ result: Result<Value, AttendanceError>) {
        arrived.withLock { $0 = result }
    }
}

/// Runs all clients on the thread that pumps it, one piece after the other, so that the order in which they ask is the
/// simulation's choice and the same each time. Only the store's own threads run beside it.
final class ClientThread: TaskExecutor {
    private let jobs = Mutex<[UnownedJob]>([])
    private let arrival = DispatchSemaphore(value: 0)

    /// How long the store may be silent before that is a finding. Its own longest wait for a lock is ten seconds.
    static let silenceSecondsMax = 60

    struct Silence: Error, CustomStringConvertible {
        let description = "the store was silent for \(silenceSecondsMax) seconds"
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.withLock { $0.append(job) }
        wake()
    }

    /// Makes the pump look again whether what it waits for has come true.
    func wake() {
        arrival.signal()
    }

    func start<Value: Sendable>(_ body: @escaping @Sendable () async throws(AttendanceError) -> Value) -> Reply<Value> {
        let reply = Reply<Value>()
        Task(executorPreference: self) {
            do throws(AttendanceError) {
                reply.set(.success(try await body()))
            } catch {
                reply.set(.failure(error))
            }
        }
        return reply
    }

    /// Runs clients until none of them can go on.
    func settle() {
        while let job = jobs.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) {
            unsafe job.runSynchronously(on: asUnownedTaskExecutor())
        }
    }

    /// Runs clients until the condition holds. Whatever the store has answered before it came true has arrived then.
    func pump(until condition: () -> Bool) throws(Silence) {
        while true {
            settle()
            if condition() {
                settle()
                return
            }
            guard arrival.wait(timeout: .now() + .seconds(Self.silenceSecondsMax)) == .success else { throw Silence() }
        }
    }

    /// Asks and waits for the answer.
    func ask<Value: Sendable>(
        _ body: @escaping @Sendable () async throws(AttendanceError) -> Value
    ) throws(Silence) -> Result<Value, AttendanceError> {
        let reply = start(body)
        try pump { reply.result != nil }
        guard let result = reply.result else { preconditionFailure("the pump has waited for it") }
        return result
    }
}
