import AttendanceCore
import SQLStorage
import Synchronization
import TestKit

/// What a seed found, with all that is needed to see it again.
struct Finding: Error, CustomStringConvertible {
    let description: String
}

/// Plays one seed: clients, processes, faults and clocks against a real store, and beside it a model that says what is right.
final class Simulation {
    private struct Process {
        let store: SQLStore
        let operations: Operations
        let faults: Faults
    }

    private struct Tenant {
        let name: TenantName
        let caller: Caller
        var model = Model()
        /// Scans that no answer came for.
        var outbox: [[Claim]] = []
        /// References of scans that were answered.
        var answered: Set<Text> = []
        var workload: Workload
        /// The punch clock's members.
        var workers: [Worker] = []
    }

    /// A deed on its way.
    private struct Request {
        let tenant: Int
        let deed: Deed
        let askedAt: Instant
        let reply: Reply<Answer>
    }

    /// An export that was begun, and what it has to show.
    private struct Export {
        let tenant: Int
        let export: ScanExport
        let expected: [Model.Scan]
    }

    private struct Outcome {
        let deed: Deed
        let askedAt: Instant
        /// Nil where none came, or one that leaves open whether it was done.
        let answer: Answer?
    }

    let seed: UInt64
    private let ground: Ground
    private let isLoud: Bool
    private let clients = ClientThread()
    private let clock = TestClock()
    private let ambient: Ambient
    private var random: SeededRandom
    private var processes: [Process] = []
    private var tenants: [Tenant] = []
    private var exports: [Export] = []
    private var step = 0
    /// Made into text only where somebody reads it.
    private var trace: [() -> String] = []
    /// How often each fault struck, and what else happened: a simulation in which nothing happens proves nothing.
    private(set) var happened: [String: Int] = [:]

    /// - Parameter isLoud: Prints each line of the trace as it is made.
    init(seed: UInt64, on template: any SQLEngine, isLoud: Bool) throws {
        self.seed = seed
        self.isLoud = isLoud
        random = SeededRandom(seed: seed)
        ground = try Ground.make(template, seed: seed)
        var ambient = Ambient.test(clock)
        // Salts and identities are the same each time too.
        let bytes = Mutex(SeededRandom(seed: seed &* 31 &+ 7))
        ambient.randomBytes = { count in bytes.withLock { $0.bytes(count) } }
        self.ambient = ambient
    }

    func run() throws {
        defer { try? ground.remove() }  // What the seed found tells more than a directory that stays behind.
        do {
            processes = try (0..<(random.chance(1, in: 3) ? 2 : 1)).map { _ in try open() }
            try addTenants()
            for number in 1...random.within(5...12) {
                step = number
                try takeStep()
            }
            try settleAccounts()
        } catch {
            for process in processes { try? close(process) }  // It is the finding that counts.
            throw error
        }
        for process in processes { try close(process) }
    }

    // MARK: Processes

    private func open() throws -> Process {
        let clients = clients
        let faults = Faults { clients.wake() }
        // Groups of a few references, so that the next one begins while one is under way.
        let store = try SQLStore.open(
            FaultyEngine(inner: ground.engine, faults: faults, ground: ground), ambient: ambient,
            referencesPerOverlappingGroupMax: 2
        ) { Incident(text: "\($0)") }
        return Process(
            store: store, operations: Operations(store: store, ambient: ambient, sealer: store.sealer, zones: .test), faults: faults
        )
    }

    private func close(_ process: Process) throws {
        count("two groups under way", by: process.faults.overlaps)
        process.faults.release()
        _ = try clients.ask { () async throws(AttendanceError) in await process.store.close() }
    }

    private func addTenants() throws {
        let operations = processes[0].operations
        let caller = Caller.commandLine(tenant: .default)
        for letter in ["a", "b"] {
            let name = try TenantName(parsing: "s\(seed)-\(letter)")
            let added = try clients.ask { () async throws(AttendanceError) in
                try await operations.createTenant(named: name, as: caller)
            }.get()
            tenants.append(
                Tenant(
                    name: name, caller: Caller(tenant: added.id, name: WireText("key/\(letter)"), roles: .all),
                    workload: Workload(random: SeededRandom(seed: random.next()))))
            let place = tenants.count - 1
            let first = tenants[place].workload.firstDeeds().map { submit($0, of: place, to: present) }
            try clients.pump { first.allSatisfy { $0.reply.result != nil } }
            try conclude(first, of: present, fault: nil, what: "first members")
        }
    }

    private var present: Process { processes[0] }

    // MARK: Steps

    private func takeStep() throws {
        // Whoever is first takes the next wave.
        random.shuffle(&processes)
        switch random.below(20) {
        case ..<15: try wave()
        case 15: try processes.count == 2 ? waveOnBoth() : wave()
        case 16: try restart()
        case 17: try rebuild()
        case 18: try verify()
        default: try readWithFaults()
        }
        if random.chance(1, in: 6) { try beginExport(of: random.below(tenants.count)) }
        if random.chance(1, in: 4), !exports.isEmpty { try endExport(random.below(exports.count)) }
        if random.chance(1, in: 2) { try checkNewest(random.below(tenants.count)) }
        if random.chance(1, in: 2) { try checkStatus(random.below(tenants.count)) }
    }

    /// Several clients ask at the same time, and something may go wrong.
    private func wave() throws {
        let fault = random.chance(1, in: 2) ? drawFault() : nil
        let count = random.chance(1, in: 3) ? 1 : random.within(2...5)
        let process = present
        let isHeld = count > 1 || random.chance(1, in: 2)
        if isHeld { try hold(process) } else { process.faults.lay(fault) }
        let requests = submit(count, to: process)
        if isHeld {
            process.faults.lay(fault)
            process.faults.release()
        }
        try clients.pump { process.faults.isWaiting || requests.allSatisfy { $0.reply.result != nil } }
        if process.faults.isWaiting, !process.faults.hasCrashed {
            try lookBeforeCommit(of: requests, by: process)
            process.faults.release()
            try clients.pump { requests.allSatisfy { $0.reply.result != nil } }
        }
        try conclude(requests, of: process, fault: fault, what: "wave of \(requests.count)")
    }

    /// While the writer waits before its commit: nobody sees anything of what it has written, unless an earlier part of what
    /// was asked at the same time is committed already.
    private func lookBeforeCommit(of requests: [Request], by process: Process) throws {
        guard !process.faults.isCommitUnderWay else { return }
        let begun = Set(requests.filter { $0.reply.result != nil }.map(\.tenant))
        for tenant in Set(requests.map(\.tenant)).subtracting(begun).sorted() {
            let model = tenants[tenant].model
            let seen = try look(at: tenant, after: model.ledger.count)
            let expected = model.seen(after: model.ledger.count)
            guard seen == expected else { throw found("before the commit there is\n" + seen.differences(from: expected)) }
            count("look before a commit")
        }
    }

    /// Keeps the writer busy with nothing, so that those who ask meanwhile become one group.
    private func hold(_ process: Process) throws {
        process.faults.hold()
        let tenant = tenants[0].caller.tenant
        let reply = clients.start { () async throws(AttendanceError) in
            try await process.store.write(in: tenant) { _ throws(AttendanceError) in }
        }
        try clients.pump { process.faults.isWaiting || reply.result != nil }
        if case .failure(let error) = reply.result { throw found("an empty unit failed: \(error)") }
    }

    /// One process is about to commit while another one begins.
    private func waveOnBoth() throws {
        let (first, second) = (processes[0], processes[1])
        try hold(first)
        try hold(second)
        let ones = submit(random.within(1...3), to: first, tenant: random.below(tenants.count))
        let others = submit(random.within(1...3), to: second)
        first.faults.lay(Fault(deed: .pause, place: .beforeCommit))
        first.faults.release()
        try clients.pump { first.faults.isWaiting || ones.allSatisfy { $0.reply.result != nil } }
        if first.faults.isWaiting { try lookBeforeCommit(of: ones, by: first) }
        let begins = second.faults.begins
        second.faults.release()
        try clients.pump { second.faults.begins > begins || others.allSatisfy { $0.reply.result != nil } }
        first.faults.release()
        try clients.pump { (ones + others).allSatisfy { $0.reply.result != nil } }
        first.faults.lay(nil)
        count("two processes at once")
        try conclude(ones + others, of: second, fault: nil, what: "\(ones.count) and \(others.count) on two processes")
    }

    private func submit(_ count: Int, to process: Process, tenant only: Int? = nil) -> [Request] {
        (0..<count).map { _ in
            moveClock()
            let tenant = only ?? random.below(tenants.count)
            return submit(drawDeed(of: tenant), of: tenant, to: process)
        }
    }

    private func submit(_ deed: Deed, of tenant: Int, to process: Process) -> Request {
        let (operations, caller) = (process.operations, tenants[tenant].caller)
        let askedAt = clock.now
        let reply = clients.start { () async throws(AttendanceError) in try await operations.perform(deed, as: caller) }
        // Until it waits for the store: it is asked in this order then.
        clients.settle()
        return Request(tenant: tenant, deed: deed, askedAt: askedAt, reply: reply)
    }

    private func drawDeed(of tenant: Int) -> Deed {
        guard random.chance(1, in: 3), !tenants[tenant].outbox.isEmpty else {
            let (model, workers) = (tenants[tenant].model.clock, tenants[tenant].workers)
            return tenants[tenant].workload.deed(at: clock.now, on: model, of: workers)
        }
        let waiting = tenants[tenant].outbox.remove(at: random.below(tenants[tenant].outbox.count))
        let (now, later) = tenants[tenant].workload.resend(waiting)
        if !later.isEmpty { tenants[tenant].outbox.append(later) }
        return .scans(now)
    }

    private func drawFault() -> Fault {
        let places: [Fault.Place] = [.beginning, .beforeCommit, .afterCommit]
        let place = random.chance(1, in: 2) ? Fault.Place.statement(random.within(1...20)) : random.pick(places)
        switch random.below(13) {
        case 0, 1, 2, 3: return Fault(deed: .crash(all: random.chance(1, in: 2) || processes.count == 1), place: place)
        case 4: return Fault(deed: .tear, place: .beforeCommit)
        case 5, 6: return Fault(deed: .fail(.unavailable, times: 1), place: place)
        case 7: return Fault(deed: .loseSession, place: place == .afterCommit || place == .beginning ? .beforeCommit : place)
        case 8: return Fault(deed: .pause, place: place == .afterCommit ? .beforeCommit : place)
        // A commit that returned with a conflict did not commit: so much the engines promise.
        case 9, 10: return Fault(deed: .fail(.conflict, times: 1), place: place == .afterCommit ? .beforeCommit : place)
        case 11: return Fault(deed: .fail(.conflict, times: 4), place: random.pick([.beginning, .beforeCommit]))
        default:
            let kind: SQLError.Kind = random.pick([.constraint, .defect])
            return Fault(deed: .fail(kind, times: 1), place: place == .afterCommit ? .beforeCommit : place)
        }
    }

    private func moveClock() {
        switch random.below(20) {
        case ..<11: clock.advance(milliseconds: Int64(random.within(0...5_000)))
        case ..<15: break
        case ..<18: clock.advance(milliseconds: -Int64(random.within(0...3_600_000)))
        case 18: clock.advance(milliseconds: -31_536_000_000)
        default: clock.advance(milliseconds: 31_536_000_000)
        }
    }

    // MARK: What came of it

    private func conclude(_ requests: [Request], of process: Process, fault: Fault?, what: String) throws {
        let results = requests.map(\.reply.result)
        let hasStruck = fault != nil && process.faults.hasStruck
        note("\(what)" + (fault.map { ", \($0)" + (hasStruck ? "" : " (not reached)") } ?? ""))
        if let fault, hasStruck { for name in fault.names { count(name) } }
        if process.faults.hasCrashed { try bury(process, all: fault?.deed != .crash(all: false)) } else { process.faults.lay(nil) }

        var outcomes: [Int: [Outcome]] = [:]
        for (request, result) in zip(requests, results) {
            let answer = try judge(result, of: request, fault: hasStruck ? fault : nil)
            let name = tenants[request.tenant].name
            note("  \(name) \(request.deed) -> \(result.map(Self.words) ?? "no answer")")
            outcomes[request.tenant, default: []].append(Outcome(deed: request.deed, askedAt: request.askedAt, answer: answer))
            if case .clock(let deed) = request.deed, let answer {
                if case .failed = answer { count("\(deed.name), refused") } else { count(deed.name) }
            }
            guard case .scans(let claims) = request.deed, !claims.isEmpty else { continue }
            if answer == nil {
                tenants[request.tenant].outbox.append(claims)
            } else {
                tenants[request.tenant].answered.formUnion(claims.compactMap { $0.personal?.reference.map { Text($0) } })
            }
        }
        for (tenant, outcomes) in outcomes.sorted(by: { $0.key < $1.key }) { try explain(outcomes, of: tenant) }
    }

    /// The answer, or nil where nothing is known.
    private func judge(_ result: Result<Answer, AttendanceError>?, of request: Request, fault: Fault?) throws -> Answer? {
        switch result {
        case nil:
            return nil
        case .success(let answer):
            return answer
        case .failure(.unavailable):
            guard fault?.allows.contains(.unavailable) == true else { throw found("\(request.deed): unavailable for no reason") }
            count("told unavailable")
            return nil
        case .failure(.unexpected(let incident)):
            let isAllowed = fault?.allows.isDisjoint(with: [.constraint, .defect]) == false
            guard isAllowed else { throw found("\(request.deed): unexpected for no reason: \(incident.text)") }
            count("told unexpected")
            return nil
        case .failure(let error):
            return .failed(error)
        }
    }

    /// After a crash: nobody is answered any more, and there are new processes.
    private func bury(_ process: Process, all: Bool) throws {
        let dead = all ? processes : [process]
        for process in dead { process.faults.kill() }
        for process in dead { try close(process) }
        let left = all ? [] : processes.filter { $0.faults !== process.faults }
        processes = left + (try dead.map { _ in try open() })
    }

    /// Finds an order of what was asked at the same time that explains every answer and what is to be seen afterwards. What
    /// was not answered may have been done or not.
    private func explain(_ outcomes: [Outcome], of tenant: Int) throws {
        let model = tenants[tenant].model
        let known = model.ledger.count
        let seen = try look(at: tenant, after: known)

        func search(_ model: Model, _ left: [Outcome]) -> Model? {
            guard model.ledger.dropFirst(known).elementsEqual(seen.entries.prefix(model.ledger.count - known)) else { return nil }
            for (place, outcome) in left.enumerated() {
                var rest = left
                rest.remove(at: place)
                var next = model
                let answer = next.apply(outcome.deed, at: outcome.askedAt)
                if outcome.answer == nil || outcome.answer == answer, let found = search(next, rest) { return found }
            }
            return left.allSatisfy { $0.answer == nil } && model.seen(after: known) == seen ? model : nil
        }

        guard let explanation = search(model, outcomes) else {
            var expected = model
            let answers = outcomes.map { "  \(expected.apply($0.deed, at: $0.askedAt)) expected for \($0.deed)" }
            throw found(
                "no order explains the answers and what is there. In the order asked:\n" + answers.joined(separator: "\n")
                    + "\nwhere the store shows\n" + seen.differences(from: expected.seen(after: known)))
        }
        tenants[tenant].model = explanation
        try meetMembers(of: tenant)
    }

    /// Learns under which identities those who came are known: they follow from their entries' hashes.
    private func meetMembers(of tenant: Int) throws {
        let numbers = tenants[tenant].model.clock.members.keys.sorted()
        guard tenants[tenant].workers.map(\.number) != numbers else { return }
        let (operations, caller) = (random.pick(processes).operations, tenants[tenant].caller)
        let members = try ask("reading members") { () async throws(AttendanceError) in
            try await operations.members(of: .timeTracker, matching: MemberFilter(), as: caller)
        }
        tenants[tenant].workers = members.sorted { $0.number < $1.number }.map {
            Worker(number: $0.number, id: $0.id, code: $0.profile.staffCode)
        }
    }

    // MARK: Looking

    private func look(at tenant: Int, after sequence: Int) throws -> Seen {
        let (operations, caller) = (random.pick(processes).operations, tenants[tenant].caller)
        return try ask("reading") { () async throws(AttendanceError) in
            try await operations.look(as: caller, after: sequence)
        }
    }

    private func checkExport(_ tenant: Int) throws {
        try beginExport(of: tenant)
        try endExport(exports.count - 1)
    }

    private func beginExport(of tenant: Int) throws {
        let (operations, caller) = (random.pick(processes).operations, tenants[tenant].caller)
        let export = try ask("beginning an export") { () async throws(AttendanceError) in
            try await operations.beginExport(of: .trackAttendance, as: caller)
        }
        exports.append(Export(tenant: tenant, export: export, expected: tenants[tenant].model.export.map(\.asExported)))
    }

    /// Reads an export, however long ago it was begun and whatever happened meanwhile.
    private func endExport(_ place: Int) throws {
        let export = exports.remove(at: place)
        let operations = random.pick(processes).operations
        let limit = random.within(4...40)
        let rows = try ask("exporting") { () async throws(AttendanceError) in
            try await operations.rows(of: export.export, pageOf: limit)
        }
        guard rows == export.expected, export.export.total == Int64(rows.count) else {
            throw found(
                "an export of \(tenants[export.tenant].name) promises \(export.export.total) rows and has \(rows)\n"
                    + "and not \(export.expected)")
        }
    }

    private func checkNewest(_ tenant: Int) throws {
        let (operations, caller) = (random.pick(processes).operations, tenants[tenant].caller)
        let now = clock.now
        let (badge, minutes, station) = tenants[tenant].workload.question(at: now)
        let newest = try ask("asking for the newest scan") { () async throws(AttendanceError) in
            try await operations.newestScan(
                ofBadge: badge, source: .trackAttendance, withinMinutes: minutes, notAt: station, as: caller
            ).map { Newest(station: Text($0.station), moment: $0.occurredAt.microseconds) }
        }
        let legal = tenants[tenant].model.newest(
            badge: Text(badge), from: now.adding(seconds: -60 * minutes).microseconds, through: now.microseconds,
            notAt: station.map { Text($0) })
        guard newest?.moment == legal?.moment, newest.map({ legal?.stations.contains($0.station) == true }) ?? true else {
            throw found(
                "the newest scan of \(Text(badge)) in \(minutes) minutes, not at \(station.map { "\(Text($0))" } ?? "-"), is"
                    + " \(newest.map { "\($0)" } ?? "none") and not \(legal.map { "\($0)" } ?? "none")")
        }
        if newest != nil { count("a newest scan") }
    }

    /// What somebody's clock shows at this moment.
    private func checkStatus(_ tenant: Int) throws {
        guard !tenants[tenant].workers.isEmpty else { return }
        let (operations, caller) = (random.pick(processes).operations, tenants[tenant].caller)
        let worker = random.pick(tenants[tenant].workers)
        let status = try clients.ask { () async throws(AttendanceError) in
            try await operations.workStatus(of: worker.id, of: .timeTracker, as: caller).state
        }
        let model = tenants[tenant].model.clock
        let isActive = model.members[worker.number]?.isActive == true
        let expected: Result<ClockState, AttendanceError> =
            isActive ? .success(model.state(of: worker.number, at: clock.now)) : .failure(.notFound(.member))
        guard status == expected else { throw found("the clock of \(worker.number) shows \(status) and not \(expected)") }
        count("a work status")
    }

    private func ask<Value: Sendable>(
        _ what: String, _ body: @escaping @Sendable () async throws(AttendanceError) -> Value
    ) throws -> Value {
        switch try clients.ask(body) {
        case .success(let value): return value
        case .failure(let error): throw found("\(what) failed: \(error)")
        }
    }

    private func readWithFaults() throws {
        let process = present
        process.faults.failReads(1)
        let (operations, tenant) = (process.operations, tenants[random.below(tenants.count)])
        let answer = try clients.ask { () async throws(AttendanceError) in
            try await operations.scanOverview(of: .trackAttendance, in: tenant.caller.tenant).tally.scans
        }
        process.faults.failReads(0)
        guard case .failure(.unavailable) = answer else { throw found("a reading connection was lost, and yet: \(answer)") }
        let scans = try ask("reading again") { () async throws(AttendanceError) in
            try await operations.scanOverview(of: .trackAttendance, in: tenant.caller.tenant).tally.scans
        }
        guard scans == Int64(tenant.model.scans.count) else { throw found("\(scans) scans and not \(tenant.model.scans.count)") }
        note("read with a fault, and again")
    }

    // MARK: What operators do

    private func restart() throws {
        note("restart")
        let process = processes.removeFirst()
        try close(process)
        let fresh = try open()
        processes.insert(fresh, at: 0)
        guard random.chance(1, in: 2) else { return }
        let fault = Fault(deed: .fail(.unavailable, times: 1), place: .connecting)
        fresh.faults.lay(fault)
        let requests = submit(1, to: fresh)
        try clients.pump { requests.allSatisfy { $0.reply.result != nil } }
        try conclude(requests, of: fresh, fault: fault, what: "first wave")
    }

    private func verify() throws {
        let tenant = tenants[random.below(tenants.count)]
        try checkChain(of: tenant)
        note("verified \(tenant.name)")
    }

    private func checkChain(of tenant: Tenant) throws {
        let operations = present.operations
        let result = try ask("verifying") { () async throws(AttendanceError) in
            try await operations.verifyLedger(of: tenant.name, as: tenant.caller) { _, _ in }
        }
        guard case .intact(let head) = result, head.sequence == Int64(tenant.model.ledger.count) else {
            throw found("\(tenant.name) has \(tenant.model.ledger.count) entries, and its chain is \(result)")
        }
    }

    /// Computes the projections anew, which may be cut short like anything else and changes nothing either way.
    private func rebuild() throws {
        let process = present
        let place = random.below(tenants.count)
        let id = tenants[place].caller.tenant
        var fault = random.chance(1, in: 2) ? drawFault() : nil
        if fault?.deed == .pause { fault = nil }
        let before = try ask("reading rows") { () async throws(AttendanceError) in try await process.store.projectionRows(of: id) }
        process.faults.lay(fault)
        let reply = clients.start { () async throws(AttendanceError) in try await process.store.rebuild(id) { _, _ in } }
        try clients.pump { process.faults.hasCrashed || reply.result != nil }
        let hasStruck = fault != nil && process.faults.hasStruck
        let name = tenants[place].name
        note("rebuild of \(name)" + (hasStruck ? ", cut short" : ""))
        switch reply.result {
        case .success(let count)? where count != Int64(tenants[place].model.ledger.count):
            throw found("rebuilt from \(count) entries of \(tenants[place].model.ledger.count)")
        case .failure(let error)? where !hasStruck: throw found("a rebuild failed: \(error)")
        case .success, .failure, nil: break
        }
        if process.faults.hasCrashed { try bury(process, all: fault?.deed != .crash(all: false)) } else { process.faults.lay(nil) }
        if hasStruck { count("rebuild cut short") }
        let store = present.store
        let after = try ask("reading rows") { () async throws(AttendanceError) in try await store.projectionRows(of: id) }
        try compare(before, after, of: tenants[place])
    }

    private func compare(_ before: [String: [[SQLValue]]], _ after: [String: [[SQLValue]]], of tenant: Tenant) throws {
        for (table, rows) in before where after[table] != rows {
            throw found("a rebuild of \(tenant.name) changes \(table) from\n  \(rows)\nto\n  \(after[table] ?? [])")
        }
    }

    /// The end: no more faults, everybody sends what was not answered, and everything is compared.
    private func settleAccounts() throws {
        for place in tenants.indices {
            for claims in tenants[place].outbox where !claims.isEmpty {
                let request = submit(.scans(claims), of: place, to: present)
                try clients.pump { request.reply.result != nil }
                tenants[place].outbox.removeFirst()
                try conclude([request], of: present, fault: nil, what: "resend")
            }
        }
        while !exports.isEmpty { try endExport(0) }
        for (place, tenant) in tenants.enumerated() {
            guard tenant.outbox.isEmpty else { throw found("\(tenant.name) has scans that were never answered") }
            let whole = try look(at: place, after: 0)
            let expected = tenant.model.seen(after: 0)
            guard whole == expected else { throw found("at the end\n" + whole.differences(from: expected)) }
            let taken = Set(whole.entries.compactMap(\.reference))
            guard tenant.answered.isSubset(of: taken) else {
                throw found("answered and not in the ledger: \(tenant.answered.subtracting(taken))")
            }
            try checkChain(of: tenant)
            try checkExport(place)
            let (store, id) = (present.store, tenant.caller.tenant)
            let before = try ask("reading rows") { () async throws(AttendanceError) in try await store.projectionRows(of: id) }
            _ = try ask("rebuilding") { () async throws(AttendanceError) in try await store.rebuild(id) { _, _ in } }
            let after = try ask("reading rows") { () async throws(AttendanceError) in try await store.projectionRows(of: id) }
            try compare(before, after, of: tenant)
            let people = (tenant.model.persons, tenant.model.identifiers)
            guard before["person"]?.count == people.0, before["identifier"]?.count == people.1 else {
                throw found("\(people) expected, and there are \(before["person"] ?? []), \(before["identifier"] ?? [])")
            }
            guard try look(at: place, after: 0) == expected else { throw found("after a rebuild \(tenant.name) looks different") }
            count("entries", by: whole.entries.count)
        }
    }

    // MARK: Words

    private func note(_ line: @escaping @autoclosure () -> String) {
        let step = step
        trace.append {
            let line = line()
            return line.hasPrefix(" ") ? "    \(line)" : "\(step < 10 ? " " : "")\(step)  \(line)"
        }
        if isLoud, let line = trace.last { print(line()) }
    }

    /// The same words each time: a set tells its members in any order.
    private static func words(_ result: Result<Answer, AttendanceError>) -> String {
        guard case .failure(.occupied(let fields)) = result else { return "\(result)" }
        return "occupied: " + fields.map(\.rawValue).sorted().joined(separator: ", ")
    }

    /// The last so many lines of what happened.
    func lastLines(_ count: Int) -> String {
        trace.suffix(count).map { $0() }.joined(separator: "\n")
    }

    private func count(_ what: String, by number: Int = 1) {
        happened[what, default: 0] += number
    }

    private func found(_ what: String) -> Finding {
        Finding(description: "step \(step): \(what)")
    }
}
