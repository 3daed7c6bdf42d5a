/// One finished request, as whoever counts requests needs it: numbers only, so that handing them over costs next to nothing.
public struct RequestFigures: Sendable, Equatable {
    /// The ``HTTPMessages/Response/routeNumber`` of the answer.
    public let routeNumber: Int
    /// 0 when the connection ended before there was an answer.
    public let status: Int
    /// Body bytes received, discarded ones included.
    public let bytesIn: Int
    /// Body bytes of the answer.
    public let bytesOut: Int
    /// From the request line to the end of the answer.
    public let durationMicroseconds: Int

    public init(routeNumber: Int, status: Int, bytesIn: Int, bytesOut: Int, durationMicroseconds: Int) {
        self.routeNumber = routeNumber
        self.status = status
        self.bytesIn = bytesIn
        self.bytesOut = bytesOut
        self.durationMicroseconds = durationMicroseconds
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
