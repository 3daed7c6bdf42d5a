public import AttendanceCore
public import DialectKit
import FoundationEssentials
public import HTTPMessages
import StrictJSON

/// Muster's own interface: what no contract in the field has. Everything is below `/api/v1` and wants a key with the admin
/// role, as `Authorization: Bearer muster_…`.
///
/// Tokens that a contract gave out open nothing here: each is good for its own contract only.
public struct MusterDialect: Dialect {
    public let name = "muster"
    private let operations: Operations

    public init(operations: Operations) {
        self.operations = operations
    }

    public var prefixes: [String] { ["api/v1"] }

    public var routes: [Route<Endpoint>] {
        [Route(.get, "/api/v1/people/{id}/days/{date}/explain", Endpoint(admit: explain))]
    }

    public func admitUnrouted(_ head: RequestHead, allowed: [HTTPMethod], at site: Site) async -> Admission {
        guard !allowed.isEmpty else { return .answer(MusterFailure.unknownPath.response) }
        var response = MusterFailure.otherMethod.response
        response.headers.append("Allow", allowed.map(\.rawValue).sorted().joined(separator: ", "))
        return .answer(response)
    }

    public func answer(to failure: TransportFailure) -> Response {
        MusterFailure(failure).response
    }

    @Sendable
    private func explain(_ head: RequestHead, _ parameters: [String: String], _ site: Site) async -> Admission {
        do throws(MusterFailure) {
            let caller = try await caller(of: head, at: site)
            guard let id = parameters["id"].flatMap({ UUID(text: $0) }) else { throw .unknownPath }
            guard let day = parameters["date"].flatMap({ CalendarDay(parsing: $0) }) else {
                throw .invalid(field: "date", "a day such as 2025-07-07 was expected")
            }
            let days: [ExplainedDay]
            do throws(AttendanceError) {
                days = try await operations.explainDay(day, of: .id(id), as: caller)
            } catch {
                throw MusterFailure(error)
            }
            return .answer(
                Response(status: 200, headers: ["Content-Type": "application/json"], body: .bytes(days.json)))
        } catch {
            return .answer(error.response)
        }
    }

    private func caller(of head: RequestHead, at site: Site) async throws(MusterFailure) -> Caller {
        guard let credential = head.bearerToken else { throw MusterFailure(.notAuthenticated) }
        do throws(AttendanceError) {
            return try await operations.authenticate(credential, in: site.tenant.id, address: head.clientAddress)
        } catch {
            throw MusterFailure(error)
        }
    }
}
