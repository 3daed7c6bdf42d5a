import Foundation

/// Runs work that blocks on a thread of its own: the shared pool has as many threads as the machine has cores, and the
/// other suites need them.
func blocking<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Swift.Result { try body() }) }
    }
}

/// Something that should have come to pass did not in time.
struct Overdue: Error, CustomStringConvertible {
    let what: String

    var description: String { "waited in vain for \(what)" }
}

/// Asks again until the answer is there.
func wait<Result>(for what: String, seconds: Double = 15, _ look: () async throws -> Result?) async throws -> Result {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while true {
        if let found = try await look() { return found }
        guard ContinuousClock.now < deadline else { throw Overdue(what: what) }
        try await Task.sleep(for: .milliseconds(10))
    }
}
