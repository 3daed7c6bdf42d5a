/// What a mark says. The words are the wire's; the letters are stored and hashed, never changed.
public enum MarkStatus: String, Sendable, CaseIterable {
    case present
    case absent
    case late
    case excused

    /// One of the four words in any letter case; nil for any other text, blanks around it included. Source: contract aims §4.7.
    public init?(anyCase text: WireText) {
        self.init(rawValue: text.folded.text)
    }

    package init?(letter: UInt8) {
        switch letter {
        case UInt8(ascii: "p"): self = .present
        case UInt8(ascii: "a"): self = .absent
        case UInt8(ascii: "l"): self = .late
        case UInt8(ascii: "e"): self = .excused
        default: return nil
        }
    }

    package var letter: UInt8 {
        switch self {
        case .present: UInt8(ascii: "p")
        case .absent: UInt8(ascii: "a")
        case .late: UInt8(ascii: "l")
        case .excused: UInt8(ascii: "e")
        }
    }

    /// Whether somebody was there: present or late. Source: contract aims §5.2, §7.6.
    public var isAttended: Bool { self == .present || self == .late }
}

/// What was noted of one student in one session.
public struct Mark: Sendable, Equatable {
    /// Their number.
    public let student: Int64
    public let status: MarkStatus
    public let isRecognisedByAI: Bool
    /// How alike a face was, in per cent; nil where nobody said.
    public let score: Hundredths?
    /// The sequence of the entry that made it: who, and when.
    public let toldBy: Int64

    public init(student: Int64, status: MarkStatus, isRecognisedByAI: Bool, score: Hundredths?, toldBy: Int64) {
        self.student = student
        self.status = status
        self.isRecognisedByAI = isRecognisedByAI
        self.score = score
        self.toldBy = toldBy
    }

    /// Whether both say the same, whoever said it.
    func saysTheSame(as other: Mark) -> Bool {
        status == other.status && isRecognisedByAI == other.isRecognisedByAI && score == other.score
    }
}

/// How often something was noted of a student in one class. Sessions without a mark do not count. Source: contract aims §4.9.
public struct MarkTally: Sendable, Equatable {
    public package(set) var present: Int64
    public package(set) var absent: Int64
    public package(set) var late: Int64
    public package(set) var excused: Int64

    public init(present: Int64 = 0, absent: Int64 = 0, late: Int64 = 0, excused: Int64 = 0) {
        self.present = present
        self.absent = absent
        self.late = late
        self.excused = excused
    }

    /// All marks.
    public var total: Int64 { present + absent + late + excused }

    /// Present or late.
    public var attended: Int64 { present + late }

    /// Present out of all marks, in per cent; a late one is not present here, an excused one stays in the total. Source:
    /// contract aims §4.9, §7.4.
    public var presentPercentage: Hundredths { Hundredths(percentageOf: present, in: total) }

    /// Present or late out of all marks, in per cent. Source: contract aims §5.2, §7.6.
    public var attendedPercentage: Hundredths { Hundredths(percentageOf: attended, in: total) }

    package mutating func count(_ status: MarkStatus, by number: Int64) {
        switch status {
        case .present: present += number
        case .absent: absent += number
        case .late: late += number
        case .excused: excused += number
        }
    }

    static func + (left: MarkTally, right: MarkTally) -> MarkTally {
        MarkTally(
            present: left.present + right.present, absent: left.absent + right.absent, late: left.late + right.late,
            excused: left.excused + right.excused)
    }
}

extension Hundredths {
    /// A part of a whole in per cent, halves away from zero, worked out exactly: 1 of 32 is 3.13, 3 of 32 are 9.38. Zero for a
    /// whole of zero. Source: contract aims §4.9.
    /// - Precondition: Neither is negative.
    public init(percentageOf part: Int64, in whole: Int64) {
        precondition(part >= 0 && whole >= 0, "counts are not negative")
        self.init(whole == 0 ? 0 : (part * 20_000 + whole) / (whole * 2))
    }
}

/// The marks of a class added up: a projection, so that statistics walk over no sessions.
public struct ClassTally: Sendable, Equatable {
    /// One student's sums.
    public struct Row: Sendable, Equatable {
        /// Their number.
        public let student: Int64
        public package(set) var tally: MarkTally

        package init(student: Int64, tally: MarkTally) {
            self.student = student
            self.tally = tally
        }
    }

    /// How many sessions the class has.
    public package(set) var sessions: Int64
    /// By the students' numbers; who has no mark is not there.
    public package(set) var rows: [Row]

    package init(sessions: Int64 = 0, rows: [Row] = []) {
        self.sessions = sessions
        self.rows = rows
    }

    /// The sums of the student of this number.
    public func tally(of student: Int64) -> MarkTally {
        let place = place(of: student)
        return place < rows.count && rows[place].student == student ? rows[place].tally : MarkTally()
    }

    /// Counts marks in or out.
    /// - Parameter number: 1 or −1.
    package mutating func count(_ marks: some Sequence<Mark>, by number: Int64) {
        for mark in marks {
            let place = place(of: mark.student)
            if place == rows.count || rows[place].student != mark.student {
                rows.insert(Row(student: mark.student, tally: MarkTally()), at: place)
            }
            rows[place].tally.count(mark.status, by: number)
        }
    }

    /// Forgets students of whom no mark is left.
    package mutating func dropEmptyRows() {
        rows.removeAll { $0.tally.total == 0 }
    }

    /// Where a student's row is, or would be.
    private func place(of student: Int64) -> Int {
        var (low, high) = (0, rows.count)
        while low < high {
            let middle = (low + high) / 2
            if rows[middle].student < student { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
