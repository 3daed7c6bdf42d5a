import AttendanceCore
public import DialectKit
import HTTPMessages

/// What the API reference tells. Source of every shape and status: docs/dialects/timetracker.md.
extension TimeTrackerDialect {
    public var chapter: ReferenceChapter {
        ReferenceChapter(
            title: "Time Tracker",
            "Employees, their punches and hours. Times are in UTC; days are those of the business's zone; hours and minutes are "
                + "texts with two decimals. Every path is answered without its closing slash too.",
            endpoints: accountEndpoints + employeeEndpoints + hoursEndpoints + clockEndpoints + entryEndpoints + sessionEndpoints
                + reportEndpoints,
            unlisted: unlisted)
    }

    /// Twins without the closing slash, what the framework tells of each path, and methods that a word among identities has
    /// not and its neighbour has.
    private var unlisted: [UnlistedRoute] {
        let refused = resources.filter(\.isWordAmongIDs).flatMap { resource in
            [.get, .post, .put, .patch, .delete].filter { !resource.allowed.contains($0) }.map { "\($0) \(resource.pattern)" }
        }
        return routes.filter { route in
            !route.pattern.hasSuffix("/") || route.method == .options || refused.contains("\(route.method) \(route.pattern)")
        }.map { UnlistedRoute($0.method, $0.pattern) }
    }

    private var accountEndpoints: [EndpointDescription] {
        let list = "/api/auth/admin-users/"
        let one = "/api/auth/admin-users/{id}/"
        let tokens = JSONSchema.object([.required("refresh", .text), .required("access", .text)])
        return [
            Told.endpoint(.get, "/api/auth/", "Tell what lies below", answers: [200: Told.index(["admin-users"])]),
            Told.endpoint(
                .post, "/api/auth/login/", "Sign in", "The access token opens what is closed: `Authorization: Bearer …`.",
                body: [.required("email", .text), .required("password", .text)],
                answers: [
                    200: .json("Two tokens.", tokens),
                    429: .json("Too many attempts; `Retry-After` says for how long.", Shape.detail),
                ]),
            Told.endpoint(
                .post, "/api/auth/logout/", "Sign out", "The token that is sent opens nothing from here on.",
                answers: [200: .json("Done.", Shape.message)]),
            Told.endpoint(
                .get, list, "List the admins",
                "Newest first. The clock's page reads it before anybody signs in; an operator can hide it from others.",
                query: [.query("search", .text, "A part of a name, an e-mail or a role.")],
                answers: [200: .json("The admins.", .list(of: Shape.admin))]),
            Told.endpoint(
                .post, list, "Make an admin", body: Shape.adminFields(isNew: true), answers: [201: .json("Made.", Shape.admin)]),
            Told.endpoint(.get, one, "Show an admin", answers: [200: .json("The admin.", Shape.admin)]),
            Told.endpoint(
                .put, one, "Change an admin", "Without a password the present one stays.", body: Shape.adminFields(isNew: false),
                answers: [200: .json("Changed.", Shape.admin)]),
            Told.endpoint(
                .patch, one, "Change some of an admin", body: Told.partial(Shape.adminFields(isNew: false)),
                answers: [200: .json("Changed.", Shape.admin)]),
            Told.endpoint(
                .delete, one, "Delete an admin", "The last active one stays.", answers: [200: .json("Deleted.", Shape.message)]),
            Told.endpoint(
                .post, one + "toggle_status/", "Let an admin in, or keep them out", answers: [200: .json("Done.", Shape.toggled)]),
        ]
    }

    private var employeeEndpoints: [EndpointDescription] {
        let list = "/api/employees/"
        let one = "/api/employees/{id}/"
        return [
            Told.endpoint(
                .get, list, "List the employees", "By name.",
                query: [
                    .query("search", .text, "A part of the name, code, e-mail, department or position."),
                    .query("department", .text, "Exactly this department."),
                    .query("is_active", .text, "`true`, or anything else for those who are not."),
                ], answers: [200: .json("The employees.", .list(of: Shape.employee))]),
            Told.endpoint(
                .post, list, "Add an employee", body: Shape.employeeFields, answers: [201: .json("Added.", Shape.employee)]),
            Told.endpoint(
                .get, list + "by_email/", "Find an active employee by e-mail",
                query: [.query("email", .text(min: 1), isRequired: true, "In any letter case.")],
                answers: [200: .json("The employee.", Shape.employee), 404: Told.notFound]),
            Told.endpoint(.get, list + "departments/", "List the departments", answers: [200: .json("By name.", .list(of: .text))]),
            Told.endpoint(.get, one, "Show an employee", answers: [200: .json("The employee.", Shape.employee)]),
            Told.endpoint(
                .put, one, "Change an employee", body: Shape.employeeFields, answers: [200: .json("Changed.", Shape.employee)]),
            Told.endpoint(
                .patch, one, "Change some of an employee", body: Told.partial(Shape.employeeFields),
                answers: [200: .json("Changed.", Shape.employee)]),
            Told.endpoint(
                .delete, one, "Delete an employee", "Lists and reports have the employee no more; the ledger keeps what happened.",
                answers: [204: .empty("Deleted.")]),
            Told.endpoint(
                .post, one + "toggle_status/", "Let an employee punch, or not", answers: [200: .json("Done.", Shape.toggled)]),
        ]
    }

    private var hoursEndpoints: [EndpointDescription] {
        let list = "/api/employees/business-hours/"
        let one = "/api/employees/business-hours/{id}/"
        return [
            Told.endpoint(
                .get, list, "List business hours", "Newest first.", answers: [200: .json("All.", .list(of: Shape.hours))]),
            Told.endpoint(
                .post, list, "Add business hours", "Active ones replace those that were.", body: Shape.hoursFields,
                answers: [201: .json("Added.", Shape.hours)]),
            Told.endpoint(
                .get, list + "current/", "Show the hours in force",
                answers: [
                    200: .json(
                        "Where none are in force, what a form may show instead, without an id; nobody is judged by it.",
                        .either([
                            Shape.hours,
                            .object([
                                .required("start_time", Shape.timeOfDay), .required("end_time", Shape.timeOfDay),
                                .required("break_duration", .count), .required("late_threshold", .count),
                            ]),
                        ]))
                ]),
            Told.endpoint(.get, one, "Show business hours", answers: [200: .json("They.", Shape.hours)]),
            Told.endpoint(
                .put, one, "Change business hours", body: Shape.hoursFields, answers: [200: .json("Changed.", Shape.hours)]),
            Told.endpoint(
                .patch, one, "Change some of business hours", body: Told.partial(Shape.hoursFields),
                answers: [200: .json("Changed.", Shape.hours)]),
            Told.endpoint(.delete, one, "Delete business hours", answers: [204: .empty("Deleted.")]),
            Told.endpoint(
                .post, one + "activate/", "Put business hours in force",
                answers: [200: .json("In force.", .object([.required("message", .text), .required("data", Shape.hours)]))]),
        ]
    }

    private var clockEndpoints: [EndpointDescription] {
        [
            Told.endpoint(.get, "/api/timetracking/", "Tell what lies below", answers: [200: Told.index(["entries", "sessions"])]),
            Told.endpoint(
                .post, "/api/timetracking/punch/", "Punch",
                "Refused where the state at that moment does not allow it. Without a timestamp it is the server's time.",
                body: Shape.punchFields,
                answers: [201: .json("Stored.", .object([.required("message", .text), .required("data", Shape.entry)]))]),
            Told.endpoint(.get, "/api/timetracking/punch/", "Be told that an employee is missing", answers: [:]),
            Told.endpoint(
                .get, "/api/timetracking/status/{id}/", "Tell what an employee can do now",
                answers: [
                    200: .json(
                        "The state.",
                        .object([
                            .required("can_punch_in", .boolean), .required("can_punch_out", .boolean),
                            .required("can_start_break", .boolean), .required("can_end_break", .boolean),
                            .required("current_status", .words(["not_started", "working", "on_break", "finished"])),
                            .required("last_action", Shape.entry.orNull),
                        ]))
                ]),
        ]
    }

    private var entryEndpoints: [EndpointDescription] {
        let list = "/api/timetracking/entries/"
        let one = "/api/timetracking/entries/{id}/"
        let found: [Int: AnswerDescription] = [200: .json("The entries.", .list(of: Shape.entry))]
        let query = Told.rangeQuery + [.query("type", .text, "One of the four types; for another one there are none.")]
        return [
            Told.endpoint(.get, list, "List entries", "Newest first.", query: query, answers: found),
            Told.endpoint(
                .post, list, "Add an entry by hand", body: Shape.entryFields, answers: [201: .json("Added.", Shape.entry)]),
            Told.endpoint(
                .get, list + "recent/", "List the newest entries", "At most \(Self.recentEntriesMax).", query: query, answers: found
            ),
            Told.endpoint(.get, list + "today/", "List the entries of today", query: query, answers: found),
            Told.endpoint(.get, one, "Show an entry", answers: [200: .json("The entry.", Shape.entry)]),
            Told.endpoint(.put, one, "Correct an entry", body: Shape.entryFields, answers: [200: .json("Corrected.", Shape.entry)]),
            Told.endpoint(
                .patch, one, "Correct some of an entry", body: Told.partial(Shape.entryFields),
                answers: [200: .json("Corrected.", Shape.entry)]),
            Told.endpoint(.delete, one, "Void an entry", answers: [204: .empty("It counts no more.")]),
        ]
    }

    private var sessionEndpoints: [EndpointDescription] {
        let list = "/api/timetracking/sessions/"
        let one = "/api/timetracking/sessions/{id}/"
        return [
            Told.endpoint(
                .get, list, "List work sessions", "Newest day first, then by name.", query: Told.rangeQuery,
                answers: [200: .json("The sessions.", .list(of: Shape.session))]),
            Told.endpoint(
                .post, list, "Lay down a session", "Its figures are what is sent, whatever the entries say.",
                body: Shape.sessionFields, answers: [201: .json("Laid down.", Shape.session)]),
            Told.endpoint(
                .post, list + "generate/", "Count the sessions of some days",
                "Nothing needs to be worked out anew; what the original's clients read is the count.",
                body: [.required("start_date", .day), .required("end_date", .day)],
                answers: [200: .json("So many.", .object([.required("message", .text), .required("sessions_count", .count)]))]),
            Told.endpoint(.get, one, "Show a session", answers: [200: .json("The session.", Shape.session)]),
            Told.endpoint(
                .put, one, "Change a session", "Not its employee and its date.", body: Shape.sessionFields,
                answers: [200: .json("Changed.", Shape.session)]),
            Told.endpoint(
                .patch, one, "Change some of a session", body: Told.partial(Shape.sessionFields),
                answers: [200: .json("Changed.", Shape.session)]),
            Told.endpoint(.delete, one, "Void a session", answers: [204: .empty("It is gone.")]),
            Told.endpoint(
                .put, one + "edit/", "Say when somebody came and went", "At most 24 hours. Later punches do not undo it.",
                body: [
                    .required("punch_in", Shape.moment), .required("punch_out", Shape.moment), .optional("note", .text.orNull),
                ], answers: [200: .json("Edited; its cycles stand oldest first.", Shape.session)]),
        ]
    }

    private var reportEndpoints: [EndpointDescription] {
        let range = Told.rangeQuery.map { parameter in
            parameter.name == "employee_id" ? parameter : .query(parameter.name, .day, isRequired: true, parameter.text)
        }
        let export: [JSONSchema.Member] = [
            .required("start_date", .day), .required("end_date", .day), .optional("employee_id", Shape.id),
            .optional("include_punch_cycles", .boolean),
        ]
        return [
            Told.endpoint(
                .get, "/api/reports/overview/", "Sum up the sessions of some days", query: range,
                answers: [
                    200: .json(
                        "The sums.",
                        .object([
                            .required("total_sessions", .count), .required("total_working_hours", Shape.figure),
                            .required("total_break_time", Shape.figure), .required("late_arrivals", .count),
                            .required("early_departures", .count), .required("average_hours_per_day", Shape.figure),
                            .required("total_punch_cycles", .count),
                        ]))
                ]),
            Told.endpoint(
                .get, "/api/reports/employees/", "Sum up by employee", query: range,
                answers: [
                    200: .json(
                        "Those with sessions, by name.",
                        .list(
                            of: .object([
                                .required("employee_id", .uuid), .required("employee_name", .text), .required("department", .text),
                                .required("sessions", .count), .required("total_hours", Shape.figure),
                                .required("average_hours", Shape.figure), .required("late_count", .count),
                                .required("early_count", .count), .required("punch_cycles", .count),
                                .required("attendance_rate", Shape.figure),
                            ])))
                ]),
            Told.endpoint(
                .get, "/api/reports/daily/", "Sum up by day", query: range,
                answers: [
                    200: .json(
                        "Days with sessions.",
                        .list(
                            of: .object([
                                .required("date", .day), .required("hours", Shape.figure), .required("sessions", .count),
                                .required("cycles", .count),
                            ])))
                ]),
            Told.endpoint(
                .post, "/api/reports/export/csv/", "Export sessions as CSV", body: export,
                answers: [200: .file("The lines.", "text/csv")]),
            Told.endpoint(
                .post, "/api/reports/export/xlsx/", "Export sessions as a workbook", body: export,
                answers: [200: .file("The workbook.", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")]),
        ]
    }
}

/// How endpoints of this contract are told of: what follows from the gate is added here and nowhere else.
private enum Told {
    static let token = CredentialDescription(
        name: "TimeTrackerToken", .bearer, "The access token of `POST /api/auth/login/`.")

    static func endpoint(
        _ method: HTTPMethod, _ pattern: String, _ summary: String, _ details: String? = nil, query: [ParameterDescription] = [],
        body: [JSONSchema.Member]? = nil, answers: [Int: AnswerDescription]
    ) -> EndpointDescription {
        let isOpen = OpenRequests.contain(method, pattern.split(separator: "/").map(String.init))
        var all = answers
        func add(_ status: Int, _ answer: AnswerDescription) { all[status] = all[status] ?? answer }
        add(400, .json("The request is not right.", Shape.refusal))
        add(401, .json("No token where one is needed, or a bad one anywhere.", Shape.detail))
        add(500, .json("Something went wrong.", Shape.detail))
        add(503, .json("The server is busy; try again.", Shape.detail))
        if !isOpen { add(403, .json("The account may not do this.", Shape.detail)) }
        var parameters = query
        if pattern.contains("{id}") {
            let isNumber = pattern.contains("business-hours")
            parameters.insert(.path("id", isNumber ? .integer(min: 1) : Shape.id, "Its identity."), at: 0)
            add(404, notFound)
        }
        var described: BodyDescription?
        if let body {
            described = BodyDescription(
                mediaTypes: ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"],
                .object(body, others: .anything))
            add(413, .json("The body is too long.", Shape.detail))
            add(415, .json("The body has another type.", Shape.detail))
        }
        return EndpointDescription(
            method, pattern, summary, details: details, parameters: parameters, body: described,
            credentials: isOpen ? [] : [token], answers: all)
    }

    static let notFound = AnswerDescription.json("There is none.", .either([Shape.detail, Shape.rule]))

    static func index(_ names: [String]) -> AnswerDescription {
        .json("Addresses.", .object(names.map { .required($0, .text(format: "uri")) }))
    }

    /// The same fields, of which none has to be there.
    static func partial(_ members: [JSONSchema.Member]) -> [JSONSchema.Member] {
        members.map { .optional($0.name, $0.schema) }
    }

    static let rangeQuery: [ParameterDescription] = [
        .query("employee_id", Shape.id, "Of this employee only."), .query("start_date", .day, "From this day on."),
        .query("end_date", .day, "Up to this day, which counts too."),
    ]
}

/// The shapes of contract §2 to §6.
private enum Shape {
    /// What clients may send as an identity, in any letter case.
    static let id = JSONSchema.text(format: "uuid")
    static let moment = JSONSchema.text(format: "date-time")
    /// Hours, minutes or a rate.
    static let figure = JSONSchema.text(pattern: "^[0-9]+\\.[0-9]{2}$")
    static let timeOfDay = JSONSchema.text(pattern: "^[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{6})?$")
    private static let sentTimeOfDay = JSONSchema.text(pattern: "^[0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2}(\\.[0-9]+)?)?$")
    private static let sentFigure = JSONSchema.text(pattern: "^[0-9]{1,3}(\\.[0-9]{1,2})?$")
    private static let sentCount = JSONSchema.integer(min: 0, max: CountField.max)
    private static let punchType = JSONSchema.words(["punch_in", "punch_out", "break_start", "break_end"])
    private static let sessionStatus = JSONSchema.words(["complete", "in_progress", "on_break"])
    private static let email = JSONSchema.text(format: "email", max: 254)

    static let message = JSONSchema.object([.required("message", .text)])
    static let toggled = JSONSchema.object([.required("message", .text), .required("is_active", .boolean)])

    // MARK: Failures

    /// The framework's form. `error` stands beside it where the client is to show something.
    static let detail = JSONSchema.named(
        "TimeTrackerDetail",
        .object([
            .required("detail", .text), .optional("code", .text), .optional("error", .text),
            .optional(
                "messages",
                .list(
                    of: .object([
                        .required("token_class", .text), .required("token_type", .text), .required("message", .text),
                    ]))),
        ]))
    static let rule = JSONSchema.named("TimeTrackerRule", .object([.required("error", .text)]))
    static let refusal = JSONSchema.either([
        detail, rule, .named("TimeTrackerFieldErrors", .object([], others: .list(of: .text))),
    ])

    // MARK: Answers

    static let admin = JSONSchema.named(
        "TimeTrackerAdmin",
        .object([
            .required("id", .uuid), .required("email", .text), .required("first_name", .text), .required("last_name", .text),
            .required("role", .text), .required("is_active", .boolean), .required("created_at", .utcMoment),
            .required("username", .text),
        ]))

    static let employee = JSONSchema.named(
        "TimeTrackerEmployee",
        .object([
            .required("id", .uuid), .required("name", .text), .required("employee_id", .text), .required("email", .text),
            .required("department", .text), .required("position", .text), .required("is_active", .boolean),
            .required("created_at", .utcMoment), .required("updated_at", .utcMoment),
        ]))

    static let hours = JSONSchema.named(
        "TimeTrackerBusinessHours",
        .object([
            .required("id", .integer(min: 1)), .required("start_time", timeOfDay), .required("end_time", timeOfDay),
            .required("break_duration", .count), .required("late_threshold", .count), .required("is_active", .boolean),
            .required("created_at", .utcMoment), .required("updated_at", .utcMoment),
        ]))

    static let entry = JSONSchema.named(
        "TimeTrackerEntry",
        .object([
            .required("id", .uuid), .required("employee_name", .text), .required("employee_id", .text),
            .required("type", punchType), .required("timestamp", .utcMoment), .required("is_late", .boolean),
            .required("is_early", .boolean), .required("notes", .text.orNull), .required("created_at", .utcMoment),
            .required("updated_at", .utcMoment), .required("employee", .uuid),
        ]))

    static let session = JSONSchema.named(
        "TimeTrackerSession",
        .object([
            .required("id", .uuid), .required("employee_name", .text), .required("employee_data", employee),
            .required("punch_cycles", .list(of: cycle)), .required("date", .day), .required("punch_in", .utcMoment.orNull),
            .required("punch_out", .utcMoment.orNull), .required("break_start", .utcMoment.orNull),
            .required("break_end", .utcMoment.orNull), .required("total_hours", figure), .required("break_duration", figure),
            .required("working_hours", figure), .required("is_late_in", .boolean), .required("is_early_out", .boolean),
            .required("status", sessionStatus), .required("note", .text.orNull), .required("created_at", .utcMoment),
            .required("updated_at", .utcMoment), .required("employee", .uuid),
        ]))

    private static let cycle = JSONSchema.named(
        "TimeTrackerCycle",
        .object([
            .required("id", .uuid), .required("punch_in", .utcMoment), .required("punch_out", .utcMoment.orNull),
            .required("is_late_in", .boolean), .required("is_early_out", .boolean), .required("duration_hours", figure),
            .required("created_at", .utcMoment), .required("updated_at", .utcMoment), .required("work_session", .uuid),
        ]))

    // MARK: Bodies

    static func adminFields(isNew: Bool) -> [JSONSchema.Member] {
        [
            .required("email", email), .required("username", .text(min: 1, max: 150)),
            isNew ? .required("password", .text(min: 1)) : .optional("password", .text),
            .optional("first_name", .text(max: AccountRules.nameMaxScalars)),
            .optional("last_name", .text(max: AccountRules.nameMaxScalars)),
            .optional("role", .text(min: 1, max: AccountRules.roleMaxScalars)), .optional("is_active", .boolean),
        ]
    }

    static let employeeFields: [JSONSchema.Member] = [
        .required("name", .text(min: 1, max: 100)), .required("employee_id", .text(min: 1, max: 20)), .required("email", email),
        .required("department", .text(min: 1, max: 100)), .required("position", .text(min: 1, max: 100)),
        .optional("is_active", .boolean),
    ]

    static let hoursFields: [JSONSchema.Member] = [
        .required("start_time", sentTimeOfDay), .required("end_time", sentTimeOfDay), .optional("break_duration", sentCount),
        .optional("late_threshold", sentCount), .optional("is_active", .boolean),
    ]

    static let punchFields: [JSONSchema.Member] = [
        .required("employee_id", id), .required("type", punchType), .optional("timestamp", moment), .optional("notes", .text),
    ]

    static let entryFields: [JSONSchema.Member] = [
        .required("employee", id), .required("type", punchType), .required("timestamp", moment), .optional("is_late", .boolean),
        .optional("is_early", .boolean), .optional("notes", .text.orNull),
    ]

    static let sessionFields: [JSONSchema.Member] = [
        .required("employee", id), .required("date", .day), .optional("punch_in", moment.orNull),
        .optional("punch_out", moment.orNull), .optional("break_start", moment.orNull), .optional("break_end", moment.orNull),
        .optional("total_hours", sentFigure), .optional("break_duration", sentFigure), .optional("working_hours", sentFigure),
        .optional("is_late_in", .boolean), .optional("is_early_out", .boolean), .optional("status", sessionStatus),
        .optional("note", .text.orNull),
    ]
}
