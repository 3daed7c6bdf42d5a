import DialectKit
import HTTPMessages
import Testing

@Suite struct `A cross-origin policy` {
    private let policy = CrossOriginPolicy(
        origins: ["http://a.example"], methods: ["GET", "PUT"], requestHeaders: ["accept"], maxAgeSeconds: 60)

    private func head(_ method: HTTPMethod, _ fields: (String, String)...) -> RequestHead {
        RequestHead(
            method: method, path: RequestPath(segments: ["x"]),
            headers: HeaderFields(fields.map { HeaderFields.Field(name: $0.0, value: $0.1) }))
    }

    @Test func `answers a preflight from a page it allows`() throws {
        let answer = try #require(
            policy.preflight(head(.options, ("Origin", "http://a.example"), ("Access-Control-Request-Method", "PUT"))))
        #expect(answer.status == 200)
        #expect(answer.headers.first("Access-Control-Allow-Origin") == "http://a.example")
        #expect(answer.headers.first("Access-Control-Allow-Credentials") == "true")
        #expect(answer.headers.first("Access-Control-Allow-Methods") == "GET, PUT")
        #expect(answer.headers.first("Access-Control-Allow-Headers") == "accept")
        #expect(answer.headers.first("Access-Control-Max-Age") == "60")
        #expect(answer.headers.first("Vary") == "origin")
    }

    @Test(arguments: ["http://b.example", "http://a.example:80", "https://a.example", "HTTP://A.EXAMPLE", "null"])
    func `allows another page nothing`(origin: String) throws {
        let answer = try #require(
            policy.preflight(head(.options, ("Origin", origin), ("Access-Control-Request-Method", "PUT"))))
        #expect(answer.status == 200)
        #expect(answer.headers.fields.map(\.name) == ["Vary"])
    }

    @Test func `takes only what asks for a method as a preflight`() {
        #expect(policy.preflight(head(.options, ("Origin", "http://a.example"))) == nil)
        #expect(policy.preflight(head(.get, ("Access-Control-Request-Method", "PUT"))) == nil)
    }

    @Test func `adds itself to what varies already`() {
        var response = Response(status: 200, headers: ["Vary": "Accept"])
        policy.add(to: &response, for: head(.get, ("Origin", "http://a.example")))
        #expect(response.headers.all("Vary") == ["Accept, origin"])
        #expect(response.headers.first("Access-Control-Allow-Origin") == "http://a.example")
    }

    @Test func `of any page names the one that asks, and repeats what it wants to send`() throws {
        let any = CrossOriginPolicy(
            origins: [CrossOriginPolicy.any], methods: ["GET"], requestHeaders: [CrossOriginPolicy.any], maxAgeSeconds: 600)
        let asked: [(String, String)] = [("Origin", "http://z.example"), ("Access-Control-Request-Method", "GET")]
        let plain = try #require(
            any.preflight(
                RequestHead(
                    method: .options, path: RequestPath(segments: []),
                    headers: HeaderFields(asked.map { .init(name: $0.0, value: $0.1) }))))
        #expect(plain.headers.first("Access-Control-Allow-Origin") == "http://z.example")
        #expect(plain.headers.first("Access-Control-Allow-Headers") == nil)
        let own = try #require(
            any.preflight(
                RequestHead(
                    method: .options, path: RequestPath(segments: []),
                    headers: HeaderFields(
                        (asked + [("Access-Control-Request-Headers", "x-own, authorization")]).map {
                            .init(name: $0.0, value: $0.1)
                        }))))
        #expect(own.headers.first("Access-Control-Allow-Headers") == "x-own, authorization")
        // What is shared is not opened to everybody by one.
        let joined = CrossOriginPolicy.union(of: [policy, any])
        #expect(joined?.origins == policy.origins && joined?.requestHeaders == policy.requestHeaders)
    }

    @Test func `joins others without becoming wider in time`() {
        let other = CrossOriginPolicy(
            origins: ["http://a.example", "http://b.example"], methods: ["POST"], requestHeaders: [], maxAgeSeconds: 30)
        #expect(
            CrossOriginPolicy.union(of: [policy, other])
                == CrossOriginPolicy(
                    origins: ["http://a.example", "http://b.example"], methods: ["GET", "PUT", "POST"],
                    requestHeaders: ["accept"], maxAgeSeconds: 30))
        #expect(CrossOriginPolicy.union(of: []) == nil)
    }
}
