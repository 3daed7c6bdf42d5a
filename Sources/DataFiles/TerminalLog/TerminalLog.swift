public import AttendanceCore
import StrictJSON

/// How user numbers are told apart.
public enum NumberRule: String, Sendable, CaseIterable {
    /// `0213` and `213` are two users.
    case asWritten = "as-written"
    /// `0213` and `213` are one user, known as `213`.
    case withoutLeadingZeros = "without-leading-zeros"

    func number(_ user: WireText) -> WireText {
        guard self == .withoutLeadingZeros,
            user.text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return user }
        let digits = user.text.utf8.drop { $0 == UInt8(ascii: "0") }
        return digits.isEmpty ? "0" : WireText(String(Substring(digits)))
    }
}

/// Turns the lines of a terminal's log into punches.
///
/// A punch's reference is made of source, user number, local time, verification, state and work code. So it depends neither on
/// padding, line ends or what stands behind the work code, nor on the rule for directions or the zone: importing again can
/// never count a punch twice.
public struct TerminalLog: Sendable {
    /// How a log is read.
    public struct Settings: Sendable {
        /// What the terminal is called: the punches' station, and the scope of its user numbers.
        public let source: WireText
        /// Where the terminal's clock hung.
        public let zone: ZoneRules
        public let direction: DirectionRule
        public let numbers: NumberRule
        /// The entry that set the zone as a rule; nil where there is none.
        public var zoneRule: Int64?

        public init(source: WireText, zone: ZoneRules, direction: DirectionRule = .state, numbers: NumberRule = .asWritten) {
            self.source = source
            self.zone = zone
            self.direction = direction
            self.numbers = numbers
        }
    }

    public static let sourceMaxScalars = 128

    private let settings: Settings
    private var days: DayBook

    public init(_ settings: Settings) {
        self.init(settings, heldMax: DayBook.heldMax)
    }

    init(_ settings: Settings, heldMax: Int) {
        self.settings = settings
        days = DayBook(settings.direction, heldMax: heldMax)
    }

    /// Takes the next line. Returns the punches that are settled with it: this one, none yet, or earlier ones.
    public mutating func take(_ line: TerminalLine) -> [Claim] {
        days.take(line, of: settings.numbers.number(line.user)).map(claim)
    }

    /// The punches that waited for what might follow.
    public mutating func finish() -> [Claim] {
        days.finish().map(claim)
    }

    private func claim(_ judged: JudgedLine) -> Claim {
        let line = judged.line
        var detail = judged.detail
        let occurredAt = settings.zone.resolve(line.local)
        switch occurredAt {
        case .once: break
        case .skipped: detail.remarks.insert(.clockSkipped)
        case .repeated: detail.remarks.insert(.clockRepeated)
        }
        detail.offsetSeconds = settings.zone.offset(at: occurredAt.instant)
        detail.zoneRule = settings.zoneRule
        let number = settings.numbers.number(line.user)
        return Claim(
            kind: .punch, source: .terminalLog, occurredAt: occurredAt.instant, station: settings.source,
            means: WireText("verification-\(line.verification)"), detail: detail.text,
            personal: PersonalPart(
                identifierKind: .devicePIN, identifier: number, reference: reference(line, number), meta: meta(line)))
    }

    /// The time stands last, because references that end in near numbers lie near each other in the store.
    private func reference(_ line: TerminalLine, _ number: WireText) -> WireText {
        let parts = [
            "punch", settings.source.text, number.text, String(line.verification), String(line.state), line.workCode.text,
            line.local.digits,
        ]
        // No part holds U+001F, so no two lists of parts give one text.
        return WireText(parts.joined(separator: "\u{1F}"))
    }

    /// The fields as they were sent, and what the moment and the direction were made with.
    private func meta(_ line: TerminalLine) -> WireText {
        let bytes = JSONWriter.object {
            $0.member("fields", line.fields)
            $0.member("zone", settings.zone.name.text)
            if settings.direction != .state {
                $0.member("derived") { $0.object { $0.member("direction", settings.direction.rawValue) } }
            }
        }
        return WireText(String(decoding: bytes, as: UTF8.self))
    }
}
