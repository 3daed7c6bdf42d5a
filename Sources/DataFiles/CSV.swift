/// Writes rows of comma-separated values. Source: RFC 4180; lines end with CR LF.
///
/// A cell that a spreadsheet would take for a formula gets an apostrophe in front: whoever opens the file must not run what
/// a badge says. Source: OWASP, "CSV Injection".
struct CSVWriter: Sendable {
    private(set) var bytes: [UInt8] = []

    mutating func row(_ cells: [String]) {
        for (place, cell) in cells.enumerated() {
            if place > 0 { bytes.append(UInt8(ascii: ",")) }
            append(cell)
        }
        bytes += [UInt8(ascii: "\r"), UInt8(ascii: "\n")]
    }

    private mutating func append(_ cell: String) {
        let first = cell.utf8.first
        let isFormula = first.map { "=+-@\t\r".utf8.contains($0) } ?? false
        let needsQuotes = cell.utf8.contains { "\",\r\n".utf8.contains($0) } || first == UInt8(ascii: " ")
        guard needsQuotes else {
            if isFormula { bytes.append(UInt8(ascii: "'")) }
            bytes += cell.utf8
            return
        }
        bytes.append(UInt8(ascii: "\""))
        if isFormula { bytes.append(UInt8(ascii: "'")) }
        for byte in cell.utf8 {
            if byte == UInt8(ascii: "\"") { bytes.append(byte) }
            bytes.append(byte)
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// Hands over what was written so far.
    mutating func take() -> [UInt8] {
        defer { bytes.removeAll(keepingCapacity: true) }
        return bytes
    }
}
