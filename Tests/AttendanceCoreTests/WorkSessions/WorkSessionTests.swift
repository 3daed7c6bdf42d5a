import AttendanceCore
import Testing

@Suite struct `A work session` {
    private let script: PunchScript
    private let day: CalendarDay

    init() throws {
        script = try PunchScript("2025-07-07", zone("America/Chicago"))
        day = script.day
    }

    private func moment(_ time: String) throws -> Instant {
        Instant(microseconds: day.daysSince1970 * 86_400_000_000 + (try timeOfDay(time)))
    }

    private func texts(_ figures: SessionFigures) -> [String] {
        [figures.total.text, figures.break.text, figures.working.text]
    }

    @Test(
        arguments: [
            // The contract's example.
            ("in@13:55 break@15:30 back@15:45 out@17:00 in@18:00 break@20:00 back@20:10:30 out@22:30", ["8.58", "25.50", "7.16"]),
            ("in@13:58 break@17:00 back@17:45 out@22:02", ["8.07", "45.00", "7.32"]),
            ("in@14:05 out@17:05 in@18:00 out@22:10", ["8.08", "0.00", "7.17"]),
            ("in@14:25 out@21:30", ["7.08", "0.00", "7.08"]),
            ("in@14:00 out@14:00:18", ["0.01", "0.00", "0.01"]), ("in@14:00 out@14:00:17.999999", ["0.00", "0.00", "0.00"]),
            // Unrounded values are added up inside a day: three times 12 s are 36 s.
            ("in@14:00 out@14:00:12 in@14:01 out@14:01:12 in@14:02 out@14:02:12", ["0.04", "0.00", "0.01"]),
            // The order in which punches were stored does not matter.
            ("out@22:00 back@17:30 in@14:00 break@17:00", ["8.00", "30.00", "7.50"]),
            // B12: the second in and out, and an out during a break, count for nothing.
            ("in@14:00 in@15:00 out@22:00 out@23:00", ["8.00", "0.00", "8.00"]),
            ("in@14:00 break@17:00 out@17:10 back@17:30 out@22:00", ["3.17", "0.00", "3.17"]),
            ("in@14:00 back@15:00 break@16:00 back@17:00 out@22:00", ["8.00", "60.00", "7.00"]),
            // B15: pairs in time order.
            ("in@14:00 break@15:00 break@16:00 back@16:30 break@18:00 back@18:30 out@22:00", ["8.00", "120.00", "6.00"]),
            // B13: over midnight in Chicago, in one session.
            ("in@27:00 break@30:00 back@30:30 out@35:00", ["8.00", "30.00", "7.50"]),
            ("in@27:00 out@43:00", ["16.00", "0.00", "16.00"]), ("in@27:00 out@43:00:00.000001", ["0.00", "0.00", "0.00"]),
            // B10: a punch-in of an earlier day that nobody closed.
            ("in@14:00", ["0.00", "0.00", "0.00"]), ("in@14:00 break@15:00", ["0.00", "0.00", "0.00"]),
            ("in@14:00 out@17:00 in@18:00 break@19:00 back@19:30", ["3.00", "0.00", "3.00"]),
        ] as [(String, [String])])
    func `adds up what is closed`(line: String, figures: [String]) throws {
        let session = try #require(workSession(of: try script(line), on: day))
        #expect(texts(session.figures(at: nil)) == figures)
    }

    @Test(
        arguments: [
            ("in@14:00", "17:00", ["3.00", "0.00", "3.00"]),
            // B14: breaks that are over, and the one that lasts on.
            ("in@14:00 break@15:00 back@16:00", "17:00", ["3.00", "60.00", "2.00"]),
            ("in@14:00 break@15:00 back@15:30 break@16:40", "17:00", ["3.00", "50.00", "2.17"]),
            // Behind a closed cycle the total keeps the closed part.
            ("in@14:00 out@16:00 in@17:00", "18:30", ["2.00", "0.00", "3.50"]),
            ("in@14:00 out@16:00", "18:30", ["2.00", "0.00", "2.00"]),
            // B10: a moment before the punches takes nothing away.
            ("in@14:00", "13:00", ["0.00", "0.00", "0.00"]), ("in@14:00 break@15:00", "14:30", ["0.50", "0.00", "0.50"]),
            ("in@14:00 break@15:00 back@16:00", "14:30", ["0.50", "60.00", "0.00"]),
        ] as [(String, String, [String])])
    func `counts open time up to now`(line: String, now: String, figures: [String]) throws {
        let session = try #require(workSession(of: try script(line), on: day))
        #expect(texts(session.figures(at: try moment(now))) == figures)
    }

    @Test(
        arguments: [
            // Clocks go forward: from 23:00 on Saturday to 08:00 on Sunday it is eight hours.
            ("2025-03-08", "in@29:00 out@37:00", ["8.00", "0.00", "8.00"]),
            // The whole day of 23 hours, and the one of 25.
            ("2025-03-09", "in@6:00 out@28:59:59", ["23.00", "0.00", "23.00"]),
            ("2025-11-02", "in@5:00 out@29:59:59", ["25.00", "0.00", "25.00"]),
            // 01:30 comes twice, and a break from the first to the second is an hour.
            ("2025-11-02", "in@6:00 break@6:30 back@7:30 out@14:00", ["8.00", "60.00", "7.00"]),
        ] as [(String, String, [String])])
    func `counts hours that went by, on days of 23 and 25 hours too`(day: String, line: String, figures: [String]) throws {
        let script = try PunchScript(day, zone("America/Chicago"))
        let session = try #require(workSession(of: try script(line), on: script.day))
        #expect(texts(session.figures(at: nil)) == figures)
        #expect(session.status == .complete)
    }

    @Test func `tells its times, flags and cycles`() throws {
        let punches = try script(
            "inx@14:30 break@15:30 back@15:45 outx@17:00 inx@18:00 break@20:00 back@20:10:30 out@22:30")
        let session = try #require(workSession(of: punches, on: day))
        #expect([session.punchIn, session.punchOut] == [punches[0].at, punches[7].at])
        #expect([session.breakStart, session.breakEnd] == [punches[1].at, punches[6].at])
        #expect((session.isLateIn, session.isEarlyOut) == (true, false))
        #expect(session.status == .complete && session.note == nil && session.assertedBy == nil && session.open == nil)
        #expect(session.cycles.map(\.number) == [1, 5])
        #expect(session.cycles.map { Hundredths(hours: $0.durationMicroseconds).text } == ["2.50", "4.50"])
        #expect(session.cycles.map(\.isLateIn) == [true, true])
        #expect(session.cycles.map(\.isEarlyOut) == [true, false])
        #expect(session.cycles.map(\.createdAt) == [punches[0].createdAt, punches[4].createdAt])
        #expect(session.cycles.map(\.updatedAt) == [punches[3].changedAt, punches[7].changedAt])
    }

    @Test(arguments: [
        ("in@14:00", SessionStatus.inProgress), ("in@14:00 break@15:00", .onBreak), ("in@14:00 out@15:00", .complete),
        ("in@14:00 out@15:00 in@16:00", .inProgress), ("in@14:00 out@15:00 in@16:00 break@17:00", .onBreak),
        ("in@27:00 break@30:00", .onBreak),
    ])
    func `says whether it is over`(line: String, status: SessionStatus) throws {
        #expect(workSession(of: try script(line), on: day)?.status == status)
    }

    @Test func `keeps the values of its closed part while a new cycle is open`() throws {
        let punches = try script("in@14:00 out@17:00 in@18:00 break@19:00 back@19:15 break@20:00")
        let session = try #require(workSession(of: punches, on: day))
        #expect(session.punchOut == punches[1].at)
        #expect(session.closedTotalMicroseconds == 3 * 3_600_000_000)
        #expect(session.open?.since == punches[2].at)
        #expect(session.open?.finishedBreakMicroseconds == 900_000_000)
        #expect(session.open?.breakSince == punches[5].at)
        #expect([session.breakStart, session.breakEnd] == [punches[3].at, punches[4].at])
    }

    @Test func `is absent without a punch that counts and an assertion`() throws {
        #expect(WorkSession(day: day, counted: [], assertion: nil) == nil)
        #expect(workSession(of: try script("out@14:00"), on: day) == nil)
    }

    @Test func `never becomes negative where days overlap`() throws {
        // The zone was changed inside the shift: the punches of the next day are earlier than the last ones of this.
        let own = try script("in@14:00 break@16:00")
        let other = try PunchScript("2025-07-07", zone("Asia/Tokyo"))
        let carried = try other("what@0 what@0 back@15:00 out@15:30").suffix(2)
        #expect(carried.allSatisfy { $0.day == day.adding(days: 1) })
        let shift = try #require(judge(own)[day]?.leaving)
        let next = DayJudgement(of: day.adding(days: 1), punches: Array(carried), entering: shift)
        #expect(next.carried == Array(carried))
        let session = try #require(WorkSession(day: day, counted: next.carried + own, assertion: nil))
        #expect(texts(session.figures(at: nil)) == ["1.50", "0.00", "1.50"])
    }
}

@Suite struct `An admin's word on a session` {
    private let script: PunchScript
    private let day: CalendarDay

    init() throws {
        script = try PunchScript("2025-07-07", zone("America/Chicago"))
        day = script.day
    }

    private func moment(_ time: String) throws -> Instant {
        Instant(microseconds: day.daysSince1970 * 86_400_000_000 + (try timeOfDay(time)))
    }

    private func texts(_ figures: SessionFigures) -> [String] {
        [figures.total.text, figures.break.text, figures.working.text]
    }

    private func edit(_ punchIn: String, _ punchOut: String, sequence: Int64 = 2) throws -> SessionAssertion {
        SessionAssertion(
            kind: .edit, sequence: sequence, at: Instant(microseconds: sequence), punchIn: try moment(punchIn),
            punchOut: try moment(punchOut), isLateIn: true, isEarlyOut: false, note: "Badge reader was down")
    }

    @Test(
        arguments: [
            ("in@14:00 out@21:00", ["8.17", "0.00", "8.17"], SessionStatus.complete),
            // Breaks that were punched are subtracted, also those of a cycle that nobody closed.
            ("in@14:00 break@17:00 back@17:30 out@21:00", ["8.17", "30.00", "7.67"], .complete),
            ("in@14:00 break@17:00 back@17:30 break@19:00", ["8.17", "30.00", "7.67"], .complete),
            ("in@14:00", ["8.17", "0.00", "8.17"], .complete),
            // Cycles that begin later add to it.
            ("in@14:00 out@21:00 in@23:00 out@24:00", ["9.67", "0.00", "9.17"], .complete),
            ("in@14:00 out@21:00 in@23:00 break@23:30 back@23:45 out@24:00", ["9.67", "15.00", "8.92"], .complete),
            ("in@14:00 out@21:00 in@23:00", ["8.17", "0.00", "8.17"], .inProgress),
            ("in@14:00 out@21:00 in@23:00 break@23:30", ["8.17", "0.00", "8.17"], .onBreak),
            // One that begins at the asserted punch-out, or before it, does not.
            ("in@14:00 out@21:00 in@22:30 out@23:00", ["8.17", "0.00", "8.17"], .complete),
            ("in@14:00 out@21:00 in@22:30:00.000001 out@23:00", ["8.67", "0.00", "8.67"], .complete),
        ] as [(String, [String], SessionStatus)])
    func `fixes the hours up to its punch-out`(line: String, figures: [String], status: SessionStatus) throws {
        let punches = try script(line)
        let edited = try #require(workSession(of: punches, on: day, assertion: try edit("14:20", "22:30")))
        #expect(texts(edited.figures(at: nil)) == figures)
        #expect(edited.status == status)
        #expect(edited.punchIn == (try moment("14:20")))
        #expect(edited.isLateIn && edited.note == "Badge reader was down" && edited.assertedBy == 2)
        #expect(edited.cycles == workSession(of: punches, on: day)?.cycles)
        #expect(
            [edited.breakStart, edited.breakEnd] == [
                workSession(of: punches, on: day)?.breakStart, workSession(of: punches, on: day)?.breakEnd,
            ])
    }

    @Test func `takes the end and its flag from the last cycle behind it`() throws {
        let punches = try script("in@14:00 out@21:00 in@23:00 outx@24:00")
        let edited = try #require(workSession(of: punches, on: day, assertion: try edit("14:20", "22:30")))
        #expect(edited.punchOut == punches[3].at)
        #expect(edited.isEarlyOut)
        let open = try #require(workSession(of: Array(punches.dropLast()), on: day, assertion: try edit("14:20", "22:30")))
        #expect(open.punchOut == (try moment("22:30")))
        #expect(!open.isEarlyOut)
        #expect(texts(open.figures(at: try moment("23:30"))) == ["8.17", "0.00", "8.67"])
    }

    @Test func `gives no negative hours where breaks are longer than the span`() throws {
        let punches = try script("in@14:00 break@15:00 back@17:00 out@21:00")
        let edited = try #require(workSession(of: punches, on: day, assertion: try edit("14:00", "15:00")))
        #expect(texts(edited.figures(at: nil)) == ["1.00", "120.00", "0.00"])
    }

    @Test func `is a session without any punch`() throws {
        let asserted = try #require(WorkSession(day: day, counted: [], assertion: try edit("14:00", "22:00")))
        #expect(texts(asserted.figures(at: try moment("23:00"))) == ["8.00", "0.00", "8.00"])
        #expect(asserted.cycles.isEmpty && asserted.breakStart == nil && asserted.open == nil)
    }

    @Test func `gives each figure as it says, and works out the others`() throws {
        func whole(_ total: Int64?, _ pause: Int64?, _ working: Int64?, status: SessionStatus? = nil) throws -> SessionAssertion {
            SessionAssertion(
                kind: .whole, sequence: 50, at: Instant(microseconds: 50), punchIn: try moment("14:00"),
                punchOut: try moment("22:00"), breakStart: try moment("17:00"), breakEnd: try moment("17:30"),
                totalMicroseconds: total, breakMicroseconds: pause, workingMicroseconds: working, isLateIn: false,
                isEarlyOut: true, status: status, note: nil)
        }
        let hour: Int64 = 3_600_000_000
        let cases: [((Int64?, Int64?, Int64?), [String])] = [
            ((nil, nil, nil), ["8.00", "30.00", "7.50"]), ((6 * hour, nil, nil), ["6.00", "30.00", "5.50"]),
            ((nil, hour, nil), ["8.00", "60.00", "7.00"]), ((nil, nil, 3 * hour), ["8.00", "30.00", "3.00"]),
            ((2 * hour, 0, hour), ["2.00", "0.00", "1.00"]),
        ]
        for (given, figures) in cases {
            let assertion = try whole(given.0, given.1, given.2)
            let asserted = try #require(WorkSession(day: day, counted: [], assertion: assertion))
            #expect(texts(asserted.figures(at: nil)) == figures)
            #expect([asserted.breakStart, asserted.breakEnd] == [assertion.breakStart, assertion.breakEnd])
            #expect(asserted.isEarlyOut && asserted.status == .complete)
        }
        let open = try whole(nil, nil, nil, status: .onBreak)
        #expect(WorkSession(day: day, counted: [], assertion: open)?.status == .onBreak)
    }

    @Test func `without a punch-out is followed by what was punched after it was said`() throws {
        let asserted = SessionAssertion(
            kind: .whole, sequence: 2, at: Instant(microseconds: 2), punchIn: try moment("13:00"), punchOut: nil,
            isLateIn: false, isEarlyOut: false, status: .inProgress, note: nil)
        // The first two punches were known when it was said, and an earlier cycle came in behind it.
        let punches = try script("in@16:00 out@17:00 in@14:00 break@14:30 back@14:45 out@15:00")
        let both = try #require(workSession(of: punches, on: day, assertion: asserted))
        #expect(texts(both.figures(at: nil)) == ["2.00", "15.00", "0.75"])
        #expect(both.punchOut == punches[5].at)
        #expect(both.status == .complete)
        let former = try #require(workSession(of: Array(punches.prefix(2)), on: day, assertion: asserted))
        #expect(texts(former.figures(at: try moment("18:00"))) == ["0.00", "0.00", "0.00"])
        #expect(former.status == .inProgress && former.open == nil)
        // Without any punch-out the total runs from what was asserted.
        let running = try #require(workSession(of: try script("what@1 what@1 in@14:00"), on: day, assertion: asserted))
        #expect(texts(running.figures(at: try moment("15:00"))) == ["2.00", "0.00", "1.00"])
    }
}
