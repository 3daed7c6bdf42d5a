@testable import DialectKit
@testable import HTTPMessages
@testable import HTTPServer

/// Any text as a request's head: a line `METHOD TARGET`, then a header field on each line. What the server concludes from it
/// is compared with a second, slower conclusion, or has to survive being written and read again.
enum RequestHeads {
    static func run(_ input: Span<UInt8>) {
        guard let text = text(input) else { return }
        let lines = text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).map { String(Substring($0)) }
        let words = lines[0].utf8.split(separator: 0x20, maxSplits: 1, omittingEmptySubsequences: false).map {
            String(Substring($0))
        }
        let method = HTTPMethod(rawValue: words[0])
        let target = words.count > 1 ? words[1] : ""
        let headers = HeaderFields(
            lines.dropFirst().map { line in
                let parts = line.utf8.split(separator: 0x3A, maxSplits: 1, omittingEmptySubsequences: false)
                return HeaderFields.Field(
                    name: String(Substring(parts[0])), value: parts.count > 1 ? String(Substring(parts[1])) : "")
            })
        checkTarget(target, method)
        checkFraming(headers)
        checkAddresses(headers, lines)
        checkForms(headers)
        checkFields(headers)
    }

    // MARK: Targets

    private static func checkTarget(_ raw: String, _ method: HTTPMethod) {
        let target = RequestTarget(raw)
        if raw.utf8.first == UInt8(ascii: "/") {
            let whole = raw.utf8.contains(UInt8(ascii: "?")) ? "\(target.rawPath)?\(target.rawQuery)" : target.rawPath
            law(whole.isSame(as: raw), "a target fell apart")
        }
        law(!target.rawPath.utf8.contains(UInt8(ascii: "?")), "a question mark in a path")
        checkPath(raw)
        checkQuery(target.rawQuery)
        guard let path = target.path(for: method) else { return }
        checkNormal(path)
        checkRoute(method, path)
        for count in [1, 2, path.segments.count - 1, path.segments.count + 1] where count >= 0 { checkNormal(path.dropping(count)) }
    }

    /// No way leads upwards or past a NUL, and what a path means does not change when it is decoded again.
    private static func checkNormal(_ path: RequestPath) {
        law(path.segments != [""], "two spellings of the root")
        law(!path.segments.contains { $0.utf8.contains(0) }, "NUL in a path")
        guard path.segments != ["*"] else { return }
        law(!path.segments.contains { $0 == "." || $0 == ".." }, "a dot segment survived")
        let again = RequestPath(rawPath: "/" + path.segments.map(escaped).joined(separator: "/"))
        law(again.map { same($0.segments, path.segments) } ?? false, "\(path.segments) is another path when it is sent again")
    }

    private static func checkPath(_ raw: String) {
        let path = RequestPath(rawPath: raw)
        let judged = judgedSegments(Array(raw.utf8))
        switch (path?.segments, judged) {
        case (nil, nil): break
        case (let found?, let judged?): law(same(found, judged), "\(raw) is \(found), not \(judged)")
        case (let found, let judged): law(false, "\(raw) is \(String(describing: found)), not \(String(describing: judged))")
        }
    }

    /// RFC 3986 §5.2.4 on segments that were decoded first, which is the stricter order.
    private static func judgedSegments(_ raw: [UInt8]) -> [String]? {
        guard raw.first == UInt8(ascii: "/") else { return nil }
        var segments: [String] = []
        let pieces = raw.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        for (index, piece) in pieces.enumerated() {
            guard let text = decoded(Array(piece)) else { return nil }
            let isLast = index == pieces.count - 1
            if text.isSame(as: "..") || text.isSame(as: ".") {
                if text.utf8.count == 2 { _ = segments.popLast() }
                if isLast { segments.append("") }
            } else {
                segments.append(text)
            }
        }
        return segments == [""] ? [] : segments
    }

    private static func decoded(_ bytes: [UInt8]) -> String? {
        var result: [UInt8] = []
        var rest = bytes[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                result.append(byte)
                continue
            }
            let digits = rest.prefix(2)
            let isHexadecimal = digits.allSatisfy { (0x30...0x39).contains($0) || (0x41...0x46).contains($0 & 0xDF) }
            guard digits.count == 2, isHexadecimal, let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16) else {
                return nil
            }
            result.append(value)
            rest = rest.dropFirst(2)
        }
        return result.contains(0) ? nil : String(validating: result, as: UTF8.self)
    }

    private static func escaped(_ text: String) -> String {
        text.utf8.map { byte in
            let isPlain = (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            let digits = String(byte, radix: 16)
            return isPlain ? String(Unicode.Scalar(byte)) : "%" + (digits.utf8.count == 1 ? "0" : "") + digits
        }.joined()
    }

    private static func checkQuery(_ raw: String) {
        let head = RequestHead(method: .get, path: RequestPath(segments: []), rawQuery: raw)
        let pairs = head.query
        law(pairs.count == raw.utf8.split(separator: UInt8(ascii: "&")).count, "pairs of a query got lost")
        let again = RequestHead(
            method: .get, path: RequestPath(segments: []),
            rawQuery: pairs.map { "\(escaped($0.name))=\(escaped($0.value))" }.joined(separator: "&"))
        law(again.queryIsText, "a decoded query is no text")
        law(
            same(again.query.flatMap { [$0.name, $0.value] }, pairs.flatMap { [$0.name, $0.value] }),
            "a query reads differently when it is sent again")
        let mended = pairs.contains { ($0.name + $0.value).unicodeScalars.contains("\u{FFFD}") }
        if !head.queryIsText { law(mended, "a query that is no text shows no mending") }
    }

    // MARK: Routes

    private static let routes = [
        Route(.get, "/", 0), Route(.get, "/a", 1), Route(.post, "/a", 2), Route(.head, "/a", 3), Route(.get, "/a/", 4),
        Route(.get, "/a/{x}", 5), Route(.get, "/{x}/b", 6), Route(.put, "/a/b", 7), Route(.get, "/{x}/{y}/c", 8),
        Route(.get, "/a/b/c", 9), Route(.delete, "/{x}", 10), Route(.post, "/a/{x}/c", 11), Route(.options, "/*", 12),
        Route(.get, "/a//b", 13), Route(.get, "/K", 14),
    ]
    private static let table: RouteTable<Int> = {
        // They are told apart, as the server's own are at its start.
        guard let table = try? RouteTable(routes) else { fatalError("the routes collide") }
        return table
    }()

    /// Judged by going through all routes instead of down a tree.
    private static func checkRoute(_ method: HTTPMethod, _ path: RequestPath) {
        func pieces(_ pattern: String) -> [String] {
            pattern == "/" ? [] : pattern.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        }
        func isParameter(_ piece: String) -> Bool { piece.hasPrefix("{") }
        let matching = routes.filter { route in
            let pieces = pieces(route.pattern)
            return pieces.count == path.segments.count
                && zip(pieces, path.segments).allSatisfy { piece, segment in
                    isParameter(piece) ? !segment.isEmpty : piece.isSame(as: segment)
                }
        }
        // Fixed before parameter from the left on; `HEAD` of a path's own before its `GET`.
        func rank(_ route: Route<Int>) -> String {
            pieces(route.pattern).map { isParameter($0) ? "1" : "0" }.joined() + (route.method == method ? "0" : "1")
        }
        let usable = matching.filter { $0.method == method || method == .head && $0.method == .get }
        let best = usable.min { rank($0) < rank($1) }
        switch table.lookup(method, path) {
        case .found(let match):
            law(match.route.handler == best?.handler, "\(path.text) leads to \(match.route.pattern)")
            for (piece, segment) in zip(pieces(match.route.pattern), path.segments) where isParameter(piece) {
                law(match.parameters[String(piece.dropFirst().dropLast())]?.isSame(as: segment) ?? false, "another parameter")
            }
        case .otherMethods(let methods):
            law(best == nil, "a route was not found")
            var judged = Set(matching.map(\.method.rawValue))
            if judged.contains("GET") { judged.insert("HEAD") }
            law(methods.map(\.rawValue) == judged.sorted(), "other methods")
        case .unknown:
            law(matching.isEmpty, "a path was not found")
        }
    }

    // MARK: Framing

    private static func checkFraming(_ headers: HeaderFields) {
        for isVersion10 in [false, true] {
            var rules = MessageRules()
            var isRefused = false
            do throws(HeadFault) {
                for field in headers.fields {
                    let trimmed = HeaderFields.Field(name: field.name, value: trimmed(field.value))
                    let hasTrailingBlanks = field.value.utf8.last.map { $0 == 0x20 || $0 == 0x09 } ?? false
                    try rules.note(trimmed, hasTrailingBlanks: hasTrailingBlanks)
                }
                try rules.finish(isVersion10: isVersion10)
            } catch {
                isRefused = true
            }
            func values(_ name: String) -> [String] {
                headers.fields.filter { lowered($0.name) == Array(name.utf8) }.map(\.value)
            }
            let lengths = values("content-length")
            let encodings = values("transfer-encoding").map { trimmedFront($0) }
            let hosts = values("host")
            let isClear =
                lengths.count <= 1 && encodings.count <= 1 && (lengths.isEmpty || encodings.isEmpty)
                && lengths.allSatisfy { isLength(trimmed($0)) }
                && encodings.allSatisfy { lowered($0) == Array("chunked".utf8) }
                && (encodings.isEmpty || !isVersion10) && (hosts.count == 1 || hosts.isEmpty && isVersion10)
            law(isRefused == !isClear, "framing was \(isRefused ? "refused" : "taken"): \(lengths) \(encodings) \(hosts.count)")
            guard !isRefused else { continue }
            let wanted: BodyFraming
            if !encodings.isEmpty {
                wanted = .chunked
            } else {
                let length = lengths.first.flatMap { Int(trimmed($0)) } ?? 0
                wanted = length == 0 ? .none : .length(length)
                let clean = HeaderFields(headers.fields.map { .init(name: $0.name, value: trimmed($0.value)) })
                let head = RequestHead(method: .post, path: RequestPath(segments: []), headers: clean)
                law((head.announcedLength ?? 0) == length, "two lengths of one message")
            }
            law(rules.framing == wanted, "another framing")
        }
    }

    private static func isLength(_ text: String) -> Bool {
        (1...18).contains(text.utf8.count) && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }

    private static func lowered(_ text: String) -> [UInt8] {
        text.utf8.map { (0x41...0x5A).contains($0) ? $0 + 0x20 : $0 }
    }

    private static func trimmedFront(_ text: String) -> String {
        String(Substring(text.utf8.drop { $0 == 0x20 || $0 == 0x09 }))
    }

    private static func trimmed(_ text: String) -> String {
        var bytes = Array(trimmedFront(text).utf8)
        while let last = bytes.last, last == 0x20 || last == 0x09 { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }

    // MARK: Addresses

    private static func checkAddresses(_ headers: HeaderFields, _ lines: [String]) {
        guard let proxy = IPAddress("10.0.0.1"), let stranger = IPAddress("192.0.2.1"), let block = AddressRange("10.0.0.0/8")
        else {
            return law(false, "plain addresses are not read")
        }
        let fromProxy = ForwardedAddress.client(of: proxy, headers: headers, trusting: [block])
        checkText(fromProxy)
        let fromStranger = ForwardedAddress.client(of: stranger, headers: headers, trusting: [block])
        law(fromStranger == stranger, "a stranger was believed")
        law(ForwardedAddress.client(of: proxy, headers: headers, trusting: []) == proxy, "nobody was to be believed")
        for line in lines {
            let address = IPAddress(line)
            if let address {
                law(!line.utf8.contains(0), "an address with NUL in it")
                checkText(address)
            }
            guard let range = AddressRange(line) else {
                law(address == nil, "an address that is no range")
                continue
            }
            if let address { law(range.contains(address), "an address outside itself") }
        }
    }

    private static func checkText(_ address: IPAddress) {
        law(IPAddress(address.text) == address, "\(address.text) is another address when it is read again")
    }

    // MARK: Forms

    private static func checkForms(_ headers: HeaderFields) {
        let head = RequestHead(method: .post, path: RequestPath(segments: []), headers: headers)
        _ = head.asksForHTML
        switch head.bodyForm {
        case .unnamed: law(headers.first("Content-Type") == nil, "a form was overlooked")
        case .json:
            let type = (headers.first("Content-Type") ?? "").utf8.prefix { $0 != 0x3B }
            law(trimmed(String(Substring(type))).equalsIgnoringASCIICase("application/json"), "another form is no JSON")
        case .other(let type): law(!type.isSame(as: "application/json"), "JSON under another name")
        }
        if let id = headers.first("X-Request-Id"), RequestIDs.isAcceptable(id) {
            law(id.unicodeScalars.allSatisfy { $0.isASCII && $0.value > 0x2C }, "an identifier that breaks a line of the log")
        }
    }

    private static func checkFields(_ headers: HeaderFields) {
        // Each costs a look at all fields.
        for field in headers.fields.prefix(4) {
            law(headers.all(field.name).contains { $0.isSame(as: field.value) }, "a field is not found")
            var changed = headers
            changed.set(field.name, "x")
            law(changed.all(field.name) == ["x"], "a field was not replaced")
            law(changed.fields.count == headers.fields.count - headers.all(field.name).count + 1, "other fields were replaced")
        }
    }

    private static func same(_ one: [String], _ other: [String]) -> Bool {
        one.count == other.count && zip(one, other).allSatisfy { $0.isSame(as: $1) }
    }
}
