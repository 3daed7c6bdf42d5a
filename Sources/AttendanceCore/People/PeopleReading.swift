/// Who is known by which identifier.
public protocol PeopleReading {
    /// Those of the numbers that are somebody's.
    func known(_ pins: Set<DevicePIN>, source: EntrySource) throws(AttendanceError) -> Set<DevicePIN>

    /// Badges scanned in the entries behind `sequence` up to `last` that belong to nobody, in no order. The entries are
    /// read one by one, so ask for some thousands at a time.
    func unmatchedIdentifiers(after sequence: Int64, through last: Int64) throws(AttendanceError) -> [UnmatchedIdentifier]
}
