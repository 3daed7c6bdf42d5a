import AttendanceCore
import FoundationEssentials
import SQLStorage
import Synchronization
import TestKit
import Testing

extension StoreUnderTest {
    static let password = "correct horse"

    func admin(_ name: String, isActive: Bool = true, as caller: Caller? = nil) async throws -> Grant {
        try await operations.createGrant(
            GrantDraft(
                email: WireText("\(name)@Corp.Example"), username: WireText(name), password: Self.password, firstName: "First",
                lastName: WireText(name), role: "HR Admin", isActive: isActive),
            of: .timeTracker, as: caller ?? self.caller)
    }

    func signIn(
        _ email: WireText, _ password: String = password, in tenant: TenantID = .default, address: String? = "192.0.2.7"
    ) async throws(AttendanceError) -> SignedIn {
        try await operations.signIn(email: email, password: password, to: .timeTracker, in: tenant, address: address)
    }

    func whoIs(_ token: String, in tenant: TenantID = .default) async throws(TokenFault) -> AccountCaller {
        try await operations.authenticate(accessToken: token, for: .timeTracker, in: tenant, address: "192.0.2.7")
    }

    func toggled(_ grant: Grant) async throws(AttendanceError) -> Grant {
        try await operations.toggleGrant(grant.id, of: .timeTracker, as: caller)
    }

    func acts() async throws -> [AuditAct] {
        try await store.read(in: .default) { tx throws(AttendanceError) in try tx.auditEntries(limit: 100) }.map(\.act)
    }

    /// Another organisation, and who may do everything there.
    func elsewhere() async throws -> Caller {
        let tenant = try await operations.createTenant(named: try TenantName(parsing: "north"), as: caller)
        return Caller(tenant: tenant.id, name: "key/north", roles: .all)
    }
}

@Suite struct `Signing in` {
    @Test(arguments: StoreKind.underTest)
    func `gives two tokens, of which one opens things`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            let grant = try await subject.admin("mara")
            #expect(grant.email == "mara@corp.example")
            let signedIn = try await subject.signIn("MARA@corp.EXAMPLE")
            #expect(signedIn.grant == grant)
            let caller = try await subject.whoIs(signedIn.access)
            #expect(caller.grant == grant)
            #expect(caller.caller == Caller(tenant: .default, name: grant.callerName, roles: .all, address: "192.0.2.7"))
            #expect(caller.caller.name.text == "account/\(grant.id.text.prefix(8))")
            await #expect(throws: TokenFault.wrongType) { try await subject.whoIs(signedIn.refresh) }
            #expect(try await subject.acts() == [.signedIn, .adminCreated])
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `is refused in one way, whatever is wrong`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            _ = try await subject.admin("mara")
            _ = try await subject.admin("idle", isActive: false)
            for (email, password) in [
                ("mara@corp.example", "wrong"), ("mara@corp.example", ""), ("nobody@corp.example", StoreUnderTest.password),
                ("idle@corp.example", StoreUnderTest.password), ("", ""), ("mara@corp.example ", StoreUnderTest.password),
            ] {
                await #expect(throws: AttendanceError.notAuthenticated, "\(email)") {
                    try await subject.signIn(WireText(email), password)
                }
            }
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `with a hash of another system replaces it, and ends no token`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            let imported = ImportedGrant(
                id: Identifier(rawValue: UUID()), email: "old@corp.example", username: "old",
                passwordHash: PasswordHash("old$secret"), firstName: "", lastName: "", role: "Admin", isActive: true,
                createdAt: Instant(microseconds: 1_700_000_000_000_000))
            let grant = try await subject.operations.importGrant(imported, of: .timeTracker, as: subject.caller)
            #expect(grant.id == imported.id && grant.createdAt == imported.createdAt)
            let first = try await subject.signIn("old@corp.example", "secret")
            _ = try await subject.signIn("old@corp.example", "secret")
            #expect(try await subject.whoIs(first.access).grant.id == imported.id)
            let hash = try await subject.store.read(in: .default) { tx throws(AttendanceError) in
                try tx.credentials(of: "old@corp.example", for: .timeTracker)?.passwordHash
            }
            #expect(hash == PasswordHash("test$secret"))
            await #expect(throws: AttendanceError.accountTaken([.email, .username])) {
                try await subject.operations.importGrant(imported, of: .timeTracker, as: subject.caller)
            }
        }
    }

    /// How long an answer takes tells nothing: the same work is done for an e-mail that nobody has.
    @Test(arguments: [
        ("mara@corp.example", "wrong"), ("nobody@corp.example", "wrong"), ("idle@corp.example", StoreUnderTest.password),
    ])
    func `compares one password, whoever is meant`(email: String, password: String) async throws {
        try await StoreKind.sqlite.withFreshStore { subject in
            _ = try await subject.admin("mara")
            _ = try await subject.admin("idle", isActive: false)
            let compared = Mutex<[String]>([])
            var secrets = AccountSecrets.test(key: subject.store.tokenKey)
            secrets.verify = { [verify = secrets.verify] password, hash throws(AttendanceError) in
                compared.withLock { $0.append(password) }
                return try await verify(password, hash)
            }
            let operations = Operations(
                store: subject.store, ambient: .test(subject.clock), sealer: subject.store.sealer, zones: .test, secrets: secrets)
            await #expect(throws: AttendanceError.notAuthenticated) {
                try await operations.signIn(
                    email: WireText(email), password: password, to: .timeTracker, in: .default, address: nil)
            }
            #expect(compared.withLock { $0 } == [password])
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `gives nothing where the password changes while it is compared`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            let mara = try await subject.admin("mara")
            var secrets = AccountSecrets.test(key: subject.store.tokenKey)
            secrets.verify = { [verify = secrets.verify] password, hash throws(AttendanceError) in
                _ = try await subject.operations.changeGrant(
                    mara.id, GrantChange(password: "another"), of: .timeTracker, as: subject.caller)
                return try await verify(password, hash)
            }
            let operations = Operations(
                store: subject.store, ambient: .test(subject.clock), sealer: subject.store.sealer, zones: .test, secrets: secrets)
            await #expect(throws: AttendanceError.notAuthenticated) {
                try await operations.signIn(
                    email: "mara@corp.example", password: StoreUnderTest.password, to: .timeTracker, in: .default, address: nil)
            }
            _ = try await subject.signIn("mara@corp.example", "another")
        }
    }

    // MARK: The brake

    @Test(arguments: StoreKind.underTest)
    func `is slowed down after vain attempts, for names that nobody has too`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            _ = try await subject.admin("mara")
            for email in ["mara@corp.example", "nobody@corp.example"] as [WireText] {
                for attempt in 0..<SignInLimits.attemptsPerAccountMax {
                    await #expect(throws: AttendanceError.notAuthenticated, "\(attempt)") {
                        try await subject.signIn(email, "wrong", address: "192.0.2.\(attempt)")
                    }
                }
                subject.clock.advance(milliseconds: 100_500)
                // Also with the right password, in another spelling, and from anywhere.
                for spelling in [email, WireText(email.text.uppercased())] {
                    await #expect(throws: AttendanceError.tooManySignIns(retryAfterSeconds: 800)) {
                        try await subject.signIn(spelling, address: nil)
                    }
                }
            }
            subject.clock.advance(milliseconds: 799_499)
            await #expect(throws: AttendanceError.tooManySignIns(retryAfterSeconds: 1)) {
                try await subject.signIn("nobody@corp.example", "wrong", address: nil)
            }
            subject.clock.advance(milliseconds: 1)
            await #expect(throws: AttendanceError.notAuthenticated) {
                try await subject.signIn("nobody@corp.example", "wrong", address: nil)
            }
            _ = try await subject.signIn("mara@corp.example")
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `takes its own count back where it succeeds`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            _ = try await subject.admin("mara")
            for _ in 0..<8 {
                for _ in 0..<7 { _ = try? await subject.signIn("mara@corp.example", "wrong") }
                _ = try await subject.signIn("mara@corp.example")
            }
            // The address keeps what was in vain: 56 of 60.
            for _ in 0..<4 { await #expect(throws: AttendanceError.notAuthenticated) { try await subject.signIn("x", "y") } }
            await #expect(throws: AttendanceError.tooManySignIns(retryAfterSeconds: 900)) {
                try await subject.signIn("mara@corp.example")
            }
            _ = try await subject.signIn("mara@corp.example", address: "198.51.100.1")
        }
    }

    @Test(arguments: [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:0:0:9", true), ("2001:db8:1:2::1", "2001:db8:1:3::1", false),
        ("::1", "0:0:0:0::2", true), ("192.0.2.1", "192.0.2.2", false), ("192.0.2.1", "192.0.2.1", true),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", false), ("2001:0DB8:1:02::", "2001:db8:1:2::", true),
    ])
    func `counts an IPv6 network as one address`(one: String, other: String, areOne: Bool) async throws {
        try await StoreKind.sqlite.withFreshStore { subject in
            for number in 0..<SignInLimits.attemptsPerAddressMax {
                _ = try? await subject.signIn(WireText("n\(number)"), "wrong", address: one)
            }
            await #expect(throws: areOne ? AttendanceError.tooManySignIns(retryAfterSeconds: 900) : .notAuthenticated) {
                try await subject.signIn("somebody", "wrong", address: other)
            }
        }
    }

    /// Two stores on one file or schema are what two processes are.
    @Test(arguments: StoreKind.underTest)
    func `is counted together by all processes, also at once`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            let other = try StoreUnderTest(kind: kind, engine: subject.engine, clock: subject.clock)
            _ = try await subject.admin("mara")
            let outcomes = await withTaskGroup(of: AttendanceError?.self) { group in
                for number in 0..<30 {
                    let place = number.isMultiple(of: 2) ? subject : other
                    group.addTask {
                        do throws(AttendanceError) {
                            _ = try await place.signIn("mara@corp.example", "wrong", address: nil)
                            return nil
                        } catch {
                            return error
                        }
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes.count { $0 == .notAuthenticated } == SignInLimits.attemptsPerAccountMax)
            let sentAway = outcomes.count { $0 == .tooManySignIns(retryAfterSeconds: 900) }
            #expect(sentAway == 30 - Int(SignInLimits.attemptsPerAccountMax))
            await other.store.close()
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `counts no more names than there is room for`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            @Sendable func key(_ byte: UInt8) -> SignInKey {
                SignInKey(kind: .account, name: Pseudonym(Array(repeating: byte, count: 16)))
            }
            for byte in UInt8(0)..<20 {
                subject.clock.advance(milliseconds: 1)
                let now = subject.clock.now
                try await subject.store.write(in: .default) { tx throws(AttendanceError) in
                    _ = try tx.countSignIn(key(byte), at: now, stretchFrom: now.adding(seconds: -900), keysMax: 5)
                }
            }
            func rows() throws -> Int64 {
                let connection = try subject.engine.connect(.reading)
                defer { connection.close() }
                return try connection.run("SELECT COUNT(*) FROM sign_in_attempt")[0].integer(0)
            }
            #expect(try rows() == 5)
            // What is over goes too.
            subject.clock.advance(milliseconds: 900_000)
            _ = try? await subject.signIn("x", "y", address: nil)
            #expect(try rows() == 1)
        }
    }
}

@Suite struct `A token of somebody signed in` {
    @Test(arguments: StoreKind.underTest)
    func `opens nothing of another tenant, and none that a stranger signed`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            _ = try await subject.admin("mara")
            let north = try await subject.elsewhere()
            let token = try await subject.signIn("mara@corp.example").access
            await #expect(throws: TokenFault.invalid) { try await subject.whoIs(token, in: north.tenant) }
            await #expect(throws: AttendanceError.notAuthenticated) {
                try await subject.signIn("mara@corp.example", in: north.tenant)
            }
            let stranger = Operations(
                store: subject.store, ambient: .test(subject.clock), sealer: subject.store.sealer, zones: .test, secrets: .test())
            let forged = try await stranger.signIn(
                email: "mara@corp.example", password: StoreUnderTest.password, to: .timeTracker, in: .default, address: nil)
            for text in [forged.access, "", "x", token + "x", String(token.dropLast())] {
                await #expect(throws: TokenFault.invalid) { try await subject.whoIs(text) }
            }
        }
    }

    /// Each claim that decides what a token is for, changed and signed with the right key.
    @Test func `opens nothing when it was made for something else`() async throws {
        try await StoreKind.sqlite.withFreshStore { subject in
            let secrets = AccountSecrets.test(key: subject.store.tokenKey)
            let grant = try await subject.admin("mara")
            let token = try await subject.signIn("mara@corp.example").access
            let claims = try #require(secrets.claims(token))
            #expect(claims.purpose == "timetracker/1/access" && claims.subject == grant.id.text)
            #expect(claims.expiresAt - claims.issuedAt == 3_650 * 86_400)
            func changed(_ change: (inout TokenClaims) -> Void) -> String {
                var other = claims
                change(&other)
                return secrets.sign(other)
            }
            for (text, fault) in [
                (changed { $0.purpose = "timetracker/2/access" }, TokenFault.invalid),
                (changed { $0.purpose = "sioma/1/access" }, .invalid), (changed { $0.purpose = "timetracker/1/refresh" }, .invalid),
                (changed { $0.purpose = "" }, .invalid), (changed { $0.kind = .refresh }, .invalid),
                (
                    changed {
                        $0.kind = .refresh
                        $0.purpose = "timetracker/1/refresh"
                    }, .wrongType
                ),
                (changed { $0.subject = UUID().uuidString }, .userNotFound), (changed { $0.subject = "mara" }, .invalid),
                (changed { $0.epoch += 1 }, .invalid), (changed { $0.epoch -= 1 }, .invalid),
                (changed { $0.expiresAt = claims.issuedAt }, .expired), (changed { $0.expiresAt = .min }, .expired),
            ] {
                await #expect(throws: fault) { try await subject.whoIs(text) }
            }
            let endless = changed { $0.expiresAt = .max }
            #expect(secrets.claims(endless)?.expiresAt == .max)
            #expect(try await subject.whoIs(endless).grant == grant)
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `ends with its time`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            let short = Operations(
                store: subject.store, ambient: .test(subject.clock), sealer: subject.store.sealer, zones: .test,
                secrets: .test(key: subject.store.tokenKey, lifetimes: TokenLifetimes(accessSeconds: 3_600)))
            _ = try await subject.admin("mara")
            let token = try await short.signIn(
                email: "mara@corp.example", password: StoreUnderTest.password, to: .timeTracker, in: .default, address: nil
            ).access
            subject.clock.advance(milliseconds: 3_599_999)
            _ = try await subject.whoIs(token)
            subject.clock.advance(milliseconds: 1)
            await #expect(throws: TokenFault.expired) { try await subject.whoIs(token) }
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `ends alone when somebody signs out`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            _ = try await subject.admin("mara")
            let one = try await subject.signIn("mara@corp.example").access
            let other = try await subject.signIn("mara@corp.example").access
            try await subject.operations.signOut(accessToken: one, for: .timeTracker, in: .default, address: nil)
            await #expect(throws: TokenFault.invalid) { try await subject.whoIs(one) }
            await #expect(throws: TokenFault.invalid) {
                try await subject.operations.signOut(accessToken: one, for: .timeTracker, in: .default, address: nil)
            }
            _ = try await subject.whoIs(other)
            #expect(try await subject.acts().first == .signedOut)
            // What has expired needs no remembering.
            subject.clock.advance(milliseconds: 3_651 * 86_400_000)
            let late = try await subject.signIn("mara@corp.example").access
            try await subject.operations.signOut(accessToken: late, for: .timeTracker, in: .default, address: nil)
            let connection = try subject.engine.connect(.reading)
            #expect(try connection.run("SELECT COUNT(*) FROM ended_token")[0].integer(0) == 1)
            connection.close()
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `ends when the password changes, the account is deactivated or deleted`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            let operations = subject.operations
            _ = try await subject.admin("other")
            let grant = try await subject.admin("mara")
            let first = try await subject.signIn("mara@corp.example").access
            _ = try await operations.changeGrant(grant.id, GrantChange(password: "another"), of: .timeTracker, as: subject.caller)
            await #expect(throws: TokenFault.invalid) { try await subject.whoIs(first) }
            await #expect(throws: AttendanceError.notAuthenticated) { try await subject.signIn("mara@corp.example") }

            let second = try await subject.signIn("mara@corp.example", "another").access
            #expect(try await subject.toggled(grant).isActive == false)
            await #expect(throws: TokenFault.userInactive) { try await subject.whoIs(second) }
            // Coming back does not bring old tokens back.
            #expect(try await subject.toggled(grant).isActive)
            await #expect(throws: TokenFault.invalid) { try await subject.whoIs(second) }

            let third = try await subject.signIn("mara@corp.example", "another").access
            try await operations.resetPassword(of: "Mara@corp.example", to: "reset", activating: false, as: subject.caller)
            await #expect(throws: TokenFault.invalid) { try await subject.whoIs(third) }
            let fourth = try await subject.signIn("mara@corp.example", "reset").access
            // A change of names ends nothing.
            _ = try await operations.changeGrant(
                grant.id, GrantChange(email: "m@corp.example", role: "Boss"), of: .timeTracker, as: subject.caller)
            #expect(try await subject.whoIs(fourth).grant.email == "m@corp.example")
            try await operations.deleteGrant(grant.id, of: .timeTracker, as: subject.caller)
            await #expect(throws: TokenFault.userNotFound) { try await subject.whoIs(fourth) }
        }
    }

    /// An import brings identities along, so one that is gone can come again.
    @Test(arguments: StoreKind.underTest)
    func `of somebody who was deleted opens nothing when they are brought in again`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            let operations = subject.operations
            _ = try await subject.admin("other")
            let row = ImportedGrant(
                id: Identifier(rawValue: UUID()), email: "mara@corp.example", username: "mara",
                passwordHash: PasswordHash("test$secret"), firstName: "", lastName: "", role: "Admin", isActive: true,
                createdAt: Instant(microseconds: 1_700_000_000_000_000))
            var former: [String] = []
            for _ in 0..<3 {
                let grant = try await operations.importGrant(row, of: .timeTracker, as: subject.caller)
                former.append(try await subject.signIn("mara@corp.example", "secret").access)
                // What ends tokens counts on from where they began.
                _ = try await subject.toggled(grant)
                _ = try await subject.toggled(grant)
                former.append(try await subject.signIn("mara@corp.example", "secret").access)
                try await operations.deleteGrant(grant.id, of: .timeTracker, as: subject.caller)
            }
            let again = try await operations.importGrant(row, of: .timeTracker, as: subject.caller)
            for token in former {
                await #expect(throws: TokenFault.invalid) { try await subject.whoIs(token) }
            }
            let fresh = try await subject.signIn("mara@corp.example", "secret").access
            #expect(try await subject.whoIs(fresh).grant == again)
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `is judged by one look, and nothing is written`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            _ = try await subject.admin("mara")
            let token = try await subject.signIn("mara@corp.example").access
            let counting = CountingStore(subject.store)
            let operations = Operations(
                store: counting, ambient: .test(subject.clock), sealer: subject.store.sealer, zones: .test,
                secrets: .test(key: subject.store.tokenKey))
            for _ in 0..<3 {
                _ = try await operations.authenticate(accessToken: token, for: .timeTracker, in: .default, address: nil)
            }
            _ = try? await operations.authenticate(accessToken: token + "x", for: .timeTracker, in: .default, address: nil)
            #expect(counting.reads == 3 && counting.writes == 0)
        }
    }
}
