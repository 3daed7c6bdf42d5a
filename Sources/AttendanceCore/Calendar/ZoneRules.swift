/// How far the clocks of a place were and will be from UTC: one compiled file of the time zone database.
///
/// Source: RFC 9636, versions 1 to 4. What lies behind the file's last change follows the rule in its footer.
public struct ZoneRules: Sendable {
    /// Why bytes are not the rules of a zone.
    public enum Fault: Error, Sendable, Equatable {
        /// They do not begin as such a file does, end too early, or contradict themselves.
        case malformed
        /// The file counts leap seconds, which no moment here does.
        case leapSeconds
    }

    /// What a local time is in UTC.
    public enum Resolution: Sendable, Equatable {
        case once(Instant)
        /// The clock skipped this time. The moment is as far behind the change as the time is behind where the gap begins.
        case skipped(Instant)
        /// The clock showed this time twice. The moment is the first of the two.
        case repeated(Instant)

        public var instant: Instant {
            switch self {
            case .once(let instant), .skipped(let instant), .repeated(let instant): instant
            }
        }
    }

    /// A change of the clocks: its moment in seconds since 1970, and the seconds east of UTC on both sides of it.
    struct Change: Equatable {
        let at: Int64
        let before: Int64
        let after: Int64
    }

    /// `Area/City`, or how else the zone is called.
    public let name: WireText
    private let first: Int64
    private let moments: [Int64]
    private let offsets: [Int64]
    private let rule: YearlyRule?

    /// - Parameter file: All bytes of a compiled file.
    public init(named name: WireText, compiled file: [UInt8]) throws(Fault) {
        self.name = name
        var reader = ZoneFileReader(file)
        var header = try reader.header()
        var width = 4
        if header.version >= 2 {
            // The first block is for programs that know nothing but 32 bits.
            try reader.skip(header.blockBytes(width: 4))
            header = try reader.header()
            width = 8
        }
        guard header.leapCount == 0 else { throw .leapSeconds }
        guard header.typeCount > 0 else { throw .malformed }
        var moments: [Int64] = []
        for _ in 0..<header.timeCount { moments.append(try reader.integer(bytes: width)) }
        guard zip(moments, moments.dropFirst()).allSatisfy({ $0 < $1 }) else { throw .malformed }
        var types: [Int] = []
        for _ in 0..<header.timeCount { types.append(Int(try reader.byte())) }
        var offsetsOfTypes: [Int64] = []
        for _ in 0..<header.typeCount {
            offsetsOfTypes.append(try reader.integer(bytes: 4))
            // Whether it is daylight saving time, and its abbreviation.
            try reader.skip(2)
        }
        guard types.allSatisfy({ $0 < header.typeCount }), offsetsOfTypes.allSatisfy(YearlyRule.offsets.contains) else {
            throw .malformed
        }
        try reader.skip(header.nameBytes + header.standardCount + header.universalCount)
        first = offsetsOfTypes[0]
        self.moments = moments
        offsets = types.map { offsetsOfTypes[$0] }
        let footer = width == 8 ? try reader.footer() : []
        guard !footer.isEmpty else {
            rule = nil
            return
        }
        guard let rule = YearlyRule(parsing: footer) else { throw .malformed }
        if let last = moments.last, rule.offset(at: last) != offsets.last { throw .malformed }
        self.rule = rule
    }

    /// UTC itself, which needs no file.
    public static let utc = ZoneRules()

    private init() {
        name = "UTC"
        first = 0
        moments = []
        offsets = []
        rule = nil
    }

    /// Seconds east of UTC at a moment.
    public func offset(at instant: Instant) -> Int64 {
        offset(atSecond: instant.microseconds.dividedFlooring(by: 1_000_000).quotient)
    }

    private func offset(atSecond second: Int64) -> Int64 {
        if let last = moments.last, second < last {
            let place = placeOfChange(after: second)
            return place == 0 ? first : offsets[place - 1]
        }
        return rule?.offset(at: second) ?? offsets.last ?? first
    }

    /// The place in `moments` of the first change behind a second.
    private func placeOfChange(after second: Int64) -> Int {
        var low = 0
        var high = moments.count
        while low < high {
            let middle = (low + high) / 2
            if moments[middle] <= second { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// No clock is further from UTC, on either side.
    private static let reach: Int64 = 27 * 3_600

    /// The moment at which the clocks of the place showed a time.
    public func resolve(_ local: LocalTime) -> Resolution {
        let begin = local.seconds - Self.reach
        let changes = changes(from: begin, through: local.seconds + Self.reach)
        var found: [Int64] = []
        var skipped: Int64?
        var since = Int64.min
        var offset = changes.first?.before ?? offset(atSecond: begin)
        for change in changes {
            let second = local.seconds - offset
            if second >= since, second < change.at { found.append(second) }
            if second >= change.at, local.seconds - change.after < change.at { skipped = skipped ?? second }
            since = change.at
            offset = change.after
        }
        if local.seconds - offset >= since { found.append(local.seconds - offset) }
        if let earliest = found.min() {
            let instant = Instant(microseconds: earliest * 1_000_000)
            return found.count == 1 ? .once(instant) : .repeated(instant)
        }
        // Clocks show everything from the far past to the far future but what some change skips.
        guard let skipped else { preconditionFailure("a time that no clock showed was skipped by some change") }
        return .skipped(Instant(microseconds: skipped * 1_000_000))
    }

    /// The changes between two seconds, both included, in their order; those that change nothing are left out.
    private func changes(from begin: Int64, through end: Int64) -> [Change] {
        var changes: [Change] = []
        var place = placeOfChange(after: begin - 1)
        while place < moments.count, moments[place] <= end {
            changes.append(
                Change(at: moments[place], before: place == 0 ? first : offsets[place - 1], after: offsets[place]))
            place += 1
        }
        if let rule, end > moments.last ?? .min {
            changes += rule.changes(from: max(begin, moments.last.map { $0 + 1 } ?? begin), through: end)
        }
        return changes.filter { $0.before != $0.after }
    }
}

/// Reads the parts of a compiled file in their order.
private struct ZoneFileReader {
    struct Header {
        let version: Int
        let universalCount: Int
        let standardCount: Int
        let leapCount: Int
        let timeCount: Int
        let typeCount: Int
        let nameBytes: Int

        func blockBytes(width: Int) -> Int {
            timeCount * (width + 1) + typeCount * 6 + nameBytes + leapCount * (width + 4) + standardCount + universalCount
        }
    }

    /// No file has more of anything; the largest there is has some 240 changes.
    private static let countMax: Int64 = 100_000

    private var rest: ArraySlice<UInt8>

    init(_ file: [UInt8]) {
        rest = file[...]
    }

    mutating func header() throws(ZoneRules.Fault) -> Header {
        guard rest.starts(with: "TZif".utf8) else { throw .malformed }
        try skip(4)
        let version = try byte()
        try skip(15)
        var counts: [Int] = []
        for _ in 0..<6 {
            let count = try integer(bytes: 4)
            guard 0...Self.countMax ~= count else { throw .malformed }
            counts.append(Int(count))
        }
        return Header(
            version: version == 0 ? 1 : Int(version) - Int(UInt8(ascii: "0")), universalCount: counts[0],
            standardCount: counts[1], leapCount: counts[2], timeCount: counts[3], typeCount: counts[4], nameBytes: counts[5])
    }

    mutating func byte() throws(ZoneRules.Fault) -> UInt8 {
        guard let byte = rest.popFirst() else { throw .malformed }
        return byte
    }

    mutating func skip(_ count: Int) throws(ZoneRules.Fault) {
        guard rest.count >= count else { throw .malformed }
        rest.removeFirst(count)
    }

    /// A signed number, highest byte first.
    mutating func integer(bytes count: Int) throws(ZoneRules.Fault) -> Int64 {
        var value = Int64(Int8(bitPattern: try byte()))
        for _ in 1..<count { value = value << 8 | Int64(try byte()) }
        return value
    }

    mutating func footer() throws(ZoneRules.Fault) -> [UInt8] {
        guard rest.popFirst() == UInt8(ascii: "\n"), let end = rest.firstIndex(of: UInt8(ascii: "\n")) else { throw .malformed }
        return Array(rest[..<end])
    }
}
