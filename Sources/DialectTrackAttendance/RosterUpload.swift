public import AttendanceCore
import DialectKit
import HTTPMessages
import StrictJSON

/// The body of `POST /v1/roster/summary`: how many people are registered per business unit.
struct RosterUpload: Sendable {
    static let unitsMax = 200
    /// The largest integer that every JSON reader of the contract's clients prints exactly.
    static let registeredMax = 9_007_199_254_740_991
    private static var registered: IntegerReading { .integer(0...registeredMax, alsoTaking: [.wholeNumbers, .text]) }

    let units: [RosterSummary.Unit]

    init(_ body: JSONValue?) throws(TrackAttendanceFailure) {
        var reader = FieldReader()
        guard let body else { throw .validation([Violation(path: JSONPath(), reason: .wrongType(expected: .object))]) }
        guard let object = reader.value(body, as: .object),
            let items = reader.required("business_units", of: object, as: .array(0...Self.unitsMax))
        else { throw .validation(reader.violations) }

        var units: [RosterSummary.Unit] = []
        var names: Set<WireText> = []
        for item in items where reader.value(item, as: .object) != nil {
            let name = reader.required("name", of: item, as: .text(0...256, others: .asJavaScript)).map { WireText($0) }
            let registered = reader.required("registered", of: item, as: Self.registered)
            if let name, !names.insert(name).inserted { reader.refuse("name", of: item, .duplicate) }
            if let name, let registered { units.append(RosterSummary.Unit(name: name, registered: Int64(registered))) }
        }
        guard reader.isClean else { throw .validation(reader.violations) }
        self.units = units
    }
}

extension RosterSummary {
    /// The summary of these units with the digest that a kiosk computes too, to see whether it has to upload.
    ///
    /// Each unit as `name:registered`, these texts sorted by code point and joined with `|`; of the SHA-256 over the UTF-8
    /// bytes the first 16 hexadecimal digits. Source: contract §3.5.
    public static func trackAttendance(_ units: [Unit], sha256: ([UInt8]) -> Digest) -> RosterSummary {
        let texts = units.map { WireText("\($0.name):\($0.registered)") }.sorted()
        let digest = sha256(Array(texts.map(\.text).joined(separator: "|").utf8))
        return RosterSummary(fingerprint: WireText(String(digest.description.prefix(16))), units: units)
    }
}

extension TrackAttendanceDialect {
    func takeRoster(_ visit: Visit, _ body: JSONValue?) async throws(TrackAttendanceFailure) -> Response {
        let upload = try RosterUpload(body)
        let summary = RosterSummary.trackAttendance(upload.units, sha256: operations.ambient.sha256)
        do throws(AttendanceError) {
            let wasWritten = try await operations.replaceRoster(with: summary, as: visit.caller)
            return .json {
                $0.member("saved", summary.units.count)
                $0.member("skipped", !wasWritten)
                $0.member("hash", summary.fingerprint.text)
            }
        } catch {
            throw TrackAttendanceFailure(error, in: .general)
        }
    }

    func tellRosterHash(_ visit: Visit) async throws(TrackAttendanceFailure) -> Response {
        do throws(AttendanceError) {
            let fingerprint = try await operations.rosterFingerprint(as: visit.caller)
            return .json { $0.member("hash", fingerprint?.text) }
        } catch {
            throw TrackAttendanceFailure(error, in: .general)
        }
    }
}
