import AttendanceCore
@testable import DialectTrackAttendance
import StrictJSON

/// Any bytes as the body of an upload: it is refused in words that hold nothing of it, or gives claims that are within every
/// limit the contract names.
enum Batches {
    static func run(_ input: Span<UInt8>) {
        guard let body = try? JSONDocument(parsing: input, duplicates: .takeLast).root else { return }
        do throws(TrackAttendanceFailure) {
            let claims = try ScanBatch(body).claims
            law(claims.count == body["events"]?.items?.count, "events got lost")
            for (claim, event) in zip(claims, body["events"]?.items.map(Array.init) ?? []) { check(claim, of: event) }
        } catch {
            law(error.status == 400, "a body is refused with \(error.status)")
            law(!error.reason.unicodeScalars.contains { $0.value < 0x20 }, "a reason that breaks a line of the log")
            _ = error.response
        }
    }

    private static func check(_ claim: Claim, of event: JSONValue) {
        guard let personal = claim.personal else { return law(false, "a scan of nobody") }
        func isWithin(_ text: WireText?, _ count: ClosedRange<Int>) -> Bool {
            text.map { count.contains($0.scalarCount) && !$0.text.utf8.contains(0) } ?? true
        }
        law(isWithin(personal.identifier, 1...128), "a badge outside its limits")
        law(personal.reference != nil && isWithin(personal.reference, 1...128), "a key outside its limits")
        law(claim.station != nil && isWithin(claim.station, 1...128), "a station outside its limits")
        law(isWithin(claim.unit, 1...256) && isWithin(claim.means, 1...32), "a text outside its limits")
        law(isWithin(personal.staffCode, 1...512), "an employee number outside its limits")
        if let spelled = event["badge_id"]?.string { law(personal.identifier.text.isSame(as: spelled), "another badge") }
        guard let meta = personal.meta else { return }
        law(meta.scalarCount <= Meta.textMaxScalars, "remarks outside their limits")
        guard let again = try? JSONDocument(parsing: Array(meta.text.utf8), duplicates: .refuse).root else {
            return law(false, "kept remarks are no JSON")
        }
        law(again.compactText.isSame(as: meta.text), "kept remarks are not as the writer writes them")
        law(event["meta"]?.compactText.isSame(as: meta.text) ?? false, "other remarks are kept than were sent")
        law(StaffMatch(in: meta).staffCode == personal.staffCode, "an employee number is read back as another")
    }
}
