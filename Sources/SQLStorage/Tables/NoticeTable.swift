import AttendanceCore
import struct FoundationEssentials.UUID

/// Words to students, and the flags of the Bluetooth service: `notification`, `class_flag`, `flag_presence`. No projections.
struct NoticeTable {
    let connection: any SQLConnection
    let tenant: TenantID

    // MARK: Notices

    func notices(of student: Int64, unreadOnly: Bool) throws(SQLError) -> [Notice] {
        let unread: SQL = unreadOnly ? "AND n.read_at_us IS NULL" : ""
        return try connection.run(
            """
            SELECT n.notification_id, s.membership_id, n.student, n.title, n.message, n.kind, n.threshold, n.created_at_us,
                n.read_at_us
            FROM notification AS n
            JOIN student AS s ON s.tenant_id = n.tenant_id AND s.number = n.student
            WHERE n.tenant_id = \(tenant.rawValue) AND n.student = \(student) \(unread)
            ORDER BY n.created_at_us DESC, n.notification_id
            """
        ).map { row throws(SQLError) in
            guard let kind = Notice.Kind(rawValue: row.text(5)) else {
                throw SQLError(kind: .corrupt, code: "", message: "a notice is of no known kind")
            }
            return Notice(
                id: row.uuid(0), student: Identifier(rawValue: row.uuid(1)), studentNumber: row.integer(2),
                title: WireText(row.text(3)), message: WireText(row.text(4)), kind: kind,
                threshold: row.textOrNil(6).flatMap { Double($0) }, createdAt: Instant(microseconds: row.integer(7)),
                readAt: row.integerOrNil(8).map { Instant(microseconds: $0) })
        }
    }

    func add(_ notices: [Notice]) throws(SQLError) {
        _ = try connection.insert(
            BulkInsert(
                into: "notification",
                [
                    BulkColumn("tenant_id", .constant(tenant.rawValue, count: notices.count)),
                    BulkColumn("notification_id", .uuids(notices.map(\.id))),
                    BulkColumn("student", .integers(notices.map(\.studentNumber))),
                    BulkColumn("title", .texts(PackedBytes(notices.map { $0.title.text as String? }))),
                    BulkColumn("message", .texts(PackedBytes(notices.map { $0.message.text as String? }))),
                    BulkColumn("kind", .texts(PackedBytes(notices.map { $0.kind.rawValue as String? }))),
                    // As text: the shortest that is this number again.
                    BulkColumn("threshold", .texts(PackedBytes(notices.map { $0.threshold.map { "\($0)" } }))),
                    BulkColumn("created_at_us", .integers(notices.map(\.createdAt.microseconds))),
                    BulkColumn("read_at_us", .optionalIntegers(notices.map { $0.readAt?.microseconds })),
                ]))
    }

    func read(_ id: UUID, of student: Int64, at moment: Instant) throws(SQLError) -> Bool {
        try !connection.run(
            """
            UPDATE notification SET read_at_us = COALESCE(read_at_us, \(moment.microseconds))
            WHERE tenant_id = \(tenant.rawValue) AND notification_id = \(id) AND student = \(student)
            RETURNING student
            """
        ).isEmpty
    }

    // MARK: Flags

    func flag(_ key: WireText) throws(SQLError) -> Bool {
        try connection.run(
            "SELECT is_on FROM class_flag WHERE tenant_id = \(tenant.rawValue) AND flag = \(key.text)"
        ).first?.integer(0) == 1
    }

    func set(_ key: WireText, to isOn: Bool) throws(SQLError) {
        _ = try connection.run(
            """
            INSERT INTO class_flag (tenant_id, flag, is_on) VALUES (\(tenant.rawValue), \(key.text), \(isOn ? 1 : 0))
            ON CONFLICT (tenant_id, flag) DO UPDATE SET is_on = excluded.is_on
            """)
    }

    func presence(_ key: WireText) throws(SQLError) -> [WireText] {
        try connection.run(
            """
            SELECT email FROM flag_presence WHERE tenant_id = \(tenant.rawValue) AND flag = \(key.text) ORDER BY email
            """
        ).map { WireText($0.text(0)) }
    }

    func set(_ key: WireText, _ email: WireText, to isPresent: Bool) throws(SQLError) {
        if isPresent {
            _ = try connection.run(
                """
                INSERT INTO flag_presence (tenant_id, flag, email)
                VALUES (\(tenant.rawValue), \(key.text), \(email.text)) ON CONFLICT (tenant_id, flag, email) DO NOTHING
                """)
        } else {
            _ = try connection.run(
                """
                DELETE FROM flag_presence
                WHERE tenant_id = \(tenant.rawValue) AND flag = \(key.text) AND email = \(email.text)
                """)
        }
    }

    func flagCount() throws(SQLError) -> Int {
        let row = try connection.run(
            """
            SELECT (SELECT COUNT(*) FROM class_flag WHERE tenant_id = \(tenant.rawValue)),
                (SELECT COUNT(*) FROM flag_presence WHERE tenant_id = \(tenant.rawValue))
            """)[0]
        return Int(row.integer(0) + row.integer(1))
    }
}
