import AttendanceCore
import DataFiles
import StrictJSON

extension Invocation {
    /// One of a few words, or the first of them where the option is left out.
    func choice<Word: RawRepresentable & CaseIterable>(_ option: String, of words: Word.Type) throws -> Word
    where Word.RawValue == String, Word.AllCases: RandomAccessCollection {
        let all = Array(words.allCases)
        guard let raw = options[option] else { return all[0] }
        guard let word = Word(rawValue: raw) else {
            let list = all.map(\.rawValue).joined(separator: ", ")
            throw Misuse("\(option) is \"\(Terminal.harmless(raw))\": one of \(list) was expected")
        }
        return word
    }
}

extension Command {
    private static let dryRun = Option("--dry-run", nil, "say what would happen, and change nothing")
    private static let json = Option("--json", nil, "answer with one JSON object")

    static let importTerminalLog = Command(
        "import attlog", "Brings the punches of a wall terminal's log into the ledger, each of them once.", operands: "FILE",
        operandCount: 1...1,
        options: [
            Option("--source", "NAME", "what the terminal is called; its user numbers are its own"),
            Option("--zone", "AREA/CITY", "where its clock hangs, such as Europe/Berlin"),
            Option("--direction", "RULE", "state (what the terminal says; where left out), alternate or first-last of a day"),
            Option("--numbers", "RULE", "as-written (where left out), or without-leading-zeros: 0213 is 213"),
            Option("--create-people", nil, "open a person for each user number that nobody has"), dryRun, json, Option.tenant,
        ] + Option.common
    ) { invocation in
        let source = try invocation.required("--source")
        guard source.unicodeScalars.count <= TerminalLog.sourceMaxScalars,
            !source.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
        else {
            throw Misuse("--source has more than \(TerminalLog.sourceMaxScalars) characters, or control characters")
        }
        // Two names that look alike would be two terminals, and every punch would come in twice.
        guard let first = source.unicodeScalars.first, let last = source.unicodeScalars.last, !first.properties.isWhitespace,
            !last.properties.isWhitespace, !source.hasPrefix("--"),
            !source.unicodeScalars.contains(where: { $0.properties.generalCategory == .format })
        else {
            throw Misuse(
                "--source is \"\(Terminal.harmless(source))\": a name without blanks at its ends or invisible characters was expected"
            )
        }
        let settings = TerminalLog.Settings(
            source: WireText(source), zone: try ZoneFiles.rules(of: try invocation.required("--zone")),
            direction: try invocation.choice("--direction", of: DirectionRule.self),
            numbers: try invocation.choice("--numbers", of: NumberRule.self))
        return try await withStore(invocation) { _, operations, caller in
            var run = TerminalLogImport(invocation, settings, operations, caller)
            return try await run.importFile()
        }
    }

    static let importScans = Command(
        "import scans", "Brings scans of a file into the ledger, each of them once: lines of JSON, as export scans writes them.",
        operands: "FILE", operandCount: 1...1, options: [dryRun, json, Option.tenant] + Option.common
    ) { invocation in
        try await withStore(invocation) { _, operations, caller in
            let path = invocation.operands[0]
            let isDryRun = invocation.has("--dry-run")
            let head = try await operations.store.read(in: caller.tenant) { tx throws(AttendanceError) in
                try tx.head().sequence
            }
            var file = FileImport()
            var met = MetReferences(operations.sealer)
            try await file.run(
                path, lineBytesMax: ScanLine.bytesMax, read: { try ScanLine.claim($0).map { [$0] } }, finish: { [] },
                take: { counts, scans in
                    guard isDryRun else {
                        counts.count(try await operations.importScans(scans, as: caller), behind: head)
                        return
                    }
                    counts.count(scans, areThere: try await operations.previewScans(scans, as: caller), met: &met)
                })
            if !isDryRun, file.counts.new > 0 {
                try await operations.noteImport(of: "scans", detail: WireText("\(file.counts.new) new"), as: caller)
            }
            if invocation.has("--json") {
                let answer = JSONWriter.object {
                    $0.member("file", path)
                    $0.member("dry_run", isDryRun)
                    file.counts.write(to: &$0)
                }
                Terminal.print(String(decoding: answer, as: UTF8.self))
            } else {
                Terminal.print(Terminal.table(["SCANS", "COUNT"], file.counts.rows(of: "scans", isDryRun: isDryRun)))
            }
            return file.counts.exitCode
        }
    }
}
