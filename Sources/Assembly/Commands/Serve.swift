import AttendanceCore
import Dispatch
import Glibc
import HTTPServer
import SetupPage
import SQLStorage
import StrictJSON

extension Command {
    static let serve = Command(
        "serve", "Starts the server. Makes the store where there is none and brings its schema up to date.",
        options: [Option("--listen", "ADDRESS:PORT", "where to listen (MUSTER_LISTEN)")] + Option.common
    ) { invocation in
        LargeBlocks.giveBackAtOnce()
        let configuration = invocation.configuration
        let log = Log(level: configuration.logLevel, now: invocation.ambient.now)
        defer { log.flush() }
        // Watched from the beginning, so that a stop during a long migration is not lost.
        let stop = StopSignals()
        let place = StorePlace(configuration: configuration, ambient: invocation.ambient, log: log)
        try place.makeDirectory()
        let lock = try place.enter()
        defer { withExtendedLifetime(lock) {} }
        let migrated = try place.migrate()
        let writer = WriterCounts()
        let store = try place.open(observer: writer.observer(invocation.ambient))
        let operations = place.operations(store)
        let server: Server
        do {
            server = try await Server(configuration: configuration, store: store, operations: operations, writer: writer, log: log)
        } catch {
            await store.close()
            throw error
        }
        try await greet(invocation, place, migrated, server, operations)
        log.write(.info, "serving") { line in
            line.member("version", Version.text)
            line.member("listeners", server.listeners.map { "\($0.name) \($0.address.host):\($0.listener.port)" })
        }
        let signal = await stop.next()
        log.write(.info, "stopping") { $0.member("signal", signal) }
        server.beginStopping()
        await stop.pause(seconds: configuration.drainSeconds)
        // What a hanging disk or line still holds then was acknowledged to nobody.
        DispatchQueue.global().asyncAfter(deadline: .now() + Server.endWithinSeconds) {
            log.write(.warning, "stop took too long")
            log.flush()
            // Not `exit`: nothing may run on the way out that waits for what hangs.
            _exit(0)
        }
        await server.stop()
        log.write(.info, "stopped")
        return 0
    }

    /// What somebody who started the server needs to know next.
    private static func greet(
        _ invocation: Invocation, _ place: StorePlace, _ migrated: (applied: [String], copy: String?, isNew: Bool),
        _ server: Server, _ operations: Operations
    ) async throws {
        var lines = ["Muster \(Version.text)"]
        lines.append("  Data       \(place.description)" + (migrated.isNew ? " (new)" : ""))
        if let copy = migrated.copy { lines.append("  Copy made  \(copy) before the schema was brought up to date") }
        for listening in server.listeners {
            let host = listening.address.host.contains(":") ? "[\(listening.address.host)]" : listening.address.host
            let tenant = listening.address.tenant == .default ? "" : ", tenant \(listening.address.tenant)"
            lines.append("  Listening  http://\(host):\(listening.listener.port)/ (\(listening.name)\(tenant))")
        }
        if let first = server.listeners.first {
            let isLocal = ["127.0.0.1", "::1", "localhost"].contains(first.address.host)
            lines.append("  Dashboard  http://\(isLocal ? first.address.host : "localhost"):\(first.listener.port)/dashboard/")
            if isLocal {
                lines.append(
                    "  Only this machine can connect. For kiosks: \(invocation.program) serve --listen 0.0.0.0:\(first.listener.port)"
                )
            }
        }
        if invocation.configuration.apiKey == nil,
            // Where this cannot be looked up now, the hint is left out: the server answers already.
            (try? await operations.accessKeys(as: .commandLine(tenant: .default)))?.isEmpty == true
        {
            let (command, isComplete) = invocation.commandElsewhere(#"key create --label "Main entrance""#)
            let missing = isComplete ? "" : ", with the same DATABASE_URL"
            lines.append("  No key yet, and kiosks need one. In another terminal\(missing):")
            lines.append("             \(command)")
        }
        if let shared = server.listeners.first(where: { $0.name == "shared" && $0.address.tenant == .default }),
            // As above: it can be had at the next start.
            let secret = try? await operations.openSetup()
        {
            let host = shared.address.host
            let shown = ["127.0.0.1", "::1"].contains(host) ? (host == "::1" ? "[::1]" : host) : "localhost"
            lines.append("  No admin yet. This link makes the first one, once and within 30 minutes:")
            lines.append("             http://\(shown):\(shared.listener.port)\(SetupDialect.path)?token=\(secret)")
        }
        Terminal.print(lines.joined(separator: "\n"))
    }
}

extension Invocation {
    /// How a command is called from another terminal, which has this folder's `.env` but neither this one's environment nor
    /// its flags, so that it finds the same store.
    /// - Returns: The command, and whether that is all: an address that holds a password is not repeated on a screen.
    fileprivate func commandElsewhere(_ words: String) -> (line: String, isComplete: Bool) {
        var line = "\(Terminal.shellWord(program)) \(words)"
        var isComplete = true
        let own = configuration.values.filter { $0.origin == .flag || $0.origin == .environment }
        for case (let name, let value?, _) in own where !value.isEmpty {
            switch name {
            case .data: line += " --data \(Terminal.shellWord(value))"
            case .databaseURL where name.shown(value) == value: line += " --database-url \(Terminal.shellWord(value))"
            case .databaseURL: isComplete = false
            default: break
            }
        }
        return (line, isComplete)
    }
}

/// SIGTERM and SIGINT as something to wait for.
final class StopSignals: Sendable {
    private let signals: AsyncStream<String>
    // Never touched after it is made; it keeps the watching alive.
    private nonisolated(unsafe) let sources: [any DispatchSourceSignal]

    init() {
        let (stream, continuation) = AsyncStream.makeStream(of: String.self)
        signals = stream
        unsafe sources = [(SIGTERM, "SIGTERM"), (SIGINT, "SIGINT")].map { number, name in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { continuation.yield(name) }
            source.resume()
            return source
        }
    }

    /// The next signal that comes, or came.
    func next() async -> String {
        for await name in signals { return name }
        return ""
    }

    /// Returns after a while, or when another signal comes: whoever sends two is in a hurry.
    func pause(seconds: Int) async {
        guard seconds > 0 else { return }
        await withTaskGroup { group in
            group.addTask { _ = await self.next() }
            // Only thrown when cancelled, and then the other one has ended the pause.
            group.addTask { try? await Task.sleep(for: .seconds(seconds)) }
            await group.next()
            group.cancelAll()
        }
    }
}
