import AttendanceCore
import DialectKit

/// A text, trimmed at both ends; a number counts as its text.
struct TextField: RequestField {
    /// In Unicode scalars; nil for no bound but the body's.
    var maxScalars: Int?
    var allowsBlank = false
    /// A rule for the trimmed text: what to say where it breaks it.
    var rule: (@Sendable (String) -> String?)?

    func read(_ sent: Sent) throws(FieldFault) -> WireText {
        guard let raw = sent.string ?? sent.number.map(Python.text(of:)) else { throw FieldFault("Not a valid string.") }
        let text = Python.stripped(raw)
        guard !text.isEmpty else {
            if allowsBlank { return "" }
            throw FieldFault("This field may not be blank.")
        }
        var messages: [String] = []
        // The rule of the model stands before those of the field, as in the original's lists.
        if let message = rule?(text) { messages.append(message) }
        if let maxScalars, text.unicodeScalars.count > maxScalars {
            messages.append("Ensure this field has no more than \(maxScalars) characters.")
        }
        if text.utf8.contains(0) { messages.append("Null characters are not allowed.") }
        guard messages.isEmpty else { throw FieldFault(messages: messages) }
        return WireText(text)
    }
}

extension RequestField where Self == TextField {
    static func text(max: Int? = nil, allowsBlank: Bool = false) -> Self {
        TextField(maxScalars: max, allowsBlank: allowsBlank)
    }

    /// An address up to 254 characters.
    static var email: Self {
        TextField(maxScalars: 254) { EmailAddress.isAddress($0) ? nil : "Enter a valid email address." }
    }

    /// A user name up to 150 characters: letters and digits of any script, and five marks.
    static var username: Self {
        TextField(maxScalars: 150) { text in
            AccountRules.isUsername(text)
                ? nil
                : "Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters."
        }
    }
}
