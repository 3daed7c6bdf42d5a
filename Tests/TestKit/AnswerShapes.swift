public import HTTPMessages
import Synchronization

/// Compares answers with what an OpenAPI document says of them: their status, their type, and the shape of their JSON.
public struct AnswerShapes: Sendable {
    private let document: Plain

    /// - Throws: Where the text is no JSON, or a member stands twice.
    public init(_ text: [UInt8]) throws {
        document = try Plain(text)
    }

    /// The operations of the document: `GET /path`.
    public var operations: [String] {
        (document["paths"]?.members ?? [:]).flatMap { path, item in
            (item.members ?? [:]).keys.map { "\($0.uppercased()) \(path)" }
        }.sorted()
    }

    /// What is wrong with an answer, or nothing; nil where the document has no such operation.
    /// - Parameter path: The path without its query.
    public func problems(with answer: GoldenAnswer, to method: HTTPMethod, _ path: String) -> [String]? {
        guard let operation = operation(method, path) else { return nil }
        guard let described = operation["responses"]?[String(answer.status)] else { return ["status \(answer.status) is not told"] }
        guard let content = described["content"]?.members else {
            return answer.body.isEmpty ? [] : ["status \(answer.status) is told to have no body"]
        }
        let type = answer.headers.first("Content-Type").map { String($0.prefix { $0 != ";" }) } ?? ""
        guard let media = content[type] else { return ["\(type) is not told, but \(content.keys.sorted())"] }
        guard let schema = media["schema"] else { return [] }
        guard let value = try? Plain(answer.body) else { return ["the body is no JSON"] }
        return problems(with: value, as: schema, at: "$").map { "\($0) in status \(answer.status) \(answer.text.prefix(200))" }
    }

    /// The operation whose path fits: of several the one with a fixed segment where others have a parameter. A path without
    /// its closing slash stands for the one with it.
    private func operation(_ method: HTTPMethod, _ path: String) -> Plain? {
        let method = method == .head ? .get : method
        func segments(_ path: String) -> [Substring] { path.split(separator: "/", omittingEmptySubsequences: false) }
        let fitting = (document["paths"]?.members ?? [:]).keys.filter { pattern in
            let wanted = segments(pattern)
            return [path, path + "/"].map(segments).contains { sent in
                sent.count == wanted.count
                    && zip(sent, wanted).allSatisfy { $0 == $1 || $1.hasPrefix("{") && !$0.isEmpty }
            }
        }
        let best = fitting.min { $0.split(separator: "{").count < $1.split(separator: "{").count }
        return best.flatMap { document["paths"]?[$0]?[method.rawValue.lowercased()] }
    }

    /// Plays a suite, and compares every answer of an operation that the document has.
    /// - Returns: What is wrong with which request, and how many answers were compared.
    public func problems(
        playing suite: GoldenSuite, against server: @escaping GoldenSuite.Server
    ) async -> (found: [String], compared: Int) {
        let compared = Mutex((found: [String](), count: 0))
        for (number, scenario) in suite.scenarios.enumerated() {
            // Whether the cases hold is another test's matter.
            _ = await suite.play(scenario, run: "r\(number)") { request in
                let answer = try await server(request)
                let path = String(request.target.prefix { $0 != "?" })
                if let problems = self.problems(with: answer, to: request.method, path) {
                    compared.withLock { compared in
                        compared.count += 1
                        compared.found += problems.map { "\(scenario.name): \(request.method) \(request.target): \($0)" }
                    }
                }
                return answer
            }
        }
        return compared.withLock { ($0.found, $0.count) }
    }

    // MARK: Schemas

    private static let silent: Set<String> = ["description", "format"]

    func problems(with value: Plain, as schema: Plain, at place: String) -> [String] {
        var problems: [String] = []
        for (keyword, argument) in schema.members ?? [:] where !Self.silent.contains(keyword) {
            problems += self.problems(with: value, keyword, argument, of: schema, at: place)
        }
        return problems
    }

    private func problems(
        with value: Plain, _ keyword: String, _ argument: Plain, of schema: Plain, at place: String
    ) -> [String] {
        func unless(_ holds: Bool, _ what: String) -> [String] {
            holds ? [] : ["\(place) \(what) \(argument.json), but is \(value.json.prefix(80))"]
        }
        switch keyword {
        case "$ref":
            let name = argument.text?.split(separator: "/").last.map(String.init) ?? ""
            guard let target = document["components"]?["schemas"]?[name] else { return ["\(place): there is no \(name)"] }
            return problems(with: value, as: target, at: place)
        case "type": return unless(value.isOf(jsonType: argument.text ?? ""), "should be of type")
        case "enum": return unless(argument.items?.contains(value) ?? false, "should be among")
        case "anyOf":
            let tries = (argument.items ?? []).map { problems(with: value, as: $0, at: place) }
            return tries.contains([]) ? [] : ["\(place) fits none: " + tries.map { $0.first ?? "" }.joined(separator: " | ")]
        case "pattern":
            guard let text = value.text else { return [] }
            guard let regex = try? Regex(argument.text ?? "") else { return ["\(place): the pattern cannot be read"] }
            return unless(text.contains(regex), "should match")
        case "minLength":
            return unless((value.text?.unicodeScalars.count ?? .max) >= argument.integer ?? .max, "should have at least")
        case "maxLength": return unless((value.text?.unicodeScalars.count ?? 0) <= argument.integer ?? 0, "should have at most")
        case "minimum": return unless((value.number ?? .infinity) >= argument.number ?? .infinity, "should be at least")
        case "maximum": return unless((value.number ?? -.infinity) <= argument.number ?? -.infinity, "should be at most")
        case "maxItems": return unless((value.items?.count ?? 0) <= argument.integer ?? 0, "should have at most")
        case "maxProperties": return unless((value.members?.count ?? 0) <= argument.integer ?? 0, "should have at most")
        case "items":
            return (value.items ?? []).enumerated().flatMap { problems(with: $1, as: argument, at: "\(place)[\($0)]") }
        case "properties":
            return (argument.members ?? [:]).flatMap { name, inner in
                value[name].map { problems(with: $0, as: inner, at: "\(place).\(name)") } ?? []
            }
        case "required":
            guard let members = value.members else { return [] }
            return (argument.items ?? []).compactMap(\.text).filter { members[$0] == nil }.map { "\(place).\($0) is missing" }
        case "additionalProperties":
            let others = (value.members ?? [:]).filter { schema["properties"]?[$0.key] == nil }
            if argument == .boolean(false) { return others.keys.sorted().map { "\(place).\($0) is not told" } }
            return others.flatMap { problems(with: $0.value, as: argument, at: "\(place).\($0.key)") }
        default: return ["\(place): nobody here knows the keyword \(keyword)"]
        }
    }
}

extension Plain {
    fileprivate func isOf(jsonType type: String) -> Bool {
        switch (type, self) {
        case ("integer", .number(let text)): Double(text).map { $0 == $0.rounded() } ?? false
        case ("number", .number), ("string", .text), ("boolean", .boolean), ("array", .array), ("object", .object),
            ("null", .null):
            true
        default: false
        }
    }
}
