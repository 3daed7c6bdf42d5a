public import struct FoundationEssentials.UUID

/// A punch that was brought in, as far as another look at its row has to know.
public struct ImportedPunch: Sendable, Equatable {
    public let number: Int64
    public let toldBy: Int64
    public let digest: Int64

    public init(number: Int64, toldBy: Int64, digest: Int64) {
        self.number = number
        self.toldBy = toldBy
        self.digest = digest
    }
}

/// A session that has the identity of a row.
public struct ImportedSession: Sendable, Equatable {
    public let place: SessionPlace
    public let digest: Int64

    public init(place: SessionPlace, digest: Int64) {
        self.place = place
        self.digest = digest
    }
}

/// What was brought in from another system.
public protocol ImportReading {
    /// Business hours by number, those that were removed included; the digest is nil for those that were made here.
    func hoursOrigins(of source: EntrySource) throws(AttendanceError) -> [Int64: (digest: Int64?, isRemoved: Bool)]
    /// Those of the punches that are there.
    func importedPunches(_ ids: [UUID], of source: EntrySource) throws(AttendanceError) -> [UUID: ImportedPunch]
    /// Those of the sessions that are there.
    func importedSessions(_ ids: [UUID], of source: EntrySource) throws(AttendanceError) -> [UUID: ImportedSession]
    /// The identities that punches were brought in under, in the order of their bytes, behind `id`, at most `limit`.
    func importedPunchIDs(of source: EntrySource, after id: UUID?, limit: Int) throws(AttendanceError) -> [UUID]
    /// As ``importedPunchIDs(of:after:limit:)``, of sessions.
    func importedSessionIDs(of source: EntrySource, after id: UUID?, limit: Int) throws(AttendanceError) -> [UUID]
}
