import AttendanceCore
import DialectAIMS
import HTTPMessages
import TestKit
import Testing

@Suite struct `Signing in to AIMS` {
    private func body(_ token: String) -> String { #"{"idToken":"\#(token)"}"# }

    @Test func `refuses every forgery in the contract's words, and challenges nobody`() async throws {
        try await StoreKind.sqlite.withFreshStore { subject in
            let desk = try Desk(subject)
            _ = try await desk.furnish()
            try #require(ProviderAttack.all.count >= 25)
            for attack in ProviderAttack.all {
                let token = attack.token(Desk.provider, Desk.stranger, desk.now)
                let answer = try await desk.ask(.post, "/auth/google", body(token))
                #expect(answer.status == 401, "\(attack): \(answer.text)")
                #expect(
                    try Plain(answer.body)["detail"]?.text?.hasPrefix(attack.answer.rawValue) == true, "\(attack): \(answer.text)")
                #expect(answer.headers.first("WWW-Authenticate") == nil, "\(attack)")
            }
        }
    }

    @Test func `says why nobody can where no provider is named`() async throws {
        try await StoreKind.sqlite.withFreshStore { subject in
            let desk = try Desk(subject, hasProvider: false)
            for path in ["/auth/google", "/auth/google/student"] {
                let answer = try await desk.ask(.post, path, body("x"))
                #expect(
                    answer.status == 503 && answer.text.contains("GOOGLE_CLIENT_ID") && answer.headers.first("Retry-After") != nil)
                #expect(try await desk.ask(.post, path, "{}").status == 422)
            }
        }
    }

    @Test func `lets students in by their list, or any where that is set`() async throws {
        try await StoreKind.sqlite.withFreshStore { subject in
            let strict = try Desk(subject)
            let variables = try await strict.furnish()
            let unknown = body(variables["GOOGLE_ID_TOKEN_UNKNOWN"] ?? "")
            #expect(try await strict.ask(.post, "/auth/google/student", unknown).status == 403)
            let open = try Desk(subject, .init(isOpenToStudents: true))
            let answer = try await open.ask(.post, "/auth/google/student", unknown)
            #expect(answer.status == 200 && answer.text.contains(#""role":"student""#))
            #expect(answer.headers.first("Cache-Control") == "no-store")
            // Only the list opens the other door.
            #expect(try await open.ask(.post, "/auth/google", unknown).status == 403)
            let teacher = body(variables["GOOGLE_ID_TOKEN_TEACHER"] ?? "")
            let refused = try await open.ask(.post, "/auth/google/student", teacher)
            #expect(refused.status == 403 && refused.text.contains("teacher"))
        }
    }

    @Test func `gives a token that opens until it ends, or its owner is taken off the list`() async throws {
        try await StoreKind.sqlite.withFreshStore { subject in
            let desk = try Desk(subject)
            let variables = try await desk.furnish()
            let signedIn = try await desk.ask(.post, "/auth/google", body(variables["GOOGLE_ID_TOKEN_TEACHER"] ?? ""))
            let token = try Plain(signedIn.body)["token"]?.text
            func me(_ token: String?) async throws -> Answer { try await desk.ask(.get, "/users/me", headers: .bearer(token)) }
            #expect(try await me(token).status == 200)
            #expect(try await me(variables["TEACHER_JWT"]).status == 200)
            desk.clock.advance(milliseconds: 3_599_000)
            #expect(try await me(token).status == 200)
            desk.clock.advance(milliseconds: 1_000)
            let expired = try await me(token)
            #expect(expired.status == 401 && expired.text == #"{"detail":"Token has expired"}"#)
            #expect(expired.headers.first("WWW-Authenticate") == "Bearer")

            let fresh = try desk.fixtures.tokens(
                ids: variables.filter { $0.key.hasSuffix("_ID") }, by: Desk.provider, now: desk.now)
            #expect(try await me(fresh["TEACHER_JWT"]).status == 200)
            let caller = Caller.commandLine(tenant: .default)
            #expect(try await desk.operations.denyEmail("asha.verma@college.example", as: caller))
            let gone = try await me(fresh["TEACHER_JWT"])
            #expect(gone.status == 401 && gone.text == #"{"detail":"User not found"}"#)
            #expect(try await me(fresh["ADMIN_JWT"]).status == 200)
        }
    }

    @Test func `tells that the store is out of reach, and for how long`() async throws {
        let desk = try Desk(await .closed())
        let user = desk.fixtures.users[0]
        let token = desk.fixtures.idToken(of: user, by: Desk.provider, now: desk.now)
        let answer = try await desk.ask(.post, "/auth/google", body(token))
        #expect(answer.status == 503 && answer.headers.first("Retry-After") != nil)
    }
}
