public import AttendanceCore

/// A file of addresses that are to be allowed: comma-separated values, with names of columns in the first row.
public enum AllowedEmailRows {
    /// More bytes are no list of people.
    public static let bytesMax = 32 << 20

    static let columns = [
        "email": ["e-mail", "mail"], "role": [], "name": ["full name"],
        "roll_no": ["roll number", "roll"], "other_email": ["dtu_email", "institute_email", "institutional_email"],
        "batch": [], "department": [], "program": ["programme"],
    ]

    /// The addresses, or everything that is wrong with the rows.
    /// - Parameter role: For rows that name none.
    public static func drafts(
        _ text: [UInt8], role: ClassroomRole?
    ) throws(CSVReader.Fault) -> (drafts: [AllowedEmailDraft], faults: [CSVReader.Fault]) {
        let table = try NamedTable(try CSVReader.rows(of: text), columns: columns)
        guard table.has("email") else { throw .init(line: 1, words: "the column email is missing") }
        guard table.has("role") || role != nil else {
            throw .init(line: 1, words: "the column role is missing; --role names one for all rows")
        }
        var drafts: [AllowedEmailDraft] = []
        var faults: [CSVReader.Fault] = []
        for row in table.rows {
            do throws(AttendanceError) {
                drafts.append(try draft(row, of: table, role: role))
            } catch {
                faults.append(.init(line: row.line, words: error.rowWords))
            }
        }
        return (drafts, faults)
    }

    private static func draft(
        _ row: CSVReader.Row, of table: NamedTable, role: ClassroomRole?
    ) throws(AttendanceError) -> AllowedEmailDraft {
        func text(_ column: String) -> WireText? { table.text(column, of: row).map { WireText($0) } }
        let named = try text("role")?.filled.map { word throws(AttendanceError) in
            guard let role = ClassroomRole(rawValue: word.folded.text) else {
                throw .invalid(field: "role", .malformed("\"\(word)\" is none of teacher, admin, student"))
            }
            return role
        }
        guard let role = named ?? role else { throw .invalid(field: "role", .empty) }
        return try AllowedEmailDraft(
            email: text("email") ?? "", role: role, otherEmail: text("other_email"), name: text("name"),
            rollNumber: text("roll_no"), batch: text("batch"), department: text("department"), program: text("program"))
    }

}

extension AttendanceError {
    /// What is wrong with a row, for whoever has to mend it.
    var rowWords: String {
        guard case .invalid(let field, let fault) = self else { return "\(self)" }
        switch fault {
        case .empty: return "\(field) is empty"
        case .tooLong(let max): return "\(field) has more than \(max) characters"
        case .malformed(let why): return "\(field): \(why)"
        case .twice: return "\(field) stands there twice"
        }
    }
}
