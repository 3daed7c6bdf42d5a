import DialectKit
import HTTPMessages

/// A method and path that several contracts have, and who answers where they are served together.
///
/// Whoever is not chosen keeps the path on a listener of its own.
struct SharedClaim: Sendable {
    /// Who answers.
    enum Answerer: Sendable {
        /// The dialect of this name, wherever it is served.
        case always(String)
        /// The dialect of the name that a request leads to.
        case chosen(@Sendable (RequestHead) -> String)
    }

    let method: HTTPMethod
    let patterns: Set<String>
    let answerer: Answerer

    /// All that are settled. Another collision stops the start. Source: design §4.
    static let all = [
        // Kiosks read the clear epoch there; what other clients look for stands beside it.
        SharedClaim(method: .get, patterns: ["/"], answerer: .always("trackattendance")),
        SharedClaim(method: .get, patterns: ["/health"], answerer: .always("shared")),
        // One signs in with JSON, the other with a form; what is neither is JSON that nobody named.
        SharedClaim(
            method: .post, patterns: ["/api/auth/login", "/api/auth/login/"],
            answerer: .chosen { head in
                switch head.bodyForm {
                case .other("application/x-www-form-urlencoded"), .other("multipart/form-data"): "face"
                case .json, .unnamed, .other: "timetracker"
                }
            }),
    ]

    private static func claim(on method: HTTPMethod, _ pattern: String) -> SharedClaim? {
        all.first { $0.method == method && $0.patterns.contains(pattern) }
    }

    /// Whether a dialect's route is another's where all of these are served.
    private static func isAnothers(_ method: HTTPMethod, _ pattern: String, of dialect: any Dialect, among dialects: [any Dialect])
        -> Bool
    {
        guard case .always(let name) = claim(on: method, pattern)?.answerer, name != dialect.name else { return false }
        return dialects.contains { other in
            other.name == name && other.routes.contains { $0.method == method && $0.pattern == pattern }
        }
    }

    /// What the dialects tell of their routes, without those that another answers.
    static func chapters(of dialects: [any Dialect]) -> [ReferenceChapter] {
        dialects.map { dialect in
            dialect.chapter.leavingOut { isAnothers($0.method, $0.pattern, of: dialect, among: dialects) }
        }
    }

    /// The routes of all dialects, each claimed once: of those that several claim, the chosen one's, or one that asks who answers.
    static func settle(_ dialects: [any Dialect], numberedBy requests: RequestCounts) -> [Route<Mounted>] {
        var settled: [Route<Mounted>] = []
        for (place, dialect) in dialects.enumerated() {
            for route in dialect.routes where !isAnothers(route.method, route.pattern, of: dialect, among: dialects) {
                let mounted = Route(route.method, route.pattern, Mounted(route, of: place, numberedBy: requests))
                guard case .chosen(let answerer) = claim(on: route.method, route.pattern)?.answerer,
                    let earlier = settled.firstIndex(where: { $0.method == route.method && $0.pattern == route.pattern })
                else {
                    settled.append(mounted)
                    continue
                }
                let first = (name: dialects[settled[earlier].handler.owner].name, endpoint: settled[earlier].handler.endpoint)
                let second = route.handler
                let chosen = Route(
                    route.method, route.pattern,
                    Endpoint { head, parameters, site in
                        let endpoint = answerer(head) == first.name ? first.endpoint : second
                        return await endpoint.admit(head, parameters, site)
                    })
                settled[earlier] = Route(
                    route.method, route.pattern,
                    Mounted(chosen, of: settled[earlier].handler.owner, numberedBy: requests))
            }
        }
        return settled
    }
}
