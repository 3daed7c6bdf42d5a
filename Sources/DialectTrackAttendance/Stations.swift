import AttendanceCore
import DialectKit
import HTTPMessages
import StrictJSON

/// What the contract takes as a station's name.
enum StationName {
    static let maxScalars = 128

    /// Whether a text can be the name of a station at all. One that cannot is never looked up: PostgreSQL refuses U+0000.
    static func isPossible(_ text: WireText) -> Bool {
        !text.isEmpty && text.scalarCount <= maxScalars && !text.text.utf8.contains(0)
    }

    /// - Throws: A sentence that begins with the field's name.
    static func read(_ text: String?, field: String) throws(TrackAttendanceFailure) -> WireText {
        guard let text, !text.isEmpty else { throw .sentence("\(field) is required") }
        let name = WireText(text)
        guard name.scalarCount <= maxScalars else {
            throw .sentence("\(field) must have at most \(maxScalars) characters")
        }
        guard isPossible(name) else { throw .sentence("\(field) must not have the character U+0000") }
        return name
    }
}

/// The body of `POST /v1/stations/heartbeat`.
struct HeartbeatReport: Sendable {
    static let epochMaxScalars = 128

    let station: WireText
    let lastClearEpoch: WireText?
    let localScanCount: Int64

    init(_ body: JSONValue?) throws(TrackAttendanceFailure) {
        station = try StationName.read(body?["station_name"]?.string, field: "station_name")
        lastClearEpoch = try Self.epoch(body?["last_clear_epoch"])
        localScanCount = Self.count(body?["local_scan_count"])
    }

    private static func epoch(_ value: JSONValue?) throws(TrackAttendanceFailure) -> WireText? {
        guard let value else { return nil }
        guard let text = JavaScript.text(of: value) else { throw .sentence("last_clear_epoch must be a text") }
        guard !text.isEmpty else { return nil }
        guard text.unicodeScalars.count <= epochMaxScalars, !text.utf8.contains(0) else {
            throw .sentence("last_clear_epoch must have at most \(epochMaxScalars) characters and no U+0000")
        }
        return WireText(text)
    }

    /// An integer, or the one that a text begins with; 0 for anything else.
    private static func count(_ value: JSONValue?) -> Int64 {
        guard let value else { return 0 }
        if let text = value.string { return Int64(JavaScript.clampedInteger(beginning: text) ?? 0) }
        if let integer = JavaScript.integer(value) { return Int64(integer) }
        guard let number = value.number?.double, number == number.rounded(.towardZero) else { return 0 }
        return number < 0 ? .min : .max
    }
}

/// The body of `PUT /v1/stations/rename`.
struct RenameRequest: Sendable {
    let old: WireText
    let new: WireText

    init(_ body: JSONValue?) throws(TrackAttendanceFailure) {
        old = try StationName.read((body?["old_name"]?.string).map(JavaScript.trimmed), field: "old_name")
        new = try StationName.read((body?["new_name"]?.string).map(JavaScript.trimmed), field: "new_name")
    }
}

/// What the page and the admin panel call the state of a station. Source: contract §3.10.
enum StationState: String, Sendable {
    case ready, pending, offline

    /// A kiosk that was silent for longer counts as offline.
    static let silentMaxSeconds: Int64 = 120

    init(_ heartbeat: Heartbeat, epoch: WireText?, secondsAgo: Int64) {
        if secondsAgo > Self.silentMaxSeconds {
            self = .offline
        } else if let epoch, heartbeat.lastClearEpoch != epoch {
            self = .pending
        } else {
            self = .ready
        }
    }
}

extension TrackAttendanceDialect {
    func takeHeartbeat(_ visit: Visit, _ body: JSONValue?) async throws(TrackAttendanceFailure) -> Response {
        let report = try HeartbeatReport(body)
        do throws(AttendanceError) {
            try await operations.keepHeartbeat(
                of: report.station, lastClearEpoch: report.lastClearEpoch, localScanCount: report.localScanCount,
                as: visit.caller)
        } catch {
            throw TrackAttendanceFailure(error, in: .act)
        }
        return .json { $0.member("ok", true) }
    }

    func renameStation(_ visit: Visit, _ body: JSONValue?) async throws(TrackAttendanceFailure) -> Response {
        let request = try RenameRequest(body)
        do throws(AttendanceError) {
            let moved = try await operations.renameStation(
                request.old, to: request.new, source: .trackAttendance, as: visit.caller)
            return .json {
                $0.member("ok", true)
                $0.member("scans_updated", moved)
            }
        } catch {
            throw TrackAttendanceFailure(error, in: .act)
        }
    }

    func tellStationStatus(_ head: RequestHead, _ site: Site) async throws(TrackAttendanceFailure) -> Response {
        let overview: StationOverview
        do throws(AttendanceError) {
            overview = try await operations.stationOverview(of: .trackAttendance, in: site.tenant.id)
        } catch {
            throw TrackAttendanceFailure(error, in: .general)
        }
        var readyCount = 0
        return .json {
            $0.member("clear_epoch", overview.clearEpoch?.text)
            $0.member("stations") {
                $0.array(of: overview.heartbeats) { writer, heartbeat in
                    // The clock of another process that took the heartbeat may be ahead of ours.
                    let secondsAgo = max(0, overview.asOf.seconds(since: heartbeat.receivedAt))
                    let state = StationState(heartbeat, epoch: overview.clearEpoch, secondsAgo: secondsAgo)
                    readyCount += state == .ready ? 1 : 0
                    writer.object {
                        $0.member("station_name", heartbeat.station.text)
                        $0.member("status", state.rawValue)
                        $0.member("last_clear_epoch", heartbeat.lastClearEpoch?.text)
                        $0.member("local_scan_count", heartbeat.localScanCount)
                        $0.member("seconds_ago", secondsAgo)
                        $0.member("last_seen_at") { $0.moment(microseconds: heartbeat.receivedAt.microseconds) }
                    }
                }
            }
            $0.member("ready_count", readyCount)
            $0.member("total_count", overview.heartbeats.count)
            $0.member("timestamp") { $0.moment(microseconds: overview.asOf.microseconds) }
        }
    }
}
