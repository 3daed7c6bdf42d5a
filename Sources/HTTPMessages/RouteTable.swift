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
    public struct Match: Sendable {
        public let route: Route<Handler>
        public let parameters: [String: String]
    }

    public enum Lookup: Sendable {
        case found(Match)
        /// The path exists with other methods, sorted.
        case otherMethods([HTTPMethod])
        case unknown
    }

    private struct Node: Sendable {
        private var fixed: [String: Int] = [:]
        var parameter: Int?
        var routes: [HTTPMethod: (route: Route<Handler>, names: [String])] = [:]

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

    private var nodes: [Node] = [Node()]

    /// - Throws: ``RouteCollision`` when one method leads to two routes of the same shape.
    public init(_ routes: [Route<Handler>]) throws {
        for route in routes { try insert(route) }
    }

    private mutating func insert(_ route: Route<Handler>) throws {
        precondition(
            route.pattern.utf8.first == UInt8(ascii: "/") && route.pattern.utf8.allSatisfy { $0 < 0x80 },
            "a route's pattern begins with a slash and is ASCII")
        var node = 0
        var names: [String] = []
        let segments = route.pattern == "/" ? [] : route.pattern.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
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
        if let earlier = nodes[node].routes[route.method] {
            throw RouteCollision(method: route.method, patterns: [earlier.route.pattern, route.pattern])
        }
        nodes[node].routes[route.method] = (route, names)
    }

    /// Who answers `method` on `path`.
    public func lookup(_ method: HTTPMethod, _ path: RequestPath) -> Lookup {
        var others: Set<HTTPMethod> = []
        func descend(_ node: Int, _ depth: Int, _ values: [String]) -> Match? {
            if depth == path.segments.count {
                let routes = nodes[node].routes
                if let found = routes[method] ?? (method == .head ? routes[.get] : nil) {
                    let pairs = zip(found.names, values).map { ($0, $1) }
                    return Match(route: found.route, parameters: Dictionary(pairs) { _, last in last })
                }
                others.formUnion(routes.keys)
                if routes[.get] != nil { others.insert(.head) }
                return nil
            }
            let segment = path.segments[depth]
            if let next = nodes[node][fixed: segment], let match = descend(next, depth + 1, values) { return match }
            if let next = nodes[node].parameter, !segment.isEmpty {
                return descend(next, depth + 1, values + [segment])
            }
            return nil
        }
        if let match = descend(0, 0, []) { return .found(match) }
        return others.isEmpty ? .unknown : .otherMethods(others.sorted { $0.rawValue < $1.rawValue })
    }
}
