import Dispatch

/// Runs one actor's work on a queue of its own, one piece after the other: a C call that blocks a thread of the shared pool
/// would stall every request.
final class ConnectionQueue: SerialExecutor {
    private let queue: DispatchQueue

    init(label: String) {
        queue = DispatchQueue(label: label, qos: .userInitiated)
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = unsafe asUnownedSerialExecutor()
        // The queue is serial and its own, so a job never runs beside another of this executor.
        queue.async { unsafe job.runSynchronously(on: executor) }
    }
}
