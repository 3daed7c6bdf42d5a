public import HTTPMessages

extension RequestHead {
    /// What follows the word `Bearer`, whatever its case, and at least one blank in `Authorization`; nil for another scheme or
    /// nothing. Contracts that name what is wrong with a header read it themselves.
    public var bearerToken: String? {
        guard let header = headers.first("Authorization"), let blank = header.utf8.firstIndex(of: UInt8(ascii: " ")),
            String(header[..<blank]).equalsIgnoringASCIICase("Bearer")
        else { return nil }
        let token = header.utf8[blank...].drop { $0 == UInt8(ascii: " ") }
        return token.isEmpty ? nil : String(Substring(token))
    }
}
