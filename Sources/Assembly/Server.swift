import AttendanceCore
import DialectAIMS
import DialectKit
import DialectMuster
import DialectTimeTracker
import DialectTrackAttendance
import HTTPServer
import HTTPMessages
import SetupPage
import SQLStorage
import Spreadsheets
import StrictJSON
import Tokens

/// The whole graph: a store, the dialects over it, and the listeners they answer on.
final class Server: Sendable {
    /// How long a stop may take before what is left is cut off.
    static let stopWithin = Duration.seconds(8)
    /// How long a stop may take altogether, the store's last work included.
    static let endWithinSeconds = 9.5

    let listeners: [(name: String, address: Configuration.Address, listener: Listener)]
    private let store: SQLStore
    private let refusals: RefusalCollector
    private let refusalTask: Task<Void, Never>
    private let monitor: Monitor
    private let log: Log

    /// Builds everything and begins to answer.
    /// - Parameter writer: What the store's writer is counted in.
    /// - Throws: ``HTTPServer/ListenerError``, ``HTTPMessages/RouteCollision``, ``Failure`` for a listener of an unknown tenant.
    init(
        configuration: Configuration, store: SQLStore, operations: Operations, writer: WriterCounts, log: Log
    ) async throws {
        self.store = store
        self.log = log
        let refusalFigures = RefusalFigures()
        let refusals = RefusalCollector(operations: operations, figures: refusalFigures)
        self.refusals = refusals
        let trackAttendance = TrackAttendanceDialect(
            operations: operations,
            configuration: TrackAttendanceConfiguration(
                apiKey: configuration.apiKey, closedLimit: configuration.closedLimit, publicLimit: configuration.publicLimit,
                windowSeconds: configuration.windowSeconds, version: Version.text),
            refusals: refusals.notes)
        let timeTracker = TimeTrackerDialect(
            operations: operations,
            configuration: TimeTrackerConfiguration(
                debug: configuration.debug, allowedHosts: configuration.allowedHosts,
                allowedOrigins: configuration.allowedOrigins, hidesAdmins: configuration.hidesTimeTrackerAdmins),
            workbooks: WorkbookPlaces(in: configuration.temporaryDirectory))
        let aims = AIMSDialect(
            operations: operations,
            configuration: AIMSConfiguration(
                allowedOrigins: configuration.aimsOrigins, isOpenToStudents: configuration.isOpenToStudents,
                flagKey: configuration.flagKey),
            provider: configuration.identityProvider.map { settings in
                let keys = ProviderKeys.cache(of: settings, ambient: operations.ambient, log: log)
                return IdentityProvider(
                    verifier: IDTokenVerifier(settings.rules, keys: keys, now: operations.ambient.now))
            })
        let dialects: [any Dialect] = [
            trackAttendance, timeTracker, aims, MusterDialect(operations: operations), SetupDialect(operations: operations),
        ]
        let monitor = Monitor(
            configuration: configuration, store: store, ambient: operations.ambient, writer: writer,
            refusals: refusalFigures,
            labels: RequestCounts.Label.all(of: dialects + [SharedAnswers(for: dialects)]) + ReferencePages.labels)
        self.monitor = monitor
        let tenants = TenantDirectory(operations: operations)

        let places =
            configuration.sharedAddresses.map { (name: "shared", address: $0, dialects: dialects) }
            + configuration.trackAttendanceAddresses.map {
                (name: trackAttendance.name, address: $0, dialects: [trackAttendance] as [any Dialect])
            }
            + configuration.timeTrackerAddresses.map {
                (name: timeTracker.name, address: $0, dialects: [timeTracker] as [any Dialect])
            }
            + configuration.aimsAddresses.map { (name: aims.name, address: $0, dialects: [aims] as [any Dialect]) }
        guard !places.isEmpty else { throw Failure("there is nothing to listen on: MUSTER_LISTEN is off and no other is set") }
        var mounted: [(name: String, address: Configuration.Address, mounts: Mounts)] = []
        for place in places {
            guard try await tenants.tenant(named: place.address.tenant) != nil else {
                throw Failure("no tenant is called \(place.address.tenant): muster tenant create \(place.address.tenant)")
            }
            mounted.append(
                (
                    place.name, place.address,
                    try Mounts(
                        place.dialects, home: place.address.tenant, tenants: tenants, isShared: place.name == "shared",
                        monitor: monitor)
                ))
        }
        let connectionsMax = OpenFiles.connectionsMax(
            atMost: ListenerLimits().connectionsMax, limit: OpenFiles.raiseLimit(), listeners: mounted.count)
        var started: [(name: String, address: Configuration.Address, listener: Listener)] = []
        do {
            for place in mounted {
                var made = Self.listenerConfiguration(place.name, place.address, configuration, log)
                made.limits.connectionsMax = connectionsMax
                made.onFinished = { [requests = monitor.requests] figures in requests.add(figures) }
                let listener = try Listener(made, serving: place.mounts)
                started.append((place.name, place.address, listener))
            }
        } catch {
            for place in started { await place.listener.stop(within: .seconds(1)) }
            throw error
        }
        listeners = started
        monitor.watch(started.map { ("\($0.address.host):\($0.listener.port)", $0.listener) })
        refusalTask = Task { await refusals.run() }
    }

    private static func listenerConfiguration(
        _ name: String, _ address: Configuration.Address, _ configuration: Configuration, _ log: Log
    ) -> ListenerConfiguration {
        var made = ListenerConfiguration(name: name, host: address.host, port: address.port)
        made.trustedProxies = configuration.trustedProxies
        if log.writes(.info) { made.onAccess = { record in log.write(record) } }
        made.onEvent = { event in log.write(event, listener: name) }
        return made
    }

    /// Tells those who ask whether the server is ready that it is not, while it goes on serving.
    func beginStopping() {
        monitor.readiness.beginStopping()
    }

    /// Finishes what is under way, answers 503 to what comes meanwhile, and closes the store.
    func stop() async {
        beginStopping()
        await withTaskGroup { group in
            for place in listeners { group.addTask { await place.listener.stop(within: Self.stopWithin) } }
        }
        refusalTask.cancel()
        await refusalTask.value
        await refusals.store()
        await store.close()
    }
}

extension Log {
    fileprivate func write(_ record: AccessRecord) {
        write(.info, "request") { line in
            line.member("id", record.requestID)
            line.member("listener", record.listener)
            line.member("client", record.clientAddress)
            line.member("method", record.method)
            line.member("path", record.rawPath)
            line.member("status", record.status)
            line.member("bytes_in", record.bytesIn)
            line.member("bytes_out", record.bytesOut)
            line.member("duration_us", record.durationMicroseconds)
            if !record.isComplete { line.member("complete", false) }
        }
    }

    fileprivate func write(_ event: ServerEvent, listener: String) {
        switch event {
        case .connectionRefused(let client): note("connection refused: too many", listener, client: client)
        case .receiveDeadlineExceeded(let client): note("request too slow", listener, client: client)
        case .answerDeadlineExceeded(let client): note("answer too slow", listener, client: client)
        case .discardBoundExceeded(let id): note("unwanted body too long", listener, id: id)
        case .headerFieldLeftOut(let id, let name):
            write(.error, "header field left out") { line in
                line.member("listener", listener)
                line.member("id", id)
                line.member("name", name)
            }
        case .streamFailed(let id, let error):
            write(.error, "stream failed") { line in
                line.member("listener", listener)
                line.member("id", id)
                line.member("error", "\(error)")
            }
        case .stopCutOff(let count):
            write(.warning, "stop cut off requests") { line in
                line.member("listener", listener)
                line.member("count", count)
            }
        }
    }

    private func note(_ event: StaticString, _ listener: String, client: String? = nil, id: String? = nil) {
        write(.warning, event) { line in
            line.member("listener", listener)
            if let client { line.member("client", client) }
            if let id { line.member("id", id) }
        }
    }
}
