import AttendanceCore
import Foundation
import Testing

/// What a seed makes of one person's days: a place, business hours, punches of all kinds of legality, and an admin's words.
private struct GeneratedDays {
    static let dayCount = 4

    let place: String
    let origin: String
    let office: SecondCalculator.Office?
    private(set) var events: [SecondCalculator.Event] = []
    private(set) var directions: [Int64: PunchDirection] = [:]
    private(set) var corrected: [Int64: Int64] = [:]
    private(set) var words: [Int: SecondCalculator.Word] = [:]
    let today: Int?
    private(set) var now: Int64
    let policy: HoursPolicy

    init(seed: UInt64) throws {
        var random = SplitMix(state: seed)
        let origins = [
            "2025-03-07", "2025-10-31", "2025-03-28", "2025-10-24", "2025-04-04", "2025-10-03", "2024-02-27", "2025-07-07",
        ]
        place = random.pick([
            "America/Chicago", "America/Chicago", "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC", "America/Havana",
            "Pacific/Auckland",
        ])
        origin = random.pick(origins)
        let quarter: Int64 = 900_000_000
        office =
            random.chance(1, in: 8)
            ? nil
            : SecondCalculator.Office(
                start: Int64(random.below(96)) * quarter, end: Int64(random.below(96)) * quarter,
                grace: Int64(random.pick([0, 1, 15, 60, 600])) * 60_000_000)
        let rounding = HoursPolicy.Rounding(
            minutes: Int64(random.pick([1, 5, 10, 15, 60])), direction: random.pick(HoursPolicy.Direction.allCases))
        policy = HoursPolicy(
            close: random.pick([nil, .atEndOfBusinessHours, .after(microseconds: Int64(random.below(20)) * 3_600_000_000)]),
            closeSequence: 900, rounding: random.chance(1, in: 2) ? rounding : nil, roundingSequence: 901)
        today = random.chance(1, in: 2) ? random.below(Self.dayCount) : nil
        now = 0
        let midnight = try moment(origin + "T00:00").microseconds
        makeEvents(midnight, &random)
        makeWords(&random)
        let latest = events.map(\.at).max() ?? midnight
        now = random.chance(3, in: 4) ? latest + random.time(3 * 86_400) : midnight + random.time(5 * 86_400)
    }

    private mutating func makeEvents(_ midnight: Int64, _ random: inout SplitMix) {
        // Half of the people punch as they should, nearly always; from the others comes whatever can come.
        let isOrderly = random.chance(1, in: 2)
        var drafts: [(act: SecondCalculator.Act, at: Int64)] = []
        for day in 0..<Self.dayCount {
            // Anywhere in the day, so that many a shift goes over midnight, wherever that is.
            var at = midnight + Int64(day) * 86_400_000_000 + random.time(isOrderly ? 10 * 3_600 : 86_400)
            for _ in 0..<random.below(4) {
                drafts.append((.comes, at))
                for _ in 0..<random.pick([0, 0, 1, 2]) {
                    at += random.time(3 * 3_600)
                    drafts.append((.rests, at))
                    at += random.time(3_600)
                    drafts.append((.returns, at))
                }
                at += random.time(random.pick([60, 4 * 3_600, isOrderly ? 3_600 : 20 * 3_600]))
                drafts.append((.goes, at))
                at += random.time(2 * 3_600)
            }
        }
        let acts: [SecondCalculator.Act] = [.comes, .goes, .rests, .returns, .nothing]
        for place in drafts.indices.reversed() {
            switch random.below(isOrderly ? 160 : 16) {
            case 0: drafts.remove(at: place)
            case 1: drafts.insert(drafts[place], at: place)
            case 2: drafts[place].act = random.pick(acts)
            case 3: drafts[place].at += random.time(4 * 3_600) - 7_200_000_000
            case 4: drafts[place].at = drafts[random.below(drafts.count)].at
            default: break
            }
        }
        let limits = [TimedPunch.carryMaxDefault, random.chance(1, in: 4) ? random.time(40 * 3_600) : TimedPunch.carryMaxDefault]
        // Where a limit lies, a punch on either side of it; likewise with what makes somebody late or early.
        for draft in drafts where draft.act == .comes && random.chance(1, in: 12) {
            drafts.append((random.pick(acts), draft.at + limits[0] + Int64(random.below(3)) - 1))
        }
        if let office {
            for _ in 0..<random.below(3) {
                let day = midnight + Int64(random.below(Self.dayCount)) * 86_400_000_000
                let (start, end) = (day + office.start + office.grace, day + office.end)
                drafts.append(random.pick([(.comes, start), (.goes, end)]))
                drafts[drafts.count - 1].at += Int64(random.below(3)) - 1
            }
        }
        // The order in which they are stored has nothing to do with their times.
        random.shuffle(&drafts)
        for (place, draft) in drafts.enumerated() {
            let name = Int64(place + 1)
            events.append(SecondCalculator.Event(name: name, act: draft.act, at: draft.at, limit: random.pick(limits)))
            let isOvertime = random.chance(1, in: 10)
            directions[name] =
                switch draft.act {
                case .comes: isOvertime ? .overtimeIn : .in
                case .goes: isOvertime ? .overtimeOut : .out
                case .rests: .breakStart
                case .returns: .breakEnd
                case .nothing: .undefined
                }
            if random.chance(1, in: 10) { corrected[name] = 500 + name }
        }
    }

    private mutating func makeWords(_ random: inout SplitMix) {
        for day in 0..<Self.dayCount where !events.isEmpty && random.chance(1, in: 4) {
            // About some punch, for an admin puts right what was punched.
            let near = random.pick(events).at
            let from = near - random.time(4 * 3_600) + 7_200_000_000
            var word = SecondCalculator.Word()
            word.sequence = random.chance(1, in: 2) ? 400 : Int64(random.below(events.count + 1))
            word.from = from
            word.until = from + random.time(24 * 3_600)
            (word.isLate, word.isEarly) = (random.chance(1, in: 2), random.chance(1, in: 2))
            if random.chance(1, in: 2) {
                word.isEdit = false
                func some(_ value: Int64) -> Int64? { random.chance(1, in: 2) ? value : nil }
                word.from = some(from)
                word.until = some(from + random.time(24 * 3_600))
                word.restFrom = some(from + random.time(3_600))
                word.restUntil = some(from + random.time(7_200))
                word.total = some(random.time(9 * 3_600))
                word.rest = some(random.time(3_600))
                word.work = some(random.time(9 * 3_600))
            }
            words[day] = word
        }
    }

    func businessHours() -> BusinessHours? {
        office.map { office in
            BusinessHours(
                number: 1, startMicroseconds: office.start, endMicroseconds: office.end, breakMinutes: 60,
                lateThresholdMinutes: office.grace / 60_000_000, isActive: true, createdAt: Instant(microseconds: 0),
                updatedAt: Instant(microseconds: 0), toldBy: 800)
        }
    }

    func punches(_ zone: ZoneRules) throws -> [TimedPunch] {
        try events.map { event in
            let at = Instant(microseconds: event.at)
            let direction = try #require(directions[event.name])
            let flags = businessHours()?.flags(direction: direction, at: at, zone: zone) ?? (isLate: false, isEarly: false)
            return TimedPunch(
                number: event.name, toldBy: corrected[event.name] ?? event.name, direction: direction, at: at,
                day: CalendarDay(of: at, offsetSeconds: zone.offset(at: at)), isLate: flags.isLate, isEarly: flags.isEarly,
                carryMaxMicroseconds: event.limit, createdAt: Instant(microseconds: event.name),
                changedAt: Instant(microseconds: event.name))
        }
    }

    func assertion(_ day: Int) -> SessionAssertion? {
        words[day].map { word in
            func instant(_ microseconds: Int64?) -> Instant? { microseconds.map { Instant(microseconds: $0) } }
            return SessionAssertion(
                kind: word.isEdit ? .edit : .whole, sequence: word.sequence, at: Instant(microseconds: word.sequence),
                punchIn: instant(word.from), punchOut: instant(word.until), breakStart: instant(word.restFrom),
                breakEnd: instant(word.restUntil), totalMicroseconds: word.total, breakMicroseconds: word.rest,
                workingMicroseconds: word.work, isLateIn: word.isLate, isEarlyOut: word.isEarly, note: nil)
        }
    }
}

/// SplitMix64: the same numbers everywhere, so that a seed is enough to see a day again.
private struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
    mutating func chance(_ part: Int, in whole: Int) -> Bool { below(whole) < part }
    mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }

    /// Up to so many seconds, in microseconds; often whole minutes, and often multiples of 18 s, on which roundings depend.
    mutating func time(_ seconds: Int) -> Int64 {
        switch below(3) {
        case 0: Int64(below(seconds / 60 + 1)) * 60_000_000
        case 1: Int64(below(seconds / 18 + 1)) * 18_000_000
        default: Int64(below(seconds * 1_000_000 + 1))
        }
    }

    mutating func shuffle<Element>(_ elements: inout [Element]) {
        for place in elements.indices.dropFirst() { elements.swapAt(place, below(place + 1)) }
    }
}

/// Ten thousand days, or with `DAYS_FROM=SEED DAYS_SEEDS=1` in the environment those of one seed alone.
@Suite struct `Generated days` {
    private static let seeds: ClosedRange<UInt64> = {
        let environment = ProcessInfo.processInfo.environment
        let first = environment["DAYS_FROM"].flatMap { UInt64($0) } ?? 1
        return first...first + (environment["DAYS_SEEDS"].flatMap { UInt64($0) } ?? 2_500) - 1
    }()

    /// How often something happened that the days are there to show.
    private struct Tally {
        var days = 0
        var sessions = 0
        var carried = 0
        var uncounted = 0
        var severalCycles = 0
        var breaks = 0
        var open = 0
        var asserted = 0
        var addedTo = 0
        var late = 0
        var early = 0
        var underPolicy = 0
    }

    @Test func `have the figures that a second calculator predicts, and are explained to the microsecond`() throws {
        var tally = Tally()
        for seed in Self.seeds { try play(seed, &tally) }
        print("generated days of the seeds \(Self.seeds.lowerBound) to \(Self.seeds.upperBound): \(tally)")
        guard Self.seeds.count >= 2_500 else { return }
        #expect(tally.days >= 10_000)
        for count in [
            tally.sessions, tally.carried, tally.uncounted, tally.severalCycles, tally.breaks, tally.open, tally.asserted,
            tally.late, tally.early, tally.underPolicy,
        ] {
            #expect(count >= 1_000, "\(tally)")
        }
        #expect(tally.addedTo >= 200, "\(tally)")
    }

    private func play(_ seed: UInt64, _ tally: inout Tally) throws {
        let generated = try GeneratedDays(seed: seed)
        let zone = try Self.zones.get(generated.place)
        let punches = try generated.punches(zone)
        let second = try #require(
            SecondCalculator(
                place: generated.place, origin: generated.origin, office: generated.office, events: generated.events))
        let judgements = judge(punches)
        try check(judgements, of: punches, second, seed)
        let origin = try #require(CalendarDay(parsing: generated.origin))
        // Shifts can begin before and behind the days that were asked for.
        for number in -1...GeneratedDays.dayCount + 1 {
            let day = origin.adding(days: Int64(number))
            #expect(second.dayText(number) == day.text, "seed \(seed)")
            let assertion = generated.assertion(number)
            let isToday = generated.today == number
            let judgement = judgements[day] ?? DayJudgement(of: day, punches: [], entering: nil)
            let carriedBack = judgements[day.adding(days: 1)]?.carried ?? []
            let session = WorkSession(day: day, counted: (carriedBack + judgement.own).reversed(), assertion: assertion)
            let now = isToday ? Instant(microseconds: generated.now) : nil
            let predicted = second.predict(number, now: now?.microseconds, word: generated.words[number])
            #expect(found(session, now) == predicted.map { withoutPunctuality($0) }, "seed \(seed), \(day.text)")
            let rules = ExplanationMaterial.EntryRules(
                hours: generated.businessHours(), zone: zone, zoneSequence: 0, carrySequence: 0)
            let sequences = punches.map(\.toldBy) + [assertion?.sequence ?? 0]
            let explanation = Explanation(
                of: ExplanationMaterial(
                    judgement: judgement, carriedBack: carriedBack, assertion: assertion,
                    rulesByEntry: Dictionary(sequences.map { ($0, rules) }) { $1 }, currentRules: rules,
                    policy: generated.policy, asOf: Instant(microseconds: generated.now), isToday: isToday))
            check(explanation, predicted ?? SecondCalculator.Prediction(), seed)
            #expect(!explanation.lines(in: zone).isEmpty)

            tally.days += 0..<GeneratedDays.dayCount ~= number ? 1 : 0
            tally.sessions += session == nil ? 0 : 1
            tally.carried += judgement.carried.count
            tally.uncounted += judgement.uncounted.count
            tally.severalCycles += session?.cycles.count ?? 0 > 1 ? 1 : 0
            tally.breaks += session?.cycles.reduce(0) { $0 + $1.breaks.count } ?? 0
            tally.open += session?.open == nil ? 0 : 1
            tally.asserted += assertion == nil ? 0 : 1
            tally.addedTo += assertion != nil && session?.punchOut != assertion?.punchOut ? 1 : 0
            tally.late += predicted?.exactLate ?? 0 > 0 ? 1 : 0
            tally.early += predicted?.exactEarly ?? 0 > 0 ? 1 : 0
            tally.underPolicy += explanation.underPolicy.isEmpty ? 0 : 1
        }
    }

    private func found(_ session: WorkSession?, _ now: Instant?) -> SecondCalculator.Prediction? {
        session.map { session in
            let figures = session.figures(at: now)
            return SecondCalculator.Prediction(
                total: figures.total.text, rest: figures.break.text, work: figures.working.text,
                exactTotal: figures.totalMicroseconds, exactRest: figures.breakMicroseconds,
                exactWork: figures.workingMicroseconds, from: session.punchIn?.microseconds,
                until: session.punchOut?.microseconds, cycles: session.cycles.count, isOpen: session.open != nil,
                isResting: session.open?.breakSince != nil, isLate: session.isLateIn, isEarly: session.isEarlyOut)
        }
    }

    /// By how much somebody was late or early only an explanation tells.
    private func withoutPunctuality(_ prediction: SecondCalculator.Prediction) -> SecondCalculator.Prediction {
        var prediction = prediction
        (prediction.exactLate, prediction.exactEarly) = (0, 0)
        return prediction
    }

    private func check(_ explanation: Explanation, _ predicted: SecondCalculator.Prediction, _ seed: UInt64) {
        let exact = [
            predicted.exactTotal, predicted.exactRest, predicted.exactWork, predicted.exactLate, predicted.exactEarly,
        ]
        #expect(explanation.figures.map(\.name) == Explanation.FigureName.allCases, "seed \(seed)")
        #expect(explanation.figures.map { $0.parts.reduce(0) { $0 + $1.microseconds } } == exact, "seed \(seed), \(explanation)")
        #expect(
            explanation.figures.prefix(3).map(\.rounding.shownText) == [predicted.total, predicted.rest, predicted.work],
            "seed \(seed)")
        #expect(explanation.figures.suffix(2).map(\.isFlagged) == [predicted.isLate, predicted.isEarly], "seed \(seed)")
        for figure in explanation.figures + explanation.underPolicy {
            #expect(figure.rounding.exactMicroseconds == figure.parts.reduce(0) { $0 + $1.microseconds }, "seed \(seed)")
            #expect(figure.rounding.exactMicroseconds >= 0, "seed \(seed)")
            #expect(figure.parts.allSatisfy { $0.meaning == .cut || !$0.sequences.isEmpty }, "seed \(seed)")
        }
    }

    private func check(
        _ judgements: [CalendarDay: DayJudgement], of punches: [TimedPunch], _ second: SecondCalculator, _ seed: UInt64
    ) throws {
        let days = judgements.keys.sorted()
        for day in days {
            let judgement = try #require(judgements[day])
            let ofDay = punches.filter { $0.day == day }
            for punch in ofDay {
                let owner = judgement.own.contains(punch) ? day : judgement.carried.contains(punch) ? day.adding(days: -1) : nil
                #expect(owner?.text == second.counted[punch.number].flatMap { second.dayText($0) }, "seed \(seed), \(punch)")
                // What is judged alone at its own time, among all the others, is judged alike.
                let state = DayJudgement.state(
                    at: punch.at, number: punch.number, of: day, punches: ofDay,
                    entering: judgements[day.adding(days: -1)]?.leaving, carryMaxMicroseconds: punch.carryMaxMicroseconds)
                // Only a new punch-out would be refused during a break: a stored one ends the cycle.
                let endsCycle = state == .onBreak && punch.direction.forHours == .out
                #expect((state.allows(punch.direction) || endsCycle) == (owner != nil), "seed \(seed), \(punch)")
            }
            #expect(judgement.own.count + judgement.carried.count + judgement.uncounted.count == ofDay.count, "seed \(seed)")
            // From any day on, with what the day before left open, it comes to the same.
            var entering = judgements[day.adding(days: -1)]?.leaving
            for later in days where later >= day {
                let again = DayJudgement(of: later, punches: punches.filter { $0.day == later }.reversed(), entering: entering)
                #expect(again == judgements[later], "seed \(seed)")
                entering = again.leaving
            }
        }
    }

    private static let zones = ZoneShelf()
}

/// The zones that the days lie in, read once.
private struct ZoneShelf {
    private let zones: [String: ZoneRules]

    init() {
        let names = [
            "America/Chicago", "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC", "America/Havana",
            "Pacific/Auckland",
        ]
        // A zone that cannot be read is missed where it is looked for.
        zones = Dictionary(uniqueKeysWithValues: names.compactMap { name in (try? zone(name)).map { (name, $0) } })
    }

    func get(_ name: String) throws -> ZoneRules { try #require(zones[name]) }
}
