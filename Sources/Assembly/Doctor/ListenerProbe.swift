import Glibc

/// Asks a configured address whether a server of ours is ready there.
struct ListenerProbe: Sendable {
    static let patienceSeconds = 2
    /// The answer is one short line.
    static let answerBytesMax = 4_096

    enum Outcome: Sendable, Equatable {
        case ready
        /// Muster, and why not.
        case notReady(String)
        /// Nobody listens.
        case nobody
        /// Somebody listens and says nothing, or nothing that Muster says.
        case stranger(String)
    }

    let address: Configuration.Address

    /// Where the address is reached from this machine.
    private var host: String {
        switch address.host {
        case "0.0.0.0": "127.0.0.1"
        case "::": "::1"
        default: address.host
        }
    }

    var finding: Finding {
        let name = "\(address.host.contains(":") ? "[\(address.host)]" : address.host):\(address.port)"
        if address.port == 0 { return Finding(.listeners, .ok, "\(name) takes a free port at each start: nobody is looked for") }
        switch ask() {
        case .ready: return Finding(.listeners, .ok, "\(name) is ready")
        case .nobody:
            return Finding(.listeners, .note, "nobody answers at \(name): the server is not running, or has other settings")
        case .notReady(let why):
            return Finding(
                .listeners, .trouble, "\(name) is \(why)", advice: "see what the other lines say, and the server's log")
        case .stranger(let what):
            return Finding(
                .listeners, .trouble, "\(name) is taken by something that is not Muster, or hangs: \(what)",
                advice: "find the process with: ss -ltnp 'sport = :\(address.port)'")
        }
    }

    /// Blocks for as long as ``patienceSeconds`` for each step.
    func ask() -> Outcome {
        guard let descriptor = connected() else { return .nobody }
        defer { close(descriptor) }
        let request = Array("GET /readyz HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n\r\n".utf8)
        let sent = unsafe request.withUnsafeBytes { unsafe send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        guard sent == request.count else { return .stranger("it takes no request") }
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: Self.answerBytesMax)
        while answer.count < Self.answerBytesMax {
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress, $0.count, 0) }
            if count <= 0 { break }
            answer += buffer[..<count]
        }
        return Self.outcome(of: String(decoding: answer, as: UTF8.self))
    }

    /// What an answer of `/readyz` means.
    static func outcome(of answer: String) -> Outcome {
        guard !answer.isEmpty else { return .stranger("no answer within \(patienceSeconds) seconds") }
        let lines = answer.split(separator: "\r\n", omittingEmptySubsequences: false)
        let status = lines[0].split(separator: " ").dropFirst().first.map(String.init) ?? ""
        let body = lines.last.map { $0.split(separator: "\n").first.map(String.init) ?? "" } ?? ""
        if status == "200", body == "ready" { return .ready }
        if status == "503", body.hasPrefix("not ready") { return .notReady(body) }
        return .stranger("it answers /readyz with \"\(lines[0].prefix(60))\"")
    }

    private func connected() -> Int32? {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard unsafe getaddrinfo(host, String(address.port), &hints, &list) == 0, let found = unsafe list else { return nil }
        defer { unsafe freeaddrinfo(list) }
        let descriptor = unsafe socket(found.pointee.ai_family, found.pointee.ai_socktype | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        var patience = timeval(tv_sec: Self.patienceSeconds, tv_usec: 0)
        // The second also bounds the time that connecting takes.
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        guard unsafe connect(descriptor, found.pointee.ai_addr, found.pointee.ai_addrlen) == 0 else {
            close(descriptor)
            return nil
        }
        return descriptor
    }
}
