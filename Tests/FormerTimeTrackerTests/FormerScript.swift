import AttendanceCore
import FoundationEssentials
import Testing

@testable import FormerTimeTracker

/// What somebody entered on 2025-07-07 and the day after it, in UTC, as a line of words: `in 13:55, out 17:00`.
///
/// `in`, `out`, `begin` and `end` (of a break), each with a time of day, from 24:00 on of the day after; `!` behind it marks one
/// that was late or early.
struct FormerScript {
    static let day = CalendarDay(daysSince1970: 20_276)
    let entries: [EntryRow]

    init(_ text: String) throws {
        entries = try text.split(separator: ",").map { words in
            let words = words.split(separator: " ").map(String.init)
            let type = try #require(
                ["in": "punch_in", "out": "punch_out", "begin": "break_start", "end": "break_end", "lunch": "lunch"][words[0]])
            let isMarked = words[1].hasSuffix("!")
            let at = try Self.moment(isMarked ? String(words[1].dropLast()) : words[1])
            return EntryRow(
                id: UUID(), employee: UUID(), type: type, at: at, atText: "", isLate: isMarked && type == "punch_in",
                isEarly: isMarked && type == "punch_out", notes: nil, createdAt: at, updatedAt: at)
        }
    }

    /// `13:55` or `13:55:30` of the day.
    static func moment(_ clock: String) throws -> Instant {
        let parts = try clock.split(separator: ":").map { try #require(Int64($0)) }
        let seconds = zip(parts, [3_600, 60, 1]).reduce(0) { $0 + $1.0 * $1.1 }
        return Instant(microseconds: (day.daysSince1970 * 86_400 + seconds) * 1_000_000)
    }
}

extension FormerFigures {
    /// Hours and minutes in hundredths; times of day, or nothing for none.
    static func shown(
        in punchIn: String? = nil, out punchOut: String? = nil, begin: String? = nil, end: String? = nil, total: Int64 = 0,
        pause: Int64 = 0, working: Int64 = 0, isLate: Bool = false, isEarly: Bool = false, _ status: String = "complete"
    ) throws -> FormerFigures {
        func moment(_ clock: String?) throws -> Instant? { try clock.map { try FormerScript.moment($0) } }
        return FormerFigures(
            punchIn: try moment(punchIn), punchOut: try moment(punchOut), breakStart: try moment(begin), breakEnd: try moment(end),
            total: total, pause: pause, working: working, isLateIn: isLate, isEarlyOut: isEarly, status: status)
    }
}
