import AttendanceCore
import DaySimulation
import DemoData
import Digests
import FoundationEssentials
import HTTPClient
import Synchronization

extension Command {
    /// Scans go through HTTP, with stations that are offline for a while, lost answers, repeated uploads and wrong clocks.
    /// Exit code 1 where anything is missing, doubled or foreign. The scans stay in the ledger.
    static let simulate = Command(
        "simulate",
        "Plays a day of many stations against a running server, and checks that the ledger has all that was sent, once.",
        options: [
            Option("--url", "URL", "the server; where this program would listen (MUSTER_LISTEN) where left out"),
            Option("--key-file", "FILE", "a file with a key for upload and dashboard; API_KEY where left out"),
            Option("--key", "KEY", "the key itself, which everybody who may list processes then sees"),
            Option("--stations", "N", "how many stations; 20 where left out"),
            Option("--people", "N", "how many people; 5000 where left out"),
            Option("--speed", "N", "so many seconds of the day pass in one; 0 for as fast as it goes; 60 where left out"),
            Option("--seed", "N", "which day; 1 where left out"),
            Option("--log", "LEVEL", "debug, info, warning, error or off (MUSTER_LOG)"),
        ]
    ) { invocation in
        let base = try invocation.serverURL
        let key = try invocation.simulationKey
        let ambient = invocation.ambient
        let now = ambient.now()
        // A name of its own for this run, so that nothing of an earlier one is taken for it.
        let organisation = DemoOrganisation(
            seed: UInt64(try invocation.number("--seed", orElse: 1, in: 0...Int.max)),
            people: try invocation.number("--people", orElse: 5_000, in: 1...DemoOrganisation.peopleMax),
            stations: try invocation.number("--stations", orElse: 20, in: 1...DemoOrganisation.stationsMax),
            badgePrefix: "sim-\(Hexadecimal.encode(ambient.randomBytes(4)))-")
        // The last working day that is over, so that no scan claims to be of the future.
        var day = DemoDay(of: now, secondsAheadOfUTC: secondsAheadOfUTC(at: now)).adding(days: -1)
        while day.isWeekend { day = day.adding(days: -1) }
        let plan = SimulationPlan(
            organisation: organisation, day: day,
            speed: try invocation.number("--speed", orElse: 60, in: 0...SimulationPlan.speedMax))

        // Watched from the beginning, so that no stop is lost.
        let stop = StopSignals()
        let client = Client()
        try await StationWire.requireServer(at: base, key: key, through: client)
        let simulation = Simulation(plan, over: .trackAttendance(at: base, key: key, through: client), ambient: ambient)
        let isStopped = Mutex(false)
        let stopping = Task {
            guard !(await stop.next()).isEmpty else { return }
            isStopped.withLock { $0 = true }
            Terminal.complain("stopped early; comparing what was sent until now")
            simulation.stop()
        }
        defer { stopping.cancel() }
        Terminal.complain(
            "playing \(organisation.members.count) people at \(organisation.stations.count) stations against \(base)"
                + (plan.speed == 0 ? "" : "; Ctrl-C ends it early"))
        try await simulation.play { Terminal.progress("playing", $0, of: $1) }
        let result = try await simulation.compare()
        Terminal.print(report(simulation.figures, result))
        let isComplete = result.acknowledged == result.sent || isStopped.withLock { $0 }
        return result.isSound && isComplete ? 0 : 1
    }

    static func report(_ figures: SimulationFigures, _ result: SimulationResult) -> String {
        func milliseconds(_ hundredths: Int) -> String {
            guard let found = figures.percentile(hundredths) else { return "none" }
            return "\(found / 1_000).\(found / 100 % 10) ms"
        }
        var lines = [
            "sent           \(result.sent) scans in \(figures.uploads) uploads",
            "acknowledged   \(result.acknowledged)",
            "in the ledger  \(result.stored), missing \(result.missing), doubled \(result.doubled), foreign \(result.foreign)",
            "on purpose     \(figures.stationsOffline) stations offline for a while, \(figures.stationsSkewed) with wrong clocks; "
                + "\(figures.answersLost) answers lost, \(figures.batchesResent) batches sent again, "
                + "\(figures.batchesOutOfOrder) out of order",
            "answers        p50 \(milliseconds(50)), p99 \(milliseconds(99)); \(figures.unanswered) uploads without one; "
                + "503: \(figures.comeBacks[503] ?? 0), 429: \(figures.comeBacks[429] ?? 0)",
        ]
        if figures.comeBacks[429] != nil {
            lines.append("               429 is the server's limit for one address: RATE_LIMIT_MAX=0 lifts it for a simulation")
        }
        if result.acknowledged < result.sent {
            lines.append("               \(result.sent - result.acknowledged) were sent and never acknowledged")
        }
        lines.append(result.isSound ? "Nothing that was acknowledged is missing, nothing is there twice." : "THE LEDGER IS WRONG")
        return lines.joined(separator: "\n")
    }
}

extension Invocation {
    fileprivate var simulationKey: String {
        get throws {
            if let key = options["--key"] { return key }
            guard let file = options["--key-file"] else {
                guard let key = configuration.apiKey else {
                    throw Misuse("a key is missing: --key-file FILE or API_KEY; muster key create makes one")
                }
                return key
            }
            guard let bytes = FileManager.default.contents(atPath: file), let text = String(validating: bytes, as: UTF8.self),
                let key = text.split(whereSeparator: \.isWhitespace).first
            else { throw Failure("\(file) holds no key, or cannot be read") }
            return String(key)
        }
    }
}
