import HTTPMessages
import HTTPServer
import Synchronization
import Testing

@Suite struct `Stopping` {
    @Test func `lets requests under way finish and answers new ones unavailable`() async throws {
        let gate = Gate()
        let handler = Handler { head in
            if head.path.segments == ["slow"] { await gate.pass() }
            return .answer(.text("done"))
        }
        let listener = try Listener(ListenerConfiguration(threads: 2), serving: handler)
        let slow = try RawClient(port: listener.port)
        let old = try RawClient(port: listener.port)
        #expect(try await old.ask(request("GET /"))?.status == 200)
        try await slow.send(request("GET /slow"))
        try await eventually { gate.waitingCount == 1 }
        async let stopped: Void = listener.stop(within: .seconds(10))
        var refused: RawClient.Answer?
        while true {
            let new = try RawClient(port: listener.port)
            refused = try await new.ask(request("GET /"))
            if refused?.status == 503 { break }
        }
        #expect(refused?.header("Retry-After") == "2")
        #expect(refused?.header("Connection") == "close")
        #expect(try await old.ask(request("POST /", ["Content-Length: 3"], body: "abc"))?.status == 503)
        gate.open()
        #expect(try await slow.answer()?.text == "done")
        await stopped
        #expect(throws: RawClient.Failure.self) { try RawClient(port: listener.port) }
    }

    @Test(arguments: ["/admit", "/respond", "/stream"])
    func `returns in time from a handler that hangs`(path: String) async throws {
        let gate = Gate()
        let events = Collected<ServerEvent>()
        let handler = Handler { head in
            if head.path.segments == ["admit"] { await gate.pass() }
            if head.path.segments == ["stream"] {
                return .answer(
                    Response(
                        status: 200,
                        body: .stream(
                            ByteStream {
                                await gate.pass()
                                return [1]
                            })))
            }
            return .read(bodyMaxBytes: 10, tooLarge: .text("")) { _ in
                await gate.pass()
                return .text("")
            }
        }
        var configuration = ListenerConfiguration(threads: 2)
        configuration.onEvent = { events.add($0) }
        let listener = try Listener(configuration, serving: handler)
        let clients = try (0..<20).map { _ in try RawClient(port: listener.port) }
        for client in clients { try await client.send(request("POST \(path)", ["Content-Length: 3"], body: "abc")) }
        try await eventually { gate.waitingCount == 20 }
        let duration = await ContinuousClock().measure { await listener.stop(within: .milliseconds(300)) }
        #expect(duration >= .milliseconds(300) && duration < .seconds(60))
        for client in clients { #expect(try await client.answer()?.isComplete != true) }
        guard case .stopCutOff(requestsUnderWay: 20)? = events.all.first else {
            Issue.record("reported \(events.all) instead")
            return
        }
        // Their late outcomes come after the daemon's end.
        gate.open()
        await listener.stop(within: .zero)
    }

    /// The library ends the process when it is stopped with a connection suspended; this test is the proof that it is not.
    @Test(arguments: 0..<12)
    func `in the middle of everything ends nothing but the listener`(round: Int) async throws {
        let handler = Handler { head in
            let hops = Int(head.path.segments.last ?? "") ?? 0
            for _ in 0..<hops { await Task.yield() }
            if hops == 3 {
                let left = Mutex(20)
                return .answer(
                    Response(
                        status: 200,
                        body: .stream(
                            ByteStream {
                                await Task.yield()
                                return left.withLock { left in
                                    left -= 1
                                    return left > 0 ? [1, 2, 3] : nil
                                }
                            })))
            }
            return .read(bodyMaxBytes: 100, tooLarge: .text("")) { body in
                for _ in 0..<hops { await Task.yield() }
                return Response(status: 200, body: .bytes(body))
            }
        }
        let listener = try Listener(ListenerConfiguration(threads: 2), serving: handler)
        let counted = Mutex<Int>.Reference(0)
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<24 {
                group.addTask {
                    // Ends with the first answer that does not come: the listener is gone then.
                    guard let client = try? RawClient(port: listener.port) else { return }
                    while let answer = try? await client.ask(
                        request("POST /\(number % 4)", ["Content-Length: 3"], body: "abc")), answer.status == 200
                    {
                        counted.value.withLock { $0 += 1 }
                    }
                }
            }
            try? await eventually { counted.value.withLock { $0 } > 200 }
            // With no time at all, requests are cut off wherever they are; with some, they are drained.
            await listener.stop(within: round.isMultiple(of: 2) ? .zero : .seconds(5))
        }
        #expect(counted.value.withLock { $0 } > 200)
    }

    @Test func `twice, and at once, waits for one end`() async throws {
        let listener = try Listener(ListenerConfiguration(), serving: Handler.usual)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<5 { group.addTask { await listener.stop(within: .seconds(1)) } }
        }
        await listener.stop(within: .seconds(1))
    }

    @Test func `happens by itself when a listener is let go`() async throws {
        var listener: Listener? = try Listener(ListenerConfiguration(), serving: Handler.usual)
        let port = try #require(listener?.port)
        _ = try RawClient(port: port)
        listener = nil
        try await eventually { (try? RawClient(port: port)) == nil }
    }
}
