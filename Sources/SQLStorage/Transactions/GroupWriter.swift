import AttendanceCore
import Synchronization

/// A unit of work on its way to the writer.
struct PendingUnit: Sendable {
    let tenant: TenantID
    let references: ExpectedReferences?

    var referenceCount: Int { references?.keys.count ?? 0 }
    /// Runs the unit and returns what tells its caller how it ended: called once, after the commit or its failure.
    let perform: @Sendable (WritingTransaction) throws(AttendanceError) -> @Sendable () -> Void
    let fail: @Sendable (AttendanceError) -> Void
}

/// The one writer of a process. It takes all units of a tenant that are waiting, runs them in one transaction, commits
/// once, then answers all: under load a sync of the disk serves hundreds of requests.
actor GroupWriter {
    /// How many units one transaction takes.
    static let unitsPerGroupMax = 256
    /// How many references one transaction takes, unless a single unit brings more.
    static let referencesPerGroupMax = 8_000
    /// How many units may wait; more are turned away with 503.
    static let unitsWaitingMax = 4_096
    /// How many references may wait, so that a few thousand large batches do not fill the memory.
    static let referencesWaitingMax = 400_000
    /// How often a group is tried that lost against another process.
    static let attemptsMax = 4

    private nonisolated let queue = ConnectionQueue(label: "muster.writer")
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe queue.asUnownedSerialExecutor() }

    private struct Waiting {
        var units: [PendingUnit] = []
        var references = 0
        var isDraining = false
        var isClosed = false
    }

    private nonisolated let waiting = Mutex(Waiting())
    private let engine: any SQLEngine
    private let sealer: Sealer
    private let trouble: EngineTrouble
    private nonisolated let observer: WriterObserver?
    private var connection: (any SQLConnection)?
    private let memory = WriterMemory()

    init(engine: any SQLEngine, sealer: Sealer, trouble: EngineTrouble, observer: WriterObserver? = nil) {
        self.engine = engine
        self.sealer = sealer
        self.trouble = trouble
        self.observer = observer
    }

    /// Units that wait for their group at this moment.
    nonisolated var waitingUnits: Int { waiting.withLock { $0.units.count } }

    nonisolated func write<Result: Sendable>(
        in tenant: TenantID, expecting references: ExpectedReferences?,
        _ unit: @escaping @Sendable (any WriteTransaction) throws(AttendanceError) -> Result
    ) async throws(AttendanceError) -> Result {
        let ended: Swift.Result<Result, AttendanceError> = await withCheckedContinuation { continuation in
            submit(
                PendingUnit(
                    tenant: tenant, references: references,
                    perform: { transaction throws(AttendanceError) in
                        let result = try unit(transaction)
                        return { continuation.resume(returning: .success(result)) }
                    },
                    fail: { continuation.resume(returning: .failure($0)) }))
        }
        return try ended.get()
    }

    private nonisolated func submit(_ unit: PendingUnit) {
        enum Fate { case drain, queued, refused }
        let fate = waiting.withLock { waiting -> Fate in
            guard !waiting.isClosed, waiting.units.count < Self.unitsWaitingMax,
                waiting.references < Self.referencesWaitingMax
            else { return .refused }
            waiting.units.append(unit)
            waiting.references += unit.referenceCount
            guard !waiting.isDraining else { return .queued }
            waiting.isDraining = true
            return .drain
        }
        switch fate {
        case .drain: Task { await drain() }
        case .queued: break
        case .refused:
            observer?.refused()
            unit.fail(.unavailable(retryAfterSeconds: EngineTrouble.retryAfterSeconds))
        }
    }

    private func drain() {
        while let group = nextGroup() { run(group) }
    }

    /// All waiting units of the tenant whose turn it is, up to the bounds; nil, and the drain ends, when none wait.
    private nonisolated func nextGroup() -> [PendingUnit]? {
        waiting.withLock { waiting in
            guard let first = waiting.units.first else {
                waiting.isDraining = false
                return nil
            }
            var group: [PendingUnit] = []
            var left: [PendingUnit] = []
            var references = 0
            for unit in waiting.units {
                let fits =
                    group.isEmpty
                    || (group.count < Self.unitsPerGroupMax && references + unit.referenceCount <= Self.referencesPerGroupMax)
                if unit.tenant == first.tenant, left.allSatisfy({ $0.tenant != first.tenant }), fits {
                    group.append(unit)
                    references += unit.referenceCount
                } else {
                    left.append(unit)
                }
            }
            waiting.units = left
            waiting.references -= references
            return group
        }
    }

    // MARK: One group

    private enum Ending {
        case committed([@Sendable () -> Void])
        /// The unit at this place failed after it had changed what the group keeps back: the others run again without it.
        case spoiled(by: Int, AttendanceError)
        case failed(SQLError)
    }

    private func run(_ group: [PendingUnit]) {
        var group = group
        var attempt = 1
        while !group.isEmpty {
            switch tryOnce(group) {
            case .committed(let answers):
                for answer in answers { answer() }
                return
            case .spoiled(let place, let error):
                group.remove(at: place).fail(error)
            case .failed(let error) where error.kind == .conflict && attempt < Self.attemptsMax:
                attempt += 1
            case .failed(let error) where group.count > 1 && error.kind != .unavailable && error.kind != .conflict:
                // One of them carries what the engine refuses: each runs alone, so that it fails alone.
                for unit in group { run([unit]) }
                return
            case .failed(let error):
                let answer = trouble.error(error)
                for unit in group { unit.fail(answer) }
                return
            }
        }
    }

    private func tryOnce(_ group: [PendingUnit]) -> Ending {
        let began = observer?.uptime() ?? 0
        let connection: any SQLConnection
        do {
            connection = try connected()
            try connection.beginWriting()
        } catch {
            observer?.failed()
            return .failed(error)
        }
        let transaction = WritingTransaction(
            connection: connection, tenant: group[0].tenant, memory: memory, sealer: sealer, trouble: .unreported)
        let ending = perform(group, in: transaction)
        switch ending {
        case .committed:
            do {
                try connection.commit()
                transaction.remember()
                observer?.groupCommitted(group, since: began, transaction.appended, transaction.duplicates)
                return ending
            } catch {
                connection.rollBack()
                memory.forget(group[0].tenant)
                observer?.failed()
                return .failed(error)
            }
        case .spoiled, .failed:
            connection.rollBack()
            memory.forget(group[0].tenant)
            observer?.failed()
            return ending
        }
    }

    private func perform(_ group: [PendingUnit], in transaction: WritingTransaction) -> Ending {
        var answers: [@Sendable () -> Void] = []
        do {
            try transaction.expect(group.compactMap(\.references))
        } catch {
            return .failed(transaction.failure ?? unforeseen(error))
        }
        for (place, unit) in group.enumerated() {
            let heldBack = transaction.heldBackChanges
            transaction.beginUnit()
            do {
                answers.append(try unit.perform(transaction))
            } catch {
                if let failure = transaction.failure { return .failed(failure) }
                guard transaction.heldBackChanges == heldBack else { return .spoiled(by: place, error) }
                do {
                    try transaction.undoUnit()
                } catch {
                    return .failed(error)
                }
                answers.append { unit.fail(error) }
                continue
            }
            do {
                try transaction.endUnit()
            } catch {
                return .failed(error)
            }
        }
        do {
            try transaction.finish()
        } catch {
            return .failed(error)
        }
        return .committed(answers)
    }

    /// Only statements fail while references are looked up, and each of those leaves its error behind.
    private func unforeseen(_ error: AttendanceError) -> SQLError {
        SQLError(kind: .defect, code: "", message: "\(error) without an error of the engine")
    }

    private func connected() throws(SQLError) -> any SQLConnection {
        if let connection { return connection }
        let fresh = try engine.connect(.writing)
        connection = fresh
        return fresh
    }

    /// Runs a long job of the command line on the writer's connection, between groups.
    func exclusively<Result: Sendable>(
        in tenant: TenantID, _ job: @Sendable (any SQLConnection) throws(SQLError) -> Result
    ) throws(AttendanceError) -> Result {
        do {
            let connection = try connected()
            defer { memory.forget(tenant) }
            return try job(connection)
        } catch {
            throw trouble.error(error)
        }
    }

    /// Turns newcomers away, waits for what is under way, and closes the connection.
    nonisolated func close() async {
        // Said before the writer's turn comes, which under load it would not.
        waiting.withLock { $0.isClosed = true }
        await end()
    }

    private func end() {
        let left = waiting.withLock { waiting in
            defer { waiting.units = [] }
            return waiting.units
        }
        for unit in left { unit.fail(.unavailable(retryAfterSeconds: EngineTrouble.retryAfterSeconds)) }
        connection?.close()
        connection = nil
    }
}
