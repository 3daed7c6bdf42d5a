import AttendanceCore
import HTTPMessages
import TestKit
import Testing

@testable import DialectKit

@Suite struct `Limiting the rate of requests` {
    private let start = Instant(microseconds: 1_770_000_000_000_000)

    @Test func `counts down to none and then refuses until the window ends`() throws {
        let limit = RateLimit(limit: 2, windowSeconds: 60)
        func count(after seconds: Int64) -> RateLimit.Standing? {
            limit.count(address: "10.0.0.1", tenant: .default, at: start.adding(seconds: seconds))
        }
        #expect(count(after: 0) == .init(limit: 2, remaining: 1, resetSeconds: 60, isOver: false))
        #expect(count(after: 20) == .init(limit: 2, remaining: 0, resetSeconds: 40, isOver: false))
        #expect(count(after: 59) == .init(limit: 2, remaining: 0, resetSeconds: 1, isOver: true))
        #expect(count(after: 60) == .init(limit: 2, remaining: 1, resetSeconds: 60, isOver: false))
    }

    @Test func `counts addresses and tenants apart`() {
        let limit = RateLimit(limit: 1, windowSeconds: 60)
        #expect(limit.count(address: "a", tenant: .default, at: start)?.isOver == false)
        #expect(limit.count(address: "b", tenant: .default, at: start)?.isOver == false)
        #expect(limit.count(address: "a", tenant: TenantID(rawValue: 2), at: start)?.isOver == false)
        #expect(limit.count(address: "a", tenant: .default, at: start)?.isOver == true)
    }

    @Test func `says nothing when it is switched off`() {
        #expect(RateLimit(limit: 0, windowSeconds: 60).count(address: "a", tenant: .default, at: start) == nil)
    }

    @Test func `begins anew when the clock was set back`() {
        let limit = RateLimit(limit: 1, windowSeconds: 60)
        _ = limit.count(address: "a", tenant: .default, at: start)
        #expect(limit.count(address: "a", tenant: .default, at: start.adding(seconds: -3_600))?.isOver == false)
    }

    @Test func `lets clients beyond the known ones share a window, until old windows have ended`() {
        let limit = RateLimit(limit: 2, windowSeconds: 60)
        for number in 0..<RateLimit.clientsMax {
            _ = limit.count(address: "c\(number)", tenant: .default, at: start)
        }
        let later = start.adding(seconds: 2)
        #expect(limit.count(address: "x", tenant: .default, at: later)?.remaining == 1)
        #expect(limit.count(address: "y", tenant: .default, at: later)?.remaining == 0)
        #expect(limit.count(address: "z", tenant: .default, at: later)?.isOver == true)
        #expect(limit.count(address: "c7", tenant: .default, at: later)?.isOver == false)
        #expect(limit.count(address: "z", tenant: .default, at: start.adding(seconds: 61))?.remaining == 1)
    }
}

@Suite struct `What a request says about its body` {
    @Test(arguments: [
        (nil, BodyForm.unnamed), ("application/json", .json), ("application/json; charset=utf-8", .json),
        ("Application/JSON ;charset=UTF-8", .json), (" application/json ", .json),
        ("application/jsonp", .other("application/jsonp")), ("text/plain", .other("text/plain")), ("", .other("")),
        ("application/xml", .other("application/xml")), ("json", .other("json")),
    ])
    func `is read from the content type`(header: String?, form: BodyForm) throws {
        let headers = header.map { ["Content-Type": $0] as HeaderFields } ?? [:]
        #expect(try #require(RequestHead(method: .post, target: "/", headers: headers)).bodyForm == form)
    }

    @Test(arguments: [
        ("text/html,application/xhtml+xml;q=0.9,*/*;q=0.8", true), ("application/json, Text/HTML ; q=0.1", true),
        ("*/*", false), ("application/json", false), ("text/html;q=0", false), ("text/htmlx", false), ("", false),
    ])
    func `is asked for as HTML by browsers only`(accept: String, isHTML: Bool) throws {
        let head = try #require(RequestHead(method: .get, target: "/", headers: ["Accept": accept]))
        #expect(head.asksForHTML == isHTML)
    }
}
