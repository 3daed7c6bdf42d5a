import HTTPMessages
import HTTPServer
import Synchronization
import TestKit

/// A small identity provider on loopback, which tells its keys, or something else.
final class ProviderServer: Sendable {
    enum Behaviour: Sendable {
        case keys(String)
        /// Nothing that is a key set.
        case other(status: Int, headers: HeaderFields, body: [UInt8])
        /// Takes the question and says nothing for a while.
        case silent(seconds: Int)
    }

    private struct Desk: RequestHandler {
        let state: ProviderState

        func admit(_ head: RequestHead) async -> Admission {
            switch state.ask() {
            case .keys(let keys):
                return .answer(
                    Response(
                        status: 200, headers: ["Content-Type": "application/json", "Cache-Control": "public, max-age=60"],
                        body: .bytes(Array(#"{"keys":[\#(keys)]}"#.utf8))))
            case .other(let status, let headers, let body):
                return .answer(Response(status: status, headers: headers, body: .bytes(body)))
            case .silent(let seconds):
                // Nobody waits for the end of it but this answer.
                try? await Task.sleep(for: .seconds(seconds))
                return .answer(Response(status: 200))
            }
        }

        func answer(to failure: TransportFailure, rawTarget: String) -> Response { Response(status: 503) }
    }

    private let state: ProviderState
    private let listener: Listener

    init(_ behaviour: Behaviour) throws {
        let state = ProviderState(behaviour)
        self.state = state
        listener = try Listener(ListenerConfiguration(name: "provider", host: "127.0.0.1", port: 0), serving: Desk(state: state))
    }

    var keysURL: String { "http://127.0.0.1:\(listener.port)/keys" }
    var asked: Int { state.asked }

    func behave(_ behaviour: Behaviour) { state.set(behaviour) }

    func stop() async { await listener.stop(within: .zero) }
}

/// What the provider's threads and a test share.
private final class ProviderState: Sendable {
    private let held: Mutex<(behaviour: ProviderServer.Behaviour, asked: Int)>

    init(_ behaviour: ProviderServer.Behaviour) {
        held = Mutex((behaviour, 0))
    }

    func ask() -> ProviderServer.Behaviour {
        held.withLock { held in
            held.asked += 1
            return held.behaviour
        }
    }

    var asked: Int { held.withLock { $0.asked } }
    func set(_ behaviour: ProviderServer.Behaviour) { held.withLock { $0.behaviour = behaviour } }
}
