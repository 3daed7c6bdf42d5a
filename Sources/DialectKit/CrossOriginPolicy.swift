public import HTTPMessages

/// Which pages of other origins a contract lets its answers be read by, as browsers ask and obey.
public struct CrossOriginPolicy: Sendable, Equatable {
    /// Stands for all there are, among origins and among what a page may send.
    public static let any = "*"

    /// As browsers send them: scheme, host, and port where it is not the scheme's own. Compared byte by byte. ``any`` is every
    /// page's.
    public let origins: [String]
    /// What a page may send.
    public let methods: [String]
    public let requestHeaders: [String]
    /// For how long a browser need not ask again.
    public let maxAgeSeconds: Int

    public init(origins: [String], methods: [String], requestHeaders: [String], maxAgeSeconds: Int) {
        self.origins = origins
        self.methods = methods
        self.requestHeaders = requestHeaders
        self.maxAgeSeconds = maxAgeSeconds
    }

    /// What any of the policies allows, but never everything to everybody: what several contracts share is not opened by one of
    /// them alone. Nil for no policies.
    public static func union(of policies: [CrossOriginPolicy]) -> CrossOriginPolicy? {
        guard let shortest = policies.map(\.maxAgeSeconds).min() else { return nil }
        func all(_ values: (CrossOriginPolicy) -> [String]) -> [String] {
            policies.flatMap(values).reduce(into: []) { if $1 != any, !$0.contains($1) { $0.append($1) } }
        }
        return CrossOriginPolicy(
            origins: all(\.origins), methods: all(\.methods), requestHeaders: all(\.requestHeaders), maxAgeSeconds: shortest)
    }

    /// The answer to a preflight; nil for a request that is none. What the policy does not allow is answered as well, without
    /// the fields that would allow it.
    public func preflight(_ head: RequestHead) -> Response? {
        guard head.isPreflight else { return nil }
        var response = Response(status: 200)
        add(to: &response, for: head)
        if allows(head) {
            let asked = requestHeaders == [Self.any] ? head.headers.first("Access-Control-Request-Headers") : nil
            let allowed = requestHeaders.filter { $0 != Self.any }.joined(separator: ", ")
            if let fields = asked ?? (allowed.isEmpty ? nil : allowed) {
                response.headers.append("Access-Control-Allow-Headers", fields)
            }
            response.headers.append("Access-Control-Allow-Methods", methods.joined(separator: ", "))
            response.headers.append("Access-Control-Max-Age", String(maxAgeSeconds))
        }
        return response
    }

    /// Adds what lets the page read an answer, and tells caches that the answer depends on who asks. The page's own origin is
    /// named also where any is allowed: browsers take nothing else of an answer to a request with credentials.
    public func add(to response: inout Response, for head: RequestHead) {
        let varied = response.headers.first("Vary")
        response.headers.set("Vary", varied.map { "\($0), origin" } ?? "origin")
        guard allows(head), let origin = head.headers.first("Origin") else { return }
        response.headers.set("Access-Control-Allow-Origin", origin)
        response.headers.set("Access-Control-Allow-Credentials", "true")
    }

    private func allows(_ head: RequestHead) -> Bool {
        guard let origin = head.headers.first("Origin") else { return false }
        return origins.contains { $0 == Self.any || $0.utf8.elementsEqual(origin.utf8) }
    }
}

extension RequestHead {
    /// Whether a browser asks if it may send a request, instead of sending it.
    public var isPreflight: Bool {
        method == .options && headers.first("Access-Control-Request-Method") != nil
    }
}
