public import AttendanceCore
public import DialectKit
public import HTTPMessages

/// The wire contract of TrackAttendance: kiosks that upload scans, and the page that shows their totals to everybody.
///
/// Source of every shape and status: docs/dialects/trackattendance.md.
public struct TrackAttendanceDialect: Dialect {
    public let name = "trackattendance"

    public let prefixes = ["v1", "dashboard"]

    let operations: Operations
    let configuration: TrackAttendanceConfiguration
    let exportTurnstile = Turnstile(places: ExportPages.pagesAtOnceMax)
    private let gate: Gate
    private let closedLimit: RateLimit
    private let publicConfigLimit: RateLimit
    private let publicStatsLimit: RateLimit
    private let stationStatusLimit: RateLimit
    private let page: Page

    /// - Parameter refusals: Takes notes of refused uploads, rosters and heartbeats, for operators.
    public init(operations: Operations, configuration: TrackAttendanceConfiguration, refusals: RefusalNotes) {
        func limit(_ requests: Int) -> RateLimit {
            RateLimit(limit: requests, windowSeconds: configuration.windowSeconds)
        }
        self.operations = operations
        self.configuration = configuration
        closedLimit = limit(configuration.closedLimit)
        publicConfigLimit = limit(configuration.publicLimit)
        publicStatsLimit = limit(configuration.publicLimit)
        stationStatusLimit = limit(configuration.publicLimit)
        page = Page(sha256: operations.ambient.sha256)
        gate = Gate(
            credentials: TrackAttendanceCredentials(operations: operations, apiKey: configuration.apiKey),
            closedLimit: closedLimit, refusals: refusals, now: operations.ambient.now)
    }

    public var routes: [Route<Endpoint>] {
        [
            Route(.get, "/", gate.open(countedIn: nil, atOnce: tellHealthAtOnce, tellHealth)),
            Route(.get, "/healthz", gate.open(countedIn: nil, tellStoreHealth)),

            Route(.post, "/v1/scans/batch", gate.closed(Self.batchTerms, recordBatch)),
            Route(.get, "/v1/scans/check-duplicate", gate.closed(to: .upload, answerDuplicateQuestion)),
            Route(.get, "/v1/roster/hash", gate.closed(to: .upload, tellRosterHash)),
            Route(.post, "/v1/roster/summary", gate.closed(Self.rosterTerms, takeRoster)),

            Route(.get, "/v1/dashboard/stats", gate.closed(to: .dashboard, tellStats)),
            Route(.get, "/v1/dashboard/export", gate.closed(to: .dashboard, export)),
            Route(.put, "/v1/dashboard/config", gate.closed(Gate.Terms(role: .admin), changePageSettings)),
            Route(.get, "/v1/dashboard/public/config", gate.open(countedIn: publicConfigLimit, tellPageSettings)),
            Route(.get, "/v1/dashboard/public/stats", gate.open(countedIn: publicStatsLimit, tellPublicStats)),

            Route(.post, "/v1/stations/heartbeat", gate.closed(Self.heartbeatTerms, takeHeartbeat)),
            Route(.get, "/v1/stations/status", gate.open(countedIn: stationStatusLimit, tellStationStatus)),
            Route(.put, "/v1/stations/rename", gate.closed(Self.renameTerms, renameStation)),

            Route(.get, "/v1/admin/scan-count", gate.closed(to: .dashboard, tellScanCount)),
            Route(.delete, "/v1/admin/clear-scans", gate.closed(to: .admin, clearAll)),
            Route(.delete, "/v1/admin/clear-station", gate.closed(to: .admin, clearStation)),

            Route(.get, "/dashboard", gate.open(countedIn: nil, answer { _ in redirectToPage(status: 308) })),
            Route(.get, "/dashboard/", gate.open(countedIn: closedLimit, answer(page.html.answer))),
            Route(.get, "/dashboard/dashboard.css", gate.open(countedIn: nil, answer(page.css.answer))),
            Route(.get, "/dashboard/dashboard.js", gate.open(countedIn: nil, answer(page.js.answer))),
        ]
    }

    private static let batchTerms = Gate.Terms(
        role: .upload, bodyMaxBytes: ScanBatch.bodyMaxBytes, noted: "POST /v1/scans/batch", isUpload: true)
    private static let rosterTerms = Gate.Terms(role: .upload, noted: "POST /v1/roster/summary")
    private static let heartbeatTerms = Gate.Terms(role: .upload, noted: "POST /v1/stations/heartbeat")
    private static let renameTerms = Gate.Terms(role: .admin, keyPlaces: .authorizationOrAPIKeyHeader)

    /// A known path with another method is unknown too, as in the original service.
    public func admitUnrouted(_ head: RequestHead, allowed: [HTTPMethod], at site: Site) async -> Admission {
        .answer(await gate.unrouted(head, at: site))
    }

    public func answer(to failure: TransportFailure) -> Response {
        TrackAttendanceFailure(failure).response
    }

    /// An answer that needs nothing but the head.
    private func answer(_ make: @escaping @Sendable (RequestHead) -> Response) -> Gate.OpenAnswer {
        { (head: RequestHead, _: Site) async throws(TrackAttendanceFailure) -> Response in make(head) }
    }
}
