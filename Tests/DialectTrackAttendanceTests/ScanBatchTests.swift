import AttendanceCore
import StrictJSON
import TestKit
import Testing

@testable import DialectTrackAttendance

func json(_ text: String) throws -> JSONValue {
    try JSONDocument(parsing: Array(text.utf8), duplicates: .takeLast).root
}

/// An event that is right but for what the case changes: a nil value leaves the member out.
private func event(_ changes: [(String, String?)] = []) -> String {
    var members = [
        ("idempotency_key", "\"K-1\""), ("badge_id", "\"101117\""), ("station_name", "\"Main Gate\""),
        ("scanned_at", "\"2025-12-09T15:30:45Z\""),
    ]
    for (name, value) in changes {
        members.removeAll { $0.0 == name }
        if let value { members.append((name, value)) }
    }
    return "{" + members.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",") + "}"
}

private func batch(_ events: String...) throws -> ScanBatch {
    try ScanBatch(json("{\"events\":[\(events.joined(separator: ","))]}"))
}

private func refusal(_ body: String) throws -> TrackAttendanceFailure {
    let body = try json(body)
    return try #require(throws: TrackAttendanceFailure.self) { try ScanBatch(body) }
}

@Suite struct `Reading a batch` {
    @Test func `keeps all that a kiosk sends`() throws {
        let claims = try batch(
            """
            {"idempotency_key":"NorthHall-204418-77","badge_id":"204418","station_name":"North Hall",
            "scanned_at":"2026-02-12T08:14:03Z","business_unit":"Tax & Legal","scan_source":"badge",
            "meta":{"matched":true,"legacy_id":"204418","local_id":77}}
            """
        ).claims
        let expected = Claim(
            kind: .scan, source: .trackAttendance, occurredAt: Instant(microseconds: 1_770_884_043_000_000),
            station: "North Hall", unit: "Tax & Legal", means: "badge",
            personal: PersonalPart(
                identifierKind: .badge, identifier: "204418", staffCode: "204418", reference: "NorthHall-204418-77",
                meta: #"{"matched":true,"legacy_id":"204418","local_id":77}"#))
        #expect(claims == [expected])
    }

    @Test func `takes an empty list`() throws {
        #expect(try batch().claims.isEmpty)
    }

    @Test(arguments: [nil, "null", "\"\""])
    func `counts an absent, null or empty unit as none and such a source as manual`(value: String?) throws {
        let claim = try batch(event([("business_unit", value), ("scan_source", value), ("meta", nil)])).claims[0]
        #expect(claim.unit == nil)
        #expect(claim.means == "manual")
        #expect(claim.personal?.meta == nil)
        #expect(claim.personal?.staffCode == nil)
    }

    @Test(arguments: [
        ("101117", "101117"), ("-0", "0"), ("1.50", "1.5"), ("1e3", "1000"), ("1e21", "1e+21"), ("true", "true"),
        ("false", "false"), (#""\u0e21\u0e32""#, "มา"), (#"" x ""#, " x "), (#""😀""#, "😀"),
    ])
    func `takes a number or boolean as its text in JavaScript`(sent: String, kept: String) throws {
        let claim = try batch(
            event([("badge_id", sent), ("station_name", sent), ("idempotency_key", sent), ("business_unit", sent)])
        ).claims[0]
        #expect(claim.personal?.identifier == WireText(kept))
        #expect(claim.station == WireText(kept))
        #expect(claim.personal?.reference == WireText(kept))
        #expect(claim.unit == WireText(kept))
    }

    @Test func `keeps composed and decomposed letters apart`() throws {
        let claims = try batch(event([("badge_id", "\"\u{e9}\"")]), event([("badge_id", "\"e\u{301}\"")])).claims
        #expect(claims[0].personal?.identifier != claims[1].personal?.identifier)
    }

    @Test func `takes the last of members with one name, and drops unknown ones`() throws {
        let claim = try batch(event([("badge_id", #""first","badge_id":"last","colour":{"red":[1]}"#)])).claims[0]
        #expect(claim.personal?.identifier == "last")
    }

    @Test(arguments: [
        ("badge_id", "ม", 128), ("station_name", "😀", 128), ("idempotency_key", "k", 128), ("business_unit", "é", 256),
        ("scan_source", "s", 32),
    ])
    func `counts lengths in code points`(field: String, letter: String, max: Int) throws {
        let longest = String(repeating: letter, count: max)
        #expect(try batch(event([(field, "\"\(longest)\"")])).claims.count == 1)
        let failure = try refusal("{\"events\":[\(event([(field, "\"\(longest)\(letter)\"")]))]}")
        #expect(failure.reason == "body/events/0/\(field) must NOT have more than \(max) characters")
    }

    @Test func `takes keys of one code point`() throws {
        #expect(try batch(event([("idempotency_key", "\"A\"")])).claims.count == 1)
    }

    @Test(arguments: [
        ("2025-12-09T15:30:45Z", 0), ("2025-12-09t15:30:45z", 0), ("2025-12-09 15:30:45Z", 0),
        ("2025-12-09T22:30:45+07:00", 0), ("2025-12-09T22:30:45+0700", 0), ("2025-12-09T15:30:45.123456+00:00", 123_456),
        ("2025-12-09T15:30:45.1Z", 100_000), ("2025-12-09T15:30:45.12345678901Z", 123_456),
    ])
    func `takes every spelling of a moment with a zone`(text: String, micros: Int64) throws {
        let claim = try batch(event([("scanned_at", "\"\(text)\"")])).claims[0]
        #expect(claim.occurredAt == Instant(microseconds: 1_765_294_245_000_000 + micros))
    }

    @Test(arguments: [
        "2025-12-09T15:30:45", "2025-12-09", "2025-12-09T15:30Z", "2025-02-30T00:00:00Z", "2025-02-29T00:00:00Z",
        "2025-12-09T24:00:00Z", "2025-12-09T15:60:00Z", "2025-12-09T15:30:45+24:00", " 2025-12-09T15:30:45Z",
        "2025-12-09T15:30:45Z ", "2025-12-09  15:30:45Z", "0000-01-01T00:00:00Z", "2025-12-09T15:30:60Z", "now", "",
    ])
    func `refuses what names no moment`(text: String) throws {
        let failure = try refusal("{\"events\":[\(event([("scanned_at", "\"\(text)\"")]))]}")
        #expect(failure.status == 400)
        #expect(failure.reason == #"body/events/0/scanned_at must match format "date-time""#)
    }

    @Test(arguments: [
        ("{}", "body must have required property 'events'"),
        ("[]", "body must be object"),
        ("null", "body must NOT be null"),
        (#"{"events":{}}"#, "body/events must be array"),
        (#"{"events":"x"}"#, "body/events must be array"),
        (#"{"events":null}"#, "body/events must NOT be null"),
        (#"{"events":[1]}"#, "body/events/0 must be object"),
        (#"{"events":[null]}"#, "body/events/0 must NOT be null"),
    ])
    func `refuses a body of another shape`(body: String, reason: String) throws {
        let failure = try refusal(body)
        #expect(failure.status == 400)
        #expect(failure.reason == reason)
    }

    @Test(arguments: ["idempotency_key", "badge_id", "station_name", "scanned_at"])
    func `refuses an event without a required field`(field: String) throws {
        let failure = try refusal("{\"events\":[\(event()),\(event([(field, nil)]))]}")
        #expect(failure.reason == "body/events/1 must have required property '\(field)'")
    }

    @Test(arguments: [
        ("badge_id", "null", "must NOT have fewer than 1 characters"),
        ("badge_id", "\"\"", "must NOT have fewer than 1 characters"),
        ("station_name", "[]", "must be string"),
        ("idempotency_key", "{}", "must be string"),
        ("business_unit", "[\"Audit\"]", "must be string"),
        ("badge_id", #""a\u0000b""#, "must NOT have the character U+0000"),
        ("business_unit", #""\u0000""#, "must NOT have the character U+0000"),
        ("scanned_at", "1765294245", "must be string"),
        ("meta", "[\"a\"]", "must be object"),
        ("meta", "\"text\"", "must be object"),
        ("meta", #"{"note":"a\u0000b"}"#, "must NOT have the character U+0000"),
        ("meta", #"{"no\u0000te":1}"#, "must NOT have the character U+0000"),
    ])
    func `refuses a field that breaks its rule, and names it`(field: String, value: String, rule: String) throws {
        let failure = try refusal("{\"events\":[\(event()),\(event([(field, value)]))]}")
        #expect(failure.reason == "body/events/1/\(field) \(rule)")
    }

    @Test func `names the first twenty violations and counts the others`() async throws {
        let failure = try refusal("{\"events\":[\(Array(repeating: "{}", count: 10).joined(separator: ","))]}")
        let message = try #require(try await Answer(failure.response).member("message"))
        #expect(message.contains("body/events/4 must have required property 'scanned_at' and 20 more"))
        #expect(!message.contains("body/events/5"))
    }

    @Test func `refuses more than two thousand events`() throws {
        let events = Array(repeating: event(), count: 2_001).joined(separator: ",")
        #expect(try refusal("{\"events\":[\(events)]}").reason == "body/events must NOT have more than 2000 items")
        let allowed = Array(repeating: event(), count: 2_000).joined(separator: ",")
        #expect(try ScanBatch(json("{\"events\":[\(allowed)]}")).claims.count == 2_000)
    }

    @Test func `fits two thousand events of the longest Thai texts into the largest body`() throws {
        let escaped = { (count: Int) in "\"" + String(repeating: #"\u0e21"#, count: count) + "\"" }
        let event = event([
            ("idempotency_key", escaped(128)), ("badge_id", escaped(128)), ("station_name", escaped(128)),
            ("business_unit", escaped(256)), ("scan_source", escaped(32)),
            ("meta", "{\"matched\": true, \"legacy_id\": \(escaped(128)), \"local_id\": 1234567}"),
        ])
        #expect((event.utf8.count + 2) * 2_000 + 20 < ScanBatch.bodyMaxBytes)
    }

    @Test func `tells the station of the first event, and no value, when it refuses`() throws {
        let failure = try refusal("{\"events\":[\(event([("badge_id", "\"\"")])),\(event())]}")
        #expect(failure.station == "Main Gate")
        #expect(!failure.reason.contains("101117"))
        #expect(try refusal(#"{"events":[{"station_name":"a\u0000"}]}"#).station == "")
    }
}

@Suite struct `Reading the remarks of an event` {
    private func kept(_ meta: String) throws -> PersonalPart {
        try #require(try batch(event([("meta", meta)])).claims[0].personal)
    }

    @Test(arguments: [
        ("{}", "{}"),
        (#"{ "b" : 1.10 , "a" : [1] }"#, nil),
        (#"{ "b" : 1.10, "a": "x\u00e9\"\n", "c": null, "d": false }"#, "{\"b\":1.10,\"a\":\"xé\\\"\\n\",\"c\":null,\"d\":false}"),
        (#"{"n":1e400,"z":-0,"big":123456789012345678901234567890}"#, #"{"n":1e400,"z":-0,"big":123456789012345678901234567890}"#),
        (#"{"a":1,"a":2}"#, #"{"a":2}"#),
        ("null", nil),
    ])
    func `keeps them as compact JSON with numbers as they were sent`(sent: String, text: String?) throws {
        guard let part = try? kept(sent) else {
            #expect(text == nil)
            return
        }
        #expect(part.meta?.text == text)
    }

    @Test(arguments: [
        (#"{"matched":true,"legacy_id":"E1"}"#, "E1"),
        (#"{"legacy_id":"E1","matched":"true"}"#, "E1"),
        (#"{"matched":true,"legacy_id":101117}"#, "101117"),
        (#"{"matched":false,"legacy_id":"E1"}"#, nil),
        (#"{"matched":"TRUE","legacy_id":"E1"}"#, nil),
        (#"{"matched":1,"legacy_id":"E1"}"#, nil),
        (#"{"matched":true,"legacy_id":""}"#, nil),
        (#"{"matched":true,"legacy_id":null}"#, nil),
        (#"{"matched":true,"legacy_id":true}"#, nil),
        (#"{"legacy_id":"E1"}"#, nil),
    ])
    func `find the employee number that the kiosk matched`(meta: String, staffCode: String?) throws {
        #expect(try kept(meta).staffCode?.text == staffCode)
    }

    @Test(arguments: [
        (#"{"matched":true,"legacy_id":"E1"}"#, true, "E1"),
        (#"{"matched":"true","legacy_id":7.0}"#, true, "7"),
        (#"{"matched":"yes","legacy_id":""}"#, false, nil),
        (#"{"matched":false,"legacy_id":true}"#, false, "true"),
        (#"{}"#, false, nil),
    ])
    func `are read back for the export`(meta: String, isMatched: Bool, legacyID: String?) {
        let match = StaffMatch(in: WireText(meta))
        #expect(match.isMatched == isMatched)
        #expect(match.legacyID?.text == legacyID)
    }

    private static func remarks(_ count: Int, _ value: String) -> String {
        "{" + (0..<count).map { "\"k\($0)\":\(value)" }.joined(separator: ",") + "}"
    }

    private static let name = String(repeating: "é", count: 64)
    private static let value = String(repeating: "ม", count: 512)
    private static let limits: [(meta: String, limit: String?)] = [
        (remarks(20, "1"), nil),
        (remarks(21, "1"), "must NOT have more than 20 properties"),
        ("{\"\(name)\":1}", nil),
        ("{\"\(name)n\":1}", "must NOT have property names of more than 64 characters"),
        (remarks(1, "\"\(value)\""), nil),
        (remarks(1, "\"\(value)n\""), "must NOT have texts of more than 512 characters"),
        (remarks(20, "\"\(value)\""), "must NOT have more than 10240 characters as JSON"),
        (remarks(1, #"{"name":"nested"}"#), "must NOT have properties other than text, number, boolean and null"),
        (remarks(1, "[]"), "must NOT have properties other than text, number, boolean and null"),
    ]

    @Test(arguments: limits)
    func `have limits, and a broken one is answered with counts`(meta: String, limit: String?) async throws {
        let text = "{\"events\":[\(event()),\(event([("meta", meta)])),\(event())]}"
        guard let limit else {
            #expect(try ScanBatch(json(text)).claims.count == 3)
            return
        }
        let answer = try await Answer(try refusal(text).response)
        #expect(answer.status == 400)
        #expect(answer.text == "{\"error\":\"events/1/meta \(limit)\",\"saved\":0,\"duplicates\":0,\"errors\":3}")
    }

    @Test func `are looked at after the fields of all events`() throws {
        let failure = try refusal(
            "{\"events\":[\(event([("meta", #"{"a":{}}"#)])),\(event([("badge_id", nil)]))]}")
        #expect(failure.reason == "body/events/1 must have required property 'badge_id'")
    }
}
