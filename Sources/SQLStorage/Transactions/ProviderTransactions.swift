import AttendanceCore

/// Who may sign in through an identity provider, and who has.
extension ReadingTransaction {
    private var allowances: AllowedEmailTable { AllowedEmailTable(connection: connection, tenant: tenant) }
    private var providers: ProviderTable { ProviderTable(connection: connection, tenant: tenant) }

    func allowedEmails(on list: AllowedList, having addresses: [WireText]) throws(AttendanceError) -> [AllowedEmail] {
        try certain { () throws(SQLError) in try allowances.entries(on: list, having: addresses) }
    }

    func allowedEmails(on list: AllowedList?) throws(AttendanceError) -> [AllowedEmail] {
        try certain { () throws(SQLError) in try allowances.entries(on: list) }
    }

    func binding(of account: Identifier<Account>) throws(AttendanceError) -> ProviderBinding? {
        try certain { () throws(SQLError) in try providers.binding(of: account) }
    }

    func profiles(of grants: [Identifier<Grant>]) throws(AttendanceError) -> [Identifier<Grant>: GrantProfile] {
        try certain { () throws(SQLError) in try providers.profiles(of: grants) }
    }
}

extension WritingTransaction {
    func store(_ entries: [AllowedEmail], leaving: [(list: AllowedList, email: WireText)]) throws(AttendanceError) {
        let table = AllowedEmailTable(connection: connection, tenant: tenant)
        try write { () throws(SQLError) in
            for (list, email) in leaving { try table.remove(email, from: list) }
            try table.store(entries)
        }
    }

    func bind(_ account: Identifier<Account>, to binding: ProviderBinding, at moment: Instant) throws(AttendanceError) {
        try write { () throws(SQLError) in
            try ProviderTable(connection: connection, tenant: tenant).bind(account, to: binding, at: moment)
        }
    }

    func unbind(_ account: Identifier<Account>) throws(AttendanceError) {
        try write { () throws(SQLError) in try ProviderTable(connection: connection, tenant: tenant).unbind(account) }
    }

    func setProfile(_ profile: GrantProfile, of grant: Identifier<Grant>) throws(AttendanceError) {
        try write { () throws(SQLError) in
            try ProviderTable(connection: connection, tenant: tenant).setProfile(profile, of: grant)
        }
    }
}
