@testable import Assembly
import AttendanceCore
import DialectKit
import HTTPMessages
import TestKit
import Testing

/// A contract that answers everything with its own statuses: 200 + n on its routes, 400 + n elsewhere, 500 + n for trouble.
private struct NumberedDialect: Dialect {
    let name: String
    let number: Int
    let prefixes: [String]
    let routes: [Route<Endpoint>]
    let crossOrigin: CrossOriginPolicy?
    let chapter = ReferenceChapter(title: "Numbered", "", endpoints: [])

    init(
        _ number: Int, name: String? = nil, prefixes: [String] = [], origin: String? = nil, _ routes: (HTTPMethod, String)...
    ) {
        self.name = name ?? "dialect\(number)"
        self.number = number
        self.prefixes = prefixes
        self.routes = routes.map { method, pattern in
            Route(method, pattern, Endpoint { _, _, _ in .answer(Response(status: 200 + number)) })
        }
        crossOrigin = origin.map {
            CrossOriginPolicy(origins: [$0], methods: ["GET"], requestHeaders: ["accept"], maxAgeSeconds: number)
        }
    }

    func admitUnrouted(_ head: RequestHead, allowed: [HTTPMethod], at site: Site) async -> Admission {
        .answer(Response(status: 400 + number))
    }

    func answer(to failure: TransportFailure) -> Response { Response(status: 500 + number) }
}

@Suite struct `Contracts on one listener` {
    private func withMounts(
        _ dialects: [any Dialect], isShared: Bool = true, _ body: (Mounts) async throws -> Void
    ) async throws {
        try await StoreKind.sqlite.withFreshStore { subject in
            let monitor = Monitor(
                configuration: try Configuration(environment: [:], file: nil, flags: [:]), store: subject.store,
                ambient: .test(subject.clock), writer: WriterCounts(), refusals: RefusalFigures(),
                labels: RequestCounts.Label.all(of: dialects))
            try await body(
                try Mounts(
                    dialects, home: .default, tenants: TenantDirectory(operations: subject.operations), isShared: isShared,
                    monitor: monitor))
        }
    }

    private func ask(
        _ mounts: Mounts, _ method: HTTPMethod, _ path: String, _ headers: HeaderFields = [:]
    ) async throws -> Response {
        let head = RequestHead(method: method, path: try #require(RequestPath(rawPath: path)), headers: headers)
        if let answer = mounts.answerAtOnce(to: head) { return answer }
        guard case .answer(let answer) = await mounts.admit(head) else { throw Overtaken() }
        return answer
    }

    private struct Overtaken: Error {}

    private static let one = NumberedDialect(
        1, prefixes: ["v1", "api/attendance"], (.get, "/"), (.get, "/v1/x"), (.get, "/healthz"), (.get, "/both"))
    private static let two = NumberedDialect(
        2, prefixes: ["api/auth", "api/attendance/sync"], origin: "http://two", (.get, "/api/auth/x"), (.post, "/both"))
    private static let three = NumberedDialect(3, prefixes: ["api/auth", "v1/deep"], origin: "http://three")

    @Test(
        arguments: [
            (.get, "/v1/x", 201), (.get, "/api/auth/x", 202), (.head, "/v1/x", 201), (.get, "/v1/nothing", 401),
            (.get, "/v1", 401), (.post, "/v1/x", 401), (.post, "/healthz", 401), (.get, "/api/attendance/y", 401),
            (.get, "/api/attendance/sync/y", 402), (.get, "/v1/deep/y", 403), (.put, "/api/auth/x", 402),
            // Two have the prefix, none has it, and part of a segment is none.
            (.get, "/api/auth/nothing", 404), (.get, "/nothing", 404), (.get, "/api", 404), (.get, "/v11", 404),
            // A path that two have with other methods.
            (.put, "/both", 405), (.get, "/both", 201), (.post, "/both", 202),
        ] as [(HTTPMethod, String, Int)])
    func `each answer at their own paths`(method: HTTPMethod, path: String, status: Int) async throws {
        try await withMounts([Self.one, Self.two, Self.three]) { mounts in
            let answer = try await ask(mounts, method, path)
            #expect(answer.status == status)
        }
    }

    @Test func `say together what none of them can say alone`() async throws {
        try await withMounts([Self.one, Self.two]) { mounts in
            let unknown = try await ask(mounts, .get, "/nothing")
            let told = try Plain(try unknown.bytes)
            #expect(unknown.status == 404)
            #expect(told["detail"] == .text("Not found.") && told["error"] == .text("Not Found"))
            #expect(told["message"]?.text != nil && told["statusCode"] == .number("404"))
            let other = try await ask(mounts, .put, "/both")
            #expect(other.headers.first("Allow") == "GET, HEAD, POST")
            #expect(try Plain(try other.bytes)["detail"] == .text("Method \"PUT\" not allowed."))
            for (failure, status) in [
                (.malformed("no Host"), 400), (.unavailable(retryAfterSeconds: 7), 503), (.tooSlow, 503),
            ] as [(TransportFailure, Int)] {
                let answer = mounts.answer(to: failure, rawTarget: "/v1/x")
                let told = try Plain(try answer.bytes)
                #expect(answer.status == status && told["statusCode"] == .number("\(status)"))
                #expect(told["detail"]?.text != nil && told["error"]?.text != nil && told["message"]?.text != nil)
                #expect((answer.headers.first("Retry-After") != nil) == (status == 503))
            }
        }
    }

    @Test func `are healthy together, without the store`() async throws {
        try await withMounts([Self.one, Self.two]) { mounts in
            for path in ["/health", "/t/default/health"] {
                let answer = try await ask(mounts, .get, path, ["Origin": "http://two"])
                #expect(answer.status == 200)
                #expect(try Plain(try answer.bytes)["status"] == .text("healthy"))
                #expect(try Plain(try answer.bytes)["service"]?.text != nil)
                #expect(answer.headers.first("Access-Control-Allow-Origin") == "http://two")
            }
            #expect(try await ask(mounts, .post, "/health").status == 405)
        }
    }

    @Test func `are asked before a page sends to the one that it will send to`() async throws {
        try await withMounts([Self.one, Self.two, Self.three]) { mounts in
            func allowed(_ path: String, _ method: String, from origin: String) async throws -> Bool {
                let answer = try await ask(
                    mounts, .options, path, ["Origin": origin, "Access-Control-Request-Method": method])
                // A browser goes on only where the answer is a success.
                return answer.status == 200 && answer.headers.first("Access-Control-Allow-Origin") == origin
            }
            #expect(try await allowed("/api/auth/x", "GET", from: "http://two"))
            #expect(try await !allowed("/api/auth/x", "GET", from: "http://three"))
            #expect(try await allowed("/both", "POST", from: "http://two"))
            #expect(try await !allowed("/both", "GET", from: "http://two"))
            #expect(try await allowed("/api/attendance/sync/y", "DELETE", from: "http://two"))
            #expect(try await allowed("/health", "GET", from: "http://two"))
            #expect(try await allowed("/nothing", "GET", from: "http://three"))
            // One that lets no page in answers as it does anything else.
            let closed = try await ask(mounts, .options, "/v1/x", ["Access-Control-Request-Method": "GET"])
            #expect(closed.status == 401 && closed.headers.first("Access-Control-Allow-Origin") == nil)
        }
    }

    @Test func `do not start where two have one path and nobody knows who answers`() async throws {
        await #expect(throws: RouteCollision.self) {
            try await withMounts([Self.one, NumberedDialect(4, (.get, "/v1/x"))]) { _ in }
        }
    }

    @Test(
        arguments: [
            ("application/json", 202), ("", 202), ("text/plain", 202), ("application/x-www-form-urlencoded", 205),
            ("multipart/form-data; boundary=x", 205),
        ])
    func `share the sign-in by the form of its body`(type: String, status: Int) async throws {
        let json = NumberedDialect(2, name: "timetracker", (.post, "/api/auth/login"), (.post, "/api/auth/login/"))
        let form = NumberedDialect(5, name: "face", (.post, "/api/auth/login"), (.post, "/api/auth/login/"))
        let headers: HeaderFields = type.isEmpty ? [:] : ["Content-Type": type]
        for dialects in [[json, form], [form, json]] {
            try await withMounts(dialects) { mounts in
                for path in ["/api/auth/login", "/api/auth/login/"] {
                    let answer = try await ask(mounts, .post, path, headers)
                    #expect(answer.status == status)
                }
            }
        }
        try await withMounts([json]) { mounts in
            let answer = try await ask(mounts, .post, "/api/auth/login", headers)
            #expect(answer.status == 202)
        }
    }

    @Test func `alone answers everything`() async throws {
        try await withMounts([Self.two], isShared: false) { mounts in
            #expect(try await ask(mounts, .get, "/nothing").status == 402)
            #expect(try await ask(mounts, .get, "/health").status == 402)
            #expect(try await ask(mounts, .put, "/both").status == 402)
            #expect(mounts.answer(to: .tooSlow, rawTarget: "/").status == 502)
            let preflight = try await ask(
                mounts, .options, "/nothing", ["Origin": "http://two", "Access-Control-Request-Method": "GET"])
            #expect(preflight.headers.first("Access-Control-Allow-Origin") == "http://two")
        }
    }
}

private struct NoBytes: Error {}

extension Response {
    fileprivate var bytes: [UInt8] {
        get throws {
            guard case .bytes(let bytes) = body else { throw NoBytes() }
            return bytes
        }
    }
}
