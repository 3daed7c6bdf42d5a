import AttendanceCore
import DialectKit
import HTTPMessages

/// Somebody who has shown a token.
struct Asker: Sendable {
    /// What operations on classes are asked as.
    let classroom: ClassroomCaller
    let grant: Grant
}

/// How this contract's clients say who they are: the token that a sign-in gave them, or one that another holder of the secret
/// made. Source: contract §2.5.
struct AIMSCredentials: Sendable {
    let operations: Operations

    /// - Throws: In the contract's words what is wrong with the header, or the token.
    func asker(of head: RequestHead, at site: Site) async throws(AIMSFailure) -> Asker {
        let header = head.headers.first("Authorization") ?? ""
        // As the framework cuts it: at the first blank, and what is behind it counts as it stands.
        let scheme = header.utf8.prefix { $0 != UInt8(ascii: " ") }
        let token = Python.stripped(String(Substring(header.utf8.dropFirst(scheme.count + 1))))
        guard !header.isEmpty, !token.isEmpty else { throw .noToken }
        guard String(Substring(scheme)).equalsIgnoringASCIICase("Bearer") else { throw .otherScheme }
        do throws(BearerFault) {
            let account = try await operations.authenticate(
                bearer: token, for: .aims, in: site.tenant.id, address: head.clientAddress)
            guard let classroom = ClassroomCaller(account) else { throw .userNotFound }
            return Asker(classroom: classroom, grant: account.grant)
        } catch {
            throw AIMSFailure(error)
        }
    }
}

/// Who may use an endpoint, and how everybody else is told so. Source: contract §2.5, §3, §7.
struct Access: Sendable {
    let roles: Set<ClassroomRole>
    private let refusal: String

    static let anybody = Access(roles: Set(ClassroomRole.allCases), refusal: "")
    static let staff = Access(roles: [.teacher, .admin], refusal: "Teacher or admin access required")
    static let admins = Access(roles: [.admin], refusal: "Admin access required")
    static let students = Access(roles: [.student], refusal: "Student access required")
    static let studentsAndAdmins = Access(roles: [.student, .admin], refusal: "Student or admin access required")

    func require(_ role: ClassroomRole) throws(AIMSFailure) {
        guard roles.contains(role) else { throw .forbidden(refusal) }
    }
}
