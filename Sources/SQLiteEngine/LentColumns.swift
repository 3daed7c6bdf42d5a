import CSQLite
import FoundationEssentials
import SQLStorage

/// One column's values where they lie, so that binding them costs neither a copy nor a reference count.
@safe enum LentColumn {
    case integers(UnsafeBufferPointer<Int64>)
    case optionalIntegers(UnsafeBufferPointer<Int64?>)
    case texts(LentBytes)
    case blobs(LentBytes)
    case uuids(UnsafeBufferPointer<UUID>)
    case constant(Int64)

    /// Binds the value of `row`. Without bounds checks beyond the debug build's: `BulkInsert` and `BulkLookup` made sure
    /// that all columns have as many values, and this runs some million times a second.
    @inline(__always)
    func bind(row: Int, of statement: OpaquePointer, at place: Int32) -> Int32 {
        switch self {
        case .integers(let values):
            return unsafe sqlite3_bind_int64(statement, place, values[row])
        case .optionalIntegers(let values):
            guard let value = unsafe values[row] else { return unsafe sqlite3_bind_null(statement, place) }
            return unsafe sqlite3_bind_int64(statement, place, value)
        case .texts(let packed):
            guard let bytes = unsafe packed[row] else { return unsafe sqlite3_bind_null(statement, place) }
            return unsafe csqlite_bind_text_lent(statement, place, bytes.baseAddress, UInt64(bytes.count))
        case .blobs(let packed):
            guard let bytes = unsafe packed[row] else { return unsafe sqlite3_bind_null(statement, place) }
            return unsafe csqlite_bind_blob_lent(statement, place, bytes.baseAddress, UInt64(bytes.count))
        case .uuids(let values):
            return unsafe csqlite_bind_blob_lent(statement, place, values.baseAddress! + row, 16)
        case .constant(let value):
            return unsafe sqlite3_bind_int64(statement, place, value)
        }
    }
}

/// The buffers of a `PackedBytes`.
@safe struct LentBytes {
    let bytes: UnsafeBufferPointer<UInt8>
    let ends: UnsafeBufferPointer<Int>

    @inline(__always)
    subscript(row: Int) -> UnsafeBufferPointer<UInt8>? {
        let end = unsafe ends[row]
        guard end >= 0 else { return nil }
        let before = row == 0 ? 0 : unsafe ends[row - 1]
        let start = before < 0 ? ~before : before
        return unsafe UnsafeBufferPointer(rebasing: bytes[start..<end])
    }
}

/// Lends the values of all columns at once while `body` runs.
func withLent<Result>(
    _ columns: [BulkColumn], _ body: ([LentColumn]) throws(SQLError) -> Result
) throws(SQLError) -> Result {
    try lend(columns[...], behind: [], body)
}

/// Each array lends its buffer to a closure, so as many columns are as many closures inside each other.
private func lend<Result>(
    _ rest: ArraySlice<BulkColumn>, behind lent: [LentColumn], _ body: ([LentColumn]) throws(SQLError) -> Result
) throws(SQLError) -> Result {
    guard let column = rest.first else { return try body(lent) }
    func next(_ one: LentColumn) throws(SQLError) -> Result {
        try lend(rest.dropFirst(), behind: lent + [one], body)
    }
    func packed(
        _ values: PackedBytes, _ wrap: (LentBytes) -> LentColumn
    ) throws(SQLError) -> Result {
        try unsafe values.bytes.withUnsafeBufferPointer { bytes throws(SQLError) in
            try unsafe values.ends.withUnsafeBufferPointer { ends throws(SQLError) in
                try next(wrap(unsafe LentBytes(bytes: bytes, ends: ends)))
            }
        }
    }
    switch column.values {
    case .integers(let values):
        return try unsafe values.withUnsafeBufferPointer { lent throws(SQLError) in try next(unsafe .integers(lent)) }
    case .optionalIntegers(let values):
        return try unsafe values.withUnsafeBufferPointer { lent throws(SQLError) in try next(unsafe .optionalIntegers(lent)) }
    case .texts(let values):
        return try packed(values) { .texts($0) }
    case .blobs(let values):
        return try packed(values) { .blobs($0) }
    case .uuids(let values):
        return try unsafe values.withUnsafeBufferPointer { lent throws(SQLError) in try next(unsafe .uuids(lent)) }
    case .constant(let value, _):
        return try next(.constant(value))
    }
}

extension Statement {
    /// Runs the statement for the rows of `columns` in `range`, `rowsPerRun` at a time: the first row's values at the first
    /// places, then the second row's. `range` is a multiple of that.
    ///
    /// A failure stops at its row and leaves the rows before it in the transaction.
    func run(
        forRows range: Range<Int>, of columns: [LentColumn], rowsPerRun: Int = 1, addingTo rows: inout [SQLRow]
    ) throws(SQLError) {
        defer { release() }
        var varying: [(place: Int32, column: LentColumn)] = []
        for (index, column) in columns.enumerated() {
            let place = Int32(index + 1)
            // A binding outlives the reset, so what is the same in all rows is bound once.
            if case .constant = column {
                for offset in 0..<Int32(rowsPerRun) {
                    let code = unsafe column.bind(row: 0, of: handle, at: place + offset * Int32(columns.count))
                    try database.check(code, in: text)
                }
            } else {
                varying.append((place, column))
            }
        }
        try unsafe varying.withUnsafeBufferPointer { varying throws(SQLError) in
            for first in stride(from: range.lowerBound, to: range.upperBound, by: rowsPerRun) {
                for offset in 0..<rowsPerRun {
                    let shift = Int32(offset * columns.count)
                    for unsafe(place, column) in unsafe varying {
                        let code = unsafe column.bind(row: first + offset, of: handle, at: place + shift)
                        if code != SQLITE_OK { throw database.failure(code, in: text) }
                    }
                }
                try step(into: &rows)
            }
        }
    }
}
