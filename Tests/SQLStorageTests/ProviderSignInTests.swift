import AttendanceCore
import SQLStorage
import TestKit
import Testing

@Suite struct `Signing in with a provider` {
    private let students = ClassroomDoor.students(isOpen: false)

    @Test(arguments: StoreKind.underTest)
    func `makes an account once, with the role of the list, and remembers the moment`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            try await subject.allow("asha@college.example", .teacher)
            let first = try await subject.vouch("Asha@College.example", name: "Asha Verma")
            #expect(first.role == .teacher && first.grant.email == "asha@college.example" && first.profile.name == "Asha Verma")
            subject.clock.advance(milliseconds: 5_000)
            let second = try await subject.vouch("asha@college.example", name: nil)
            #expect(second.grant.id == first.grant.id && second.profile.name == "Asha Verma")
            #expect(second.profile.signedInAt == subject.clock.now)
            let third = try await subject.vouch("asha@college.example", name: "A. Verma")
            #expect(third.profile.name == "A. Verma")
            #expect(try await subject.operations.profile(of: first.grant.id, in: .default) == third.profile)
            let asker = try await subject.authenticate(first.token)
            #expect(asker.grant.id == first.grant.id && asker.caller.roles == [])
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `takes the list's name where the provider tells none, or what stands before the at`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            try await subject.allow("a@college.example", .teacher, name: "From the list")
            try await subject.allow("b.c@college.example", .admin)
            #expect(try await subject.vouch("a@college.example", name: nil).profile.name == "From the list")
            #expect(try await subject.vouch("b.c@college.example", name: nil).profile.name == "b.c")
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `is refused to whom no list names at that door`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            try await subject.allow("t@college.example", .teacher)
            try await subject.allow("s@mail.example", .student, other: "s@inst.example")
            await #expect(throws: ProviderSignInFault.notAllowed) { try await subject.vouch("x@mail.example") }
            await #expect(throws: ProviderSignInFault.notAllowed) { try await subject.vouch("s@mail.example") }
            await #expect(throws: ProviderSignInFault.notAllowed) { try await subject.vouch("x@mail.example", at: students) }
            await #expect(throws: ProviderSignInFault.notAllowed) { try await subject.vouch("no address", at: students) }
            #expect(try await subject.vouch("s@mail.example", at: students).role == .student)
            #expect(try await subject.vouch("S@inst.example", at: students).role == .student)
            #expect(try await subject.vouch("x@mail.example", at: .students(isOpen: true)).role == .student)
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `never makes a student of who teaches, and a teacher of a student whom the list promotes`(
        on kind: StoreKind
    ) async throws {
        try await kind.withFreshStore { subject in
            try await subject.allow("t@college.example", .teacher)
            try await subject.allow("t@college.example", .student)
            let teacher = try await subject.vouch("t@college.example")
            await #expect(throws: ProviderSignInFault.isStaff) { try await subject.vouch("t@college.example", at: students) }
            #expect(try await subject.authenticate(teacher.token).grant.role == "teacher")

            try await subject.allow("s@college.example", .student)
            let student = try await subject.vouch("s@college.example", at: students)
            try await subject.allow("s@college.example", .admin)
            // At once, whatever the token says.
            #expect(try await subject.authenticate(student.token).grant.role == "admin")
            #expect(try await subject.vouch("s@college.example").grant.id == student.grant.id)
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `ends with the allowance, at once and for every token`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            try await subject.allow("t@college.example", .teacher)
            let mine = try await subject.vouch("t@college.example")
            let others = subject.minted(for: mine, issuedIn: 3_600)
            #expect(try await subject.authenticate(others).grant.id == mine.grant.id)
            #expect(try await subject.operations.denyEmail("t@college.example", as: subject.caller))
            for token in [mine.token, others] {
                await #expect(throws: BearerFault.userNotFound) { try await subject.authenticate(token) }
            }
            await #expect(throws: ProviderSignInFault.notAllowed) { try await subject.vouch("t@college.example") }
            await #expect(throws: ProviderSignInFault.notAllowed) {
                try await subject.vouch("t@college.example", at: .students(isOpen: true))
            }
            try await subject.allow("t@college.example", .teacher)
            let again = try await subject.vouch("t@college.example")
            #expect(again.grant.id == mine.grant.id)
            _ = try await subject.authenticate(again.token)
            await #expect(throws: BearerFault.invalid(.init("it was ended"))) { try await subject.authenticate(mine.token) }
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `binds the provider's account, and refuses another one until somebody resets it`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            try await subject.allow("t@college.example", .teacher)
            let first = try await subject.vouch("t@college.example", subject: "1")
            await #expect(throws: ProviderSignInFault.otherIdentity) { try await subject.vouch("t@college.example", subject: "2") }
            await #expect(throws: ProviderSignInFault.otherIdentity) {
                try await subject.vouch("t@college.example", subject: "1", issuer: "https://other.example")
            }
            try await subject.operations.resetIdentity(of: "T@college.example", as: subject.caller)
            await #expect(throws: AttendanceError.notFound(.account)) {
                try await subject.operations.resetIdentity(of: "t@college.example", as: subject.caller)
            }
            await #expect(throws: BearerFault.invalid(.init("it was ended"))) { try await subject.authenticate(first.token) }
            #expect(try await subject.vouch("t@college.example", subject: "2").grant.id == first.grant.id)
            await #expect(throws: ProviderSignInFault.otherIdentity) { try await subject.vouch("t@college.example", subject: "1") }
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `adds a grant to an account with a password, and changes nothing else of it`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            let draft = GrantDraft(
                email: "chief@corp.example", username: "chief", password: "Correct-Horse-42", firstName: "Ada", lastName: "Chief",
                role: "Admin")
            let clock = try await subject.operations.createGrant(draft, of: .timeTracker, as: subject.caller)
            try await subject.allow("chief@corp.example", .admin)
            let signedIn = try await subject.vouch("chief@corp.example", name: "Somebody Else")
            #expect(signedIn.grant.account == clock.account && signedIn.grant.id != clock.id)
            #expect(signedIn.grant.username == "chief" && signedIn.grant.firstName == "Ada")
            let session = try await subject.operations.signIn(
                email: "chief@corp.example", password: "Correct-Horse-42", to: .timeTracker, in: .default, address: nil)
            // Tokens of one contract open nothing of the other.
            await #expect(throws: TokenFault.invalid) {
                try await subject.operations.authenticate(
                    accessToken: signedIn.token, for: .timeTracker, in: .default, address: nil)
            }
            await #expect(throws: BearerFault.self) { try await subject.authenticate(session.access) }
            let trail = try await subject.store.read(in: .default) { tx throws(AttendanceError) in try tx.auditEntries(limit: 5) }
            #expect(trail.contains { $0.act == .identityBound } && trail.contains { $0.act == .roleGranted })
            // An admin with a password is listed among admins; who comes from the provider is not.
            #expect(try await subject.operations.grants(as: subject.caller).map(\.contract) == [.timeTracker])
            // Leaving the one contract leaves the other.
            _ = try await subject.operations.createGrant(
                GrantDraft(email: "b@corp.example", username: "b", password: "Correct-Horse-42", role: "Admin"), of: .timeTracker,
                as: subject.caller)
            try await subject.operations.deleteGrant(clock.id, of: .timeTracker, as: subject.caller)
            _ = try await subject.authenticate(signedIn.token)
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `by many at once for the first time makes one account`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            try await subject.allow("t@college.example", .teacher)
            let ids = try await withThrowingTaskGroup(of: Identifier<Grant>.self) { group in
                for _ in 0..<20 { group.addTask { try await subject.vouch("t@college.example").grant.id } }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(ids.count == 1)
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `in another tenant is another grant of the same account`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            let north = try await subject.operations.createTenant(named: try TenantName(parsing: "north"), as: subject.caller)
            try await subject.allow("t@college.example", .teacher)
            let here = try await subject.vouch("t@college.example")
            await #expect(throws: ProviderSignInFault.notAllowed) { try await subject.vouch("t@college.example", in: north.id) }
            _ = try await subject.operations.allowEmails(
                [try AllowedEmailDraft(email: "t@college.example", role: .admin)], as: .commandLine(tenant: north.id))
            let there = try await subject.vouch("t@college.example", in: north.id)
            #expect(there.grant.account == here.grant.account && there.grant.id != here.grant.id && there.role == .admin)
            await #expect(throws: BearerFault.invalid(.init("it was made for something else"))) {
                try await subject.operations.authenticate(bearer: here.token, for: .aims, in: north.id, address: nil)
            }
            await #expect(throws: BearerFault.userNotFound) {
                try await subject.operations.authenticate(
                    bearer: subject.minted(for: here), for: .aims, in: north.id, address: nil)
            }
        }
    }
}

extension StoreUnderTest {
    fileprivate func allow(
        _ email: WireText, _ role: ClassroomRole, other: WireText? = nil, name: WireText? = nil
    ) async throws {
        _ = try await operations.allowEmails(
            [try AllowedEmailDraft(email: email, role: role, otherEmail: other, name: name)], as: caller)
    }

    fileprivate func vouch(
        _ email: WireText, name: WireText? = "N", subject: String? = nil, issuer: String = "https://accounts.google.com",
        at door: ClassroomDoor = .staff, in tenant: TenantID = .default
    ) async throws(ProviderSignInFault) -> SignedInWithProvider {
        try await operations.signIn(
            ProviderIdentity(issuer: issuer, subject: subject ?? "g-\(email.folded)", email: email, name: name), at: door,
            in: tenant, address: nil)
    }

    fileprivate func authenticate(_ token: String) async throws(BearerFault) -> AccountCaller {
        try await operations.authenticate(bearer: token, for: .aims, in: .default, address: nil)
    }

    /// A token with the contract's claims alone, as another holder of the secret makes it.
    fileprivate func minted(for signedIn: SignedInWithProvider, issuedIn seconds: Int64 = 0) -> String {
        let now = clock.now.microseconds / 1_000_000
        return AccountSecrets.test().bearer?.sign(
            BearerClaims(
                subject: signedIn.grant.id.text, email: signedIn.grant.email.text, role: signedIn.role.rawValue,
                issuedAt: now + seconds, expiresAt: now + seconds + 3_600)) ?? ""
    }
}
