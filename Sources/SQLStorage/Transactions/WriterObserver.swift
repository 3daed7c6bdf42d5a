/// Told what the writer does, for figures. Called on the writer's thread: it must not block.
public struct WriterObserver: Sendable {
    /// A transaction that was committed, and with it every unit in it.
    public struct Group: Sendable, Equatable {
        public let units: Int
        /// How many claims with a reference its units brought, duplicates included.
        public let claims: Int
        /// Entries that the ledger has since.
        public let appended: Int
        /// Claims whose reference was taken.
        public let duplicates: Int
        /// From the beginning of the transaction to the moment it was on disk.
        public let microseconds: Int64

        public init(units: Int, claims: Int, appended: Int, duplicates: Int, microseconds: Int64) {
            self.units = units
            self.claims = claims
            self.appended = appended
            self.duplicates = duplicates
            self.microseconds = microseconds
        }
    }

    /// Microseconds on a clock that only moves forward.
    let uptime: @Sendable () -> Int64
    let committed: @Sendable (Group) -> Void
    let failed: @Sendable () -> Void
    let refused: @Sendable () -> Void

    /// - Parameters:
    ///   - committed: A transaction was committed.
    ///   - failed: A transaction was given up. Its units may be tried again in others.
    ///   - refused: A unit was turned away because too many were waiting, or the store is being closed.
    public init(
        uptime: @escaping @Sendable () -> Int64, committed: @escaping @Sendable (Group) -> Void,
        failed: @escaping @Sendable () -> Void, refused: @escaping @Sendable () -> Void
    ) {
        self.uptime = uptime
        self.committed = committed
        self.failed = failed
        self.refused = refused
    }

    func groupCommitted(_ units: [PendingUnit], since began: Int64, _ appended: Int, _ duplicates: Int) {
        committed(
            Group(
                units: units.count, claims: units.reduce(0) { $0 + $1.referenceCount }, appended: appended,
                duplicates: duplicates, microseconds: uptime() - began))
    }
}
