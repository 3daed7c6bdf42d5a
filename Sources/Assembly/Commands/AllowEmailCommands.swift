import AttendanceCore
import DataFiles
import StrictJSON

extension Command {
    private static let json = Option("--json", nil, "for programs")
    private static let roleNames = ClassroomRole.allCases.map(\.rawValue).joined(separator: ", ")

    static let allowEmailAdd = Command(
        "allow-email add", "Lets an address sign in to AIMS, or changes its role and what is known of it; effective at once.",
        operands: "EMAIL", operandCount: 1...1,
        options: [
            Option("--role", "ROLE", roleNames),
            Option("--name", "NAME", "for somebody whose provider tells no name"),
            Option("--roll-no", "NUMBER", "a student's roll number"),
            Option("--other-email", "EMAIL", "a student's second address, which lets in like the first"),
            Option.tenant,
        ] + Option.common
    ) { invocation in
        let role = try role(try invocation.required("--role"))
        func option(_ name: String) -> WireText? { invocation.options[name].map { WireText($0) } }
        let draft = try AllowedEmailDraft(
            email: WireText(invocation.operands[0]), role: role, otherEmail: option("--other-email"), name: option("--name"),
            rollNumber: option("--roll-no"))
        return try await withStore(invocation) { _, operations, caller in
            _ = try await operations.allowEmails([draft], as: caller)
            Terminal.print("\(Terminal.harmless(draft.email.folded.text)) may sign in as \(role.rawValue)")
            return 0
        }
    }

    static let allowEmailRemove = Command(
        "allow-email remove", "Takes an address off the lists and ends at once whatever is signed in with it.", operands: "EMAIL",
        operandCount: 1...1, options: [Option.tenant] + Option.common
    ) { invocation in
        let email = WireText(invocation.operands[0])
        return try await withStore(invocation) { _, operations, caller in
            let wasKnown = try await operations.denyEmail(email, as: caller)
            Terminal.print(
                "\(Terminal.harmless(email.trimmed.text)) may not sign in any more, whatever roster it is on"
                    + (wasKnown ? "" : "; it was on no list before"))
            return 0
        }
    }

    static let allowEmailList = Command(
        "allow-email list", "Lists the addresses that may sign in to AIMS, and those that were taken off the lists.",
        options: [Option("--role", "ROLE", "only these: \(roleNames)"), json, Option.tenant] + Option.common
    ) { invocation in
        let wanted = try invocation.options["--role"].map(role)
        return try await withStore(invocation) { _, operations, caller in
            let entries = try await operations.allowedEmails(on: wanted?.list, as: caller).filter {
                wanted == nil || $0.role == wanted
            }
            if invocation.has("--json") {
                Terminal.print(String(decoding: JSONWriter.array { $0.items(of: entries) }, as: UTF8.self))
                return 0
            }
            Terminal.print(
                entries.isEmpty
                    ? "nobody may sign in; muster allow-email add lets somebody"
                    : Terminal.table(
                        ["E-MAIL", "OTHER", "ROLE", "NAME", "ROLL NO", "STATE"],
                        entries.map { entry in
                            [
                                Terminal.harmless(entry.email.text), Terminal.harmless(entry.otherEmail?.text ?? ""),
                                entry.role.rawValue, Terminal.harmless(entry.name?.text ?? ""),
                                Terminal.harmless(entry.rollNumber?.text ?? ""), entry.isDenied ? "denied" : "allowed",
                            ]
                        }))
            return 0
        }
    }

    static let allowEmailImport = Command(
        "allow-email import", "Lets all addresses of a CSV file sign in, or none of them where a row is bad.", operands: "FILE",
        operandCount: 1...1,
        options: [
            Option("--role", "ROLE", "for rows that name none: \(roleNames)"),
            Option("--dry-run", nil, "say what is wrong with the file, and change nothing"), Option.tenant,
        ] + Option.common
    ) { invocation in
        let path = invocation.operands[0]
        let role = try invocation.options["--role"].map(role)
        let drafts = try rows(of: path, bytesMax: AllowedEmailRows.bytesMax) { text throws(CSVReader.Fault) in
            try AllowedEmailRows.drafts(text, role: role)
        }
        guard !invocation.has("--dry-run") else {
            Terminal.print("\(drafts.count) rows are good; nothing was changed")
            return 0
        }
        return try await withStore(invocation) { _, operations, caller in
            let count = try await operations.allowEmails(drafts, as: caller)
            Terminal.print("\(count.added) added, \(count.changed) changed, \(count.unchanged) as they were")
            return 0
        }
    }

    static let allowEmailReset = Command(
        "allow-email reset",
        "Lets another account of the identity provider sign in under an address.",
        operands: "EMAIL", operandCount: 1...1, options: [Option.tenant] + Option.common
    ) { invocation in
        let email = WireText(invocation.operands[0])
        return try await withStore(invocation) { _, operations, caller in
            do {
                try await operations.resetIdentity(of: email, as: caller)
            } catch AttendanceError.notFound {
                throw Failure("nobody has signed in with \(Terminal.harmless(email.trimmed.text)) yet")
            }
            Terminal.print("the next account that signs in under \(Terminal.harmless(email.trimmed.text)) is bound to it")
            return 0
        }
    }

    private static func role(_ name: String) throws -> ClassroomRole {
        guard let role = ClassroomRole(rawValue: name) else {
            throw Misuse("--role is \"\(Terminal.harmless(name))\": one of \(roleNames) was expected")
        }
        return role
    }
}

extension JSONWriter {
    fileprivate mutating func items(of entries: [AllowedEmail]) {
        for entry in entries {
            object {
                $0.member("email", entry.email.text)
                $0.member("other_email", entry.otherEmail?.text)
                $0.member("list", entry.list.rawValue)
                $0.member("role", entry.role.rawValue)
                $0.member("name", entry.name?.text)
                $0.member("roll_no", entry.rollNumber?.text)
                $0.member("batch", entry.batch?.text)
                $0.member("department", entry.department?.text)
                $0.member("program", entry.program?.text)
                $0.member("is_denied", entry.isDenied)
                $0.member("created_at", entry.createdAt.millisecondText)
                $0.member("updated_at", entry.updatedAt.millisecondText)
            }
        }
    }
}
