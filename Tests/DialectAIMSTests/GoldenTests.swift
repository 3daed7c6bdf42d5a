import TestKit
import Testing

@Suite struct `The contract` {
    /// What a listener answers, and not the dialect: nothing is known of the path, or of its other methods.
    static let elsewhere: Set = ["health and root"]

    @Test(arguments: StoreKind.underTest)
    func `holds in every golden case`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            let desk = try Desk(subject)
            let suite = try Desk.golden().with(try await desk.furnish())
            let scenarios = suite.scenarios.filter { !Self.elsewhere.contains($0.name) }
            try #require(scenarios.count > 25)
            for (number, scenario) in scenarios.enumerated() {
                let problems = await suite.play(scenario, run: "r\(number)") { try await desk.answer($0) }
                #expect(problems == [], "\(scenario.name)")
            }
        }
    }
}
