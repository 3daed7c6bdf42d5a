import CHTTP
import HTTPMessages
import Synchronization

/// How a daemon thread waits for a handler without waiting.
///
/// A task begins on the daemon thread itself. If it never has to wait, its outcome is there when it returns, and nothing
/// was suspended: no system call, no other thread. Otherwise the connection is suspended, and the task's end resumes it.
///
/// The library ends the process when it stops with a connection suspended, and resuming a connection that is not
/// suspended, or twice, is undefined. So one lock guards the phase and the resuming together: whoever takes a connection
/// out of `parked` resumes it there and then.
extension Connection {
    enum Progress {
        case done(Outcome)
        /// The connection is suspended; the library calls again once the outcome is there.
        case waiting
        /// The listener is closing down.
        case ended
    }

    /// Begins `work`. Only on the owning daemon thread, inside the library's callback.
    func begin(_ work: @escaping @Sendable () async -> Outcome) -> Progress {
        shared.withLock { $0.phase = .working }
        Task.immediateDetached { self.finish(await work()) }
        if let outcome = takeOutcome() { return .done(outcome) }
        // Suspended before the phase says so: from then on any thread may resume it.
        unsafe MHD_suspend_connection(handle)
        return shared.withLock { shared in
            switch shared.phase {
            case .working:
                shared.phase = .parked
                // A stop that has looked at this connection already will not look again.
                guard core.isClosing else { return .waiting }
                endWaiting(&shared)
                return .ended
            case .ready:
                // Finished between the look above and the suspension: the library is to call again at once.
                unsafe MHD_resume_connection(handle)
                return .waiting
            case .unasked, .parked, .ended:
                unsafe MHD_resume_connection(handle)
                return .ended
            }
        }
    }

    /// What the task that this connection was suspended for came to; nil when the connection is to be closed instead.
    func takeOutcome() -> Outcome? {
        shared.withLock { shared in
            guard case .ready(let outcome) = shared.phase else { return nil }
            shared.phase = .unasked
            return outcome
        }
    }

    /// Called by the task, on whatever thread it ended.
    private func finish(_ outcome: Outcome) {
        shared.withLock { shared in
            switch shared.phase {
            case .working:
                shared.phase = .ready(outcome)
            case .parked:
                shared.phase = .ready(outcome)
                unsafe MHD_resume_connection(handle)
            case .unasked, .ready, .ended:
                // The connection was given up meanwhile, and `handle` may be gone.
                break
            }
        }
    }

    /// Lets go of a suspended connection, for the library to close it; its task's outcome will be ignored.
    func endWaiting(_ shared: inout Shared) {
        if case .parked = shared.phase { unsafe MHD_resume_connection(handle) }
        shared.phase = .ended
    }

    /// Called for every connection by a listener that is closing down.
    func endForStop() {
        shared.withLock { shared in
            if case .parked = shared.phase { endWaiting(&shared) }
        }
    }
}
