import AttendanceCore
import struct FoundationEssentials.UUID

/// Roll calls and their sums: `class_session`, `class_tally`. Projections.
struct ClassSessionTable {
    let connection: any SQLConnection
    let tenant: TenantID

    private static let columns: StaticString = """
        number, session_id, class, day, creator, image_url, created_at_us, imported_digest, marks
        """

    // MARK: Reading

    func session(_ id: Identifier<ClassSession>) throws(SQLError) -> ClassSession? {
        try sessions(
            """
            SELECT \(Self.columns) FROM class_session
            WHERE tenant_id = \(tenant.rawValue) AND session_id = \(id.rawValue)
            """
        ).first
    }

    func session(numbered number: Int64) throws(SQLError) -> ClassSession? {
        try sessions(
            "SELECT \(Self.columns) FROM class_session WHERE tenant_id = \(tenant.rawValue) AND number = \(number)"
        ).first
    }

    func session(of schoolClass: Int64, on day: CalendarDay) throws(SQLError) -> ClassSession? {
        try sessions(
            """
            SELECT \(Self.columns) FROM class_session
            WHERE tenant_id = \(tenant.rawValue) AND class = \(schoolClass) AND day = \(day.daysSince1970)
            """
        ).first
    }

    /// Newest first.
    func sessions(
        of schoolClass: Int64, from: CalendarDay?, through: CalendarDay?
    ) throws(SQLError) -> [ClassSession] {
        try sessions(
            """
            SELECT \(Self.columns) FROM class_session
            WHERE tenant_id = \(tenant.rawValue) AND class = \(schoolClass)
                AND day >= \(from?.daysSince1970 ?? .min) AND day <= \(through?.daysSince1970 ?? .max)
            ORDER BY day DESC
            """)
    }

    func sessions(after place: (schoolClass: Int64, day: CalendarDay)?, limit: Int) throws(SQLError) -> [ClassSession] {
        let schoolClass = place?.schoolClass ?? 0
        return try sessions(
            """
            SELECT \(Self.columns) FROM class_session
            WHERE tenant_id = \(tenant.rawValue)
                AND (class > \(schoolClass) OR class = \(schoolClass) AND day > \(place?.day.daysSince1970 ?? .max))
            ORDER BY class, day LIMIT \(limit)
            """)
    }

    private func sessions(_ statement: SQL) throws(SQLError) -> [ClassSession] {
        try connection.run(statement).map { row throws(SQLError) in
            guard let marks = PackedMarks.marks(row.text(8)) else {
                throw SQLError(
                    kind: .corrupt, code: "", message: "the marks of a session are unreadable; muster rebuild makes them anew")
            }
            return ClassSession(
                id: Identifier(rawValue: row.uuid(1)), number: row.integer(0), schoolClass: row.integer(2),
                day: CalendarDay(daysSince1970: row.integer(3)), creator: Identifier(rawValue: row.uuid(4)),
                imageURL: row.wireTextOrNil(5), createdAt: Instant(microseconds: row.integer(6)), marks: marks,
                importedDigest: row.integerOrNil(7))
        }
    }

    func tallies(of classes: [Int64]) throws(SQLError) -> [Int64: ClassTally] {
        guard !classes.isEmpty else { return [:] }
        let rows = try connection.lookup(
            BulkLookup(
                [
                    BulkColumn("tenant_id", .constant(tenant.rawValue, count: classes.count)),
                    BulkColumn("class", .integers(classes)),
                ], selecting: "t.class, t.sessions, t.tallies", from: "class_tally t",
                matching: "t.tenant_id = given.tenant_id AND t.class = given.class"))
        var tallies: [Int64: ClassTally] = [:]
        for row in rows {
            guard let sums = PackedMarks.tallies(row.text(2)) else {
                throw SQLError(
                    kind: .corrupt, code: "", message: "the sums of a class are unreadable; muster rebuild makes them anew")
            }
            tallies[row.integer(0)] = ClassTally(sessions: row.integer(1), rows: sums)
        }
        return tallies
    }

    // MARK: Writing

    func insertion(of sessions: [ClassSession]) -> BulkInsert {
        var marks = PackedBytes()
        for session in sessions { marks.append { PackedMarks.append(session.marks, to: &$0) } }
        return BulkInsert(
            into: "class_session",
            [
                BulkColumn("tenant_id", .constant(tenant.rawValue, count: sessions.count)),
                BulkColumn("class", .integers(sessions.map(\.schoolClass))),
                BulkColumn("day", .integers(sessions.map(\.day.daysSince1970))),
                BulkColumn("number", .integers(sessions.map(\.number))),
                BulkColumn("session_id", .uuids(sessions.map(\.id.rawValue))),
                BulkColumn("creator", .uuids(sessions.map(\.creator.rawValue))),
                BulkColumn("image_url", .texts(PackedBytes(sessions.map { $0.imageURL?.text }))),
                BulkColumn("created_at_us", .integers(sessions.map(\.createdAt.microseconds))),
                BulkColumn("imported_digest", .optionalIntegers(sessions.map(\.importedDigest))),
                BulkColumn("marks", .texts(marks)),
            ])
    }

    /// Changes what is noted in a session that is stored.
    func update(of session: ClassSession) -> SQL {
        var marks: [UInt8] = []
        PackedMarks.append(session.marks, to: &marks)
        return """
            UPDATE class_session SET marks = \(String(decoding: marks, as: UTF8.self))
            WHERE tenant_id = \(tenant.rawValue) AND class = \(session.schoolClass) AND day = \(session.day.daysSince1970)
            """
    }

    func deletion(of session: ClassSession) -> SQL {
        """
        DELETE FROM class_session
        WHERE tenant_id = \(tenant.rawValue) AND class = \(session.schoolClass) AND day = \(session.day.daysSince1970)
        """
    }

    /// - Parameter tallies: By classes' numbers.
    func insertion(of tallies: [(schoolClass: Int64, tally: ClassTally)]) -> BulkInsert {
        var sums = PackedBytes()
        for (_, tally) in tallies { sums.append { PackedMarks.append(tally.rows, to: &$0) } }
        return BulkInsert(
            into: "class_tally",
            [
                BulkColumn("tenant_id", .constant(tenant.rawValue, count: tallies.count)),
                BulkColumn("class", .integers(tallies.map(\.schoolClass))),
                BulkColumn("sessions", .integers(tallies.map(\.tally.sessions))),
                BulkColumn("tallies", .texts(sums)),
            ],
            suffix: """
                ON CONFLICT (tenant_id, class) DO UPDATE SET sessions = excluded.sessions, tallies = excluded.tallies
                """)
    }
}

/// The texts in which the marks of a session and the sums of a class are packed: JSON without blanks, of whole numbers, letters
/// and nulls. Read and written byte by byte, since a roll call passes here twice.
enum PackedMarks {
    /// `[[17,"p",0,null,412],[18,"a",1,9250,412]]`.
    static func append(_ marks: [Mark], to bytes: inout [UInt8]) {
        bytes.reserveCapacity(bytes.count + 2 + marks.count * 28)
        bytes.append(UInt8(ascii: "["))
        for (place, mark) in marks.enumerated() {
            if place > 0 { bytes.append(UInt8(ascii: ",")) }
            bytes.append(UInt8(ascii: "["))
            bytes.append(decimal: mark.student)
            bytes.append(UInt8(ascii: ","))
            bytes.append(UInt8(ascii: "\""))
            bytes.append(mark.status.letter)
            bytes.append(UInt8(ascii: "\""))
            bytes.append(UInt8(ascii: ","))
            bytes.append(mark.isRecognisedByAI ? UInt8(ascii: "1") : UInt8(ascii: "0"))
            bytes.append(UInt8(ascii: ","))
            if let score = mark.score { bytes.append(decimal: score.hundredths) } else { bytes.append(contentsOf: "null".utf8) }
            bytes.append(UInt8(ascii: ","))
            bytes.append(decimal: mark.toldBy)
            bytes.append(UInt8(ascii: "]"))
        }
        bytes.append(UInt8(ascii: "]"))
    }

    /// Nil for what nobody here wrote.
    static func marks(_ text: String) -> [Mark]? {
        var reader = Reader(Array(text.utf8))
        return reader.list { reader in
            guard let student = reader.number(), reader.skip(UInt8(ascii: ",")), reader.skip(UInt8(ascii: "\"")),
                let status = reader.byte().flatMap({ MarkStatus(letter: $0) }), reader.skip(UInt8(ascii: "\"")),
                reader.skip(UInt8(ascii: ",")), let isRecognised = reader.number(), reader.skip(UInt8(ascii: ","))
            else { return nil }
            var score: Hundredths?
            if !reader.skipNull() {
                guard let hundredths = reader.number() else { return nil }
                score = Hundredths(hundredths)
            }
            guard reader.skip(UInt8(ascii: ",")), let toldBy = reader.number() else { return nil }
            return Mark(
                student: student, status: status, isRecognisedByAI: isRecognised != 0, score: score, toldBy: toldBy)
        }
    }

    /// `[[17,12,1,0,0],[18,13,0,0,0]]`.
    static func append(_ rows: [ClassTally.Row], to bytes: inout [UInt8]) {
        bytes.reserveCapacity(bytes.count + 2 + rows.count * 20)
        bytes.append(UInt8(ascii: "["))
        for (place, row) in rows.enumerated() {
            if place > 0 { bytes.append(UInt8(ascii: ",")) }
            bytes.append(UInt8(ascii: "["))
            bytes.append(decimal: row.student)
            for count in [row.tally.present, row.tally.absent, row.tally.late, row.tally.excused] {
                bytes.append(UInt8(ascii: ","))
                bytes.append(decimal: count)
            }
            bytes.append(UInt8(ascii: "]"))
        }
        bytes.append(UInt8(ascii: "]"))
    }

    /// Nil for what nobody here wrote.
    static func tallies(_ text: String) -> [ClassTally.Row]? {
        var reader = Reader(Array(text.utf8))
        return reader.list { reader in
            guard let student = reader.number(), reader.skip(UInt8(ascii: ",")), let present = reader.number(),
                reader.skip(UInt8(ascii: ",")), let absent = reader.number(), reader.skip(UInt8(ascii: ",")),
                let late = reader.number(), reader.skip(UInt8(ascii: ",")), let excused = reader.number()
            else { return nil }
            return ClassTally.Row(
                student: student, tally: MarkTally(present: present, absent: absent, late: late, excused: excused))
        }
    }

    /// Reads the parts of such a text in their order.
    private struct Reader {
        private let bytes: [UInt8]
        private var place = 0

        init(_ bytes: [UInt8]) {
            self.bytes = bytes
        }

        mutating func byte() -> UInt8? {
            guard place < bytes.count else { return nil }
            defer { place += 1 }
            return bytes[place]
        }

        /// Whether the byte is next; then it is read.
        mutating func skip(_ byte: UInt8) -> Bool {
            guard place < bytes.count, bytes[place] == byte else { return false }
            place += 1
            return true
        }

        mutating func skipNull() -> Bool {
            guard place + 4 <= bytes.count, bytes[place] == UInt8(ascii: "n") else { return false }
            place += 4
            return true
        }

        mutating func number() -> Int64? {
            let isNegative = skip(UInt8(ascii: "-"))
            let first = place
            var value: Int64 = 0
            while place < bytes.count, UInt8(ascii: "0")...UInt8(ascii: "9") ~= bytes[place], place < first + 18 {
                value = value * 10 + Int64(bytes[place] - UInt8(ascii: "0"))
                place += 1
            }
            return place > first ? (isNegative ? -value : value) : nil
        }

        /// A list of lists, up to the end of the text.
        mutating func list<Element>(_ element: (inout Reader) -> Element?) -> [Element]? {
            guard skip(UInt8(ascii: "[")) else { return nil }
            var elements: [Element] = []
            elements.reserveCapacity(bytes.count / 16)
            while skip(UInt8(ascii: "[")) {
                guard let one = element(&self), skip(UInt8(ascii: "]")) else { return nil }
                elements.append(one)
                guard skip(UInt8(ascii: ",")) else { break }
            }
            return skip(UInt8(ascii: "]")) && place == bytes.count ? elements : nil
        }
    }
}
