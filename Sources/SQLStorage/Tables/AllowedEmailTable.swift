import AttendanceCore

/// `allowed_email`: who may sign in through an identity provider, and who must not.
struct AllowedEmailTable {
    let connection: any SQLConnection
    let tenant: TenantID

    private static let columns: StaticString = """
        e.list, e.email, e.other_email, e.allowed_id, e.role, e.name, e.roll_no, e.batch, e.department, e.program, e.is_denied,
        e.created_at_us, e.updated_at_us
        """

    private static func entry(_ row: SQLRow) throws(SQLError) -> AllowedEmail {
        guard let list = AllowedList(rawValue: row.text(0)), let role = ClassroomRole(rawValue: row.text(4)) else {
            throw SQLError(kind: .corrupt, code: "", message: "an allowed e-mail is on no known list, or has no known role")
        }
        func text(_ column: Int) -> WireText? { row.textOrNil(column).map { WireText($0) } }
        return AllowedEmail(
            id: row.uuid(3), list: list, email: WireText(row.text(1)), otherEmail: text(2), role: role, name: text(5),
            rollNumber: text(6), batch: text(7), department: text(8), program: text(9), isDenied: row.integer(10) == 1,
            createdAt: Instant(microseconds: row.integer(11)), updatedAt: Instant(microseconds: row.integer(12)))
    }

    func entries(on list: AllowedList?) throws(SQLError) -> [AllowedEmail] {
        try connection.run(
            """
            SELECT \(Self.columns) FROM allowed_email e WHERE e.tenant_id = \(tenant.rawValue) ORDER BY e.list, e.email
            """
        ).map { row throws(SQLError) in try Self.entry(row) }.filter { list == nil || $0.list == list }
    }

    /// Those that hold any of the addresses, each once; by address.
    func entries(on list: AllowedList, having addresses: [WireText]) throws(SQLError) -> [AllowedEmail] {
        let addresses = Set(addresses).sorted()
        guard !addresses.isEmpty else { return [] }
        var lists = PackedBytes()
        var emails = PackedBytes()
        for address in addresses {
            lists.append(list.rawValue)
            emails.append(address.text)
        }
        let keys = [
            BulkColumn("tenant_id", .constant(tenant.rawValue, count: addresses.count)), BulkColumn("list", .texts(lists)),
            BulkColumn("email", .texts(emails)),
        ]
        var found: [WireText: AllowedEmail] = [:]
        // Each address has its index.
        for matching in [
            "e.tenant_id = given.tenant_id AND e.list = given.list AND e.email = given.email",
            "e.tenant_id = given.tenant_id AND e.list = given.list AND e.other_email = given.email",
        ] as [StaticString] {
            for row in try connection.lookup(
                BulkLookup(keys, selecting: Self.columns, from: "allowed_email e", matching: matching))
            {
                let entry = try Self.entry(row)
                found[entry.email] = entry
            }
        }
        return found.values.sorted { $0.email < $1.email }
    }

    func store(_ entries: [AllowedEmail]) throws(SQLError) {
        guard !entries.isEmpty else { return }
        func texts(_ value: (AllowedEmail) -> String?) -> BulkColumn.Values {
            var packed = PackedBytes()
            for entry in entries {
                if let text = value(entry) { packed.append(text) } else { packed.appendNull() }
            }
            return .texts(packed)
        }
        _ = try connection.insert(
            BulkInsert(
                into: "allowed_email",
                [
                    BulkColumn("tenant_id", .constant(tenant.rawValue, count: entries.count)),
                    BulkColumn("list", texts(\.list.rawValue)), BulkColumn("email", texts(\.email.text)),
                    BulkColumn("other_email", texts(\.otherEmail?.text)), BulkColumn("allowed_id", .uuids(entries.map(\.id))),
                    BulkColumn("role", texts(\.role.rawValue)), BulkColumn("name", texts(\.name?.text)),
                    BulkColumn("roll_no", texts(\.rollNumber?.text)), BulkColumn("batch", texts(\.batch?.text)),
                    BulkColumn("department", texts(\.department?.text)), BulkColumn("program", texts(\.program?.text)),
                    BulkColumn("is_denied", .integers(entries.map { $0.isDenied ? 1 : 0 })),
                    BulkColumn("created_at_us", .integers(entries.map(\.createdAt.microseconds))),
                    BulkColumn("updated_at_us", .integers(entries.map(\.updatedAt.microseconds))),
                ],
                suffix: """
                    ON CONFLICT (tenant_id, list, email) DO UPDATE SET
                        other_email = excluded.other_email, allowed_id = excluded.allowed_id, role = excluded.role,
                        name = excluded.name, roll_no = excluded.roll_no, batch = excluded.batch,
                        department = excluded.department, program = excluded.program, is_denied = excluded.is_denied,
                        created_at_us = excluded.created_at_us, updated_at_us = excluded.updated_at_us
                    """))
    }

    func remove(_ email: WireText, from list: AllowedList) throws(SQLError) {
        _ = try connection.run(
            """
            DELETE FROM allowed_email
            WHERE tenant_id = \(tenant.rawValue) AND list = \(list.rawValue) AND email = \(email.text)
            """)
    }
}
