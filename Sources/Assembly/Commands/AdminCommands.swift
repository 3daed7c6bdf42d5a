import AttendanceCore
import StrictJSON

extension Command {
    private static let json = Option("--json", nil, "for programs")
    private static let password = Option(
        "--password", "TEXT", "the password; whoever may list processes sees it. Where left out it is read from standard input")

    static let adminCreate = Command(
        "admin create", "Makes an account that may sign in as an admin, or gives one that there is more contracts.",
        options: [
            Option("--email", "ADDRESS", "what to sign in with"),
            Option("--username", "NAME", "the e-mail where left out"),
            Option("--first-name", "NAME", "nothing where left out"),
            Option("--last-name", "NAME", "nothing where left out"),
            Option("--role", "TEXT", "what clients show as the role; Admin where left out"),
            Option("--for", "CONTRACT", "\(contractNames); all where left out"),
            password, json, Option.tenant,
        ] + Option.common
    ) { invocation in
        let email = try invocation.required("--email")
        let contracts = try invocation.options["--for"].map { name in
            guard let contract = Contract(rawValue: name), contract.hasPasswords else {
                throw Misuse("--for is \"\(name)\": one of these was expected: \(contractNames)")
            }
            return [contract]
        }
        // Before a password is asked for in vain.
        _ = try EmailAddress(parsing: WireText(email))
        return try await withStore(invocation) { _, operations, caller in
            // An account that there is keeps its password, so none is asked for.
            let isKnown = try await operations.hasAccount(email: WireText(email))
            let draft = GrantDraft(
                email: WireText(email), username: WireText(invocation.options["--username"] ?? email),
                password: isKnown ? "" : try newPassword(invocation),
                firstName: WireText(invocation.options["--first-name"] ?? ""),
                lastName: WireText(invocation.options["--last-name"] ?? ""),
                role: WireText(invocation.options["--role"] ?? "Admin"))
            let made: (grants: [Grant], isNewAccount: Bool)
            do {
                made = try await operations.createAdmin(draft, of: contracts ?? Contract.withPasswords, as: caller)
            } catch AttendanceError.accountTaken(let names) {
                throw Failure(
                    names == .username
                        ? "another account has the user name \(Terminal.harmless(draft.username.text))"
                        : "\(Terminal.harmless(email)) is an admin there already; muster admin reset sets a new password")
            }
            if invocation.has("--json") {
                printAdmins(made.grants)
            } else {
                let names = made.grants.map(\.contract.rawValue).joined(separator: ", ")
                Terminal.print(
                    "\(Terminal.harmless(email)) is an admin of \(names)"
                        + (made.isNewAccount ? "" : "; the account was there, and its password stays"))
            }
            return 0
        }
    }

    static let adminReset = Command(
        "admin reset", "Sets a new password, ends what is signed in with the old one, and lets somebody locked out try again.",
        options: [
            Option("--email", "ADDRESS", "whose password"), password,
            Option("--activate", nil, "make the account active again, too"), Option.tenant,
        ] + Option.common
    ) { invocation in
        let email = try invocation.required("--email")
        return try await withStore(invocation) { _, operations, caller in
            let unknown = Failure("no account has the e-mail \(Terminal.harmless(email)); muster admin list shows them")
            guard try await operations.hasAccount(email: WireText(email)) else { throw unknown }
            do {
                try await operations.resetPassword(
                    of: WireText(email), to: try newPassword(invocation), activating: invocation.has("--activate"), as: caller)
            } catch AttendanceError.notFound {
                throw unknown
            }
            Terminal.print("\(Terminal.harmless(email)) has a new password; whoever was signed in has to sign in again")
            return 0
        }
    }

    static let adminList = Command(
        "admin list", "Lists the admins of a tenant, newest first; never their passwords.",
        options: [json, Option.tenant] + Option.common
    ) { invocation in
        try await withStore(invocation) { _, operations, caller in
            let grants = try await operations.grants(as: caller)
            if invocation.has("--json") {
                printAdmins(grants)
                return 0
            }
            Terminal.print(
                grants.isEmpty
                    ? "no admins; muster admin create makes one"
                    : Terminal.table(
                        ["E-MAIL", "USER NAME", "NAME", "CONTRACT", "ROLE", "STATE", "CREATED"],
                        grants.map { grant in
                            [
                                Terminal.harmless(grant.email.text), Terminal.harmless(grant.username.text),
                                Terminal.harmless("\(grant.firstName) \(grant.lastName)"), grant.contract.rawValue,
                                Terminal.harmless(grant.role.text), grant.isActive ? "active" : "inactive",
                                grant.createdAt.millisecondText,
                            ]
                        }))
            return 0
        }
    }

    private static let contractNames = Contract.withPasswords.map(\.rawValue).joined(separator: ", ")

    /// From the option, or asked for twice on a terminal, or a line of what is piped in.
    private static func newPassword(_ invocation: Invocation) throws -> String {
        if let given = invocation.options["--password"] { return given }
        guard let first = Terminal.readSecret("Password: ") else { throw Misuse("no password came on standard input") }
        if Terminal.isInteractive, Terminal.readSecret("Again: ") != first { throw Misuse("the two passwords differ") }
        return first
    }

    private static func printAdmins(_ grants: [Grant]) {
        let bytes = JSONWriter.array { writer in
            for grant in grants {
                writer.object {
                    $0.member("id", grant.id.text)
                    $0.member("email", grant.email.text)
                    $0.member("username", grant.username.text)
                    $0.member("first_name", grant.firstName.text)
                    $0.member("last_name", grant.lastName.text)
                    $0.member("contract", grant.contract.rawValue)
                    $0.member("role", grant.role.text)
                    $0.member("is_active", grant.isActive)
                    $0.member("created_at", grant.createdAt.millisecondText)
                }
            }
        }
        Terminal.print(String(decoding: bytes, as: UTF8.self))
    }
}
