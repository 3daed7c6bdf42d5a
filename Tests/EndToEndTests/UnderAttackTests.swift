import Foundation
import Glibc
import HTTPMessages
import TestKit
import Testing

/// Connections on which nothing is ever sent.
private final class SilentConnections: Sendable {
    private let descriptors: [Int32]

    /// How many this process may hold, beside what the tests need. It is raised to what the system permits.
    static func most() -> Int {
        var limit = rlimit()
        unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = limit.rlim_max
        unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return Int(clamping: limit.rlim_cur) - 500
    }

    init(_ count: Int, port: Int) throws {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var opened: [Int32] = []
        for _ in 0..<count {
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            opened.append(descriptor)
            let connected = unsafe withUnsafePointer(to: address) {
                unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            try #require(connected == 0, "connection \(opened.count): \(errno)")
        }
        descriptors = opened
    }

    deinit { for descriptor in descriptors { close(descriptor) } }

    /// How many the server has closed.
    var closedCount: Int {
        descriptors.count { descriptor in
            var byte: UInt8 = 0
            return unsafe recv(descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT)) == 0
        }
    }
}

extension `The program` {
    @Suite struct `Under attack` {
        /// More connections than a shell's programs may have files open: 1,024, of which the server has to think by itself.
        @Test(.enabled(if: SilentConnections.most() >= 5_000, "the system permits too few open files"))
        func `a server answers kiosks while five thousand connections say nothing`() async throws {
            try await Place.on(.sqlite) { place in
                let server = try await place.serve(through: ["/bin/sh", "-c", "ulimit -S -n 1024; exec \"$@\"", "sh"])
                let port = server.ports[0].port
                let silent = try await blocking { try SilentConnections(5_000, port: port) }
                var longest = Duration.zero
                for number in 0..<30 {
                    let duration = try await ContinuousClock().measure {
                        let answer = try await server.client.upload([Scan(key: "silent-\(number)", badge: "b\(number)")])
                        #expect(answer.status == 200 && answer.saved == 1)
                        #expect(try await server.anonymous.ask(.get, "/").status == 200)
                    }
                    longest = max(longest, duration)
                }
                #expect(longest < .seconds(1))
                #expect(silent.closedCount == 0)
                try await server.stop()
            }
        }

        @Test func `a server gives back the memory of large bodies`() async throws {
            try await Place.on(.sqlite) { place in
                let server = try await place.serve()
                let client = server.client
                let body = #"{"events":["# + String(repeating: " ", count: 15_000_000) + "]}"
                let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                    for _ in 0..<12 { group.addTask { try await client.ask(.post, "/v1/scans/batch", body).status } }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(statuses.allSatisfy { $0 == 200 || $0 == 503 } && statuses.contains(200))
                let id = server.process.id
                // The last of them may be on its way out. A sanitizer keeps what was freed, to find its late users.
                guard ProcessInfo.processInfo.environment["ASAN_OPTIONS"] == nil else { return try await server.stop() }
                _ = try await wait(for: "the memory of 12 bodies to be given back") {
                    let status = try String(contentsOfFile: "/proc/\(id)/status", encoding: .utf8)
                    let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
                    return try #require(Int(line.filter(\.isNumber))) < 100_000 ? true : nil
                }
                try await server.stop()
            }
        }
    }
}
