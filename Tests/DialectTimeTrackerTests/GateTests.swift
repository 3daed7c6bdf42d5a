import DialectTimeTracker
import HTTPMessages
import TestKit
import Testing

/// What is decided before anything is looked up: these hold where no store can be reached.
@Suite struct `The gate` {
    private static let id = "5b0e8d2e-77d0-4d0e-8f2a-9c1b0a54f3d7"

    @Test(
        arguments: [
            (.get, "/api/auth/admin-users/\(id)/"), (.post, "/api/auth/admin-users/"), (.put, "/api/auth/admin-users/\(id)/"),
            (.patch, "/api/auth/admin-users/\(id)/"), (.delete, "/api/auth/admin-users/\(id)/"),
            (.post, "/api/auth/admin-users/\(id)/toggle_status/"), (.options, "/api/auth/admin-users/"),
            (.post, "/api/employees/"), (.put, "/api/employees/\(id)/"), (.patch, "/api/employees/\(id)/"),
            (.delete, "/api/employees/\(id)/"), (.post, "/api/employees/\(id)/toggle_status/"),
            (.post, "/api/employees/business-hours/"), (.put, "/api/employees/business-hours/1/"),
            (.patch, "/api/employees/business-hours/1/"), (.delete, "/api/employees/business-hours/1/"),
            (.post, "/api/employees/business-hours/1/activate/"), (.post, "/api/timetracking/entries/"),
            (.put, "/api/timetracking/entries/\(id)/"), (.patch, "/api/timetracking/entries/\(id)/"),
            (.delete, "/api/timetracking/entries/\(id)/"), (.post, "/api/timetracking/sessions/"),
            (.post, "/api/timetracking/sessions/generate/"), (.put, "/api/timetracking/sessions/\(id)/"),
            (.patch, "/api/timetracking/sessions/\(id)/"), (.delete, "/api/timetracking/sessions/\(id)/"),
            (.put, "/api/timetracking/sessions/\(id)/edit/"), (.get, "/api/reports/overview/"),
            (.get, "/api/reports/employees/"), (.get, "/api/reports/daily/"), (.post, "/api/reports/export/csv/"),
            // A method that a closed path has not, and a path below it that there is not.
            (.get, "/api/reports/export/csv/"), (.patch, "/api/timetracking/sessions/\(id)/edit/"), (.patch, "/api/employees/"),
            (.get, "/api/reports/nothing/"), (.get, "/api/auth/admin-users/\(id)/nothing/"),
        ] as [(HTTPMethod, String)])
    func `wants a token for what is closed, before it looks at anything else`(method: HTTPMethod, path: String) async throws {
        let desk = try await Desk.withoutStore()
        for path in [path, String(path.dropLast())] {
            let answer = try await desk.ask(method, path, headers: ["Content-Type": "text/plain"], "{")
            #expect(answer.status == 401)
            #expect(answer.text == #"{"detail":"Authentication credentials were not provided."}"#)
            #expect(answer.headers.first("WWW-Authenticate") == #"Bearer realm="api""#)
        }
    }

    @Test(
        arguments: [
            (.get, "/api/employees/"), (.get, "/api/employees/\(id)/"), (.get, "/api/employees/by_email/?email=a@b.co"),
            (.get, "/api/employees/departments/"), (.get, "/api/employees/business-hours/"),
            (.get, "/api/employees/business-hours/current/"), (.get, "/api/employees/business-hours/1/"),
            (.get, "/api/timetracking/status/\(id)/"), (.get, "/api/timetracking/entries/"),
            (.get, "/api/timetracking/entries/recent/"), (.get, "/api/timetracking/entries/today/"),
            (.get, "/api/timetracking/entries/\(id)/"), (.get, "/api/timetracking/sessions/"),
            (.get, "/api/timetracking/sessions/\(id)/"), (.get, "/api/auth/admin-users/"),
            (.post, "/api/timetracking/punch/"), (.post, "/api/auth/login/"), (.head, "/api/employees/"),
        ] as [(HTTPMethod, String)])
    func `lets everybody to what is open, and tells trouble that will pass`(method: HTTPMethod, path: String) async throws {
        let desk = try await Desk.withoutStore()
        let body =
            path.contains("login")
            ? #"{"email":"a@b.co","password":"x"}"# : #"{"employee_id":"\#(Self.id)","type":"punch_in"}"#
        let answer = try await desk.ask(method, path, body)
        #expect(answer.status == 503)
        let told = try Plain(answer.body)
        #expect(told["detail"]?.text != nil && told["error"] == told["detail"])
        #expect(answer.headers.first("Retry-After") != nil)
    }

    @Test(arguments: [
        ("Bearer", "Authorization header must contain two space-delimited values", "bad_authorization_header"),
        ("Bearer a b", "Authorization header must contain two space-delimited values", "bad_authorization_header"),
        ("Bearer nonsense", "Given token not valid for any token type", "token_not_valid"),
        ("  Bearer\tnonsense ", "Given token not valid for any token type", "token_not_valid"),
    ])
    func `refuses a bad token also where none is needed`(header: String, detail: String, code: String) async throws {
        let desk = try await Desk.withoutStore()
        let open: [(HTTPMethod, String)] = [
            (.get, "/api/employees/"), (.post, "/api/timetracking/punch/"), (.post, "/api/auth/logout/"), (.get, "/api/auth/"),
            (.delete, "/api/timetracking/punch/"), (.get, "/api/nothing/"), (.options, "/api/employees/"),
        ]
        for (method, path) in open {
            let answer = try await desk.ask(method, path, headers: ["Authorization": header])
            let told = try Plain(answer.body)
            #expect(answer.status == 401 && told["detail"] == .text(detail) && told["code"] == .text(code), "\(method) \(path)")
            #expect(answer.headers.first("WWW-Authenticate") == #"Bearer realm="api""#)
        }
    }

    @Test func `tells of a bad token in the library's words`() async throws {
        let desk = try await Desk.withoutStore()
        let answer = try await desk.ask(.get, "/api/employees/", headers: ["Authorization": "Bearer x"])
        #expect(
            answer.text
                == #"{"detail":"Given token not valid for any token type","code":"token_not_valid","messages":[{"token_class":"AccessToken","token_type":"access","message":"Token is invalid"}]}"#
        )
    }

    @Test(arguments: ["Token abc", "bearer x", "Basic YTpi", "BEARER x", ""])
    func `takes another scheme for no header`(header: String) async throws {
        let desk = try await Desk.withoutStore()
        let answer = try await desk.ask(.get, "/api/timetracking/punch/", headers: ["Authorization": header])
        #expect(answer.status == 400 && answer.text == #"{"error":"employee_id is required"}"#)
        #expect(
            try await desk.ask(.post, "/api/employees/", headers: ["Authorization": header]).text
                == #"{"detail":"Authentication credentials were not provided."}"#)
    }

    @Test func `does not look at a token where one is asked for`() async throws {
        let desk = try await Desk.withoutStore()
        let answer = try await desk.ask(.post, "/api/auth/login/", headers: ["Authorization": "Bearer old"], "{}")
        #expect(answer.status == 400)
    }

    @Test(
        arguments: [
            (.delete, "/api/timetracking/punch/", "GET, POST, HEAD, OPTIONS"), (.get, "/api/auth/login/", "POST, OPTIONS"),
            (.post, "/api/timetracking/status/\(id)/", "GET, HEAD, OPTIONS"), (.get, "/api/auth/logout/", "POST, OPTIONS"),
            (.get, "/api/employees/\(id)/toggle_status/", "POST, OPTIONS"), (.post, "/api/auth/", "GET, HEAD, OPTIONS"),
            (.get, "/api/timetracking/sessions/\(id)/edit/", "PUT, OPTIONS"),
            (.get, "/api/timetracking/sessions/generate/", "POST, OPTIONS"),
            (.get, "/api/employees/business-hours/1/activate/", "POST, OPTIONS"),
            (HTTPMethod(rawValue: "TRACE"), "/api/employees/\(id)/", "GET, PUT, PATCH, DELETE, HEAD, OPTIONS"),
        ] as [(HTTPMethod, String, String)])
    func `names what a path allows`(method: HTTPMethod, path: String, allow: String) async throws {
        let desk = try await Desk.withoutStore()
        for path in [path, String(path.dropLast())] {
            let answer = try await desk.ask(method, path)
            #expect(answer.status == 405)
            #expect(answer.text == #"{"detail":"Method \"\#(method)\" not allowed."}"#)
            #expect(answer.headers.first("Allow") == allow)
        }
    }

    @Test(arguments: ["/", "/api", "/api/", "/api/nothing/", "/api/employees//", "/api/employees/a/b/", "/admin/", "/api/auth/x/"])
    func `does not find what there is not, in JSON`(path: String) async throws {
        let answer = try await Desk.withoutStore().ask(.get, path, headers: ["Accept": "text/html"])
        #expect(answer.status == 404 && answer.text == #"{"detail":"Not found."}"#)
        #expect(answer.headers.first("Content-Type") == "application/json")
    }

    @Test(arguments: [
        "/api/employees/17/", "/api/timetracking/entries/x/", "/api/timetracking/sessions/x/", "/api/timetracking/status/x/",
        "/api/employees/business-hours/x/", "/api/employees/5b0e8d2e.77d0/",
    ])
    func `does not find what cannot be an identity`(path: String) async throws {
        let answer = try await Desk.withoutStore().ask(.get, path)
        #expect(answer.status == 404 && answer.text == #"{"detail":"Not found."}"#)
    }

    // MARK: Headers

    @Test func `sends the same fields with every answer`() async throws {
        for (debug, policy) in [(false, "max-age=31536000; includeSubDomains"), (true, nil)] as [(Bool, String?)] {
            let desk = try await Desk.withoutStore(.init(debug: debug))
            for path in ["/api/timetracking/punch/", "/api/nothing/", "/api/reports/daily/", "/api/auth/"] {
                let headers = try await desk.ask(.get, path).headers
                #expect(headers.first("Content-Type") == "application/json")
                #expect(headers.first("X-Content-Type-Options") == "nosniff")
                #expect(headers.first("X-Frame-Options") == "DENY")
                #expect(headers.first("Referrer-Policy") == "same-origin")
                #expect(headers.first("Cross-Origin-Opener-Policy") == "same-origin")
                #expect(headers.first("Vary") == "Accept, origin")
                #expect(headers.first("Strict-Transport-Security") == policy)
                #expect(headers.first("Access-Control-Allow-Origin") == nil)
            }
        }
    }

    @Test func `lets the pages it knows read its answers, failures too`() async throws {
        let desk = try await Desk.withoutStore(.init(allowedOrigins: ["https://clock.example"]))
        for path in ["/api/timetracking/punch/", "/api/nothing/", "/api/reports/daily/", "/api/employees/"] {
            let known = try await desk.ask(.get, path, headers: ["Origin": "https://clock.example"]).headers
            #expect(known.first("Access-Control-Allow-Origin") == "https://clock.example")
            #expect(known.first("Access-Control-Allow-Credentials") == "true")
            let unknown = try await desk.ask(.get, path, headers: ["Origin": "http://localhost:3000"]).headers
            #expect(!unknown.fields.contains { $0.name.hasPrefix("Access-Control") })
        }
    }

    @Test func `answers a preflight before it asks for a token`() async throws {
        let desk = try await Desk.withoutStore()
        for path in ["/api/reports/export/csv/", "/api/auth/admin-users/", "/api/nothing/"] {
            let answer = try await desk.ask(
                .options, path,
                headers: [
                    "Origin": "http://127.0.0.1:3000", "Access-Control-Request-Method": "POST", "Authorization": "Bearer bad",
                ])
            #expect(answer.status == 200 && answer.body.isEmpty)
            let expected = [
                "Access-Control-Allow-Origin": "http://127.0.0.1:3000", "Access-Control-Allow-Credentials": "true",
                "Access-Control-Allow-Headers": "accept, authorization, content-type, user-agent, x-csrftoken, x-requested-with",
                "Access-Control-Allow-Methods": "DELETE, GET, OPTIONS, PATCH, POST, PUT", "Access-Control-Max-Age": "86400",
            ]
            for (name, value) in expected { #expect(answer.headers.first(name) == value) }
        }
    }

    @Test func `tells of a path what the framework would`() async throws {
        let answer = try await Desk.withoutStore().ask(.options, "/api/employees/departments/")
        #expect(answer.status == 200)
        #expect(answer.headers.first("Allow") == "GET, HEAD, OPTIONS")
        #expect(try Plain(answer.body)["renders"] == .array([.text("application/json")]))
    }

    @Test(arguments: [
        (["*"], "anything", true), (["a.example"], "a.example", true), (["a.example"], "A.Example:8000", true),
        (["a.example"], "a.example.", true), (["a.example"], "b.a.example", false), ([".a.example"], "b.a.example", true),
        ([".a.example"], "a.example", true), ([".a.example"], "ba.example", false), (["[::1]"], "[::1]:8000", true),
        ([], "a.example", false), (["a.example"], "", false),
    ])
    func `answers for the hosts it is told`(hosts: [String], host: String, isAllowed: Bool) async throws {
        let desk = try await Desk.withoutStore(.init(allowedHosts: hosts))
        let answer = try await desk.ask(.get, "/api/timetracking/punch/", headers: ["Host": host])
        #expect(answer.text == (isAllowed ? #"{"error":"employee_id is required"}"# : #"{"detail":"Invalid HTTP_HOST header."}"#))
        #expect(answer.status == 400)
    }

    @Test(arguments: [(true, "https"), (false, "http")])
    func `believes only a trusted proxy that a client came by TLS`(isForwarded: Bool, scheme: String) async throws {
        let answer = try await Desk.withoutStore().ask(
            .get, "/api/timetracking/", headers: ["X-Forwarded-Proto": "https", "Host": "h:1"], isForwarded: isForwarded, [])
        #expect(
            answer.text
                == #"{"entries":"\#(scheme)://h:1/api/timetracking/entries/","sessions":"\#(scheme)://h:1/api/timetracking/sessions/"}"#
        )
    }

    // MARK: Bodies

    @Test(arguments: [
        ("text/plain", "{}", 415, #"{"detail":"Unsupported media type \"text/plain\" in request."}"#),
        ("application/xml; a=b", "{}", 415, #"{"detail":"Unsupported media type \"application/xml; a=b\" in request."}"#),
        ("application/json", "[]", 400, #"{"non_field_errors":["Invalid data. Expected a dictionary, but got list."]}"#),
        ("application/json", "\"x\"", 400, #"{"non_field_errors":["Invalid data. Expected a dictionary, but got str."]}"#),
        ("application/json", "5", 400, #"{"non_field_errors":["Invalid data. Expected a dictionary, but got int."]}"#),
        ("application/json", "1.5", 400, #"{"non_field_errors":["Invalid data. Expected a dictionary, but got float."]}"#),
        ("application/json", "true", 400, #"{"non_field_errors":["Invalid data. Expected a dictionary, but got bool."]}"#),
        ("application/json", "null", 400, #"{"non_field_errors":["No data provided"]}"#),
        ("application/json", "", 400, #"{"email":["This field is required."],"password":["This field is required."]}"#),
        ("text/plain", "", 400, #"{"email":["This field is required."],"password":["This field is required."]}"#),
        (
            "application/json; charset=utf-8", #"{"email":null,"password":" "}"#, 400,
            #"{"email":["This field may not be null."],"password":["This field may not be blank."]}"#
        ),
        (
            "application/x-www-form-urlencoded", "email=", 400,
            #"{"email":["This field may not be blank."],"password":["This field is required."]}"#
        ),
        (
            "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"email\"\r\n\r\n\r\n--x--", 400,
            #"{"email":["This field may not be blank."],"password":["This field is required."]}"#
        ),
        ("multipart/form-data", "--x--", 400, #"{"detail":"Multipart form parse error - Invalid boundary in multipart"}"#),
    ])
    func `reads a body as its form says`(type: String, body: String, status: Int, text: String) async throws {
        let answer = try await Desk.withoutStore().ask(.post, "/api/auth/login/", headers: ["Content-Type": type], body)
        #expect(answer.status == status && answer.text == text)
    }

    @Test(arguments: ["{", "{'a':1}", "{\"a\":1}x", " "])
    func `tells where JSON is broken`(body: String) async throws {
        let answer = try await Desk.withoutStore().ask(.post, "/api/auth/login/", body)
        #expect(answer.status == 400)
        #expect(try Plain(answer.body)["detail"]?.text?.hasPrefix("JSON parse error - ") == true)
    }

    @Test func `refuses a body that is larger than any`() async throws {
        let answer = try await Desk.withoutStore().ask(
            .post, "/api/auth/login/", String(repeating: " ", count: 2_621_441))
        #expect(answer.status == 413)
    }

    @Test(arguments: [
        ("/api/timetracking/entries/?start_date=yesterday", "start_date must be a date in the format YYYY-MM-DD"),
        ("/api/timetracking/entries/?end_date=2025-13-01", "end_date must be a date in the format YYYY-MM-DD"),
        ("/api/timetracking/entries/recent/?employee_id=17", "employee_id must be a valid UUID"),
        ("/api/timetracking/sessions/?employee_id=x", "employee_id must be a valid UUID"),
        ("/api/timetracking/sessions/?start_date=2025-07-07T00:00:00Z", "start_date must be a date in the format YYYY-MM-DD"),
        ("/api/employees/by_email/", "Email parameter is required"),
        ("/api/employees/by_email/?email=", "Email parameter is required"),
    ])
    func `tells what is wrong with a query`(path: String, sentence: String) async throws {
        let answer = try await Desk.withoutStore().ask(.get, path)
        #expect(answer.status == 400 && answer.text == #"{"error":"\#(sentence)"}"#)
    }

    @Test func `gives no entries of a type that there is not`() async throws {
        let answer = try await Desk.withoutStore().ask(.get, "/api/timetracking/entries/?type=lunch")
        #expect(answer.status == 200 && answer.text == "[]")
    }

    @Test(arguments: [
        (#"{}"#, #"{"employee_id":["This field is required."],"type":["This field is required."]}"#),
        (
            #"{"employee_id":"17","type":"lunch","timestamp":5,"notes":null}"#,
            #"{"employee_id":["Must be a valid UUID."],"type":["\"lunch\" is not a valid choice."],"timestamp":["Datetime has wrong format. Use one of these formats instead: YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]."],"notes":["This field may not be null."]}"#
        ),
        (
            #"{"employee_id":"17","type":"punch_in","timestamp":"9999-12-31T23:59:59-01:00"}"#,
            #"{"error":"Datetime value out of range."}"#
        ),
        (
            #"{"employee_id":[],"type":"punch_in","timestamp":null}"#,
            #"{"employee_id":["Must be a valid UUID."],"timestamp":["This field may not be null."]}"#
        ),
    ])
    func `tells all that is wrong with a punch`(body: String, text: String) async throws {
        let answer = try await Desk.withoutStore().ask(.post, "/api/timetracking/punch/", body)
        #expect(answer.status == 400 && answer.text == text)
    }

    @Test func `shows no admins to strangers where it is told so`() async throws {
        let hidden = try await Desk.withoutStore(.init(hidesAdmins: true)).ask(.get, "/api/auth/admin-users/")
        #expect(hidden.status == 200 && hidden.text == "[]")
        #expect(try await Desk.withoutStore().ask(.get, "/api/auth/admin-users/").status == 503)
    }

    @Test func `answers what never reached it in its own form`() async throws {
        let desk = try await Desk.withoutStore()
        let busy = try await Answer(desk.dialect.answer(to: .unavailable(retryAfterSeconds: 3)))
        #expect(busy.status == 503 && busy.headers.first("Retry-After") == "3")
        let told = try Plain(busy.body)
        #expect(told["detail"]?.text != nil && told["error"] == told["detail"])
        #expect(try await Answer(desk.dialect.answer(to: .malformed("no Host"))).status == 400)
        #expect(try await Answer(desk.dialect.answer(to: .tooSlow)).status == 503)
    }
}
