import AttendanceCore
import struct FoundationEssentials.UUID

/// Classes as units of work see them. What a roll call asks for goes through ``ReadingTransaction/classView()``, where a writer
/// answers from what it keeps back; everything else reads what is settled.
extension ReadingTransaction: ClassReading {
    private var classes: ClassTable { ClassTable(connection: connection, tenant: tenant) }
    private var students: StudentTable { StudentTable(connection: connection, tenant: tenant) }
    private var classSessions: ClassSessionTable { ClassSessionTable(connection: connection, tenant: tenant) }
    private var notices: NoticeTable { NoticeTable(connection: connection, tenant: tenant) }

    private func viewed<Result>(_ body: (ClassView) throws(SQLError) -> Result) throws(AttendanceError) -> Result {
        let view = try classView()
        return try attempt { () throws(SQLError) in try body(view) }
    }

    private func stored<Result>(_ body: () throws(SQLError) -> Result) throws(AttendanceError) -> Result {
        try settle()
        return try attempt(body)
    }

    func schoolClass(_ id: Identifier<SchoolClass>) throws(AttendanceError) -> SchoolClass? {
        try viewed { view throws(SQLError) in try view.schoolClass(id) }
    }

    func schoolClass(numbered number: Int64) throws(AttendanceError) -> SchoolClass? {
        try viewed { view throws(SQLError) in try view.schoolClass(numbered: number) }
    }

    func schoolClass(
        of owner: Identifier<Grant>, code: WireText, section: WireText
    ) throws(AttendanceError) -> SchoolClass? {
        try stored { () throws(SQLError) in try classes.schoolClass(of: owner, code: code, section: section) }
    }

    func classes(of owner: Identifier<Grant>?) throws(AttendanceError) -> [SchoolClass] {
        try stored { () throws(SQLError) in try classes.classes(of: owner) }
    }

    func classes(ofStudent student: Int64) throws(AttendanceError) -> [SchoolClass] {
        try stored { () throws(SQLError) in try classes.classes(ofStudent: student) }
    }

    func classOwners(_ ids: [Identifier<Grant>]) throws(AttendanceError) -> [Identifier<Grant>: ClassOwner] {
        try certain { () throws(SQLError) in try classes.owners(ids) }
    }

    func reschedules(of numbers: [Int64]) throws(AttendanceError) -> [Int64: [Reschedule]] {
        try stored { () throws(SQLError) in try classes.reschedules(of: numbers) }
    }

    func reschedule(_ number: Int64) throws(AttendanceError) -> Reschedule? {
        try stored { () throws(SQLError) in try classes.reschedule(number) }
    }

    func nextRescheduleNumber() throws(AttendanceError) -> Int64 {
        try stored { () throws(SQLError) in try classes.nextRescheduleNumber() }
    }

    func roster(of schoolClass: Int64) throws(AttendanceError) -> ClassRoster {
        try viewed { view throws(SQLError) in try view.roster(of: schoolClass) }
    }

    func rosters(of numbers: [Int64]) throws(AttendanceError) -> [Int64: ClassRoster] {
        try viewed { view throws(SQLError) in try view.rosters(of: numbers) }
    }

    func students(ofRollNumbers rollNumbers: [WireText]) throws(AttendanceError) -> [WireText: Student] {
        try viewed { view throws(SQLError) in try view.students(ofRollNumbers: rollNumbers) }
    }

    func student(_ id: Identifier<Membership>) throws(AttendanceError) -> Student? {
        try stored { () throws(SQLError) in try students.student(id) }
    }

    func student(ofAddress address: WireText) throws(AttendanceError) -> Student? {
        let found = try holders(of: address)
        return found.count == 1 ? found[0] : nil
    }

    func isStudentAddress(_ address: WireText) throws(AttendanceError) -> Bool {
        try !holders(of: address).isEmpty
    }

    private func holders(of address: WireText) throws(AttendanceError) -> [Student] {
        let folded = address.foldedAddress
        guard !folded.isEmpty else { return [] }
        return try stored { () throws(SQLError) in try students.students(ofAddress: folded) }
    }

    func enrolledStudents() throws(AttendanceError) -> [Student] {
        try stored { () throws(SQLError) in try students.enrolled() }
    }

    func classSession(_ id: Identifier<ClassSession>) throws(AttendanceError) -> ClassSession? {
        try viewed { view throws(SQLError) in try view.session(id) }
    }

    func classSession(of schoolClass: Int64, on day: CalendarDay) throws(AttendanceError) -> ClassSession? {
        try viewed { view throws(SQLError) in try view.session(of: schoolClass, on: day) }
    }

    func classSessions(
        of schoolClass: Int64, from: CalendarDay?, through: CalendarDay?
    ) throws(AttendanceError) -> [ClassSession] {
        try stored { () throws(SQLError) in
            try classSessions.sessions(of: schoolClass, from: from, through: through)
        }
    }

    func classSessions(
        after place: (schoolClass: Int64, day: CalendarDay)?, limit: Int
    ) throws(AttendanceError) -> [ClassSession] {
        try stored { () throws(SQLError) in try classSessions.sessions(after: place, limit: limit) }
    }

    func tallies(of numbers: [Int64]) throws(AttendanceError) -> [Int64: ClassTally] {
        try viewed { view throws(SQLError) in try view.tallies(of: numbers) }
    }

    func notices(of student: Int64, unreadOnly: Bool) throws(AttendanceError) -> [Notice] {
        try stored { () throws(SQLError) in try notices.notices(of: student, unreadOnly: unreadOnly) }
    }

    func flag(_ key: WireText) throws(AttendanceError) -> Bool {
        try certain { () throws(SQLError) in try notices.flag(key) }
    }

    func flagPresence(_ key: WireText) throws(AttendanceError) -> [WireText] {
        try certain { () throws(SQLError) in try notices.presence(key) }
    }

    func flagCount() throws(AttendanceError) -> Int {
        try certain { () throws(SQLError) in try notices.flagCount() }
    }
}

extension WritingTransaction: ClassWriting {
    private var notices: NoticeTable { NoticeTable(connection: connection, tenant: tenant) }

    func add(_ new: [Notice]) throws(AttendanceError) {
        guard !new.isEmpty else { return }
        try write { () throws(SQLError) in try notices.add(new) }
    }

    func readNotice(_ id: UUID, of student: Int64, at moment: Instant) throws(AttendanceError) -> Bool {
        var isTheirs = false
        try write { () throws(SQLError) in isTheirs = try notices.read(id, of: student, at: moment) }
        return isTheirs
    }

    func setFlag(_ key: WireText, to isOn: Bool) throws(AttendanceError) {
        try write { () throws(SQLError) in try notices.set(key, to: isOn) }
    }

    func setFlagPresence(_ key: WireText, _ email: WireText, to isPresent: Bool) throws(AttendanceError) {
        try write { () throws(SQLError) in try notices.set(key, email, to: isPresent) }
    }
}
