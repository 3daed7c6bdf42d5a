/// Where everything is kept. One implementation in SQL serves two engines; one conformance suite runs on each.
///
/// A transaction is a synchronous closure: nothing awaits inside it, so nothing interleaves. It may run twice (deadlock,
/// failover), so it touches nothing but the transaction.
public protocol Store: Sendable {
    /// Runs a unit of work for one tenant and returns when what it wrote is on disk.
    ///
    /// Units that wait at the same time are committed together; one that throws leaves no trace and harms no other.
    /// - Parameter references: References the unit is going to append, so that a group's can be looked up at once. Leaving
    ///   some out costs time only.
    /// - Throws: What the unit throws; `.unavailable` when the store is busy, full, restarting or out of reach: whether
    ///   the unit was stored is then unknown, and sending it again must be safe; `.unexpected` for defects and damage.
    func write<Result: Sendable>(
        in tenant: TenantID, expecting references: ExpectedReferences?,
        _ unit: @escaping @Sendable (any WriteTransaction) throws(AttendanceError) -> Result
    ) async throws(AttendanceError) -> Result

    /// Runs a reading closure that sees one moment of one tenant.
    /// - Throws: What the closure throws; `.unavailable` and `.unexpected` as above.
    func read<Result: Sendable>(
        in tenant: TenantID, _ body: @escaping @Sendable (any ReadTransaction) throws(AttendanceError) -> Result
    ) async throws(AttendanceError) -> Result

    /// The same for a few rows by their keys. A store in this process reads them on the caller's thread: to hand the closure
    /// to another thread and its result back would take longer than to run it.
    func readBriefly<Result: Sendable>(
        in tenant: TenantID, _ body: @escaping @Sendable (any ReadTransaction) throws(AttendanceError) -> Result
    ) async throws(AttendanceError) -> Result
}

extension Store {
    public func write<Result: Sendable>(
        in tenant: TenantID, _ unit: @escaping @Sendable (any WriteTransaction) throws(AttendanceError) -> Result
    ) async throws(AttendanceError) -> Result {
        try await write(in: tenant, expecting: nil, unit)
    }
}

/// References of one source that a unit of work is going to append.
public struct ExpectedReferences: Sendable {
    public let source: EntrySource
    public let keys: [Pseudonym]

    public init(source: EntrySource, keys: [Pseudonym]) {
        self.source = source
        self.keys = keys
    }
}

/// What can be read inside a transaction, noun by noun.
public protocol ReadTransaction: LedgerReading, PeopleReading, MemberReading, RuleReading, TimeSheetReading, ImportReading,
    StationReading, RosterReading, AccessReading, TenantReading, AuditReading, SettingReading, AccountReading, ProviderReading,
    AllowedEmailReading, StudentAddressReading, ClassReading
{}

/// What can also be written.
public protocol WriteTransaction: ReadTransaction, LedgerWriting, StationWriting, RosterWriting, AccessWriting,
    TenantWriting, AuditWriting, SettingWriting, AccountWriting, ProviderWriting, AllowedEmailWriting, ClassWriting
{}
