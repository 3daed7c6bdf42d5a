/// An answer: status, header fields, body.
///
/// `Content-Length`, `Date`, `Connection`, `Transfer-Encoding` and `X-Request-Id` are the server's; nobody else sets them.
public struct Response: Sendable {
    public var status: Int
    public var headers: HeaderFields
    public var body: ResponseBody
    /// Which of the handler's routes made the answer, as the handler numbers them; 0 for none of them. It is not sent: the
    /// server hands it to whoever keeps figures, who need not look the path up again.
    public var routeNumber = 0

    public init(status: Int, headers: HeaderFields = [:], body: ResponseBody = .bytes([])) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// What follows the head of an answer.
public enum ResponseBody: Sendable {
    case bytes([UInt8])
    /// Sent piece by piece as it is made; chunked, since its length is not known.
    case stream(ByteStream)
}

/// Pieces of a body, made when the client has taken the ones before.
public struct ByteStream: Sendable {
    /// The next piece, nil at the end. Never called again after nil or a throw, and never twice at once.
    ///
    /// A throw closes the connection without the closing chunk, so that a client cannot take half an answer for a whole one.
    public let next: @Sendable () async throws -> [UInt8]?

    public init(next: @escaping @Sendable () async throws -> [UInt8]?) {
        self.next = next
    }
}

/// What is decided on a request's head alone, before its body is read.
public enum Admission: Sendable {
    /// Answered without looking at the body. The server still reads a body up to its limit, so that the client, busy
    /// writing, sees the answer and not a broken pipe.
    case answer(Response)
    /// The body is read, up to `bodyMaxBytes`, and handed over. A longer one is answered with `tooLarge`.
    case read(bodyMaxBytes: Int, tooLarge: Response, respond: @Sendable ([UInt8]) async -> Response)
}

/// Why a request never reached a route.
public enum TransportFailure: Sendable, Hashable {
    /// The target, a header or the framing is malformed or ambiguous. Status 400.
    case malformed(String)
    /// The server is stopping, or too many requests are under way. Status 503 with `Retry-After`.
    case unavailable(retryAfterSeconds: Int)
    /// The request was not complete in time. Status 408 where an answer is still possible.
    case tooSlow
}

/// What an HTTP server serves: heads in, answers out.
public protocol RequestHandler: Sendable {
    /// The answer to a request without a body where it is known without waiting for anything; nil where ``admit(_:)`` is to
    /// be asked. Called once per request, on a thread that many clients wait for.
    func answerAtOnce(to head: RequestHead) -> Response?
    /// Decides on a request's head. Called once per request, possibly many at once.
    func admit(_ head: RequestHead) async -> Admission
    /// The answer to a request that never became a head, in the form that suits the path, as far as it is known.
    func answer(to failure: TransportFailure, rawTarget: String) -> Response
}

extension RequestHandler {
    public func answerAtOnce(to head: RequestHead) -> Response? { nil }
}
