import AttendanceCore
import DialectKit
import HTTPMessages
import StrictJSON

/// The query of `GET /v1/scans/check-duplicate`, asked before a scan while an operator waits.
struct DuplicateQuestion: Sendable {
    static let minutesDefault = 5
    /// The bound that kiosks have for their own setting. Source: contract D1.
    static let minutes = 1...1_440

    let badge: WireText
    let windowMinutes: Int64
    /// The asking station; nil where all stations count.
    let excludedStation: WireText?

    init(_ query: [(name: String, value: String)]) throws(TrackAttendanceFailure) {
        func first(_ name: String) -> String? { query.first { $0.name == name }?.value }
        let badge = JavaScript.trimmed(first("badge_id") ?? "")
        guard !badge.isEmpty else { throw .sentence("badge_id is required") }
        self.badge = WireText(badge)
        let minutes = first("window_minutes").flatMap { JavaScript.clampedInteger(beginning: $0) } ?? Self.minutesDefault
        windowMinutes = Int64(min(max(minutes, Self.minutes.lowerBound), Self.minutes.upperBound))
        let station = WireText(JavaScript.trimmed(first("exclude_station") ?? ""))
        excludedStation = StationName.isPossible(station) ? station : nil
    }
}

extension TrackAttendanceDialect {
    func answerDuplicateQuestion(_ visit: Visit) async throws(TrackAttendanceFailure) -> Response {
        let question = try DuplicateQuestion(visit.head.query)
        let found: (station: WireText, occurredAt: Instant)?
        do throws(AttendanceError) {
            found = try await operations.newestScan(
                ofBadge: question.badge, source: .trackAttendance, withinMinutes: question.windowMinutes,
                notAt: question.excludedStation, as: visit.caller)
        } catch {
            throw TrackAttendanceFailure(error, in: .general)
        }
        return .json {
            $0.member("duplicate", found != nil)
            guard let found else { return }
            $0.member("badge_id", question.badge.text)
            $0.member("station_name", found.station.text)
            $0.member("scanned_at") { $0.moment(microseconds: found.occurredAt.microseconds) }
        }
    }
}
