import AttendanceCore
import DialectKit
import DialectMuster
import HTTPMessages
import SetupPage
import TestKit
import Testing

@testable import Assembly

@Suite struct `The pages of the API reference` {
    private let pages = ReferencePages(chapters: [ReferencePages.chapter], beforeRouting: [:]) { $0 != .redoc }

    private func ask(_ method: HTTPMethod, _ path: String, _ headers: HeaderFields = [:]) throws -> Response? {
        let head = RequestHead(method: method, path: try #require(RequestPath(rawPath: path)), headers: headers)
        return pages.path(of: head.path).map { pages.answer(to: head, at: $0) }
    }

    @Test func `are where no contract is`() throws {
        #expect(try ask(.get, "/openapi.json")?.status == 200)
        #expect(try ask(.get, "/docs")?.status == 200)
        #expect(try ask(.get, "/redoc") == nil)
        #expect(try ask(.get, "/docs/") == nil)
        #expect(try ask(.get, "/docs/secrets.txt") == nil)
        let other = try #require(try ask(.post, "/docs"))
        #expect(other.status == 405 && other.headers.first("Allow") == "GET, HEAD")
    }

    @Test func `let a browser keep large files, where they are part of the build`() throws {
        for path in ["/docs/swagger-ui.css", "/docs/swagger-ui-bundle.js", "/redoc/redoc.standalone.js"] {
            let answer = try #require(try ask(.get, path))
            guard ReferenceBundle.swaggerScript.isThere else {
                #expect(answer.status == 404)
                continue
            }
            let tag = try #require(answer.headers.first("ETag"))
            #expect(answer.status == 200)
            #expect(try ask(.get, path, ["If-None-Match": tag])?.status == 304)
            #expect(try ask(.get, path, ["If-None-Match": "\"other\""])?.status == 200)
        }
    }

    /// Both licences say that they go along with every copy, and the program is one.
    @Test func `come with the licences of what they are made of`() throws {
        let answer = try #require(try ask(.get, "/docs/licenses.txt"))
        guard ReferenceBundle.swaggerScript.isThere else {
            #expect(answer.status == 404)
            return
        }
        guard case .bytes(let bytes) = answer.body else {
            Issue.record("a text was expected")
            return
        }
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(answer.status == 200 && answer.headers.first("Content-Type") == "text/plain; charset=utf-8")
        for words in ["Apache License", "The MIT License (MIT)", "Copyright (c) 2015-present, Rebilly", "React", "DOMPurify"] {
            #expect(text.contains(words), "\(words)")
        }
    }

    @Test func `let nothing in from elsewhere`() throws {
        for path in ReferencePages.Path.allCases where path != .redoc && ReferenceBundle.swaggerScript.isThere {
            let answer = try #require(try ask(.get, path.pattern))
            let policy = try #require(answer.headers.first("Content-Security-Policy"))
            #expect(policy.contains("default-src 'none'") && policy.contains("script-src 'self';"))
            #expect(answer.headers.first("X-Content-Type-Options") == "nosniff")
        }
    }

    @Test func `tell of every route of the program's own dialects, and of nothing else`() async throws {
        try await StoreKind.sqlite.withFreshStore { subject in
            let own: [any Dialect] = [
                MusterDialect(operations: subject.operations), SetupDialect(operations: subject.operations),
                SharedAnswers(for: []),
            ]
            for dialect in own {
                let mistakes = dialect.chapter.mistakes(for: dialect.routes)
                #expect(mistakes.missing == [] && mistakes.invented == [] && mistakes.repeated == [], "\(dialect.name)")
            }
        }
        #expect(Monitor.chapter(of: Monitor.Path.allCases).endpoints.count == Monitor.Path.allCases.count)
        #expect(ReferencePages.chapter.endpoints.count == ReferencePages.Path.allCases.count)
    }
}
