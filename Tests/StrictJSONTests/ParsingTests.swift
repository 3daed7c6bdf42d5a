import StrictJSON
import Testing

func parsed(
    _ text: String, duplicates: DuplicateMembers = .takeLast, limits: JSONLimits = .standard
) throws(JSONError) -> JSONValue {
    try JSONDocument(parsing: Array(text.utf8), duplicates: duplicates, limits: limits).root
}

func refusal(
    of text: [UInt8], duplicates: DuplicateMembers = .takeLast, limits: JSONLimits = .standard
) -> JSONError? {
    do throws(JSONError) {
        _ = try JSONDocument(parsing: text, duplicates: duplicates, limits: limits)
        return nil
    } catch {
        return error
    }
}

@Suite struct `A JSON text` {
    /// A text and what it is as compact JSON.
    static let accepted: [(String, String)] = [
        ("null", "null"), ("true", "true"), ("false", "false"), ("0", "0"), ("-0", "-0"), ("123", "123"),
        ("-12", "-12"), ("1.10", "1.10"), ("1e400", "1e400"), ("1E+2", "1E+2"), ("1e-2", "1e-2"), ("0e1", "0e1"),
        ("0.5", "0.5"), ("-0.0", "-0.0"), ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("20e1", "20e1"), ("123.456789", "123.456789"), ("1e0001", "1e0001"),
        ("\"\"", "\"\""), ("\"a\"", "\"a\""), ("\"a b\"", "\"a b\""), ("\" \"", "\" \""),
        ("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\\"\\\\/\\b\\f\\n\\r\\t\""), ("\"\\u0061\"", "\"a\""),
        ("\"\\u00e9\"", "\"é\""), ("\"\\u0e01\"", "\"ก\""), ("\"\\uD83D\\uDE00\"", "\"😀\""),
        ("\"\\ud834\\udd1e\"", "\"𝄞\""), ("\"\\u0000\"", "\"\\u0000\""), ("\"\\u001F\"", "\"\\u001f\""),
        ("\"\\u007f\"", "\"\u{7f}\""), ("\"\\u2028\\u2029\"", "\"\u{2028}\u{2029}\""), ("\"\\uFFFF\"", "\"\u{FFFF}\""),
        ("\"\\uDBFF\\uDFFF\"", "\"\u{10FFFF}\""), ("\"\\\\u0061\"", "\"\\\\u0061\""), ("\"é\"", "\"é\""),
        ("\"ฝ่ายบุคคล\"", "\"ฝ่ายบุคคล\""), ("\"[1,{]\"", "\"[1,{]\""), ("\"\\\\\"", "\"\\\\\""),
        ("\"//\"", "\"//\""), ("\"/*x*/\"", "\"/*x*/\""), ("\"e\u{301}\"", "\"e\u{301}\""), ("\"🇹🇭\"", "\"🇹🇭\""),
        ("\"\\u0022\\u005c\"", "\"\\\"\\\\\""), ("\"\u{FEFF}\"", "\"\u{FEFF}\""),
        ("[]", "[]"), ("[ ]", "[]"), ("{}", "{}"), ("{ }", "{}"), ("[[]]", "[[]]"), ("[{}]", "[{}]"),
        ("[[],[]]", "[[],[]]"), ("[1]", "[1]"), ("[1,2]", "[1,2]"), (" [ 1 , 2 ] ", "[1,2]"),
        ("[\"a\"]", "[\"a\"]"), ("[null]", "[null]"), ("[true,false]", "[true,false]"), ("[1\n]", "[1]"),
        ("[1,null,null,2]", "[1,null,null,2]"), ("[[[[1]]]]", "[[[[1]]]]"), ("[-0]", "[-0]"), ("[0e+1]", "[0e+1]"),
        ("{\"a\":1}", "{\"a\":1}"), ("{\"a\" : 1 , \"b\" : 2}", "{\"a\":1,\"b\":2}"), ("{\"\":0}", "{\"\":0}"),
        ("{\"a\":{}}", "{\"a\":{}}"), ("{\"a\":[]}", "{\"a\":[]}"), ("{\"a\":[],\"b\":{}}", "{\"a\":[],\"b\":{}}"),
        ("{\"a\\u0062\":1}", "{\"ab\":1}"), ("{\"\\\"\":1}", "{\"\\\"\":1}"), ("{\"foo\\u0000bar\":42}", "{\"foo\\u0000bar\":42}"),
        ("{\"é\":1,\"e\u{301}\":2}", "{\"é\":1,\"e\u{301}\":2}"),
        ("{\"a\":{\"b\":[{\"c\":null}]}}", "{\"a\":{\"b\":[{\"c\":null}]}}"), ("\t\r\n 1 \t\r\n", "1"),
        ("\n{\n\"a\"\n:\n1\n}\n", "{\"a\":1}"), ("\u{FEFF}[1]", "[1]"), ("\u{FEFF} {\"a\":\"\\u00e9\"}", "{\"a\":\"é\"}"),
    ]

    @Test(arguments: accepted)
    func `that follows RFC 8259 is read whole`(text: String, compact: String) throws {
        let value = try parsed(text)
        #expect(Array(value.compactText.utf8) == Array(compact.utf8))
        #expect(Array(try parsed(compact).compactText.utf8) == Array(compact.utf8))
    }

    /// A text, why it is refused, and where.
    static let refused: [(String, JSONError.Kind, Int)] = [
        ("", .empty, 0), (" ", .unexpectedEnd, 1), ("\n\t", .unexpectedEnd, 2), ("\u{FEFF}", .unexpectedEnd, 3),
        ("\u{FEFF}\u{FEFF}1", .invalidLiteral, 3), ("1\u{FEFF}", .invalidNumber, 0), ("[1]\u{FEFF}", .trailingContent, 3),
        ("[", .unexpectedEnd, 1), ("[1", .unexpectedEnd, 2), ("[1,", .unexpectedEnd, 3), ("[ ", .unexpectedEnd, 2),
        ("]", .unexpectedToken, 0), ("}", .unexpectedToken, 0), (",", .unexpectedToken, 0), (":", .unexpectedToken, 0),
        ("[,]", .unexpectedToken, 1), ("[,1]", .unexpectedToken, 1), ("[1,]", .unexpectedToken, 3),
        ("[1,,2]", .unexpectedToken, 3), ("[1 2]", .unexpectedToken, 3), ("[1}", .unexpectedToken, 2),
        ("[1:2]", .unexpectedToken, 2), ("[\"a\",\n4\n,1,", .unexpectedEnd, 11), ("[[1]", .unexpectedEnd, 4),
        ("[]]", .trailingContent, 2), ("[1]x", .trailingContent, 3), ("[1] [2]", .trailingContent, 4),
        ("1 2", .trailingContent, 2), ("1,", .trailingContent, 1), ("null null", .trailingContent, 5),
        ("{}}", .trailingContent, 2), ("{\"a\":1}#", .trailingContent, 7), ("\"a\"x", .trailingContent, 3),
        ("\"a\"\"b\"", .trailingContent, 3), ("{} // x", .trailingContent, 3),
        ("{", .unexpectedEnd, 1), ("{\"a\"", .unexpectedEnd, 4), ("{\"a\":", .unexpectedEnd, 5),
        ("{\"a\":1", .unexpectedEnd, 6), ("{\"a\":1,", .unexpectedEnd, 7), ("{\"a\" 1}", .unexpectedToken, 5),
        ("{\"a\",1}", .unexpectedToken, 4), ("{\"a\":1,}", .unexpectedToken, 7), ("{,}", .unexpectedToken, 1),
        ("{:1}", .unexpectedToken, 1), ("{1:1}", .unexpectedToken, 1), ("{a:1}", .unexpectedToken, 1),
        ("{'a':1}", .unexpectedToken, 1), ("{null:1}", .unexpectedToken, 1), ("{\"a\":}", .unexpectedToken, 5),
        ("{\"a\"::1}", .unexpectedToken, 5), ("{\"a\":1 \"b\":2}", .unexpectedToken, 7), ("{\"a\":1]", .unexpectedToken, 6),
        ("{\"a\":1,,\"b\":2}", .unexpectedToken, 7), ("{\"a\":1,2}", .unexpectedToken, 7), ("{[]:1}", .unexpectedToken, 1),
        ("{\"a\":\"b\",\"c\"}", .unexpectedToken, 12), ("{\"a\"}", .unexpectedToken, 4), ("{\"a\":/*x*/1}", .invalidLiteral, 5),
        ("tru", .invalidLiteral, 0), ("nul", .invalidLiteral, 0), ("True", .invalidLiteral, 0), ("NULL", .invalidLiteral, 0),
        ("truex", .invalidLiteral, 0), ("[fals]", .invalidLiteral, 1), ("nullnull", .invalidLiteral, 0),
        ("[true\u{0}]", .invalidLiteral, 1), ("NaN", .invalidLiteral, 0), ("Infinity", .invalidLiteral, 0),
        ("undefined", .invalidLiteral, 0), ("'a'", .invalidLiteral, 0), ("[\\n]", .invalidLiteral, 1), ("*", .invalidLiteral, 0),
        ("\u{0}", .invalidLiteral, 0), ("[\u{0}]", .invalidLiteral, 1), ("é", .invalidLiteral, 0), ("[\u{C}]", .invalidLiteral, 1),
        ("\u{A0}1", .invalidLiteral, 0), ("\\\"a\"", .unterminatedString, 3), ("<html>", .invalidLiteral, 0),
        ("#1", .invalidLiteral, 0),
        ("01", .invalidNumber, 0), ("-01", .invalidNumber, 0), ("-", .invalidNumber, 0), ("--1", .invalidNumber, 0),
        ("+1", .invalidLiteral, 0), (".5", .invalidLiteral, 0), ("1.", .invalidNumber, 0), ("-.5", .invalidNumber, 0),
        ("1e", .invalidNumber, 0), ("1e+", .invalidNumber, 0), ("1eE2", .invalidNumber, 0), ("1.e1", .invalidNumber, 0),
        ("0x1F", .invalidNumber, 0), ("1_000", .invalidNumber, 0), ("1a", .invalidNumber, 0), ("-a", .invalidNumber, 0),
        ("[1.2.3]", .invalidNumber, 1), ("[0.e1]", .invalidNumber, 1), ("[-Infinity]", .invalidNumber, 1),
        ("1\u{0}", .invalidNumber, 0),
        ("１", .invalidLiteral, 0), ("[1\"a\"]", .invalidNumber, 1), ("9.3e+", .invalidNumber, 0), ("[1+2]", .invalidNumber, 1),
        ("\"", .unterminatedString, 0), ("\"a", .unterminatedString, 0), ("[\"a", .unterminatedString, 1),
        ("\"a\\\"", .unterminatedString, 0), ("{\"a\":\"b}", .unterminatedString, 5), ("\"\\", .unterminatedString, 0),
        ("\"\\x\"", .invalidEscape, 1), ("\"\\'\"", .invalidEscape, 1), ("\"a\\U0061\"", .invalidEscape, 2),
        ("\"\\a\"", .invalidEscape, 1),
        ("\"\\u\"", .invalidEscape, 1), ("\"\\u1\"", .invalidEscape, 1), ("\"\\u12\"", .invalidEscape, 1),
        ("\"\\u123\"", .invalidEscape, 1), ("\"\\u123g\"", .invalidEscape, 1), ("\"\\u 123\"", .invalidEscape, 1),
        ("\"\\u+123\"", .invalidEscape, 1), ("\"\\é\"", .invalidEscape, 1), ("\"\\0\"", .invalidEscape, 1),
        ("{\"\\q\":1}", .invalidEscape, 2),
        ("\"\\\u{1}\"", .invalidEscape, 1), ("[\"a\\\n\"]", .invalidEscape, 3), ("\"\\\u{0}", .invalidEscape, 1),
        ("\"\\ud800\"", .loneSurrogate, 1), ("\"\\uDFFF\"", .loneSurrogate, 1), ("\"\\udc00\\ud800\"", .loneSurrogate, 1),
        ("\"\\ud800\\ud800\"", .loneSurrogate, 1), ("\"\\ud83dx\"", .loneSurrogate, 1), ("\"\\ud83d\\n\"", .loneSurrogate, 1),
        ("\"\\ud83d\\u0041\"", .loneSurrogate, 1), ("\"\\ud83d\\u12\"", .invalidEscape, 7), ("{\"\\ud800\":1}", .loneSurrogate, 2),
        ("\"ab\\ud83d\\ude00\\ude00\"", .loneSurrogate, 15), ("\"a\tb\"", .controlCharacter, 2), ("\"\n\"", .controlCharacter, 1),
        ("[\"a\u{0}b\"]", .controlCharacter, 3), ("{\"a\u{1f}\":1}", .controlCharacter, 3),
    ]

    @Test(arguments: refused)
    func `that does not is refused with the place`(text: String, kind: JSONError.Kind, offset: Int) {
        let error = refusal(of: Array(text.utf8))
        #expect(error?.kind == kind)
        #expect(error?.offset == offset)
    }

    @Test(
        arguments: [
            ([0x22, 0xFF, 0x22], 1), ([0x22, 0x61, 0x80, 0x22], 2), ([0x22, 0xC3, 0x22], 1), ([0x22, 0xC0, 0xAF, 0x22], 1),
            ([0x22, 0xE0, 0x80, 0x80, 0x22], 1), ([0x22, 0xED, 0xA0, 0x80, 0x22], 1), ([0x22, 0xF0, 0x80, 0x80, 0x80, 0x22], 1),
            ([0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], 1), ([0x22, 0xF8, 0x88, 0x80, 0x80, 0x80, 0x22], 1), ([0x5B, 0xE9, 0x5D], 1),
            ([0x31, 0x20, 0xE2, 0x82], 2), ([0xFF, 0xFE, 0x31, 0x00], 0), ([0xEF, 0xBB, 0xBF, 0x22, 0xFE, 0x22], 4),
        ] as [([UInt8], Int)])
    func `that is not UTF-8 is refused with the place`(bytes: [UInt8], offset: Int) {
        let error = refusal(of: bytes)
        #expect(error?.kind == .invalidUTF8)
        #expect(error?.offset == offset)
    }

    @Test func `with a raw control character in a string is refused for each of the 32`() {
        for byte in UInt8(0)..<0x20 {
            let error = refusal(of: [0x5B, 0x22, byte, 0x22, 0x5D])
            #expect(error?.kind == .controlCharacter)
            #expect(error?.offset == 2)
        }
        #expect(refusal(of: [0x22, 0x7F, 0x22]) == nil)
    }

    @Test func `may escape every scalar of the basic plane but the surrogates`() throws {
        for code in UInt32(0)...0xFFFF {
            let digits = String(code, radix: 16)
            let text = "\"x\\u" + String(repeating: "0", count: 4 - digits.count) + digits + "y\""
            if let scalar = Unicode.Scalar(code) {
                let expected = Array("x".utf8) + Array(String(scalar).utf8) + Array("y".utf8)
                #expect(try parsed(text).string.map { Array($0.utf8) } == expected)
            } else {
                #expect(refusal(of: Array(text.utf8))?.kind == .loneSurrogate)
            }
        }
    }

    @Test func `may escape scalars of the higher planes as pairs`() throws {
        for code in stride(from: UInt32(0x10000), through: 0x10FFFF, by: 0x3FD) {
            let pair = String(Character(Unicode.Scalar(code)!)).utf16.map { String($0, radix: 16) }
            let text = try parsed("\"\\u\(pair[0])\\u\(pair[1])\"").string
            #expect(text?.unicodeScalars.map(\.value) == [code])
        }
    }

    @Test func `is refused wherever it is cut off`() throws {
        let whole = #"{"events":[{"key":"ก\u0e02","n":-1.5e3,"ok":true,"none":null,"list":[1,[2,{}]]}]} "#
        #expect(refusal(of: Array(whole.utf8)) == nil)
        for end in 0..<whole.utf8.count - 1 {
            #expect(refusal(of: Array(whole.utf8.prefix(end))) != nil)
        }
    }

    @Test func `is judged alike at every place of a block of vector code`() throws {
        for blanks in 0..<130 {
            let padding = String(repeating: " ", count: blanks)
            let value = try parsed(padding + #"{"a\n":"bé\"c","d":[1.50,null]}"# + padding)
            #expect(value.compactText == #"{"a\n":"bé\"c","d":[1.50,null]}"#)
            #expect(value.offset == blanks)
            let filler = String(repeating: "x", count: blanks)
            #expect(try parsed("\"\(filler)\\t\(filler)\"").string == "\(filler)\t\(filler)")
            let late = refusal(of: Array("[\"\(filler)\",\u{1}]".utf8))
            #expect(late?.kind == .invalidLiteral && late?.offset == blanks + 4)
            #expect(refusal(of: Array("\"\(filler)\\\"".utf8))?.kind == .unterminatedString)
        }
    }

    @Test func `refused at one call leaves nothing behind for the next`() throws {
        for _ in 0..<3 {
            #expect(refusal(of: Array("[1,{\"a\":[tru]}]".utf8))?.kind == .invalidLiteral)
            #expect(refusal(of: [0x22, 0xFF])?.kind == .invalidUTF8)
            #expect(try parsed("[1,2]").compactText == "[1,2]")
        }
    }

    @Test func `can be read on many threads at once`() async throws {
        await withTaskGroup(of: Bool.self) { group in
            for task in 0..<8 {
                group.addTask {
                    (0..<200).allSatisfy { round in
                        // Sizes on both sides of what a thread keeps.
                        let filler = String(repeating: "y", count: round % 10 == 0 ? 80_000 : 10)
                        let text = "{\"task\":\(task),\"filler\":\"\(filler)\",\"round\":\(round)}"
                        let value = try? parsed(text)
                        return value?["task"]?.number?.int64 == Int64(task)
                            && value?["round"]?.number?.int64 == Int64(round) && value?["filler"]?.string == filler
                    }
                }
            }
            for await isRight in group { #expect(isRight) }
        }
    }

    @Test func `is refused with a sentence that repeats nothing of it`() {
        let error = refusal(of: Array(#"{"password":"secret" "x"}"#.utf8))
        #expect(error?.description == "a value, bracket, comma or colon stands in the wrong place (byte 21)")
    }
}

@Suite struct `The limits of a JSON text` {
    @Test func `hold for its bytes`() throws {
        let limits = JSONLimits(bytesMax: 5)
        #expect(try parsed("[1,2]", limits: limits).items?.count == 2)
        let error = refusal(of: Array("[1,2] ".utf8), limits: limits)
        #expect(error?.kind == .tooLarge)
        #expect(error?.offset == 5)
    }

    @Test(arguments: [("[", "]"), ("{\"a\":", "}")])
    func `hold for its depth`(open: String, close: String) throws {
        func nested(_ depth: Int) -> String {
            String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
        }
        for depthMax in [0, 1, 64, 1_000] {
            let limits = JSONLimits(depthMax: depthMax)
            #expect(try parsed(nested(depthMax), limits: limits).compactText == nested(depthMax))
            let error = refusal(of: Array(nested(depthMax + 1).utf8), limits: limits)
            #expect(error?.kind == .tooDeep)
            #expect(error?.offset == open.utf8.count * depthMax)
        }
    }

    @Test func `stop a bomb of a million brackets at the depth and not at the stack`() {
        #expect(refusal(of: [UInt8](repeating: UInt8(ascii: "["), count: 1_000_000))?.kind == .tooDeep)
        #expect(refusal(of: Array(String(repeating: "{\"a\":", count: 200_000).utf8))?.kind == .tooDeep)
        #expect(refusal(of: [UInt8](repeating: UInt8(ascii: "]"), count: 1_000_000))?.kind == .unexpectedToken)
    }

    @Test func `hold for the number of values and names`() throws {
        let limits = JSONLimits(nodesMax: 5)
        #expect(try parsed("{\"a\":[1,2]}", limits: limits)["a"]?.items?.count == 2)
        let error = refusal(of: Array("{\"a\":[1,2,3]}".utf8), limits: limits)
        #expect(error?.kind == .tooManyNodes)
        #expect(error?.offset == 10)
    }

    @Test func `let the largest batch of a contract pass`() throws {
        let event =
            #"{"idempotency_key":"k","badge_id":"b","station_name":"s","scanned_at":"2025-12-09T15:30:45Z","#
            + #""business_unit":null,"scan_source":"badge","meta":{"matched":true,"legacy_id":"1","local_id":77}}"#
        let batch = "{\"events\":[" + repeatElement(event, count: 2_000).joined(separator: ",") + "]}"
        #expect(try parsed(batch)["events"]?.items?.count == 2_000)
    }

    @Test func `let a string of a megabyte pass, escaped or not`() throws {
        let plain = String(repeating: "ฝ", count: 350_000)
        #expect(try parsed("\"\(plain)\"").string == plain)
        let escaped = String(repeating: "\\u0e1d", count: 350_000)
        #expect(try parsed("[\"\(escaped)\"]").compactText == "[\"\(plain)\"]")
    }
}
