internal import CXLSXWriter
internal import Glibc

/// The library's workbook, until it is finished or given up. Used by one workbook's queue only.
@safe final class SheetWriter {
    /// Nil when it is closed; the library frees everything then.
    private var book: UnsafeMutablePointer<lxw_workbook>?
    private let sheet: UnsafeMutablePointer<lxw_worksheet>
    private let bold: UnsafeMutablePointer<lxw_format>?
    private let hundredths: UnsafeMutablePointer<lxw_format>?
    private let boldHundredths: UnsafeMutablePointer<lxw_format>?
    private let day: UnsafeMutablePointer<lxw_format>?
    private let timeOfDay: UnsafeMutablePointer<lxw_format>?
    private let file: SheetFile

    init(sheet name: String, columns: [SheetColumn], in directory: String) throws(SheetFault) {
        file = try SheetFile(in: directory)
        guard let book = unsafe cxlsxwriter_open(file.path, directory) else { throw .failed(Int(ENOMEM)) }
        guard let sheet = unsafe workbook_add_worksheet(book, name) else {
            _ = unsafe workbook_close(book)
            throw .failed(Int(LXW_ERROR_PARAMETER_VALIDATION.rawValue))
        }
        unsafe self.book = book
        unsafe self.sheet = sheet
        func format(_ number: String?, isBold: Bool = false) -> UnsafeMutablePointer<lxw_format>? {
            let format = unsafe workbook_add_format(book)
            if isBold { unsafe format_set_bold(format) }
            if let number { unsafe format_set_num_format(format, number) }
            return unsafe format
        }
        unsafe bold = format(nil, isBold: true)
        unsafe hundredths = format("0.00")
        unsafe boldHundredths = format("0.00", isBold: true)
        unsafe day = format("yyyy-mm-dd")
        unsafe timeOfDay = format("hh:mm:ss")
        for (place, column) in columns.enumerated() {
            try Self.check(unsafe worksheet_set_column(sheet, UInt16(place), UInt16(place), column.width, nil))
            try writeHead(column.title, row: 0, column: place)
        }
        unsafe worksheet_freeze_panes(sheet, 1, 0)
    }

    deinit {
        guard let book = unsafe book else { return }
        // Closing is the library's only way to let its own temporary file go.
        _ = unsafe workbook_close(book)
    }

    func write(_ cell: SheetCell, row: Int, column: Int) throws(SheetFault) {
        let (row, column) = (UInt32(row), UInt16(column))
        func number(_ value: Double, _ format: UnsafeMutablePointer<lxw_format>?) throws(SheetFault) {
            try Self.check(unsafe worksheet_write_number(sheet, row, column, value, format))
        }
        switch cell {
        case .empty: break
        case .text(let text): try Self.check(unsafe worksheet_write_string(sheet, row, column, Self.fitting(text), nil))
        case .count(let value): try number(Double(value), nil)
        case .hundredths(let value): try unsafe number(Double(value) / 100, hundredths)
        // Spreadsheets count days from the end of 1899.
        case .day(let value): try unsafe number(Double(value + 25_569), day)
        case .timeOfDay(let seconds): try unsafe number(Double(seconds) / 86_400, timeOfDay)
        }
    }

    func writeHead(_ text: String, row: Int, column: Int) throws(SheetFault) {
        try Self.check(unsafe worksheet_write_string(sheet, UInt32(row), UInt16(column), text, bold))
    }

    /// The sum of all rows above, as a formula with its value: readers that do not calculate show that.
    func writeSum(_ total: SheetColumn.Total, _ value: Int64, row: Int, column: Int) throws(SheetFault) {
        let letter = String(UnicodeScalar(UInt8(ascii: "A") + UInt8(column)))
        // Without rows there is nothing between the head and this one.
        let formula = row == 1 ? "=0" : "=SUM(\(letter)2:\(letter)\(row))"
        switch total {
        case .count:
            try Self.check(
                unsafe worksheet_write_formula_num(sheet, UInt32(row), UInt16(column), formula, bold, Double(value)))
        case .hundredths:
            try Self.check(
                unsafe worksheet_write_formula_num(
                    sheet, UInt32(row), UInt16(column), formula, boldHundredths, Double(value) / 100))
        }
    }

    /// Ends the workbook, which can be read from the file's beginning.
    func finish() throws(SheetFault) -> SheetFile {
        let closing = unsafe book
        unsafe book = nil
        try Self.check(unsafe workbook_close(closing))
        return file
    }

    private static func check(_ result: lxw_error) throws(SheetFault) {
        guard result == LXW_NO_ERROR else { throw .failed(Int(result.rawValue)) }
    }

    /// The library refuses longer texts, counted as UTF-16 as spreadsheets do.
    private static func fitting(_ text: String) -> String {
        guard text.utf16.count > Workbook.textUnitsMax else { return text }
        var units = 0
        return String(
            String.UnicodeScalarView(
                text.unicodeScalars.prefix { scalar in
                    units += scalar.utf16.count
                    return units <= Workbook.textUnitsMax
                }))
    }
}
