import HTTPMessages
import Testing

@Suite struct `A request path` {
    @Test(arguments: [
        ("/", []),
        ("/health", ["health"]),
        ("/dashboard/", ["dashboard", ""]),
        ("//v1", ["", "v1"]),
        ("/a//b", ["a", "", "b"]),
        ("/a/./b", ["a", "b"]),
        ("/a/.", ["a", ""]),
        ("/a/../b", ["b"]),
        ("/a/..", []),
        ("/../../etc/passwd", ["etc", "passwd"]),
        ("/a/%2e%2e/b", ["b"]),
        ("/a/%2E./b", ["b"]),
        ("/a/%2e/b", ["a", "b"]),
        ("/a/...", ["a", "..."]),
        ("/a%2Fb", ["a/b"]),
        ("/a%2F..%2Fb", ["a/../b"]),
        ("/%252e%252e/x", ["%2e%2e", "x"]),
        ("/a+b", ["a+b"]),
        ("/a%20b", ["a b"]),
        ("/%E0%B8%81%E0%B8%B2", ["กา"]),
        ("/กา", ["กา"]),
    ])
    func `is decoded once, segment by segment`(raw: String, segments: [String]) throws {
        #expect(try #require(RequestPath(rawPath: raw)).segments == segments)
    }

    @Test(arguments: ["", "a", "*", "http://host/", "/%", "/%4", "/%zz", "/a%2", "/%00", "/a%00b", "/%ff", "/%E0%B8", "/%C0%AF"])
    func `is refused when malformed`(raw: String) {
        #expect(RequestPath(rawPath: raw) == nil)
    }

    @Test(arguments: [
        ("/t/school/v1/x", 2, "/v1/x"), ("/t/school", 2, "/"), ("/t/school/", 2, "/"), ("/a", 5, "/"), ("/a/b/", 1, "/b/"),
    ])
    func `loses its first segments to a base path`(raw: String, count: Int, rest: String) throws {
        #expect(try #require(RequestPath(rawPath: raw)).dropping(count).text == rest)
    }
}

@Suite struct `A query` {
    @Test(arguments: [
        ("", true), ("a=b&c=%E0%B8%81+x", true), ("a=%EF%BF%BD", true), ("a=%", true), ("a=%FF", false), ("%E0%B8=1", false),
    ])
    func `says whether it is text`(raw: String, isText: Bool) {
        #expect(RequestHead(method: .get, path: RequestPath(segments: []), rawQuery: raw).queryIsText == isText)
    }

    private func pairs(_ raw: String) -> [[String]] {
        RequestHead(method: .get, path: RequestPath(segments: []), rawQuery: raw).query.map { [$0.name, $0.value] }
    }

    @Test(arguments: [
        ("", []),
        ("a=1", [["a", "1"]]),
        ("a=1&a=2", [["a", "1"], ["a", "2"]]),
        ("a", [["a", ""]]),
        ("a=", [["a", ""]]),
        ("=b", [["", "b"]]),
        ("a=b=c", [["a", "b=c"]]),
        ("&&a=1&", [["a", "1"]]),
        ("name=John+Smith", [["name", "John Smith"]]),
        ("a%2Bb=%2B", [["a+b", "+"]]),
        ("q=%E0%B8%81%E0%B8%B2", [["q", "กา"]]),
        ("q=%zz%4", [["q", "%zz%4"]]),
        ("q=%ff", [["q", "\u{FFFD}"]]),
        ("q=%26%3D", [["q", "&="]]),
    ])
    func `is read as a form`(raw: String, expected: [[String]]) {
        #expect(pairs(raw) == expected)
    }
}

@Suite struct `Header fields` {
    @Test func `compare names without case and keep order and repetition`() {
        var fields: HeaderFields = ["Set-Cookie": "a", "Host": "h", "set-cookie": "b"]
        #expect(fields.first("SET-COOKIE") == "a")
        #expect(fields.all("Set-Cookie") == ["a", "b"])
        #expect(fields.first("Cookie") == nil)
        fields.set("SET-COOKIE", "c")
        #expect(fields.fields.map(\.name) == ["Host", "SET-COOKIE"])
        fields.append("Host", "i")
        #expect(fields.all("host") == ["h", "i"])
    }

    @Test(arguments: [("K", "\u{212A}"), ("é", "É"), ("a", "ab"), ("\u{E9}", "e\u{301}")])
    func `fold nothing but ASCII`(one: String, other: String) {
        #expect(!one.equalsIgnoringASCIICase(other))
    }
}
