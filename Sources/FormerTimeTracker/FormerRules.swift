import AttendanceCore

/// What Time Tracker makes of a day's entries, by its own rules, mistakes included: to tell whether somebody has edited a
/// session since it was last worked out. Nothing is shown by these rules.
///
/// Source: contract of Time Tracker §7.4, and B10 to B15 and W14 of §12 and §16 for where it leaves what is said there. Where
/// the contract does not say which of two ways it goes with a sequence that makes no sense, both are its rules here: a
/// session is taken for edited only if no way leads to what it shows.
struct FormerRules {
    private let ins, outs, breakStarts, breakEnds: [EntryRow]
    private let lastStoredAt: [Instant]

    /// - Parameter entries: Of one local day, by moment.
    init(_ entries: [EntryRow]) {
        func all(_ direction: PunchDirection) -> [EntryRow] { entries.filter { $0.direction == direction } }
        ins = all(.in)
        outs = all(.out)
        breakStarts = all(.breakStart)
        breakEnds = all(.breakEnd)
        // A session is worked out right after an entry was stored; the clock then is in it while something is open (B10).
        lastStoredAt = [entries.compactMap(\.createdAt).max(), entries.compactMap(\.at).max()].compactMap(\.self)
    }

    /// Whether a session shows what Time Tracker would have worked out for these entries.
    func workOut(_ shown: FormerFigures, updatedAt: Instant?) -> Bool {
        guard !(ins.isEmpty && outs.isEmpty && breakStarts.isEmpty && breakEnds.isEmpty) else { return false }
        if shown.isHalfWritten, isOpen { return true }
        guard shown.punchIn == ins.first?.at, shown.punchOut == outs.last?.at, shown.breakStart == breakStarts.first?.at,
            shown.breakEnd == breakEnds.last?.at, shown.isLateIn == (ins.first?.isLate ?? false),
            shown.isEarlyOut == (outs.last?.isEarly ?? false), shown.status == status
        else { return false }
        let clocks = ([updatedAt].compactMap(\.self) + lastStoredAt).map(\.microseconds)
        // Its floating point is off by one at the most; between its clock and the moment it stored something passes (W14).
        let tolerance: Int64 = isOpen ? 2 : 1
        func isNear(_ value: Int64, _ candidates: [Int64]) -> Bool {
            candidates.contains { abs($0 - value) <= tolerance || abs(max(0, $0) - value) <= tolerance }
        }
        return isNear(shown.total, totals(clocks).map { Hundredths(hours: $0).hundredths })
            && cyclings.contains { cycling in
                isNear(shown.pause, [Hundredths(minutes: cycling.pause).hundredths])
                    && isNear(shown.working, workings(cycling, clocks).map { Hundredths(hours: $0).hundredths })
            }
    }

    private var isOpen: Bool { ins.count > outs.count }

    private var status: String {
        guard isOpen else { return "complete" }
        return breakStarts.count > breakEnds.count ? "on_break" : "in_progress"
    }

    private func totals(_ clocks: [Int64]) -> [Int64] {
        guard let first = ins.first?.at else { return [0] }
        if let last = outs.last?.at { return [last.microseconds - first.microseconds] }
        // From an earlier day's punch-in the total runs on to the clock (B10).
        return [0] + clocks.map { $0 - first.microseconds }
    }

    private struct Cycling {
        /// Of its closed cycles.
        var pause: Int64 = 0
        var working: Int64 = 0
        var openSince: Int64?
    }

    /// The ways in which ins and outs may be joined: by their places in two lists, as breaks are; one after the other, a second
    /// in taking the first one's place; the same, a second in counting for nothing.
    private var cyclings: [Cycling] {
        var byPlace = ins.enumerated().map { place, start in (start, place < outs.count ? outs[place] : nil) }
        if ins.isEmpty { byPlace = [] }
        return [byPlace, inOrder(replacing: true), inOrder(replacing: false)].map(cycling)
    }

    private func inOrder(replacing: Bool) -> [(EntryRow, EntryRow?)] {
        var pairs: [(EntryRow, EntryRow?)] = []
        var open: EntryRow?
        let ordered = (ins.map { ($0, true) } + outs.map { ($0, false) })
            .sorted { ($0.0.at ?? Self.never, $0.1 ? 0 : 1) < ($1.0.at ?? Self.never, $1.1 ? 0 : 1) }
        for (entry, isIn) in ordered {
            if isIn {
                if open == nil || replacing { open = entry }
            } else if let start = open {
                pairs.append((start, entry))
                open = nil
            }
        }
        if let open { pairs.append((open, nil)) }
        return pairs
    }

    private static let never = Instant(microseconds: .max)

    private func cycling(_ pairs: [(EntryRow, EntryRow?)]) -> Cycling {
        var cycling = Cycling()
        for (start, end) in pairs {
            guard let since = start.at?.microseconds else { continue }
            guard let until = end?.at?.microseconds else {
                cycling.openSince = since
                continue
            }
            let pause = breaks(from: since, through: until)
            cycling.pause += pause
            cycling.working += max(0, until - since - pause)
        }
        return cycling
    }

    /// Breaks are paired by their places in two lists (B15), so one that was not finished shifts all behind it, and one that
    /// ended before it began is negative (B12).
    private func breaks(from since: Int64, through until: Int64) -> Int64 {
        zip(breakStarts, breakEnds).reduce(0) { sum, pair in
            guard let start = pair.0.at?.microseconds, let end = pair.1.at?.microseconds, start >= since, end <= until else {
                return sum
            }
            return sum + end - start
        }
    }

    private func workings(_ cycling: Cycling, _ clocks: [Int64]) -> [Int64] {
        guard isOpen, let since = cycling.openSince else { return [cycling.working] }
        let running = breakStarts.count > breakEnds.count ? breakStarts.last?.at?.microseconds : nil
        return clocks.reduce(into: [cycling.working]) { values, clock in
            // Finished breaks of the open cycle are not subtracted (B14); whether the running one is, depends.
            values.append(cycling.working + clock - since)
            if let running { values.append(cycling.working + running - since) }
        }
    }
}

extension FormerFigures {
    /// A session whose hours did not fit their columns was left as it was made (B10).
    fileprivate var isHalfWritten: Bool {
        punchIn == nil && punchOut == nil && breakStart == nil && breakEnd == nil && total == 0 && pause == 0 && working == 0
    }
}
