extension Operations {
    /// How many lines one roster update takes.
    public static let rosterLinesMax = 5_000

    /// The students of a class by roll number.
    /// - Throws: `.notPermitted` to students, `.notFound(.class)`, `.notPermitted`, `.unavailable`.
    public func roster(
        of id: Identifier<SchoolClass>, as caller: ClassroomCaller
    ) async throws(AttendanceError) -> [Student] {
        try caller.require(.teacher, .admin)
        return try await store.read(in: caller.tenant) { tx throws(AttendanceError) in
            try tx.roster(of: try tx.tended(id, by: caller).number).enrolled
        }
    }

    /// The student of a roll number: any for an admin, for a teacher one who is in a class of theirs.
    /// - Throws: `.notPermitted` to students, `.notFound(.student)`, `.notPermitted`, `.unavailable`. Source: contract aims §7.7.
    public func student(
        ofRollNumber rollNumber: WireText, as caller: ClassroomCaller
    ) async throws(AttendanceError) -> Student {
        try caller.require(.teacher, .admin)
        return try await store.readBriefly(in: caller.tenant) { tx throws(AttendanceError) in
            guard let student = try tx.students(ofRollNumbers: [rollNumber])[rollNumber] else { throw .notFound(.student) }
            if caller.role == .admin { return student }
            let classes = try tx.classes(ofStudent: student.number)
            guard classes.contains(where: { caller.mayTend($0) }) else { throw .notPermitted }
            return student
        }
    }

    /// Adds students to a class, and tells more of those who are known. Nobody is taken out: students who are not named stay.
    ///
    /// A student is found by their exact roll number, whatever classes they are in; who is not known is new. The name is always
    /// the one that is told last, every other field is overwritten by a text with some content only. Of two lines with one roll
    /// number the later one is told after the earlier. A line that says what is known already adds nothing to the ledger.
    /// - Returns: The whole roster by roll number.
    /// - Throws: `.notPermitted` to students, `.notFound(.class)`, `.notPermitted`, `.invalid(field: "students", .tooLong)` for
    ///   more than ``rosterLinesMax`` lines, `.unavailable`. Source: contract aims §4.5.
    public func updateRoster(
        of id: Identifier<SchoolClass>, _ lines: [StudentDraft], as caller: ClassroomCaller
    ) async throws(AttendanceError) -> [Student] {
        try caller.require(.teacher, .admin)
        guard lines.count <= Self.rosterLinesMax else {
            throw .invalid(field: "students", .malformed("\(Self.rosterLinesMax) at the most are taken at once"))
        }
        guard !lines.isEmpty else { return try await roster(of: id, as: caller) }
        let moment = ambient.now()
        let sealer = sealer
        let addresses = lines.compactMap { StudentAddresses($0) }
        return try await store.write(in: caller.tenant) { tx throws(AttendanceError) in
            let schoolClass = try tx.tended(id, by: caller)
            var roster = try tx.roster(of: schoolClass.number)
            let known = try tx.students(ofRollNumbers: lines.map(\.rollNumber))
            let update = RosterUpdate(lines, known: known)
            _ = try tx.append(sealer.seal(update.claims(at: moment), by: caller.caller.name))
            let now = try tx.students(ofRollNumbers: update.rollNumbers)
            let added = now.values.map(\.number).filter { !roster.isEnrolled($0) }
            if !added.isEmpty {
                let detail = RosterDetail(schoolClass: schoolClass.number, added: added, dropped: [])
                _ = try tx.append(sealer.seal([Claim(changing: detail, at: moment)], by: caller.caller.name))
                try tx.note(
                    AuditEntry(
                        at: moment, caller: caller.caller, act: .studentsEnrolled, subject: id.text, detail: "\(added.count)"))
            }
            try tx.noteStudentAddresses(addresses, at: moment, sealer: sealer, in: caller.tenant)
            roster = try tx.roster(of: schoolClass.number)
            return roster.enrolled
        }
    }

    /// Takes students out of a class. What was noted of them stays, and so do they themselves.
    /// - Returns: How many of the roll numbers were in the class.
    /// - Throws: `.notPermitted` to students, `.notFound(.class)`, `.notPermitted`, `.unavailable`.
    public func unenrol(
        rollNumbers: [WireText], from id: Identifier<SchoolClass>, as caller: ClassroomCaller
    ) async throws(AttendanceError) -> Int {
        try caller.require(.teacher, .admin)
        let moment = ambient.now()
        let sealer = sealer
        return try await store.write(in: caller.tenant) { tx throws(AttendanceError) in
            let schoolClass = try tx.tended(id, by: caller)
            let roster = try tx.roster(of: schoolClass.number)
            let dropped = Set(rollNumbers).compactMap { roster.student(ofRollNumber: $0)?.number }
                .filter { roster.isEnrolled($0) }
            guard !dropped.isEmpty else { return 0 }
            let detail = RosterDetail(schoolClass: schoolClass.number, added: [], dropped: dropped)
            _ = try tx.append(sealer.seal([Claim(changing: detail, at: moment)], by: caller.caller.name))
            try tx.note(
                AuditEntry(
                    at: moment, caller: caller.caller, act: .studentsUnenrolled, subject: id.text, detail: "\(dropped.count)"))
            return dropped.count
        }
    }
}

/// What a roster's lines tell of students, beside what is known of them.
private struct RosterUpdate {
    private enum Telling {
        case new(StudentProfile)
        case known(Student, StudentProfile)

        var profile: StudentProfile {
            switch self {
            case .new(let profile), .known(_, let profile): profile
            }
        }
    }

    /// Each once, in the order in which they come first.
    private(set) var rollNumbers: [WireText] = []
    private var tellings: [WireText: Telling] = [:]

    init(_ lines: [StudentDraft], known: [WireText: Student]) {
        for line in lines {
            switch tellings[line.rollNumber] {
            case .new(let former): tellings[line.rollNumber] = .new(former.told(line.profile))
            case .known(let student, let former): tellings[line.rollNumber] = .known(student, former.told(line.profile))
            case nil:
                rollNumbers.append(line.rollNumber)
                tellings[line.rollNumber] =
                    known[line.rollNumber].map { .known($0, $0.profile.told(line.profile)) }
                    ?? .new(line.profile.withoutEmptyFields)
            }
        }
    }

    /// One for each student of whom something new is told.
    func claims(at moment: Instant) -> [Claim] {
        rollNumbers.compactMap { rollNumber in
            switch tellings[rollNumber] {
            case .new(let profile):
                Claim(telling: profile, of: rollNumber, .new(importedAs: nil), at: moment)
            case .known(let student, let profile) where profile != student.profile:
                Claim(telling: profile, of: rollNumber, .known(student.number), at: moment)
            case .known, nil: nil
            }
        }
    }
}
