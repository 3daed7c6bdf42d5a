import AttendanceCore
import DemoData
import DialectTrackAttendance
import Glibc
import Synchronization

extension Command {
    static let demo = Command(
        "demo", "Fills an empty store with an organisation that does not exist, so that every page has something to show.",
        options: [
            Option("--seed", "N", "which organisation; 1 where left out"),
            Option("--people", "N", "how many people; 400 where left out"),
            Option("--weeks", "N", "how many weeks up to now; 8 where left out"),
            Option("--stations", "N", "how many stations; 8 where left out"),
            Option.tenant,
        ] + Option.common
    ) { invocation in
        let seed = try invocation.number("--seed", orElse: 1, in: 0...Int.max)
        let weeks = try invocation.number("--weeks", orElse: 8, in: 1...DemoHistory.weeksMax)
        let organisation = DemoOrganisation(
            seed: UInt64(seed), people: try invocation.number("--people", orElse: 400, in: 1...DemoOrganisation.peopleMax),
            stations: try invocation.number("--stations", orElse: 8, in: 1...DemoOrganisation.stationsMax))
        // What the stations sent weeks ago is to have been received weeks ago, so the store's clock is set back meanwhile.
        let clock = DemoClock()
        var ambient = invocation.ambient
        ambient.now = { [now = ambient.now] in clock.moment ?? now() }
        let inThePast = Invocation(
            program: invocation.program, operands: [], options: invocation.options, configuration: invocation.configuration,
            environment: invocation.environment, ambient: ambient)
        let place = StorePlace(configuration: invocation.configuration, ambient: invocation.ambient, log: invocation.log)
        // A file that is there is not brought up to date by a command that will not touch it.
        let isFileThere =
            if case .sqlite = invocation.configuration.database { (try? place.requireExisting()) != nil } else { false }
        if !isFileThere { _ = try place.migrate() }
        let end = invocation.ambient.now()
        return try await withStore(inThePast) { _, operations, caller in
            try await operations.requireEmptyStore(of: try invocation.tenantName, as: caller)
            let history = DemoHistory(
                of: organisation, weeks: weeks, through: end, secondsAheadOfUTC: secondsAheadOfUTC(at: end))
            let made = try await operations.tell(history, by: clock, as: caller)
            clock.moment = nil
            let key = try await operations.createKey(
                label: "demo", roles: [.upload, .dashboard], expiresAt: nil, as: caller)
            let tenant = try invocation.tenantName
            let (path, option) = tenant == .default ? ("", "") : ("/t/\(tenant)", " --tenant \(tenant)")
            Terminal.print(
                """
                Made an organisation that does not exist, from seed \(seed):
                  People    \(organisation.members.count) in \(organisation.rosterUnits.count) units
                  Stations  \(organisation.stations.count)
                  Scans     \(made.scans) from \(made.first.millisecondText) to \(made.last.millisecondText)
                            \(made.byUnknown) of them by badges nobody knows; \(made.duplicates) were sent twice and count once
                  Key       \(key.text.text) (upload and dashboard)
                See it: muster serve, then http://127.0.0.1:8000\(path)/dashboard/; muster stations\(option); muster audit\(option); \
                muster verify\(option)
                """)
            return 0
        }
    }

    /// How far the machine's zone is ahead of UTC at that moment.
    static func secondsAheadOfUTC(at moment: Instant) -> Int64 {
        var seconds = time_t(moment.milliseconds / 1_000)
        var local = unsafe tm()
        guard unsafe localtime_r(&seconds, &local) != nil else { return 0 }
        return unsafe Int64(local.tm_gmtoff)
    }
}

/// A clock that stands where it is put, and goes with the machine's where it is let go.
private final class DemoClock: Sendable {
    private let set = Mutex<Instant?>(nil)

    var moment: Instant? {
        get { set.withLock { $0 } }
        set { set.withLock { $0 = newValue } }
    }
}

/// What a demonstration has put into the ledger.
private struct DemoFigures {
    var scans = 0
    var duplicates = 0
    var byUnknown = 0
    var first = Instant(microseconds: .max)
    var last = Instant(microseconds: .min)

    mutating func count(_ delivery: DemoHistory.Delivery, _ outcomes: [BatchOutcome]) {
        for outcome in outcomes {
            scans += outcome.saved
            duplicates += outcome.duplicates
        }
        for scan in delivery.batches.joined() {
            first = min(first, scan.occurredAt)
            last = max(last, scan.occurredAt)
        }
    }
}

extension Operations {
    fileprivate func requireEmptyStore(of name: TenantName, as caller: Caller) async throws {
        let (entries, roster, heartbeats) = try await store.read(in: caller.tenant) { tx throws(AttendanceError) in
            (try tx.head().sequence, try tx.roster(), try tx.heartbeats())
        }
        guard entries == 0, roster == nil, heartbeats.isEmpty else {
            let what = entries > 0 ? "\(entries) entries" : "a roster or heartbeats"
            let place = name == .default ? "the store" : "the tenant \(name)"
            throw Failure("\(place) has \(what) already, and muster demo fills an empty one only: --data names another folder")
        }
    }

    /// Does what the organisation's stations would have done, each thing at its time.
    fileprivate func tell(_ history: DemoHistory, by clock: DemoClock, as caller: Caller) async throws -> DemoFigures {
        let organisation = history.organisation
        var figures = DemoFigures()
        var scansOfStation: [String: Int64] = [:]
        var seen: Set<String> = []
        for day in 0..<history.dayCount {
            for delivery in history.deliveries(ofDay: day) {
                clock.moment = delivery.receivedAt
                // At once, so that they share a commit as the uploads of a busy hour do.
                let outcomes = try await withThrowingTaskGroup(of: BatchOutcome.self) { group in
                    for batch in delivery.batches {
                        group.addTask { try await self.recordScans(batch.map(\.claim), as: caller) }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                figures.count(delivery, outcomes)
                for scan in delivery.batches.joined() where seen.insert(scan.reference).inserted {
                    scansOfStation[scan.station, default: 0] += 1
                    if scan.member == nil { figures.byUnknown += 1 }
                }
            }
            // Scans of a day have keys of that day.
            seen = []
            Terminal.progress("making days", Int64(day + 1), of: Int64(history.dayCount))
        }
        clock.moment = history.end
        let units = organisation.rosterUnits.map { unit in
            // Some are on the list and never seen: on leave, or gone and forgotten.
            RosterSummary.Unit(name: WireText(unit.name), registered: Int64(unit.members + unit.members / 25 + 1))
        }
        _ = try await replaceRoster(with: .trackAttendance(units, sha256: ambient.sha256), as: caller)
        for (place, station) in organisation.stations.enumerated() {
            // The last of several has not been heard for a while.
            let isSilent = place > 1 && place == organisation.stations.count - 1
            clock.moment = history.end.adding(seconds: isSilent ? -2_700 : -Int64(place % 20))
            try await keepHeartbeat(
                of: WireText(station.name), lastClearEpoch: nil, localScanCount: scansOfStation[station.name] ?? 0, as: caller)
        }
        return figures
    }
}

extension Invocation {
    /// The value of an option that is a whole number.
    /// - Throws: ``Misuse`` for anything else, naming what was expected.
    func number(_ option: String, orElse standard: Int, in range: ClosedRange<Int>) throws -> Int {
        guard let text = options[option] else { return standard }
        guard let number = Int(text), range.contains(number) else {
            let expected = "from \(range.lowerBound) " + (range.upperBound == .max ? "on" : "to \(range.upperBound)")
            throw Misuse("\(option) is \"\(text)\": a whole number \(expected) was expected")
        }
        return number
    }
}
