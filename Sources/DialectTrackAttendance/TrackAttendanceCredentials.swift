import AttendanceCore
import DialectKit
import HTTPMessages

/// How this contract's clients say who they are: one bearer key, the environment's or one from the store.
struct TrackAttendanceCredentials: Sendable {
    private let operations: Operations
    /// Digests are compared, not keys: they have one length, so the time says nothing about the key's.
    private let environmentKeyDigest: [UInt8]?

    /// - Parameter apiKey: The environment's key; an empty one is none.
    init(operations: Operations, apiKey: String?) {
        self.operations = operations
        environmentKeyDigest = apiKey.flatMap { $0.isEmpty ? nil : operations.ambient.sha256(Array($0.utf8)).bytes }
    }

    /// Where a key may stand.
    enum Places: Sendable {
        case authorization
        /// Kiosks send the key of the rename call in `x-api-key` and nowhere else. Source: contract D2.
        case authorizationOrAPIKeyHeader
    }

    /// Resolves a request's key to a caller of the site's tenant.
    /// - Throws: `.notAuthenticated`; `.unavailable` and `.unexpected` where a key could not be looked up.
    func caller(of head: RequestHead, in places: Places, at tenant: TenantID) async throws(AttendanceError) -> Caller {
        for sent in sentKeys(head, in: places) {
            if let environmentKeyDigest, tenant == .default,
                operations.ambient.equalInConstantTime(
                    operations.ambient.sha256(Array(sent.utf8)).bytes, environmentKeyDigest)
            {
                return Caller(tenant: tenant, name: "environment key", roles: .all, address: head.clientAddress)
            }
            do {
                return try await operations.authenticate(sent, in: tenant, address: head.clientAddress)
            } catch .notAuthenticated {
                continue
            }
        }
        throw .notAuthenticated
    }

    private func sentKeys(_ head: RequestHead, in places: Places) -> [String] {
        let bearer = head.bearerToken
        switch places {
        case .authorization: return [bearer].compactMap { $0 }
        case .authorizationOrAPIKeyHeader: return [bearer, head.headers.first("x-api-key")].compactMap { $0 }
        }
    }
}
