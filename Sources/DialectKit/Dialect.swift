public import AttendanceCore
public import HTTPMessages

/// One wire contract: what clients of one existing backend send, and what they must see.
///
/// A dialect turns requests into operations of the core and answers in its own wire form. No function of it throws, so no
/// failure can leave in another dialect's form.
public protocol Dialect: Sendable {
    /// Lower-case letters; names the dialect's listener (`MUSTER_LISTEN_<NAME>`) and stands in logs.
    var name: String { get }

    /// Everything the dialect answers, as data: a collision between dialects stops the start.
    var routes: [Route<Endpoint>] { get }

    /// The beginnings of paths that are this dialect's also where it has no route: `api/employees`. Of several dialects' the
    /// longest counts.
    var prefixes: [String] { get }

    /// Who else than its own pages may read the dialect's answers; nil for nobody. The dialect adds it to its own answers;
    /// preflights and what several dialects share are answered for it.
    var crossOrigin: CrossOriginPolicy? { get }

    /// What the API reference tells of the routes.
    var chapter: ReferenceChapter { get }

    /// Decides on a request to a path (or a method on it) that has no route.
    /// - Parameter allowed: The methods the path has; empty for an unknown path.
    func admitUnrouted(_ head: RequestHead, allowed: [HTTPMethod], at site: Site) async -> Admission

    /// The answer to a request that failed before a route was known.
    func answer(to failure: TransportFailure) -> Response
}

extension Dialect {
    public var prefixes: [String] { [] }

    public var crossOrigin: CrossOriginPolicy? { nil }
}

/// Where a request came in.
public struct Site: Sendable {
    /// Whose data the address leads to. It is never taken from a credential: some contracts have open paths.
    public let tenant: Tenant
    /// False on a listener that serves one dialect alone.
    public let isShared: Bool

    public init(tenant: Tenant, isShared: Bool) {
        self.tenant = tenant
        self.isShared = isShared
    }
}

/// What a route leads to: a decision on the head, which may ask for the body.
public struct Endpoint: Sendable {
    /// Decides on a head. `parameters` are the values of the pattern's `{names}`, decoded.
    public let admit: @Sendable (_ head: RequestHead, _ parameters: [String: String], _ site: Site) async -> Admission
    /// The answer where it is known without waiting for anything; asked before ``admit``. Nil where there is no such case.
    public let atOnce: (@Sendable (_ head: RequestHead, _ site: Site) -> Response?)?

    public init(
        atOnce: (@Sendable (_ head: RequestHead, _ site: Site) -> Response?)? = nil,
        admit: @escaping @Sendable (_ head: RequestHead, _ parameters: [String: String], _ site: Site) async -> Admission
    ) {
        self.atOnce = atOnce
        self.admit = admit
    }
}

/// Takes notes of what was refused; see ``AttendanceCore/Refusal``. Returns at once.
public struct RefusalNotes: Sendable {
    public let note: @Sendable (_ refusal: Refusal, _ tenant: TenantID) -> Void

    public init(note: @escaping @Sendable (_ refusal: Refusal, _ tenant: TenantID) -> Void) {
        self.note = note
    }
}
