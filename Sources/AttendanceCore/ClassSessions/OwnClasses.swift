/// A class as a student who is in it is shown it.
public struct OwnClass: Sendable, Equatable {
    public let schoolClass: SchoolClass
    /// Nil where the account is gone.
    public let owner: ClassOwner?
    /// Whether it may be checked into by Bluetooth: the flag under the class's identity. Source: contract aims §7.4, §7.9.
    public let isCheckInOpen: Bool

    public init(schoolClass: SchoolClass, owner: ClassOwner?, isCheckInOpen: Bool) {
        self.schoolClass = schoolClass
        self.owner = owner
        self.isCheckInOpen = isCheckInOpen
    }
}

/// What a student is shown of themselves in one class.
public struct OwnAttendance: Sendable, Equatable {
    /// One session.
    public struct Record: Sendable, Equatable {
        public let day: CalendarDay
        /// Nil where nothing was noted: shown as absent, and not counted. Source: contract aims §7.4.
        public let mark: Mark?

        public init(day: CalendarDay, mark: Mark?) {
            self.day = day
            self.mark = mark
        }

        /// The word that is shown.
        public var shownStatus: MarkStatus { mark?.status ?? .absent }
    }

    public let schoolClass: SchoolClass
    public let student: Student
    public let tally: MarkTally
    /// One per session of the class, newest first.
    public let records: [Record]

    public init(schoolClass: SchoolClass, student: Student, tally: MarkTally, records: [Record]) {
        self.schoolClass = schoolClass
        self.student = student
        self.tally = tally
        self.records = records
    }
}

extension Operations {
    /// The student behind the caller's address; nil where there is none.
    /// - Throws: `.notPermitted` to anybody but students, `.unavailable`. Source: contract aims §7.4.
    public func ownRecord(as caller: ClassroomCaller) async throws(AttendanceError) -> Student? {
        try caller.require(.student)
        return try await store.readBriefly(in: caller.tenant) { tx throws(AttendanceError) in
            try tx.student(ofAddress: caller.email)
        }
    }

    /// The caller's own classes, by code, then section; none without a student's record.
    /// - Throws: `.notPermitted` to anybody but students, `.unavailable`. Source: contract aims §7.4.
    public func ownClasses(as caller: ClassroomCaller) async throws(AttendanceError) -> [OwnClass] {
        try caller.require(.student)
        return try await store.readBriefly(in: caller.tenant) { tx throws(AttendanceError) in
            guard let student = try tx.student(ofAddress: caller.email) else { return [] }
            let classes = try tx.classes(ofStudent: student.number)
            let owners = try tx.classOwners(Array(Set(classes.map(\.owner))))
            var own: [OwnClass] = []
            for one in classes {
                own.append(
                    OwnClass(schoolClass: one, owner: owners[one.owner], isCheckInOpen: try tx.flag(one.id.text)))
            }
            return own
        }
    }

    /// What was noted of the caller in one class.
    /// - Throws: `.notPermitted` to anybody but students, `.notFound(.student)` without a student's record, `.notPermitted` where
    ///   they are not in the class or there is none, `.unavailable`. Source: contract aims §7.4.
    public func ownAttendance(
        in id: Identifier<SchoolClass>, as caller: ClassroomCaller
    ) async throws(AttendanceError) -> OwnAttendance {
        try caller.require(.student)
        return try await store.readBriefly(in: caller.tenant) { tx throws(AttendanceError) in
            guard let student = try tx.student(ofAddress: caller.email) else { throw .notFound(.student) }
            guard let schoolClass = try tx.schoolClass(id),
                try tx.roster(of: schoolClass.number).isEnrolled(student.number)
            else { throw .notPermitted }
            let sessions = try tx.classSessions(of: schoolClass.number, from: nil, through: nil)
            return OwnAttendance(
                schoolClass: schoolClass, student: student,
                tally: try tx.tallies(of: [schoolClass.number])[schoolClass.number]?.tally(of: student.number) ?? MarkTally(),
                records: sessions.map { .init(day: $0.day, mark: $0.mark(of: student.number)) })
        }
    }
}
