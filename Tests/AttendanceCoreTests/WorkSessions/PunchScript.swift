import AttendanceCore
import Foundation
import Testing

/// A zone as the machine's database tells it.
func zone(_ name: String) throws -> ZoneRules {
    let file = Array(try Data(contentsOf: URL(fileURLWithPath: "/usr/share/zoneinfo/\(name)")))
    return try ZoneRules(named: WireText(name), compiled: file)
}

/// `2025-07-07T13:55:00.000001`, in UTC; the time can be shorter.
func moment(_ text: String) throws -> Instant {
    let day = try #require(CalendarDay(parsing: String(text.prefix(10))), "\(text)")
    return Instant(microseconds: day.daysSince1970 * 86_400_000_000 + (try timeOfDay(String(text.dropFirst(11)))))
}

/// `13:55:00.000001` in microseconds; seconds and their decimals can be left out, and hours can be more than 24.
func timeOfDay(_ text: String) throws -> Int64 {
    let pieces = text.split(separator: ":")
    let hours = try #require(Int64(pieces[0]), "\(text)")
    let minutes = pieces.count > 1 ? try #require(Int64(pieces[1]), "\(text)") : 0
    let seconds = pieces.count > 2 ? try #require(Decimal(string: String(pieces[2])), "\(text)") : 0
    return hours * 3_600_000_000 + minutes * 60_000_000 + Int64(truncating: seconds * 1_000_000 as NSDecimalNumber)
}

/// Punches as a line: `in@13:55 break@15:30 back@15:45 out@17:00 out@26:30`. Times are in UTC and count from midnight of the
/// first day, the numbers are the places in the line, and `x` behind a word makes the punch late or early.
struct PunchScript {
    var zone: ZoneRules
    var day: CalendarDay
    var carryMaxMicroseconds = TimedPunch.carryMaxDefault

    init(_ day: String, _ zone: ZoneRules) throws {
        self.day = try #require(CalendarDay(parsing: day))
        self.zone = zone
    }

    func callAsFunction(_ line: String) throws -> [TimedPunch] {
        try line.split(separator: " ").enumerated().map { place, word in
            let pieces = word.split(separator: "@").map(String.init)
            let isFlagged = pieces[0].hasSuffix("x")
            let at = Instant(microseconds: day.daysSince1970 * 86_400_000_000 + (try timeOfDay(pieces[1])))
            let direction = try #require(
                [
                    "in": PunchDirection.in, "out": .out, "break": .breakStart, "back": .breakEnd, "over-in": .overtimeIn,
                    "over-out": .overtimeOut, "what": .undefined,
                ][isFlagged ? String(pieces[0].dropLast()) : pieces[0]])
            let number = Int64(place + 1)
            return TimedPunch(
                number: number, toldBy: number, direction: direction, at: at,
                day: CalendarDay(of: at, offsetSeconds: zone.offset(at: at)), isLate: isFlagged && direction == .in,
                isEarly: isFlagged && direction == .out, carryMaxMicroseconds: carryMaxMicroseconds,
                createdAt: Instant(microseconds: number), changedAt: Instant(microseconds: number))
        }
    }
}

/// All days of one person, judged one after the other from the first day on.
func judge(_ punches: [TimedPunch]) -> [CalendarDay: DayJudgement] {
    guard var day = punches.map(\.day).min(), let last = punches.map(\.day).max() else { return [:] }
    var judgements: [CalendarDay: DayJudgement] = [:]
    var entering: OpenShift?
    while day <= last {
        let judgement = DayJudgement(of: day, punches: punches.filter { $0.day == day }, entering: entering)
        judgements[day] = judgement
        entering = judgement.leaving
        day = day.adding(days: 1)
    }
    return judgements
}

/// The session of one day of them.
func workSession(of punches: [TimedPunch], on day: CalendarDay, assertion: SessionAssertion? = nil) -> WorkSession? {
    let judgements = judge(punches)
    return WorkSession(
        day: day, counted: (judgements[day]?.own ?? []) + (judgements[day.adding(days: 1)]?.carried ?? []),
        assertion: assertion)
}
