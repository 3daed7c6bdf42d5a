import AttendanceCore
import Synchronization
import TestKit
import Testing
@testable import Tokens

/// Keys are dear to make, so the suites share them.
private enum Keys {
    static let provider = ProviderKey(id: "golden-kid")
    static let stranger = ProviderKey(id: "stranger")
    static let now: Int64 = 1_770_883_200
}

/// A provider whose answers a test decides on, with clocks that it moves.
private final class Provider: Sendable {
    private struct State {
        var uptime: Int64 = 1_000_000_000
        var asked = 0
        var reports: [String] = []
        var answer: @Sendable () async throws -> FetchedKeySet
    }

    private let state: Mutex<State>

    init(_ answer: @escaping @Sendable () async throws -> FetchedKeySet) {
        state = Mutex(State(answer: answer))
    }

    convenience init(keys: String..., freshSeconds: Int64? = 3_600) {
        let text = Self.set(keys)
        self.init { FetchedKeySet(body: text, freshSeconds: freshSeconds) }
    }

    static func set(_ keys: [String]) -> [UInt8] { Array(#"{"keys":[\#(keys.joined(separator: ","))]}"#.utf8) }

    func answer(_ answer: @escaping @Sendable () async throws -> FetchedKeySet) { state.withLock { $0.answer = answer } }
    func answer(keys: String..., freshSeconds: Int64? = 3_600) {
        let text = Self.set(keys)
        answer { FetchedKeySet(body: text, freshSeconds: freshSeconds) }
    }
    func pass(seconds: Int64) { state.withLock { $0.uptime += seconds * 1_000_000 } }
    var asked: Int { state.withLock { $0.asked } }
    var reports: [String] { state.withLock { $0.reports } }

    func cache() -> KeySetCache {
        KeySetCache(
            uptime: { self.state.withLock { $0.uptime } }, report: { why in self.state.withLock { $0.reports.append(why) } },
            fetch: {
                let answer = self.state.withLock { state in
                    state.asked += 1
                    return state.answer
                }
                return try await answer()
            })
    }
}

@Suite struct `An ID token` {
    private func verifier(
        _ rules: IDTokenRules = IDTokenRules(audiences: ["other-app", IDTokenClaims.clientID]),
        _ provider: Provider = Provider(keys: Keys.provider.jwk())
    ) -> IDTokenVerifier {
        IDTokenVerifier(rules, keys: provider.cache(), now: { Instant(microseconds: Keys.now * 1_000_000 + 999_999) })
    }

    private let claims = IDTokenClaims(email: "Asha@College.example", name: "Asha Verma", now: Keys.now)

    @Test func `vouches for whom it names`() async throws {
        let identity = try await verifier().verify(Keys.provider.token(claims: claims.json))
        #expect(
            identity
                == ProviderIdentity(
                    issuer: "https://accounts.google.com", subject: "g-Asha@College.example", email: "Asha@College.example",
                    name: "Asha Verma"))
    }

    @Test(arguments: [
        ("iss", "\"accounts.google.com\""), ("aud", "\"other-app\""), ("aud", "[\"\(IDTokenClaims.clientID)\"]"),
        ("aud", "[\"other-app\",\"\(IDTokenClaims.clientID)\"]"), ("iat", "\(Keys.now + 60)"), ("nbf", "\(Keys.now + 60)"),
        ("exp", "\(Keys.now + 1)"), ("name", "null"), ("name", "\" \""), ("hd", "\"college.example\""),
        ("locale", "{\"a\":[1]}"),
    ])
    func `may say so in other ways`(name: String, json: String) async throws {
        let identity = try await verifier().verify(Keys.provider.token(claims: claims.setting(name, json).json))
        #expect(identity.issuer == "https://accounts.google.com" && identity.email == "Asha@College.example")
        if name == "name" { #expect(identity.name == nil) }
    }

    @Test func `has many forgeries, each of them refused in the contract's words`() async throws {
        let verifier = verifier()
        #expect(ProviderAttack.all.count >= 45)
        for attack in ProviderAttack.all {
            do throws(ProviderFault) {
                _ = try await verifier.verify(attack.token(Keys.provider, Keys.stranger, Keys.now))
                Issue.record("\(attack) was let in")
            } catch {
                switch (error, attack.answer) {
                case (.invalid, .invalid), (.unverified, .unverified): break
                default: Issue.record("\(attack): \(error)")
                }
            }
        }
    }

    @Test func `of another provider is taken where that is the one, and Google's is not`() async throws {
        let verifier = verifier(IDTokenRules(audiences: [IDTokenClaims.clientID], issuer: "https://id.school.example/realm"))
        let theirs = Keys.provider.token(claims: claims.setting("iss", "\"https://id.school.example/realm\"").json)
        #expect(try await verifier.verify(theirs).issuer == "https://id.school.example/realm")
        await #expect(throws: ProviderFault.invalid("wrong issuer")) {
            try await verifier.verify(Keys.provider.token(claims: claims.json))
        }
    }

    @Test func `has to be of the organisation where one is asked for`() async throws {
        let verifier = verifier(IDTokenRules(audiences: [IDTokenClaims.clientID], hostedDomain: "College.example"))
        _ = try await verifier.verify(Keys.provider.token(claims: claims.setting("hd", "\"college.EXAMPLE\"").json))
        for other in [claims, claims.setting("hd", "\"evil.example\""), claims.setting("hd", "[\"college.example\"]")] {
            await #expect(throws: ProviderFault.self) { try await verifier.verify(Keys.provider.token(claims: other.json)) }
        }
    }

    @Test func `that is nonsense never makes anybody ask the provider`() async throws {
        let provider = Provider(keys: Keys.provider.jwk())
        let verifier = verifier(IDTokenRules(audiences: ["a"]), provider)
        for text in ["", "a.b.c", "..", String(repeating: "x", count: 1_000_000)] {
            await #expect(throws: ProviderFault.self) { try await verifier.verify(text) }
        }
        #expect(provider.asked == 0)
    }
}

@Suite struct `A provider's keys` {
    @Test(arguments: [nil, 0, 3_600, 1_000_000] as [Int64?])
    func `are kept as long as the provider allows, within bounds`(allowed: Int64?) async {
        let provider = Provider(keys: Keys.provider.jwk(), freshSeconds: allowed)
        let cache = provider.cache()
        let kept = min(max(allowed ?? KeySetCache.freshSecondsStandard, KeySetCache.freshSecondsMin), KeySetCache.freshSecondsMax)
        #expect(await cache.find("golden-kid").isFound)
        provider.pass(seconds: kept * 8 / 10 - 1)
        #expect(await cache.find("golden-kid").isFound)
        #expect(provider.asked == 1)
        provider.answer { throw KeySetFlaw("gone") }
        provider.pass(seconds: kept * 2 / 10)
        // Asked again in good time, and in vain; nobody had to wait for that.
        #expect(await cache.find("golden-kid").isFound)
        provider.pass(seconds: 2)
        guard case .noKeys = await cache.find("golden-kid") else {
            Issue.record("keys were used beyond their time")
            return
        }
    }

    @Test func `that are not known are asked for once in a while, however many want them`() async {
        let provider = Provider(keys: Keys.provider.jwk())
        let cache = provider.cache()
        #expect(await cache.find("golden-kid").isFound)
        for round in 1...3 {
            provider.pass(seconds: KeySetCache.unknownKeySecondsMin)
            await withTaskGroup { group in
                for number in 0..<200 { group.addTask { #expect(await cache.find("kid-\(number)").isUnknown) } }
            }
            #expect(provider.asked == 1 + round)
        }
        // A new key is found with the next question that is due.
        provider.answer(keys: Keys.stranger.jwk())
        #expect(await cache.find("stranger").isUnknown)
        provider.pass(seconds: KeySetCache.unknownKeySecondsMin)
        #expect(await cache.find("stranger").isFound)
        // What the provider has withdrawn holds no more.
        #expect(await cache.find("golden-kid").isUnknown)
    }

    @Test func `that are known are found while the provider lets others wait`() async {
        let provider = Provider(keys: Keys.provider.jwk())
        let cache = provider.cache()
        #expect(await cache.find("golden-kid").isFound)
        let (waiting, answer) = AsyncStream.makeStream(of: Void.self)
        let text = Provider.set([Keys.provider.jwk(), Keys.stranger.jwk()])
        provider.answer {
            for await _ in waiting { break }
            return FetchedKeySet(body: text, freshSeconds: 60)
        }
        provider.pass(seconds: KeySetCache.unknownKeySecondsMin)
        async let late = cache.find("stranger").isFound
        while provider.asked < 2 { await Task.yield() }
        for _ in 0..<100 { #expect(await cache.find("golden-kid").isFound) }
        answer.yield()
        #expect(await late)
    }

    @Test func `that cannot be had are not asked for by everybody`() async {
        let provider = Provider { throw KeySetFlaw("nobody answers") }
        let cache = provider.cache()
        await withTaskGroup { group in
            for _ in 0..<100 {
                group.addTask {
                    guard case .noKeys(let seconds) = await cache.find("golden-kid") else {
                        Issue.record("there are keys")
                        return
                    }
                    #expect(1...5 ~= seconds)
                }
            }
        }
        #expect(provider.asked == 1 && provider.reports == ["nobody answers"])
        provider.answer(keys: Keys.provider.jwk())
        provider.pass(seconds: KeySetCache.retrySeconds - 1)
        #expect(await !cache.find("golden-kid").isFound)
        provider.pass(seconds: 1)
        #expect(await cache.find("golden-kid").isFound)
        #expect(provider.asked == 2)
    }

    @Test func `stay in use where the provider suddenly says something else`() async {
        let provider = Provider(keys: Keys.provider.jwk())
        let cache = provider.cache()
        #expect(await cache.find("golden-kid").isFound)
        for text in ["<html>", "", "[]", "{}", #"{"keys":{}}"#, #"{"keys":[]}"#, #"{"keys":[1,null,"a"]}"#] {
            provider.answer { FetchedKeySet(body: Array(text.utf8), freshSeconds: 3_600) }
            provider.pass(seconds: KeySetCache.unknownKeySecondsMin)
            #expect(await cache.find("new").isUnknown)
            #expect(await cache.find("golden-kid").isFound)
        }
        #expect(provider.reports.count == 7)
    }

    /// A key set that holds one good key, called `good`, and another that is not taken.
    @Test(arguments: [
        Keys.provider.jwk(more: #","d":"AQAB""#), Keys.provider.jwk(more: #","p":"AQAB""#),
        ProviderKey(id: "golden-kid", bits: 1_024).jwk(), ProviderKey(id: "golden-kid", bits: 2_047).jwk(),
        Keys.provider.jwk() + "," + Keys.stranger.jwk(id: "golden-kid"), Keys.provider.jwk() + "," + Keys.provider.jwk(),
        Keys.provider.jwk().replacing(#""RS256""#, #""RS512""#), Keys.provider.jwk().replacing(#""sig""#, #""enc""#),
        Keys.provider.jwk().replacing(#""RSA""#, #""EC""#), Keys.provider.jwk(more: #","key_ops":["encrypt"]"#),
        Keys.provider.jwk().replacing("AQAB", "AQ"), Keys.provider.jwk().replacing("AQAB", "AAEAAQ"),
        Keys.provider.jwk().replacing("AQAB", "AQAA"), Keys.provider.jwk().replacing("AQAB", "AQAB="),
        Keys.provider.jwk().replacing(#""n":""#, #""n":"AA"#), #"{"kty":"RSA","kid":"golden-kid","n":"","e":""}"#,
        #"{"kty":"oct","kid":"golden-kid","k":"AAAA"}"#, #"{"kty":"RSA","kid":"golden-kid"}"#,
    ])
    func `that are not fit for use are left out, and the others are taken`(key: String) async {
        let cache = Provider(keys: Keys.stranger.jwk(id: "good"), key).cache()
        #expect(await cache.find("good").isFound)
        #expect(await cache.find("golden-kid").isUnknown)
    }

    @Test func `come in sets of a bounded length`() {
        let many = (0...KeySet.keysMax).map { Keys.provider.jwk(id: "k\($0)") }
        #expect(throws: KeySetFlaw.self) { try KeySet(Provider.set(many)) }
        #expect(throws: Never.self) { try KeySet(Provider.set(Array(many.dropLast()))) }
        let blanks = [UInt8](repeating: 0x20, count: KeySetCache.answerBytesMax)
        #expect(throws: KeySetFlaw.self) { try KeySet(Provider.set([many[0]]) + blanks) }
        #expect(throws: KeySetFlaw.self) { try KeySet(Array(#"{"keys":[],"keys":[\#(many[0])]}"#.utf8)) }
        // Two spellings that Swift takes for one text are two ids.
        let composed = try? KeySet(Provider.set([Keys.provider.jwk(id: "\u{E9}"), Keys.stranger.jwk(id: "e\u{301}")]))
        #expect(composed?.keys.count == 2)
    }
}

extension KeySetCache.Finding {
    fileprivate var isFound: Bool { if case .found = self { true } else { false } }
    fileprivate var isUnknown: Bool { if case .unknown = self { true } else { false } }
}

extension String {
    fileprivate func replacing(_ part: String, _ other: String) -> String {
        guard let range = firstRange(of: part) else { return self }
        return String(self[..<range.lowerBound]) + other + String(self[range.upperBound...])
    }
}
