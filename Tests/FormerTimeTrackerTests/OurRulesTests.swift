import AttendanceCore
import FoundationEssentials
import Testing

@testable import FormerTimeTracker

/// What a session shows here that nobody edited, beside what Time Tracker shows, and why.
@Suite struct `What becomes of a session` {
    private func difference(
        _ script: String, _ shown: FormerFigures, cycles: Int64
    ) throws -> (what: String, reason: String)? {
        let rules = OurRules(try FormerScript(script).entries, zone: .utc, carrySeconds: 57_600)
        let row = SessionRow(
            id: UUID(), employee: UUID(), day: FormerScript.day, dayText: FormerScript.day.text, shown: shown, note: nil,
            createdAt: nil, updatedAt: nil, cycles: cycles)
        return rules.difference(from: row, on: FormerScript.day)
    }

    @Test func `is nothing where both rules lead to the same`() throws {
        let shown = try FormerFigures.shown(
            in: "13:55", out: "22:30", begin: "15:30", end: "20:10:30", total: 858, pause: 2_550, working: 716)
        let script = "in 13:55, begin 15:30, end 15:45, out 17:00, in 18:00, begin 20:00, end 20:10:30, out 22:30"
        #expect(try difference(script, shown, cycles: 2) == nil)
    }

    @Test(
        arguments: [
            (
                "in 14:00", FormerFigures.open(total: 300, working: 300), 1, "total_hours 3.00 is 0.00, working_hours 3.00 is 0.00",
                "B10"
            ),
            (
                "in 14:00, begin 15:00, end 15:30", FormerFigures.open(total: 300, working: 300, begin: "15:00", end: "15:30"), 1,
                "total_hours 3.00 is 0.00, working_hours 3.00 is 0.00", "B14"
            ),
            (
                "in 10:00, in 12:00, out 14:00", FormerFigures.closed("10:00", "14:00", total: 400, working: 200), 1,
                "working_hours 2.00 is 4.00", "B12"
            ),
            (
                "in 22:00, out 30:00", FormerFigures.open(total: 0, working: 0, "22:00"), 1, "punch_out null is", "B13"
            ),
            (
                "in 13:00, out 17:00", FormerFigures.closed("13:00", "17:00", total: 401, working: 399), 1,
                "total_hours 4.01 is 4.00, working_hours 3.99 is 4.00", "W14"
            ),
            (
                "in 13:00, out 17:00", FormerFigures.closed("13:00", "17:00", total: 400, working: 400), 2, "2 cycles are 1", "W14"
            ),
            (
                "in 13:00, out 17:00", FormerFigures.closed("13:00", "17:00", total: 500, working: 400), 1,
                "total_hours 5.00 is 4.00", "no reason is known"
            ),
        ] as [(String, FormerFigures, Int64, String, String)])
    func `is told figure by figure, with a reason`(
        script: String, shown: FormerFigures, cycles: Int64, what: String, reason: String
    ) throws {
        let found = try #require(try difference(script, shown, cycles: cycles))
        #expect(found.what.contains(what), "\(found)")
        #expect(found.reason.hasPrefix(reason), "\(found)")
    }

    @Test func `is told where breaks are paired otherwise`() throws {
        let shown = try FormerFigures.shown(
            in: "13:00", out: "19:00", begin: "14:00", end: "18:00", total: 600, pause: 18_000, working: 300)
        let script = "in 13:00, begin 14:00, out 15:00, in 16:00, begin 17:00, end 18:00, out 19:00"
        let found = try #require(try difference(script, shown, cycles: 2))
        #expect(found.reason.hasPrefix("B15"), "\(found)")
    }

    @Test func `may be that it is none of its day`() throws {
        let found = try #require(try difference("out 15:00", .closed(nil, "15:00", total: 0, working: 0), cycles: 0))
        #expect(found.what == "no session" && found.reason.hasPrefix("B12"))
    }

    @Test func `leaves out what no calendar and no rule has`() throws {
        var entries = try FormerScript("in 13:00, lunch 14:00, out 17:00").entries
        entries.append(
            EntryRow(
                id: UUID(), employee: UUID(), type: "punch_in", at: nil, atText: "infinity", isLate: false, isEarly: false,
                notes: nil, createdAt: nil, updatedAt: nil))
        let rules = OurRules(entries, zone: .utc, carrySeconds: 57_600)
        #expect(rules.days == [FormerScript.day])
        #expect(rules.session(of: FormerScript.day)?.figures(at: nil).working == Hundredths(400))
    }
}

extension FormerFigures {
    // Times of day that a test writes are right, and a table of arguments cannot throw.
    fileprivate static func open(
        total: Int64, working: Int64, _ punchIn: String = "14:00", begin: String? = nil, end: String? = nil
    ) -> FormerFigures {
        (try? shown(in: punchIn, begin: begin, end: end, total: total, working: working, "in_progress")) ?? .nothing
    }

    fileprivate static func closed(_ punchIn: String?, _ punchOut: String, total: Int64, working: Int64) -> FormerFigures {
        (try? shown(in: punchIn, out: punchOut, total: total, working: working)) ?? .nothing
    }

    private static let nothing = FormerFigures(total: -1, pause: -1, working: -1, isLateIn: false, isEarlyOut: false, status: "")
}
