import Glibc
import HTTPMessages
import HTTPServer
import Testing

@Suite struct `A listener` {
    @Test(arguments: [
        ("127.0.0.1", "127.0.0.1"), ("::1", "::1"), ("::", "::1"), ("::", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"),
        ("localhost", "127.0.0.1"),
    ])
    func `serves on the address it is given`(host: String, reached: String) async throws {
        let handler = Handler { .answer(.text($0.clientAddress)) }
        try await serving(handler, configured: { $0.host = host }) { listener in
            let client = try RawClient(port: listener.port, host: reached)
            #expect(try await client.ask(request("GET /"))?.text == reached)
        }
    }

    @Test func `that finds its address in use says which`() async throws {
        try await serving(Handler.usual) { listener in
            let second = ListenerConfiguration(port: listener.port)
            let error = #expect(throws: ListenerError.self) { try Listener(second, serving: Handler.usual) }
            #expect(error?.reason == .addressInUse)
            #expect(error?.description == "cannot listen on 127.0.0.1:\(listener.port): the address is in use")
        }
    }

    @Test(arguments: [
        ("no.such.host.invalid", 0, "no.such.host.invalid:0"), ("", 0, ":0"), ("192.0.2.1", 0, "192.0.2.1:0"),
        ("127.0.0.1", 65_536, "127.0.0.1:65536"), ("127.0.0.1", -1, "127.0.0.1:-1"), ("::zz", 80, "[::zz]:80"),
    ])
    func `that has no such address says so`(host: String, port: Int, address: String) {
        let configuration = ListenerConfiguration(host: host, port: port)
        let error = #expect(throws: ListenerError.self) { try Listener(configuration, serving: Handler.usual) }
        #expect(error?.address == address)
        #expect(error?.reason == .badAddress)
    }

    @Test func `closes connections beyond its limit and reports them`() async throws {
        let events = Collected<ServerEvent>()
        try await serving(
            Handler.usual,
            configured: {
                $0.limits.connectionsMax = 3
                $0.onEvent = { events.add($0) }
                // With one thread, nobody races for the last place.
                $0.threads = 1
            }
        ) { listener in
            let clients = try (0..<3).map { _ in try RawClient(port: listener.port) }
            for client in clients { #expect(try await client.ask(request("GET /"))?.status == 200) }
            let fourth = try RawClient(port: listener.port)
            #expect(try await fourth.receiveAll() == [])
            guard case .connectionRefused("127.0.0.1")? = events.all.first else {
                Issue.record("reported \(events.all) instead")
                return
            }
            await clients[0].close()
            try await eventually {
                // Its place becomes free once the server has seen it go.
                (try? RawClient(port: listener.port)) != nil
            }
        }
    }
}

@Suite struct `A client's address` {
    @Test(arguments: [
        (["X-Forwarded-For: 203.0.113.7"], "203.0.113.7"),
        (["X-Forwarded-For: 203.0.113.7, 10.1.1.1"], "203.0.113.7"),
        (["X-Forwarded-For: 198.51.100.1, 203.0.113.7 ,10.1.1.1"], "203.0.113.7"),
        (["X-Forwarded-For: 198.51.100.1", "X-Forwarded-For: 203.0.113.7"], "203.0.113.7"),
        (["X-Forwarded-For: 203.0.113.7:4711"], "203.0.113.7"),
        (["X-Forwarded-For: 2001:db8::7"], "2001:db8::7"),
        (["X-Forwarded-For: [2001:db8::7]:80"], "2001:db8::7"),
        (["X-Forwarded-For: ::ffff:203.0.113.7"], "203.0.113.7"),
        (["X-Forwarded-For: 10.2.2.2, 10.1.1.1"], "10.2.2.2"),
        (["X-Forwarded-For: unknown"], "127.0.0.1"),
        (["X-Forwarded-For: 203.0.113.7, unknown, 10.1.1.1"], "10.1.1.1"),
        (["X-Forwarded-For:"], "127.0.0.1"),
        (["Forwarded: for=203.0.113.7;proto=https"], "203.0.113.7"),
        (["Forwarded: for=198.51.100.1, proto=http; For=\"[2001:db8::7]:80\""], "2001:db8::7"),
        (["Forwarded: for=_hidden"], "127.0.0.1"),
        (["Forwarded: proto=https"], "127.0.0.1"),
        (["Forwarded: for=198.51.100.1", "X-Forwarded-For: 203.0.113.7"], "203.0.113.7"),
        ([], "127.0.0.1"),
    ])
    func `is the rightmost one that no trusted proxy has`(fields: [String], address: String) async throws {
        let handler = Handler { .answer(.text($0.clientAddress)) }
        let trusted = try ["127.0.0.1", "10.0.0.0/8"].map { try #require(AddressRange($0)) }
        try await serving(handler, configured: { $0.trustedProxies = trusted }) { listener in
            let client = try RawClient(port: listener.port)
            #expect(try await client.ask(request("GET /", fields))?.text == address)
        }
    }

    @Test(arguments: [[], ["10.0.0.0/8"], ["127.0.0.2"], ["::1", "fd00::/8"]])
    func `is the peer's own when that is no trusted proxy`(proxies: [String]) async throws {
        let handler = Handler { .answer(.text($0.clientAddress)) }
        let trusted = try proxies.map { try #require(AddressRange($0)) }
        try await serving(handler, configured: { $0.trustedProxies = trusted }) { listener in
            let client = try RawClient(port: listener.port)
            let answer = try await client.ask(request("GET /", ["X-Forwarded-For: 203.0.113.7", "Forwarded: for=203.0.113.7"]))
            #expect(answer?.text == "127.0.0.1")
        }
    }

    @Test(arguments: [
        "", "x", "1.2.3", "1.2.3.4/33", "1.2.3.4/-1", "1.2.3.4/+8", "1.2.3.4/", "::/129", "::1/x", "1.2.3.4/8/8", "fe80::1%lo",
        "1.2.3.4\u{0}", "::1\u{0}x/8",
    ])
    func `range that is malformed is none`(text: String) {
        #expect(AddressRange(text) == nil)
    }
}

@Suite struct `A request identifier` {
    @Test(arguments: [
        ("abc", true), ("A.b_c-9", true), (String(repeating: "x", count: 64), true),
        (String(repeating: "x", count: 65), false), ("a b", false), ("a/b", false), ("é", false), ("\"x\"", false), ("", false),
    ])
    func `from a trusted proxy is kept when it is plain`(sent: String, isKept: Bool) async throws {
        let handler = Handler { .answer(.text($0.requestID)) }
        let trusted = [try #require(AddressRange("127.0.0.0/8"))]
        try await serving(handler, configured: { $0.trustedProxies = trusted }) { listener in
            let client = try RawClient(port: listener.port)
            let answer = try #require(try await client.ask(request("GET /", ["X-Request-Id: \(sent)"])))
            #expect((answer.text == sent) == isKept)
            #expect(answer.header("X-Request-Id") == answer.text)
        }
    }

    @Test func `from anyone else is not kept`() async throws {
        try await serving(Handler { .answer(.text($0.requestID)) }) { listener in
            let client = try RawClient(port: listener.port)
            let answer = try #require(try await client.ask(request("GET /", ["X-Request-Id: abc"])))
            #expect(answer.text != "abc")
            #expect(answer.header("X-Request-Id") == answer.text)
        }
    }

    @Test func `is made anew for each request`() async throws {
        try await serving(Handler { .answer(.text($0.requestID)) }) { listener in
            let client = try RawClient(port: listener.port)
            var seen: Set<String> = []
            for _ in 0..<50 { seen.insert(try #require(try await client.ask(request("GET /"))).text) }
            #expect(seen.count == 50)
            #expect(seen.allSatisfy { $0.utf8.count == 15 })
        }
    }

    @Test func `can be made by the configuration`() async throws {
        try await serving(Handler.usual, configured: { $0.makeRequestID = { "fixed" } }) { listener in
            let client = try RawClient(port: listener.port)
            #expect(try await client.ask(request("GET /"))?.header("X-Request-Id") == "fixed")
        }
    }
}
