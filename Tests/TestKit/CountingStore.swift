public import AttendanceCore
import Synchronization

/// A store that counts what it is asked for, and hands it on.
public final class CountingStore: Store {
    private let inner: any Store
    private let counts = Mutex((reads: 0, writes: 0))

    public init(_ inner: any Store) {
        self.inner = inner
    }

    public var reads: Int { counts.withLock { $0.reads } }
    public var writes: Int { counts.withLock { $0.writes } }

    public func write<Result: Sendable>(
        in tenant: TenantID, expecting references: ExpectedReferences?,
        _ unit: @escaping @Sendable (any WriteTransaction) throws(AttendanceError) -> Result
    ) async throws(AttendanceError) -> Result {
        counts.withLock { $0.writes += 1 }
        return try await inner.write(in: tenant, expecting: references, unit)
    }

    public func read<Result: Sendable>(
        in tenant: TenantID, _ body: @escaping @Sendable (any ReadTransaction) throws(AttendanceError) -> Result
    ) async throws(AttendanceError) -> Result {
        counts.withLock { $0.reads += 1 }
        return try await inner.read(in: tenant, body)
    }

    public func readBriefly<Result: Sendable>(
        in tenant: TenantID, _ body: @escaping @Sendable (any ReadTransaction) throws(AttendanceError) -> Result
    ) async throws(AttendanceError) -> Result {
        counts.withLock { $0.reads += 1 }
        return try await inner.readBriefly(in: tenant, body)
    }
}
