import AttendanceCore
import HTTPMessages
import StrictJSON

extension RefusalWords {
    /// Whoever does not own the class is told that there is none: the apps have one message for both. Source: contract §7.2.
    fileprivate static let hidden = RefusalWords(notPermitted: "Class not found or access denied")
}

/// Meetings that were moved. Source: contract §7.2.
extension AIMSDialect {
    /// `POST /classes/{class_id}/reschedules`.
    func createReschedule(_ visit: Visit, _ asker: Asker) async throws(AIMSFailure) -> Response {
        var reader = visit.reader
        let id = reader.path("class_id", as: .id(of: SchoolClass.self))
        let draft = reader.body().flatMap { Self.draft(in: $0, &reader) }
        try reader.check()
        guard let id, let draft else { throw .incomplete }
        let moved = try await ask(.hidden) { () async throws(AttendanceError) in
            try await operations.reschedule(draft, of: id, as: asker.classroom)
        }
        return .json(status: 201, moved.answer(of: id))
    }

    private static func draft(in body: BodyObject, _ reader: inout RequestReader) -> RescheduleDraft? {
        let original = reader.required("original_date", of: body, as: .day)
        let day = reader.required("rescheduled_date", of: body, as: .day)
        let start = reader.required("rescheduled_start_time", of: body, as: .timeOfDay)
        let end = reader.required("rescheduled_end_time", of: body, as: .timeOfDay)
        let reason = reader.optional("reason", of: body, as: .text)
        guard let original, let day, let start, let end else { return nil }
        return RescheduleDraft(originalDay: original, day: day, start: start, end: end, reason: reason)
    }

    /// `GET /classes/{class_id}/reschedules`.
    func listReschedules(_ visit: Visit, _ asker: Asker) async throws(AIMSFailure) -> Response {
        var reader = visit.reader
        let id = reader.path("class_id", as: .id(of: SchoolClass.self))
        let from = reader.query("start_date", as: .day)
        let through = reader.query("end_date", as: .day)
        try reader.check()
        guard let id else { throw .incomplete }
        let moved = try await ask(.hidden) { () async throws(AttendanceError) in
            try await operations.reschedules(of: id, from: from, through: through, as: asker.classroom)
        }
        return .json(JSONWriter.array { writer in for one in moved { one.write(to: &writer, of: id) } })
    }

    /// `PUT /classes/reschedules/{reschedule_id}`.
    func changeReschedule(_ visit: Visit, _ asker: Asker) async throws(AIMSFailure) -> Response {
        var reader = visit.reader
        let number = reader.path("reschedule_id", as: .integer())
        var change = RescheduleChange()
        if let body = reader.body() {
            change.day = reader.optional("rescheduled_date", of: body, as: .day)
            change.start = reader.optional("rescheduled_start_time", of: body, as: .timeOfDay)
            change.end = reader.optional("rescheduled_end_time", of: body, as: .timeOfDay)
            change.reason = reader.optional("reason", of: body, as: .text)
        }
        try reader.check()
        guard let number else { throw .incomplete }
        let changed = try await ask(.hidden) { [change] () async throws(AttendanceError) in
            try await operations.changeReschedule(Int64(number), change, as: asker.classroom)
        }
        return .json(changed.reschedule.answer(of: changed.schoolClass.id))
    }

    /// `DELETE /classes/reschedules/{reschedule_id}`.
    func deleteReschedule(_ visit: Visit, _ asker: Asker) async throws(AIMSFailure) -> Response {
        var reader = visit.reader
        let number = reader.path("reschedule_id", as: .integer())
        try reader.check()
        guard let number else { throw .incomplete }
        try await ask(.hidden) { () async throws(AttendanceError) in
            try await operations.removeReschedule(Int64(number), as: asker.classroom)
        }
        return .gone
    }
}

extension Reschedule {
    fileprivate func answer(of id: Identifier<SchoolClass>) -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: 512)
        write(to: &writer, of: id)
        return writer.take()
    }

    /// The number is a text here. Source: contract §7.2.
    fileprivate func write(to writer: inout JSONWriter, of id: Identifier<SchoolClass>) {
        writer.object {
            $0.member("id", String(number))
            $0.member("class_id", id.text)
            $0.member("original_date", originalDay.text)
            $0.member("rescheduled_date", day.text)
            $0.member("original_start_time", originalStart.secondText)
            $0.member("original_end_time", originalEnd.secondText)
            $0.member("rescheduled_start_time", start.secondText)
            $0.member("rescheduled_end_time", end.secondText)
            $0.member("reason", reason)
            $0.member("created_at", createdAt)
        }
    }
}
