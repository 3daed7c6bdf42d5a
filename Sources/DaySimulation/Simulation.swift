public import AttendanceCore
import DemoData
import Synchronization

/// Plays one day of an organisation against a server, and holds the ledger against what was sent.
public final class Simulation: Sendable {
    /// The longest batch of a kiosk. Source: contract TrackAttendance §5.
    static let batchMax = 1_000
    /// Stations look for something to upload so often, by their own day.
    static let uploadEverySeconds: Int64 = 60
    /// A heartbeat so often, by the real clock. The dashboard calls a station offline after 120 seconds.
    static let beatEveryMicroseconds: Int64 = 20_000_000
    /// The longest stretch in which a stop goes unnoticed.
    private static let pauseMicrosecondsMax: Int64 = 100_000
    /// What a station waits after a network failure.
    private static let retryMicroseconds: Int64 = 250_000
    /// In thousandths of uploads.
    private static let answerLostPerMille = 50
    private static let resendPerMille = 40
    private static let outOfOrderPerMille = 100

    private let plan: SimulationPlan
    private let wire: StationWire
    private let ambient: Ambient
    private let record = SimulationRecord()

    public init(_ plan: SimulationPlan, over wire: StationWire, ambient: Ambient) {
        self.plan = plan
        self.wire = wire
        self.ambient = ambient
    }

    /// Everything that was done, as of now.
    public var figures: SimulationFigures { record.figures }

    /// Ends the day early. What was sent until then is compared all the same.
    public func stop() { record.stop() }

    /// Plays the day.
    /// - Parameter progress: Told after each simulated quarter of an hour, and at the end, how many minutes of the day have
    ///   passed, and of how many.
    /// - Throws: ``SimulationFailure`` where the server refuses what no server may refuse.
    public func play(progress: @escaping @Sendable (_ minutes: Int64, _ of: Int64) -> Void) async throws(SimulationFailure) {
        let scripts = plan.scripts()
        record.change { figures in
            figures.stationsOffline = scripts.count { $0.offline != nil }
            figures.stationsSkewed = scripts.count { $0.skewSeconds != 0 }
        }
        let happenings = scripts.flatMap { script in script.scans.map(\.happensAt) }
        guard let first = happenings.min(), let last = happenings.max() else { return }
        let course = Course(
            beginning: first.adding(seconds: -60), end: last.adding(seconds: 60), startedAt: ambient.uptime())
        await withTaskGroup { group in
            for script in scripts { group.addTask { await self.play(script, course) } }
            group.addTask {
                for minute in stride(from: Int64(15), to: course.minutes, by: 15) {
                    await self.reach(course.beginning.adding(seconds: minute * 60), course)
                    if self.record.isStopped || self.plan.speed == 0 { break }
                    progress(minute, course.minutes)
                }
            }
        }
        if !record.isStopped { progress(course.minutes, course.minutes) }
        if let failure = record.failure { throw failure }
    }

    /// Reads the ledger back and compares.
    /// - Throws: ``SimulationFailure`` where it cannot be read.
    public func compare() async throws -> SimulationResult {
        let prefix = plan.organisation.badgePrefix
        let found = Mutex<[LedgerRow: Int]>([:])
        try await wire.readLedger { row in
            guard row.badge.utf8.starts(with: prefix.utf8) else { return }
            found.withLock { $0[row, default: 0] += 1 }
        }
        return SimulationResult(sent: record.sent, ledger: found.withLock { $0 })
    }

    // MARK: One station

    /// The stretch of time that is played, and when that began by the real clock.
    private struct Course: Sendable {
        let beginning: Instant
        let end: Instant
        let startedAt: Int64

        var minutes: Int64 { end.seconds(since: beginning) / 60 }
    }

    private func play(_ script: StationScript, _ course: Course) async {
        var script = script
        var waiting: [DemoScan] = []
        var next = 0
        var beatAt: Int64?
        var moment = course.beginning
        while moment < course.end, !record.isStopped {
            moment = min(moment.adding(seconds: Self.uploadEverySeconds), course.end)
            await reach(moment, course)
            while next < script.scans.count, script.scans[next].happensAt <= moment {
                waiting.append(script.scans[next].scan)
                next += 1
            }
            if let offline = script.offline, offline.contains(moment) { continue }
            if !waiting.isEmpty { waiting = await upload(waiting, &script, until: nil) }
            let now = ambient.uptime()
            if beatAt.map({ now - $0 >= Self.beatEveryMicroseconds }) ?? true {
                beatAt = now
                await wire.beat(script.station, next)
            }
        }
        // The day is over; what a fault has held up is delivered now.
        let deadline = ambient.uptime() + plan.patienceSeconds * 1_000_000
        while !waiting.isEmpty, !record.isStopped, ambient.uptime() < deadline {
            waiting = await upload(waiting, &script, until: deadline)
        }
    }

    /// Waits until the played day has come to the moment.
    private func reach(_ moment: Instant, _ course: Course) async {
        guard plan.speed > 0 else { return }
        let due = course.startedAt + (moment.microseconds - course.beginning.microseconds) / Int64(plan.speed)
        await pause(until: due)
    }

    private func pause(until due: Int64) async {
        while !record.isStopped {
            let left = due - ambient.uptime()
            guard left > 0 else { return }
            await ambient.pause(min(left, Self.pauseMicrosecondsMax))
        }
    }

    /// Uploads what waits, in batches, and returns what still waits then.
    private func upload(_ scans: [DemoScan], _ script: inout StationScript, until deadline: Int64?) async -> [DemoScan] {
        var batches = stride(from: 0, to: scans.count, by: Self.batchMax).map {
            Array(scans[$0..<min($0 + Self.batchMax, scans.count)])
        }
        if scans.count > 1, script.random.chance(perMille: Self.outOfOrderPerMille) {
            // Halves, the later one first, and each in no order at all.
            batches = batches.flatMap { [Array($0[($0.count / 2)...]), Array($0[..<($0.count / 2)])] }.reversed()
            batches = batches.filter { !$0.isEmpty }
            for place in batches.indices { script.random.shuffle(&batches[place]) }
            record.change { [count = batches.count] in $0.batchesOutOfOrder += count }
        }
        while let batch = batches.first, !record.isStopped {
            guard await deliver(batch, &script, until: deadline) else { break }
            batches.removeFirst()
        }
        return batches.flatMap { $0 }
    }

    /// Sends a batch until it is stored as far as the station knows. False where that did not come to pass.
    private func deliver(_ batch: [DemoScan], _ script: inout StationScript, until deadline: Int64?) async -> Bool {
        let rows = batch.map(LedgerRow.init)
        while !record.isStopped, deadline.map({ ambient.uptime() < $0 }) ?? true {
            switch await send(batch, rows) {
            case .stored:
                if script.random.chance(perMille: Self.answerLostPerMille) {
                    record.change { $0.answersLost += 1 }
                    continue
                }
                record.noteStored(rows)
                if script.random.chance(perMille: Self.resendPerMille) {
                    record.change { $0.batchesResent += 1 }
                    // Whatever becomes of it changes nothing.
                    _ = await send(batch, rows)
                }
                return true
            case .comeBack(_, let seconds):
                await pause(until: ambient.uptime() + max(Int64(seconds) * 1_000_000, Self.retryMicroseconds))
            case .none:
                await pause(until: ambient.uptime() + Self.retryMicroseconds)
            case .refused(let status, let words):
                record.fail(SimulationFailure("an upload was refused with status \(status): \(words)"))
            }
        }
        return false
    }

    private func send(_ batch: [DemoScan], _ rows: [LedgerRow]) async -> UploadAnswer {
        record.noteSending(rows)
        let answer: UploadAnswer
        do {
            let (received, microseconds) = try await wire.upload(batch)
            answer = received
            if let microseconds { record.change { $0.answerMicroseconds.append(microseconds) } }
        } catch {
            record.fail(error as? SimulationFailure ?? SimulationFailure("\(error)"))
            return .none(reason: "\(error)")
        }
        switch answer {
        case .comeBack(let status, _): record.change { $0.comeBacks[status, default: 0] += 1 }
        case .none: record.change { $0.unanswered += 1 }
        case .stored, .refused: break
        }
        return answer
    }
}
