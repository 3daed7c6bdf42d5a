import AttendanceCore
import DialectKit
import HTTPMessages
import Spreadsheets
import StrictJSON

/// What a request was about, where that decides what trouble is called.
enum FailureForm: Sendable {
    case general
    /// The last active admin would be deleted.
    case adminDeletion
    case businessHours
    /// The employee is named in the body.
    case punch
    /// The employee is named in the path, and the answer is the client's to show.
    case status
}

/// Every answer of this contract that is no success. Nothing else in this module renders one.
///
/// The client shows the text `error` and nothing else, so whatever is not about a field has it, beside the `detail` of the
/// framework where that is what the contract names. Source: contract §2.4, §11.
struct TimeTrackerFailure: Error, Sendable {
    let status: Int
    private let body: [UInt8]
    private var retryAfterSeconds: Int?

    private init(_ status: Int, retryAfterSeconds: Int? = nil, _ members: (inout JSONWriter) -> Void) {
        self.status = status
        self.retryAfterSeconds = retryAfterSeconds.map { max(1, $0) }
        body = JSONWriter.object(members)
    }

    var response: Response {
        var response = Response.json(status: status, body)
        if let retryAfterSeconds { response.headers.append("Retry-After", String(retryAfterSeconds)) }
        if status == 401 { response.headers.append("WWW-Authenticate", "Bearer realm=\"api\"") }
        return response
    }
}

// MARK: What an operation threw

extension TimeTrackerFailure {
    init(_ error: AttendanceError, in form: FailureForm = .general) {
        switch error {
        case .notAuthenticated: self = .notSignedIn
        case .notPermitted: self = .detail(403, "You do not have permission to perform this action.")
        case .notFound(let noun):
            switch (form, noun) {
            case (.punch, .member): self = .field("employee_id", "Employee not found or inactive.")
            case (.status, .member): self = .rule("Employee not found", status: 404)
            default: self = .notFound
            }
        case .invalid(let field, let fault):
            switch form {
            // The original reports the order of the times under this name, and as a list.
            case .businessHours where field == "end_time": self = .field("error", "End time must be after start time.")
            case .punch: self = .rule("\(field): \(Self.words(for: fault, of: field))")
            default: self = .field(field, Self.words(for: fault, of: field))
            }
        case .taken(let noun):
            self =
                noun == .workSession
                ? .object("The fields employee, date must make a unique set.") : .rule("The \(noun) exists already.")
        case .occupied(let fields):
            self = .fields(Self.occupied(fields))
        case .accountTaken(let names):
            self = .fields(Self.taken(names))
        case .accountHeldElsewhere:
            self = .rule("This account is used by another system too and cannot be changed here.")
        case .lastAdmin:
            let act = if case .adminDeletion = form { "delete" } else { "deactivate" }
            self = .rule("Cannot \(act) the last active admin user")
        case .tooManySignIns(let seconds):
            let unit = seconds == 1 ? "second" : "seconds"
            self.init(429, retryAfterSeconds: seconds) {
                $0.member("detail", "Request was throttled. Expected available in \(seconds) \(unit).")
            }
        case .notAllowed(let direction, let state):
            self = .rule(Self.sentence(for: direction, in: state))
        case .unavailable(let seconds):
            self.init(503, retryAfterSeconds: seconds) { Self.write("The server is busy; please try again.", to: &$0) }
        case .unexpected(let incident):
            self.init(500) { Self.write("Something went wrong; the log tells more under \(incident.text).", to: &$0) }
        }
    }

    /// Which employee fields are somebody else's, as the framework says it.
    static func occupied(_ fields: Set<AttendanceError.UniqueField>) -> FieldFaults {
        var faults = FieldFaults()
        if fields.contains(.staffCode) { faults.add("employee_id", ["employee with this employee id already exists."]) }
        if fields.contains(.email) { faults.add("email", ["employee with this email already exists."]) }
        return faults
    }

    /// Which names of an admin are somebody else's.
    static func taken(_ names: AccountNames) -> FieldFaults {
        var faults = FieldFaults()
        if names.contains(.email) { faults.add("email", ["user with this email already exists."]) }
        if names.contains(.username) { faults.add("username", ["A user with that username already exists."]) }
        return faults
    }

    private static func words(for fault: AttendanceError.Fault, of field: String) -> String {
        switch fault {
        case .empty: "This field may not be blank."
        case .tooLong(let max): "Ensure this field has no more than \(max) characters."
        case .malformed(let why): field == "email" ? "Enter a valid email address." : "Invalid value: \(why)."
        case .twice: "This field must be unique."
        }
    }

    private static func sentence(for direction: PunchDirection, in state: ClockState) -> String {
        let act =
            switch direction {
            case .in, .overtimeIn: "punch in"
            case .out, .overtimeOut: "punch out"
            case .breakStart: "start a break"
            case .breakEnd: "end a break"
            case .undefined: "punch"
            }
        let why =
            switch state {
            case .notStarted: "the employee has not punched in"
            case .working: "the employee is working"
            case .onBreak: "the employee is on a break"
            case .finished: "the employee has punched out"
            }
        return "Cannot \(act): \(why)."
    }
}

// MARK: Who asks

extension TimeTrackerFailure {
    init(_ fault: TokenFault) {
        switch fault {
        case .invalid: self = .token("Token is invalid")
        case .wrongType: self = .token("Token has wrong type")
        case .expired: self = .token("Token is expired")
        case .userNotFound: self = .detail(401, "User not found", code: "user_not_found")
        case .userInactive: self = .detail(401, "User is inactive", code: "user_inactive")
        case .failed(let error): self.init(error)
        }
    }

    static let notSignedIn = detail(401, "Authentication credentials were not provided.")

    static let authorizationForm = detail(
        401, "Authorization header must contain two space-delimited values", code: "bad_authorization_header")

    /// One text for an unknown address, a wrong password and an inactive account, so that nobody learns which.
    static let signInRefused = detail(401, "No active account found with the given credentials")

    private static func token(_ message: String) -> TimeTrackerFailure {
        TimeTrackerFailure(401) {
            $0.member("detail", "Given token not valid for any token type")
            $0.member("code", "token_not_valid")
            $0.member("messages") {
                $0.array {
                    $0.object {
                        $0.member("token_class", "AccessToken")
                        $0.member("token_type", "access")
                        $0.member("message", message)
                    }
                }
            }
        }
    }
}

// MARK: What a request did wrong

extension TimeTrackerFailure {
    /// All that is wrong with a body's fields.
    static func fields(_ faults: FieldFaults) -> TimeTrackerFailure {
        TimeTrackerFailure(400) { writer in
            for fault in faults.all { writer.member(named: fault.field, fault.messages) }
        }
    }

    private static func field(_ name: String, _ message: String) -> TimeTrackerFailure {
        var faults = FieldFaults()
        faults.add(name, [message])
        return .fields(faults)
    }

    /// What is wrong with a body as a whole.
    static func object(_ message: String) -> TimeTrackerFailure {
        field("non_field_errors", message)
    }

    /// A rule of the contract, in words for whoever sits at the client.
    static func rule(_ sentence: String, status: Int = 400) -> TimeTrackerFailure {
        TimeTrackerFailure(status) { $0.member("error", sentence) }
    }

    static let notFound = detail(404, "Not found.")

    static func method(_ method: HTTPMethod) -> TimeTrackerFailure {
        detail(405, "Method \"\(method)\" not allowed.")
    }

    static let host = detail(400, "Invalid HTTP_HOST header.")

    static func mediaType(_ sent: String) -> TimeTrackerFailure {
        detail(415, "Unsupported media type \"\(sent)\" in request.")
    }

    static func notJSON(_ error: JSONError) -> TimeTrackerFailure {
        detail(400, "JSON parse error - \(error)")
    }

    static func notAForm(_ fault: FormBody.Fault) -> TimeTrackerFailure {
        let why =
            switch fault {
            case .boundary: "Invalid boundary in multipart"
            case .malformed: "a part has no name or no end"
            case .tooManyFields: "there are more than \(FormBody.fieldsMax) fields"
            }
        return detail(400, "Multipart form parse error - \(why)")
    }

    static let tooLarge = TimeTrackerFailure(413) {
        write("Request body is larger than \(Gate.bodyMaxBytes) bytes.", to: &$0)
    }

    /// The framework's own form. The client shows nothing of it but its status.
    private static func detail(_ status: Int, _ sentence: String, code: String? = nil) -> TimeTrackerFailure {
        TimeTrackerFailure(status) {
            $0.member("detail", sentence)
            if let code { $0.member("code", code) }
        }
    }

    private static func write(_ sentence: String, to writer: inout JSONWriter) {
        writer.member("detail", sentence)
        writer.member("error", sentence)
    }
}

// MARK: What became of a workbook

extension TimeTrackerFailure {
    init(_ fault: SheetFault) {
        switch fault {
        case .tooManyRows:
            self = .rule("A workbook holds at most \(Workbook.rowsMax) sessions; ask for fewer days, or for CSV.")
        case .busy:
            self = Self(AttendanceError.unavailable(retryAfterSeconds: 5))
        case .failed(let number):
            // Most often a full disk, which somebody has to see to; then the same request is answered.
            self.init(503, retryAfterSeconds: 60) { Self.write("The workbook could not be made (\(number)).", to: &$0) }
        }
    }
}

// MARK: What never reached an endpoint

extension TimeTrackerFailure {
    init(_ failure: TransportFailure) {
        switch failure {
        case .malformed(let why): self.init(400) { Self.write(why, to: &$0) }
        case .unavailable(let seconds):
            self.init(503, retryAfterSeconds: seconds) {
                Self.write("The server is stopping or overloaded; please try again.", to: &$0)
            }
        case .tooSlow:
            self.init(503, retryAfterSeconds: 1) { Self.write("The request was not complete in time.", to: &$0) }
        }
    }
}
