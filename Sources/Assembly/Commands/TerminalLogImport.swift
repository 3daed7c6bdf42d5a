import AttendanceCore
import DataFiles
import StrictJSON

/// `muster import attlog`, once its words are understood.
struct TerminalLogImport {
    private let path: String
    private var settings: TerminalLog.Settings
    private let operations: Operations
    private let caller: Caller
    private let isDryRun: Bool
    private let opensPeople: Bool
    private let asJSON: Bool

    private var flagged: [PunchRemark: Int] = [:]
    private var opened: Set<DevicePIN> = []
    private var unknown: Set<DevicePIN> = []
    private var unmatched = 0
    private var differsInMoment = false

    init(_ invocation: Invocation, _ settings: TerminalLog.Settings, _ operations: Operations, _ caller: Caller) {
        path = invocation.operands[0]
        self.settings = settings
        self.operations = operations
        self.caller = caller
        isDryRun = invocation.has("--dry-run")
        opensPeople = invocation.has("--create-people")
        asJSON = invocation.has("--json")
    }

    /// Returns the program's exit code.
    mutating func importFile() async throws -> Int32 {
        if !isDryRun {
            // Days are those of the terminal's place, so its zone is a rule of these hours from here on.
            try await operations.setRule(.zone, to: settings.zone.name, of: .terminalLog, as: caller)
            settings.zoneRule = try await operations.rules(of: .terminalLog, in: caller.tenant).settings[.zone]?.toldBy
        }
        let head = try await operations.store.read(in: caller.tenant) { tx throws(AttendanceError) in try tx.head().sequence }
        var log = TerminalLog(settings)
        var met = MetReferences(operations.sealer)
        var file = FileImport()
        try await file.run(
            path, lineBytesMax: TerminalLine.bytesMax, read: { try TerminalLine($0).map { log.take($0) } },
            finish: { log.finish() }, take: { counts, punches in try await take(punches, head, &counts, &met) })
        if !isDryRun, file.counts.new > 0 || !opened.isEmpty {
            try await operations.noteImport(
                of: settings.source, detail: WireText("\(file.counts.new) punches, \(opened.count) people"), as: caller)
        }
        if differsInMoment {
            Terminal.complain(
                """
                Punches that are there already stand at other moments: they were read in another zone than \
                \(settings.zone.name), or by older rules of it. They stay as they are.
                """
            )
        }
        if asJSON {
            Terminal.print(String(decoding: json(file.counts), as: UTF8.self))
        } else {
            Terminal.print(Terminal.table(["PUNCHES", "COUNT"], rows(file.counts)))
        }
        return file.counts.exitCode
    }

    private mutating func take(
        _ punches: [Claim], _ head: Int64, _ counts: inout LineCounts, _ met: inout MetReferences
    ) async throws {
        for punch in punches {
            let remarks = punch.detail.flatMap { PunchDetail(parsing: $0) }?.remarks ?? []
            for remark in remarks where remark.isFlag { flagged[remark, default: 0] += 1 }
        }
        let nobodys: Set<DevicePIN>
        if isDryRun {
            let preview = try await operations.previewPunches(punches, as: caller)
            counts.count(punches, areThere: preview.isThere, met: &met)
            if opensPeople { opened.formUnion(preview.unknown) }
            nobodys = opensPeople ? [] : preview.unknown
            differsInMoment = differsInMoment || preview.differsInMoment
        } else {
            let outcome = try await operations.recordPunches(punches, openingPeople: opensPeople, as: caller)
            counts.count(outcome.punches, behind: head)
            opened.formUnion(outcome.opened)
            nobodys = outcome.unknown
            differsInMoment = differsInMoment || outcome.differsInMoment
        }
        unknown.formUnion(nobodys)
        unmatched += punches.count { DevicePIN(claimedIn: $0).map(nobodys.contains) ?? true }
    }

    private func rows(_ counts: LineCounts) -> [[String]] {
        var rows = counts.rows(of: "punches", isDryRun: isDryRun)
        rows += PunchRemark.allCases.filter { flagged[$0] != nil }.map { ["flagged: \($0.meaning)", String(flagged[$0] ?? 0)] }
        rows.append([isDryRun ? "people that would be opened" : "people opened", String(opened.count)])
        rows.append(["of nobody known", unmatched == 0 ? "0" : "\(unmatched), of \(unknown.count) user numbers"])
        return rows
    }

    private func json(_ counts: LineCounts) -> [UInt8] {
        JSONWriter.object {
            $0.member("file", path)
            $0.member("source", settings.source.text)
            $0.member("zone", settings.zone.name.text)
            $0.member("direction", settings.direction.rawValue)
            $0.member("numbers", settings.numbers.rawValue)
            $0.member("dry_run", isDryRun)
            counts.write(to: &$0)
            $0.member("flagged") {
                $0.object { writer in
                    for remark in PunchRemark.allCases where remark.isFlag {
                        writer.member(named: remark.rawValue, flagged[remark] ?? 0)
                    }
                }
            }
            $0.member("people_opened", opened.count)
            $0.member("unmatched_punches", unmatched)
            $0.member("unmatched_numbers", unknown.count)
            $0.member("zone_differs", differsInMoment)
        }
    }
}

extension PunchRemark {
    /// A few words for a summary.
    fileprivate var meaning: String {
        switch self {
        case .derived: "worked out"
        case .clockSkipped: "times that the clocks skipped"
        case .clockRepeated: "times that the clocks showed twice"
        case .unordered: "behind a later day"
        case .unknownState: "states of unknown meaning"
        case .late: "late"
        case .early: "early"
        case .entered: "entered by hand"
        }
    }
}
