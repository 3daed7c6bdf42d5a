import AttendanceCore

/// Folds what happens in the classroom: students, classes with their schedules, rosters, sessions and marks.
///
/// What comes in numbers is kept back and written once for all entries of a group: students, enrolments, sessions, and the marks
/// and sums of a class, however many roll calls there were. Classes and schedules are rare, and written at once.
struct ClassFold {
    private let connection: any SQLConnection
    private let tenant: TenantID
    private let sealer: Sealer
    private let memory: ClassMemory

    /// The key of an enrolment's row.
    private struct EnrolmentKey: Hashable {
        let schoolClass: Int64
        let student: Int64
        let toldBy: Int64
    }

    /// What has to be written. What it looks like then stands in the memory.
    private struct Changes {
        var newStudents: [(number: Int64, person: Identifier<Person>)] = []
        var isNewStudent: Set<Int64> = []
        var storedStudents: Set<Int64> = []
        var newEnrolments: [EnrolmentKey: Enrolment] = [:]
        var storedEnrolments: [EnrolmentKey: Enrolment] = [:]
        var newSessions: Set<Int64> = []
        var storedSessions: Set<Int64> = []
        var tallies: Set<Int64> = []
    }
    private var changes = Changes()

    init(connection: any SQLConnection, tenant: TenantID, sealer: Sealer, memory: ClassMemory) {
        self.connection = connection
        self.tenant = tenant
        self.sealer = sealer
        self.memory = memory
    }

    /// What stands there now, changes that are kept back included.
    var view: ClassView { ClassView(connection: connection, tenant: tenant, memory: memory) }

    private var classes: ClassTable { ClassTable(connection: connection, tenant: tenant) }
    private var students: StudentTable { StudentTable(connection: connection, tenant: tenant) }
    private var sessions: ClassSessionTable { ClassSessionTable(connection: connection, tenant: tenant) }

    /// Folds one entry. Entries of other kinds change nothing here, nor do those that make no sense where they stand.
    mutating func add(_ claim: Claim, sequence: Int64, hash: Digest, receivedAt: Instant) throws(SQLError) {
        guard let text = claim.detail else { return }
        switch claim.kind {
        case .studentTold: try tellStudent(claim, text, sequence: sequence, hash: hash, receivedAt: receivedAt)
        case .classTold: try tellClass(text, sequence: sequence, hash: hash, receivedAt: receivedAt)
        case .classEnded:
            guard case .schoolClass(let number) = EndDetail(parsing: text), let ended = try view.schoolClass(numbered: number)
            else { return }
            try write()
            try connection.run(ahead: classes.deletions(of: number, by: sequence))
            memory.forget(ended)
        case .slotTold: try tellSlot(text)
        case .rescheduleTold:
            switch RescheduleDetail(parsing: text, reason: claim.personal?.meta, at: receivedAt) {
            case .told(let one, let stamp):
                guard try view.schoolClass(numbered: one.schoolClass) != nil else { return }
                try connection.run(ahead: [classes.insertion(of: one, digest: stamp?.digest, toldBy: sequence)])
            case .removed(let number): try connection.run(ahead: [classes.removal(ofReschedule: number, by: sequence)])
            case nil: return
            }
        case .rosterChanged:
            guard let detail = RosterDetail(parsing: text) else { return }
            try changeRoster(detail, sequence: sequence, at: claim.occurredAt)
        case .classSessionOpened: try openSession(text, sequence: sequence, hash: hash, receivedAt: receivedAt)
        case .rollCalled:
            guard let detail = RollCallDetail(parsing: text), var session = try view.session(numbered: detail.session) else {
                return
            }
            let new = detail.changes.map { $0.mark(toldBy: sequence) }
            let former = session.mark(new)
            memory.remember(session)
            if !changes.newSessions.contains(session.number) { changes.storedSessions.insert(session.number) }
            try count(in: session.schoolClass) { tally in
                tally.count(former, by: -1)
                tally.count(new, by: 1)
            }
        case .classSessionVoided:
            guard case .session(let number) = EndDetail(parsing: text), let session = try view.session(numbered: number) else {
                return
            }
            try count(in: session.schoolClass) { tally in
                tally.count(session.marks, by: -1)
                tally.dropEmptyRows()
                tally.sessions -= 1
            }
            try write()
            try connection.run(ahead: [sessions.deletion(of: session)])
            memory.forget(session)
        default: return
        }
    }

    // MARK: Students

    private mutating func tellStudent(
        _ claim: Claim, _ text: WireText, sequence: Int64, hash: Digest, receivedAt: Instant
    ) throws(SQLError) {
        guard let personal = claim.personal, let profile = personal.meta.flatMap({ StudentProfile(entryText: $0) }) else {
            return
        }
        switch StudentDetail(parsing: text) {
        case .new(let row):
            let identities = sealer.identities(openedBy: hash)
            let student = Student(
                id: row.map { Identifier<Membership>(rawValue: $0.id) } ?? identities.membership, number: sequence,
                rollNumber: personal.identifier, profile: profile, createdAt: row?.stamp.createdAt ?? receivedAt,
                updatedAt: row?.stamp.changedAt ?? receivedAt, importedDigest: row?.stamp.digest)
            memory.remember(student)
            changes.newStudents.append((sequence, identities.person))
            changes.isNewStudent.insert(sequence)
        case .known(let number, let stamp):
            guard var student = try view.student(numbered: number) else { return }
            student.profile = profile
            student.updatedAt = stamp?.changedAt ?? receivedAt
            student.importedDigest = stamp?.digest ?? student.importedDigest
            memory.change(student)
            if !changes.isNewStudent.contains(number) { changes.storedStudents.insert(number) }
        case nil: return
        }
    }

    private mutating func changeRoster(
        _ detail: RosterDetail, sequence: Int64, at moment: Instant
    ) throws(SQLError) {
        guard try view.schoolClass(numbered: detail.schoolClass) != nil else { return }
        var roster = try view.roster(of: detail.schoolClass)
        // Taken out while it is changed, so that it is not copied.
        memory.rosters[detail.schoolClass] = nil
        for student in detail.dropped {
            guard let ended = roster.unenrol(student, at: moment, by: sequence) else { continue }
            let key = EnrolmentKey(schoolClass: detail.schoolClass, student: student, toldBy: ended.toldBy)
            if changes.newEnrolments[key] != nil {
                changes.newEnrolments[key] = ended
            } else {
                changes.storedEnrolments[key] = ended
            }
        }
        var added: [(student: Student, enrolment: Enrolment)] = []
        for number in detail.added where !roster.isEnrolled(number) {
            guard let student = try view.student(numbered: number) else { continue }
            let enrolment = Enrolment(student: number, addedAt: moment, toldBy: sequence)
            added.append((student, enrolment))
            let key = EnrolmentKey(schoolClass: detail.schoolClass, student: number, toldBy: sequence)
            changes.newEnrolments[key] = enrolment
        }
        roster.enrol(added)
        memory.rosters[detail.schoolClass] = roster
    }

    // MARK: Classes

    private func tellClass(
        _ text: WireText, sequence: Int64, hash: Digest, receivedAt: Instant
    ) throws(SQLError) {
        switch ClassDetail(parsing: text) {
        case .new(let profile, let row):
            let opened = SchoolClass(
                id: row.map { Identifier(rawValue: $0.id) } ?? sealer.classIdentity(openedBy: hash), number: sequence,
                profile: profile, createdAt: row?.stamp.createdAt ?? receivedAt,
                updatedAt: row?.stamp.changedAt ?? receivedAt, importedDigest: row?.stamp.digest)
            memory.remember(opened)
            try connection.run(ahead: [classes.insertion(of: opened)])
        case .change(let number, let profile, let stamp):
            guard var changed = try view.schoolClass(numbered: number) else { return }
            changed.profile = profile
            changed.updatedAt = stamp?.changedAt ?? receivedAt
            changed.importedDigest = stamp?.digest ?? changed.importedDigest
            memory.remember(changed)
            try connection.run(ahead: [classes.update(of: changed)])
        case nil: return
        }
    }

    private func tellSlot(_ text: WireText) throws(SQLError) {
        switch SlotDetail(parsing: text) {
        case .told(let number, let slot):
            guard var changed = try view.schoolClass(numbered: number) else { return }
            changed.slots.removeAll { $0.weekday == slot.weekday }
            changed.slots.append(slot)
            changed.slots.sort { $0.weekday < $1.weekday }
            memory.remember(changed)
            try connection.run(ahead: [classes.insertion(of: slot, of: number)])
        case .removed(let number, let weekday):
            guard var changed = try view.schoolClass(numbered: number) else { return }
            changed.slots.removeAll { $0.weekday == weekday }
            memory.remember(changed)
            try connection.run(ahead: [classes.deletion(ofSlotOn: weekday, of: number)])
        case nil: return
        }
    }

    // MARK: Sessions

    private mutating func openSession(
        _ text: WireText, sequence: Int64, hash: Digest, receivedAt: Instant
    ) throws(SQLError) {
        guard let detail = ClassSessionDetail(parsing: text), try view.schoolClass(numbered: detail.schoolClass) != nil,
            try view.session(of: detail.schoolClass, on: detail.day) == nil
        else { return }
        memory.remember(
            ClassSession(
                id: detail.imported.map { Identifier(rawValue: $0.id) } ?? sealer.classSessionIdentity(openedBy: hash),
                number: sequence, schoolClass: detail.schoolClass, day: detail.day, creator: detail.creator,
                imageURL: detail.imageURL, createdAt: detail.imported?.stamp.createdAt ?? receivedAt,
                importedDigest: detail.imported?.stamp.digest))
        changes.newSessions.insert(sequence)
        try count(in: detail.schoolClass) { $0.sessions += 1 }
    }

    private mutating func count(in schoolClass: Int64, _ change: (inout ClassTally) -> Void) throws(SQLError) {
        if memory.tallies[schoolClass] == nil { _ = try view.tallies(of: [schoolClass]) }
        change(&memory.tallies[schoolClass, default: ClassTally()])
        changes.tallies.insert(schoolClass)
    }

    // MARK: Writing

    /// Writes everything that is kept back.
    mutating func write() throws(SQLError) {
        let changes = changes
        self.changes = Changes()
        let new = changes.newStudents.compactMap { number, person in
            memory.students[number].map { StudentTable.NewStudent(student: $0, person: person) }
        }
        let stored = changes.storedStudents.sorted().compactMap { memory.students[$0] }
        func rows(_ enrolments: [EnrolmentKey: Enrolment]) -> [StudentTable.EnrolmentRow] {
            enrolments.map { StudentTable.EnrolmentRow(schoolClass: $0.schoolClass, enrolment: $1) }.sorted {
                ($0.schoolClass, $0.enrolment.student, $0.enrolment.toldBy)
                    < ($1.schoolClass, $1.enrolment.student, $1.enrolment.toldBy)
            }
        }
        let opened = changes.newSessions.sorted().compactMap { memory.sessions[$0] }
        let tallies = changes.tallies.sorted().compactMap { number in
            memory.tallies[number].map { (schoolClass: number, tally: $0) }
        }
        // Enrolments end before others of the same student begin: at any time there is one.
        let insertions =
            students.insertions(of: new) + [
                students.insertion(of: stored, areStored: true),
                students.insertion(of: rows(changes.storedEnrolments), areStored: true),
                students.insertion(of: rows(changes.newEnrolments), areStored: false),
                sessions.insertion(of: opened), sessions.insertion(of: tallies),
            ]
        try connection.insert(ahead: insertions.filter { $0.rowCount > 0 })
        try connection.run(
            ahead: changes.storedSessions.sorted().compactMap { memory.sessions[$0].map { sessions.update(of: $0) } })
    }
}
