import HTTPMessages
import HTTPServer
import Synchronization

/// Counts requests by route. Every request passes here, on the threads that serve: three additions to numbers of the
/// route's own, without a lock, a look-up or an allocation.
final class RequestCounts: Sendable {
    /// What a route's figures stand under. The pattern and never the path: there are as many as there are routes.
    struct Label: Hashable, Sendable {
        let method: String
        let pattern: String

        /// Requests that reached no route: unknown paths, malformed heads, those turned away at the door.
        static let unmatched = Label(method: "any", pattern: "unmatched")
    }

    /// Each label at the number that ``HTTPMessages/Response/routeNumber`` has for it.
    let labels: [Label]
    private let numbers: [Label: Int]
    private let slots: [Slot]

    /// - Parameter labels: May name one twice.
    init(_ labels: some Sequence<Label>) {
        var numbers: [Label: Int] = [.unmatched: 0]
        var ordered = [Label.unmatched]
        for label in labels where numbers[label] == nil {
            numbers[label] = ordered.count
            ordered.append(label)
        }
        self.labels = ordered
        self.numbers = numbers
        slots = ordered.map { _ in Slot() }
    }

    /// The number of a route that was named when this was made. For the time before requests come.
    func number(_ label: Label) -> Int { numbers[label] ?? 0 }

    func add(_ figures: RequestFigures) {
        slots[slots.indices.contains(figures.routeNumber) ? figures.routeNumber : 0].add(figures)
    }

    /// One route's figures, as far as its requests were finished.
    struct Snapshot: Sendable, Equatable {
        let label: Label
        /// By the first digit of the status; 0 for requests that ended without an answer.
        let statuses: [Int]
        let durations: HistogramSnapshot
        let bytesIn: Int
        let bytesOut: Int
    }

    /// The routes that were asked for at least once.
    var snapshots: [Snapshot] {
        zip(labels, slots).compactMap { label, slot in
            let cells = slot.readCells()
            guard cells.contains(where: { $0 > 0 }) else { return nil }
            let rows = (0..<Slot.statuses).map { status in
                Array(cells[(status * Slot.buckets)..<((status + 1) * Slot.buckets)])
            }
            return Snapshot(
                label: label, statuses: rows.map { $0.reduce(0, +) },
                durations: HistogramSnapshot(
                    bounds: Slot.boundTexts, counts: (0..<Slot.buckets).map { bucket in rows.reduce(0) { $0 + $1[bucket] } },
                    sum: .microseconds(slot.microseconds.load(ordering: .relaxed))),
                bytesIn: slot.bytesIn.load(ordering: .relaxed), bytesOut: slot.bytesOut.load(ordering: .relaxed))
        }
    }

    /// A number for each pair of status and duration: one addition counts for both.
    private final class Slot: Sendable {
        static let statuses = 6
        static let buckets = 15
        /// Upper bounds of the durations, the last bucket having none.
        static let boundTexts = [
            "0.0005", "0.001", "0.0025", "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1.0", "2.5", "5.0", "10.0",
        ]

        private let cells: InlineArray<90, Atomic<Int>> = InlineArray { _ in Atomic(0) }
        let microseconds = Atomic<Int>(0)
        let bytesIn = Atomic<Int>(0)
        let bytesOut = Atomic<Int>(0)

        func add(_ figures: RequestFigures) {
            let status = figures.status / 100
            let row = (1..<Self.statuses).contains(status) ? status : 0
            cells[row * Self.buckets + Self.bucket(figures.durationMicroseconds)].add(1, ordering: .relaxed)
            microseconds.add(figures.durationMicroseconds, ordering: .relaxed)
            if figures.bytesOut > 0 { bytesOut.add(figures.bytesOut, ordering: .relaxed) }
            if figures.bytesIn > 0 { bytesIn.add(figures.bytesIn, ordering: .relaxed) }
        }

        func readCells() -> [Int] {
            cells.indices.map { cells[$0].load(ordering: .relaxed) }
        }

        /// Which bound a duration stays within, the first ones first: most requests end there.
        private static func bucket(_ microseconds: Int) -> Int {
            if microseconds <= 500 { return 0 }
            if microseconds <= 1_000 { return 1 }
            if microseconds <= 2_500 { return 2 }
            if microseconds <= 5_000 { return 3 }
            if microseconds <= 10_000 { return 4 }
            if microseconds <= 25_000 { return 5 }
            if microseconds <= 50_000 { return 6 }
            if microseconds <= 100_000 { return 7 }
            if microseconds <= 250_000 { return 8 }
            if microseconds <= 500_000 { return 9 }
            if microseconds <= 1_000_000 { return 10 }
            if microseconds <= 2_500_000 { return 11 }
            if microseconds <= 5_000_000 { return 12 }
            return microseconds <= 10_000_000 ? 13 : 14
        }
    }
}
