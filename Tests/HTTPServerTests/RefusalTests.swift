import HTTPMessages
import HTTPServer
import Testing

/// Messages that two servers in a row could understand differently.
@Suite struct `An ambiguous request` {
    struct Ambiguous: Sendable, CustomTestStringConvertible {
        let name: String
        let text: String
        var testDescription: String { name }
    }

    static let byUs = [
        Ambiguous(
            name: "length and encoding",
            text: request("POST /echo", ["Content-Length: 3", "Transfer-Encoding: chunked"], body: "0\r\n\r\n")),
        Ambiguous(
            name: "encoding and length",
            text: request("POST /echo", ["Transfer-Encoding: chunked", "Content-Length: 3"], body: "0\r\n\r\n")),
        Ambiguous(
            name: "encoding and bad length",
            text: request("POST /echo", ["Transfer-Encoding: chunked", "Content-Length: +3"], body: "0\r\n\r\n")),
        Ambiguous(
            name: "two different lengths", text: request("POST /echo", ["Content-Length: 3", "Content-Length: 4"], body: "abcd")),
        Ambiguous(name: "two equal lengths", text: request("POST /echo", ["Content-Length: 3", "content-length: 3"], body: "abc")),
        Ambiguous(
            name: "two encodings",
            text: request("POST /echo", ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"], body: "0\r\n\r\n")),
        Ambiguous(
            name: "a list of encodings", text: request("POST /echo", ["Transfer-Encoding: gzip, chunked"], body: "0\r\n\r\n")),
        Ambiguous(name: "an unknown encoding", text: request("POST /echo", ["Transfer-Encoding: xchunked"])),
        Ambiguous(name: "identity", text: request("POST /echo", ["Transfer-Encoding: identity"])),
        Ambiguous(
            name: "blanks behind the encoding", text: request("POST /echo", ["Transfer-Encoding: chunked "], body: "0\r\n\r\n")),
        Ambiguous(name: "an encoding in 1.0", text: "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        Ambiguous(name: "blank before the colon", text: request("GET /", ["Authorization : x"])),
        Ambiguous(name: "tab before the colon", text: request("GET /", ["Transfer-Encoding\t: chunked"])),
        Ambiguous(name: "blank in a name", text: request("GET /", ["X Y: z"])),
        Ambiguous(name: "no name", text: request("GET /", [": z"])),
        Ambiguous(name: "a letter outside ASCII in a name", text: request("GET /", ["X-É: z"])),
        Ambiguous(name: "a control character", text: request("GET /", ["X-A: a\u{1}b"])),
        Ambiguous(name: "a bare carriage return", text: request("GET /", ["X-A: a\rX-B: b"])),
        Ambiguous(name: "delete", text: request("GET /", ["X-A: a\u{7F}"])),
        Ambiguous(name: "NUL in a value", text: request("GET /", ["X-A: a\u{0}b"])),
        Ambiguous(name: "NUL in a value, more fields behind", text: request("GET /", ["X-A: a\u{0}b", "X-B: c"])),
        Ambiguous(name: "NUL behind the colon", text: request("GET /", ["X-A:\u{0}a"])),
        Ambiguous(name: "a folded line", text: request("GET /", ["X-A: a", " b"])),
        Ambiguous(name: "a folded line, more fields behind", text: request("GET /", ["X-A: a", "\tb", "X-B: c"])),
        Ambiguous(name: "a folded length", text: request("POST /echo", ["Content-Length: 3", " 4"], body: "abc")),
        Ambiguous(name: "two hosts", text: request("GET /", ["Host: other"])),
        Ambiguous(name: "no host", text: "GET / HTTP/1.1\r\n\r\n"),
        Ambiguous(name: "a blank in the target", text: request("GET /a b")),
        Ambiguous(name: "two blanks before the target", text: request("GET  /a")),
        Ambiguous(name: "NUL in the target", text: request("GET /a\u{0}b")),
        Ambiguous(name: "NUL in the method", text: request("GET\u{0}X /a")),
        Ambiguous(name: "a method that is no token", text: request("G(T /a")),
        Ambiguous(name: "too many fields", text: request("GET /", (0..<128).map { "X-\($0): 1" })),
    ]

    @Test(arguments: byUs)
    func `is refused in the handler's words, and the connection ends`(ambiguous: Ambiguous) async throws {
        let admitted = Collected<String>()
        let handler = Handler { head in
            admitted.add(head.path.text)
            return .answer(.text("served"))
        }
        try await serving(handler) { listener in
            let client = try RawClient(port: listener.port)
            // What follows would be answered if the message's end were believed.
            let answer = try #require(try await client.ask(ambiguous.text + request("GET /smuggled")))
            #expect(answer.status == 400)
            #expect(answer.text.hasPrefix("malformed"))
            #expect(answer.header("Connection") == "close")
            #expect(answer.header("X-Request-Id")?.isEmpty == false)
            #expect(try await client.receiveAll() == [])
            #expect(admitted.all == [])
        }
    }

    /// The library itself refuses these, before any callback, with a page of its own.
    @Test(arguments: [
        ("Content-Length: +5", 400), ("Content-Length: 5x", 400), ("Content-Length: -1", 400), ("Content-Length: 0x5", 400),
        ("Content-Length:", 400), ("Content-Length: 3, 3", 400), ("Content-Length: 3 ", 400),
        ("Content-Length: 99999999999999999999999", 413), ("no colon", 400), ("X-A\u{0}: a", 400),
    ])
    func `is refused by the library`(field: String, status: Int) async throws {
        let admitted = Collected<String>()
        let handler = Handler { head in
            admitted.add(head.path.text)
            return .answer(.text("served"))
        }
        try await serving(handler) { listener in
            let client = try RawClient(port: listener.port)
            let answer = try #require(try await client.ask(request("POST /echo", [field], body: "abc") + request("GET /smuggled")))
            #expect(answer.status == status)
            #expect(answer.header("Connection") == "close")
            // For a bad length it writes its head twice, so its page is found behind what counts as the answer.
            let rest = String(decoding: try await client.receiveAll(), as: UTF8.self)
            #expect(rest.isEmpty || rest.hasSuffix("</html>") && !rest.contains("served"))
            #expect(admitted.all == [])
        }
    }

    @Test(arguments: [("X-Long: ", 431), ("", 414)])
    func `that is too long is refused by the library`(field: String, status: Int) async throws {
        try await serving(Handler.usual) { listener in
            let client = try RawClient(port: listener.port)
            let long = String(repeating: "x", count: 100_000)
            // Refused before all of it is sent.
            try? await client.send(field.isEmpty ? request("GET /\(long)") : request("GET /", [field + long]))
            #expect(try await client.answer()?.status == status)
        }
    }

    @Test func `is none when only its line ends are bare`() async throws {
        try await serving(Handler.usual) { listener in
            let client = try RawClient(port: listener.port)
            #expect(try await client.ask("POST /echo HTTP/1.1\nHost: h\nX-A: b \nContent-Length: 3\n\nabc")?.text == "abc")
            #expect(try await client.ask("POST /echo HTTP/1.1\r\nHost: h\nContent-Length: 3\r\n\nabc")?.text == "abc")
        }
    }
}
