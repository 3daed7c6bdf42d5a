import Dispatch

/// Runs one workbook's work on a queue of its own, one piece after the other: what waits for a file must not hold up a thread
/// of the shared pool.
final class WorkbookQueue: SerialExecutor {
    private let queue = DispatchQueue(label: "muster.workbook", qos: .utility)

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = unsafe asUnownedSerialExecutor()
        // The queue is serial and its own, so a job never runs beside another of this executor.
        queue.async { unsafe job.runSynchronously(on: executor) }
    }
}
