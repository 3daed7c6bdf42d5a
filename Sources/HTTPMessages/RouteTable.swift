/// One method and path that somebody answers.
public struct Route<Handler: Sendable>: Sendable {
    public let method: HTTPMethod
    /// Fixed segments and `{parameters}`: `/v1/classes/{class_id}/sessions`. A trailing slash counts.
    public let pattern: String
    public let handler: Handler

    public init(_ method: HTTPMethod, _ pattern: String, _ handler: Handler) {
        self.method = method
        self.pattern = pattern
        self.handler = handler
    }
}

/// Two routes that no request could tell apart.
public struct RouteCollision: Error, Equatable, CustomStringConvertible {
    public let method: HTTPMethod
    public let patterns: [String]

    public var description: String { "\(method) is claimed twice: \(patterns.joined(separator: " and "))" }
}

/// Routes as data: built once, checked for collisions, then only read.
///
/// A fixed segment wins over a parameter at the same place (`/attendance/sync` before `/attendance/{id}`). `HEAD` is
/// answered by the `GET` route of its path unless it has one of its own.
public struct RouteTable<Handler: Sendable>: Sendable {
    /// The route of a request, and what stands in its path where the pattern has a name.
    public struct Match: Sendable {
        public let route: Route<Handler>
        public let parameters: [String: String]
    }

    /// What the table knows of a method and path.
    public enum Lookup: Sendable {
        case found(Match)
        /// The path exists with other methods, sorted.
        case otherMethods([HTTPMethod])
        case unknown
    }

    private let routes: [Route<Handler>]
    private let tree: RouteTree

    /// - Throws: ``RouteCollision`` when one method leads to two routes of the same shape.
    public init(_ routes: [Route<Handler>]) throws {
        var tree = RouteTree()
        for (place, route) in routes.enumerated() {
            if let earlier = tree.insert(route.method, route.pattern, place) {
                throw RouteCollision(method: route.method, patterns: [routes[earlier].pattern, route.pattern])
            }
        }
        self.routes = routes
        self.tree = tree
    }

    /// Who answers `method` on `path`.
    public func lookup(_ method: HTTPMethod, _ path: RequestPath) -> Lookup {
        var others: [HTTPMethod] = []
        guard let found = tree.search(method, path.segments, others: &others) else {
            return others.isEmpty ? .unknown : .otherMethods(others.sorted { $0.rawValue < $1.rawValue })
        }
        return .found(Match(route: routes[found.place], parameters: found.parameters))
    }
}

/// The patterns of a table, segment by segment. Apart from it because it need not know what a route leads to: every request
/// passes here, and code about an unknown type looks that type up over and over.
struct RouteTree: Sendable {
    private struct Node: Sendable {
        private var fixed: [String: Int] = [:]
        var parameter: Int?
        var ends: [End] = []

        /// `String` takes the sign for kelvin for a K and composed letters for decomposed ones; a path does not.
        subscript(fixed segment: String) -> Int? {
            get {
                guard let found = fixed.index(forKey: segment),
                    fixed[found].key.utf8.elementsEqual(segment.utf8)
                else { return nil }
                return fixed[found].value
            }
            set { fixed[segment] = newValue }
        }
    }

    /// Where a pattern ends for one method.
    private struct End: Sendable {
        let method: HTTPMethod
        let place: Int
        let names: [String]
    }

    private var nodes: [Node] = [Node()]

    /// Adds a pattern. Returns the place of the one that is there already, and then adds nothing.
    mutating func insert(_ method: HTTPMethod, _ pattern: String, _ place: Int) -> Int? {
        precondition(
            pattern.utf8.first == UInt8(ascii: "/") && pattern.utf8.allSatisfy { $0 < 0x80 },
            "a route's pattern begins with a slash and is ASCII")
        var node = 0
        var names: [String] = []
        let segments = pattern == "/" ? [] : pattern.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        for segment in segments {
            let isParameter = segment.hasPrefix("{") && segment.hasSuffix("}")
            if isParameter { names.append(String(segment.dropFirst().dropLast())) }
            let known = isParameter ? nodes[node].parameter : nodes[node][fixed: String(segment)]
            if let known {
                node = known
                continue
            }
            nodes.append(Node())
            if isParameter {
                nodes[node].parameter = nodes.count - 1
            } else {
                nodes[node][fixed: String(segment)] = nodes.count - 1
            }
            node = nodes.count - 1
        }
        if let earlier = nodes[node].ends.first(where: { $0.method == method }) { return earlier.place }
        nodes[node].ends.append(End(method: method, place: place, names: names))
        return nil
    }

    /// The place of the pattern that fits, with its parameters' values; nil where none does.
    /// - Parameter others: Takes the methods of patterns that would fit another method.
    func search(
        _ method: HTTPMethod, _ segments: [String], others: inout [HTTPMethod]
    ) -> (place: Int, parameters: [String: String])? {
        var values: [String] = []
        guard let end = descend(from: 0, method, segments[...], &values, &others) else { return nil }
        guard !values.isEmpty else { return (end.place, [:]) }
        return (end.place, Dictionary(zip(end.names, values)) { _, last in last })
    }

    private func descend(
        from node: Int, _ method: HTTPMethod, _ rest: ArraySlice<String>, _ values: inout [String], _ others: inout [HTTPMethod]
    ) -> End? {
        guard let segment = rest.first else {
            let ends = nodes[node].ends
            if let end = ends.first(where: { $0.method == method }) { return end }
            let get = ends.first { $0.method == .get }
            if method == .head, let get { return get }
            for end in ends where !others.contains(end.method) { others.append(end.method) }
            if get != nil, !others.contains(.head) { others.append(.head) }
            return nil
        }
        if let next = nodes[node][fixed: segment],
            let end = descend(from: next, method, rest.dropFirst(), &values, &others)
        {
            return end
        }
        guard let next = nodes[node].parameter, !segment.isEmpty else { return nil }
        values.append(segment)
        if let end = descend(from: next, method, rest.dropFirst(), &values, &others) { return end }
        values.removeLast()
        return nil
    }
}
