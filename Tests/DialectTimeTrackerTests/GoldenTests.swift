import Foundation
import TestKit
import Testing

@Suite struct `The contract` {
    /// The last scenario wants one admin, and the one that makes another takes them away again.
    @Test(arguments: StoreKind.underTest)
    func `holds in every golden case`(on kind: StoreKind) async throws {
        let file = try #require(Bundle.module.url(forResource: "Golden/timetracker", withExtension: "json"))
        let suite = try GoldenSuite(Array(Data(contentsOf: file)))
        try #require(suite.scenarios.count >= 20)
        try await kind.withFreshStore { subject in
            let desk = try Desk(subject)
            _ = try await desk.signedIn()
            for (number, scenario) in suite.scenarios.enumerated() {
                let problems = await suite.play(scenario, run: "r\(number)") { try await desk.answer($0) }
                #expect(problems == [], "\(scenario.name)")
            }
        }
    }
}
