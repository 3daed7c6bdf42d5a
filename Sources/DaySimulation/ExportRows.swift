import StrictJSON

/// Finds the rows of an export in its bytes as they come, so that an export of any length needs the memory of one row.
struct ExportRows {
    /// A row is some hundred bytes; the longest texts of the contract make a few thousand.
    static let rowBytesMax = 1 << 16

    private var depth = 0
    private var isInString = false
    private var isEscaped = false
    private var row: [UInt8] = []
    /// The answer without its rows.
    private var frame: [UInt8] = []
    private var rowCount: Int64 = 0
    /// Something in it is no row; nothing more is looked at.
    private(set) var isUnreadable = false

    /// Takes the next piece and returns the rows that it completes.
    mutating func take(_ piece: [UInt8]) -> [LedgerRow] {
        var rows: [LedgerRow] = []
        for byte in piece where !isUnreadable {
            // Rows are the objects in the array of the one object: what is deeper than two levels.
            let isRow = depth > 2 || depth == 2 && byte == UInt8(ascii: "{")
            if isRow {
                row.append(byte)
            } else if depth < 2 || byte == UInt8(ascii: "]") {
                frame.append(byte)
            }
            follow(byte)
            if isRow, depth == 2 {
                rowCount += 1
                if let found = Self.read(row) { rows.append(found) } else { isUnreadable = true }
                row.removeAll(keepingCapacity: true)
            }
            if row.count > Self.rowBytesMax || frame.count > Self.rowBytesMax { isUnreadable = true }
        }
        return rows
    }

    /// Whether everything that the answer has promised has come.
    var isWhole: Bool {
        guard !isUnreadable, depth == 0, let root = try? JSONDocument(parsing: frame, duplicates: .takeLast).root else {
            return false
        }
        return root["total_records"]?.number?.int64 == rowCount
    }

    private mutating func follow(_ byte: UInt8) {
        if isInString {
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                isInString = false
            }
            return
        }
        switch byte {
        case UInt8(ascii: "\""): isInString = true
        case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
        default: break
        }
    }

    private static func read(_ bytes: [UInt8]) -> LedgerRow? {
        guard let row = try? JSONDocument(parsing: bytes, duplicates: .takeLast).root, let badge = row["badge_id"]?.string,
            let station = row["station_name"]?.string, let moment = row["scanned_at"]?.string
        else { return nil }
        return LedgerRow(badge: badge, station: station, scannedAt: moment)
    }
}
