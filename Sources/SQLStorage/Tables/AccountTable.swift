import AttendanceCore

/// `account`, `account_grant`, `ended_token`: who signs in, what for, and which tokens were ended.
struct AccountTable {
    let connection: any SQLConnection
    let tenant: TenantID

    // MARK: Grants

    private static let columns: StaticString = """
        g.tenant_id, g.grant_id, g.account_id, g.contract, g.role, g.is_active, g.created_at_us, g.updated_at_us, a.email,
        a.username, a.first_name, a.last_name
        """

    private static func grant(_ row: SQLRow) throws(SQLError) -> Grant {
        guard let contract = Contract(rawValue: row.text(3)) else {
            throw SQLError(kind: .corrupt, code: "", message: "a grant is of no known contract")
        }
        return Grant(
            id: Identifier(rawValue: row.uuid(1)), account: Identifier(rawValue: row.uuid(2)), contract: contract,
            tenant: TenantID(rawValue: row.integer(0)), email: WireText(row.text(8)), username: WireText(row.text(9)),
            firstName: WireText(row.text(10)), lastName: WireText(row.text(11)), role: WireText(row.text(4)),
            isActive: row.integer(5) == 1, createdAt: Instant(microseconds: row.integer(6)),
            updatedAt: Instant(microseconds: row.integer(7)))
    }

    func grants(of contract: Contract?) throws(SQLError) -> [Grant] {
        try connection.run(
            """
            SELECT \(Self.columns) FROM account_grant AS g JOIN account AS a ON a.account_id = g.account_id
            WHERE g.tenant_id = \(tenant.rawValue) ORDER BY g.created_at_us DESC, g.grant_id
            """
        ).map { row throws(SQLError) in try Self.grant(row) }.filter { contract == nil || $0.contract == contract }
    }

    func grant(_ id: Identifier<Grant>, of contract: Contract) throws(SQLError) -> Grant? {
        try connection.run(
            """
            SELECT \(Self.columns) FROM account_grant AS g JOIN account AS a ON a.account_id = g.account_id
            WHERE g.tenant_id = \(tenant.rawValue) AND g.grant_id = \(id.rawValue) AND g.contract = \(contract.rawValue)
            """
        ).first.map { row throws(SQLError) in try Self.grant(row) }
    }

    func grants(ofAccount account: Identifier<Account>) throws(SQLError) -> [Grant] {
        try connection.run(
            """
            SELECT \(Self.columns) FROM account_grant AS g JOIN account AS a ON a.account_id = g.account_id
            WHERE g.account_id = \(account.rawValue) AND g.tenant_id = \(tenant.rawValue) ORDER BY g.created_at_us, g.grant_id
            """
        ).map { row throws(SQLError) in try Self.grant(row) }
    }

    func activeGrants(of contract: Contract) throws(SQLError) -> Int {
        Int(
            try connection.run(
                """
                SELECT COUNT(*) FROM account_grant
                WHERE tenant_id = \(tenant.rawValue) AND contract = \(contract.rawValue) AND is_active = 1
                """
            )[0].integer(0))
    }

    func credentials(of email: WireText, for contract: Contract) throws(SQLError) -> AccountCredentials? {
        try connection.run(
            """
            SELECT \(Self.columns), a.password_hash, a.epoch + g.epoch
            FROM account AS a JOIN account_grant AS g ON g.account_id = a.account_id
            WHERE a.email_folded = \(email.text) AND g.tenant_id = \(tenant.rawValue) AND g.contract = \(contract.rawValue)
            """
        ).first.map { row throws(SQLError) in
            AccountCredentials(
                grant: try Self.grant(row), passwordHash: row.textOrNil(12).map { PasswordHash($0) }, epoch: row.integer(13))
        }
    }

    func standing(
        of id: Identifier<Grant>, for contract: Contract, token: [UInt8]
    ) throws(SQLError) -> TokenStanding? {
        try connection.run(
            """
            SELECT \(Self.columns), a.epoch + g.epoch, (SELECT COUNT(*) FROM ended_token WHERE token_id = \(token))
            FROM account_grant AS g JOIN account AS a ON a.account_id = g.account_id
            WHERE g.tenant_id = \(tenant.rawValue) AND g.grant_id = \(id.rawValue) AND g.contract = \(contract.rawValue)
            """
        ).first.map { row throws(SQLError) in
            TokenStanding(grant: try Self.grant(row), epoch: row.integer(12), isEnded: row.integer(13) > 0)
        }
    }

    func addGrant(
        _ id: Identifier<Grant>, of contract: Contract, to account: Identifier<Account>, role: WireText, isActive: Bool,
        epoch: Int64, at moment: Instant
    ) throws(SQLError) {
        _ = try connection.run(
            """
            INSERT INTO account_grant (tenant_id, grant_id, account_id, contract, role, is_active, epoch, created_at_us,
                updated_at_us)
            VALUES (\(tenant.rawValue), \(id.rawValue), \(account.rawValue), \(contract.rawValue), \(role.text),
                \(isActive ? 1 : 0), \(epoch), \(moment.microseconds), \(moment.microseconds))
            """)
    }

    func changeGrant(
        _ id: Identifier<Grant>, role: WireText, isActive: Bool, endingTokens: Bool, at moment: Instant
    ) throws(SQLError) {
        _ = try connection.run(
            """
            UPDATE account_grant SET role = \(role.text), is_active = \(isActive ? 1 : 0),
                epoch = epoch + \(endingTokens ? 1 : 0), updated_at_us = \(moment.microseconds)
            WHERE tenant_id = \(tenant.rawValue) AND grant_id = \(id.rawValue)
            """)
    }

    func removeGrant(_ id: Identifier<Grant>) throws(SQLError) {
        _ = try connection.run(
            "DELETE FROM grant_profile WHERE tenant_id = \(tenant.rawValue) AND grant_id = \(id.rawValue)")
        _ = try connection.run(
            "DELETE FROM account_grant WHERE tenant_id = \(tenant.rawValue) AND grant_id = \(id.rawValue)")
    }

    /// In the whole installation: an account is its contract's alone only where no other tenant has granted it anything.
    func grantCount(of account: Identifier<Account>) throws(SQLError) -> Int {
        Int(
            try connection.run("SELECT COUNT(*) FROM account_grant WHERE account_id = \(account.rawValue)")[0].integer(0))
    }

    /// In the whole installation: the set-up is for one that nobody has been let into.
    func hasGrants() throws(SQLError) -> Bool {
        try !connection.run("SELECT grant_id FROM account_grant LIMIT 1").isEmpty
    }

    // MARK: Accounts, known to the installation

    /// Locks a row that every store has and nothing refers to, so that only those who change accounts wait for each other.
    func lock() throws(SQLError) {
        let lockingRows = SQL(trusted: connection.vocabulary.lockingRows)
        _ = try connection.run("SELECT name FROM secret WHERE name = 'pseudonyms' \(lockingRows)")
    }

    func account(ofEmail email: WireText) throws(SQLError) -> (id: Identifier<Account>, profile: AccountProfile)? {
        try connection.run(
            "SELECT account_id, email, username, first_name, last_name FROM account WHERE email_folded = \(email.text)"
        ).first.map { row in
            (
                Identifier(rawValue: row.uuid(0)),
                AccountProfile(
                    email: WireText(row.text(1)), username: WireText(row.text(2)), firstName: WireText(row.text(3)),
                    lastName: WireText(row.text(4)))
            )
        }
    }

    func taken(
        email: WireText, username: WireText, besides account: Identifier<Account>?
    ) throws(SQLError) -> AccountNames {
        var taken: AccountNames = []
        let rows = try connection.run(
            """
            SELECT account_id, email_folded, username FROM account
            WHERE email_folded = \(email.text) OR username = \(username.text)
            """)
        for row in rows where account?.rawValue != row.uuid(0) {
            if WireText(row.text(1)) == email { taken.insert(.email) }
            if WireText(row.text(2)) == username { taken.insert(.username) }
        }
        return taken
    }

    func addAccount(
        _ id: Identifier<Account>, _ profile: AccountProfile, passwordHash: PasswordHash?, at moment: Instant
    ) throws(SQLError) {
        _ = try connection.run(
            """
            INSERT INTO account (account_id, email, email_folded, username, first_name, last_name, password_hash, epoch,
                created_at_us, updated_at_us)
            VALUES (\(id.rawValue), \(profile.email.text), \(profile.email.folded.text), \(profile.username.text),
                \(profile.firstName.text), \(profile.lastName.text), \(passwordHash?.text), 0, \(moment.microseconds),
                \(moment.microseconds))
            """)
    }

    func changeAccount(
        _ id: Identifier<Account>, to profile: AccountProfile, at moment: Instant
    ) throws(SQLError) {
        _ = try connection.run(
            """
            UPDATE account SET email = \(profile.email.text), email_folded = \(profile.email.folded.text),
                username = \(profile.username.text), first_name = \(profile.firstName.text),
                last_name = \(profile.lastName.text), updated_at_us = \(moment.microseconds)
            WHERE account_id = \(id.rawValue)
            """)
    }

    func replacePasswordHash(
        of account: Identifier<Account>, _ former: PasswordHash, with new: PasswordHash
    ) throws(SQLError) {
        _ = try connection.run(
            """
            UPDATE account SET password_hash = \(new.text)
            WHERE account_id = \(account.rawValue) AND password_hash = \(former.text)
            """)
    }

    func setPasswordHash(
        of account: Identifier<Account>, to hash: PasswordHash, at moment: Instant
    ) throws(SQLError) {
        _ = try connection.run(
            """
            UPDATE account SET password_hash = \(hash.text), epoch = epoch + 1, updated_at_us = \(moment.microseconds)
            WHERE account_id = \(account.rawValue)
            """)
    }

    func removeAccount(_ id: Identifier<Account>) throws(SQLError) {
        _ = try connection.run("DELETE FROM provider_binding WHERE account_id = \(id.rawValue)")
        _ = try connection.run("DELETE FROM account WHERE account_id = \(id.rawValue)")
    }

    // MARK: Ended tokens

    func endToken(_ id: [UInt8], until expiry: Instant, at moment: Instant) throws(SQLError) {
        _ = try connection.run("DELETE FROM ended_token WHERE expires_at_us <= \(moment.microseconds)")
        _ = try connection.run(
            """
            INSERT INTO ended_token (token_id, expires_at_us) VALUES (\(id), \(expiry.microseconds))
            ON CONFLICT (token_id) DO NOTHING
            """)
    }
}
