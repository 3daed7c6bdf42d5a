public import DialectKit
import HTTPMessages

/// What the API reference tells.
extension SetupDialect {
    public var chapter: ReferenceChapter {
        let form = JSONSchema.object(
            ["token", "email", "first_name", "last_name", "password", "password_again"].map { .required($0, .text) },
            others: .anything)
        return ReferenceChapter(
            title: "Set-up", "The page behind the link that a first start prints.",
            endpoints: [
                EndpointDescription(
                    .get, Self.path, "Show the form for the first account",
                    parameters: [.query("token", .text, "What the link holds.")],
                    answers: [
                        200: .file("The form.", "text/html"), 410: .file("The link is none, or used up.", "text/html"),
                        500: .file("Something went wrong.", "text/html"), 503: .file("The server is busy.", "text/html"),
                    ]),
                EndpointDescription(
                    .post, Self.path, "Make the first account",
                    body: BodyDescription(mediaTypes: ["application/x-www-form-urlencoded"], form),
                    answers: [
                        200: .file("It is made.", "text/html"), 400: .file("The form is not right.", "text/html"),
                        410: .file("The link is none, or used up.", "text/html"), 413: .file("The form is too long.", "text/html"),
                        415: .file("It is no form.", "text/html"), 500: .file("Something went wrong.", "text/html"),
                        503: .file("The server is busy.", "text/html"),
                    ]),
            ])
    }
}
