/// The rules for the other fields of an account. Operations check them too; a contract that reports all faults of a request
/// together asks here first.
public enum AccountRules {
    public static let usernameMaxScalars = 150
    public static let nameMaxScalars = 150
    public static let roleMaxScalars = 50
    /// Nobody types more, and every byte costs time before the hash begins.
    public static let passwordMaxBytes = 4_096

    /// Whether a text holds nothing but what a user name may: what Django's `UnicodeUsernameValidator` takes. Its length aside.
    public static func isUsername(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { $0.isLetterOrNumber || "@.+-_".unicodeScalars.contains($0) }
    }

    /// - Throws: `.invalid(field: "username", …)`. Source: contract §3.3.
    public static func check(username: WireText) throws(AttendanceError) {
        guard !username.isEmpty else { throw .invalid(field: "username", .empty) }
        guard username.scalarCount <= usernameMaxScalars else {
            throw .invalid(field: "username", .tooLong(maxScalars: usernameMaxScalars))
        }
        guard isUsername(username.text) else {
            throw .invalid(field: "username", .malformed("only letters, digits and @ . + - _ may stand in it"))
        }
    }

    /// - Throws: `.invalid(field: "password", …)`. A blank one is refused and nothing else: contract §3.3, B5.
    public static func check(password: String) throws(AttendanceError) {
        guard password.unicodeScalars.contains(where: { !$0.properties.isWhitespace }) else {
            throw .invalid(field: "password", .empty)
        }
        guard password.utf8.count <= passwordMaxBytes else {
            throw .invalid(field: "password", .tooLong(maxScalars: passwordMaxBytes))
        }
        // A hash of another system that ends its texts at this character could never be compared with it.
        guard !password.utf8.contains(0) else { throw .invalid(field: "password", .malformed("it holds the character U+0000")) }
    }

    static func check(
        firstName: WireText?, lastName: WireText?, role: WireText?
    ) throws(AttendanceError) {
        for (field, text, max) in [
            ("first_name", firstName, nameMaxScalars), ("last_name", lastName, nameMaxScalars), ("role", role, roleMaxScalars),
        ] {
            guard let text else { continue }
            guard text.scalarCount <= max else { throw .invalid(field: field, .tooLong(maxScalars: max)) }
            // PostgreSQL keeps no text with it.
            guard !text.text.utf8.contains(0) else { throw .invalid(field: field, .malformed("it holds the character U+0000")) }
        }
    }
}

extension Unicode.Scalar {
    /// Whether Python's `\w` has it, the underscore aside.
    fileprivate var isLetterOrNumber: Bool {
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
        default: properties.numericType != nil
        }
    }
}
