public import DialectKit
import HTTPMessages

/// What the API reference tells. Source of every shape and status: docs/dialects/aims.md.
extension AIMSDialect {
    public var chapter: ReferenceChapter {
        ReferenceChapter(
            title: "AIMS",
            "Classes, their rosters and sessions, and who attended. Whoever has an account of the identity provider and stands on a "
                + "list signs in with it and gets a token for an hour.",
            endpoints: openEndpoints + signInEndpoints + userEndpoints + classEndpoints + sessionEndpoints + studentEndpoints
                + noticeEndpoints + flagEndpoints + storageEndpoints,
            alone: .init(title: "AIMS Attendance API", version: Self.version))
    }

    private var openEndpoints: [EndpointDescription] {
        [
            EndpointDescription(
                .get, "/", "Tell what this is",
                answers: [
                    200: .json(
                        "Where to go on.",
                        .object([
                            .required("message", .text), .required("version", .text), .required("docs", .text),
                            .required("health", .text),
                        ]))
                ]),
            EndpointDescription(
                .get, "/health", "Tell that the server is there",
                answers: [
                    200: .json(
                        "It is.", .object([.required("status", .words(["healthy"])), .required("service", .text)]))
                ]),
        ]
    }

    private var signInEndpoints: [EndpointDescription] {
        let answers: [Int: AnswerDescription] = [
            200: .json(
                "A token of ours, and whose it is.",
                .object([.required("token", .text), .required("user", Shape.user)])),
            401: .json("The provider does not vouch for anybody by this token.", Shape.detail),
            403: .json("The address is on no list that opens this door.", Shape.detail),
            422: .json("The token is missing, or is no string.", Shape.faults),
            413: .json("The body is too long.", Shape.detail),
            500: .json("Something went wrong.", Shape.detail),
            503: .json("Nobody can sign in for now; `Retry-After` says for how long.", Shape.detail),
        ]
        let body = BodyDescription(
            .object(
                [
                    .optional("idToken", .text.meaning("The provider's ID token. One of the two names is required.")),
                    .optional("id_token", .text),
                ], others: .anything))
        return [
            EndpointDescription(
                .post, "/auth/google", "Sign in as a teacher or admin", details: "By an ID token of the identity provider.",
                body: body, answers: answers),
            EndpointDescription(
                .post, "/auth/google/student", "Sign in as a student", details: "By an ID token of the identity provider.",
                body: body, answers: answers),
        ]
    }

    private var userEndpoints: [EndpointDescription] {
        [
            Told.endpoint(
                .get, "/users/me", "Show who is signed in",
                answers: [
                    200: .json(
                        "They are.",
                        .object([
                            .required("id", .uuid), .required("email", .text), .required("name", .text),
                            .required("role", .words(["teacher", "admin", "student"])), .required("department", .text.orNull),
                            .required("employee_id", .text.orNull), .required("last_login_at", .utcMoment.orNull),
                            .required("created_at", .utcMoment),
                        ]))
                ])
        ]
    }
}

/// Shapes that several endpoints share.
enum Shape {
    static let detail = JSONSchema.named(
        "AIMSDetail", .object([.required("detail", .text), .optional("incident", .text)]))

    static let faults = JSONSchema.named(
        "AIMSFaults",
        .object([
            .required(
                "detail",
                .list(
                    of: .object([
                        .required("type", .text), .required("loc", .list(of: .either([.text, .integer]))), .required("msg", .text),
                    ])))
        ]))

    static let user = JSONSchema.object([
        .required("id", .uuid), .required("email", .text), .required("name", .text),
        .required("role", .words(["teacher", "admin", "student"])),
    ])
}

/// Endpoints that need a token.
enum Told {
    static let credential = CredentialDescription(
        name: "aimsToken", .bearer, "The token that a sign-in gives.")

    /// - Parameter body: The fields of its JSON body; nil for none.
    static func endpoint(
        _ method: HTTPMethod, _ pattern: String, _ summary: String, _ details: String? = nil,
        parameters: [ParameterDescription] = [], body: [JSONSchema.Member]? = nil, answers: [Int: AnswerDescription]
    ) -> EndpointDescription {
        var all: [Int: AnswerDescription] = [
            401: .json("The token is none, or holds no more.", Shape.detail),
            403: .json("There is no token, or its owner may not do this.", Shape.detail),
            500: .json("Something went wrong.", Shape.detail),
            503: .json("The store is busy; `Retry-After` says for how long.", Shape.detail),
        ]
        if body != nil || !parameters.isEmpty { all[422] = .json("Values are not what they should be.", Shape.faults) }
        if body != nil { all[413] = .json("The body is too long.", Shape.detail) }
        return EndpointDescription(
            method, pattern, summary, details: details, parameters: parameters,
            body: body.map { BodyDescription(.object($0, others: .anything)) }, credentials: [credential],
            answers: all.merging(answers) { $1 })
    }
}
