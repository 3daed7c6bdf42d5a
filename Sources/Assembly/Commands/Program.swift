import AttendanceCore
import FoundationEssentials
import Glibc
import HTTPMessages
import HTTPServer
import SQLStorage

/// The program `muster`: arguments in, exit code out. 0: done, 1: failed, 2: misuse.
public enum Program {
    static let commands: [Command] = [
        .serve, .migrateUp, .migrateDown, .migrateStatus, .migrateHistory, .keyCreate, .keyList, .keyRevoke, .tenantCreate,
        .tenantList, .adminCreate, .adminReset, .adminList, .allowEmailAdd, .allowEmailRemove, .allowEmailList, .allowEmailImport,
        .allowEmailReset, .stations, .audit, .verify, .rebuild, .backup, .backupVerify, .restore, .importTerminalLog,
        .importScans, .importTimeTracker, .importRoster, .exportScans, .explain, .ruleList, .ruleSet, .doctor, .config, .demo,
        .simulate, .probe,
    ]

    /// - Parameters:
    ///   - arguments: The program's name and what followed it.
    ///   - directory: The working directory, where `.env` is looked for.
    public static func run(
        arguments: [String], environment: [String: String], directory: String
    ) async -> Int32 {
        // A client that has gone is an error of one write, not the end of the program.
        signal(SIGPIPE, SIG_IGN)
        do {
            return try await dispatch(arguments, environment, directory)
        } catch let misuse as Misuse {
            Terminal.complain("muster: \(misuse)")
            return 2
        } catch let error as AttendanceError {
            Terminal.complain("muster: \(words(for: error))")
            return 1
        } catch let error as SQLError {
            Terminal.complain("muster: the store failed: \(error.message)" + (error.code.isEmpty ? "" : " (\(error.code))"))
            return 1
        } catch {
            Terminal.complain("muster: \(error)")
            return 1
        }
    }

    private static func dispatch(
        _ arguments: [String], _ environment: [String: String], _ directory: String
    ) async throws -> Int32 {
        let program = arguments.first ?? "muster"
        // What is no UTF-8 has become U+FFFD on the way here, and two names could have become one.
        if let place = arguments.dropFirst().firstIndex(where: { $0.unicodeScalars.contains("\u{FFFD}") }) {
            throw Misuse("argument \(place), \"\(Terminal.harmless(arguments[place]))\", is no UTF-8 text")
        }
        var words = Array(arguments.dropFirst())
        // `muster migrate` alone, or with options only, brings the schema up.
        if words.first == "migrate", words.count == 1 || words[1].hasPrefix("--"), !words.contains("--help") {
            words.insert("up", at: 1)
        }
        switch words.first {
        case nil:
            Terminal.complain(overview)
            return 2
        case "--version", "version":
            Terminal.print("muster \(Version.text)")
            return 0
        case "--help", "-h", "help":
            Terminal.print(overview)
            return 0
        default: break
        }
        let matching = commands.filter { words.starts(with: $0.words) }
        guard let command = matching.max(by: { $0.words.count < $1.words.count }) else {
            let related = commands.filter { $0.words.first == words.first }
            guard !related.isEmpty else { throw Misuse("there is no command \"\(words[0])\"; muster --help lists them") }
            let list = related.map { "  muster " + $0.words.joined(separator: " ") }.joined(separator: "\n")
            if words.contains("--help") || words.contains("-h") {
                Terminal.print(related.map(\.help).joined(separator: "\n\n\n"))
                return 0
            }
            throw Misuse("muster \(words[0]) needs to be told what to do:\n\(list)")
        }
        let rest = Array(words.dropFirst(command.words.count))
        if rest.contains("--help") || rest.contains("-h") {
            let shorter = commands.filter { $0.words.count > command.words.count && $0.words.starts(with: command.words) }
            Terminal.print(([command] + shorter).map(\.help).joined(separator: "\n\n\n"))
            return 0
        }
        let (operands, options) = try takeApart(rest, for: command)
        var flags: [SettingName: String] = [:]
        for (option, setting) in [
            ("--data", SettingName.data), ("--database-url", .databaseURL), ("--log", .log), ("--listen", .listen),
        ] {
            flags[setting] = options[option]
        }
        let file = try readEnvironmentFile(in: directory)
        return try await command.run(
            Invocation(
                program: program, operands: operands, options: options,
                configuration: try Configuration(environment: environment, file: file, flags: flags), environment: environment,
                ambient: .live))
    }

    private static func takeApart(
        _ words: [String], for command: Command
    ) throws -> (operands: [String], options: [String: String]) {
        var operands: [String] = []
        var options: [String: String] = [:]
        var rest = words[...]
        while let word = rest.popFirst() {
            guard word.hasPrefix("--") else {
                operands.append(word)
                continue
            }
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard let option = command.options.first(where: { $0.name == parts[0] }) else {
                throw Misuse("muster \(command.words.joined(separator: " ")) has no option \(parts[0]); --help lists them")
            }
            guard options[option.name] == nil else { throw Misuse("\(option.name) is given twice") }
            if option.value == nil {
                guard parts.count == 1 else { throw Misuse("\(option.name) takes no value") }
                options[option.name] = ""
            } else if parts.count == 2 {
                options[option.name] = parts[1]
            } else if let value = rest.popFirst() {
                options[option.name] = value
            } else {
                throw Misuse("\(option.name) needs a value: \(option.value ?? "")")
            }
        }
        guard command.operandCount.contains(operands.count) else {
            throw Misuse(
                operands.count > command.operandCount.upperBound
                    ? "\"\(operands[command.operandCount.upperBound])\" was not expected; --help shows how it is used"
                    : "muster \(command.words.joined(separator: " ")) needs \(command.operands)")
        }
        return (operands, options)
    }

    private static func readEnvironmentFile(in directory: String) throws -> String? {
        let path = directory + "/.env"
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        guard let bytes = FileManager.default.contents(atPath: path) else { throw Failure(".env cannot be read") }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw Misuse(".env is not UTF-8 text") }
        return text
    }

    private static var overview: String {
        let width = commands.map { $0.words.joined(separator: " ").count }.max() ?? 0
        let lines = commands.map { command in
            let words = command.words.joined(separator: " ")
            return "  muster \(words)" + String(repeating: " ", count: width - words.count + 2) + command.summary
        }
        return """
            muster \(Version.text): an attendance server

            \(lines.joined(separator: "\n"))

            muster COMMAND --help shows a command's options. Settings come from .env, the environment and flags, in this
            order; muster config shows what is in force.
            """
    }

    private static func words(for error: AttendanceError) -> String {
        switch error {
        case .notAuthenticated: "no valid credential"
        case .notPermitted: "not permitted"
        case .notFound(let noun): "there is no such \(noun)"
        case .invalid(let field, let fault):
            switch fault {
            case .empty: "\(field) is empty"
            case .tooLong(let max): "\(field) is longer than \(max) characters"
            case .malformed(let why): "\(field): \(why)"
            case .twice: "\(field) names something twice"
            }
        case .taken(let noun): "this \(noun) exists already"
        case .occupied(let fields): "somebody else has this: \(fields.map(\.rawValue).sorted().joined(separator: ", "))"
        case .notAllowed(let direction, _): "\(direction.rawValue) does not fit the state"
        case .accountTaken(let names):
            names == .email ? "another account has this e-mail" : "another account has this user name"
        case .accountHeldElsewhere: "the account is known to another contract or tenant too"
        case .lastAdmin: "nobody would be left who can sign in"
        case .tooManySignIns(let seconds): "too many attempts to sign in; there may be one in \(seconds) seconds"
        case .unavailable: "the store is busy or out of reach; try again"
        case .unexpected(let incident): "something went wrong; the log says what under incident \(incident.text)"
        }
    }
}
