import DialectKit
import HTTPMessages

/// What the API reference tells of classes and all that hangs on them. Source: contract §4, §7.
extension AIMSDialect {
    var classEndpoints: [EndpointDescription] {
        let one = "/classes/{class_id}"
        return [
            Told.endpoint(
                .get, "/classes", "List classes", "A teacher's own, or all of them for an admin; by creation.",
                answers: [200: .json("The classes.", .list(of: ClassShape.schoolClass))]),
            Told.endpoint(
                .post, "/classes", "Add a class", "Whoever adds it owns it.", body: ClassShape.classFields,
                answers: [
                    201: .json(
                        "Added.", .object([.required("id", .uuid), .required("code", .text), .required("name", .text)])),
                    409: .json("The caller has one with this code and section.", Shape.detail),
                ]),
            Told.endpoint(
                .delete, one, "Delete a class", "With its schedule, roster, sessions and marks. The ledger keeps what happened.",
                parameters: ClassShape.classID, answers: [204: .empty("Deleted."), 404: ClassShape.notFound]),
            Told.endpoint(
                .post, one + "/schedules", "Let a class meet on a day of the week", parameters: ClassShape.classID,
                body: ClassShape.slotFields,
                answers: [
                    201: .json("It does.", .object([.required("status", .words(["success"]))])), 404: ClassShape.notFound,
                    409: .json("It meets on that day already.", Shape.detail),
                ]),
            Told.endpoint(
                .put, one + "/students", "Add and update students",
                "Nobody is removed: students who are not named stay. An empty list reads the roster.",
                parameters: ClassShape.classID, body: ClassShape.rosterFields,
                answers: [
                    200: .json(
                        "The whole roster, by roll number.", .object([.required("students", .list(of: ClassShape.student))])),
                    404: ClassShape.notFound,
                ]),
        ] + rescheduleEndpoints
    }

    private var rescheduleEndpoints: [EndpointDescription] {
        let list = "/classes/{class_id}/reschedules"
        let one = "/classes/reschedules/{reschedule_id}"
        return [
            Told.endpoint(
                .get, list, "List moved meetings", "By their new day.",
                parameters: ClassShape.classID + [
                    .query("start_date", .day, "The first new day."), .query("end_date", .day, "The last new day."),
                ], answers: [200: .json("The meetings.", .list(of: ClassShape.reschedule)), 404: ClassShape.notFound]),
            Told.endpoint(
                .post, list, "Move a meeting",
                "The original times are those of the schedule on the original date's day of the week.",
                parameters: ClassShape.classID, body: ClassShape.rescheduleFields,
                answers: [
                    201: .json("Moved.", ClassShape.reschedule),
                    404: .json("There is no such class, or it does not meet that day.", Shape.detail),
                ]),
            Told.endpoint(
                .put, one, "Change a moved meeting", "What is absent or null stays.",
                parameters: [.path("reschedule_id", .integer, "Its number.")], body: ClassShape.rescheduleChanges,
                answers: [200: .json("Changed.", ClassShape.reschedule), 404: ClassShape.notFound]),
            Told.endpoint(
                .delete, one, "Let a meeting take place as scheduled",
                parameters: [.path("reschedule_id", .integer, "Its number.")],
                answers: [204: .empty("Deleted."), 404: ClassShape.notFound]),
        ]
    }

    var sessionEndpoints: [EndpointDescription] {
        [
            Told.endpoint(
                .post, "/attendance/sessions", "Open the session of a class on a day",
                "There is one a class and day: who asks again gets the one that there is.", body: ClassShape.sessionFields,
                answers: [
                    200: .json("The session.", .object(ClassShape.session)), 400: .json("The date is none.", Shape.detail),
                    404: ClassShape.notFound,
                ]),
            Told.endpoint(
                .get, "/attendance/sessions", "List the sessions of a class", "Newest first, with all marks.",
                parameters: [
                    .query("classId", .uuid, isRequired: true, "The class."),
                    .query("from", .text, "The first day; what is no day counts for nothing."),
                    .query("to", .text, "The last day; what is no day counts for nothing."),
                ],
                answers: [
                    200: .json(
                        "The sessions.",
                        .list(of: .object(ClassShape.session + [.required("statuses", .list(of: ClassShape.mark))]))),
                    404: ClassShape.notFound,
                ]),
            Told.endpoint(
                .put, "/attendance/sessions/{session_id}/statuses", "Mark students",
                "Students who are not named keep their marks. Whoever is not in the class is skipped, and so are other words.",
                parameters: [.path("session_id", .uuid, "The session.")], body: ClassShape.markFields,
                answers: [
                    200: .json(
                        "All marks of the session.",
                        .object([
                            .required("statuses", .list(of: ClassShape.mark)),
                            .required(
                                "skipped",
                                .list(of: .object([.required("rollNo", .text), .required("reason", .text)]))),
                        ])), 404: ClassShape.notFound,
                ]),
            Told.endpoint(
                .get, "/stats/classes/{class_id}/students", "Add up marks by student",
                "The percentage is present out of all marks; sessions without a mark do not count.",
                parameters: ClassShape.classID,
                answers: [
                    200: .json(
                        "Every student of the class, by roll number.",
                        .list(
                            of: .object(
                                [.required("studentId", .uuid), .required("rollNo", .text), .required("studentName", .text)]
                                    + ClassShape.tally
                                    + ["present", "absent", "late", "excused", "total"].map { .required($0, .count) }))),
                    404: ClassShape.notFound,
                ]),
        ]
    }

    var studentEndpoints: [EndpointDescription] {
        [
            Told.endpoint(
                .get, "/students/me/classes", "List one's own classes",
                answers: [200: .json("By code, then section.", .list(of: ClassShape.ownClass))]),
            Told.endpoint(
                .get, "/students/me/classes/{class_id}/attendance", "Show one's own marks",
                "A session without a mark is shown as absent and not counted.", parameters: ClassShape.classID,
                answers: [
                    200: .json(
                        "The marks, newest first.",
                        .object(
                            [
                                .required("classId", .uuid), .required("className", .text), .required("classCode", .text),
                                .required("section", .text), .required("studentName", .text), .required("rollNo", .text),
                            ] + ClassShape.tally + [
                                .required(
                                    "records",
                                    .list(
                                        of: .object([
                                            .required("date", .day), .required("status", ClassShape.status),
                                            .required("recognizedByAi", .boolean), .required("similarityScore", .number.orNull),
                                        ])))
                            ])), 404: ClassShape.notFound,
                ]),
            Told.endpoint(
                .get, "/students/me/photo", "Tell where one's own photo is",
                answers: [
                    200: .json(
                        "Its address, if there is one.",
                        .object([.required("photo_url", .text.orNull), .required("has_photo", .boolean)]))
                ]),
            Told.endpoint(
                .get, "/leaderboard", "Rank students", "By attendance over all classes, present or late.",
                parameters: [
                    .query("limit", .integer(min: 1, max: 200), "How many; 50 without it."),
                    .query("offset", .integer(min: 0), "How many to pass over."),
                ],
                answers: [
                    200: .json(
                        "One page, and the caller's own place.",
                        .object([
                            .required("total", .count), .required("limit", .count), .required("offset", .count),
                            .required("items", .list(of: ClassShape.rank)), .required("selfEntry", ClassShape.rank.orNull),
                        ]))
                ]),
        ]
    }

    var noticeEndpoints: [EndpointDescription] {
        let fields: [JSONSchema.Member] = [.required("title", .text(max: 255)), .required("message", .text)]
        return [
            Told.endpoint(
                .get, "/notifications/me", "List one's own notices", "Newest first.",
                parameters: [.query("unread_only", .boolean, "Whether to leave out what was read.")],
                answers: [200: .json("The notices.", .list(of: ClassShape.notice))]),
            Told.endpoint(
                .post, "/notifications/me/{notification_id}/read", "Note that a notice was read", "Again is no fault.",
                parameters: [.path("notification_id", .uuid, "The notice.")],
                answers: [200: .json("Noted.", .object([.required("message", .text)])), 404: ClassShape.notFound]),
            Told.endpoint(
                .post, "/notifications/admin/send", "Send a notice to all at or below a threshold",
                "Present marks out of all sessions of a class.",
                body: fields + [
                    .required("attendance_threshold", .number),
                    .optional("class_id", .uuid.orNull.meaning("Only students of this class; otherwise of any.")),
                ],
                answers: [
                    200: .json(
                        "Sent.", .object([.required("message", .text), .required("notifications_created", .count)])),
                    404: ClassShape.notFound,
                ]),
            Told.endpoint(
                .post, "/notifications/admin/send-to-student", "Send a notice to one student",
                body: fields + [
                    .optional("notification_type", ClassShape.noticeKind.orNull), .optional("student_id", .uuid.orNull),
                    .optional("attendance_threshold", .number.orNull),
                ],
                answers: [
                    200: .json("Sent.", ClassShape.notice), 400: .json("No student is named.", Shape.detail),
                    404: ClassShape.notFound,
                ]),
        ]
    }

    var flagEndpoints: [EndpointDescription] {
        let one = "/bt-checkin/{class_id}"
        let flag = JSONSchema.object([.required("class_id", .text), .required("enabled", .boolean)])
        return [
            Told.flagEndpoint(
                .get, one, "Tell whether a class may be checked into", answers: [200: .json("The flag.", flag)]),
            Told.flagEndpoint(
                .put, one, "Let a class be checked into, or not", body: [.required("enabled", .boolean)],
                answers: [200: .json("The flag.", flag)]),
            Told.flagEndpoint(
                .get, one + "/present", "List the addresses that are there",
                answers: [
                    200: .json(
                        "They.", .object([.required("class_id", .text), .required("present", .list(of: .text))]))
                ]),
            Told.flagEndpoint(
                .post, one + "/present", "Note that an address is there, or not", "Without `present` it is.",
                body: [.optional("email", .text.orNull), .optional("present", .boolean)],
                answers: [
                    200: .json(
                        "Noted.",
                        .object([.required("class_id", .text), .required("email", .text), .required("present", .boolean)])),
                    400: .json("No address is told.", Shape.detail),
                ]),
        ]
    }

    /// Of a storage that is not there yet: every call that is allowed is answered with 503.
    var storageEndpoints: [EndpointDescription] {
        let file: [Int: AnswerDescription] = [404: ClassShape.notFound]
        let prefix = "/api/storage"
        let photos = Self.rollNumberParts.indices.map { count -> EndpointDescription in
            let parts = Self.rollNumberParts[...count]
            return Told.endpoint(
                .post, prefix + "/students/" + parts.map { "{\($0)}" }.joined(separator: "/") + "/photo",
                "Store a student's photo", "A roll number may have slashes.",
                parameters: parts.map { .path($0, .text, "A part of the roll number.") }, answers: file)
        }
        return photos + [
            Told.endpoint(.post, prefix + "/students/me/photo", "Store one's own photo", answers: [:]),
            Told.endpoint(
                .get, prefix + "/classes/{class_id}/assignments", "List the assignments of a class",
                parameters: ClassShape.classID, answers: file),
            Told.endpoint(
                .post, prefix + "/classes/{class_id}/assignments", "Store an assignment", parameters: ClassShape.classID,
                answers: file),
            Told.endpoint(
                .post, prefix + "/attendance/{session_id}/image", "Store a picture of a class session",
                parameters: [.path("session_id", .uuid, "The session.")], answers: file),
            Told.endpoint(
                .post, prefix + "/sas-url", "Make an address that lends a file",
                body: [
                    .required("container_name", .text), .required("blob_name", .text), .optional("expiry_hours", .integer),
                ], answers: [:]),
        ]
    }
}

/// Shapes of classes, sessions and students.
private enum ClassShape {
    static let classID: [ParameterDescription] = [.path("class_id", .uuid, "The class.")]
    static let notFound = AnswerDescription.json("There is none.", Shape.detail)
    static let status = JSONSchema.words(["present", "absent", "late", "excused"])
    static let noticeKind = JSONSchema.words(["attendance", "manual", "system"])
    static let minutes = JSONSchema.text(pattern: "^[0-9]{2}:[0-9]{2}$")
    static let seconds = JSONSchema.text(pattern: "^[0-9]{2}:[0-9]{2}:[0-9]{2}$")
    /// What is taken where a time of day is asked for.
    static let anyTime = JSONSchema.text(pattern: "^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$")

    private static func nullable(_ names: String...) -> [JSONSchema.Member] { names.map { .required($0, .text.orNull) } }

    static let student = JSONSchema.named(
        "AIMSStudent",
        .object(
            [.required("studentId", .uuid), .required("rollNo", .text), .required("name", .text)]
                + nullable(
                    "photoUrl", "program", "spCode", "semester", "status", "duration", "email", "dtuEmail", "phone")))

    static let schoolClass = JSONSchema.named(
        "AIMSClass",
        .object(
            [.required("id", .uuid), .required("code", .text), .required("name", .text), .required("section", .text)]
                + nullable("teacherType", "ltpPattern", "practicalGroup") + [
                    .required("teacherId", .uuid),
                    .required(
                        "schedule",
                        .list(
                            of: .object([
                                .required("dayOfWeek", .integer(min: 1, max: 7)), .required("start", minutes),
                                .required("end", minutes),
                            ]))),
                    .required(
                        "reschedules",
                        .list(
                            of: .object([
                                .required("originalDate", .day), .required("originalStartTime", minutes),
                                .required("originalEndTime", minutes), .required("rescheduledDate", .day),
                                .required("rescheduledStartTime", minutes), .required("rescheduledEndTime", minutes),
                                .required("reason", .text.orNull),
                            ]))),
                    .required("students", .list(of: student)), .required("createdAt", .utcMoment),
                    .required("updatedAt", .utcMoment),
                ]))

    static let classFields: [JSONSchema.Member] = [
        .required("code", .text(min: 1)), .required("name", .text(min: 1)), .required("section", .text(min: 1)),
        .optional("ltp_pattern", .text.orNull), .optional("teacher_type", .text.orNull),
        .optional("practical_group", .text.orNull),
    ]

    static let slotFields: [JSONSchema.Member] = [
        .required("day_of_week", .integer(min: 1, max: 7).meaning("1 for Monday to 7 for Sunday.")),
        .required("start_time", anyTime), .required("end_time", anyTime.meaning("After the start.")),
    ]

    static let rosterFields: [JSONSchema.Member] = [
        .required(
            "students",
            .list(
                of: .object(
                    [
                        .required("rollNo", .text(min: 1)), .required("name", .text(min: 1)),
                        .optional("semester", .either([.text, .integer, .null])),
                    ]
                        + ["photoUrl", "program", "spCode", "status", "duration", "email", "dtuEmail", "phone"].map {
                            .optional($0, .text.orNull)
                        }, others: .anything)))
    ]

    static let reschedule = JSONSchema.named(
        "AIMSReschedule",
        .object([
            .required("id", .text(pattern: "^[0-9]+$")), .required("class_id", .uuid), .required("original_date", .day),
            .required("rescheduled_date", .day), .required("original_start_time", seconds),
            .required("original_end_time", seconds), .required("rescheduled_start_time", seconds),
            .required("rescheduled_end_time", seconds), .required("reason", .text.orNull), .required("created_at", .utcMoment),
        ]))

    static let rescheduleFields: [JSONSchema.Member] = [
        .required("original_date", .day), .required("rescheduled_date", .day), .required("rescheduled_start_time", anyTime),
        .required("rescheduled_end_time", anyTime), .optional("reason", .text.orNull),
    ]

    static let rescheduleChanges: [JSONSchema.Member] = [
        .optional("rescheduled_date", .day.orNull), .optional("rescheduled_start_time", anyTime.orNull),
        .optional("rescheduled_end_time", anyTime.orNull), .optional("reason", .text.orNull),
    ]

    static let sessionFields: [JSONSchema.Member] = [
        .required("classId", .uuid), .required("sessionDate", .text(format: "date")),
        .optional("processedImageUrl", .text.orNull),
    ]

    static let session: [JSONSchema.Member] = [
        .required("sessionId", .uuid), .required("classId", .uuid), .required("sessionDate", .day),
        .required("teacherId", .uuid), .required("processedImageUrl", .text.orNull), .required("createdAt", .utcMoment),
    ]

    static let mark = JSONSchema.named(
        "AIMSMark",
        .object([
            .required("rollNo", .text), .required("name", .text), .required("status", status),
            .required("recognizedByAi", .boolean), .required("similarityScore", .number.orNull),
        ]))

    static let markFields: [JSONSchema.Member] = [
        .required(
            "updates",
            .list(
                of: .object(
                    [
                        .required("rollNo", .text), .required("status", .text.meaning("One of the four words in any letter case.")),
                        .optional("recognizedByAi", .boolean), .optional("similarityScore", .number.orNull),
                    ], others: .anything)))
    ]

    static let tally: [JSONSchema.Member] =
        ["presentCount", "absentCount", "lateCount", "excusedCount", "totalCount"].map { .required($0, .count) }
        + [.required("percentage", .number)]

    static let ownClass = JSONSchema.object(
        [.required("id", .uuid), .required("code", .text), .required("name", .text), .required("section", .text)]
            + nullable("teacherType", "ltpPattern", "practicalGroup") + [
                .required("teacherName", .text), .required("teacherEmail", .text), .required("btCheckinEnabled", .boolean),
                .required(
                    "schedule",
                    .list(
                        of: .object([
                            .required("dayOfWeek", .integer(min: 1, max: 7)), .required("startTime", minutes),
                            .required("endTime", minutes),
                        ]))),
            ])

    static let rank = JSONSchema.named(
        "AIMSRank",
        .object(
            [
                .required("studentId", .uuid), .required("rollNo", .text), .required("name", .text),
                .required("attendancePercentage", .number), .required("consistency", .number), .required("coins", .number),
                .required("level", .integer(min: 1, max: 3)), .required("rank", .integer(min: 1)),
            ]
                + [
                    "maxStreak", "attendedCount", "totalCount", "presentCount", "lateCount", "absentCount", "excusedCount",
                ].map { .required($0, .count) }))

    static let notice = JSONSchema.named(
        "AIMSNotice",
        .object([
            .required("id", .uuid), .required("student_id", .uuid), .required("title", .text), .required("message", .text),
            .required("notification_type", noticeKind), .required("attendance_threshold", .number.orNull),
            .required("is_read", .boolean), .required("created_at", .utcMoment), .required("read_at", .utcMoment.orNull),
        ]))
}

extension Told {
    private static let flagKey = CredentialDescription(
        name: "aimsFlagKey", .header("X-API-Key"), "The key of the flag service, `BT_API_KEY`.")

    /// - Parameter body: The fields of its JSON body; nil for none.
    fileprivate static func flagEndpoint(
        _ method: HTTPMethod, _ pattern: String, _ summary: String, _ details: String? = nil,
        body: [JSONSchema.Member]? = nil, answers: [Int: AnswerDescription]
    ) -> EndpointDescription {
        var all: [Int: AnswerDescription] = [
            401: .json("The key is wrong, or none is set.", Shape.detail),
            422: .json("Values are not what they should be.", Shape.faults),
            500: .json("Something went wrong.", Shape.detail),
            503: .json("The store is busy; `Retry-After` says for how long.", Shape.detail),
        ]
        if body != nil { all[413] = .json("The body is too long.", Shape.detail) }
        return EndpointDescription(
            method, pattern, summary, details: details, parameters: [.path("class_id", .text, "Any text.")],
            body: body.map { BodyDescription(.object($0, others: .anything)) }, credentials: [flagKey],
            answers: all.merging(answers) { $1 })
    }
}
