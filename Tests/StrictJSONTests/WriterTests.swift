import StrictJSON
import Testing

private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

@Suite struct `The JSON writer` {
    @Test func `puts members in the order of the calls, with commas between`() {
        let bytes = JSONWriter.object {
            $0.member("saved", 3)
            $0.member("ok", true)
            $0.member("hash", String?.none)
            $0.member("name", "Tax & Legal")
            $0.member("empty") { $0.object { _ in } }
            $0.member("list") {
                $0.array {
                    $0.value(1); $0.null(); $0.value("x"); $0.array { _ in }; $0.object { _ in }
                }
            }
            $0.member("ids", [Int64.min, 0, Int64.max])
            $0.member("maybe", Int64?(7))
            $0.member(named: "quo\"te", 92.5)
            $0.member(named: "nested") { $0.object { $0.member("a", 1) } }
            $0.member("last", [String]())
        }
        #expect(
            text(bytes) == #"{"saved":3,"ok":true,"hash":null,"name":"Tax & Legal","empty":{},"#
                + #""list":[1,null,"x",[],{}],"ids":[-9223372036854775808,0,9223372036854775807],"maybe":7,"#
                + #""quo\"te":92.5,"nested":{"a":1},"last":[]}"#)
    }

    @Test func `writes arrays of anything`() {
        #expect(text(JSONWriter.array { _ in }) == "[]")
        #expect(text(JSONWriter.array { for i in 0..<3 { $0.value(i) } }) == "[0,1,2]")
        var writer = JSONWriter()
        writer.array(of: ["a", "b"]) { writer, name in writer.object { $0.member("name", name) } }
        #expect(text(writer.bytes) == #"[{"name":"a"},{"name":"b"}]"#)
    }

    @Test func `escapes as little as RFC 8259 allows`() throws {
        for code in UInt32(0)...0x2FF {
            let scalar = try #require(Unicode.Scalar(code))
            let written: String =
                switch code {
                case 0x08: "\\b"
                case 0x09: "\\t"
                case 0x0A: "\\n"
                case 0x0C: "\\f"
                case 0x0D: "\\r"
                case 0..<0x10: "\\u000" + String(code, radix: 16)
                case 0..<0x20: "\\u00" + String(code, radix: 16)
                case 0x22: "\\\""
                case 0x5C: "\\\\"
                default: String(scalar)
                }
            var writer = JSONWriter()
            writer.value("<\(scalar)>")
            #expect(writer.bytes == Array("\"<\(written)>\"".utf8))
            #expect(
                try JSONDocument(parsing: writer.bytes, duplicates: .refuse).root.string.map { Array($0.utf8) }
                    == Array("<\(scalar)>".utf8))
        }
        #expect(text(JSONWriter.array { $0.value("/\u{7f}\u{2028}\u{2029}é😀") }) == "[\"/\u{7f}\u{2028}\u{2029}é😀\"]")
    }

    @Test(
        arguments: [
            0, 1, 9, 10, 11, 99, 100, 12_345, 999_999_999, 1_000_000_000, 999_999_999_999_999_999, 1_000_000_000_000_000_000,
            .max, -1, -9, -10, -100, .min, .min + 1,
        ] as [Int64])
    func `writes integers to the last digit`(value: Int64) {
        var writer = JSONWriter()
        writer.value(value)
        #expect(text(writer.bytes) == String(value))
    }

    @Test(arguments: [
        (0.0, "0.0"), (92.5, "92.5"), (50.0, "50.0"), (-0.1, "-0.1"), (1e21, "1e+21"), (.leastNonzeroMagnitude, "5e-324"),
    ])
    func `writes doubles with the digits that read back`(value: Double, expected: String) throws {
        var writer = JSONWriter()
        writer.value(value)
        #expect(text(writer.bytes) == expected)
        #expect(try JSONDocument(parsing: writer.bytes, duplicates: .refuse).root.number?.double == value)
    }

    @Test func `leaves the spelling of a number to the caller`() {
        let bytes = JSONWriter.array {
            $0.number(spelled: "7.50")
            $0.value(8)
            $0.string { $0.append(contentsOf: Array("9".utf8)) }
            $0.json(Array(#"{"a":1}"#.utf8))
            $0.value(true)
        }
        #expect(text(bytes) == #"[7.50,8,"9",{"a":1},true]"#)
    }

    @Test func `goes on where it was after a piece has been taken`() {
        var writer = JSONWriter(reservingCapacity: 16)
        var pieces: [[UInt8]] = []
        writer.beginObject()
        writer.member("total", 3)
        writer.member("scans") { writer in
            writer.beginArray()
            for i in 0..<3 {
                writer.object { $0.member("i", i) }
                pieces.append(writer.take())
                #expect(writer.bytes.isEmpty)
            }
            writer.endArray()
        }
        writer.endObject()
        pieces.append(writer.take())
        #expect(pieces.map(text) == [#"{"total":3,"scans":[{"i":0}"#, #",{"i":1}"#, #",{"i":2}"#, "]}"])
    }

    @Test func `lets an error out of a closure`() {
        struct Stop: Error, Equatable {}
        #expect(throws: Stop.self) { try JSONWriter.object { _ throws(Stop) in throw Stop() } }
    }

    @Test func `renders parsed values without blanks and with their numbers' spelling`() throws {
        let meta = try parsed(
            #" { "matched" : true , "n" : 1.10, "big":123456789012345678901234567890,"zero":-0, "e":1E400, "t":"\u00e9\/\u0001\ud83d\ude00","x":[ ] } "#
        )
        let compact = #"{"matched":true,"n":1.10,"big":123456789012345678901234567890,"zero":-0,"e":1E400,"t":"é/\u0001😀","x":[]}"#
        #expect(meta.compactText == compact)
        #expect(
            text(
                JSONWriter.object {
                    $0.member("meta", meta); $0.member("n", meta["n"]?.number)
                })
                == "{\"meta\":\(compact),\"n\":1.10}")
    }
}
