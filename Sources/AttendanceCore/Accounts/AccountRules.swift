/// An address that mail could go to, and that somebody signs in with.
public struct EmailAddress: Sendable, Equatable {
    public static let maxScalars = 254

    /// As it was given, the part behind the last `@` in lower case. Source: contract §3.3, which is Django's way.
    public let text: WireText
    /// What two spellings of one address share: sign-in and uniqueness go by it.
    public let folded: WireText

    /// Accepts what Django's `EmailValidator` accepts, but for addresses of machines in brackets.
    /// - Throws: `.invalid(field: "email", …)`.
    public init(parsing raw: WireText) throws(AttendanceError) {
        guard !raw.isEmpty else { throw .invalid(field: "email", .empty) }
        guard raw.scalarCount <= Self.maxScalars else { throw .invalid(field: "email", .tooLong(maxScalars: Self.maxScalars)) }
        let scalars = Array(raw.text.unicodeScalars)
        guard let at = scalars.lastIndex(of: "@"), Self.isLocalPart(scalars[..<at]), Self.isDomain(scalars[(at + 1)...])
        else { throw .invalid(field: "email", .malformed("this is no e-mail address")) }
        text = Self.normalised(raw)
        folded = Self.folded(raw)
    }

    /// Any text as addresses are compared, also one that is no address: sign-in asks for whatever was typed.
    public static func folded(_ raw: WireText) -> WireText {
        WireText(raw.text.lowercased())
    }

    /// The part behind the last `@` in lower case, the rest as it is.
    static func normalised(_ raw: WireText) -> WireText {
        let scalars = raw.text.unicodeScalars
        guard let at = scalars.lastIndex(of: "@") else { return raw }
        return WireText(String(scalars[..<at]) + String(scalars[at...]).lowercased())
    }

    private static func isLocalPart(_ part: ArraySlice<Unicode.Scalar>) -> Bool {
        if part.count >= 3, part.first == "\"", part.last == "\"" {
            let inside = part.dropFirst().dropLast()
            return inside.allSatisfy { (0x20...0x7E).contains($0.value) && $0 != "\"" && $0 != "\\" }
        }
        let atoms = part.split(separator: ".", omittingEmptySubsequences: false)
        return atoms.allSatisfy { atom in !atom.isEmpty && atom.allSatisfy { isDigitOrASCIILetter($0) || others.contains($0) } }
    }

    private static let others = Set("-!#$%&'*+/=?^_`{}|~".unicodeScalars)

    private static func isDomain(_ part: ArraySlice<Unicode.Scalar>) -> Bool {
        if String(String.UnicodeScalarView(part)).lowercased() == "localhost" { return true }
        let labels = part.split(separator: ".", omittingEmptySubsequences: false)
        guard labels.count >= 2, let last = labels.last, last.count >= 2 else { return false }
        return labels.allSatisfy { label in
            (1...63).contains(label.count) && label.first != "-" && label.last != "-"
                && label.allSatisfy { isDigitOrASCIILetter($0) || $0 == "-" || $0.value > 0x7F && $0.isLetterOrNumber }
        }
    }

    private static func isDigitOrASCIILetter(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x80 && scalar.isLetterOrNumber
    }
}

extension Unicode.Scalar {
    /// Whether Python's `\w` has it, the underscore aside: user names are what Django's `UnicodeUsernameValidator` takes.
    fileprivate var isLetterOrNumber: Bool {
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
        default: properties.numericType != nil
        }
    }
}

/// The rules for the other fields of an account. Operations check them too; a contract that reports all faults of a request
/// together asks here first.
public enum AccountRules {
    public static let usernameMaxScalars = 150
    public static let nameMaxScalars = 150
    public static let roleMaxScalars = 50
    /// Nobody types more, and every byte costs time before the hash begins.
    public static let passwordMaxBytes = 4_096

    /// - Throws: `.invalid(field: "username", …)`. Source: contract §3.3.
    public static func check(username: WireText) throws(AttendanceError) {
        guard !username.isEmpty else { throw .invalid(field: "username", .empty) }
        guard username.scalarCount <= usernameMaxScalars else {
            throw .invalid(field: "username", .tooLong(maxScalars: usernameMaxScalars))
        }
        let isAllowed = username.text.unicodeScalars.allSatisfy { $0.isLetterOrNumber || "@.+-_".unicodeScalars.contains($0) }
        guard isAllowed else {
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
