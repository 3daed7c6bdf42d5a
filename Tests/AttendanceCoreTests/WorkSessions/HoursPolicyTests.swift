import AttendanceCore
import Testing

@Suite struct `A policy on hours` {
    private let script: PunchScript
    private let day: CalendarDay
    private let hours: BusinessHours

    init() throws {
        script = try PunchScript("2025-07-07", zone("America/Chicago"))
        day = script.day
        hours = BusinessHours(
            number: 1, startMicroseconds: try timeOfDay("14:00"), endMicroseconds: try timeOfDay("22:00"), breakMinutes: 60,
            lateThresholdMinutes: 15, isActive: true, createdAt: Instant(microseconds: 0), updatedAt: Instant(microseconds: 0),
            toldBy: 1)
    }

    private func moment(_ time: String) throws -> Instant {
        Instant(microseconds: day.daysSince1970 * 86_400_000_000 + (try timeOfDay(time)))
    }

    /// The times of all punches of the cycles, from midnight UTC on.
    private func times(_ cycles: [WorkCycle]) -> [String] {
        cycles.flatMap { cycle in
            ([cycle.start] + cycle.breaks.flatMap { [$0.start] + ($0.end.map { [$0] } ?? []) } + (cycle.end.map { [$0] } ?? []))
                .map { punch in
                    let minutes = (punch.at.microseconds - day.daysSince1970 * 86_400_000_000) / 60_000_000
                    return "\(minutes / 60):\(minutes % 60 < 10 ? "0" : "")\(minutes % 60)"
                }
        }
    }

    @Test(
        arguments: [
            (15, .nearest, "in@14:07 out@22:08", ["14:00", "22:15"]),
            (15, .nearest, "in@14:07:30 out@22:07:29", ["14:15", "22:00"]),
            (15, .nearest, "in@14:00 out@22:15", ["14:00", "22:15"]),
            (10, .inUpOutDown, "in@14:01 break@17:09 back@17:31 out@22:09", ["14:10", "17:00", "17:40", "22:00"]),
            (10, .inUpOutDown, "in@14:10 out@22:00", ["14:10", "22:00"]),
            // No punch goes before the one ahead of it.
            (30, .inUpOutDown, "in@14:05 out@14:10 in@14:40 out@15:20", ["14:30", "14:30", "15:00", "15:00"]),
            (1, .inUpOutDown, "in@14:00:01 out@22:00:59", ["14:01", "22:00"]),
        ] as [(Int64, HoursPolicy.Direction, String, [String])])
    func `rounds the times of punches`(
        minutes: Int64, direction: HoursPolicy.Direction, line: String, expected: [String]
    ) throws {
        let rounding = try #require(HoursPolicy.Rounding(minutes: minutes, direction: direction))
        let policy = HoursPolicy(close: nil, closeSequence: 0, rounding: rounding, roundingSequence: 7)
        let session = try #require(workSession(of: try script(line), on: day))
        #expect(times(policy.applied(to: session.cycles, hours: hours, zone: script.zone, asOf: try moment("60:00"))) == expected)
    }

    @Test func `rounds on the clocks of the place`() throws {
        // 14:20 in UTC is 20:05 in Kathmandu, and half past is 14:45 in UTC.
        let script = try PunchScript("2025-07-07", zone("Asia/Kathmandu"))
        let policy = HoursPolicy(
            close: nil, closeSequence: 0, rounding: HoursPolicy.Rounding(minutes: 30, direction: .inUpOutDown), roundingSequence: 7)
        let session = try #require(workSession(of: try script("in@14:20 out@16:00"), on: day))
        #expect(
            times(policy.applied(to: session.cycles, hours: nil, zone: script.zone, asOf: try moment("60:00"))) == [
                "14:45", "15:45",
            ])
    }

    @Test(arguments: [Int64(0), -5, 61])
    func `rounds to one minute up to an hour`(minutes: Int64) {
        #expect(HoursPolicy.Rounding(minutes: minutes, direction: .nearest) == nil)
    }

    @Test(
        arguments: [
            (.after(microseconds: 36_000_000_000), "in@14:00", ["14:00", "24:00"]),
            (.atEndOfBusinessHours, "in@14:00", ["14:00", "22:00"]),
            // Who comes when business hours are over leaves when they end the next time.
            (.atEndOfBusinessHours, "in@23:00", ["23:00", "46:00"]), (.atEndOfBusinessHours, "in@22:00", ["22:00", "46:00"]),
            // A break that nobody ended lasts until then; one that began later ends at once.
            (.atEndOfBusinessHours, "in@14:00 break@17:00", ["14:00", "17:00", "22:00", "22:00"]),
            (.atEndOfBusinessHours, "in@14:00 break@23:00", ["14:00", "23:00", "23:00", "23:00"]),
            // What was closed stays.
            (.atEndOfBusinessHours, "in@14:00 out@23:30", ["14:00", "23:30"]),
        ] as [(HoursPolicy.Close, String, [String])])
    func `closes a forgotten cycle`(close: HoursPolicy.Close, line: String, expected: [String]) throws {
        let policy = HoursPolicy(close: close, closeSequence: 7, rounding: nil, roundingSequence: 0)
        let session = try #require(workSession(of: try script(line), on: day))
        #expect(times(policy.applied(to: session.cycles, hours: hours, zone: script.zone, asOf: try moment("60:00"))) == expected)
    }

    @Test(arguments: [("30:00", false), ("30:00:00.000001", true)])
    func `closes nothing that could still be continued`(asOf: String, isClosed: Bool) throws {
        let policy = HoursPolicy(close: .atEndOfBusinessHours, closeSequence: 7, rounding: nil, roundingSequence: 0)
        let session = try #require(workSession(of: try script("in@14:00"), on: day))
        let cycles = policy.applied(to: session.cycles, hours: hours, zone: script.zone, asOf: try moment(asOf))
        #expect((cycles[0].end != nil) == isClosed)
    }

    @Test func `closes nothing at the end of business hours that are not there, or ahead of now`() throws {
        let session = try #require(workSession(of: try script("in@14:00"), on: day))
        let atEnd = HoursPolicy(close: .atEndOfBusinessHours, closeSequence: 7, rounding: nil, roundingSequence: 0)
        #expect(atEnd.applied(to: session.cycles, hours: nil, zone: script.zone, asOf: try moment("60:00")) == session.cycles)
        let late = HoursPolicy(
            close: .after(microseconds: 20 * 3_600_000_000), closeSequence: 7, rounding: nil, roundingSequence: 0)
        #expect(late.applied(to: session.cycles, hours: nil, zone: script.zone, asOf: try moment("33:59")) == session.cycles)
    }

    @Test func `is off by default and changes nothing then`() throws {
        let session = try #require(workSession(of: try script("in@14:03 break@17:11 back@17:42 out@22:09 in@22:30"), on: day))
        #expect(HoursPolicy.off.isOff)
        #expect(
            HoursPolicy.off.applied(to: session.cycles, hours: hours, zone: script.zone, asOf: try moment("60:00"))
                == session.cycles)
    }
}
