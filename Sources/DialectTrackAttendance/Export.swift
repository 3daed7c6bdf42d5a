import AttendanceCore
import DialectKit
import HTTPMessages
import StrictJSON

/// How many rows an export is asked for.
///
/// The contract stops at 100,000 rows without a word. A kiosk sends no limit and wants everything, so no limit means all
/// rows here, and a given one keeps the contract's maximum. Source: contract §3.7, §10 item 7.
struct ExportLimit: Sendable, Equatable {
    static let rowsMax: Int64 = 100_000

    /// Nil for all.
    let rows: Int64?

    init(_ query: [(name: String, value: String)]) throws(TrackAttendanceFailure) {
        let given = query.filter { $0.name == "limit" }.map(\.value)
        guard given.count <= 1 else { throw .sentence("limit must be given once") }
        guard let text = given.first, !text.isEmpty else {
            rows = nil
            return
        }
        guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            throw .sentence("limit must be a non-negative integer")
        }
        // Digits beyond 64 bits are beyond the maximum too.
        rows = min(Int64(text) ?? .max, Self.rowsMax)
    }
}

/// The pages of an export, each read when the client has taken the one before.
actor ExportPages {
    /// So many entries are looked at for one piece of the answer: about half a megabyte.
    static let pageEntriesMax = 2_000

    /// So many pages are made at once, of all exports together. More would fill the store's readers and the machine's
    /// cores, and whoever asks for totals would stand behind hundreds of them.
    static let pagesAtOnceMax = 2

    /// The ledger held fewer rows than the answer has promised; a defect.
    struct FellShort: Error {}

    private let operations: Operations
    private let export: ScanExport
    private let turnstile: Turnstile
    private var position: ScanPosition? = .beginning
    private var rowsLeft: Int64
    private var writer = JSONWriter()
    private var isEnded = false

    init(
        _ export: ScanExport, rows: Int64, at moment: Instant, from operations: Operations, through turnstile: Turnstile
    ) {
        self.operations = operations
        self.export = export
        self.turnstile = turnstile
        rowsLeft = rows
        writer.beginObject()
        writer.member("total_records", rows)
        writer.member("export_timestamp") { $0.moment(microseconds: moment.microseconds) }
        writer.member("total_available", export.total)
        writer.member("scans") { $0.beginArray() }
    }

    /// The next piece of the answer, nil behind its end.
    func next() async throws -> [UInt8]? {
        guard !isEnded else { return nil }
        await turnstile.enter()
        defer { turnstile.leave() }
        // A page may hold entries that do not count, and nothing else.
        var wroteRows = false
        while rowsLeft > 0, !wroteRows {
            guard let position else { throw FellShort() }
            let page = try await operations.nextScans(of: export, after: position, limit: Self.pageEntriesMax)
            let rows = page.scans.prefix(Int(min(rowsLeft, Int64(Self.pageEntriesMax))))
            for row in rows { Self.write(row, to: &writer) }
            rowsLeft -= Int64(rows.count)
            wroteRows = !rows.isEmpty
            self.position = page.next
        }
        if rowsLeft == 0 {
            writer.endArray()
            writer.endObject()
            isEnded = true
        }
        return writer.take()
    }

    private static func write(_ scan: CountedScan, to writer: inout JSONWriter) {
        let match = StaffMatch(in: scan.personal?.meta)
        writer.object {
            // The badge of a person who was erased is gone; the scan still counts.
            $0.member("badge_id", scan.personal?.identifier.text ?? "")
            $0.member("legacy_id", match.legacyID?.text)
            $0.member("station_name", scan.station.text)
            $0.member("scanned_at") { $0.moment(microseconds: scan.occurredAt.microseconds) }
            $0.member("matched", match.isMatched)
            $0.member("business_unit", scan.unit?.text)
            $0.member("scan_source", (scan.means ?? ScanBatch.defaultMeans).text)
        }
    }
}

extension TrackAttendanceDialect {
    func export(_ visit: Visit) async throws(TrackAttendanceFailure) -> Response {
        let limit = try ExportLimit(visit.head.query)
        do {
            let export = try await operations.beginExport(of: .trackAttendance, as: visit.caller)
            let pages = ExportPages(
                export, rows: min(limit.rows ?? .max, export.total), at: operations.ambient.now(), from: operations,
                through: exportTurnstile)
            // Read before the status goes out, so that trouble with the store is still a 503.
            let first = FirstPiece(try await pages.next())
            return .json(
                .stream(
                    ByteStream {
                        if let piece = await first.take() { return piece }
                        return try await pages.next()
                    }))
        } catch let error as AttendanceError {
            throw TrackAttendanceFailure(error, in: .general)
        } catch {
            throw TrackAttendanceFailure(.unexpected(Incident(text: "export \(visit.head.requestID)")), in: .general)
        }
    }
}

/// A piece that was made in advance and is handed over once.
private actor FirstPiece {
    private var piece: [UInt8]?

    init(_ piece: [UInt8]?) {
        self.piece = piece
    }

    func take() -> [UInt8]? {
        defer { piece = nil }
        return piece
    }
}
