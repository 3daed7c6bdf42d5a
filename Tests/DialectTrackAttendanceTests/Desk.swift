import AttendanceCore
import DialectKit
import DialectTrackAttendance
import HTTPMessages
import SQLStorage
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
    private let asked: AskedDialect

    /// Over a store that cannot be reached.
    init(
        closedLimit: Int = 0, publicLimit: Int = 0, isShared: Bool = false,
        tenant: Tenant? = nil
    ) async throws {
        let store = try await StoreUnderTest.closed().store
        try self.init(
            store: store, sealer: store.sealer, clock: TestClock(), closedLimit: closedLimit, publicLimit: publicLimit,
            isShared: isShared, tenant: tenant)
    }

    init(
        store: any Store, sealer: Sealer, clock: TestClock, closedLimit: Int = 0, publicLimit: Int = 0,
        isShared: Bool = false,
        tenant: Tenant? = nil
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
        asked = try AskedDialect(dialect, at: .alone(tenant: tenant, isShared: isShared))
    }

    /// Over a store that is there.
    init(_ subject: StoreUnderTest, tenant: Tenant? = nil) throws {
        try self.init(
            store: subject.store, sealer: subject.operations.sealer, clock: subject.clock,
            tenant: tenant)
    }

    /// Answers a step of a golden case.
    func answer(_ request: GoldenRequest) async throws -> GoldenAnswer {
        let head = try #require(RequestHead(method: request.method, target: request.target, headers: request.headers))
        let answer = try await Answer(asked.answer(head, request.body))
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
        return try await Answer(asked.answer(head, Array(body.utf8)))
    }
}

extension Answer {
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
