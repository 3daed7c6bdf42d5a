import Glibc
import HTTPMessages
import TestKit

/// A request could not be sent or its answer not be read; the request may have been acted upon.
struct NoAnswer: Error, CustomStringConvertible {
    let description: String
}

/// A client that opens a connection for every request, as kiosks do, and reads its answer to the end.
struct HTTPClient: Sendable {
    let port: Int
    /// What stands in front of every path: empty, or `/t/NAME`.
    var prefix = ""
    var headers: HeaderFields = [:]
    /// How long one silent stretch may last.
    var patienceSeconds = 30

    /// As the key's owner.
    func with(key: String) -> HTTPClient {
        var client = self
        client.headers.set("Authorization", "Bearer \(key)")
        return client
    }

    func below(_ prefix: String) -> HTTPClient {
        var client = self
        client.prefix = prefix
        return client
    }

    /// - Throws: ``NoAnswer``.
    func ask(
        _ method: HTTPMethod, _ target: String, _ body: String? = nil, headers more: HeaderFields = [:]
    ) async throws -> GoldenAnswer {
        var headers = headers
        for field in more.fields { headers.append(field.name, field.value) }
        if body != nil, headers.first("Content-Type") == nil { headers.append("Content-Type", "application/json") }
        if body != nil || method != .get { headers.append("Content-Length", String(body?.utf8.count ?? 0)) }
        return try await send(
            GoldenRequest(
                method: method, target: target, headers: headers, body: Array((body ?? "").utf8)))
    }

    /// Sends a request with exactly its headers, and those that HTTP needs.
    func send(_ request: GoldenRequest) async throws -> GoldenAnswer {
        var text = "\(request.method) \(prefix)\(request.target) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nConnection: close\r\n"
        for field in request.headers.fields { text += "\(field.name): \(field.value)\r\n" }
        let bytes = Array((text + "\r\n").utf8) + request.body
        let port = port
        let patience = patienceSeconds
        let isHead = request.method == .head
        return try await blocking { try Self.parse(Self.exchange(bytes, port, patience), isHead: isHead) }
    }

    private static func exchange(_ bytes: [UInt8], _ port: Int, _ patienceSeconds: Int) throws -> [UInt8] {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        var patience = timeval(tv_sec: patienceSeconds, tv_usec: 0)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let connected = unsafe withUnsafePointer(to: address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw NoAnswer(description: "cannot connect: \(errno)") }
        var sent = 0
        while sent < bytes.count {
            let count = unsafe bytes[sent...].withUnsafeBytes {
                unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            // The server may have answered already and read no further: what it said is read below.
            guard count > 0 else { break }
            sent += count
        }
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress, $0.count, 0) }
            if count < 0 { throw NoAnswer(description: "the answer broke off: \(errno)") }
            if count == 0 { return received }
            received += buffer[..<count]
        }
    }

    private static func parse(_ bytes: [UInt8], isHead: Bool) throws -> GoldenAnswer {
        let blank = Array("\r\n\r\n".utf8)
        guard let end = bytes.indices.first(where: { bytes[$0...].starts(with: blank) }) else {
            throw NoAnswer(description: "no answer, but \(bytes.count) bytes")
        }
        let lines = String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\r\n")
        guard let status = lines.first?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
            throw NoAnswer(description: "an answer without a status")
        }
        var headers: HeaderFields = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            headers.append(String(parts[0]), parts.count > 1 ? String(parts[1].drop { $0 == " " }) : "")
        }
        let rest = bytes[(end + 4)...]
        if isHead { return GoldenAnswer(status: status, headers: headers, body: []) }
        if headers.first("Transfer-Encoding") == "chunked" {
            return GoldenAnswer(status: status, headers: headers, body: try unchunked(rest))
        }
        if let length = headers.first("Content-Length").flatMap({ Int($0) }), length != rest.count {
            throw NoAnswer(description: "\(rest.count) of \(length) bytes came")
        }
        return GoldenAnswer(status: status, headers: headers, body: Array(rest))
    }

    private static func unchunked(_ bytes: ArraySlice<UInt8>) throws -> [UInt8] {
        var rest = bytes
        var body: [UInt8] = []
        while let end = rest.firstIndex(of: UInt8(ascii: "\r")) {
            guard let size = Int(String(decoding: rest[..<end], as: UTF8.self), radix: 16), end + 2 + size + 2 <= rest.endIndex
            else { break }
            if size == 0 { return body }
            body += rest[(end + 2)..<(end + 2 + size)]
            rest = rest[(end + 2 + size + 2)...]
        }
        throw NoAnswer(description: "a chunked answer without its end")
    }
}
