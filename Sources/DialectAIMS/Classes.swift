import AttendanceCore
import HTTPMessages
import StrictJSON

extension RefusalWords {
    /// Of whoever looks at a class or changes it. Source: contract §4.5.
    static let access = RefusalWords(notPermitted: "You do not have permission to access this class")
}

/// Classes, their schedules and rosters. Source: contract §4.4, §4.5, §7.1.
extension AIMSDialect {
    /// `GET /classes`.
    func listClasses(_ visit: Visit, _ asker: Asker) async throws(AIMSFailure) -> Response {
        let classes = try await ask { () async throws(AttendanceError) in try await operations.classes(as: asker.classroom) }
        let students = classes.reduce(0) { $0 + $1.students.count }
        var writer = JSONWriter(reservingCapacity: 64 + classes.count * 512 + students * 320)
        writer.array(of: classes) { $1.write(to: &$0) }
        return .json(writer.take())
    }

    /// `POST /classes`.
    func createClass(_ visit: Visit, _ asker: Asker) async throws(AIMSFailure) -> Response {
        var reader = visit.reader
        let draft = reader.body().flatMap { Self.draft(in: $0, &reader) }
        try reader.check()
        guard let draft else { throw .incomplete }
        let words = RefusalWords(taken: "You have a class with this code and section already")
        let made = try await ask(words) { () async throws(AttendanceError) in
            try await operations.createClass(draft, as: asker.classroom)
        }
        return .json(status: 201) {
            $0.member("id", made.id.text)
            $0.member("code", made.profile.code)
            $0.member("name", made.profile.name)
        }
    }

    private static func draft(in body: BodyObject, _ reader: inout RequestReader) -> ClassDraft? {
        let code = reader.required("code", of: body, as: .filledText)
        let name = reader.required("name", of: body, as: .filledText)
        let section = reader.required("section", of: body, as: .filledText)
        let pattern = reader.optional(.init("ltp_pattern", or: "ltpPattern"), of: body, as: .text)
        let type = reader.optional(.init("teacher_type", or: "teacherType"), of: body, as: .text)
        let group = reader.optional(.init("practical_group", or: "practicalGroup"), of: body, as: .text)
        guard let code, let name, let section else { return nil }
        return ClassDraft(
            code: code, name: name, section: section, teacherType: type, ltpPattern: pattern, practicalGroup: group)
    }

    /// `DELETE /classes/{class_id}`.
    func deleteClass(_ visit: Visit, _ asker: Asker) async throws(AIMSFailure) -> Response {
        let id = try visit.classID()
        try await ask(.access) { () async throws(AttendanceError) in
            try await operations.endClass(id, as: asker.classroom)
        }
        return .gone
    }

    /// `POST /classes/{class_id}/schedules`.
    func addSchedule(_ visit: Visit, _ asker: Asker) async throws(AIMSFailure) -> Response {
        var reader = visit.reader
        let id = reader.path("class_id", as: .id(of: SchoolClass.self))
        let slot = reader.body().flatMap { Self.slot(in: $0, &reader) }
        try reader.check()
        guard let id, let slot else { throw .incomplete }
        let words = RefusalWords(taken: "The class has a slot on this day of the week already")
        try await ask(words) { () async throws(AttendanceError) in
            try await operations.addSlot(slot, to: id, as: asker.classroom)
        }
        return .json(status: 201) { $0.member("status", "success") }
    }

    private static func slot(in body: BodyObject, _ reader: inout RequestReader) -> ClassSlot? {
        let weekday = reader.required("day_of_week", of: body, as: .integer(1...7))
        let start = reader.required("start_time", of: body, as: .timeOfDay)
        let end = reader.required("end_time", of: body, as: .timeOfDay)
        guard let weekday, let start, let end else { return nil }
        guard start < end else {
            reader.note(.value("end_time has to be after start_time"), at: "end_time", of: body)
            return nil
        }
        // What was read above leaves it nothing to refuse.
        return try? ClassSlot(weekday: Int64(weekday), start: start, end: end)
    }

    // MARK: Rosters

    /// `PUT /classes/{class_id}/students`.
    func updateRoster(_ visit: Visit, _ asker: Asker) async throws(AIMSFailure) -> Response {
        var reader = visit.reader
        let id = reader.path("class_id", as: .id(of: SchoolClass.self))
        let lines = reader.body().flatMap { reader.objects("students", of: $0) { Self.line(in: $1, &$0) } }
        try reader.check()
        guard let id, let lines else { throw .incomplete }
        let students = try await ask(.access) { () async throws(AttendanceError) in
            try await operations.updateRoster(of: id, lines, as: asker.classroom)
        }
        var writer = JSONWriter(reservingCapacity: 32 + students.count * 320)
        writer.object { writer in
            writer.member("students") { $0.array(of: students) { $1.write(to: &$0) } }
        }
        return .json(writer.take())
    }

    private static func line(in object: BodyObject, _ reader: inout RequestReader) -> StudentDraft? {
        let rollNumber = reader.required(.init("rollNo", or: "roll_no"), of: object, as: .filledText)
        let name = reader.required("name", of: object, as: .filledText)
        func optional(_ name: FieldName) -> WireText? { reader.optional(name, of: object, as: .text) }
        let photoURL = optional(.init("photoUrl", or: "photo_url"))
        let program = optional("program")
        let spCode = optional(.init("spCode", or: "sp_code"))
        let semester = reader.optional("semester", of: object, as: .textOrInteger)
        let status = optional("status")
        let duration = optional("duration")
        let email = optional("email")
        let instituteEmail = optional(.init("dtuEmail", or: "dtu_email"))
        let phone = optional("phone")
        guard let rollNumber, let name else { return nil }
        do throws(AttendanceError) {
            return try StudentDraft(
                rollNumber: rollNumber,
                profile: StudentProfile(
                    name: name, photoURL: photoURL, program: program, spCode: spCode, semester: semester, status: status,
                    duration: duration, email: email, instituteEmail: instituteEmail, phone: phone))
        } catch {
            guard case .invalid(let field, let fault) = error else { return nil }
            reader.note(.value(AIMSFailure.words(for: fault)), at: FieldName(stringLiteral: field), of: object)
            return nil
        }
    }
}

extension Visit {
    /// The class that the path names.
    /// - Throws: 422 where it is no identity.
    func classID() throws(AIMSFailure) -> Identifier<SchoolClass> {
        var reader = reader
        let id = reader.path("class_id", as: .id(of: SchoolClass.self))
        try reader.check()
        guard let id else { throw .incomplete }
        return id
    }
}

// MARK: Wire shapes

extension ClassRecord {
    /// Source: contract §4.4.
    fileprivate func write(to writer: inout JSONWriter) {
        writer.object { writer in
            let profile = schoolClass.profile
            writer.member("id", schoolClass.id.text)
            writer.member("code", profile.code)
            writer.member("name", profile.name)
            writer.member("section", profile.section)
            writer.member("teacherType", profile.teacherType)
            writer.member("ltpPattern", profile.ltpPattern)
            writer.member("practicalGroup", profile.practicalGroup)
            writer.member("teacherId", profile.owner.text)
            writer.member("schedule") { writer in
                writer.array(of: schoolClass.slots) { writer, slot in
                    writer.object {
                        $0.member("dayOfWeek", slot.weekday)
                        $0.member("start", slot.start.minuteText)
                        $0.member("end", slot.end.minuteText)
                    }
                }
            }
            writer.member("reschedules") { writer in
                writer.array(of: reschedules) { writer, moved in
                    writer.object {
                        $0.member("originalDate", moved.originalDay.text)
                        $0.member("originalStartTime", moved.originalStart.minuteText)
                        $0.member("originalEndTime", moved.originalEnd.minuteText)
                        $0.member("rescheduledDate", moved.day.text)
                        $0.member("rescheduledStartTime", moved.start.minuteText)
                        $0.member("rescheduledEndTime", moved.end.minuteText)
                        $0.member("reason", moved.reason)
                    }
                }
            }
            writer.member("students") { $0.array(of: students) { $1.write(to: &$0) } }
            writer.member("createdAt", schoolClass.createdAt)
            writer.member("updatedAt", schoolClass.updatedAt)
        }
    }
}

extension Student {
    /// As rosters show them. Source: contract §4.5.
    func write(to writer: inout JSONWriter) {
        writer.object {
            $0.member("studentId", id.text)
            $0.member("rollNo", rollNumber)
            $0.member("name", profile.name)
            $0.member("photoUrl", profile.photoURL)
            $0.member("program", profile.program)
            $0.member("spCode", profile.spCode)
            $0.member("semester", profile.semester)
            $0.member("status", profile.status)
            $0.member("duration", profile.duration)
            $0.member("email", profile.email)
            $0.member("dtuEmail", profile.instituteEmail)
            $0.member("phone", profile.phone)
        }
    }
}
