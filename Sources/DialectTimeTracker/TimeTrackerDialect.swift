public import AttendanceCore
public import DialectKit
public import HTTPMessages
public import Spreadsheets
import StrictJSON

/// The wire contract of Time Tracker: a punch clock in the browser, and the pages of those who look after it.
///
/// Source of every shape and status: docs/dialects/timetracker.md.
public struct TimeTrackerDialect: Dialect {
    public let name = "timetracker"
    public let prefixes = ["api/auth", "api/employees", "api/timetracking", "api/reports"]

    let operations: Operations
    let configuration: TimeTrackerConfiguration
    let workbooks: WorkbookPlaces
    private let gate: Gate

    /// - Parameter workbooks: Where exports are made.
    public init(operations: Operations, configuration: TimeTrackerConfiguration, workbooks: WorkbookPlaces) {
        self.operations = operations
        self.workbooks = workbooks
        self.configuration = configuration
        gate = Gate(
            credentials: TimeTrackerCredentials(operations: operations), configuration: configuration,
            crossOrigin: CrossOriginPolicy(
                origins: configuration.allowedOrigins, methods: ["DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT"],
                requestHeaders: [
                    "accept", "authorization", "content-type", "user-agent", "x-csrftoken", "x-requested-with",
                ],
                maxAgeSeconds: 86_400))
    }

    public var crossOrigin: CrossOriginPolicy? { gate.crossOrigin }

    public var routes: [Route<Endpoint>] {
        gate.routes(resources)
    }

    var resources: [Resource] {
        accounts + employees + businessHours + clock + entries + sessions + reports
    }

    private var accounts: [Resource] {
        [
            Resource("/api/auth/", "Api Root", .get(index(["admin-users"]))),
            Resource(
                "/api/auth/login/", "Login",
                .init(method: .post, answer: signIn, takesBody: true, looksAtToken: false)),
            Resource("/api/auth/logout/", "Logout", .act(signOut)),
            Resource("/api/auth/admin-users/", "Admin User List", .get(listAdmins), .post(createAdmin)),
            Resource(
                "/api/auth/admin-users/{id}/", "Admin User Instance", .get(showAdmin),
                .put { visit throws(TimeTrackerFailure) in try await changeAdmin(visit, isPartial: false) },
                .patch { visit throws(TimeTrackerFailure) in try await changeAdmin(visit, isPartial: true) },
                .delete(deleteAdmin)),
            Resource("/api/auth/admin-users/{id}/toggle_status/", "Toggle Status", .act(toggleAdmin)),
        ]
    }

    private var employees: [Resource] {
        [
            Resource("/api/employees/", "Employee List", .get(listEmployees), .post(createEmployee)),
            Resource("/api/employees/by_email/", "By Email", isWordAmongIDs: true, .get(findEmployee)),
            Resource("/api/employees/departments/", "Departments", isWordAmongIDs: true, .get(listDepartments)),
            Resource(
                "/api/employees/{id}/", "Employee Instance", .get(showEmployee),
                .put { visit throws(TimeTrackerFailure) in try await changeEmployee(visit, isPartial: false) },
                .patch { visit throws(TimeTrackerFailure) in try await changeEmployee(visit, isPartial: true) },
                .delete(deleteEmployee)),
            Resource("/api/employees/{id}/toggle_status/", "Toggle Status", .act(toggleEmployee)),
        ]
    }

    private var businessHours: [Resource] {
        [
            Resource(
                "/api/employees/business-hours/", "Business Hours List", isWordAmongIDs: true, .get(listBusinessHours),
                .post(createBusinessHours)),
            Resource(
                "/api/employees/business-hours/current/", "Current", isWordAmongIDs: true, .get(showCurrentBusinessHours)),
            Resource(
                "/api/employees/business-hours/{id}/", "Business Hours Instance", .get(showBusinessHours),
                .put { visit throws(TimeTrackerFailure) in try await changeBusinessHours(visit, isPartial: false) },
                .patch { visit throws(TimeTrackerFailure) in try await changeBusinessHours(visit, isPartial: true) },
                .delete(removeBusinessHours)),
            Resource("/api/employees/business-hours/{id}/activate/", "Activate", .act(activateBusinessHours)),
        ]
    }

    private var clock: [Resource] {
        [
            Resource("/api/timetracking/", "Api Root", .get(index(["entries", "sessions"]))),
            Resource("/api/timetracking/punch/", "Punch", .get(askForEmployee), .post(punch)),
            Resource("/api/timetracking/status/{id}/", "Status", .get(tellStatus)),
        ]
    }

    private var entries: [Resource] {
        [
            Resource("/api/timetracking/entries/", "Time Entry List", .get(listEntries), .post(createEntry)),
            Resource("/api/timetracking/entries/recent/", "Recent", isWordAmongIDs: true, .get(listRecentEntries)),
            Resource("/api/timetracking/entries/today/", "Today", isWordAmongIDs: true, .get(listEntriesOfToday)),
            Resource(
                "/api/timetracking/entries/{id}/", "Time Entry Instance", .get(showEntry),
                .put { visit throws(TimeTrackerFailure) in try await changeEntry(visit, isPartial: false) },
                .patch { visit throws(TimeTrackerFailure) in try await changeEntry(visit, isPartial: true) },
                .delete(deleteEntry)),
        ]
    }

    private var sessions: [Resource] {
        [
            Resource("/api/timetracking/sessions/", "Work Session List", .get(listSessions), .post(createSession)),
            Resource("/api/timetracking/sessions/generate/", "Generate", isWordAmongIDs: true, .post(generateSessions)),
            Resource(
                "/api/timetracking/sessions/{id}/", "Work Session Instance", .get(showSession),
                .put { visit throws(TimeTrackerFailure) in try await changeSession(visit, isPartial: false) },
                .patch { visit throws(TimeTrackerFailure) in try await changeSession(visit, isPartial: true) },
                .delete(deleteSession)),
            Resource("/api/timetracking/sessions/{id}/edit/", "Edit", .put(editSession)),
        ]
    }

    private var reports: [Resource] {
        [
            Resource("/api/reports/overview/", "Overview", .get(tellOverview)),
            Resource("/api/reports/employees/", "Employees", .get(tellHoursByEmployee)),
            Resource("/api/reports/daily/", "Daily", .get(tellHoursByDay)),
            Resource("/api/reports/export/csv/", "Export Csv", .post(exportTimesheet)),
            Resource("/api/reports/export/xlsx/", "Export Xlsx", .post(exportWorkbook)),
        ]
    }

    public func admitUnrouted(_ head: RequestHead, allowed: [HTTPMethod], at site: Site) async -> Admission {
        .answer(await gate.unrouted(head, allowed: allowed, at: site))
    }

    public func answer(to failure: TransportFailure) -> Response {
        gate.finished(TimeTrackerFailure(failure).response, nil, allow: nil)
    }

    /// Asks an operation, and gives what it throws the contract's form.
    func ask<Result>(
        _ form: FailureForm = .general, _ operation: () async throws(AttendanceError) -> Result
    ) async throws(TimeTrackerFailure) -> Result {
        do throws(AttendanceError) {
            return try await operation()
        } catch {
            throw TimeTrackerFailure(error, in: form)
        }
    }

    /// The addresses of what lies below a path. Source: contract §2.1.
    private func index(_ names: [String]) -> Resource.Answer {
        { (visit: Visit) async throws(TimeTrackerFailure) -> Response in
            // Only a proxy that is trusted can tell how the client reached it.
            let forwarded = visit.head.isAddressForwarded ? visit.head.headers.first("X-Forwarded-Proto") : nil
            let scheme = forwarded?.equalsIgnoringASCIICase("https") == true ? "https" : "http"
            let host = visit.head.headers.first("Host") ?? "localhost"
            let path = visit.head.path.segments.filter { !$0.isEmpty }.joined(separator: "/")
            return .json { writer in
                for name in names { writer.member(named: name, "\(scheme)://\(host)/\(path)/\(name)/") }
            }
        }
    }
}
