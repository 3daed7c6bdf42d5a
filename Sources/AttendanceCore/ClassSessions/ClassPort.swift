public import struct FoundationEssentials.UUID

/// Classes, students and sessions of the transaction's tenant, as they are now.
public protocol ClassReading {
    /// The class of this identity; nil for none, and for one that has ended.
    func schoolClass(_ id: Identifier<SchoolClass>) throws(AttendanceError) -> SchoolClass?
    /// The one that this entry opened.
    func schoolClass(numbered number: Int64) throws(AttendanceError) -> SchoolClass?
    /// The owner's one with this code and section.
    func schoolClass(
        of owner: Identifier<Grant>, code: WireText, section: WireText
    ) throws(AttendanceError) -> SchoolClass?
    /// An owner's classes, or all of them, by creation, then identity. Source: contract aims §4.4.
    func classes(of owner: Identifier<Grant>?) throws(AttendanceError) -> [SchoolClass]
    /// The classes that a student of this number is in, by code, then section. Source: contract aims §7.4.
    func classes(ofStudent student: Int64) throws(AttendanceError) -> [SchoolClass]
    /// Names and addresses of owners; who is gone is not there.
    func classOwners(_ ids: [Identifier<Grant>]) throws(AttendanceError) -> [Identifier<Grant>: ClassOwner]

    /// The moved meetings of classes by their new day, then number.
    func reschedules(of classes: [Int64]) throws(AttendanceError) -> [Int64: [Reschedule]]
    /// One that was not removed.
    func reschedule(_ number: Int64) throws(AttendanceError) -> Reschedule?
    /// One above the highest number that a moved meeting ever had.
    func nextRescheduleNumber() throws(AttendanceError) -> Int64

    /// Who is in a class, and who was.
    func roster(of schoolClass: Int64) throws(AttendanceError) -> ClassRoster
    /// The same of several at once.
    func rosters(of classes: [Int64]) throws(AttendanceError) -> [Int64: ClassRoster]
    /// Those of the students that there are.
    func students(ofRollNumbers rollNumbers: [WireText]) throws(AttendanceError) -> [WireText: Student]
    /// The student of this identity.
    func student(_ id: Identifier<Membership>) throws(AttendanceError) -> Student?
    /// The student with this address, be it their own or the institute's, letter case aside; nil for none, and where several
    /// have it: nobody is shown somebody else's marks. Source: contract aims §7.4, §9.
    func student(ofAddress address: WireText) throws(AttendanceError) -> Student?
    /// Whether any student has this address, be it their own or the institute's, letter case aside. Source: contract aims §7.3.
    func isStudentAddress(_ address: WireText) throws(AttendanceError) -> Bool
    /// The students who are in any class.
    func enrolledStudents() throws(AttendanceError) -> [Student]

    /// The session of this identity.
    func classSession(_ id: Identifier<ClassSession>) throws(AttendanceError) -> ClassSession?
    /// The session of a class on a day.
    func classSession(of schoolClass: Int64, on day: CalendarDay) throws(AttendanceError) -> ClassSession?
    /// The sessions of a class between two days, both included, newest first.
    func classSessions(
        of schoolClass: Int64, from: CalendarDay?, through: CalendarDay?
    ) throws(AttendanceError) -> [ClassSession]
    /// All sessions of all classes in the order of class and day, behind a place, at most `limit`.
    func classSessions(
        after place: (schoolClass: Int64, day: CalendarDay)?, limit: Int
    ) throws(AttendanceError) -> [ClassSession]
    /// The sums of classes' marks.
    func tallies(of classes: [Int64]) throws(AttendanceError) -> [Int64: ClassTally]

    /// A student's notices, newest first.
    func notices(of student: Int64, unreadOnly: Bool) throws(AttendanceError) -> [Notice]
    /// Whether a class may be checked into by Bluetooth. Source: contract aims §7.9.
    func flag(_ key: WireText) throws(AttendanceError) -> Bool
    /// The addresses that were there, in code point order.
    func flagPresence(_ key: WireText) throws(AttendanceError) -> [WireText]
    /// How many flags and addresses there are.
    func flagCount() throws(AttendanceError) -> Int
}

/// What is written beside the ledger: it changes no result.
public protocol ClassWriting {
    /// Adds notices, which are new.
    func add(_ notices: [Notice]) throws(AttendanceError)
    /// Notes that a student has read a notice; one that was read before stays so since then. Returns whether they have it.
    func readNotice(_ id: UUID, of student: Int64, at moment: Instant) throws(AttendanceError) -> Bool
    /// Lets a class be checked into, or not.
    func setFlag(_ key: WireText, to isOn: Bool) throws(AttendanceError)
    /// Notes that an address is there, or is not.
    func setFlagPresence(_ key: WireText, _ email: WireText, to isPresent: Bool) throws(AttendanceError)
}

/// Whose a class is, as students are shown it.
public struct ClassOwner: Sendable, Equatable {
    public let name: WireText
    public let email: WireText

    public init(name: WireText, email: WireText) {
        self.name = name
        self.email = email
    }
}
