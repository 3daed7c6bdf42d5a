/// What a clock on a wall shows, without a date: in whole seconds.
public struct TimeOfDay: Hashable, Comparable, Sendable {
    /// 0 to 86,399.
    public let secondsFromMidnight: Int64

    /// Nil for what no clock shows.
    public init?(secondsFromMidnight: Int64) {
        guard 0..<86_400 ~= secondsFromMidnight else { return nil }
        self.secondsFromMidnight = secondsFromMidnight
    }

    /// Reads `HH:MM` or `HH:MM:SS` in digits of ASCII; nil for anything else. Source: contract aims §7.1, §7.2.
    public init?(parsing text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 5 || bytes.count == 8 else { return nil }
        var parts: [Int64] = []
        for (place, byte) in bytes.enumerated() {
            if place % 3 == 2 {
                guard byte == UInt8(ascii: ":") else { return nil }
                continue
            }
            guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte else { return nil }
            let digit = Int64(byte - UInt8(ascii: "0"))
            if place % 3 == 0 { parts.append(digit) } else { parts[parts.count - 1] = parts[parts.count - 1] * 10 + digit }
        }
        let second = parts.count == 3 ? parts[2] : 0
        guard parts[0] < 24, parts[1] < 60, second < 60 else { return nil }
        secondsFromMidnight = parts[0] * 3_600 + parts[1] * 60 + second
    }

    /// `HH:MM`; seconds are cut.
    public var minuteText: String {
        Self.padded(secondsFromMidnight / 3_600) + ":" + Self.padded(secondsFromMidnight / 60 % 60)
    }

    /// `HH:MM:SS`.
    public var secondText: String {
        minuteText + ":" + Self.padded(secondsFromMidnight % 60)
    }

    private static func padded(_ value: Int64) -> String {
        (value < 10 ? "0" : "") + String(value)
    }

    public static func < (left: TimeOfDay, right: TimeOfDay) -> Bool {
        left.secondsFromMidnight < right.secondsFromMidnight
    }
}
