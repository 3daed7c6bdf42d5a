import AttendanceCore
import HTTPMessages

/// What somebody has typed.
struct SetupForm: Sendable {
    var token: String
    var email = ""
    var firstName = ""
    var lastName = ""
    var password = ""
    var passwordAgain = ""

    init(token: String) {
        self.token = token
    }

    /// Reads a form's body; nil where it is no text.
    init?(_ body: [UInt8]) {
        guard let text = String(validating: body, as: UTF8.self) else { return nil }
        // A form's body is written as a query is.
        let head = RequestHead(method: .post, path: RequestPath(segments: []), rawQuery: text)
        guard head.queryIsText else { return nil }
        let fields = Dictionary(head.query.map { ($0.name, $0.value) }) { first, _ in first }
        func trimmed(_ name: String) -> String {
            var scalars = (fields[name] ?? "").unicodeScalars[...]
            while scalars.first?.properties.isWhitespace == true { scalars.removeFirst() }
            while scalars.last?.properties.isWhitespace == true { scalars.removeLast() }
            return String(scalars)
        }
        token = fields["token"] ?? ""
        email = trimmed("email")
        firstName = trimmed("first_name")
        lastName = trimmed("last_name")
        // Blanks at the ends of a password are part of it.
        password = fields["password"] ?? ""
        passwordAgain = fields["password_again"] ?? ""
    }

    /// The e-mail is the user name too, as existing clients send it.
    var draft: GrantDraft {
        GrantDraft(
            email: WireText(email), username: WireText(email), password: password, firstName: WireText(firstName),
            lastName: WireText(lastName), role: "Super Admin")
    }
}
