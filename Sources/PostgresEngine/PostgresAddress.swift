import CPostgres
import SQLStorage

/// What libpq needs to reach a server, read from a URL once.
struct PostgresAddress: Sendable {
    /// libpq's keywords with their values, the URL's before ours.
    private var settings: [String: String]

    init(url: String, applicationName: String, connectSeconds: Int) throws(SQLError) {
        settings = try Self.parsed(url)
        let ours = [
            "fallback_application_name": applicationName,
            "connect_timeout": String(connectSeconds),
            // A peer that vanished is noticed within a minute, also while nothing is being sent.
            "keepalives_idle": "30", "keepalives_interval": "10", "keepalives_count": "3",
        ]
        settings.merge(ours) { theirs, _ in theirs }
        // Text is handed over as it is, in both directions.
        settings["client_encoding"] = "UTF8"
    }

    /// How many hosts are to be tried in turn.
    var hostCount: Int {
        (settings["host"] ?? settings["hostaddr"] ?? "").utf8.count(where: { $0 == UInt8(ascii: ",") }) + 1
    }

    /// Seconds that one host has to answer. libpq raises 1 to 2 and takes 0 for ever; ever is too long here.
    func connectSeconds(orElse limit: Int) -> Int {
        guard let seconds = settings["connect_timeout"].flatMap({ Int($0) }), seconds > 0 else { return limit }
        return max(2, seconds)
    }

    /// The settings with the defaults that depend on what the connection is for and how long it may wait.
    func settings(for purpose: ConnectionPurpose, limits: PostgresLimits) -> [String: String] {
        let ours = [
            // Readers go where writers go unless the URL says otherwise: a standby may lag, and who has just been told
            // that something is stored must find it.
            "target_session_attrs": purpose == .writing ? "read-write" : "primary",
            "tcp_user_timeout": String(limits.unacknowledgedSecondsMax * 1000),
        ]
        return settings.merging(ours) { theirs, _ in theirs }
    }

    /// The same address as PostgreSQL's own programs read it from their environment, password included: what stands on a
    /// command line, everybody on the machine can read.
    ///
    /// A few settings have no name there, such as the pace of keepalives; none of them says where to connect or as whom.
    var environment: [String: String] {
        var environment: [String: String] = [:]
        guard let options = unsafe PQconndefaults() else { return [:] }
        defer { unsafe PQconninfoFree(options) }
        var option = unsafe options
        // The list ends with an entry without a keyword.
        while let keyword = unsafe option.pointee.keyword {
            if let name = unsafe option.pointee.envvar, let value = unsafe settings[String(cString: keyword)] {
                environment[unsafe String(cString: name)] = value
            }
            unsafe option += 1
        }
        return environment
    }

    private static func parsed(_ url: String) throws(SQLError) -> [String: String] {
        // libpq's own message would repeat the URL, password included.
        let unreadable = SQLError(
            kind: .misconfigured, code: "",
            message: "not a URL that libpq reads: postgresql://user:password@host:port/database?setting=value")
        guard !url.utf8.contains(0), let end = url.firstRange(of: "://") else { throw unreadable }
        let scheme = url[..<end.lowerBound].split(separator: "+", omittingEmptySubsequences: false).map(String.init)
        guard ["postgresql", "postgres"].contains(scheme[0]), scheme.count <= 2 else { throw unreadable }
        var rest = url[end.upperBound...]
        if scheme.count == 2, let query = rest.firstIndex(of: "?") {
            // A driver's URL: asyncpg calls libpq's `sslmode` `ssl`.
            let pairs = rest[query...].dropFirst().split(separator: "&").map { pair in
                pair.hasPrefix("ssl=") ? "sslmode=" + pair.dropFirst(4) : String(pair)
            }
            rest = rest[..<query] + "?" + pairs.joined(separator: "&")
        }
        var message: UnsafeMutablePointer<CChar>?
        guard let options = unsafe PQconninfoParse("postgresql://\(rest)", &message) else {
            unsafe PQfreemem(message)
            throw unreadable
        }
        defer { unsafe PQconninfoFree(options) }
        var settings: [String: String] = [:]
        var option = unsafe options
        // The list ends with an entry without a keyword.
        while let keyword = unsafe option.pointee.keyword {
            if let value = unsafe option.pointee.val {
                settings[unsafe String(cString: keyword)] = unsafe String(cString: value)
            }
            unsafe option += 1
        }
        // libpq would find this out at the first attempt to connect, where it looks like trouble that passes.
        let ports = (settings["port"] ?? "").split(separator: ",")
        guard ports.allSatisfy({ port in (1...65_535).contains(Int(port) ?? 0) }) else { throw unreadable }
        return settings
    }
}
