import AttendanceCore
@testable import DataFiles
import Testing

@Suite struct `A scan as a line` {
    static let full = CountedScan(
        sequence: 7, occurredAt: Instant(microseconds: 1_770_883_200_000_001), station: "Gate \"1\"\n", unit: "Ünit",
        means: "badge",
        personal: PersonalPart(
            identifierKind: .badge, identifier: "=1+1", staffCode: "S-1", reference: "K-1",
            meta: #"{"matched":true,"legacy_id":1.10,"x":[1e400,null,{"y":"\u0001é"}]}"#))
    static let bare = CountedScan(
        sequence: 8, occurredAt: Instant(microseconds: -1), station: "Gate", unit: nil, means: nil,
        personal: PersonalPart(identifierKind: .badge, identifier: "1", reference: "K-2"))

    @Test(arguments: [full, bare])
    func `is read as it was written`(scan: CountedScan) throws {
        var bytes: [UInt8] = []
        ScanLine.append(scan, to: &bytes)
        #expect(bytes.last == UInt8(ascii: "\n"))
        #expect(!bytes.dropLast().contains(UInt8(ascii: "\n")))
        let claim = try #require(try ScanLine.claim(.bytes(bytes.dropLast())))
        #expect(claim.kind == .scan)
        #expect(claim.source == .trackAttendance)
        #expect(claim.occurredAt == scan.occurredAt)
        #expect(claim.station == scan.station)
        #expect(claim.unit == scan.unit)
        #expect(claim.means == scan.means)
        #expect(claim.detail == nil)
        #expect(claim.personal == scan.personal)
    }

    @Test func `has names and an order that stay`() {
        var bytes: [UInt8] = []
        ScanLine.append(Self.full, to: &bytes)
        #expect(
            String(decoding: bytes, as: UTF8.self)
                == #"{"scanned_at":"2026-02-12T08:00:00.000001Z","station":"Gate \"1\"\n","unit":"Ünit","means":"badge","badge":"=1+1","#
                + #""staff_code":"S-1","reference":"K-1","meta":{"matched":true,"legacy_id":1.10,"x":[1e400,null,{"y":"\u0001é"}]}}"#
                + "\n")
    }

    static let right = #""scanned_at":"2026-02-12T08:00:00Z","station":"S","badge":"B","reference":"R""#

    @Test(arguments: ["", "   ", " \t "])
    func `says nothing where nothing stands`(line: String) throws {
        #expect(try ScanLine.claim(.bytes(Array(line.utf8))) == nil)
    }

    @Test(arguments: [
        ("{}", "scanned_at is missing"), ("[]", "it is no JSON object"), ("{", "the text ends too early (byte 1)"),
        (
            #"{"scanned_at":"2026-02-12T08:00:00","station":"S","badge":"B","reference":"R"}"#,
            "scanned_at is no moment such as 2026-02-12T08:00:00.000000Z"
        ),
        (#"{"scanned_at":1,"station":"S","badge":"B","reference":"R"}"#, "scanned_at is no text"),
        (
            #"{"scanned_at":"2026-02-30T08:00:00Z","station":"S","badge":"B","reference":"R"}"#,
            "scanned_at is no moment such as 2026-02-12T08:00:00.000000Z"
        ),
        (#"{"scanned_at":"2026-02-12T08:00:00Z","badge":"B","reference":"R"}"#, "station is missing"),
        (#"{"scanned_at":"2026-02-12T08:00:00Z","station":"","badge":"B","reference":"R"}"#, "station is empty"),
        (#"{"scanned_at":"2026-02-12T08:00:00Z","station":"S","badge":null,"reference":"R"}"#, "badge is null"),
        (#"{"scanned_at":"2026-02-12T08:00:00Z","station":"S","badge":"B"}"#, "reference is missing"),
        (#"{"scanned_at":"2026-02-12T08:00:00Z","station":"S","badge":"\u0000","reference":"R"}"#, "badge holds U+0000"),
        ("{\(right),\"unit\":7}", "unit is no text"), ("{\(right),\"meta\":7}", "meta is no object"),
        ("{\(right),\"meta\":{\"a\":[{\"b\":\"\\u0000\"}]}}", "meta holds U+0000"),
        ("{\(right),\"meta\":{\"a\":\"\(String(repeating: "x", count: 10_240))\"}}", "meta has more than 10240 characters"),
        ("{\(right),\"means\":\"\(String(repeating: "x", count: 33))\"}", "means has more than 32 characters"),
        ("{\(right),\"name\":\"X\"}", "name is no field of a scan"),
        ("{\(right),\"badge\":\"C\"}", "an object names a member twice (byte 79)"),
    ])
    func `is refused with the field that is wrong`(line: String, reason: String) throws {
        do {
            _ = try ScanLine.claim(.bytes(Array(line.utf8)))
            Issue.record("it was taken")
        } catch {
            #expect("\(error)" == reason)
        }
    }

    @Test func `is refused where it is too long`() {
        #expect(throws: ScanLine.Fault.overlong) { try ScanLine.claim(.overlong) }
    }
}

@Suite struct `A table of scans` {
    @Test func `is safe to open in a spreadsheet`() {
        var table = ScanTable()
        #expect(
            String(decoding: table.take(), as: UTF8.self) == "scanned_at,station,unit,means,badge,staff_code,reference,meta\r\n")
        table.append(`A scan as a line`.full)
        table.append(`A scan as a line`.bare)
        #expect(
            String(decoding: table.take(), as: UTF8.self)
                == "2026-02-12T08:00:00.000001Z,\"Gate \"\"1\"\"\n\",Ünit,badge,'=1+1,S-1,K-1,"
                + #""{""matched"":true,""legacy_id"":1.10,""x"":[1e400,null,{""y"":""\u0001é""}]}""# + "\r\n"
                + "1969-12-31T23:59:59.999999Z,Gate,,,1,,K-2,\r\n")
    }

    @Test(arguments: [
        ("=1", "'=1"), ("+1", "'+1"), ("-1", "'-1"), ("@x", "'@x"), ("\tx", "'\tx"), ("\rx", "\"'\rx\""), ("=1,2", "\"'=1,2\""),
        ("a=1", "a=1"), ("1", "1"), ("", ""), (" =1", "\" =1\""), ("é,", "\"é,\""), ("a\r\nb", "\"a\r\nb\""),
    ])
    func `marks what would be taken for a formula`(cell: String, written: String) {
        var writer = CSVWriter()
        writer.row([cell, "x"])
        #expect(String(decoding: writer.bytes, as: UTF8.self).utf8.elementsEqual("\(written),x\r\n".utf8))
    }
}
