public protocol MemberReading {
    /// The contract's members by name, then number.
    func members(of source: EntrySource) throws(AttendanceError) -> [Member]
    func member(_ id: Identifier<Membership>, of source: EntrySource) throws(AttendanceError) -> Member?
    /// The one with this e-mail, letter case aside.
    func member(ofEmail email: WireText, of source: EntrySource) throws(AttendanceError) -> Member?
    func member(numbered number: Int64, of source: EntrySource) throws(AttendanceError) -> Member?
    func member(ofStaffCode staffCode: WireText, of source: EntrySource) throws(AttendanceError) -> Member?
}
