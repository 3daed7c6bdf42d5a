import AttendanceCore
import Synchronization

/// One reading connection on its own thread.
actor Reader {
    private nonisolated let queue = ConnectionQueue(label: "muster.reader")
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe queue.asUnownedSerialExecutor() }

    private let engine: any SQLEngine
    private let trouble: EngineTrouble
    private var connection: (any SQLConnection)?
    private var terms: [TenantID: TermBook] = [:]

    init(engine: any SQLEngine, trouble: EngineTrouble) {
        self.engine = engine
        self.trouble = trouble
    }

    func read<Result: Sendable>(
        in tenant: TenantID, _ body: @Sendable (any ReadTransaction) throws(AttendanceError) -> Result
    ) throws(AttendanceError) -> Result {
        let connection = try connected()
        do {
            try connection.beginReading()
        } catch {
            throw trouble.error(error)
        }
        let transaction = ReadingTransaction(
            connection: connection, tenant: tenant, terms: terms[tenant] ?? TermBook(), trouble: trouble)
        let result: Result
        do {
            result = try body(transaction)
        } catch {
            connection.rollBack()
            throw error
        }
        terms[tenant] = transaction.terms
        // What was read is read; a connection that is lost now fails the next caller, who tries again.
        connection.rollBack()
        return result
    }

    private func connected() throws(AttendanceError) -> any SQLConnection {
        if let connection { return connection }
        do {
            let fresh = try engine.connect(.reading)
            connection = fresh
            return fresh
        } catch {
            throw trouble.error(error)
        }
    }

    func close() {
        connection?.close()
        connection = nil
    }
}

/// Reading connections, opened as they are needed up to a bound, lent to one reader at a time.
final class ReaderPool: Sendable {
    /// How many readers may wait for a connection; more are turned away with 503.
    static let waitersMax = 512

    private struct State {
        var idle: [Reader] = []
        var opened = 0
        var waiters: [CheckedContinuation<Reader?, Never>] = []
        var isClosed = false
    }

    private let state = Mutex(State())
    private let connectionsMax: Int
    private let make: @Sendable () -> Reader

    init(connectionsMax: Int, make: @escaping @Sendable () -> Reader) {
        self.connectionsMax = connectionsMax
        self.make = make
    }

    var inUse: (lent: Int, waiting: Int) {
        state.withLock { ($0.opened - $0.idle.count, $0.waiters.count) }
    }

    func read<Result: Sendable>(
        in tenant: TenantID, _ body: @escaping @Sendable (any ReadTransaction) throws(AttendanceError) -> Result
    ) async throws(AttendanceError) -> Result {
        guard let reader = await borrow() else {
            throw .unavailable(retryAfterSeconds: EngineTrouble.retryAfterSeconds)
        }
        do {
            let result = try await reader.read(in: tenant, body)
            giveBack(reader)
            return result
        } catch {
            giveBack(reader)
            throw error
        }
    }

    private func borrow() async -> Reader? {
        await withCheckedContinuation { continuation in
            let now: Reader?? = state.withLock { state in
                if state.isClosed { return .some(nil) }
                if let idle = state.idle.popLast() { return idle }
                if state.opened < connectionsMax {
                    state.opened += 1
                    return make()
                }
                guard state.waiters.count < Self.waitersMax else { return .some(nil) }
                state.waiters.append(continuation)
                return nil
            }
            if let now { continuation.resume(returning: now) }
        }
    }

    private func giveBack(_ reader: Reader) {
        let waiter = state.withLock { state -> CheckedContinuation<Reader?, Never>? in
            if !state.waiters.isEmpty { return state.waiters.removeFirst() }
            state.idle.append(reader)
            return nil
        }
        waiter?.resume(returning: reader)
    }

    /// Closes the idle connections and turns everybody else away. Called when nothing is under way any more.
    func close() async {
        let (idle, waiters) = state.withLock { state in
            state.isClosed = true
            defer {
                state.idle = []
                state.waiters = []
            }
            return (state.idle, state.waiters)
        }
        for waiter in waiters { waiter.resume(returning: nil) }
        for reader in idle { await reader.close() }
    }
}
