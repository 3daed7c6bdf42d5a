public import AttendanceCore
import DialectKit
import StrictJSON

/// One scan as a line of JSON, in both directions: what an export writes, an import reads.
public enum ScanLine {
    /// The longest line an export can write: `meta` of 10,240 letters in escapes of six bytes, and the other texts likewise.
    public static let bytesMax = 256 << 10
    static let metaMaxScalars = 10_240

    /// Why a line is no scan.
    public enum Fault: Error, Sendable, Equatable, CustomStringConvertible {
        case overlong
        /// What is wrong with it as JSON.
        case notJSON(String)
        /// The field, and what is wrong with it.
        case field(String, String)

        /// A sentence for people. It holds nothing of the line but perhaps a member's name.
        public var description: String {
            switch self {
            case .overlong: "it has more than \(ScanLine.bytesMax) bytes"
            case .notJSON(let why): why
            case .field(let name, let why): "\(name) \(why)"
            }
        }
    }

    /// Writes one scan and the line's end.
    ///
    /// Members without a value are left out. A scan whose person was erased has neither badge nor reference, and cannot be
    /// read again.
    public static func append(_ scan: CountedScan, to bytes: inout [UInt8]) {
        bytes += JSONWriter.object {
            $0.member("scanned_at") { $0.moment(microseconds: scan.occurredAt.microseconds, precision: .microseconds) }
            $0.member("station", scan.station.text)
            if let unit = scan.unit { $0.member("unit", unit.text) }
            if let means = scan.means { $0.member("means", means.text) }
            guard let personal = scan.personal else { return }
            $0.member("badge", personal.identifier.text)
            if let staffCode = personal.staffCode { $0.member("staff_code", staffCode.text) }
            if let reference = personal.reference { $0.member("reference", reference.text) }
            // Kept remarks are JSON as the writer writes it.
            if let meta = personal.meta { $0.member("meta") { $0.json(Array(meta.text.utf8)) } }
        }
        bytes.append(UInt8(ascii: "\n"))
    }

    /// - Returns: Nil for a line without anything, or with blanks only.
    public static func claim(_ line: LineReader.Line) throws(Fault) -> Claim? {
        guard case .bytes(let bytes) = line else { throw .overlong }
        guard !bytes.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }) else { return nil }
        let scan: JSONValue
        do throws(JSONError) {
            scan = try JSONDocument(parsing: bytes, duplicates: .refuse).root
        } catch {
            throw .notJSON("\(error)")
        }
        guard scan.members != nil else { throw .notJSON("it is no JSON object") }
        try refuseUnknownMembers(scan)
        var reader = FieldReader()
        let occurredAt = reader.required("scanned_at", of: scan, as: .moment())
        let station = reader.required("station", of: scan, as: .text(1...128))
        let unit = reader.optional("unit", of: scan, as: .text(1...256))
        let means = reader.optional("means", of: scan, as: .text(1...32))
        let badge = reader.required("badge", of: scan, as: .text(1...128))
        let staffCode = reader.optional("staff_code", of: scan, as: .text(1...512))
        let reference = reader.required("reference", of: scan, as: .text(1...128))
        let meta = reader.optional("meta", of: scan, as: .remarks)
        if let violation = reader.violations.first { throw Fault(violation) }
        guard let occurredAt, let station, let badge, let reference else {
            preconditionFailure("what is missing has been noted")
        }
        return Claim(
            kind: .scan, source: .trackAttendance, occurredAt: Instant(microseconds: occurredAt), station: WireText(station),
            unit: unit.map { WireText($0) }, means: means.map { WireText($0) },
            personal: PersonalPart(
                identifierKind: .badge, identifier: WireText(badge), staffCode: staffCode.map { WireText($0) },
                reference: WireText(reference), meta: meta))
    }

    private static let members: Set<WireText> = [
        "scanned_at", "station", "unit", "means", "badge", "staff_code", "reference", "meta",
    ]

    /// A member that nobody reads is a member that would get lost.
    private static func refuseUnknownMembers(_ scan: JSONValue) throws(Fault) {
        for member in scan.members.map(Array.init) ?? [] where !members.contains(WireText(member.name)) {
            throw .field(member.name, "is no field of a scan")
        }
    }
}

extension ScanLine.Fault {
    fileprivate init(_ violation: Violation) {
        let why =
            switch violation.reason {
            case .missing: "is missing"
            case .null: "is null"
            case .wrongType(.object): "is no object"
            case .wrongType: "is no text"
            case .tooShort: "is empty"
            case .tooLong(let max): "has more than \(max) characters"
            case .containsNUL: "holds U+0000"
            case .badMoment: "is no moment such as 2026-02-12T08:00:00.000000Z"
            default: "is not what was expected"
            }
        self = .field(violation.path.joined(), why)
    }
}

/// Remarks: an object, kept as compact JSON.
private struct RemarksReading: FieldReading {
    func read(_ value: JSONValue) throws(ViolationReason) -> WireText {
        guard value.members != nil else { throw .wrongType(expected: .object) }
        guard !Self.containsNUL(value) else { throw .containsNUL }
        let text = WireText(value.compactText)
        guard text.scalarCount <= ScanLine.metaMaxScalars else { throw .tooLong(max: ScanLine.metaMaxScalars) }
        return text
    }

    private static func containsNUL(_ value: JSONValue) -> Bool {
        if let members = value.members { return members.contains { $0.name.utf8.contains(0) || containsNUL($0.value) } }
        if let items = value.items { return items.contains { containsNUL($0) } }
        return value.containsNUL
    }
}

extension FieldReading where Self == RemarksReading {
    fileprivate static var remarks: Self { RemarksReading() }
}
