import HTTPMessages
import HTTPServer
import Testing

@Suite struct `A deadline` {
    private func timed(_ body: () async throws -> Void) async rethrows -> Duration {
        try await ContinuousClock().measure { try await body() }
    }

    /// Sends a byte every 50 ms, which no idle timeout would ever notice.
    private func trickle(_ client: RawClient, _ text: String) async throws -> [UInt8] {
        let sender = Task {
            for byte in text.utf8 {
                try await client.send([byte])
                try await Task.sleep(for: .milliseconds(50))
            }
        }
        defer { sender.cancel() }
        // A receive would occupy the client, so the end is seen by sending.
        _ = try? await sender.value
        return try await client.receiveAll()
    }

    @Test(arguments: [
        ("", "GET /" + String(repeating: "a", count: 200), false),
        ("GET /a HTTP/1.1\r\nHost: h\r\n", "X-A: " + String(repeating: "a", count: 200), true),
        ("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 500\r\n\r\n", String(repeating: "a", count: 200), true),
        (
            "POST /later/echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n",
            String(repeating: "1\r\na\r\n", count: 100), true
        ),
    ])
    func `ends a request that trickles in`(start: String, rest: String, isTold: Bool) async throws {
        let events = Collected<ServerEvent>()
        try await serving(
            Handler.usual,
            configured: {
                $0.limits.receiveDeadline = .milliseconds(500)
                $0.onEvent = { events.add($0) }
            }
        ) { listener in
            let client = try RawClient(port: listener.port)
            var received: [UInt8] = []
            let duration = try await timed {
                try await client.send(start)
                received = try await trickle(client, rest)
            }
            #expect(duration > .milliseconds(450) && duration < .seconds(60))
            // An answer where the request line was there; a reset may have overtaken it.
            let text = String(decoding: received, as: UTF8.self)
            #expect(isTold ? text.isEmpty || text.hasPrefix("HTTP/1.1 408 ") && text.contains("too slow: /") : text.isEmpty)
            try await events.wait { !$0.isEmpty }
            guard case .receiveDeadlineExceeded("127.0.0.1")? = events.all.first else {
                Issue.record("reported \(events.all) instead")
                return
            }
            try await eventually { listener.requestsUnderWay == 0 }
        }
    }

    @Test func `tells a client that stopped in the middle`() async throws {
        try await serving(Handler.usual, configured: { $0.limits.receiveDeadline = .milliseconds(300) }) { listener in
            let client = try RawClient(port: listener.port)
            let answer = try await client.ask(request("POST /echo?x", ["Content-Length: 10"], body: "abc"))
            #expect(answer?.status == 408)
            #expect(answer?.text == "too slow: /echo?x")
            #expect(answer?.header("X-Request-Id")?.isEmpty == false)
            #expect(try await client.receiveAll() == [])
        }
    }

    /// What was decided without the body is no less true because the body did not come.
    @Test(arguments: [
        ("/deny", "Content-Length: 10", 401), ("/later/deny", "Content-Length: 10", 401),
        ("/deny", "Transfer-Encoding: chunked", 401), ("/echo", "Content-Length: 1001", 413), ("/%zz", "Content-Length: 10", 400),
    ])
    func `gives the refusal that waits for the rest of a body`(path: String, framing: String, status: Int) async throws {
        try await serving(Handler.usual, configured: { $0.limits.receiveDeadline = .milliseconds(300) }) { listener in
            let client = try RawClient(port: listener.port)
            let answer = try await client.ask(request("POST \(path)", [framing], body: framing.hasPrefix("T") ? "3\r\nabc" : "abc"))
            #expect(answer?.status == status)
            #expect(answer?.header("Connection") == "close")
            #expect(try await client.receiveAll() == [])
        }
    }

    /// Without a deadline's help: the end often comes together with the last bytes, and the library overlooks it then.
    @Test(arguments: ["GE", "GET /a", "GET /a HTTP/1.1\r\nHo", request("POST /echo", ["Content-Length: 10"], body: "abc")])
    func `is not awaited where the client has hung up`(start: String) async throws {
        try await serving(Handler.usual) { listener in
            let clients = try (0..<40).map { _ in try RawClient(port: listener.port) }
            for client in clients {
                try await client.send(start)
                await client.endSending()
            }
            for client in clients { #expect(try await client.receiveAll() == []) }
        }
    }

    @Test func `gives its answer to a client that hung up behind a whole request`() async throws {
        let gate = Gate()
        let handler = Handler { head in
            await gate.pass()
            return .answer(.text(head.path.text))
        }
        try await serving(handler) { listener in
            let client = try RawClient(port: listener.port)
            try await client.send(request("GET /first") + request("GET /second"))
            await client.endSending()
            // As long as two looks at the connection take.
            try await Task.sleep(for: .milliseconds(2_500))
            gate.open()
            #expect(try await client.answer()?.text == "/first")
            #expect(try await client.answer()?.text == "/second")
        }
    }

    @Test(arguments: ["/", "/body"])
    func `ends the connection of a handler that hangs, not the handler`(path: String) async throws {
        let gate = Gate()
        let events = Collected<ServerEvent>()
        let handler = Handler { head in
            if head.path.segments.isEmpty { await gate.pass() }
            return .read(bodyMaxBytes: 10, tooLarge: .text("", status: 413)) { _ in
                await gate.pass()
                return .text("late")
            }
        }
        try await serving(
            handler,
            configured: {
                $0.limits.answerDeadline = .milliseconds(300)
                $0.onEvent = { events.add($0) }
            }
        ) { listener in
            let client = try RawClient(port: listener.port)
            #expect(try await client.ask(request("POST \(path)", ["Content-Length: 3"], body: "abc")) == nil)
            try await eventually { listener.requestsUnderWay == 0 }
            #expect(gate.waitingCount == 1)
            guard case .answerDeadlineExceeded? = events.all.first else {
                Issue.record("reported \(events.all) instead")
                return
            }
            // Its late outcome finds nobody and disturbs nobody.
            gate.open()
            let other = try RawClient(port: listener.port)
            #expect(try await other.ask(request("POST \(path)", ["Content-Length: 3"], body: "abc"))?.text == "late")
        }
    }

    @Test func `ends an answer that is not taken`() async throws {
        let records = Collected<AccessRecord>()
        let body = [UInt8](repeating: 0x61, count: 50_000_000)
        try await serving(
            Handler { _ in .answer(Response(status: 200, body: .bytes(body))) },
            configured: {
                $0.limits.answerDeadline = .milliseconds(500)
                $0.onAccess = { records.add($0) }
            }
        ) { listener in
            let client = try RawClient(port: listener.port, receiveBufferBytes: 8_192)
            try await client.send(request("GET /"))
            try await records.wait { $0.count == 1 }
            #expect(records.all.first?.status == 200)
            #expect(records.all.first?.isComplete == false)
        }
    }

    @Test func `ends a stream whose next piece does not come`() async throws {
        let gate = Gate()
        let handler = Handler { _ in
            .answer(
                Response(
                    status: 200,
                    body: .stream(
                        ByteStream {
                            await gate.pass()
                            return [1]
                        })))
        }
        try await serving(handler, configured: { $0.limits.answerDeadline = .milliseconds(300) }) { listener in
            let client = try RawClient(port: listener.port)
            let answer = try await client.ask(request("GET /"))
            #expect(answer?.status == 200)
            #expect(answer?.isComplete == false)
            try await eventually { listener.requestsUnderWay == 0 }
            gate.open()
        }
    }

    @Test func `does not end a connection that is used again and again`() async throws {
        try await serving(Handler.usual, configured: { $0.limits.receiveDeadline = .milliseconds(200) }) { listener in
            let client = try RawClient(port: listener.port)
            for _ in 0..<6 {
                #expect(try await client.ask(request("GET /later"))?.status == 200)
                try await Task.sleep(for: .milliseconds(100))
            }
        }
    }

    @Test func `of stillness closes a connection between two requests`() async throws {
        try await serving(Handler.usual, configured: { $0.limits.idleSecondsMax = 1 }) { listener in
            let client = try RawClient(port: listener.port)
            var received: [UInt8]?
            let duration = try await timed {
                #expect(try await client.ask(request("GET /"))?.status == 200)
                received = try await client.receiveAll()
            }
            #expect(received == [])
            #expect(duration > .milliseconds(800) && duration < .seconds(60))
        }
    }
}
