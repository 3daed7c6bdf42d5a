/// A number exactly as it was written: any length, `1.10`, `-0`, `1e400`.
public struct JSONNumber: Hashable, Sendable {
    /// The number's text in the document.
    public let text: String
    /// Whether it has neither a fraction nor an exponent. `-0` is an integer, `1.0` and `1e3` are not.
    public let isInteger: Bool

    /// The exact value of an integer that fits into 64 bits; nil for a larger one and for whatever is no integer.
    public var int64: Int64? {
        isInteger ? Int64(text) : nil
    }

    /// The nearest binary value, as JavaScript and Python's `float` read it; infinite beyond their range.
    public var double: Double {
        // The grammar of JSON numbers lies within what the initialiser takes, which reads overlarge ones as infinite.
        Double(text) ?? .nan
    }
}
