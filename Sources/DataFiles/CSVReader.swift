/// Takes a text of comma-separated values apart. Source: RFC 4180; lines may end with LF alone, and a byte order mark in front is
/// passed over. A semicolon separates where the first line has one and no comma: so spreadsheets write where a comma is decimal.
public struct CSVReader: Sendable {
    /// A row with the line that it begins in, from 1.
    public struct Row: Sendable, Equatable {
        public let line: Int
        public let cells: [String]

        public init(line: Int, cells: [String]) {
            self.line = line
            self.cells = cells
        }
    }

    /// What is wrong, and in which line.
    public struct Fault: Error, Sendable, Equatable, CustomStringConvertible {
        public let line: Int
        public let words: String

        public var description: String { "line \(line): \(words)" }
    }

    /// The rows that hold anything.
    public static func rows(of text: [UInt8]) throws(Fault) -> [Row] {
        let hasMark = text.starts(with: [0xEF, 0xBB, 0xBF])
        guard String(validating: text, as: UTF8.self) != nil else { throw Fault(line: 1, words: "the file is no UTF-8 text") }
        var reader = Parser(bytes: text[(hasMark ? 3 : 0)...])
        return try reader.rows()
    }

    private struct Parser {
        private let bytes: ArraySlice<UInt8>
        private let separator: UInt8
        private var at: Int
        private var line = 1

        init(bytes: ArraySlice<UInt8>) {
            self.bytes = bytes
            at = bytes.startIndex
            let first = bytes.prefix { $0 != 0x0A && $0 != 0x0D }
            separator =
                !first.contains(UInt8(ascii: ",")) && first.contains(UInt8(ascii: ";")) ? UInt8(ascii: ";") : UInt8(ascii: ",")
        }

        mutating func rows() throws(Fault) -> [Row] {
            var rows: [Row] = []
            while at < bytes.endIndex {
                let begin = line
                let cells = try row()
                if cells != [""] { rows.append(Row(line: begin, cells: cells)) }
            }
            return rows
        }

        private mutating func row() throws(Fault) -> [String] {
            var cells: [String] = []
            while true {
                cells.append(try cell())
                guard at < bytes.endIndex else { return cells }
                let mark = bytes[at]
                at += 1
                guard mark != separator else { continue }
                // Otherwise it is the line's end, of one byte or of two.
                if mark == 0x0D, at < bytes.endIndex, bytes[at] == 0x0A { at += 1 }
                line += 1
                return cells
            }
        }

        private func isEnd(_ byte: UInt8) -> Bool { byte == separator || byte == 0x0A || byte == 0x0D }

        private mutating func cell() throws(Fault) -> String {
            guard at < bytes.endIndex, bytes[at] == UInt8(ascii: "\"") else {
                let plain = bytes[at...].prefix { !isEnd($0) }
                at = plain.endIndex
                return String(decoding: plain, as: UTF8.self)
            }
            let begin = line
            var text: [UInt8] = []
            at += 1
            while true {
                guard at < bytes.endIndex else { throw Fault(line: begin, words: "a quote is not closed") }
                let byte = bytes[at]
                at += 1
                if byte == UInt8(ascii: "\"") {
                    guard at < bytes.endIndex, bytes[at] == byte else { break }
                    at += 1
                } else if byte == 0x0A {
                    line += 1
                }
                text.append(byte)
            }
            guard at == bytes.endIndex || isEnd(bytes[at]) else {
                throw Fault(line: line, words: "something stands behind a closing quote")
            }
            return String(decoding: text, as: UTF8.self)
        }
    }
}

/// A table whose first row names its columns, in any order.
public struct NamedTable: Sendable {
    public let rows: [CSVReader.Row]
    private let places: [String: Int]

    /// - Parameter columns: The names of columns that are understood, each with its other spellings. Names are compared without
    ///   letter case, blanks, hyphens and underscores.
    /// - Throws: Where there is no row, or a name is not known or stands twice.
    public init(_ rows: [CSVReader.Row], columns: [String: [String]]) throws(CSVReader.Fault) {
        guard let names = rows.first else { throw .init(line: 1, words: "the file is empty") }
        var places: [String: Int] = [:]
        for (place, name) in names.cells.enumerated() {
            let plain = Self.plain(name)
            guard let column = columns.first(where: { ([$0.key] + $0.value).contains { Self.plain($0) == plain } })?.key else {
                let known = columns.keys.sorted().joined(separator: ", ")
                throw .init(line: names.line, words: "there is no column \"\(name)\"; these are known: \(known)")
            }
            guard places.updateValue(place, forKey: column) == nil else {
                throw .init(line: names.line, words: "the column \(column) stands there twice")
            }
        }
        self.places = places
        self.rows = Array(rows.dropFirst())
        for row in self.rows where row.cells.count > names.cells.count {
            throw .init(line: row.line, words: "there are \(row.cells.count) cells, and \(names.cells.count) columns")
        }
    }

    public func has(_ column: String) -> Bool { places[column] != nil }

    /// The text in a row's column; nil where there is none.
    public func text(_ column: String, of row: CSVReader.Row) -> String? {
        guard let place = places[column], place < row.cells.count, !row.cells[place].isEmpty else { return nil }
        return row.cells[place]
    }

    private static func plain(_ name: String) -> String {
        String(name.lowercased().filter { !$0.isWhitespace && $0 != "_" && $0 != "-" })
    }
}
