import AttendanceCore
import DataFiles
import StrictJSON

/// How the lines of a file fared so far.
struct LineCounts {
    /// How many unreadable lines are repeated in the JSON answer; standard error names them all.
    static let listedMax = 1_000

    var lines = 0
    var empty = 0
    var new = 0
    var alreadyThere = 0
    var repeated = 0
    var unreadable = 0
    private(set) var unreadableLines: [(line: Int, reason: String)] = []

    /// How many lines said something.
    var readable: Int { lines - empty - unreadable }

    /// Names a line that cannot be read, and goes on.
    mutating func complain(of line: Int, _ reason: String) {
        unreadable += 1
        if unreadableLines.count < Self.listedMax { unreadableLines.append((line, reason)) }
        Terminal.clearProgress()
        Terminal.complain("line \(line): \(Terminal.harmless(reason))")
    }

    /// Counts what became of claims.
    /// - Parameter head: Where the ledger ended before the import: entries behind it came from the same file.
    mutating func count(_ outcomes: [AppendOutcome], behind head: Int64) {
        for outcome in outcomes {
            switch outcome {
            case .appended: new += 1
            case .duplicate(let sequence) where sequence > head: repeated += 1
            case .duplicate: alreadyThere += 1
            }
        }
    }

    /// Counts what would become of claims.
    mutating func count(_ claims: [Claim], areThere: [Bool], met: inout MetReferences) {
        for (claim, isThere) in zip(claims, areThere) {
            if isThere {
                alreadyThere += 1
            } else if met.isFirst(claim) {
                new += 1
            } else {
                repeated += 1
            }
        }
    }

    /// 1 where nothing at all could be read.
    var exitCode: Int32 { readable == 0 && unreadable > 0 ? 1 : 0 }

    func rows(of what: String, isDryRun: Bool) -> [[String]] {
        [
            ["lines", String(lines)], [isDryRun ? "\(what) that would be new" : "new \(what)", String(new)],
            ["already there", String(alreadyThere)], ["repeated in the file", String(repeated)],
            ["unreadable", String(unreadable)],
        ]
    }

    func write(to writer: inout JSONWriter) {
        writer.member("lines", lines)
        writer.member("empty", empty)
        writer.member("new", new)
        writer.member("already_there", alreadyThere)
        writer.member("repeated", repeated)
        writer.member("unreadable", unreadable)
        writer.member("unreadable_lines") {
            $0.array(of: unreadableLines) { writer, unreadable in
                writer.object {
                    $0.member("line", unreadable.line)
                    $0.member("reason", unreadable.reason)
                }
            }
        }
    }
}

/// Which references a dry run has met, so that it can tell a line that stands in the file twice. A bounded memory: lines of
/// one punch that are further apart than it reaches are told as two.
struct MetReferences {
    static let rememberedMax = 1_000_000

    private let sealer: Sealer
    private let max: Int
    private var met: Set<Pseudonym> = []

    init(_ sealer: Sealer, max: Int = Self.rememberedMax) {
        self.sealer = sealer
        self.max = max
    }

    mutating func isFirst(_ claim: Claim) -> Bool {
        guard let reference = claim.personal?.reference else { return true }
        if met.count >= max { met.removeAll(keepingCapacity: true) }
        return met.insert(sealer.reference(reference)).inserted
    }
}

/// Reads a file line by line and hands what it says on in units, each of which is on disk before the next one begins. So the
/// memory that is taken does not grow with the file, and an import that was interrupted is finished by doing it again.
struct FileImport {
    /// How many claims one unit has.
    static let unitMax = 4_000

    var counts = LineCounts()
    private var pending: [Claim] = []

    /// - Parameters:
    ///   - read: The claims a line leads to, at once or later; nil for a line without anything. What it throws is the reason
    ///     why the line cannot be read.
    ///   - finish: The claims that waited for the end.
    ///   - take: Stores a unit.
    mutating func run(
        _ path: String, lineBytesMax: Int, read: (LineReader.Line) throws -> [Claim]?, finish: () -> [Claim],
        take: (inout LineCounts, [Claim]) async throws -> Void
    ) async throws {
        var file = try InputFile(path)
        var lines = LineReader(bytesMax: lineBytesMax)
        func note(_ number: Int, _ line: LineReader.Line) {
            counts.lines = number
            do {
                if let claims = try read(line) { pending += claims } else { counts.empty += 1 }
            } catch {
                counts.complain(of: number, "\(error)")
            }
        }
        while let piece = try file.next() {
            lines.read(piece, note)
            while pending.count >= Self.unitMax { try await takeUnit(take) }
            Terminal.progress("reading", file.read, of: file.size)
        }
        lines.finish(note)
        pending += finish()
        while !pending.isEmpty { try await takeUnit(take) }
    }

    private mutating func takeUnit(_ take: (inout LineCounts, [Claim]) async throws -> Void) async throws {
        let unit = Array(pending.prefix(Self.unitMax))
        pending.removeFirst(unit.count)
        try await take(&counts, unit)
    }
}
