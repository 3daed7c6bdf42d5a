/// That a student is in a class, from one moment to another.
public struct Enrolment: Sendable, Equatable {
    /// Their number.
    public let student: Int64
    public let addedAt: Instant
    /// The sequence of the entry that enrolled them.
    public let toldBy: Int64
    /// Nil while they are in the class.
    public package(set) var endedAt: Instant?
    /// The sequence of the entry that took them out.
    public package(set) var endedBy: Int64?

    package init(student: Int64, addedAt: Instant, toldBy: Int64, endedAt: Instant? = nil, endedBy: Int64? = nil) {
        self.student = student
        self.addedAt = addedAt
        self.toldBy = toldBy
        self.endedAt = endedAt
        self.endedBy = endedBy
    }
}

/// Everybody who is in a class, or was: marks of those who left are still shown under their names.
public struct ClassRoster: Sendable, Equatable {
    /// In the code point order of roll numbers. Source: contract aims §4.4, decision.
    public private(set) var students: [Student]
    /// By a student's number, oldest first; never empty.
    public private(set) var enrolments: [Int64: [Enrolment]]
    private var places: [WireText: Int] = [:]
    /// Those who are in the class now: a roll call asks for each of them.
    private var present: Set<Int64> = []

    /// - Parameter students: In any order, each once. Who has no enrolment is left out.
    package init(students: [Student], enrolments: [Enrolment]) {
        self.enrolments = Dictionary(grouping: enrolments.sorted { $0.toldBy < $1.toldBy }, by: \.student)
        self.students = students
        self.students.removeAll { self.enrolments[$0.number] == nil }
        arrange()
    }

    private mutating func arrange() {
        students.sort { $0.rollNumber < $1.rollNumber }
        places = Dictionary(uniqueKeysWithValues: students.enumerated().map { ($1.rollNumber, $0) })
        present = Set(enrolments.filter { $0.value.last?.endedBy == nil }.keys)
    }

    /// Those who are in the class now, by roll number.
    public var enrolled: [Student] { students.filter { isEnrolled($0.number) } }

    /// Whether a student of this number is in the class now.
    public func isEnrolled(_ student: Int64) -> Bool { present.contains(student) }

    /// Whoever has this roll number, and is in the class or was.
    public func student(ofRollNumber rollNumber: WireText) -> Student? {
        places[rollNumber].map { students[$0] }
    }

    /// The number of whoever has this roll number, without their profile.
    func number(ofRollNumber rollNumber: WireText) -> Int64? {
        places[rollNumber].map { students[$0].number }
    }

    /// Enrols students who are not in the class.
    package mutating func enrol(_ new: [(student: Student, enrolment: Enrolment)]) {
        for (student, enrolment) in new {
            if enrolments[student.number] == nil { students.append(student) }
            enrolments[student.number, default: []].append(enrolment)
        }
        arrange()
    }

    /// Takes a student out of the class.
    /// - Returns: The enrolment that ended; nil for who is not in the class.
    package mutating func unenrol(_ student: Int64, at moment: Instant, by sequence: Int64) -> Enrolment? {
        guard isEnrolled(student), let last = enrolments[student]?.indices.last else { return nil }
        enrolments[student]?[last].endedAt = moment
        enrolments[student]?[last].endedBy = sequence
        present.remove(student)
        return enrolments[student]?[last]
    }

    /// Shows what is told of a student from now on, where they are here at all.
    package mutating func replace(_ student: Student) {
        guard let place = places[student.rollNumber] else { return }
        students[place] = student
    }
}

/// The ``Claim/detail`` of a roster's change: `roster class=17 add=412,413 drop=400`: numbers of students, in their order.
public struct RosterDetail: Sendable, Equatable {
    public let schoolClass: Int64
    public let added: [Int64]
    public let dropped: [Int64]

    public init(schoolClass: Int64, added: [Int64], dropped: [Int64]) {
        self.schoolClass = schoolClass
        self.added = added.sorted()
        self.dropped = dropped.sorted()
    }

    public init?(parsing text: WireText) {
        guard let words = DetailWords(parsing: text), words.first == "roster", let number = words.integer("class") else {
            return nil
        }
        func numbers(_ name: String) -> [Int64]? {
            guard let list = words.text(name) else { return [] }
            let parts = list.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
            let numbers = parts.compactMap { Int64(Substring($0)) }
            return numbers.count == parts.count ? numbers : nil
        }
        guard let added = numbers("add"), let dropped = numbers("drop") else { return nil }
        self.init(schoolClass: number, added: added, dropped: dropped)
        guard self.text == text else { return nil }
    }

    public var text: WireText {
        var words = DetailWords("roster")
        words.add("class", schoolClass)
        func list(_ numbers: [Int64]) -> String? { numbers.isEmpty ? nil : numbers.map(String.init).joined(separator: ",") }
        words.add("add", list(added))
        words.add("drop", list(dropped))
        return words.text
    }
}

extension Claim {
    /// Who is in a class from a moment on, and who no longer.
    package init(changing detail: RosterDetail, at moment: Instant) {
        self.init(kind: .rosterChanged, source: .aims, occurredAt: moment, detail: detail.text)
    }
}
