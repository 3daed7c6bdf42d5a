public import AttendanceCore
public import DialectKit
public import HTTPMessages
import SQLStorage
import SQLiteEngine

/// A dialect without sockets: requests go in and answers come out as an HTTP server would pass them.
public struct AskedDialect: Sendable {
    public let dialect: any Dialect
    private let table: RouteTable<Endpoint>
    private let site: Site

    public init(_ dialect: any Dialect, at site: Site = .alone()) throws {
        self.dialect = dialect
        self.site = site
        table = try RouteTable(dialect.routes)
    }

    public func answer(_ head: RequestHead, _ body: [UInt8]) async -> Response {
        if let preflight = dialect.crossOrigin?.preflight(head) { return preflight }
        let admission =
            switch table.lookup(head.method, head.path) {
            case .found(let match): await match.route.handler.admit(head, match.parameters, site)
            case .otherMethods(let allowed): await dialect.admitUnrouted(head, allowed: allowed, at: site)
            case .unknown: await dialect.admitUnrouted(head, allowed: [], at: site)
            }
        switch admission {
        case .answer(let response): return response
        case .read(let maxBytes, let tooLarge, let respond):
            return body.count > maxBytes ? tooLarge : await respond(body)
        }
    }
}

extension Site {
    /// A listener of a dialect's own, of the tenant that is always there.
    public static func alone(tenant: Tenant? = nil, isShared: Bool = false) -> Site {
        Site(
            tenant: tenant ?? Tenant(id: .default, name: .default, createdAt: Instant(microseconds: 0)), isShared: isShared)
    }
}

extension RequestHead {
    /// - Parameter target: A path, and behind a `?` a query. Nil where it is no path.
    public init?(
        method: HTTPMethod, target: String, headers: HeaderFields, clientAddress: String = "127.0.0.1",
        isAddressForwarded: Bool = false
    ) {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard let path = RequestPath(rawPath: String(parts[0])) else { return nil }
        self.init(
            method: method, path: path, rawQuery: parts.count > 1 ? String(parts[1]) : "", headers: headers,
            clientAddress: clientAddress, isAddressForwarded: isAddressForwarded, requestID: "test")
    }
}

/// An answer with its body in one piece.
public struct Answer: Sendable {
    public let status: Int
    public let headers: HeaderFields
    public let body: [UInt8]

    public init(_ response: Response) async throws {
        status = response.status
        headers = response.headers
        switch response.body {
        case .bytes(let bytes): body = bytes
        case .stream(let stream):
            var pieces: [UInt8] = []
            while let piece = try await stream.next() { pieces += piece }
            body = pieces
        }
    }

    public var text: String { String(decoding: body, as: UTF8.self) }
}

extension StoreUnderTest {
    /// A real store that nobody can reach any more: what stores are in the cases where only that is asked of them.
    public static func closed() async throws -> StoreUnderTest {
        try await withTemporaryDirectory { directory in
            let subject = try StoreUnderTest(kind: .sqlite, engine: SQLiteEngine(file: directory + "/muster.sqlite"))
            await subject.store.close()
            return subject
        }
    }
}
