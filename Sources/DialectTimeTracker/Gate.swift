import AttendanceCore
import DialectKit
import HTTPMessages
import StrictJSON

/// A request that was let in: what it asks for and who asks.
struct Visit: Sendable {
    let head: RequestHead
    /// The values of the path's parameters.
    let parameters: [String: String]
    let asker: TimeTrackerCredentials.Asker
    let site: Site
    /// Empty where the endpoint does not look at it.
    let body: [UInt8]

    var tenant: TenantID { site.tenant.id }

    var caller: Caller {
        switch asker {
        case .nobody: .open(tenant: tenant, address: head.clientAddress)
        case .admin(let account, _): account.caller
        }
    }

    /// The fields of the body. An endpoint asks for them when it knows that what it is about exists.
    func fields(isPartial: Bool = false) throws(TimeTrackerFailure) -> RequestFields {
        switch head.bodyForm {
        case .other("application/x-www-form-urlencoded"):
            return try form(isPartial) { () throws(FormBody.Fault) in try FormBody(urlEncoded: body) }
        case _ where body.isEmpty:
            return RequestFields(isPartial: isPartial)
        case .other("multipart/form-data"):
            return try form(isPartial) { () throws(FormBody.Fault) in
                try FormBody(multipart: body, contentType: head.headers.first("Content-Type") ?? "")
            }
        case .json:
            return try json(isPartial)
        case .other, .unnamed:
            throw .mediaType(head.headers.first("Content-Type") ?? "")
        }
    }

    private func json(_ isPartial: Bool) throws(TimeTrackerFailure) -> RequestFields {
        let root: JSONValue
        do throws(JSONError) {
            // Python's rule for members that occur twice.
            root = try JSONDocument(
                parsing: body, duplicates: .takeLast, limits: JSONLimits(bytesMax: Gate.bodyMaxBytes)
            ).root
        } catch {
            throw .notJSON(error)
        }
        if root.isNull { throw .object("No data provided") }
        guard root.kind == .object else {
            throw .object("Invalid data. Expected a dictionary, but got \(Python.typeName(of: root)).")
        }
        return RequestFields(root, isPartial: isPartial)
    }

    private func form(
        _ isPartial: Bool, _ read: () throws(FormBody.Fault) -> FormBody
    ) throws(TimeTrackerFailure) -> RequestFields {
        do throws(FormBody.Fault) {
            return RequestFields(try read(), isPartial: isPartial)
        } catch {
            throw .notAForm(error)
        }
    }

    /// The identity in the path.
    /// - Throws: 404 for anything else: what cannot be an identity is nobody's.
    func id<Owner>(_: Owner.Type = Owner.self) throws(TimeTrackerFailure) -> Identifier<Owner> {
        guard let uuid = UUIDField.id(.text(parameters["id"] ?? "")) else { throw .notFound }
        return Identifier(rawValue: uuid)
    }

    /// The value of a query parameter, the last of several; nil without one.
    func query(_ name: String) -> String? {
        head.query.last { $0.name.utf8.elementsEqual(name.utf8) }?.value
    }
}

/// One path of the contract, and what its methods lead to.
struct Resource: Sendable {
    typealias Answer = @Sendable (Visit) async throws(TimeTrackerFailure) -> Response

    struct Method: Sendable {
        let method: HTTPMethod
        let answer: Answer
        var takesBody = false
        /// Whether a bad token stops a request. At the sign-in it would keep out whoever wants a better one.
        var looksAtToken = true

        static func get(_ answer: @escaping Answer) -> Method { Method(method: .get, answer: answer) }
        /// A POST that says all by its path.
        static func act(_ answer: @escaping Answer) -> Method { Method(method: .post, answer: answer) }
        static func post(_ answer: @escaping Answer) -> Method { Method(method: .post, answer: answer, takesBody: true) }
        static func put(_ answer: @escaping Answer) -> Method { Method(method: .put, answer: answer, takesBody: true) }
        static func patch(_ answer: @escaping Answer) -> Method { Method(method: .patch, answer: answer, takesBody: true) }
        static func delete(_ answer: @escaping Answer) -> Method { Method(method: .delete, answer: answer) }
    }

    /// With its closing slash; without it the path is answered too. Source: contract W20.
    let pattern: String
    /// What the framework calls it where somebody asks for its options.
    let name: String
    let methods: [Method]
    /// Whether the last segment is a word where a sibling takes any: then the word wins for all methods.
    let isWordAmongIDs: Bool

    init(_ pattern: String, _ name: String, isWordAmongIDs: Bool = false, _ methods: Method...) {
        self.pattern = pattern
        self.name = name
        self.methods = methods
        self.isWordAmongIDs = isWordAmongIDs
    }

    /// In the order of the framework.
    var allowed: [HTTPMethod] {
        Gate.inOrder(methods.map(\.method) + (methods.contains { $0.method == .get } ? [.head] : []) + [.options])
    }
}

/// What stands before every endpoint, in this order: host, token, permission. What exists and what the body says comes after.
struct Gate: Sendable {
    /// More than Django takes by itself. No body of the contract has a hundredth of it.
    static let bodyMaxBytes = 2_621_440

    let credentials: TimeTrackerCredentials
    let configuration: TimeTrackerConfiguration
    let crossOrigin: CrossOriginPolicy

    func routes(_ resources: [Resource]) -> [Route<Endpoint>] {
        resources.flatMap { resource in
            var endpoints = resource.methods.map { ($0.method, endpoint($0, of: resource)) }
            endpoints.append((.options, endpoint(.init(method: .options, answer: Self.options(of: resource)), of: resource)))
            if resource.isWordAmongIDs {
                for method in [HTTPMethod.get, .post, .put, .patch, .delete] where !resource.allowed.contains(method) {
                    let refusal = TimeTrackerFailure.method(method)
                    let answer: Resource.Answer = { (_: Visit) async throws(TimeTrackerFailure) -> Response in throw refusal }
                    endpoints.append((method, endpoint(.init(method: method, answer: answer), of: resource)))
                }
            }
            return [resource.pattern, String(resource.pattern.dropLast())].flatMap { pattern in
                endpoints.map { Route($0.0, pattern, $0.1) }
            }
        }
    }

    private func endpoint(_ method: Resource.Method, of resource: Resource) -> Endpoint {
        let allow = Self.list(resource.allowed)
        return Endpoint { head, parameters, site in
            let asker: TimeTrackerCredentials.Asker
            do throws(TimeTrackerFailure) {
                asker = try await enter(head, site, looksAtToken: method.looksAtToken)
            } catch {
                return .answer(finished(error.response, head, allow: allow))
            }
            let answer = { @Sendable (body: [UInt8]) async -> Response in
                let visit = Visit(head: head, parameters: parameters, asker: asker, site: site, body: body)
                do throws(TimeTrackerFailure) {
                    return finished(try await method.answer(visit), head, allow: allow)
                } catch {
                    return finished(error.response, head, allow: allow)
                }
            }
            guard method.takesBody else { return .answer(await answer([])) }
            let tooLarge = finished(TimeTrackerFailure.tooLarge.response, head, allow: allow)
            return .read(bodyMaxBytes: Self.bodyMaxBytes, tooLarge: tooLarge, respond: answer)
        }
    }

    /// A request to nowhere, or by a method that its path has not.
    func unrouted(_ head: RequestHead, allowed: [HTTPMethod], at site: Site) async -> Response {
        let allow = allowed.isEmpty ? nil : Self.list(Self.inOrder(allowed))
        do throws(TimeTrackerFailure) {
            _ = try await enter(head, site)
            throw allowed.isEmpty ? .notFound : .method(head.method)
        } catch {
            return finished(error.response, head, allow: allow)
        }
    }

    private func enter(
        _ head: RequestHead, _ site: Site, looksAtToken: Bool = true
    ) async throws(TimeTrackerFailure) -> TimeTrackerCredentials.Asker {
        guard configuration.allows(host: head.headers.first("Host") ?? "") else { throw .host }
        guard looksAtToken else { return .nobody }
        let asker = try await credentials.asker(of: head, at: site)
        if case .nobody = asker, !OpenRequests.contain(head.method, head.path.segments) { throw .notSignedIn }
        return asker
    }

    /// What every answer carries. Source: contract §2.3.
    func finished(_ response: Response, _ head: RequestHead?, allow: String?) -> Response {
        var response = response
        response.headers.set("Vary", "Accept")
        if let allow { response.headers.append("Allow", allow) }
        for field in Self.securityFields { response.headers.append(field.name, field.value) }
        // Browsers pass over it where the request came without TLS, and only a proxy knows that.
        if !configuration.debug {
            response.headers.append("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
        }
        if let head { crossOrigin.add(to: &response, for: head) }
        return response
    }

    private static let securityFields = HeaderFields([
        .init(name: "X-Content-Type-Options", value: "nosniff"), .init(name: "X-Frame-Options", value: "DENY"),
        .init(name: "Referrer-Policy", value: "same-origin"), .init(name: "Cross-Origin-Opener-Policy", value: "same-origin"),
    ]).fields

    /// What the framework tells of a path.
    private static func options(of resource: Resource) -> Resource.Answer {
        let body = JSONWriter.object {
            $0.member("name", resource.name)
            $0.member("description", "")
            $0.member("renders", ["application/json"])
            $0.member("parses", ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"])
        }
        return { (_: Visit) async throws(TimeTrackerFailure) -> Response in .json(body) }
    }

    static func inOrder(_ methods: [HTTPMethod]) -> [HTTPMethod] {
        [.get, .post, .put, .patch, .delete, .head, .options].filter(methods.contains)
    }

    private static func list(_ methods: [HTTPMethod]) -> String {
        methods.map(\.rawValue).joined(separator: ", ")
    }
}
