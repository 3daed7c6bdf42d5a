import AttendanceCore

/// What Muster makes of the same entries: to tell beforehand, and to say where its figures are others.
struct OurRules {
    private var judgements: [CalendarDay: DayJudgement] = [:]
    private var sessions: [CalendarDay: WorkSession] = [:]

    /// - Parameter entries: Of one employee, by moment, from a day before the first one that matters to a day behind the last.
    init(_ entries: [EntryRow], zone: ZoneRules, carrySeconds: Int64) {
        var days: [CalendarDay: [TimedPunch]] = [:]
        for (number, entry) in entries.enumerated() {
            guard let at = entry.at, let direction = entry.direction else { continue }
            let day = CalendarDay(of: at, offsetSeconds: zone.offset(at: at))
            let moment = entry.createdAt ?? at
            days[day, default: []].append(
                TimedPunch(
                    number: Int64(number), toldBy: Int64(number), direction: direction, at: at, day: day,
                    isLate: entry.isLate, isEarly: entry.isEarly, carryMaxMicroseconds: carrySeconds * 1_000_000,
                    createdAt: moment, changedAt: moment))
        }
        for day in days.keys.sorted() {
            judgements[day] = DayJudgement(
                of: day, punches: days[day] ?? [], entering: judgements[day.adding(days: -1)]?.leaving)
        }
        for (day, judgement) in judgements {
            let counted = judgement.own + (judgements[day.adding(days: 1)]?.carried ?? [])
            sessions[day] = WorkSession(day: day, counted: counted, assertion: nil)
        }
    }

    /// The days on which something was entered.
    var days: [CalendarDay] { judgements.keys.sorted() }

    func session(of day: CalendarDay) -> WorkSession? { sessions[day] }

    /// How Muster shows an unedited session otherwise, each figure with both values, and why.
    func difference(from row: SessionRow, on day: CalendarDay) -> (what: String, reason: String)? {
        guard let ours = sessions[day] else { return ("no session", crossesMidnight(day) ? Reason.night : Reason.illegal) }
        let figures = ours.figures(at: nil)
        let shown = row.shown
        var parts: [String] = []
        func compare(_ name: String, _ theirs: Int64, _ value: Hundredths) {
            if theirs != value.hundredths { parts.append("\(name) \(Hundredths(theirs).text) is \(value.text)") }
        }
        func compare(_ name: String, _ theirs: Instant?, _ value: Instant?) {
            if theirs != value { parts.append("\(name) \(Self.text(theirs)) is \(Self.text(value))") }
        }
        compare("punch_in", shown.punchIn, ours.punchIn)
        compare("punch_out", shown.punchOut, ours.punchOut)
        compare("break_start", shown.breakStart, ours.breakStart)
        compare("break_end", shown.breakEnd, ours.breakEnd)
        compare("total_hours", shown.total, figures.total)
        compare("break_duration", shown.pause, figures.break)
        compare("working_hours", shown.working, figures.working)
        if shown.isLateIn != ours.isLateIn { parts.append("is_late_in \(shown.isLateIn) is \(ours.isLateIn)") }
        if shown.isEarlyOut != ours.isEarlyOut { parts.append("is_early_out \(shown.isEarlyOut) is \(ours.isEarlyOut)") }
        if shown.status != ours.status.formerWord { parts.append("status \(shown.status) is \(ours.status.formerWord)") }
        if row.cycles != Int64(ours.cycles.count) { parts.append("\(row.cycles) cycles are \(ours.cycles.count)") }
        guard !parts.isEmpty else { return nil }
        return (parts.joined(separator: ", "), reason(day, ours, shown, figures))
    }

    private func crossesMidnight(_ day: CalendarDay) -> Bool {
        !(judgements[day]?.carried ?? []).isEmpty || !(judgements[day.adding(days: 1)]?.carried ?? []).isEmpty
    }

    private func reason(
        _ day: CalendarDay, _ ours: WorkSession, _ shown: FormerFigures, _ figures: SessionFigures
    ) -> String {
        if crossesMidnight(day) { return Reason.night }
        if !(judgements[day]?.uncounted ?? []).isEmpty { return Reason.illegal }
        if let open = ours.open { return open.finishedBreakMicroseconds > 0 ? Reason.openBreak : Reason.open }
        if shown.pause != figures.break.hundredths {
            return abs(shown.pause - figures.break.hundredths) > 1 ? Reason.breaks : Reason.rounding
        }
        if abs(shown.total - figures.total.hundredths) <= 1, abs(shown.working - figures.working.hundredths) <= 1 {
            return Reason.rounding
        }
        return Reason.unknown
    }

    enum Reason {
        static let open = "B10: open time is worked out when it is read"
        static let illegal = "B12: what the state does not allow counts for nothing"
        static let night = "B13: a shift over midnight is one session"
        static let openBreak = "B14: finished breaks of an open cycle are subtracted"
        static let breaks = "B15: breaks are paired in time order"
        static let rounding = "W14: exact arithmetic"
        static let absent = "W8: entries that were made directly are worked out too"
        static let unknown = "no reason is known"
    }

    private static func text(_ moment: Instant?) -> String { moment?.millisecondText ?? "null" }
}

extension SessionStatus {
    var formerWord: String {
        switch self {
        case .complete: "complete"
        case .inProgress: "in_progress"
        case .onBreak: "on_break"
        }
    }

    init?(formerWord: String) {
        guard let found = SessionStatus.allCases.first(where: { $0.formerWord == formerWord }) else { return nil }
        self = found
    }
}
