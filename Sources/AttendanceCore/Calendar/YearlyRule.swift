/// When clocks change in every year to come: the text that POSIX keeps in `TZ`, such as `CST6CDT,M3.2.0,M11.1.0`.
///
/// Source: POSIX.1-2024, Base Definitions §8.3, with the hours from -167 to 167 that RFC 9636 §3.3.1 adds.
struct YearlyRule: Sendable {
    /// What a clock can be from UTC, in seconds east. Source: RFC 9636 §3.2.
    static let offsets: ClosedRange<Int64> = -25 * 3_600...26 * 3_600

    /// A day of each year, and a time on it.
    private enum Day {
        /// 1 to 365; 29 February is never counted.
        case numbered(Int64)
        /// 0 to 365; 29 February is counted.
        case counted(Int64)
        /// A weekday, 0 being Sunday, in the first to fourth or last (5) week of a month.
        case weekday(month: Int64, week: Int64, day: Int64)

        /// Days from 1970-01-01.
        func days(in year: Int64) -> Int64 {
            func first(_ month: Int64) -> Int64 {
                let (more, rest) = (month - 1).dividedFlooring(by: 12)
                // Any year that a clock can show is one of the calendar; those before the year 1 are never asked for.
                return CivilDate.daysSince1970(year: max(1, year + more), month: rest + 1, day: 1) ?? 0
            }
            switch self {
            case .numbered(let number):
                let isLeap = first(3) - first(2) == 29
                return first(1) + number - 1 + (isLeap && number >= 60 ? 1 : 0)
            case .counted(let number): return first(1) + number
            case .weekday(let month, let week, let day):
                // 1970-01-01 was a Thursday.
                let weekdayOfFirst = (first(month) + 4).dividedFlooring(by: 7).remainder
                let found = first(month) + (day - weekdayOfFirst).dividedFlooring(by: 7).remainder + 7 * (week - 1)
                return found < first(month + 1) ? found : found - 7
            }
        }
    }

    private let standard: Int64
    /// The offset in summer, and the day and local time at which it begins and ends.
    private let summer: (offset: Int64, begin: (day: Day, time: Int64), end: (day: Day, time: Int64))?

    /// Nil for a text that is no such rule.
    init?(parsing text: [UInt8]) {
        var cursor = Cursor(rest: text[...])
        guard cursor.skipName(), let west = cursor.time(hoursMax: 24) else { return nil }
        standard = -west
        guard !cursor.rest.isEmpty else {
            summer = nil
            return
        }
        guard cursor.skipName() else { return nil }
        var offset = standard + 3_600
        if cursor.rest.first != UInt8(ascii: ",") {
            guard let west = cursor.time(hoursMax: 24) else { return nil }
            offset = -west
        }
        guard let begin = cursor.change(), let end = cursor.change(), cursor.rest.isEmpty, Self.offsets.contains(offset) else {
            return nil
        }
        summer = (offset, begin, end)
    }

    /// Seconds east of UTC.
    func offset(at second: Int64) -> Int64 {
        guard summer != nil else { return standard }
        let year = Self.year(second)
        // What was set last can stem from the rule of two years ago, whose time lay in the year after it.
        return settings(in: year - 2...year + 1).last { $0.at <= second }?.offset ?? standard
    }

    /// The changes between two seconds, both included, in their order.
    func changes(from first: Int64, through last: Int64) -> [ZoneRules.Change] {
        guard summer != nil, first <= last else { return [] }
        var changes: [ZoneRules.Change] = []
        var before = offset(at: first - 1)
        for setting in settings(in: Self.year(first) - 1...Self.year(last) + 1)
        where first <= setting.at && setting.at <= last && setting.offset != before {
            changes.append(ZoneRules.Change(at: setting.at, before: before, after: setting.offset))
            before = setting.offset
        }
        return changes
    }

    private static func year(_ second: Int64) -> Int64 {
        CivilDate(daysSince1970: second.dividedFlooring(by: 86_400).quotient).year
    }

    /// What the clocks are set to, and when, in their order. A time can lie outside the year whose rule it is. A summer that
    /// begins when the former one ends lasts the whole year, and its end is left out.
    private func settings(in years: ClosedRange<Int64>) -> [(at: Int64, offset: Int64)] {
        guard let summer else { return [] }
        var begins: [(at: Int64, offset: Int64)] = []
        var ends: [(at: Int64, offset: Int64)] = []
        for year in years {
            begins.append((summer.begin.day.days(in: year) * 86_400 + summer.begin.time - standard, summer.offset))
            ends.append((summer.end.day.days(in: year) * 86_400 + summer.end.time - summer.offset, standard))
        }
        let beginnings = Set(begins.map(\.at))
        return (begins + ends.filter { !beginnings.contains($0.at) }).sorted { $0.at < $1.at }
    }

    private struct Cursor {
        var rest: ArraySlice<UInt8>

        mutating func take(_ mark: Unicode.Scalar) -> Bool {
            guard let first = rest.first, UInt32(first) == mark.value else { return false }
            rest.removeFirst()
            return true
        }

        /// Letters, or anything between `<` and `>`; at least three of them.
        mutating func skipName() -> Bool {
            if take("<") {
                guard let end = rest.firstIndex(of: UInt8(ascii: ">")), end - rest.startIndex >= 3 else { return false }
                rest = rest[(end + 1)...]
                return true
            }
            let name = rest.prefix { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0 | 0x20) }
            rest = rest[name.endIndex...]
            return name.count >= 3
        }

        mutating func number(_ range: ClosedRange<Int64>) -> Int64? {
            let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            guard 1...3 ~= digits.count else { return nil }
            rest = rest[digits.endIndex...]
            let value = digits.reduce(Int64(0)) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }
            return range.contains(value) ? value : nil
        }

        /// `[+-]hh[:mm[:ss]]` in seconds.
        mutating func time(hoursMax: Int64) -> Int64? {
            let isNegative = take("-")
            if !isNegative { _ = take("+") }
            guard let hours = number(0...hoursMax) else { return nil }
            var seconds = hours * 3_600
            for unit in [Int64(60), 1] where take(":") {
                guard let part = number(0...59) else { return nil }
                seconds += part * unit
            }
            return isNegative ? -seconds : seconds
        }

        /// `,date[/time]`; two in the morning where no time is given.
        mutating func change() -> (day: Day, time: Int64)? {
            guard take(",") else { return nil }
            let day: Day
            if take("M") {
                guard let month = number(1...12), take("."), let week = number(1...5), take("."), let weekday = number(0...6)
                else { return nil }
                day = .weekday(month: month, week: week, day: weekday)
            } else if take("J") {
                guard let number = number(1...365) else { return nil }
                day = .numbered(number)
            } else {
                guard let number = number(0...365) else { return nil }
                day = .counted(number)
            }
            guard take("/") else { return (day, 7_200) }
            guard let time = time(hoursMax: 167) else { return nil }
            return (day, time)
        }
    }
}
