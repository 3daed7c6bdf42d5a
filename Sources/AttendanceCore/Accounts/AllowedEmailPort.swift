/// The lists of addresses that may sign in to the transaction's tenant.
public protocol AllowedEmailReading {
    /// The entries of a list that hold any of the addresses, denied ones included.
    /// - Parameter addresses: Folded.
    func allowedEmails(on list: AllowedList, having addresses: [WireText]) throws(AttendanceError) -> [AllowedEmail]
    /// All entries of a list, or of both, denied ones included; by list and address.
    func allowedEmails(on list: AllowedList?) throws(AttendanceError) -> [AllowedEmail]
}

/// Changes the lists.
public protocol AllowedEmailWriting {
    /// Puts entries on their lists, in the place of those with the same address.
    /// - Parameter leaving: Addresses under which an entry stood before and stands no more.
    /// - Precondition: No two entries have the same list and address.
    func store(_ entries: [AllowedEmail], leaving: [(list: AllowedList, email: WireText)]) throws(AttendanceError)
}

/// What else than a list lets students in: that a teacher has put them on a roster.
public protocol StudentAddressReading {
    /// Whether a student of the tenant has this address, in any of its fields, whatever its letter case.
    /// - Parameter address: Folded.
    func isStudentAddress(_ address: WireText) throws(AttendanceError) -> Bool
}
