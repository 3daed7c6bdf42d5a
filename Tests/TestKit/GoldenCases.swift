public import HTTPMessages
import StrictJSON

/// Cases of the contract, played against anything that answers requests.
///
/// The format is described in the file's own `fixtures.about`: steps in order, captures, matchers. What is expected of an
/// answer is matched as a subset; a scenario stops at a failed step that would have captured something.
public struct GoldenSuite: Sendable {
    /// Whatever answers: a dialect by itself, or a program at the other end of a socket.
    public typealias Server = @Sendable (GoldenRequest) async throws -> GoldenAnswer

    public let scenarios: [Scenario]
    private let variables: [String: Plain]

    /// Steps that belong together and are played in order.
    public struct Scenario: Sendable, CustomStringConvertible {
        public let name: String
        fileprivate let steps: [Plain]

        public var description: String { name }
    }

    /// The key that the cases are written for.
    public var apiKey: String { variables["API_KEY"]?.text ?? "" }

    /// What the cases expect to be there, in a form of each file's own.
    public let fixtures: Plain

    /// The same cases, with more that they may name.
    public func with(_ more: [String: String]) -> GoldenSuite {
        GoldenSuite(
            scenarios: scenarios, fixtures: fixtures, variables: variables.merging(more.mapValues { .text($0) }) { $1 })
    }

    private init(scenarios: [Scenario], fixtures: Plain, variables: [String: Plain]) {
        self.scenarios = scenarios
        self.fixtures = fixtures
        self.variables = variables
    }

    /// - Parameter text: A file of cases, as JSON.
    public init(_ text: [UInt8]) throws {
        let suite = Plain(try JSONDocument(parsing: text, duplicates: .refuse).root)
        variables = suite["variables"]?.members ?? [:]
        fixtures = suite["fixtures"] ?? .null
        scenarios = (suite["scenarios"]?.items ?? []).map { scenario in
            Scenario(name: scenario["name"]?.text ?? "", steps: scenario["steps"]?.items ?? [])
        }
    }

    /// Plays one scenario and returns what did not hold, step by step; nothing when all did.
    /// - Parameter run: A text that is new for each run over one store.
    public func play(_ scenario: Scenario, run: String, against server: @escaping Server) async -> [String] {
        var variables = variables
        variables["RUN"] = .text(run)
        variables["SCENARIO"] = .text("\(run)-scenario")
        var problems: [String] = []
        for (index, step) in scenario.steps.enumerated() {
            let request = (step["request"] ?? .null).filled(with: variables)
            let expected = (step["expect"] ?? .object([:])).filled(with: variables)
            let place = "step \(index + 1) \(request["method"]?.text ?? "") \(request["path"]?.text ?? "")"
            do {
                let answers = try await Self.send(request, times: step["parallel"]?.integer ?? 1, to: server)
                if let problem = try Self.problem(with: answers, expected, sums: step["expect_sum"]) {
                    throw GoldenProblem(text: problem)
                }
                for (name, path) in step["capture"]?.members ?? [:] {
                    variables[name] = try Plain(answers[0].body).dug(path.text ?? "")
                }
            } catch {
                problems.append("\(place): \((error as? GoldenProblem)?.text ?? "\(error)")")
                if step["capture"] != nil { break }
            }
        }
        return problems
    }

    private static func send(_ request: Plain, times: Int, to server: @escaping Server) async throws -> [GoldenAnswer] {
        let request = read(request)
        return try await withThrowingTaskGroup(of: GoldenAnswer.self) { group in
            for _ in 0..<times { group.addTask { try await server(request) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    /// The request as Python's `http.client` would send it, which plays the same files over a socket.
    private static func read(_ request: Plain) -> GoldenRequest {
        var headers = HeaderFields()
        for (name, value) in request["headers"]?.members ?? [:] { headers.append(name, value.text ?? value.json) }
        var body: [UInt8] = []
        if let raw = request["raw_body"]?.text {
            body = Array(raw.utf8)
        } else if let json = request["body"] {
            body = Array(json.json.utf8)
            if headers.first("Content-Type") == nil { headers.append("Content-Type", "application/json") }
        }
        let method = HTTPMethod(rawValue: request["method"]?.text ?? "")
        if method != .get || !body.isEmpty { headers.append("Content-Length", String(body.count)) }
        let target = (request["path"]?.text ?? "").utf8.map { byte in
            0x21...0x7E ~= byte ? String(UnicodeScalar(byte)) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
        return GoldenRequest(method: method, target: target, headers: headers, body: body)
    }

    private static func problem(with answers: [GoldenAnswer], _ expected: Plain, sums: Plain?) throws -> String? {
        for answer in answers {
            if let problem = try problem(with: answer, expected) { return problem }
        }
        for (path, total) in sums?.members ?? [:] {
            let sum = try answers.map { try Plain($0.body).dug(path).integer ?? 0 }.reduce(0, +)
            if sum != total.integer { return "the sum of \(path) over \(answers.count) answers is \(sum)" }
        }
        return nil
    }

    private static func problem(with answer: GoldenAnswer, _ expected: Plain) throws -> String? {
        if let status = expected["status"] {
            let allowed = status.items ?? [status]
            guard allowed.contains(.number(String(answer.status))) else {
                return "status \(answer.status), not \(status.json): \(answer.text.prefix(300))"
            }
        }
        for (name, matcher) in expected["headers"]?.members ?? [:] {
            let values = answer.headers.all(name)
            if matcher["$absent"] != nil {
                if !values.isEmpty { return "header \(name) should be absent" }
            } else if values.isEmpty {
                return "header \(name) is missing"
            } else if !values.contains(where: { matcher.differs(from: .text($0), at: "") == nil }) {
                return "header \(name) is \(values)"
            }
        }
        if let json = expected["json"], let difference = json.differs(from: try Plain(answer.body), at: "$") {
            return difference
        }
        for keys in [expected["json_keys"], expected["body_keys"]] {
            guard let keys = keys?.items else { continue }
            let got = try Plain(answer.body)
            for key in keys where got[key.text ?? ""] == nil { return "the member \(key.json) is missing" }
        }
        for piece in expected["text_contains"]?.texts ?? [] where !answer.text.contains(piece) { return "text lacks \(piece)" }
        for piece in expected["text_lacks"]?.texts ?? [] where answer.text.contains(piece) { return "text has \(piece)" }
        return nil
    }
}

/// What a case sends.
public struct GoldenRequest: Sendable {
    public let method: HTTPMethod
    /// Path and query as they stand in the request line.
    public let target: String
    public let headers: HeaderFields
    public let body: [UInt8]

    public init(method: HTTPMethod, target: String, headers: HeaderFields, body: [UInt8]) {
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
    }
}

/// An answer with its body in one piece.
public struct GoldenAnswer: Sendable {
    public let status: Int
    public let headers: HeaderFields
    public let body: [UInt8]

    public init(status: Int, headers: HeaderFields, body: [UInt8]) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    public var text: String { String(decoding: body, as: UTF8.self) }
}

/// Why a step does not hold, or a value cannot be found.
public struct GoldenProblem: Error, Sendable {
    public let text: String
}

/// A JSON value by itself, equal to another that says the same.
public enum Plain: Sendable, Equatable {
    case null
    case boolean(Bool)
    /// As it was spelled.
    case number(String)
    case text(String)
    case array([Plain])
    case object([String: Plain])

    /// - Throws: Where the bytes are no JSON, or a member stands twice.
    public init(_ bytes: [UInt8]) throws {
        self.init(try JSONDocument(parsing: bytes, duplicates: .refuse).root)
    }

    init(_ value: JSONValue) {
        if let items = value.items {
            self = .array(items.map { Plain($0) })
        } else if let members = value.members {
            self = .object(Dictionary(members.map { ($0.name, Plain($0.value)) }) { _, last in last })
        } else if let string = value.string {
            self = .text(string)
        } else if let number = value.number {
            self = .number(number.text)
        } else {
            self = value.boolean.map { .boolean($0) } ?? .null
        }
    }

    public subscript(name: String) -> Plain? { members?[name] }

    public var text: String? { if case .text(let text) = self { text } else { nil } }
    public var items: [Plain]? { if case .array(let items) = self { items } else { nil } }
    public var members: [String: Plain]? { if case .object(let members) = self { members } else { nil } }
    public var number: Double? { if case .number(let text) = self { Double(text) } else { nil } }
    public var integer: Int? { if case .number(let text) = self { Int(text) } else { nil } }
    /// A text alone counts as a list of one.
    var texts: [String] { items?.compactMap(\.text) ?? text.map { [$0] } ?? [] }

    /// As compact JSON.
    public var json: String {
        var writer = JSONWriter()
        write(to: &writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    private func write(to writer: inout JSONWriter) {
        switch self {
        case .null: writer.null()
        case .boolean(let value): writer.boolean(value)
        case .number(let text): writer.number(spelled: text)
        case .text(let text): writer.string(text)
        case .array(let items): writer.array(of: items) { $1.write(to: &$0) }
        case .object(let members):
            writer.object { for (name, value) in members { $0.member(named: name) { value.write(to: &$0) } } }
        }
    }

    /// With `${NAME}` replaced in every text. A text that is nothing but one takes on the variable's type.
    func filled(with variables: [String: Plain]) -> Plain {
        switch self {
        case .text(let text):
            for (name, value) in variables where text == "${\(name)}" { return value }
            return .text(
                variables.reduce(text) { text, variable in
                    text.split(separator: "${\(variable.key)}", omittingEmptySubsequences: false)
                        .joined(separator: variable.value.text ?? variable.value.json)
                })
        case .array(let items): return .array(items.map { $0.filled(with: variables) })
        case .object(let members): return .object(members.mapValues { $0.filled(with: variables) })
        default: return self
        }
    }

    /// What stands at a path with dots; numbers index arrays.
    public func dug(_ path: String) throws -> Plain {
        try path.split(separator: ".").reduce(self) { value, step in
            let inner = Int(step).flatMap { index in value.items.flatMap { $0.indices.contains(index) ? $0[index] : nil } }
            guard let found = inner ?? value[String(step)] else { throw GoldenProblem(text: "there is no \(path)") }
            return found
        }
    }

    private func isOf(type: Substring) -> Bool {
        switch (type, self) {
        case ("int", .number(let text)): Int(text) != nil
        case ("number", .number), ("string", .text), ("bool", .boolean), ("array", .array), ("object", .object),
            ("null", .null):
            true
        default: false
        }
    }

    /// Nil where `got` satisfies this expectation, else what differs.
    public func differs(from got: Plain, at place: String) -> String? {
        switch self {
        case .object(let wanted) where wanted.keys.contains(where: { $0.hasPrefix("$") }):
            for (matcher, argument) in wanted {
                if let difference = Self.difference(matcher, argument, got, place) { return difference }
            }
            return nil
        case .object(let wanted):
            guard let members = got.members else { return "\(place): \(got.json.prefix(200)) is no object" }
            for (name, value) in wanted {
                if value["$absent"] != nil {
                    if members[name] != nil { return "\(place).\(name): should be absent" }
                } else if let member = members[name] {
                    if let difference = value.differs(from: member, at: "\(place).\(name)") { return difference }
                } else {
                    return "\(place).\(name): missing"
                }
            }
            return nil
        case .array(let wanted):
            guard let items = got.items, items.count == wanted.count else {
                return "\(place): \(got.json.prefix(300)) is not a list of \(wanted.count)"
            }
            for (index, pair) in zip(wanted, items).enumerated() {
                if let difference = pair.0.differs(from: pair.1, at: "\(place)[\(index)]") { return difference }
            }
            return nil
        case .number:
            return got.number != nil && number == got.number ? nil : "\(place): \(got.json), not \(json)"
        case .text(let wanted):
            // Code point by code point, as the contract compares texts.
            return got.text.map { $0.utf8.elementsEqual(wanted.utf8) } ?? false ? nil : "\(place): \(got.json), not \(json)"
        case .boolean, .null:
            return self == got ? nil : "\(place): \(got.json), not \(json)"
        }
    }

    private static func difference(_ matcher: String, _ argument: Plain, _ got: Plain, _ place: String) -> String? {
        let holds: Bool
        switch matcher {
        case "$type": holds = (argument.text ?? "").split(separator: "|").contains { got.isOf(type: $0) }
        case "$any": holds = true
        case "$regex":
            guard let regex = try? Regex(argument.text ?? "") else { return "\(place): the case's pattern cannot be read" }
            holds = got.text?.contains(regex) ?? false
        case "$len": holds = (got.items?.count ?? got.members?.count ?? got.text?.unicodeScalars.count) == argument.integer
        case "$contains": holds = got.items?.contains { argument.differs(from: $0, at: place) == nil } ?? false
        case "$unordered":
            var rest = got.items ?? []
            holds =
                got.items != nil && rest.count == argument.items?.count
                && (argument.items ?? []).allSatisfy { wanted in
                    guard let hit = rest.firstIndex(where: { wanted.differs(from: $0, at: place) == nil }) else { return false }
                    rest.remove(at: hit)
                    return true
                }
        case "$approx":
            let target = argument.items?.first?.number ?? argument.number ?? .nan
            let tolerance = argument.items?.last?.number ?? 1e-6
            holds = got.number.map { abs($0 - target) <= tolerance } ?? false
        case "$gte": holds = got.number.map { $0 >= argument.number ?? .infinity } ?? false
        case "$lte": holds = got.number.map { $0 <= argument.number ?? -.infinity } ?? false
        case "$not": holds = argument.differs(from: got, at: place) != nil
        default: return "\(place): nobody knows the matcher \(matcher)"
        }
        return holds ? nil : "\(place): \(got.json.prefix(300)) does not satisfy \(matcher) \(argument.json)"
    }
}
