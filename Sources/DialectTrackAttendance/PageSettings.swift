import AttendanceCore
import DialectKit
import HTTPMessages
import StrictJSON

/// How often the page refreshes itself.
struct RefreshInterval: Sendable, Equatable {
    static let `default` = RefreshInterval(unchecked: 60)
    /// 0 switches the refresh off.
    static let seconds = 10...600

    let seconds: Int64

    private init(unchecked seconds: Int64) {
        self.seconds = seconds
    }

    /// What was stored; the default where nothing was.
    init(stored: Int64?) {
        self = stored.map { RefreshInterval(unchecked: $0) } ?? .default
    }

    /// Reads `{"refresh_interval":N}`. The sentence of a refusal is shown to the operator.
    init(_ body: JSONValue?) throws(TrackAttendanceFailure) {
        guard let seconds = body?["refresh_interval"].flatMap({ JavaScript.integer($0) }),
            seconds == 0 || Self.seconds.contains(seconds)
        else { throw .sentence("refresh_interval must be 0, or 10 to 600 seconds") }
        self.seconds = Int64(seconds)
    }

    var answer: Response {
        .json { $0.member("refresh_interval", seconds) }
    }
}

extension TrackAttendanceDialect {
    func tellPageSettings(_ head: RequestHead, _ site: Site) async throws(TrackAttendanceFailure) -> Response {
        do throws(AttendanceError) {
            return RefreshInterval(stored: try await operations.value(of: .refreshInterval, in: site.tenant.id)).answer
        } catch {
            throw TrackAttendanceFailure(error, in: .general)
        }
    }

    func changePageSettings(_ visit: Visit, _ body: JSONValue?) async throws(TrackAttendanceFailure) -> Response {
        let interval = try RefreshInterval(body)
        do throws(AttendanceError) {
            try await operations.set(.refreshInterval, to: interval.seconds, as: visit.caller)
        } catch {
            throw TrackAttendanceFailure(error, in: .general)
        }
        return interval.answer
    }
}
