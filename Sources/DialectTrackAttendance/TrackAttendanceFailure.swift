import AttendanceCore
import DialectKit
import HTTPMessages
import StrictJSON

/// Which body the contract has for trouble at an endpoint. Each of them has a text `error`.
enum FailureForm: Sendable {
    /// `{"statusCode":…,"error":<the status in words>,"message":…}`
    case general
    /// `{"error":…,"saved":0,"duplicates":0,"errors":<events in the batch>}`
    case batch(events: Int)
    /// `{"ok":false,"error":…,"message":…}`: clears, heartbeats, renames.
    case act
}

/// Every answer of this contract that is no success. Nothing else in this module renders one.
///
/// For an upload the choice of status is not free: a kiosk never sends scans again that were answered with a 4xx other
/// than 401 and 429. Whatever may pass by itself is therefore 429, 500 or 503. Source: contract §5.2.
struct TrackAttendanceFailure: Error, Sendable {
    let status: Int
    /// The first fault, for operators: it names fields and rules, never values.
    let reason: String
    /// The station that a refused body named, where that could be read.
    var station: WireText = ""
    private let body: [UInt8]
    private let retryAfterSeconds: Int?

    private init(_ status: Int, reason: String, retryAfterSeconds: Int? = nil, body: [UInt8]) {
        self.status = status
        self.reason = reason
        self.body = body
        self.retryAfterSeconds = retryAfterSeconds.map { max(1, $0) }
    }

    var response: Response {
        var response = Response.json(status: status, body)
        if let retryAfterSeconds { response.headers.append("Retry-After", String(retryAfterSeconds)) }
        if status == 401 { response.headers.append("WWW-Authenticate", "Bearer") }
        return response
    }
}

// MARK: What an operation threw

extension TrackAttendanceFailure {
    init(_ error: AttendanceError, in form: FailureForm) {
        switch error {
        case .notAuthenticated:
            self = .unauthorized
        case .notPermitted:
            // A kiosk gives scans up at a 403; at a 401 it keeps them until its key is put right.
            if case .batch = form { self = .unauthorized } else { self = .forbidden }
        case .notFound(let noun):
            self.init(Self.refusal(404, in: form), in: form, "There is no such \(noun)")
        case .invalid(let field, let fault):
            switch form {
            case .general:
                let sentence = "body/\(field) \(Self.words(for: fault))"
                self.init(400, code: "FST_ERR_VALIDATION", message: sentence)
            case .batch, .act: self.init(400, in: form, "\(field) \(Self.words(for: fault))")
            }
        case .taken(let noun):
            self.init(Self.refusal(409, in: form), in: form, "The \(noun) exists already")
        case .occupied(let fields):
            let names = fields.map(\.rawValue).sorted().joined(separator: ", ")
            self.init(Self.refusal(409, in: form), in: form, "Somebody else has this: \(names)")
        case .notAllowed(let direction, _):
            self.init(Self.refusal(409, in: form), in: form, "\(direction.rawValue) does not fit the state")
        case .accountTaken, .accountHeldElsewhere, .lastAdmin:
            // Of accounts, which this contract does not know.
            self.init(Self.refusal(409, in: form), in: form, "The account cannot be changed in this way")
        case .tooManySignIns(let seconds):
            self = .tooManyRequests(retryAfterSeconds: seconds)
        case .unavailable(let seconds):
            self.init(503, in: form, "The store is busy or out of reach; try again", retryAfterSeconds: seconds)
        case .unexpected(let incident):
            self.init(500, in: form, "Something went wrong; the log tells more under \(incident.text)")
        }
    }

    /// No batch can cause or cure what is missing or taken on the server, so a batch must not be given up for it.
    private static func refusal(_ status: Int, in form: FailureForm) -> Int {
        if case .batch = form { 500 } else { status }
    }

    private init(_ status: Int, in form: FailureForm, _ sentence: String, retryAfterSeconds: Int? = nil) {
        let body =
            switch form {
            case .general: Self.general(status, message: sentence)
            case .batch(let events): Self.batch(sentence, events: events)
            case .act:
                JSONWriter.object {
                    $0.member("ok", false)
                    $0.member("error", sentence)
                    $0.member("message", sentence)
                }
            }
        self.init(status, reason: sentence, retryAfterSeconds: retryAfterSeconds, body: body)
    }

    private static func words(for fault: AttendanceError.Fault) -> String {
        switch fault {
        case .empty: "must NOT have fewer than 1 characters"
        case .tooLong(let maxScalars): "must NOT have more than \(maxScalars) characters"
        case .malformed(let why): "is refused: \(why)"
        case .twice: "must NOT have two items of the same name"
        }
    }
}

// MARK: What a request did wrong

extension TrackAttendanceFailure {
    static let unauthorized = TrackAttendanceFailure(
        401, reason: "key missing or wrong", body: general(401, message: "Unauthorized"))

    static let forbidden = TrackAttendanceFailure(
        403, reason: "the key has not the role for this", body: general(403, message: "The key has not the role for this"))

    static func unknownPath(_ method: HTTPMethod, _ path: RequestPath) -> TrackAttendanceFailure {
        TrackAttendanceFailure(
            404, reason: "unknown path", body: general(404, message: "Route \(method):\(path.text) not found"))
    }

    static func tooManyRequests(retryAfterSeconds: Int) -> TrackAttendanceFailure {
        TrackAttendanceFailure(
            429, reason: "rate limit exceeded", retryAfterSeconds: retryAfterSeconds,
            body: general(429, message: "Rate limit exceeded, retry in \(retryAfterSeconds) seconds"))
    }

    static let mediaType = TrackAttendanceFailure(
        415, code: "FST_ERR_CTP_INVALID_MEDIA_TYPE", message: "Only application/json is understood")

    static let emptyBody = TrackAttendanceFailure(
        400, code: "FST_ERR_CTP_EMPTY_JSON_BODY",
        message: "Body cannot be empty when content-type is set to 'application/json'")

    static func tooLarge(maxBytes: Int) -> TrackAttendanceFailure {
        TrackAttendanceFailure(
            413, code: "FST_ERR_CTP_BODY_TOO_LARGE", message: "Request body is larger than \(maxBytes) bytes")
    }

    static func notJSON(_ error: JSONError) -> TrackAttendanceFailure {
        error.kind == .empty
            ? emptyBody
            : TrackAttendanceFailure(
                400, code: "FST_ERR_CTP_INVALID_JSON_BODY", message: "Body is not valid JSON: \(error)")
    }

    /// How many violations a message names before it only counts.
    static let namedViolationsMax = 20

    /// A body that breaks the rules for its fields. Each violation begins with its place: `body/events/3/scanned_at`.
    static func validation(_ violations: [Violation]) -> TrackAttendanceFailure {
        let named = violations.prefix(namedViolationsMax).map(sentence)
        let unnamed = violations.count - named.count
        let few = violations.count < FieldReader.violationsMax ? "" : "at least "
        return TrackAttendanceFailure(
            400, code: "FST_ERR_VALIDATION",
            message: named.joined(separator: ", ") + (unnamed > 0 ? " and \(few)\(unnamed) more" : ""), reason: named.first)
    }

    /// In the words of the original's validator (Ajv). None of them tells what was sent.
    private static func sentence(for violation: Violation) -> String {
        func at(_ path: JSONPath) -> String { path.steps.isEmpty ? "body" : "body/" + path.joined() }
        if violation.reason == .missing, case .member(let name) = violation.path.steps.last {
            return "\(at(violation.path.parent)) must have required property '\(name)'"
        }
        let words =
            switch violation.reason {
            case .missing: "must be there"
            case .null: "must NOT be null"
            case .wrongType(let expected), .unreadable(let expected): "must be \(word(for: expected))"
            case .fractional: "must be integer"
            case .tooShort(let min): "must NOT have fewer than \(min) characters"
            case .tooLong(let max): "must NOT have more than \(max) characters"
            case .containsNUL: "must NOT have the character U+0000"
            case .tooFewItems(let min): "must NOT have fewer than \(min) items"
            case .tooManyItems(let max): "must NOT have more than \(max) items"
            case .tooManyMembers(let max): "must NOT have more than \(max) properties"
            case .belowMinimum(let min): "must be >= \(min)"
            case .aboveMaximum(let max): "must be <= \(max)"
            case .notAmong: "must be equal to one of the allowed values"
            case .badMoment: "must match format \"date-time\""
            case .duplicate: "must NOT be the same as that of another item"
            case .rule(let words): words
            }
        return "\(at(violation.path)) \(words)"
    }

    private static func word(for type: FieldType) -> String {
        switch type {
        case .text: "string"
        case .integer: "integer"
        case .boolean: "boolean"
        case .array: "array"
        case .object: "object"
        }
    }

    /// A batch whose fields are right and whose `meta` is not.
    static func metaLimit(_ sentence: String, events: Int) -> TrackAttendanceFailure {
        TrackAttendanceFailure(400, reason: sentence, body: batch(sentence, events: events))
    }

    /// What the small endpoints check by themselves.
    static func sentence(_ sentence: String) -> TrackAttendanceFailure {
        TrackAttendanceFailure(400, reason: sentence, body: JSONWriter.object { $0.member("error", sentence) })
    }

    /// A clear without its confirmation header.
    static func unconfirmed(header: String, value: String) -> TrackAttendanceFailure {
        TrackAttendanceFailure(
            400, reason: "confirmation header missing",
            body: JSONWriter.object {
                $0.member("error", "\(header) header required")
                $0.member("message", "Set \(header): \(value) to confirm")
            })
    }

    /// The one answer of `/healthz` that is no success.
    static let storeOutOfReach = TrackAttendanceFailure(
        503, reason: "the store cannot be read", retryAfterSeconds: 1,
        body: JSONWriter.object {
            $0.member("ok", false)
            $0.member("db", "disconnected")
            $0.member("error", "The store cannot be read")
        })

    private init(_ status: Int, code: String, message: String, reason: String? = nil) {
        self.init(status, reason: reason ?? message, body: Self.general(status, code: code, message: message))
    }
}

// MARK: What never reached an endpoint

extension TrackAttendanceFailure {
    init(_ failure: TransportFailure) {
        switch failure {
        case .malformed(let why):
            self.init(400, in: .general, why)
        case .unavailable(let seconds):
            self.init(503, in: .general, "The server is stopping or overloaded; try again", retryAfterSeconds: seconds)
        case .tooSlow:
            // Not 408: a kiosk on a slow line would give its scans up.
            self.init(503, in: .general, "The request was not complete in time; try again", retryAfterSeconds: 1)
        }
    }
}

// MARK: Bodies

extension TrackAttendanceFailure {
    private static func general(_ status: Int, code: String? = nil, message: String) -> [UInt8] {
        JSONWriter.object {
            $0.member("statusCode", status)
            if let code { $0.member("code", code) }
            $0.member("error", words(forStatus: status))
            $0.member("message", message)
        }
    }

    private static func batch(_ error: String, events: Int) -> [UInt8] {
        JSONWriter.object {
            $0.member("error", error)
            $0.member("saved", 0)
            $0.member("duplicates", 0)
            $0.member("errors", events)
        }
    }

    /// The names that the original service's framework has for these.
    private static func words(forStatus status: Int) -> String {
        switch status {
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 409: "Conflict"
        case 413: "Payload Too Large"
        case 415: "Unsupported Media Type"
        case 429: "Too Many Requests"
        case 503: "Service Unavailable"
        default: "Internal Server Error"
        }
    }
}
