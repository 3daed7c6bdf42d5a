import AttendanceCore
public import DialectKit
import HTTPMessages

/// What the API reference tells.
extension MusterDialect {
    public var chapter: ReferenceChapter {
        ReferenceChapter(
            title: "Muster",
            "What no contract in the field has. Durations are microseconds, moments are in UTC, sequences are those of the ledger.",
            endpoints: [
                EndpointDescription(
                    .get, "/api/v1/people/{id}/days/{date}/explain", "Explain the figures of somebody's day",
                    details: "The parts of each figure sum exactly to it. docs/explain.md shows examples.",
                    parameters: [
                        .path("id", .text(format: "uuid"), "A person or one of their memberships."),
                        .path("date", .day, "A day of the business's zone."),
                    ],
                    credentials: [
                        CredentialDescription(
                            name: "MusterKey", .bearer, "A key with the admin role: `muster key create --roles admin`.")
                    ],
                    answers: [
                        200: .json("One day for each membership.", .object([.required("days", .list(of: Shape.day))])),
                        400: .json("The request is not right.", Shape.failure),
                        401: .json("No key, or a wrong one.", Shape.failure),
                        403: .json("The key has not the admin role.", Shape.failure),
                        404: .json("There is nobody of that identity.", Shape.failure),
                        408: .json("The request did not come in time.", Shape.failure),
                        500: .json("Something went wrong.", Shape.failure),
                        503: .json("The server is busy; try again.", Shape.failure),
                    ])
            ])
    }
}

private enum Shape {
    static let failure = JSONSchema.named(
        "MusterFailure", .object([.required("error", .text), .optional("field", .text)]))

    static let day = JSONSchema.named(
        "MusterExplainedDay",
        .object([
            .required("person", .uuid), .required("membership", .uuid), .required("called", .text), .required("date", .day),
            .required("zone", .text), .required("as_of", .utcMoment.orNull), .required("status", .text.orNull),
            .required("figures", .list(of: figure)), .required("under_policy", .list(of: figure)),
            .required(
                "rules",
                .list(
                    of: .object([
                        .required("name", .words(Explanation.Rule.Name.allCases.map(\.rawValue))), .required("setting", .text),
                        .required("sequence", .integer),
                    ]))),
            .required(
                "corrections",
                .list(
                    of: .object([.required("kind", .text), .required("sequence", .integer), .optional("punch", .integer)]))),
            .required("uncounted", .list(of: .object(punch + [.required("reason", .text)]))),
            .required("of_day_before", .list(of: .object(punch))),
        ]))

    private static let figure = JSONSchema.named(
        "MusterExplainedFigure",
        .object([
            .required("name", .text), .optional("flagged", .boolean), .required("parts", .list(of: part)),
            .required(
                "rounding",
                .object([
                    .required("exact_microseconds", .integer), .required("unit", .text), .required("shown", .text),
                ])),
        ]))

    private static let part = JSONSchema.named(
        "MusterExplainedPart",
        .object([
            .required("meaning", .words(Explanation.Meaning.allCases.map(\.rawValue))), .required("microseconds", .integer),
            .required("sequences", .list(of: .integer)), .optional("from", .utcMoment), .optional("until", .utcMoment),
        ]))

    private static let punch: [JSONSchema.Member] = [
        .required("sequence", .integer), .required("direction", .text), .required("at", .utcMoment),
    ]
}
