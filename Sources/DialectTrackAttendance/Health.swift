import AttendanceCore
import DialectKit
import HTTPMessages
import StrictJSON

extension TrackAttendanceDialect {
    /// Kiosks give the health check up after 1.5 s by default, so the store gets less.
    static let healthPatience: Duration = .seconds(1)

    /// Tells that the server is there, and the epoch of the last clear.
    ///
    /// A kiosk that sees another epoch than before deletes its scans, those not yet sent included. So an epoch that cannot
    /// be read is null, which kiosks ignore, and never a substitute. Source: contract §4.
    func tellHealth(_ head: RequestHead, _ site: Site) async throws(TrackAttendanceFailure) -> Response {
        if site.isShared, head.asksForHTML {
            var response = redirectToPage(status: 303)
            response.headers.append("Vary", "Accept")
            return response
        }
        return health(epoch: await readEpoch(in: site.tenant.id).value, at: site)
    }

    /// The same where the epoch was read a moment ago.
    func tellHealthAtOnce(_ head: RequestHead, _ site: Site) -> Response? {
        if site.isShared, head.asksForHTML { return nil }
        return operations.leasedClearEpoch(of: .trackAttendance, in: site.tenant.id).map { health(epoch: $0, at: site) }
    }

    private func health(epoch: WireText?, at site: Site) -> Response {
        .json {
            $0.member("status", "ok")
            $0.member("service", "Track Attendance API")
            $0.member("version", configuration.version)
            $0.member("clear_epoch", epoch?.text)
            $0.member("timestamp") { $0.moment(microseconds: operations.ambient.now().microseconds) }
            // What clients of the other contracts look for at the root that they share. Source: design §4.
            if site.isShared {
                $0.member("message", "Muster")
                $0.member("docs", "/docs")
                $0.member("health", "/health")
            }
        }
    }

    /// Tells whether the store can be read; the status says it too, for probes that look at nothing else.
    func tellStoreHealth(_ head: RequestHead, _ site: Site) async throws(TrackAttendanceFailure) -> Response {
        switch await readEpoch(in: site.tenant.id) {
        case .read:
            return .json {
                $0.member("ok", true)
                $0.member("db", "connected")
            }
        case .unreadable: throw .storeOutOfReach
        }
    }

    private enum EpochReading: Sendable {
        case read(WireText?)
        case unreadable

        var value: WireText? {
            switch self {
            case .read(let epoch): epoch
            case .unreadable: nil
            }
        }
    }

    private func readEpoch(in tenant: TenantID) async -> EpochReading {
        let operations = operations
        let reading = await firstAnswer(within: Self.healthPatience) { () async -> EpochReading in
            do throws(AttendanceError) {
                return .read(try await operations.clearEpoch(of: .trackAttendance, in: tenant))
            } catch {
                // The health answer is the report of this error; /healthz makes it a status.
                return .unreadable
            }
        }
        return reading ?? .unreadable
    }
}
