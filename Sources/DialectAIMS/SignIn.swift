import AttendanceCore
import HTTPMessages
import StrictJSON

extension AIMSDialect {
    /// `POST /auth/google`. Source: contract §2.1.
    func signInStaff(_ visit: Visit) async throws(AIMSFailure) -> Response {
        try await signIn(visit, at: .staff)
    }

    /// `POST /auth/google/student`. Source: contract §7.3.
    func signInStudent(_ visit: Visit) async throws(AIMSFailure) -> Response {
        try await signIn(visit, at: .students(isOpen: configuration.isOpenToStudents))
    }

    private func signIn(_ visit: Visit, at door: ClassroomDoor) async throws(AIMSFailure) -> Response {
        var reader = visit.reader
        let token = reader.body().flatMap { reader.required(.init("idToken", or: "id_token"), of: $0, as: .text) }
        try reader.check()
        guard let provider else { throw .signInNotConfigured }
        let identity: ProviderIdentity
        do throws(ProviderFault) {
            identity = try await provider.verify(token?.text ?? "")
        } catch {
            throw AIMSFailure(error)
        }
        do throws(ProviderSignInFault) {
            let signedIn = try await operations.signIn(
                identity, at: door, in: visit.tenant, address: visit.head.clientAddress)
            return Response.json {
                $0.member("token", signedIn.token)
                $0.member("user") {
                    $0.object {
                        $0.member("id", signedIn.grant.id.text)
                        $0.member("email", signedIn.grant.email)
                        $0.member("name", signedIn.profile.name)
                        $0.member("role", signedIn.role.rawValue)
                    }
                }
            }.unkept
        } catch {
            throw AIMSFailure(error)
        }
    }
}
