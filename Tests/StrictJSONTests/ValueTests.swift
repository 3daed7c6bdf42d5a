import StrictJSON
import Testing

@Suite struct `A value of a document` {
    @Test(arguments: [
        ("null", JSONKind.null), ("true", .boolean), ("false", .boolean), ("1", .number), ("\"1\"", .string), ("[]", .array),
        ("{}", .object),
    ])
    func `is of one kind and answers for no other`(text: String, kind: JSONKind) throws {
        let value = try parsed(text)
        #expect(value.kind == kind)
        #expect(value.isNull == (kind == .null))
        #expect((value.boolean != nil) == (kind == .boolean))
        #expect((value.number != nil) == (kind == .number))
        #expect((value.string != nil) == (kind == .string))
        #expect((value.items != nil) == (kind == .array))
        #expect((value.members != nil) == (kind == .object))
        #expect(value["a"] == nil)
    }

    @Test func `says true and false apart`() throws {
        #expect(try parsed("true").boolean == true)
        #expect(try parsed("false").boolean == false)
    }

    @Test(
        arguments: [
            ("0", 0, 0), ("-0", 0, -0.0), ("9223372036854775807", Int64.max, 0x1p63), ("-9223372036854775808", Int64.min, -0x1p63),
            ("9223372036854775808", nil, 0x1p63), ("1.0", nil, 1), ("1e3", nil, 1_000), ("1.10", nil, 1.1),
            ("9007199254740993", 9_007_199_254_740_993, 9_007_199_254_740_992), ("1e400", nil, .infinity),
            ("-1e400", nil, -.infinity),
            ("1e-400", nil, 0), ("4.9e-324", nil, .leastNonzeroMagnitude),
            ("123456789012345678901234567890", nil, 123456789012345677877719597056),
        ] as [(String, Int64?, Double)])
    func `is a number with its spelling, its exact integer and its nearest double`(
        text: String, integer: Int64?, double: Double
    ) throws {
        let number = try #require(try parsed(text).number)
        #expect(number.text == text)
        #expect(number.int64 == integer)
        #expect(number.double == double)
        #expect(number.double.sign == double.sign)
    }

    @Test(arguments: [("1", true), ("-0", true), ("1.0", false), ("1e0", false), ("1E5", false)])
    func `is an integer by its spelling`(text: String, isInteger: Bool) throws {
        #expect(try parsed(text).number?.isInteger == isInteger)
    }

    @Test func `knows where it stands in the text`() throws {
        let text = "\u{FEFF} {\"a\" : [ 1, \"\\u00e9\" , true ],\n\"b\\n\":null}"
        let bytes = Array(text.utf8)
        let root = try parsed(text)
        func byte(at offset: Int?) throws -> Unicode.Scalar { Unicode.Scalar(bytes[try #require(offset)]) }
        #expect(root.offset == 4)
        #expect(try byte(at: root["a"]?.offset) == "[")
        let items = try #require(root["a"]?.items).map(\.offset)
        #expect(try items.map { try byte(at: $0) } == ["1", "\"", "t"])
        #expect(try byte(at: root["b\n"]?.offset) == "n")
        #expect(try #require(root.members).map { Unicode.Scalar(bytes[$0.nameOffset]) } == ["\"", "\""])
    }

    @Test func `knows its path`() throws {
        let root = try parsed(#"{"a":[0,{"b":1,"c/d":[[],[7]]}],"e":{},"":[5]}"#)
        func path(_ value: JSONValue?) throws -> [JSONPath.Step] { try #require(value).path.steps }
        #expect(root.path.steps.isEmpty)
        #expect(try path(root["a"]) == [.member("a")])
        let second = try #require(root["a"]?.items.map(Array.init))[1]
        #expect(try path(second) == [.member("a"), .index(1)])
        let seven = try #require(second["c/d"]?.items.map(Array.init))[1].items?.first { _ in true }
        #expect(try path(seven) == [.member("a"), .index(1), .member("c/d"), .index(1), .index(0)])
        #expect(try #require(seven).path.joined() == "a/1/c/d/1/0")
        #expect(try path(root["e"]) == [.member("e")])
        #expect(try path(root[""]?.items?.first { _ in true }) == [.member(""), .index(0)])
        #expect(try #require(second["b"]).path.parent == second.path)
    }

    @Test func `lists members in the order of the text`() throws {
        let root = try parsed(#"{"b":1,"a":[{"x":0},2],"c":{"d":{}}}"#)
        #expect(root.members?.map(\.name) == ["b", "a", "c"])
        #expect(root.members?.map(\.value.compactText) == ["1", #"[{"x":0},2]"#, #"{"d":{}}"#])
        #expect(root.members?.count == 3)
    }

    @Test func `finds members by bytes, not by what they look like`() throws {
        let root = try parsed("{\"e\u{301}\":1,\"é\":2,\"E\":3}")
        #expect(root["é"]?.number?.int64 == 2)
        #expect(root["e\u{301}"]?.number?.int64 == 1)
        #expect(root["e"] == nil)
        #expect(root["E"]?.number?.int64 == 3)
    }

    @Test func `finds an escaped member by what it means`() throws {
        #expect(try parsed(#"{"\u0061\ud83d\ude00\/":1}"#)["a😀/"]?.number?.int64 == 1)
        #expect(try parsed(#"{"a\u0000b":1}"#)["a\0b"]?.number?.int64 == 1)
        #expect(try parsed(#"{"a\u0000b":1}"#)["a"] == nil)
    }

    @Test func `does not find the members of members`() throws {
        let root = try parsed(#"{"a":{"b":1},"c":[{"d":2}]}"#)
        #expect(root["b"] == nil)
        #expect(root["d"] == nil)
    }

    @Test func `keeps NUL in strings`() throws {
        #expect(try parsed(#""a\u0000b""#).string.map { Array($0.utf8) } == [0x61, 0, 0x62])
    }
}

@Suite struct `Two members with one name` {
    static let text = #"{"a":1,"b":2,"\u0061":3,"c":{"d":4,"d":5},"a":6}"#

    @Test func `count as the last`() throws {
        let root = try parsed(Self.text, duplicates: .takeLast)
        #expect(root["a"]?.number?.int64 == 6)
        #expect(root.compactText == #"{"b":2,"c":{"d":5},"a":6}"#)
        #expect(root.members?.count == 3)
        #expect(root["a"]?.path.steps == [.member("a")])
    }

    @Test func `count as the first`() throws {
        let root = try parsed(Self.text, duplicates: .takeFirst)
        #expect(root["a"]?.number?.int64 == 1)
        #expect(root.compactText == #"{"a":1,"b":2,"c":{"d":4}}"#)
        #expect(root.members?.count == 3)
    }

    /// An inner object ends, and is judged, before the one around it.
    @Test(
        arguments: [
            (text, 35), (#"{"a":1,"a":1}"#, 7), (#"[{"x":{"":0,"":0}}]"#, 12), (#"{"a":{"b":1},"b":{"a":1}}"#, nil),
            ("{\"é\":1,\"e\u{301}\":2}", nil), (#"{"a":1,"A":2}"#, nil), (#"[{"a":1},{"a":1}]"#, nil),
        ] as [(String, Int?)])
    func `are refused at the second`(text: String, offset: Int?) {
        let error = refusal(of: Array(text.utf8), duplicates: .refuse)
        #expect(error?.kind == (offset == nil ? nil : .duplicateMember))
        #expect(error?.offset == offset)
    }

    /// Objects beyond some size are searched in another way; both ways have to agree.
    @Test(arguments: [2, 3, 15, 16, 17, 18, 40, 1_000])
    func `are settled alike in objects of any size`(count: Int) throws {
        // Names repeat with a period of about a third of the members, the last name being unique.
        let period = max(1, count / 3)
        let names = (0..<count - 1).map { "n\($0 % period)" } + ["last"]
        let text = "{" + names.enumerated().map { "\"\($1)\":\($0)" }.joined(separator: ",") + "}"
        func survivors(_ policy: DuplicateMembers) throws -> [Int64?]? {
            try parsed(text, duplicates: policy).members?.map { $0.value.number?.int64 }
        }
        let positions = names.indices
        let firsts = positions.filter { names[..<$0].allSatisfy { [at = names[$0]] in $0 != at } }
        let lasts = positions.filter { names[($0 + 1)...].allSatisfy { [at = names[$0]] in $0 != at } }
        #expect(try survivors(.takeFirst) == firsts.map(Int64.init))
        #expect(try survivors(.takeLast) == lasts.map(Int64.init))
        let second = positions.first { !firsts.contains($0) }
        let error = refusal(of: Array(text.utf8), duplicates: .refuse)
        let expected = try second.map { position in
            try #require(text.range(of: ":\(position)")).lowerBound.utf16Offset(in: text) - names[position].utf8.count - 2
        }
        #expect(error?.offset == expected)
    }

    @Test func `by the hundred thousand do not take time by the square`() throws {
        let same = "{" + repeatElement("\"a\":1", count: 150_000).joined(separator: ",") + "}"
        #expect(try parsed(same).compactText == "{\"a\":1}")
        #expect(refusal(of: Array(same.utf8), duplicates: .refuse)?.offset == 7)
    }
}

extension String {
    /// The first place of `part`, for tests that look for an offset in ASCII.
    func range(of part: String) -> Range<String.Index>? {
        var at = startIndex
        while at < endIndex {
            if self[at...].hasPrefix(part) { return at..<index(at, offsetBy: part.count) }
            at = index(after: at)
        }
        return nil
    }
}
