import AttendanceCore
import DialectTimeTracker
import HTTPServer
import StrictJSON
import Tokens

/// A mistake of whoever started the program: one clear line, exit code 2.
struct Misuse: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// Where a setting's value came from; each overrides the one before.
enum SettingOrigin: String, Sendable {
    case standard = "default"
    case file = ".env"
    case environment = "environment"
    case flag = "flag"
}

/// Everything that can be set.
enum SettingName: String, CaseIterable, Sendable {
    case listen = "MUSTER_LISTEN"
    case listenTrackAttendance = "MUSTER_LISTEN_TRACKATTENDANCE"
    case listenTimeTracker = "MUSTER_LISTEN_TIMETRACKER"
    case listenAIMS = "MUSTER_LISTEN_AIMS"
    case data = "MUSTER_DATA"
    case log = "MUSTER_LOG"
    case trustedProxies = "MUSTER_TRUSTED_PROXIES"
    case drain = "MUSTER_DRAIN_SECONDS"
    case metricsKey = "MUSTER_METRICS_KEY"
    case metricsAllow = "MUSTER_METRICS_ALLOW"
    case databaseURL = "DATABASE_URL"
    case databaseHost = "DB_HOST"
    case databasePort = "DB_PORT"
    case databaseName = "DB_NAME"
    case databaseUser = "DB_USER"
    case databasePassword = "DB_PASSWORD"
    case databaseSSLMode = "DB_SSL_MODE"
    case apiKey = "API_KEY"
    case host = "HOST"
    case port = "PORT"
    case rateLimitMax = "RATE_LIMIT_MAX"
    case rateLimitWindow = "RATE_LIMIT_WINDOW"
    case publicRateLimitMax = "PUBLIC_RATE_LIMIT_MAX"
    case secretKey = "SECRET_KEY"
    case formerSecretKeys = "MUSTER_FORMER_SECRET_KEYS"
    case accessTokenLifetime = "MUSTER_ACCESS_TOKEN_LIFETIME"
    case corsAllowedOrigins = "CORS_ALLOWED_ORIGINS"
    case allowedHosts = "ALLOWED_HOSTS"
    case debug = "DEBUG"
    case hideTimeTrackerAdmins = "MUSTER_TIMETRACKER_HIDE_ADMINS"
    case clientID = "GOOGLE_CLIENT_ID"
    case bearerSecret = "JWT_SECRET"
    case bearerAlgorithm = "JWT_ALGORITHM"
    case bearerHours = "JWT_EXPIRATION_HOURS"
    case corsOrigins = "CORS_ORIGINS"
    case flagKey = "BT_API_KEY"
    case studentSignIn = "MUSTER_AIMS_STUDENT_SIGN_IN"
    case providerIssuer = "MUSTER_OIDC_ISSUER"
    case providerKeysURL = "MUSTER_OIDC_KEYS_URL"
    case providerHostedDomain = "MUSTER_OIDC_HOSTED_DOMAIN"

    var meaning: String {
        switch self {
        case .listen: "where every contract is served: ADDRESS:PORT[,tenant=NAME], several apart by ';', or off"
        case .listenTrackAttendance: "where TrackAttendance alone is served, in the same form"
        case .listenTimeTracker: "where Time Tracker alone is served, in the same form"
        case .listenAIMS: "where AIMS alone is served, in the same form"
        case .data: "the folder of the embedded store"
        case .log: "debug, info, warning, error or off"
        case .trustedProxies: "addresses or networks whose forwarding headers are believed, apart by commas"
        case .drain: "how long to go on serving after SIGTERM while /readyz says 503 already, in seconds"
        case .metricsKey: "the key that opens /metrics, at least 16 characters"
        case .metricsAllow: "addresses or networks to which /metrics is open without a key, apart by commas, or off"
        case .databaseURL: "a PostgreSQL address; empty for the embedded store"
        case .databaseHost: "the host of PostgreSQL where DATABASE_URL is not set; this or DB_NAME makes it PostgreSQL"
        case .databasePort: "its port"
        case .databaseName: "its database"
        case .databaseUser: "who connects to it"
        case .databasePassword: "that user's password"
        case .databaseSSLMode: "whether TLS is asked for: disable, allow, prefer, require, verify-ca or verify-full"
        case .apiKey: "a key with all roles for the tenant default, at least 16 characters"
        case .host: "the address of MUSTER_LISTEN where only that is to change"
        case .port: "the port of MUSTER_LISTEN where only that is to change; alone it means all addresses"
        case .rateLimitMax: "requests per window and client address to what needs a key; 0 for no limit"
        case .rateLimitWindow: "the window: 30 seconds, 1 minute, 1 hour"
        case .corsAllowedOrigins: "the pages that may read Time Tracker's answers, apart by commas"
        case .allowedHosts: "the hosts that Time Tracker answers for, apart by commas: names, .example.org, or * for any"
        case .debug: "true while Time Tracker is tried out: browsers are not told then to come by TLS only"
        case .hideTimeTrackerAdmins: "true to show Time Tracker's admins to nobody without a token"
        case .publicRateLimitMax: "requests per window and client address to each open endpoint; 0 for no limit"
        case .secretKey: "the key that tokens are signed with, at least 32 bytes; the store makes one where it is not set"
        case .formerSecretKeys: "keys that tokens still in use were signed with, apart by commas"
        case .clientID: "the id of AIMS' apps at the identity provider, several apart by commas; without it nobody signs in"
        case .bearerSecret: "the key that AIMS' tokens are signed with, at least 32 bytes; the store makes one where it is not set"
        case .bearerAlgorithm: "HS256, and nothing else"
        case .bearerHours: "how many hours somebody stays signed in to AIMS, from 1 to \(BearerTokens.lifeSecondsMax / 3_600)"
        case .corsOrigins: "the pages that may read AIMS' answers, as a JSON list; \"*\" for any"
        case .flagKey: "the key of AIMS' Bluetooth flags, which all apps share; without it nobody may use them"
        case .studentSignIn: "strict, or open to let students in whom no list and no roster names"
        case .providerIssuer: "another identity provider than Google: what its tokens name as their issuer"
        case .providerKeysURL: "where the identity provider tells its public keys"
        case .providerHostedDomain: "the organisation that accounts of the identity provider have to belong to"
        case .accessTokenLifetime: "how long somebody stays signed in: 12 hours, 30 days; at most 3650 days"
        }
    }

    /// The value where nothing is set; nil for nothing.
    var standard: String? {
        switch self {
        case .listen: "127.0.0.1:8000"
        case .data: "./muster-data"
        case .log: "info"
        case .drain: "0"
        case .metricsAllow: "127.0.0.0/8,::1"
        case .rateLimitMax: "60"
        case .rateLimitWindow: "1 minute"
        case .publicRateLimitMax: "30"
        case .accessTokenLifetime: "3650 days"
        case .corsAllowedOrigins: TimeTrackerConfiguration.developmentOrigins.joined(separator: ",")
        case .allowedHosts: "*"
        case .debug, .hideTimeTrackerAdmins: "false"
        case .bearerAlgorithm: "HS256"
        case .bearerHours: "1"
        case .corsOrigins: #"["*"]"#
        case .studentSignIn: "strict"
        case .providerIssuer: IDTokenRules.googleIssuer
        case .providerKeysURL: "https://www.googleapis.com/oauth2/v3/certs"
        case .listenTrackAttendance, .listenTimeTracker, .listenAIMS, .clientID, .bearerSecret, .flagKey, .providerHostedDomain,
            .trustedProxies, .metricsKey, .databaseURL, .databaseHost,
            .databasePort, .databaseName, .databaseUser, .databasePassword, .databaseSSLMode, .apiKey, .host, .port, .secretKey,
            .formerSecretKeys:
            nil
        }
    }

    /// The value as it may be shown.
    func shown(_ value: String) -> String {
        switch self {
        case .apiKey, .metricsKey, .secretKey, .formerSecretKeys, .bearerSecret, .flagKey, .databasePassword:
            "(set, \(value.unicodeScalars.count) characters)"
        case .databaseURL: Self.withoutPassword(value)
        default: value
        }
    }

    private static func withoutPassword(_ url: String) -> String {
        var shown = url
        if let scheme = shown.firstRange(of: "://"), let at = shown[scheme.upperBound...].lastIndex(of: "@"),
            let colon = shown[scheme.upperBound..<at].firstIndex(of: ":")
        {
            shown.replaceSubrange(shown.index(after: colon)..<at, with: "***")
        }
        var masked = ""
        var rest = shown[...]
        while let password = rest.firstRange(of: "password=") {
            masked += rest[..<password.upperBound] + "***"
            rest = rest[(rest[password.upperBound...].firstIndex(of: "&") ?? rest.endIndex)...]
        }
        return masked + rest
    }
}

/// The program's settings after all sources are merged and read.
struct Configuration: Sendable {
    /// One address to listen on.
    struct Address: Sendable, Equatable {
        var host: String
        var port: Int
        var tenant: TenantName = .default
    }

    enum Database: Sendable, Equatable {
        /// The embedded store's file.
        case sqlite(file: String)
        case postgres(url: String)
    }

    var sharedAddresses: [Address]
    var trackAttendanceAddresses: [Address]
    var timeTrackerAddresses: [Address]
    var aimsAddresses: [Address]
    var dataDirectory: String
    var database: Database
    /// Where files lie that nobody keeps: `TMPDIR`, which is the system's word and no setting of Muster.
    var temporaryDirectory: String
    var logLevel: LogLevel
    var trustedProxies: [AddressRange]
    var drainSeconds: Int
    var metricsKey: String?
    var metricsAddresses: [AddressRange]
    var apiKey: String?
    var closedLimit: Int
    var publicLimit: Int
    var windowSeconds: Int
    var secretKey: String?
    var formerSecretKeys: [String]
    var accessTokenSeconds: Int64
    var allowedOrigins: [String]
    var allowedHosts: [String]
    var debug: Bool
    var hidesTimeTrackerAdmins: Bool
    var bearerSecret: String?
    var bearerSeconds: Int64
    /// The pages that may read AIMS' answers.
    var aimsOrigins: [String]
    var isOpenToStudents: Bool
    /// Of AIMS' Bluetooth flags.
    var flagKey: String?
    /// Nil where nobody has said by which provider people sign in.
    var identityProvider: ProviderSettings?
    /// Every setting in force with its origin, in a fixed order.
    var values: [(name: SettingName, value: String?, origin: SettingOrigin)]

    /// - Parameters:
    ///   - file: The text of `.env`, or nil.
    ///   - flags: Settings given on the command line.
    /// - Throws: ``Misuse`` for an unknown `MUSTER_` name and for a value that does not parse, naming both.
    init(environment: [String: String], file: String?, flags: [SettingName: String]) throws {
        let fromFile = try file.map { try Self.parse($0) } ?? [:]
        temporaryDirectory = environment["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
        for (name, origin) in environment.keys.map({ ($0, "the environment") }) + fromFile.keys.map({ ($0, ".env") })
        where name.hasPrefix("MUSTER_") && SettingName(rawValue: name) == nil {
            throw Misuse("\(name) in \(origin) is no setting of Muster; muster config lists them")
        }
        values = SettingName.allCases.map { name in
            // An empty value is no value: it is how a line of an old .env or a compose file leaves a setting open.
            if let value = flags[name], !value.isEmpty { return (name, value, .flag) }
            if let value = environment[name.rawValue], !value.isEmpty { return (name, value, .environment) }
            if let value = fromFile[name.rawValue], !value.isEmpty { return (name, value, .file) }
            return (name, name.standard, .standard)
        }
        let all = values
        func value(_ name: SettingName) -> String? {
            all.first { $0.name == name }.flatMap { $0.value.flatMap { $0.isEmpty ? nil : $0 } }
        }
        func isSet(_ name: SettingName) -> Bool { all.contains { $0.name == name && $0.origin != .standard } }

        if !isSet(.listen), value(.host) != nil || value(.port) != nil {
            if let port = value(.port), Int(port).map({ (0...65_535).contains($0) }) != true {
                throw Misuse("PORT is \"\(port)\": a number from 0 to 65535 was expected")
            }
            let host = value(.host) ?? "0.0.0.0"
            let address = "\(host.contains(":") ? "[\(host)]" : host):\(value(.port) ?? "8000")"
            sharedAddresses = try Self.addresses(address, .port)
            let origin = all.first { $0.name == (value(.port) == nil ? .host : .port) }?.origin ?? .standard
            values = all.map { $0.name == .listen ? (.listen, address, origin) : $0 }
        } else {
            sharedAddresses = try Self.addresses(value(.listen) ?? "off", .listen)
        }
        trackAttendanceAddresses = try Self.addresses(value(.listenTrackAttendance) ?? "off", .listenTrackAttendance)
        timeTrackerAddresses = try Self.addresses(value(.listenTimeTracker) ?? "off", .listenTimeTracker)
        aimsAddresses = try Self.addresses(value(.listenAIMS) ?? "off", .listenAIMS)
        dataDirectory = value(.data) ?? "./muster-data"
        var url = value(.databaseURL)
        if url == nil, let part = [SettingName.databaseHost, .databaseName].first(where: { value($0) != nil }) {
            let made = try Self.databaseURL(value)
            let origin = all.first { $0.name == part }?.origin ?? .standard
            values = values.map { $0.name == .databaseURL ? (.databaseURL, made, origin) : $0 }
            url = made
        }
        database = try Self.database(url, dataDirectory: dataDirectory)
        guard let level = LogLevel(named: value(.log) ?? "info") else {
            throw Misuse("MUSTER_LOG is \"\(value(.log) ?? "")\": it must be one of debug, info, warning, error, off")
        }
        logLevel = level
        trustedProxies = try Self.ranges(value(.trustedProxies) ?? "", .trustedProxies)
        drainSeconds = try Self.count(value(.drain) ?? "0", .drain, max: 300)
        metricsKey = try value(.metricsKey).map { try Self.secret($0, .metricsKey) }
        let allowed = value(.metricsAllow) ?? "off"
        metricsAddresses = allowed == "off" ? [] : try Self.ranges(allowed, .metricsAllow)
        apiKey = try value(.apiKey).map { try Self.secret($0, .apiKey) }
        closedLimit = try Self.count(value(.rateLimitMax) ?? "60", .rateLimitMax)
        publicLimit = try Self.count(value(.publicRateLimitMax) ?? "30", .publicRateLimitMax)
        windowSeconds = try Self.seconds(value(.rateLimitWindow) ?? "1 minute", .rateLimitWindow)
        secretKey = try value(.secretKey).map { try Self.signingKey($0, .secretKey) }
        formerSecretKeys = try (value(.formerSecretKeys) ?? "").split(separator: ",").map {
            try Self.signingKey($0.trimmed, .formerSecretKeys)
        }
        accessTokenSeconds = Int64(
            try Self.seconds(value(.accessTokenLifetime) ?? "3650 days", .accessTokenLifetime, daysMax: 3_650))
        allowedOrigins = Self.list(value(.corsAllowedOrigins) ?? "")
        allowedHosts = Self.list(value(.allowedHosts) ?? "*")
        debug = try Self.flag(value(.debug) ?? "false", .debug)
        hidesTimeTrackerAdmins = try Self.flag(value(.hideTimeTrackerAdmins) ?? "false", .hideTimeTrackerAdmins)
        bearerSecret = try value(.bearerSecret).map { try Self.signingKey($0, .bearerSecret) }
        if let algorithm = value(.bearerAlgorithm), algorithm != "HS256" {
            throw Misuse("JWT_ALGORITHM is \"\(algorithm)\": tokens are signed with HS256 and nothing else")
        }
        let hours = try Self.count(value(.bearerHours) ?? "1", .bearerHours, max: Int(BearerTokens.lifeSecondsMax / 3_600))
        guard hours > 0 else { throw Misuse("JWT_EXPIRATION_HOURS is \"0\": a token that holds for no time opens nothing") }
        bearerSeconds = Int64(hours) * 3_600
        aimsOrigins = try Self.origins(value(.corsOrigins) ?? "[]")
        switch value(.studentSignIn) ?? "strict" {
        case "strict": isOpenToStudents = false
        case "open": isOpenToStudents = true
        case let other: throw Misuse("MUSTER_AIMS_STUDENT_SIGN_IN is \"\(other)\": strict or open was expected")
        }
        flagKey = value(.flagKey)
        identityProvider = try ProviderSettings(value, isSet)
    }

    // MARK: Reading values

    /// `NAME=value` lines; `export`, quotes, blank lines and `#` comments as usual.
    static func parse(_ file: String) throws -> [String: String] {
        var found: [String: String] = [:]
        for (number, line) in file.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            var text = line.trimmed
            if text.isEmpty || text.hasPrefix("#") { continue }
            if text.hasPrefix("export ") { text = String(text.dropFirst(7)).trimmed }
            guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
                throw Misuse(".env, line \(number + 1): NAME=value was expected")
            }
            let name = text[..<equals].trimmed
            var value = text[text.index(after: equals)...].trimmed
            if let quote = value.first, quote == "\"" || quote == "'" {
                guard let end = value.dropFirst().firstIndex(of: quote) else {
                    throw Misuse(".env, line \(number + 1): the closing \(quote) is missing")
                }
                value = String(value[value.index(after: value.startIndex)..<end])
            } else if let comment = value.firstRange(of: " #") {
                value = value[..<comment.lowerBound].trimmed
            }
            found[name] = value
        }
        return found
    }

    static func addresses(_ text: String, _ name: SettingName) throws -> [Address] {
        if text == "off" { return [] }
        return try text.split(separator: ";").map { part in
            let pieces = part.split(separator: ",").map { $0.trimmed }
            guard let address = pieces.first, let colon = address.lastIndex(of: ":"),
                let port = Int(address[address.index(after: colon)...]), (0...65_535).contains(port)
            else { throw Misuse("\(name.rawValue) is \"\(text)\": ADDRESS:PORT was expected, such as 0.0.0.0:8000") }
            var host = String(address[..<colon])
            if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
            guard !host.isEmpty else { throw Misuse("\(name.rawValue) is \"\(text)\": the address before the port is missing") }
            var found = Address(host: host, port: port)
            for option in pieces.dropFirst() {
                guard option.hasPrefix("tenant="), let tenant = try? TenantName(parsing: String(option.dropFirst(7))) else {
                    throw Misuse("\(name.rawValue) holds \"\(option)\": only tenant=NAME may follow the address")
                }
                found.tenant = tenant
            }
            return found
        }
    }

    private static func database(_ url: String?, dataDirectory: String) throws -> Database {
        guard let url else { return .sqlite(file: dataDirectory + "/muster.sqlite") }
        let scheme = url.prefix { $0 != ":" }.prefix { $0 != "+" }
        if scheme == "postgresql" || scheme == "postgres" { return .postgres(url: url) }
        if url.hasPrefix("sqlite:///"), url.utf8.count > 10 { return .sqlite(file: String(url.dropFirst(10))) }
        throw Misuse("DATABASE_URL begins with \"\(scheme):\": postgresql://… or sqlite:///path was expected")
    }

    /// The address that the settings of Time Tracker's own service make together. Source: contract §14.1, whose fallbacks these
    /// are, but for the password: one that everybody knows is none.
    private static func databaseURL(_ value: (SettingName) -> String?) throws -> String {
        let port = value(.databasePort) ?? "5432"
        guard let number = Int(port), (1...65_535).contains(number) else {
            throw Misuse("DB_PORT is \"\(port)\": a number from 1 to 65535 was expected")
        }
        let host = value(.databaseHost) ?? "localhost"
        let user =
            encoded(value(.databaseUser) ?? "postgres") + (value(.databasePassword).map { ":" + encoded($0) } ?? "")
        return "postgresql://\(user)@\(host.contains(":") ? "[\(host)]" : encoded(host)):\(number)/"
            + encoded(value(.databaseName) ?? "timetracker") + (value(.databaseSSLMode).map { "?sslmode=" + encoded($0) } ?? "")
    }

    /// A text as a part of a URL. Source: RFC 3986 §2.3.
    private static func encoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF")
        return text.utf8.reduce(into: "") { encoded, byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
                encoded.unicodeScalars.append(UnicodeScalar(byte))
            default:
                encoded += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
            }
        }
    }

    static func secret(_ value: String, _ name: SettingName) throws -> String {
        let placeholders = [
            "your-api-key", "your-secret", "changeme", "change-me", "change_me", "replace-me", "replace_me", "default_admin_token",
            "your_api_key", "example-api-key", "placeholder",
        ]
        guard value.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw Misuse("\(name.rawValue) holds blanks or letters that no header can carry: use visible ASCII characters")
        }
        guard value.unicodeScalars.count >= 16 else {
            throw Misuse("\(name.rawValue) is too short: at least 16 characters; muster key create makes a good one")
        }
        guard !placeholders.contains(where: { value.lowercased().hasPrefix($0) }) else {
            throw Misuse("\(name.rawValue) is a placeholder and no secret; muster key create makes a good one")
        }
        return value
    }

    /// A key that signs tokens: who guesses it is everybody. Existing deployments bring Django's, so anything but a placeholder
    /// that is long enough will do.
    static func signingKey(_ value: String, _ name: SettingName) throws -> String {
        let placeholders = [
            "django-insecure-", "your-", "your_", "yoursecret", "secret", "my-secret", "my_secret", "mysecret", "changeme",
            "change-me", "change_me", "change-this", "change_this", "replace-me", "replace_me", "placeholder", "example",
            "insert-", "insert_", "dev-secret", "test-secret", "supersecret", "super-secret", "<",
        ]
        guard value.utf8.count >= 32 else {
            throw Misuse("\(name.rawValue) is too short: at least 32 bytes; openssl rand -hex 32 makes a good one")
        }
        guard !placeholders.contains(where: { value.lowercased().hasPrefix($0) }), Set(value.utf8).count >= 8 else {
            throw Misuse("\(name.rawValue) is a placeholder and no secret; openssl rand -hex 32 makes a good one")
        }
        return value
    }

    private static func count(_ text: String, _ name: SettingName, max: Int = 1_000_000_000) throws -> Int {
        guard let count = Int(text), (0...max).contains(count) else {
            throw Misuse("\(name.rawValue) is \"\(text)\": a whole number from 0 to \(max) was expected")
        }
        return count
    }

    /// What stands between commas, without blanks around it.
    private static func list(_ text: String) -> [String] {
        text.split(separator: ",").map(\.trimmed).filter { !$0.isEmpty }
    }

    /// A JSON list, as AIMS' own service takes it, or what stands between commas.
    private static func origins(_ text: String) throws -> [String] {
        guard text.hasPrefix("[") else { return list(text) }
        let items = try? JSONDocument(parsing: Array(text.utf8), duplicates: .refuse).root.items?.map(\.string)
        let texts = (items ?? []).compactMap { $0 }
        guard let items, texts.count == items.count else {
            throw Misuse(#"CORS_ORIGINS is "\#(text)": a JSON list of texts was expected, such as ["https://app.example"]"#)
        }
        return texts
    }

    private static func flag(_ text: String, _ name: SettingName) throws -> Bool {
        switch text.lowercased() {
        case "true", "t", "yes", "y", "on", "1": return true
        case "false", "f", "no", "n", "off", "0": return false
        default: throw Misuse("\(name.rawValue) is \"\(text)\": true or false was expected")
        }
    }

    private static func ranges(_ text: String, _ name: SettingName) throws -> [AddressRange] {
        try text.split(separator: ",").map { text in
            let trimmed = text.trimmed
            guard let range = AddressRange(trimmed) else {
                throw Misuse("\(name.rawValue) holds \"\(trimmed)\": it must list addresses or networks, such as 10.0.0.0/8")
            }
            return range
        }
    }

    /// `1 minute`, `30 seconds`, `2 hours`, `90s`; a bare number is milliseconds, as in the existing server.
    static func seconds(_ text: String, _ name: SettingName, daysMax: Int = 1) throws -> Int {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let unit = text[digits.endIndex...].trimmed.lowercased()
        let milliseconds: Int? =
            switch unit {
            case "", "ms", "millisecond", "milliseconds": 1
            case "s", "sec", "second", "seconds": 1_000
            case "m", "min", "minute", "minutes": 60_000
            case "h", "hour", "hours": 3_600_000
            case "d", "day", "days": 86_400_000
            default: nil
            }
        guard let count = Int(digits), let milliseconds, count > 0, count <= 86_400_000 * daysMax,
            !count.multipliedReportingOverflow(by: milliseconds).overflow, count * milliseconds <= 86_400_000 * daysMax
        else {
            let most = daysMax == 1 ? "one day was expected, such as 1 minute" : "\(daysMax) days was expected, such as 12 hours"
            throw Misuse("\(name.rawValue) is \"\(text)\": a time up to \(most)")
        }
        return max(1, count * milliseconds / 1_000)
    }
}

extension StringProtocol {
    /// Without white space at both ends.
    fileprivate var trimmed: String {
        var rest = self[...]
        while let first = rest.first, first.isWhitespace { rest = rest.dropFirst() }
        while let last = rest.last, last.isWhitespace { rest = rest.dropLast() }
        return String(rest)
    }
}
