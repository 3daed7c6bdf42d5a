/// Memberships of the transaction's tenant, as each contract tells them. Those that were ended are not there.
public protocol MemberReading {
    /// The contract's members by name, then number.
    func members(of source: EntrySource) throws(AttendanceError) -> [Member]
    /// The member of this identity; nil for none, and for another contract's.
    func member(_ id: Identifier<Membership>, of source: EntrySource) throws(AttendanceError) -> Member?
    /// The one with this e-mail, letter case aside.
    func member(ofEmail email: WireText, of source: EntrySource) throws(AttendanceError) -> Member?
    /// The one whose membership this entry opened.
    func member(numbered number: Int64, of source: EntrySource) throws(AttendanceError) -> Member?
    /// The one with this staff code, letter case counts.
    func member(ofStaffCode staffCode: WireText, of source: EntrySource) throws(AttendanceError) -> Member?
}
