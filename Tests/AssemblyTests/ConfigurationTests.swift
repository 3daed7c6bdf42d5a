@testable import Assembly
import AttendanceCore
import HTTPServer
import Testing

@Suite struct `The configuration` {
    private func read(
        _ environment: [String: String] = [:], file: String? = nil, flags: [SettingName: String] = [:]
    ) throws -> Configuration {
        try Configuration(environment: environment, file: file, flags: flags)
    }

    @Test func `needs nothing`() throws {
        let configuration = try read()
        #expect(configuration.sharedAddresses == [.init(host: "127.0.0.1", port: 8000)])
        #expect(configuration.trackAttendanceAddresses.isEmpty)
        #expect(configuration.database == .sqlite(file: "./muster-data/muster.sqlite"))
        #expect(configuration.closedLimit == 60 && configuration.publicLimit == 30 && configuration.windowSeconds == 60)
        #expect(configuration.apiKey == nil)
        #expect(configuration.timeTrackerAddresses.isEmpty)
        #expect(configuration.allowedOrigins == ["http://localhost:3000", "http://127.0.0.1:3000"])
        #expect(configuration.allowedHosts == ["*"] && !configuration.debug && !configuration.hidesTimeTrackerAdmins)
    }

    @Test func `knows the settings of Time Tracker's service`() throws {
        let configuration = try read([
            "CORS_ALLOWED_ORIGINS": " https://a.example , https://b.example,", "ALLOWED_HOSTS": "a.example, .b.example",
            "DEBUG": "True", "MUSTER_TIMETRACKER_HIDE_ADMINS": "yes", "MUSTER_LISTEN_TIMETRACKER": "0.0.0.0:8001",
            "AWS_ACCESS_KEY_ID": "passed over",
        ])
        #expect(configuration.allowedOrigins == ["https://a.example", "https://b.example"])
        #expect(configuration.allowedHosts == ["a.example", ".b.example"])
        #expect(configuration.debug && configuration.hidesTimeTrackerAdmins)
        #expect(configuration.timeTrackerAddresses == [.init(host: "0.0.0.0", port: 8001)])
    }

    @Test(
        arguments: [
            (
                ["DB_HOST": "db.example", "DB_NAME": "hours", "DB_USER": "clock", "DB_PASSWORD": "p@ss/w:rd %", "DB_PORT": "5433"],
                "postgresql://clock:p%40ss%2Fw%3Ard%20%25@db.example:5433/hours"
            ),
            (["DB_NAME": "hours"], "postgresql://postgres@localhost:5432/hours"),
            (["DB_HOST": "::1", "DB_SSL_MODE": "require"], "postgresql://postgres@[::1]:5432/timetracker?sslmode=require"),
            (["DB_HOST": "/run/postgresql"], "postgresql://postgres@%2Frun%2Fpostgresql:5432/timetracker"),
            (["DB_HOST": "db.example", "DATABASE_URL": "postgresql://h/db"], "postgresql://h/db"),
        ] as [([String: String], String)])
    func `knows the database of Time Tracker's service`(environment: [String: String], url: String) throws {
        let configuration = try read(environment)
        #expect(configuration.database == .postgres(url: url))
        let shown = try #require(configuration.values.first { $0.name == .databaseURL })
        #expect(shown.value == url && shown.origin == .environment)
        #expect(!SettingName.databasePassword.shown("p@ss/w:rd %").contains("p@ss"))
    }

    @Test func `takes nothing but a host or a database's name for one`() throws {
        let stray = ["DB_USER": "clock", "DB_PASSWORD": "secret", "DB_PORT": "5433"]
        #expect(try read(stray).database == .sqlite(file: "./muster-data/muster.sqlite"))
        #expect(throws: Misuse.self) { try read(["DB_HOST": "h", "DB_PORT": "many"]) }
    }

    @Test func `takes flags over the environment over the file`() throws {
        let file = "MUSTER_DATA=/file\nRATE_LIMIT_MAX=7\nMUSTER_LOG=error\n"
        let configuration = try read(
            ["MUSTER_DATA": "/environment", "MUSTER_LOG": "debug"], file: file, flags: [.data: "/flag"])
        #expect(configuration.dataDirectory == "/flag")
        #expect(configuration.logLevel == .debug)
        #expect(configuration.closedLimit == 7)
        let origins = Dictionary(uniqueKeysWithValues: configuration.values.map { ($0.name, $0.origin) })
        #expect(origins[.data] == .flag && origins[.log] == .environment && origins[.rateLimitMax] == .file)
        #expect(origins[.publicRateLimitMax] == .standard)
    }

    @Test(
        arguments: [
            ("A=1", ["A": "1"]), ("export A=1", ["A": "1"]), ("  A = 1  ", ["A": "1"]), ("# A=1\n\nB=2", ["B": "2"]),
            (#"A="x # y" # z"#, ["A": "x # y"]), ("A='x'", ["A": "x"]), ("A=x # y", ["A": "x"]), ("A=x#y", ["A": "x#y"]),
            ("A=", ["A": ""]), ("A=b=c", ["A": "b=c"]), ("A=1\r\nB=2\r\n", ["A": "1", "B": "2"]),
        ] as [(String, [String: String])])
    func `reads a file's line`(text: String, values: [String: String]) throws {
        #expect(try Configuration.parse(text) == values)
    }

    @Test(
        arguments: [
            ("0.0.0.0:80", [.init(host: "0.0.0.0", port: 80)]), ("[::1]:0", [.init(host: "::1", port: 0)]), ("off", []),
            ("a:1;b:2", [.init(host: "a", port: 1), .init(host: "b", port: 2)]),
        ] as [(String, [Configuration.Address])])
    func `reads an address`(text: String, addresses: [Configuration.Address]) throws {
        #expect(try Configuration.addresses(text, .listen) == addresses)
    }

    @Test func `reads the tenant an address is for`() throws {
        let address = try #require(try Configuration.addresses("0.0.0.0:80,tenant=school", .listen).first)
        #expect(address.tenant == (try TenantName(parsing: "school")))
    }

    @Test(
        arguments: [
            (["PORT": "5000"], "0.0.0.0", 5000), (["HOST": "10.0.0.1"], "10.0.0.1", 8000),
            (["HOST": "::", "PORT": "81"], "::", 81), (["PORT": "5000", "MUSTER_LISTEN": "127.0.0.1:1"], "127.0.0.1", 1),
        ] as [([String: String], String, Int)])
    func `knows the names of other servers`(environment: [String: String], host: String, port: Int) throws {
        #expect(try read(environment).sharedAddresses == [.init(host: host, port: port)])
    }

    @Test(arguments: [
        ("1 minute", 60), ("30 seconds", 30), ("2 hours", 7200), ("90s", 90), ("60000", 60), ("1m", 60), ("500", 1),
    ])
    func `reads a window`(text: String, seconds: Int) throws {
        #expect(try read(["RATE_LIMIT_WINDOW": text]).windowSeconds == seconds)
    }

    @Test(arguments: [
        ("MUSTER_LISTEN", "8000"), ("MUSTER_LISTEN", "host:99999"), ("MUSTER_LISTEN", ":80"), ("MUSTER_LISTEN", "a:1,owner=x"),
        ("MUSTER_LISTEN", "a:1,tenant=Not A Name"), ("MUSTER_LOG", "loud"), ("MUSTER_TRUSTED_PROXIES", "10.0.0.0/99"),
        ("DATABASE_URL", "mysql://x"), ("API_KEY", "short"), ("API_KEY", " padded-key-0123456789 "),
        ("API_KEY", "schlüssel-0123456789"), ("API_KEY", "changeme-changeme-changeme"),
        ("RATE_LIMIT_MAX", "-1"), ("RATE_LIMIT_MAX", "many"), ("RATE_LIMIT_WINDOW", "soon"), ("RATE_LIMIT_WINDOW", "0"),
        ("RATE_LIMIT_WINDOW", "99 days"), ("PORT", "x"), ("MUSTER_UNKNOWN", "1"), ("DEBUG", "perhaps"),
        ("MUSTER_METRICS_KEY", "short"), ("MUSTER_METRICS_KEY", "placeholder-placeholder"), ("MUSTER_METRICS_ALLOW", "nobody"),
        ("MUSTER_DRAIN_SECONDS", "301"), ("MUSTER_DRAIN_SECONDS", "-1"),
    ])
    func `refuses a bad value with a line that names the setting`(name: String, value: String) {
        let error = #expect(throws: Misuse.self) { try read([name: value]) }
        #expect(error?.description.contains(name == "PORT" ? "PORT" : name) == true)
    }

    @Test(arguments: [
        ("postgresql://u:secret@h/db", "postgresql://u:***@h/db"),
        ("postgresql://h/db?password=secret&x=1", "postgresql://h/db?password=***&x=1"),
        ("postgresql://u@h/db", "postgresql://u@h/db"), ("postgresql://u:p@ss@h/db", "postgresql://u:***@h/db"),
    ])
    func `never shows a password`(url: String, shown: String) {
        #expect(SettingName.databaseURL.shown(url) == shown)
    }

    @Test func `never shows a key`() {
        #expect(!SettingName.apiKey.shown("0123456789abcdef").contains("0123"))
        #expect(!SettingName.metricsKey.shown("0123456789abcdef").contains("0123"))
    }

    @Test func `opens the figures to the machine itself unless it is told otherwise`() throws {
        #expect(try read().metricsAddresses.contains { $0.contains("127.0.0.1") })
        #expect(try !read().metricsAddresses.contains { $0.contains("192.0.2.1") })
        #expect(try read(["MUSTER_METRICS_ALLOW": "off"]).metricsAddresses.isEmpty)
        #expect(try read(["MUSTER_METRICS_ALLOW": "192.0.2.0/24"]).metricsAddresses.map { $0.contains("127.0.0.1") } == [false])
    }

    @Test(
        arguments: [
            ("1d", 86_400), ("90d", 90 * 86_400), ("2026-02-12", 57_600), ("2026-02-13", 57_600 + 86_400),
            ("2028-02-29", 64_598_400),
        ] as [(String, Int64)])
    func `of a key's end is a number of days or a day`(text: String, secondsAhead: Int64) throws {
        let now = Instant(microseconds: 1_770_883_200_000_000)  // 2026-02-12T08:00:00Z
        #expect(try Command.expiry(text, now: now).seconds(since: now) == secondsAhead)
    }

    @Test(arguments: ["0d", "d", "tomorrow", "2026-02-30", "2025-01-01", "2026-2-12", "26-02-12", "-5d"])
    func `of a key's end is nothing else`(text: String) {
        #expect(throws: Misuse.self) {
            try Command.expiry(text, now: Instant(microseconds: 1_770_883_200_000_000))
        }
    }
}
