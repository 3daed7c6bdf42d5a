import DialectKit
import HTTPMessages

extension Monitor {
    /// What the API reference tells of the program's word about itself.
    /// - Parameter paths: Those that no contract has taken.
    static func chapter(of paths: [Path]) -> ReferenceChapter {
        ReferenceChapter(
            title: "Operation", "What the program says of itself, for probes and monitoring; see docs/monitoring.md.",
            endpoints: paths.map(description))
    }

    private static func description(_ path: Path) -> EndpointDescription {
        let pattern = "/\(path.rawValue)"
        let failed = AnswerDescription.file("The server cannot answer.", "text/plain")
        switch path {
        case .livez, .healthz:
            return EndpointDescription(
                .get, pattern, "Tell that the process lives", answers: [200: .file("It does.", "text/plain")])
        case .readyz:
            return EndpointDescription(
                .get, pattern, "Tell whether requests are welcome",
                answers: [200: .file("They are.", "text/plain"), 503: .file("They are not, and why.", "text/plain")])
        case .metrics:
            return EndpointDescription(
                .get, pattern, "Tell figures in Prometheus' text format",
                credentials: [
                    CredentialDescription(
                        name: "MetricsKey", .bearer, "`MUSTER_METRICS_KEY`, where it is set; else some addresses may look.")
                ],
                answers: [
                    200: .file("The figures.", "text/plain"), 401: .file("The key is missing or wrong.", "text/plain"),
                    403: .file("Not from this address.", "text/plain"), 500: failed,
                ])
        }
    }
}

extension ReferencePages {
    /// What the API reference tells of itself.
    static let chapter = ReferenceChapter(
        title: "Reference", "This document, and pages that show it.",
        endpoints: Path.allCases.map { path in
            let answers: [Int: AnswerDescription] =
                switch path {
                case .document: [200: .json("An OpenAPI 3.1 document.", .object([], others: .anything))]
                case .docs, .redoc: [200: .file("The page.", "text/html")]
                case .docsStyle: bundle("text/css")
                case .licenses: bundle("text/plain")
                case .docsScript, .redocScript: bundle("text/javascript")
                case .docsStart, .redocStart: [200: .file("The script.", "text/javascript")]
                }
            return EndpointDescription(.get, path.pattern, path.summary, answers: answers)
        })

    private static func bundle(_ type: String) -> [Int: AnswerDescription] {
        [
            200: .file("The file.", type), 304: .empty("The client's copy is the present one."),
            404: .file("The program was built without it.", "text/plain"),
        ]
    }
}

extension ReferencePages.Path {
    fileprivate var summary: String {
        switch self {
        case .document: "The API reference for programs"
        case .docs: "The API reference in Swagger UI"
        case .redoc: "The API reference in ReDoc"
        case .licenses: "What Swagger UI and ReDoc are licensed under"
        case .docsStyle, .docsScript, .docsStart: "A file of the page in Swagger UI"
        case .redocScript, .redocStart: "A file of the page in ReDoc"
        }
    }
}
