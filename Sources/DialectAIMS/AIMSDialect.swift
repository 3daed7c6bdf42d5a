public import AttendanceCore
public import DialectKit
public import HTTPMessages
import StrictJSON

/// The wire contract of AIMS: teachers take attendance of their classes, and students see their own.
///
/// Source of every shape and status: docs/dialects/aims.md.
public struct AIMSDialect: Dialect {
    public let name = "aims"
    public let prefixes = [
        "auth", "users", "classes", "attendance", "stats", "students", "notifications", "leaderboard", "api/storage", "bt-checkin",
    ]

    let operations: Operations
    let configuration: AIMSConfiguration
    /// Nil where nobody can sign in, because nobody has said by which provider.
    let provider: IdentityProvider?
    private let gate: Gate

    /// - Parameter operations: Made with the secret of the contract's tokens.
    public init(operations: Operations, configuration: AIMSConfiguration, provider: IdentityProvider?) {
        self.operations = operations
        self.configuration = configuration
        self.provider = provider
        gate = Gate(
            credentials: AIMSCredentials(operations: operations),
            crossOrigin: CrossOriginPolicy(
                origins: configuration.allowedOrigins,
                methods: ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"],
                requestHeaders: [CrossOriginPolicy.any], maxAgeSeconds: 600))
    }

    public var crossOrigin: CrossOriginPolicy? { gate.crossOrigin }

    public var routes: [Route<Endpoint>] { gate.routes(resources) }

    /// Every path of the contract. Another resource is another line here and one in ``chapter``.
    var resources: [Resource] { signIn + classResources + studentResources + flagResources + storageResources }

    private var signIn: [Resource] {
        [
            Resource("/", .get(open: tellWelcome)),
            Resource("/health", answersHead: true, .get(open: tellHealth)),
            Resource("/auth/google", .post(open: signInStaff)),
            Resource("/auth/google/student", .post(open: signInStudent)),
            Resource("/users/me", .get(.anybody, showProfile)),
        ]
    }

    public func admitUnrouted(_ head: RequestHead, allowed: [HTTPMethod], at site: Site) async -> Admission {
        .answer(
            gate.unrouted(head, allowed: allowed) { path in
                let patterns = Set(resources.map(\.pattern)).map { Route(.get, $0, true) }
                // Each pattern stands there once, so none collides.
                guard let table = try? RouteTable(patterns), case .found = table.lookup(.get, path) else { return false }
                return true
            })
    }

    public func answer(to failure: TransportFailure) -> Response {
        gate.finished(AIMSFailure(failure).response, nil)
    }

    /// Asks an operation, and gives what it throws the contract's form.
    /// - Parameter words: How this endpoint says what was refused.
    func ask<Result>(
        _ words: RefusalWords = .general, _ operation: () async throws(AttendanceError) -> Result
    ) async throws(AIMSFailure) -> Result {
        do throws(AttendanceError) {
            return try await operation()
        } catch {
            throw AIMSFailure(error, words)
        }
    }

    // MARK: Open to all

    /// `GET /`. Source: contract §4.2.
    private func tellWelcome(_ visit: Visit) async throws(AIMSFailure) -> Response {
        .json {
            $0.member("message", "AIMS Attendance Backend API")
            $0.member("version", Self.version)
            $0.member("docs", "/docs")
            $0.member("health", "/health")
        }
    }

    /// `GET /health`: that the process answers. Whether the store does, `/readyz` says. Source: contract §4.1.
    private func tellHealth(_ visit: Visit) async throws(AIMSFailure) -> Response {
        .json {
            $0.member("status", "healthy")
            $0.member("service", "AIMS Attendance Backend")
        }
    }

    /// Of the contract, not of the program. Source: contract §4.2, §4.3.
    static let version = "1.0.0"
}
