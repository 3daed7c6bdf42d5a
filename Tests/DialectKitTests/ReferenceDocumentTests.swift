import DialectKit
import HTTPMessages
import StrictJSON
import Testing

@Suite struct `A reference document` {
    private static let thing = JSONSchema.named("Thing", .object([.required("id", .uuid), .optional("note", .text.orNull)]))
    private static let key = CredentialDescription(name: "Key", .bearer, "A key.")

    private func document(_ endpoints: [EndpointDescription]) throws -> JSONValue {
        let text = ReferenceDocument(
            title: "T", version: "1", "About.", chapters: [ReferenceChapter(title: "One", "First.", endpoints: endpoints)],
            beforeRouting: [503: .json("Busy.", .object([.required("error", .text)]))]
        ).json
        return try JSONDocument(parsing: text, duplicates: .refuse).root
    }

    @Test func `tells a shape once that several places share`() throws {
        let root = try document([
            EndpointDescription(
                .get, "/things/", "List", answers: [200: .json("All.", .list(of: Self.thing))]),
            EndpointDescription(
                .put, "/things/{id}", "Change", parameters: [.path("id", .uuid, "Which.")], body: BodyDescription(Self.thing),
                credentials: [Self.key], answers: [200: .json("Changed.", Self.thing), 304: .empty("As before.")]),
        ])
        let paths = try #require(root["paths"])
        #expect(paths.members?.map(\.name) == ["/things/", "/things/{id}"])
        let put = try #require(paths["/things/{id}"]?["put"])
        #expect(put["operationId"]?.string == "putThingsById")
        #expect(put["tags"]?.compactText == #"["One"]"#)
        #expect(put["security"]?.compactText == #"[{"Key":[]}]"#)
        let body = put["requestBody"]?["content"]?["application/json"]?["schema"]
        #expect(body?["$ref"]?.string == "#/components/schemas/Thing")
        #expect(put["responses"]?.members?.map(\.name) == ["200", "304", "503"])
        #expect(put["responses"]?["304"]?["content"] == nil)
        #expect(root["components"]?["schemas"]?.members?.map(\.name) == ["Thing"])
        #expect(root["components"]?["schemas"]?["Thing"]?["additionalProperties"]?.boolean == false)
        #expect(root["components"]?["securitySchemes"]?["Key"]?["scheme"]?.string == "bearer")
        #expect(paths["/things/"]?["get"]?["security"] == nil)
    }

    @Test func `adds to an endpoint's answers those that come before any route`() throws {
        let root = try document([
            EndpointDescription(.get, "/", "Look", answers: [503: .json("Full.", .object([.required("full", .boolean)]))])
        ])
        let answer = try #require(root["paths"]?["/"]?["get"]?["responses"]?["503"])
        #expect(answer["description"]?.string == "Full.")
        #expect(answer["content"]?["application/json"]?["schema"]?["anyOf"]?.items?.count == 2)
    }

    @Test func `is missed where a route lacks its word, or a word its route`() {
        let chapter = ReferenceChapter(
            title: "One", "",
            endpoints: [
                EndpointDescription(.get, "/a", "A", answers: [:]), EndpointDescription(.get, "/gone", "Gone", answers: [:]),
            ], unlisted: [UnlistedRoute(.options, "/a"), UnlistedRoute(.get, "/a")])
        let nowhere = Endpoint { _, _, _ in .answer(Response(status: 200)) }
        let mistakes = chapter.mistakes(for: [
            Route(.get, "/a", nowhere), Route(.options, "/a", nowhere), Route(.get, "/b", nowhere),
        ])
        #expect(mistakes.missing == ["GET /b"])
        #expect(mistakes.invented == ["GET /gone"])
        #expect(mistakes.repeated == ["GET /a"])
    }
}
