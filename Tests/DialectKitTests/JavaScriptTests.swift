import DialectKit
import StrictJSON
import Testing

@Suite struct `A number as JavaScript writes it` {
    /// Source: ECMA-262, Number::toString, of the double nearest to the left side.
    @Test(arguments: [
        ("101117", "101117"), ("0", "0"), ("-0", "0"), ("-0.0", "0"), ("1.10", "1.1"), ("1.0", "1"), ("-1.50", "-1.5"),
        ("1e3", "1000"), ("1E+3", "1000"), ("1e20", "100000000000000000000"), ("1e21", "1e+21"), ("1.5e21", "1.5e+21"),
        ("123456789012345680000", "123456789012345680000"), ("123456789012345678901234567890", "1.2345678901234568e+29"),
        ("999999999999999999999", "1e+21"), ("0.1", "0.1"), ("0.000001", "0.000001"), ("0.0000001", "1e-7"), ("1e-7", "1e-7"),
        ("0.00000123", "0.00000123"), ("0.000000123", "1.23e-7"), ("1.5e-10", "1.5e-10"), ("12.9", "12.9"),
        ("9007199254740991", "9007199254740991"), ("9007199254740992", "9007199254740992"),
        ("9007199254740993", "9007199254740992"), ("-9007199254740993", "-9007199254740992"),
        ("999999999999999", "999999999999999"), ("9999999999999999", "10000000000000000"),
        ("12345678901234567890", "12345678901234567000"), ("18446744073709551615", "18446744073709552000"),
        ("1e400", "Infinity"), ("-1e400", "-Infinity"), ("1e-400", "0"), ("-1e-400", "0"),
        ("1.7976931348623157e308", "1.7976931348623157e+308"), ("5e-324", "5e-324"),
        ("2.2250738585072014e-308", "2.2250738585072014e-308"),
        ("0.30000000000000004", "0.30000000000000004"), ("0.1000000000000000055511151231257827", "0.1"), ("100", "100"),
        ("123.456", "123.456"), ("1234567.125", "1234567.125"), ("4.35", "4.35"), ("1e2", "100"), ("120e-1", "12"),
        ("2251799813685249.5", "2251799813685249.5"), ("4503599627370497.5", "4503599627370498"), ("1e16", "10000000000000000"),
        ("123e-20", "1.23e-18"),
        ("10.000", "10"), ("100.5", "100.5"),
    ])
    func `has the fewest digits that read back`(literal: String, text: String) throws {
        let value = try parsed(literal)
        #expect(JavaScript.text(of: value) == text)
        #expect(try JavaScript.text(of: #require(value.number)) == text)
    }

    @Test func `is NaN if it is none`() {
        #expect(JavaScript.text(of: Double.nan) == "NaN")
    }
}

@Suite struct `A text as JavaScript's parseInt reads it` {
    @Test(
        arguments: [
            ("12", 12), ("12abc", 12), ("12.9", 12), ("0x1f", 0), ("007", 7), ("-5", -5), ("+5", 5), ("-0", 0), ("  42", 42),
            ("\t\n\r\u{B}\u{C}\u{A0}\u{FEFF}\u{2028}\u{2029}\u{3000}\u{2003}42 43", 42), ("1e3", 1), ("1,000", 1), ("12 13", 12),
            ("9223372036854775807", Int.max), ("-9223372036854775808", Int.min), ("9223372036854775808", nil),
            ("", nil), (" ", nil), ("abc", nil), ("-", nil), ("+", nil), ("--5", nil), ("+-5", nil), ("- 5", nil), (".5", nil),
            ("٣", nil), ("NaN", nil), ("\u{0}5", nil), ("\u{200B}5", nil), ("x5", nil), ("5\u{301}", 5), ("60s", 60),
        ] as [(String, Int?)])
    func `begins with an integer or not`(text: String, integer: Int?) {
        #expect(JavaScript.integer(beginning: text) == integer)
    }

    @Test(
        arguments: [
            ("77", 77), ("-3", -3), ("12.0", 12), ("1e2", 100), ("12.9", nil), ("1e400", nil), ("1e30", nil), ("-0", 0),
            (#""77""#, 77), (#""12.9""#, 12), (#""12abc""#, 12), (#""""#, nil), (#""x""#, nil), ("true", nil), ("null", nil),
            ("[5]", nil), ("{}", nil), ("9223372036854775807", Int.max),
        ] as [(String, Int?)])
    func `may stand for an integer, as numbers without fraction do`(text: String, integer: Int?) throws {
        #expect(JavaScript.integer(try parsed(text)) == integer)
        var reader = FieldReader()
        let read = reader.value(try parsed(text), as: .leadingInteger)
        #expect(read == integer)
        #expect(reader.isClean == (integer != nil))
    }

    @Test func `is unreadable or of the wrong type otherwise`() throws {
        var reader = FieldReader()
        for text in [#""x""#, "12.9", "true", "null"] { _ = reader.value(try parsed(text), as: .leadingInteger) }
        #expect(
            reader.violations.map(\.reason) == [
                .unreadable(as: .integer), .wrongType(expected: .integer), .wrongType(expected: .integer), .null,
            ])
    }
}
