public import AttendanceCore

/// One line of a terminal's log as it was read: who, when by the terminal's clock, and four more fields.
///
/// Six or more fields stand apart by tabs, or, as some firmware has it, by blanks: user number, local time, verification,
/// state, work code, reserved.
public struct TerminalLine: Sendable, Equatable {
    /// The user's number without the blanks it was padded with.
    public let user: WireText
    public let local: LocalTime
    /// How the user was recognised, by a number of the maker's.
    public let verification: UInt8
    /// 0 in, 1 out, 2 out for a break, 3 back from it, 4 overtime in, 5 overtime out; 255 and others say nothing.
    public let state: UInt8
    public let workCode: WireText
    /// Every field as it was sent, padding included.
    public let fields: [String]

    public static let bytesMax = 1_024
    /// How many letters a user number or work code may have.
    public static let fieldMaxScalars = 64

    /// Why a line cannot be read.
    public enum Fault: Error, Sendable, Equatable {
        case overlong
        case notUTF8
        case controlCharacter
        case tooFewFields(found: Int)
        case noUser
        case userTooLong
        case userWithBlanks
        /// It is not of the form `YYYY-MM-DD HH:MM:SS`.
        case malformedTime
        /// It has the form, and no calendar or clock shows it.
        case impossibleTime
        case badVerification
        case badState
        case workCodeTooLong
    }

    /// - Returns: Nil for a line without anything, or with blanks only.
    public init?(_ line: LineReader.Line) throws(Fault) {
        guard case .bytes(let bytes) = line else { throw .overlong }
        guard !bytes.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }) else { return nil }
        guard !bytes.contains(where: { $0 < 0x20 && $0 != UInt8(ascii: "\t") || $0 == 0x7F }) else { throw .controlCharacter }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .notUTF8 }
        // By bytes, not by characters: a combining mark behind a tab must not hide the tab.
        let fields = bytes.contains(UInt8(ascii: "\t")) ? Self.apartByTabs(text) : Self.apartByBlanks(text)
        guard fields.count >= 6 else { throw .tooFewFields(found: fields.count) }
        self.fields = fields

        let user = Self.trimmed(fields[0])
        guard !user.utf8.isEmpty else { throw .noUser }
        guard !user.utf8.contains(UInt8(ascii: " ")) else { throw .userWithBlanks }
        guard user.unicodeScalars.count <= Self.fieldMaxScalars else { throw .userTooLong }
        self.user = WireText(user)
        local = try Self.local(Self.trimmed(fields[1]))
        guard let verification = Self.number(fields[2]) else { throw .badVerification }
        self.verification = verification
        guard let state = Self.number(fields[3]) else { throw .badState }
        self.state = state
        let workCode = Self.trimmed(fields[4])
        guard workCode.unicodeScalars.count <= Self.fieldMaxScalars else { throw .workCodeTooLong }
        self.workCode = WireText(workCode)
    }

    private static func apartByTabs(_ text: String) -> [String] {
        text.utf8.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false).map { String(Substring($0)) }
    }

    /// Date and time, which have a blank between them too, become one field.
    private static func apartByBlanks(_ text: String) -> [String] {
        var words = text.utf8.split(separator: UInt8(ascii: " ")).map { String(Substring($0)) }
        guard words.count >= 3 else { return words }
        words.replaceSubrange(1...2, with: ["\(words[1]) \(words[2])"])
        return words
    }

    private static func trimmed(_ text: String) -> String {
        let front = text.utf8.drop { $0 == UInt8(ascii: " ") }
        guard let last = front.lastIndex(where: { $0 != UInt8(ascii: " ") }) else { return "" }
        return String(Substring(front[...last]))
    }

    private static func number(_ field: String) -> UInt8? {
        let digits = trimmed(field)
        // A sign would be read too.
        guard digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        return UInt8(digits)
    }

    private static func local(_ text: String) throws(Fault) -> LocalTime {
        let bytes = Array(text.utf8)
        let form = Array("0000-00-00 00:00:00".utf8)
        let hasForm =
            bytes.count == form.count
            && zip(bytes, form).allSatisfy { byte, mark in
                mark == UInt8(ascii: "0") ? (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) : byte == mark
            }
        guard hasForm else { throw .malformedTime }
        func number(_ range: Range<Int>) -> Int64 { bytes[range].reduce(0) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) } }
        let local = LocalTime(
            year: number(0..<4), month: number(5..<7), day: number(8..<10), hour: number(11..<13), minute: number(14..<16),
            second: number(17..<19))
        guard let local else { throw .impossibleTime }
        return local
    }
}

extension TerminalLine.Fault: CustomStringConvertible {
    /// A sentence for people. It holds nothing of the line.
    public var description: String {
        switch self {
        case .overlong: "it has more than \(TerminalLine.bytesMax) bytes"
        case .notUTF8: "it is not UTF-8 text"
        case .controlCharacter: "it holds a control character"
        case .tooFewFields(let found): "it has \(found) field\(found == 1 ? "" : "s"), and six were expected"
        case .noUser: "it has no user number"
        case .userTooLong: "its user number has more than \(TerminalLine.fieldMaxScalars) characters"
        case .userWithBlanks: "its user number holds a blank"
        case .malformedTime: "its time is not of the form YYYY-MM-DD HH:MM:SS"
        case .impossibleTime: "its time is none that a calendar and a clock show"
        case .badVerification: "its verification is no number from 0 to 255"
        case .badState: "its state is no number from 0 to 255"
        case .workCodeTooLong: "its work code has more than \(TerminalLine.fieldMaxScalars) characters"
        }
    }
}
