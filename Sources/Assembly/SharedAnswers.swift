import AttendanceCore
import DialectKit
import HTTPMessages
import StrictJSON

/// What is nobody's alone where several contracts are served: the health check that three of them have, and what is told of
/// paths that none of them has.
///
/// One object satisfies the clients of all: `detail` for those of Django REST framework and FastAPI, `error` and `message`
/// with `statusCode` for those of Fastify. Source: design §4.
struct SharedAnswers: Dialect {
    let name = "shared"
    let prefixes: [String] = []
    let crossOrigin: CrossOriginPolicy?

    init(for dialects: [any Dialect]) {
        crossOrigin = CrossOriginPolicy.union(of: dialects.compactMap(\.crossOrigin))
    }

    var routes: [Route<Endpoint>] {
        let health = JSONWriter.object {
            $0.member("status", "healthy")
            $0.member("service", "Muster")
            $0.member("version", Version.text)
        }
        // It says that the process answers. Whether the store does, /readyz says.
        let answer = { @Sendable (head: RequestHead) in finished(Self.json(200, health), head) }
        return [
            Route(.get, "/health", Endpoint(atOnce: { head, _ in answer(head) }) { head, _, _ in .answer(answer(head)) })
        ]
    }

    /// What is answered in no dialect's form.
    static let failureSchema = JSONSchema.named(
        "SharedFailure",
        .object([
            .required("detail", .text), .required("error", .text), .required("message", .text), .required("statusCode", .integer),
        ]))

    /// What any request can be answered with.
    static let beforeRouting: [Int: AnswerDescription] = [
        400: .json("The request is malformed.", failureSchema),
        503: .json("The server is stopping or overloaded; try again.", failureSchema),
    ]

    var chapter: ReferenceChapter {
        ReferenceChapter(
            title: "Everybody's", "What several contracts have in common.",
            endpoints: [
                EndpointDescription(
                    .get, "/health", "Tell that the server is there",
                    answers: [
                        200: .json(
                            "It is.",
                            .object([
                                .required("status", .words(["healthy"])), .required("service", .text), .required("version", .text),
                            ]))
                    ])
            ])
    }

    func admitUnrouted(_ head: RequestHead, allowed: [HTTPMethod], at site: Site) async -> Admission {
        guard !allowed.isEmpty else {
            let message = "Route \(head.method):\(head.path.text) not found"
            return .answer(finished(Self.failure(404, "Not Found", detail: "Not found.", message), head))
        }
        var response = Self.failure(
            405, "Method Not Allowed", detail: "Method \"\(head.method)\" not allowed.",
            "\(head.method) is not allowed at \(head.path.text)")
        response.headers.append("Allow", allowed.map(\.rawValue).joined(separator: ", "))
        return .answer(finished(response, head))
    }

    func answer(to failure: TransportFailure) -> Response {
        switch failure {
        case .malformed(let why): return Self.failure(400, "Bad Request", detail: why, why)
        case .unavailable(let seconds):
            return Self.unavailable("The server is stopping or overloaded; try again", retryAfterSeconds: seconds)
        case .tooSlow:
            // Not 408: some kiosks never send again what was answered with a 4xx.
            return Self.unavailable("The request was not complete in time; try again", retryAfterSeconds: 1)
        }
    }

    private func finished(_ response: Response, _ head: RequestHead) -> Response {
        guard let crossOrigin else { return response }
        var response = response
        crossOrigin.add(to: &response, for: head)
        return response
    }

    private static func unavailable(_ sentence: String, retryAfterSeconds: Int) -> Response {
        var response = failure(503, "Service Unavailable", detail: sentence, sentence)
        response.headers.append("Retry-After", String(max(1, retryAfterSeconds)))
        return response
    }

    private static func failure(_ status: Int, _ error: String, detail: String, _ message: String) -> Response {
        json(
            status,
            JSONWriter.object {
                $0.member("detail", detail)
                $0.member("error", error)
                $0.member("message", message)
                $0.member("statusCode", status)
            })
    }

    private static func json(_ status: Int, _ body: [UInt8]) -> Response {
        Response(
            status: status,
            headers: ["Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store"], body: .bytes(body))
    }
}
