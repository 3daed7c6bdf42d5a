import HTTPMessages
import TestKit
import Testing

extension `The program` {
    @Suite struct `Speaking Time Tracker` {
        /// The cases want a store of their own: their employees and dates are fixed. So each listener gets one.
        @Test(arguments: StoreKind.underTest, ["shared", "timetracker"])
        func `holds in every golden case`(on kind: StoreKind, listener: String) async throws {
            let suite = try GoldenSuite(source("../DialectTimeTrackerTests/Golden/timetracker.json"))
            try #require(suite.scenarios.count >= 20)
            try await Place.on(kind) { place in
                let server = try await place.serve(environment: ["MUSTER_LISTEN_TIMETRACKER": "127.0.0.1:0"])
                let made = try await place.muster(
                    "admin", "create", "--email", "chief@example.test", "--password", "Correct-Horse-42", "--first-name", "Ada",
                    "--last-name", "Chief")
                #expect(made.code == 0, "\(made.errors)")
                let client = try server.anonymous(at: listener)
                for scenario in suite.scenarios {
                    let problems = await suite.play(scenario, run: listener) { try await client.send($0) }
                    #expect(problems == [], "\(scenario.name)")
                }
                // What was told before a restart is told after it.
                let before = try await client.ask(.get, "/api/timetracking/sessions/").text
                try await server.stop()
                let again = try await place.serve(environment: ["MUSTER_LISTEN_TIMETRACKER": "127.0.0.1:0"])
                #expect(try await again.anonymous(at: listener).ask(.get, "/api/timetracking/sessions/").text == before)
                try await again.stop()
            }
        }

        @Test func `keeps its form on its own listener, and shares one on the other`() async throws {
            try await Place.on(.sqlite) { place in
                let server = try await place.serve(environment: [
                    "MUSTER_LISTEN_TIMETRACKER": "127.0.0.1:0", "MUSTER_LISTEN_TRACKATTENDANCE": "127.0.0.1:0",
                ])
                let own = try server.anonymous(at: "timetracker")
                let other = try server.anonymous(at: "trackattendance")
                let shared = try server.anonymous(at: "shared")
                #expect(try await own.ask(.get, "/v1/nothing").text == #"{"detail":"Not found."}"#)
                #expect(try await own.ask(.get, "/health").status == 404)
                #expect(try await own.ask(.get, "/healthz").status == 200, "the program's own")
                #expect(try await other.ask(.get, "/api/employees/").status == 401)
                #expect(try await shared.ask(.get, "/api/employees").text == "[]", "without the closing slash")
                #expect(try await shared.ask(.get, "/v1/roster/hash/").status == 401, "which TrackAttendance knows not")
                #expect(try await shared.ask(.get, "/health").status == 200)
                let nobodys = try Plain(try await shared.ask(.get, "/nothing").body)
                for name in ["detail", "error", "message", "statusCode"] { #expect(nobodys[name] != nil, "\(name)") }
                let head = try await shared.ask(.head, "/api/employees/")
                #expect(head.status == 200 && head.body.isEmpty)
                let preflight = try await shared.ask(
                    .options, "/api/timetracking/punch/",
                    headers: ["Origin": "http://localhost:3000", "Access-Control-Request-Method": "POST"])
                #expect(preflight.status == 200 && preflight.body.isEmpty)
                #expect(preflight.headers.first("Access-Control-Allow-Origin") == "http://localhost:3000")
                try await server.stop()
            }
        }

        /// One body is longer than a list's page, so it comes in pieces; a client has to find all of it.
        @Test func `streams lists and files whole`() async throws {
            try await Place.on(.sqlite) { place in
                let server = try await place.serve()
                _ = try await place.muster("admin", "create", "--email", "a@b.co", "--password", "Correct-Horse-42")
                let signIn = try await server.anonymous.ask(
                    .post, "/api/auth/login/", #"{"email":"a@b.co","password":"Correct-Horse-42"}"#)
                let token = try #require(try Plain(signIn.body)["access"]?.text)
                let admin = server.anonymous.with(key: token)
                let made = try await admin.ask(
                    .post, "/api/employees/",
                    #"{"name":"A","employee_id":"A","email":"x@y.zz","department":"D","position":"P"}"#)
                let id = try #require(try Plain(made.body)["id"]?.text)
                for hour in 0..<600 {
                    let (day, minute) = (hour / 24 + 1, hour % 24 * 2)
                    let moment = "2025-06-\(day < 10 ? "0" : "")\(day)T18:\(minute < 10 ? "0" : "")\(minute):00Z"
                    let answer = try await server.anonymous.ask(
                        .post, "/api/timetracking/punch/",
                        #"{"employee_id":"\#(id)","type":"\#(hour % 2 == 0 ? "punch_in" : "punch_out")","timestamp":"\#(moment)"}"#)
                    #expect(answer.status == 201, "\(answer.text)")
                }
                let entries = try Plain(try await server.anonymous.ask(.get, "/api/timetracking/entries/").body)
                #expect(entries.items?.count == 600)
                let range = #"{"start_date":"2025-06-01","end_date":"2025-06-30"}"#
                let sheet = try await admin.ask(.post, "/api/reports/export/csv/", range)
                #expect(sheet.text.split(separator: "\r\n").count == 26)
                let book = try await admin.ask(.post, "/api/reports/export/xlsx/", range)
                #expect(book.status == 200 && book.body.starts(with: Array("PK".utf8)))
                #expect(
                    book.headers.first("Content-Disposition")
                        == "attachment; filename=\"timesheet-2025-06-01-to-2025-06-30.xlsx\"")
                try await server.stop()
            }
        }
    }
}
