import AttendanceCore
import HTTPMessages
import StrictJSON

extension RefusalWords {
    /// Of whoever marks a session. Source: contract §4.7.
    static let marking = RefusalWords(notPermitted: "You do not have permission to update this session")
}

/// Class sessions and their marks. Source: contract §4.6 to §4.9.
extension AIMSDialect {
    /// `POST /attendance/sessions`.
    func openSession(_ visit: Visit, _ asker: Asker) async throws(AIMSFailure) -> Response {
        var reader = visit.reader
        let body = reader.body()
        let id = body.flatMap { reader.required(.init("classId", or: "class_id"), of: $0, as: .id(of: SchoolClass.self)) }
        let day = body.flatMap { reader.required(.init("sessionDate", or: "session_date"), of: $0, as: .text) }
        let image = body.flatMap {
            reader.optional(.init("processedImageUrl", or: "processed_image_url"), of: $0, as: .text)
        }
        try reader.check()
        guard let id, let day else { throw .incomplete }
        do throws(AttendanceError) {
            let session = try await operations.openClassSession(of: id, on: day, imageURL: image, as: asker.classroom)
            return .json { session.writeMembers(to: &$0, of: id) }
        } catch {
            // Judged last, so that only who may open the session hears of it. Source: contract §1.2.
            if case .invalid(field: "sessionDate", _) = error { throw .rule("Invalid date format. Use YYYY-MM-DD") }
            throw AIMSFailure(
                error, RefusalWords(notPermitted: "You do not have permission to create sessions for this class"))
        }
    }

    /// `GET /attendance/sessions`. A bound that is no day counts for nothing.
    func listSessions(_ visit: Visit, _ asker: Asker) async throws(AIMSFailure) -> Response {
        var reader = visit.reader
        let id = reader.requiredQuery("classId", as: .id(of: SchoolClass.self))
        try reader.check()
        guard let id else { throw .incomplete }
        let day = { (name: String) in visit.query(name).flatMap { CalendarDay(parsing: $0) } }
        let words = RefusalWords(notPermitted: "You do not have permission to view this class's attendance")
        let sheets = try await ask(words) { () async throws(AttendanceError) in
            try await operations.classSessions(of: id, from: day("from"), through: day("to"), as: asker.classroom)
        }
        let marks = sheets.reduce(0) { $0 + $1.marks.count }
        var writer = JSONWriter(reservingCapacity: 64 + sheets.count * 320 + marks * 128)
        writer.array(of: sheets) { writer, sheet in
            writer.object {
                sheet.session.writeMembers(to: &$0, of: id)
                sheet.writeMarks(to: &$0)
            }
        }
        return .json(writer.take())
    }

    /// `PUT /attendance/sessions/{session_id}/statuses`.
    func updateStatuses(_ visit: Visit, _ asker: Asker) async throws(AIMSFailure) -> Response {
        var reader = visit.reader
        let id = reader.path("session_id", as: .id(of: ClassSession.self))
        let updates = reader.body().flatMap { reader.objects("updates", of: $0) { Self.update(in: $1, &$0) } }
        try reader.check()
        guard let id, let updates else { throw .incomplete }
        let outcome = try await ask(.marking) { () async throws(AttendanceError) in
            try await operations.callRoll(id, updates, as: asker.classroom)
        }
        var writer = JSONWriter(reservingCapacity: 64 + outcome.sheet.marks.count * 128)
        writer.object { writer in
            outcome.sheet.writeMarks(to: &writer)
            // What the original passes over in silence; clients ignore it. Source: contract §4.7.
            writer.member("skipped") { writer in
                writer.array(of: outcome.skipped) { writer, skipped in
                    writer.object {
                        $0.member("rollNo", skipped.rollNumber)
                        $0.member("reason", skipped.reason.rawValue)
                    }
                }
            }
        }
        return .json(writer.take())
    }

    private static func update(in object: BodyObject, _ reader: inout RequestReader) -> MarkUpdate? {
        let rollNumber = reader.required(.init("rollNo", or: "roll_no"), of: object, as: .text)
        let status = reader.required("status", of: object, as: .text)
        let isRecognised = reader.present(.init("recognizedByAi", or: "recognized_by_ai"), of: object, as: .boolean)
        let score = reader.optional(.init("similarityScore", or: "similarity_score"), of: object, as: .score)
        guard let rollNumber, let status else { return nil }
        return MarkUpdate(
            rollNumber: rollNumber, status: MarkStatus(anyCase: status), isRecognisedByAI: isRecognised ?? false, score: score)
    }

    /// `GET /stats/classes/{class_id}/students`. The apps read the short names. Source: contract §4.9.
    func showStatistics(_ visit: Visit, _ asker: Asker) async throws(AIMSFailure) -> Response {
        let id = try visit.classID()
        let words = RefusalWords(notPermitted: "You do not have permission to view this class's statistics")
        let tallies = try await ask(words) { () async throws(AttendanceError) in
            try await operations.classStatistics(of: id, as: asker.classroom)
        }
        var writer = JSONWriter(reservingCapacity: 16 + tallies.count * 320)
        writer.array(of: tallies) { writer, one in
            writer.object {
                $0.member("studentId", one.student.id.text)
                $0.member("rollNo", one.student.rollNumber)
                $0.member("studentName", one.student.profile.name)
                one.tally.writeMembers(to: &$0)
                $0.member("present", one.tally.present)
                $0.member("absent", one.tally.absent)
                $0.member("late", one.tally.late)
                $0.member("excused", one.tally.excused)
                $0.member("total", one.tally.total)
            }
        }
        return .json(writer.take())
    }
}

/// A number with two decimals, halves away from zero, within what the column of the original holds. Source: contract §4.7.
struct ScoreReading: ValueReading {
    func read(_ value: WireValue) throws(ValueFault) -> Hundredths {
        let number = try NumberReading().read(value)
        guard let score = Hundredths(nearestTo: number), abs(score.hundredths) <= MarkUpdate.scoreMax.hundredths else {
            throw number < 0
                ? ValueFault("greater_than_equal", "Input should be greater than or equal to -999.99")
                : ValueFault("less_than_equal", "Input should be less than or equal to 999.99")
        }
        return score
    }
}

extension ValueReading where Self == ScoreReading {
    static var score: Self { ScoreReading() }
}

extension Hundredths {
    /// Rounds the decimal number that is written for `number`, as the original's database does: 92.345 is 92.35, although its
    /// binary form lies below. Nil for what is 10,000 or more from zero.
    fileprivate init?(nearestTo number: Double) {
        guard number.magnitude < 10_000 else { return nil }
        let text = "\(number.magnitude)"
        // Only what is smaller than a thousandth is written with an exponent here.
        guard !text.utf8.contains(UInt8(ascii: "e")) else {
            self = .zero
            return
        }
        let parts = text.split(separator: ".")
        let decimals = (parts.count > 1 ? Array(parts[1].utf8) : []) + Array("000".utf8)
        guard let whole = Int64(parts[0]) else { return nil }
        let digits = decimals.prefix(3).map { Int64($0 - UInt8(ascii: "0")) }
        let hundredths = whole * 100 + digits[0] * 10 + digits[1] + (digits[2] >= 5 ? 1 : 0)
        self.init(number < 0 ? -hundredths : hundredths)
    }
}

// MARK: Wire shapes

extension ClassSession {
    /// Source: contract §4.6.
    fileprivate func writeMembers(to writer: inout JSONWriter, of schoolClass: Identifier<SchoolClass>) {
        writer.member("sessionId", id.text)
        writer.member("classId", schoolClass.text)
        writer.member("sessionDate", day.text)
        writer.member("teacherId", creator.text)
        writer.member("processedImageUrl", imageURL)
        writer.member("createdAt", createdAt)
    }
}

extension SessionSheet {
    /// Source: contract §4.7.
    fileprivate func writeMarks(to writer: inout JSONWriter) {
        writer.member("statuses") { writer in
            writer.array(of: marks) { writer, one in
                writer.object {
                    $0.member("rollNo", one.rollNumber)
                    $0.member("name", one.name)
                    $0.member("status", one.mark.status.rawValue)
                    $0.member("recognizedByAi", one.mark.isRecognisedByAI)
                    $0.member("similarityScore", one.mark.score)
                }
            }
        }
    }
}

extension MarkTally {
    /// Source: contract §4.9, §7.4.
    func writeMembers(to writer: inout JSONWriter) {
        writer.member("presentCount", present)
        writer.member("absentCount", absent)
        writer.member("lateCount", late)
        writer.member("excusedCount", excused)
        writer.member("totalCount", total)
        writer.member("percentage", presentPercentage)
    }
}

extension JSONWriter {
    /// A JSON number with its decimals. Source: contract §1.
    mutating func member(_ name: StaticString, _ number: Hundredths) {
        member(name) { $0.decimal(number) }
    }

    mutating func member(_ name: StaticString, _ number: Hundredths?) {
        guard let number else { return member(name) { $0.null() } }
        member(name, number)
    }

    private mutating func decimal(_ number: Hundredths) {
        self.number(spelled: number.text)
    }
}
