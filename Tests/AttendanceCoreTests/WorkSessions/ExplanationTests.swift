import AttendanceCore
import Testing

@Suite struct `An explanation` {
    private let script: PunchScript
    private let day: CalendarDay
    private let rules: ExplanationMaterial.EntryRules

    init() throws {
        script = try PunchScript("2025-07-07", zone("America/Chicago"))
        day = script.day
        rules = ExplanationMaterial.EntryRules(
            hours: BusinessHours(
                number: 3, startMicroseconds: try timeOfDay("13:30"), endMicroseconds: try timeOfDay("22:45"), breakMinutes: 60,
                lateThresholdMinutes: 15, isActive: true, createdAt: Instant(microseconds: 0),
                updatedAt: Instant(microseconds: 0), toldBy: 40), zone: script.zone, zoneSequence: 41, carrySequence: 0)
    }

    private func moment(_ time: String) throws -> Instant {
        Instant(microseconds: day.daysSince1970 * 86_400_000_000 + (try timeOfDay(time)))
    }

    private func explain(
        _ punches: [TimedPunch], on day: CalendarDay? = nil, assertion: SessionAssertion? = nil, policy: HoursPolicy = .off,
        now: Instant? = nil, superseded: [Int64] = [], voided: [ExplanationMaterial.VoidedPunch] = []
    ) throws -> Explanation {
        let day = day ?? self.day
        let judgements = judge(punches)
        let sequences = punches.map(\.toldBy) + (assertion.map { [$0.sequence] } ?? [])
        return Explanation(
            of: ExplanationMaterial(
                judgement: judgements[day] ?? DayJudgement(of: day, punches: [], entering: nil),
                carriedBack: judgements[day.adding(days: 1)]?.carried ?? [], assertion: assertion, superseded: superseded,
                voided: voided, rulesByEntry: Dictionary(sequences.map { ($0, rules) }) { $1 }, currentRules: rules,
                policy: policy, asOf: try now ?? moment("80:00"), isToday: now != nil))
    }

    private func lines(_ explanation: Explanation) -> String {
        explanation.lines(in: script.zone).joined(separator: "\n")
    }

    @Test func `tells a whole day`() throws {
        let punches = try script(
            "inx@13:55 break@15:30 back@15:45 out@17:00 in@18:00 break@20:00 back@20:10:30 outx@22:30 in@12:00 in@16:00")
        #expect(
            lines(try explain(Array(punches.prefix(8) + punches.suffix(1)))) == """
                2025-07-07, America/Chicago: complete
                total: 8.58 hours
                    + 3:05:00  cycle, 08:55:00 to 12:00:00 (entries 1 and 4)
                    + 1:00:00  gap, 12:00:00 to 13:00:00 (entries 4 and 5)
                    + 4:30:00  cycle, 13:00:00 to 17:30:00 (entries 5 and 8)
                    = 8:35:00, shown as 8.58 hours
                break: 25.50 minutes
                    + 0:15:00  break, 10:30:00 to 10:45:00 (entries 2 and 3)
                    + 0:10:30  break, 15:00:00 to 15:10:30 (entries 6 and 7)
                    = 0:25:30, shown as 25.50 minutes
                working: 7.16 hours
                    + 3:05:00  cycle, 08:55:00 to 12:00:00 (entries 1 and 4)
                    - 0:15:00  break, 10:30:00 to 10:45:00 (entries 2 and 3)
                    + 4:30:00  cycle, 13:00:00 to 17:30:00 (entries 5 and 8)
                    - 0:10:30  break, 15:00:00 to 15:10:30 (entries 6 and 7)
                    = 7:09:30, shown as 7.16 hours
                late: yes, 10.00 minutes
                    + 8:55:00  time of punch (entry 1)
                    - 8:30:00  business hours (entry 40)
                    - 0:15:00  threshold (entry 40)
                    = 0:10:00, shown as 10.00 minutes
                early: yes, 15.00 minutes
                    + 17:45:00  business hours (entry 40)
                    - 17:30:00  time of punch (entry 8)
                    = 0:15:00, shown as 15.00 minutes
                rules:
                    zone: America/Chicago (entry 41)
                    shift over midnight: up to 16:00:00 (built in)
                    business hours: 13:30:00 to 22:45:00 UTC, late after 15 min (entry 40)
                not counted:
                    entry 10, 11:00:00 in: at work already
                """)
    }

    @Test func `tells open time`() throws {
        let explanation = try explain(
            try script("in@13:40 break@15:00 back@15:30 break@16:40"), now: moment("17:00"))
        #expect(explanation.status == .onBreak)
        #expect(
            lines(explanation).hasPrefix(
                """
                2025-07-07, America/Chicago: on a break
                open time counts until 12:00:00
                total: 3.33 hours
                    + 3:20:00  open cycle, 08:40:00 to 12:00:00 (entry 1)
                    = 3:20:00, shown as 3.33 hours
                break: 50.00 minutes
                    + 0:30:00  break, 10:00:00 to 10:30:00 (entries 2 and 3)
                    + 0:20:00  open break, 11:40:00 to 12:00:00 (entry 4)
                    = 0:50:00, shown as 50.00 minutes
                working: 2.50 hours
                    + 3:20:00  open cycle, 08:40:00 to 12:00:00 (entry 1)
                    - 0:30:00  break, 10:00:00 to 10:30:00 (entries 2 and 3)
                    - 0:20:00  open break, 11:40:00 to 12:00:00 (entry 4)
                    = 2:30:00, shown as 2.50 hours
                late: no, 0.00 minutes
                    + 8:40:00  time of punch (entry 1)
                    - 8:30:00  business hours (entry 40)
                    - 0:15:00  threshold (entry 40)
                    + 0:05:00  cut at zero
                    = 0:00:00, shown as 0.00 minutes
                early: no, 0.00 minutes
                rules:
                """))
    }

    @Test func `tells both days of a shift over midnight`() throws {
        let punches = try script("in@27:00 out@35:00 out@43:00 in@44:00")
        let former = try explain(punches)
        #expect(former.figures[0].parts.map(\.sequences) == [[1, 2]])
        #expect(lines(former).contains("    + 8:00:00  cycle, 22:00:00 to 2025-07-08 06:00:00 (entries 1 and 2)"))
        // Times of day are compared, as the contract says: six in the morning is before 17:45.
        #expect(former.figures[4].rounding.exactMicroseconds == 42_300_000_000)
        let next = try explain(punches, on: day.adding(days: 1))
        #expect(next.ofDayBefore.map(\.number) == [2])
        #expect(lines(next).contains("entry 2, 06:00:00 out: continues the shift of 2025-07-07"))
        #expect(lines(next).contains("entry 3, 14:00:00 out: not at work"))
        let forgotten = try explain(try script("in@27:00 out@50:00"), on: day.adding(days: 1))
        #expect(
            lines(forgotten).contains(
                "entry 2, 21:00:00 out: too late for the shift of the day before, which began 2025-07-07 22:00:00"))
        #expect(forgotten.status == nil && forgotten.figures.allSatisfy { $0.rounding.shownText == "0.00" })
    }

    @Test func `tells what an admin set`() throws {
        let edit = SessionAssertion(
            kind: .edit, sequence: 4, at: Instant(microseconds: 50), punchIn: try moment("13:50"), punchOut: try moment("21:00"),
            isLateIn: true, isEarlyOut: true, note: nil)
        let explanation = try explain(
            try script("in@13:55 break@15:30 back@15:45 out@17:00 in@22:00 out@22:30"), assertion: edit, superseded: [3])
        #expect(
            lines(explanation).hasPrefix(
                """
                2025-07-07, America/Chicago: complete
                total: 8.67 hours
                    + 7:10:00  asserted span, 08:50:00 to 16:00:00 (entry 4)
                    + 1:00:00  gap, 16:00:00 to 17:00:00 (entries 4 and 5)
                    + 0:30:00  cycle, 17:00:00 to 17:30:00 (entries 5 and 6)
                    = 8:40:00, shown as 8.67 hours
                break: 15.00 minutes
                    + 0:15:00  break, 10:30:00 to 10:45:00 (entries 2 and 3)
                    = 0:15:00, shown as 15.00 minutes
                working: 7.42 hours
                    + 7:10:00  asserted span, 08:50:00 to 16:00:00 (entry 4)
                    - 0:15:00  break, 10:30:00 to 10:45:00 (entries 2 and 3)
                    + 0:30:00  cycle, 17:00:00 to 17:30:00 (entries 5 and 6)
                    = 7:25:00, shown as 7.42 hours
                late: yes, 5.00 minutes
                    + 8:50:00  time of punch (entry 4)
                """))
        #expect(explanation.corrections == [.superseded(sequence: 3), .asserted(sequence: 4, kind: .edit)])
        #expect(lines(explanation).contains("    entry 4: an admin edited the session"))
    }

    @Test func `tells corrected and voided punches`() throws {
        let told = try script("in@14:00 out@22:00")
        let corrected = TimedPunch(
            number: 2, toldBy: 9, direction: .out, at: told[1].at, day: day, createdAt: told[1].createdAt,
            changedAt: Instant(microseconds: 9))
        let explanation = try explain([told[0], corrected], voided: [ExplanationMaterial.VoidedPunch(number: 4, by: 10)])
        #expect(explanation.corrections == [.corrected(number: 2, by: 9), .voided(number: 4, by: 10)])
        #expect(explanation.figures[0].parts.map(\.sequences) == [[1, 9]])
        #expect(lines(explanation).contains("    entry 2: its values are told by entry 9"))
        #expect(lines(explanation).contains("    entry 4: voided by entry 10"))
    }

    @Test func `tells what hours would be under a policy, beside what they are`() throws {
        let policy = HoursPolicy(
            close: .atEndOfBusinessHours, closeSequence: 60,
            rounding: HoursPolicy.Rounding(minutes: 15, direction: .nearest), roundingSequence: 61)
        let explanation = try explain(try script("in@13:56"), policy: policy)
        #expect(explanation.figures[2].rounding.shownText == "0.00")
        #expect(explanation.underPolicy.map(\.rounding.shownText) == ["8.75", "0.00", "8.75"])
        #expect(explanation.underPolicy[2].parts.map(\.sequences) == [[1, 60]])
        #expect(explanation.rules.suffix(2).map(\.sequence) == [60, 61])
        #expect(try explain(try script("in@13:56")).underPolicy.isEmpty)
    }
}
