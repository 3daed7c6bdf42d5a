/// How many people are registered in each part of the organisation, as a station's roster says.
public struct RosterSummary: Sendable, Equatable {
    /// A part of the organisation and how many people are registered in it.
    public struct Unit: Sendable, Equatable {
        public let name: WireText
        public let registered: Int64

        public init(name: WireText, registered: Int64) {
            self.name = name
            self.registered = registered
        }
    }

    /// The contract's own digest of the summary; opaque here.
    public let fingerprint: WireText
    public let units: [Unit]

    public init(fingerprint: WireText, units: [Unit]) {
        self.fingerprint = fingerprint
        self.units = units
    }
}

/// The tenant's roster, of which only sums are kept.
public protocol RosterReading {
    /// The stored summary, its units by name in code point order; nil where none was stored since the last clear.
    func roster() throws(AttendanceError) -> RosterSummary?
}

/// Changes the tenant's roster.
public protocol RosterWriting {
    /// Replaces the summary as a whole, or forgets it.
    func replaceRoster(with summary: RosterSummary?) throws(AttendanceError)
}

extension Operations {
    /// Stores the summary unless one with the same fingerprint is stored. Returns whether it was written.
    /// - Throws: `.invalid(field: "business_units", .twice)` for two units of one name, `.notPermitted` without the upload
    ///   role, `.unavailable`.
    public func replaceRoster(with summary: RosterSummary, as caller: Caller) async throws(AttendanceError) -> Bool {
        try caller.require(.upload)
        guard Set(summary.units.map(\.name)).count == summary.units.count else {
            throw .invalid(field: "business_units", .twice)
        }
        let moment = ambient.now()
        return try await store.write(in: caller.tenant) { tx throws(AttendanceError) in
            guard try tx.roster()?.fingerprint != summary.fingerprint else { return false }
            try tx.replaceRoster(with: summary)
            try tx.note(
                AuditEntry(
                    at: moment, caller: caller, act: .rosterReplaced, subject: summary.fingerprint,
                    detail: WireText("\(summary.units.count) units, \(summary.units.reduce(0) { $0 &+ $1.registered }) people")))
            return true
        }
    }

    /// The fingerprint of the stored summary, or nil.
    public func rosterFingerprint(as caller: Caller) async throws(AttendanceError) -> WireText? {
        try caller.require(.upload)
        return try await store.read(in: caller.tenant) { tx throws(AttendanceError) in try tx.roster()?.fingerprint }
    }
}
