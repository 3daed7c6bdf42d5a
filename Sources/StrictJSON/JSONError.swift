/// Why a text was refused as JSON, and where.
///
/// It never holds any of the text, so it can be logged and sent to whoever wrote the text.
public struct JSONError: Error, Hashable, Sendable {
    /// What was wrong.
    public enum Kind: Hashable, Sendable {
        /// There is not a single byte. A text of blanks is `.unexpectedEnd`.
        case empty
        /// The text has more than ``JSONLimits/bytesMax`` bytes.
        case tooLarge
        /// Objects and arrays are nested deeper than ``JSONLimits/depthMax``.
        case tooDeep
        /// There are more values and member names than ``JSONLimits/nodesMax``.
        case tooManyNodes
        /// The bytes are not UTF-8. Encoded surrogates and overlong forms are not either.
        case invalidUTF8
        /// A control character stands unescaped in a string.
        case controlCharacter
        /// A string has no closing quote.
        case unterminatedString
        /// A backslash is followed by something that JSON does not know.
        case invalidEscape
        /// `\uD800` to `\uDFFF` outside a pair of a high and a low one: no Unicode scalar, and no UTF-8, stands for it.
        case loneSurrogate
        /// Something begins like a number and is none: `01`, `1.`, `+1`, `-`.
        case invalidNumber
        /// A word other than `true`, `false` and `null`, or a stray character.
        case invalidLiteral
        /// The text ends where a value, a name or a closing bracket was due.
        case unexpectedEnd
        /// A bracket, comma, colon or value stands where another token was due.
        case unexpectedToken
        /// Something other than blanks follows the value.
        case trailingContent
        /// An object names a member twice, and the policy is ``DuplicateMembers/refuse``.
        case duplicateMember
    }

    public let kind: Kind
    /// How many bytes of the text precede the trouble.
    public let offset: Int

    init(_ kind: Kind, at offset: Int) {
        self.kind = kind
        self.offset = offset
    }
}

extension JSONError: CustomStringConvertible {
    /// A sentence for people: `a string has no closing quote (byte 17)`.
    public var description: String {
        "\(sentence) (byte \(offset))"
    }

    private var sentence: String {
        switch kind {
        case .empty: "the text is empty"
        case .tooLarge: "the text is too large"
        case .tooDeep: "objects and arrays are nested too deeply"
        case .tooManyNodes: "there are too many values"
        case .invalidUTF8: "the text is not UTF-8"
        case .controlCharacter: "a control character stands unescaped in a string"
        case .unterminatedString: "a string has no closing quote"
        case .invalidEscape: "a backslash is followed by an unknown escape"
        case .loneSurrogate: "an escape names half of a surrogate pair"
        case .invalidNumber: "a number is misspelt"
        case .invalidLiteral: "there is neither a value nor a bracket"
        case .unexpectedEnd: "the text ends too early"
        case .unexpectedToken: "a value, bracket, comma or colon stands in the wrong place"
        case .trailingContent: "something follows the value"
        case .duplicateMember: "an object names a member twice"
        }
    }
}
