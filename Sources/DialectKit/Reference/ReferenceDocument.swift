import HTTPMessages
import StrictJSON

/// The API reference for programs: an OpenAPI 3.1 document, made of what the dialects of one listener tell of their routes.
public struct ReferenceDocument: Sendable {
    public let title: String
    public let version: String
    public let text: String
    /// In the order in which they are shown.
    public let chapters: [ReferenceChapter]
    /// Answers to requests that fail before anybody knows their route, by status. Any endpoint's client may see them.
    public let beforeRouting: [Int: AnswerDescription]

    public init(
        title: String, version: String, _ text: String, chapters: [ReferenceChapter], beforeRouting: [Int: AnswerDescription] = [:]
    ) {
        self.title = title
        self.version = version
        self.text = text
        self.chapters = chapters
        self.beforeRouting = beforeRouting
    }

    /// The document's text.
    public var json: [UInt8] {
        JSONWriter.object {
            $0.member("openapi", "3.1.0")
            $0.member("info") {
                $0.object {
                    $0.member("title", title)
                    $0.member("version", version)
                    $0.member("description", text)
                }
            }
            $0.member("servers") { $0.array { $0.object { $0.member("url", "/") } } }
            $0.member("tags") {
                $0.array(of: chapters) { writer, chapter in
                    writer.object {
                        $0.member("name", chapter.title)
                        $0.member("description", chapter.text)
                    }
                }
            }
            $0.member("paths") { $0.object { writePaths(to: &$0) } }
            $0.member("components") { $0.object { writeComponents(to: &$0) } }
        }
    }

    private func writePaths(to writer: inout JSONWriter) {
        let endpoints = chapters.flatMap { chapter in chapter.endpoints.map { (chapter.title, $0) } }
        var patterns: [String] = []
        for (_, endpoint) in endpoints where !patterns.contains(endpoint.pattern) { patterns.append(endpoint.pattern) }
        for pattern in patterns {
            writer.member(named: pattern) { writer in
                writer.object {
                    for (tag, endpoint) in endpoints where endpoint.pattern == pattern {
                        $0.member(named: endpoint.method.rawValue.lowercased()) { $0.object { write(endpoint, tag, to: &$0) } }
                    }
                }
            }
        }
    }

    private func write(_ endpoint: EndpointDescription, _ tag: String, to writer: inout JSONWriter) {
        writer.member("tags", [tag])
        writer.member("operationId", Self.operationID(of: endpoint))
        writer.member("summary", endpoint.summary)
        if let details = endpoint.details { writer.member("description", details) }
        if !endpoint.credentials.isEmpty {
            writer.member("security") { writer in
                writer.array(of: endpoint.credentials) { writer, credential in
                    writer.object { $0.member(named: credential.name, [String]()) }
                }
            }
        }
        if !endpoint.parameters.isEmpty {
            writer.member("parameters") { writer in
                writer.array(of: endpoint.parameters) { writer, parameter in
                    writer.object {
                        $0.member("name", parameter.name)
                        $0.member("in", parameter.place.rawValue)
                        $0.member("required", parameter.isRequired)
                        $0.member("description", parameter.text)
                        $0.member("schema", parameter.schema)
                    }
                }
            }
        }
        if let body = endpoint.body {
            writer.member("requestBody") {
                $0.object {
                    $0.member("required", true)
                    $0.member("content") {
                        $0.object {
                            for type in body.mediaTypes {
                                $0.member(named: type) { $0.object { $0.member("schema", body.schema) } }
                            }
                        }
                    }
                }
            }
        }
        writer.member("responses") {
            $0.object {
                for (status, answer) in answers(of: endpoint).sorted(by: { $0.key < $1.key }) {
                    $0.member(named: String(status)) { $0.object { Self.write(answer, to: &$0) } }
                }
            }
        }
    }

    private func answers(of endpoint: EndpointDescription) -> [Int: AnswerDescription] {
        endpoint.answers.merging(beforeRouting) { own, early in own.or(early) }
    }

    private static func write(_ answer: AnswerDescription, to writer: inout JSONWriter) {
        writer.member("description", answer.text)
        guard let mediaType = answer.mediaType else { return }
        writer.member("content") {
            $0.object {
                $0.member(named: mediaType) { $0.object { if let schema = answer.schema { $0.member("schema", schema) } } }
            }
        }
    }

    private func writeComponents(to writer: inout JSONWriter) {
        let endpoints = chapters.flatMap(\.endpoints)
        let schemas = endpoints.flatMap { endpoint in
            endpoint.parameters.map(\.schema) + [endpoint.body?.schema].compactMap { $0 }
                + answers(of: endpoint).values.compactMap(\.schema)
        }
        var shared: [String: [UInt8]] = [:]
        for (name, schema) in schemas.flatMap(\.namedParts) {
            var inner = JSONWriter()
            schema.write(to: &inner)
            let known = shared.updateValue(inner.bytes, forKey: name)
            precondition(known == nil || known == inner.bytes, "two shapes are called \(name)")
        }
        writer.member("schemas") {
            $0.object {
                for (name, schema) in shared.sorted(by: { $0.key < $1.key }) { $0.member(named: name) { $0.json(schema) } }
            }
        }
        let credentials = Dictionary(endpoints.flatMap(\.credentials).map { ($0.name, $0) }) { first, _ in first }
        writer.member("securitySchemes") {
            $0.object {
                for (name, credential) in credentials.sorted(by: { $0.key < $1.key }) {
                    $0.member(named: name) { $0.object { Self.write(credential, to: &$0) } }
                }
            }
        }
    }

    private static func write(_ credential: CredentialDescription, to writer: inout JSONWriter) {
        switch credential.place {
        case .bearer:
            writer.member("type", "http")
            writer.member("scheme", "bearer")
        case .header(let name):
            writer.member("type", "apiKey")
            writer.member("in", "header")
            writer.member("name", name)
        }
        writer.member("description", credential.text)
    }

    /// `getApiEmployeesById`, made of method and path, which nobody else has.
    static func operationID(of endpoint: EndpointDescription) -> String {
        let words = endpoint.pattern.split { $0 == "/" || $0 == "-" || $0 == "_" || $0 == "." }.map { word in
            let name = word.hasPrefix("{") ? "By" + word.dropFirst().dropLast().capitalizedFirst : word.capitalizedFirst
            return name
        }
        // The same path without its closing slash is another one.
        let slash = endpoint.pattern.count > 1 && endpoint.pattern.hasSuffix("/") ? "Slash" : ""
        return endpoint.method.rawValue.lowercased() + (words.isEmpty ? "Root" : words.joined()) + slash
    }
}

extension Substring {
    fileprivate var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
