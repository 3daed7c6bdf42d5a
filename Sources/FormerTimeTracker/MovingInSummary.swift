import AttendanceCore

/// What rows are told by.
public enum MovingInTable: String, Sendable, CaseIterable {
    case employees = "employees"
    case businessHours = "business_hours"
    case admins = "admins"
    case entries = "entries"
    case sessions = "sessions"
    case cycles = "cycles"
}

/// Something that somebody has to know of.
public enum MovingInLine: Sendable, Equatable {
    /// A row that has no place here, or is here otherwise than there.
    case misfit(table: MovingInTable, id: String, reason: String)
    /// A row that was brought in and is not there any more. What is here stays.
    case vanished(table: MovingInTable, id: String)
    /// A session whose figures are others here although nobody edited it; the id is empty where it was not there.
    case difference(session: String, employee: String, date: String, what: String, reason: String)
}

/// How moving in went.
public struct MovingInSummary: Sendable {
    /// How many lines of a kind are repeated here; all of them are told as they come.
    public static let linesMax = 1_000

    /// What became of a table's rows.
    public struct Counts: Sendable, Equatable {
        public var new = 0
        public var alreadyThere = 0
        public var corrected = 0
        public var vanished = 0
        public var misfits = 0
    }

    public private(set) var counts: [MovingInTable: Counts] = [:]
    public internal(set) var editedSessions = 0
    /// Cycles are not taken over: they follow from punches.
    public internal(set) var cycles = 0
    public private(set) var differences = 0
    public private(set) var lines: [MovingInLine] = []
    private var kept: [String: Int] = [:]

    public subscript(table: MovingInTable) -> Counts { counts[table] ?? Counts() }

    mutating func count(_ fate: RowOutcome.Fate, of table: MovingInTable) {
        switch fate {
        case .new: counts[table, default: Counts()].new += 1
        case .alreadyThere: counts[table, default: Counts()].alreadyThere += 1
        case .corrected: counts[table, default: Counts()].corrected += 1
        case .misfit: counts[table, default: Counts()].misfits += 1
        }
    }

    mutating func countVanished(of table: MovingInTable) {
        counts[table, default: Counts()].vanished += 1
    }

    mutating func take(_ line: MovingInLine) {
        let kind =
            switch line {
            case .misfit: "misfit"
            case .vanished: "vanished"
            case .difference: "difference"
            }
        if case .difference = line { differences += 1 }
        kept[kind, default: 0] += 1
        if kept[kind, default: 0] <= Self.linesMax { lines.append(line) }
    }

    /// One line for the audit trail.
    var auditText: String {
        func sum(_ part: (Counts) -> Int) -> Int { counts.values.reduce(0) { $0 + part($1) } }
        return "\(sum { $0.new }) new, \(sum { $0.corrected }) corrected, \(sum { $0.vanished }) vanished, "
            + "\(sum { $0.misfits }) misfits"
    }
}
