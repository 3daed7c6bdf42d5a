/// The ``Claim/detail`` of what is laid down about a day of a member; the note stands in the personal part.
///
/// `edit day=2025-06-11 in=1749650400000000 out=1749682800000000 late`.
public struct SessionDetail: Sendable, Equatable {
    public var kind: SessionAssertion.Kind
    public var day: CalendarDay
    public var punchIn: Instant?
    public var punchOut: Instant?
    public var breakStart: Instant?
    public var breakEnd: Instant?
    public var totalMicroseconds: Int64?
    public var breakMicroseconds: Int64?
    public var workingMicroseconds: Int64?
    public var isLateIn = false
    public var isEarlyOut = false
    public var status: SessionStatus?
    /// Whether another system laid it down. It may take it back, which it may not with what somebody laid down here.
    public var isImported = false
    /// The entry that laid down the same day before.
    public var replaces: Int64?
    /// The entry whose word this one repeats with another note: cycles that came behind that one still add to it.
    public var repeats: Int64?
    /// The sequences of the entries that set the business hours and the zone by which the flags were judged.
    public var hoursRule: Int64?
    public var zoneRule: Int64?

    private static let kinds: [(word: String, kind: SessionAssertion.Kind)] = [
        ("edit", .edit), ("whole", .whole), ("note", .note),
    ]

    public init(_ kind: SessionAssertion.Kind, of day: CalendarDay) {
        self.kind = kind
        self.day = day
    }

    public init?(parsing text: WireText) {
        guard let words = DetailWords(parsing: text), let kind = Self.kinds.first(where: { $0.word == words.first })?.kind,
            let day = words.text("day").flatMap({ CalendarDay(parsing: $0) })
        else { return nil }
        func instant(_ name: String) -> Instant? { words.integer(name).map { Instant(microseconds: $0) } }
        self.init(kind, of: day)
        punchIn = instant("in")
        punchOut = instant("out")
        breakStart = instant("break-start")
        breakEnd = instant("break-end")
        totalMicroseconds = words.integer("total")
        breakMicroseconds = words.integer("break")
        workingMicroseconds = words.integer("working")
        isLateIn = words.has("late")
        isEarlyOut = words.has("early")
        status = words.text("status").flatMap { SessionStatus(rawValue: $0) }
        isImported = words.has("imported")
        replaces = words.integer("replaces")
        repeats = words.integer("repeats")
        hoursRule = words.integer("hours")
        zoneRule = words.integer("zone")
        guard self.text == text else { return nil }
    }

    public var text: WireText {
        var words = DetailWords(Self.kinds.first { $0.kind == kind }?.word ?? "")
        words.add("day", day.text)
        words.add("in", punchIn?.microseconds)
        words.add("out", punchOut?.microseconds)
        words.add("break-start", breakStart?.microseconds)
        words.add("break-end", breakEnd?.microseconds)
        words.add("total", totalMicroseconds)
        words.add("break", breakMicroseconds)
        words.add("working", workingMicroseconds)
        words.add("late", if: isLateIn)
        words.add("early", if: isEarlyOut)
        words.add("status", status?.rawValue)
        words.add("imported", if: isImported)
        words.add("replaces", replaces)
        words.add("repeats", repeats)
        words.add("hours", hoursRule)
        words.add("zone", zoneRule)
        return words.text
    }

    /// The same as the calculation of a session takes it.
    public func assertion(toldBy sequence: Int64, at moment: Instant, note: WireText?) -> SessionAssertion {
        SessionAssertion(
            kind: kind, sequence: repeats ?? sequence, at: moment, punchIn: punchIn, punchOut: punchOut, breakStart: breakStart,
            breakEnd: breakEnd, totalMicroseconds: totalMicroseconds, breakMicroseconds: breakMicroseconds,
            workingMicroseconds: workingMicroseconds, isLateIn: isLateIn, isEarlyOut: isEarlyOut, status: status, note: note)
    }
}

/// The ``Claim/detail`` of entries that take a member's session away or bring all sessions back: `days from=2025-06-11
/// through=2025-06-11`, both included. A session that is taken away is one day.
public struct DaySpan: Sendable, Equatable {
    public let from: CalendarDay
    public let through: CalendarDay

    public init(from: CalendarDay, through: CalendarDay) {
        self.from = from
        self.through = through
    }

    public init?(parsing text: WireText) {
        guard let words = DetailWords(parsing: text), words.first == "days",
            let from = words.text("from").flatMap({ CalendarDay(parsing: $0) }),
            let through = words.text("through").flatMap({ CalendarDay(parsing: $0) })
        else { return nil }
        self.init(from: from, through: through)
        guard self.text == text else { return nil }
    }

    public var text: WireText {
        var words = DetailWords("days")
        words.add("from", from.text)
        words.add("through", through.text)
        return words.text
    }
}
