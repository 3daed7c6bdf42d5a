/// What somebody notes of one student. Source: contract aims §4.7.
public struct MarkUpdate: Sendable, Equatable {
    /// No score is further from zero than this. Source: contract aims §4.7, the range of `numeric(5,2)`.
    public static let scoreMax = Hundredths(99_999)

    /// As it was sent: compared letter by letter, blanks included.
    public var rollNumber: WireText
    /// Nil for a word that is none of the four.
    public var status: MarkStatus?
    public var isRecognisedByAI: Bool
    public var score: Hundredths?

    public init(rollNumber: WireText, status: MarkStatus?, isRecognisedByAI: Bool = false, score: Hundredths? = nil) {
        self.rollNumber = rollNumber
        self.status = status
        self.isRecognisedByAI = isRecognisedByAI
        self.score = score
    }
}

/// An update that counts for nothing, and why. The original passes over it in silence. Source: contract aims §4.7, §9.
public struct SkippedUpdate: Sendable, Equatable {
    /// Why nothing was noted.
    public enum Reason: String, Sendable {
        /// Nobody of this roll number is in the class.
        case notInClass = "not in class"
        /// The status is none of the four words.
        case unknownStatus = "unknown status"
    }

    public let rollNumber: WireText
    public let reason: Reason

    public init(rollNumber: WireText, reason: Reason) {
        self.rollNumber = rollNumber
        self.reason = reason
    }
}

/// What a list of updates comes to: a function of the list, the roster, and the marks that there are.
struct RollCall {
    /// One a student, in the order of their numbers; only those that say something else than the mark that there is.
    let changes: [MarkChange]
    /// In the order of the list.
    let skipped: [SkippedUpdate]

    /// Each update replaces status, recognition and score together. Of two for one student the later one counts.
    init(_ updates: [MarkUpdate], roster: ClassRoster, session: ClassSession) {
        var skipped: [SkippedUpdate] = []
        var noted: [(change: MarkChange, place: Int)] = []
        noted.reserveCapacity(updates.count)
        for (place, update) in updates.enumerated() {
            guard let student = roster.number(ofRollNumber: update.rollNumber), roster.isEnrolled(student) else {
                skipped.append(SkippedUpdate(rollNumber: update.rollNumber, reason: .notInClass))
                continue
            }
            guard let status = update.status else {
                skipped.append(SkippedUpdate(rollNumber: update.rollNumber, reason: .unknownStatus))
                continue
            }
            noted.append(
                (
                    MarkChange(
                        student: student, status: status, isRecognisedByAI: update.isRecognisedByAI, score: update.score), place
                ))
        }
        noted.sort { ($0.change.student, $0.place) < ($1.change.student, $1.place) }
        var changes: [MarkChange] = []
        changes.reserveCapacity(noted.count)
        for (change, _) in noted {
            if changes.last?.student == change.student { changes.removeLast() }
            changes.append(change)
        }
        changes.removeAll { change in session.mark(of: change.student).map { change.saysTheSame(as: $0) } ?? false }
        self.changes = changes
        self.skipped = skipped
    }
}

/// What is noted of one student from here on.
public struct MarkChange: Sendable, Equatable {
    /// Their number.
    public let student: Int64
    public let status: MarkStatus
    public let isRecognisedByAI: Bool
    public let score: Hundredths?

    public init(student: Int64, status: MarkStatus, isRecognisedByAI: Bool = false, score: Hundredths? = nil) {
        self.student = student
        self.status = status
        self.isRecognisedByAI = isRecognisedByAI
        self.score = score
    }

    /// The mark that an entry makes of it.
    package func mark(toldBy sequence: Int64) -> Mark {
        Mark(student: student, status: status, isRecognisedByAI: isRecognisedByAI, score: score, toldBy: sequence)
    }

    func saysTheSame(as mark: Mark) -> Bool {
        status == mark.status && isRecognisedByAI == mark.isRecognisedByAI && score == mark.score
    }
}

/// The ``Claim/detail`` of a roll call, a word per student of whom something else was noted than before: `roll session=412
/// 17=p 18=a,ai 19=l,ai,9250`: the letter of the status, whether a machine recognised them, and the score in hundredths.
public struct RollCallDetail: Sendable, Equatable {
    /// The number of the session.
    public let session: Int64
    /// In the order of the students' numbers, one each.
    public let changes: [MarkChange]

    /// - Precondition: The changes are in order.
    public init(session: Int64, changes: [MarkChange]) {
        precondition(zip(changes, changes.dropFirst()).allSatisfy { $0.student < $1.student }, "one mark a student, in order")
        self.session = session
        self.changes = changes
    }

    public init?(parsing text: WireText) {
        // Read byte by byte: a roll call has a word per student, and each entry of them passes here.
        var reader = RollCallReader(bytes: Array(text.text.utf8))
        guard reader.skip("roll session="), let session = reader.number() else { return nil }
        var changes: [MarkChange] = []
        while !reader.isAtEnd {
            guard reader.skip(" "), let student = reader.number(), reader.skip("="),
                let status = reader.byte().flatMap({ MarkStatus(letter: $0) }),
                changes.last.map({ $0.student < student }) ?? true
            else { return nil }
            let isRecognised = reader.skip(",ai")
            var score: Hundredths?
            if reader.skip(",") {
                guard let hundredths = reader.number() else { return nil }
                score = Hundredths(hundredths)
            }
            changes.append(MarkChange(student: student, status: status, isRecognisedByAI: isRecognised, score: score))
        }
        self.session = session
        self.changes = changes
    }

    public var text: WireText {
        var bytes = Array("roll session=\(session)".utf8)
        bytes.reserveCapacity(32 + changes.count * 12)
        for change in changes {
            bytes.append(UInt8(ascii: " "))
            bytes.append(decimal: change.student)
            bytes.append(UInt8(ascii: "="))
            bytes.append(change.status.letter)
            if change.isRecognisedByAI { bytes.append(contentsOf: ",ai".utf8) }
            if let score = change.score {
                bytes.append(UInt8(ascii: ","))
                bytes.append(decimal: score.hundredths)
            }
        }
        return WireText(String(decoding: bytes, as: UTF8.self))
    }
}

/// Reads the parts of a roll call's words in their order.
private struct RollCallReader {
    private let bytes: [UInt8]
    private var place = 0

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    var isAtEnd: Bool { place == bytes.count }

    mutating func byte() -> UInt8? {
        guard place < bytes.count else { return nil }
        defer { place += 1 }
        return bytes[place]
    }

    /// Whether the text is next; then it is read.
    mutating func skip(_ text: StaticString) -> Bool {
        let length = text.utf8CodeUnitCount
        guard place + length <= bytes.count else { return false }
        for offset in 0..<length where unsafe bytes[place + offset] != text.utf8Start[offset] { return false }
        place += length
        return true
    }

    /// A number as it is written here: digits, behind a minus perhaps, without any that could be left out.
    mutating func number() -> Int64? {
        let isNegative = skip("-")
        let first = place
        var value: Int64 = 0
        while place < bytes.count, UInt8(ascii: "0")...UInt8(ascii: "9") ~= bytes[place] {
            let (product, overflows) = value.multipliedReportingOverflow(by: 10)
            let (sum, alsoOverflows) = product.addingReportingOverflow(Int64(bytes[place] - UInt8(ascii: "0")))
            guard !overflows, !alsoOverflows else { return nil }
            value = sum
            place += 1
        }
        guard place > first, bytes[first] != UInt8(ascii: "0") || place == first + 1 && !isNegative else { return nil }
        return isNegative ? -value : value
    }
}

extension [UInt8] {
    /// Appends a number in decimal digits.
    package mutating func append(decimal value: Int64) {
        guard value != 0 else {
            append(UInt8(ascii: "0"))
            return
        }
        if value < 0 { append(UInt8(ascii: "-")) }
        let first = count
        var rest = value.magnitude
        while rest > 0 {
            append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        }
        self[first...].reverse()
    }
}

extension Claim {
    package init(calling detail: RollCallDetail, at moment: Instant) {
        self.init(kind: .rollCalled, source: .aims, occurredAt: moment, detail: detail.text)
    }
}

/// A mark with whom it is about.
public struct StudentMark: Sendable, Equatable {
    public let rollNumber: WireText
    public let name: WireText
    public let mark: Mark

    public init(rollNumber: WireText, name: WireText, mark: Mark) {
        self.rollNumber = rollNumber
        self.name = name
        self.mark = mark
    }
}

extension ClassRoster {
    /// All marks of a session by roll number, those of students who have left the class since included.
    public func marks(of session: ClassSession) -> [StudentMark] {
        var marks: [StudentMark] = []
        marks.reserveCapacity(session.marks.count)
        // By place, so that no profile is copied for a name.
        for place in students.indices {
            guard let mark = session.mark(of: students[place].number) else { continue }
            marks.append(
                StudentMark(rollNumber: students[place].rollNumber, name: students[place].profile.name, mark: mark))
        }
        return marks
    }
}

/// A session with its marks as clients are shown them.
public struct SessionSheet: Sendable, Equatable {
    public let session: ClassSession
    /// By roll number.
    public let marks: [StudentMark]

    public init(session: ClassSession, marks: [StudentMark]) {
        self.session = session
        self.marks = marks
    }
}

/// What became of a roll call.
public struct RollCallOutcome: Sendable, Equatable {
    /// All marks of the session.
    public let sheet: SessionSheet
    /// What counted for nothing.
    public let skipped: [SkippedUpdate]

    public init(sheet: SessionSheet, skipped: [SkippedUpdate]) {
        self.sheet = sheet
        self.skipped = skipped
    }
}

extension Operations {
    /// Notes something of students in a session. Marks of those who are not mentioned stay, an update that says what stands
    /// there already changes nothing, and a list that changes nothing adds nothing to the ledger.
    ///
    /// What changes is one entry, which says who noted it and when.
    /// - Throws: `.notPermitted` to students, `.notFound(.classSession)`, `.notPermitted` to whoever may not mark it,
    ///   `.invalid(field: "similarityScore", …)` for a score out of range, `.unavailable`. Source: contract aims §4.7.
    public func callRoll(
        _ id: Identifier<ClassSession>, _ updates: [MarkUpdate], as caller: ClassroomCaller
    ) async throws(AttendanceError) -> RollCallOutcome {
        try caller.require(.teacher, .admin)
        for update in updates {
            guard let score = update.score else { continue }
            guard -MarkUpdate.scoreMax.hundredths...MarkUpdate.scoreMax.hundredths ~= score.hundredths else {
                throw .invalid(field: "similarityScore", .malformed("it has to lie between -1000 and 1000"))
            }
        }
        let now = ambient.now()
        let sealer = sealer
        let outcome: (session: ClassSession, roster: ClassRoster, skipped: [SkippedUpdate])
        if updates.isEmpty {
            outcome = try await store.readBriefly(in: caller.tenant) { tx throws(AttendanceError) in
                let (session, schoolClass) = try tx.marked(id, by: caller)
                return (session, try tx.roster(of: schoolClass.number), [])
            }
        } else {
            outcome = try await store.write(in: caller.tenant) { tx throws(AttendanceError) in
                var (session, schoolClass) = try tx.marked(id, by: caller)
                let roster = try tx.roster(of: schoolClass.number)
                let call = RollCall(updates, roster: roster, session: session)
                if !call.changes.isEmpty {
                    let detail = RollCallDetail(session: session.number, changes: call.changes)
                    _ = try tx.append(sealer.seal([Claim(calling: detail, at: now)], by: caller.caller.name))
                    guard let marked = try tx.classSession(id) else { throw .notFound(.classSession) }
                    session = marked
                }
                return (session, roster, call.skipped)
            }
        }
        // Beside the writer, which has others to serve.
        return RollCallOutcome(
            sheet: SessionSheet(session: outcome.session, marks: outcome.roster.marks(of: outcome.session)),
            skipped: outcome.skipped)
    }
}

extension ClassReading {
    /// A session that the caller may mark, and its class.
    /// - Throws: `.notFound(.classSession)`, `.notPermitted`.
    fileprivate func marked(
        _ id: Identifier<ClassSession>, by caller: ClassroomCaller
    ) throws(AttendanceError) -> (ClassSession, SchoolClass) {
        guard let session = try classSession(id), let schoolClass = try schoolClass(numbered: session.schoolClass) else {
            throw .notFound(.classSession)
        }
        guard caller.mayMark(session, of: schoolClass) else { throw .notPermitted }
        return (session, schoolClass)
    }
}
