/// Everything that can go wrong in the domain. Each dialect renders it in one file, with a `switch` without `default`.
public enum AttendanceError: Error, Sendable, Equatable {
    /// No credential, or one that names nobody.
    case notAuthenticated
    /// The caller is known and may not do this.
    case notPermitted
    case notFound(Noun)
    /// A value that can never be accepted. `field` is the name the caller used.
    case invalid(field: String, Fault)
    /// The name or number is taken.
    case taken(Noun)
    /// These fields hold what somebody else's have, and nobody else's may.
    case occupied(Set<UniqueField>)
    /// Who is in this state cannot do that.
    case notAllowed(PunchDirection, in: ClockState)
    /// Other accounts have these names. All of them are told at once.
    case accountTaken(AccountNames)
    /// The account holds a grant of another contract or tenant too, so it is not this contract's to change.
    case accountHeldElsewhere
    /// Nobody of the contract could sign in any more.
    case lastAdmin
    /// Too many attempts to sign in; there may be another one after so many seconds.
    case tooManySignIns(retryAfterSeconds: Int)
    /// Passes by itself; the same request may be sent again after so many seconds.
    case unavailable(retryAfterSeconds: Int)
    /// A defect or damage. The cause is in the log under the incident's text; clients get the text only.
    case unexpected(Incident)

    /// What was looked for.
    public enum Noun: Sendable, Equatable {
        case tenant, key, station, entry, member, businessHours, timeEntry, workSession, account
        case `class`, slot, reschedule, classSession, student, notice
    }

    /// A field whose value belongs to one at a time.
    public enum UniqueField: String, Sendable, Equatable {
        case staffCode = "staff code"
        case email = "e-mail"
    }

    /// What is wrong with a field.
    public enum Fault: Sendable, Equatable {
        case empty
        case tooLong(maxScalars: Int)
        case malformed(String)
        case twice
    }
}

/// A reference that joins an answer to its line in the log.
public struct Incident: Sendable, Equatable {
    public let text: String

    public init(text: String) {
        self.text = text
    }
}
