extension HoursPolicy {
    /// The policy that the rules in force make: off where none of them is set.
    init(_ rules: TimeSheetRules) {
        let close = rules.settings[.provisionalClose]
        let rounding = rules.settings[.rounding]
        self.init(
            close: close.flatMap { Self.close($0.value) }, closeSequence: close?.toldBy ?? 0,
            rounding: rounding.flatMap { Self.rounding($0.value) }, roundingSequence: rounding?.toldBy ?? 0)
    }

    /// The value that turns a rule off again.
    private static let offWord: WireText = "off"

    /// `end` of business hours, or a number of seconds after the punch-in.
    private static func close(_ value: WireText) -> Close? {
        if value == "end" { return .atEndOfBusinessHours }
        guard let seconds = Int64(value.text), 1...86_400 ~= seconds else { return nil }
        return .after(microseconds: seconds * 1_000_000)
    }

    /// `15-nearest`, `5-in-up-out-down`.
    private static func rounding(_ value: WireText) -> Rounding? {
        let parts = value.text.split(separator: "-", maxSplits: 1)
        guard parts.count == 2, let minutes = Int64(parts[0]), let direction = Direction(rawValue: String(parts[1])) else {
            return nil
        }
        return Rounding(minutes: minutes, direction: direction)
    }

    static func accepts(_ value: WireText, for name: RuleName) -> Bool {
        switch name {
        case .rounding: value == offWord || rounding(value) != nil
        case .provisionalClose: value == offWord || close(value) != nil
        case .zone, .carrySeconds: false
        }
    }
}
