import AttendanceCore
import DemoData
import Testing

private let friday = Instant(microseconds: 1_770_998_400_000_000)  // 2026-02-13T16:00:00Z

@Suite struct `An organisation that does not exist` {
    @Test func `is the same for the same seed, and another for another`() {
        let first = DemoOrganisation(seed: 7, people: 300, stations: 6)
        let again = DemoOrganisation(seed: 7, people: 300, stations: 6)
        let other = DemoOrganisation(seed: 8, people: 300, stations: 6)
        #expect(first.members == again.members && first.stations == again.stations)
        #expect(first.members != other.members)
        let day = DemoDay(of: friday, secondsAheadOfUTC: 0)
        #expect(first.scans(on: day) == again.scans(on: day))
        #expect(first.scans(on: day) != first.scans(on: day.adding(days: -1)))
    }

    @Test func `has one badge and one staff code each, and units of different size`() {
        let organisation = DemoOrganisation(seed: 1, people: 2_000, stations: 3, badgePrefix: "x-")
        #expect(Set(organisation.members.map(\.badge)).count == 2_000)
        #expect(Set(organisation.members.map(\.staffCode)).count == 2_000)
        #expect(organisation.members.allSatisfy { $0.badge.hasPrefix("x-") })
        let units = organisation.rosterUnits
        #expect(units.reduce(0) { $0 + $1.members } == 2_000)
        let sizes = units.map(\.members).sorted()
        #expect(units.count == 10 && (sizes.last ?? 0) > 10 * (sizes.first ?? 0))
    }

    @Test(arguments: [(1, 1), (1, 200), (50, 1), (50, 2)])
    func `works at any size`(people: Int, stations: Int) {
        let organisation = DemoOrganisation(seed: 3, people: people, stations: stations)
        #expect(organisation.stations.count == stations && Set(organisation.stations.map(\.name)).count == stations)
        let monday = DemoDay(of: friday, secondsAheadOfUTC: 0).adding(days: -4)
        let scans = (0..<5).flatMap { organisation.scans(on: monday.adding(days: $0)) }
        #expect(!scans.isEmpty && Set(scans.map(\.station)).isSubset(of: Set(organisation.stations.map(\.name))))
    }

    @Test func `comes in the morning, eats at noon, leaves in the evening, and stays at home at the weekend`() {
        let organisation = DemoOrganisation(seed: 1, people: 1_000, stations: 8)
        let ahead: Int64 = 7 * 3_600
        let day = DemoDay(of: friday, secondsAheadOfUTC: ahead)
        #expect(day.weekday == 4 && !day.isWeekend && day.adding(days: 1).isWeekend)
        // Tuesday.
        let scans = organisation.scans(on: day.adding(days: -3))
        func hour(_ scan: DemoScan) -> Int {
            Int(scan.occurredAt.seconds(since: day.adding(days: -3).beginning) / 3_600)
        }
        let hours = Dictionary(grouping: scans, by: hour).mapValues(\.count)
        #expect((hours[8] ?? 0) > 5 * (hours[10] ?? 0) && (hours[17] ?? 0) > 3 * (hours[15] ?? 0))
        #expect(hours.keys.allSatisfy { (5...24).contains($0) })
        let lunches = scans.filter { $0.station.hasSuffix("Canteen") }
        #expect(lunches.count > 400 && lunches.count { (11...13).contains(hour($0)) } > lunches.count * 3 / 4)
        let known = Set(scans.compactMap { $0.member?.badge })
        #expect((850...990).contains(known.count))
        #expect((5...40).contains(1_000 * scans.count { $0.member == nil } / scans.count))
        #expect((2_200...4_500).contains(scans.count))
        #expect(organisation.scans(on: day.adding(days: 1)).count < scans.count / 5)
        // In the order of time, and each with a key of its own.
        #expect(zip(scans, scans.dropFirst()).allSatisfy { $0.occurredAt <= $1.occurredAt })
        #expect(Set(scans.map(\.reference)).count == scans.count)
    }

    @Test func `makes claims as kiosks do`() throws {
        let organisation = DemoOrganisation(seed: 1, people: 500, stations: 4)
        let scans = organisation.scans(on: DemoDay(of: friday, secondsAheadOfUTC: 0))
        let known = try #require(scans.first { $0.member != nil })
        let claim = known.claim
        #expect(claim.kind == .scan && claim.station?.text == known.station && claim.unit?.text == known.member?.unit)
        #expect(claim.personal?.staffCode?.text == known.member?.staffCode)
        #expect(claim.personal?.meta?.text.contains(#""matched":true,"legacy_id":"200"#) == true)
        let unknown = try #require(scans.first { $0.member == nil })
        #expect(unknown.claim.unit == nil && unknown.claim.personal?.staffCode == nil)
        #expect(unknown.meta.contains(#""matched":false"#))
        #expect(Set(scans.map(\.means)).isSubset(of: ["badge", "lookup", "manual"]))
    }
}

@Suite struct `The history of an organisation` {
    private func history(seed: UInt64 = 1, weeks: Int = 4, through end: Instant = friday) -> DemoHistory {
        DemoHistory(
            of: DemoOrganisation(seed: seed, people: 200, stations: 6), weeks: weeks, through: end, secondsAheadOfUTC: 3_600)
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `reaches up to its end and never behind it`(seed: UInt64) {
        let history = history(seed: seed)
        #expect(history.dayCount == 28)
        var last = Instant(microseconds: .min)
        var scans: [DemoScan] = []
        for day in 0..<history.dayCount {
            for delivery in history.deliveries(ofDay: day) {
                #expect(delivery.receivedAt <= friday && delivery.receivedAt >= last, "the server's clock goes back")
                last = delivery.receivedAt
                for batch in delivery.batches {
                    #expect(!batch.isEmpty && batch.count <= 1_000 && Set(batch.map(\.station)).count == 1)
                    #expect(batch.allSatisfy { $0.occurredAt < friday && $0.occurredAt <= delivery.receivedAt })
                    scans += batch
                }
            }
        }
        // Half past four on a Friday is a busy time.
        #expect(friday.seconds(since: scans.map(\.occurredAt).max() ?? last) < 900)
        #expect(friday.seconds(since: scans.map(\.occurredAt).min() ?? last) > 26 * 86_400)
        // Some batches are sent twice and some scans come late.
        let different = Set(scans.map(\.reference)).count
        #expect(different < scans.count && scans.count < different * 11 / 10)
    }

    @Test func `delivers each scan that the stations saw, late or not`() {
        let history = history(weeks: 2)
        for index in 0..<13 {
            let delivered = Set(history.deliveries(ofDay: index).flatMap { $0.batches.flatMap { $0 } })
            let day = DemoDay(of: friday, secondsAheadOfUTC: 3_600).adding(days: Int64(index - 13))
            #expect(delivered == Set(history.organisation.scans(on: day)))
        }
    }

    @Test func `is the same for the same seed and end`() {
        func all(_ history: DemoHistory) -> [[DemoScan]] {
            (0..<history.dayCount).flatMap { history.deliveries(ofDay: $0).flatMap(\.batches) }
        }
        #expect(all(history()) == all(history()))
        #expect(all(history()) != all(history(seed: 2)))
    }

    @Test func `draws numbers that stay the same for ever`() {
        // The numbers of SplitMix64 with seed 1234567, as its author's program prints them.
        var random = SeededRandom(seed: 1_234_567)
        #expect(random.next() == 6_457_827_717_110_365_317)
        #expect(random.next() == 3_203_168_211_198_807_973)
    }
}
