import AttendanceCore
import DialectKit
import HTTPMessages
import Synchronization

/// Who answers what at one listener: the routes of its dialects, below the addresses of its tenants.
struct Mounts: RequestHandler {
    private let dialects: [any Dialect]
    private let table: RouteTable<Endpoint>
    private let tenants: TenantDirectory
    private let home: TenantName
    private let isShared: Bool

    /// - Parameters:
    ///   - home: The tenant that answers at the root; others answer below `/t/NAME`.
    /// - Throws: ``HTTPMessages/RouteCollision`` where two dialects claim one method and path.
    init(_ dialects: [any Dialect], home: TenantName, tenants: TenantDirectory, isShared: Bool) throws {
        precondition(!dialects.isEmpty, "a listener serves somebody")
        self.dialects = dialects
        self.home = home
        self.tenants = tenants
        self.isShared = isShared
        table = try RouteTable(dialects.flatMap(\.routes))
    }

    func answerAtOnce(to head: RequestHead) -> Response? {
        // Below a tenant's address nothing is; there are few who ask there.
        guard home != .default || head.path.segments.first != "t", let tenant = tenants.knownTenant(named: home),
            case .found(let match) = table.lookup(head.method, head.path), let atOnce = match.route.handler.atOnce
        else { return nil }
        return atOnce(head, Site(tenant: tenant, isShared: isShared))
    }

    func admit(_ head: RequestHead) async -> Admission {
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
        switch table.lookup(head.method, head.path) {
        case .found(let match): return await match.route.handler.admit(head, match.parameters, site)
        case .otherMethods(let allowed): return await unrouted(head, allowed, site)
        case .unknown: return await unrouted(head, [], site)
        }
    }

    func answer(to failure: TransportFailure, rawTarget: String) -> Response {
        dialects[0].answer(to: failure)
    }

    private func unrouted(_ head: RequestHead, _ allowed: [HTTPMethod], _ site: Site) async -> Admission {
        await dialects[0].admitUnrouted(head, allowed: allowed, at: site)
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
