/// The ``Claim/detail`` of an entry that changes a rule. Rules take effect from their entry on: what is judged later is judged
/// by them, and what was judged before stays as it was.
///
/// `zone value=Europe/Berlin`; `carry value=57600`; `hours number=3 start=50400000000 end=79200000000 break=60 late=15 active`;
/// `hours number=3 removed`. Hours that were brought in from another system have the words of a ``RowStamp`` behind them.
public enum RuleChange: Sendable, Equatable {
    case setting(RuleName, WireText)
    case hours(number: Int64, BusinessHoursDraft, RowStamp? = nil)
    case hoursRemoved(number: Int64)

    private static let hoursWord = "hours"

    public init?(parsing text: WireText) {
        guard let words = DetailWords(parsing: text) else { return nil }
        if let name = RuleName(rawValue: words.first) {
            guard let value = words.text("value") else { return nil }
            self = .setting(name, WireText(value))
        } else {
            guard words.first == Self.hoursWord, let number = words.integer("number") else { return nil }
            if words.has("removed") {
                self = .hoursRemoved(number: number)
            } else {
                guard let start = words.integer("start"), let end = words.integer("end"), let rest = words.integer("break"),
                    let late = words.integer("late")
                else { return nil }
                self = .hours(
                    number: number,
                    BusinessHoursDraft(
                        startMicroseconds: start, endMicroseconds: end, breakMinutes: rest, lateThresholdMinutes: late,
                        isActive: words.has("active")), words.rowStamp)
            }
        }
        guard self.text == text else { return nil }
    }

    public var text: WireText {
        switch self {
        case .setting(let name, let value):
            var words = DetailWords(name.rawValue)
            words.add("value", value.text)
            return words.text
        case .hours(let number, let draft, let stamp):
            var words = DetailWords(Self.hoursWord)
            words.add("number", number)
            words.add("start", draft.startMicroseconds)
            words.add("end", draft.endMicroseconds)
            words.add("break", draft.breakMinutes)
            words.add("late", draft.lateThresholdMinutes)
            words.add("active", if: draft.isActive)
            words.add(stamp)
            return words.text
        case .hoursRemoved(let number):
            var words = DetailWords(Self.hoursWord)
            words.add("number", number)
            words.add("removed")
            return words.text
        }
    }
}

/// The rules that are one value each. The words are stored and hashed: never changed.
public enum RuleName: String, Sendable, CaseIterable {
    /// The zone in whose days hours are counted: `Area/City`.
    case zone = "zone"
    /// For how many seconds after it began a shift is continued over midnight.
    case carrySeconds = "carry"
    /// To how many minutes punches are rounded where a policy is asked for: `15-nearest`, `5-in-up-out-down`, `off`.
    case rounding = "rounding"
    /// When forgotten punch-outs are taken to have happened where a policy is asked for: seconds after the punch-in, `end` of
    /// business hours, `off`.
    case provisionalClose = "provisional-close"
}

/// A rule's present value, and the entry that set it.
public struct RuleSetting: Sendable, Equatable {
    public let value: WireText
    public let toldBy: Int64

    public init(value: WireText, toldBy: Int64) {
        self.value = value
        self.toldBy = toldBy
    }
}

/// The rules of one contract as they are in force.
public struct TimeSheetRules: Sendable, Equatable {
    /// How long a shift is continued over midnight where no rule says otherwise. Source: contract of Time Tracker §7.2.
    public static let defaultCarrySeconds: Int64 = 16 * 3_600

    public var settings: [RuleName: RuleSetting]
    /// Those that are not removed, by number.
    public var hours: [BusinessHours]

    public init(settings: [RuleName: RuleSetting] = [:], hours: [BusinessHours] = []) {
        self.settings = settings
        self.hours = hours
    }

    public var activeHours: BusinessHours? { hours.first { $0.isActive } }

    public var carrySeconds: Int64 {
        settings[.carrySeconds].flatMap { Int64($0.value.text) } ?? Self.defaultCarrySeconds
    }

    /// The zone's name: the contract's own where none was set. Source: design.md §2.
    public func zoneName(of source: EntrySource) -> WireText {
        settings[.zone]?.value ?? (source == .timeTracker ? "America/Chicago" : "UTC")
    }
}

/// The rules by which a tenant's hours are counted, as they are in force in the transaction.
public protocol RuleReading {
    /// All of a source's rules; those that were never set have their defaults.
    func rules(of source: EntrySource) throws(AttendanceError) -> TimeSheetRules
    /// One above the highest number that business hours ever had.
    func nextBusinessHoursNumber(of source: EntrySource) throws(AttendanceError) -> Int64
}

/// Where the rules of zones come from: the machine's time zone database.
public struct ZoneSource: Sendable {
    /// The rules of the zone of this name; nil where there is no such zone.
    public let rules: @Sendable (_ name: WireText) -> ZoneRules?

    public init(rules: @escaping @Sendable (_ name: WireText) -> ZoneRules?) {
        self.rules = rules
    }
}
