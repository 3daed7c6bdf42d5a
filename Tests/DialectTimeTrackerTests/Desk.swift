import AttendanceCore
import DialectTimeTracker
import HTTPMessages
import Spreadsheets
import StrictJSON
import TestKit
import Testing

/// The dialect without sockets: requests go in and answers come out as an HTTP server would pass them.
struct Desk: Sendable {
    static let email: WireText = "chief@example.test"
    static let password = "Correct-Horse-42"

    let dialect: TimeTrackerDialect
    let operations: Operations
    let clock: TestClock
    private let asked: AskedDialect

    init(_ subject: StoreUnderTest, _ configuration: TimeTrackerConfiguration = .init()) throws {
        operations = subject.operations
        clock = subject.clock
        dialect = TimeTrackerDialect(operations: operations, configuration: configuration, workbooks: WorkbookPlaces(in: "/tmp"))
        asked = try AskedDialect(dialect)
    }

    /// Over a store that cannot be reached.
    static func withoutStore(_ configuration: TimeTrackerConfiguration = .init()) async throws -> Desk {
        try Desk(await .closed(), configuration)
    }

    /// Makes the admin that golden cases expect, and signs in as them.
    func signedIn() async throws -> SignedDesk {
        let draft = GrantDraft(
            email: Self.email, username: Self.email, password: Self.password, firstName: "Ada", lastName: "Chief", role: "Admin")
        _ = try await operations.createGrant(draft, of: .timeTracker, as: .commandLine(tenant: .default))
        let answer = try await ask(
            .post, "/api/auth/login/", #"{"email":"\#(Self.email)","password":"\#(Self.password)"}"#)
        return SignedDesk(desk: self, token: try #require(try Plain(answer.body)["access"]?.text))
    }

    /// Answers a step of a golden case.
    func answer(_ request: GoldenRequest) async throws -> GoldenAnswer {
        let answer = try await ask(request.method, request.target, headers: request.headers, request.body)
        return GoldenAnswer(status: answer.status, headers: answer.headers, body: answer.body)
    }

    /// Asks with a JSON body, unless the headers say otherwise.
    func ask(
        _ method: HTTPMethod, _ target: String, headers: HeaderFields = [:], _ body: String = ""
    ) async throws -> Answer {
        var headers = headers
        if headers.first("Content-Type") == nil { headers.append("Content-Type", "application/json") }
        return try await ask(method, target, headers: headers, Array(body.utf8))
    }

    func ask(
        _ method: HTTPMethod, _ target: String, headers: HeaderFields, isForwarded: Bool = false, _ body: [UInt8]
    ) async throws -> Answer {
        var headers = headers
        if headers.first("Host") == nil { headers.append("Host", "clock.example.test:8000") }
        let head = try #require(
            RequestHead(method: method, target: target, headers: headers, isAddressForwarded: isForwarded))
        return try await Answer(asked.answer(head, body))
    }
}

/// A desk at which an admin sits.
struct SignedDesk: Sendable {
    let desk: Desk
    let token: String

    var headers: HeaderFields { ["Authorization": "Bearer \(token)"] }

    func ask(
        _ method: HTTPMethod, _ target: String, headers more: HeaderFields = [:], _ body: String = ""
    ) async throws -> Answer {
        try await desk.ask(method, target, headers: HeaderFields(headers.fields + more.fields), body)
    }

    /// Makes an employee and returns the identity.
    func employee(_ code: String, name: String? = nil) async throws -> String {
        let answer = try await ask(
            .post, "/api/employees/",
            #"{"name":"\#(name ?? code)","employee_id":"\#(code)","email":"\#(code)@staff.example","department":"D","position":"P"}"#
        )
        #expect(answer.status == 201, "\(answer.text)")
        return try #require(try Plain(answer.body)["id"]?.text)
    }

    func punch(_ employee: String, _ type: String, _ moment: String) async throws -> Answer {
        try await desk.ask(
            .post, "/api/timetracking/punch/", #"{"employee_id":"\#(employee)","type":"\#(type)","timestamp":"\#(moment)"}"#)
    }
}
