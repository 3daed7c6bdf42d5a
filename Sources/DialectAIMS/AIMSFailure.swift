import AttendanceCore
import DialectKit
import HTTPMessages
import StrictJSON

/// How an endpoint says what an operation refused. Source: contract §4, §7.
struct RefusalWords: Sendable {
    /// 403: the caller may not touch it.
    var notPermitted = "Not authorized"
    /// 404: it is not there; nil for the noun's own sentence.
    var notFound: String?
    /// 409: there is one already.
    var taken = "It exists already"

    static let general = RefusalWords()
}

/// Every answer of this contract that is no success. Nothing else in this module renders one.
///
/// A sentence under `detail`, but a list of faults under it where a value is not what it should be. Source: contract §1.2.
struct AIMSFailure: Error, Sendable {
    let status: Int
    private let body: [UInt8]
    private var retryAfterSeconds: Int?
    private var challenges = false

    private init(_ status: Int, retryAfterSeconds: Int? = nil, _ members: (inout JSONWriter) -> Void) {
        self.status = status
        self.retryAfterSeconds = retryAfterSeconds.map { max(1, $0) }
        body = JSONWriter.object(members)
    }

    private static func detail(_ status: Int, _ sentence: String, retryAfterSeconds: Int? = nil) -> AIMSFailure {
        AIMSFailure(status, retryAfterSeconds: retryAfterSeconds) { $0.member("detail", sentence) }
    }

    var response: Response {
        var response = Response.json(status: status, body)
        if let retryAfterSeconds { response.headers.append("Retry-After", String(retryAfterSeconds)) }
        if challenges { response.headers.append("WWW-Authenticate", "Bearer") }
        return response
    }
}

// MARK: What an operation threw

extension AIMSFailure {
    init(_ error: AttendanceError, _ words: RefusalWords = .general) {
        switch error {
        case .notAuthenticated: self = .badToken("Could not validate credentials")
        case .notPermitted: self = .forbidden(words.notPermitted)
        case .notFound(let noun): self = .notFound(words.notFound ?? Self.sentence(forMissing: noun))
        case .invalid(let field, let fault):
            self = .invalid([RequestFault(.value(Self.words(for: fault)), at: [.name("body"), .name(field)])])
        case .taken: self = .detail(409, words.taken)
        case .occupied(let fields):
            self = .detail(409, "Somebody else has this: " + fields.map(\.rawValue).sorted().joined(separator: ", "))
        case .notAllowed(let direction, _): self = .detail(400, "\(direction.rawValue) does not fit the state")
        case .accountTaken: self = .detail(409, "Another account has this e-mail")
        case .accountHeldElsewhere: self = .detail(409, "The account is used by another system too")
        case .lastAdmin: self = .detail(409, "Nobody would be left who can sign in")
        case .tooManySignIns(let seconds): self = .detail(429, "Too many attempts", retryAfterSeconds: seconds)
        case .unavailable(let seconds):
            self = .detail(503, "The server is busy; please try again.", retryAfterSeconds: seconds)
        case .unexpected(let incident):
            self.init(500) {
                $0.member("detail", "Internal server error")
                // So the caller's report leads to the line in the log.
                $0.member("incident", incident.text)
            }
        }
    }

    private static func sentence(forMissing noun: AttendanceError.Noun) -> String {
        switch noun {
        case .class: return "Class not found"
        case .classSession: return "Attendance session not found"
        case .reschedule: return "Reschedule not found or access denied"
        case .slot: return "The class does not meet on this day of the week"
        case .student: return "Student not found"
        case .notice: return "Notification not found"
        case .tenant, .key, .station, .entry, .member, .businessHours, .timeEntry, .workSession, .account:
            return "Not found"
        }
    }

    static func words(for fault: AttendanceError.Fault) -> String {
        switch fault {
        case .empty: "it is empty"
        case .tooLong(let max): "it has more than \(max) characters"
        case .malformed(let why): why
        case .twice: "it names something twice"
        }
    }
}

// MARK: Who asks

extension AIMSFailure {
    /// Apps show "no permission" on 403 and ask for a new sign-in on 401: which of the two it is counts. Source: contract §2.5.
    static let noToken = forbidden("Not authenticated")
    static let otherScheme = forbidden("Invalid authentication credentials")

    init(_ fault: BearerFault) {
        switch fault {
        case .expired: self = .badToken("Token has expired")
        case .invalid(let flaw): self = .badToken("Invalid token: \(flaw.words)")
        case .payload: self = .badToken("Invalid token payload")
        case .userNotFound: self = .badToken("User not found")
        case .failed(let error): self.init(error)
        }
    }

    private static func badToken(_ sentence: String) -> AIMSFailure {
        var failure = detail(401, sentence)
        failure.challenges = true
        return failure
    }

    static func forbidden(_ sentence: String) -> AIMSFailure { detail(403, sentence) }

    /// A key of the flag service, which is no bearer token. Source: contract §7.9.
    static let apiKey = detail(401, "Invalid API key")
}

// MARK: Signing in

extension AIMSFailure {
    /// Without a challenge: nothing that the client could send here as a credential would help. Source: contract §2.1.
    init(_ fault: ProviderFault) {
        switch fault {
        case .invalid(let why): self = .detail(401, "Invalid Google token: \(why)")
        case .unverified(let why): self = .detail(401, "Token verification failed: \(why)")
        case .keysUnavailable(let seconds):
            self = .detail(
                503, "The identity provider's keys cannot be had just now; please try again.", retryAfterSeconds: seconds)
        }
    }

    init(_ fault: ProviderSignInFault) {
        switch fault {
        case .notAllowed: self = .forbidden("Your email is not authorized to sign in here")
        case .isStaff: self = .forbidden("This account belongs to a teacher or an admin and cannot sign in as a student")
        case .otherIdentity:
            self = .forbidden("This email belongs to another account of the identity provider; an admin can reset it")
        case .failed(let error): self.init(error)
        }
    }

    /// Somebody has to set it; until then the same request is refused.
    static let signInNotConfigured = detail(
        503, "Sign-in is not configured on this server: GOOGLE_CLIENT_ID is not set", retryAfterSeconds: 300)
}

// MARK: What a request did wrong

extension AIMSFailure {
    /// All that is wrong with its values, in field order.
    static func invalid(_ faults: [RequestFault]) -> AIMSFailure {
        AIMSFailure(422) { $0.member("detail") { $0.array(of: faults) { $0.value($1) } } }
    }

    static func notFound(_ sentence: String) -> AIMSFailure { detail(404, sentence) }

    /// A rule about what the values mean together. Source: contract §1.2, last check.
    static func rule(_ sentence: String) -> AIMSFailure { detail(400, sentence) }

    /// Something is missing that ``RequestReader/check()`` has refused already: a defect.
    static let incomplete = invalid([RequestFault(.missing, at: [.name("body")])])

    static let unknownPath = notFound("Not Found")
    static let method = detail(405, "Method Not Allowed")

    static func tooLarge(bytesMax: Int) -> AIMSFailure { detail(413, "Request body is larger than \(bytesMax) bytes") }

    /// Something that this installation has not. Source: contract §7.7.
    static func absent(_ sentence: String) -> AIMSFailure { detail(503, sentence, retryAfterSeconds: 300) }
}

// MARK: What never reached an endpoint

extension AIMSFailure {
    init(_ failure: TransportFailure) {
        switch failure {
        case .malformed(let why): self = .detail(400, why)
        case .unavailable(let seconds):
            self = .detail(503, "The server is stopping or overloaded; please try again.", retryAfterSeconds: seconds)
        case .tooSlow: self = .detail(503, "The request was not complete in time.", retryAfterSeconds: 1)
        }
    }
}
