import CReferencePages
import DialectKit
import HTTPMessages

/// The API reference of one listener: `/openapi.json`, and the pages `/docs` and `/redoc` that show it.
///
/// Like the program's word about itself it stands beside the contracts, at the root, where none of them has the path.
struct ReferencePages: Sendable {
    enum Path: String, CaseIterable, Sendable {
        case document = "openapi.json"
        case docs, redoc
        case docsStyle = "docs/swagger-ui.css"
        case docsScript = "docs/swagger-ui-bundle.js"
        case docsStart = "docs/start.js"
        case licenses = "docs/licenses.txt"
        case redocScript = "redoc/redoc.standalone.js"
        case redocStart = "redoc/start.js"
    }

    private let document: [UInt8]
    private let paths: [[String]: Path]

    /// - Parameters:
    ///   - chapters: What the dialects of the listener tell, in the order in which it is shown.
    ///   - beforeRouting: How requests are answered that fail before a route is known, where no dialect tells it.
    ///   - title: What a contract wants to be called that is served alone.
    ///   - isFree: Whether no contract has a path.
    init(
        chapters: [ReferenceChapter], beforeRouting: [Int: AnswerDescription], title: ReferenceChapter.Title? = nil,
        isFree: (Path) -> Bool
    ) {
        document =
            ReferenceDocument(
                title: title?.title ?? "Muster", version: title?.version ?? Version.text,
                "Attendance: scans, punches, hours and reports, in the contracts of those who had clients before. Another "
                    + "tenant's paths begin with `/t/NAME`. A GET is answered to HEAD too.",
                chapters: chapters, beforeRouting: beforeRouting
            ).json
        paths = Dictionary(
            uniqueKeysWithValues: Path.allCases.filter(isFree).map { ($0.segments, $0) })
    }

    /// Which of its paths a request is for; nil for another.
    func path(of path: RequestPath) -> Path? { paths[path.segments] }

    func answer(to head: RequestHead, at path: Path) -> Response {
        guard head.method == .get || head.method == .head else {
            var response = Response(status: 405, headers: ["Content-Type": "text/plain; charset=utf-8"])
            response.body = .bytes(Array("only GET and HEAD are answered here\n".utf8))
            response.headers.append("Allow", "GET, HEAD")
            return response
        }
        switch path {
        case .document: return file(document, "application/json", head)
        case .docs: return page(ReferenceBundle.swaggerScript, Self.docsPage, head)
        case .redoc: return page(ReferenceBundle.redocScript, Self.redocPage, head)
        case .docsStyle: return bundle(.swaggerStyle, "text/css; charset=utf-8", head)
        case .docsScript: return bundle(.swaggerScript, "text/javascript; charset=utf-8", head)
        case .redocScript: return bundle(.redocScript, "text/javascript; charset=utf-8", head)
        case .licenses: return bundle(.licenses, "text/plain; charset=utf-8", head)
        case .docsStart: return file(Array(Self.docsStart.utf8), "text/javascript; charset=utf-8", head)
        case .redocStart: return file(Array(Self.redocStart.utf8), "text/javascript; charset=utf-8", head)
        }
    }

    // MARK: Answers

    /// Nothing comes from elsewhere, and no script stands in a page. Both programs lay styles into the page while they draw.
    static let contentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; img-src 'self' data:; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

    private static let safety: HeaderFields = [
        "Content-Security-Policy": contentSecurityPolicy, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
    ]

    private func page(_ program: ReferenceBundle, _ html: String, _ head: RequestHead) -> Response {
        file(Array((program.isThere ? html : Self.pageWithoutBundle).utf8), "text/html; charset=utf-8", head)
    }

    private func file(_ bytes: [UInt8], _ type: String, _ head: RequestHead) -> Response {
        // Small, and of the program's release; nobody has to ask whether it changed.
        Response(
            status: 200,
            headers: HeaderFields(
                Self.safety.fields + [.init(name: "Content-Type", value: type), .init(name: "Cache-Control", value: "no-cache")]),
            body: .bytes(bytes))
    }

    private func bundle(_ bundle: ReferenceBundle, _ type: String, _ head: RequestHead) -> Response {
        guard bundle.isThere else {
            return Response(
                status: 404, headers: ["Content-Type": "text/plain; charset=utf-8"],
                body: .bytes(Array("not part of this build\n".utf8)))
        }
        let headers = HeaderFields(
            Self.safety.fields + [
                .init(name: "Content-Type", value: type), .init(name: "Cache-Control", value: "no-cache"),
                .init(name: "ETag", value: bundle.tag),
            ])
        let known = head.headers.all("If-None-Match").contains { $0.contains(bundle.tag) }
        return known
            ? Response(status: 304, headers: headers) : Response(status: 200, headers: headers, body: .bytes(bundle.bytes))
    }

    // MARK: Pages

    private static let docsPage = """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>Muster: API reference</title>
        <link rel="icon" href="data:,">
        <link rel="stylesheet" href="docs/swagger-ui.css">
        </head>
        <body>
        <div id="reference"></div>
        <noscript>The reference as a file: <a href="openapi.json">openapi.json</a></noscript>
        <script src="docs/swagger-ui-bundle.js"></script>
        <script src="docs/start.js"></script>
        </body>
        <!-- Swagger UI's licence, and those of what is in it: docs/licenses.txt -->
        </html>

        """

    /// Without a validator, which would send the address of this server to another host.
    private static let docsStart = """
        SwaggerUIBundle({
            url: "openapi.json", dom_id: "#reference", deepLinking: true, docExpansion: "list", validatorUrl: null,
        });

        """

    private static let redocPage = """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>Muster: API reference</title>
        <link rel="icon" href="data:,">
        </head>
        <body>
        <div id="reference"></div>
        <noscript>The reference as a file: <a href="openapi.json">openapi.json</a></noscript>
        <script src="redoc/redoc.standalone.js"></script>
        <script src="redoc/start.js"></script>
        </body>
        <!-- ReDoc's licence, and those of what is in it: docs/licenses.txt -->
        </html>

        """

    /// Without search, whose worker would be a script that no file holds.
    private static let redocStart = """
        Redoc.init("openapi.json", { disableSearch: true, hideDownloadButtons: false }, document.getElementById("reference"));

        """

    private static let pageWithoutBundle = """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <title>Muster: API reference</title>
        <link rel="icon" href="data:,">
        </head>
        <body>
        <h1>API reference</h1>
        <p>The reference is <a href="openapi.json">openapi.json</a>, an OpenAPI 3.1 document that many programs can show.</p>
        <p>The pages that show it here are not part of this build. <code>script/bootstrap</code> fetches them from PyPI; then
        build again, as <code>script/server</code> does.</p>
        </body>
        </html>

        """
}

extension ReferencePages.Path {
    fileprivate var segments: [String] { rawValue.split(separator: "/").map(String.init) }

    var pattern: String { "/" + rawValue }
}

extension ReferencePages {
    /// What requests of the reference are counted under.
    static var labels: [RequestCounts.Label] {
        Path.allCases.flatMap { path in ["GET", "HEAD"].map { RequestCounts.Label(method: $0, pattern: path.pattern) } }
    }
}

/// A file of Swagger UI or ReDoc in the program, read where it lies: copied at the start it would take memory for nobody.
@safe struct ReferenceBundle: @unchecked Sendable {
    // Safe to share: the bytes are constants that live as long as the process.
    private let start: UnsafePointer<UInt8>
    private let count: Int

    private init(_ start: UnsafePointer<UInt8>, _ count: Int) {
        unsafe self.start = start
        self.count = count
    }

    static let swaggerScript = unsafe ReferenceBundle(creferencepages_swagger_js, creferencepages_swagger_js_length)
    static let swaggerStyle = unsafe ReferenceBundle(creferencepages_swagger_css, creferencepages_swagger_css_length)
    static let redocScript = unsafe ReferenceBundle(creferencepages_redoc_js, creferencepages_redoc_js_length)
    /// Both ask that their licences go along with every copy, and the program is one.
    static let licenses = unsafe ReferenceBundle(creferencepages_licenses, creferencepages_licenses_length)

    /// Whether the program was built with it.
    var isThere: Bool { count > 0 }

    var bytes: [UInt8] { unsafe Array(UnsafeBufferPointer(start: start, count: count)) }

    /// The mark by which a browser asks whether it still has the present one. Another release of the file has another length,
    /// and reading megabytes at each start for a digest would be dear.
    var tag: String { "\"\(Version.text)-\(count)\"" }
}
