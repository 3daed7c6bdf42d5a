import Foundation
import Testing

@testable import Spreadsheets

@Suite struct `A workbook` {
    private static let columns = [
        SheetColumn("Name", width: 24), SheetColumn("Day", width: 12), SheetColumn("In", width: 10),
        SheetColumn("Hours", width: 8, total: .hundredths), SheetColumn("Late", width: 6, total: .count),
    ]

    private func bytes(of rows: [[SheetCell]]) async throws -> [UInt8] {
        let book = try Workbook(sheet: "Sheet", columns: Self.columns, in: "/tmp")
        try await book.append(rows)
        try await book.finish(total: "Total")
        var bytes: [UInt8] = []
        while let piece = try await book.next() { bytes += piece }
        return bytes
    }

    /// The text of one file in the archive, as Python's `zipfile` unpacks it.
    private func part(_ name: String, of book: [UInt8]) throws -> String {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("muster-\(UUID().uuidString).xlsx")
        try Data(book).write(to: path)
        defer { try? FileManager.default.removeItem(at: path) }
        let unpack = Process()
        unpack.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        unpack.arguments = [
            "python3", "-c", "import sys,zipfile; sys.stdout.write(zipfile.ZipFile(sys.argv[1]).read(sys.argv[2]).decode())",
            path.path, name,
        ]
        let pipe = Pipe()
        unpack.standardOutput = pipe
        try unpack.run()
        let text = pipe.fileHandleForReading.readDataToEndOfFile()
        unpack.waitUntilExit()
        #expect(unpack.terminationStatus == 0)
        return String(decoding: text, as: UTF8.self)
    }

    @Test func `keeps each cell in its kind, the head in sight, and totals at the end`() async throws {
        let sheet = try part(
            "xl/worksheets/sheet1.xml",
            of: try await bytes(of: [
                [.text("=1+1"), .day(20_276), .timeOfDay(34_260), .hundredths(648), .count(1)],
                [.text("Ilse & <Co>"), .day(20_277), .empty, .hundredths(2), .count(0)],
            ]))
        #expect(sheet.contains(#"<pane ySplit="1""#))
        #expect(sheet.contains("<t>=1+1</t>") && sheet.contains("<t>Ilse &amp; &lt;Co&gt;</t>"))
        #expect(sheet.contains("<v>45845</v>") && sheet.contains("<v>6.48"))
        #expect(sheet.contains("<v>0.39652777777777"))
        #expect(sheet.contains("<f>SUM(D2:D3)</f><v>6.5</v>") && sheet.contains("<f>SUM(E2:E3)</f><v>1</v>"))
        #expect(sheet.contains(#"<col min="1" max="1" width="24"#))
        #expect(sheet.contains("<t>Total</t>"))
    }

    @Test func `without rows has a head and totals of nothing`() async throws {
        let sheet = try part("xl/worksheets/sheet1.xml", of: try await bytes(of: []))
        #expect(sheet.contains("<t>Hours</t>") && sheet.contains("<f>0</f><v>0</v>"))
    }

    @Test func `cuts what no cell can hold`() async throws {
        let long = String(repeating: "😀", count: Workbook.textUnitsMax)
        let sheet = try part(
            "xl/worksheets/sheet1.xml", of: try await bytes(of: [[.text(long), .empty, .empty, .empty, .empty]]))
        #expect(sheet.filter { $0 == "😀" }.count == Workbook.textUnitsMax / 2)
    }

    /// What has no name needs nobody to remove it, whatever ends the process.
    @Test func `has no file that somebody could find, made, finished or given up`() async throws {
        let directory = "/tmp/muster-sheets-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        do {
            let finished = try Workbook(sheet: "S", columns: Self.columns, in: directory)
            try await finished.append([[.text("x"), .empty, .empty, .empty, .empty]])
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == [])
            try await finished.finish(total: "T")
            #expect(try await finished.next() != nil)
            let givenUp = try Workbook(sheet: "S", columns: Self.columns, in: directory)
            try await givenUp.append([[.text("x"), .empty, .empty, .empty, .empty]])
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == [])
    }

    @Test func `waits for its place, in turn, and is refused where too many wait`() async throws {
        let places = WorkbookPlaces(in: "/tmp")
        func open() async throws -> Workbook { try await places.open(sheet: "S", columns: Self.columns) }
        var held = [try await open(), try await open()]
        #expect(held.count == WorkbookPlaces.atOnceMax)
        try await withThrowingTaskGroup(of: Workbook.self) { group in
            for _ in 0..<WorkbookPlaces.waitingMax { group.addTask { try await open() } }
            while places.waitingCount < WorkbookPlaces.waitingMax { await Task.yield() }
            await #expect(throws: SheetFault.busy) { _ = try await open() }
            // Read to its end or given up half made: when nobody has it any more, the next one comes.
            try await held[0].finish(total: "T")
            var last = 0
            while let piece = try await held[0].next() { last = piece.count }
            #expect(last > 0 && places.waitingCount == WorkbookPlaces.waitingMax)
            for waiting in (0..<WorkbookPlaces.waitingMax).reversed() {
                held.removeFirst()
                held.append(try #require(try await group.next()))
                #expect(places.waitingCount == waiting)
            }
        }
        held = []
        _ = [try await open(), try await open()]
    }

    @Test func `gives its place back where it cannot be made`() async throws {
        let places = WorkbookPlaces(in: "/nowhere")
        for _ in 0...WorkbookPlaces.atOnceMax {
            await #expect(throws: SheetFault.failed(2)) { _ = try await places.open(sheet: "S", columns: Self.columns) }
        }
        #expect(places.waitingCount == 0)
    }

    @Test func `is refused where there is no room for it`() {
        #expect(throws: SheetFault.self) {
            _ = try Workbook(sheet: "S", columns: Self.columns, in: "/nowhere")
        }
    }
}
