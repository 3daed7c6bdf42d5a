/// What an operator can set about this contract.
public struct AIMSConfiguration: Sendable {
    /// The pages that may read answers (`CORS_ORIGINS`); `*` for any.
    public var allowedOrigins: [String]
    /// Whether students come in whom no list and no roster names. Source: contract §7.3.
    public var isOpenToStudents: Bool

    /// The key of the flag service (`BT_API_KEY`); nobody may use it without one. Source: contract §7.9.
    public var flagKey: String?

    public init(allowedOrigins: [String] = ["*"], isOpenToStudents: Bool = false, flagKey: String? = nil) {
        self.allowedOrigins = allowedOrigins
        self.isOpenToStudents = isOpenToStudents
        self.flagKey = flagKey
    }
}
