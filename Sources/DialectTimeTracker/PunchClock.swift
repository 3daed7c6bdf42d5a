import AttendanceCore
import HTTPMessages
import StrictJSON

/// The clock itself: what anybody who stands before it can do. Source: contract §6.1, §6.2.
extension TimeTrackerDialect {
    func punch(_ visit: Visit) async throws(TimeTrackerFailure) -> Response {
        var fields = try visit.fields()
        let employee = fields.required("employee_id", as: .uuid)
        let direction = fields.required("type", as: .punchType)
        let moment = fields.optional("timestamp", as: .moment)
        let note = fields.optional("notes", as: .text(allowsBlank: true))
        // The client reads `error`, and the contract has it for the ends of the calendar.
        if fields.faults["timestamp"] == [MomentField.outOfRange] { throw .rule(MomentField.outOfRange) }
        if !fields.faults.isEmpty, let employee, try await !isActive(.init(rawValue: employee), visit) {
            fields.refuse("employee_id", "Employee not found or inactive.")
        }
        guard let employee, let direction, fields.faults.isEmpty else { throw .fields(fields.faults) }
        let entry = try await ask(.punch) { () async throws(AttendanceError) in
            try await operations.punch(
                Identifier(rawValue: employee), direction, at: moment, note: note ?? "", of: .timeTracker, as: visit.caller)
        }
        return .json(status: 201) {
            $0.member("message", "Time entry created successfully")
            $0.member("data") { entry.write(to: &$0) }
        }
    }

    /// `GET` on the path of punches. The original wants a parameter here that it then does not know. Source: contract §6.1.
    func askForEmployee(_ visit: Visit) async throws(TimeTrackerFailure) -> Response {
        throw .rule("employee_id is required")
    }

    func tellStatus(_ visit: Visit) async throws(TimeTrackerFailure) -> Response {
        let id = try visit.id(Membership.self)
        let status = try await ask(.status) { () async throws(AttendanceError) in
            try await operations.workStatus(of: id, of: .timeTracker, as: visit.caller)
        }
        return .json {
            $0.member("can_punch_in", status.state.allows(.in))
            $0.member("can_punch_out", status.state.allows(.out))
            $0.member("can_start_break", status.state.allows(.breakStart))
            $0.member("can_end_break", status.state.allows(.breakEnd))
            $0.member("current_status", status.state.word)
            $0.member("last_action") { writer in
                if let last = status.last { last.write(to: &writer) } else { writer.null() }
            }
        }
    }

    private func isActive(_ id: Identifier<Membership>, _ visit: Visit) async throws(TimeTrackerFailure) -> Bool {
        do throws(AttendanceError) {
            return try await operations.member(id, of: .timeTracker, as: visit.caller).profile.isActive
        } catch .notFound {
            return false
        } catch {
            throw TimeTrackerFailure(error)
        }
    }
}

extension ClockState {
    fileprivate var word: String {
        switch self {
        case .notStarted: "not_started"
        case .working: "working"
        case .onBreak: "on_break"
        case .finished: "finished"
        }
    }
}

extension PunchDirection {
    /// The four types of contract §6.1.
    init?(type: String) {
        switch type {
        case "punch_in": self = .in
        case "punch_out": self = .out
        case "break_start": self = .breakStart
        case "break_end": self = .breakEnd
        default: return nil
        }
    }

    /// Directions that only devices know are told as what they count as.
    var type: String {
        switch self {
        case .in, .overtimeIn: "punch_in"
        case .out, .overtimeOut: "punch_out"
        case .breakStart: "break_start"
        case .breakEnd: "break_end"
        case .undefined: "undefined"
        }
    }
}

extension RequestField where Self == ChoiceField<PunchDirection> {
    static var punchType: Self { ChoiceField { PunchDirection(type: $0) } }
}
