import AttendanceCore
import HTTPMessages
import StrictJSON

/// Words to students. Source: contract §7.5.
extension AIMSDialect {
    /// `GET /notifications/me`.
    func listOwnNotices(_ visit: Visit, _ asker: Asker) async throws(AIMSFailure) -> Response {
        var reader = visit.reader
        let unreadOnly = reader.query("unread_only", as: .boolean) ?? false
        try reader.check()
        let notices = try await ask { () async throws(AttendanceError) in
            try await operations.ownNotices(unreadOnly: unreadOnly, as: asker.classroom)
        }
        return Response.json(JSONWriter.array { writer in for notice in notices { notice.write(to: &writer) } }).unkept
    }

    /// `POST /notifications/me/{notification_id}/read`.
    func readOwnNotice(_ visit: Visit, _ asker: Asker) async throws(AIMSFailure) -> Response {
        var reader = visit.reader
        let id = reader.path("notification_id", as: .id(of: Notice.self))
        try reader.check()
        guard let id else { throw .incomplete }
        try await ask { () async throws(AttendanceError) in
            try await operations.readOwnNotice(id.rawValue, as: asker.classroom)
        }
        return .json { $0.member("message", "Notification marked as read") }
    }

    /// `POST /notifications/admin/send`.
    func sendNotices(_ visit: Visit, _ asker: Asker) async throws(AIMSFailure) -> Response {
        var reader = visit.reader
        let body = reader.body()
        let title = body.flatMap { reader.required("title", of: $0, as: .text) }
        let message = body.flatMap { reader.required("message", of: $0, as: .text) }
        let threshold = body.flatMap { reader.required("attendance_threshold", of: $0, as: .number) }
        let id = body.flatMap { reader.optional("class_id", of: $0, as: .id(of: SchoolClass.self)) }
        try reader.check()
        guard let title, let message, let threshold else { throw .incomplete }
        let sent = try await ask { () async throws(AttendanceError) in
            try await operations.sendNotices(
                title: title, message: message, belowOrAt: threshold, in: id, as: asker.classroom)
        }
        return .json {
            $0.member("message", "Notifications sent to \(sent) students")
            $0.member("notifications_created", sent)
        }
    }

    /// `POST /notifications/admin/send-to-student`.
    func sendNotice(_ visit: Visit, _ asker: Asker) async throws(AIMSFailure) -> Response {
        var reader = visit.reader
        let body = reader.body()
        let title = body.flatMap { reader.required("title", of: $0, as: .text) }
        let message = body.flatMap { reader.required("message", of: $0, as: .text) }
        let kind = body.flatMap { reader.optional("notification_type", of: $0, as: .noticeKind) } ?? .manual
        let student = body.flatMap { reader.optional("student_id", of: $0, as: .id(of: Membership.self)) }
        let threshold = body.flatMap { reader.optional("attendance_threshold", of: $0, as: .number) }
        try reader.check()
        guard let title, let message else { throw .incomplete }
        guard let student else { throw .rule("student_id is required") }
        let notice = try await ask { () async throws(AttendanceError) in
            try await operations.sendNotice(
                title: title, message: message, kind, to: student, threshold: threshold, as: asker.classroom)
        }
        var writer = JSONWriter(reservingCapacity: 512)
        notice.write(to: &writer)
        return .json(writer.take())
    }
}

/// What a notice is about. The original fails on any other word. Source: contract §7.5.
struct NoticeKindReading: ValueReading {
    func read(_ value: WireValue) throws(ValueFault) -> Notice.Kind {
        let text = try TextReading(isFilled: false).read(value)
        guard let kind = Notice.Kind(rawValue: text.text) else {
            throw ValueFault("enum", "Input should be 'attendance', 'manual' or 'system'")
        }
        return kind
    }
}

extension ValueReading where Self == NoticeKindReading {
    static var noticeKind: Self { NoticeKindReading() }
}

extension Notice {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.object {
            $0.member("id", id.text)
            $0.member("student_id", student.text)
            $0.member("title", title)
            $0.member("message", message)
            $0.member("notification_type", kind.rawValue)
            $0.member("attendance_threshold", threshold)
            $0.member("is_read", readAt != nil)
            $0.member("created_at", createdAt)
            $0.member("read_at", readAt)
        }
    }
}
