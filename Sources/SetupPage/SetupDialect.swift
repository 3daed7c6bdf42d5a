public import AttendanceCore
public import DialectKit
public import HTTPMessages

/// The page behind the link that a first start prints: it makes the first account of an installation.
///
/// It speaks no contract of anybody's. It is a ``DialectKit/Dialect`` because that is what a listener serves; another one
/// goes before it in the list, and answers what has no route.
public struct SetupDialect: Dialect {
    public static let path = "/setup"

    public let name = "setup"

    /// A form holds five short texts.
    static let bodyMaxBytes = 16_384

    private let operations: Operations
    private let page: SetupPage

    public init(operations: Operations) {
        self.operations = operations
        page = SetupPage(sha256: operations.ambient.sha256)
    }

    public var routes: [Route<Endpoint>] {
        [
            Route(.get, Self.path, Endpoint { head, _, site in .answer(await show(head, site)) }),
            Route(
                .post, Self.path,
                Endpoint { head, _, site in
                    guard site.tenant.id == .default else { return .answer(page.closed) }
                    guard head.bodyForm == .other("application/x-www-form-urlencoded") else {
                        return .answer(page.failed(415, "A form was expected."))
                    }
                    return .read(bodyMaxBytes: Self.bodyMaxBytes, tooLarge: page.failed(413, "The form is too long.")) { body in
                        await take(body, from: head.clientAddress)
                    }
                }),
        ]
    }

    /// Looking at the page uses nothing up: programs that preview links look at it too.
    private func show(_ head: RequestHead, _ site: Site) async -> Response {
        let token = head.query.first { $0.name == "token" }?.value ?? ""
        do {
            guard site.tenant.id == .default, try await operations.setupIsOpen(token) else { return page.closed }
            return page.form(SetupForm(token: token))
        } catch {
            return answer(to: error, SetupForm(token: token))
        }
    }

    private func take(_ body: [UInt8], from address: String) async -> Response {
        guard let form = SetupForm(body) else { return page.failed(400, "The form is no text.") }
        guard form.password == form.passwordAgain else {
            return page.form(form, status: 400, trouble: "The two passwords differ.")
        }
        do {
            let grants = try await operations.setUp(form.draft, with: form.token, address: address)
            return page.done(email: grants.first?.email.text ?? form.email)
        } catch {
            return answer(to: error, form)
        }
    }

    private func answer(to error: AttendanceError, _ form: SetupForm) -> Response {
        switch error {
        case .notPermitted, .notAuthenticated, .notFound, .lastAdmin, .accountHeldElsewhere, .taken, .occupied,
            .notAllowed:
            page.closed
        case .invalid(let field, let fault): page.form(form, status: 400, trouble: Self.words(field, fault))
        case .accountTaken: page.form(form, status: 400, trouble: "There is such an account already.")
        case .unavailable(let seconds), .tooManySignIns(let seconds):
            page.form(form, status: 503, trouble: "The server is busy. Please try again.", retryAfterSeconds: seconds)
        case .unexpected(let incident):
            page.failed(500, "Something went wrong; the log tells more under \(incident.text).")
        }
    }

    private static func words(_ field: String, _ fault: AttendanceError.Fault) -> String {
        let names = [
            "email": "The e-mail", "username": "The e-mail", "password": "The password", "first_name": "The first name",
            "last_name": "The last name",
        ]
        let name = names[field] ?? field
        return switch fault {
        case .empty: "\(name) is missing."
        case .tooLong(let max): "\(name) is longer than \(max) characters."
        case .malformed, .twice: "\(name) is not right."
        }
    }

    // MARK: What has no route

    public func admitUnrouted(_ head: RequestHead, allowed: [HTTPMethod], at site: Site) async -> Admission {
        .answer(allowed.isEmpty ? page.failed(404, "There is nothing here.") : page.failed(405, "That is not done here."))
    }

    public func answer(to failure: TransportFailure) -> Response {
        switch failure {
        case .malformed: page.failed(400, "The request is malformed.")
        case .unavailable(let seconds): page.failed(503, "The server is stopping or busy.", retryAfterSeconds: seconds)
        case .tooSlow: page.failed(408, "The request was not complete in time.")
        }
    }
}
