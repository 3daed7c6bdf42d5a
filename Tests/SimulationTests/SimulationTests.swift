import AttendanceCore
import Foundation
import SQLStorage
import Synchronization
import TestKit
import Testing

/// A seeded workload against a real store, and a model of a few dozen lines that says what has to come of it.
/// `script/simulate` plays single seeds, or more of them.
@Suite struct `The ledger in a simulation` {
    /// What is played: seeds that never change, so that every run is the same, unless `script/simulate` says otherwise.
    private static func seeds(of kind: StoreKind) -> ClosedRange<UInt64>? {
        let environment = ProcessInfo.processInfo.environment
        if let engine = environment["SIMULATION_ENGINE"], engine != kind.rawValue.lowercased() { return nil }
        let first = environment["SIMULATION_FROM"].flatMap { UInt64($0) } ?? 1
        let count = environment["SIMULATION_SEEDS"].flatMap { UInt64($0) } ?? (kind == .sqlite ? 1_000 : 60)
        return first...first + max(1, count) - 1
    }

    private static let isLoud = ProcessInfo.processInfo.environment["SIMULATION_TRACE"] != nil

    @Test(arguments: StoreKind.underTest)
    func `agrees with its model whatever the seed`(on kind: StoreKind) async throws {
        guard let seeds = Self.seeds(of: kind) else { return }
        try await kind.withEngine { engine in
            try await Self.prepare(engine)
            let report = await Simulations.play(seeds, on: engine, isLoud: Self.isLoud)
            for (seed, finding) in report.findings.sorted(by: { $0.key < $1.key }) {
                let again = "script/simulate \(seed) --engine \(kind.rawValue.lowercased())"
                Issue.record("seed \(seed) on \(kind): \(finding)\nAgain: \(again)")
            }
            // A simulation in which nothing happens proves nothing.
            guard seeds.count >= 60, report.findings.isEmpty else { return }
            #expect(report.played == seeds.count)
            let promised = Self.promised + (engine.writesBesideCommits ? ["two groups under way"] : [])
            for what in promised { #expect(report.happened[what, default: 0] > 0, "\(what): \(report.happened)") }
        }
    }

    /// What has to have happened in any sixty seeds.
    private static let promised = [
        "crash of all", "crash of one", "tear", "loseSession", "pause", "unavailable", "conflict", "conflicts", "constraint",
        "connecting", "beginning", "statement", "beforeCommit", "afterCommit", "told unavailable", "told unexpected",
        "look before a commit", "a newest scan", "rebuild cut short", "two processes at once", "a member joined", "a member left",
        "a member toggled", "a punch", "a punch, refused", "a punch entered", "a punch corrected", "a punch voided",
        "a session edited", "a rule set", "a work status",
    ]

    @Test func `plays the same seed the same way each time`() async throws {
        try await StoreKind.sqlite.withEngine { engine in
            try await Self.prepare(engine)
            for seed in 1...10 as ClosedRange<UInt64> {
                let traces = [await Simulations.trace(of: seed, on: engine), await Simulations.trace(of: seed, on: engine)]
                #expect(traces[0].count > 200 && traces[0] == traces[1], "seed \(seed)")
            }
        }
    }

    /// The schema and what every store has, and nothing else. Closed, so that SQLite's file holds all of it.
    private static func prepare(_ engine: any SQLEngine) async throws {
        let subject = try StoreUnderTest(kind: .sqlite, engine: engine)
        await subject.store.close()
    }
}

/// Many seeds, on as many threads as there are cores.
final class Simulations: Sendable {
    struct Report: Sendable {
        var played = 0
        var findings: [UInt64: String] = [:]
        var happened: [String: Int] = [:]
    }

    /// How many seeds may find something before no more are begun.
    static let findingsMax = 3

    private let engine: any SQLEngine
    private let isLoud: Bool
    private let seeds: ClosedRange<UInt64>
    private let progress: Mutex<(next: UInt64, report: Report)>

    private init(_ seeds: ClosedRange<UInt64>, on engine: any SQLEngine, isLoud: Bool) {
        self.seeds = seeds
        self.engine = engine
        self.isLoud = isLoud
        progress = Mutex((seeds.lowerBound, Report()))
    }

    /// - Parameters:
    ///   - engine: A place with a store that has its schema.
    ///   - isLoud: Prints every step, one seed after the other.
    static func play(_ seeds: ClosedRange<UInt64>, on engine: any SQLEngine, isLoud: Bool) async -> Report {
        let simulations = Simulations(seeds, on: engine, isLoud: isLoud)
        await withTaskGroup { group in
            for _ in 0..<(isLoud ? 1 : ProcessInfo.processInfo.activeProcessorCount) {
                group.addTask { await onThread { simulations.work() } }
            }
        }
        return simulations.progress.withLock { $0.report }
    }

    /// Everything that one seed did.
    static func trace(of seed: UInt64, on engine: any SQLEngine) async -> String {
        await onThread {
            do {
                let simulation = try Simulation(seed: seed, on: engine, isLoud: false)
                try simulation.run()
                return simulation.lastLines(.max)
            } catch {
                return "\(error)"
            }
        }
    }

    /// A thread of its own, because it waits for stores, which a thread of the shared pool must not.
    private static func onThread<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            Thread { continuation.resume(returning: body()) }.start()
        }
    }

    private func work() {
        while let seed = nextSeed() {
            let (finding, happened) = play(seed)
            progress.withLock { progress in
                progress.report.played += 1
                progress.report.findings[seed] = finding
                progress.report.happened.merge(happened) { $0 + $1 }
            }
        }
    }

    private func nextSeed() -> UInt64? {
        progress.withLock { progress in
            guard progress.next <= seeds.upperBound, progress.report.findings.count < Self.findingsMax else { return nil }
            defer { progress.next += 1 }
            return progress.next
        }
    }

    /// What the seed found, with the end of its trace, or nil.
    private func play(_ seed: UInt64) -> (finding: String?, happened: [String: Int]) {
        do {
            let simulation = try Simulation(seed: seed, on: engine, isLoud: isLoud)
            do {
                try simulation.run()
                return (nil, simulation.happened)
            } catch {
                return (simulation.lastLines(12) + "\n\(error)", simulation.happened)
            }
        } catch {
            return ("\(error)", [:])
        }
    }
}
