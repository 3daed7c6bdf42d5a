import AttendanceCore
import DataFiles
import Foundation
import Testing

/// The bytes of a fixture.
func log(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: try #require(Bundle.module.url(forResource: "Logs/\(name)", withExtension: "dat"))))
}

/// The rules of a zone as the system has them.
func zone(_ name: String) throws -> ZoneRules {
    try ZoneRules(named: WireText(name), compiled: Array(try Data(contentsOf: URL(fileURLWithPath: "/usr/share/zoneinfo/\(name)"))))
}

/// What reading a whole log gives.
struct ReadLog {
    var punches: [Claim] = []
    var faults: [Int: TerminalLine.Fault] = [:]
    var empty: [Int] = []

    var details: [WireText?] { punches.map(\.detail) }
    var references: [WireText?] { punches.map(\.personal?.reference) }

    init(
        _ bytes: [UInt8], zone: ZoneRules = .utc, direction: DirectionRule = .state, numbers: NumberRule = .asWritten,
        source: WireText = "Gate", piece: Int = .max
    ) {
        var log = TerminalLog(.init(source: source, zone: zone, direction: direction, numbers: numbers))
        var lines = LineReader(bytesMax: TerminalLine.bytesMax)
        func note(_ number: Int, _ line: LineReader.Line) {
            do throws(TerminalLine.Fault) {
                if let line = try TerminalLine(line) { punches += log.take(line) } else { empty.append(number) }
            } catch {
                faults[number] = error
            }
        }
        var rest = bytes[...]
        while !rest.isEmpty {
            lines.read(Array(rest.prefix(piece)), note)
            rest = rest.dropFirst(piece)
        }
        lines.finish(note)
        punches += log.finish()
    }

    /// - Parameter lines: User number, time, and state or more, apart by commas.
    init(_ lines: String..., direction: DirectionRule = .state, numbers: NumberRule = .asWritten, zone: ZoneRules = .utc) {
        let text = lines.map { line in
            let parts = line.split(separator: ",").map(String.init)
            return "\(parts[0])\t\(parts[1])\t1\t\(parts.count > 2 ? parts[2] : "0")\t0\t0\n"
        }.joined()
        self.init(Array(text.utf8), zone: zone, direction: direction, numbers: numbers)
    }
}
