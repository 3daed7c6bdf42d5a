import DataFiles
import Testing

@Suite struct `A line reader` {
    private func lines(_ text: [UInt8], pieces: Int, bytesMax: Int = 8) -> [LineReader.Line] {
        var reader = LineReader(bytesMax: bytesMax)
        var lines: [LineReader.Line] = []
        var rest = text[...]
        while !rest.isEmpty {
            reader.read(Array(rest.prefix(pieces))) { number, line in
                lines.append(line)
                #expect(number == lines.count)
            }
            rest = rest.dropFirst(pieces)
        }
        reader.finish { _, line in lines.append(line) }
        #expect(reader.count == lines.count)
        return lines
    }

    @Test(arguments: [
        ("", []), ("\n", [""]), ("\r", [""]), ("\r\n", [""]), ("\r\r\n\n", ["", "", ""]), ("a", ["a"]), ("a\nb", ["a", "b"]),
        ("a\r\nb\r\n", ["a", "b"]), ("a\rb\r", ["a", "b"]), ("\na", ["", "a"]), ("a\n\rb", ["a", "", "b"]),
        ("\u{FEFF}a\n", ["a"]), ("\u{FEFF}", []), ("\u{FEFF}\u{FEFF}a", ["\u{FEFF}a"]), ("a\u{FEFF}\nb", ["a\u{FEFF}", "b"]),
        ("\u{FEFF}\n", [""]), ("ﻀ", ["ﻀ"]), ("é\n", ["é"]),
    ])
    func `cuts at every kind of end, however the bytes come`(text: String, expected: [String]) {
        for pieces in 1...6 {
            #expect(lines(Array(text.utf8), pieces: pieces) == expected.map { .bytes(Array($0.utf8)) })
        }
    }

    @Test(arguments: [[0xEF], [0xEF, 0xBB], [0xEF, 0xBB, 0x41], [0xEF, 0x41], [0xBB, 0xBF]] as [[UInt8]])
    func `keeps what only begins like a mark`(bytes: [UInt8]) {
        for pieces in 1...3 {
            #expect(lines(bytes, pieces: pieces) == [.bytes(bytes)])
            #expect(lines(bytes + [0x0A, 0x41], pieces: pieces) == [.bytes(bytes), .bytes([0x41])])
        }
    }

    @Test func `keeps nothing of a line that is too long, and goes on behind it`() {
        let text = Array("12345678\n123456789\nab\n1234567890123456789".utf8)
        for pieces in 1...20 {
            #expect(
                lines(text, pieces: pieces) == [
                    .bytes(Array("12345678".utf8)), .overlong, .bytes(Array("ab".utf8)), .overlong,
                ])
        }
    }
}
