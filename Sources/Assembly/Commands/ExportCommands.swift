import AttendanceCore
import DataFiles
import DialectKit

/// The forms an export can have.
private enum ExportFormat: String, CaseIterable {
    case jsonl, csv
}

/// The pieces of an export in one of the forms.
private enum ScanPieces {
    case lines([UInt8])
    case table(ScanTable)

    init(_ format: ExportFormat) {
        switch format {
        case .jsonl: self = .lines([])
        case .csv: self = .table(ScanTable())
        }
    }

    /// Writes scans behind what is there, and hands all of it over.
    mutating func piece(with scans: some Sequence<CountedScan>) -> [UInt8] {
        switch self {
        case .lines:
            var bytes: [UInt8] = []
            for scan in scans { ScanLine.append(scan, to: &bytes) }
            return bytes
        case .table(var table):
            for scan in scans { table.append(scan) }
            defer { self = .table(table) }
            return table.take()
        }
    }
}

extension Command {
    static let exportScans = Command(
        "export scans", "Writes the scans that count, oldest first, to a new file or to standard output.", operands: "[FILE]",
        operandCount: 0...1,
        options: [
            Option("--format", "FORM", "jsonl (lines that import scans reads; where left out) or csv (for spreadsheets)"),
            Option("--from", "WHEN", "the first day or moment, such as 2026-02-12 or 2026-02-12T08:00:00+01:00"),
            Option("--to", "WHEN", "the last day, or the first moment that is left out; UTC unless it says otherwise"),
            Option.tenant,
        ] + Option.common
    ) { invocation in
        let format = try invocation.choice("--format", of: ExportFormat.self)
        let from = try invocation.options["--from"].map { try edge($0, "--from") }
        let to = try invocation.options["--to"].map { try edge($0, "--to", endsDay: true) }
        if let from, let to, from >= to { throw Misuse("--from lies behind --to: nothing can lie between them") }
        return try await withStore(invocation) { _, operations, caller in
            let export = try await operations.beginExport(of: .trackAttendance, as: caller)
            let file = try OutputFile(invocation.operands.first ?? "-")
            var pieces = ScanPieces(format)
            try file.write(pieces.piece(with: []))
            var position: ScanPosition? = .beginning
            if let from { position = ScanPosition(occurredAt: Instant(microseconds: from - 1), sequence: .max) }
            var written: Int64 = 0
            while let place = position {
                let page = try await operations.nextScans(of: export, after: place, limit: scansPerPage)
                let scans = page.scans.prefix { scan in to.map { scan.occurredAt.microseconds < $0 } ?? true }
                try file.write(pieces.piece(with: scans))
                written += Int64(scans.count)
                let isPast = page.next.map { next in to.map { next.occurredAt.microseconds >= $0 } ?? false } ?? true
                position = isPast ? nil : page.next
                if from == nil, to == nil { Terminal.progress("writing", written, of: export.total) }
            }
            try file.finish()
            if invocation.operands.first ?? "-" != "-" { Terminal.print("wrote \(written) scans to \(invocation.operands[0])") }
            return 0
        }
    }

    /// How many entries are looked at before some are written: about half a megabyte.
    private static let scansPerPage = 2_000

    /// Microseconds since 1970. A day is its beginning in UTC, or, where the day belongs to what is meant, the next one's.
    private static func edge(_ text: String, _ option: String, endsDay: Bool = false) throws -> Int64 {
        guard let moment = Moment.microseconds(parsing: text, syntax: .abbreviated) else {
            throw Misuse(
                "\(option) is \"\(Terminal.harmless(text))\": a day such as 2026-02-12 or a moment such as 2026-02-12T08:00:00Z was expected"
            )
        }
        return moment + (endsDay && text.utf8.count == 10 ? 86_400_000_000 : 0)
    }
}
