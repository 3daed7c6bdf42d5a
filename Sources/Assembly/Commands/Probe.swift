import HTTPClient
import HTTPMessages

extension Command {
    static let probe = Command(
        "probe", "Asks a server whether it is ready: exit code 0 or 1. For health checks where there is no curl.",
        options: [
            Option("--url", "URL", "the server; where this program would listen (MUSTER_LISTEN) where left out"),
            Option("--path", "PATH", "what is asked for; /readyz where left out"),
            Option("--log", "LEVEL", "debug, info, warning, error or off (MUSTER_LOG)"),
        ]
    ) { invocation in
        let base = try invocation.serverURL
        let path = invocation.options["--path"] ?? "/readyz"
        var request = OutgoingRequest(.get, (base.hasSuffix("/") ? String(base.dropLast()) : base) + path)
        // Below what container engines wait.
        request.connectSecondsMax = 2
        request.totalSecondsMax = 4
        do {
            let answer = try await Client().send(request)
            Terminal.print("\(path) \(answer.status)")
            return answer.status == 200 ? 0 : 1
        } catch {
            throw Failure("\(base)\(path): \(error)")
        }
    }
}

extension Invocation {
    /// The server that a command talks to: `--url`, or where this configuration listens.
    /// - Throws: ``Misuse`` where it listens nowhere.
    var serverURL: String {
        get throws {
            if let url = options["--url"] {
                guard url.hasPrefix("http://") || url.hasPrefix("https://") else {
                    throw Misuse("--url is \"\(url)\": http://… or https://… was expected")
                }
                return url
            }
            guard let address = (configuration.sharedAddresses + configuration.trackAttendanceAddresses).first else {
                throw Misuse("there is nowhere to go: MUSTER_LISTEN is off and --url is not given")
            }
            // Who listens everywhere listens on the loopback too.
            let host = ["0.0.0.0": "127.0.0.1", "::": "::1"][address.host] ?? address.host
            return "http://\(host.contains(":") ? "[\(host)]" : host):\(address.port)"
        }
    }
}
