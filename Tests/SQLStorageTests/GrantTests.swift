import AttendanceCore
import FoundationEssentials
import SQLStorage
import TestKit
import Testing

@Suite struct `Admins of a contract` {
    @Test(arguments: StoreKind.underTest)
    func `are listed newest first and found by parts of what is known of them`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            for (name, lastName) in [("mara", "mara"), ("joerg", "Jörg"), ("ann", "ann")] {
                let grant = try await subject.admin(name)
                _ = try await subject.operations.changeGrant(
                    grant.id, GrantChange(lastName: WireText(lastName)), of: .timeTracker, as: subject.caller)
                subject.clock.advance(milliseconds: 1)
            }
            func found(_ search: WireText?) async throws -> [WireText] {
                try await subject.operations.grants(of: .timeTracker, search: search, in: .default).map(\.lastName)
            }
            #expect(try await found(nil) == ["ann", "Jörg", "mara"])
            #expect(try await found("") == ["ann", "Jörg", "mara"])
            #expect(try await found("JÖR") == ["Jörg"])
            #expect(try await found("mara@CORP") == ["mara"])
            #expect(try await found("hr ad").count == 3)
            #expect(try await found("irs").count == 3)
            #expect(try await found("%") == [])
            #expect(try await found(WireText(String(repeating: "x", count: 1_000))) == [])
            let north = try await subject.elsewhere()
            #expect(try await subject.operations.grants(of: .timeTracker, in: north.tenant) == [])
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `have names that nobody else has, and both are told at once`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            let mara = try await subject.admin("mara")
            let ann = try await subject.admin("ann")
            func draft(_ email: WireText, _ username: WireText) -> GrantDraft {
                GrantDraft(email: email, username: username, password: "x", role: "Admin")
            }
            for (email, username, taken) in [
                ("MARA@CORP.EXAMPLE", "mara", [.email, .username]), ("mara@corp.example", "new", [.email]),
                ("new@corp.example", "mara", [.username]),
            ] as [(WireText, WireText, AccountNames)] {
                await #expect(throws: AttendanceError.accountTaken(taken)) {
                    try await subject.operations.createGrant(draft(email, username), of: .timeTracker, as: subject.caller)
                }
                await #expect(throws: AttendanceError.accountTaken(taken)) {
                    try await subject.operations.changeGrant(
                        ann.id, GrantChange(email: email, username: username), of: .timeTracker, as: subject.caller)
                }
            }
            // Another tenant cannot take over an account by its e-mail.
            let north = try await subject.elsewhere()
            await #expect(throws: AttendanceError.accountTaken(.email)) {
                try await subject.operations.createGrant(draft("mara@corp.example", "m"), of: .timeTracker, as: north)
            }
            // User names are told apart by letter case, and one's own names are free.
            _ = try await subject.operations.createGrant(draft("m@corp.example", "Mara"), of: .timeTracker, as: subject.caller)
            let same = try await subject.operations.changeGrant(
                mara.id, GrantChange(email: "mara@CORP.example", username: "mara"), of: .timeTracker, as: subject.caller)
            #expect(same == mara)
        }
    }

    @Test(arguments: [
        ("email", ""), ("email", "no address"), ("email", "a@b"), ("email", "@b.example"), ("email", "a@-b.example"),
        ("email", "a..b@c.example"), ("email", "a b@c.example"), ("email", String(repeating: "a", count: 250) + "@c.de"),
        ("username", ""), ("username", "a b"), ("username", "a/b"), ("username", "a\u{0}"),
        ("username", String(repeating: "a", count: 151)), ("first_name", String(repeating: "ä", count: 151)),
        ("last_name", "a\u{0}"), ("role", String(repeating: "a", count: 51)),
    ])
    func `are refused with the field's name`(field: String, text: String) async throws {
        try await StoreKind.sqlite.withFreshStore { subject in
            func value(_ name: String, _ usual: WireText) -> WireText { name == field ? WireText(text) : usual }
            let draft = GrantDraft(
                email: value("email", "a@b.example"), username: value("username", "a"), password: "x",
                firstName: value("first_name", "A"), lastName: value("last_name", "B"), role: value("role", "Admin"))
            var refused: AttendanceError?
            do throws(AttendanceError) {
                _ = try await subject.operations.createGrant(draft, of: .timeTracker, as: subject.caller)
            } catch {
                refused = error
            }
            guard case .invalid(field, _) = refused else {
                Issue.record("\(String(describing: refused))")
                return
            }
        }
    }

    @Test(arguments: [
        "a@b.example", "A.B+c_d@sub.B-c.Example", #""a\ b"@c.example"#, "x@localhost", "mara@bücher.example", "o'neil@x.example",
        "door@[192.0.2.1]",
    ])
    func `may have any address that mail goes to`(text: String) throws {
        let address = try EmailAddress(parsing: WireText(text))
        #expect(address.folded == WireText(text.lowercased()))
        #expect(address.text.text.hasPrefix(String(text.prefix { $0 != "@" })))
    }

    @Test func `need a password that is not blank`() async throws {
        try await StoreKind.sqlite.withFreshStore { subject in
            for password in ["", "  \t"] {
                let draft = GrantDraft(email: "a@b.example", username: "a", password: password, role: "Admin")
                await #expect(throws: AttendanceError.invalid(field: "password", .empty)) {
                    try await subject.operations.createGrant(draft, of: .timeTracker, as: subject.caller)
                }
            }
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `are changed only by those who may, and only where something differs`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            let mara = try await subject.admin("mara")
            let visitor = Caller.open(tenant: .default, address: nil)
            let draft = GrantDraft(email: "a@b.example", username: "a", password: "x", role: "Admin")
            let operations = subject.operations
            await #expect(throws: AttendanceError.notPermitted) {
                try await operations.createGrant(draft, of: .timeTracker, as: visitor)
            }
            await #expect(throws: AttendanceError.notPermitted) {
                try await operations.changeGrant(mara.id, GrantChange(role: "x"), of: .timeTracker, as: visitor)
            }
            await #expect(throws: AttendanceError.notPermitted) {
                try await operations.toggleGrant(mara.id, of: .timeTracker, as: visitor)
            }
            await #expect(throws: AttendanceError.notPermitted) {
                try await operations.deleteGrant(mara.id, of: .timeTracker, as: visitor)
            }
            subject.clock.advance(milliseconds: 1)
            let same = GrantChange(
                email: mara.email, username: mara.username, firstName: mara.firstName, lastName: mara.lastName, role: mara.role,
                isActive: true)
            #expect(try await operations.changeGrant(mara.id, same, of: .timeTracker, as: subject.caller) == mara)
            #expect(try await subject.acts() == [.adminCreated])
            let changed = try await operations.changeGrant(
                mara.id, GrantChange(firstName: "Mara", role: "Super Admin"), of: .timeTracker, as: subject.caller)
            #expect(changed.firstName == "Mara" && changed.role == "Super Admin" && changed.email == mara.email)
            #expect(changed.createdAt == mara.createdAt && changed.updatedAt == subject.clock.now)
            let entry = try await subject.store.read(in: .default) { tx throws(AttendanceError) in try tx.auditEntries(limit: 1) }[
                0]
            #expect(entry.act == .adminChanged && entry.subject == mara.callerName && entry.detail == "timetracker: name, role")
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `of another tenant are not there`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            let mara = try await subject.admin("mara")
            let north = try await subject.elsewhere()
            let operations = subject.operations
            await #expect(throws: AttendanceError.notFound(.account)) {
                try await operations.grant(mara.id, of: .timeTracker, in: north.tenant)
            }
            await #expect(throws: AttendanceError.notFound(.account)) {
                try await operations.changeGrant(mara.id, GrantChange(role: "x"), of: .timeTracker, as: north)
            }
            await #expect(throws: AttendanceError.notFound(.account)) {
                try await operations.deleteGrant(mara.id, of: .timeTracker, as: north)
            }
            await #expect(throws: AttendanceError.notFound(.account)) {
                try await operations.grant(Identifier(rawValue: UUID()), of: .timeTracker, in: .default)
            }
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `who are known elsewhere too keep names and password there`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            let operations = subject.operations
            let mara = try await subject.admin("mara")
            let north = try await subject.elsewhere()
            let draft = GrantDraft(email: "MARA@corp.example", username: "unused", password: "unused", role: "Guest")
            let (added, isNew) = try await operations.createAdmin(draft, of: [.timeTracker], as: north)
            #expect(!isNew && added.map(\.account) == [mara.account] && added.map(\.tenant) == [north.tenant])
            let here = try await subject.signIn("mara@corp.example").access
            let there = try await subject.signIn("mara@corp.example", in: north.tenant).access
            for change in [
                GrantChange(email: "x@corp.example"), GrantChange(username: "x"), GrantChange(password: "x"),
                GrantChange(firstName: "x"), GrantChange(lastName: "x", role: "x"),
            ] {
                await #expect(throws: AttendanceError.accountHeldElsewhere) {
                    try await operations.changeGrant(mara.id, change, of: .timeTracker, as: subject.caller)
                }
            }
            let changed = try await operations.changeGrant(
                mara.id, GrantChange(email: mara.email, role: "Boss"), of: .timeTracker, as: subject.caller)
            #expect(changed.role == "Boss")
            // Deactivating here ends what was signed in here.
            _ = try await subject.admin("other")
            _ = try await subject.toggled(mara)
            await #expect(throws: TokenFault.userInactive) { try await subject.whoIs(here) }
            #expect(try await subject.whoIs(there, in: north.tenant).grant.role == "Guest")
            // Deleting here leaves the account there.
            try await operations.deleteGrant(mara.id, of: .timeTracker, as: subject.caller)
            _ = try await subject.signIn("mara@corp.example", in: north.tenant)
            #expect(try await operations.hasAccount(email: "Mara@Corp.Example"))
        }
    }

    // MARK: The last one

    @Test(arguments: StoreKind.underTest)
    func `are never without an active one`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            let operations = subject.operations
            let mara = try await subject.admin("mara")
            let idle = try await subject.admin("idle", isActive: false)
            // An active one of another tenant is no help.
            _ = try await subject.admin("north", as: try await subject.elsewhere())
            await #expect(throws: AttendanceError.lastAdmin) {
                try await operations.deleteGrant(mara.id, of: .timeTracker, as: subject.caller)
            }
            await #expect(throws: AttendanceError.lastAdmin) { try await subject.toggled(mara) }
            await #expect(throws: AttendanceError.lastAdmin) {
                try await operations.changeGrant(mara.id, GrantChange(isActive: false), of: .timeTracker, as: subject.caller)
            }
            // What was refused left no trace, and the inactive one may go.
            #expect(try await operations.grant(mara.id, of: .timeTracker, in: .default) == mara)
            try await operations.deleteGrant(idle.id, of: .timeTracker, as: subject.caller)
            #expect(try await operations.grants(of: .timeTracker, in: .default) == [mara])
            // Gone with its account, so the names are free again.
            let again = try await subject.admin("idle")
            #expect(again.id != idle.id)
            try await operations.deleteGrant(mara.id, of: .timeTracker, as: subject.caller)
            #expect(try await operations.grants(of: .timeTracker, in: .default) == [again])
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `are never without one after several have gone at once, through two processes`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            let other = try StoreUnderTest(kind: kind, engine: subject.engine, clock: subject.clock)
            for round in 0..<5 {
                let grants = [try await subject.admin("a\(round)"), try await subject.admin("b\(round)")]
                for grant in try await subject.operations.grants(of: .timeTracker, in: .default) where !grants.contains(grant) {
                    try await subject.operations.deleteGrant(grant.id, of: .timeTracker, as: subject.caller)
                }
                let gone = await withTaskGroup(of: Bool.self) { group in
                    for (grant, place) in zip(grants, [subject, other]) {
                        group.addTask {
                            do throws(AttendanceError) {
                                if round.isMultiple(of: 2) {
                                    try await place.operations.deleteGrant(grant.id, of: .timeTracker, as: place.caller)
                                } else {
                                    _ = try await place.toggled(grant)
                                }
                                return true
                            } catch {
                                #expect(error == .lastAdmin)
                                return false
                            }
                        }
                    }
                    return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
                }
                #expect(gone == 1)
                let active = try await subject.operations.grants(of: .timeTracker, in: .default).filter(\.isActive)
                #expect(active.count == 1)
            }
            await other.store.close()
        }
    }

    /// Two tenants do not wait for each other's ledger, so only the lock of the accounts keeps this right.
    @Test(arguments: StoreKind.underTest)
    func `of two tenants never get one e-mail at once`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            let other = try StoreUnderTest(kind: kind, engine: subject.engine, clock: subject.clock)
            let north = try await subject.elsewhere()
            for round in 0..<10 {
                let made = await withTaskGroup(of: AttendanceError?.self) { group in
                    for (place, caller) in [(subject, subject.caller), (other, north)] {
                        group.addTask {
                            let draft = GrantDraft(
                                email: WireText("r\(round)@x.example"), username: WireText("r\(round)"), password: "x", role: "")
                            do throws(AttendanceError) {
                                _ = try await place.operations.createGrant(draft, of: .timeTracker, as: caller)
                                return nil
                            } catch {
                                return error
                            }
                        }
                    }
                    return await group.reduce(into: []) { $0.append($1) }
                }
                #expect(made.count { $0 == nil } == 1)
                #expect(made.contains(.accountTaken([.email, .username])))
            }
            await other.store.close()
        }
    }
}

@Suite struct `The command line's accounts` {
    @Test(arguments: StoreKind.underTest)
    func `are made once, and a lost password is set anew`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            let operations = subject.operations
            let draft = GrantDraft(email: "Boss@Corp.example", username: "boss", password: "x", role: "Admin")
            let (made, isNew) = try await operations.createAdmin(draft, of: Contract.withPasswords, as: subject.caller)
            #expect(isNew && made.map(\.contract) == Contract.withPasswords)
            await #expect(throws: AttendanceError.accountTaken(.email)) {
                try await operations.createAdmin(draft, of: Contract.withPasswords, as: subject.caller)
            }
            let other = GrantDraft(email: "other@corp.example", username: "boss", password: "x", role: "Admin")
            await #expect(throws: AttendanceError.accountTaken(.username)) {
                try await operations.createAdmin(other, of: Contract.withPasswords, as: subject.caller)
            }
            _ = try await subject.admin("mara")
            _ = try await subject.toggled(made[0])
            for _ in 0..<SignInLimits.attemptsPerAccountMax { _ = try? await subject.signIn("boss@corp.example", "wrong") }
            await #expect(throws: AttendanceError.tooManySignIns(retryAfterSeconds: 900)) {
                try await subject.signIn("boss@corp.example", "x")
            }
            await #expect(throws: AttendanceError.notFound(.account)) {
                try await operations.resetPassword(of: "no@corp.example", to: "new", activating: true, as: subject.caller)
            }
            await #expect(throws: AttendanceError.invalid(field: "password", .empty)) {
                try await operations.resetPassword(of: "boss@corp.example", to: "", activating: true, as: subject.caller)
            }
            try await operations.resetPassword(of: "BOSS@corp.example", to: "new", activating: true, as: subject.caller)
            #expect(try await subject.signIn("boss@corp.example", "new").grant.id == made[0].id)
            #expect(try await operations.grants(as: subject.caller).count == 2)
            #expect(try await subject.acts().prefix(2) == [.signedIn, .passwordReset])
        }
    }
}

@Suite struct `The set-up` {
    private static let draft = GrantDraft(email: "first@corp.example", username: "first", password: "x", role: "Super Admin")

    @Test(arguments: StoreKind.underTest)
    func `is open once, for half an hour, and keeps no secret`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            let operations = subject.operations
            let expired = try #require(try await operations.openSetup())
            subject.clock.advance(milliseconds: 1_799_999)
            #expect(try await operations.setupIsOpen(expired))
            let link = try #require(try await operations.openSetup())
            subject.clock.advance(milliseconds: 1)
            #expect(try await !operations.setupIsOpen(expired))
            for wrong in [expired, "", link.uppercased() + "0", String(link.dropLast())] {
                await #expect(throws: AttendanceError.notPermitted) {
                    try await operations.setUp(Self.draft, with: wrong, address: nil)
                }
            }
            let blank = GrantDraft(email: "first@corp.example", username: "first", password: "", role: "Super Admin")
            await #expect(throws: AttendanceError.invalid(field: "password", .empty)) {
                try await operations.setUp(blank, with: link, address: nil)
            }
            let other = try #require(try await operations.openSetup())
            let grants = try await operations.setUp(Self.draft, with: link, address: "192.0.2.1")
            #expect(grants.map(\.contract) == Contract.withPasswords)
            #expect(try await subject.signIn("first@corp.example", "x").grant == grants[0])
            // All links are closed then, also one that nobody has used.
            for used in [link, other] {
                #expect(try await !operations.setupIsOpen(used))
                await #expect(throws: AttendanceError.notPermitted) {
                    try await operations.setUp(Self.draft, with: used, address: nil)
                }
            }
            #expect(try await operations.openSetup() == nil)
            let connection = try subject.engine.connect(.reading)
            #expect(try connection.run("SELECT verifier FROM setup_link").isEmpty)
            connection.close()
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `is closed by an account that was made in another way`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            let link = try #require(try await subject.operations.openSetup())
            _ = try await subject.admin("mara")
            await #expect(throws: AttendanceError.notPermitted) {
                try await subject.operations.setUp(Self.draft, with: link, address: nil)
            }
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `makes one account of several attempts at once`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            let link = try #require(try await subject.operations.openSetup())
            let made = await withTaskGroup(of: Bool.self) { group in
                for number in 0..<6 {
                    group.addTask {
                        var draft = Self.draft
                        draft.email = WireText("n\(number)@corp.example")
                        draft.username = WireText("n\(number)")
                        return (try? await subject.operations.setUp(draft, with: link, address: nil)) != nil
                    }
                }
                return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(made == 1)
            #expect(try await subject.operations.grants(as: subject.caller).count == Contract.withPasswords.count)
        }
    }
}
