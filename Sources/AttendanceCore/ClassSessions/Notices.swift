public import struct FoundationEssentials.UUID

/// A word to a student. Source: contract aims §7.5.
public struct Notice: Sendable, Equatable {
    /// What it is about. The words are stored.
    public enum Kind: String, Sendable, CaseIterable {
        case attendance, manual, system
    }

    /// More of a title is refused. Source: contract aims §7.5, the column's width.
    public static let titleMaxScalars = 255

    public let id: UUID
    public let student: Identifier<Membership>
    /// The student's number.
    public let studentNumber: Int64
    public let title: WireText
    public let message: WireText
    public let kind: Kind
    /// In per cent, where the notice is about one.
    public let threshold: Double?
    public let createdAt: Instant
    /// Nil while nobody has read it.
    public let readAt: Instant?

    public init(
        id: UUID, student: Identifier<Membership>, studentNumber: Int64, title: WireText, message: WireText, kind: Kind,
        threshold: Double?, createdAt: Instant, readAt: Instant? = nil
    ) {
        self.id = id
        self.student = student
        self.studentNumber = studentNumber
        self.title = title
        self.message = message
        self.kind = kind
        self.threshold = threshold
        self.createdAt = createdAt
        self.readAt = readAt
    }

    /// Whether a student is to hear of their attendance: present marks out of **all** sessions of the class, nothing without a
    /// session; at the threshold they do. The third formula of the contract, and like this on purpose or not. Source: contract
    /// aims §7.5.
    static func isDue(present: Int64, sessions: Int64, threshold: Double) -> Bool {
        // The quotient is rounded as the threshold is, so equal numbers are equal here.
        (sessions == 0 ? 0 : Double(present * 100) / Double(sessions)) <= threshold
    }
}

extension Operations {
    /// Sends a notice to every student at or below a threshold: of one class, or of any class that they are in. Each gets one.
    /// - Parameter threshold: In per cent.
    /// - Returns: How many notices were sent.
    /// - Throws: `.notPermitted` to anybody but admins, `.notFound(.class)`, `.invalid(field:…)`, `.unavailable`. Source: contract
    ///   aims §7.5.
    public func sendNotices(
        title: WireText, message: WireText, belowOrAt threshold: Double, in id: Identifier<SchoolClass>?,
        as caller: ClassroomCaller
    ) async throws(AttendanceError) -> Int {
        try caller.require(.admin)
        try Self.check(title, message)
        let now = ambient.now()
        let ambient = ambient
        return try await store.write(in: caller.tenant) { tx throws(AttendanceError) in
            let classes =
                if let id { [try tx.tended(id, by: caller)] } else { try tx.classes(of: nil) }
            let numbers = classes.map(\.number)
            let (rosters, tallies) = (try tx.rosters(of: numbers), try tx.tallies(of: numbers))
            var due: [Int64: Student] = [:]
            for number in numbers {
                let tally = tallies[number] ?? ClassTally()
                for student in rosters[number]?.enrolled ?? []
                where Notice.isDue(
                    present: tally.tally(of: student.number).present, sessions: tally.sessions, threshold: threshold)
                {
                    due[student.number] = student
                }
            }
            let notices = due.values.sorted { $0.number < $1.number }.map { student in
                Notice(
                    id: ambient.newIdentity(), student: student.id, studentNumber: student.number, title: title,
                    message: message, kind: .attendance, threshold: threshold, createdAt: now)
            }
            try tx.add(notices)
            try tx.note(
                AuditEntry(
                    at: now, caller: caller.caller, act: .noticesSent, subject: id?.text ?? "", detail: "\(notices.count)"))
            return notices.count
        }
    }

    /// Sends a notice to one student.
    /// - Throws: `.notPermitted` to anybody but admins, `.notFound(.student)`, `.invalid(field:…)`, `.unavailable`. Source:
    ///   contract aims §7.5.
    public func sendNotice(
        title: WireText, message: WireText, _ kind: Notice.Kind, to id: Identifier<Membership>, threshold: Double? = nil,
        as caller: ClassroomCaller
    ) async throws(AttendanceError) -> Notice {
        try caller.require(.admin)
        try Self.check(title, message)
        let now = ambient.now()
        let identity = ambient.newIdentity()
        return try await store.write(in: caller.tenant) { tx throws(AttendanceError) in
            guard let student = try tx.student(id) else { throw .notFound(.student) }
            let notice = Notice(
                id: identity, student: id, studentNumber: student.number, title: title, message: message, kind: kind,
                threshold: threshold, createdAt: now)
            try tx.add([notice])
            try tx.note(
                AuditEntry(at: now, caller: caller.caller, act: .noticesSent, subject: id.text, detail: "1"))
            return notice
        }
    }

    /// The caller's own notices, newest first; none without a student's record.
    /// - Throws: `.notPermitted` to anybody but students, `.unavailable`. Source: contract aims §7.5.
    public func ownNotices(
        unreadOnly: Bool, as caller: ClassroomCaller
    ) async throws(AttendanceError) -> [Notice] {
        try caller.require(.student)
        return try await store.readBriefly(in: caller.tenant) { tx throws(AttendanceError) in
            guard let student = try tx.student(ofAddress: caller.email) else { return [] }
            return try tx.notices(of: student.number, unreadOnly: unreadOnly)
        }
    }

    /// Notes that the caller has read a notice of theirs; again is no fault.
    /// - Throws: `.notPermitted` to anybody but students, `.notFound(.notice)` for none of theirs, `.unavailable`. Source: contract
    ///   aims §7.5.
    public func readOwnNotice(_ id: UUID, as caller: ClassroomCaller) async throws(AttendanceError) {
        try caller.require(.student)
        let now = ambient.now()
        try await store.write(in: caller.tenant) { tx throws(AttendanceError) in
            guard let student = try tx.student(ofAddress: caller.email),
                try tx.readNotice(id, of: student.number, at: now)
            else { throw .notFound(.notice) }
        }
    }

    private static func check(_ title: WireText, _ message: WireText) throws(AttendanceError) {
        guard title.scalarCount <= Notice.titleMaxScalars else {
            throw .invalid(field: "title", .tooLong(maxScalars: Notice.titleMaxScalars))
        }
        for (field, text) in [("title", title), ("message", message)] where text.containsNUL {
            throw .invalid(field: field, .malformed("U+0000 cannot be kept"))
        }
    }
}

extension Ambient {
    /// A random identity. Source: RFC 9562 §5.4 (version 4).
    func newIdentity() -> UUID {
        UUID(version: 4, of: randomBytes(16))
    }
}
