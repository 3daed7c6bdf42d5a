import HTTPMessages

/// How a request says where its body ends.
enum BodyFraming: Equatable {
    case none
    case length(Int)
    case chunked

    var hasBody: Bool { self != .none }
}

/// Why a request's head cannot be trusted.
struct HeadFault: Error, Equatable {
    let reason: String
}

/// What the header fields say about the message itself, judged where two servers could understand different things.
///
/// The library takes the first of several lengths and encodings, and a length beside an encoding, without complaint. A
/// proxy in front that takes the other one would let one client write the beginning of another's request.
struct MessageRules {
    var framing: BodyFraming { isChunked ? .chunked : length.map { $0 == 0 ? .none : .length($0) } ?? .none }
    private(set) var expectsContinue = false
    private var isChunked = false
    private var length: Int?
    private var hasHost = false

    /// Looks at one field; most are told apart by the length of their names.
    /// - Parameter hasTrailingBlanks: Blanks behind the value, which the library counts as part of an encoding's name.
    mutating func note(_ field: HeaderFields.Field, hasTrailingBlanks: Bool) throws(HeadFault) {
        switch field.name.utf8.count {
        case 4 where field.name.equalsIgnoringASCIICase("Host"):
            if hasHost { throw HeadFault(reason: "more than one Host") }
            hasHost = true
        case 6 where field.name.equalsIgnoringASCIICase("Expect"):
            expectsContinue = field.value.equalsIgnoringASCIICase("100-continue")
        case 14 where field.name.equalsIgnoringASCIICase("Content-Length"):
            if length != nil { throw HeadFault(reason: "more than one Content-Length") }
            length = try Self.length(field.value)
        case 17 where field.name.equalsIgnoringASCIICase("Transfer-Encoding"):
            if isChunked { throw HeadFault(reason: "more than one Transfer-Encoding") }
            guard field.value.equalsIgnoringASCIICase("chunked"), !hasTrailingBlanks else {
                throw HeadFault(reason: "a Transfer-Encoding other than chunked")
            }
            isChunked = true
        default:
            break
        }
    }

    /// Looks at all fields together, once each was noted.
    func finish(isVersion10: Bool) throws(HeadFault) {
        if isChunked, length != nil { throw HeadFault(reason: "Content-Length beside Transfer-Encoding") }
        if isChunked, isVersion10 { throw HeadFault(reason: "Transfer-Encoding in HTTP/1.0") }
        if !hasHost, !isVersion10 { throw HeadFault(reason: "no Host") }
    }

    private static func length(_ text: String) throws(HeadFault) -> Int {
        var length = 0
        // 18 digits always fit 64 bits.
        guard (1...18).contains(text.utf8.count) else { throw HeadFault(reason: "Content-Length is not a length") }
        for byte in text.utf8 {
            guard (0x30...0x39).contains(byte) else { throw HeadFault(reason: "Content-Length is not a number") }
            length = length * 10 + Int(byte - 0x30)
        }
        return length
    }
}
