import Dispatch
import SQLStorage
import Synchronization

/// What goes wrong, once, and where on the writer's way through its transactions.
struct Fault: Sendable, CustomStringConvertible {
    enum Place: Sendable, Equatable {
        case connecting, beginning
        /// Before the statement of this number, counted from where the fault was laid.
        case statement(Int)
        case beforeCommit
        /// After the commit, before anybody is answered.
        case afterCommit
    }

    enum Deed: Sendable, Equatable {
        /// The process stops, as after `kill -9`: all processes, or this one of two.
        case crash(all: Bool)
        /// All processes stop while the commit is being written.
        case tear
        /// The engine refuses, so many times.
        case fail(SQLError.Kind, times: Int)
        /// The session is ended by the server, where there is one.
        case loseSession
        /// Not a fault: the writer waits here until the simulation lets it go on.
        case pause
    }

    let deed: Deed
    let place: Place

    var description: String { "\(deed) at \(place)" }

    /// What is counted when it strikes.
    var names: [String] {
        let what =
            switch deed {
            case .crash(let all): all ? "crash of all" : "crash of one"
            case .tear: "tear"
            case .fail(.conflict, let times): times > 1 ? "conflicts" : "conflict"
            case .fail(let kind, _): "\(kind)"
            case .loseSession: "loseSession"
            case .pause: "pause"
            }
        let place = if case .statement = place { "statement" } else { "\(place)" }
        return [what, place]
    }

    /// What clients may be told because of it. A conflict is run again, so it shows only when it comes again and again.
    var allows: Set<SQLError.Kind> {
        switch deed {
        case .crash, .tear, .loseSession: [.unavailable]
        case .fail(.conflict, let times): times > 1 ? [.unavailable] : []
        case .fail(let kind, _): [kind]
        case .pause: []
        }
    }
}

/// What one process meets: asked by its connections before and after each step, told by the simulation's thread.
final class Faults: Sendable {
    fileprivate struct State {
        var fault: Fault?
        var hasStruck = false
        var left = 0
        var statements = 0
        var begins = 0
        var commitsUnderWay = 0
        var overlaps = 0
        var holdsAfterCommit = false
        var isWaiting = false
        var hasCrashed = false
        var isDead = false
        var failingReads = 0
    }

    static let dead = SQLError(kind: .unavailable, code: "", message: "this process was killed")

    private let state = Mutex(State())
    private let goAhead = DispatchSemaphore(value: 0)
    private let wake: @Sendable () -> Void

    /// - Parameter wake: Makes the simulation's thread look.
    init(wake: @escaping @Sendable () -> Void) {
        self.wake = wake
    }

    // MARK: Told by the simulation

    /// The writer waits behind its next commit, so that what is submitted meanwhile becomes its next group.
    func hold() {
        state.withLock { $0.holdsAfterCommit = true }
    }

    func lay(_ fault: Fault?) {
        state.withLock { state in
            state.fault = fault
            state.hasStruck = false
            state.statements = 0
            state.left = if case .fail(_, let times) = fault?.deed { times } else { 1 }
        }
    }

    func failReads(_ count: Int) {
        state.withLock { $0.failingReads = count }
    }

    /// Lets a waiting writer go on.
    func release() {
        let wasWaiting = state.withLock { state in
            defer { state.isWaiting = false }
            return state.isWaiting
        }
        if wasWaiting { goAhead.signal() }
    }

    /// Every connection says from now on that its process was killed.
    func kill() {
        state.withLock { $0.isDead = true }
    }

    var isWaiting: Bool { state.withLock { $0.isWaiting } }
    var hasStruck: Bool { state.withLock { $0.hasStruck } }
    var hasCrashed: Bool { state.withLock { $0.hasCrashed } }
    var isDead: Bool { state.withLock { $0.isDead } }
    var begins: Int { state.withLock { $0.begins } }
    /// How often a transaction began while the commit of another one was under way.
    var overlaps: Int { state.withLock { $0.overlaps } }

    // MARK: Asked by connections

    enum Verdict: Equatable {
        case goOn, crash(all: Bool), tear, loseSession, wait
    }

    var isCommitUnderWay: Bool { state.withLock { $0.commitsUnderWay > 0 } }

    func noteCommit(isUnderWay: Bool) {
        state.withLock { $0.commitsUnderWay += isUnderWay ? 1 : -1 }
    }

    /// - Throws: What the fault that was laid here says, or that the process is dead.
    func pass(_ step: FaultyConnection.Step) throws(SQLError) -> Verdict {
        let (verdict, error) = state.withLock { state in state.judge(step) }
        if let error { throw error }
        if step == .beginning { wake() }
        return verdict
    }

    func passReading() throws(SQLError) {
        let error = state.withLock { state -> SQLError? in
            guard !state.isDead else { return Self.dead }
            guard state.failingReads > 0 else { return nil }
            state.failingReads -= 1
            return SQLError(kind: .unavailable, code: "", message: "a reading connection was lost")
        }
        if let error { throw error }
    }

    /// Blocks the writer's thread until the simulation has seen where it stands.
    func wait(crashed: Bool) {
        state.withLock { state in
            state.isWaiting = true
            state.hasCrashed = state.hasCrashed || crashed
        }
        wake()
        goAhead.wait()
    }
}

extension Faults.State {
    fileprivate mutating func judge(_ step: FaultyConnection.Step) -> (Faults.Verdict, SQLError?) {
        guard !isDead else { return (.goOn, Faults.dead) }
        if step == .beginning {
            begins += 1
            overlaps += commitsUnderWay
        }
        if step == .statement { statements += 1 }
        if step == .committed, holdsAfterCommit {
            holdsAfterCommit = false
            return (.wait, nil)
        }
        guard let fault, left > 0, matches(fault.place, step) else { return (.goOn, nil) }
        hasStruck = true
        left -= 1
        switch fault.deed {
        case .crash(let all): return (.crash(all: all), nil)
        case .tear: return (.tear, nil)
        case .loseSession: return (.loseSession, nil)
        case .pause: return (.wait, nil)
        case .fail(let kind, _):
            return (.goOn, SQLError(kind: kind, code: "", message: "the simulation laid a fault: \(fault)"))
        }
    }

    private func matches(_ place: Fault.Place, _ step: FaultyConnection.Step) -> Bool {
        switch (place, step) {
        case (.connecting, .connecting), (.beginning, .beginning), (.beforeCommit, .committing), (.afterCommit, .committed): true
        case (.statement(let number), .statement): number == statements
        default: false
        }
    }
}
