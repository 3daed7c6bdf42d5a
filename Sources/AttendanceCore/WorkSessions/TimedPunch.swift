/// One punch as it counts now, corrections applied, with all that hours are worked out from.
///
/// Punches are ordered by their time, and those of one moment by their number: whichever was stored first goes first.
public struct TimedPunch: Sendable, Equatable {
    /// How old a shift may be to be continued over midnight where no setting says otherwise: 16 hours.
    public static let carryMaxDefault: Int64 = TimeSheetRules.defaultCarrySeconds * 1_000_000

    /// The sequence of the entry that first told of it: its name, whatever is corrected later.
    public let number: Int64
    /// The sequence of the entry that tells its present values: `number`, or that of its latest correction.
    public let toldBy: Int64
    public let direction: PunchDirection
    public let at: Instant
    /// The local day, fixed when it was stored.
    public let day: CalendarDay
    /// Whether somebody came late with it; judged once, by the business hours in force at the entry.
    public let isLate: Bool
    /// Whether somebody left early with it; judged once, by the business hours in force at the entry.
    public let isEarly: Bool
    /// How old a shift may be, counted from its punch-in, to be continued over midnight by this punch: the rule in force at
    /// the entry.
    public let carryMaxMicroseconds: Int64
    /// When the entry that first told of it was received.
    public let createdAt: Instant
    /// When the entry that tells its present values was received.
    public let changedAt: Instant

    public init(
        number: Int64, toldBy: Int64, direction: PunchDirection, at: Instant, day: CalendarDay, isLate: Bool = false,
        isEarly: Bool = false, carryMaxMicroseconds: Int64 = carryMaxDefault, createdAt: Instant, changedAt: Instant
    ) {
        self.number = number
        self.toldBy = toldBy
        self.direction = direction
        self.at = at
        self.day = day
        self.isLate = isLate
        self.isEarly = isEarly
        self.carryMaxMicroseconds = carryMaxMicroseconds
        self.createdAt = createdAt
        self.changedAt = changedAt
    }

    /// Whether it goes before another.
    public func precedes(_ other: TimedPunch) -> Bool {
        (at, number) < (other.at, other.number)
    }
}

extension PunchDirection {
    /// What it means for hours: one of in, out, break start and break end. Overtime is come to and left like any other work;
    /// nil for a punch that says neither, which no hours can be counted from.
    public var forHours: PunchDirection? {
        switch self {
        case .in, .overtimeIn: .in
        case .out, .overtimeOut: .out
        case .breakStart: .breakStart
        case .breakEnd: .breakEnd
        case .undefined: nil
        }
    }
}
