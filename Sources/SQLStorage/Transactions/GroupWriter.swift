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
///
/// Where the engine can, the next group is numbered and stored by a second connection while the one before commits: see
/// ``sendForeseen(_:_:)``.
actor GroupWriter {
    /// How many units one transaction takes.
    static let unitsPerGroupMax = 256
    /// How many references one transaction takes, unless a single unit brings more.
    static let referencesPerGroupMax = 8_000
    /// The same where two groups can be under way: much work is cut into groups that overlap.
    static let referencesPerOverlappingGroupMax = 500
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
    /// Two where the engine stores one group while it commits another.
    private var connections: [(any SQLConnection)?] = [nil, nil]
    private var underway: Underway?
    private let memory = WriterMemory()
    private let referencesPerGroupMax: Int

    init(
        engine: any SQLEngine, sealer: Sealer, trouble: EngineTrouble, observer: WriterObserver?,
        referencesPerOverlappingGroupMax: Int
    ) {
        self.engine = engine
        referencesPerGroupMax = engine.writesBesideCommits ? referencesPerOverlappingGroupMax : Self.referencesPerGroupMax
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
        while let group = nextGroup() {
            if group.isEmpty { settle() } else { run(group) }
        }
    }

    /// All waiting units of the tenant whose turn it is, up to the bounds: none while a group is under way and nobody waits;
    /// nil, and the drain ends, when there is nothing to do.
    private func nextGroup() -> [PendingUnit]? {
        let isIdle = underway == nil
        return waiting.withLock { waiting in
            guard let first = waiting.units.first else {
                guard isIdle else { return [] }
                waiting.isDraining = false
                return nil
            }
            var group: [PendingUnit] = []
            var left: [PendingUnit] = []
            var references = 0
            for unit in waiting.units {
                let fits =
                    group.isEmpty
                    || (group.count < Self.unitsPerGroupMax && references + unit.referenceCount <= referencesPerGroupMax)
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
        case performed([@Sendable () -> Void])
        /// The unit at this place failed after it had changed what the group keeps back: the others run again without it.
        case spoiled(by: Int, AttendanceError)
        case failed(SQLError)
    }

    private func run(_ group: [PendingUnit]) {
        if let underway, underway.transaction.tenant != group[0].tenant { settle() }
        if engine.writesBesideCommits, group.allSatisfy({ $0.references != nil }),
            let foreseen = memory.foresee(group[0].tenant), sendForeseen(group, foreseen)
        {
            return
        }
        settle()
        runAlone(group)
    }

    /// Runs a group while nothing else is under way.
    private func runAlone(_ group: [PendingUnit]) {
        var group = group
        var attempt = 1
        while !group.isEmpty {
            switch tryOnce(group) {
            case .performed(let answers):
                for answer in answers { answer() }
                return
            case .spoiled(let place, let error):
                group.remove(at: place).fail(error)
            case .failed(let error) where error.kind == .conflict && attempt < Self.attemptsMax:
                attempt += 1
            case .failed(let error) where group.count > 1 && error.kind != .unavailable && error.kind != .conflict:
                // One of them carries what the engine refuses: each runs alone, so that it fails alone.
                for unit in group { runAlone([unit]) }
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
            connection = try connected(0)
            try connection.beginWriting()
        } catch {
            observer?.failed()
            return .failed(error)
        }
        let transaction = WritingTransaction(
            connection: connection, tenant: group[0].tenant, memory: memory, sealer: sealer, trouble: .unreported)
        let ending = perform(group, in: transaction)
        switch ending {
        case .performed:
            do {
                try transaction.finish()
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
        return .performed(answers)
    }

    /// Only statements fail while references are looked up, and each of those leaves its error behind.
    private func unforeseen(_ error: AttendanceError) -> SQLError {
        SQLError(kind: .defect, code: "", message: "\(error) without an error of the engine")
    }

    private func connected(_ place: Int) throws(SQLError) -> any SQLConnection {
        if let connection = connections[place] { return connection }
        let fresh = try engine.connect(.writing)
        connections[place] = fresh
        return fresh
    }

    // MARK: Two groups

    /// A group whose commit has been sent.
    private struct Underway {
        let group: [PendingUnit]
        let answers: [@Sendable () -> Void]
        let transaction: WritingTransaction
        let place: Int
        let began: Int64
    }

    /// Runs a group on the connection that is free and sends its commit, so that it is under way then. It builds on what the
    /// group before it makes of the ledger: it numbers, hashes and stores its entries and references beside that group's
    /// commit, and writes everything else when that one has succeeded.
    ///
    /// Nothing is believed that the store does not confirm. Was the head moved by anybody else, or did the group before fail,
    /// then ``LedgerTable/move(_:to:)`` or a key that is there twice ends the transaction, and the group runs again, alone.
    /// - Returns: Whether the group is under way, or answered because nobody knows whether it is stored. Otherwise nothing of
    ///   it is left.
    private func sendForeseen(_ group: [PendingUnit], _ foreseen: WriterMemory.Foreseen) -> Bool {
        let began = observer?.uptime() ?? 0
        let tenant = group[0].tenant
        let place = underway?.place == 0 ? 1 : 0
        // Whoever waits for the commit under way shall not wait for a new session too.
        if connections[place] == nil, !settle() { return false }
        let connection: any SQLConnection
        do {
            connection = try connected(place)
            try connection.beginWritingBesideCommit()
        } catch {
            connections[place]?.rollBack()
            memory.beCareful()
            return false
        }
        let transaction = WritingTransaction(
            connection: connection, foreseeing: foreseen, tenant: tenant, after: underway?.transaction, memory: memory,
            sealer: sealer, trouble: .unreported)
        do throws(SQLError) {
            guard case .performed(let answers) = perform(group, in: transaction) else {
                connection.rollBack()
                return false
            }
            try transaction.sendAhead()
            guard settle(orGivingUp: connection) else { return false }
            try transaction.finish()
            try connection.sendCommit()
            transaction.remember()
            underway = Underway(
                group: group, answers: answers, transaction: transaction, place: place, began: began)
            return true
        } catch {
            let mayBeStored = connection.mayHaveCommitted
            connection.rollBack()
            memory.blame(error, on: transaction)
            // Not counted as failed: it is run again, and was only a guess.
            guard mayBeStored else { return false }
            observer?.failed()
            let answer = trouble.error(error)
            for unit in group { unit.fail(answer) }
            return true
        }
    }

    /// Waits for the group that is under way and answers its units.
    /// - Parameter next: Holds a transaction that builds on that group, which ends before the group runs again: its rows would
    ///   stand in the way.
    /// - Returns: Whether what was foreseen has come true.
    @discardableResult private func settle(orGivingUp next: (any SQLConnection)? = nil) -> Bool {
        guard let group = underway, let connection = connections[group.place] else { return true }
        underway = nil
        do throws(SQLError) {
            try connection.commit()
            observer?.groupCommitted(
                group.group, since: group.began, group.transaction.appended, group.transaction.duplicates)
            for answer in group.answers { answer() }
            return true
        } catch {
            let mayBeStored = connection.mayHaveCommitted
            connection.rollBack()
            next?.rollBack()
            memory.blame(error, on: group.transaction)
            if mayBeStored {
                observer?.failed()
                let answer = trouble.error(error)
                for unit in group.group { unit.fail(answer) }
            } else {
                runAlone(group.group)
            }
            return false
        }
    }

    /// Runs a long job of the command line on the writer's connection, between groups.
    func exclusively<Result: Sendable>(
        in tenant: TenantID, _ job: @Sendable (any SQLConnection) throws(SQLError) -> Result
    ) throws(AttendanceError) -> Result {
        do {
            let connection = try connected(0)
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
        for connection in connections { connection?.close() }
        connections = [nil, nil]
    }
}
