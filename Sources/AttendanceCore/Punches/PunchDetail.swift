/// What a punch says its person did. The words are stored and hashed: never changed.
public enum PunchDirection: String, Sendable, CaseIterable {
    case `in` = "in"
    case out = "out"
    /// Leaves for a break.
    case breakStart = "break-start"
    /// Is back from a break.
    case breakEnd = "break-end"
    case overtimeIn = "overtime-in"
    case overtimeOut = "overtime-out"
    /// Somebody was there, and nothing says whether they came or went.
    case undefined = "undefined"
}

/// What has to be known of a punch to judge it. The words are stored and hashed: never changed.
public enum PunchRemark: String, Sendable, CaseIterable, Hashable {
    /// The direction is not what the device said: it was worked out from the other punches of the day.
    case derived = "derived"
    /// The device's clock showed a time that the clocks of its place skipped.
    case clockSkipped = "gap"
    /// The device's clock showed a time that the clocks of its place showed twice; the first is taken.
    case clockRepeated = "fold"
    /// It came behind punches of a later day, so no direction could be worked out.
    case unordered = "unordered"
    /// The device gave a state that nobody has told the meaning of.
    case unknownState = "unknown-state"
    /// It came in later than the business hours in force allow.
    case late = "late"
    /// It went out before the business hours in force end.
    case early = "early"
    /// Somebody who may do so entered it by hand; what the member's state allowed was not asked.
    case entered = "entered"

    /// Whether a human should look at it: whether the device's word could not be taken as it was.
    public var isFlag: Bool {
        switch self {
        case .clockSkipped, .clockRepeated, .unordered, .unknownState: true
        case .derived, .late, .early, .entered: false
        }
    }
}

/// The ``Claim/detail`` of a punch: its direction, then its remarks in the order in which ``PunchRemark`` lists them, then
/// what was in force when it was judged. `in`; `out derived fold`; `in late offset=-18000 hours=17`.
///
/// What was in force stands here so that nothing has to be judged again: a rebuild needs neither the zone's rules, which
/// their database may change, nor any clock.
public struct PunchDetail: Sendable, Equatable {
    public var direction: PunchDirection
    public var remarks: Set<PunchRemark>
    /// The seconds east of UTC of the place's clocks; they decide to which day the punch belongs.
    public var offsetSeconds: Int64
    /// The sequence of the entry that set the business hours by which it was judged; nil where none were active.
    public var hoursRule: Int64?
    /// The sequence of the entry that set the zone; nil for the contract's own.
    public var zoneRule: Int64?
    /// For how long a shift is continued over midnight, where a rule says so, and the sequence of the entry that set it.
    public var carrySeconds: Int64?
    public var carryRule: Int64?
    /// The first entry that told of the punch that this one corrects or takes away.
    public var corrects: Int64?
    /// The row of the system it was brought in from.
    public var imported: ImportedRow?

    public init(_ direction: PunchDirection, _ remarks: Set<PunchRemark> = [], offsetSeconds: Int64 = 0) {
        self.direction = direction
        self.remarks = remarks
        self.offsetSeconds = offsetSeconds
    }

    /// Reads a detail back; nil for what is none.
    public init?(parsing text: WireText) {
        guard let words = DetailWords(parsing: text), let direction = PunchDirection(rawValue: words.first) else { return nil }
        self.init(direction, Set(PunchRemark.allCases.filter { words.has($0.rawValue) }))
        offsetSeconds = words.integer("offset") ?? 0
        hoursRule = words.integer("hours")
        zoneRule = words.integer("zone")
        carrySeconds = words.integer("carry")
        carryRule = words.integer("carry-rule")
        corrects = words.integer("corrects")
        imported = words.importedRow
        guard self.text == text else { return nil }
    }

    public var text: WireText {
        var words = DetailWords(direction.rawValue)
        for remark in PunchRemark.allCases where remarks.contains(remark) { words.add(remark.rawValue) }
        words.add("offset", offsetSeconds == 0 ? nil : offsetSeconds)
        words.add("hours", hoursRule)
        words.add("zone", zoneRule)
        words.add("carry", carrySeconds)
        words.add("carry-rule", carryRule)
        words.add("corrects", corrects)
        words.add(imported)
        return words.text
    }

    /// The day on the place's own calendar.
    public func day(at moment: Instant) -> CalendarDay {
        CalendarDay(of: moment, offsetSeconds: offsetSeconds)
    }
}
