import DataFiles

extension Command {
    /// Reads a file of rows, each of which is good.
    /// - Throws: `Failure` where the file cannot be read, or any row is bad: each of those is named with its line before.
    static func rows<Draft>(
        of path: String, bytesMax: Int,
        _ read: ([UInt8]) throws(CSVReader.Fault) -> (drafts: [Draft], faults: [CSVReader.Fault])
    ) throws -> [Draft] {
        var file = try InputFile(path)
        var bytes: [UInt8] = []
        while let piece = try file.next() {
            bytes += piece
            guard bytes.count <= bytesMax else { throw Failure("\(path) has more than \(bytesMax) bytes") }
        }
        let rows: (drafts: [Draft], faults: [CSVReader.Fault])
        do throws(CSVReader.Fault) {
            rows = try read(bytes)
        } catch {
            throw Failure("\(path), \(Terminal.harmless(error.description))")
        }
        guard rows.faults.isEmpty else {
            for fault in rows.faults { Terminal.complain("\(path), \(Terminal.harmless(fault.description))") }
            let bad = Set(rows.faults.map(\.line)).count
            throw Failure("nothing was changed: \(bad) \(bad == 1 ? "row is" : "rows are") bad")
        }
        return rows.drafts
    }
}
