@testable import Assembly
import AttendanceCore
import DialectKit
import HTTPMessages
import HTTPServer
import SQLStorage
import Synchronization
import TestKit
import Testing

/// Lets a test hold a reading up, and counts how often it was begun.
private final class Gate: Sendable {
    private struct State {
        var begun = 0
        var isOpen = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }
    private let state = Mutex(State())

    var begun: Int { state.withLock { $0.begun } }

    func pass() async -> Int {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                state.begun += 1
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
        return begun
    }

    func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}

@Suite struct `A reading that many share` {
    private func reading(_ gate: Gate, _ clock: Mutex<Int64>.Shared, patience: Gate? = nil) -> SharedReading<Int> {
        SharedReading(
            keptMicroseconds: 1_000, patienceMicroseconds: 100, uptime: { clock.value },
            pause: { _ in _ = await patience?.pass() }, read: { await gate.pass() })
    }

    @Test func `is made once for all who wait, and once more when it is old`() async throws {
        let (gate, clock, patience) = (Gate(), Mutex<Int64>.Shared(0), Gate())
        let shared = reading(gate, clock, patience: patience)
        async let first = shared.value()
        async let second = shared.value()
        while gate.begun == 0 { await Task.yield() }
        gate.open()
        #expect(await first == 1)
        #expect(await second == 1)
        clock.value = 999
        #expect(await shared.value() == 1)
        clock.value = 1_000
        #expect(await shared.value() == 2)
        #expect(gate.begun == 2)
        patience.open()
    }

    @Test func `keeps nobody waiting where it hangs, and is not begun again`() async throws {
        let (gate, clock, patience) = (Gate(), Mutex<Int64>.Shared(0), Gate())
        let shared = reading(gate, clock, patience: patience)
        async let first = shared.value()
        while patience.begun == 0 { await Task.yield() }
        patience.open()
        #expect(await first == nil, "the first gives up after a while")
        clock.value = 100
        for _ in 0..<50 { #expect(await shared.value() == nil, "the others at once") }
        #expect(gate.begun == 1)
        #expect(shared.latest == nil)
        gate.open()
        while shared.latest == nil { await Task.yield() }
        #expect(await shared.value() == 1, "what came late is good all the same")
    }
}

extension Mutex where Value == Int64 {
    /// A number that several closures hold.
    fileprivate final class Shared: Sendable {
        private let number: Mutex<Int64>
        init(_ value: Int64) { number = Mutex(value) }
        var value: Int64 {
            get { number.withLock { $0 } }
            set { number.withLock { $0 = newValue } }
        }
    }
}

@Suite struct `Being ready` {
    private func verdict(
        _ look: @escaping @Sendable () async throws(AttendanceError) -> Bool
    ) async -> Readiness.Verdict {
        var ambient = Ambient.test(TestClock())
        // Long enough for whatever answers at all, so that no verdict hangs on the machine's speed.
        ambient.pause = { _ in try? await Task.sleep(for: .seconds(30)) }
        return await Readiness(ambient: ambient, schemaIsCurrent: look).verdict()
    }

    @Test func `means that the store answers and its schema is the program's`() async {
        #expect(await verdict { () async throws(AttendanceError) in true } == .ready)
        #expect(await verdict { () async throws(AttendanceError) in false } == .otherSchema)
        #expect(
            await verdict { () async throws(AttendanceError) in throw .unavailable(retryAfterSeconds: 1) } == .unreadable)
    }

    @Test func `ends when the server begins to stop`() async {
        let readiness = Readiness(ambient: .test(TestClock())) { () async throws(AttendanceError) in true }
        readiness.beginStopping()
        #expect(await readiness.verdict() == .stopping)
    }

    @Test func `is denied where the store is silent`() async {
        // The pause ends at once, the look never.
        let gate = Gate()
        let readiness = Readiness(ambient: .test(TestClock())) { () async throws(AttendanceError) in await gate.pass() > 0 }
        #expect(await readiness.verdict() == .silent)
        gate.open()
    }
}

@Suite struct `The figures are open` {
    private static let key = "figures-key-0123456789"

    private func judge(
        key: String? = nil, addresses: [String] = ["127.0.0.0/8", "::1"], from client: String = "127.0.0.1",
        forwarded: Bool = false, _ headers: HeaderFields = [:]
    ) throws -> MetricsGuard.Judgement {
        let head = RequestHead(
            method: .get, path: RequestPath(segments: ["metrics"]), headers: headers, clientAddress: client,
            isAddressForwarded: forwarded)
        let ranges = try addresses.map { try #require(AddressRange($0)) }
        return MetricsGuard(key: key, addresses: ranges, ambient: .test(TestClock())).judge(head)
    }

    @Test(arguments: ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
    func `to the machine itself`(client: String) throws {
        #expect(try judge(from: client) == .admitted)
    }

    @Test(arguments: ["192.0.2.1", "::2", "10.0.0.1", "unknown", ""])
    func `to no other address`(client: String) throws {
        #expect(try judge(from: client) == .closed)
        #expect(try judge(key: Self.key, from: client) == .keyWanted)
    }

    @Test func `to the addresses of the list`() throws {
        #expect(try judge(addresses: ["192.0.2.0/24"], from: "192.0.2.77") == .admitted)
        #expect(try judge(addresses: ["192.0.2.0/24"], from: "127.0.0.1") == .closed)
        #expect(try judge(addresses: [], from: "127.0.0.1") == .closed)
    }

    @Test(arguments: ["X-Forwarded-For", "Forwarded", "x-real-ip", "Via", "X-Forwarded-Host", "X-Forwarded-Proto"])
    func `to no proxy on the machine that asks for somebody else`(field: String) throws {
        #expect(try judge([.init(name: field, value: "127.0.0.1")].fields) == .closed)
    }

    @Test func `to whom a trusted proxy asks for, by that address`() throws {
        let headers: HeaderFields = ["X-Forwarded-For": "192.0.2.1"]
        #expect(try judge(from: "192.0.2.1", forwarded: true, headers) == .closed)
        #expect(try judge(addresses: ["192.0.2.1"], from: "192.0.2.1", forwarded: true, headers) == .admitted)
    }

    @Test(
        arguments: [
            ("Bearer \(key)", .admitted), ("bearer \(key)", .admitted), ("Bearer \(key)x", .keyWanted),
            ("Bearer ", .keyWanted), ("Basic \(key)", .keyWanted), (key, .keyWanted),
        ] as [(String, MetricsGuard.Judgement)])
    func `to the key, from anywhere`(authorization: String, judgement: MetricsGuard.Judgement) throws {
        let headers: HeaderFields = ["Authorization": authorization, "Via": "1.1 proxy"]
        #expect(try judge(key: Self.key, from: "192.0.2.1", headers) == judgement)
        #expect(try judge(from: "192.0.2.1", headers) == .closed, "where no key is set, none opens")
    }
}

extension [HeaderFields.Field] {
    fileprivate var fields: HeaderFields { HeaderFields(self) }
}

/// A contract that has one of the program's paths.
private struct SmallDialect: Dialect {
    let chapter = ReferenceChapter(title: "Small", "", endpoints: [])
    let name = "small"
    let routes: [Route<Endpoint>]

    init(_ patterns: [String]) {
        routes = patterns.map { pattern in
            Route(.get, pattern, Endpoint { _, _, _ in .answer(Response(status: 299)) })
        }
    }

    func admitUnrouted(_ head: RequestHead, allowed: [HTTPMethod], at site: Site) async -> Admission {
        .answer(Response(status: 499))
    }

    func answer(to failure: TransportFailure) -> Response { Response(status: 599) }
}

@Suite struct `Beside a contract` {
    private func mounts(_ subject: StoreUnderTest, _ patterns: [String]) throws -> Mounts {
        let dialect = SmallDialect(patterns)
        var ambient = Ambient.test(subject.clock)
        ambient.pause = { _ in try? await Task.sleep(for: .seconds(30)) }
        let monitor = Monitor(
            configuration: try Configuration(environment: [:], file: nil, flags: [:]), store: subject.store,
            ambient: ambient, writer: WriterCounts(), refusals: RefusalFigures(), labels: .all(of: [dialect]))
        return try Mounts(
            [dialect], home: .default, tenants: TenantDirectory(operations: subject.operations), isShared: false,
            monitor: monitor)
    }

    private func answer(_ mounts: Mounts, _ path: String, _ method: HTTPMethod = .get) async throws -> Response {
        let head = RequestHead(method: method, path: try #require(RequestPath(rawPath: path)))
        if let answer = mounts.answerAtOnce(to: head) { return answer }
        guard case .answer(let answer) = await mounts.admit(head) else { throw Overtaken() }
        return answer
    }

    private struct Overtaken: Error {}

    @Test func `the program answers at its paths, and nowhere else`() async throws {
        try await StoreKind.sqlite.withFreshStore { subject in
            let mounts = try mounts(subject, ["/", "/v1"])
            for path in ["/livez", "/healthz", "/readyz", "/metrics"] {
                #expect(try await answer(mounts, path).status == 200, "\(path)")
                #expect(try await answer(mounts, path, .head).status == 200, "\(path)")
                let other = try await answer(mounts, path, .post)
                #expect(other.status == 405 && other.headers.first("Allow") == "GET, HEAD")
            }
            for path in ["/livez/", "/Livez", "/t/default/livez", "/v1/livez"] {
                #expect(try await answer(mounts, path).status == 499, "\(path)")
            }
            #expect(try await answer(mounts, "/v1").status == 299)
        }
    }

    @Test func `the contract's own path stays the contract's`() async throws {
        try await StoreKind.sqlite.withFreshStore { subject in
            let mounts = try mounts(subject, ["/healthz"])
            #expect(try await answer(mounts, "/healthz").status == 299)
            #expect(try await answer(mounts, "/healthz", .post).status == 499)
            #expect(try await answer(mounts, "/livez").status == 200)
        }
    }

    @Test func `a server that takes no more says so, and that it lives`() async throws {
        try await StoreKind.sqlite.withFreshStore { subject in
            let mounts = try mounts(subject, ["/"])
            func status(_ target: String) -> Int {
                mounts.answer(to: .unavailable(retryAfterSeconds: 1), rawTarget: target).status
            }
            #expect(status("/livez?x") == 200)
            let ready = mounts.answer(to: .unavailable(retryAfterSeconds: 1), rawTarget: "/readyz")
            #expect(ready.status == 503 && ready.headers.first("Retry-After") != nil)
            #expect(status("/v1") == 599 && status("/metrics") == 599)
            #expect(mounts.answer(to: .malformed("x"), rawTarget: "/livez").status == 599)
        }
    }
}

extension [RequestCounts.Label] {
    fileprivate static func all(of dialects: [any Dialect]) -> [RequestCounts.Label] { RequestCounts.Label.all(of: dialects) }
}
