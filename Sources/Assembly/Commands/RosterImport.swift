import AttendanceCore
import DataFiles

extension Command {
    static let importRoster = Command(
        "import roster", "Adds the students of a CSV file to a class, or none of them where a row is bad.", operands: "FILE",
        operandCount: 1...1,
        options: [
            Option("--class", "CODE", "its code, or CODE/SECTION where there are several sections"),
            Option("--owner", "EMAIL", "whose class it is: somebody who has signed in"),
            Option("--name", "NAME", "opens the class under this name where there is none yet; it needs CODE/SECTION"),
            Option("--dry-run", nil, "say what is wrong with the file, and change nothing"), Option.tenant,
        ] + Option.common
    ) { invocation in
        let path = invocation.operands[0]
        let place = ClassPlace(try invocation.required("--class"))
        let owner = WireText(try invocation.required("--owner"))
        let lines = try rows(of: path, bytesMax: RosterRows.bytesMax) { text throws(CSVReader.Fault) in
            try RosterRows.drafts(text)
        }
        return try await withStore(invocation) { _, operations, caller in
            let owner = try await classOwner(owner, operations, caller)
            let known = try await place.find(among: try await operations.classes(as: owner), of: owner)
            guard !invocation.has("--dry-run") else {
                Terminal.print("\(lines.count) rows are good; nothing was changed")
                return 0
            }
            let id: Identifier<SchoolClass>
            if let known {
                id = known.schoolClass.id
            } else {
                let draft = try place.draft(named: invocation.options["--name"])
                id = try await operations.createClass(draft, as: owner).id
            }
            let before = known?.students.count ?? 0
            let after = try await operations.updateRoster(of: id, lines, as: owner).count
            Terminal.print("\(lines.count) students, \(after - before) of them new in the class, which has \(after) now")
            return 0
        }
    }

    /// The command acts for the owner of the class, by the right of whoever runs it.
    private static func classOwner(
        _ email: WireText, _ operations: Operations, _ caller: Caller
    ) async throws -> ClassroomCaller {
        let grants = try await operations.store.read(in: caller.tenant) { tx throws(AttendanceError) in
            try tx.grants(of: .aims)
        }
        let wanted = email.foldedAddress
        guard let grant = grants.first(where: { $0.email.foldedAddress == wanted }) else {
            throw Failure("nobody has signed in to AIMS as \(Terminal.harmless(email.text)) yet")
        }
        guard let role = ClassroomRole(rawValue: grant.role.text), role != .student else {
            throw Failure("\(Terminal.harmless(email.text)) is no teacher")
        }
        return ClassroomCaller(caller: caller, account: grant.id, role: .teacher, email: grant.email)
    }
}

/// A class as the command line names it.
private struct ClassPlace {
    let code: WireText
    /// Nil where only the code is told.
    let section: WireText?

    init(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        code = WireText(String(parts[0]))
        section = parts.count > 1 ? WireText(String(parts[1])) : nil
    }

    /// - Throws: Where the owner has several sections, and none is told.
    func find(among classes: [ClassRecord], of owner: ClassroomCaller) async throws -> ClassRecord? {
        let found = classes.filter {
            let profile = $0.schoolClass.profile
            return profile.code == code && (section == nil || profile.section == section)
        }
        guard found.count < 2 else {
            let sections = found.map { "\(code)/\($0.schoolClass.profile.section)" }.joined(separator: ", ")
            throw Failure("there are several: \(Terminal.harmless(sections))")
        }
        return found.first
    }

    func draft(named name: String?) throws -> ClassDraft {
        guard let name, let section, !section.isEmpty else {
            throw Failure(
                "the owner has no such class; --name with --class CODE/SECTION opens it")
        }
        return ClassDraft(code: code, name: WireText(name), section: section)
    }
}
