import HTTPMessages

/// A request line's target, taken apart but not decoded.
struct RequestTarget {
    /// What stands before `?`, without scheme and authority.
    let rawPath: String
    let rawQuery: String

    /// Accepts the origin form (`/a?b`), the absolute form (`http://host/a?b`), and the asterisk form.
    ///
    /// Anything else is kept as a path that does not begin with a slash, which ``RequestPath`` then refuses.
    init(_ raw: String) {
        let bytes = raw.utf8
        var start = bytes.startIndex
        if bytes.first != UInt8(ascii: "/"), let authority = Self.authorityStart(in: raw) {
            start = bytes[authority...].firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? bytes.endIndex
            let query = bytes[start...].firstIndex(of: UInt8(ascii: "?"))
            rawPath = start == (query ?? bytes.endIndex) ? "/" : String(raw[start..<(query ?? bytes.endIndex)])
            rawQuery = query.map { String(raw[bytes.index(after: $0)...]) } ?? ""
        } else if let query = bytes.firstIndex(of: UInt8(ascii: "?")) {
            rawPath = String(raw[..<query])
            rawQuery = String(raw[bytes.index(after: query)...])
        } else {
            rawPath = raw
            rawQuery = ""
        }
    }

    /// Nil when the path is malformed. `OPTIONS *` asks about the server as a whole; its path has the one segment `*`.
    func path(for method: HTTPMethod) -> RequestPath? {
        if rawPath == "*" { return method == .options ? RequestPath(segments: ["*"]) : nil }
        return RequestPath(rawPath: rawPath)
    }

    private static func authorityStart(in raw: String) -> String.Index? {
        for scheme in ["http://", "https://"] {
            let prefix = raw.utf8.prefix(scheme.utf8.count)
            if String(Substring(prefix)).equalsIgnoringASCIICase(scheme) { return prefix.endIndex }
        }
        return nil
    }
}
