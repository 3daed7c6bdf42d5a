import AttendanceCore
import Foundation
import HTTPMessages
import StrictJSON
import TestKit
import Testing

@testable import DialectTrackAttendance

@Suite struct `The contract over a real store` {
    @Test(arguments: StoreKind.underTest)
    func `holds in every golden case`(on kind: StoreKind) async throws {
        let suite = try goldenSuite()
        try await kind.withFreshStore { subject in
            let desk = try Desk(subject)
            for (number, scenario) in suite.scenarios.enumerated() {
                let problems = await suite.play(scenario, run: "r\(number)") {
                    try await desk.answer($0)
                }
                #expect(problems == [], "\(scenario.name)")
            }
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `gives each key its role, and keeps scans where the upload role is missing`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            let desk = try Desk(subject)
            func headers(_ roles: KeyRoles) async throws -> HeaderFields {
                let made = try await subject.operations.createKey(
                    label: roles.names, roles: roles, expiresAt: nil, as: .commandLine(tenant: .default))
                return [
                    "Authorization": "Bearer \(made.text.text)", "Content-Type": "application/json",
                    "X-Confirm-Delete": "DELETE ALL SCANS",
                ]
            }
            let upload = try await headers(.upload)
            let dashboard = try await headers(.dashboard)
            let admin = try await headers(.admin)
            let closed: [(HTTPMethod, String, String, [Int])] = [
                (.post, "/v1/scans/batch", #"{"events":[]}"#, [200, 401, 401]),
                (.get, "/v1/scans/check-duplicate?badge_id=1", "", [200, 403, 403]),
                (.get, "/v1/roster/hash", "", [200, 403, 403]),
                (.post, "/v1/roster/summary", #"{"business_units":[]}"#, [200, 403, 403]),
                (.post, "/v1/stations/heartbeat", #"{"station_name":"A"}"#, [200, 403, 403]),
                (.get, "/v1/dashboard/stats", "", [403, 200, 403]),
                (.get, "/v1/dashboard/export", "", [403, 200, 403]),
                (.get, "/v1/admin/scan-count", "", [403, 200, 403]),
                (.put, "/v1/dashboard/config", #"{"refresh_interval":60}"#, [403, 403, 200]),
                (.put, "/v1/stations/rename", #"{"old_name":"A","new_name":"B"}"#, [403, 403, 200]),
                (.delete, "/v1/admin/clear-scans", "", [403, 403, 200]),
            ]
            for (method, path, body, statuses) in closed {
                for (headers, status) in zip([upload, dashboard, admin], statuses) {
                    let answer = try await desk.ask(method, path, headers: headers, body)
                    #expect(answer.status == status, "\(method) \(path)")
                    if status == 403 { #expect(try answer.member("error") == "\"Forbidden\"") }
                }
            }
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `lets no tenant's key open another's site`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            let school = try await subject.operations.createTenant(
                named: TenantName(parsing: "school"), as: .commandLine(tenant: .default))
            let key = try await subject.operations.createKey(
                label: "gate", roles: .all, expiresAt: nil, as: .commandLine(tenant: school.id))
            let headers: HeaderFields = ["Authorization": "Bearer \(key.text.text)"]
            #expect(try await Desk(subject, tenant: school).ask(.get, "/v1/roster/hash", headers: headers).status == 200)
            #expect(try await Desk(subject).ask(.get, "/v1/roster/hash", headers: headers).status == 401)
            #expect(try await Desk(subject, tenant: school).ask(.get, "/v1/roster/hash").status == 401)
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `exports in pieces that join to one answer`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            let desk = try Desk(subject)
            let count = ExportPages.pageEntriesMax * 2 + 5
            let scans = (0..<count).map { number in
                Claim.scan(
                    WireText("k\(number)"), badge: WireText("b\(number)"), station: "Gate",
                    at: Instant(microseconds: 1_770_000_000_000_000 + Int64(number) * 1_000_000))
            }
            for start in stride(from: 0, to: count, by: 1_000) {
                _ = try await subject.operations.recordScans(Array(scans[start..<min(start + 1_000, count)]), as: subject.caller)
            }
            let all = try await desk.ask(.get, "/v1/dashboard/export")
            let export = try JSONDocument(parsing: all.body, duplicates: .refuse).root
            #expect(export["total_records"]?.number?.int64 == Int64(count))
            #expect(export["total_available"]?.number?.int64 == Int64(count))
            let rows = try #require(export["scans"]?.items)
            #expect(rows.map { $0["badge_id"]?.string ?? "" } == (0..<count).map { "b\($0)" })
            #expect(all.text.hasPrefix("{\"total_records\":\(count),"))
            for limit in [0, 1, 2_000, 2_001, count, count + 1] {
                let answer = try await desk.ask(.get, "/v1/dashboard/export?limit=\(limit)")
                let part = try JSONDocument(parsing: answer.body, duplicates: .refuse).root
                #expect(part["total_records"]?.number?.int64 == Int64(min(limit, count)))
                #expect(part["scans"]?.items?.count == min(limit, count))
                #expect(part["total_available"]?.number?.int64 == Int64(count))
            }
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `shows a station offline after two silent minutes, and never a heartbeat from the future`(
        on kind: StoreKind
    ) async throws {
        try await kind.withFreshStore { subject in
            let desk = try Desk(subject)
            _ = try await desk.ask(.post, "/v1/stations/heartbeat", #"{"station_name":"ม","local_scan_count":"7 scans"}"#)
            func station() async throws -> Plain {
                try await Plain(desk.ask(.get, "/v1/stations/status", headers: [:]).body).dug("stations.0")
            }
            subject.clock.advance(milliseconds: 120_999)
            var seen = try await station()
            #expect(seen["seconds_ago"] == .number("120"))
            #expect(seen["status"] == .text("ready"))
            #expect(seen["local_scan_count"] == .number("7"))
            subject.clock.advance(milliseconds: 1)
            seen = try await station()
            #expect(seen["status"] == .text("offline"))
            subject.clock.advance(milliseconds: -500_000)
            seen = try await station()
            #expect(seen["seconds_ago"] == .number("0"))
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `keeps an unreadable duplicate question from the store`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            let desk = try Desk(subject)
            let answer = try await desk.ask(.get, "/v1/scans/check-duplicate?badge_id=a%00b&exclude_station=%00")
            #expect(answer.status == 200)
            #expect(answer.text == #"{"duplicate":false}"#)
        }
    }
}
