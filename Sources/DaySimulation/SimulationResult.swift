/// What was sent, held against what is in the ledger.
public struct SimulationResult: Sendable, Equatable {
    /// Scans that left a station, each counted once.
    public let sent: Int
    /// Those that the server said yes to.
    public let acknowledged: Int
    /// Those that are in the ledger.
    public let stored: Int
    /// Acknowledged and not in the ledger.
    public let missing: Int
    /// In the ledger more than once.
    public let doubled: Int
    /// In the ledger under this simulation's badges, and never sent.
    public let foreign: Int

    /// - Parameters:
    ///   - sent: Every scan that was sent, with whether it was acknowledged.
    ///   - ledger: How often each of the simulation's scans is in the ledger.
    init(sent: [LedgerRow: Bool], ledger: [LedgerRow: Int]) {
        self.sent = sent.count
        acknowledged = sent.count { $0.value }
        stored = ledger.count { sent[$0.key] != nil }
        missing = sent.count { $0.value && ledger[$0.key] == nil }
        doubled = ledger.count { $0.value > 1 }
        foreign = ledger.count { sent[$0.key] == nil }
    }

    /// Nothing that was acknowledged is missing, nothing is there twice, nothing is there that was never sent.
    public var isSound: Bool { missing == 0 && doubled == 0 && foreign == 0 }
}
