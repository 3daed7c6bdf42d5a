internal import CXLSXWriter
import Dispatch
internal import Glibc

/// What a spreadsheet keeps in a cell. A text stays a text, whatever it begins with.
public enum SheetCell: Sendable, Equatable {
    case empty
    case text(String)
    /// Shown without decimals.
    case count(Int64)
    /// Shown with two decimals.
    case hundredths(Int64)
    /// Days since 1970-01-01, shown as `YYYY-MM-DD`.
    case day(Int64)
    /// Seconds from midnight, shown as `HH:MM:SS`.
    case timeOfDay(Int64)
}

/// A column: what stands above it, and how many letters wide it is shown.
public struct SheetColumn: Sendable {
    public let title: String
    public let width: Double
    /// How the row at the end shows the column's sum; nil for none.
    public let total: Total?

    /// How a sum is shown.
    public enum Total: Sendable {
        case count
        case hundredths
    }

    public init(_ title: String, width: Double, total: Total? = nil) {
        self.title = title
        self.width = width
        self.total = total
    }
}

/// Why there is no workbook.
public enum SheetFault: Error, Sendable, Equatable {
    /// More rows than a sheet can have; see ``Workbook/rowsMax``.
    case tooManyRows
    /// As many are made as may be, and as many wait; see ``WorkbookPlaces``.
    case busy
    /// The library or the file system refused, with the library's number for it.
    case failed(Int)
}

/// A workbook of one sheet in the format of Excel 2007 (ECMA-376): a head row that stays in sight, rows, and a row of totals.
///
/// Rows are written as they come, into a file that has no name and is gone when the workbook is; memory does not grow with
/// them. All of it happens on a queue of the workbook's own, since files are waited for.
public actor Workbook {
    /// A sheet has 1,048,576 rows, of which the head and the totals take one each.
    public static let rowsMax = 1_048_574
    /// What a cell holds at most, in characters as spreadsheets count them. Longer texts are cut.
    public static let textUnitsMax = 32_767
    private static let pieceBytesMax = 64 << 10

    private let queue = WorkbookQueue()
    private let columns: [SheetColumn]
    private var sums: [Int64]
    private var rows = 0
    private var writer: SheetWriter?
    private var file: SheetFile?
    /// Held until there is nothing of the workbook any more.
    private let place: WorkbookPlace?

    public nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe queue.asUnownedSerialExecutor() }

    /// - Parameters:
    ///   - sheet: At most 31 letters, none of `[]:*?/\`.
    ///   - directory: For the files while they are made; as much room as the workbook takes, twice.
    public init(sheet: String, columns: [SheetColumn], in directory: String) throws(SheetFault) {
        try self.init(sheet: sheet, columns: columns, in: directory, at: nil)
    }

    init(sheet: String, columns: [SheetColumn], in directory: String, at place: WorkbookPlace?) throws(SheetFault) {
        self.place = place
        self.columns = columns
        sums = Array(repeating: 0, count: columns.count)
        writer = try SheetWriter(sheet: sheet, columns: columns, in: directory)
    }

    /// - Precondition: Each row has as many cells as there are columns, and ``finish()`` was not called.
    public func append(_ rows: [[SheetCell]]) throws(SheetFault) {
        guard let writer else { preconditionFailure("a finished workbook takes no rows") }
        for row in rows {
            precondition(row.count == columns.count, "a cell for each column")
            guard self.rows < Self.rowsMax else { throw .tooManyRows }
            self.rows += 1
            for (place, cell) in row.enumerated() {
                try writer.write(cell, row: self.rows, column: place)
                switch cell {
                case .count(let value), .hundredths(let value): sums[place] += value
                default: break
                }
            }
        }
    }

    /// Ends the rows. From here on the workbook can be read.
    /// - Parameter label: What stands in the first cell of the row of totals.
    public func finish(total label: String) throws(SheetFault) {
        guard let writer else { preconditionFailure("a workbook is finished once") }
        self.writer = nil
        try writer.writeHead(label, row: rows + 1, column: 0)
        for (place, column) in columns.enumerated() {
            if let total = column.total { try writer.writeSum(total, sums[place], row: rows + 1, column: place) }
        }
        file = try writer.finish()
    }

    /// The next bytes of the file; nil at its end.
    public func next() throws(SheetFault) -> [UInt8]? {
        guard let file else { preconditionFailure("a workbook is finished before it is read") }
        let max = Self.pieceBytesMax
        var count = 0
        let piece = unsafe [UInt8](unsafeUninitializedCapacity: max) { buffer, initialized in
            repeat { count = unsafe read(file.descriptor, buffer.baseAddress, max) } while count < 0 && errno == EINTR
            initialized = Swift.max(0, count)
        }
        guard count >= 0 else { throw .failed(Int(errno)) }
        return count == 0 ? nil : piece
    }
}
