import Foundation

/// Holds threads until it is opened, and counts how many were inside at once.
final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var inside = 0
        var insideMax = 0
    }

    // Guarded by the condition, which is also what threads wait on.
    private nonisolated(unsafe) var state = State()
    private let condition = NSCondition()

    func pass() {
        condition.lock()
        defer { condition.unlock() }
        unsafe state.inside += 1
        unsafe state.insideMax = max(state.insideMax, state.inside)
        while unsafe !state.isOpen { condition.wait() }
        unsafe state.inside -= 1
    }

    func open() {
        condition.lock()
        defer { condition.unlock() }
        unsafe state.isOpen = true
        condition.broadcast()
    }

    var insideMax: Int {
        condition.lock()
        defer { condition.unlock() }
        return unsafe state.insideMax
    }
}
