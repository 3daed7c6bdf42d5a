import AttendanceCore
import DialectAIMS
import Foundation
import HTTPMessages
import SQLStorage
import TestKit
import Testing
import Tokens

/// The dialect without sockets: requests go in and answers come out as an HTTP server would pass them.
struct Desk: Sendable {
    static let provider = ProviderKey(id: "golden-kid")
    static let stranger = ProviderKey(id: "stranger")

    let dialect: AIMSDialect
    let operations: Operations
    let clock: TestClock
    let fixtures: AIMSFixtures
    private let asked: AskedDialect

    /// - Parameter hasProvider: Whether anybody has said by which provider people sign in.
    init(
        _ subject: StoreUnderTest, _ configuration: AIMSConfiguration = .init(flagKey: "golden-bt-key"), hasProvider: Bool = true
    ) throws {
        clock = subject.clock
        fixtures = try AIMSFixtures(try Self.golden().fixtures)
        operations = Operations(
            store: subject.store, ambient: .test(subject.clock), sealer: subject.store.sealer, zones: .test,
            secrets: .test(key: subject.store.tokenKey, bearerSecret: Array(fixtures.secret.utf8)))
        let clock = clock
        let keys = KeySetCache(uptime: { clock.now.microseconds }, report: { _ in }) {
            FetchedKeySet(body: Array(#"{"keys":[\#(Self.provider.jwk())]}"#.utf8), freshSeconds: 3_600)
        }
        let verifier = IDTokenVerifier(IDTokenRules(audiences: [fixtures.clientID]), keys: keys, now: { clock.now })
        dialect = AIMSDialect(
            operations: operations, configuration: configuration,
            provider: hasProvider ? IdentityProvider(verifier: verifier) : nil)
        asked = try AskedDialect(dialect)
    }

    static func golden() throws -> GoldenSuite {
        let file = try #require(Bundle.module.url(forResource: "Golden/aims", withExtension: "json"))
        return try GoldenSuite(Array(Data(contentsOf: file)))
    }

    var now: Int64 { clock.now.microseconds / 1_000_000 }

    /// Prepares what the cases expect, and returns the variables that they name.
    func furnish() async throws -> [String: String] {
        _ = try await operations.allowEmails(fixtures.allowed, as: .commandLine(tenant: .default))
        var ids: [String: String] = [:]
        for user in fixtures.users {
            let token = fixtures.idToken(of: user, by: Self.provider, now: now)
            let path = user.role == .student ? "/auth/google/student" : "/auth/google"
            let answer = try await ask(.post, path, #"{"idToken":"\#(token)"}"#)
            ids[user.variable] = try #require(try Plain(answer.body)["user"]?["id"]?.text, "\(answer.text)")
        }
        let classes = try await fixtures.makeClasses(ids: ids, now: now) { try await answer($0) }
        return try ids.merging(classes) { $1 }.merging(fixtures.tokens(ids: ids, by: Self.provider, now: now)) { $1 }
    }

    /// Answers a step of a golden case.
    func answer(_ request: GoldenRequest) async throws -> GoldenAnswer {
        let answer = try await ask(request.method, request.target, headers: request.headers, request.body)
        return GoldenAnswer(status: answer.status, headers: answer.headers, body: answer.body)
    }

    /// Asks with a JSON body, unless the headers say otherwise.
    func ask(
        _ method: HTTPMethod, _ target: String, headers: HeaderFields = [:], _ body: String = ""
    ) async throws -> Answer {
        var headers = headers
        if headers.first("Content-Type") == nil { headers.append("Content-Type", "application/json") }
        return try await ask(method, target, headers: headers, Array(body.utf8))
    }

    func ask(
        _ method: HTTPMethod, _ target: String, headers: HeaderFields, _ body: [UInt8]
    ) async throws -> Answer {
        let head = try #require(RequestHead(method: method, target: target, headers: headers))
        return try await Answer(asked.answer(head, body))
    }
}

extension HeaderFields {
    static func bearer(_ token: String?) -> HeaderFields { ["Authorization": "Bearer \(token ?? "")"] }
}
