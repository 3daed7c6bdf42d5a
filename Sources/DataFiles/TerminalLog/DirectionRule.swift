import AttendanceCore

/// Where the direction of a terminal's punches comes from.
public enum DirectionRule: String, Sendable, CaseIterable {
    /// The terminal says it.
    case state = "state"
    /// A person's punches of a local day are in, out, in, out, …
    case alternate = "alternate"
    /// A person's first punch of a local day is in, the last one is out, and those between say nothing.
    case firstLast = "first-last"
}

/// One punch of a log with what became known of it.
struct JudgedLine: Sendable {
    let line: TerminalLine
    let detail: PunchDetail
}

/// Works directions out, holding back a person's punches of one day until another day of theirs, or the end, comes.
///
/// Terminals write in the order of time, so little is held. A line that belongs to a day already judged has come too late,
/// and no direction is made up for it.
struct DayBook: Sendable {
    private struct Day: Sendable {
        let day: Int64
        var lines: [TerminalLine]
        var lastTouch: Int
    }

    /// How many lines are held at most. Beyond that the half of the days that were added to longest ago are judged.
    let heldMax: Int
    static let heldMax = 50_000

    /// How many judged days of a person are remembered. A day that is older than these comes anew: so two logs in one file
    /// are judged alike, and a clock that ran ahead for a day spoils that day only.
    static let judgedMax = 31

    private let rule: DirectionRule
    private var open: [WireText: Day] = [:]
    private var judged: [WireText: [Int64]] = [:]
    private var held = 0
    private var touches = 0

    init(_ rule: DirectionRule, heldMax: Int = DayBook.heldMax) {
        self.rule = rule
        self.heldMax = heldMax
    }

    /// Takes a punch of `person`. Returns the punches whose direction is known now.
    mutating func take(_ line: TerminalLine, of person: WireText) -> [JudgedLine] {
        if rule == .state { return [JudgedLine(line: line, detail: .stated(by: line))] }
        if judged[person]?.contains(line.local.day) == true {
            return [JudgedLine(line: line, detail: PunchDetail(.undefined, [.derived, .unordered]))]
        }
        touches += 1
        var released: [JudgedLine] = []
        if let day = open[person], day.day != line.local.day { released += judge(person) }
        open[person, default: Day(day: line.local.day, lines: [], lastTouch: touches)].lines.append(line)
        open[person]?.lastTouch = touches
        held += 1
        return held > heldMax ? released + judgeOlderHalf() : released
    }

    /// Judges everything that is held.
    mutating func finish() -> [JudgedLine] {
        open.sorted { $0.value.lastTouch < $1.value.lastTouch }.flatMap { judge($0.key) }
    }

    private mutating func judgeOlderHalf() -> [JudgedLine] {
        let people = open.sorted { $0.value.lastTouch < $1.value.lastTouch }.map(\.key)
        return people.prefix(max(1, people.count / 2)).flatMap { judge($0) }
    }

    private mutating func judge(_ person: WireText) -> [JudgedLine] {
        guard let day = open.removeValue(forKey: person) else { return [] }
        held -= day.lines.count
        judged[person, default: []].append(day.day)
        if judged[person, default: []].count > Self.judgedMax { judged[person]?.removeFirst() }
        // Of lines that are one punch each gets the same direction, and they count once.
        var places: [TerminalLine.Key: Int] = [:]
        let inOrder = day.lines.sorted { $0.local < $1.local }
        for line in inOrder where places[line.key] == nil { places[line.key] = places.count }
        return inOrder.map { line in
            let place = places[line.key] ?? 0
            let direction: PunchDirection =
                switch rule {
                case .alternate: place.isMultiple(of: 2) ? .in : .out
                case .firstLast: place == 0 ? .in : place == places.count - 1 ? .out : .undefined
                case .state: preconditionFailure("what the terminal says is not held")
                }
            return JudgedLine(line: line, detail: PunchDetail(direction, [.derived]))
        }
    }
}

extension TerminalLine {
    /// What makes two lines of one user the same punch.
    struct Key: Hashable {
        let local: LocalTime
        let verification: UInt8
        let state: UInt8
        let workCode: WireText
    }

    var key: Key { Key(local: local, verification: verification, state: state, workCode: workCode) }
}

extension PunchDetail {
    fileprivate static func stated(by line: TerminalLine) -> PunchDetail {
        switch line.state {
        case 0: PunchDetail(.in)
        case 1: PunchDetail(.out)
        case 2: PunchDetail(.breakStart)
        case 3: PunchDetail(.breakEnd)
        case 4: PunchDetail(.overtimeIn)
        case 5: PunchDetail(.overtimeOut)
        case 255: PunchDetail(.undefined)
        default: PunchDetail(.undefined, [.unknownState])
        }
    }
}
