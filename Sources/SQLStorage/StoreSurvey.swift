public import AttendanceCore

/// What a store's ledgers look like from outside: for telling two stores apart, such as a backup and the store it was made of.
///
/// It reads what stands in the tables and judges none of it, and changes nothing.
public struct StoreSurvey {
    private let connection: any SQLConnection

    /// - Parameter connection: One for reading is enough. In a transaction everything is read as of one moment.
    public init(connection: any SQLConnection) {
        self.connection = connection
    }

    /// Where a tenant's ledger ends.
    public struct Ledger: Sendable, Equatable {
        public let tenant: Tenant
        public let head: LedgerHead
        /// What kiosks compare: another text than before makes them delete the scans they hold.
        public let clearEpoch: WireText?

        public init(tenant: Tenant, head: LedgerHead, clearEpoch: WireText?) {
            self.tenant = tenant
            self.head = head
            self.clearEpoch = clearEpoch
        }
    }

    /// The ledgers of all tenants by name.
    /// - Throws: `.corrupt` where the tables are not there.
    public func ledgers() throws(SQLError) -> [Ledger] {
        guard try connection.tables().isSuperset(of: ["tenant", "ledger_head", "ledger_entry", "scan_total"]) else {
            throw SQLError(kind: .corrupt, code: "", message: "this is no store of Muster's")
        }
        return try TenantTable(connection: connection).tenants().map { tenant throws(SQLError) in
            let head = try LedgerTable(connection: connection, tenant: tenant.id).head(locking: false)
            let epoch = try ScanTallyTable(connection: connection, tenant: tenant.id).clearEpoch(of: .trackAttendance)
            return Ledger(
                tenant: tenant, head: LedgerHead(sequence: head.sequence, hash: head.hash), clearEpoch: epoch)
        }
    }

    /// The hash that stands in a tenant's entry, or nil where there is no such entry, or no hash in it.
    public func hash(ofEntry sequence: Int64, in tenant: TenantID) throws(SQLError) -> Digest? {
        try LedgerTable(connection: connection, tenant: tenant).hash(ofEntry: sequence)
    }

    /// How many migrations the schema lacks, and the name of the last one applied.
    /// - Throws: ``MigrationError`` where the schema is newer than the program or not Muster's.
    public func schema(now: @escaping @Sendable () -> Instant, sha256: @escaping @Sendable ([UInt8]) -> Digest) throws
        -> (lacks: Int, last: String)
    {
        let steps = try Migrator(connection: connection, now: now, sha256: sha256).status()
        return (steps.count { $0.appliedAt == nil }, steps.last { $0.appliedAt != nil }?.name ?? "")
    }
}
