@testable import DaySimulation
import Testing

@Suite struct `The rows of an export` {
    private static let text =
        #"{"total_records":3,"export_timestamp":"2026-02-12T08:00:00.000Z","scans":["#
        + #"{"badge_id":"a","station_name":"Gate [1]","scanned_at":"2026-02-12T08:00:00.000Z","unit":null},"#
        + #"{"badge_id":"b\"}","station_name":"é","scanned_at":"2026-02-12T08:00:01.000Z","more":{"deep":[1,{"x":"]"}]}},"#
        + #"{"badge_id":"c\\","station_name":"x","scanned_at":"2026-02-12T08:00:02.000Z"}]}"#
    private static let rows = [
        LedgerRow(badge: "a", station: "Gate [1]", scannedAt: "2026-02-12T08:00:00.000Z"),
        LedgerRow(badge: "b\"}", station: "é", scannedAt: "2026-02-12T08:00:01.000Z"),
        LedgerRow(badge: "c\\", station: "x", scannedAt: "2026-02-12T08:00:02.000Z"),
    ]

    @Test(arguments: [1, 2, 7, 64, 10_000])
    func `are found wherever the pieces are cut`(size: Int) {
        let bytes = Array(Self.text.utf8)
        var reader = ExportRows()
        var found: [LedgerRow] = []
        for start in stride(from: 0, to: bytes.count, by: size) {
            #expect(!reader.isWhole)
            found += reader.take(Array(bytes[start..<min(start + size, bytes.count)]))
        }
        #expect(found == Self.rows && reader.isWhole && !reader.isUnreadable)
    }

    @Test func `are not whole where one is missing or the end is`() {
        var cut = ExportRows()
        #expect(cut.take(Array(Self.text.utf8.dropLast(2))).count == 3)
        #expect(!cut.isWhole)
        var short = ExportRows()
        _ = short.take(Array(Self.text.replacing("\"total_records\":3", with: "\"total_records\":4").utf8))
        #expect(!short.isWhole)
    }

    @Test(arguments: [
        #"{"total_records":1,"scans":[{"badge_id":"a"}]}"#, #"{"total_records":1,"scans":[{"badge_id"}]}"#,
    ])
    func `are refused where they lack what the contract has`(text: String) {
        var reader = ExportRows()
        #expect(reader.take(Array(text.utf8)).isEmpty && reader.isUnreadable && !reader.isWhole)
    }
}
