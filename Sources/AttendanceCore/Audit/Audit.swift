/// What was done by hand. Names are stored.
public enum AuditAct: String, Sendable, CaseIterable {
    case scansCleared = "scans cleared"
    case stationCleared = "station cleared"
    case stationRenamed = "station renamed"
    case rosterReplaced = "roster replaced"
    case settingChanged = "setting changed"
    case keyCreated = "key created"
    case keyRevoked = "key revoked"
    case tenantCreated = "tenant created"
    case projectionsRebuilt = "projections rebuilt"
    case storeRestored = "store restored"
    case fileImported = "file imported"
    case memberCreated = "member created"
    case memberChanged = "member changed"
    case memberEnded = "member ended"
    case businessHoursChanged = "business hours changed"
    case ruleChanged = "rule changed"
    case punchEntered = "punch entered"
    case punchCorrected = "punch corrected"
    case punchVoided = "punch voided"
    case sessionAsserted = "session asserted"
    case sessionVoided = "session voided"
    case sessionsGenerated = "sessions generated"
    case adminCreated = "admin created"
    case adminImported = "admin imported"
    case adminChanged = "admin changed"
    case adminDeleted = "admin deleted"
    case passwordReset = "password reset"
    case emailAllowed = "e-mail allowed"
    case emailDenied = "e-mail denied"
    case roleGranted = "role granted"
    case identityBound = "identity bound"
    case identityReset = "identity reset"
    case signedIn = "signed in"
    case signedOut = "signed out"
    case classCreated = "class created"
    case classChanged = "class changed"
    case classEnded = "class ended"
    case scheduleChanged = "schedule changed"
    case studentsEnrolled = "students enrolled"
    case studentsUnenrolled = "students unenrolled"
    case classSessionVoided = "class session voided"
    case noticesSent = "notices sent"
}

/// One administrative change: who did what to what, and when. Append-only.
public struct AuditEntry: Sendable, Equatable {
    public let at: Instant
    public let caller: WireText
    public let address: String?
    public let act: AuditAct
    public let subject: WireText
    public let detail: WireText

    public init(at: Instant, caller: Caller, act: AuditAct, subject: WireText, detail: WireText = "") {
        self.init(at: at, callerName: caller.name, address: caller.address, act: act, subject: subject, detail: detail)
    }

    public init(at: Instant, callerName: WireText, address: String?, act: AuditAct, subject: WireText, detail: WireText) {
        self.at = at
        self.caller = callerName
        self.address = address
        self.act = act
        self.subject = subject
        self.detail = detail
    }
}

/// Requests of one kind that were refused, counted together: so an operator sees what is refused, from whom and why,
/// and nobody can fill the store by being refused.
public struct Refusal: Sendable, Hashable {
    /// What was asked for: `POST /v1/scans/batch`.
    public let request: WireText
    public let status: Int
    public let caller: WireText
    public let address: WireText
    /// The station the request named, where that could be read.
    public let station: WireText
    /// The first fault: `body/events/3/scanned_at must be a moment with a zone`.
    public let reason: WireText

    public init(request: WireText, status: Int, caller: WireText, address: WireText, station: WireText, reason: WireText) {
        self.request = request
        self.status = status
        self.caller = caller
        self.address = address
        self.station = station
        self.reason = reason
    }
}

/// How often, and when first and last.
public struct RefusalCount: Sendable, Equatable {
    public let refusal: Refusal
    public let count: Int64
    public let firstAt: Instant
    public let lastAt: Instant

    public init(refusal: Refusal, count: Int64, firstAt: Instant, lastAt: Instant) {
        self.refusal = refusal
        self.count = count
        self.firstAt = firstAt
        self.lastAt = lastAt
    }
}

/// What administrators did, and what was refused to whom: the tenant's trail.
public protocol AuditReading {
    /// The newest administrative changes, newest first.
    func auditEntries(limit: Int) throws(AttendanceError) -> [AuditEntry]
    /// Everything that a kind of change was ever made to.
    func auditSubjects(of act: AuditAct) throws(AttendanceError) -> Set<WireText>
    /// The refusals seen last, newest first.
    func refusals(limit: Int) throws(AttendanceError) -> [RefusalCount]
}

/// Adds to the tenant's trail.
public protocol AuditWriting {
    /// Notes an administrative change in the transaction that makes it.
    func note(_ entry: AuditEntry) throws(AttendanceError)
    /// Adds to the counts, and forgets the refusals not seen for longest where more than `kindsMax` kinds are kept.
    func note(_ refusals: [RefusalCount], kindsMax: Int) throws(AttendanceError)
}

extension Operations {
    /// How many kinds of refusals a tenant keeps.
    public static let refusalKindsMax = 1_000

    /// Adds refusals to the tenant's counts.
    public func note(_ refusals: [RefusalCount], in tenant: TenantID) async throws(AttendanceError) {
        guard !refusals.isEmpty else { return }
        try await store.write(in: tenant) { tx throws(AttendanceError) in
            try tx.note(refusals, kindsMax: Self.refusalKindsMax)
        }
    }
}
