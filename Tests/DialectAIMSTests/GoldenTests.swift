import TestKit
import Testing

@Suite struct `The contract` {
    /// Scenarios that need no more than somebody to sign in. The others ask for classes, or for what stands beside the contracts
    /// at a listener.
    static let played: Set = [
        "teacher signs in with Google and uses the token", "address outside the allow list is refused", "unusable Google tokens",
        "sign-in body validation", "profiles of the three roles",
    ]

    @Test(arguments: StoreKind.underTest)
    func `holds in every golden case about signing in`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            let desk = try Desk(subject)
            let suite = try Desk.golden().with(try await desk.furnish())
            let scenarios = suite.scenarios.filter { Self.played.contains($0.name) }
            try #require(scenarios.count == Self.played.count)
            for (number, scenario) in scenarios.enumerated() {
                let problems = await suite.play(scenario, run: "r\(number)") { try await desk.answer($0) }
                #expect(problems == [], "\(scenario.name)")
            }
        }
    }
}
