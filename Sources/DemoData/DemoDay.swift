public import AttendanceCore

/// A day of the calendar where the organisation is.
public struct DemoDay: Sendable, Hashable {
    /// Days since 1970-01-01.
    public let number: Int64
    /// How far the organisation's clocks are ahead of UTC.
    public let secondsAheadOfUTC: Int64

    public init(number: Int64, secondsAheadOfUTC: Int64) {
        self.number = number
        self.secondsAheadOfUTC = secondsAheadOfUTC
    }

    /// The day that a moment falls on.
    public init(of moment: Instant, secondsAheadOfUTC: Int64) {
        let local = moment.adding(seconds: secondsAheadOfUTC).microseconds
        self.init(number: local.dividedFlooring(by: 86_400_000_000).quotient, secondsAheadOfUTC: secondsAheadOfUTC)
    }

    public func adding(days: Int64) -> DemoDay {
        DemoDay(number: number + days, secondsAheadOfUTC: secondsAheadOfUTC)
    }

    /// 0 for Monday. 1970-01-01 was a Thursday.
    public var weekday: Int { Int((number + 3).dividedFlooring(by: 7).remainder) }
    public var isWeekend: Bool { weekday >= 5 }

    /// The moment at which the day begins.
    public var beginning: Instant {
        Instant(microseconds: (number * 86_400 - secondsAheadOfUTC) * 1_000_000)
    }
}

extension DemoOrganisation {
    /// In how many of a thousand working days of each weekday people come, Monday first.
    private static let presencePerMille = [900, 935, 945, 925, 820]
    /// One scan in so many thousand is made by a badge that is on nobody's list: a visitor's, or a new colleague's.
    private static let unknownPerMille = 12

    /// Everything that the stations see on one day, in the order in which it happened. The same day is the same, whichever
    /// other days are asked for.
    ///
    /// People come at their hour through their gate, some eat, some go out over noon, some drop in somewhere, and all
    /// leave; who stays long may leave after midnight, which then still belongs to this day. A few hold their badge up twice.
    public func scans(on day: DemoDay) -> [DemoScan] {
        var random = SeededRandom(seed: seed, for: 2, UInt64(bitPattern: day.number))
        var seen: [Seen] = []
        for member in members { visit(of: member, on: day, &random, &seen) }
        let visitors = seen.count * Self.unknownPerMille / 1_000
        for _ in 0..<visitors {
            // One of a few badges, so that they come again and do not outnumber those who belong here.
            let badge = "\(badgePrefix)\(900_000 + random.below(max(5, members.count / 25)))"
            let minute = random.around(420...1_020)
            look(random.pick(gates), minute, badge, nil, &random, &seen)
            if random.chance(perMille: 600) { look(gates[0], minute + random.within(20...240), badge, nil, &random, &seen) }
        }
        // Ties are broken by what was drawn first, so that the order does not hang on the sorting.
        let order = seen.indices.sorted { (seen[$0].millisecond, $0) < (seen[$1].millisecond, $1) }
        var numbers = [Int](repeating: 0, count: stations.count)
        return order.map { place in
            let seen = seen[place]
            numbers[seen.station] += 1
            return DemoScan(
                occurredAt: day.beginning.adding(milliseconds: Int64(seen.millisecond)), station: stations[seen.station].name,
                badge: seen.badge, member: seen.member, means: seen.means, number: numbers[seen.station])
        }
    }

    private struct Seen {
        let millisecond: Int
        let station: Int
        let badge: String
        let member: Member?
        let means: String
    }

    private func visit(of member: Member, on day: DemoDay, _ random: inout SeededRandom, _ seen: inout [Seen]) {
        let habits = member.habits
        let presence = day.isWeekend ? habits.weekendPerMille : Self.presencePerMille[day.weekday]
        guard random.chance(perMille: presence) else { return }
        func usual(_ random: inout SeededRandom) -> Int { random.chance(perMille: 930) ? member.gate : random.pick(gates) }
        let comes = habits.arrives + random.around(-14...22)
        // Fridays end early.
        let goes = habits.leaves + random.around(-25...40) - (day.weekday == 4 ? random.within(0...75) : 0)
        look(usual(&random), comes, member.badge, member, &random, &seen)
        let noon = habits.arrives < 600 ? random.around(688...805) : random.around(1_050...1_140)
        if noon > comes + 60, noon < goes - 60 {
            if !canteens.isEmpty, random.chance(perMille: habits.eatsPerMille) {
                look(random.pick(canteens), noon, member.badge, member, &random, &seen)
            } else if random.chance(perMille: 350) {
                look(usual(&random), noon, member.badge, member, &random, &seen)
                look(usual(&random), noon + random.around(22...55), member.badge, member, &random, &seen)
            }
        }
        if !rooms.isEmpty, random.chance(perMille: 120), goes > comes + 90 {
            look(random.pick(rooms), random.within(comes + 20...goes - 20), member.badge, member, &random, &seen)
        }
        // Who forgets to is seen coming only.
        if random.chance(perMille: 975) { look(usual(&random), goes, member.badge, member, &random, &seen) }
    }

    private func look(
        _ station: Int, _ minute: Int, _ badge: String, _ member: Member?, _ random: inout SeededRandom, _ seen: inout [Seen]
    ) {
        let drawn = random.below(1_000)
        let means = drawn < 935 || member == nil ? "badge" : drawn < 985 ? "lookup" : "manual"
        let millisecond = minute * 60_000 + random.below(60_000)
        seen.append(Seen(millisecond: millisecond, station: station, badge: badge, member: member, means: means))
        // "Did it beep?" Another key, so another scan.
        if random.chance(perMille: 18) {
            let again = millisecond + random.within(1_500...7_500)
            seen.append(Seen(millisecond: again, station: station, badge: badge, member: member, means: means))
        }
    }
}
