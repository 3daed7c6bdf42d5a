import DialectKit
import HTTPMessages

/// A method and path that two contracts have, and who answers where both are served.
///
/// Whoever is not chosen keeps the path on a listener of its own.
struct SharedClaim: Sendable {
    let method: HTTPMethod
    let patterns: Set<String>
    /// The name of the dialect that answers a request.
    let answerer: @Sendable (RequestHead) -> String

    /// All that are settled. Another collision stops the start.
    static let all = [
        // One signs in with JSON, the other with a form; what is neither is JSON that nobody named.
        SharedClaim(method: .post, patterns: ["/api/auth/login", "/api/auth/login/"]) { head in
            switch head.bodyForm {
            case .other("application/x-www-form-urlencoded"), .other("multipart/form-data"): "face"
            case .json, .unnamed, .other: "timetracker"
            }
        }
    ]

    /// The routes of all dialects, each claimed once: of those that two claim, one that asks who answers.
    static func settle(_ dialects: [any Dialect], numberedBy requests: RequestCounts) -> [Route<Mounted>] {
        var settled: [Route<Mounted>] = []
        for (place, dialect) in dialects.enumerated() {
            for route in dialect.routes {
                let mounted = Route(route.method, route.pattern, Mounted(route, of: place, numberedBy: requests))
                guard let claim = all.first(where: { $0.method == route.method && $0.patterns.contains(route.pattern) }),
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
                        let endpoint = claim.answerer(head) == first.name ? first.endpoint : second
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
