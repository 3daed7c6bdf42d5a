import AttendanceCore
import DialectKit
import HTTPMessages
import Synchronization

/// Who answers what at one listener: the routes of its dialects, below the addresses of its tenants.
struct Mounts: RequestHandler {
    /// In the order of their routes' ``Mounted/owner``.
    private let dialects: [any Dialect]
    /// What nobody's path leads to: the one dialect there is, or what several share.
    private let unowned: any Dialect
    private let table: RouteTable<Mounted>
    private let monitor: Monitor
    private let ownPaths: [String: Monitor.Path]
    private let reference: ReferencePages
    private let tenants: TenantDirectory
    private let home: TenantName
    private let isShared: Bool

    /// - Parameters:
    ///   - dialects: One for a listener of its own, on which it answers everything as its contract says.
    ///   - home: The tenant that answers at the root; others answer below `/t/NAME`.
    ///   - isShared: Whether several contracts are served here, also where there is only one of them so far.
    ///   - monitor: Answers for the program itself, at the root and where no dialect has the path: the contracts were there
    ///     first.
    /// - Throws: ``HTTPMessages/RouteCollision`` where two dialects claim one method and path, and no ``SharedClaim`` says
    ///   who answers.
    init(_ dialects: [any Dialect], home: TenantName, tenants: TenantDirectory, isShared: Bool, monitor: Monitor) throws {
        precondition(!dialects.isEmpty && (isShared || dialects.count == 1), "a listener serves one contract, or shares")
        let shared = isShared ? SharedAnswers(for: dialects) : nil
        self.dialects = dialects + (shared.map { [$0] } ?? [])
        unowned = shared ?? dialects[0]
        self.home = home
        self.tenants = tenants
        self.isShared = isShared
        self.monitor = monitor
        let table = try RouteTable(SharedClaim.settle(self.dialects, numberedBy: monitor.requests))
        self.table = table
        let own = Monitor.Path.allCases.filter { path in
            if case .unknown = table.lookup(.get, RequestPath(segments: [path.rawValue])) { true } else { false }
        }
        ownPaths = Dictionary(uniqueKeysWithValues: own.map { ($0.rawValue, $0) })
        reference = ReferencePages(
            chapters: SharedClaim.chapters(of: self.dialects) + [Monitor.chapter(of: own), ReferencePages.chapter],
            beforeRouting: shared == nil ? [:] : SharedAnswers.beforeRouting,
            title: shared == nil ? dialects[0].chapter.alone : nil
        ) { path in
            guard let path = RequestPath(rawPath: path.pattern), case .unknown = table.lookup(.get, path) else { return false }
            return true
        }
    }

    private func ownPath(_ path: RequestPath) -> Monitor.Path? {
        path.segments.count == 1 ? ownPaths[path.segments[0]] : nil
    }

    func answerAtOnce(to head: RequestHead) -> Response? {
        if let own = ownPath(head.path) { return monitor.answerAtOnce(to: head, at: own) }
        if let path = reference.path(of: head.path) { return answer(to: head, at: path) }
        // Below a tenant's address nothing is; there are few who ask there.
        guard home != .default || head.path.segments.first != "t", let tenant = tenants.knownTenant(named: home),
            case .found(let match) = table.lookup(head.method, head.path), let atOnce = match.route.handler.endpoint.atOnce,
            var response = atOnce(head, Site(tenant: tenant, isShared: isShared))
        else { return nil }
        response.routeNumber = match.route.handler.number(head.method)
        return response
    }

    func admit(_ head: RequestHead) async -> Admission {
        if let own = ownPath(head.path) { return .answer(await monitor.answer(to: head, at: own)) }
        var head = head
        var name = home
        // A listener bound to another tenant serves that one only: its address says who is meant.
        if home == .default, head.path.segments.count >= 2, head.path.segments[0] == "t" {
            guard let named = try? TenantName(parsing: head.path.segments[1]) else { return await unrouted(head, [], .nobody) }
            // Relative addresses of a page need the slash behind the tenant's name; a browser is sent there.
            if head.path.segments.count == 2, head.method == .get, head.asksForHTML {
                return .answer(Response(status: 302, headers: ["Location": "\(named)/"]))
            }
            name = named
            head.path = head.path.dropping(2)
        }
        let tenant: Tenant?
        do {
            tenant = try await tenants.tenant(named: name)
        } catch {
            return .answer(answer(to: .unavailable(retryAfterSeconds: 2), rawTarget: ""))
        }
        guard let tenant else { return await unrouted(head, [], .nobody) }
        let site = Site(tenant: tenant, isShared: isShared)
        if let preflight = preflight(head) { return .answer(preflight) }
        switch table.lookup(head.method, head.path) {
        case .found(let match):
            let mounted = match.route.handler
            return await mounted.endpoint.admit(head, match.parameters, site).numbered(mounted.number(head.method))
        case .otherMethods(let allowed): return await unrouted(head, allowed, site)
        case .unknown: return await unrouted(head, [], site)
        }
    }

    private func answer(to head: RequestHead, at path: ReferencePages.Path) -> Response {
        var response = reference.answer(to: head, at: path)
        response.routeNumber = monitor.requests.number(.init(method: head.method.rawValue, pattern: path.pattern))
        return response
    }

    func answer(to failure: TransportFailure, rawTarget: String) -> Response {
        let path = rawTarget.prefix { $0 != "?" }.dropFirst()
        if let own = ownPaths[String(path)], let answer = monitor.answer(to: failure, at: own) { return answer }
        return unowned.answer(to: failure)
    }

    private func unrouted(_ head: RequestHead, _ allowed: [HTTPMethod], _ site: Site) async -> Admission {
        await owner(of: head.path, allowed).admitUnrouted(head, allowed: allowed, at: site)
    }

    /// What a browser is told that asks before it sends: by the policy of the route that it will send to.
    private func preflight(_ head: RequestHead) -> Response? {
        guard head.isPreflight, let wanted = head.headers.first("Access-Control-Request-Method") else { return nil }
        let owner =
            switch table.lookup(HTTPMethod(rawValue: wanted), head.path) {
            case .found(let match): dialects[match.route.handler.owner]
            case .otherMethods(let allowed): owner(of: head.path, allowed)
            case .unknown: owner(of: head.path, [])
            }
        return owner.crossOrigin?.preflight(head)
    }

    /// Whose form an answer has where no route is found: the dialect whose path it is with other methods, or the one with the
    /// longest prefix of it.
    private func owner(of path: RequestPath, _ allowed: [HTTPMethod]) -> any Dialect {
        let owners = allowed.compactMap { method -> Int? in
            if case .found(let match) = table.lookup(method, path) { match.route.handler.owner } else { nil }
        }
        if let first = owners.first { return owners.allSatisfy { $0 == first } ? dialects[first] : unowned }
        var longest = 0
        var holders: [any Dialect] = []
        for dialect in dialects {
            for prefix in dialect.prefixes {
                let segments = prefix.split(separator: "/")
                guard segments.count >= longest, path.segments.starts(with: segments, by: { $0.utf8.elementsEqual($1.utf8) })
                else { continue }
                if segments.count > longest { holders = [] }
                longest = segments.count
                holders.append(dialect)
            }
        }
        return holders.count == 1 ? holders[0] : unowned
    }
}

/// An endpoint with whose it is, and the numbers under which its requests are counted.
struct Mounted: Sendable {
    let endpoint: Endpoint
    /// The place of the dialect among those of the listener.
    let owner: Int
    private let ownNumber: Int
    /// `HEAD` is answered by the route of `GET`, and counted apart.
    private let headNumber: Int

    init(_ route: Route<Endpoint>, of owner: Int, numberedBy requests: RequestCounts) {
        endpoint = route.handler
        self.owner = owner
        ownNumber = requests.number(.init(method: route.method.rawValue, pattern: route.pattern))
        headNumber = requests.number(.init(method: HTTPMethod.head.rawValue, pattern: route.pattern))
    }

    func number(_ method: HTTPMethod) -> Int { method == .head ? headNumber : ownNumber }
}

extension RequestCounts.Label {
    /// What the requests of some dialects are counted under.
    static func all(of dialects: [any Dialect]) -> [RequestCounts.Label] {
        dialects.flatMap(\.routes).flatMap { route in
            (route.method == .get ? [route.method, .head] : [route.method]).map {
                RequestCounts.Label(method: $0.rawValue, pattern: route.pattern)
            }
        }
    }
}

extension Admission {
    /// The same, whatever is answered in the end standing under a route's number.
    fileprivate func numbered(_ number: Int) -> Admission {
        switch self {
        case .answer(var response):
            response.routeNumber = number
            return .answer(response)
        case .read(let bodyMaxBytes, var tooLarge, let respond):
            tooLarge.routeNumber = number
            return .read(bodyMaxBytes: bodyMaxBytes, tooLarge: tooLarge) { body in
                var response = await respond(body)
                response.routeNumber = number
                return response
            }
        }
    }
}

extension Site {
    /// Below an address that names no tenant. No key opens anything there, since keys are looked up in their tenant.
    fileprivate static let nobody = Site(
        tenant: Tenant(id: TenantID(rawValue: 0), name: .default, createdAt: Instant(microseconds: 0)), isShared: true)
}

/// The tenants by name. A tenant is never renamed or removed, so one that was found once is found for ever.
final class TenantDirectory: Sendable {
    private let operations: Operations
    private let known = Mutex<[TenantName: Tenant]>([:])

    init(operations: Operations) {
        self.operations = operations
    }

    /// The tenant where it was found before.
    func knownTenant(named name: TenantName) -> Tenant? {
        known.withLock { $0[name] }
    }

    /// The tenant, or nil where there is none.
    func tenant(named name: TenantName) async throws(AttendanceError) -> Tenant? {
        if let tenant = knownTenant(named: name) { return tenant }
        do {
            let tenant = try await operations.tenant(named: name)
            known.withLock { $0[name] = tenant }
            return tenant
        } catch .notFound {
            return nil
        }
    }
}
