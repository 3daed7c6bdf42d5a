import AttendanceCore
import DialectKit
import HTTPMessages
import SetupPage
import TestKit
import Testing

@Suite struct `The set-up page` {
    /// The page over a store, asked without a socket.
    private struct Visitor {
        let subject: StoreUnderTest
        let dialect: SetupDialect

        init(_ subject: StoreUnderTest) {
            self.subject = subject
            dialect = SetupDialect(operations: subject.operations)
        }

        func ask(
            _ method: HTTPMethod, query: String = "", form: String? = nil,
            type: String = "application/x-www-form-urlencoded", tenant: TenantID = .default
        ) async throws -> (response: Response, text: String) {
            let route = try #require(dialect.routes.first { $0.method == method && $0.pattern == "/setup" })
            let head = RequestHead(
                method: method, path: RequestPath(segments: ["setup"]), rawQuery: query, headers: ["Content-Type": type],
                clientAddress: "192.0.2.9")
            let site = Site(
                tenant: Tenant(id: tenant, name: .default, createdAt: Instant(microseconds: 0)), isShared: true)
            var response: Response
            switch await route.handler.admit(head, [:], site) {
            case .answer(let answer): response = answer
            case .read(let bodyMaxBytes, let tooLarge, let respond):
                let body = Array((form ?? "").utf8)
                response = body.count > bodyMaxBytes ? tooLarge : await respond(body)
            }
            guard case .bytes(let bytes) = response.body else { return (response, "") }
            return (response, String(decoding: bytes, as: UTF8.self))
        }
    }

    private static func form(
        _ token: String, email: String = "Mara%40Corp.example", password: String = "correct+horse"
    ) -> String {
        "token=\(token)&email=+\(email)&first_name=Mara&last_name=%3Cb%3E&password=\(password)&password_again=\(password)"
    }

    @Test func `makes the first account, and is closed from then on`() async throws {
        try await StoreKind.sqlite.withFreshStore { subject in
            let visitor = Visitor(subject)
            let token = try #require(try await subject.operations.openSetup())
            // Looked at twice: looking uses nothing up.
            for _ in 0..<2 {
                let (shown, text) = try await visitor.ask(.get, query: "token=\(token)")
                #expect(shown.status == 200)
                #expect(text.contains("<form method=\"post\" action=\"setup\">") && text.contains("value=\"\(token)\""))
                #expect(text.contains("name=\"viewport\"") && !text.contains("<script") && !text.contains("http"))
            }
            let (made, text) = try await visitor.ask(.post, form: Self.form(token))
            #expect(made.status == 200, "\(text)")
            let signedIn = try await subject.operations.signIn(
                email: "mara@corp.example", password: "correct horse", to: .timeTracker, in: .default, address: nil)
            #expect(signedIn.grant.lastName == "<b>" && signedIn.grant.username == "Mara@Corp.example")
            for (again, text) in [
                try await visitor.ask(.post, form: Self.form(token)), try await visitor.ask(.get, query: "token=\(token)"),
            ] {
                #expect(again.status == 410)
                #expect(text.contains("works once") && !text.contains("<form"))
            }
        }
    }

    @Test func `answers every request with the same protection`() async throws {
        try await StoreKind.sqlite.withFreshStore { subject in
            let visitor = Visitor(subject)
            let token = try #require(try await subject.operations.openSetup())
            let style = /<style>(.*?)<\/style>/.dotMatchesNewlines()
            for (response, text) in [
                try await visitor.ask(.get, query: "token=\(token)"), try await visitor.ask(.get),
                try await visitor.ask(.post, form: Self.form(token, password: "")),
                try await visitor.ask(.post, form: Self.form(token), type: "application/json"),
            ] {
                #expect(response.headers.first("Cache-Control") == "no-store")
                #expect(response.headers.first("Referrer-Policy") == "no-referrer")
                let policy = try #require(response.headers.first("Content-Security-Policy"))
                let css = String(try #require(text.firstMatch(of: style)).output.1)
                let digest = subject.operations.ambient.sha256(Array(css.utf8)).bytes
                #expect(policy.contains("default-src 'none'; style-src 'sha256-\(Self.base64(digest))'; form-action 'self'"))
                #expect(policy.contains("frame-ancestors 'none'"))
            }
        }
    }

    @Test func `says what is wrong and keeps what was typed, but no password`() async throws {
        try await StoreKind.sqlite.withFreshStore { subject in
            let visitor = Visitor(subject)
            let token = try #require(try await subject.operations.openSetup())
            let differing = Self.form(token).replacing("password_again=correct+horse", with: "password_again=battery")
            for (form, words) in [
                (Self.form(token, email: "nobody"), "The e-mail is not right."),
                (Self.form(token, email: ""), "The e-mail is missing."),
                (Self.form(token, password: ""), "The password is missing."), (differing, "The two passwords differ."),
            ] {
                let (response, text) = try await visitor.ask(.post, form: form)
                #expect(response.status == 400)
                #expect(text.contains(words), "\(text)")
                #expect(text.contains("value=\"&lt;b&gt;\"") && !text.contains("<b>"))
                #expect(!text.contains("horse") && !text.contains("battery"))
            }
            #expect(try await subject.operations.setupIsOpen(token))
        }
    }

    @Test func `refuses what is no form of its own`() async throws {
        try await StoreKind.sqlite.withFreshStore { subject in
            let visitor = Visitor(subject)
            let token = try #require(try await subject.operations.openSetup())
            let elsewhere = TenantID(rawValue: 2)
            #expect(try await visitor.ask(.post, form: Self.form(token), type: "application/json").response.status == 415)
            #expect(try await visitor.ask(.post, form: String(repeating: "x", count: 20_000)).response.status == 413)
            #expect(try await visitor.ask(.post, form: "token=%FF").response.status == 400)
            #expect(try await visitor.ask(.post, form: Self.form("0")).response.status == 410)
            #expect(try await visitor.ask(.post, form: "").response.status == 410)
            #expect(try await visitor.ask(.post, form: Self.form(token), tenant: elsewhere).response.status == 410)
            #expect(try await visitor.ask(.get, query: "token=\(token)", tenant: elsewhere).response.status == 410)
            #expect(try await subject.operations.setupIsOpen(token))
        }
    }

    private static func base64(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        // Thirty-two bytes are 256 bits: 42 digits, one of the four bits that are left, and one for padding.
        var bits: [UInt8] = [0, 0]
        for byte in bytes.reversed() { bits = (0..<8).map { (byte << $0) >> 7 } + bits }
        var text = ""
        while !bits.isEmpty {
            text.append(alphabet[bits.prefix(6).reduce(0) { $0 << 1 | Int($1) }])
            bits.removeFirst(6)
        }
        return text + "="
    }
}
