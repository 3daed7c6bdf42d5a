/// What an operator can set about this contract.
public struct TimeTrackerConfiguration: Sendable {
    /// Browsers may be told for a year that this host is reached by TLS only, unless somebody tries things out (`DEBUG`).
    public var debug: Bool
    /// The hosts that requests may be for (`ALLOWED_HOSTS`): names, `.example.org` for a name and all below it, `*` for any.
    public var allowedHosts: [String]
    /// The pages that may read answers (`CORS_ALLOWED_ORIGINS`).
    public var allowedOrigins: [String]
    /// Whether whoever asks without a token sees no admins. The contract's own page shows them before anybody signs in, so
    /// they are shown unless somebody says otherwise. Source: contract B3.
    public var hidesAdmins: Bool

    /// The pages of the original's client, as it is started for development.
    public static let developmentOrigins = ["http://localhost:3000", "http://127.0.0.1:3000"]

    public init(
        debug: Bool = false, allowedHosts: [String] = ["*"], allowedOrigins: [String] = developmentOrigins,
        hidesAdmins: Bool = false
    ) {
        self.debug = debug
        self.allowedHosts = allowedHosts
        self.allowedOrigins = allowedOrigins
        self.hidesAdmins = hidesAdmins
    }

    /// Whether requests for a host are answered, by the rules of Django's `ALLOWED_HOSTS`. The port does not count.
    /// - Parameter host: What the `Host` header says.
    func allows(host: String) -> Bool {
        if allowedHosts.contains("*") { return true }
        var name = host.lowercased()[...]
        if name.hasPrefix("[") {
            guard let end = name.firstIndex(of: "]") else { return false }
            name = name[...end]
        } else if let colon = name.lastIndex(of: ":") {
            name = name[..<colon]
        }
        if name.hasSuffix(".") { name.removeLast() }
        return allowedHosts.contains { allowed in
            let allowed = allowed.lowercased()
            guard allowed.hasPrefix(".") else { return name == allowed }
            return name.hasSuffix(allowed) || name == allowed.dropFirst()
        }
    }
}
