public import HTTPMessages

/// What the API reference tells of one route.
public struct EndpointDescription: Sendable {
    public let method: HTTPMethod
    /// The route's pattern.
    public let pattern: String
    /// What it does, in a few words.
    public let summary: String
    /// What else somebody has to know who calls it.
    public let details: String?
    public let parameters: [ParameterDescription]
    public let body: BodyDescription?
    /// The credentials that open it, each by itself; none where it is open to all.
    public let credentials: [CredentialDescription]
    /// Every status that it answers with, and what comes with it.
    public let answers: [Int: AnswerDescription]

    public init(
        _ method: HTTPMethod, _ pattern: String, _ summary: String, details: String? = nil,
        parameters: [ParameterDescription] = [], body: BodyDescription? = nil, credentials: [CredentialDescription] = [],
        answers: [Int: AnswerDescription]
    ) {
        self.method = method
        self.pattern = pattern
        self.summary = summary
        self.details = details
        self.parameters = parameters
        self.body = body
        self.credentials = credentials
        self.answers = answers
    }
}

/// A value that a request carries beside its body.
public struct ParameterDescription: Sendable {
    /// Where a request carries it.
    public enum Place: String, Sendable {
        case path, query, header
    }

    public let place: Place
    public let name: String
    public let schema: JSONSchema
    public let isRequired: Bool
    public let text: String

    private init(_ place: Place, _ name: String, _ schema: JSONSchema, isRequired: Bool, _ text: String) {
        self.place = place
        self.name = name
        self.schema = schema
        self.isRequired = isRequired
        self.text = text
    }

    public static func path(_ name: String, _ schema: JSONSchema, _ text: String) -> ParameterDescription {
        ParameterDescription(.path, name, schema, isRequired: true, text)
    }

    public static func query(
        _ name: String, _ schema: JSONSchema, isRequired: Bool = false, _ text: String
    ) -> ParameterDescription {
        ParameterDescription(.query, name, schema, isRequired: isRequired, text)
    }

    public static func header(_ name: String, _ schema: JSONSchema, _ text: String) -> ParameterDescription {
        ParameterDescription(.header, name, schema, isRequired: true, text)
    }
}

/// What a request's body holds, in each of the forms that are understood.
public struct BodyDescription: Sendable {
    public let mediaTypes: [String]
    public let schema: JSONSchema

    public init(mediaTypes: [String] = ["application/json"], _ schema: JSONSchema) {
        self.mediaTypes = mediaTypes
        self.schema = schema
    }
}

/// What comes with one status.
public struct AnswerDescription: Sendable {
    public let text: String
    /// The body's type without its parameters; nil where there is no body.
    public let mediaType: String?
    public let schema: JSONSchema?

    private init(_ text: String, mediaType: String?, schema: JSONSchema?) {
        self.text = text
        self.mediaType = mediaType
        self.schema = schema
    }

    public static func json(_ text: String, _ schema: JSONSchema) -> AnswerDescription {
        AnswerDescription(text, mediaType: "application/json", schema: schema)
    }

    /// A body that is no JSON. It has no shape that could be checked.
    public static func file(_ text: String, _ mediaType: String) -> AnswerDescription {
        AnswerDescription(text, mediaType: mediaType, schema: nil)
    }

    public static func empty(_ text: String) -> AnswerDescription {
        AnswerDescription(text, mediaType: nil, schema: nil)
    }

    /// The same, where the body can also be of another shape.
    func or(_ other: AnswerDescription?) -> AnswerDescription {
        guard let other, let theirs = other.schema else { return self }
        guard let schema else { return mediaType == nil ? other : self }
        return .json(text, .either([schema, theirs]))
    }
}

/// A way to say who asks.
public struct CredentialDescription: Sendable {
    /// Where a request says it.
    public enum Place: Sendable {
        /// `Authorization: Bearer …`
        case bearer
        case header(String)
    }

    /// Unique over all dialects; without blanks.
    public let name: String
    public let place: Place
    public let text: String

    public init(name: String, _ place: Place, _ text: String) {
        self.name = name
        self.place = place
        self.text = text
    }
}

/// What the API reference tells of one dialect.
public struct ReferenceChapter: Sendable {
    /// The tag of its endpoints.
    public let title: String
    public let text: String
    public let endpoints: [EndpointDescription]
    /// Routes that the reference does not list, because they only repeat another's answer or say what is not done there.
    public let unlisted: [UnlistedRoute]
    /// What the reference calls itself where the dialect is served alone; nil where that is no matter of the contract.
    public let alone: Title?

    /// A document's name and version.
    public struct Title: Sendable, Equatable {
        public let title: String
        public let version: String

        public init(title: String, version: String) {
            self.title = title
            self.version = version
        }
    }

    public init(
        title: String, _ text: String, endpoints: [EndpointDescription], unlisted: [UnlistedRoute] = [], alone: Title? = nil
    ) {
        self.title = title
        self.text = text
        self.endpoints = endpoints
        self.unlisted = unlisted
        self.alone = alone
    }

    /// The same without some of its endpoints.
    public func leavingOut(_ isLeftOut: (EndpointDescription) -> Bool) -> ReferenceChapter {
        ReferenceChapter(
            title: title, text, endpoints: endpoints.filter { !isLeftOut($0) }, unlisted: unlisted, alone: alone)
    }

    /// What of `routes` is neither described nor left out on purpose, what is described and no route, and what is told twice:
    /// `GET /path`. All three are empty, as a test makes sure.
    public func mistakes(for routes: [Route<Endpoint>]) -> (missing: [String], invented: [String], repeated: [String]) {
        let told = endpoints.map { "\($0.method) \($0.pattern)" } + unlisted.map { "\($0.method) \($0.pattern)" }
        let there = Set(routes.map { "\($0.method) \($0.pattern)" })
        let counts = told.reduce(into: [:]) { $0[$1, default: 0] += 1 }
        return (
            there.subtracting(told).sorted(), Set(told).subtracting(there).sorted(), counts.filter { $0.value > 1 }.keys.sorted()
        )
    }
}

/// A route that the reference leaves out.
public struct UnlistedRoute: Sendable {
    public let method: HTTPMethod
    public let pattern: String

    public init(_ method: HTTPMethod, _ pattern: String) {
        self.method = method
        self.pattern = pattern
    }
}
