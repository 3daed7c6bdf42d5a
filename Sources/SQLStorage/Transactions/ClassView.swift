import AttendanceCore
import struct FoundationEssentials.UUID

/// What is remembered of classes, students and sessions: by the writer with what it keeps back, by readers until anybody changes
/// the store.
final class ClassMemory {
    /// The day of a class.
    struct Place: Hashable {
        let schoolClass: Int64
        let day: CalendarDay
    }

    private(set) var classes: [Int64: SchoolClass] = [:]
    private(set) var classNumbers: [Identifier<SchoolClass>: Int64] = [:]
    private(set) var students: [Int64: Student] = [:]
    private(set) var studentNumbers: [WireText: Int64] = [:]
    var rosters: [Int64: ClassRoster] = [:] {
        didSet { rosterCost = nil }
    }
    private(set) var sessions: [Int64: ClassSession] = [:]
    private(set) var sessionNumbers: [Identifier<ClassSession>: Int64] = [:]
    private(set) var sessionDays: [Place: Int64] = [:]
    var tallies: [Int64: ClassTally] = [:]
    private var rosterCost: Int?
    private var markCost = 0

    /// In the measure of a sheet's memory, where a day or a punch is one. A student's profile is as large as some of those.
    var cost: Int {
        let rosterCost = self.rosterCost ?? rosters.values.reduce(0) { $0 + $1.students.count }
        self.rosterCost = rosterCost
        return classes.count + 4 * (students.count + rosterCost) + sessions.count + markCost / 2
            + tallies.values.reduce(0) { $0 + $1.rows.count / 4 }
    }

    func remember(_ one: SchoolClass) {
        classes[one.number] = one
        classNumbers[one.id] = one.number
    }

    func remember(_ one: Student) {
        students[one.number] = one
        studentNumbers[one.rollNumber] = one.number
    }

    /// What is told of a student is shown in every class they are in, or were.
    func change(_ one: Student) {
        remember(one)
        for number in rosters.keys { rosters[number]?.replace(one) }
    }

    func remember(_ one: ClassSession) {
        markCost += one.marks.count - (sessions[one.number]?.marks.count ?? 0)
        sessions[one.number] = one
        sessionNumbers[one.id] = one.number
        sessionDays[Place(schoolClass: one.schoolClass, day: one.day)] = one.number
    }

    func forget(_ one: ClassSession) {
        markCost -= one.marks.count
        sessions[one.number] = nil
        sessionNumbers[one.id] = nil
        sessionDays[Place(schoolClass: one.schoolClass, day: one.day)] = nil
    }

    func forget(_ one: SchoolClass) {
        classes[one.number] = nil
        classNumbers[one.id] = nil
        rosters[one.number] = nil
        tallies[one.number] = nil
        for session in sessions.values where session.schoolClass == one.number { forget(session) }
    }

    func forgetAll() {
        classes = [:]
        classNumbers = [:]
        students = [:]
        studentNumbers = [:]
        rosters = [:]
        sessions = [:]
        sessionNumbers = [:]
        sessionDays = [:]
        tallies = [:]
        markCost = 0
    }
}

/// What stands of classes now: remembered, or else read and remembered. What a writer keeps back is always remembered, so that
/// nothing older is read.
struct ClassView {
    let connection: any SQLConnection
    let tenant: TenantID
    let memory: ClassMemory

    private var classes: ClassTable { ClassTable(connection: connection, tenant: tenant) }
    private var students: StudentTable { StudentTable(connection: connection, tenant: tenant) }
    private var sessions: ClassSessionTable { ClassSessionTable(connection: connection, tenant: tenant) }

    func schoolClass(_ id: Identifier<SchoolClass>) throws(SQLError) -> SchoolClass? {
        if let number = memory.classNumbers[id] { return memory.classes[number] }
        let found = try classes.schoolClass(id)
        if let found { memory.remember(found) }
        return found
    }

    func schoolClass(numbered number: Int64) throws(SQLError) -> SchoolClass? {
        if let known = memory.classes[number] { return known }
        let found = try classes.schoolClass(numbered: number)
        if let found { memory.remember(found) }
        return found
    }

    func session(_ id: Identifier<ClassSession>) throws(SQLError) -> ClassSession? {
        if let number = memory.sessionNumbers[id] { return memory.sessions[number] }
        let found = try sessions.session(id)
        if let found { memory.remember(found) }
        return found
    }

    func session(numbered number: Int64) throws(SQLError) -> ClassSession? {
        if let known = memory.sessions[number] { return known }
        let found = try sessions.session(numbered: number)
        if let found { memory.remember(found) }
        return found
    }

    func session(of schoolClass: Int64, on day: CalendarDay) throws(SQLError) -> ClassSession? {
        let place = ClassMemory.Place(schoolClass: schoolClass, day: day)
        if let number = memory.sessionDays[place] { return memory.sessions[number] }
        let found = try sessions.session(of: schoolClass, on: day)
        if let found { memory.remember(found) }
        return found
    }

    func roster(of schoolClass: Int64) throws(SQLError) -> ClassRoster {
        if let known = memory.rosters[schoolClass] { return known }
        return try rosters(of: [schoolClass])[schoolClass] ?? ClassRoster(students: [], enrolments: [])
    }

    func rosters(of wanted: [Int64]) throws(SQLError) -> [Int64: ClassRoster] {
        let missing = wanted.filter { memory.rosters[$0] == nil }
        for (number, read) in try students.rosters(of: missing) {
            var roster = read
            // What is remembered of a student is newer than what is stored, where it is kept back.
            for student in read.students {
                if let known = memory.students[student.number], known != student { roster.replace(known) }
            }
            memory.rosters[number] = roster
        }
        var rosters: [Int64: ClassRoster] = [:]
        for number in wanted { rosters[number] = memory.rosters[number] }
        return rosters
    }

    func student(numbered number: Int64) throws(SQLError) -> Student? {
        if let known = memory.students[number] { return known }
        let found = try students.student(numbered: number)
        if let found { memory.remember(found) }
        return found
    }

    func students(ofRollNumbers rollNumbers: [WireText]) throws(SQLError) -> [WireText: Student] {
        let missing = Set(rollNumbers).filter { memory.studentNumbers[$0] == nil }
        for found in try students.students(ofRollNumbers: missing.sorted()) { memory.remember(found) }
        var all: [WireText: Student] = [:]
        for rollNumber in rollNumbers {
            if let number = memory.studentNumbers[rollNumber] { all[rollNumber] = memory.students[number] }
        }
        return all
    }

    func tallies(of wanted: [Int64]) throws(SQLError) -> [Int64: ClassTally] {
        let missing = wanted.filter { memory.tallies[$0] == nil }
        let read = try sessions.tallies(of: missing)
        for number in missing { memory.tallies[number] = read[number] ?? ClassTally() }
        var tallies: [Int64: ClassTally] = [:]
        for number in wanted { tallies[number] = memory.tallies[number] }
        return tallies
    }
}
