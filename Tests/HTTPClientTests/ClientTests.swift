import HTTPClient
import HTTPMessages
import HTTPServer
import Synchronization
import Testing

/// A server that says what it was asked.
private struct Mirror: RequestHandler {
    func admit(_ head: RequestHead) async -> Admission {
        switch head.path.segments.first {
        case "echo":
            return .read(bodyMaxBytes: 8 << 20, tooLarge: Response(status: 413)) { body in
                let type = head.headers.first("Content-Type") ?? "none"
                return Response(
                    status: 200, headers: ["X-Method": head.method.rawValue, "X-Type": type], body: .bytes(body))
            }
        case "long": return .answer(Response(status: 200, body: .bytes([UInt8](repeating: 0x61, count: 3_000_000))))
        case "elsewhere": return .answer(Response(status: 308, headers: ["Location": "/echo"]))
        case "never":
            try? await Task.sleep(for: .seconds(30))
            return .answer(Response(status: 200))
        default: return .answer(Response(status: 404, headers: ["Retry-After": "7", "retry-after": "8"]))
        }
    }

    func answer(to failure: TransportFailure, rawTarget: String) -> Response { Response(status: 400) }
}

@Suite struct `A client` {
    private func withServer(_ body: (_ base: String, _ client: Client) async throws -> Void) async throws {
        let listener = try Listener(ListenerConfiguration(name: "mirror", host: "127.0.0.1", port: 0), serving: Mirror())
        do {
            try await body("http://127.0.0.1:\(listener.port)", Client())
        } catch {
            await listener.stop(within: .zero)
            throw error
        }
        await listener.stop(within: .zero)
    }

    @Test func `sends method, fields and body, and returns status, fields and body`() async throws {
        try await withServer { base, client in
            let sent = Array("Grüße\0!".utf8)
            var request = OutgoingRequest(.put, base + "/echo", headers: ["Content-Type": "text/plain"], body: sent)
            let answer = try await client.send(request)
            #expect(answer.status == 200 && answer.body == sent && answer.microseconds > 0)
            #expect(answer.headers.first("x-method") == "PUT" && answer.headers.first("X-Type") == "text/plain")
            // No type that nobody gave it, and an empty body is one.
            request = OutgoingRequest(.post, base + "/echo", body: [])
            let empty = try await client.send(request)
            #expect(empty.headers.first("X-Type") == "none" && empty.headers.first("X-Method") == "POST" && empty.body == [])
            let absent = try await client.send(OutgoingRequest(.get, base + "/absent"))
            #expect(absent.status == 404 && absent.headers.all("Retry-After") == ["7", "8"])
            #expect(try await client.send(OutgoingRequest(.head, base + "/long")).body == [])
        }
    }

    @Test func `sends a body of many megabytes without asking first`() async throws {
        try await withServer { base, client in
            let body = (0..<5_000_000).map { UInt8(truncatingIfNeeded: $0) }
            var request = OutgoingRequest(.post, base + "/echo", body: body)
            request.answerBytesMax = 5_000_000
            let answer = try await client.send(request)
            #expect(answer.body == body)
        }
    }

    @Test func `follows nobody to another address`() async throws {
        try await withServer { base, client in
            let answer = try await client.send(OutgoingRequest(.get, base + "/elsewhere"))
            #expect(answer.status == 308 && answer.headers.first("Location") == "/echo")
        }
    }

    @Test func `does many requests at once`() async throws {
        try await withServer { base, client in
            let answers = try await withThrowingTaskGroup(of: (Int, [UInt8]).self) { group in
                for number in 0..<300 {
                    group.addTask {
                        (number, try await client.send(OutgoingRequest(.post, base + "/echo", body: Array("\(number)".utf8))).body)
                    }
                }
                return try await group.reduce(into: [:]) { $0[$1.0] = String(decoding: $1.1, as: UTF8.self) }
            }
            #expect(answers == Dictionary(uniqueKeysWithValues: (0..<300).map { ($0, "\($0)") }))
        }
    }

    @Test func `hands a body over piece by piece, and stops where it is told to`() async throws {
        try await withServer { base, client in
            let received = Mutex((pieces: 0, bytes: 0))
            var request = OutgoingRequest(.get, base + "/long")
            // No limit where nothing is kept.
            request.answerBytesMax = 10
            let answer = try await client.send(request) { piece in
                received.withLock { received in
                    received.pieces += 1
                    received.bytes += piece.count
                }
                return true
            }
            #expect(answer.body == [])
            #expect(received.withLock { $0.pieces > 1 && $0.bytes == 3_000_000 })
            await #expect(throws: ClientError.self) { try await client.send(request) { _ in false } }
        }
    }

    @Test func `takes no answer that is too long or too late`() async throws {
        try await withServer { base, client in
            var long = OutgoingRequest(.get, base + "/long")
            long.answerBytesMax = 2_999_999
            await #expect(throws: ClientError.unanswered("the answer is longer than 2999999 bytes")) {
                try await client.send(long)
            }
            long.answerBytesMax = 3_000_000
            let whole = try await client.send(long)
            #expect(whole.body.count == 3_000_000)
            var never = OutgoingRequest(.get, base + "/never")
            never.totalSecondsMax = 1
            await #expect(throws: ClientError.unanswered("timeout was reached")) { try await client.send(never) }
        }
    }

    @Test func `tells what was never sent from what nobody answered`() async throws {
        let listener = try Listener(ListenerConfiguration(name: "gone", host: "127.0.0.1", port: 0), serving: Mirror())
        let port = listener.port
        await listener.stop(within: .zero)
        do throws(ClientError) {
            _ = try await Client().send(OutgoingRequest(.get, "http://127.0.0.1:\(port)/"))
            Issue.record("there is nobody")
        } catch {
            if case .notSent = error {} else { Issue.record("\(error)") }
        }
    }

    @Test(arguments: [
        ("file:///etc/hostname", [:]), ("http://", [:]), ("http://127.0.0.1:1\0/", [:]),
        ("http://127.0.0.1:1/", ["X-Key": "a\r\nX-Other: b"]),
    ])
    func `refuses what is no request`(url: String, headers: [String: String]) async throws {
        let fields = HeaderFields(headers.map { HeaderFields.Field(name: $0.key, value: $0.value) })
        do throws(ClientError) {
            _ = try await Client().send(OutgoingRequest(.get, url, headers: fields))
            Issue.record("\(url) was sent")
        } catch {
            if case .unusable = error {} else { Issue.record("\(error)") }
        }
    }
}
