/// What an operator can set about this contract.
public struct TrackAttendanceConfiguration: Sendable {
    /// The one key of the original service (`API_KEY`): it opens everything of the default tenant, and nothing of another.
    public var apiKey: String?
    /// Requests per window and client address on all closed endpoints and the page together; 0 switches counting off.
    public var closedLimit: Int
    /// The same for each open `/v1` endpoint by itself.
    public var publicLimit: Int
    /// The length of a window.
    public var windowSeconds: Int
    /// What the health answer names as the service's version.
    public var version: String

    /// The defaults are those of the original service. Source: docs/dialects/trackattendance.md, "Rate limits".
    public init(
        apiKey: String? = nil, closedLimit: Int = 60, publicLimit: Int = 30, windowSeconds: Int = 60, version: String
    ) {
        self.apiKey = apiKey
        self.closedLimit = closedLimit
        self.publicLimit = publicLimit
        self.windowSeconds = windowSeconds
        self.version = version
    }
}
