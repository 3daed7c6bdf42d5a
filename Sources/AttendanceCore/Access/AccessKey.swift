/// What the holder of a key may do.
public struct KeyRoles: OptionSet, Sendable, Hashable {
    public let rawValue: Int64

    public init(rawValue: Int64) {
        self.rawValue = rawValue
    }

    /// Send scans, rosters and heartbeats, and ask for duplicates: what a station does by itself.
    public static let upload = KeyRoles(rawValue: 1)
    /// Read totals and export scans.
    public static let dashboard = KeyRoles(rawValue: 2)
    /// Change settings, rename stations, clear scans.
    public static let admin = KeyRoles(rawValue: 4)

    public static let all: KeyRoles = [.upload, .dashboard, .admin]

    /// Names and roles, in the order they are listed to people.
    public static let named: [(name: String, role: KeyRoles)] = [
        ("upload", .upload), ("dashboard", .dashboard), ("admin", .admin),
    ]

    /// Reads a comma-separated list such as `upload,dashboard`.
    /// - Throws: `.invalid(field: "roles", …)` for an empty list or an unknown name.
    public init(parsing raw: String) throws(AttendanceError) {
        var roles: KeyRoles = []
        for word in raw.split(separator: ",") {
            guard let role = Self.named.first(where: { $0.name == word })?.role else {
                throw .invalid(field: "roles", .malformed("\"\(word)\" is none of upload, dashboard, admin"))
            }
            roles.insert(role)
        }
        guard !roles.isEmpty else { throw .invalid(field: "roles", .empty) }
        self = roles
    }

    /// The names, comma-separated.
    public var names: String {
        Self.named.filter { contains($0.role) }.map(\.name).joined(separator: ",")
    }
}

/// A shared secret as the store knows it: everything but the secret.
public struct AccessKey: Sendable, Equatable {
    /// Eight lower-case hexadecimal digits; stands in the key's text and in logs.
    public let id: String
    public let tenant: TenantID
    public let label: String
    public let roles: KeyRoles
    public let createdAt: Instant
    public let expiresAt: Instant?
    public let revokedAt: Instant?
    /// When it was last sent, also in vain after its end. To the minute: a use within a minute of the noted one is not
    /// noted again.
    public let lastUsedAt: Instant?
    /// SHA-256 of the secret, which holds 256 random bits, so no slow hash is needed.
    public let verifier: Digest

    public init(
        id: String, tenant: TenantID, label: String, roles: KeyRoles, createdAt: Instant, expiresAt: Instant?,
        revokedAt: Instant?, lastUsedAt: Instant?, verifier: Digest
    ) {
        self.id = id
        self.tenant = tenant
        self.label = label
        self.roles = roles
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.revokedAt = revokedAt
        self.lastUsedAt = lastUsedAt
        self.verifier = verifier
    }

    /// Whether the key opens anything at `moment`.
    public func isLive(at moment: Instant) -> Bool {
        revokedAt == nil && expiresAt.map { moment < $0 } ?? true
    }
}

/// The text of a key: `muster_<id>_<secret>`. It is shown once, when it is made, and kept nowhere.
public struct KeyText: Sendable {
    public let id: String
    public let secret: String

    public init(id: String, secret: String) {
        self.id = id
        self.secret = secret
    }

    /// Takes a sent credential apart; nil for anything that is no key of ours.
    public init?(parsing raw: String) {
        let parts = raw.split(separator: "_", maxSplits: 2, omittingEmptySubsequences: false)
        let isHexadecimal = parts.dropFirst().allSatisfy { part in
            part.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
        }
        guard parts.count == 3, parts[0] == "muster", parts[1].utf8.count == 8, parts[2].utf8.count == 64, isHexadecimal
        else { return nil }
        id = String(parts[1])
        secret = String(parts[2])
    }

    public var text: String { "muster_\(id)_\(secret)" }
}
