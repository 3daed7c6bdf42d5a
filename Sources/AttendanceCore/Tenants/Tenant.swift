/// A tenant's number in its store. Small and never reused.
public struct TenantID: Hashable, Sendable, Comparable {
    public let rawValue: Int64

    public init(rawValue: Int64) {
        self.rawValue = rawValue
    }

    /// The tenant that exists from the first migration on.
    public static let `default` = TenantID(rawValue: 1)

    public static func < (left: TenantID, right: TenantID) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// An organisation. Owns every row but the installation's own.
public struct Tenant: Sendable, Equatable {
    public let id: TenantID
    public let name: TenantName
    public let createdAt: Instant

    public init(id: TenantID, name: TenantName, createdAt: Instant) {
        self.id = id
        self.name = name
        self.createdAt = createdAt
    }
}

/// A tenant's name: 1 to 40 of `a`–`z`, `0`–`9` and `-`, beginning with a letter or digit, since it stands in addresses.
///
/// It enters the ledger's first hash, so a tenant is never renamed.
public struct TenantName: Hashable, Sendable, CustomStringConvertible {
    public let text: String

    public static let `default` = TenantName(unchecked: "default")

    /// - Throws: `.invalid(field: "tenant", …)`.
    public init(parsing raw: String) throws(AttendanceError) {
        guard !raw.isEmpty else { throw .invalid(field: "tenant", .empty) }
        guard raw.utf8.count <= 40 else { throw .invalid(field: "tenant", .tooLong(maxScalars: 40)) }
        let letters = raw.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || byte == UInt8(ascii: "-")
        }
        guard letters, raw.utf8.first != UInt8(ascii: "-") else {
            throw .invalid(field: "tenant", .malformed("only a-z, 0-9 and -, not beginning with -"))
        }
        text = raw
    }

    private init(unchecked text: String) {
        self.text = text
    }

    public var description: String { text }
}
