import HTTPMessages
import HTTPServer
import Synchronization
import Testing

@Suite struct `A stream` {
    struct Broken: Error {}

    /// `count` pieces of `size` bytes, counted as they are made.
    private static func stream(
        _ count: Int, of size: Int, later: Bool, failing: Bool = false, made: Mutex<Int>.Reference
    ) -> Response {
        Response(
            status: 200, headers: ["Content-Type": "text/csv"],
            body: .stream(
                ByteStream {
                    if later { await Task.yield() }
                    let number = made.value.withLock { made in
                        made += 1
                        return made
                    }
                    if number > count {
                        if failing { throw Broken() }
                        return nil
                    }
                    return [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: size)
                }))
    }

    @Test(arguments: [false, true], [1, 100, 40_000])
    func `arrives whole, and the connection goes on`(later: Bool, size: Int) async throws {
        let made = Mutex<Int>.Reference(0)
        let handler = Handler { _ in
            made.value.withLock { $0 = 0 }
            return .answer(Self.stream(20, of: size, later: later, made: made))
        }
        try await serving(handler) { listener in
            let client = try RawClient(port: listener.port)
            for _ in 0..<3 {
                let answer = try #require(try await client.ask(request("GET /")))
                #expect(answer.isComplete)
                #expect(answer.header("Transfer-Encoding") == "chunked")
                #expect(answer.body == (1...20).flatMap { [UInt8](repeating: UInt8($0), count: size) })
            }
            #expect(made.value.withLock { $0 } == 21)
        }
    }

    @Test func `skips empty pieces`() async throws {
        let pieces = Mutex<[[UInt8]]>.Reference([[], [1], [], [], [2, 3], []])
        let handler = Handler { _ in
            .answer(
                Response(status: 200, body: .stream(ByteStream { pieces.value.withLock { $0.isEmpty ? nil : $0.removeFirst() } })))
        }
        try await serving(handler) { listener in
            let client = try RawClient(port: listener.port)
            #expect(try await client.ask(request("GET /"))?.body == [1, 2, 3])
        }
    }

    @Test(arguments: [false, true])
    func `that throws ends the connection without the closing chunk`(later: Bool) async throws {
        let made = Mutex<Int>.Reference(0)
        let events = Collected<ServerEvent>()
        let records = Collected<AccessRecord>()
        try await serving(
            Handler { _ in .answer(Self.stream(3, of: 10, later: later, failing: true, made: made)) },
            configured: {
                $0.onEvent = { events.add($0) }
                $0.onAccess = { records.add($0) }
            }
        ) { listener in
            let client = try RawClient(port: listener.port)
            let answer = try #require(try await client.ask(request("GET /")))
            #expect(!answer.isComplete)
            #expect(answer.body.count == 30)
            try await records.wait { $0.count == 1 }
            #expect(records.all.first?.isComplete == false)
            guard case .streamFailed(_, let error)? = events.all.first, error is Broken else {
                Issue.record("reported \(events.all) instead")
                return
            }
        }
    }

    @Test func `answers a head without a single piece`() async throws {
        let made = Mutex<Int>.Reference(0)
        try await serving(Handler { _ in .answer(Self.stream(3, of: 10, later: true, made: made)) }) { listener in
            let client = try RawClient(port: listener.port)
            let head = try #require(try await client.ask(request("HEAD /")))
            #expect(head.status == 200)
            #expect(head.header("Content-Type") == "text/csv")
            #expect(made.value.withLock { $0 } == 0)
        }
    }

    @Test func `reaches an HTTP 1.0 client up to the connection's end`() async throws {
        let made = Mutex<Int>.Reference(0)
        try await serving(Handler { _ in .answer(Self.stream(9, of: 9_000, later: true, made: made)) }) { listener in
            let client = try RawClient(port: listener.port)
            try await client.send("GET / HTTP/1.0\r\n\r\n")
            let answer = try #require(try await client.answer())
            #expect(answer.header("Transfer-Encoding") == nil)
            #expect(answer.body.count == 81_000)
        }
    }

    @Test func `is not made faster than it is taken`() async throws {
        let made = Mutex<Int>.Reference(0)
        let size = 100_000
        try await serving(Handler { _ in .answer(Self.stream(500, of: size, later: true, made: made)) }) { listener in
            let client = try RawClient(port: listener.port, receiveBufferBytes: 8_192)
            try await client.send(request("GET /"))
            _ = try await client.receiveSome()
            // The kernel's buffers fill, then nothing moves: the number made stays what it is.
            var before = -1
            while case let now = made.value.withLock({ $0 }), now != before {
                before = now
                try await Task.sleep(for: .milliseconds(100))
            }
            #expect(before < 200)
            let rest = try await client.answerRest()
            #expect(rest > 499 * size - 20_000_000 && made.value.withLock { $0 } == 501)
        }
    }

    @Test func `is let go when its client goes away`() async throws {
        final class Token: Sendable {}
        weak let forgotten: Token?
        let made = Mutex<Int>.Reference(0)
        let handler: Handler
        let tokens = Mutex<[Token]>.Reference([])
        do {
            let token = Token()
            forgotten = token
            tokens.value.withLock { $0 = [token] }
            handler = Handler { _ in
                let token = tokens.value.withLock { $0.popLast() }
                return .answer(
                    Response(
                        status: 200,
                        body: .stream(
                            ByteStream {
                                _ = token
                                await Task.yield()
                                made.value.withLock { $0 += 1 }
                                return [UInt8](repeating: 0x61, count: 10_000)
                            })))
            }
        }
        try await serving(handler) { listener in
            let client = try RawClient(port: listener.port)
            try await client.send(request("GET /"))
            _ = try await client.receiveSome()
            await client.abort()
            try await eventually { forgotten == nil && listener.requestsUnderWay == 0 }
            let then = made.value.withLock { $0 }
            try await Task.sleep(for: .milliseconds(50))
            #expect(made.value.withLock { $0 } == then)
        }
    }
}

extension Mutex where Value: Sendable {
    /// A mutex that several closures hold.
    final class Reference: Sendable {
        let value: Mutex<Value>
        init(_ value: Value) { self.value = Mutex<Value>(value) }
    }
}

extension RawClient {
    /// The number of bytes up to a chunked answer's end, its chunk lines included.
    func answerRest() throws -> Int {
        var count = 0
        var last: [UInt8] = []
        while !last.elementsEqual(Array("0\r\n\r\n".utf8)), case let some = try receiveSome(), !some.isEmpty {
            count += some.count
            last = Array((last + some).suffix(5))
        }
        return count
    }
}
