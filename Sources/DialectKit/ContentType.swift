public import HTTPMessages

/// What a request says about the form of its body, as far as the contracts tell forms apart.
public enum BodyForm: Sendable, Hashable {
    /// No `Content-Type` at all.
    case unnamed
    /// `application/json`, with any parameters.
    case json
    /// Anything else; the media type in lower case without parameters.
    case other(String)
}

extension RequestHead {
    /// The form the `Content-Type` header names. Of several headers the first counts.
    public var bodyForm: BodyForm {
        guard let header = headers.first("Content-Type") else { return .unnamed }
        let named = header.utf8.prefix { $0 != UInt8(ascii: ";") }
        let isBlank = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        let start = named.drop(while: isBlank)
        guard let end = start.lastIndex(where: { !isBlank($0) }) else { return .other("") }
        let type = String(decoding: start[...end].map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
        return type == "application/json" ? .json : .other(type)
    }

    /// The length the request announces for its body, or nil where it announces none that can be read.
    public var announcedLength: Int? {
        headers.first("Content-Length").flatMap { Int($0) }
    }

    /// Whether the `Accept` header names `text/html`, as browsers do and programs do not.
    public var asksForHTML: Bool {
        headers.all("Accept").contains { header in
            header.split(separator: ",").contains { range in
                let words = range.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" } }
                return words.first?.equalsIgnoringASCIICase("text/html") ?? false
                    && !words.dropFirst().contains { weight in ["q=0", "q=0.0", "q=0.00", "q=0.000"].contains(weight) }
            }
        }
    }
}
