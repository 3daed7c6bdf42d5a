import HTTPMessages
import HTTPServer
import Testing

@Suite struct `A request` {
    @Test(arguments: [
        ("GET /a/b?c=d", "GET [\"a\", \"b\"] c=d"),
        ("GET /later/b", "GET [\"later\", \"b\"] "),
        ("GET /a%2Fb/%E0%B8%81?x=%zz", "GET [\"a/b\", \"ก\"] x=%zz"),
        ("GET //a/?", "GET [\"\", \"a\", \"\"] "),
        ("GET /a?b?c", "GET [\"a\"] b?c"),
        ("GET http://example.org/a?b", "GET [\"a\"] b"),
        ("GET HTTP://example.org", "GET [] "),
        ("GET http://example.org?b", "GET [] b"),
        ("OPTIONS *", "OPTIONS [\"*\"] "),
        ("PURGE /a", "PURGE [\"a\"] "),
        ("DELETE /later", "DELETE [\"later\"] "),
    ])
    func `reaches the handler with its own target`(line: String, answer: String) async throws {
        try await serving(Handler.usual) { listener in
            let client = try RawClient(port: listener.port)
            let received = try #require(try await client.ask(request(line)))
            #expect(received.status == 200)
            #expect(received.text == answer)
        }
    }

    @Test(arguments: ["/%00", "/a%00b", "/%zz", "/%4", "/%ff", "*", "example.org:80", "ftp://host/", "/a\u{1}", "/a\u{7F}b"])
    func `with a malformed target is refused, and the connection goes on where its framing is sound`(target: String) async throws {
        try await serving(Handler.usual) { listener in
            let client = try RawClient(port: listener.port)
            let refused = try #require(try await client.ask(request("GET \(target)")))
            #expect(refused.status == 400)
            #expect(refused.text.hasPrefix("malformed"))
            if refused.header("Connection") != "close" {
                #expect(try await client.ask(request("GET /x"))?.status == 200)
            }
        }
    }

    @Test(arguments: ["", "later/"])
    func `after another uses the same connection`(prefix: String) async throws {
        try await serving(Handler.usual) { listener in
            let client = try RawClient(port: listener.port)
            for number in 0..<50 {
                let answer = try #require(try await client.ask(request("GET /\(prefix)\(number)")))
                #expect(answer.text.contains("\"\(number)\""))
                let echo = try await client.ask(
                    request("POST /\(prefix)echo", ["Content-Length: 5"], body: "abc\(10 + number)"))
                #expect(echo?.text == "abc\(10 + number)")
            }
        }
    }

    @Test(arguments: ["", "later/"])
    func `sent before the answer to the one before is answered in turn`(prefix: String) async throws {
        try await serving(Handler.usual) { listener in
            let client = try RawClient(port: listener.port)
            var all = ""
            for number in 0..<40 {
                all += request("GET /\(prefix)\(number)")
                all += request("POST /\(prefix)echo", ["Content-Length: 2"], body: "\(10 + number)")
            }
            try await client.send(all)
            for number in 0..<40 {
                #expect(try await client.answer()?.text.contains("\"\(number)\"") == true)
                #expect(try await client.answer()?.text == "\(10 + number)")
            }
        }
    }

    @Test func `for a head gets the fields of the whole answer and no body`() async throws {
        try await serving(Handler.usual) { listener in
            let client = try RawClient(port: listener.port)
            let head = try #require(try await client.ask(request("HEAD /abc")))
            #expect(head.status == 200)
            #expect(head.header("Content-Length") == String("HEAD [\"abc\"] ".utf8.count))
            #expect(try await client.ask(request("GET /x"))?.text == "GET [\"x\"] ")
        }
    }

    @Test func `of HTTP 1.0 ends the connection unless it asks not to`() async throws {
        try await serving(Handler.usual) { listener in
            let client = try RawClient(port: listener.port)
            try await client.send("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            #expect(try await client.answer()?.header("Connection")?.lowercased() == "keep-alive")
            try await client.send("GET /a HTTP/1.0\r\n\r\n")
            #expect(try await client.answer()?.status == 200)
            #expect(try await client.receiveAll() == [])
        }
    }

    @Test func `that trickles in byte by byte is understood`() async throws {
        try await serving(Handler.usual) { listener in
            let client = try RawClient(port: listener.port)
            let long = "X-Filler: " + String(repeating: "x", count: 12_000)
            let text = Array(request("POST /echo", [long, "Content-Length: 3"], body: "abc").utf8)
            // The library moves its buffer while a head grows past it.
            for start in stride(from: 0, to: text.count, by: 997) {
                try await client.send(Array(text[start..<min(start + 997, text.count)]))
                try await Task.sleep(for: .milliseconds(1))
            }
            #expect(try await client.answer()?.text == "abc")
        }
    }

    @Test func `brings its header fields along`() async throws {
        let heads = Collected<RequestHead>()
        let handler = Handler { head in
            heads.add(head)
            return .answer(.text(""))
        }
        try await serving(handler) { listener in
            let client = try RawClient(port: listener.port)
            _ = try await client.ask(
                request("GET /", ["X-A:1", "x-a: \t2 \t", "Cookie: c=d; e=f", "X-Empty:", "X-Thai: ก"]))
            let headers = try #require(heads.all.first).headers
            #expect(headers.all("X-A") == ["1", "2"])
            #expect(headers.fields.map(\.name) == ["Host", "X-A", "x-a", "Cookie", "X-Empty", "X-Thai"])
            #expect(headers.first("x-empty") == "")
            #expect(headers.first("x-thai") == "ก")
            #expect(heads.all.first?.clientAddress == "127.0.0.1")
        }
    }

    @Test func `beyond the number under way is answered unavailable`() async throws {
        let gate = Gate()
        let handler = Handler { _ in
            await gate.pass()
            return .answer(.text("done"))
        }
        try await serving(handler, configured: { $0.limits.requestsUnderWayMax = 2 }) { listener in
            let clients = try (0..<3).map { _ in try RawClient(port: listener.port) }
            for client in clients[..<2] { try await client.send(request("GET /")) }
            try await eventually { gate.waitingCount == 2 }
            #expect(listener.requestsUnderWay == 2)
            let refused = try #require(try await clients[2].ask(request("GET /")))
            #expect(refused.status == 503)
            #expect(refused.header("Retry-After") == "1")
            gate.open()
            for client in clients[..<2] { #expect(try await client.answer()?.text == "done") }
            try await eventually { listener.requestsUnderWay == 0 }
            #expect(try await clients[2].ask(request("GET /"))?.text == "done")
        }
    }
}

@Suite struct `An answer` {
    @Test func `carries the handler's fields, the server's own, and nothing that breaks a line`() async throws {
        let events = Collected<ServerEvent>()
        let handler = Handler { _ in
            .answer(
                .text(
                    "x", status: 201,
                    headers: [
                        "Content-Type": "text/plain", "Set-Cookie": "a", "set-cookie": "b", "Content-Length": "9",
                        "Transfer-Encoding": "chunked", "Connection": "close", "Date": "never", "X-Request-Id": "mine",
                        "X-Bad": "a\r\nX-Injected: 1",
                    ]))
        }
        try await serving(handler, configured: { $0.onEvent = { events.add($0) } }) { listener in
            let client = try RawClient(port: listener.port)
            let answer = try #require(try await client.ask(request("GET /")))
            #expect(answer.status == 201)
            #expect(answer.headers.filter { $0.name.lowercased() == "set-cookie" }.map(\.value) == ["a", "b"])
            #expect(answer.header("Content-Type") == "text/plain")
            #expect(answer.header("Content-Length") == "1")
            #expect(answer.header("Transfer-Encoding") == nil)
            #expect(answer.header("Connection") == nil)
            #expect(answer.header("X-Request-Id") != "mine")
            #expect(answer.header("Date")?.hasSuffix("GMT") == true)
            #expect(answer.headers.filter { ["date", "x-request-id"].contains($0.name.lowercased()) }.count == 2)
            #expect(answer.header("X-Injected") == nil)
            guard case .headerFieldLeftOut(_, "X-Bad")? = events.all.first else {
                Issue.record("nothing was reported")
                return
            }
        }
    }

    @Test(arguments: [204, 304])
    func `without a body by its status leaves the connection usable`(status: Int) async throws {
        try await serving(Handler { _ in .answer(Response(status: status)) }) { listener in
            let client = try RawClient(port: listener.port)
            for _ in 0..<3 { #expect(try await client.ask(request("GET /"))?.status == status) }
        }
    }

    @Test func `of many megabytes arrives whole`() async throws {
        let body = (0..<8_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        try await serving(Handler { _ in .answer(Response(status: 200, body: .bytes(body))) }) { listener in
            let client = try RawClient(port: listener.port)
            #expect(try await client.ask(request("GET /"))?.body == body)
        }
    }
}

@Suite struct `The access log` {
    @Test func `has one record for each finished request`() async throws {
        let records = Collected<AccessRecord>()
        try await serving(Handler.usual, configured: { $0.onAccess = { records.add($0) } }) { listener in
            let client = try RawClient(port: listener.port)
            let first = try await client.ask(request("GET /a%20b?secret=1"))
            _ = try await client.ask(request("POST /echo", ["Content-Length: 3"], body: "abc"))
            _ = try await client.ask(request("POST /later/deny", ["Content-Length: 3"], body: "abc"))
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
            _ = try await client.answer()
            try await records.wait { $0.count == 4 }
            #expect(records.all.map(\.method) == ["GET", "POST", "POST", "GET"])
            #expect(records.all.map(\.rawPath) == ["/a%20b", "/echo", "/later/deny", "/"])
            #expect(records.all.map(\.status) == [200, 200, 401, 400])
            #expect(records.all.map(\.bytesIn) == [0, 3, 3, 0])
            #expect(records.all[1].bytesOut == 3)
            #expect(records.all[0].requestID == first?.header("X-Request-Id"))
            for record in records.all {
                #expect(record.listener == "test")
                #expect(record.clientAddress == "127.0.0.1")
                #expect((0..<5_000_000).contains(record.durationMicroseconds))
                #expect(record.isComplete)
            }
        }
    }

    @Test func `tells of a request whose client went away during the upload`() async throws {
        let records = Collected<AccessRecord>()
        try await serving(Handler.usual, configured: { $0.onAccess = { records.add($0) } }) { listener in
            let client = try RawClient(port: listener.port)
            try await client.send(request("POST /echo", ["Content-Length: 100"], body: "abc"))
            try await Task.sleep(for: .milliseconds(20))
            await client.close()
            try await records.wait { $0.count == 1 }
            let record = try #require(records.all.first)
            #expect(record.status == 0)
            #expect(!record.isComplete)
            try await eventually { listener.requestsUnderWay == 0 }
        }
    }
}
