import Foundation
import TestKit
import Testing

/// Where the cases lie among the test's resources.
func goldenSuite() throws -> GoldenSuite {
    let file = try #require(Bundle.module.url(forResource: "Golden/trackattendance", withExtension: "json"))
    return try GoldenSuite(Array(Data(contentsOf: file)))
}

@Suite struct `Playing golden cases` {
    /// These ask nothing of the store, so they hold where none can be reached. All of them are played against real stores
    /// where there are some.
    @Test(arguments: [
        "key is required for uploads", "the key check of the desktop client: an empty batch",
        "time stamps that are refused", "wrong content type and broken JSON",
        "every closed endpoint refuses a missing key", "unknown paths", "roster summaries that are refused",
    ])
    func `needs no store where the answer lies in the request`(scenario name: String) async throws {
        let suite = try goldenSuite()
        let desk = try await Desk()
        let scenario = try #require(suite.scenarios.first { $0.name == name })
        let problems = await suite.play(scenario, run: "r1") { try await desk.answer($0) }
        #expect(problems == [])
    }

    @Test func `reports each step that does not hold`() async throws {
        let suite = try goldenSuite()
        let desk = try await Desk()
        let scenario = try #require(suite.scenarios.first { $0.name == "the smallest event" })
        let problems = await suite.play(scenario, run: "r1") { try await desk.answer($0) }
        #expect(problems.count == 2)
        #expect(problems.allSatisfy { $0.contains("status 503, not 200") })
    }

    @Test(arguments: [
        (#"{"a":1}"#, #"{"a":1,"b":2}"#, true),
        (#"{"a":1}"#, #"{"b":2}"#, false),
        (#"{"a":true}"#, #"{"a":1}"#, false),
        (#"[1,2]"#, #"[1,2,3]"#, false),
        (#"{"a":{"$type":"int"}}"#, #"{"a":1.5}"#, false),
        (#"{"a":{"$type":"string|null"}}"#, #"{"a":null}"#, true),
        (#"{"a":{"$regex":"^\\d{3}Z$"}}"#, #"{"a":"123Z"}"#, true),
        (#"{"a":{"$regex":"^\\d{3}Z$"}}"#, #"{"a":"1234Z"}"#, false),
        (#"{"a":{"$absent":true}}"#, #"{"a":1}"#, false),
        (#"{"$len":2}"#, #"[1,2]"#, true),
        (#"{"$contains":{"a":1}}"#, #"[{"a":2},{"a":1,"b":3}]"#, true),
        (#"{"$unordered":[1,2,2]}"#, #"[2,1,2]"#, true),
        (#"{"$unordered":[1,2,2]}"#, #"[2,1,1]"#, false),
        (#"{"$approx":[10,0.5]}"#, #"10.4"#, true),
        (#"{"$not":1}"#, #"1"#, false),
        (#"{"$gte":3}"#, #"2"#, false),
        ("\"e\u{301}\"", "\"\u{e9}\"", false),
    ])
    func `matches as the format says`(wanted: String, got: String, holds: Bool) throws {
        #expect((try Plain(Array(wanted.utf8)).differs(from: Plain(Array(got.utf8)), at: "$") == nil) == holds)
    }
}
