extension Explanation {
    /// The explanation as lines of text for a terminal, without line ends.
    /// - Parameter zone: Of the place, on whose clocks times are shown.
    public func lines(in zone: ZoneRules) -> [String] {
        let text = ExplanationText(day: day, zone: zone)
        var lines = ["\(day.text), \(zone.name.text): \(status?.lineText ?? "no session")"]
        if let now { lines.append("open time counts until \(text.of(now))") }
        for figure in figures { lines += text.lines(of: figure) }
        if !underPolicy.isEmpty {
            lines.append("under the policy of this place, which no contract shows:")
            for figure in underPolicy { lines += text.lines(of: figure) }
        }
        lines += text.list("rules:", rules) { rule in
            let setter = rule.sequence == 0 ? "built in" : text.of([rule.sequence])
            return "\(rule.name.rawValue): \(rule.setting) (\(setter))"
        }
        lines += text.list("corrections:", corrections) { $0.lineText }
        lines += text.list("not counted:", uncounted) { refused in
            let shift = refused.forgotten.map { ", which began \(text.of($0.since))" } ?? ""
            return "\(text.of(refused.punch)): \(refused.reason.lineText)\(shift)"
        }
        lines += text.list("of the day before:", ofDayBefore) { punch in
            "\(text.of(punch)): continues the shift of \(day.adding(days: -1).text)"
        }
        return lines
    }
}

/// How the pieces of an explanation are written.
private struct ExplanationText {
    let day: CalendarDay
    let zone: ZoneRules

    func lines(of figure: Explanation.Figure) -> [String] {
        let flag = figure.isFlagged.map { $0 ? "yes, " : "no, " } ?? ""
        let shown = "\(figure.rounding.shownText) \(figure.rounding.unit.rawValue)"
        var lines = ["\(figure.name.rawValue): \(flag)\(shown)"]
        for part in figure.parts {
            var line = "    \(part.microseconds < 0 ? "-" : "+") \(durationText(abs(part.microseconds)))"
            line += "  \(part.meaning.rawValue)"
            if let from = part.from, let until = part.until { line += ", \(of(from)) to \(of(until))" }
            if !part.sequences.isEmpty { line += " (\(of(part.sequences)))" }
            lines.append(line)
        }
        if !figure.parts.isEmpty {
            lines.append("    = \(durationText(figure.rounding.exactMicroseconds)), shown as \(shown)")
        }
        return lines
    }

    func list<Item>(_ heading: String, _ items: [Item], _ text: (Item) -> String) -> [String] {
        items.isEmpty ? [] : [heading] + items.map { "    " + text($0) }
    }

    /// `08:55:00`, with the date in front on another day.
    func of(_ moment: Instant) -> String {
        let offset = zone.offset(at: moment)
        let date = CalendarDay(of: moment, offsetSeconds: offset)
        let midnight = date.daysSince1970 * BusinessHours.microsecondsPerDay - offset * 1_000_000
        return (date == day ? "" : date.text + " ") + clockText(moment.microseconds - midnight)
    }

    func of(_ punch: TimedPunch) -> String {
        "\(of([punch.toldBy])), \(of(punch.at)) \(punch.direction.rawValue)"
    }

    func of(_ sequences: [Int64]) -> String {
        (sequences.count == 1 ? "entry " : "entries ") + sequences.map(String.init).joined(separator: " and ")
    }
}

extension SessionStatus {
    fileprivate var lineText: String {
        switch self {
        case .complete: "complete"
        case .inProgress: "in progress"
        case .onBreak: "on a break"
        }
    }
}

extension UncountedPunch.Reason {
    fileprivate var lineText: String {
        switch self {
        case .saysNothing: "it says neither that somebody came nor that they went"
        case .isWorking: "at work already"
        case .isOnBreak: "on a break, which only its end can follow"
        case .isNotWorking: "not at work"
        case .shiftIsTooOld: "too late for the shift of the day before"
        }
    }
}

extension Explanation.Correction {
    fileprivate var lineText: String {
        switch self {
        case .asserted(let sequence, .edit): "entry \(sequence): an admin edited the session"
        case .asserted(let sequence, .whole): "entry \(sequence): an admin set the session as a whole"
        case .asserted(let sequence, .note): "entry \(sequence): an admin wrote a note"
        case .superseded(let sequence): "entry \(sequence): an earlier word of an admin, replaced"
        case .corrected(let number, let by): "entry \(number): its values are told by entry \(by)"
        case .voided(let number, let by): "entry \(number): voided by entry \(by)"
        }
    }
}

/// `7:09:30`, with six decimals where the seconds are not whole.
func durationText(_ microseconds: Int64) -> String {
    let magnitude = microseconds.magnitude
    func padded(_ value: UInt64, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
    let seconds = magnitude / 1_000_000
    let fraction = magnitude % 1_000_000
    return (microseconds < 0 ? "-" : "") + String(seconds / 3_600) + ":" + padded(seconds / 60 % 60, 2) + ":"
        + padded(seconds % 60, 2) + (fraction == 0 ? "" : "." + padded(fraction, 6))
}

/// `08:55:00`: a time of day, in microseconds from midnight.
func clockText(_ timeOfDay: Int64) -> String {
    (timeOfDay < 36_000_000_000 ? "0" : "") + durationText(timeOfDay)
}
