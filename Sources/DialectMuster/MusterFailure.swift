import AttendanceCore
import HTTPMessages
import StrictJSON

/// Every answer of Muster's own interface that is no success: `{"error":<text>}`, with `field` where one is to blame.
struct MusterFailure: Error, Sendable {
    private let status: Int
    private let sentence: String
    private var field: String?
    private var retryAfterSeconds: Int?

    private init(_ status: Int, _ sentence: String, field: String? = nil, retryAfterSeconds: Int? = nil) {
        self.status = status
        self.sentence = sentence
        self.field = field
        self.retryAfterSeconds = retryAfterSeconds
    }

    static let unknownPath = MusterFailure(404, "there is nothing here")
    static let otherMethod = MusterFailure(405, "the path has no such method")

    static func invalid(field: String, _ sentence: String) -> MusterFailure {
        MusterFailure(400, sentence, field: field)
    }

    var response: Response {
        var response = Response(
            status: status, headers: ["Content-Type": "application/json"],
            body: .bytes(
                JSONWriter.object {
                    $0.member("error", sentence)
                    if let field { $0.member("field", field) }
                }))
        if status == 401 { response.headers.append("WWW-Authenticate", "Bearer realm=\"muster\"") }
        if let retryAfterSeconds { response.headers.append("Retry-After", String(max(1, retryAfterSeconds))) }
        return response
    }

    init(_ error: AttendanceError) {
        switch error {
        case .notAuthenticated: self.init(401, "a key with the admin role is needed: muster key create --roles admin")
        case .notPermitted: self.init(403, "the key has not the admin role")
        case .notFound(let noun): self.init(404, "there is no such \(noun)")
        case .invalid(let field, let fault): self.init(400, Self.words(for: fault), field: field)
        case .taken(let noun): self.init(409, "the \(noun) exists already")
        case .occupied(let fields):
            self.init(409, "somebody else has this: \(fields.map(\.rawValue).sorted().joined(separator: ", "))")
        case .notAllowed(let direction, _): self.init(409, "\(direction.rawValue) does not fit the state")
        case .accountTaken, .accountHeldElsewhere, .lastAdmin: self.init(409, "the account cannot be changed in this way")
        case .tooManySignIns(let seconds): self.init(429, "too many attempts to sign in", retryAfterSeconds: seconds)
        case .unavailable(let seconds):
            self.init(503, "the store is busy or out of reach; try again", retryAfterSeconds: seconds)
        case .unexpected(let incident): self.init(500, "something went wrong; the log tells more under \(incident.text)")
        }
    }

    private static func words(for fault: AttendanceError.Fault) -> String {
        switch fault {
        case .empty: "it is empty"
        case .tooLong(let max): "it is longer than \(max) characters"
        case .malformed(let why): why
        case .twice: "it names something twice"
        }
    }

    init(_ failure: TransportFailure) {
        switch failure {
        case .malformed(let what): self.init(400, what)
        case .unavailable(let seconds): self.init(503, "the server is busy; try again", retryAfterSeconds: seconds)
        case .tooSlow: self.init(408, "the request did not come in time")
        }
    }
}
