import AttendanceCore
import DialectMuster
import FoundationEssentials
import StrictJSON

/// Commands about hours: where figures come from, and the rules they follow.
extension Command {
    static let explain = Command(
        "explain", "Says where somebody's hours of a day come from: punches, rules, corrections, down to the rounding.",
        operands: "PERSON DATE", operandCount: 2...2,
        options: [Option("--json", nil, "print JSON, as /api/v1 answers"), Option.tenant] + Option.common
    ) { invocation in
        guard let day = CalendarDay(parsing: invocation.operands[1]) else {
            throw Misuse("\"\(Terminal.harmless(invocation.operands[1]))\" is no date such as 2025-07-07")
        }
        let who = invocation.operands[0]
        let name = UUID(text: who).map { SheetName.id($0) } ?? .text(WireText(who))
        return try await withStore(invocation) { _, operations, caller in
            let days: [ExplainedDay]
            do {
                days = try await operations.explainDay(day, of: name, as: caller)
            } catch AttendanceError.notFound {
                throw Failure(
                    """
                    nobody is called "\(Terminal.harmless(who))": a staff code, an e-mail, an id, or a terminal's number such as \
                    213 or Gate:213 was expected
                    """)
            }
            if invocation.has("--json") {
                Terminal.print(String(decoding: days.json, as: UTF8.self))
            } else {
                for (place, day) in days.enumerated() {
                    if place > 0 { Terminal.print("") }
                    Terminal.print(Terminal.harmless(day.owner.title))
                    for line in day.explanation.lines(in: day.zone) { Terminal.print(Terminal.harmless(line)) }
                }
            }
            return 0
        }
    }

    private static let sources: [(name: String, source: EntrySource)] = [
        ("timetracker", .timeTracker), ("terminals", .terminalLog),
    ]
    private static let source = Option("--for", "CONTRACT", "whose hours: timetracker (where left out) or terminals")

    private static func source(_ invocation: Invocation) throws -> EntrySource {
        let name = invocation.options["--for"] ?? "timetracker"
        guard let source = sources.first(where: { $0.name == name })?.source else {
            throw Misuse("--for is \"\(Terminal.harmless(name))\": timetracker or terminals was expected")
        }
        return source
    }

    static let ruleList = Command(
        "rule list", "Lists the rules by which hours are counted, and the entries that set them.",
        options: [source, Option.tenant] + Option.common
    ) { invocation in
        let source = try source(invocation)
        return try await withStore(invocation) { _, operations, caller in
            let rules = try await operations.rules(of: source, in: caller.tenant)
            let rows = RuleName.allCases.map { name in
                let setting = rules.settings[name]
                return [
                    name.rawValue, setting?.value.text ?? rules.builtIn(name, of: source),
                    setting.map { "entry \($0.toldBy)" } ?? "built in",
                ]
            }
            Terminal.print(Terminal.table(["RULE", "VALUE", "SET BY"], rows))
            return 0
        }
    }

    static let ruleSet = Command(
        "rule set", "Sets a rule from now on: zone, carry, rounding or provisional-close. What was counted stays as it is.",
        operands: "RULE VALUE", operandCount: 2...2, options: [source, Option.tenant] + Option.common
    ) { invocation in
        guard let name = RuleName(rawValue: invocation.operands[0]) else {
            let names = RuleName.allCases.map(\.rawValue).joined(separator: ", ")
            throw Misuse("\"\(Terminal.harmless(invocation.operands[0]))\" is none of the rules \(names)")
        }
        let source = try source(invocation)
        return try await withStore(invocation) { _, operations, caller in
            try await operations.setRule(name, to: WireText(invocation.operands[1]), of: source, as: caller)
            return 0
        }
    }
}

extension TimeSheetRules {
    /// What holds where nothing was set.
    fileprivate func builtIn(_ name: RuleName, of source: EntrySource) -> String {
        switch name {
        case .zone: zoneName(of: source).text
        case .carrySeconds: "\(carrySeconds)"
        case .rounding, .provisionalClose: "off"
        }
    }
}
