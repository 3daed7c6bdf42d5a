import AttendanceCore
import Testing

@Suite struct `The clock's state` {
    @Test func `follows the table and nothing else`() {
        let arrows: [ClockState: [PunchDirection: ClockState]] = [
            .notStarted: [.in: .working, .overtimeIn: .working],
            .working: [.breakStart: .onBreak, .out: .finished, .overtimeOut: .finished],
            .onBreak: [.breakEnd: .working],
            .finished: [.in: .working, .overtimeIn: .working],
        ]
        for state in ClockState.allCases {
            for direction in PunchDirection.allCases {
                #expect(state.after(direction) == arrows[state]?[direction], "\(state) \(direction)")
                #expect(state.allows(direction) == (arrows[state]?[direction] != nil), "\(state) \(direction)")
            }
        }
    }
}

@Suite struct `Judging a day` {
    private let script: PunchScript
    private let day: CalendarDay

    init() throws {
        script = try PunchScript("2025-07-07", zone("America/Chicago"))
        day = script.day
    }

    private func numbers(_ punches: [TimedPunch]) -> [Int64] { punches.map(\.number) }

    @Test(
        arguments: [
            ("", [], [], ClockState.notStarted),
            ("in@14:00", [1], [], .working),
            ("in@14:00 break@17:00", [1, 2], [], .onBreak),
            ("in@14:00 break@17:00 back@17:30", [1, 2, 3], [], .working),
            ("in@14:00 break@17:00 back@17:30 out@22:00", [1, 2, 3, 4], [], .finished),
            ("in@14:00 out@17:00 in@18:00 out@22:00", [1, 2, 3, 4], [], .finished),
            ("over-in@14:00 over-out@17:00", [1, 2], [], .finished),
            // The order in which they were stored does not matter.
            ("out@22:00 back@17:30 in@14:00 break@17:00", [3, 4, 2, 1], [], .finished),
            // Twice the same, or what the state does not allow: kept, and without effect.
            ("in@14:00 in@14:00:20 out@22:00", [1, 3], [2], .finished),
            ("in@14:00 out@22:00 out@22:00:05", [1, 2], [3], .finished),
            ("in@14:00 in@14:00 out@22:00", [1, 3], [2], .finished),
            ("out@13:00", [], [1], .notStarted),
            ("break@13:00 back@13:30 in@14:00", [3], [1, 2], .working),
            ("in@14:00 back@15:00 out@22:00", [1, 3], [2], .finished),
            ("in@14:00 break@17:00 out@17:30 back@18:00 out@22:00", [1, 2, 3], [4, 5], .finished),
            ("in@14:00 break@17:00 break@17:10 back@18:00", [1, 2, 4], [3], .working),
            ("in@14:00 break@17:00 in@17:10", [1, 2], [3], .onBreak),
            ("in@14:00 out@17:00 break@17:10 back@17:20", [1, 2], [3, 4], .finished),
            ("in@14:00 what@15:00 out@22:00", [1, 3], [2], .finished),
            // In and out at one moment: the one that was stored first goes first.
            ("in@14:00 out@14:00", [1, 2], [], .finished), ("out@14:00 in@14:00", [2], [1], .working),
            // A forgotten break, put in when the day was over.
            ("in@14:00 out@22:00 break@17:00 back@17:30", [1, 3, 4, 2], [], .finished),
            // An earlier punch-in makes the former one the second.
            ("in@14:00 out@22:00 in@13:00", [3, 2], [1], .finished),
        ] as [(String, [Int64], [Int64], ClockState)])
    func `counts what the table allows`(line: String, own: [Int64], uncounted: [Int64], state: ClockState) throws {
        let judgement = DayJudgement(of: day, punches: try script(line), entering: nil)
        #expect(numbers(judgement.own) == own)
        #expect(numbers(judgement.uncounted) == uncounted)
        #expect(judgement.carried.isEmpty)
        #expect(judgement.state == state)
        #expect((judgement.leaving != nil) == (state == .working || state == .onBreak))
    }

    @Test(
        arguments: [
            // The punch-in was at 22:00 local time; it is 16 hours old at 14:00.
            ("in@27:00 out@42:59:59.999999", [2], [], [], ClockState.finished),
            ("in@27:00 out@43:00", [2], [], [], .finished),
            ("in@27:00 out@43:00:00.000001", [], [], [2], .notStarted),
            ("in@27:00 break@30:00 back@30:30 out@35:00", [2, 3, 4], [], [], .finished),
            ("in@27:00 break@28:00 back@30:30 out@35:00", [3, 4], [], [], .finished),
            // On a break at midnight: going out ends the shift all the same.
            ("in@27:00 break@28:00 out@30:00 in@30:10 break@30:20", [3], [4, 5], [], .onBreak),
            ("in@27:00 break@28:00 in@30:10 break@30:20", [], [], [3, 4], .onBreak),
            // A live shift allows no second punch-in; one that is too old does.
            ("in@27:00 in@43:00", [], [], [2], .working),
            ("in@27:00 in@43:00:00.000001 out@45:00", [], [2, 3], [], .finished),
            // What comes behind the closed shift is the new day's own.
            ("in@27:00 out@35:00 in@40:00 out@45:00", [2], [3, 4], [], .finished),
            ("in@27:00 out@35:00 out@36:00 break@36:10", [2], [], [3, 4], .finished),
            // Too old at the first punch, so it plays no part in any later one.
            ("in@27:00 break@43:00:00.000001 back@44:00 in@45:00", [], [4], [2, 3], .working),
        ] as [(String, [Int64], [Int64], [Int64], ClockState)])
    func `continues the shift of the day before`(
        line: String, carried: [Int64], own: [Int64], uncounted: [Int64], state: ClockState
    ) throws {
        let judgements = judge(try script(line))
        let next = try #require(judgements[day.adding(days: 1)])
        #expect(numbers(next.carried) == carried)
        #expect(numbers(next.own) == own)
        #expect(numbers(next.uncounted) == uncounted)
        #expect(next.state == state)
    }

    @Test func `carries no shift over a second midnight`() throws {
        var script = script
        script.carryMaxMicroseconds = 100 * 3_600_000_000
        // In at 22:00, a break the next day, and out on the day after that.
        let judgements = judge(try script("in@27:00 break@40:00 back@41:00 out@60:00"))
        let next = try #require(judgements[day.adding(days: 1)])
        #expect(numbers(next.carried) == [2, 3])
        #expect(next.leaving == nil)
        #expect(next.state == .working)
        let last = try #require(judgements[day.adding(days: 2)])
        #expect(numbers(last.uncounted) == [4])
        #expect(workSession(of: try script("in@27:00 break@40:00 back@41:00 out@60:00"), on: day)?.punchOut == nil)
    }

    @Test func `takes a shift from the day before only`() throws {
        let punches = try script("out@14:00")
        let since = punches[0].at.adding(seconds: -3_600)
        for (days, counts) in [(Int64(-1), true), (-2, false), (0, false), (1, false)] {
            let shift = OpenShift(day: day.adding(days: days), since: since, inNumber: 9, isOnBreak: false)
            let judgement = DayJudgement(of: day, punches: punches, entering: shift)
            #expect((judgement.carried == punches) == counts, "\(days)")
        }
    }

    @Test func `forgets a shift for good when somebody punches in anew`() throws {
        // The limit was raised between the last two punches. What belongs to the new day stays there.
        var punches = try script("in@27:00 in@44:00 out@45:00")
        var generous = script
        generous.carryMaxMicroseconds = 30 * 3_600_000_000
        punches.append(try generous("what@1 what@1 what@1 out@46:00")[3])
        let next = try #require(judge(punches)[day.adding(days: 1)])
        #expect(numbers(next.own) == [2, 3])
        #expect(numbers(next.uncounted) == [4])
    }

    @Test func `leaves out a punch before the shift that it would continue`() throws {
        // The zone was changed meanwhile: the punch is earlier than the punch-in, and of the day after.
        let shift = OpenShift(day: day.adding(days: -1), since: try moment("2025-07-07T16:00"), inNumber: 9, isOnBreak: false)
        let judgement = DayJudgement(of: day, punches: try script("out@15:59:59 out@16:00"), entering: shift)
        #expect(numbers(judgement.uncounted) == [1])
        #expect(numbers(judgement.carried) == [2])
    }

    @Test(
        arguments: [
            ("in@14:00 in@15:00 out@22:00", UncountedPunch.Reason.isWorking), ("in@14:00 break@15:00 in@22:00", .isOnBreak),
            ("out@22:00", .isNotWorking), ("in@14:00 out@15:00 break@15:30", .isNotWorking), ("what@22:00", .saysNothing),
        ])
    func `says why a punch does not count`(line: String, reason: UncountedPunch.Reason) throws {
        let judgement = DayJudgement(of: day, punches: try script(line), entering: nil)
        #expect(judgement.refused.map(\.reason) == [reason])
    }

    @Test func `says which shift was too old`() throws {
        let next = try #require(judge(try script("in@27:00 out@50:00"))[day.adding(days: 1)])
        #expect(next.refused.map(\.reason) == [.shiftIsTooOld])
        #expect(next.refused.first?.forgotten?.inNumber == 1)
    }

    @Test(
        arguments: [
            ("13:59:59", ClockState.notStarted), ("14:00", .working), ("16:59:59.999999", .working), ("17:00", .onBreak),
            ("17:30", .working), ("22:00", .finished), ("28:00", .finished),
        ])
    func `knows the state at every moment`(at: String, state: ClockState) throws {
        let punches = try script("in@14:00 break@17:00 back@17:30 out@22:00")
        let now = Instant(microseconds: day.daysSince1970 * 86_400_000_000 + (try timeOfDay(at)))
        #expect(DayJudgement.state(at: now, number: nil, of: day, punches: punches, entering: nil) == state)
    }

    @Test func `lets what was stored earlier go first at one moment`() throws {
        let punches = try script("in@14:00 out@14:00 in@14:00")
        let now = punches[0].at
        func state(_ number: Int64?) -> ClockState {
            DayJudgement.state(at: now, number: number, of: day, punches: punches, entering: nil)
        }
        #expect([state(1), state(2), state(3), state(4), state(nil)] == [.notStarted, .working, .finished, .working, .working])
    }

    @Test func `does not count the punch that is judged`() throws {
        // Punch 1 is moved from 14:00 to 15:00: there it meets a day without it.
        let punches = try script("in@14:00 out@22:00")
        let moved = try moment("2025-07-07T15:00")
        #expect(DayJudgement.state(at: moved, number: 1, of: day, punches: punches, entering: nil) == .notStarted)
        #expect(DayJudgement.state(at: moved, number: 3, of: day, punches: punches, entering: nil) == .working)
    }

    @Test(arguments: [
        ("42:59:59.999999", ClockState.working), ("43:00", .working), ("43:00:00.000001", .notStarted),
    ])
    func `shows a shift over midnight until it is too old`(at: String, state: ClockState) throws {
        let shift = try #require(judge(try script("in@27:00"))[day]?.leaving)
        let now = Instant(microseconds: day.daysSince1970 * 86_400_000_000 + (try timeOfDay(at)))
        let next = day.adding(days: 1)
        #expect(DayJudgement.state(at: now, number: nil, of: next, punches: [], entering: shift) == state)
        #expect(
            DayJudgement.state(at: now, number: nil, of: next, punches: [], entering: shift, carryMaxMicroseconds: .max)
                == .working)
    }
}
