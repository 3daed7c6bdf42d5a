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
    /// How much of a body nobody wants is read, so that its sender gets to see the answer. A longer one is cut off.
    public var discardBytesMax = 16 << 20
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

/// One finished request, as a log line needs it: nothing of its query, headers or bodies.
public struct AccessRecord: Sendable, Equatable {
    public let listener: String
    public let requestID: String
    public let clientAddress: String
    /// Empty when the request ended before its head was complete.
    public let method: String
    /// The path as it was sent, still percent-encoded.
    public let rawPath: String
    /// 0 when the connection ended before there was an answer.
    public let status: Int
    /// Body bytes received, discarded ones included.
    public let bytesIn: Int
    /// Body bytes of the answer; of one that was cut off, at most this many left.
    public let bytesOut: Int
    /// From the request line to the end of the answer.
    public let durationMicroseconds: Int
    /// Whether the whole answer was handed to the network.
    public let isComplete: Bool

    public init(
        listener: String, requestID: String, clientAddress: String, method: String, rawPath: String, status: Int,
        bytesIn: Int, bytesOut: Int, durationMicroseconds: Int, isComplete: Bool
    ) {
        self.listener = listener
        self.requestID = requestID
        self.clientAddress = clientAddress
        self.method = method
        self.rawPath = rawPath
        self.status = status
        self.bytesIn = bytesIn
        self.bytesOut = bytesOut
        self.durationMicroseconds = durationMicroseconds
        self.isComplete = isComplete
    }
}

/// Something that went wrong on a connection, and that its client cannot be told or must not be.
public enum ServerEvent: Sendable {
    /// ``ListenerLimits/connectionsMax`` was reached.
    case connectionRefused(clientAddress: String)
    /// A request did not arrive in time; its connection was shut.
    case receiveDeadlineExceeded(clientAddress: String)
    /// An answer was not made or taken in time; its connection was shut.
    case answerDeadlineExceeded(clientAddress: String)
    /// A body that nobody wanted went past ``ListenerLimits/discardBytesMax``; its connection was closed.
    case discardBoundExceeded(requestID: String)
    /// A stream threw; its connection was closed without the closing chunk.
    case streamFailed(requestID: String, error: any Error)
    /// An answer's header field was left out: empty, or holding what no header field may hold.
    case headerFieldLeftOut(requestID: String, name: String)
    /// A stop ran out of time with this many requests under way; they were cut off.
    case stopCutOff(requestsUnderWay: Int)
}

/// Why a listener could not start.
public struct ListenerError: Error, Equatable, CustomStringConvertible {
    public enum Reason: Sendable, Equatable {
        case addressInUse
        case notPermitted
        /// No such host, or no address of this machine.
        case badAddress
        /// Any other cause, in the system's words.
        case system(String)
    }

    /// `HOST:PORT` as configured.
    public let address: String
    public let reason: Reason

    public var description: String {
        switch reason {
        case .addressInUse: "cannot listen on \(address): the address is in use"
        case .notPermitted: "cannot listen on \(address): not permitted (ports below 1024 belong to root)"
        case .badAddress: "cannot listen on \(address): this is no address of this machine"
        case .system(let message): "cannot listen on \(address): \(message)"
        }
    }
}
