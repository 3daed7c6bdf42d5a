import HTTPMessages
import HTTPServer
import Testing

@Suite struct `The figures of a request` {
    @Test func `tell the answer's route, its status, and how much went in and out`() async throws {
        let figures = Collected<RequestFigures>()
        let handler = Handler { head in
            var response = Response.text("four", status: head.path.segments.first == "odd" ? 404 : 200)
            response.routeNumber = head.path.segments.count
            guard head.method == .post else { return .answer(response) }
            return .read(bodyMaxBytes: 10, tooLarge: .text("large", status: 413)) { _ in .text("got it") }
        }
        try await serving(handler, configured: { $0.onFinished = { figures.add($0) } }) { listener in
            let client = try RawClient(port: listener.port)
            for head in ["GET /a", "GET /odd/b", "HEAD /a/b/c"] { _ = try await client.ask(request(head)) }
            #expect(try await client.ask(request("POST /p", ["Content-Length: 3"], body: "abc"))?.status == 200)
            try await figures.wait(until: { $0.count == 4 })
        }
        let all = figures.all
        #expect(all.map(\.routeNumber) == [1, 2, 3, 0], "an answer that names no route has number 0")
        #expect(all.map(\.status) == [200, 404, 200, 200])
        #expect(all.map(\.bytesIn) == [0, 0, 0, 3])
        #expect(all.map(\.bytesOut) == [4, 4, 0, 6])
        #expect(all.allSatisfy { (0..<10_000_000).contains($0.durationMicroseconds) })
    }

    @Test(arguments: [(["127.0.0.1"], true), (["192.0.2.9"], false), ([], false)])
    func `come with an address of which is known who told it`(trusted: [String], isForwarded: Bool) async throws {
        let handler = Handler { .answer(.text("\($0.clientAddress) \($0.isAddressForwarded)")) }
        let ranges = trusted.compactMap { AddressRange($0) }
        try await serving(handler, configured: { $0.trustedProxies = ranges }) { listener in
            let client = try RawClient(port: listener.port)
            let told = try await client.ask(request("GET /", ["X-Forwarded-For: 192.0.2.1"]))?.text
            #expect(told == (isForwarded ? "192.0.2.1 true" : "127.0.0.1 false"))
            #expect(try await client.ask(request("GET /"))?.text == "127.0.0.1 false")
        }
    }
}
