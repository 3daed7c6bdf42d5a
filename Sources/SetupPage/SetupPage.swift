import AttendanceCore
import HTTPMessages

/// The page as HTML: no script, nothing from elsewhere, readable on a phone and in the dark.
struct SetupPage: Sendable {
    private let contentSecurityPolicy: String

    init(sha256: ([UInt8]) -> Digest) {
        let style = Base64.encode(sha256(Array(Self.style.utf8)).bytes)
        contentSecurityPolicy =
            "default-src 'none'; style-src 'sha256-\(style)'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    }

    func form(
        _ form: SetupForm, status: Int = 200, trouble: String? = nil, retryAfterSeconds: Int? = nil
    ) -> Response {
        func field(
            _ name: String, _ label: String, _ type: String, _ completion: String, _ value: String, _ more: String
        ) -> String {
            """
            <label for="\(name)">\(label)</label>
            <input id="\(name)" name="\(name)" type="\(type)" autocomplete="\(completion)" value="\(Self.escaped(value))"\(more)>
            """
        }
        return answer(
            status, title: "Set up Muster",
            """
            <p>Make the first account. It may do everything here, and can add others.</p>
            \(trouble.map { "<p class=\"trouble\" role=\"alert\">\(Self.escaped($0))</p>" } ?? "")
            <form method="post" action="setup">
            <input type="hidden" name="token" value="\(Self.escaped(form.token))">
            \(field("email", "E-mail", "email", "username", form.email, " required maxlength=\"150\" autofocus"))
            \(field("first_name", "First name", "text", "given-name", form.firstName, " maxlength=\"150\""))
            \(field("last_name", "Last name", "text", "family-name", form.lastName, " maxlength=\"150\""))
            \(field("password", "Password", "password", "new-password", "", " required"))
            \(field("password_again", "Password again", "password", "new-password", "", " required"))
            <button type="submit">Make the account</button>
            </form>
            """, retryAfterSeconds: retryAfterSeconds)
    }

    func done(email: String) -> Response {
        answer(
            200, title: "Done",
            """
            <p>The account of <strong>\(Self.escaped(email))</strong> is made. Sign in with it in your client.</p>
            <p>This link is used up. You can close the page.</p>
            """)
    }

    /// A link that was used, has expired, or never was one.
    var closed: Response {
        answer(
            410, title: "This link is closed",
            """
            <p>It works once and for half an hour. Where nobody has an account yet, the next start of the server prints a new one;
            otherwise <code>muster admin create</code> makes another account.</p>
            """)
    }

    func failed(_ status: Int, _ sentence: String, retryAfterSeconds: Int? = nil) -> Response {
        answer(status, title: "That did not work", "<p>\(Self.escaped(sentence))</p>", retryAfterSeconds: retryAfterSeconds)
    }

    private func answer(_ status: Int, title: String, _ content: String, retryAfterSeconds: Int? = nil) -> Response {
        let html = """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>\(title)</title>
            <style>\(Self.style)</style>
            </head>
            <body>
            <main>
            <h1>\(title)</h1>
            \(content)
            </main>
            </body>
            </html>

            """
        var headers: HeaderFields = [
            "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": contentSecurityPolicy,
            // The address holds the secret: it goes to nobody, and stays in no cache.
            "Referrer-Policy": "no-referrer", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
        ]
        if let retryAfterSeconds { headers.append("Retry-After", String(max(1, retryAfterSeconds))) }
        if status == 405 { headers.append("Allow", "GET, HEAD, POST") }
        return Response(status: status, headers: headers, body: .bytes(Array(html.utf8)))
    }

    private static let style = """
        :root{color-scheme:light dark}
        body{margin:0;font:1rem/1.5 system-ui,sans-serif}
        main{max-width:26rem;margin:0 auto;padding:1.5rem 1rem}
        label{display:block;margin-top:.75rem}
        input,button{box-sizing:border-box;width:100%;padding:.6rem;font:inherit}
        button{margin-top:1.25rem}
        .trouble{border-left:.25rem solid #c22;padding-left:.75rem}
        """

    /// A text as it may stand between tags and in a quoted attribute.
    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}

/// Bytes as base64 with padding, as a policy writes digests.
private enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".unicodeScalars)

    static func encode(_ bytes: [UInt8]) -> String {
        var text = ""
        for begin in stride(from: 0, to: bytes.count, by: 3) {
            let count = min(3, bytes.count - begin)
            let group = (0..<3).reduce(UInt32(0)) { $0 << 8 | ($1 < count ? UInt32(bytes[begin + $1]) : 0) }
            for place in 0..<4 {
                let digit = alphabet[Int(group >> (18 - 6 * UInt32(place)) & 63)]
                text.unicodeScalars.append(place <= count ? digit : "=")
            }
        }
        return text
    }
}
