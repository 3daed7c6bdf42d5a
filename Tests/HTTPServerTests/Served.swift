import HTTPMessages
import HTTPServer
import Synchronization
import Testing

/// A handler out of a closure; what never reached it is answered in words.
struct Handler: RequestHandler {
    let admit: @Sendable (RequestHead) async -> Admission

    init(_ admit: @escaping @Sendable (RequestHead) async -> Admission) {
        self.admit = admit
    }

    func admit(_ head: RequestHead) async -> Admission { await admit(head) }

    func answer(to failure: TransportFailure, rawTarget: String) -> Response {
        switch failure {
        case .malformed(let reason):
            .text("malformed: \(reason)", status: 400)
        case .unavailable(let seconds):
            .text("unavailable", status: 503, headers: ["Retry-After": String(seconds)])
        case .tooSlow:
            .text("too slow: \(rawTarget)", status: 408)
        }
    }

    /// One that every suite can use: `/echo` gives a body of up to 1,000 bytes back, `/deny` wants no body, any other path
    /// answers with method, path and query. A first segment `later` makes each phase wait for another thread first.
    static let usual = Handler { head in
        let isLater = head.path.segments.first == "later"
        if isLater { await Task.yield() }
        switch head.path.segments.last {
        case "echo":
            return .read(bodyMaxBytes: 1_000, tooLarge: .text("too large", status: 413)) { body in
                if isLater { await Task.yield() }
                return Response(status: 200, body: .bytes(body))
            }
        case "deny":
            return .answer(.text("denied", status: 401))
        default:
            return .answer(.text("\(head.method) \(head.path.segments) \(head.rawQuery)"))
        }
    }
}

extension Response {
    static func text(_ text: String, status: Int = 200, headers: HeaderFields = [:]) -> Response {
        Response(status: status, headers: headers, body: .bytes(Array(text.utf8)))
    }
}

/// Values that come in from other threads.
final class Collected<Element: Sendable>: Sendable {
    private let elements = Mutex<[Element]>([])

    func add(_ element: Element) { elements.withLock { $0.append(element) } }
    var all: [Element] { elements.withLock { $0 } }

    /// Waits, at most ten seconds, until what has come in satisfies `condition`.
    func wait(until condition: ([Element]) -> Bool) async throws {
        try await eventually { condition(all) }
    }
}

/// Waits, at most ten seconds, for `condition`.
func eventually(_ condition: () -> Bool) async throws {
    let clock = ContinuousClock()
    let deadline = clock.now + .seconds(10)
    while !condition() {
        try #require(clock.now < deadline, "waited for ten seconds in vain")
        try await Task.sleep(for: .milliseconds(5))
    }
}

/// A door that handlers wait at.
final class Gate: Sendable {
    private let state = Mutex<(isOpen: Bool, waiting: [CheckedContinuation<Void, Never>])>((false, []))

    var waitingCount: Int { state.withLock { $0.waiting.count } }

    func pass() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }

    func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}

/// Serves `handler` on a free port while `body` runs.
func serving(
    _ handler: some RequestHandler, configured configure: (inout ListenerConfiguration) -> Void = { _ in },
    _ body: (Listener) async throws -> Void
) async throws {
    var configuration = ListenerConfiguration(name: "test", threads: 2)
    configure(&configuration)
    let listener = try Listener(configuration, serving: handler)
    do {
        try await body(listener)
    } catch {
        await listener.stop(within: .seconds(1))
        throw error
    }
    await listener.stop(within: .seconds(1))
}

/// `fields` come behind a Host.
func request(_ line: String, _ fields: [String] = [], body: String = "") -> String {
    "\(line) HTTP/1.1\r\nHost: localhost\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n" + body
}
