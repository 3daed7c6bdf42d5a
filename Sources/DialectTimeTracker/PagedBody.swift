import AttendanceCore
import HTTPMessages
import StrictJSON

/// How the rows of an answer become its bytes, page by page.
protocol RowFormat<Row>: Sendable {
    associatedtype Row: Sendable
    /// What stands before the first row.
    mutating func begin() -> [UInt8]
    mutating func page(_ rows: [Row]) -> [UInt8]
    /// What stands behind the last row.
    mutating func end() -> [UInt8]
}

/// An answer that is made while it is taken: one page of rows in memory, however many there are.
actor PagedBody<Format: RowFormat> {
    typealias Pages = @Sendable () async throws(AttendanceError) -> [Format.Row]?

    private enum Stage {
        case beginning([Format.Row]?)
        case middle
        case done
    }

    private var format: Format
    private let pages: Pages
    private var stage: Stage

    /// Reads the first page, so that trouble with the store is still an answer of its own.
    init(_ format: Format, _ pages: @escaping Pages) async throws(AttendanceError) {
        self.format = format
        self.pages = pages
        stage = .beginning(try await pages())
    }

    func next() async throws -> [UInt8]? {
        switch stage {
        case .beginning(let first):
            let head = format.begin()
            guard let first else {
                stage = .done
                return head + format.end()
            }
            stage = .middle
            return head + format.page(first)
        case .middle:
            while let rows = try await pages() {
                // A page can lose all its rows to members who have gone; an empty piece says nothing.
                if !rows.isEmpty { return format.page(rows) }
            }
            stage = .done
            return format.end()
        case .done:
            return nil
        }
    }

    nonisolated var body: ResponseBody {
        .stream(ByteStream { try await self.next() })
    }
}

/// A JSON array of rows.
struct JSONRows<Row: Sendable>: RowFormat {
    let write: @Sendable (Row, inout JSONWriter) -> Void
    private var writer = JSONWriter()

    init(_ write: @escaping @Sendable (Row, inout JSONWriter) -> Void) {
        self.write = write
    }

    mutating func begin() -> [UInt8] {
        writer.beginArray()
        return writer.take()
    }

    mutating func page(_ rows: [Row]) -> [UInt8] {
        for row in rows { write(row, &writer) }
        return writer.take()
    }

    mutating func end() -> [UInt8] {
        writer.endArray()
        return writer.take()
    }
}
