import AttendanceCore
import Digests
import Dispatch
import HTTPMessages
import SQLStorage
import StrictJSON
import TestKit
import Testing

@testable import DialectTrackAttendance

@Suite struct `Uploading a roster` {
    private func upload(_ units: String) throws -> RosterUpload {
        try RosterUpload(json("{\"business_units\":[\(units)],\"total_registered\":1,\"payload_hash\":\"x\"}"))
    }

    @Test(arguments: [
        ("", "e3b0c44298fc1c14"),
        (
            #"{"name":"Audit","registered":155},{"name":"Tax & Legal","registered":107},{"name":"Consulting","registered":90}"#,
            "08aa934e52226e24"
        ),
        (
            #"{"name":"Consulting","registered":90},{"name":"Tax & Legal","registered":107.0},{"name":"Audit","registered":"155"}"#,
            "08aa934e52226e24"
        ),
        (#"{"name":"Audit","registered":155},{"name":"Tax & Legal","registered":107}"#, "64a5423284d6f05f"),
    ])
    func `gives the hash that the kiosk computes, in any order`(units: String, hash: String) throws {
        #expect(try fingerprint(upload(units)) == WireText(hash))
    }

    private func fingerprint(_ upload: RosterUpload) -> WireText {
        RosterSummary.trackAttendance(upload.units) { Digest(SHA256.digest(of: $0).bytes) }.fingerprint
    }

    @Test func `sorts by code point, not by UTF-16 unit or locale`() throws {
        let names = ["😀", "\u{FF21}", "z", "é"]
        let sent = names.enumerated().map { "{\"name\":\"\($0.element)\",\"registered\":\($0.offset + 1)}" }
        let units = try upload(sent.joined(separator: ","))
        let sorted = SHA256.digest(of: "z:3|é:4|\u{FF21}:2|😀:1").hex.prefix(16)
        #expect(fingerprint(units).text == sorted)
    }

    @Test(arguments: [
        ("{}", "body must have required property 'business_units'"),
        ("[]", "body must be object"),
        (#"{"business_units":null}"#, "body/business_units must NOT be null"),
        (#"{"business_units":[3]}"#, "body/business_units/0 must be object"),
        (#"{"business_units":[{"registered":5}]}"#, "body/business_units/0 must have required property 'name'"),
        (#"{"business_units":[{"name":"A"}]}"#, "body/business_units/0 must have required property 'registered'"),
        (#"{"business_units":[{"name":"A","registered":-5}]}"#, "body/business_units/0/registered must be >= 0"),
        (#"{"business_units":[{"name":"A","registered":1.5}]}"#, "body/business_units/0/registered must be integer"),
        (#"{"business_units":[{"name":"A","registered":"many"}]}"#, "body/business_units/0/registered must be integer"),
        (#"{"business_units":[{"name":"A","registered":true}]}"#, "body/business_units/0/registered must be integer"),
        (#"{"business_units":[{"name":"A","registered":null}]}"#, "body/business_units/0/registered must NOT be null"),
        (#"{"business_units":[{"name":"A","registered":1e30}]}"#, "body/business_units/0/registered must be <= 9007199254740991"),
        (
            #"{"business_units":[{"name":"A\u0000","registered":1}]}"#,
            "body/business_units/0/name must NOT have the character U+0000"
        ),
        (
            #"{"business_units":[{"name":"A","registered":1},{"name":"B","registered":1},{"name":"A","registered":2}]}"#,
            "body/business_units/2/name must NOT be the same as that of another item"
        ),
    ])
    func `is refused with the place that is wrong`(body: String, reason: String) throws {
        let body = try json(body)
        let failure = try #require(throws: TrackAttendanceFailure.self) { try RosterUpload(body) }
        #expect(failure.status == 400)
        #expect(failure.reason == reason)
    }

    @Test func `takes two hundred units, and names that differ in code points only`() throws {
        func units(_ count: Int) -> String {
            (0..<count).map { "{\"name\":\"u\($0)\",\"registered\":1}" }.joined(separator: ",")
        }
        #expect(try upload(units(200)).units.count == 200)
        #expect(throws: TrackAttendanceFailure.self) { try upload(units(201)) }
        #expect(try upload("{\"name\":\"\u{e9}\",\"registered\":1},{\"name\":\"e\u{301}\",\"registered\":1}").units.count == 2)
    }

    @Test func `that is refused is noted`() async throws {
        let desk = try await Desk()
        #expect(try await desk.ask(.post, "/v1/roster/summary", "{}").status == 400)
        #expect(desk.refusals.all.map(\.request) == ["POST /v1/roster/summary"])
        #expect(desk.refusals.all.map(\.reason) == ["body must have required property 'business_units'"])
    }
}

@Suite struct `Joining totals` {
    @Test func `lists the union of units by code point, the unmatched last`() {
        let units = Totals.joined(
            roster: [
                .init(name: "Tax", registered: 6), .init(name: "Audit", registered: 4), .init(name: "Unmatched", registered: 2),
            ],
            scanned: [
                .init(name: "Zoo", uniqueBadges: 1), .init(name: "é", uniqueBadges: 5), .init(name: "Audit", uniqueBadges: 2),
                .init(name: nil, uniqueBadges: 3),
            ])
        #expect(
            units == [
                .init(name: "Audit", registered: 4, unique: 2), .init(name: "Tax", registered: 6, unique: 0),
                .init(name: "Zoo", registered: 0, unique: 1), .init(name: "é", registered: 0, unique: 5),
                .init(name: "Unmatched", registered: 2, unique: 3),
            ])
    }

    @Test func `keeps composed and decomposed names apart`() {
        let units = Totals.joined(
            roster: [.init(name: "\u{e9}", registered: 1)], scanned: [.init(name: "e\u{301}", uniqueBadges: 1)])
        #expect(units.count == 2)
    }

    @Test func `is empty for an empty store`() {
        #expect(Totals.joined(roster: [], scanned: []).isEmpty)
    }
}

@Suite struct `Asking for a duplicate` {
    private func question(_ query: String) throws -> DuplicateQuestion {
        let head = try #require(RequestHead(method: .get, target: "/?" + query, headers: [:]))
        return try DuplicateQuestion(head.query)
    }

    @Test(arguments: [
        ("badge_id=1", 5), ("badge_id=1&window_minutes=", 5), ("badge_id=1&window_minutes=soon", 5),
        ("badge_id=1&window_minutes=0", 1), ("badge_id=1&window_minutes=-3", 1), ("badge_id=1&window_minutes=1441", 1_440),
        ("badge_id=1&window_minutes=10abc", 10), ("badge_id=1&window_minutes=+12", 12),
        ("badge_id=1&window_minutes=99999999999999999999", 1_440), ("badge_id=1&window_minutes=-99999999999999999999", 1),
        ("badge_id=1&window_minutes=7&window_minutes=9", 7),
    ])
    func `reads the window as parseInt and keeps it in its bounds`(query: String, minutes: Int64) throws {
        #expect(try question(query).windowMinutes == minutes)
    }

    @Test(arguments: [
        ("badge_id=+%E0%B8%A1+", "ม", nil), ("badge_id=1&badge_id=2&exclude_station=Gate+B", "1", "Gate B"),
        ("badge_id=%EF%BB%BF%C2%A07%E2%80%A8&exclude_station=++", "7", nil), ("badge_id=%C2%857", "\u{85}7", nil),
        ("badge_id=1&exclude_station=a%00b", "1", nil),
    ])
    func `trims badge and station as JavaScript does`(query: String, badge: String, station: String?) throws {
        let question = try question(query)
        #expect(question.badge == WireText(badge))
        #expect(question.excludedStation?.text == station)
    }

    @Test(arguments: ["", "badge_id=", "badge_id=++%09", "window_minutes=5"])
    func `is refused without a badge`(query: String) async throws {
        let answer = try await Desk().ask(.get, "/v1/scans/check-duplicate?\(query)")
        #expect(answer.status == 400)
        #expect(answer.text == #"{"error":"badge_id is required"}"#)
    }
}

@Suite struct `Limiting an export` {
    private func limit(_ query: String) throws -> ExportLimit {
        try ExportLimit(try #require(RequestHead(method: .get, target: "/?" + query, headers: [:])).query)
    }

    @Test(arguments: [
        ("", nil), ("limit=", nil), ("limit=0", 0), ("limit=007", 7), ("limit=100000", 100_000), ("limit=100001", 100_000),
        ("limit=99999999999999999999999", 100_000),
    ])
    func `takes a count, cut to the maximum, and nothing for everything`(query: String, rows: Int64?) throws {
        #expect(try limit(query).rows == rows)
    }

    @Test(arguments: [
        "limit=-1", "limit=1.5", "limit=ten", "limit=1e3", "limit=%201", "limit=1&limit=2", "limit=&limit=", "limit=%2B5",
    ])
    func `refuses anything else`(query: String) async throws {
        let answer = try await Desk().ask(.get, "/v1/dashboard/export?\(query)")
        #expect(answer.status == 400)
        #expect(try answer.member("error")?.contains("limit") == true)
    }
}

@Suite struct `Setting the page's refresh interval` {
    @Test(arguments: [
        ("0", 0), ("10", 10), ("600", 600), ("60.0", 60), ("\"30\"", 30), ("\" 30 seconds\"", 30), ("\"30.9\"", 30),
    ])
    func `takes none, ten seconds to ten minutes, and texts that begin so`(value: String, seconds: Int64) throws {
        #expect(try RefreshInterval(json("{\"refresh_interval\":\(value)}")).seconds == seconds)
    }

    @Test(arguments: [
        #"{"refresh_interval":9}"#, #"{"refresh_interval":601}"#, #"{"refresh_interval":-1}"#, #"{"refresh_interval":30.5}"#,
        #"{"refresh_interval":"soon"}"#, #"{"refresh_interval":""}"#, #"{"refresh_interval":null}"#,
        #"{"refresh_interval":true}"#, #"{"refresh_interval":[60]}"#, "{}", "[]", "60",
    ])
    func `refuses anything else with a sentence for the operator`(body: String) async throws {
        let answer = try await Desk().ask(.put, "/v1/dashboard/config", body)
        #expect(answer.status == 400)
        #expect(answer.text == #"{"error":"refresh_interval must be 0, or 10 to 600 seconds"}"#)
    }

    @Test func `is sixty seconds until it is set`() {
        #expect(RefreshInterval(stored: nil).seconds == 60)
        #expect(RefreshInterval(stored: 0).seconds == 0)
    }
}

@Suite struct `Hearing from a station` {
    @Test(arguments: [
        (#""station_name":"A""#, nil, 0), (#""station_name":"A","last_clear_epoch":null,"local_scan_count":null"#, nil, 0),
        (#""station_name":"A","last_clear_epoch":"","local_scan_count":"77x""#, nil, 77),
        (#""station_name":"A","last_clear_epoch":" e ","local_scan_count":-3"#, " e ", -3),
        (#""station_name":"A","last_clear_epoch":17,"local_scan_count":12.0"#, "17", 12),
        (#""station_name":"A","local_scan_count":12.7"#, nil, 0), (#""station_name":"A","local_scan_count":[1]"#, nil, 0),
        (#""station_name":"A","local_scan_count":1e30"#, nil, .max),
        (#""station_name":"A","local_scan_count":"-99999999999999999999""#, nil, .min),
        (#""station_name":"A","local_scan_count":true"#, nil, 0),
    ])
    func `reads the epoch as it is and the count as parseInt`(members: String, epoch: String?, count: Int64) throws {
        let report = try HeartbeatReport(json("{\(members)}"))
        #expect(report.lastClearEpoch?.text == epoch)
        #expect(report.localScanCount == count)
    }

    @Test(arguments: [
        ("{}", "station_name"), (#"{"station_name":""}"#, "station_name"), (#"{"station_name":null}"#, "station_name"),
        (#"{"station_name":5}"#, "station_name"), (#"{"station_name":["A"]}"#, "station_name"), ("[]", "station_name"),
        (#"{"station_name":"a\u0000"}"#, "station_name"),
        ("{\"station_name\":\"\(String(repeating: "s", count: 129))\"}", "station_name"),
        (#"{"station_name":"A","last_clear_epoch":{}}"#, "last_clear_epoch"),
        ("{\"station_name\":\"A\",\"last_clear_epoch\":\"\(String(repeating: "1", count: 129))\"}", "last_clear_epoch"),
    ])
    func `is refused without a usable name, and noted`(body: String, field: String) async throws {
        let desk = try await Desk()
        let answer = try await desk.ask(.post, "/v1/stations/heartbeat", body)
        #expect(answer.status == 400)
        #expect(try answer.member("error")?.contains(field) == true)
        #expect(desk.refusals.all.map(\.request) == ["POST /v1/stations/heartbeat"])
    }

    @Test func `says so when the store is out of reach`() async throws {
        let answer = try await Desk().ask(.post, "/v1/stations/heartbeat", #"{"station_name":"A"}"#)
        #expect(answer.status == 503)
        #expect(try answer.member("ok") == "false")
    }

    @Test(arguments: [
        (nil, nil, 0, StationState.ready), (nil, "e", 120, .ready), ("e", "e", 120, .ready), ("e", nil, 0, .pending),
        ("e", "f", 0, .pending), ("e", "e", 121, .offline), ("e", "f", 121, .offline), (nil, nil, 121, .offline),
    ])
    func `is ready, pending or offline`(epoch: String?, seen: String?, secondsAgo: Int64, state: StationState) {
        let heartbeat = Heartbeat(
            station: "A", lastClearEpoch: seen.map { WireText($0) }, localScanCount: 0, receivedAt: Instant(microseconds: 0))
        #expect(StationState(heartbeat, epoch: epoch.map { WireText($0) }, secondsAgo: secondsAgo) == state)
    }
}

@Suite struct `Renaming a station` {
    @Test func `trims both names`() throws {
        let request = try RenameRequest(json(#"{"old_name":" Old\t","new_name":"\u00a0New"}"#))
        #expect(request.old == "Old")
        #expect(request.new == "New")
    }

    @Test(arguments: [
        ("{}", "old_name"), (#"{"old_name":" ","new_name":"B"}"#, "old_name"), (#"{"old_name":"A"}"#, "new_name"),
        (#"{"old_name":"A","new_name":7}"#, "new_name"),
        ("{\"old_name\":\"A\",\"new_name\":\"\(String(repeating: "ม", count: 129))\"}", "new_name"),
        (#"{"old_name":"a\u0000","new_name":"B"}"#, "old_name"),
    ])
    func `is refused without two usable names`(body: String, field: String) async throws {
        let answer = try await Desk().ask(.put, "/v1/stations/rename", body)
        #expect(answer.status == 400)
        #expect(try answer.member("error")?.hasPrefix("\"\(field)") == true)
    }
}

@Suite struct `Clearing` {
    private func headers(_ confirmation: String?) -> HeaderFields {
        var headers: HeaderFields = ["Authorization": "Bearer \(Desk.key)", "Content-Length": "0"]
        if let confirmation { headers.append("X-Confirm-Delete", confirmation) }
        return headers
    }

    @Test(arguments: [nil, "", "delete all scans", "DELETE ALL SCANS!", "DELETE STATION SCANS"])
    func `needs its confirmation, exactly`(confirmation: String?) async throws {
        let answer = try await Desk().ask(.delete, "/v1/admin/clear-scans", headers: headers(confirmation))
        #expect(answer.status == 400)
        #expect(try answer.member("error")?.contains("X-Confirm-Delete") == true)
        #expect(try answer.member("message") != nil)
    }

    @Test(arguments: ["", "?station=", "?station=A&station=A", "?Station=A", "?station=%FF", "?station=%E0%B8"])
    func `one station needs its name, once`(query: String) async throws {
        let answer = try await Desk().ask(
            .delete, "/v1/admin/clear-station\(query)", headers: headers("DELETE STATION SCANS"))
        #expect(answer.status == 400)
        #expect(try answer.member("error")?.contains("station") == true)
    }

    @Test(arguments: ["a%00b", String(repeating: "s", count: 129)])
    func `a station that cannot be deletes nothing`(name: String) async throws {
        let answer = try await Desk().ask(
            .delete, "/v1/admin/clear-station?station=\(name)", headers: headers("DELETE STATION SCANS"))
        #expect(answer.status == 200)
        #expect(try answer.member("deleted") == "0")
    }

    @Test(arguments: [
        ("/v1/admin/clear-scans", "DELETE ALL SCANS"), ("/v1/admin/clear-station?station=A", "DELETE STATION SCANS"),
    ])
    func `says so when the store is out of reach`(path: String, confirmation: String) async throws {
        let answer = try await Desk().ask(.delete, path, headers: headers(confirmation))
        #expect(answer.status == 503)
        #expect(try answer.member("ok") == "false")
        #expect(try answer.member("message") != nil)
    }
}

@Suite struct `Telling one's health` {
    @Test(arguments: [nil, "*/*", "application/json"])
    func `says ok without a store, and never a substitute for the epoch`(accept: String?) async throws {
        let headers = accept.map { ["Accept": $0, "Authorization": "Bearer wrong"] as HeaderFields } ?? [:]
        let expected =
            #"{"status":"ok","service":"Track Attendance API","version":"9.9.9","clear_epoch":null,"#
            + #""timestamp":"2026-02-12T08:00:00.000Z""#
        // On the shared address stands beside it what clients of other contracts look for.
        for (isShared, more) in [(false, ""), (true, #","message":"Muster","docs":"/docs","health":"/health""#)] {
            let answer = try await Desk(isShared: isShared).ask(.get, "/?x=1", headers: headers)
            #expect(answer.status == 200)
            #expect(answer.text == expected + more + "}")
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `does not wait for a store that hangs`() async throws {
        try await StoreKind.sqlite.withFreshStore { subject in
            _ = try await subject.operations.clearScans(of: .trackAttendance, as: subject.caller)
            let desk = try Desk(subject)
            // Every reading connection is busy until the answer is there: no store could answer sooner.
            let gate = DispatchSemaphore(value: 0)
            let readers = (0..<SQLStore.readersMax).map { _ in
                Task { try await subject.store.read(in: .default) { _ in gate.wait() } }
            }
            try await Task.sleep(for: .milliseconds(200))
            #expect(try await desk.ask(.get, "/", headers: [:]).member("clear_epoch") == "null")
            for _ in readers { gate.signal() }
            for reader in readers { try await reader.value }
            #expect(try await desk.ask(.get, "/", headers: [:]).member("clear_epoch") != "null")
        }
    }

    @Test func `tells probes by its status that the store cannot be read`() async throws {
        let answer = try await Desk().ask(.get, "/healthz", headers: [:])
        #expect(answer.status == 503)
        #expect(answer.headers.first("Retry-After") == "1")
        #expect(try answer.member("ok") == "false")
        #expect(try answer.member("db") == "\"disconnected\"")
    }

    @Test func `leads browsers to the page where the address is shared, and nowhere else`() async throws {
        let browser: HeaderFields = ["Accept": "text/html,application/xhtml+xml,*/*;q=0.8"]
        let shared = try await Desk(isShared: true).ask(.get, "/", headers: browser)
        #expect(shared.status == 303)
        #expect(shared.headers.first("Location") == "dashboard/")
        #expect(try await Desk(isShared: false).ask(.get, "/", headers: browser).status == 200)
    }
}

@Suite struct `Showing the page` {
    @Test(arguments: [
        ("/dashboard/", "text/html; charset=utf-8", "<html"),
        ("/dashboard/dashboard.css", "text/css; charset=utf-8", "{"),
        ("/dashboard/dashboard.js", "text/javascript; charset=utf-8", "../v1/stations/status"),
    ])
    func `needs no key, loads nothing from elsewhere and is asked for anew`(
        path: String, type: String, piece: String
    ) async throws {
        let desk = try await Desk()
        let answer = try await desk.ask(.get, path, headers: [:])
        #expect(answer.status == 200)
        #expect(answer.headers.first("Content-Type") == type)
        #expect(answer.text.contains(piece))
        #expect(answer.headers.first("Content-Security-Policy")?.hasPrefix("default-src 'none'; script-src 'self';") == true)
        #expect(answer.headers.first("X-Content-Type-Options") == "nosniff")
        #expect(answer.headers.first("Referrer-Policy") == "no-referrer")
        #expect(answer.headers.first("Cache-Control") == "no-cache")
        let tag = try #require(answer.headers.first("ETag"))
        let again = try await desk.ask(.get, path, headers: ["If-None-Match": "\"x\", \(tag)"])
        #expect(again.status == 304)
        #expect(again.body.isEmpty)
        #expect(try await desk.ask(.get, path, headers: ["If-None-Match": "\"x\""]).status == 200)
    }

    @Test func `is reached without its slash through a relative redirect`() async throws {
        let answer = try await Desk().ask(.get, "/dashboard", headers: [:])
        #expect(answer.status == 308)
        #expect(answer.headers.first("Location") == "dashboard/")
    }
}
