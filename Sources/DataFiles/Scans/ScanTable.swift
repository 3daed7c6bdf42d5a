public import AttendanceCore
import DialectKit

/// Scans as a table for spreadsheets. It is made for people: what stands in it is not read again.
public struct ScanTable: Sendable {
    private var writer = CSVWriter()

    /// Begins with the headings.
    public init() {
        writer.row(["scanned_at", "station", "unit", "means", "badge", "staff_code", "reference", "meta"])
    }

    public mutating func append(_ scan: CountedScan) {
        writer.row([
            Moment.text(scan.occurredAt.microseconds, precision: .microseconds), scan.station.text, scan.unit?.text ?? "",
            scan.means?.text ?? "", scan.personal?.identifier.text ?? "", scan.personal?.staffCode?.text ?? "",
            scan.personal?.reference?.text ?? "", scan.personal?.meta?.text ?? "",
        ])
    }

    /// Hands over what was written so far.
    public mutating func take() -> [UInt8] { writer.take() }
}
