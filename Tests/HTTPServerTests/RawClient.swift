import Dispatch
import Glibc

/// A client that sends exactly the bytes it is told and waits at most ten seconds for any.
///
/// On a queue of its own, since it blocks and the server's handlers need the shared threads.
actor RawClient {
    struct Answer: Equatable {
        var status = 0
        var headers: [(name: String, value: String)] = []
        var body: [UInt8] = []
        /// False when the connection ended before the body's announced or chunked end.
        var isComplete = true

        var text: String { String(decoding: body, as: UTF8.self) }

        func header(_ name: String) -> String? {
            headers.first { $0.name.lowercased() == name.lowercased() }?.value
        }

        static func == (one: Answer, other: Answer) -> Bool {
            one.status == other.status && one.body == other.body && one.isComplete == other.isComplete
        }
    }

    struct Failure: Error {
        let what: String
    }

    private final class Queue: SerialExecutor {
        let queue = DispatchQueue(label: "RawClient")
        func enqueue(_ job: consuming ExecutorJob) {
            let job = UnownedJob(job)
            queue.async { unsafe job.runSynchronously(on: self.asUnownedSerialExecutor()) }
        }
    }

    private let executor = Queue()
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }
    private var descriptor: Int32
    /// Received and not yet read, back to front, so that taking a byte is cheap.
    private var pending: [UInt8] = []

    /// - Parameter receiveBufferBytes: The kernel's buffer for this socket; small for a client that takes little at once.
    init(port: Int, host: String = "127.0.0.1", receiveBufferBytes: Int32? = nil) throws {
        let isVersion6 = host.contains(":")
        let descriptor = socket(isVersion6 ? AF_INET6 : AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var patience = timeval(tv_sec: 10, tv_usec: 0)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        if var bytes = receiveBufferBytes {
            unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &bytes, socklen_t(MemoryLayout<Int32>.size))
        }
        let result: Int32
        if isVersion6 {
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = UInt16(port).bigEndian
            unsafe inet_pton(AF_INET6, host, &address.sin6_addr)
            result = unsafe withUnsafePointer(to: address) {
                unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in6>.size))
                }
            }
        } else {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = UInt16(port).bigEndian
            unsafe inet_pton(AF_INET, host, &address.sin_addr)
            result = unsafe withUnsafePointer(to: address) {
                unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        }
        if result != 0 {
            Glibc.close(descriptor)
            throw Failure(what: "cannot connect: \(errno)")
        }
        self.descriptor = descriptor
    }

    deinit { if descriptor >= 0 { Glibc.close(descriptor) } }

    /// Sends all bytes; throws when the server no longer takes them.
    func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = unsafe bytes[sent...].withUnsafeBytes {
                unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Failure(what: "cannot send: \(errno)") }
            sent += count
        }
    }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    /// Says that no more will be sent, and goes on listening.
    func endSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    func close() {
        Glibc.close(descriptor)
        descriptor = -1
    }

    /// Ends the connection with a reset instead of an orderly end.
    func abort() {
        var now = linger(l_onoff: 1, l_linger: 0)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
        close()
    }

    /// At least one more byte, or none at the connection's end.
    func receiveSome() throws -> [UInt8] {
        if !pending.isEmpty {
            defer { pending = [] }
            return pending.reversed()
        }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = unsafe buffer.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress, $0.count, 0) }
        if count < 0 {
            if errno == ECONNRESET || errno == EPIPE { return [] }
            throw Failure(what: "cannot receive: \(errno)")
        }
        return Array(buffer[..<count])
    }

    /// Everything up to the connection's end.
    func receiveAll() throws -> [UInt8] {
        var all: [UInt8] = []
        while case let some = try receiveSome(), !some.isEmpty { all += some }
        return all
    }

    private func line() throws -> String? {
        var line: [UInt8] = []
        while true {
            guard let byte = try byte() else { return nil }
            if byte == UInt8(ascii: "\n") {
                if line.last == UInt8(ascii: "\r") { line.removeLast() }
                return String(decoding: line, as: UTF8.self)
            }
            line.append(byte)
        }
    }

    private func byte() throws -> UInt8? {
        if pending.isEmpty { pending = try receiveSome().reversed() }
        return pending.popLast()
    }

    private func take(_ count: Int) throws -> [UInt8] {
        var taken: [UInt8] = []
        while taken.count < count, let byte = try byte() { taken.append(byte) }
        return taken
    }

    /// One answer; nil when the connection ends without any.
    func answer(toHead isHead: Bool = false) throws -> Answer? {
        guard let status = try line() else { return nil }
        var answer = Answer()
        answer.status = status.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        while let field = try line(), !field.isEmpty {
            let parts = field.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            answer.headers.append((String(parts[0]), String(parts[1].drop { $0 == " " })))
        }
        if isHead || answer.status == 204 || answer.status == 304 || answer.status < 200 { return answer }
        if let length = answer.header("Content-Length").flatMap({ Int($0) }) {
            answer.body = try take(length)
            answer.isComplete = answer.body.count == length
        } else if answer.header("Transfer-Encoding") == "chunked" {
            while true {
                guard let text = try line(), let size = Int(text, radix: 16) else {
                    answer.isComplete = false
                    break
                }
                answer.body += try take(size)
                guard try line() != nil else {
                    answer.isComplete = false
                    break
                }
                if size == 0 { break }
            }
        } else {
            while let byte = try byte() { answer.body.append(byte) }
        }
        return answer
    }

    /// Sends a request and reads its answer.
    func ask(_ text: String) throws -> Answer? {
        try send(text)
        return try answer(toHead: text.hasPrefix("HEAD "))
    }
}
