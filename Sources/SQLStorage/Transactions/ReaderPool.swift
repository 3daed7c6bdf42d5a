import AttendanceCore
import Dispatch
import Synchronization

/// One reading connection, and a queue for reads that may take long: a C call that blocks a thread of the shared pool would
/// stall every request.
///
/// `@unchecked Sendable`: the pool lends it to one caller at a time, and takes and gives it under its lock.
final class Reader: @unchecked Sendable {
    private let queue = DispatchQueue(label: "muster.reader", qos: .userInitiated)
    private let engine: any SQLEngine
    private let trouble: EngineTrouble
    private var connection: (any SQLConnection)?
    private var terms: [TenantID: TermBook] = [:]
    private let memory = ReaderMemory()

    init(engine: any SQLEngine, trouble: EngineTrouble) {
        self.engine = engine
        self.trouble = trouble
    }

    /// Reads on its own queue.
    func readAside<Result: Sendable>(
        in tenant: TenantID, _ body: @escaping @Sendable (any ReadTransaction) throws(AttendanceError) -> Result
    ) async throws(AttendanceError) -> Result {
        let ended: Swift.Result<Result, AttendanceError> = await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: self.outcome(in: tenant, body)) }
        }
        return try ended.get()
    }

    /// Reads on the caller's thread.
    func outcome<Result>(
        in tenant: TenantID, _ body: (any ReadTransaction) throws(AttendanceError) -> Result
    ) -> Swift.Result<Result, AttendanceError> {
        Swift.Result { () throws(AttendanceError) in try read(in: tenant, body) }
    }

    private func read<Result>(
        in tenant: TenantID, _ body: (any ReadTransaction) throws(AttendanceError) -> Result
    ) throws(AttendanceError) -> Result {
        let connection = try connected()
        do {
            try connection.beginReading()
            memory.turn(to: try connection.version())
        } catch {
            connection.rollBack()
            throw trouble.error(error)
        }
        let transaction = ReadingTransaction(
            connection: connection, tenant: tenant, terms: terms[tenant] ?? TermBook(), trouble: trouble, memory: memory)
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
            let result = try await reader.readAside(in: tenant, body)
            giveBack(reader)
            return result
        } catch {
            giveBack(reader)
            throw error
        }
    }

    /// Reads on the caller's thread; nil where no connection is idle.
    func readAtOnce<Result>(
        in tenant: TenantID, _ body: (any ReadTransaction) throws(AttendanceError) -> Result
    ) -> Swift.Result<Result, AttendanceError>? {
        let idle: Reader? = state.withLock { state in
            guard !state.isClosed else { return nil }
            return state.idle.popLast() ?? opened(&state)
        }
        guard let idle else { return nil }
        defer { giveBack(idle) }
        return idle.outcome(in: tenant, body)
    }

    /// One more reader, while there may be more.
    private func opened(_ state: inout State) -> Reader? {
        guard state.opened < connectionsMax else { return nil }
        state.opened += 1
        return make()
    }

    private func borrow() async -> Reader? {
        await withCheckedContinuation { continuation in
            let now: Reader?? = state.withLock { state in
                if state.isClosed { return .some(nil) }
                if let reader = state.idle.popLast() ?? opened(&state) { return reader }
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
        for reader in idle { reader.close() }
    }
}
