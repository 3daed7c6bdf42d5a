/// A request method, compared exactly as RFC 9110 demands: `get` is not `GET`.
public struct HTTPMethod: Hashable, Sendable, RawRepresentable, CustomStringConvertible {
    public let rawValue: String

    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    public static let get = HTTPMethod(rawValue: "GET")
    public static let head = HTTPMethod(rawValue: "HEAD")
    public static let post = HTTPMethod(rawValue: "POST")
    public static let put = HTTPMethod(rawValue: "PUT")
    public static let patch = HTTPMethod(rawValue: "PATCH")
    public static let delete = HTTPMethod(rawValue: "DELETE")
    public static let options = HTTPMethod(rawValue: "OPTIONS")

    public var description: String { rawValue }
}

/// Everything of a request that is known before its body is read.
public struct RequestHead: Sendable {
    public var method: HTTPMethod
    /// The decoded, normalised path; see ``RequestPath``.
    public var path: RequestPath
    /// What stands between `?` and the end of the target, still percent-encoded; empty without a `?`.
    public var rawQuery: String
    public var headers: HeaderFields
    /// The client's address as text without a port. Behind a trusted proxy it is the forwarded one.
    public var clientAddress: String
    /// Whether a trusted proxy told ``clientAddress``; false where it is the address of the connection.
    public var isAddressForwarded: Bool
    /// An identifier for logs and the `X-Request-Id` answer header.
    public var requestID: String

    public init(
        method: HTTPMethod, path: RequestPath, rawQuery: String = "", headers: HeaderFields = [:],
        clientAddress: String = "127.0.0.1", isAddressForwarded: Bool = false, requestID: String = ""
    ) {
        self.method = method
        self.path = path
        self.rawQuery = rawQuery
        self.headers = headers
        self.clientAddress = clientAddress
        self.isAddressForwarded = isAddressForwarded
        self.requestID = requestID
    }

    /// The query's names and values in the order sent, decoded as `application/x-www-form-urlencoded` (`+` is a blank).
    ///
    /// Malformed percent escapes stay as they are; bytes that are not UTF-8 become U+FFFD.
    public var query: [(name: String, value: String)] {
        FormDecoding.pairs(rawQuery)
    }

    /// Whether the decoded query is UTF-8 throughout, so that no name or value in ``query`` has been mended.
    public var queryIsText: Bool {
        FormDecoding.isText(rawQuery)
    }
}

/// A request path, percent-decoded once, with `.` and `..` resolved, always beginning with a slash.
///
/// Decoding happens per segment: `%2F` stays inside its segment and never separates two. Empty segments stay, so `//v1`
/// is not `/v1`. What an open path means is decided on this value, so `..` and escapes cannot lead past a key.
public struct RequestPath: Sendable, Equatable {
    /// The decoded segments. `/` has none; a trailing slash is a last, empty segment (`/dashboard/` → `["dashboard", ""]`).
    public let segments: [String]

    public init(segments: [String]) {
        self.segments = segments
    }

    /// Decodes what stands before `?` in a request target.
    ///
    /// Returns nil for a path that does not begin with a slash, holds a malformed escape, decodes to NUL or is not UTF-8.
    public init?(rawPath: String) {
        guard rawPath.utf8.first == UInt8(ascii: "/") else { return nil }
        if rawPath == "/" {
            segments = []
            return
        }
        var decoded: [String] = []
        var rest = rawPath.utf8.dropFirst()
        while true {
            let end = rest.firstIndex(of: UInt8(ascii: "/"))
            guard let segment = Self.decode(rest[..<(end ?? rest.endIndex)]) else { return nil }
            let isDot = segment == "." || segment == ".."
            if segment == "..", !decoded.isEmpty { decoded.removeLast() }
            if !isDot { decoded.append(segment) }
            guard let end else {
                // `/a/.` names the directory that `/a/` names.
                if isDot { decoded.append("") }
                break
            }
            rest = rest[rest.index(after: end)...]
        }
        segments = decoded == [""] ? [] : decoded
    }

    /// Most segments hold no escapes and are taken as they are: every request passes through here.
    private static func decode(_ piece: Substring.UTF8View) -> String? {
        let isPlain = piece.allSatisfy { $0 != UInt8(ascii: "%") && $0 != 0 }
        return isPlain ? String(Substring(piece)) : PercentDecoding.strict(piece)
    }

    /// The decoded path as one text. Only for messages and look-ups of paths without escapes in them.
    public var text: String { "/" + segments.joined(separator: "/") }

    /// The path without its first `count` segments: `/t/school/v1/x` without two is `/v1/x`.
    public func dropping(_ count: Int) -> RequestPath {
        let rest = Array(segments.dropFirst(count))
        return RequestPath(segments: rest == [""] ? [] : rest)
    }
}

enum PercentDecoding {
    /// Decodes every `%XX`; nil for a malformed escape, a NUL, or bytes that are not UTF-8.
    static func strict(_ bytes: some Collection<UInt8>) -> String? {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let byte = bytes[index]
            if byte == UInt8(ascii: "%") {
                guard let value = escape(in: bytes, at: index) else { return nil }
                decoded.append(value)
                index = bytes.index(index, offsetBy: 3)
            } else {
                decoded.append(byte)
                index = bytes.index(after: index)
            }
        }
        guard !decoded.contains(0) else { return nil }
        return String(validating: decoded, as: UTF8.self)
    }

    /// The byte that the escape at `index` stands for, or nil when the two characters behind `%` are no hexadecimal digits.
    static func escape<Bytes: Collection<UInt8>>(in bytes: Bytes, at index: Bytes.Index) -> UInt8? {
        guard let first = bytes.index(index, offsetBy: 1, limitedBy: bytes.endIndex), first < bytes.endIndex,
            let second = bytes.index(first, offsetBy: 1, limitedBy: bytes.endIndex), second < bytes.endIndex,
            let high = hexadecimal(bytes[first]), let low = hexadecimal(bytes[second])
        else { return nil }
        return high << 4 | low
    }

    private static func hexadecimal(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

/// `application/x-www-form-urlencoded`, of queries and of bodies.
package enum FormDecoding {
    package static func pairs(_ text: String) -> [(name: String, value: String)] {
        text.utf8.split(separator: UInt8(ascii: "&")).map { pair in
            let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            return (component(parts[0]), parts.count > 1 ? component(parts[1]) : "")
        }
    }

    static func isText(_ text: String) -> Bool {
        String(validating: decoded(text.utf8[...]), as: UTF8.self) != nil
    }

    private static func component(_ bytes: Substring.UTF8View) -> String {
        String(decoding: decoded(bytes), as: UTF8.self)
    }

    private static func decoded(_ bytes: Substring.UTF8View) -> [UInt8] {
        var decoded: [UInt8] = []
        var index = bytes.startIndex
        while index < bytes.endIndex {
            if bytes[index] == UInt8(ascii: "%"), let value = PercentDecoding.escape(in: bytes, at: index) {
                decoded.append(value)
                index = bytes.index(index, offsetBy: 3)
            } else {
                decoded.append(bytes[index] == UInt8(ascii: "+") ? UInt8(ascii: " ") : bytes[index])
                index = bytes.index(after: index)
            }
        }
        return decoded
    }
}
