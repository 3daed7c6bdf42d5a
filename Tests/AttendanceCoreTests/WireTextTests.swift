import AttendanceCore
import TestKit
import Testing

@Suite struct `Wire text` {
    @Test(
        arguments: [
            ("caf\u{E9}", "cafe\u{301}"), ("\u{212A}", "K"), ("A", "a"), ("", " "), ("ก\u{E33}", "ก\u{E4D}\u{E32}"),
        ] as [(String, String)])
    func `is another text when one code point differs`(one: String, other: String) {
        #expect(WireText(one) != WireText(other))
        #expect(Set([WireText(one), WireText(other)]).count == 2)
        #expect((WireText(one) < WireText(other)) != (WireText(other) < WireText(one)))
    }

    @Test(arguments: [("", 0), ("abc", 3), ("e\u{301}", 2), ("มานี", 4), ("👩‍👩‍👧", 5), ("🇹🇭", 2)] as [(String, Int)])
    func `counts code points`(text: String, count: Int) {
        #expect(WireText(text).scalarCount == count)
    }

    @Test func `sorts by code point, beyond the basic plane as well`() {
        let sorted = ["Z", "a", "é", "ก", "\u{FFFD}", "😀"].map { WireText($0) }
        #expect(sorted.shuffled().sorted() == sorted)
    }
}

@Suite struct `An instant` {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (1_770_883_200_123_999, "2026-02-12T08:00:00.123Z"),
            (-1, "1969-12-31T23:59:59.999Z"), (951_782_400_000_000, "2000-02-29T00:00:00.000Z"),
            (-62_135_596_800_000_000, "0001-01-01T00:00:00.000Z"), (253_402_300_799_999_999, "9999-12-31T23:59:59.999Z"),
        ] as [(Int64, String)])
    func `is written with its milliseconds cut`(microseconds: Int64, text: String) {
        #expect(Instant(microseconds: microseconds).millisecondText == text)
    }
}
