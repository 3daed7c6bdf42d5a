import Synchronization

/// What was sent, what was answered, and what was done on purpose to make it hard.
public struct SimulationFigures: Sendable, Equatable {
    public var uploads = 0
    public var stationsOffline = 0
    public var stationsSkewed = 0
    /// Answers that a station pretended not to have had.
    public var answersLost = 0
    /// Batches that were sent again although they had been acknowledged.
    public var batchesResent = 0
    public var batchesOutOfOrder = 0
    /// Uploads without an answer, or with one that no kiosk understands.
    public var unanswered = 0
    /// 429 and 503.
    public var comeBacks: [Int: Int] = [:]
    /// How long each answer to an upload took.
    public var answerMicroseconds: [Int64] = []

    public init() {}

    /// So many hundredths of the answers took no longer; nil without any.
    public func percentile(_ hundredths: Int) -> Int64? {
        let sorted = answerMicroseconds.sorted()
        guard !sorted.isEmpty else { return nil }
        // The nearest rank.
        return sorted[max(0, (sorted.count * hundredths + 99) / 100 - 1)]
    }
}

/// Keeps what the stations do, all of them at once.
final class SimulationRecord: Sendable {
    private struct State {
        var figures = SimulationFigures()
        /// Everything that ever left a station, and whether the station knows that it was stored.
        var sent: [LedgerRow: Bool] = [:]
        var isStopped = false
        var failure: SimulationFailure?
    }

    private let state = Mutex(State())

    var figures: SimulationFigures { state.withLock { $0.figures } }
    var sent: [LedgerRow: Bool] { state.withLock { $0.sent } }
    var failure: SimulationFailure? { state.withLock { $0.failure } }
    var isStopped: Bool { state.withLock { $0.isStopped } }

    func change(_ change: (inout SimulationFigures) -> Void) { state.withLock { change(&$0.figures) } }

    func noteSending(_ rows: [LedgerRow]) {
        state.withLock { state in
            state.figures.uploads += 1
            for row in rows where state.sent[row] == nil { state.sent[row] = false }
        }
    }

    func noteStored(_ rows: [LedgerRow]) {
        state.withLock { state in for row in rows { state.sent[row] = true } }
    }

    func stop() { state.withLock { $0.isStopped = true } }

    /// Ends the simulation for everybody; the first failure counts.
    func fail(_ failure: SimulationFailure) {
        state.withLock { state in
            state.failure = state.failure ?? failure
            state.isStopped = true
        }
    }
}
