import Dispatch
import Glibc
import Synchronization

/// Lets SIGINT, SIGTERM and SIGHUP end work that must leave nothing half done: what was begun is undone, one line says so,
/// and the program ends with 1.
final class Interruption: Sendable {
    private struct State {
        var undo: (@Sendable () -> Void)?
        var children: Set<pid_t> = []
        /// From here on the work is finished rather than undone.
        var isTooLate = false
    }

    private let state = Mutex(State())
    // Never touched after it is made; it keeps the watching alive.
    private nonisolated(unsafe) var sources: [any DispatchSourceSignal] = []

    init() {
        unsafe sources = [SIGINT, SIGTERM, SIGHUP].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { [weak self] in self?.end() }
            source.resume()
            return source
        }
    }

    /// Says how to undo what has been begun.
    func undo(_ body: @escaping @Sendable () -> Void) {
        state.withLock { $0.undo = body }
    }

    /// Runs the step after which there is nothing to undo any more. A signal meanwhile waits, and then comes too late.
    func finish<Result>(_ body: () throws -> Result) rethrows -> Result {
        try state.withLock { state in
            let result = try body()
            state.isTooLate = true
            return result
        }
    }

    /// A program that is ended with this one.
    func add(child: pid_t) { _ = state.withLock { $0.children.insert(child) } }
    func remove(child: pid_t) { _ = state.withLock { $0.children.remove(child) } }

    private func end() {
        state.withLock { state in
            guard !state.isTooLate else { return }
            for child in state.children { kill(child, SIGTERM) }
            state.undo?()
            Terminal.complain("muster: interrupted; what was begun is undone")
            // Not `exit`: the work itself goes on in another thread until the process is gone.
            _exit(1)
        }
    }
}
