import CSQLite
import FoundationEssentials
import SQLStorage

/// Owns one prepared statement. Between two uses it is reset and holds no values.
@safe final class Statement {
    let handle: OpaquePointer
    let text: String
    /// Keeps the database open for as long as the statement needs it.
    let database: Database
    fileprivate(set) var lastUse: UInt64 = 0

    init(_ text: String, on database: Database) throws(SQLError) {
        var prepared: OpaquePointer?
        var isAlone = true
        var text = text
        let code = text.withUTF8 { bytes in
            unsafe bytes.withMemoryRebound(to: CChar.self) { characters in
                var tail: UnsafePointer<CChar>?
                let code = unsafe sqlite3_prepare_v3(
                    database.handle, characters.baseAddress, Int32(characters.count),
                    UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, &tail)
                if let tail = unsafe tail, let start = characters.baseAddress {
                    // Spaces, line ends and semicolons may follow a statement; another statement would never run.
                    isAlone = unsafe bytes[(tail - start)...].allSatisfy { [0x20, 0x09, 0x0a, 0x0d, 0x3b].contains($0) }
                }
                return code
            }
        }
        try database.check(code, in: text)
        guard let prepared = unsafe prepared else {
            throw SQLError(kind: .defect, code: "", message: "no statement", statement: text)
        }
        unsafe handle = prepared
        self.text = text
        self.database = database
        guard isAlone else { throw defect("more than one statement") }
    }

    deinit {
        _ = unsafe sqlite3_finalize(handle)
    }

    /// Whether running it can return rows.
    var hasColumns: Bool { unsafe sqlite3_column_count(handle) > 0 }

    /// Binds copies of `values`, runs the statement to its end and returns all rows.
    func run(_ values: [SQLValue]) throws(SQLError) -> [SQLRow] {
        let expected = unsafe Int(sqlite3_bind_parameter_count(handle))
        guard values.count == expected else { throw defect("\(values.count) values for \(expected) places") }
        defer { release() }
        for (index, value) in values.enumerated() {
            let code = bind(value, at: Int32(index + 1))
            try database.check(code, in: text)
        }
        var rows: [SQLRow] = []
        try step(into: &rows)
        return rows
    }

    /// Runs the statement to its end, adding the rows that it returns, and makes it ready to run again.
    @inline(__always)
    func step(into rows: inout [SQLRow]) throws(SQLError) {
        while true {
            let code = unsafe sqlite3_step(handle)
            if code == SQLITE_DONE { break }
            guard code == SQLITE_ROW else { throw database.failure(code, in: text) }
            rows.append(try row())
        }
        // Reports the failure of the latest step only, and that has not failed.
        _ = unsafe sqlite3_reset(handle)
    }

    /// Resets after a use that may have failed, and lets go of lent or copied values.
    func release() {
        _ = unsafe sqlite3_reset(handle)
        _ = unsafe sqlite3_clear_bindings(handle)
    }

    private func bind(_ value: SQLValue, at place: Int32) -> Int32 {
        switch value {
        case .null:
            return unsafe sqlite3_bind_null(handle, place)
        case .integer(let integer):
            return unsafe sqlite3_bind_int64(handle, place, integer)
        case .text(var text):
            return text.withUTF8 { bytes in
                unsafe csqlite_bind_text_copied(handle, place, bytes.baseAddress, UInt64(bytes.count))
            }
        case .blob(let blob):
            return unsafe blob.withUnsafeBytes { bytes in
                unsafe csqlite_bind_blob_copied(handle, place, bytes.baseAddress, UInt64(bytes.count))
            }
        case .uuid(let uuid):
            return unsafe withUnsafeBytes(of: uuid.uuid) { bytes in
                unsafe csqlite_bind_blob_copied(handle, place, bytes.baseAddress, UInt64(bytes.count))
            }
        }
    }

    private func row() throws(SQLError) -> SQLRow {
        let count = unsafe sqlite3_column_count(handle)
        var values: [SQLValue] = []
        values.reserveCapacity(Int(count))
        for column in 0..<count {
            values.append(try value(at: column))
        }
        return SQLRow(values)
    }

    private func value(at column: Int32) throws(SQLError) -> SQLValue {
        switch unsafe sqlite3_column_type(handle, column) {
        case SQLITE_INTEGER:
            return .integer(unsafe sqlite3_column_int64(handle, column))
        case SQLITE_NULL:
            return .null
        case SQLITE_TEXT:
            // The address first: asking for the length before could convert the text and move it.
            guard let address = unsafe sqlite3_column_text(handle, column) else { throw outOfMemory }
            let bytes = unsafe UnsafeBufferPointer(start: address, count: Int(sqlite3_column_bytes(handle, column)))
            // SQLite does not look into text. Repairing it silently would hand out what was never stored.
            guard let text = unsafe String(validating: bytes, as: UTF8.self) else {
                throw SQLError(
                    kind: .corrupt, code: "", message: "column \(column) is no UTF-8", statement: self.text)
            }
            return .text(text)
        case SQLITE_BLOB:
            // An empty blob has no address.
            let address = unsafe sqlite3_column_blob(handle, column)
            return .blob(
                unsafe [UInt8](
                    UnsafeRawBufferPointer(start: address, count: Int(sqlite3_column_bytes(handle, column)))))
        default:
            throw defect("column \(column) is a floating-point number, which no table holds")
        }
    }

    private var outOfMemory: SQLError { database.failure(SQLITE_NOMEM, in: text) }

    func defect(_ message: String) -> SQLError {
        SQLError(kind: .defect, code: "", message: message, statement: text)
    }
}

/// The prepared statements of one connection by their text, the least recently used one given up first.
struct StatementCache {
    private let countMax: Int
    private var statements: [String: Statement] = [:]
    private var uses: UInt64 = 0

    init(countMax: Int) {
        self.countMax = countMax
    }

    mutating func statement(_ text: String, on database: Database) throws(SQLError) -> Statement {
        uses += 1
        if let known = statements[text] {
            known.lastUse = uses
            return known
        }
        let prepared = try Statement(text, on: database)
        // A search among all is fine: a program has fewer statements than places, so this hardly ever happens.
        if statements.count >= countMax, let oldest = statements.min(by: { $0.value.lastUse < $1.value.lastUse }) {
            statements[oldest.key] = nil
        }
        prepared.lastUse = uses
        statements[text] = prepared
        return prepared
    }

    mutating func removeAll() {
        statements.removeAll()
    }
}
