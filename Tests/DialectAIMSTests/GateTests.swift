import AttendanceCore
import DialectAIMS
import HTTPMessages
import TestKit
import Testing

@Suite struct `What stands before every endpoint` {
    @Test(arguments: [
        ("", 403, "Not authenticated"), ("Bearer", 403, "Not authenticated"), ("Bearer ", 403, "Not authenticated"),
        ("Basic YTpi", 403, "Invalid authentication credentials"), ("Bearer nonsense", 401, "Invalid token: it has not the form"),
        ("bEARER nonsense", 401, "Invalid token:"),
    ])
    func `tells what is missing of a credential`(header: String, status: Int, detail: String) async throws {
        let desk = try Desk(await .closed())
        let answer = try await desk.ask(.get, "/users/me", headers: header.isEmpty ? [:] : ["Authorization": header])
        #expect(answer.status == status && answer.text.hasPrefix(#"{"detail":"\#(detail)"#), "\(answer.text)")
        #expect((answer.headers.first("WWW-Authenticate") == "Bearer") == (status == 401))
    }

    @Test(arguments: [
        ("\"sub\":\"not-a-uuid\"", "Invalid token payload"), ("\"role\":\"root\"", "Invalid token payload"),
        ("\"role\":7", "Invalid token payload"), ("\"sub\":\"00000000-0000-4000-8000-00000000dead\"", "User not found"),
        ("\"nbf\":4102444800", "Invalid token: the token is not yet valid (nbf)"),
        ("\"sub\":\"0000000000004000800000000000DEAD\"", "User not found"),
    ])
    func `tells what is wrong with a token that the secret has signed`(claim: String, detail: String) async throws {
        try await StoreKind.sqlite.withFreshStore { subject in
            let desk = try Desk(subject)
            let given = Set(claim.split(separator: "\"").prefix(1).map(String.init))
            let usual = [
                "sub": "\"00000000-0000-4000-8000-00000000dead\"", "email": "\"a@b.example\"", "role": "\"teacher\"",
                "iat": "4102444700", "exp": "4102444900",
            ].filter { !given.contains($0.key) }.map { "\"\($0.key)\":\($0.value)" }
            let token = ForgedToken.shared(
                header: #"{"alg":"HS256"}"#, claims: "{" + (usual + [claim]).joined(separator: ",") + "}",
                secret: Array(desk.fixtures.secret.utf8))
            let answer = try await desk.ask(.get, "/users/me", headers: .bearer(token))
            #expect(answer.status == 401 && answer.text == #"{"detail":"\#(detail)"}"#, "\(answer.text)")
        }
    }

    @Test(arguments: [
        ("{", "json_invalid", #"["body",1]"#), (#"{"idToken":"é" x}"#, "json_invalid", #"["body",15]"#),
        ("\u{1}", "json_invalid", #"["body",0]"#), ("", "missing", #"["body"]"#), ("null", "missing", #"["body"]"#),
        ("[]", "model_attributes_type", #"["body"]"#), ("\"a\"", "model_attributes_type", #"["body"]"#),
        ("{}", "missing", #"["body","idToken"]"#), (#"{"id_token":7}"#, "string_type", #"["body","idToken"]"#),
        (#"{"idToken":null,"id_token":"x"}"#, "string_type", #"["body","idToken"]"#),
        (#"{"idToken":"a\u0000"}"#, "value_error", #"["body","idToken"]"#),
    ])
    func `names what is wrong with a body, and where`(body: String, type: String, place: String) async throws {
        let desk = try Desk(await .closed())
        let answer = try await desk.ask(.post, "/auth/google", body)
        #expect(answer.status == 422)
        let faults = try #require(try Plain(answer.body)["detail"]?.items)
        #expect(faults.count == 1 && faults[0]["type"]?.text == type && faults[0]["loc"]?.json == place, "\(answer.text)")
        #expect(faults[0]["msg"]?.text != nil)
    }

    @Test(arguments: [
        ("text/plain", "model_attributes_type"), ("application/x-www-form-urlencoded", "model_attributes_type"),
        ("", "model_attributes_type"), ("application/json; charset=utf-8", ""), ("APPLICATION/JSON", ""),
        ("application/vnd.api+json", ""),
    ])
    func `reads a body as JSON where its type says so`(type: String, fault: String) async throws {
        try await StoreKind.sqlite.withFreshStore { subject in
            let answer = try await Desk(subject).ask(
                .post, "/auth/google", headers: ["Content-Type": type], Array(#"{"idToken":"x"}"#.utf8))
            guard !fault.isEmpty else {
                #expect(answer.status == 401, "\(answer.text)")
                return
            }
            #expect(answer.status == 422 && answer.text.contains(fault) && answer.text.contains(#""loc":["body"]"#))
        }
    }

    @Test func `takes a body without a type for JSON, and none that is too long`() async throws {
        try await StoreKind.sqlite.withFreshStore { subject in
            let desk = try Desk(subject)
            #expect(try await desk.ask(.post, "/auth/google", headers: [:], Array(#"{"idToken":"x"}"#.utf8)).status == 401)
            let long = try await desk.ask(.post, "/auth/google", #"{"idToken":""# + String(repeating: "x", count: 70_000) + "\"}")
            #expect(long.status == 413 && long.text.contains("detail"))
        }
    }

    @Test(
        arguments: [
            ("GET", "/auth/google", 405, "POST"), ("HEAD", "/users/me", 405, "GET"), ("DELETE", "/users/me", 405, "GET"),
            ("HEAD", "/", 405, "GET"), ("POST", "/health", 405, "GET"), ("OPTIONS", "/users/me", 405, "GET"),
            ("HEAD", "/health", 200, nil), ("GET", "/no/such/path", 404, nil), ("GET", "/auth", 404, nil),
            ("GET", "/nothing/", 404, nil),
        ] as [(String, String, Int, String?)])
    func `tells of paths and methods that there are not`(
        method: String, path: String, status: Int, allow: String?
    ) async throws {
        let answer = try await Desk(await .closed()).ask(HTTPMethod(rawValue: method), path)
        #expect(answer.status == status, "\(answer.text)")
        #expect(
            answer.headers.first("Allow").map { Set($0.split(separator: ",").map { $0.filter { $0 != " " } }) }?.contains("HEAD")
                != true)
        if let allow { #expect(answer.headers.first("Allow") == allow && answer.text == #"{"detail":"Method Not Allowed"}"#) }
        if status == 404 { #expect(answer.text == #"{"detail":"Not Found"}"#) }
    }

    @Test(arguments: [
        ("GET", "/users/me/", "../me"), ("POST", "/auth/google/", "../google"), ("GET", "/users/me//?a=b%20c", "../../me?a=b%20c"),
        ("DELETE", "/health/", "../health"),
    ])
    func `sends whoever adds a slash to the path without it`(method: String, path: String, location: String) async throws {
        let answer = try await Desk(await .closed()).ask(HTTPMethod(rawValue: method), path)
        #expect(answer.status == 307 && answer.headers.first("Location") == location)
    }

    @Test func `lets any page read answers, or those that are named`() async throws {
        let desk = try Desk(await .closed())
        let asked: HeaderFields = [
            "Origin": "https://app.example", "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type,x-own",
        ]
        let preflight = try await desk.ask(.options, "/auth/google", headers: asked, [])
        #expect(preflight.status == 200)
        #expect(preflight.headers.first("Access-Control-Allow-Origin") == "https://app.example")
        #expect(preflight.headers.first("Access-Control-Allow-Credentials") == "true")
        #expect(preflight.headers.first("Access-Control-Allow-Headers") == "authorization,content-type,x-own")
        #expect(preflight.headers.first("Access-Control-Max-Age") == "600")
        #expect(preflight.headers.first("Access-Control-Allow-Methods")?.contains("DELETE") == true)
        for (method, path) in [("GET", "/health"), ("GET", "/nothing"), ("GET", "/users/me"), ("PUT", "/health")] {
            let answer = try await desk.ask(HTTPMethod(rawValue: method), path, headers: ["Origin": "https://app.example"])
            #expect(answer.headers.first("Access-Control-Allow-Origin") == "https://app.example", "\(method) \(path)")
        }
        let strict = try Desk(await .closed(), .init(allowedOrigins: ["https://other.example"]))
        let refused = try await strict.ask(.options, "/auth/google", headers: asked, [])
        #expect(refused.status == 200 && refused.headers.first("Access-Control-Allow-Origin") == nil)
    }
}
