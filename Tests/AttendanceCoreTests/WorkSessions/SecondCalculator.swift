import Foundation

/// Works out hours in another way than the core, which it does not import: to predict every figure without sharing a mistake.
///
/// It knows no days while it decides what counts, but goes once through everything that a person ever did. It adds nothing up
/// cycle by cycle, but sweeps over the edges of all intervals. It asks Foundation what clocks show, and lets `Decimal` round.
struct SecondCalculator {
    enum Act { case comes, goes, rests, returns, nothing }

    struct Event {
        let name: Int64
        let act: Act
        let at: Int64
        /// How old a shift may be to go on over midnight.
        let limit: Int64
    }

    /// Start and end as times of day in UTC, and how much later one may come, all in microseconds.
    struct Office {
        let start: Int64
        let end: Int64
        let grace: Int64
    }

    struct Word {
        var isEdit = true
        var sequence: Int64 = 0
        var from: Int64?
        var until: Int64?
        var restFrom: Int64?
        var restUntil: Int64?
        var total: Int64?
        var rest: Int64?
        var work: Int64?
        var isLate = false
        var isEarly = false
    }

    struct Prediction: Equatable {
        var total = "0.00"
        var rest = "0.00"
        var work = "0.00"
        var exactTotal: Int64 = 0
        var exactRest: Int64 = 0
        var exactWork: Int64 = 0
        var exactLate: Int64 = 0
        var exactEarly: Int64 = 0
        var from: Int64?
        var until: Int64?
        var cycles = 0
        var isOpen = false
        var isResting = false
        var isLate = false
        var isEarly = false
    }

    private final class Shift {
        let dayNumber: Int
        let first: Event
        var last: Event?
        /// Where presence and rest begin (+1) and end (-1).
        var edges: [(at: Int64, presence: Int, rest: Int)] = []
        var isResting = false

        init(_ event: Event, _ dayNumber: Int) {
            first = event
            self.dayNumber = dayNumber
            edges = [(event.at, 1, 0)]
        }
    }

    private let calendar: Calendar
    /// Of day 0.
    private let noon: Date
    private let office: Office?
    private var shifts: [Shift] = []
    /// The names of the events that count, with the number of the day whose session they belong to.
    private(set) var counted: [Int64: Int] = [:]

    /// - Parameter origin: `YYYY-MM-DD`: day 0 of all numbers of days here.
    init?(place: String, origin: String, office: Office?, events: [Event]) {
        guard let timeZone = TimeZone(identifier: place) else { return nil }
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = timeZone
        let pieces = origin.split(separator: "-").compactMap { Int($0) }
        guard let noon = calendar.date(from: DateComponents(year: pieces[0], month: pieces[1], day: pieces[2], hour: 12)) else {
            return nil
        }
        self.calendar = calendar
        self.office = office
        self.noon = noon
        go(through: events)
    }

    private mutating func go(through events: [Event]) {
        for event in events.sorted(by: { $0.at != $1.at ? $0.at < $1.at : $0.name < $1.name }) {
            let today = dayNumber(event.at)
            let current = shifts.last.flatMap { shift -> Shift? in
                guard shift.last == nil else { return nil }
                if shift.dayNumber == today { return shift }
                return shift.dayNumber == today - 1 && event.at - shift.first.at <= event.limit ? shift : nil
            }
            guard let current else {
                guard event.act == .comes else { continue }
                shifts.append(Shift(event, today))
                counted[event.name] = today
                continue
            }
            switch event.act {
            case .rests where !current.isResting:
                current.edges.append((event.at, 0, 1))
                current.isResting = true
            case .returns where current.isResting:
                current.edges.append((event.at, 0, -1))
                current.isResting = false
            case .goes:
                // A rest without an end is none.
                if current.isResting, let begun = current.edges.lastIndex(where: { $0.rest == 1 }) {
                    current.edges.remove(at: begun)
                    current.isResting = false
                }
                current.edges.append((event.at, -1, 0))
                current.last = event
            default: continue
            }
            counted[event.name] = current.dayNumber
        }
    }

    func dayNumber(_ at: Int64) -> Int {
        Int(midnightUTC(of: at).timeIntervalSince(midnightUTC(of: Int64(noon.timeIntervalSince1970) * 1_000_000)) / 86_400)
    }

    /// When the date that the wall clock shows at a moment begins in UTC, where all days are equally long.
    private func midnightUTC(of at: Int64) -> Date {
        var utc = Calendar(identifier: .gregorian)
        utc.timeZone = TimeZone(secondsFromGMT: 0) ?? utc.timeZone
        return utc.date(from: calendar.dateComponents([.year, .month, .day], from: date(at))) ?? .distantPast
    }

    func dayText(_ number: Int) -> String? {
        calendar.date(byAdding: .day, value: number, to: noon).map { date in
            let parts = calendar.dateComponents([.year, .month, .day], from: date)
            return String(format: "%04d-%02d-%02d", parts.year ?? 0, parts.month ?? 0, parts.day ?? 0)
        }
    }

    private func date(_ at: Int64) -> Date {
        // Fractions of a second move no clock, and a `Date` could round them up into the next day.
        Date(timeIntervalSince1970: (Double(at) / 1_000_000).rounded(.down))
    }

    /// Nil without a session.
    func predict(_ dayNumber: Int, now: Int64?, word: Word?) -> Prediction? {
        let all = shifts.filter { $0.dayNumber == dayNumber }
        guard !all.isEmpty || word != nil else { return nil }
        var early: [Shift] = []
        var late = all
        if let word {
            func isBehind(_ shift: Shift) -> Bool {
                guard shift.first.name > word.sequence else { return false }
                return word.until.map { shift.first.at > $0 } ?? true
            }
            early = all.filter { !isBehind($0) }
            late = all.filter(isBehind)
        }
        var found = Prediction()
        found.cycles = all.count
        let closed = late.filter { $0.last != nil }
        let open = late.first { $0.last == nil }
        found.from = word?.from ?? late.map(\.first.at).min()
        found.until = closed.compactMap { $0.last?.at }.max() ?? word?.until
        found.isOpen = open != nil
        found.isResting = open?.isResting ?? false

        var (rest, work) = Self.sweep(closed.flatMap(\.edges))
        var total: Int64 = 0
        if let word {
            let span = Self.clipped(word.from, word.until) ?? 0
            total = word.total ?? span
            let ownRest = word.isEdit ? nil : Self.clipped(word.restFrom, word.restUntil)
            let wordRest = word.rest ?? ownRest ?? Self.sweep(early.flatMap(\.edges)).rest
            rest += wordRest
            work += word.work ?? max(0, total - wordRest)
        }
        if !closed.isEmpty { total = Self.clipped(found.from, found.until) ?? 0 }
        if let now, let open {
            let openRest: Int64
            if now >= open.edges.map(\.at).max() ?? now {
                let ending = (at: now, presence: -1, rest: open.isResting ? -1 : 0)
                let swept = Self.sweep(open.edges + [ending])
                openRest = swept.rest
                work += swept.work
            } else {
                // Seen from before its own punches: breaks that are over count whole, and nothing is worked in spite of them.
                let starts = open.edges.filter { $0.rest == 1 }.map(\.at)
                let ends = open.edges.filter { $0.rest == -1 }.map(\.at) + (open.isResting ? [max(now, starts.last ?? now)] : [])
                openRest = ends.reduce(0, +) - starts.reduce(0, +)
                work += max(0, now - open.first.at - openRest)
            }
            rest += openRest
            if found.until == nil, let from = found.from { total = max(0, now - from) }
        }
        (found.exactTotal, found.exactRest, found.exactWork) = (total, rest, work)
        found.total = Self.text(total, per: 3_600_000_000)
        found.rest = Self.text(rest, per: 60_000_000)
        found.work = Self.text(work, per: 3_600_000_000)
        judgeTimes(&found, dayNumber, word, late, closed)
        return found
    }

    private func judgeTimes(_ found: inout Prediction, _ dayNumber: Int, _ word: Word?, _ late: [Shift], _ closed: [Shift]) {
        let comes = late.map(\.first).min { $0.at < $1.at }
        let goes = closed.compactMap(\.last).max { $0.at < $1.at }
        found.isLate = word.map { $0.from == nil && comes != nil ? isLate(comes) : $0.isLate } ?? isLate(comes)
        found.isEarly = goes.map { isEarly($0) } ?? word?.isEarly ?? false
        if let from = found.from { found.exactLate = lateness(from) }
        if let until = found.until { found.exactEarly = earliness(until) }
    }

    func isLate(_ event: Event?) -> Bool { event.map { lateness($0.at) > 0 } ?? false }
    func isEarly(_ event: Event?) -> Bool { event.map { earliness($0.at) > 0 } ?? false }

    private func lateness(_ at: Int64) -> Int64 {
        guard let office else { return 0 }
        return max(0, clock(at) - onThatDay(office.start, at) - office.grace)
    }

    private func earliness(_ at: Int64) -> Int64 {
        guard let office else { return 0 }
        return max(0, onThatDay(office.end, at) - clock(at))
    }

    /// What the wall clock shows, from midnight.
    private func clock(_ at: Int64) -> Int64 {
        let parts = calendar.dateComponents([.hour, .minute, .second], from: date(at))
        let whole = Int64(((parts.hour ?? 0) * 60 + (parts.minute ?? 0)) * 60 + (parts.second ?? 0)) * 1_000_000
        return whole + (at % 1_000_000 + 1_000_000) % 1_000_000
    }

    /// What the wall clock shows, on the day of a moment, when it is a time of day in UTC.
    private func onThatDay(_ timeOfDay: Int64, _ at: Int64) -> Int64 {
        let same = Int64(midnightUTC(of: at).timeIntervalSince1970) * 1_000_000 + timeOfDay
        let number = dayNumber(at)
        for moment in [same, same + 86_400_000_000, same - 86_400_000_000] where dayNumber(moment) == number {
            return clock(moment)
        }
        return clock(same)
    }

    /// How long somebody was there and resting, and there and not resting. What is open at the end counts for nothing; rest that
    /// is open neither, so its beginning is taken out first.
    private static func sweep(_ edges: [(at: Int64, presence: Int, rest: Int)]) -> (rest: Int64, work: Int64) {
        var edges = edges
        if edges.reduce(0, { $0 + $1.rest }) > 0, let place = edges.lastIndex(where: { $0.rest == 1 }) { edges.remove(at: place) }
        var (presence, resting) = (0, 0)
        var (rest, work): (Int64, Int64) = (0, 0)
        var before: Int64?
        for edge in edges.enumerated().sorted(by: { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }).map(\.element) {
            if let before {
                if resting > 0 { rest += edge.at - before } else if presence > 0 { work += edge.at - before }
            }
            presence += edge.presence
            resting += edge.rest
            before = edge.at
        }
        return (rest, work)
    }

    private static func clipped(_ from: Int64?, _ until: Int64?) -> Int64? {
        from.flatMap { from in until.map { max(0, $0 - from) } }
    }

    /// With two decimals, half away from zero.
    private static func text(_ microseconds: Int64, per unit: Int64) -> String {
        var exact = Decimal(microseconds) / Decimal(unit)
        var rounded = Decimal()
        unsafe NSDecimalRound(&rounded, &exact, 2, .plain)
        var text = rounded.description
        guard let point = text.firstIndex(of: ".") else { return text + ".00" }
        while text.distance(from: point, to: text.endIndex) < 3 { text += "0" }
        return text
    }
}
