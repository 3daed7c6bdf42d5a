import AttendanceCore

/// What contracts tell of their members: `member`. A projection of entries that tell of members.
struct MemberTable {
    let connection: any SQLConnection
    let tenant: TenantID

    private static let columns: StaticString = """
        membership_id, number, name, staff_code, email, department, position, is_active, created_at_us, updated_at_us,
        imported_digest
        """

    func members(of source: EntrySource) throws(SQLError) -> [Member] {
        try members(
            """
            SELECT \(Self.columns) FROM member WHERE tenant_id = \(tenant.rawValue) AND source = \(source.rawValue)
            ORDER BY name, number
            """)
    }

    func member(_ id: Identifier<Membership>, of source: EntrySource) throws(SQLError) -> Member? {
        try members(
            """
            SELECT \(Self.columns) FROM member WHERE tenant_id = \(tenant.rawValue) AND membership_id = \(id.rawValue)
                AND source = \(source.rawValue)
            """
        ).first
    }

    func member(numbered number: Int64, of source: EntrySource) throws(SQLError) -> Member? {
        try members(
            """
            SELECT \(Self.columns) FROM member WHERE tenant_id = \(tenant.rawValue) AND source = \(source.rawValue)
                AND number = \(number)
            """
        ).first
    }

    func member(ofEmail email: WireText, of source: EntrySource) throws(SQLError) -> Member? {
        try members(
            """
            SELECT \(Self.columns) FROM member WHERE tenant_id = \(tenant.rawValue) AND source = \(source.rawValue)
                AND email_folded = \(email.folded.text)
            """
        ).first
    }

    func member(ofStaffCode staffCode: WireText, of source: EntrySource) throws(SQLError) -> Member? {
        try members(
            """
            SELECT \(Self.columns) FROM member WHERE tenant_id = \(tenant.rawValue) AND source = \(source.rawValue)
                AND staff_code = \(staffCode.text)
            """
        ).first
    }

    private func members(_ statement: SQL) throws(SQLError) -> [Member] {
        try connection.run(statement).map { row in
            Member(
                id: Identifier(rawValue: row.uuid(0)), number: row.integer(1),
                profile: MemberProfile(
                    name: WireText(row.text(2)), staffCode: WireText(row.text(3)), email: WireText(row.text(4)),
                    department: WireText(row.text(5)), position: WireText(row.text(6)), isActive: row.integer(7) != 0),
                createdAt: Instant(microseconds: row.integer(8)), updatedAt: Instant(microseconds: row.integer(9)),
                importedDigest: row.integerOrNil(10))
        }
    }

    func insert(_ member: Member, of source: EntrySource) throws(SQLError) {
        let profile = member.profile
        let findable = try findableEmail(of: member, source)
        _ = try connection.run(
            """
            INSERT INTO member (tenant_id, source, number, membership_id, name, staff_code, email, email_folded, department,
                position, is_active, created_at_us, updated_at_us, imported_digest)
            VALUES (\(tenant.rawValue), \(source.rawValue), \(member.number), \(member.id.rawValue), \(profile.name.text),
                \(profile.staffCode.text), \(profile.email.text), \(findable), \(profile.department.text),
                \(profile.position.text), \(profile.isActive ? 1 : 0), \(member.createdAt.microseconds),
                \(member.updatedAt.microseconds), \(member.importedDigest))
            """)
    }

    /// What a member is found by; nil where somebody else is found by it already, who was there first. Contracts refuse such an
    /// e-mail, other systems did not.
    private func findableEmail(of member: Member, _ source: EntrySource) throws(SQLError) -> String? {
        let holder = try self.member(ofEmail: member.profile.email, of: source)
        return holder == nil || holder?.id == member.id ? member.profile.email.folded.text : nil
    }

    func update(_ member: Member, of source: EntrySource) throws(SQLError) {
        let profile = member.profile
        let findable = try findableEmail(of: member, source)
        _ = try connection.run(
            """
            UPDATE member SET name = \(profile.name.text), staff_code = \(profile.staffCode.text),
                email = \(profile.email.text), email_folded = \(findable),
                department = \(profile.department.text), position = \(profile.position.text),
                is_active = \(profile.isActive ? 1 : 0), updated_at_us = \(member.updatedAt.microseconds),
                imported_digest = \(member.importedDigest)
            WHERE tenant_id = \(tenant.rawValue) AND source = \(source.rawValue) AND number = \(member.number)
            """)
        _ = try connection.run(
            """
            UPDATE membership SET staff_code = \(profile.staffCode.text)
            WHERE tenant_id = \(tenant.rawValue) AND membership_id = \(member.id.rawValue)
            """)
    }

    /// Removes a membership with all that hangs on it but the person.
    func remove(_ member: Member, of source: EntrySource) throws(SQLError) {
        _ = try connection.run(
            """
            DELETE FROM member WHERE tenant_id = \(tenant.rawValue) AND source = \(source.rawValue)
                AND number = \(member.number)
            """)
        _ = try connection.run(
            """
            DELETE FROM identifier WHERE tenant_id = \(tenant.rawValue) AND membership_id = \(member.id.rawValue)
            """)
        _ = try connection.run(
            "DELETE FROM membership WHERE tenant_id = \(tenant.rawValue) AND membership_id = \(member.id.rawValue)")
    }
}
