import AttendanceCore
import HTTPMessages
import StrictJSON

extension AIMSDialect {
    /// `GET /users/me`. Source: contract §2.6.
    func showProfile(_ visit: Visit, _ asker: Asker) async throws(AIMSFailure) -> Response {
        let profile = try await ask { () async throws(AttendanceError) in
            try await operations.profile(of: asker.grant.id, in: visit.tenant)
        }
        return Response.json {
            $0.member("id", asker.grant.id.text)
            $0.member("email", asker.grant.email)
            $0.member("name", profile?.name ?? asker.grant.email)
            $0.member("role", asker.classroom.role.rawValue)
            $0.member("department", profile?.department)
            $0.member("employee_id", profile?.employeeCode)
            $0.member("last_login_at", profile?.signedInAt)
            $0.member("created_at", asker.grant.createdAt)
        }.unkept
    }
}
