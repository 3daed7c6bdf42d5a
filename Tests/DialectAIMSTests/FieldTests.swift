import AttendanceCore
@testable import DialectAIMS
import StrictJSON
import Testing

/// How values are read and refused, as Pydantic 2.5 does in its lax mode.
@Suite struct `A value on the wire` {
    private func read<Value>(_ json: String, _ reading: some ValueReading<Value>) throws -> Result<Value, ValueFault> {
        let value = WireValue.json(try JSONDocument(parsing: Array(json.utf8), duplicates: .refuse).root)
        do throws(ValueFault) { return .success(try reading.read(value)) } catch { return .failure(error) }
    }

    private func outcome<Value>(_ json: String, _ reading: some ValueReading<Value>) throws -> String {
        switch try read(json, reading) {
        case .success(let value): "\(value)"
        case .failure(let fault): fault.type
        }
    }

    @Test(arguments: [
        ("true", "true"), ("false", "false"), ("1", "true"), ("0", "false"), ("1.0", "true"), ("\"yes\"", "true"),
        ("\"No\"", "false"), ("\"ON\"", "true"), ("\"off\"", "false"), ("\"t\"", "true"), ("\"0\"", "false"),
        ("2", "bool_parsing"), ("\"maybe\"", "bool_parsing"), ("\" true\"", "bool_parsing"), ("null", "bool_type"),
        ("[]", "bool_type"), ("{}", "bool_type"),
    ])
    func `that is a boolean`(json: String, expected: String) throws {
        #expect(try outcome(json, BooleanReading()) == expected)
    }

    @Test(arguments: [
        ("7", "7"), ("2.0", "2"), ("\"3\"", "3"), ("\" +4 \"", "4"), ("\"5.00\"", "5"), ("true", "1"), ("-0", "0"),
        ("0", "greater_than_equal"), ("8", "less_than_equal"), ("\"9\"", "less_than_equal"), ("1.5", "int_from_float"),
        ("\"1.5\"", "int_parsing"), ("\"x\"", "int_parsing"), ("\"\"", "int_parsing"), ("null", "int_type"), ("[]", "int_type"),
        ("1e400", "finite_number"), ("99999999999999999999", "int_parsing_size"), ("\"0x1\"", "int_parsing"),
    ])
    func `that is an integer from 1 to 7`(json: String, expected: String) throws {
        let range = json == "-0" ? 0...7 : 1...7
        #expect(try outcome(json, IntegerReading(range: range)) == expected)
    }

    @Test(arguments: [
        ("92.5", "92.5"), ("92", "92.0"), ("\"92.5\"", "92.5"), ("\" 1e2 \"", "100.0"), ("true", "1.0"), ("-3", "-3.0"),
        ("\"0x10\"", "float_parsing"), ("\"abc\"", "float_parsing"), ("\"\"", "float_parsing"), ("\"nan\"", "finite_number"),
        ("\"-Infinity\"", "finite_number"), ("1e999", "finite_number"), ("null", "float_type"), ("{}", "float_type"),
    ])
    func `that is a number`(json: String, expected: String) throws {
        #expect(try outcome(json, NumberReading()) == expected)
    }

    @Test(arguments: [
        ("\"6a1c1f0e-2f8e-4a0b-9f5e-0d6f7f1d2b11\"", true), ("\"6A1C1F0E2F8E4A0B9F5E0D6F7F1D2B11\"", true),
        ("\"6A1C1F0E-2f8e-4A0B-9F5E-0d6f7f1d2b11\"", true), ("\"7\"", false), ("\"+a1c1f0e2f8e4a0b9f5e0d6f7f1d2b11\"", false),
        ("\"-a1c1f0e2f8e4a0b9f5e0d6f7f1d2b11\"", false), ("\"zzzzzzzz-2f8e-4a0b-9f5e-0d6f7f1d2b11\"", false), ("\"\"", false),
    ])
    func `that is an identity`(json: String, isOne: Bool) throws {
        let result = try read(json, IdentityReading<Grant>())
        switch result {
        case .success(let id): #expect(isOne && id.text == "6a1c1f0e-2f8e-4a0b-9f5e-0d6f7f1d2b11")
        case .failure(let fault): #expect(!isOne && fault.type == "uuid_parsing")
        }
        #expect(try outcome("7", IdentityReading<Grant>()) == "uuid_type")
    }

    @Test(
        arguments: [
            ("\"2025-10-29\"", 20_390), ("\"2025-02-29\"", nil), ("\"20251029\"", nil), ("\"2025-10-29T00:00\"", nil),
            ("\"\"", nil),
        ] as [(String, Int64?)])
    func `that is a day`(json: String, days: Int64?) throws {
        switch try read(json, DayReading()) {
        case .success(let day): #expect(day.daysSince1970 == days)
        case .failure(let fault): #expect(days == nil && fault.type == "date_from_datetime_parsing")
        }
    }

    @Test(
        arguments: [
            ("\"10:00\"", 36_000), ("\"14:30:05\"", 52_205), ("\"23:59:59\"", 86_399), ("\"24:00\"", nil), ("\"9:00\"", nil),
            ("\"10\"", nil), ("\"10:00:00:00\"", nil), ("\"1a:00\"", nil), ("\"10:60\"", nil),
        ] as [(String, Int64?)])
    func `that is a time of day`(json: String, seconds: Int64?) throws {
        switch try read(json, TimeReading()) {
        case .success(let time): #expect(time.secondsFromMidnight == seconds)
        case .failure(let fault): #expect(seconds == nil && fault.type == "time_parsing")
        }
    }

    @Test func `that is a text is one, and nothing else is`() throws {
        #expect(try outcome("\" a \"", TextReading(isFilled: true)) == " a ")
        #expect(try outcome("\" \"", TextReading(isFilled: true)) == "string_too_short")
        #expect(try outcome("\"\"", TextReading(isFilled: false)) == "")
        for json in ["7", "true", "null", "[]"] { #expect(try outcome(json, TextReading(isFilled: false)) == "string_type") }
        #expect(try outcome("5", TextOrIntegerReading()) == "5")
        #expect(try outcome("5.5", TextOrIntegerReading()) == "string_type")
    }
}
