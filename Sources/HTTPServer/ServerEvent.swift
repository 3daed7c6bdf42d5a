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
