import AttendanceCore
import DialectTimeTracker
import HTTPMessages
import TestKit
import Testing

@Suite struct `The contract over a real store` {
    private static let nobody = "00000000-0000-4000-8000-0000000000ff"

    /// Lends a desk with an admin, on 2025-07-11 at 18:00 UTC, which is 13:00 in Chicago.
    private func withDesk(
        _ kind: StoreKind, _ configuration: TimeTrackerConfiguration = .init(), _ body: (SignedDesk) async throws -> Void
    ) async throws {
        try await kind.withFreshStore { subject in
            subject.clock.now = Instant(microseconds: 1_752_256_800_000_000)
            try await body(try await Desk(subject, configuration).signedIn())
        }
    }

    // MARK: Order of checks

    @Test(arguments: StoreKind.underTest)
    func `looks for the object before it reads the body`(on kind: StoreKind) async throws {
        try await withDesk(kind) { desk in
            let paths: [(HTTPMethod, String)] = [
                (.put, "/api/employees/\(Self.nobody)/"), (.patch, "/api/auth/admin-users/\(Self.nobody)/"),
                (.put, "/api/employees/business-hours/99/"), (.put, "/api/timetracking/entries/\(Self.nobody)/"),
                (.patch, "/api/timetracking/sessions/\(Self.nobody)/"), (.put, "/api/timetracking/sessions/\(Self.nobody)/edit/"),
                (.delete, "/api/employees/\(Self.nobody)/"), (.post, "/api/employees/\(Self.nobody)/toggle_status/"),
                (.post, "/api/auth/admin-users/\(Self.nobody)/toggle_status/"),
                (.post, "/api/employees/business-hours/99/activate/"), (.delete, "/api/timetracking/entries/\(Self.nobody)/"),
                (.delete, "/api/timetracking/sessions/\(Self.nobody)/"),
            ]
            for (method, path) in paths {
                for (type, body) in [("application/json", "{"), ("text/plain", "x")] {
                    let answer = try await desk.ask(method, path, headers: ["Content-Type": type], body)
                    #expect(answer.status == 404 && answer.text == #"{"detail":"Not found."}"#, "\(method) \(path)")
                }
            }
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `lets a word win over an identity for every method`(on kind: StoreKind) async throws {
        try await withDesk(kind) { desk in
            for (path, allow) in [
                ("/api/employees/departments/", "GET, HEAD, OPTIONS"), ("/api/employees/by_email/", "GET, HEAD, OPTIONS"),
                ("/api/employees/business-hours/", "GET, POST, HEAD, OPTIONS"),
                ("/api/employees/business-hours/current/", "GET, HEAD, OPTIONS"),
                ("/api/timetracking/entries/recent/", "GET, HEAD, OPTIONS"),
                ("/api/timetracking/entries/today/", "GET, HEAD, OPTIONS"),
                ("/api/timetracking/sessions/generate/", "POST, OPTIONS"),
            ] {
                let answer = try await desk.ask(.put, path, "{}")
                #expect(answer.status == 405 && answer.headers.first("Allow") == allow, "\(path)")
            }
        }
    }

    // MARK: Accounts

    @Test(arguments: StoreKind.underTest)
    func `ends a token at the sign-out, and only that one`(on kind: StoreKind) async throws {
        try await withDesk(kind) { desk in
            let again = try await desk.desk.ask(
                .post, "/api/auth/login/", #"{"email":" CHIEF@example.test ","password":"\#(Desk.password)"}"#)
            #expect(again.status == 200, "without letter case, and trimmed")
            let other = SignedDesk(desk: desk.desk, token: try #require(try Plain(again.body)["access"]?.text))
            #expect(try await desk.ask(.post, "/api/auth/logout/").text == #"{"message":"Logout successful"}"#)
            #expect(try await desk.ask(.get, "/api/employees/").status == 401)
            #expect(try await desk.ask(.post, "/api/auth/logout/").status == 401)
            #expect(try await other.ask(.get, "/api/reports/daily/?start_date=2025-07-01&end_date=2025-07-02").status == 200)
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `tells a refresh token, an expired one and one of nobody apart`(on kind: StoreKind) async throws {
        try await withDesk(kind) { desk in
            let pair = try await desk.desk.ask(
                .post, "/api/auth/login/", #"{"email":"\#(Desk.email)","password":"\#(Desk.password)"}"#)
            let refresh = SignedDesk(desk: desk.desk, token: try #require(try Plain(pair.body)["refresh"]?.text))
            let wrong = try await refresh.ask(.get, "/api/employees/")
            #expect(wrong.status == 401 && wrong.text.contains(#""message":"Token has wrong type""#))

            let made = try await desk.ask(
                .post, "/api/auth/admin-users/",
                #"{"email":"b@admins.example","username":"b","password":"Second-Pass-2","is_active":true}"#)
            let id = try #require(try Plain(made.body)["id"]?.text)
            #expect(try Plain(made.body)["role"] == .text("Admin"))
            let signedIn = try await desk.desk.ask(
                .post, "/api/auth/login/", #"{"email":"b@admins.example","password":"Second-Pass-2"}"#)
            let second = SignedDesk(desk: desk.desk, token: try #require(try Plain(signedIn.body)["access"]?.text))
            let toggled = try await desk.ask(.post, "/api/auth/admin-users/\(id)/toggle_status/")
            #expect(toggled.text == #"{"message":"User deactivated successfully","is_active":false}"#)
            let inactive = try await second.ask(.get, "/api/employees/")
            #expect(inactive.status == 401 && inactive.text == #"{"detail":"User is inactive","code":"user_inactive"}"#)
            #expect(try await desk.ask(.delete, "/api/auth/admin-users/\(id)/").status == 200)
            let gone = try await second.ask(.get, "/api/employees/")
            #expect(gone.status == 401 && gone.text == #"{"detail":"User not found","code":"user_not_found"}"#)

            desk.desk.clock.advance(milliseconds: 3_651 * 86_400_000)
            let expired = try await desk.ask(.get, "/api/employees/")
            #expect(expired.status == 401 && expired.text.contains(#""message":"Token is expired""#))
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `tells all that is wrong with an admin, taken names too`(on kind: StoreKind) async throws {
        try await withDesk(kind) { desk in
            let none = try await desk.ask(.post, "/api/auth/admin-users/", "{}")
            #expect(
                none.text
                    == #"{"email":["This field is required."],"username":["This field is required."],"password":["This field is required."]}"#
            )
            let blank = try await desk.ask(
                .post, "/api/auth/admin-users/", #"{"email":"Chief@Example.TEST","username":"a b","password":"","role":""}"#)
            #expect(
                blank.text
                    == #"{"username":["Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters."],"password":["This field may not be blank."],"role":["This field may not be blank."],"email":["user with this email already exists."]}"#
            )
            let list = try await desk.ask(.get, "/api/auth/admin-users/?search=LIEF")
            #expect(list.text == "[]")
            #expect(try Plain(try await desk.ask(.get, "/api/auth/admin-users/?search=HIEF").body).items?.count == 1)
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `never locks the last admin out`(on kind: StoreKind) async throws {
        try await withDesk(kind) { desk in
            let list = try Plain(try await desk.ask(.get, "/api/auth/admin-users/").body)
            let id = try #require(try list.dug("0.id").text)
            let toggled = try await desk.ask(.post, "/api/auth/admin-users/\(id)/toggle_status/")
            #expect(toggled.status == 400 && toggled.text == #"{"error":"Cannot deactivate the last active admin user"}"#)
            let patched = try await desk.ask(.patch, "/api/auth/admin-users/\(id)/", #"{"is_active":false}"#)
            #expect(patched.status == 400)
            let deleted = try await desk.ask(.delete, "/api/auth/admin-users/\(id)/")
            #expect(deleted.status == 400 && deleted.text == #"{"error":"Cannot delete the last active admin user"}"#)
            #expect(try await desk.ask(.get, "/api/employees/").status == 200)
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `slows down whoever guesses`(on kind: StoreKind) async throws {
        try await withDesk(kind) { desk in
            for _ in 1...10 {
                #expect(
                    try await desk.desk.ask(.post, "/api/auth/login/", #"{"email":"guess@example.test","password":"x"}"#).status
                        == 401)
            }
            let refused = try await desk.desk.ask(.post, "/api/auth/login/", #"{"email":"guess@example.test","password":"x"}"#)
            let seconds = try #require(refused.headers.first("Retry-After"))
            #expect(refused.status == 429)
            #expect(refused.text == #"{"detail":"Request was throttled. Expected available in \#(seconds) seconds."}"#)
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `shows admins to an admin where strangers see none`(on kind: StoreKind) async throws {
        try await withDesk(kind, .init(hidesAdmins: true)) { desk in
            let (hidden, shown) = (
                try await desk.desk.ask(.get, "/api/auth/admin-users/"), try await desk.ask(.get, "/api/auth/admin-users/")
            )
            #expect(hidden.text == "[]")
            #expect(try Plain(shown.body).items?.count == 1)
        }
    }

    // MARK: Employees

    @Test(arguments: StoreKind.underTest)
    func `tells duplicates beside whatever else is wrong`(on kind: StoreKind) async throws {
        try await withDesk(kind) { desk in
            let id = try await desk.employee("E-1")
            let mixed = try await desk.ask(
                .post, "/api/employees/", #"{"name":"","employee_id":"E-1","email":"E-1@STAFF.example","department":"D"}"#)
            #expect(
                try Plain(mixed.body)
                    == Plain(
                        Array(
                            #"{"name":["This field may not be blank."],"position":["This field is required."],"employee_id":["employee with this employee id already exists."],"email":["employee with this email already exists."]}"#
                                .utf8)))
            let caseOnly = try await desk.ask(
                .post, "/api/employees/",
                #"{"name":"N","employee_id":"e-1","email":"E-1@STAFF.example","department":"D","position":"P"}"#)
            #expect(caseOnly.status == 400 && caseOnly.text == #"{"email":["employee with this email already exists."]}"#)
            let own = try await desk.ask(.patch, "/api/employees/\(id)/", #"{"email":"E-1@Staff.Example","id":"x","created_at":1}"#)
            #expect(own.status == 200)
            #expect(try Plain(own.body)["email"] == .text("E-1@Staff.Example"), "stored as given")
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `takes forms, in which an unticked box is not sent`(on kind: StoreKind) async throws {
        try await withDesk(kind) { desk in
            let made = try await desk.ask(
                .post, "/api/employees/", headers: ["Content-Type": "application/x-www-form-urlencoded"],
                "name=Ilse+Brandt&employee_id=P-1&email=i%40b.example&department=D&position=P")
            #expect(made.status == 201)
            #expect(try Plain(made.body)["is_active"] == .boolean(false))
            func part(_ name: String, _ value: String) -> String {
                "--x\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n"
            }
            let body =
                part("name", "Jo") + part("employee_id", "P-2") + part("email", "j@b.example") + part("department", "D")
                + part("position", "P") + part("is_active", "on") + "--x--\r\n"
            let multipart = try await desk.ask(
                .post, "/api/employees/", headers: ["Content-Type": "multipart/form-data; boundary=x"], body)
            #expect(multipart.status == 201)
            #expect(try Plain(multipart.body)["is_active"] == .boolean(true))
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `keeps what a PATCH leaves out, and wants all of a PUT`(on kind: StoreKind) async throws {
        try await withDesk(kind) { desk in
            let id = try await desk.employee("E-1", name: "Before")
            let patched = try Plain(
                try await desk.ask(.patch, "/api/employees/\(id)/", #"{"name":" After ","is_active":"no"}"#).body)
            #expect(patched["name"] == .text("After") && patched["is_active"] == .boolean(false))
            #expect(patched["department"] == .text("D") && patched["employee_id"] == .text("E-1"))
            let put = try await desk.ask(
                .put, "/api/employees/\(id)/", #"{"name":"N","employee_id":5,"email":"x@y.zz","department":"D","position":"P"}"#)
            #expect(put.status == 200)
            #expect(try Plain(put.body)["is_active"] == .boolean(false), "a PUT keeps what it need not name")
            #expect(try Plain(put.body)["employee_id"] == .text("5"), "a number becomes text")
            #expect(try await desk.ask(.put, "/api/employees/\(id)/", #"{"name":"N"}"#).status == 400)
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `names each department once, and forgets whoever is deleted`(on kind: StoreKind) async throws {
        try await withDesk(kind) { desk in
            let id = try await desk.employee("E-1")
            _ = try await desk.employee("E-2")
            #expect(try await desk.desk.ask(.get, "/api/employees/departments/").text == #"["D"]"#)
            _ = try await desk.punch(id, "punch_in", "2025-07-07T14:00:00Z")
            let deleted = try await desk.ask(.delete, "/api/employees/\(id)/")
            #expect(deleted.status == 204 && deleted.body.isEmpty && deleted.headers.first("Content-Type") == nil)
            #expect(try await desk.desk.ask(.get, "/api/employees/\(id)/").status == 404)
            #expect(try await desk.desk.ask(.get, "/api/timetracking/entries/").text == "[]")
            #expect(try await desk.desk.ask(.get, "/api/timetracking/sessions/").text == "[]")
        }
    }

    // MARK: Business hours

    @Test(arguments: StoreKind.underTest)
    func `takes an end after midnight UTC, and judges what a PATCH comes to`(on kind: StoreKind) async throws {
        try await withDesk(kind) { desk in
            let evening = try await desk.ask(
                .post, "/api/employees/business-hours/", #"{"start_time":"15:30","end_time":"00:30:00.5"}"#)
            #expect(evening.status == 201, "10:30 to 19:30 in Chicago")
            let hours = try Plain(evening.body)
            #expect(hours["end_time"] == .text("00:30:00.500000") && hours["break_duration"] == .number("60"))
            let id = try #require(hours["id"]?.integer)
            let refused = try await desk.ask(.patch, "/api/employees/business-hours/\(id)/", #"{"end_time":"15:00"}"#)
            #expect(refused.status == 400 && refused.text == #"{"error":["End time must be after start time."]}"#)
            let second = try await desk.ask(
                .post, "/api/employees/business-hours/", #"{"start_time":"14:00","end_time":"22:00","is_active":false}"#)
            let secondID = try #require(try Plain(second.body)["id"]?.integer)
            #expect(try Plain(try await desk.ask(.get, "/api/employees/business-hours/current/").body)["id"] == .number("\(id)"))
            let activated = try Plain(try await desk.ask(.post, "/api/employees/business-hours/\(secondID)/activate/").body)
            #expect(activated["message"] == .text("Business hours activated successfully"))
            #expect(try activated.dug("data.is_active") == .boolean(true))
            let all = try Plain(try await desk.ask(.get, "/api/employees/business-hours/").body)
            #expect(all.items?.map { $0["is_active"] } == [.boolean(true), .boolean(false)], "newest first, one active")
            #expect(try await desk.ask(.delete, "/api/employees/business-hours/\(secondID)/").status == 204)
            #expect(
                try await desk.ask(.get, "/api/employees/business-hours/current/").text
                    == #"{"start_time":"11:30:00","end_time":"17:00:00","break_duration":60,"late_threshold":15}"#)
        }
    }

    // MARK: Punches

    @Test(arguments: StoreKind.underTest)
    func `tells of a punch as the contract does`(on kind: StoreKind) async throws {
        try await withDesk(kind) { desk in
            let id = try await desk.employee("P-104", name: "Ilse Brandt")
            let answer = try await desk.desk.ask(
                .post, "/api/timetracking/punch/",
                #"{"employee_id":"\#(id.uppercased())","type":"punch_in","timestamp":"2025-07-11T13:58:21.407Z","notes":" side door "}"#
            )
            #expect(answer.status == 201)
            let entry = try #require(try Plain(answer.body)["data"])
            #expect(entry["timestamp"] == .text("2025-07-11T13:58:21.407000Z"))
            #expect(entry["employee"] == .text(id) && entry["employee_id"] == .text("P-104"))
            #expect(entry["employee_name"] == .text("Ilse Brandt") && entry["notes"] == .text("side door"))
            #expect(entry.members?.count == 11)
            let status = try Plain(try await desk.desk.ask(.get, "/api/timetracking/status/\(id.uppercased())/").body)
            #expect(status["current_status"] == .text("working") && status["last_action"] == entry)
            let refused = try await desk.punch(id, "punch_in", "2025-07-11T14:00:00Z")
            #expect(refused.status == 400 && refused.text == #"{"error":"Cannot punch in: the employee is working."}"#)
            let both = try await desk.desk.ask(
                .post, "/api/timetracking/punch/", #"{"employee_id":"\#(Self.nobody)","type":"lunch"}"#)
            #expect(
                try Plain(both.body)
                    == Plain(
                        Array(
                            #"{"employee_id":["Employee not found or inactive."],"type":["\"lunch\" is not a valid choice."]}"#.utf8
                        )))
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `filters entries by local days`(on kind: StoreKind) async throws {
        try await withDesk(kind) { desk in
            let id = try await desk.employee("E-1")
            // 23:59:59 on the ninth and 00:00:00 on the tenth in Chicago; then today.
            _ = try await desk.punch(id, "punch_in", "2025-07-10T04:59:59Z")
            _ = try await desk.punch(id, "punch_out", "2025-07-10T05:00:00Z")
            _ = try await desk.punch(id, "punch_in", "2025-07-11T15:00:00Z")
            func times(_ query: String) async throws -> [String] {
                let answer = try await desk.desk.ask(.get, "/api/timetracking/entries/\(query)")
                return try Plain(answer.body).items?.compactMap { $0["timestamp"]?.text } ?? []
            }
            #expect(try await times("?start_date=2025-07-09&end_date=2025-07-09") == ["2025-07-10T04:59:59Z"])
            #expect(try await times("?start_date=2025-07-10&end_date=2025-07-10&employee_id=") == ["2025-07-10T05:00:00Z"])
            #expect(try await times("today/") == ["2025-07-11T15:00:00Z"])
            #expect(try await times("recent/?type=punch_in") == ["2025-07-11T15:00:00Z", "2025-07-10T04:59:59Z"])
            #expect(try await times("?employee_id=\(Self.nobody)") == [])
            #expect(try await times("?page=2").count == 3)
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `lists more entries than a page has, each once`(on kind: StoreKind) async throws {
        try await withDesk(kind) { desk in
            let id = try await desk.employee("E-1")
            let count = 1_203
            for number in 0..<count {
                let moment = Instant(microseconds: 1_751_896_800_000_000 + Int64(number) * 1_000_000)
                _ = try await desk.desk.operations.assertTimeEntry(
                    TimeEntryDraft(
                        member: try #require(Identifier(text: WireText(id))), direction: number % 2 == 0 ? .in : .out, at: moment),
                    of: .timeTracker, as: .commandLine(tenant: .default))
            }
            let all = try Plain(try await desk.desk.ask(.get, "/api/timetracking/entries/").body).items ?? []
            #expect(all.count == count && Set(all.compactMap { $0["id"]?.text }).count == count)
            let times = all.compactMap { $0["timestamp"]?.text }
            #expect(times == times.sorted(by: >))
            let recent = try Plain(try await desk.desk.ask(.get, "/api/timetracking/entries/recent/").body).items
            #expect(recent.map { Array($0) } == Array(all.prefix(50)))
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `lets an admin enter, change and take away a punch`(on kind: StoreKind) async throws {
        try await withDesk(kind) { desk in
            let id = try await desk.employee("E-1")
            let made = try await desk.ask(
                .post, "/api/timetracking/entries/",
                #"{"employee":"\#(id)","type":"punch_in","timestamp":"2025-07-07T14:00:00Z"}"#)
            #expect(made.status == 201)
            let entry = try Plain(made.body)
            #expect(entry["notes"] == .null)
            let path = "/api/timetracking/entries/\(try #require(entry["id"]?.text))/"
            let patched = try Plain(try await desk.ask(.patch, path, #"{"notes":"","is_late":true}"#).body)
            #expect(patched["notes"] == .text("") && patched["is_late"] == .boolean(true) && patched["type"] == .text("punch_in"))
            #expect(patched["id"] == entry["id"] && patched["created_at"] == entry["created_at"])
            let put = try await desk.ask(.put, path, #"{"type":"punch_in","employee":"\#(Self.nobody)"}"#)
            #expect(
                put.text
                    == #"{"timestamp":["This field is required."],"employee":["Invalid pk \"\#(Self.nobody)\" - object does not exist."]}"#
            )
            #expect(try await desk.ask(.get, path).text == String(decoding: try await desk.ask(.get, path).body, as: UTF8.self))
            #expect(try await desk.ask(.delete, path).status == 204)
            #expect(try await desk.ask(.get, path).status == 404)
        }
    }

    // MARK: Sessions

    @Test(arguments: StoreKind.underTest)
    func `shows the newest cycle first, but in the answer to an edit`(on kind: StoreKind) async throws {
        try await withDesk(kind) { desk in
            let id = try await desk.employee("E-1")
            for (type, time) in [("punch_in", "14"), ("punch_out", "16"), ("punch_in", "17"), ("punch_out", "20")] {
                #expect(try await desk.punch(id, type, "2025-07-07T\(time):00:00Z").status == 201)
            }
            func order(_ session: Plain?) -> [String] {
                session?["punch_cycles"]?.items?.compactMap { $0["punch_in"]?.text } ?? []
            }
            let list = try Plain(try await desk.desk.ask(.get, "/api/timetracking/sessions/?employee_id=\(id)").body)
            let session = try #require(list.items?.first)
            #expect(session.members?.count == 19)
            let (early, late) = ("2025-07-07T14:00:00Z", "2025-07-07T17:00:00Z")
            #expect(order(session) == [late, early])
            #expect(try session.dug("punch_cycles.0.work_session") == session["id"])
            #expect(try session.dug("employee_data.employee_id") == .text("E-1"))
            let path = "/api/timetracking/sessions/\(try #require(session["id"]?.text))/"
            #expect(order(try Plain(try await desk.desk.ask(.get, path).body)) == [late, early])
            let edited = try Plain(
                try await desk.ask(
                    .put, path + "edit/", #"{"punch_in":"2025-07-07T14:00:00Z","punch_out":"2025-07-08T14:00:00Z"}"#
                ).body)
            #expect(order(edited) == [early, late])
            #expect(edited["note"] == .text("") && edited["total_hours"] == .text("24.00"))
            let again = try await desk.ask(
                .post, "/api/timetracking/sessions/", #"{"employee":"\#(id)","date":"2025-07-07"}"#)
            #expect(
                again.text == #"{"non_field_errors":["The fields employee, date must make a unique set."]}"# && again.status == 400)
            let generated = try await desk.ask(
                .post, "/api/timetracking/sessions/generate/", #"{"start_date":"2025-07-01","end_date":"2025-07-07"}"#)
            #expect(generated.text == #"{"message":"Generated 1 work sessions","sessions_count":1}"#)
            for (body, sentence) in [
                ("{}", "start_date and end_date are required"),
                (#"{"start_date":"","end_date":"2025-07-07"}"#, "start_date and end_date are required"),
                (
                    #"{"start_date":"soon","end_date":"2025-07-07"}"#,
                    "start_date and end_date must be dates in the format YYYY-MM-DD"
                ),
            ] {
                let refused = try await desk.ask(.post, "/api/timetracking/sessions/generate/", body)
                #expect(refused.status == 400 && refused.text == #"{"error":"\#(sentence)"}"#)
            }
            #expect(try await desk.ask(.delete, path).status == 204)
            #expect(try await desk.ask(.get, path).status == 404)
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `lays down a session with what it says of itself`(on kind: StoreKind) async throws {
        try await withDesk(kind) { desk in
            let id = try await desk.employee("E-1")
            let made = try await desk.ask(
                .post, "/api/timetracking/sessions/",
                #"{"employee":"\#(id)","date":"2025-07-07","punch_in":"2025-07-07T14:00:00Z","total_hours":"7.5","status":"complete","note":null}"#
            )
            #expect(made.status == 201, "\(made.text)")
            let session = try Plain(made.body)
            #expect(session["total_hours"] == .text("7.50") && session["working_hours"] == .text("0.00"))
            #expect(session["status"] == .text("complete") && session["punch_cycles"] == .array([]) && session["note"] == .null)
            let path = "/api/timetracking/sessions/\(try #require(session["id"]?.text))/"
            let patched = try Plain(try await desk.ask(.patch, path, #"{"working_hours":6.25,"punch_in":null}"#).body)
            #expect(patched["working_hours"] == .text("6.25") && patched["punch_in"] == .null)
            let moved = try await desk.ask(.patch, path, #"{"date":"2025-07-08"}"#)
            #expect(moved.status == 400)
            let put = try await desk.ask(.put, path, "{}")
            #expect(put.text == #"{"date":["This field is required."],"employee":["This field is required."]}"#)
        }
    }

    // MARK: Reports

    @Test(arguments: StoreKind.underTest)
    func `exports what a spreadsheet cannot run, and quotes what it must`(on kind: StoreKind) async throws {
        try await withDesk(kind) { desk in
            var names: [(name: String, code: String)] = []
            for (place, name) in ["=1+1", "+A", "-A", "@A", "Ann, \\\"the\\\" one", "Plain = +"].enumerated() {
                let code = place == 0 ? "=C" : "C-\(place)"
                let answer = try await desk.ask(
                    .post, "/api/employees/",
                    #"{"name":"\#(name)","employee_id":"\#(code)","email":"c\#(place)@x.yz","department":"D","position":"P"}"#)
                let id = try #require(try Plain(answer.body)["id"]?.text)
                #expect(try await desk.punch(id, "punch_in", "2025-07-07T14:00:00.999Z").status == 201)
                #expect(try await desk.punch(id, "break_start", "2025-07-07T15:00:00Z").status == 201)
                names.append((name, code))
            }
            let answer = try await desk.ask(
                .post, "/api/reports/export/csv/", #"{"start_date":"2025-7-1","end_date":"2025-07-31"}"#)
            #expect(answer.status == 200 && answer.headers.first("Content-Type") == "text/csv")
            #expect(
                answer.headers.first("Content-Disposition") == "attachment; filename=\"timesheet-2025-07-01-to-2025-07-31.csv\"")
            let rest = ",2025-07-07,09:00:00,,0.00,0,0.00,0,0,On Break,Cycle 1: 09:00 - In Progress"
            #expect(
                answer.text.split(separator: "\r\n").dropFirst().map { $0.replacing(rest, with: "") } == [
                    "'+A,C-1", "'-A,C-2", "'=1+1,'=C", "'@A,C-3", "\"Ann, \"\"the\"\" one\",C-4", "Plain = +,C-5",
                ])
            #expect(answer.text.hasSuffix("\r\n"))
            let none = try await desk.ask(
                .post, "/api/reports/export/csv/",
                #"{"start_date":"2025-07-01","end_date":"2025-07-31","employee_id":"\#(Self.nobody)","include_punch_cycles":"no"}"#)
            #expect(
                none.text
                    == "Employee Name,Employee ID,Date,First Punch In,Last Punch Out,Total Hours,Break Duration (min),Working Hours,Late Arrivals,Early Departures,Status\r\n"
            )
            let bad = try await desk.ask(
                .post, "/api/reports/export/csv/",
                #"{"start_date":"x","end_date":null,"employee_id":null,"include_punch_cycles":"maybe"}"#)
            #expect(bad.status == 400)
            #expect(
                try Plain(bad.body).members?.keys.sorted() == ["employee_id", "end_date", "include_punch_cycles", "start_date"])
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `reports nothing of nobody and of days in the wrong order`(on kind: StoreKind) async throws {
        try await withDesk(kind) { desk in
            let id = try await desk.employee("E-1")
            _ = try await desk.punch(id, "punch_in", "2025-07-07T14:00:00Z")
            for query in [
                "start_date=2025-07-08&end_date=2025-07-07", "start_date=2025-07-01&end_date=2025-07-31&employee_id=\(Self.nobody)",
            ] {
                #expect(try await desk.ask(.get, "/api/reports/daily/?\(query)").text == "[]")
                #expect(try await desk.ask(.get, "/api/reports/employees/?\(query)").text == "[]")
                let overview = try Plain(try await desk.ask(.get, "/api/reports/overview/?\(query)").body)
                #expect(overview["total_sessions"] == .number("0") && overview["average_hours_per_day"] == .text("0.00"))
            }
            for report in ["overview", "employees", "daily"] {
                for (query, sentence) in [
                    ("start_date=2025-07-01", "start_date and end_date are required"),
                    ("start_date=2025-07-01&end_date=", "start_date and end_date are required"),
                    ("start_date=2025-07-01&end_date=soon", "end_date must be a date in the format YYYY-MM-DD"),
                    ("start_date=2025-07-01&end_date=2025-07-02&employee_id=1", "employee_id must be a valid UUID"),
                ] {
                    let refused = try await desk.ask(.get, "/api/reports/\(report)/?\(query)")
                    #expect(refused.status == 400 && refused.text == #"{"error":"\#(sentence)"}"#)
                }
            }
        }
    }
}
