import CCurl
import HTTPMessages

/// One request on its way, with what has come back so far.
///
/// `@unchecked Sendable`: made by who sends, then handed to the client's thread under a lock and touched by that alone.
@safe final class Transfer: @unchecked Sendable {
    let easy: UnsafeMutableRawPointer
    private var fields: UnsafeMutablePointer<curl_slist>?
    private let receive: (@Sendable ([UInt8]) -> Bool)?
    private let answerBytesMax: Int
    private var headers: HeaderFields = [:]
    private var body: [UInt8] = []
    private var isTooLong = false
    /// Told once.
    var answered: ((Result<ReceivedAnswer, ClientError>) -> Void)?

    init(_ request: OutgoingRequest, receive: (@Sendable ([UInt8]) -> Bool)?) throws(ClientError) {
        self.receive = receive
        answerBytesMax = request.answerBytesMax
        guard let easy = unsafe curl_easy_init() else { throw .notSent("libcurl has no memory") }
        unsafe self.easy = easy
        unsafe fields = nil
        // A body above one mebibyte would wait for `100 Continue`, and a body gets no type that nobody gave it.
        var lines = ["Expect:"]
        if request.body != nil, request.headers.first("Content-Type") == nil { lines.append("Content-Type:") }
        for field in request.headers.fields {
            let line = "\(field.name): \(field.value)"
            guard line.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }), !field.value.isEmpty else {
                throw .unusable("the header field \(field.name) cannot be sent")
            }
            lines.append(line)
        }
        for line in lines {
            guard let longer = unsafe curl_slist_append(fields, line) else { throw .notSent("libcurl has no memory") }
            unsafe fields = longer
        }
        guard !request.url.utf8.contains(0) else { throw .unusable("the address holds U+0000") }
        let code = prepare(request)
        guard code == CURLE_OK else { throw .unusable(Self.words(code)) }
    }

    deinit {
        unsafe curl_easy_cleanup(easy)
        unsafe curl_slist_free_all(fields)
    }

    private func prepare(_ request: OutgoingRequest) -> CURLcode {
        var prepared = unsafe ccurl_request()
        unsafe prepared.fields = fields
        unsafe prepared.connect_milliseconds = request.connectSecondsMax * 1_000
        unsafe prepared.total_milliseconds = request.totalSecondsMax * 1_000
        // The client's thread holds this object until libcurl has let go of the handle.
        unsafe prepared.context = Unmanaged.passUnretained(self).toOpaque()
        unsafe prepared.receive_line = { bytes, size, count, context in
            unsafe Transfer.found(context)?.take(line: UnsafeRawBufferPointer(start: bytes, count: size * count)) ?? 0
        }
        unsafe prepared.receive_body = { bytes, size, count, context in
            unsafe Transfer.found(context)?.take(piece: UnsafeRawBufferPointer(start: bytes, count: size * count)) ?? 0
        }
        // An empty array lends no address, and an address is how libcurl knows that there is a body.
        let body = request.body.map { $0 + [0] }
        return unsafe request.url.withCString { url in
            unsafe request.method.rawValue.withCString { method in
                unsafe prepared.url = url
                unsafe prepared.method = method
                guard let body else { return unsafe ccurl_prepare(easy, &prepared) }
                return unsafe body.withUnsafeBytes { bytes in
                    unsafe prepared.body = bytes.baseAddress
                    unsafe prepared.body_count = bytes.count - 1
                    return unsafe ccurl_prepare(easy, &prepared)
                }
            }
        }
    }

    private static func found(_ context: UnsafeMutableRawPointer?) -> Transfer? {
        guard let context = unsafe context else { return nil }
        return unsafe Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
    }

    /// Takes one line of the head: a status, a field, or the blank line.
    private func take(line: UnsafeRawBufferPointer) -> Int {
        let text = unsafe String(decoding: line, as: UTF8.self)
        if text.hasPrefix("HTTP/") {
            // A `100 Continue` may come before the answer itself.
            headers = [:]
        } else if let colon = text.firstIndex(of: ":") {
            let value = text[text.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            headers.append(String(text[..<colon]), String(value.prefix { !$0.isNewline }))
        }
        return line.count
    }

    private func take(piece: UnsafeRawBufferPointer) -> Int {
        let count = piece.count
        if let receive { return unsafe receive(Array(piece)) ? count : 0 }
        guard body.count + count <= answerBytesMax else {
            isTooLong = true
            return 0
        }
        unsafe body.append(contentsOf: piece)
        return count
    }

    /// Tells how the transfer ended, which libcurl has let go of.
    func end(_ end: ccurl_end) {
        guard unsafe end.code == CURLE_OK else {
            let reason = isTooLong ? "the answer is longer than \(answerBytesMax) bytes" : unsafe Self.words(end.code)
            let isUnusable = unsafe [CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL].contains(end.code)
            let wasSent = unsafe end.was_sent != 0
            return self.end(.failure(isUnusable ? .unusable(reason) : wasSent ? .unanswered(reason) : .notSent(reason)))
        }
        let microseconds = unsafe Int64(end.microseconds)
        self.end(
            .success(
                ReceivedAnswer(status: unsafe end.status, headers: headers, body: body, microseconds: microseconds)))
    }

    func end(_ result: Result<ReceivedAnswer, ClientError>) {
        answered?(result)
        answered = nil
    }

    private static func words(_ code: CURLcode) -> String {
        unsafe String(cString: curl_easy_strerror(code)).lowercased()
    }
}
