/// When a class meets on one day of every week, on the clocks of the place. Source: contract aims §4.4, §7.1.
public struct ClassSlot: Sendable, Equatable {
    /// 1 for Monday to 7 for Sunday.
    public let weekday: Int64
    public let start: TimeOfDay
    /// After `start`: no class goes over midnight.
    public let end: TimeOfDay

    /// - Throws: `.invalid(field: "day_of_week", …)` for a day that there is not, `.invalid(field: "end_time", …)` for an end that
    ///   is not after the start. Source: contract aims §7.1, decision.
    public init(weekday: Int64, start: TimeOfDay, end: TimeOfDay) throws(AttendanceError) {
        guard 1...7 ~= weekday else {
            throw .invalid(field: "day_of_week", .malformed("1 for Monday to 7 for Sunday were expected"))
        }
        guard start < end else { throw .invalid(field: "end_time", .malformed("it has to be after start_time")) }
        self.weekday = weekday
        self.start = start
        self.end = end
    }
}

extension CalendarDay {
    /// 1 for Monday to 7 for Sunday.
    public var weekday: Int64 {
        // 1970-01-01 was a Thursday.
        (daysSince1970 + 3).dividedFlooring(by: 7).remainder + 1
    }
}

/// One meeting that takes place at another time. Source: contract aims §7.2.
public struct Reschedule: Sendable, Equatable {
    /// What clients know it by: counted per tenant, never given twice.
    public let number: Int64
    /// The number of the class.
    public let schoolClass: Int64
    public let originalDay: CalendarDay
    /// As the schedule of the original day was when the meeting was moved.
    public let originalStart: TimeOfDay
    public let originalEnd: TimeOfDay
    public var day: CalendarDay
    public var start: TimeOfDay
    public var end: TimeOfDay
    public var reason: WireText?
    public let createdAt: Instant

    public init(
        number: Int64, schoolClass: Int64, originalDay: CalendarDay, originalStart: TimeOfDay, originalEnd: TimeOfDay,
        day: CalendarDay, start: TimeOfDay, end: TimeOfDay, reason: WireText?, createdAt: Instant
    ) {
        self.number = number
        self.schoolClass = schoolClass
        self.originalDay = originalDay
        self.originalStart = originalStart
        self.originalEnd = originalEnd
        self.day = day
        self.start = start
        self.end = end
        self.reason = reason
        self.createdAt = createdAt
    }
}

/// A meeting as somebody wants to move it.
public struct RescheduleDraft: Sendable, Equatable {
    public var originalDay: CalendarDay
    public var day: CalendarDay
    public var start: TimeOfDay
    public var end: TimeOfDay
    public var reason: WireText?

    public init(originalDay: CalendarDay, day: CalendarDay, start: TimeOfDay, end: TimeOfDay, reason: WireText? = nil) {
        self.originalDay = originalDay
        self.day = day
        self.start = start
        self.end = end
        self.reason = reason
    }
}

/// What is to be different about a moved meeting; nil keeps what there is. Source: contract aims §7.2.
public struct RescheduleChange: Sendable {
    public var day: CalendarDay?
    public var start: TimeOfDay?
    public var end: TimeOfDay?
    public var reason: WireText?

    public init(day: CalendarDay? = nil, start: TimeOfDay? = nil, end: TimeOfDay? = nil, reason: WireText? = nil) {
        self.day = day
        self.start = start
        self.end = end
        self.reason = reason
    }

    func applied(to former: Reschedule) -> Reschedule {
        var changed = former
        changed.day = day ?? former.day
        changed.start = start ?? former.start
        changed.end = end ?? former.end
        changed.reason = reason ?? former.reason
        return changed
    }
}

// MARK: Entries

/// The ``Claim/detail`` of a weekly slot: `slot class=17 day=3 start=36000 end=39600`, in seconds from midnight on the clocks of
/// the place; `slot class=17 day=3 removed`.
public enum SlotDetail: Sendable, Equatable {
    case told(schoolClass: Int64, ClassSlot)
    case removed(schoolClass: Int64, weekday: Int64)

    public init?(parsing text: WireText) {
        guard let words = DetailWords(parsing: text), words.first == "slot", let number = words.integer("class"),
            let weekday = words.integer("day")
        else { return nil }
        if words.has("removed") {
            self = .removed(schoolClass: number, weekday: weekday)
        } else {
            guard let start = words.timeOfDay("start"), let end = words.timeOfDay("end"),
                // What is no slot is no entry of ours; why it is none makes no difference.
                let slot = try? ClassSlot(weekday: weekday, start: start, end: end)
            else { return nil }
            self = .told(schoolClass: number, slot)
        }
        guard self.text == text else { return nil }
    }

    public var text: WireText {
        var words = DetailWords("slot")
        switch self {
        case .told(let number, let slot):
            words.add("class", number)
            words.add("day", slot.weekday)
            words.add("start", slot.start.secondsFromMidnight)
            words.add("end", slot.end.secondsFromMidnight)
        case .removed(let number, let weekday):
            words.add("class", number)
            words.add("day", weekday)
            words.add("removed")
        }
        return words.text
    }
}

/// The ``Claim/detail`` of a moved meeting: `reschedule number=3 class=17 original=2025-10-29 from=36000 until=39600
/// day=2025-10-31 start=50400 end=54000`, which is all that is true of it from then on but the reason, which may tell of somebody
/// and so stands in the personal part; behind it a ``RowStamp`` where it was brought in. `reschedule number=3 removed`.
public enum RescheduleDetail: Sendable, Equatable {
    /// The moment of making and the reason stand elsewhere in the entry.
    case told(Reschedule, RowStamp? = nil)
    case removed(number: Int64)

    /// - Parameters:
    ///   - reason: As the entry's personal part tells it.
    ///   - moment: When the entry was taken.
    public init?(parsing text: WireText, reason: WireText?, at moment: Instant) {
        guard let words = DetailWords(parsing: text), words.first == "reschedule", let number = words.integer("number") else {
            return nil
        }
        if words.has("removed") {
            self = .removed(number: number)
        } else {
            func day(_ name: String) -> CalendarDay? { words.text(name).flatMap { CalendarDay(parsing: $0) } }
            guard let schoolClass = words.integer("class"), let originalDay = day("original"),
                let originalStart = words.timeOfDay("from"), let originalEnd = words.timeOfDay("until"),
                let day = day("day"), let start = words.timeOfDay("start"), let end = words.timeOfDay("end")
            else { return nil }
            let stamp = words.rowStamp
            self = .told(
                Reschedule(
                    number: number, schoolClass: schoolClass, originalDay: originalDay, originalStart: originalStart,
                    originalEnd: originalEnd, day: day, start: start, end: end, reason: reason,
                    createdAt: stamp?.createdAt ?? moment), stamp)
        }
        guard self.text == text else { return nil }
    }

    public var text: WireText {
        var words = DetailWords("reschedule")
        switch self {
        case .told(let one, let stamp):
            words.add("number", one.number)
            words.add("class", one.schoolClass)
            words.add("original", one.originalDay.text)
            words.add("from", one.originalStart.secondsFromMidnight)
            words.add("until", one.originalEnd.secondsFromMidnight)
            words.add("day", one.day.text)
            words.add("start", one.start.secondsFromMidnight)
            words.add("end", one.end.secondsFromMidnight)
            words.add(stamp)
        case .removed(let number):
            words.add("number", number)
            words.add("removed")
        }
        return words.text
    }
}

extension DetailWords {
    fileprivate func timeOfDay(_ name: String) -> TimeOfDay? {
        integer(name).flatMap { TimeOfDay(secondsFromMidnight: $0) }
    }
}

extension Claim {
    package init(telling detail: SlotDetail, at moment: Instant) {
        self.init(kind: .slotTold, source: .aims, occurredAt: moment, detail: detail.text)
    }

    /// - Parameter account: Who moved the meeting; the reason is kept under them.
    package init(telling detail: RescheduleDetail, by account: Identifier<Grant>, at moment: Instant) {
        let reason = if case .told(let reschedule, _) = detail { reschedule.reason } else { nil as WireText? }
        self.init(
            kind: .rescheduleTold, source: .aims, occurredAt: moment, detail: detail.text,
            personal: reason.map {
                PersonalPart(identifierKind: .account, identifier: WireText(account.rawValue.text), meta: $0)
            })
    }
}

// MARK: Meetings

/// One meeting of a class, between two moments.
public struct ClassMeeting: Sendable, Equatable {
    /// The day on which it takes place.
    public let day: CalendarDay
    public let start: Instant
    public let end: Instant
    /// The move that put it there; nil for one of the weekly schedule.
    public let reschedule: Int64?

    public init(day: CalendarDay, start: Instant, end: Instant, reschedule: Int64?) {
        self.day = day
        self.start = start
        self.end = end
        self.reschedule = reschedule
    }
}

extension ClassMeeting {
    /// How many weeks ahead meetings are looked for.
    public static let weeksMax: Int64 = 53

    /// The next meetings that have not ended at a moment, in the order of their beginnings.
    ///
    /// Slots are times on the clocks of the place, so a class goes on to begin at ten when the clocks change. A time that the
    /// clocks skip is as far behind the change as it would have been; of one that they show twice the first counts. A meeting
    /// that was moved takes place where it was moved to, and not on its original day; one that was moved twice takes place
    /// twice, as clients show it.
    /// - Parameters:
    ///   - zone: Of the place.
    ///   - limit: How many at the most. Fewer are there where nothing more follows within ``weeksMax`` weeks.
    public static func next(
        from moment: Instant, slots: [ClassSlot], reschedules: [Reschedule], zone: ZoneRules, limit: Int
    ) -> [ClassMeeting] {
        let today = CalendarDay(of: moment, offsetSeconds: zone.offset(at: moment))
        let moved = Set(reschedules.map(\.originalDay))
        // A clock that is set back over midnight shows yesterday again.
        let first = today.adding(days: -1)
        var meetings = reschedules.filter { $0.day >= first && $0.day < today.adding(days: 7 * weeksMax) }
            .map { ClassMeeting(on: $0.day, $0.start, $0.end, zone, reschedule: $0.number) }
        for offset in 0...(7 * weeksMax) {
            let day = first.adding(days: offset)
            guard let slot = slots.first(where: { $0.weekday == day.weekday }), !moved.contains(day) else { continue }
            meetings.append(ClassMeeting(on: day, slot.start, slot.end, zone, reschedule: nil))
        }
        return Array(
            meetings.filter { $0.end > moment }
                .sorted { ($0.start, $0.reschedule ?? 0) < ($1.start, $1.reschedule ?? 0) }.prefix(limit))
    }

    private init(on day: CalendarDay, _ start: TimeOfDay, _ end: TimeOfDay, _ zone: ZoneRules, reschedule: Int64?) {
        func instant(_ time: TimeOfDay) -> Instant {
            zone.resolve(LocalTime(seconds: day.daysSince1970 * 86_400 + time.secondsFromMidnight)).instant
        }
        self.init(day: day, start: instant(start), end: instant(end), reschedule: reschedule)
    }
}
