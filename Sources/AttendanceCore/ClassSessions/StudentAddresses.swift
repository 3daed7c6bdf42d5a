/// The addresses that a roster tells of a student, for the list of those who may sign in. Source: contract aims §4.5, rule 3.
public struct StudentAddresses: Sendable, Equatable {
    public let rollNumber: WireText
    public let name: WireText
    /// At least one of the two is there. Neither is empty, nor the word `NULL`.
    public let email: WireText?
    public let instituteEmail: WireText?

    /// Nil where no address is told.
    public init?(rollNumber: WireText, name: WireText, email: WireText?, instituteEmail: WireText?) {
        func address(_ text: WireText?) -> WireText? {
            guard let filled = text?.withoutOuterBlanks, !filled.isEmpty, filled.folded != "null" else { return nil }
            return filled
        }
        self.rollNumber = rollNumber
        self.name = name
        self.email = address(email)
        self.instituteEmail = address(instituteEmail)
        guard self.email != nil || self.instituteEmail != nil else { return nil }
    }
}
