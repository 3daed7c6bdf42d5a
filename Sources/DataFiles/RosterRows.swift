public import AttendanceCore

/// A file of students for one class: comma-separated values, with names of columns in the first row, in any order.
public enum RosterRows {
    /// More bytes are no class.
    public static let bytesMax = 32 << 20

    static let columns = [
        "roll_no": ["roll number", "roll"], "name": ["student name", "full name"], "email": ["e-mail", "mail"],
        "dtu_email": ["institute_email", "institutional_email", "other_email"], "phone": ["mobile", "telephone"],
        "program": ["programme"], "sp_code": ["sp"], "semester": ["sem"], "status": [], "duration": [],
        "photo_url": ["photo"],
    ]

    /// The students, or everything that is wrong with the rows.
    public static func drafts(
        _ text: [UInt8]
    ) throws(CSVReader.Fault) -> (drafts: [StudentDraft], faults: [CSVReader.Fault]) {
        let table = try NamedTable(try CSVReader.rows(of: text), columns: columns)
        for column in ["roll_no", "name"] where !table.has(column) {
            throw .init(line: 1, words: "the column \(column) is missing")
        }
        var drafts: [StudentDraft] = []
        var faults: [CSVReader.Fault] = []
        var lines: [WireText: Int] = [:]
        for row in table.rows {
            do throws(AttendanceError) {
                let draft = try draft(row, of: table)
                if let earlier = lines.updateValue(row.line, forKey: draft.rollNumber) {
                    faults.append(.init(line: row.line, words: "roll_no stands in line \(earlier) too"))
                }
                drafts.append(draft)
            } catch {
                faults.append(.init(line: row.line, words: error.rowWords))
            }
        }
        return (drafts, faults)
    }

    private static func draft(
        _ row: CSVReader.Row, of table: NamedTable
    ) throws(AttendanceError) -> StudentDraft {
        func text(_ column: String) -> WireText? { table.text(column, of: row).map { WireText($0) } }
        return try StudentDraft(
            rollNumber: text("roll_no") ?? "",
            profile: StudentProfile(
                name: text("name") ?? "", photoURL: text("photo_url"), program: text("program"), spCode: text("sp_code"),
                semester: text("semester"), status: text("status"), duration: text("duration"), email: text("email"),
                instituteEmail: text("dtu_email"), phone: text("phone")))
    }
}
