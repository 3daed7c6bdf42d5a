import AttendanceCore

/// Any bytes as a compiled time zone: they are refused, or give rules by which every local time has a moment that leads back to
/// it, unless the clocks skipped it.
enum ZoneFiles {
    static func run(_ input: Span<UInt8>) {
        guard let rules = try? ZoneRules(named: "X", compiled: input.array) else { return }
        for second in stride(from: Int64(-5_000_000_000), to: 6_000_000_000, by: 97_003_331) {
            let local = LocalTime(seconds: second)
            switch rules.resolve(local) {
            case .once(let instant), .repeated(let instant):
                let offset = rules.offset(at: instant)
                law(instant.microseconds == (second - offset) * 1_000_000, "a moment that leads to another time")
            case .skipped(let instant):
                law(instant.microseconds != .min, "a moment that is none")
            }
        }
    }
}
