import DialectKit
import StrictJSON
import Testing

@Suite struct `Following Python` {
    private func value(_ json: String) throws -> JSONValue {
        try JSONDocument(parsing: Array(json.utf8), duplicates: .takeLast).root
    }

    /// What Python 3.11 printed for each.
    @Test(arguments: [
        ("0", "0"), ("-0", "0"), ("1.0", "1.0"), ("-0.0", "-0.0"), ("1.10", "1.1"), ("0.0001", "0.0001"), ("0.00001", "1e-05"),
        ("1.5e-5", "1.5e-05"), ("1e15", "1000000000000000.0"), ("1e16", "1e+16"), ("12345678901234567.0", "1.2345678901234568e+16"),
        ("1e22", "1e+22"), ("1e100", "1e+100"), ("1e-100", "1e-100"), ("1e400", "inf"), ("-1e400", "-inf"), ("123.456", "123.456"),
        ("123456789012345678901234567890", "123456789012345678901234567890"), ("5e-324", "5e-324"), ("100.0", "100.0"),
        ("9007199254740993.0", "9007199254740992.0"),
    ])
    func `prints a number`(json: String, text: String) throws {
        #expect(try Python.text(of: value(json)) == text)
    }

    @Test(arguments: [
        (#"{"a":[1,null,true],"b":{}}"#, "{'a': [1, None, True], 'b': {}}"), (#""as it is""#, "as it is"), ("[]", "[]"),
        (#"["it's"]"#, #"["it's"]"#), (#"["\"it's\""]"#, #"['"it\'s"']"#), (#"["\\\t\n\r\u007f"]"#, #"['\\\t\n\r\x7f']"#),
    ])
    func `prints a value`(json: String, text: String) throws {
        #expect(try Python.text(of: value(json)) == text)
    }

    @Test(arguments: [
        ("null", "NoneType"), ("true", "bool"), ("1", "int"), ("1.0", "float"), (#""""#, "str"), ("[]", "list"), ("{}", "dict"),
    ])
    func `names a type`(json: String, name: String) throws {
        #expect(try Python.typeName(of: value(json)) == name)
    }

    @Test(arguments: [
        (" a b ", "a b"), ("\u{1c}\u{85}\u{a0}\u{3000}a\u{2028}\t", "a"), ("\u{200b}a", "\u{200b}a"), ("\u{feff}", "\u{feff}"),
        (" ", ""), ("", ""),
    ])
    func `strips white space`(text: String, stripped: String) {
        #expect(Python.stripped(text) == stripped)
    }
}
