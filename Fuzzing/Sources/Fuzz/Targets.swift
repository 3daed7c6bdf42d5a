/// What can be fuzzed, by the name that `script/fuzz` is given. A target is a file of its own, a line here, and a folder of
/// seeds; it takes any bytes, and ends the process where a law does not hold.
enum Targets {
    static let all: [(name: String, run: @Sendable (Span<UInt8>) -> Void)] = [
        ("json", JSONTexts.run),
        ("http", RequestHeads.run),
        ("values", Values.run),
        ("batch", Batches.run),
        ("attlog", TerminalLogs.run),
        ("zone", ZoneFiles.run),
    ]

    // Set once, before libFuzzer begins, by the one thread there is.
    nonisolated(unsafe) private static var chosen: @Sendable (Span<UInt8>) -> Void = { _ in }

    static func choose(_ name: String) -> Bool {
        guard let target = all.first(where: { $0.name == name }) else { return false }
        unsafe chosen = target.run
        return true
    }

    static func run(_ input: Span<UInt8>) {
        unsafe chosen(input)
    }
}
