import DialectKit
import DialectTrackAttendance
import HTTPMessages
import TestKit
import Testing

@Suite struct `The reference of the contract` {
    @Test func `tells of every route, and of nothing else`() async throws {
        let dialect = try await Desk().dialect
        let mistakes = dialect.chapter.mistakes(for: dialect.routes)
        #expect(mistakes.missing == [] && mistakes.invented == [] && mistakes.repeated == [])
    }

    @Test func `tells the shape of every golden answer, member by member`() async throws {
        let suite = try goldenSuite()
        try await StoreKind.sqlite.withFreshStore { subject in
            let desk = try Desk(subject)
            let shapes = try AnswerShapes(ReferenceDocument(title: "T", version: "1", "", chapters: [desk.dialect.chapter]).json)
            let (found, compared) = await shapes.problems(playing: suite) { try await desk.answer($0) }
            #expect(found == [])
            #expect(compared > 100, "most golden answers are of described endpoints")
        }
    }
}

@Suite struct `Comparing an answer with its shape` {
    @Test(arguments: [
        (200, #"{"a":1,"b":null}"#, true), (200, #"{"a":1}"#, true), (200, #"{"a":1,"b":"x"}"#, true),
        (200, #"{"a":1,"c":2}"#, false), (200, #"{"b":null}"#, false), (200, #"{"a":"1"}"#, false), (200, #"{"a":-1}"#, false),
        (200, #"{"a":1,"b":"xy"}"#, false), (200, "[]", false), (201, "{}", false),
    ])
    func `finds what is not told`(status: Int, body: String, isTold: Bool) throws {
        let shape = JSONSchema.object([.required("a", .count), .optional("b", .text(pattern: "^.$").orNull)])
        let endpoint = EndpointDescription(.get, "/x/{id}/", "X", answers: [200: .json("X.", .named("X", shape))])
        let shapes = try AnswerShapes(
            ReferenceDocument(
                title: "T", version: "1", "", chapters: [ReferenceChapter(title: "X", "", endpoints: [endpoint])]
            ).json)
        let answer = GoldenAnswer(
            status: status, headers: ["Content-Type": "application/json; charset=utf-8"], body: Array(body.utf8))
        let problems = try #require(shapes.problems(with: answer, to: .get, "/x/7"))
        #expect(problems.isEmpty == isTold, "\(problems)")
        #expect(shapes.problems(with: answer, to: .put, "/x/7") == nil)
        #expect(shapes.problems(with: answer, to: .get, "/y/7") == nil)
    }
}
