import AttendanceCore

/// One option a command takes.
struct Option: Sendable {
    let name: String
    /// What stands behind the option in the help; nil for one without a value.
    let value: String?
    let meaning: String

    init(_ name: String, _ value: String? = nil, _ meaning: String) {
        self.name = name
        self.value = value
        self.meaning = meaning
    }

    /// Options of every command that touches the store.
    static let common: [Option] = [
        Option("--data", "FOLDER", "the embedded store's folder (MUSTER_DATA)"),
        Option("--database-url", "URL", "a PostgreSQL address (DATABASE_URL)"),
        Option("--log", "LEVEL", "debug, info, warning, error or off (MUSTER_LOG)"),
    ]
    static let tenant = Option("--tenant", "NAME", "whose data; default where left out")
}

/// One thing the program does.
struct Command: Sendable {
    let words: [String]
    let summary: String
    /// What follows the words in the help: `ID`, or nothing.
    let operands: String
    /// How many operands there may be.
    let operandCount: ClosedRange<Int>
    let options: [Option]
    let run: @Sendable (Invocation) async throws -> Int32

    init(
        _ words: String, _ summary: String, operands: String = "", operandCount: ClosedRange<Int> = 0...0,
        options: [Option] = Option.common, run: @escaping @Sendable (Invocation) async throws -> Int32
    ) {
        self.words = words.split(separator: " ").map(String.init)
        self.summary = summary
        self.operands = operands
        self.operandCount = operandCount
        self.options = options
        self.run = run
    }

    var help: String {
        let usage = (["muster"] + words + (operands.isEmpty ? [] : [operands])).joined(separator: " ")
        let rows = (options + [Option("--help", nil, "show this")]).map { option in
            ["  " + option.name + (option.value.map { " " + $0 } ?? ""), option.meaning]
        }
        let width = rows.map { $0[0].count }.max() ?? 0
        return "\(usage) [options]\n\n\(summary)\n\n"
            + rows.map { $0[0] + String(repeating: " ", count: width - $0[0].count + 2) + $0[1] }.joined(separator: "\n")
    }
}

/// A command with what was written behind it, taken apart.
struct Invocation: Sendable {
    /// As the program was called, for examples in messages.
    let program: String
    let operands: [String]
    let options: [String: String]
    let configuration: Configuration
    /// What programs that a command starts are given.
    let environment: [String: String]
    let ambient: Ambient

    func has(_ option: String) -> Bool { options[option] != nil }

    /// - Throws: ``Misuse`` where the option is missing.
    func required(_ option: String) throws -> String {
        guard let value = options[option], !value.isEmpty else { throw Misuse("\(option) is missing") }
        return value
    }

    /// - Throws: ``Misuse`` for a name no tenant can have.
    var tenantName: TenantName {
        get throws {
            do {
                return try options["--tenant"].map { raw throws(AttendanceError) in try TenantName(parsing: raw) } ?? .default
            } catch {
                throw Misuse("--tenant is \"\(options["--tenant"] ?? "")\": a-z, 0-9 and - were expected, at most 40")
            }
        }
    }

    /// What a log of a command looks like: nothing below warnings, unless it was asked for.
    var log: Log {
        let asked = configuration.values.contains { $0.name == .log && $0.origin != .standard }
        return Log(level: asked ? configuration.logLevel : .warning, now: ambient.now)
    }
}
