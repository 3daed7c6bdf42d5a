/// A student's place among all. Source: contract aims §7.6.
public struct LeaderboardEntry: Sendable, Equatable {
    /// From 1.
    public package(set) var rank: Int
    public let student: Student
    /// Over all classes.
    public let tally: MarkTally
    /// The longest run of calendar days that follow each other, with somebody there on each.
    public let maxStreak: Int64
    public let coins: Hundredths

    /// Present or late, in per cent.
    public var percentage: Hundredths { tally.attendedPercentage }

    /// Present or late out of all marks, as a fraction.
    public var consistency: Double { Double(tally.attended) / Double(tally.total) }

    /// 3 from 90 per cent and 50 attended sessions on, 2 from 80 and 20, else 1.
    public var level: Int {
        if percentage.hundredths >= 9_000, tally.attended >= 50 { return 3 }
        return percentage.hundredths >= 8_000 && tally.attended >= 20 ? 2 : 1
    }
}

/// One page of the board.
public struct Leaderboard: Sendable, Equatable {
    /// How many students are on it, also where the page lies behind the last.
    public let total: Int
    public let entries: [LeaderboardEntry]
    /// The caller's own, wherever the page is; nil for who is not on it.
    public let own: LeaderboardEntry?

    public init(total: Int, entries: [LeaderboardEntry], own: LeaderboardEntry?) {
        self.total = total
        self.entries = entries
        self.own = own
    }
}

extension LeaderboardEntry {
    /// Ranks students by percentage, consistency and streak, the highest first, then by name, and where all that is equal by
    /// roll number. Who has no mark is left out. Source: contract aims §7.6.
    static func ranked(_ students: [(student: Student, tally: MarkTally, maxStreak: Int64)]) -> [LeaderboardEntry] {
        let marked = students.filter { $0.tally.total > 0 }
        let best = marked.map(\.maxStreak).max() ?? 0
        var entries = marked.map { student, tally, streak in
            LeaderboardEntry(
                rank: 0, student: student, tally: tally, maxStreak: streak,
                coins: coins(tally, streak: streak, best: best))
        }
        entries.sort { left, right in
            let (one, other) = (left.percentage, right.percentage)
            if one != other { return one > other }
            // Fractions are compared as such: the percentage is their rounding.
            let (mine, theirs) = (left.tally.attended * right.tally.total, right.tally.attended * left.tally.total)
            if mine != theirs { return mine > theirs }
            if left.maxStreak != right.maxStreak { return left.maxStreak > right.maxStreak }
            if left.student.profile.name != right.student.profile.name {
                return left.student.profile.name < right.student.profile.name
            }
            return left.student.rollNumber < right.student.rollNumber
        }
        for place in entries.indices { entries[place].rank = place + 1 }
        return entries
    }

    /// 0.7 × percentage + 20 × consistency + 10 × (streak / best streak)², with two decimals, halves away from zero. The
    /// percentage is the one that is shown; all of it is worked out in whole numbers.
    private static func coins(_ tally: MarkTally, streak: Int64, best: Int64) -> Hundredths {
        let (attended, total) = (Int128(tally.attended), Int128(tally.total))
        let square = best == 0 ? Int128(1) : Int128(best) * Int128(best)
        // Over the common denominator: hundredths × 10 × total × best².
        let denominator = 10 * total * square
        let sum =
            7 * Int128(tally.attendedPercentage.hundredths) * total * square
            + 20_000 * attended * square
            + 10_000 * Int128(streak) * Int128(streak) * total
        return Hundredths(Int64((2 * sum + denominator) / (2 * denominator)))
    }

    /// The longest run of days that follow each other.
    /// - Parameter days: In any order, perhaps several times.
    static func longestRun(of days: [CalendarDay]) -> Int64 {
        var (longest, run) = (Int64(0), Int64(0))
        var last: CalendarDay?
        for day in days.sorted() where day != last {
            run = last?.adding(days: 1) == day ? run + 1 : 1
            longest = max(longest, run)
            last = day
        }
        return longest
    }
}

extension Operations {
    /// How many sessions are read at once.
    private static let sessionsPerStep = 500

    /// A page of all students who are in a class and of whom anything was noted. Nobody is counted once per class. Source:
    /// contract aims §7.6.
    ///
    /// It walks over the sessions of all classes, since a streak goes through them all.
    /// - Parameters:
    ///   - limit: 1 to 200.
    ///   - offset: From 0.
    /// - Throws: `.notPermitted` to teachers, `.unavailable`.
    public func leaderboard(
        limit: Int, offset: Int, as caller: ClassroomCaller
    ) async throws(AttendanceError) -> Leaderboard {
        try caller.require(.student, .admin)
        let (ranked, own) = try await store.read(in: caller.tenant) { tx throws(AttendanceError) in
            let enrolled = try tx.enrolledStudents()
            var tallies: [Int64: MarkTally] = [:]
            var days: [Int64: [CalendarDay]] = [:]
            var place: (schoolClass: Int64, day: CalendarDay)?
            while true {
                let sessions = try tx.classSessions(after: place, limit: Self.sessionsPerStep)
                for session in sessions {
                    for mark in session.marks {
                        tallies[mark.student, default: MarkTally()].count(mark.status, by: 1)
                        if mark.status.isAttended { days[mark.student, default: []].append(session.day) }
                    }
                }
                guard let last = sessions.last, sessions.count == Self.sessionsPerStep else { break }
                place = (last.schoolClass, last.day)
            }
            let ranked = LeaderboardEntry.ranked(
                enrolled.map {
                    ($0, tallies[$0.number] ?? MarkTally(), LeaderboardEntry.longestRun(of: days[$0.number] ?? []))
                })
            let own = caller.role == .student ? try tx.student(ofAddress: caller.email) : nil
            return (ranked, own)
        }
        return Leaderboard(
            total: ranked.count, entries: Array(ranked.dropFirst(max(0, offset)).prefix(max(0, limit))),
            own: own.flatMap { own in ranked.first { $0.student.number == own.number } })
    }
}
