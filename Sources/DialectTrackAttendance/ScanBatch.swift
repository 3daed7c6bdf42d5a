import AttendanceCore
import DialectKit
import HTTPMessages
import StrictJSON

/// The body of `POST /v1/scans/batch`.
struct ScanBatch: Sendable {
    static let eventsMax = 2_000

    /// 2,000 events whose texts are all as long as allowed, in escapes of six bytes a letter as kiosks write Thai, with the
    /// `meta` that kiosks send, have 10.3 MB. A 413 makes a kiosk give its scans up, so no batch of one may meet it.
    static let bodyMaxBytes = 16 << 20

    let claims: [Claim]

    /// Reads a whole batch, or refuses a whole batch: the fields of all events first, then the limits of all `meta`.
    init(_ body: JSONValue?) throws(TrackAttendanceFailure) {
        var reader = FieldReader()
        guard let body, let object = reader.value(body, as: .object),
            let events = reader.required("events", of: object, as: .array(0...Self.eventsMax))
        else { throw Self.refusal(of: body, reader.violations) }

        var claims: [Claim] = []
        claims.reserveCapacity(events.count)
        var metaFault: String?
        for event in events {
            let meta = Meta(of: event, &reader)
            if metaFault == nil, let limit = meta.brokenLimit { metaFault = "events/\(claims.count)/meta \(limit)" }
            // Once something is refused the claims are not used; reading goes on for what else is wrong.
            claims.append(Self.claim(event, meta, &reader))
        }
        guard reader.isClean else { throw Self.refusal(of: body, reader.violations) }
        if let metaFault {
            var failure = TrackAttendanceFailure.metaLimit(metaFault, events: claims.count)
            failure.station = Self.firstStation(of: body)
            throw failure
        }
        self.claims = claims
    }

    private static func claim(_ event: JSONValue, _ meta: Meta, _ reader: inout FieldReader) -> Claim {
        guard reader.value(event, as: .object) != nil else {
            return Claim(kind: .scan, source: .trackAttendance, occurredAt: Instant(microseconds: 0))
        }
        let reference = reader.required("idempotency_key", of: event, as: .text(1...128, others: .asJavaScript))
        let badge = reader.required("badge_id", of: event, as: .text(1...128, others: .asJavaScript))
        let station = reader.required("station_name", of: event, as: .text(1...128, others: .asJavaScript))
        let occurredAt = reader.required("scanned_at", of: event, as: .moment())
        let unit = reader.optional("business_unit", of: event, as: .text(0...256, others: .asJavaScript))
        let means = reader.optional("scan_source", of: event, as: .text(0...32, others: .asJavaScript))
        return Claim(
            kind: .scan, source: .trackAttendance, occurredAt: Instant(microseconds: occurredAt ?? 0),
            station: station.map { WireText($0) },
            unit: unit.flatMap { $0.isEmpty ? nil : WireText($0) },
            means: means.flatMap { $0.isEmpty ? nil : WireText($0) } ?? defaultMeans,
            personal: PersonalPart(
                identifierKind: .badge, identifier: WireText(badge ?? ""), staffCode: meta.staffCode,
                reference: reference.map { WireText($0) }, meta: meta.text))
    }

    /// What an event without `scan_source` means. Source: contract §3.2.
    static let defaultMeans: WireText = "manual"

    private static func refusal(of body: JSONValue?, _ violations: [Violation]) -> TrackAttendanceFailure {
        let noBody = Violation(path: JSONPath(), reason: .wrongType(expected: .object))
        var failure = TrackAttendanceFailure.validation(body == nil ? [noBody] : violations)
        if let body { failure.station = firstStation(of: body) }
        return failure
    }

    /// Where a refused batch comes from, for operators; empty where it cannot be told.
    private static func firstStation(of body: JSONValue) -> WireText {
        guard let events = body["events"]?.items, let first = events.first(where: { _ in true }),
            let name = first["station_name"]?.string, !name.utf8.contains(0), name.unicodeScalars.count <= 128
        else { return "" }
        return WireText(name)
    }
}

extension TrackAttendanceDialect {
    func recordBatch(_ visit: Visit, _ body: JSONValue?) async throws(TrackAttendanceFailure) -> Response {
        let batch = try ScanBatch(body)
        do throws(AttendanceError) {
            let outcome = try await operations.recordScans(batch.claims, as: visit.caller)
            return .json {
                $0.member("saved", outcome.saved)
                $0.member("duplicates", outcome.duplicates)
                $0.member("errors", 0)
            }
        } catch {
            var failure = TrackAttendanceFailure(error, in: .batch(events: batch.claims.count))
            failure.station = batch.claims.first?.station ?? ""
            throw failure
        }
    }
}
