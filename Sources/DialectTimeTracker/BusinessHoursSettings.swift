import AttendanceCore
import HTTPMessages
import StrictJSON

/// What a body says of business hours.
private struct HoursFields {
    let start: Int64?
    let end: Int64?
    let breakMinutes: Int64?
    let lateThreshold: Int64?
    let isActive: Bool?

    init(_ fields: inout RequestFields) {
        start = fields.required("start_time", as: .timeOfDay)
        end = fields.required("end_time", as: .timeOfDay)
        breakMinutes = fields.optional("break_duration", as: .count)
        lateThreshold = fields.optional("late_threshold", as: .count)
        isActive = fields.optional("is_active", as: .boolean)
    }
}

/// When work begins and ends. Source: contract §5.
extension TimeTrackerDialect {
    static let defaultBreakMinutes: Int64 = 60
    static let defaultLateThresholdMinutes: Int64 = 15
    /// Shown where no business hours are in force. Nobody is judged by them.
    static let shownStart: Int64 = (11 * 60 + 30) * 60_000_000
    static let shownEnd: Int64 = 17 * 60 * 60_000_000

    func listBusinessHours(_ visit: Visit) async throws(TimeTrackerFailure) -> Response {
        let all = try await ask { () async throws(AttendanceError) in
            try await operations.businessHours(of: .timeTracker, as: visit.caller)
        }
        return .json(JSONWriter.array { writer in for hours in all { hours.write(to: &writer) } })
    }

    func showCurrentBusinessHours(_ visit: Visit) async throws(TimeTrackerFailure) -> Response {
        let active = try await ask { () async throws(AttendanceError) in
            try await operations.activeBusinessHours(of: .timeTracker, as: visit.caller)
        }
        if let active { return answer(active) }
        return .json {
            $0.member("start_time", timeOfDay: Self.shownStart)
            $0.member("end_time", timeOfDay: Self.shownEnd)
            $0.member("break_duration", Self.defaultBreakMinutes)
            $0.member("late_threshold", Self.defaultLateThresholdMinutes)
        }
    }

    func createBusinessHours(_ visit: Visit) async throws(TimeTrackerFailure) -> Response {
        var fields = try visit.fields()
        let sent = HoursFields(&fields)
        try fields.check()
        guard let start = sent.start, let end = sent.end else { throw .fields(fields.faults) }
        let draft = BusinessHoursDraft(
            startMicroseconds: start, endMicroseconds: end, breakMinutes: sent.breakMinutes ?? Self.defaultBreakMinutes,
            lateThresholdMinutes: sent.lateThreshold ?? Self.defaultLateThresholdMinutes, isActive: sent.isActive ?? true)
        let hours = try await ask(.businessHours) { () async throws(AttendanceError) in
            try await operations.createBusinessHours(draft, of: .timeTracker, as: visit.caller)
        }
        return answer(hours, status: 201)
    }

    func showBusinessHours(_ visit: Visit) async throws(TimeTrackerFailure) -> Response {
        answer(try await hours(visit))
    }

    func changeBusinessHours(_ visit: Visit, isPartial: Bool) async throws(TimeTrackerFailure) -> Response {
        let known = try await hours(visit)
        var fields = try visit.fields(isPartial: isPartial)
        let sent = HoursFields(&fields)
        try fields.check()
        var change = BusinessHoursChange()
        change.startMicroseconds = sent.start
        change.endMicroseconds = sent.end
        change.breakMinutes = sent.breakMinutes
        change.lateThresholdMinutes = sent.lateThreshold
        change.isActive = sent.isActive
        let changed = try await ask(.businessHours) { [change] () async throws(AttendanceError) in
            try await operations.changeBusinessHours(known.number, change, of: .timeTracker, as: visit.caller)
        }
        return answer(changed)
    }

    func removeBusinessHours(_ visit: Visit) async throws(TimeTrackerFailure) -> Response {
        let number = try number(visit)
        try await ask { () async throws(AttendanceError) in
            try await operations.removeBusinessHours(number, of: .timeTracker, as: visit.caller)
        }
        return .gone
    }

    func activateBusinessHours(_ visit: Visit) async throws(TimeTrackerFailure) -> Response {
        let number = try number(visit)
        let hours = try await ask(.businessHours) { () async throws(AttendanceError) in
            try await operations.activateBusinessHours(number, of: .timeTracker, as: visit.caller)
        }
        return .json {
            $0.member("message", "Business hours activated successfully")
            $0.member("data") { hours.write(to: &$0) }
        }
    }

    private func number(_ visit: Visit) throws(TimeTrackerFailure) -> Int64 {
        guard let number = Int64(visit.parameters["id"] ?? "") else { throw .notFound }
        return number
    }

    private func hours(_ visit: Visit) async throws(TimeTrackerFailure) -> BusinessHours {
        let number = try number(visit)
        return try await ask { () async throws(AttendanceError) in
            try await operations.businessHours(number, of: .timeTracker, as: visit.caller)
        }
    }

    private func answer(_ hours: BusinessHours, status: Int = 200) -> Response {
        var writer = JSONWriter(reservingCapacity: 256)
        hours.write(to: &writer)
        return .json(status: status, writer.take())
    }
}

extension BusinessHours {
    /// The object of contract §5.
    fileprivate func write(to writer: inout JSONWriter) {
        writer.object {
            $0.member("id", number)
            $0.member("start_time", timeOfDay: startMicroseconds)
            $0.member("end_time", timeOfDay: endMicroseconds)
            $0.member("break_duration", breakMinutes)
            $0.member("late_threshold", lateThresholdMinutes)
            $0.member("is_active", isActive)
            $0.member("created_at", createdAt)
            $0.member("updated_at", updatedAt)
        }
    }
}
