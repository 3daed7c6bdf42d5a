/// What a punch says its person did. The words are stored and hashed: never changed.
public enum PunchDirection: String, Sendable, CaseIterable {
    case `in` = "in"
    case out = "out"
    /// Leaves for a break.
    case breakStart = "break-start"
    /// Is back from a break.
    case breakEnd = "break-end"
    case overtimeIn = "overtime-in"
    case overtimeOut = "overtime-out"
    /// Somebody was there, and nothing says whether they came or went.
    case undefined = "undefined"
}

/// What has to be known of a punch to judge it. The words are stored and hashed: never changed.
public enum PunchRemark: String, Sendable, CaseIterable, Hashable {
    /// The direction is not what the device said: it was worked out from the other punches of the day.
    case derived = "derived"
    /// The device's clock showed a time that the clocks of its place skipped.
    case clockSkipped = "gap"
    /// The device's clock showed a time that the clocks of its place showed twice; the first is taken.
    case clockRepeated = "fold"
    /// It came behind punches of a later day, so no direction could be worked out.
    case unordered = "unordered"
    /// The device gave a state that nobody has told the meaning of.
    case unknownState = "unknown-state"

    /// Whether a human should look at it: everything but a direction that was asked for.
    public var isFlag: Bool { self != .derived }
}

/// The ``Claim/detail`` of a punch: its direction, then its remarks, apart by single blanks, in the order in which
/// ``PunchRemark`` lists them. `in`; `out derived fold`.
public struct PunchDetail: Sendable, Equatable {
    public var direction: PunchDirection
    public var remarks: Set<PunchRemark>

    public init(_ direction: PunchDirection, _ remarks: Set<PunchRemark> = []) {
        self.direction = direction
        self.remarks = remarks
    }

    /// Reads a detail back; nil for what is none.
    public init?(parsing text: WireText) {
        let words = text.text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        guard let direction = PunchDirection(rawValue: words[0]) else { return nil }
        self.init(direction, Set(words.dropFirst().compactMap(PunchRemark.init(rawValue:))))
        guard self.text == text else { return nil }
    }

    public var text: WireText {
        WireText(
            ([direction.rawValue] + PunchRemark.allCases.filter(remarks.contains).map(\.rawValue)).joined(separator: " "))
    }
}
