import HTTPMessages

/// An answer written without the library, to a client that it is still reading from.
enum RawAnswer {
    /// A whole HTTP/1.1 message that ends the connection. A stream's body is left out: there is no time to wait for it.
    static func bytes(_ response: Response, requestID: String) -> [UInt8] {
        var body: [UInt8] = []
        if case .bytes(let bytes) = response.body { body = bytes }
        // The reason phrase may be empty (RFC 9112 §4), and says nothing that the status does not.
        var head = "HTTP/1.1 \(response.status) \r\n"
        for field in response.headers.fields where field.isSendable { head += "\(field.name): \(field.value)\r\n" }
        head += "X-Request-Id: \(requestID)\r\nContent-Length: \(body.count)\r\nConnection: close\r\n\r\n"
        return Array(head.utf8) + body
    }
}

extension HeaderFields.Field {
    /// Whether the field cannot break out of its line.
    fileprivate var isSendable: Bool {
        !name.isEmpty && !(name + value).utf8.contains { $0 < 0x20 && $0 != 0x09 }
    }
}
