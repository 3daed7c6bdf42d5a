public import HTTPMessages

/// A request to another program.
public struct OutgoingRequest: Sendable {
    public var method: HTTPMethod
    /// `http://…` or `https://…`. Certificates are checked against the system's.
    public var url: String
    public var headers: HeaderFields
    /// Nil for none; sent with its length.
    public var body: [UInt8]?
    /// How long a connection may take to make.
    public var connectSecondsMax = 5
    /// How long everything together may take.
    public var totalSecondsMax = 30
    /// An answer with a longer body is cut off and counts as none.
    public var answerBytesMax = 1 << 20

    public init(_ method: HTTPMethod, _ url: String, headers: HeaderFields = [:], body: [UInt8]? = nil) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
    }
}

/// An answer, received whole.
public struct ReceivedAnswer: Sendable {
    public let status: Int
    public let headers: HeaderFields
    /// Empty where the body went to a receiver.
    public let body: [UInt8]
    /// From the beginning, a connection included, to the last byte.
    public let microseconds: Int64
}

/// Why there is no answer.
public enum ClientError: Error, Hashable, CustomStringConvertible {
    /// The request cannot be sent at all: its URL or a header field is none.
    case unusable(String)
    /// Nothing was sent, so nobody can have acted on it.
    case notSent(String)
    /// What was sent may have been acted on; the answer did not come, not whole, not in time, or was too long.
    case unanswered(String)

    public var description: String {
        switch self {
        case .unusable(let reason), .notSent(let reason), .unanswered(let reason): reason
        }
    }
}
