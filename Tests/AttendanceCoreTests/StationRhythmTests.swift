@testable import AttendanceCore
import Testing

@Suite struct `A station's rhythm` {
    /// Monday 2026-02-02T00:00Z, in hours since 1970.
    private static let monday: Int64 = 1_769_990_400 / 3_600

    private static func hour(_ week: Int64, _ day: Int64, _ hour: Int64) -> Int64 { monday + week * 168 + day * 24 + hour }

    private static func moment(_ week: Int64, _ day: Int64, _ hour: Int64, minute: Int64 = 30) -> Instant {
        Instant(microseconds: (Self.hour(week, day, hour) * 3_600 + minute * 60) * 1_000_000)
    }

    /// Monday to Friday, 08 to 17, for some weeks.
    private static func office(_ weeks: Range<Int64> = 0..<4, without: Set<Int64> = []) -> Set<Int64> {
        Set(weeks.flatMap { week in (0..<5).flatMap { day in (8..<17).map { hour(week, day, $0) } } }).subtracting(without)
    }

    private static func missed(_ busy: Set<Int64>, at now: Instant) -> Int? {
        StationRhythm(busyHours: busy).silence(at: now)?.missedHours
    }

    @Test func `is kept while it scans, at night and on Sundays`() {
        for (day, hour) in [(4, 16), (4, 20), (5, 9), (6, 12)] as [(Int64, Int64)] {
            #expect(Self.missed(Self.office(), at: Self.moment(3, day, hour)) == nil, "\(day) \(hour)")
        }
        // Monday morning, before the second usual hour is over.
        for hour in [7, 8, 9] as [Int64] {
            #expect(Self.missed(Self.office(), at: Self.moment(4, 0, hour)) == nil, "\(hour)")
        }
    }

    @Test(arguments: [(0, 10, 2), (0, 11, 3), (0, 20, 9), (1, 9, 10), (6, 12, 45)] as [(Int64, Int64, Int)])
    func `is broken from the second usual hour on, counting usual hours only`(day: Int64, hour: Int64, missed: Int) throws {
        let silence = try #require(StationRhythm(busyHours: Self.office()).silence(at: Self.moment(4, day, hour, minute: 0)))
        #expect(silence.missedHours == missed)
        #expect(silence.lastHour == Self.moment(3, 4, 16, minute: 0))
        #expect(silence.missedBefore == 0)
    }

    @Test func `forgives what it missed before`() {
        // A Wednesday off: nine hours.
        let wednesday = Set((8..<17).map { Self.hour(2, 2, $0) })
        let busy = Self.office(without: wednesday)
        #expect(Self.missed(busy, at: Self.moment(4, 0, 17)) == nil, "nine once more")
        #expect(Self.missed(busy, at: Self.moment(4, 1, 9)) == 10)
    }

    @Test func `takes three weeks to learn`() {
        #expect(Self.missed(Self.office(2..<4), at: Self.moment(4, 1, 12)) == nil)
        #expect(Self.missed(Self.office(1..<4), at: Self.moment(4, 1, 12, minute: 0)) == 13)
    }

    @Test func `is not made by an hour now and then`() {
        let rare = Set([Self.hour(0, 1, 9), Self.hour(1, 2, 11), Self.hour(3, 0, 15)])
        #expect(Self.missed(rare, at: Self.moment(4, 3, 12)) == nil)
        // Every other Tuesday is two of four.
        let fortnightly = Set([0, 2].flatMap { week in (8..<17).map { Self.hour(Int64(week), 1, $0) } })
        #expect(Self.missed(fortnightly, at: Self.moment(4, 3, 12)) == nil)
    }

    @Test func `moves by an hour when clocks are put back`() {
        // Where it was 08 to 17 it is 09 to 18 from now on.
        let shifted = Self.office().union((9..<12).map { Self.hour(4, 0, $0) })
        #expect(Self.missed(shifted, at: Self.moment(4, 0, 12)) == nil)
        #expect(Self.missed(Self.office(), at: Self.moment(4, 0, 9, minute: 59)) == nil, "one usual hour has passed")
    }

    @Test func `ends with the station`() {
        #expect(Self.missed(Self.office(), at: Self.moment(7, 4, 15)) == 178)
        #expect(Self.missed(Self.office(), at: Self.moment(7, 4, 17)) == nil, "gone for four weeks")
        #expect(Self.missed([], at: Self.moment(4, 0, 12)) == nil)
    }

    @Test func `is not misled by a clock that runs ahead`() {
        let busy = Self.office().union([Self.hour(9, 0, 9)])
        #expect(Self.missed(busy, at: Self.moment(4, 0, 11)) == 3)
    }
}

@Suite struct `A key` {
    private static let now = Instant(microseconds: 1_770_883_200_000_000)

    /// Days before now; negative ones are to come.
    private static func key(made: Int64, ends: Int64? = nil, revoked: Int64? = nil, used: Int64? = nil) -> AccessKey {
        func moment(_ days: Int64) -> Instant { now.adding(seconds: -days * 86_400) }
        return AccessKey(
            id: "3f2a91c0", tenant: .default, label: "Gate", roles: .all, createdAt: moment(made), expiresAt: ends.map(moment),
            revokedAt: revoked.map(moment), lastUsedAt: used.map(moment), verifier: Digest([UInt8](repeating: 0, count: 32)))
    }

    @Test(
        arguments: [
            (key(made: 100, used: 0), nil), (key(made: 366, used: 0), .old), (key(made: 365, used: 0), nil),
            (key(made: 366), .neverUsed), (key(made: 8), .neverUsed), (key(made: 7), nil),
            (key(made: 100, ends: -13, used: 1), .endsSoon), (key(made: 100, ends: -15, used: 1), nil),
            (key(made: 100, ends: -13, used: 8), nil), (key(made: 400, ends: -13, used: 1), .endsSoon),
            (key(made: 100, ends: 3, used: 2), .usedAfterItsEnd), (key(made: 100, ends: 3, used: 4), nil),
            (key(made: 100, ends: 30, used: 8), nil), (key(made: 100, revoked: 3, used: 2), .usedAfterItsEnd),
            (key(made: 100, ends: 1, revoked: 3, used: 2), .usedAfterItsEnd), (key(made: 100, ends: 3), nil),
            (key(made: 800, ends: 3), nil),
        ] as [(AccessKey, KeyConcern?)])
    func `gives the concern that is most pressing`(key: AccessKey, concern: KeyConcern?) {
        #expect(key.concern(at: Self.now) == concern)
    }
}
