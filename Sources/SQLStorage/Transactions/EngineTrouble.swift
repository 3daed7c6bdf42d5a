import AttendanceCore

/// Turns what an engine reports into what the domain knows, in one place. "Absent" and "could not look" stay apart.
struct EngineTrouble: Sendable {
    /// Writes the cause to the log and gives the incident it stands under.
    let report: @Sendable (SQLError) -> Incident

    /// For inside a group, whose owner reports what ended it, once.
    static let unreported = EngineTrouble { _ in Incident(text: "") }

    /// How long a client is asked to wait where the store is busy, restarting or out of reach.
    static let retryAfterSeconds = 2

    func error(_ cause: SQLError) -> AttendanceError {
        switch cause.kind {
        case .unavailable, .conflict, .misconfigured:
            // Reported too: clients are told to wait, and nobody else would learn why. The store was reached when the
            // program started, so a file or password that is wrong now is for somebody to put right, not for clients.
            _ = report(cause)
            return .unavailable(retryAfterSeconds: Self.retryAfterSeconds)
        case .constraint, .corrupt, .defect: return .unexpected(report(cause))
        }
    }
}
