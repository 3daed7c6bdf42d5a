/// Writes JSON into bytes, in the order in which it is told: members keep their order and numbers their spelling.
///
/// ```swift
/// JSONWriter.object {
///     $0.member("saved", saved)
///     $0.member("stations") { $0.array(of: stations) { $0.value($1.name) } }
/// }
/// ```
///
/// Commas are its business. That every member has one value, and that there is one value in all, is the caller's. Text is
/// escaped as little as RFC 8259 allows, and always in the same way: quote, backslash, and control characters, those with
/// the short forms `\b \t \n \f \r` where there is one. U+2028, U+2029 and all else stay as they are.
public struct JSONWriter: Sendable {
    /// What has been written and not been taken.
    public private(set) var bytes: [UInt8] = []
    /// One flag is enough for any depth: a container has begun (false) or a value precedes (true).
    private var needsComma = false

    public init(reservingCapacity capacity: Int = 0) {
        bytes.reserveCapacity(capacity)
    }

    /// Hands over what has been written so far, for an answer that is sent in pieces; writing goes on where it was.
    public mutating func take() -> [UInt8] {
        var taken: [UInt8] = []
        // The next piece will be about as long.
        taken.reserveCapacity(bytes.capacity)
        swap(&taken, &bytes)
        return taken
    }

    // MARK: Whole answers

    /// The bytes of an object with the members that `members` writes.
    public static func object<Failure>(
        _ members: (inout JSONWriter) throws(Failure) -> Void
    ) throws(Failure) -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: 256)
        try writer.object(members)
        return writer.bytes
    }

    /// The bytes of an array with the items that `items` writes.
    public static func array<Failure>(
        _ items: (inout JSONWriter) throws(Failure) -> Void
    ) throws(Failure) -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: 256)
        try writer.array(items)
        return writer.bytes
    }

    // MARK: Containers

    /// An object with the members that `members` writes.
    public mutating func object<Failure>(_ members: (inout JSONWriter) throws(Failure) -> Void) throws(Failure) {
        beginObject()
        try members(&self)
        endObject()
    }

    /// An array with the items that `items` writes.
    public mutating func array<Failure>(_ items: (inout JSONWriter) throws(Failure) -> Void) throws(Failure) {
        beginArray()
        try items(&self)
        endArray()
    }

    /// An array with one item for each element, written by `item`.
    public mutating func array<Elements: Sequence, Failure>(
        of elements: Elements, _ item: (inout JSONWriter, Elements.Element) throws(Failure) -> Void
    ) throws(Failure) {
        beginArray()
        for element in elements { try item(&self, element) }
        endArray()
    }

    /// Begins an object that ``endObject()`` ends, for one that outlasts a closure.
    public mutating func beginObject() {
        separate()
        bytes.append(UInt8(ascii: "{"))
        needsComma = false
    }

    public mutating func endObject() {
        bytes.append(UInt8(ascii: "}"))
        needsComma = true
    }

    /// Begins an array that ``endArray()`` ends, for one that outlasts a closure.
    public mutating func beginArray() {
        separate()
        bytes.append(UInt8(ascii: "["))
        needsComma = false
    }

    public mutating func endArray() {
        bytes.append(UInt8(ascii: "]"))
        needsComma = true
    }

    // MARK: Members

    /// A member of the object that is being written. A nil value is written as `null`.
    /// - Parameter name: Needs no escape, as names in the program's text do not; others go to ``member(named:_:)``.
    public mutating func member(_ name: StaticString, _ value: some JSONWritable) {
        self.name(name)
        value.write(to: &self)
    }

    /// A member whose value is what `value` writes.
    public mutating func member<Failure>(
        _ name: StaticString, _ value: (inout JSONWriter) throws(Failure) -> Void
    ) throws(Failure) {
        self.name(name)
        try value(&self)
    }

    /// A member whose name is not known before the program runs.
    public mutating func member(named name: String, _ value: some JSONWritable) {
        self.name(name)
        value.write(to: &self)
    }

    /// A member whose name is not known before the program runs and whose value is what `value` writes.
    public mutating func member<Failure>(
        named name: String, _ value: (inout JSONWriter) throws(Failure) -> Void
    ) throws(Failure) {
        self.name(name)
        try value(&self)
    }

    private mutating func name(_ name: StaticString) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        name.withUTF8Buffer { text in
            assert(unsafe text.allSatisfy { !Self.needsEscape($0) }, "a member name in the program needs an escape")
            unsafe bytes.append(contentsOf: text)
        }
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    private mutating func name(_ name: String) {
        self.name(name.utf8Span.span)
    }

    /// A name, after which its value is due.
    mutating func name(_ name: Span<UInt8>) {
        separate()
        appendQuoted(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    // MARK: Values

    /// An item of an array, the value of a member, or the whole text.
    public mutating func value(_ value: some JSONWritable) {
        value.write(to: &self)
    }

    public mutating func null() {
        separate()
        bytes.append(contentsOf: [0x6E, 0x75, 0x6C, 0x6C])
        needsComma = true
    }

    public mutating func boolean(_ value: Bool) {
        separate()
        if value {
            bytes.append(contentsOf: [0x74, 0x72, 0x75, 0x65])
        } else {
            bytes.append(contentsOf: [0x66, 0x61, 0x6C, 0x73, 0x65])
        }
        needsComma = true
    }

    public mutating func integer(_ value: Int64) {
        separate()
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        var rest = value.magnitude
        var digits = 1
        var limit: UInt64 = 10
        while digits < 19, rest >= limit {
            digits += 1
            limit &*= 10
        }
        bytes.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: digits))
        var at = bytes.count
        while rest > 0 {
            at -= 1
            bytes[at] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        needsComma = true
    }

    /// A number that the caller has spelled, such as `7.50`.
    /// - Parameter spelling: A number by RFC 8259; it is not looked at.
    public mutating func number(spelled spelling: String) {
        separate()
        bytes.append(contentsOf: spelling.utf8)
        needsComma = true
    }

    public mutating func string(_ value: String) {
        string(value.utf8Span.span)
    }

    /// A string whose UTF-8 is `value`.
    mutating func string(_ value: Span<UInt8>) {
        separate()
        appendQuoted(value)
        needsComma = true
    }

    /// A string whose text `append` puts behind the bytes it is given.
    /// - Parameter append: Adds UTF-8 that needs no escape, such as digits.
    public mutating func string(appendedBy append: (inout [UInt8]) -> Void) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        append(&bytes)
        bytes.append(UInt8(ascii: "\""))
        needsComma = true
    }

    /// Any JSON that is already bytes. It is not looked at.
    public mutating func json(_ value: [UInt8]) {
        separate()
        bytes.append(contentsOf: value)
        needsComma = true
    }

    // MARK: Bytes

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
    }

    private mutating func appendQuoted(_ text: Span<UInt8>) {
        bytes.append(UInt8(ascii: "\""))
        var copied = 0
        for i in text.indices where Self.needsEscape(text[i]) {
            append(text.extracting(copied..<i))
            appendEscape(text[i])
            copied = i + 1
        }
        append(text.extracting(copied...))
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func append(_ text: Span<UInt8>) {
        unsafe text.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
    }

    private static func needsEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private mutating func appendEscape(_ byte: UInt8) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case 0x08: bytes.append(UInt8(ascii: "b"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0C: bytes.append(UInt8(ascii: "f"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        case 0..<0x20:
            let digit = byte & 0xF
            let high = byte < 0x10 ? UInt8(ascii: "0") : UInt8(ascii: "1")
            let low = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
            bytes.append(contentsOf: [UInt8(ascii: "u"), UInt8(ascii: "0"), UInt8(ascii: "0"), high, low])
        default: bytes.append(byte)
        }
    }
}
