import AttendanceCore
import HTTPMessages
import TestKit
import Testing

@testable import DialectTrackAttendance

private let upload = "/v1/scans/batch"
private let json: HeaderFields.Field = .init(name: "Content-Type", value: "application/json")

private func headers(_ pairs: (String, String)...) -> HeaderFields {
    HeaderFields(pairs.map { .init(name: $0.0, value: $0.1) } + [json])
}

@Suite struct `Coming in with a key` {
    @Test(arguments: ["Bearer", "bearer", "BEARER"])
    func `works whatever the case of its scheme`(scheme: String) async throws {
        let answer = try await Desk().ask(
            .post, upload, headers: headers(("Authorization", "\(scheme)  \(Desk.key)")), #"{"events":[]}"#)
        #expect(answer.status == 200)
        #expect(answer.text == #"{"saved":0,"duplicates":0,"errors":0}"#)
        #expect(answer.headers.first("Content-Type") == "application/json; charset=utf-8")
        #expect(answer.headers.first("Cache-Control") == "no-store")
    }

    @Test(arguments: [
        "", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "Bearer wrong", "Bearer \(Desk.key)x", "Bearer\t\(Desk.key)",
        Desk.key, "Bearer muster_0123_4567",
    ])
    func `is refused for another scheme or another key`(authorization: String) async throws {
        let desk = try await Desk()
        let answer = try await desk.ask(.post, upload, headers: headers(("Authorization", authorization)), "no JSON")
        #expect(answer.status == 401)
        #expect(answer.text == #"{"statusCode":401,"error":"Unauthorized","message":"Unauthorized"}"#)
        #expect(desk.refusals.all.map(\.caller) == ["unknown"])
        #expect(desk.refusals.all.map(\.status) == [401])
    }

    @Test func `is refused at another tenant's site`() async throws {
        let other = Tenant(
            id: TenantID(rawValue: 2), name: try TenantName(parsing: "school"), createdAt: Instant(microseconds: 0))
        #expect(try await Desk(tenant: other).ask(.get, "/v1/roster/hash").status == 401)
    }

    @Test func `is answered with a try-again while a key cannot be looked up`() async throws {
        let key = "muster_0123abcd_" + String(repeating: "a", count: 64)
        let answer = try await Desk().ask(.post, upload, headers: headers(("Authorization", "Bearer \(key)")))
        #expect(answer.status == 503)
        #expect(answer.headers.first("Retry-After") == "2")
    }

    @Test(arguments: [("x-api-key", 503), ("X-API-Key", 503), ("x-other", 401)])
    func `takes the rename call's own header, and only there`(header: String, status: Int) async throws {
        let desk = try await Desk()
        let rename = try await desk.ask(
            .put, "/v1/stations/rename", headers: headers((header, Desk.key)), #"{"old_name":"A","new_name":"B"}"#)
        #expect(rename.status == status)
        #expect(try await desk.ask(.get, "/v1/roster/hash", headers: headers((header, Desk.key))).status == 401)
    }

    @Test(arguments: [HTTPMethod.get, .post, .delete, .options])
    func `tells unknown paths to those with a key only`(method: HTTPMethod) async throws {
        let desk = try await Desk()
        let known = try await desk.ask(method, "/v1/nothing?x=1")
        #expect(known.status == 404)
        #expect(
            known.text
                == "{\"statusCode\":404,\"error\":\"Not Found\",\"message\":\"Route \(method):/v1/nothing not found\"}")
        #expect(try await desk.ask(method, "/v1/nothing", headers: [:]).status == 401)
    }

    @Test(arguments: ["//v1/roster/hash", "/v1//roster/hash", "/v1/roster/hash/", "/V1/roster/hash"])
    func `is needed on paths that only look alike`(path: String) async throws {
        let desk = try await Desk()
        #expect(try await desk.ask(.get, path, headers: [:]).status == 401)
        #expect(try await desk.ask(.get, path).status == 404)
    }

    @Test(arguments: ["/x/../v1/roster/hash", "/v1/%72oster/hash", "/dashboard/../v1/roster/hash"])
    func `is needed however a path is spelled`(path: String) async throws {
        #expect(try await Desk().ask(.get, path, headers: [:]).status == 401)
    }

    @Test func `finds another method of a known path unknown, and HEAD known`() async throws {
        let desk = try await Desk()
        #expect(try await desk.ask(.get, upload).status == 404)
        #expect(try await desk.ask(.head, "/").status == 200)
    }
}

@Suite struct `Sending a body` {
    @Test(arguments: [
        ("application/x-www-form-urlencoded", "events=none", 415, "FST_ERR_CTP_INVALID_MEDIA_TYPE"),
        ("text/plain", "{}", 415, "FST_ERR_CTP_INVALID_MEDIA_TYPE"),
        ("application/xml", "", 415, "FST_ERR_CTP_INVALID_MEDIA_TYPE"),
        (nil, "{}", 415, "FST_ERR_CTP_INVALID_MEDIA_TYPE"),
        (nil, "", 400, "FST_ERR_VALIDATION"),
        ("application/json", "", 400, "FST_ERR_CTP_EMPTY_JSON_BODY"),
        ("application/json", #"{"events": ["#, 400, "FST_ERR_CTP_INVALID_JSON_BODY"),
        ("application/json", #"{"events": [{"badge_id":"\ud800"}]}"#, 400, "FST_ERR_CTP_INVALID_JSON_BODY"),
        ("application/json", #"["events"]"#, 400, "FST_ERR_VALIDATION"),
    ])
    func `is refused where it is no JSON, and noted`(type: String?, body: String, status: Int, code: String) async throws {
        let desk = try await Desk()
        var headers: HeaderFields = ["Authorization": "Bearer \(Desk.key)"]
        if let type { headers.append("Content-Type", type) }
        let answer = try await desk.ask(.post, upload, headers: headers, body)
        #expect(answer.status == status)
        #expect(try answer.member("code") == "\"\(code)\"")
        #expect(try answer.member("statusCode") == String(status))
        let noted = try #require(desk.refusals.all.first)
        #expect(noted.request == "POST /v1/scans/batch")
        #expect(noted.status == status)
        #expect(noted.caller == "environment key")
        #expect(noted.address == "127.0.0.1")
    }

    @Test func `is refused where it announces too much`() async throws {
        let desk = try await Desk()
        let answer = try await desk.ask(
            .post, upload,
            headers: headers(("Authorization", "Bearer \(Desk.key)"), ("Content-Length", String(ScanBatch.bodyMaxBytes + 1))))
        #expect(answer.status == 413)
        #expect(try answer.member("code") == "\"FST_ERR_CTP_BODY_TOO_LARGE\"")
        #expect(desk.refusals.all.map(\.status) == [413])
    }

    @Test func `is refused where it turns out too long`() async throws {
        let answer = try await Desk().ask(
            .put, "/v1/dashboard/config", String(repeating: " ", count: Gate.smallBodyMaxBytes + 1))
        #expect(answer.status == 413)
    }

    @Test func `meets a store out of reach with a try-again in the form of a batch`() async throws {
        let desk = try await Desk()
        let body =
            #"{"events":[{"idempotency_key":"k","badge_id":"b","station_name":"s","scanned_at":"2025-12-09T15:30:45Z"}]}"#
        let answer = try await desk.ask(.post, upload, body)
        #expect(answer.status == 503)
        #expect(answer.headers.first("Retry-After") == "2")
        #expect(try answer.member("saved") == "0")
        #expect(try answer.member("errors") == "1")
        #expect(desk.refusals.all.isEmpty)
    }

    @Test(arguments: [
        (HTTPMethod.get, "/v1/dashboard/stats"), (.get, "/v1/dashboard/export"), (.get, "/v1/admin/scan-count"),
        (.get, "/v1/roster/hash"), (.get, "/v1/dashboard/public/stats"), (.get, "/v1/dashboard/public/config"),
        (.get, "/v1/stations/status"), (.get, "/v1/scans/check-duplicate?badge_id=1"),
    ])
    func `is not needed where a content type comes alone, and a store out of reach is said so`(
        method: HTTPMethod, path: String
    ) async throws {
        let answer = try await Desk().ask(method, path)
        #expect(answer.status == 503)
        #expect(try answer.member("error") == "\"Service Unavailable\"")
    }
}

@Suite struct `Coming too often` {
    @Test func `is refused after the key and before the body, and noted`() async throws {
        let desk = try await Desk(closedLimit: 1)
        let first = try await desk.ask(.post, upload, #"{"events":[]}"#)
        #expect(first.status == 200)
        #expect(first.headers.first("x-ratelimit-limit") == "1")
        #expect(first.headers.first("x-ratelimit-remaining") == "0")
        #expect(first.headers.first("x-ratelimit-reset") == "60")
        let wrongKey = try await desk.ask(.post, upload, headers: headers(("Authorization", "Bearer x")))
        #expect(wrongKey.status == 401)
        #expect(wrongKey.headers.first("x-ratelimit-limit") == nil)
        let second = try await desk.ask(.post, upload, "no JSON")
        #expect(second.status == 429)
        #expect(second.headers.first("Retry-After") == "60")
        #expect(try second.member("error") == "\"Too Many Requests\"")
        #expect(second.headers.first("x-ratelimit-remaining") == "0")
        #expect(desk.refusals.all.map(\.status) == [401, 429])
        #expect(try await desk.ask(.post, upload, from: "10.0.0.9", #"{"events":[]}"#).status == 200)
        desk.clock.advance(milliseconds: 60_000)
        #expect(try await desk.ask(.post, upload, #"{"events":[]}"#).status == 200)
    }

    @Test func `counts refused bodies too`() async throws {
        let desk = try await Desk(closedLimit: 5)
        let answer = try await desk.ask(.post, upload, "no JSON")
        #expect(answer.status == 400)
        #expect(answer.headers.first("x-ratelimit-remaining") == "4")
    }

    @Test func `counts the page with the closed endpoints and each open one by itself`() async throws {
        let desk = try await Desk(closedLimit: 1, publicLimit: 1)
        #expect(try await desk.ask(.get, "/dashboard/", headers: [:]).status == 200)
        #expect(try await desk.ask(.get, "/v1/roster/hash").status == 429)
        #expect(try await desk.ask(.get, "/dashboard/", headers: [:]).status == 429)
        for path in ["/v1/dashboard/public/stats", "/v1/dashboard/public/config", "/v1/stations/status"] {
            #expect(try await desk.ask(.get, path, headers: [:]).status == 503)
            #expect(try await desk.ask(.get, path, headers: [:]).status == 429)
        }
        for _ in 0..<3 { #expect(try await desk.ask(.get, "/", headers: [:]).status == 200) }
    }
}

@Suite struct `Failing` {
    private static let incident = Incident(text: "i-77")

    @Test(arguments: [
        (AttendanceError.notAuthenticated, 401, 401, 401), (.notPermitted, 403, 401, 403), (.notFound(.station), 404, 500, 404),
        (.invalid(field: "f", .twice), 400, 400, 400), (.taken(.key), 409, 500, 409),
        (.unavailable(retryAfterSeconds: 0), 503, 503, 503), (.unexpected(incident), 500, 500, 500),
    ])
    func `never makes a kiosk give scans up that are right`(
        error: AttendanceError, general: Int, batch: Int, act: Int
    ) async throws {
        for (form, status) in [(FailureForm.general, general), (.batch(events: 3), batch), (.act, act)] {
            let answer = try await Answer(TrackAttendanceFailure(error, in: form).response)
            #expect(answer.status == status)
            #expect(try answer.member("error")?.hasPrefix("\"") == true)
            if status == 503 { #expect(answer.headers.first("Retry-After") == "1") }
        }
    }

    @Test func `says no more of a defect than where the log tells about it`() async throws {
        let forms: [(FailureForm, String)] = [
            (
                .general,
                #"{"statusCode":500,"error":"Internal Server Error","message":"Something went wrong; the log tells more under i-77"}"#
            ),
            (
                .batch(events: 3),
                #"{"error":"Something went wrong; the log tells more under i-77","saved":0,"duplicates":0,"errors":3}"#
            ),
            (
                .act,
                #"{"ok":false,"error":"Something went wrong; the log tells more under i-77","message":"Something went wrong; the log tells more under i-77"}"#
            ),
        ]
        for (form, body) in forms {
            #expect(try await Answer(TrackAttendanceFailure(.unexpected(Self.incident), in: form).response).text == body)
        }
    }

    @Test(arguments: [
        (TransportFailure.malformed("the framing is ambiguous"), 400), (.unavailable(retryAfterSeconds: 3), 503),
        (.tooSlow, 503),
    ])
    func `before a route is known answers in the same form`(failure: TransportFailure, status: Int) async throws {
        let answer = try await Answer(Desk().dialect.answer(to: failure))
        #expect(answer.status == status)
        #expect(try answer.member("statusCode") == String(status))
    }
}
