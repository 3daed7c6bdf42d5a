import HTTPMessages
import Testing

@Suite struct `A route table` {
    private func table() throws -> RouteTable<String> {
        try RouteTable([
            Route(.get, "/", "root"),
            Route(.get, "/attendance/{id}", "entry"),
            Route(.put, "/attendance/{id}", "replace"),
            Route(.post, "/attendance/sync", "sync"),
            Route(.get, "/attendance/sync", "sync state"),
            Route(.get, "/attendance/{id}/photo", "photo"),
            Route(.get, "/dashboard/", "dashboard"),
            Route(.head, "/file", "file's head"),
            Route(.get, "/file", "file"),
        ])
    }

    private func found(_ method: HTTPMethod, _ raw: String) throws -> (handler: String, parameters: [String: String])? {
        guard case .found(let match) = try table().lookup(method, #require(RequestPath(rawPath: raw))) else { return nil }
        return (match.route.handler, match.parameters)
    }

    @Test(
        arguments: [
            (HTTPMethod.get, "/", "root", [:]),
            (.get, "/attendance/17", "entry", ["id": "17"]),
            (.get, "/attendance/a%2Fb", "entry", ["id": "a/b"]),
            (.get, "/attendance/sync", "sync state", [:]),
            (.post, "/attendance/sync", "sync", [:]),
            (.put, "/attendance/sync", "replace", ["id": "sync"]),
            (.get, "/attendance/sync/photo", "photo", ["id": "sync"]),
            (.get, "/dashboard/", "dashboard", [:]),
            (.head, "/attendance/17", "entry", ["id": "17"]),
            (.head, "/file", "file's head", [:]),
        ] as [(HTTPMethod, String, String, [String: String])])
    func `leads to the most fixed route`(
        method: HTTPMethod, raw: String, handler: String, parameters: [String: String]
    ) throws {
        let match = try #require(try found(method, raw))
        #expect(match.handler == handler)
        #expect(match.parameters == parameters)
    }

    @Test(arguments: [
        "/attendance", "/attendance/", "/dashboard", "/attendance/17/photo/", "//", "/x", "/attendance%2F17",
    ])
    func `does not know other paths`(raw: String) throws {
        let path = try #require(RequestPath(rawPath: raw))
        guard case .unknown = try table().lookup(.get, path) else {
            Issue.record("\(raw) was found")
            return
        }
    }

    @Test(arguments: [
        (HTTPMethod.post, "/", ["GET", "HEAD"]),
        (.delete, "/attendance/17", ["GET", "HEAD", "PUT"]),
        (.delete, "/attendance/sync", ["GET", "HEAD", "POST", "PUT"]),
        (HTTPMethod(rawValue: "get"), "/", ["GET", "HEAD"]),
    ])
    func `names the methods that a path has`(method: HTTPMethod, raw: String, methods: [String]) throws {
        let path = try #require(RequestPath(rawPath: raw))
        guard case .otherMethods(let others) = try table().lookup(method, path) else {
            Issue.record("\(method) \(raw) was found or unknown")
            return
        }
        #expect(others.map(\.rawValue) == methods)
    }

    @Test(arguments: [
        ["/a/b", "/a/b"], ["/a/{x}", "/a/{y}"], ["/{a}/{b}/", "/{c}/{d}/"],
    ])
    func `refuses two routes that no request could tell apart`(patterns: [String]) {
        let collision = #expect(throws: RouteCollision.self) {
            try RouteTable(patterns.map { Route(.get, $0, 0) })
        }
        #expect(collision?.patterns == patterns)
        #expect(collision?.description == "GET is claimed twice: \(patterns[0]) and \(patterns[1])")
    }

    @Test(arguments: [["/a", "/a/"], ["/a/b", "/a/{b}"], ["/{a}", "/{a}/b"]])
    func `accepts routes that differ in a fixed part or a slash`(patterns: [String]) throws {
        _ = try RouteTable(patterns.map { Route(.get, $0, 0) })
        _ = try RouteTable([Route(.get, patterns[0], 0), Route(.post, patterns[0], 0)])
    }

    /// U+212A, the sign for kelvin, is canonically equal to K: equal to `String`'s `==`, but another path.
    @Test func `tells letters apart by their bytes`() throws {
        let table = try RouteTable([Route(.get, "/K", 0)])
        guard case .unknown = table.lookup(.get, RequestPath(segments: ["\u{212A}"])) else {
            Issue.record("the sign for kelvin led to K")
            return
        }
    }
}
