import AttendanceCore
import HTTPMessages
import StrictJSON

extension TimeTrackerDialect {
    /// `POST /api/auth/login/`. Source: contract §3.1.
    func signIn(_ visit: Visit) async throws(TimeTrackerFailure) -> Response {
        var fields = try visit.fields()
        let email = fields.required("email", as: .text())
        let password = fields.required("password", as: .text())
        try fields.check()
        guard let email, let password else { throw .signInRefused }
        do throws(AttendanceError) {
            let signedIn = try await operations.signIn(
                email: email, password: password.text, to: .timeTracker, in: visit.tenant,
                address: visit.head.clientAddress)
            return .json {
                $0.member("refresh", signedIn.refresh)
                $0.member("access", signedIn.access)
            }
        } catch .notAuthenticated {
            throw .signInRefused
        } catch {
            throw TimeTrackerFailure(error)
        }
    }

    /// `POST /api/auth/logout/`: without a token there is nothing to end, and that is well too. Source: contract §3.2.
    func signOut(_ visit: Visit) async throws(TimeTrackerFailure) -> Response {
        if case .admin(_, let token) = visit.asker {
            do throws(TokenFault) {
                try await operations.signOut(
                    accessToken: token, for: .timeTracker, in: visit.tenant, address: visit.head.clientAddress)
            } catch {
                throw TimeTrackerFailure(error)
            }
        }
        return .json { $0.member("message", "Logout successful") }
    }
}
