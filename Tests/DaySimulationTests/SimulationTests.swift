import AttendanceCore
import DaySimulation
import DemoData
import Synchronization
import TestKit
import Testing

/// A server in a few lines: it keeps the first of each key, and does to the simulation what a test asks for.
private final class FakeServer: Sendable {
    struct State {
        var scans: [String: DemoScan] = [:]
        var rows: [LedgerRow] = []
        var requests = 0
        var beats: Set<String> = []
    }

    let state = Mutex(State())
    /// What is said to the n-th request in the place of storing; nil for storing.
    let trouble: @Sendable (_ request: Int, _ batch: [DemoScan]) -> UploadAnswer?
    /// What becomes of the rows that are read back.
    let reading: @Sendable ([LedgerRow]) -> [LedgerRow]

    init(
        trouble: @escaping @Sendable (Int, [DemoScan]) -> UploadAnswer? = { _, _ in nil },
        reading: @escaping @Sendable ([LedgerRow]) -> [LedgerRow] = { $0 }
    ) {
        self.trouble = trouble
        self.reading = reading
    }

    var wire: StationWire {
        StationWire(
            upload: { batch in
                let number = self.state.withLock { state in
                    state.requests += 1
                    return state.requests
                }
                if let answer = self.trouble(number, batch) { return (answer, 1_000) }
                return self.state.withLock { state in
                    var saved = 0
                    for scan in batch where state.scans.updateValue(scan, forKey: scan.reference) == nil {
                        saved += 1
                        state.rows.append(
                            LedgerRow(badge: scan.badge, station: scan.station, scannedAt: scan.occurredAt.millisecondText))
                    }
                    return (.stored(saved: saved, duplicates: batch.count - saved), 2_000)
                }
            },
            beat: { station, _ in _ = self.state.withLock { $0.beats.insert(station) } },
            readLedger: { take in
                for row in self.reading(self.state.withLock { $0.rows }) { take(row) }
                take(LedgerRow(badge: "somebody-else", station: "Main Gate", scannedAt: "2026-02-12T08:00:00.000Z"))
            })
    }
}

@Suite struct `A simulated day` {
    private static func plan(seed: UInt64 = 5, speed: Int = 0) -> SimulationPlan {
        SimulationPlan(
            organisation: DemoOrganisation(seed: seed, people: 400, stations: 12, badgePrefix: "sim-test-"),
            day: DemoDay(number: 20_496, secondsAheadOfUTC: 0), speed: speed)
    }

    private func play(
        _ server: FakeServer, seed: UInt64 = 5, clock: TestClock = TestClock()
    ) async throws -> (figures: SimulationFigures, result: SimulationResult) {
        clock.uptimeStep = 1_000
        let simulation = Simulation(Self.plan(seed: seed), over: server.wire, ambient: .test(clock))
        try await simulation.play { _, _ in }
        return (simulation.figures, try await simulation.compare())
    }

    @Test(arguments: [1, 2, 3, 4, 5] as [UInt64])
    func `finds nothing wrong with a server that keeps each key once`(seed: UInt64) async throws {
        let server = FakeServer()
        let (figures, result) = try await play(server, seed: seed)
        #expect(result.isSound && result.sent == result.acknowledged && result.sent == result.stored && result.sent > 800)
        #expect(server.state.withLock { $0.rows.count } == result.sent)
        // All of the faults have happened.
        #expect(figures.stationsOffline > 0 && figures.stationsSkewed > 0)
        #expect(figures.answersLost > 0 && figures.batchesResent > 0 && figures.batchesOutOfOrder > 0)
        #expect(figures.uploads == server.state.withLock { $0.requests } && figures.percentile(50) == 2_000)
        #expect(server.state.withLock { $0.beats.count } == 12)
    }

    @Test func `sends again what was put off or never answered`() async throws {
        let server = FakeServer(trouble: { number, _ in
            switch number % 4 {
            case 1: .comeBack(status: 503, afterSeconds: 1)
            case 2: .none(reason: "cut")
            case 3: .comeBack(status: 429, afterSeconds: 0)
            default: nil
            }
        })
        let (figures, result) = try await play(server)
        #expect(result.isSound && result.sent == result.acknowledged)
        #expect((figures.comeBacks[503] ?? 0) > 10 && (figures.comeBacks[429] ?? 0) > 10 && figures.unanswered > 10)
    }

    @Test func `notices a scan that was acknowledged and is missing`() async throws {
        let (_, result) = try await play(FakeServer(reading: { Array($0.dropLast(2)) }))
        #expect(result.missing == 2 && result.doubled == 0 && !result.isSound)
    }

    @Test func `notices a scan that is there twice, and one that nobody sent`() async throws {
        let (_, doubled) = try await play(FakeServer(reading: { $0 + $0.prefix(3) }))
        #expect(doubled.doubled == 3 && doubled.missing == 0 && !doubled.isSound)
        let (_, foreign) = try await play(
            FakeServer(reading: { $0 + [LedgerRow(badge: "sim-test-1", station: "X", scannedAt: "2026-02-12T08:00:00.000Z")] }))
        #expect(foreign.foreign == 1 && foreign.missing == 0 && !foreign.isSound)
    }

    @Test func `ends at once where a server refuses what it may not`() async throws {
        let server = FakeServer(trouble: { number, _ in number == 20 ? .refused(status: 413, words: "too large") : nil })
        await #expect(throws: SimulationFailure("an upload was refused with status 413: too large")) {
            _ = try await self.play(server)
        }
        #expect(server.state.withLock { $0.requests } < 60)
    }

    @Test func `compares what was sent until it was stopped`() async throws {
        let clock = TestClock()
        clock.uptimeStep = 1_000
        let stopping = Mutex<Simulation?>(nil)
        let server = FakeServer(trouble: { number, _ in
            if number == 30 { stopping.withLock { $0?.stop() } }
            return nil
        })
        let simulation = Simulation(Self.plan(), over: server.wire, ambient: .test(clock))
        stopping.withLock { $0 = simulation }
        try await simulation.play { _, _ in }
        let result = try await simulation.compare()
        #expect(result.isSound && result.sent > 0 && result.sent < 800)
    }

    @Test func `goes as fast as it is told`() async throws {
        let clock = TestClock()
        // Each look at the clock is five milliseconds later, and each pause takes none.
        clock.uptimeStep = 5_000
        let simulation = Simulation(Self.plan(speed: 3_600), over: FakeServer().wire, ambient: .test(clock))
        let told = Mutex<[Int64]>([])
        try await simulation.play { minutes, _ in told.withLock { $0.append(minutes) } }
        #expect(clock.pauses.count > 20 && clock.pauses.allSatisfy { (1...100_000).contains($0) })
        #expect(told.withLock { $0.count > 40 && $0 == $0.sorted() })
        #expect(try await simulation.compare().isSound)
    }

    @Test(arguments: [([], nil), ([5], 5), ([1, 2, 3, 4], 2)] as [([Int64], Int64?)])
    func `tells the middle of the answers`(answers: [Int64], middle: Int64?) {
        var figures = SimulationFigures()
        figures.answerMicroseconds = answers.reversed()
        #expect(figures.percentile(50) == middle)
        #expect(figures.percentile(99) == answers.last)
    }
}
