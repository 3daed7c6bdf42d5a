import DialectAIMS
import DialectKit
import StrictJSON
import TestKit
import Testing

@Suite struct `The reference of the contract` {
    @Test func `tells of every route, and of nothing else`() async throws {
        let dialect = try Desk(await .closed()).dialect
        let mistakes = dialect.chapter.mistakes(for: dialect.routes)
        #expect(mistakes.missing == [] && mistakes.invented == [] && mistakes.repeated == [])
        #expect(dialect.chapter.alone?.title == "AIMS Attendance API" && dialect.chapter.alone?.version == "1.0.0")
    }

    @Test func `tells the shape of every golden answer, member by member`() async throws {
        try await StoreKind.sqlite.withFreshStore { subject in
            let desk = try Desk(subject)
            let suite = try Desk.golden().with(try await desk.furnish())
            let shapes = try AnswerShapes(ReferenceDocument(title: "T", version: "1", "", chapters: [desk.dialect.chapter]).json)
            let (found, compared) = await shapes.problems(playing: suite) { try await desk.answer($0) }
            #expect(found == [])
            #expect(compared > 15, "answers of described endpoints")
        }
    }
}
