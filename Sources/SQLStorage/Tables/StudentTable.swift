import AttendanceCore
import struct FoundationEssentials.UUID

/// Students and which classes they are in: `student`, `enrolment`. Projections.
struct StudentTable {
    let connection: any SQLConnection
    let tenant: TenantID

    private static let columns: StaticString = """
        s.number, s.membership_id, s.roll_number, s.name, s.photo_url, s.program, s.sp_code, s.semester, s.status, s.duration,
        s.email, s.institute_email, s.phone, s.created_at_us, s.updated_at_us, s.imported_digest
        """
    /// How many columns there are before what else is selected.
    private static let columnCount = 16

    private static func student(_ row: SQLRow) -> Student {
        Student(
            id: Identifier(rawValue: row.uuid(1)), number: row.integer(0), rollNumber: WireText(row.text(2)),
            profile: StudentProfile(
                name: WireText(row.text(3)), photoURL: row.wireTextOrNil(4), program: row.wireTextOrNil(5),
                spCode: row.wireTextOrNil(6), semester: row.wireTextOrNil(7), status: row.wireTextOrNil(8),
                duration: row.wireTextOrNil(9), email: row.wireTextOrNil(10), instituteEmail: row.wireTextOrNil(11),
                phone: row.wireTextOrNil(12)),
            createdAt: Instant(microseconds: row.integer(13)), updatedAt: Instant(microseconds: row.integer(14)),
            importedDigest: row.integerOrNil(15))
    }

    // MARK: Reading

    func student(_ id: Identifier<Membership>) throws(SQLError) -> Student? {
        try connection.run(
            """
            SELECT \(Self.columns) FROM student AS s
            WHERE s.tenant_id = \(tenant.rawValue) AND s.membership_id = \(id.rawValue)
            """
        ).first.map(Self.student)
    }

    func student(numbered number: Int64) throws(SQLError) -> Student? {
        try connection.run(
            "SELECT \(Self.columns) FROM student AS s WHERE s.tenant_id = \(tenant.rawValue) AND s.number = \(number)"
        ).first.map(Self.student)
    }

    /// Those who have the address as their own or as the institute's.
    /// - Parameter folded: Without blanks around it and letter case.
    func students(ofAddress folded: WireText) throws(SQLError) -> [Student] {
        // Each half goes through an index of its own.
        try connection.run(
            """
            SELECT \(Self.columns) FROM student AS s
            WHERE s.tenant_id = \(tenant.rawValue) AND s.email_folded = \(folded.text)
            UNION
            SELECT \(Self.columns) FROM student AS s
            WHERE s.tenant_id = \(tenant.rawValue) AND s.institute_email_folded = \(folded.text)
            """
        ).map(Self.student)
    }

    func students(ofRollNumbers rollNumbers: [WireText]) throws(SQLError) -> [Student] {
        guard !rollNumbers.isEmpty else { return [] }
        return try connection.lookup(
            BulkLookup(
                [
                    BulkColumn("tenant_id", .constant(tenant.rawValue, count: rollNumbers.count)),
                    BulkColumn("roll_number", .texts(PackedBytes(rollNumbers.map { $0.text as String? }))),
                ], selecting: Self.columns, from: "student s",
                matching: "s.tenant_id = given.tenant_id AND s.roll_number = given.roll_number")
        ).map(Self.student)
    }

    /// The students who are in any class.
    func enrolled() throws(SQLError) -> [Student] {
        try connection.run(
            """
            SELECT \(Self.columns) FROM student AS s
            WHERE s.tenant_id = \(tenant.rawValue) AND EXISTS (
                SELECT 1 FROM enrolment AS e
                WHERE e.tenant_id = s.tenant_id AND e.student = s.number AND e.ended_by IS NULL)
            """
        ).map(Self.student)
    }

    /// Everybody who is in one of the classes, or was.
    func rosters(of classes: [Int64]) throws(SQLError) -> [Int64: ClassRoster] {
        guard !classes.isEmpty else { return [:] }
        let rows = try connection.lookup(
            BulkLookup(
                [
                    BulkColumn("tenant_id", .constant(tenant.rawValue, count: classes.count)),
                    BulkColumn("class", .integers(classes)),
                ], selecting: Self.columnsOfRosters,
                from: "enrolment e JOIN student s ON s.tenant_id = e.tenant_id AND s.number = e.student",
                matching: "e.tenant_id = given.tenant_id AND e.class = given.class"))
        var students: [Int64: [Int64: Student]] = [:]
        var enrolments: [Int64: [Enrolment]] = [:]
        let first = Self.columnCount
        for row in rows {
            let (schoolClass, number) = (row.integer(first), row.integer(0))
            if students[schoolClass]?[number] == nil { students[schoolClass, default: [:]][number] = Self.student(row) }
            enrolments[schoolClass, default: []].append(
                Enrolment(
                    student: number, addedAt: Instant(microseconds: row.integer(first + 2)), toldBy: row.integer(first + 1),
                    endedAt: row.integerOrNil(first + 4).map { Instant(microseconds: $0) },
                    endedBy: row.integerOrNil(first + 3)))
        }
        var rosters: [Int64: ClassRoster] = [:]
        for schoolClass in classes {
            rosters[schoolClass] = ClassRoster(
                students: (students[schoolClass] ?? [:]).map(\.value), enrolments: enrolments[schoolClass] ?? [])
        }
        return rosters
    }

    private static let columnsOfRosters: StaticString = """
        s.number, s.membership_id, s.roll_number, s.name, s.photo_url, s.program, s.sp_code, s.semester, s.status, s.duration,
        s.email, s.institute_email, s.phone, s.created_at_us, s.updated_at_us, s.imported_digest, e.class, e.told_by,
        e.added_at_us, e.ended_by, e.ended_at_us
        """

    // MARK: Writing

    /// A student who is told of for the first time is a person of their own: roll numbers link nobody. Source: design.md §2,
    /// link rule.
    struct NewStudent {
        let student: Student
        let person: Identifier<Person>
    }

    func insertions(of new: [NewStudent]) -> [BulkInsert] {
        [
            BulkInsert(
                into: "person",
                [
                    BulkColumn("tenant_id", .constant(tenant.rawValue, count: new.count)),
                    BulkColumn("person_id", .uuids(new.map(\.person.rawValue))),
                    BulkColumn("opened_by", .integers(new.map(\.student.number))),
                ]),
            BulkInsert(
                into: "membership",
                [
                    BulkColumn("tenant_id", .constant(tenant.rawValue, count: new.count)),
                    BulkColumn("membership_id", .uuids(new.map(\.student.id.rawValue))),
                    BulkColumn("person_id", .uuids(new.map(\.person.rawValue))),
                    BulkColumn("source", .constant(EntrySource.aims.rawValue, count: new.count)),
                    BulkColumn("staff_code", .texts(PackedBytes(new.map { $0.student.rollNumber.text as String? }))),
                    BulkColumn("opened_by", .integers(new.map(\.student.number))),
                ]),
            insertion(of: new.map(\.student), areStored: false),
        ]
    }

    /// - Parameter areStored: Whether all of them are there already, and take their places anew; else none is.
    func insertion(of students: [Student], areStored: Bool) -> BulkInsert {
        func texts(_ part: (Student) -> WireText?) -> BulkColumn.Values { .texts(PackedBytes(students.map { part($0)?.text })) }
        return BulkInsert(
            into: "student",
            [
                BulkColumn("tenant_id", .constant(tenant.rawValue, count: students.count)),
                BulkColumn("number", .integers(students.map(\.number))),
                BulkColumn("membership_id", .uuids(students.map(\.id.rawValue))),
                BulkColumn("roll_number", texts { $0.rollNumber }),
                BulkColumn("name", texts { $0.profile.name }),
                BulkColumn("photo_url", texts { $0.profile.photoURL }),
                BulkColumn("program", texts { $0.profile.program }),
                BulkColumn("sp_code", texts { $0.profile.spCode }),
                BulkColumn("semester", texts { $0.profile.semester }),
                BulkColumn("status", texts { $0.profile.status }),
                BulkColumn("duration", texts { $0.profile.duration }),
                BulkColumn("email", texts { $0.profile.email }),
                BulkColumn("email_folded", texts { $0.profile.email?.foldedAddress }),
                BulkColumn("institute_email", texts { $0.profile.instituteEmail }),
                BulkColumn("institute_email_folded", texts { $0.profile.instituteEmail?.foldedAddress }),
                BulkColumn("phone", texts { $0.profile.phone }),
                BulkColumn("created_at_us", .integers(students.map(\.createdAt.microseconds))),
                BulkColumn("updated_at_us", .integers(students.map(\.updatedAt.microseconds))),
                BulkColumn("imported_digest", .optionalIntegers(students.map(\.importedDigest))),
            ], areStored ? .replace(keyCount: 2, hasIndexes: true) : .none(suffix: ""))
    }

    /// An enrolment and the class it is in.
    struct EnrolmentRow {
        let schoolClass: Int64
        var enrolment: Enrolment
    }

    /// - Parameter areStored: As of students.
    func insertion(of rows: [EnrolmentRow], areStored: Bool) -> BulkInsert {
        BulkInsert(
            into: "enrolment",
            [
                BulkColumn("tenant_id", .constant(tenant.rawValue, count: rows.count)),
                BulkColumn("class", .integers(rows.map(\.schoolClass))),
                BulkColumn("student", .integers(rows.map(\.enrolment.student))),
                BulkColumn("told_by", .integers(rows.map(\.enrolment.toldBy))),
                BulkColumn("added_at_us", .integers(rows.map(\.enrolment.addedAt.microseconds))),
                BulkColumn("ended_by", .optionalIntegers(rows.map(\.enrolment.endedBy))),
                BulkColumn("ended_at_us", .optionalIntegers(rows.map { $0.enrolment.endedAt?.microseconds })),
            ], areStored ? .replace(keyCount: 4, hasIndexes: true) : .none(suffix: ""))
    }
}
