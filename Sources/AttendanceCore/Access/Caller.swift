/// Who asks, resolved once per request from the contract's credential; an argument of every operation.
public struct Caller: Sendable, Equatable {
    public let tenant: TenantID
    /// What the ledger and the audit trail call the caller: `key/3f2a91c0`, `environment key`, `open`, `command line`.
    public let name: WireText
    public let roles: KeyRoles
    /// The client's address where the caller came over the network.
    public let address: String?

    public init(tenant: TenantID, name: WireText, roles: KeyRoles, address: String? = nil) {
        self.tenant = tenant
        self.name = name
        self.roles = roles
        self.address = address
    }

    /// Somebody without a credential, where a contract allows that.
    public static func open(tenant: TenantID, address: String?) -> Caller {
        Caller(tenant: tenant, name: "open", roles: [], address: address)
    }

    /// Whoever runs the program on the machine that holds the store.
    public static func commandLine(tenant: TenantID) -> Caller {
        Caller(tenant: tenant, name: "command line", roles: .all)
    }

    /// - Throws: `.notPermitted` without the role.
    func require(_ role: KeyRoles) throws(AttendanceError) {
        guard roles.contains(role) else { throw .notPermitted }
    }
}
