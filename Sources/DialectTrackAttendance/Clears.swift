import AttendanceCore
import DialectKit
import HTTPMessages
import StrictJSON

/// The header that has to be there, exactly so, before something is cleared.
enum Confirmation: String, Sendable {
    case allScans = "DELETE ALL SCANS"
    case stationScans = "DELETE STATION SCANS"

    static let header = "X-Confirm-Delete"

    func require(in head: RequestHead) throws(TrackAttendanceFailure) {
        guard head.headers.all(Self.header) == [rawValue] else {
            throw .unconfirmed(header: Self.header, value: rawValue)
        }
    }
}

extension TrackAttendanceDialect {
    func clearAll(_ visit: Visit) async throws(TrackAttendanceFailure) -> Response {
        try Confirmation.allScans.require(in: visit.head)
        do throws(AttendanceError) {
            let outcome = try await operations.clearScans(of: .trackAttendance, as: visit.caller)
            return .json {
                $0.member("ok", true)
                $0.member("deleted", outcome.deleted)
                $0.member("clear_epoch", outcome.epoch.text)
                $0.member("message", "Cleared \(outcome.deleted) scans of all stations")
                $0.member("timestamp") { $0.moment(microseconds: operations.ambient.now().microseconds) }
            }
        } catch {
            throw TrackAttendanceFailure(error, in: .act)
        }
    }

    /// The name is compared exactly and not trimmed: kiosks send their own name as it is.
    func clearStation(_ visit: Visit) async throws(TrackAttendanceFailure) -> Response {
        try Confirmation.stationScans.require(in: visit.head)
        // What is deleted has to be what was meant, and not a name that was mended on the way.
        guard visit.head.queryIsText else { throw .sentence("station is not UTF-8 text") }
        let named = visit.head.query.filter { $0.name == "station" }
        guard named.count == 1, !named[0].value.isEmpty else { throw .sentence("station is required, once") }
        let station = WireText(named[0].value)
        let deleted: Int64
        do throws(AttendanceError) {
            // No station has such a name, so there is nothing to clear.
            deleted =
                StationName.isPossible(station)
                ? try await operations.clearScans(ofStation: station, source: .trackAttendance, as: visit.caller) : 0
        } catch {
            throw TrackAttendanceFailure(error, in: .act)
        }
        return .json {
            $0.member("ok", true)
            $0.member("deleted", deleted)
            $0.member("station", station.text)
            $0.member("message", "Cleared \(deleted) scans of one station")
            $0.member("timestamp") { $0.moment(microseconds: operations.ambient.now().microseconds) }
        }
    }
}
