import CHTTP
import Glibc
import HTTPMessages
import Synchronization

/// One client's connection, and the request it is at.
///
/// The daemon thread that owns the connection reads, parses and writes; a handler's task may finish on any thread; the
/// housekeeper watches the clock. What more than one of them touches is in ``shared``, behind a lock of this connection's
/// own. The files beside this one go through a request in order: `+Receiving`, `+Waiting`, `+Answering`.
///
/// `@unchecked Sendable`: everything outside `shared` is either constant or used by the owning daemon thread alone, from
/// the library's callbacks, which it makes one at a time.
@safe final class Connection: @unchecked Sendable {
    let core: ListenerCore
    /// Valid until the library has told of the connection's end; used from other threads only while it is suspended.
    let handle: OpaquePointer
    private let peer: IPAddress?
    let peerText: String
    private let isPeerTrusted: Bool
    let shared: Mutex<Shared>

    // The owning daemon thread's.
    var stage = Stage.idle
    var request = RequestInProgress()
    var stream: StreamInProgress?

    /// What several threads look at.
    struct Shared: ~Copyable {
        /// -1 once the library may close it: its number can then belong to another connection.
        var socket: Int32
        var phase = Phase.unasked
        var awaited = Awaited.requestLine
        /// When that has to be over, on the monotonic clock, in microseconds.
        var deadline: Int
        /// When to look next whether the client has hung up, and the deadline that stood when it was seen to have.
        var nextLook = 0
        var deadlineAtHangUp: Int?
    }

    /// What a deadline stands for.
    enum Awaited {
        /// The first or the next request; nothing that could be answered has come yet.
        case requestLine
        /// The rest of a request, which can still be told of its slowness, or of what was decided without that rest.
        case request(target: String, id: String, refusal: Response? = nil)
        case answer
    }

    /// How far the work that a request waits for has come.
    enum Phase {
        case unasked
        /// A task is at it, and the daemon thread has not turned away yet.
        case working
        /// A task is at it, and the connection is suspended: whoever leaves this phase resumes it, exactly once.
        case parked
        case ready(Outcome)
        /// The connection is being closed whatever the task says.
        case ended
    }

    /// What a task hands back to the daemon thread.
    enum Outcome: Sendable {
        case admission(Admission)
        case response(Response)
        case piece(Result<[UInt8]?, any Error>)
    }

    /// What the library's next call about this request means.
    enum Stage {
        case idle
        /// The request line was read.
        case targetReceived
        /// A body is coming, and the handler has not decided about it yet.
        case admitting
        /// There is no body: head and answer are one piece of work, begun when the library takes the request for complete.
        case bodiless(RequestHead)
        case reading(bodyMaxBytes: Int, tooLarge: Response, respond: @Sendable ([UInt8]) async -> Response)
        /// The answer is known; what is left of the body stands in its way.
        case discarding(then: Response)
        case responding
        case answered
    }

    struct RequestInProgress {
        /// Where the target stands in the library's memory; compared, never read.
        var targetAddress: UInt = 0
        var targetSize = 0
        var target = ""
        /// Nil when the target is not UTF-8.
        var isTargetText = true
        var method = ""
        var startedAt = 0
        var id = ""
        var clientAddress = ""
        var isAddressForwarded = false
        var routeNumber = 0
        var framing = BodyFraming.none
        var expectsContinue = false
        var isCounted = false
        var closesAfterwards = false
        var body: [UInt8] = []
        /// What the body counts in ``ListenerLimits/bodyBytesUnderWayMax``, also while the handler has it.
        var bodyBytesHeld = 0
        var bytesIn = 0
        var bytesDiscarded = 0
        var bytesOut = 0
        var status = 0
    }

    init(core: ListenerCore, handle: OpaquePointer) {
        self.core = core
        unsafe self.handle = handle
        peer = unsafe IPAddress(peer: chttp_peer(handle))
        peerText = peer?.text ?? "unknown"
        isPeerTrusted = peer.map { peer in core.configuration.trustedProxies.contains { $0.contains(peer) } } ?? false
        shared = unsafe Mutex(
            Shared(socket: chttp_socket(handle), deadline: MonotonicClock.microseconds() + core.receiveMicroseconds))
    }

    /// The library is about to close the socket.
    func closed() {
        shared.withLock { $0.socket = -1 }
    }

    /// The client's address and the request's identifier, from the header fields of a peer that may set them.
    func identify(_ headers: HeaderFields) {
        request.clientAddress = peerText
        if isPeerTrusted, let peer {
            let proxies = core.configuration.trustedProxies
            let client = ForwardedAddress.client(of: peer, headers: headers, trusting: proxies)
            if client != peer {
                request.clientAddress = client.text
                request.isAddressForwarded = true
            }
            if let id = headers.first("X-Request-Id"), RequestIDs.isAcceptable(id) {
                request.id = id
                return
            }
        }
        request.id = core.newRequestID()
    }

    /// The library is done with a request, however it ended.
    func completed(withWholeAnswer: Bool) {
        if let onAccess = core.configuration.onAccess { onAccess(accessRecord(withWholeAnswer: withWholeAnswer)) }
        if let onFinished = core.configuration.onFinished {
            onFinished(
                RequestFigures(
                    routeNumber: request.routeNumber, status: status, bytesIn: request.bytesIn, bytesOut: request.bytesOut,
                    durationMicroseconds: MonotonicClock.microseconds() - request.startedAt))
        }
        let wasCounted = request.isCounted
        core.bodyEnded(request.bodyBytesHeld)
        stage = .idle
        stream = nil
        request = RequestInProgress()
        // The next request line may take as long as the connection may lie still and the line may arrive.
        let deadline = MonotonicClock.microseconds() + core.idleMicroseconds + core.receiveMicroseconds
        shared.withLock { shared in
            if case .ended = shared.phase {} else { shared.phase = .unasked }
            shared.awaited = .requestLine
            shared.deadline = deadline
        }
        if wasCounted { core.requestEnded() }
    }

    /// The library's own answers (a malformed chunk) come with a status that no handler chose.
    private var status: Int { request.status == 0 ? unsafe Int(chttp_status(handle)) : request.status }

    private func accessRecord(withWholeAnswer: Bool) -> AccessRecord {
        let status = status
        return AccessRecord(
            listener: core.configuration.name, requestID: request.id,
            clientAddress: request.clientAddress.isEmpty ? peerText : request.clientAddress,
            method: request.method, rawPath: RequestTarget(request.target).rawPath, status: status,
            bytesIn: request.bytesIn, bytesOut: request.bytesOut,
            durationMicroseconds: MonotonicClock.microseconds() - request.startedAt,
            isComplete: withWholeAnswer && status != 0)
    }

    /// Shuts the connection when its time is over. Called by the housekeeper.
    func expire(at now: Int) {
        let overdue = shared.withLock { shared in
            shared.endIfHungUp(at: now)
            return shared.isOverdue(at: now) ? shared.awaited : nil
        }
        guard let overdue else { return }
        var farewell: [UInt8] = []
        if case .request(let target, let id, let refusal) = overdue {
            // Outside the lock, since the handler is not ours.
            farewell = RawAnswer.bytes(
                refusal ?? core.handler.answer(to: .tooSlow, rawTarget: target),
                requestID: id.isEmpty ? core.newRequestID() : id)
        }
        let isShut = shared.withLock { shared in
            // Meanwhile the rest may have arrived after all, or the connection may have gone.
            guard shared.isOverdue(at: now) else { return false }
            unsafe farewell.withUnsafeBytes { unsafe chttp_send_and_shut(shared.socket, $0.baseAddress, $0.count) }
            shared.deadline = .max
            endWaiting(&shared)
            return true
        }
        guard isShut else { return }
        switch overdue {
        case .requestLine, .request: core.configuration.onEvent(.receiveDeadlineExceeded(clientAddress: peerText))
        case .answer: core.configuration.onEvent(.answerDeadlineExceeded(clientAddress: peerText))
        }
    }
}

extension Connection.Shared {
    fileprivate func isOverdue(at now: Int) -> Bool { socket >= 0 && now >= deadline }

    /// How far apart two looks are. What came before the client's end is long read and thought about by then.
    private static let lookMicroseconds = 1_000_000

    /// Closes a connection whose client said that nothing more will come, in the middle of a request.
    ///
    /// The library misses that when the end arrives together with bytes: it waits for the kernel to tell of something new,
    /// and nothing is. It would keep the connection until the deadline, and clients that have gone would fill all places.
    fileprivate mutating func endIfHungUp(at now: Int) {
        guard socket >= 0, now >= nextLook else { return }
        nextLook = now + Self.lookMicroseconds
        if case .answer = awaited { return }
        guard chttp_has_hung_up(socket) else { return }
        if deadlineAtHangUp == deadline {
            chttp_send_and_shut(socket, nil, 0)
            deadline = .max
        } else {
            // A request that was complete before the client's end moves the deadline when it gets its answer.
            deadlineAtHangUp = deadline
        }
    }
}

/// Time that only moves forward, for deadlines and durations.
enum MonotonicClock {
    static func microseconds() -> Int {
        var now = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &now)
        return Int(now.tv_sec) * 1_000_000 + Int(now.tv_nsec) / 1_000
    }
}
