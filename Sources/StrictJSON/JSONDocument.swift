internal import CSimdJSON

/// Which member of an object counts when several have one name. Names are compared byte by byte, after unescaping.
public enum DuplicateMembers: Sendable {
    /// The last, as JavaScript and Python do.
    case takeLast
    /// The first.
    case takeFirst
    /// None: the whole text is refused with `.duplicateMember`.
    case refuse
}

/// How much JSON a text may hold.
public struct JSONLimits: Sendable {
    /// The most bytes of a text, a byte order mark included.
    public var bytesMax: Int
    /// The deepest nesting of objects and arrays; a lone number has depth 0, `[[1]]` has depth 2.
    public var depthMax: Int
    /// The most values and member names. Each costs 16 bytes of memory, where two bytes of text are enough to write one.
    public var nodesMax: Int

    /// - Precondition: `bytesMax` is below 1 GiB, and `depthMax` at most 1,000, because rendering is recursive.
    public init(bytesMax: Int = 4 << 20, depthMax: Int = 64, nodesMax: Int = 400_000) {
        precondition((0...Int(CSIMDJSON_BYTES_MAX)).contains(bytesMax) && (0...1_000).contains(depthMax) && nodesMax >= 0)
        self.bytesMax = bytesMax
        self.depthMax = depthMax
        self.nodesMax = nodesMax
    }

    /// 4 MiB, 64 levels, 400,000 values and names. The largest scan batch of a contract (2,000 events) has about 42,000.
    public static let standard = JSONLimits()
}

/// A JSON text that was checked from its first to its last byte, and the values in it.
///
/// The values are read in place: a `String` comes into being when somebody asks for it. All values of a document keep the
/// document alive, so a value that outlives its request should be copied out or rendered.
public final class JSONDocument: Sendable {
    /// The text with its strings unescaped in place, then padding. Offsets of nodes point into it.
    let bytes: [UInt8]
    let nodes: [csimdjson_node]
    /// Where the first byte behind a byte order mark stands.
    let start: Int

    /// Checks `text` and finds its values.
    ///
    /// RFC 8259 is taken at its word: one value, nothing behind it, no comments, UTF-8 only. A byte order mark in front
    /// is skipped, because the servers whose clients come here skip it too; offsets still count from the first byte.
    /// - Throws: `JSONError`; its order of precedence is: size, UTF-8 and strings anywhere in the text, then whatever is
    ///   wrong first.
    public convenience init(
        parsing text: [UInt8], duplicates: DuplicateMembers, limits: JSONLimits = .standard
    ) throws(JSONError) {
        try self.init(parsing: text.span, duplicates: duplicates, limits: limits)
    }

    /// Checks the UTF-8 of `text` and finds its values; see ``init(parsing:duplicates:limits:)``.
    public init(
        parsing text: Span<UInt8>, duplicates: DuplicateMembers, limits: JSONLimits = .standard
    ) throws(JSONError) {
        guard !text.isEmpty else { throw JSONError(.empty, at: 0) }
        guard text.count <= limits.bytesMax else { throw JSONError(.tooLarge, at: limits.bytesMax) }

        let start = Self.lengthOfByteOrderMark(text)
        var bytes = Self.padded(text)
        let walked = unsafe bytes.withUnsafeMutableBufferPointer { buffer in
            unsafe Self.walk(buffer, start: start, duplicates: duplicates, limits: limits)
        }
        let nodes = try walked.get()
        self.bytes = bytes
        self.nodes = nodes
        self.start = start
    }

    /// The one value that the text is.
    public var root: JSONValue {
        JSONValue(document: self, index: 0)
    }

    private static func lengthOfByteOrderMark(_ text: Span<UInt8>) -> Int {
        text.count >= 3 && text[0] == 0xEF && text[1] == 0xBB && text[2] == 0xBF ? 3 : 0
    }

    private static func padded(_ text: Span<UInt8>) -> [UInt8] {
        let count = text.count
        let padding = Int(CSIMDJSON_PADDING)
        return unsafe [UInt8](unsafeUninitializedCapacity: count + padding) { buffer, initialized in
            let copied = unsafe text.withUnsafeBufferPointer { unsafe buffer.initialize(fromContentsOf: $0) }
            unsafe buffer[copied..<count + padding].initialize(repeating: 0)
            initialized = count + padding
        }
    }

    private static func walk(
        _ buffer: UnsafeMutableBufferPointer<UInt8>, start: Int, duplicates: DuplicateMembers, limits: JSONLimits
    ) -> Result<[csimdjson_node], JSONError> {
        // The padding is never empty, so there is an address.
        let bytes = unsafe buffer.baseAddress! + start
        let count = buffer.count - Int(CSIMDJSON_PADDING) - start
        var tokens: OpaquePointer?
        var tokenCount: UInt32 = 0
        var errorOffset: UInt32 = 0
        func failure(_ status: csimdjson_status) -> JSONError? {
            JSONError.Kind(status).map { JSONError($0, at: start + Int(errorOffset)) }
        }

        let opened = unsafe csimdjson_open(bytes, count, &tokens, &tokenCount, &errorOffset)
        if let error = failure(opened) { return .failure(error) }
        defer { unsafe csimdjson_close(tokens) }

        let nodesMax = min(Int(tokenCount), limits.nodesMax)
        var status = csimdjson_ok
        let nodes = unsafe [csimdjson_node](unsafeUninitializedCapacity: nodesMax) { nodes, initialized in
            var nodeCount: UInt32 = 0
            status = unsafe csimdjson_walk(
                tokens, bytes, count, UInt32(limits.depthMax), csimdjson_duplicates(duplicates), nodes.baseAddress,
                UInt32(nodesMax), &nodeCount, &errorOffset)
            initialized = status == csimdjson_ok ? Int(nodeCount) : 0
        }
        if let error = failure(status) { return .failure(error) }
        return .success(nodes)
    }
}

extension csimdjson_duplicates {
    fileprivate init(_ policy: DuplicateMembers) {
        switch policy {
        case .takeLast: self = csimdjson_take_last
        case .takeFirst: self = csimdjson_take_first
        case .refuse: self = csimdjson_refuse
        }
    }
}

extension JSONError.Kind {
    /// What a status means to the sender of the text, nil for success.
    fileprivate init?(_ status: csimdjson_status) {
        switch status {
        case csimdjson_ok: return nil
        case csimdjson_bad_utf8: self = .invalidUTF8
        case csimdjson_control_character: self = .controlCharacter
        case csimdjson_open_string: self = .unterminatedString
        case csimdjson_bad_escape: self = .invalidEscape
        case csimdjson_lone_surrogate: self = .loneSurrogate
        case csimdjson_bad_number: self = .invalidNumber
        case csimdjson_bad_literal: self = .invalidLiteral
        case csimdjson_unexpected_end: self = .unexpectedEnd
        case csimdjson_unexpected_token: self = .unexpectedToken
        case csimdjson_trailing_content: self = .trailingContent
        case csimdjson_too_deep: self = .tooDeep
        case csimdjson_too_many_nodes: self = .tooManyNodes
        case csimdjson_duplicate_name: self = .duplicateMember
        // Swift itself ends the process when memory runs out; the other status no input can cause.
        case csimdjson_no_memory: fatalError("no memory for the tokens of a JSON text")
        default: fatalError("simdjson gave up on a JSON text (status \(status.rawValue))")
        }
    }
}
