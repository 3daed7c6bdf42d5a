import AttendanceCore
@testable import DataFiles
import StrictJSON

/// Any bytes as a terminal's log: each line is a punch within every limit, is named with a reason, or holds nothing; and what
/// a log says does not depend on how its bytes come, nor on the rule for directions.
enum TerminalLogs {
    static func run(_ input: Span<UInt8>) {
        // The first byte says in which pieces the rest comes.
        guard let first = input.array.first else { return }
        let bytes = Array(input.array.dropFirst())
        let whole = read(bytes, piece: max(1, bytes.count), .state)
        let pieces = read(bytes, piece: Int(first) % 64 + 1, .state)
        law(whole == pieces, "a log is read otherwise in pieces")
        law(whole.lines == whole.punches.count + whole.faults + whole.empty, "a line got lost")
        for punch in whole.punches { check(punch) }
        let references = Set(whole.punches.compactMap { $0.personal?.reference })
        for rule in [DirectionRule.alternate, .firstLast] {
            let derived = read(bytes, piece: 64, rule)
            law(derived.punches.count == whole.punches.count, "a punch got lost while it was held")
            law(Set(derived.punches.compactMap { $0.personal?.reference }) == references, "a reference depends on the rule")
            for punch in derived.punches { check(punch) }
        }
    }

    private struct Reading: Equatable {
        var lines = 0
        var empty = 0
        var faults = 0
        var punches: [Claim] = []
    }

    private static func read(_ bytes: [UInt8], piece: Int, _ rule: DirectionRule) -> Reading {
        var log = TerminalLog(.init(source: "Gate", zone: .utc, direction: rule, numbers: .withoutLeadingZeros), heldMax: 8)
        var reader = LineReader(bytesMax: TerminalLine.bytesMax)
        var reading = Reading()
        func note(_ number: Int, _ line: LineReader.Line) {
            reading.lines += 1
            law(number == reading.lines, "a number was left out")
            if case .bytes(let bytes) = line {
                law(bytes.count <= TerminalLine.bytesMax, "a line is longer than it may be")
                law(!bytes.contains { $0 == 0x0A || $0 == 0x0D }, "a line holds its end")
            }
            do throws(TerminalLine.Fault) {
                if let line = try TerminalLine(line) { reading.punches += log.take(line) } else { reading.empty += 1 }
            } catch {
                reading.faults += 1
                law(!"\(error)".isEmpty, "a fault without words")
            }
        }
        var rest = bytes[...]
        while !rest.isEmpty {
            reader.read(Array(rest.prefix(piece)), note)
            rest = rest.dropFirst(piece)
        }
        reader.finish(note)
        reading.punches += log.finish()
        return reading
    }

    private static func check(_ punch: Claim) {
        guard let personal = punch.personal, let reference = personal.reference, let meta = personal.meta else {
            return law(false, "a punch of nobody")
        }
        law(1...TerminalLine.fieldMaxScalars ~= personal.identifier.scalarCount, "a user number outside its limits")
        law(!personal.identifier.text.utf8.contains { $0 <= 0x20 || $0 == 0x7F }, "a user number with blanks or controls")
        law(reference.text.utf8.count { $0 == 0x1F } == 6, "a reference that can be taken apart in two ways")
        law(punch.detail.flatMap { PunchDetail(parsing: $0) } != nil, "a detail that is none")
        law(CivilDate.daysSince0001 * 86_400_000_000 <= punch.occurredAt.microseconds, "a moment before all calendars")
        guard let again = try? JSONDocument(parsing: Array(meta.text.utf8), duplicates: .refuse).root else {
            return law(false, "kept fields are no JSON")
        }
        law((again["fields"]?.items?.count ?? 0) >= 6, "fields got lost")
        law(again.compactText.isSame(as: meta.text), "kept fields are not as the writer writes them")
    }
}
