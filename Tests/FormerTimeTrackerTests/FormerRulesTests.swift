import AttendanceCore
import Testing

@testable import FormerTimeTracker

/// What Time Tracker makes of entries: a session that shows something else was edited by somebody.
@Suite struct `Time Tracker's own rules` {
    /// Of contract §7.4.
    private static let example =
        "in 13:55, begin 15:30, end 15:45, out 17:00, in 18:00, begin 20:00, end 20:10:30, out 22:30"

    private static func exampleShown(_ change: (inout FormerFigures) throws -> Void = { _ in }) throws -> FormerFigures {
        var shown = try FormerFigures.shown(
            in: "13:55", out: "22:30", begin: "15:30", end: "20:10:30", total: 858, pause: 2_550, working: 716)
        try change(&shown)
        return shown
    }

    private func workOut(_ script: String, _ shown: FormerFigures, updatedAt clock: String = "23:00") throws -> Bool {
        FormerRules(try FormerScript(script).entries).workOut(shown, updatedAt: try FormerScript.moment(clock))
    }

    @Test func `lead to the contract's own example`() throws {
        #expect(try workOut(Self.example, Self.exampleShown()))
    }

    @Test func `are no exact arithmetic, so a hundredth more or less is theirs`() throws {
        for by: Int64 in [-1, 1] {
            #expect(try workOut(Self.example, Self.exampleShown { $0.total += by }))
            #expect(try workOut(Self.example, Self.exampleShown { $0.pause += by }))
            #expect(try workOut(Self.example, Self.exampleShown { $0.working += by }))
        }
    }

    @Test func `lead to nothing that somebody wrote over`() throws {
        let edits: [(inout FormerFigures) throws -> Void] = [
            { $0.punchIn = try FormerScript.moment("14:00") }, { $0.punchOut = try FormerScript.moment("22:00") },
            { $0.punchOut = nil }, { $0.breakStart = nil }, { $0.breakEnd = try FormerScript.moment("20:11") },
            { $0.total += 2 }, { $0.pause -= 2 }, { $0.working = $0.total }, { $0.isLateIn = true }, { $0.isEarlyOut = true },
            { $0.status = "in_progress" }, { $0.status = "approved" },
        ]
        for (number, edit) in edits.enumerated() {
            let shown = try Self.exampleShown(edit)
            #expect(try !workOut(Self.example, shown), "edit \(number)")
        }
    }

    @Test func `take over who was late and who left early from the first and the last entry`() throws {
        let shown = try FormerFigures.shown(in: "14:30", out: "20:00", total: 550, working: 550, isLate: true, isEarly: true)
        #expect(try workOut("in 14:30!, out 20:00!", shown))
        #expect(try !workOut("in 14:30, out 20:00!", shown))
    }

    @Test(
        arguments: [
            // Without any punch-out both run on to the clock, of a day that is over too (B10).
            (100, 100, true), (0, 0, true), (0, 100, true), (150, 100, false), (100, 150, false),
        ] as [(Int64, Int64, Bool)])
    func `let what is open run on to the moment of storing`(total: Int64, working: Int64, isTheirs: Bool) throws {
        let shown = try FormerFigures.shown(in: "14:00", total: total, working: working, "in_progress")
        #expect(try workOut("in 14:00", shown, updatedAt: "15:00") == isTheirs)
    }

    @Test func `do not subtract a finished break of what is open`() throws {
        let shown = try FormerFigures.shown(in: "14:00", begin: "15:00", end: "15:30", total: 300, working: 300, "in_progress")
        #expect(try workOut("in 14:00, begin 15:00, end 15:30", shown, updatedAt: "17:00"))
    }

    @Test func `pair breaks by their places in two lists`() throws {
        // The first beginning, which nobody ended, goes with the only end (B15).
        func shown(pause: Int64, working: Int64) throws -> FormerFigures {
            try .shown(in: "13:00", out: "17:00", begin: "14:00", end: "16:00", total: 400, pause: pause, working: working)
        }
        let script = "in 13:00, begin 14:00, begin 15:00, end 16:00, out 17:00"
        #expect(try workOut(script, shown(pause: 12_000, working: 200)))
        #expect(try !workOut(script, shown(pause: 6_000, working: 300)))
    }

    @Test func `may join a second punch-in in several ways, each of which is theirs`() throws {
        func shown(working: Int64) throws -> FormerFigures {
            try .shown(in: "10:00", out: "14:00", total: 400, working: working)
        }
        // The second is the one that counts, or it counts for nothing.
        for working: Int64 in [200, 400] {
            #expect(try workOut("in 10:00, in 12:00, out 14:00, out 14:00", shown(working: working)))
        }
        #expect(try !workOut("in 10:00, in 12:00, out 14:00, out 14:00", shown(working: 300)))
    }

    @Test func `explain a session that was left as it was made, while something is open`() throws {
        let empty = try FormerFigures.shown("complete")
        #expect(try workOut("in 14:00", empty))
        #expect(try !workOut("in 14:00, out 15:00", empty))
    }

    @Test func `explain no session without an entry that means something`() throws {
        #expect(try !FormerRules([]).workOut(.shown(), updatedAt: nil))
        #expect(try !workOut("lunch 12:00", .shown()))
    }
}
