import AttendanceCore
import DialectKit
import HTTPMessages
import StrictJSON

/// What a request says behind its head.
enum RequestBody: Sendable {
    /// It has none, or says `null`.
    case nothing
    case json(JSONValue)
    /// Its type is another one than JSON's, so nobody has looked into it.
    case plain
}

/// A request that was let in.
struct Visit: Sendable {
    let head: RequestHead
    /// The values of the path's parameters.
    let parameters: [String: String]
    let site: Site
    let body: RequestBody

    var tenant: TenantID { site.tenant.id }

    var reader: RequestReader { RequestReader(self) }

    /// The value of a query parameter, the last of several; nil without one.
    func query(_ name: String) -> String? {
        head.query.last { $0.name.utf8.elementsEqual(name.utf8) }?.value
    }
}

/// One path of the contract, and what its methods lead to.
struct Resource: Sendable {
    typealias OpenAnswer = @Sendable (Visit) async throws(AIMSFailure) -> Response
    typealias Answer = @Sendable (Visit, Asker) async throws(AIMSFailure) -> Response

    struct Method: Sendable {
        enum Entrance: Sendable {
            /// Nobody is asked who they are.
            case open(OpenAnswer)
            case closed(Access, Answer)
        }

        let method: HTTPMethod
        let entrance: Entrance
        /// Nil where the body is not looked at.
        let bodyMaxBytes: Int?

        static func get(open answer: @escaping OpenAnswer) -> Method {
            Method(method: .get, entrance: .open(answer), bodyMaxBytes: nil)
        }

        static func get(_ access: Access, _ answer: @escaping Answer) -> Method {
            Method(method: .get, entrance: .closed(access, answer), bodyMaxBytes: nil)
        }

        static func delete(_ access: Access, _ answer: @escaping Answer) -> Method {
            Method(method: .delete, entrance: .closed(access, answer), bodyMaxBytes: nil)
        }

        /// A POST that says all by its path.
        static func act(_ access: Access, _ answer: @escaping Answer) -> Method {
            Method(method: .post, entrance: .closed(access, answer), bodyMaxBytes: nil)
        }

        static func post(open answer: @escaping OpenAnswer, bodyMaxBytes: Int = Gate.smallBodyMaxBytes) -> Method {
            Method(method: .post, entrance: .open(answer), bodyMaxBytes: bodyMaxBytes)
        }

        static func put(open answer: @escaping OpenAnswer, bodyMaxBytes: Int = Gate.smallBodyMaxBytes) -> Method {
            Method(method: .put, entrance: .open(answer), bodyMaxBytes: bodyMaxBytes)
        }

        static func post(
            _ access: Access, bodyMaxBytes: Int = Gate.smallBodyMaxBytes, _ answer: @escaping Answer
        ) -> Method {
            Method(method: .post, entrance: .closed(access, answer), bodyMaxBytes: bodyMaxBytes)
        }

        static func put(
            _ access: Access, bodyMaxBytes: Int = Gate.smallBodyMaxBytes, _ answer: @escaping Answer
        ) -> Method {
            Method(method: .put, entrance: .closed(access, answer), bodyMaxBytes: bodyMaxBytes)
        }
    }

    let pattern: String
    let methods: [Method]
    /// Whether HEAD is answered like GET. The original answers it nowhere. Source: contract §1.
    let answersHead: Bool

    init(_ pattern: String, answersHead: Bool = false, _ methods: Method...) {
        self.pattern = pattern
        self.methods = methods
        self.answersHead = answersHead
    }

    var allowed: [HTTPMethod] {
        methods.map(\.method) + (answersHead ? [.head] : [])
    }
}

/// What stands before every endpoint, in this order: whether the body is JSON at all, who asks, and with which role. Then the
/// endpoint reads path, query and body, and asks its operation, which looks whether the thing is there (404), whether the caller
/// may touch it (403), and at the rest (400). Source: contract §1.2.
struct Gate: Sendable {
    /// For a form of a few fields.
    static let smallBodyMaxBytes = 65_536
    /// For a roster or a roll call of thousands.
    static let largeBodyMaxBytes = 4 << 20

    let credentials: AIMSCredentials
    let crossOrigin: CrossOriginPolicy

    func routes(_ resources: [Resource]) -> [Route<Endpoint>] {
        resources.flatMap { resource in
            resource.methods.map { Route($0.method, resource.pattern, endpoint($0, of: resource)) }
        }
    }

    private func endpoint(_ method: Resource.Method, of resource: Resource) -> Endpoint {
        Endpoint { head, parameters, site in
            guard head.method != .head || resource.answersHead else {
                return .answer(refusal(.method, head, allowed: resource.allowed))
            }
            let answer = { @Sendable (bytes: [UInt8]) async -> Response in
                do throws(AIMSFailure) {
                    let body = try method.bodyMaxBytes.map { max throws(AIMSFailure) in try read(bytes, of: head, max) }
                    let visit = Visit(head: head, parameters: parameters, site: site, body: body ?? .nothing)
                    return finished(try await self.answer(visit, by: method.entrance), head)
                } catch {
                    return finished(error.response, head)
                }
            }
            guard let max = method.bodyMaxBytes else { return .answer(await answer([])) }
            return .read(
                bodyMaxBytes: max, tooLarge: finished(AIMSFailure.tooLarge(bytesMax: max).response, head), respond: answer)
        }
    }

    private func answer(_ visit: Visit, by entrance: Resource.Method.Entrance) async throws(AIMSFailure) -> Response {
        switch entrance {
        case .open(let answer): return try await answer(visit)
        case .closed(let access, let answer):
            let asker = try await credentials.asker(of: visit.head, at: visit.site)
            try access.require(asker.classroom.role)
            return try await answer(visit, asker)
        }
    }

    /// Source: contract §1: a body without a type is taken for JSON, one of another type for a text.
    private func read(_ bytes: [UInt8], of head: RequestHead, _ max: Int) throws(AIMSFailure) -> RequestBody {
        guard !bytes.isEmpty else { return .nothing }
        switch head.bodyForm {
        case .json, .unnamed: break
        case .other(let type): guard type.hasPrefix("application/"), type.hasSuffix("+json") else { return .plain }
        }
        do throws(JSONError) {
            // Python's rule for members that occur twice.
            let root = try JSONDocument(parsing: bytes, duplicates: .takeLast, limits: JSONLimits(bytesMax: max)).root
            return root.isNull ? .nothing : .json(root)
        } catch {
            // The framework counts characters.
            let place = String(decoding: bytes.prefix(error.offset), as: UTF8.self).unicodeScalars.count
            throw .invalid([RequestFault(ValueFault("json_invalid", "JSON decode error"), at: [.name("body"), .index(place)])])
        }
    }

    /// A request to nowhere, or by a method that its path has not.
    /// - Parameter leadsSomewhere: Whether there is something at a path.
    func unrouted(
        _ head: RequestHead, allowed: [HTTPMethod], leadsSomewhere: (RequestPath) -> Bool
    ) -> Response {
        guard allowed.isEmpty else { return refusal(.method, head, allowed: allowed.filter { $0 != .head }) }
        let path = head.path.segments
        let plain = path.reversed().drop { $0.isEmpty }.reversed() as [String]
        guard plain.count < path.count, let last = plain.last, leadsSomewhere(RequestPath(segments: plain)) else {
            return finished(AIMSFailure.unknownPath.response, head)
        }
        // Relative, so that it leads there below a tenant's address and behind a proxy as well.
        let up = String(repeating: "../", count: path.count - plain.count)
        let query = head.rawQuery.isEmpty ? "" : "?" + head.rawQuery
        return finished(Response(status: 307, headers: ["Location": up + Self.encoded(last) + query]), head)
    }

    private func refusal(_ failure: AIMSFailure, _ head: RequestHead, allowed: [HTTPMethod]) -> Response {
        var response = failure.response
        response.headers.append("Allow", allowed.map(\.rawValue).joined(separator: ", "))
        return finished(response, head)
    }

    func finished(_ response: Response, _ head: RequestHead?) -> Response {
        var response = response
        response.headers.set("X-Content-Type-Options", "nosniff")
        if let head { crossOrigin.add(to: &response, for: head) }
        return response
    }

    /// A segment of a path. Source: RFC 3986 §3.3.
    private static func encoded(_ segment: String) -> String {
        let digits = Array("0123456789ABCDEF")
        return segment.utf8.reduce(into: "") { encoded, byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
                encoded.unicodeScalars.append(UnicodeScalar(byte))
            default: encoded += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
            }
        }
    }
}
