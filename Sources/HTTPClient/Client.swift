import CCurl
import Dispatch
import Synchronization

/// Sends requests to other programs, many at once, over connections that it keeps.
///
/// One thread of its own does the work of all; who sends waits without one. Redirects are answers like any other, because a
/// key must not follow them to another host.
public final class Client: Sendable {
    /// How many requests go to one host at once; further ones wait their turn, within their own time.
    public static let connectionsPerHostMax = 64

    private let exchange: Exchange

    public init() {
        exchange = Exchange()
        exchange.start()
    }

    deinit { exchange.end() }

    /// Sends a request and returns its answer, whatever the status.
    ///
    /// A task that is cancelled waits all the same, since nobody could say then what became of the request.
    /// - Parameter receive: Takes the body piece by piece, in order, on a thread that other answers wait for; false ends the
    ///   transfer. Where it is left out the body is in the answer, up to ``OutgoingRequest/answerBytesMax``.
    /// - Throws: ``ClientError``.
    public func send(
        _ request: OutgoingRequest, receive: (@Sendable ([UInt8]) -> Bool)? = nil
    ) async throws(ClientError) -> ReceivedAnswer {
        let transfer = try Transfer(request, receive: receive)
        let exchange = exchange
        return try await withCheckedContinuation { continuation in
            transfer.answered = { continuation.resume(returning: $0) }
            exchange.add(transfer)
        }.get()
    }
}

/// libcurl's multi handle and the thread that drives it.
///
/// `@unchecked Sendable`: the handle is touched by the thread alone, but for `curl_multi_wakeup`, which libcurl documents to
/// be safe from any; what is handed over lies behind the lock.
@safe private final class Exchange: @unchecked Sendable {
    private struct Waiting: ~Copyable {
        var transfers: [Transfer] = []
        var isEnding = false
    }

    /// Waiting for the network is cut short by the wake-up, so this only bounds what a lost one would cost.
    private static let pollMilliseconds: Int32 = 1_000
    private static let connectionsKeptMax = 64

    private let multi: UnsafeMutableRawPointer
    private let waiting = Mutex(Waiting())

    init() {
        // Safe to call any number of times; it fails only where memory does.
        precondition(curl_global_init(Int(CURL_GLOBAL_ALL)) == CURLE_OK, "libcurl cannot be initialised")
        guard let multi = unsafe curl_multi_init() else { preconditionFailure("libcurl has no memory") }
        unsafe self.multi = multi
        let code = unsafe ccurl_limit(multi, Self.connectionsKeptMax, Client.connectionsPerHostMax)
        precondition(code == CURLM_OK, "libcurl takes no limits")
    }

    deinit { unsafe curl_multi_cleanup(multi) }

    func start() {
        DispatchQueue(label: "http client").async { self.run() }
    }

    func add(_ transfer: Transfer) {
        waiting.withLock { $0.transfers.append(transfer) }
        unsafe curl_multi_wakeup(multi)
    }

    /// Nobody waits any more: whoever does holds the client.
    func end() {
        waiting.withLock { $0.isEnding = true }
        unsafe curl_multi_wakeup(multi)
    }

    private func run() {
        var running: [UnsafeMutableRawPointer: Transfer] = unsafe [:]
        while true {
            let (added, isEnding) = waiting.withLock { waiting in
                defer { waiting.transfers = [] }
                return (waiting.transfers, waiting.isEnding)
            }
            for transfer in added {
                if unsafe curl_multi_add_handle(multi, transfer.easy) == CURLM_OK {
                    unsafe running[transfer.easy] = transfer
                } else {
                    transfer.end(.failure(.notSent("libcurl does not take it")))
                }
            }
            if isEnding, unsafe running.isEmpty { return }
            var count: Int32 = 0
            unsafe curl_multi_perform(multi, &count)
            var end = unsafe ccurl_end()
            while unsafe ccurl_finished(multi, &end) != 0 {
                guard let easy = unsafe end.easy, let transfer = unsafe running.removeValue(forKey: easy) else { continue }
                unsafe curl_multi_remove_handle(multi, easy)
                unsafe transfer.end(end)
            }
            let isIdle = unsafe running.isEmpty
            if waiting.withLock({ $0.transfers.isEmpty && !($0.isEnding && isIdle) }) {
                unsafe curl_multi_poll(multi, nil, 0, Self.pollMilliseconds, nil)
            }
        }
    }
}
