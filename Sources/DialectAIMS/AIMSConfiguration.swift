/// What an operator can set about this contract.
public struct AIMSConfiguration: Sendable {
    /// The pages that may read answers (`CORS_ORIGINS`); `*` for any.
    public var allowedOrigins: [String]
    /// Whether students come in whom no list and no roster names. Source: contract §7.3.
    public var isOpenToStudents: Bool

    public init(allowedOrigins: [String] = ["*"], isOpenToStudents: Bool = false) {
        self.allowedOrigins = allowedOrigins
        self.isOpenToStudents = isOpenToStudents
    }
}
