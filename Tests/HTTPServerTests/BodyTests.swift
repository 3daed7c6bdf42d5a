import HTTPMessages
import HTTPServer
import Testing

@Suite struct `A request body` {
    @Test(arguments: ["", "later/"])
    func `in chunks is put together`(prefix: String) async throws {
        try await serving(Handler.usual) { listener in
            let client = try RawClient(port: listener.port)
            for chunks in ["0\r\n\r\n", "3\r\nabc\r\n0\r\n\r\n", "1\r\na\r\n2;x=y\r\nbc\r\n0\r\nTrailer: t\r\n\r\n"] {
                let answer = try await client.ask(
                    request("POST /\(prefix)echo", ["Transfer-Encoding: chunked"], body: chunks))
                #expect(answer?.text == (chunks.hasPrefix("0") ? "" : "abc"))
            }
        }
    }

    @Test(arguments: ["", "later/"])
    func `is asked for when the client waits for leave`(prefix: String) async throws {
        try await serving(Handler.usual) { listener in
            let client = try RawClient(port: listener.port)
            for _ in 0..<3 {
                let leave = try await client.ask(
                    request("POST /\(prefix)echo", ["Content-Length: 3", "Expect: 100-continue"]))
                #expect(leave?.status == 100)
                #expect(try await client.ask("abc")?.text == "abc")
            }
        }
    }

    @Test(arguments: ["", "later/"])
    func `is not asked for when it is not wanted`(prefix: String) async throws {
        try await serving(Handler.usual) { listener in
            let client = try RawClient(port: listener.port)
            let answer = try await client.ask(
                request("POST /\(prefix)deny", ["Content-Length: 3", "Expect: 100-continue"]))
            #expect(answer?.status == 401)
            #expect(answer?.header("Connection") == "close")
            #expect(try await client.receiveAll() == [])
        }
    }

    @Test(arguments: ["Content-Length: 1000", "Transfer-Encoding: chunked"], ["", "later/"])
    func `of just the limit is handed over`(framing: String, prefix: String) async throws {
        let body = String(repeating: "b", count: 1_000)
        try await serving(Handler.usual) { listener in
            let client = try RawClient(port: listener.port)
            let sent = framing.hasPrefix("T") ? "3e8\r\n\(body)\r\n0\r\n\r\n" : body
            #expect(try await client.ask(request("POST /\(prefix)echo", [framing], body: sent))?.text == body)
        }
    }

    @Test(arguments: ["Content-Length: 1001", "Transfer-Encoding: chunked"], ["", "later/"])
    func `over the limit is dropped and answered, and the connection goes on`(framing: String, prefix: String) async throws {
        let body = String(repeating: "b", count: 1_001)
        try await serving(Handler.usual) { listener in
            let client = try RawClient(port: listener.port)
            let sent = framing.hasPrefix("T") ? "3e9\r\n\(body)\r\n0\r\n\r\n" : body
            let answer = try await client.ask(request("POST /\(prefix)echo", [framing], body: sent))
            #expect(answer?.status == 413)
            #expect(try await client.ask(request("GET /x"))?.status == 200)
        }
    }

    @Test func `finds room only while all bodies together leave some`() async throws {
        let gate = Gate()
        let handler = Handler { _ in
            .read(bodyMaxBytes: 1_000, tooLarge: .text("too large", status: 413)) { body in
                await gate.pass()
                return .text("\(body.count)")
            }
        }
        try await serving(handler, configured: { $0.limits.bodyBytesUnderWayMax = 1_500 }) { listener in
            let body = String(repeating: "b", count: 1_000)
            let first = try RawClient(port: listener.port)
            try await first.send(request("POST /a", ["Content-Length: 1000"], body: body))
            try await eventually { gate.waitingCount == 1 }
            let second = try RawClient(port: listener.port)
            #expect(try await second.ask(request("POST /b", ["Content-Length: 1000"], body: body))?.status == 503)
            gate.open()
            #expect(try await first.answer()?.text == "1000")
            #expect(try await second.ask(request("POST /b", ["Content-Length: 1000"], body: body))?.text == "1000")
        }
    }

    @Test(arguments: ["/echo", "/deny", "/later/echo", "/later/deny"])
    func `announced beyond what would be dropped is answered at once`(path: String) async throws {
        try await serving(Handler.usual, configured: { $0.limits.discardBytesMax = 5_000 }) { listener in
            let client = try RawClient(port: listener.port)
            let answer = try await client.ask(request("POST \(path)", ["Content-Length: 5001"]))
            #expect(answer?.status == (path.hasSuffix("deny") ? 401 : 413))
            #expect(answer?.header("Connection") == "close")
            #expect(try await client.receiveAll() == [])
        }
    }

    @Test(arguments: ["/echo", "/deny", "/later/echo", "/later/deny"])
    func `in chunks beyond what would be dropped ends the connection`(path: String) async throws {
        let events = Collected<ServerEvent>()
        try await serving(
            Handler.usual,
            configured: {
                $0.limits.discardBytesMax = 5_000
                $0.onEvent = { events.add($0) }
            }
        ) { listener in
            let client = try RawClient(port: listener.port)
            try await client.send(request("POST \(path)", ["Transfer-Encoding: chunked"]))
            let chunk = "400\r\n" + String(repeating: "c", count: 1_024) + "\r\n"
            // The server may be gone before the last of them; that is what is tested.
            for _ in 0..<8 { try? await client.send(chunk) }
            #expect(try await client.receiveAll() == [])
            try await events.wait { !$0.isEmpty }
            guard case .discardBoundExceeded? = events.all.first else {
                Issue.record("reported \(events.all) instead")
                return
            }
        }
    }

    /// Forty clients that write first and read afterwards, as simple kiosks do.
    @Test(arguments: ["Content-Length: 4000000", "Transfer-Encoding: chunked"], ["/deny", "/later/deny", "/echo"])
    func `that nobody wants does not keep its sender from the answer`(framing: String, path: String) async throws {
        let part = [UInt8](repeating: 0x61, count: 100_000)
        try await serving(Handler.usual) { listener in
            try await withThrowingTaskGroup(of: Int?.self) { group in
                for _ in 0..<40 {
                    group.addTask {
                        let client = try RawClient(port: listener.port)
                        try await client.send(request("POST \(path)", [framing]))
                        for _ in 0..<40 {
                            if framing.hasPrefix("T") { try await client.send("186a0\r\n") }
                            try await client.send(part)
                            if framing.hasPrefix("T") { try await client.send("\r\n") }
                        }
                        if framing.hasPrefix("T") { try await client.send("0\r\n\r\n") }
                        return try await client.answer()?.status
                    }
                }
                for try await status in group { #expect(status == (path.hasSuffix("deny") ? 401 : 413)) }
            }
        }
    }

    @Test func `of many megabytes arrives whole`() async throws {
        let body = (0..<6_000_000).map { UInt8(truncatingIfNeeded: $0 &* 17 >> 2) }
        let handler = Handler { _ in
            .read(bodyMaxBytes: body.count, tooLarge: .text("", status: 413)) { received in
                .text(received == body ? "equal" : "different: \(received.count)")
            }
        }
        try await serving(handler) { listener in
            let client = try RawClient(port: listener.port)
            for _ in 0..<2 {
                try await client.send(request("POST /", ["Content-Length: \(body.count)"]))
                try await client.send(body)
                #expect(try await client.answer()?.text == "equal")
            }
        }
    }

    @Test func `with a malformed chunk ends the connection`() async throws {
        try await serving(Handler.usual) { listener in
            let client = try RawClient(port: listener.port)
            let answer = try await client.ask(request("POST /echo", ["Transfer-Encoding: chunked"], body: "zz\r\nabc\r\n"))
            #expect(answer?.status == 400)
            #expect(try await client.receiveAll() == [])
        }
    }
}
