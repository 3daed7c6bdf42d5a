import AttendanceCore
import HTTPMessages
import HTTPServer
import SQLStorage
import Synchronization

/// What the program says of itself: `/livez`, `/readyz`, `/metrics`, and `/healthz` where no contract has that path.
///
/// They stand beside the contracts: without their keys, limits and forms of failure, at the root of every listener.
final class Monitor: Sendable {
    /// The paths, each one segment.
    enum Path: String, CaseIterable, Sendable {
        case livez, readyz, healthz, metrics
    }

    /// How long the store's size is told before it is looked at again.
    static let sizeKeptMicroseconds: Int64 = 15_000_000
    /// How long a page waits for it. A page without it is better than none.
    static let sizePatienceMicroseconds: Int64 = 500_000

    let readiness: Readiness
    let requests: RequestCounts
    private let refusals: RefusalFigures
    private let writer: WriterCounts
    private let store: SQLStore
    private let access: MetricsGuard
    private let startedAt: Instant
    private let storeBytes: SharedReading<Int64?>
    private let listeners = Mutex<[(address: String, listener: Listener)]>([])

    /// - Parameter labels: What the requests of the contracts are counted under.
    init(
        configuration: Configuration, store: SQLStore, ambient: Ambient, writer: WriterCounts, refusals: RefusalFigures,
        labels: [RequestCounts.Label]
    ) {
        self.store = store
        self.refusals = refusals
        self.writer = writer
        startedAt = ambient.now()
        readiness = Readiness(ambient: ambient) { () async throws(AttendanceError) in try await store.schemaIsCurrent() }
        access = MetricsGuard(key: configuration.metricsKey, addresses: configuration.metricsAddresses, ambient: ambient)
        requests = RequestCounts(
            labels + Path.allCases.flatMap { path in ["GET", "HEAD"].map { .init(method: $0, pattern: "/\(path.rawValue)") } })
        storeBytes = SharedReading(
            keptMicroseconds: Self.sizeKeptMicroseconds, patienceMicroseconds: Self.sizePatienceMicroseconds,
            uptime: ambient.uptime, pause: ambient.pause
        ) {
            // Readiness reports what is wrong with the store.
            try? await store.bytesUsed()
        }
    }

    /// Names the listeners whose connections are told. Called once, when they have begun.
    func watch(_ listeners: [(address: String, listener: Listener)]) {
        self.listeners.withLock { $0 = listeners }
    }

    // MARK: Requests

    /// The answer where it needs no waiting.
    func answerAtOnce(to head: RequestHead, at path: Path) -> Response? {
        guard head.method == .get || head.method == .head else { return numbered(Self.otherMethod, head, path) }
        switch path {
        case .livez, .healthz: return numbered(Self.alive, head, path)
        case .readyz where readiness.isStopping: return numbered(Self.answer(to: .stopping), head, path)
        case .readyz, .metrics: return nil
        }
    }

    func answer(to head: RequestHead, at path: Path) async -> Response {
        if let answer = answerAtOnce(to: head, at: path) { return answer }
        switch path {
        case .livez, .healthz: return numbered(Self.alive, head, path)
        case .readyz: return numbered(Self.answer(to: await readiness.verdict()), head, path)
        case .metrics: return numbered(await figures(for: head), head, path)
        }
    }

    /// The answer where the listener takes no more requests. An overloaded process lives, and so does one that stops:
    /// whoever would kill it for that would make it worse.
    func answer(to failure: TransportFailure, at path: Path) -> Response? {
        guard case .unavailable = failure else { return nil }
        switch path {
        case .livez, .healthz: return Self.alive
        case .readyz: return Self.answer(to: readiness.isStopping ? .stopping : .overloaded)
        case .metrics: return nil
        }
    }

    private func numbered(_ response: Response, _ head: RequestHead, _ path: Path) -> Response {
        var response = response
        response.routeNumber = requests.number(.init(method: head.method.rawValue, pattern: "/\(path.rawValue)"))
        return response
    }

    private static let alive = plain(200, "ok")

    private static let otherMethod: Response = {
        var response = plain(405, "only GET and HEAD are answered here")
        response.headers.append("Allow", "GET, HEAD")
        return response
    }()

    private static func answer(to verdict: Readiness.Verdict) -> Response {
        guard let objection = verdict.objection else { return plain(200, "ready") }
        var response = plain(503, "not ready: \(objection)")
        response.headers.append("Retry-After", String(Readiness.retryAfterSeconds))
        return response
    }

    private static func plain(_ status: Int, _ line: String) -> Response {
        Response(
            status: status, headers: ["Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"],
            body: .bytes(Array((line + "\n").utf8)))
    }

    private func figures(for head: RequestHead) async -> Response {
        switch access.judge(head) {
        case .admitted:
            let bytes = await storeBytes.value() ?? storeBytes.latest ?? nil
            return Response(
                status: 200, headers: ["Content-Type": Exposition.mediaType, "Cache-Control": "no-store"],
                body: .bytes(Array(page(storeBytes: bytes).utf8)))
        case .keyWanted:
            var response = Self.plain(401, "a key is needed: Authorization: Bearer …")
            response.headers.append("WWW-Authenticate", "Bearer")
            return response
        case .closed:
            return Self.plain(403, "not from this address")
        }
    }
}

// MARK: The page

extension Monitor {
    private func page(storeBytes: Int64?) -> String {
        var page = Exposition()
        page.metric(
            "muster_build_info", .gauge, "What runs here. Always 1.", .count(1),
            ["version": Version.text, "engine": store.engineName])
        write(requests.snapshots, to: &page)
        write(listeners.withLock { $0 }, to: &page)
        write(writer.snapshot, to: &page)
        writeStore(bytes: storeBytes, to: &page)
        page.metric("muster_refusals_total", .counter, "Refused uploads, rosters and heartbeats, by what was wrong.") { series in
            for (kind, count) in refusals.snapshot.sorted(by: { $0.key < $1.key }) {
                series.add(.count(count), ["request": kind.request, "status": String(kind.status), "reason": kind.reason])
            }
        }
        writeProcess(to: &page)
        return page.text
    }

    private func write(_ routes: [RequestCounts.Snapshot], to page: inout Exposition) {
        page.metric(
            "muster_http_requests_total", .counter,
            "Finished requests, by the pattern of their route and the class of their status."
        ) { series in
            for route in routes {
                for (status, count) in route.statuses.enumerated() where count > 0 {
                    series.add(
                        .count(count),
                        [
                            "method": route.label.method, "route": route.label.pattern,
                            "status": status == 0 ? "none" : "\(status)xx",
                        ])
                }
            }
        }
        page.metric(
            "muster_http_request_duration_seconds", .histogram, "From the request line to the end of the answer."
        ) { series in
            for route in routes { series.add(route.durations, ["method": route.label.method, "route": route.label.pattern]) }
        }
        page.metric("muster_http_received_bytes_total", .counter, "Bytes of request bodies.") { series in
            for route in routes {
                series.add(.count(route.bytesIn), ["method": route.label.method, "route": route.label.pattern])
            }
        }
        page.metric("muster_http_sent_bytes_total", .counter, "Bytes of answers' bodies.") { series in
            for route in routes {
                series.add(.count(route.bytesOut), ["method": route.label.method, "route": route.label.pattern])
            }
        }
    }

    private func write(_ listeners: [(address: String, listener: Listener)], to page: inout Exposition) {
        page.metric("muster_http_requests_in_flight", .gauge, "Requests that are being handled or answered.") { series in
            for place in listeners { series.add(.count(place.listener.requestsUnderWay), ["listener": place.address]) }
        }
        page.metric("muster_http_connections_open", .gauge, "Open connections, those that lie still included.") { series in
            for place in listeners { series.add(.count(place.listener.connectionsOpen), ["listener": place.address]) }
        }
    }

    private func write(_ writer: WriterCounts.Snapshot, to page: inout Exposition) {
        page.metric("muster_writer_groups_total", .counter, "Transactions of the writer, by how they ended.") { series in
            series.add(.count(writer.committed), ["outcome": "committed"])
            series.add(.count(writer.failed), ["outcome": "failed"])
        }
        page.metric("muster_writer_group_units", .histogram, "Units of work committed together.") { $0.add(writer.units.snapshot) }
        page.metric("muster_writer_group_claims", .histogram, "Claims with a reference committed together.") {
            $0.add(writer.claims.snapshot)
        }
        page.metric("muster_writer_group_duration_seconds", .histogram, "From a transaction's beginning to its place on disk.") {
            $0.add(writer.microseconds.inSeconds)
        }
        page.metric("muster_writer_queue_units", .gauge, "Units of work that wait for the writer.", .count(store.waitingUnits))
        page.metric(
            "muster_writer_refused_units_total", .counter, "Units of work turned away because too many were waiting.",
            .count(writer.refused))
        page.metric(
            "muster_ledger_entries_appended_total", .counter, "Entries this process has appended to the ledger.",
            .count(writer.appended))
        page.metric(
            "muster_claims_duplicate_total", .counter, "Claims that had been sent before and changed nothing.",
            .count(writer.duplicates))
    }

    private func writeStore(bytes: Int64?, to page: inout Exposition) {
        let readers = store.readersInUse
        page.metric("muster_store_readers_in_use", .gauge, "Reading connections that are lent out.", .count(readers.lent))
        page.metric("muster_store_readers_waiting", .gauge, "Readers that wait for a connection.", .count(readers.waiting))
        guard let bytes else { return }
        page.metric("muster_store_size_bytes", .gauge, "What the store takes on disk.", .count(Int(bytes)))
    }

    private func writeProcess(to page: inout Exposition) {
        page.metric(
            "process_start_time_seconds", .gauge, "When the process began, in seconds since 1970.",
            .microseconds(Int(startedAt.microseconds)))
        guard let process = ProcessFigures.read() else { return }
        page.metric("process_resident_memory_bytes", .gauge, "Resident memory.", .count(process.residentBytes))
        page.metric("process_open_fds", .gauge, "Open files and sockets.", .count(process.openFiles))
        page.metric("process_max_fds", .gauge, "How many there may be.", .count(process.openFilesMax))
        page.metric(
            "process_cpu_seconds_total", .counter, "Time on processors, for the program and for the system on its behalf.",
            .microseconds(process.processorMicroseconds))
    }
}
