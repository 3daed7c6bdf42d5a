import AttendanceCore
import DialectKit
import DialectTrackAttendance
import HTTPMessages
import SQLStorage
import SQLiteEngine
import StrictJSON
import Synchronization
import TestKit
import Testing

/// The dialect without sockets: requests go in and answers come out as an HTTP server would pass them.
struct Desk: Sendable {
    static let key = "ta-example-key-0123456789abcdef"

    let dialect: TrackAttendanceDialect
    let clock: TestClock
    let refusals: NotedRefusals
    private let table: RouteTable<Endpoint>
    private let site: Site

    /// Over a store that cannot be reached.
    init(
        closedLimit: Int = 0, publicLimit: Int = 0, isShared: Bool = false,
        tenant: Tenant = Tenant(id: .default, name: .default, createdAt: Instant(microseconds: 0))
    ) async throws {
        let store = try await closedStore()
        try self.init(
            store: store, sealer: store.sealer, clock: TestClock(), closedLimit: closedLimit, publicLimit: publicLimit,
            isShared: isShared, tenant: tenant)
    }

    init(
        store: any Store, sealer: Sealer, clock: TestClock, closedLimit: Int = 0, publicLimit: Int = 0,
        isShared: Bool = false,
        tenant: Tenant = Tenant(id: .default, name: .default, createdAt: Instant(microseconds: 0))
    ) throws {
        let refusals = NotedRefusals()
        let ambient = Ambient.test(clock)
        dialect = TrackAttendanceDialect(
            operations: Operations(
                store: store, ambient: ambient, sealer: sealer, zones: .test),
            configuration: TrackAttendanceConfiguration(
                apiKey: Self.key, closedLimit: closedLimit, publicLimit: publicLimit, version: "9.9.9"),
            refusals: RefusalNotes { refusal, tenant in refusals.note(refusal, tenant) })
        self.clock = clock
        self.refusals = refusals
        table = try RouteTable(dialect.routes)
        site = Site(tenant: tenant, isShared: isShared)
    }

    /// Over a store that is there.
    init(_ subject: StoreUnderTest, tenant: Tenant? = nil) throws {
        try self.init(
            store: subject.store, sealer: subject.operations.sealer, clock: subject.clock,
            tenant: tenant ?? Tenant(id: .default, name: .default, createdAt: Instant(microseconds: 0)))
    }

    func answer(_ head: RequestHead, _ body: [UInt8]) async -> Response {
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

    /// Answers a step of a golden case.
    func answer(_ request: GoldenRequest) async throws -> GoldenAnswer {
        let head = try #require(RequestHead(method: request.method, target: request.target, headers: request.headers))
        let answer = try await Answer(answer(head, request.body))
        return GoldenAnswer(status: answer.status, headers: answer.headers, body: answer.body)
    }

    /// Asks with the key and a JSON body, unless the headers say otherwise.
    func ask(
        _ method: HTTPMethod, _ target: String, headers: HeaderFields? = nil, from address: String = "127.0.0.1",
        _ body: String = ""
    ) async throws -> Answer {
        let head = try #require(
            RequestHead(
                method: method, target: target,
                headers: headers ?? ["Authorization": "Bearer \(Self.key)", "Content-Type": "application/json"],
                clientAddress: address))
        return try await Answer(answer(head, Array(body.utf8)))
    }
}

extension RequestHead {
    init?(method: HTTPMethod, target: String, headers: HeaderFields, clientAddress: String = "127.0.0.1") {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard let path = RequestPath(rawPath: String(parts[0])) else { return nil }
        self.init(
            method: method, path: path, rawQuery: parts.count > 1 ? String(parts[1]) : "", headers: headers,
            clientAddress: clientAddress, requestID: "test")
    }
}

/// An answer with its body in one piece.
struct Answer: Sendable {
    let status: Int
    let headers: HeaderFields
    let body: [UInt8]

    init(_ response: Response) async throws {
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

    var text: String { String(decoding: body, as: UTF8.self) }

    /// A member of the body, as compact JSON.
    func member(_ name: String) throws -> String? {
        try JSONDocument(parsing: body, duplicates: .refuse).root[name]?.compactText
    }
}

final class NotedRefusals: Sendable {
    private let noted = Mutex<[Refusal]>([])

    var all: [Refusal] { noted.withLock { $0 } }

    func note(_ refusal: Refusal, _ tenant: TenantID) {
        noted.withLock { $0.append(refusal) }
    }
}

/// A real store that nobody can reach any more: what stores are in the cases where only that is asked of them.
func closedStore() async throws -> SQLStore {
    try await withTemporaryDirectory { directory in
        let subject = try StoreUnderTest(kind: .sqlite, engine: SQLiteEngine(file: directory + "/muster.sqlite"))
        await subject.store.close()
        return subject.store
    }
}
