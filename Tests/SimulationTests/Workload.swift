import AttendanceCore

/// Draws what clients ask for. Everything comes from small stocks, so that the same reference, badge or station comes again
/// and again: from other stations, with other content, and to the other tenant.
struct Workload {
    private static let stations: [WireText] = ["Gate", "Caf\u{E9}", "Cafe\u{301}", "ประตู", "Gate 2"]
    private static let names: [WireText] = stations + ["Annex", "Gate"]
    private static let badges: [WireText] = [
        "100", "\u{E9}-1", "e\u{301}-1", "\u{C5}", "A\u{30A}", "\u{212B}", "มานี", "👩‍👩‍👧", "007", "7", "8", "9",
    ]
    private static let units: [WireText?] = [nil, "", "Unmatched", "Audit", "Caf\u{E9}", "Cafe\u{301}"]
    private static let staffCodes: [WireText?] = [nil, nil, "E1", "E2", "\u{E9}", "e\u{301}"]
    private static let means: [WireText?] = ["badge", "lookup", "manual", nil]
    private static let metas: [WireText?] = [nil, #"{"matched":true}"#, #"{"n":1.50}"#]
    private static let references: [WireText] =
        (0..<36).map { "K-\($0)" } + ["caf\u{E9}", "cafe\u{301}", "\u{212B}", "\u{C5}"]

    private var random: SeededRandom
    /// A tenant of this seed draws from fewer references, so that almost everything is a duplicate, or from all.
    private let referenceCount: Int
    private let badgeCount: Int
    /// How many of ten deeds are a punch clock's.
    private let clockShare: Int

    init(random: SeededRandom) {
        self.random = random
        referenceCount = self.random.pick([6, 16, Self.references.count])
        badgeCount = self.random.pick([3, 8, Self.badges.count])
        clockShare = self.random.pick([0, 4, 9])
    }

    /// - Parameters:
    ///   - now: The server's clock; those of the stations go as they please.
    ///   - clock: What the tenant's punch clock holds, as far as that is known.
    ///   - workers: Its members.
    mutating func deed(at now: Instant, on clock: PunchClockModel, of workers: [Worker]) -> Deed {
        if random.chance(clockShare, in: 10) { return .clock(clockDeed(at: now, on: clock, of: workers)) }
        return switch random.below(100) {
        case ..<58: .scans(claims(at: now))
        case ..<66:
            .heartbeat(
                station: random.pick(Self.stations), epoch: random.pick([nil, "e", "\u{E9}"]), count: Int64(random.below(9)))
        case ..<72: .roster(roster())
        case ..<77: .clearAll
        case ..<85: .clearStation(random.pick(Self.names))
        case ..<94: .rename(random.pick(Self.names), to: random.pick(Self.names))
        default: .refused([claim(at: now)], readsBetween: random.chance(1, in: 2))
        }
    }

    mutating func claims(at now: Instant) -> [Claim] {
        let count = random.chance(1, in: 16) ? random.within(10...30) : random.within(0...5)
        return (0..<count).map { _ in claim(at: now) }
    }

    private mutating func claim(at now: Instant) -> Claim {
        let references = random.chance(1, in: 4) ? Self.references[...] : Self.references.suffix(referenceCount)
        let badges = Self.badges.prefix(badgeCount)
        return Claim(
            kind: .scan, source: .trackAttendance, occurredAt: moment(near: now), station: random.pick(Self.stations),
            unit: random.pick(Self.units), means: random.pick(Self.means),
            personal: PersonalPart(
                identifierKind: .badge, identifier: random.pick(Array(badges)), staffCode: random.pick(Self.staffCodes),
                reference: random.pick(Array(references)), meta: random.pick(Self.metas)))
    }

    private mutating func moment(near now: Instant) -> Instant {
        switch random.below(10) {
        case 0: Instant(microseconds: -62_135_596_800_000_000)  // 0001-01-01
        case 1: Instant(microseconds: 253_402_300_799_999_999)  // 9999-12-31
        case 2: now.adding(seconds: Int64(random.within(-100_000_000...100_000_000)))
        case 3: now
        default: now.adding(milliseconds: Int64(random.within(-90_000...90_000)))
        }
    }

    // MARK: The punch clock

    private static let codes: [WireText] = ["W-1", "w-1", "W-2", "E1"]
    private static let emails: [WireText] = [
        "a@corp.example", "A@Corp.example", "b@corp.example", "c@corp.example", "d@corp.example",
    ]
    private static let directions: [PunchDirection] = [.in, .out, .breakStart, .breakEnd]
    /// Before a change of the clocks: 2025-03-07T06:00Z, midnight in the clock's zone.
    private static let someMidnight = Instant(microseconds: 1_741_327_200_000_000)

    private mutating func clockDeed(at now: Instant, on clock: PunchClockModel, of workers: [Worker]) -> PunchClockDeed {
        guard !workers.isEmpty else { return join() }
        let worker = random.pick(workers)
        let moment = punchMoment(near: now)
        let direction = direction(at: moment ?? now, of: worker, on: clock)
        let numbers = clock.punches.keys.sorted()
        switch random.below(100) {
        case ..<6: return join()
        case ..<8: return .leave(worker)
        case ..<11: return .toggle(worker)
        case ..<18: return .enter(worker, random.pick(Self.directions), at: moment ?? now)
        case ..<26 where !numbers.isEmpty:
            return .correct(random.pick(numbers), worker, random.pick(Self.directions), at: moment ?? now)
        case ..<33 where !numbers.isEmpty: return .void(random.pick(numbers))
        case ..<41:
            let days = random.chance(1, in: 8) ? [] : clock.sessions(of: worker.number).map(\.day)
            let day = days.isEmpty ? PunchClockModel.day(of: moment ?? now) : random.pick(days)
            let start = Self.someMidnight.adding(seconds: Int64(random.below(2 * 36)) * 2_400)
            return .edit(worker, day, in: start, out: start.adding(seconds: Int64(random.below(12)) * 2_400))
        case ..<43: return .carry(seconds: random.pick([14_400, 57_600]))
        default: return .punch(worker, direction, at: moment)
        }
    }

    private mutating func join() -> PunchClockDeed {
        .join(code: random.pick(Self.codes), email: random.pick(Self.emails))
    }

    /// Who is there from the beginning, where there is a punch clock.
    mutating func firstDeeds() -> [Deed] {
        clockShare == 0 ? [] : [.clock(join()), .clock(join())]
    }

    /// Some days in steps of forty minutes, so that moments meet or nearly do, or about now.
    private mutating func punchMoment(near now: Instant) -> Instant? {
        switch random.below(8) {
        case 0: nil
        case 1: now.adding(seconds: Int64(random.within(-60...20)) * 600)
        default: Self.someMidnight.adding(seconds: Int64(random.below(3 * 36)) * 2_400 + random.pick([0, 0, 0, 120]))
        }
    }

    /// Mostly one that the state allows, as far as that is known.
    private mutating func direction(at moment: Instant, of worker: Worker, on clock: PunchClockModel) -> PunchDirection {
        let state = clock.state(of: worker.number, at: moment)
        let allowed = Self.directions.filter { state.allows($0) }
        return random.chance(1, in: 4) || allowed.isEmpty ? random.pick(Self.directions) : random.pick(allowed)
    }

    private mutating func roster() -> RosterSummary {
        let names: [WireText] = ["Audit", "Caf\u{E9}", "Cafe\u{301}", "Audit", "Unmatched"]
        let units = (0..<random.below(4)).map { _ in
            RosterSummary.Unit(name: random.pick(names), registered: Int64(random.below(500)))
        }
        return RosterSummary(fingerprint: random.pick(["f1", "f2", "\u{E9}", "e\u{301}"]), units: units)
    }

    /// What a kiosk sends that got no answer: the same scans, in any order, perhaps only the first of them so far.
    mutating func resend(_ claims: [Claim]) -> (now: [Claim], later: [Claim]) {
        var claims = claims
        if random.chance(1, in: 3) { random.shuffle(&claims) }
        guard random.chance(1, in: 4), claims.count > 1 else { return (claims, []) }
        let cut = random.within(1...claims.count - 1)
        return (Array(claims[..<cut]), Array(claims[cut...]))
    }

    /// Of what another client asks at the same time as this one.
    mutating func question(at now: Instant) -> (badge: WireText, minutes: Int64, station: WireText?) {
        (random.pick(Self.badges), random.pick([1, 5, 1440]), random.pick(Self.stations + [nil]))
    }
}
