import AttendanceCore
import DialectKit
import StrictJSON
import Testing

@testable import DialectTimeTracker

/// What Django REST framework 3.14 itself says to each of these, as it was asked.
@Suite struct `Reading a field` {
    /// What a field makes of a JSON text: its value, or its messages.
    private func read<Value>(_ json: String, as field: some RequestField<Value>) throws -> String {
        let body = try JSONDocument(parsing: Array(#"{"f":\#(json)}"#.utf8), duplicates: .refuse)
        var fields = RequestFields(body.root, isPartial: false)
        if let value = fields.required("f", as: field) { return "= \(value)" }
        return fields.faults["f"].joined(separator: " | ")
    }

    private static let blank = "This field may not be blank."
    private static let null = "This field may not be null."

    @Test(arguments: [
        (#""abc""#, "= abc"), (#""  x\u0085\u001c""#, "= x"), (#""\u00a0\u3000""#, blank), (#""""#, blank), (#"" ""#, blank),
        ("5", "= 5"), ("1.0", "= 1.0"), ("-0", "= 0"), ("1.10", "= 1.1"), ("1e2", "= 100.0"), ("1e400", "= inf"),
        ("true", "Not a valid string."), ("[]", "Not a valid string."), ("{}", "Not a valid string."), ("null", null),
        (#""abcdef""#, "Ensure this field has no more than 5 characters."),
        (#""a\u0000b""#, "Null characters are not allowed."),
        (#""abcde\u0000""#, "Ensure this field has no more than 5 characters. | Null characters are not allowed."),
        ("\"e\u{301}e\u{301}e\u{301}\"", "Ensure this field has no more than 5 characters."), ("\"👩‍👩‍👧\"", "= 👩‍👩‍👧"),
    ])
    func `as a text`(json: String, outcome: String) throws {
        #expect(try read(json, as: .text(max: 5)) == outcome)
    }

    @Test func `that may be blank takes an empty text`() throws {
        #expect(try read(#"" ""#, as: .text(max: 5, allowsBlank: true)) == "= ")
        #expect(try read("null", as: .text(max: 5, allowsBlank: true)) == Self.null)
    }

    @Test(arguments: [
        ("a@b.co", true), ("A.b@localhost", true), ("a@[127.0.0.1]", true), ("a@[::1]", true), ("a@bä.de", true),
        ("a@b.123", true), ("a@xn--p1ai.xn--p1ai", true), ("a@b.c0", true), ("\"x\\ y\"@b.co", true), ("\"x!y\"@b.co", true),
        ("a+b.c_d@e-f.example", true), ("a@b.-co", true), ("'@b.co", true), ("a@[1::2:1.2.3.4]", true),
        ("a@b", false), ("a@b.c", false), ("\"x y\"@b.co", false), ("a@[1]", false), ("a@-b.co", false), ("a@b-.co", false),
        ("a..b@c.de", false), ("ä@b.co", false), ("a@b.d-", false), ("a@b..co", false), ("a b@c.de", false), ("12", false),
        ("a@b_c.de", false), ("@b.co", false), ("a@", false), ("a@@b.co", false), ("a@[1.2.3.256]", false), ("a@[1:2]", false),
        ("a@[::1::2]", false), ("a@b.c ö", false),
    ])
    func `as an e-mail address`(text: String, isTaken: Bool) {
        #expect(EmailAddress.isAddress(text) == isTaken)
    }

    @Test func `as an e-mail address tells its length and its form together`() throws {
        let long = String(repeating: "x", count: 260)
        #expect(
            try read("\"\(long)\"", as: .email)
                == "Enter a valid email address. | Ensure this field has no more than 254 characters.")
        #expect(try read("12", as: .email) == "Enter a valid email address.")
    }

    @Test func `as a domain label takes 63 letters`() {
        #expect(EmailAddress.isAddress("a@" + String(repeating: "b", count: 63) + ".de"))
        #expect(!EmailAddress.isAddress("a@" + String(repeating: "b", count: 64) + ".de"))
    }

    @Test(arguments: [
        ("mara@corp.example", true), ("ünïcode_1", true), ("a.b+c-d@e", true), ("日本", true), ("a b", false), ("a/b", false),
        ("a,b", false), ("a!", false),
    ])
    func `as a user name`(text: String, isTaken: Bool) throws {
        let message = "Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters."
        #expect(try read("\"\(text)\"", as: .username) == (isTaken ? "= \(text)" : message))
    }

    private static let noBoolean = "Must be a valid boolean."

    @Test(arguments: [
        ("true", "= true"), ("false", "= false"), ("1", "= true"), ("0", "= false"), ("1.0", "= true"), ("0.0", "= false"),
        (#""t""#, "= true"), (#""Y""#, "= true"), (#""TRUE""#, "= true"), (#""on""#, "= true"), (#""1""#, "= true"),
        (#""n""#, "= false"), (#""Off""#, "= false"), (#""NO""#, "= false"), (#""tRUE""#, noBoolean), (#""""#, noBoolean),
        ("2", noBoolean), (#""null""#, noBoolean), ("[]", noBoolean), ("{}", noBoolean), ("null", null),
    ])
    func `as yes or no`(json: String, outcome: String) throws {
        #expect(try read(json, as: .boolean) == outcome)
    }

    private static let noInteger = "A valid integer is required."
    private static let tooMany = "Ensure this value is less than or equal to 2147483647."

    @Test(arguments: [
        ("5", "= 5"), (#""5""#, "= 5"), (#"" 5 ""#, "= 5"), (#""5.0""#, "= 5"), (#""5.00 ""#, "= 5"), ("5.0", "= 5"),
        ("1e3", "= 1000"), (#""1_000""#, "= 1000"), (#""+5""#, "= 5"), (#""-0""#, "= 0"), (#""٣""#, "= 3"),
        ("2147483647", "= 2147483647"), ("2147483648", tooMany), ("1e20", noInteger), ("99999999999999999999", tooMany),
        ("-1", "Ensure this value is greater than or equal to 0."), ("5.5", noInteger), (#""5.5""#, noInteger),
        ("true", noInteger), (#""""#, noInteger), (#""1e3""#, noInteger), (#""1__0""#, noInteger), (#""_1""#, noInteger),
        (#""1_""#, noInteger), ("[]", noInteger), ("null", null),
    ])
    func `as a count`(json: String, outcome: String) throws {
        #expect(try read(json, as: .count) == outcome)
    }

    @Test func `as a count reads a thousand digits and no more`() throws {
        #expect(try read("\"" + String(repeating: "9", count: 1_000) + "\"", as: .count) == Self.tooMany)
        #expect(try read("\"" + String(repeating: "9", count: 1_001) + "\"", as: .count) == "String value too large.")
    }

    private static let noUUID = "Must be a valid UUID."
    private static let id = "= 5B0E8D2E-77D0-4D0E-8F2A-9C1B0A54F3D7"

    @Test(arguments: [
        (#""5b0e8d2e-77d0-4d0e-8f2a-9c1b0a54f3d7""#, id), (#""5B0E8D2E77D04D0E8F2A9C1B0A54F3D7""#, id),
        (#""{5b0e8d2e77d04d0e8f2a9c1b0a54f3d7}""#, id), (#""urn:uuid:5b0e8d2e-77d0-4d0e-8f2a-9c1b0a54f3d7""#, id),
        ("17", "= 00000000-0000-0000-0000-000000000011"), ("true", "= 00000000-0000-0000-0000-000000000001"),
        (#""17""#, noUUID), ("-1", noUUID), ("1.0", noUUID), (#""""#, noUUID), ("[]", noUUID), ("null", null),
        (#"" 5b0e8d2e-77d0-4d0e-8f2a-9c1b0a54f3d7""#, noUUID), (#""5b0e8d2e-77d0-4d0e-8f2a-9c1b0a54f3d7a""#, noUUID),
        (#""gb0e8d2e-77d0-4d0e-8f2a-9c1b0a54f3d7""#, noUUID),
    ])
    func `as an identity`(json: String, outcome: String) throws {
        #expect(try read(json, as: .uuid) == outcome)
    }

    @Test(arguments: [
        ("\"17\"", "“17” is not a valid UUID."), ("true", "Incorrect type. Expected pk value, received bool."),
        ("\"\"", null), ("null", null),
    ])
    func `as an employee's key`(json: String, outcome: String) throws {
        #expect(try read(json, as: .employeeKey) == outcome)
    }

    @Test(arguments: [
        (#""lunch""#, "lunch"), (#""""#, ""), ("5", "5"), ("1.5", "1.5"), ("true", "True"), (#"[1,"a"]"#, "[1, 'a']"),
        (#"{"a":null}"#, "{'a': None}"), (#"" punch_in""#, " punch_in"), (#"["it's"]"#, #"["it's"]"#),
        (#"["a\"b'"]"#, #"['a"b\'']"#), (#"["\né\u0001"]"#, #"['\né\x01']"#),
    ])
    func `as a type quotes what is none`(json: String, quoted: String) throws {
        #expect(try read(json, as: .punchType) == "\"\(quoted)\" is not a valid choice.")
    }

    private static let noMoment =
        "Datetime has wrong format. Use one of these formats instead: YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]."

    @Test(arguments: [
        ("2025-07-07", "2025-07-07T00:00:00.000000Z"), ("2025-7-7 1:2", "2025-07-07T01:02:00.000000Z"),
        ("2025-07-07T14:15", "2025-07-07T14:15:00.000000Z"), ("2025-07-07T14:15Z", "2025-07-07T14:15:00.000000Z"),
        ("2025-07-07T14:15:16.1234567Z", "2025-07-07T14:15:16.123456Z"),
        ("2025-07-07T14:15:16.12Z", "2025-07-07T14:15:16.120000Z"), ("2025-07-07T14:15+05", "2025-07-07T09:15:00.000000Z"),
        ("2025-07-07T14:15+0530", "2025-07-07T08:45:00.000000Z"), ("2025-07-07T14:15 +05:30", "2025-07-07T08:45:00.000000Z"),
        ("2025-07-07 14:15:16,5Z", "2025-07-07T14:15:16.500000Z"), ("2025-07-07T14:15:16-00:00", "2025-07-07T14:15:16.000000Z"),
        ("2024-02-29T23:59:59.999999-06:00", "2024-03-01T05:59:59.999999Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000Z"), ("0001-01-01T00:00:00+01:00", "Datetime value out of range."),
        ("9999-12-31T23:59:59-01:00", "Datetime value out of range."), ("", noMoment), ("this morning", noMoment),
        ("2025-07-07T24:00:00", noMoment), ("2025-07-07t14:15:16z", noMoment), ("2025-07-07T14:15:16.", noMoment),
        ("2025-07-07T14:15:60Z", noMoment), (" 2025-07-07T14:15:16Z", noMoment), ("2025-07-07T14:15:16Z ", noMoment),
        ("2025-07-07T14:15:16+25:00", noMoment), ("2025-07-07T14:15:16+05:", noMoment), ("2025-02-29T00:00:00Z", noMoment),
        ("2025-07-07T", noMoment), ("25-07-07T14:15Z", noMoment),
    ])
    func `as a moment`(text: String, outcome: String) throws {
        var fields = RequestFields(
            try JSONDocument(parsing: Array(#"{"f":"\#(text)"}"#.utf8), duplicates: .refuse).root, isPartial: false)
        let moment = fields.required("f", as: .moment)
        let told = moment.map { Moment.text($0.microseconds, precision: .microseconds) }
        #expect(told ?? fields.faults["f"].joined() == outcome)
    }

    @Test(arguments: ["5", "true", "[]", "{}", "1751896800"])
    func `as a moment takes texts only`(json: String) throws {
        #expect(try read(json, as: .moment) == Self.noMoment)
    }

    @Test(
        arguments: [
            ("\"2025-07-07\"", "2025-07-07"), ("\"2025-7-7\"", "2025-07-07"), ("\"2025-02-30\"", nil),
            ("\"2025-07-07T00:00:00\"", nil),
            ("\"\"", nil), ("5", nil), ("\" 2025-07-07\"", nil), ("\"0000-01-01\"", nil),
        ] as [(String, String?)])
    func `as a day`(json: String, day: String?) throws {
        var fields = RequestFields(
            try JSONDocument(parsing: Array(#"{"f":\#(json)}"#.utf8), duplicates: .refuse).root, isPartial: false)
        #expect(fields.required("f", as: .day)?.text == day)
        if day == nil {
            #expect(fields.faults["f"] == ["Date has wrong format. Use one of these formats instead: YYYY-MM-DD."])
        }
    }

    @Test(
        arguments: [
            ("14:00", 50_400_000_000), ("9:5", 32_700_000_000), ("14:00:00.5", 50_400_500_000), ("14:00:00,5", 50_400_500_000),
            ("14:00Z", 50_400_000_000), ("14:00:00+02:00", 50_400_000_000), ("14:00:00.1234567", 50_400_123_456),
            ("23:59:59.999999", 86_399_999_999), ("24:00", nil), ("26:00", nil), ("", nil), ("14:00:", nil), (" 14:00", nil),
            ("soon", nil), ("14:60", nil),
        ] as [(String, Int64?)])
    func `as a time of day`(text: String, microseconds: Int64?) throws {
        var fields = RequestFields(
            try JSONDocument(parsing: Array(#"{"f":"\#(text)"}"#.utf8), duplicates: .refuse).root, isPartial: false)
        #expect(fields.required("f", as: .timeOfDay) == microseconds)
        if microseconds == nil {
            #expect(
                fields.faults["f"] == ["Time has wrong format. Use one of these formats instead: hh:mm[:ss[.uuuuuu]]."])
        }
    }

    @Test(arguments: [
        (#""7.5""#, "7.50"), ("7.5", "7.50"), ("7", "7.00"), (#""1e2""#, "100.00"), (#""007.25""#, "7.25"), ("0.0", "0.00"),
        ("999.99", "999.99"),
    ])
    func `as hours`(json: String, text: String) throws {
        var fields = RequestFields(
            try JSONDocument(parsing: Array(#"{"f":\#(json)}"#.utf8), duplicates: .refuse).root, isPartial: false)
        #expect(fields.required("f", as: .hundredths)?.text == text)
    }

    private static let noNumber = "A valid number is required."

    @Test(arguments: [
        ("1000", "Ensure that there are no more than 3 digits before the decimal point."),
        (#""100.123""#, "Ensure that there are no more than 5 digits in total."),
        ("0.123", "Ensure that there are no more than 2 decimal places."), ("1e4000", noNumber),
        (#""1e4000""#, "Ensure that there are no more than 5 digits in total."),
        (#""""#, noNumber), (#""x""#, noNumber), ("true", noNumber), (#""NaN""#, noNumber), ("[]", noNumber), ("null", null),
        ("-1", "Ensure this value is greater than or equal to 0."),
    ])
    func `as hours refuses`(json: String, message: String) throws {
        #expect(try read(json, as: .hundredths) == message)
    }

    // MARK: Bodies

    @Test func `that is missing, or left out of a PATCH`() throws {
        let empty = try JSONDocument(parsing: Array("{}".utf8), duplicates: .refuse).root
        var whole = RequestFields(empty, isPartial: false)
        #expect(whole.required("a", as: .text()) == nil && whole.optional("b", as: .boolean) == nil)
        #expect(whole.faults.all.map(\.field) == ["a"] && whole.faults["a"] == ["This field is required."])
        var partial = RequestFields(empty, isPartial: true)
        #expect(partial.required("a", as: .text()) == nil && partial.faults.isEmpty)
    }

    @Test func `that may be null tells null from nothing`() throws {
        let body = try JSONDocument(parsing: Array(#"{"a":null,"b":"x"}"#.utf8), duplicates: .refuse).root
        var fields = RequestFields(body, isPartial: false)
        #expect(fields.nullable("a", as: .text()).change == .some(nil))
        #expect(fields.nullable("b", as: .text()).change == .some("x"))
        #expect(fields.nullable("c", as: .text()).change == .none)
        #expect(fields.faults.isEmpty)
    }

    /// An unticked box is not sent, and an empty field of a form says null or nothing.
    @Test func `of a form`() throws {
        var nothing = RequestFields(try FormBody(urlEncoded: []), isPartial: false)
        #expect(nothing.optional("b", as: .boolean) == false)
        #expect(nothing.optional("i", as: .count) == nil)
        var partial = RequestFields(try FormBody(urlEncoded: []), isPartial: true)
        #expect(partial.optional("b", as: .boolean) == nil)
        var empty = RequestFields(try FormBody(urlEncoded: Array("b=&i=&n=&d=&r=&t=a&t=z".utf8)), isPartial: false)
        #expect(empty.optional("b", as: .boolean) == nil && empty.optional("i", as: .count) == nil)
        #expect(empty.optional("n", as: .text(allowsBlank: true)) == "")
        #expect(empty.nullable("d", as: .moment).change == .some(nil))
        #expect(empty.faults.isEmpty)
        #expect(empty.required("r", as: .text()) == nil && empty.faults["r"] == [Self.blank])
        #expect(empty.required("t", as: .text()) == "z", "the last of several counts")
    }

    @Test func `that is a file is no text`() throws {
        let body = "--x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a\"\r\n\r\nA\r\n--x--\r\n"
        var fields = RequestFields(
            try FormBody(multipart: Array(body.utf8), contentType: "multipart/form-data; boundary=x"), isPartial: false)
        #expect(fields.required("f", as: .text()) == nil)
        #expect(fields.faults["f"] == ["Not a valid string."])
    }
}
