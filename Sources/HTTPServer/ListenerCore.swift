import Glibc
import Dispatch
import HTTPMessages
import Synchronization

/// What a listener's daemon threads, tasks and housekeeper have in common.
///
/// The daemon's callbacks find it through a plain pointer; the listener keeps it alive until the daemon is gone.
final class ListenerCore: Sendable {
    let configuration: ListenerConfiguration
    let handler: any RequestHandler
    let receiveMicroseconds: Int
    let answerMicroseconds: Int
    let idleMicroseconds: Int
    private let requestIDs = RequestIDs()
    private let underWay = Atomic<Int>(0)
    private let bodyBytes = Atomic<Int>(0)
    private let draining = Atomic<Bool>(false)
    private let closing = Atomic<Bool>(false)
    private let connections = Mutex<[ObjectIdentifier: Connection]>([:])
    /// Deadlines and stopping happen here: a queue of its own, since stopping the daemon blocks.
    let housekeeping = DispatchQueue(label: "HTTPServer.housekeeping")
    private let stopping = Mutex(Stopping())

    /// The daemon, and who waits for its end.
    private struct Stopping {
        var daemon: Daemon?
        var isStopped = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    init(configuration: ListenerConfiguration, handler: any RequestHandler) {
        self.configuration = configuration
        self.handler = handler
        receiveMicroseconds = configuration.limits.receiveDeadline.wholeMicroseconds
        answerMicroseconds = configuration.limits.answerDeadline.wholeMicroseconds
        // Without an idle bound, the time between two requests must not count against the second.
        let idle = configuration.limits.idleSecondsMax
        idleMicroseconds = idle == 0 ? 1 << 60 : idle * 1_000_000
    }

    func newRequestID() -> String { configuration.makeRequestID?() ?? requestIDs.next() }

    var requestsUnderWay: Int { underWay.load(ordering: .relaxed) }

    // MARK: Connections

    func mayAccept(_ peer: UnsafePointer<sockaddr>?) -> Bool {
        // Two threads may both take the last place; a bound that is one over serves its purpose as well.
        if connections.withLock({ $0.count }) < configuration.limits.connectionsMax { return true }
        configuration.onEvent(.connectionRefused(clientAddress: unsafe IPAddress(peer: peer)?.text ?? "unknown"))
        return false
    }

    func opened(_ connection: Connection) {
        connections.withLock { $0[ObjectIdentifier(connection)] = connection }
    }

    func closed(_ connection: Connection) {
        connection.closed()
        connections.withLock { _ = $0.removeValue(forKey: ObjectIdentifier(connection)) }
    }

    var connectionCount: Int { connections.withLock { $0.count } }

    private var openConnections: [Connection] { connections.withLock { Array($0.values) } }

    // MARK: Requests

    enum Entry {
        case underWay, tooMany, draining
    }

    /// Counts a request in, or says why not.
    func requestBegan() -> Entry {
        // Counted first and then checked, while a stop sets its flag first and then looks at the count: so either the
        // stop waits for this request, or this request sees the stop.
        let count = underWay.add(1, ordering: .sequentiallyConsistent).newValue
        if !isDraining, count <= configuration.limits.requestsUnderWayMax { return .underWay }
        requestEnded()
        return isDraining ? .draining : .tooMany
    }

    func requestEnded() {
        let left = underWay.subtract(1, ordering: .sequentiallyConsistent).newValue
        if left == 0, isDraining { housekeeping.async { self.stopIfDrained() } }
    }

    /// Counts a part of a body in, or says that there is no room for it.
    func bodyGrew(_ bytes: Int) -> Bool {
        let all = bodyBytes.add(bytes, ordering: .relaxed).newValue
        guard all > configuration.limits.bodyBytesUnderWayMax else { return true }
        bodyEnded(bytes)
        return false
    }

    func bodyEnded(_ bytes: Int) {
        guard bytes > 0 else { return }
        bodyBytes.subtract(bytes, ordering: .relaxed)
    }

    // MARK: Start and stop

    /// No handler gets a request any more.
    var isDraining: Bool { draining.load(ordering: .sequentiallyConsistent) }
    /// Nobody waits for a handler any more.
    var isClosing: Bool { closing.load(ordering: .sequentiallyConsistent) }

    func started(_ daemon: Daemon) {
        stopping.withLock { $0.daemon = daemon }
        sweep()
    }

    /// Looks at every connection's deadline, again and again until the daemon is stopped.
    private func sweep() {
        guard stopping.withLock({ $0.daemon }) != nil else { return }
        let now = MonotonicClock.microseconds()
        for connection in openConnections { connection.expire(at: now) }
        let shortest = min(receiveMicroseconds, answerMicroseconds)
        let pause = min(max(shortest / 4, 10_000), 250_000)
        housekeeping.asyncAfter(deadline: .now() + .microseconds(pause)) { self.sweep() }
    }

    /// Returns when the daemon is gone, at the latest `duration` from now and the moment it takes to close what is open.
    func stop(within duration: Duration) async {
        draining.store(true, ordering: .sequentiallyConsistent)
        housekeeping.async { self.stopIfDrained() }
        housekeeping.asyncAfter(deadline: .now() + .microseconds(duration.wholeMicroseconds)) { self.stopNow() }
        await withCheckedContinuation { continuation in
            let isStopped = stopping.withLock { stopping in
                if !stopping.isStopped { stopping.waiting.append(continuation) }
                return stopping.isStopped
            }
            if isStopped { continuation.resume() }
        }
    }

    /// Stops without waiting for anybody, in the background.
    func abandon() {
        draining.store(true, ordering: .sequentiallyConsistent)
        housekeeping.async { self.stopNow() }
    }

    private func stopIfDrained() {
        if underWay.load(ordering: .sequentiallyConsistent) == 0 { stopNow() }
    }

    private func stopNow() {
        let daemon = stopping.withLock { stopping in
            defer { stopping.daemon = nil }
            return stopping.daemon
        }
        guard let daemon else { return }
        let left = requestsUnderWay
        if left > 0 { configuration.onEvent(.stopCutOff(requestsUnderWay: left)) }
        // First the flag, then the look at every connection: one that is suspended before the look is resumed by it, one
        // that is suspended later sees the flag and resumes itself. Only then may the daemon be stopped.
        closing.store(true, ordering: .sequentiallyConsistent)
        for connection in openConnections { connection.endForStop() }
        daemon.stop()
        let waiting = stopping.withLock { stopping in
            stopping.isStopped = true
            defer { stopping.waiting = [] }
            return stopping.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}

extension Duration {
    fileprivate var wholeMicroseconds: Int {
        Int(components.seconds) * 1_000_000 + Int(components.attoseconds / 1_000_000_000_000)
    }
}
