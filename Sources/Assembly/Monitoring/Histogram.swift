/// How many values lie within which bound, and their sum. For whoever holds a lock.
struct Histogram: Sendable, Equatable {
    /// Rising; a value equal to a bound lies within it.
    let bounds: [Int]
    /// One more than there are bounds: the last for what lies beyond them all.
    private(set) var counts: [Int]
    private(set) var sum = 0

    init(bounds: [Int]) {
        precondition(zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 }, "bounds rise")
        self.bounds = bounds
        counts = [Int](repeating: 0, count: bounds.count + 1)
    }

    mutating func add(_ value: Int) {
        counts[bounds.firstIndex { value <= $0 } ?? bounds.count] += 1
        sum += value
    }

    /// Values that are counts of something.
    var snapshot: HistogramSnapshot {
        HistogramSnapshot(bounds: bounds.map { "\($0).0" }, counts: counts, sum: .count(sum))
    }

    /// Values that are microseconds, to be told in seconds.
    var inSeconds: HistogramSnapshot {
        HistogramSnapshot(bounds: bounds.map { Figure.microseconds($0).text }, counts: counts, sum: .microseconds(sum))
    }
}

/// A histogram as it is told.
struct HistogramSnapshot: Sendable, Equatable {
    let bounds: [String]
    /// Not cumulative, one more than bounds.
    let counts: [Int]
    let sum: Figure

    var count: Int { counts.reduce(0, +) }
}

/// A number as the format spells it.
enum Figure: Sendable, Equatable {
    case count(Int)
    /// Told in seconds, without a rounding on the way.
    case microseconds(Int)

    var text: String {
        switch self {
        case .count(let count): return String(count)
        case .microseconds(let microseconds):
            let (seconds, rest) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
            guard rest != 0 else { return "\(seconds).0" }
            let digits = String(1_000_000 + abs(rest)).dropFirst()
            let end = digits.lastIndex { $0 != "0" } ?? digits.startIndex
            return (microseconds < 0 && seconds == 0 ? "-" : "") + "\(seconds).\(digits[...end])"
        }
    }
}
