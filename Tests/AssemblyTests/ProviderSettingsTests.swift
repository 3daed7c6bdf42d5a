import AttendanceCore
import HTTPMessages
import Testing
import Tokens
@testable import Assembly

@Suite struct `The settings of signing in with a provider` {
    private func read(_ environment: [String: String]) throws -> Configuration {
        try Configuration(environment: environment, file: nil, flags: [:])
    }

    @Test func `are Google's where nothing else is said, and none without a client id`() throws {
        #expect(try read([:]).identityProvider == nil)
        let google = try #require(try read(["GOOGLE_CLIENT_ID": " a , b "]).identityProvider)
        #expect(google.rules == IDTokenRules(audiences: ["a", "b"]))
        #expect(google.keysURL == "https://www.googleapis.com/oauth2/v3/certs")
        let other = try #require(
            try read([
                "GOOGLE_CLIENT_ID": "a", "MUSTER_OIDC_ISSUER": "https://id.example", "MUSTER_OIDC_KEYS_URL": "https://id.example/k",
                "MUSTER_OIDC_HOSTED_DOMAIN": "college.example",
            ]).identityProvider)
        #expect(
            other.rules == IDTokenRules(audiences: ["a"], issuer: "https://id.example", hostedDomain: "college.example"))
    }

    @Test(arguments: [
        ("https://www.googleapis.com/oauth2/v3/certs", true), ("https://id.example:8443/k?x=1", true),
        ("http://127.0.0.1:9/k", true),
        ("http://127.8.9.10/", true), ("http://localhost:9/k", true), ("http://[::1]:9/k", true), ("http://id.example/k", false),
        ("http://127.0.0.1@evil.example/", false), ("http://127.0.0.1.evil.example/", false), ("http://128.0.0.1/", false),
        ("http://127.1/", false), ("http://localhost.evil.example/", false), ("http://127.0.0.1\\@evil.example/", false),
        ("ftp://127.0.0.1/", false), ("file:///etc/passwd", false), ("https://", false), ("https:///k", false), ("", false),
        ("http://[::1]@evil.example/", false), ("https://id.example/a b", false),
    ])
    func `take keys only from where nobody on the way can answer`(url: String, isSafe: Bool) {
        #expect(ProviderSettings.isSafe(url) == isSafe)
    }

    @Test(arguments: [
        ("JWT_SECRET", "short"), ("JWT_SECRET", "your-secret-key-change-in-production-0123456789"),
        ("JWT_SECRET", String(repeating: "x", count: 40)), ("JWT_ALGORITHM", "none"), ("JWT_ALGORITHM", "RS256"),
        ("JWT_EXPIRATION_HOURS", "0"), ("JWT_EXPIRATION_HOURS", "-1"), ("JWT_EXPIRATION_HOURS", "1.5"),
        ("JWT_EXPIRATION_HOURS", "9000"), ("CORS_ORIGINS", "[1]"), ("CORS_ORIGINS", "[\"a\""),
        ("MUSTER_AIMS_STUDENT_SIGN_IN", "yes"),
        ("MUSTER_OIDC_KEYS_URL", "http://id.example/"), ("MUSTER_OIDC_ISSUER", "https://id.example"), ("MUSTER_LISTEN_AIMS", "x"),
    ])
    func `are refused with a line that names the one that is bad`(name: String, value: String) {
        let error = #expect(throws: Misuse.self) { try read([name: value]) }
        #expect(error?.description.contains(name) == true)
        if name == "JWT_SECRET", value.count > 10 { #expect(error?.description.contains(value) == false) }
    }

    @Test func `are read as AIMS' own service takes them`() throws {
        let configuration = try read([
            "CORS_ORIGINS": #"["https://a.example", "https://b.example"]"#, "JWT_EXPIRATION_HOURS": "12",
            "MUSTER_AIMS_STUDENT_SIGN_IN": "open", "JWT_SECRET": "golden-cases-secret-0123456789abcdef",
        ])
        #expect(configuration.aimsOrigins == ["https://a.example", "https://b.example"] && configuration.bearerSeconds == 43_200)
        #expect(configuration.isOpenToStudents && configuration.bearerSecret != nil)
        #expect(!SettingName.bearerSecret.shown("golden-cases-secret").contains("golden"))
        let usual = try read([:])
        #expect(usual.aimsOrigins == ["*"] && usual.bearerSeconds == 3_600 && !usual.isOpenToStudents)
        #expect(try read(["CORS_ORIGINS": "https://a.example, https://b.example"]).aimsOrigins.count == 2)
    }
}

@Suite struct `How long an answer may be kept` {
    private static let now = Instant(microseconds: 784_111_777_000_000)

    @Test(
        arguments: [
            ([], nil), ([("Cache-Control", "public, max-age=19845, must-revalidate")], 19_845),
            ([("Cache-Control", "MAX-AGE=\"60\"")], 60), ([("Cache-Control", "max-age=100"), ("Age", "40")], 60),
            ([("Cache-Control", "max-age=10"), ("Age", "40")], 0), ([("Cache-Control", "no-store")], 0),
            ([("Cache-Control", "max-age=60, no-cache")], 0), ([("Cache-Control", "max-age=soon")], 0),
            ([("Cache-Control", "max-age=60"), ("Cache-Control", "max-age=30")], 30),
            ([("Cache-Control", "max-age=60"), ("Expires", "Sun, 06 Nov 1994 09:49:37 GMT")], 60),
            ([("Expires", "Sun, 06 Nov 1994 09:49:37 GMT")], 3_600),
            ([("Expires", "Sun, 06 Nov 1994 09:49:37 GMT"), ("Date", "Sun, 06 Nov 1994 09:39:37 GMT")], 600),
            ([("Expires", "0")], 0), ([("Expires", "Sun, 06 Nov 1994 07:00:00 GMT")], 0), ([("Cache-Control", "public")], nil),
        ] as [([(String, String)], Int64?)])
    func `is what the answer says`(fields: [(String, String)], seconds: Int64?) {
        let headers = HeaderFields(fields.map { .init(name: $0.0, value: $0.1) })
        #expect(HTTPFreshness.seconds(of: headers, at: Self.now) == seconds)
    }

    @Test(
        arguments: [
            ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777), ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Sunday, 06-Nov-94 08:49:37 GMT", nil),
            ("Sun, 31 Feb 1994 08:49:37 GMT", nil), ("Sun, 06 Nov 1994 25:00:00 GMT", nil), ("Sun, 06 Nov 1994 08:49:37 CET", nil),
            ("", nil), ("now", nil),
        ] as [(String, Int64?)])
    func `is counted from dates as HTTP writes them`(text: String, seconds: Int64?) {
        #expect(HTTPDate.seconds(text) == seconds)
    }
}
