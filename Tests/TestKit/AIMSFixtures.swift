public import AttendanceCore
import Digests

/// What the golden cases of AIMS expect to be there: who may sign in, who has, and tokens made by recipes.
public struct AIMSFixtures: Sendable {
    /// Somebody who has signed in before the first case.
    public struct User: Sendable {
        public let variable: String
        public let email: String
        public let name: String
        public let role: ClassroomRole
    }

    public let secret: String
    public let clientID: String
    public let allowed: [AllowedEmailDraft]
    public let users: [User]
    private let recipes: [String: Plain]

    public init(_ fixtures: Plain) throws {
        func text(_ value: Plain, _ name: String) -> WireText? { value[name]?.text.map { WireText($0) } }
        secret = fixtures["config"]?["JWT_SECRET"]?.text ?? ""
        clientID = fixtures["config"]?["GOOGLE_CLIENT_ID"]?.text ?? ""
        let staff = try (fixtures["allowed_emails"]?.items ?? []).map { entry in
            try AllowedEmailDraft(
                email: text(entry, "email") ?? "", role: Self.role(entry), name: text(entry, "name"))
        }
        let students = try (fixtures["allowed_student_emails"]?.items ?? []).map { entry in
            try AllowedEmailDraft(
                email: text(entry, "email") ?? "", role: .student, otherEmail: text(entry, "dtu_email"),
                name: text(entry, "name"), rollNumber: text(entry, "roll_no"))
        }
        allowed = staff + students
        users = try (fixtures["users"]?.items ?? []).map { user in
            User(
                variable: user["var"]?.text ?? "", email: user["email"]?.text ?? "", name: user["name"]?.text ?? "",
                role: try Self.role(user))
        }
        recipes = (fixtures["tokens"]?.members ?? [:]).filter { $0.value["kind"] != nil }
    }

    private static func role(_ value: Plain) throws -> ClassroomRole {
        guard let role = value["role"]?.text.flatMap(ClassroomRole.init) else { throw GoldenProblem(text: "no role") }
        return role
    }

    /// An ID token of a user.
    public func idToken(of user: User, by provider: ProviderKey, now: Int64) -> String {
        provider.token(claims: IDTokenClaims(email: user.email, name: user.name, now: now, audience: clientID).json)
    }

    /// The tokens that the cases name, by their variables.
    /// - Parameter ids: The users' identities, by their variables.
    public func tokens(ids: [String: String], by provider: ProviderKey, now: Int64) throws -> [String: String] {
        try recipes.mapValues { recipe in
            var claims: IDTokenClaims
            let isOurs = recipe["kind"]?.text == "backend"
            if isOurs {
                let name = recipe["user"]?.text
                guard let user = users.first(where: { $0.variable == name }), let id = ids[user.variable] else {
                    throw GoldenProblem(text: "a token of nobody")
                }
                claims = IDTokenClaims(email: user.email, now: now)
                claims.members = [
                    ("sub", "\"\(id)\""), ("email", "\"\(user.email)\""), ("role", "\"\(user.role.rawValue)\""), ("iat", "\(now)"),
                    ("exp", "\(now + 3_600)"),
                ]
            } else {
                claims = IDTokenClaims(
                    email: recipe["email"]?.text ?? "", name: recipe["name"]?.text ?? "", now: now, audience: clientID)
            }
            for (name, value) in recipe["set"]?.members ?? [:] { claims = claims.setting(name, value.json) }
            for (name, value) in recipe["set_from_now"]?.members ?? [:] {
                claims = claims.setting(name, "\(now + Int64(value.integer ?? 0))")
            }
            for name in recipe["drop"]?.texts ?? [] { claims = claims.dropping(name) }
            guard isOurs else { return provider.token(claims: claims.json) }
            let key = recipe["secret"]?.text == "wrong" ? "another-secret-0123456789abcdefghij" : secret
            return ForgedToken.shared(header: #"{"alg":"HS256","typ":"JWT"}"#, claims: claims.json, secret: Array(key.utf8))
        }
    }
}
