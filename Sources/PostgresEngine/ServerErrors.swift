import CPostgres
import SQLStorage

extension SQLError.Kind {
    /// - Parameter state: Five characters, the first two of them the class. Empty when libpq reports and not the server,
    ///   which it does when it cannot reach it. Source: PostgreSQL's manual, appendix A.
    init(sqlState state: String) {
        switch state {
        case "": self = .unavailable
        case "40001", "40P01": self = .conflict
        // Lock timeout, object in use, statement timeout and shut-downs (57), I/O errors (58), connected to a standby,
        // transaction idle for too long, out of memory, disk or connections (53), connection lost (08).
        case "55P03", "55006", "25006", "25P03": self = .unavailable
        case "XX001", "XX002": self = .corrupt
        case "3D000", "3F000", "42501": self = .misconfigured
        default:
            switch state.prefix(2) {
            case "08", "53", "57", "58": self = .unavailable
            case "23": self = .constraint
            case "28": self = .misconfigured
            case "40": self = .conflict
            default: self = .defect
            }
        }
    }
}

/// Owns one result.
@safe struct ServerResult: ~Copyable {
    let handle: OpaquePointer

    init?(_ handle: OpaquePointer?) {
        guard let handle = unsafe handle else { return nil }
        unsafe self.handle = handle
    }

    deinit {
        unsafe PQclear(handle)
    }

    var status: ExecStatusType { unsafe PQresultStatus(handle) }

    /// The error that this result is. The one place where the server's errors become ours.
    func error(in statement: String) -> SQLError {
        let state = unsafe cpostgres_sqlstate(handle).map { unsafe String(cString: $0) } ?? ""
        // libpq's own errors have no fields, only a text.
        let words = unsafe cpostgres_message(handle) ?? UnsafePointer(PQresultErrorMessage(handle))
        let message = unsafe words.map { unsafe String(cString: $0) } ?? ""
        return SQLError(kind: SQLError.Kind(sqlState: state), code: state, message: oneLine(message), statement: statement)
    }

    /// Whether the server refused a prepared statement because what it was planned for is no longer there: a table changed
    /// the types of its columns, or the session was emptied (`DISCARD ALL`).
    var isStaleStatement: Bool {
        guard let state = unsafe cpostgres_sqlstate(handle) else { return false }
        switch unsafe String(cString: state) {
        case "26000": return true
        // "cached plan must not change result type" has only the code of everything that is not supported.
        case "0A000": return unsafe cpostgres_origin(handle).map { unsafe String(cString: $0) } == "RevalidateCachedQuery"
        default: return false
        }
    }

    /// All rows.
    func rows(of statement: String) throws(SQLError) -> [SQLRow] {
        let columnCount = unsafe PQnfields(handle)
        let types = (0..<columnCount).map { unsafe PQftype(handle, $0) }
        let rowCount = unsafe PQntuples(handle)
        var rows: [SQLRow] = []
        rows.reserveCapacity(Int(rowCount))
        for row in 0..<rowCount {
            var values: [SQLValue] = []
            values.reserveCapacity(types.count)
            for column in 0..<columnCount {
                guard unsafe PQgetisnull(handle, row, column) == 0 else {
                    values.append(.null)
                    continue
                }
                let bytes = unsafe UnsafeRawBufferPointer(
                    start: PQgetvalue(handle, row, column), count: Int(PQgetlength(handle, row, column)))
                guard let value = unsafe SQLValue(binary: bytes, type: types[Int(column)]) else {
                    throw SQLError(
                        kind: .defect, code: "",
                        message: "column \(column) has type \(types[Int(column)]), which no table holds: cast it",
                        statement: statement)
                }
                values.append(value)
            }
            rows.append(SQLRow(values))
        }
        return rows
    }
}

/// Without line breaks and the spaces around them: a message is one field of a log line.
func oneLine(_ message: String) -> String {
    message.split(whereSeparator: \.isNewline).map { line in
        line.drop { $0 == " " || $0 == "\t" }
    }.joined(separator: "; ")
}

/// The SQLSTATE in a verbose message (`FATAL:  28P01: password authentication failed …`), or empty when libpq alone speaks.
/// Where several addresses were tried, the one that answered last counts.
func sqlState(in message: String) -> String {
    var found = ""
    for line in message.split(whereSeparator: \.isNewline) {
        for part in line.split(separator: ":") {
            let word = part.drop { $0 == " " }
            let isState = word.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x41...0x5a).contains($0) }
            // Severities are five capitals too, but each SQLSTATE has a digit.
            guard isState, word.utf8.count == 5, word.utf8.contains(where: { $0 <= 0x39 }) else { continue }
            found = String(word)
            break
        }
    }
    return found
}
