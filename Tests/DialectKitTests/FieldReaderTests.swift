import DialectKit
import StrictJSON
import Testing

func parsed(_ text: String) throws -> JSONValue {
    try JSONDocument(parsing: Array(text.utf8), duplicates: .takeLast).root
}

private func reason<Value>(_ text: String, as reading: some FieldReading<Value>) throws -> ViolationReason? {
    var reader = FieldReader()
    _ = reader.value(try parsed(text), as: reading)
    return reader.violations.first?.reason
}

@Suite struct `Reading the fields of a request` {
    @Test func `names everything that is wrong, with its place, in the order of reading`() throws {
        let body = try parsed(
            """
            {"events":[
              {"key":"k1","badge":"b","at":"2025-12-09T15:30:45Z"},
              {"badge":"","at":"yesterday"},
              7,
              {"key":"\(String(repeating: "k", count: 129))","badge":null,"at":5,"source":"x"}
            ]}
            """)
        var reader = FieldReader()
        let read = reader.required("events", of: body, as: .array(0...2_000))
        let events = try #require(read)
        for event in events {
            guard let event = reader.value(event, as: .object) else { continue }
            _ = reader.required("key", of: event, as: .text(1...128))
            _ = reader.required("badge", of: event, as: .text(1...128))
            _ = reader.required("at", of: event, as: .moment())
            _ = reader.optional("source", of: event, as: .oneOf(["badge", "manual"]))
        }
        #expect(!reader.isClean)
        #expect(
            reader.violations.map { $0.path.joined() } == [
                "events/1/key", "events/1/badge", "events/1/at", "events/2", "events/3/key", "events/3/badge", "events/3/at",
                "events/3/source",
            ])
        #expect(
            reader.violations.map(\.reason) == [
                .missing, .tooShort(min: 1), .badMoment, .wrongType(expected: .object), .tooLong(max: 128), .null,
                .wrongType(expected: .text), .notAmong(["badge", "manual"]),
            ])
        #expect(reader.violations[1].path.steps == [.member("events"), .index(1), .member("badge")])
        #expect(reader.violations.map { $0.found?.compactText }[0...3] == [nil, "\"\"", "\"yesterday\"", "7"])
    }

    @Test func `notes nothing when all is well`() throws {
        let body = try parsed(#"{"name":"Tax","count":3,"ok":true,"at":"1970-01-01T00:00:01Z","list":[1,2],"none":null}"#)
        var reader = FieldReader()
        let name = reader.required("name", of: body, as: .text(1...256))
        let count = reader.required("count", of: body, as: .integer(0...9))
        let ok = reader.required("ok", of: body, as: .boolean)
        let at = reader.required("at", of: body, as: .moment())
        let list = reader.required("list", of: body, as: .array(0...2))
        #expect(name == "Tax" && count == 3 && ok == true && at == 1_000_000 && list?.count == 2)
        let none = reader.optional("none", of: body, as: .text(1...2))
        let absent = reader.optional("absent", of: body, as: .text(1...2))
        let left = reader.ifPresent("absent", of: body, as: .text(1...2))
        #expect(none == nil && absent == nil && left == nil)
        #expect(reader.isClean)
    }

    @Test func `tells absent, null and present apart`() throws {
        let body = try parsed(#"{"null":null,"text":"x"}"#)
        var reader = FieldReader()
        for name in ["absent", "null", "text"] {
            _ = reader.required(name, of: body, as: .text(0...9))
            _ = reader.optional(name, of: body, as: .text(0...9))
            _ = reader.ifPresent(name, of: body, as: .text(0...9))
        }
        #expect(reader.violations.map { $0.path.joined() } == ["absent", "null", "null"])
        #expect(reader.violations.map(\.reason) == [.missing, .null, .null])
    }

    @Test func `takes rules of a contract of its own`() throws {
        let units = try parsed(#"{"units":[{"name":"A"},{"name":"A"}]}"#)
        var reader = FieldReader()
        let second = try #require(units["units"]?.items.map(Array.init))[1]
        reader.refuse("name", of: second, .duplicate)
        reader.refuse(units, .rule("at least one registered person"))
        reader.refuse("size", of: units, .missing)
        #expect(reader.violations.map { $0.path.joined(separator: ".") } == ["units.1.name", "", "size"])
        #expect(reader.violations.map(\.reason) == [.duplicate, .rule("at least one registered person"), .missing])
        #expect(reader.violations.map { $0.found?.kind } == [.string, .object, nil])
    }

    @Test func `keeps no more violations than somebody could read`() throws {
        let items = try parsed("[" + repeatElement("1", count: 2_000).joined(separator: ",") + "]")
        var reader = FieldReader()
        for item in try #require(items.items) { _ = reader.value(item, as: .text(1...2)) }
        #expect(reader.violations.count == FieldReader.violationsMax)
        #expect(reader.violations.last?.path.steps == [.index(FieldReader.violationsMax - 1)])
    }
}

@Suite struct `Reading a text` {
    @Test(
        arguments: [
            (#""a""#, nil), (#""""#, .tooShort(min: 1)), (#""abc""#, nil), (#""abcd""#, .tooLong(max: 3)),
            (#""กขค""#, nil), (#""กขคง""#, .tooLong(max: 3)), (#""😀😀😀""#, nil), (#""😀😀😀😀""#, .tooLong(max: 3)),
            // One visible letter each: two, three and two scalars, then four.
            ("\"e\u{301}\"", nil), ("\"👩‍🚀\"", nil), ("\"🇹🇭\"", nil), ("\"🇹🇭🇹🇭\"", .tooLong(max: 3)),
            (#""a\u0000""#, .containsNUL), ("1", .wrongType(expected: .text)), ("true", .wrongType(expected: .text)),
            ("null", .null), ("[]", .wrongType(expected: .text)), ("{}", .wrongType(expected: .text)),
        ] as [(String, ViolationReason?)])
    func `counts Unicode scalars and refuses other kinds`(text: String, expected: ViolationReason?) throws {
        let found = try reason(text, as: .text(1...3))
        #expect(found == expected)
    }

    @Test(arguments: [
        (1, #""""#, false), (2, #""a""#, false), (2, #""é""#, false), (2, #""ab""#, true), (3, #""😀😀""#, false),
        (3, #""😀😀😀""#, true), (0, #""""#, true),
    ])
    func `counts scalars up to the least length too`(least: Int, text: String, isTaken: Bool) throws {
        let found = try reason(text, as: .text(least...9))
        #expect(found == (isTaken ? nil : .tooShort(min: least)))
    }

    @Test(
        arguments: [
            (#""x""#, "x"), ("101117", "101117"), ("1.10", "1.1"), ("true", "true"), ("false", "false"), ("null", ""), ("-0", "0"),
            ("[1]", nil), ("{}", nil),
        ] as [(String, String?)])
    func `takes other kinds as JavaScript does where a contract says so`(text: String, expected: String?) throws {
        var reader = FieldReader()
        let taken = reader.value(try parsed(text), as: .text(0...9, others: .asJavaScript))
        #expect(taken == expected)
        #expect(reader.violations.map(\.reason) == (expected == nil ? [.wrongType(expected: .text)] : []))
    }

    @Test func `takes null as an empty text there, which a required one refuses`() throws {
        #expect(try reason("null", as: .text(1...9, others: .asJavaScript)) == .tooShort(min: 1))
    }

    @Test func `keeps it as it came`() throws {
        var reader = FieldReader()
        let text = reader.value(try parsed("\" e\u{301} \""), as: .text(1...9))
        #expect(text.map { Array($0.utf8) } == Array(" e\u{301} ".utf8))
    }

    @Test func `as one of a few compares code points`() throws {
        #expect(try reason("\"é\"", as: .oneOf(["é"])) == nil)
        #expect(try reason("\"e\u{301}\"", as: .oneOf(["é"])) == .notAmong(["é"]))
        #expect(try reason("1", as: .oneOf(["1"])) == .wrongType(expected: .text))
    }
}

@Suite struct `Reading other values` {
    @Test(
        arguments: [
            ("0", nil), ("10", nil), ("-0", nil), ("-1", .belowMinimum(0)), ("11", .aboveMaximum(10)), ("5.0", .fractional),
            ("5e0", .fractional), ("5.5", .fractional), ("99999999999999999999", .aboveMaximum(10)),
            ("-99999999999999999999", .belowMinimum(0)), ("1e400", .fractional), (#""5""#, .wrongType(expected: .integer)),
            ("true", .wrongType(expected: .integer)), ("null", .null), ("[5]", .wrongType(expected: .integer)),
        ] as [(String, ViolationReason?)])
    func `as a strict integer`(text: String, expected: ViolationReason?) throws {
        let found = try reason(text, as: .integer(0...10))
        #expect(found == expected)
    }

    @Test(
        arguments: [
            ("5", nil), ("5.0", nil), ("1e1", nil), ("0.5e1", nil), ("5.5", .fractional), ("12.0", .aboveMaximum(10)),
            ("1e400", .aboveMaximum(10)), ("-1e400", .belowMinimum(0)), ("1e30", .aboveMaximum(10)), (#""5""#, nil),
            (#""+5""#, nil),
            (#""-5""#, .belowMinimum(0)), (#""5.0""#, .unreadable(as: .integer)), (#""""#, .unreadable(as: .integer)),
            (#""-""#, .unreadable(as: .integer)), (#"" 5""#, .unreadable(as: .integer)), (#""5x""#, .unreadable(as: .integer)),
            (#""+-5""#, .unreadable(as: .integer)), (#""٥""#, .unreadable(as: .integer)),
            (#""99999999999999999999""#, .aboveMaximum(10)), (#""-99999999999999999999""#, .belowMinimum(0)),
            ("false", .wrongType(expected: .integer)), ("null", .null),
        ] as [(String, ViolationReason?)])
    func `as a lenient integer`(text: String, expected: ViolationReason?) throws {
        let found = try reason(text, as: .integer(0...10, alsoTaking: [.wholeNumbers, .text]))
        #expect(found == expected)
    }

    @Test(
        arguments: [
            ("true", nil), ("false", nil), ("1", .wrongType(expected: .boolean)), (#""true""#, .wrongType(expected: .boolean)),
            ("null", .null),
        ] as [(String, ViolationReason?)])
    func `as a boolean`(text: String, expected: ViolationReason?) throws {
        let found = try reason(text, as: .boolean)
        #expect(found == expected)
    }

    @Test(
        arguments: [
            ("[1]", nil), ("[1,2]", nil), ("[]", .tooFewItems(min: 1)), ("[1,2,3]", .tooManyItems(max: 2)), ("null", .null),
            ("{}", .wrongType(expected: .array)), (#""a""#, .wrongType(expected: .array)),
        ] as [(String, ViolationReason?)])
    func `as an array`(text: String, expected: ViolationReason?) throws {
        let found = try reason(text, as: .array(1...2))
        #expect(found == expected)
    }

    @Test(
        arguments: [
            ("{}", nil), (#"{"a":1,"b":2}"#, nil), (#"{"a":1,"b":2,"c":3}"#, .tooManyMembers(max: 2)),
            (#"{"a":1,"b":2,"a":3}"#, nil),
            ("[]", .wrongType(expected: .object)), ("null", .null),
        ] as [(String, ViolationReason?)])
    func `as an object`(text: String, expected: ViolationReason?) throws {
        let found = try reason(text, as: .object(membersMax: 2))
        #expect(found == expected)
    }

    @Test(
        arguments: [
            (#""2025-12-09T15:30:45Z""#, nil), (#""2025-12-09""#, .badMoment), (#""""#, .badMoment),
            ("1765294245", .wrongType(expected: .text)), ("null", .null),
        ] as [(String, ViolationReason?)])
    func `as a moment`(text: String, expected: ViolationReason?) throws {
        let found = try reason(text, as: .moment())
        #expect(found == expected)
    }
}
