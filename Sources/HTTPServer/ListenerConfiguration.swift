import Glibc

/// How many and how long: every bound of one listener.
public struct ListenerLimits: Sendable {
    /// Request line and header fields of one request, in bytes; the library's own records of them count a little too.
    /// Beyond it the library itself answers 431 or 414, in HTML.
    public var headerBytesMax = 16_384
    /// Open connections. A further one is closed at once and reported as ``ServerEvent/connectionRefused(clientAddress:)``.
    public var connectionsMax = 10_000
    /// Requests that a handler is at work on or whose answers are being sent. A further one is answered `unavailable`.
    public var requestsUnderWayMax = 4_096
    /// Bytes of bodies that are being received or handled, over all requests. One that would go beyond is answered 503, so
    /// that many large bodies at once cannot use up the memory.
    public var bodyBytesUnderWayMax = 128 << 20
    /// How much of a body nobody wants is read, so that its sender gets to see the answer: half as much again as the largest
    /// that a contract takes, so that who is a little above learns so. A longer one is cut off.
    public var discardBytesMax = 24 << 20
    /// For one request to arrive in full, counted anew for the body once the head is admitted.
    public var receiveDeadline: Duration = .seconds(30)
    /// For the handler and the whole answer together, from the last byte of the request on.
    public var answerDeadline: Duration = .seconds(600)
    /// How long a connection may lie still, between requests or within one, in whole seconds; 0 means for ever.
    public var idleSecondsMax = 75

    public init() {}
}

/// One address to serve, and how.
public struct ListenerConfiguration: Sendable {
    /// Names the listener in access records.
    public var name: String
    /// A numeric address or a host name: `127.0.0.1`, `0.0.0.0`, `::1`, `localhost`. `::` takes IPv4 as well.
    public var host: String
    /// 0 takes any free port; ``Listener/port`` tells which.
    public var port: Int
    /// Threads that read, parse and write. Handlers run on them until they first wait.
    public var threads: Int
    public var limits = ListenerLimits()
    /// Whose `X-Forwarded-For`, `Forwarded` and `X-Request-Id` are believed.
    public var trustedProxies: [AddressRange] = []
    /// Makes the identifier of a request that brings no acceptable one; nil for a short built-in one.
    public var makeRequestID: (@Sendable () -> String)?
    /// Told of every finished request, on the thread that served it: it must not block. Nil costs nothing.
    public var onAccess: (@Sendable (AccessRecord) -> Void)?
    /// Told the figures of every finished request, on the thread that served it: it must not block. Nil costs nothing.
    public var onFinished: (@Sendable (RequestFigures) -> Void)?
    /// Told of what no client can be told. It must not block.
    public var onEvent: @Sendable (ServerEvent) -> Void = { _ in }

    /// - Parameter threads: Nil for one per processor.
    public init(name: String = "main", host: String = "127.0.0.1", port: Int = 0, threads: Int? = nil) {
        self.name = name
        self.host = host
        self.port = port
        self.threads = threads ?? max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    }
}
