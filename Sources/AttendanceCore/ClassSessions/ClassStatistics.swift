/// The marks of one student in one class, added up.
public struct StudentTally: Sendable, Equatable {
    public let student: Student
    public let tally: MarkTally

    public init(student: Student, tally: MarkTally) {
        self.student = student
        self.tally = tally
    }
}

/// What a day of a class was for a student, told fairly: who joined later was not absent before, and who left is not absent
/// afterwards. Contracts have formulas of their own; this is for Muster's own views.
public enum FairAttendance: Sendable, Equatable {
    case marked(MarkStatus)
    /// In the class on that day, and without a mark.
    case unmarked
    /// Not in the class on that day, and without a mark.
    case elsewhere

    /// - Parameters:
    ///   - mark: That of the session, if there is one: what was noted counts, whenever somebody joined.
    ///   - enrolments: The student's in this class.
    ///   - zone: On whose days somebody joins and leaves. On the day itself they are in the class.
    public init(on day: CalendarDay, mark: Mark?, enrolments: [Enrolment], zone: ZoneRules) {
        func dayOf(_ moment: Instant) -> CalendarDay {
            CalendarDay(of: moment, offsetSeconds: zone.offset(at: moment))
        }
        if let mark {
            self = .marked(mark.status)
        } else {
            let isThere = enrolments.contains { one in
                dayOf(one.addedAt) <= day && (one.endedAt.map { day <= dayOf($0) } ?? true)
            }
            self = isThere ? .unmarked : .elsewhere
        }
    }
}

/// A student's sessions of a class as they are fairly told.
public struct FairTally: Sendable, Equatable {
    public let student: Student
    /// What was noted.
    public let marks: MarkTally
    /// Sessions in which they should have been and nothing was noted: they count as absent here.
    public let unmarked: Int64

    /// Present or late out of all sessions in which something was noted of them, or should have been, in per cent; who was
    /// excused is left out.
    public var percentage: Hundredths {
        Hundredths(percentageOf: marks.attended, in: marks.total - marks.excused + unmarked)
    }
}

extension Operations {
    /// The sums of every student who is in the class now, by roll number. Only this class counts.
    /// - Throws: `.notPermitted` to students, `.notFound(.class)`, `.notPermitted`, `.unavailable`. Source: contract aims §4.9.
    public func classStatistics(
        of id: Identifier<SchoolClass>, as caller: ClassroomCaller
    ) async throws(AttendanceError) -> [StudentTally] {
        try caller.require(.teacher, .admin)
        let (roster, tally) = try await store.readBriefly(in: caller.tenant) { tx throws(AttendanceError) in
            let schoolClass = try tx.tended(id, by: caller)
            return (
                try tx.roster(of: schoolClass.number), try tx.tallies(of: [schoolClass.number])[schoolClass.number]
            )
        }
        return roster.enrolled.map { StudentTally(student: $0, tally: tally?.tally(of: $0.number) ?? MarkTally()) }
    }

    /// The same as it is fairly told; see ``FairAttendance``. It walks over the sessions of the class.
    /// - Throws: as ``classStatistics(of:as:)``.
    public func fairStatistics(
        of id: Identifier<SchoolClass>, as caller: ClassroomCaller
    ) async throws(AttendanceError) -> [FairTally] {
        try caller.require(.teacher, .admin)
        let zones = zones
        let (roster, sessions, zone) = try await store.read(in: caller.tenant) { tx throws(AttendanceError) in
            let schoolClass = try tx.tended(id, by: caller)
            return (
                try tx.roster(of: schoolClass.number),
                try tx.classSessions(of: schoolClass.number, from: nil, through: nil),
                try zones.rules(of: try tx.rules(of: .aims), .aims)
            )
        }
        return roster.enrolled.map { student in
            var (marks, unmarked) = (MarkTally(), Int64(0))
            for session in sessions {
                let attendance = FairAttendance(
                    on: session.day, mark: session.mark(of: student.number),
                    enrolments: roster.enrolments[student.number] ?? [], zone: zone)
                switch attendance {
                case .marked(let status): marks.count(status, by: 1)
                case .unmarked: unmarked += 1
                case .elsewhere: break
                }
            }
            return FairTally(student: student, marks: marks, unmarked: unmarked)
        }
    }
}
