import CHTTP
import Glibc
public import HTTPMessages

/// A listening socket, the threads behind it, and every connection that came in through it.
///
/// Ends with ``stop(within:)``. One that is let go without is stopped in the background, and its requests are cut off.
public final class Listener: Sendable {
    /// The port that is listened on: the configured one, or the one that was free.
    public let port: Int
    private let core: ListenerCore

    /// Begins to answer requests on the configured address.
    ///
    /// `handler`'s functions begin on a thread that serves many connections. They may wait (`await`) as long as they like
    /// and must not block.
    /// - Throws: ``ListenerError``, naming the address.
    public init(
        _ configuration: ListenerConfiguration, serving handler: some RequestHandler
    ) throws(ListenerError) {
        let socket: Int32
        (socket, port) = try Self.listen(host: configuration.host, port: configuration.port)
        core = ListenerCore(configuration: configuration, handler: handler)
        guard let daemon = Daemon(on: socket, for: core) else {
            let code = errno
            close(socket)
            throw ListenerError(
                address: "\(configuration.host):\(port)", reason: .system(unsafe String(cString: strerror(code))))
        }
        core.started(daemon)
    }

    deinit { core.abandon() }

    /// Requests that a handler is at work on or whose answers are being sent.
    public var requestsUnderWay: Int { core.requestsUnderWay }

    /// Connections that are open, those that lie still included.
    public var connectionsOpen: Int { core.connectionCount }

    /// Stops listening.
    ///
    /// From the call on, new requests are answered `unavailable`, on new connections as well, until those under way are
    /// done. When `duration` is over, what is still under way is cut off; a handler that hangs keeps its task, not its
    /// connection. Called again, it waits for the same end.
    public func stop(within duration: Duration) async {
        await core.stop(within: duration)
    }

    private static func listen(host: String, port: Int) throws(ListenerError) -> (socket: Int32, port: Int) {
        let address = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        guard (0...65_535).contains(port), !host.isEmpty else { throw ListenerError(address: address, reason: .badAddress) }
        var bound: Int32 = 0
        var code: Int32 = 0
        var isLookup = false
        let socket = unsafe chttp_listen(host, String(port), &bound, &code, &isLookup)
        if socket >= 0 { return (socket, Int(bound)) }
        if isLookup { throw ListenerError(address: address, reason: .badAddress) }
        let reason: ListenerError.Reason =
            switch code {
            case EADDRINUSE: .addressInUse
            case EACCES, EPERM: .notPermitted
            case EADDRNOTAVAIL: .badAddress
            default: .system(unsafe String(cString: strerror(code)))
            }
        throw ListenerError(address: address, reason: reason)
    }
}
