import DialectKit
import DialectTimeTracker
import Foundation
import HTTPMessages
import StrictJSON
import TestKit
import Testing

@Suite struct `The reference of the contract` {
    private func shapes(_ desk: Desk) throws -> AnswerShapes {
        try AnswerShapes(ReferenceDocument(title: "T", version: "1", "", chapters: [desk.dialect.chapter]).json)
    }

    @Test func `tells of every route, and of nothing else`() async throws {
        let dialect = try await Desk.withoutStore().dialect
        let mistakes = dialect.chapter.mistakes(for: dialect.routes)
        #expect(mistakes.missing == [] && mistakes.invented == [] && mistakes.repeated == [])
    }

    @Test func `tells the shape of every golden answer, member by member`() async throws {
        let file = try #require(Bundle.module.url(forResource: "Golden/timetracker", withExtension: "json"))
        let suite = try GoldenSuite(Array(Data(contentsOf: file)))
        try await StoreKind.sqlite.withFreshStore { subject in
            let desk = try Desk(subject)
            _ = try await desk.signedIn()
            let shapes = try shapes(desk)
            let (found, compared) = await shapes.problems(playing: suite) { try await desk.answer($0) }
            #expect(found == [])
            #expect(compared > 100, "most golden answers are of described endpoints")
        }
    }

    /// The fields of a body are told beside the code that reads them; here the two meet.
    @Test(arguments: [
        "/api/auth/login/", "/api/auth/admin-users/", "/api/employees/", "/api/employees/business-hours/",
        "/api/timetracking/punch/", "/api/timetracking/entries/", "/api/timetracking/sessions/", "/api/reports/export/csv/",
        "/api/reports/export/xlsx/",
    ])
    func `tells of the fields that are read`(path: String) async throws {
        try await StoreKind.sqlite.withFreshStore { subject in
            let desk = try Desk(subject)
            let admin = try await desk.signedIn()
            let endpoint = try #require(desk.dialect.chapter.endpoints.first { $0.method == .post && $0.pattern == path })
            let members = try #require(endpoint.body?.schema.members)

            let empty = try Plain(try await admin.ask(.post, path, "{}").body)
            let missing = (empty.members ?? [:]).filter { $0.value == .array([.text("This field is required.")]) }
            #expect(Set(missing.keys) == Set(members.filter(\.isRequired).map(\.name)))

            let wrong = JSONWriter.object { for member in members { $0.member(named: member.name) { $0.array { _ in } } } }
            let refused = try Plain(try await admin.ask(.post, path, String(decoding: wrong, as: UTF8.self)).body)
            #expect(Set((refused.members ?? [:]).keys) == Set(members.map(\.name)))
        }
    }
}

extension JSONSchema {
    fileprivate var members: [Member]? { if case .object(let members, _, _) = self { members } else { nil } }
}
