@testable import Assembly
import Testing

@Suite struct `The limit of open files` {
    @Test(arguments: [
        (20_000, 1, 10_000), (1_048_576, 4, 10_000), (4_096, 1, 3_840), (4_096, 2, 1_920), (1_024, 1, 768), (300, 1, 150),
        (0, 1, 1), (300, 0, 150),
    ])
    func `leaves clients what the rest does not need`(limit: Int, listeners: Int, clients: Int) {
        #expect(OpenFiles.connectionsMax(atMost: 10_000, limit: limit, listeners: listeners) == clients)
    }

    @Test func `is raised, and stays so`() {
        let limit = OpenFiles.raiseLimit()
        #expect(limit > 0)
        #expect(OpenFiles.raiseLimit() == limit)
    }
}
