public import AttendanceCore
import Digests
import HTTPMessages

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
    private let classes: [Plain]
    private let rosterLines: [String: Plain]

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
        classes = fixtures["classes"]?.items ?? []
        rosterLines = Dictionary(
            (fixtures["students"]?.items ?? []).map { ($0["rollNo"]?.text ?? "", $0) }, uniquingKeysWith: { $1 })
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
                claims = Self.claims(of: user, id, now: now)
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
            return Self.signed(claims, with: key)
        }
    }

    private static func claims(of user: User, _ id: String, now: Int64) -> IDTokenClaims {
        var claims = IDTokenClaims(email: user.email, now: now)
        claims.members = [
            ("sub", "\"\(id)\""), ("email", "\"\(user.email)\""), ("role", "\"\(user.role.rawValue)\""), ("iat", "\(now)"),
            ("exp", "\(now + 3_600)"),
        ]
        return claims
    }

    private static func signed(_ claims: IDTokenClaims, with key: String) -> String {
        ForgedToken.shared(header: #"{"alg":"HS256","typ":"JWT"}"#, claims: claims.json, secret: Array(key.utf8))
    }

    /// Makes the classes that the cases expect, with all that hangs on them, by the requests of their owners' apps.
    /// - Parameters:
    ///   - ids: The users' identities, by their variables.
    ///   - send: Asks the server.
    /// - Returns: The classes' identities, by their variables.
    public func makeClasses(
        ids: [String: String], now: Int64, send: (GoldenRequest) async throws -> GoldenAnswer
    ) async throws -> [String: String] {
        var made: [String: String] = [:]
        for one in classes {
            guard let user = users.first(where: { $0.variable == one["owner"]?.text }), let id = ids[user.variable] else {
                throw GoldenProblem(text: "a class of nobody")
            }
            let token = Self.signed(Self.claims(of: user, id, now: now), with: secret)
            func ask(_ method: HTTPMethod, _ target: String, _ body: [String: Plain]) async throws -> Plain {
                let body = Array(Plain.object(body).json.utf8)
                let answer = try await send(
                    GoldenRequest(
                        method: method, target: target,
                        headers: [
                            "Authorization": "Bearer \(token)", "Content-Type": "application/json",
                            "Content-Length": String(body.count),
                        ], body: body))
                guard (200..<300).contains(answer.status) else {
                    throw GoldenProblem(text: "\(method) \(target): \(answer.status) \(answer.text)")
                }
                return try Plain(answer.body)
            }
            func fields(_ names: [String: String], of value: Plain) -> [String: Plain] { names.mapValues { value[$0] ?? .null } }
            let opened = try await ask(
                .post, "/classes",
                fields(
                    [
                        "code": "code", "name": "name", "section": "section", "ltp_pattern": "ltpPattern",
                        "teacher_type": "teacherType", "practical_group": "practicalGroup",
                    ], of: one))
            let place = opened["id"]?.text ?? ""
            for slot in one["schedule"]?.items ?? [] {
                let names = ["day_of_week": "dayOfWeek", "start_time": "start", "end_time": "end"]
                _ = try await ask(.post, "/classes/\(place)/schedules", fields(names, of: slot))
            }
            for moved in one["reschedules"]?.items ?? [] {
                let names = [
                    "original_date": "originalDate", "rescheduled_date": "rescheduledDate",
                    "rescheduled_start_time": "rescheduledStartTime", "rescheduled_end_time": "rescheduledEndTime",
                    "reason": "reason",
                ]
                _ = try await ask(.post, "/classes/\(place)/reschedules", fields(names, of: moved))
            }
            let roster = (one["students"]?.items ?? []).compactMap { $0.text.flatMap { rosterLines[$0] } }
            _ = try await ask(.put, "/classes/\(place)/students", ["students": .array(roster)])
            for session in one["sessions"]?.items ?? [] {
                let opened = try await ask(
                    .post, "/attendance/sessions", ["classId": .text(place), "sessionDate": session["date"] ?? .null])
                let updates = (session["statuses"]?.members ?? [:]).map { rollNumber, mark in
                    Plain.object((mark.members ?? [:]).merging(["rollNo": .text(rollNumber)]) { $1 })
                }
                _ = try await ask(
                    .put, "/attendance/sessions/\(opened["sessionId"]?.text ?? "")/statuses", ["updates": .array(updates)])
            }
            made[one["var"]?.text ?? ""] = place
        }
        return made
    }
}
