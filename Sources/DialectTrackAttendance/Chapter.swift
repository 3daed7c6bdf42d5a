public import DialectKit
import HTTPMessages

/// What the API reference tells. Source of every shape and status: docs/dialects/trackattendance.md.
extension TrackAttendanceDialect {
    public var chapter: ReferenceChapter {
        ReferenceChapter(
            title: "TrackAttendance",
            "Kiosks that upload scans, and the page that shows their totals to everybody. Keys come from `muster key create`.",
            endpoints: health + scans + roster + dashboard + stations + administration + page)
    }

    private static let key = CredentialDescription(
        name: "TrackAttendanceKey", .bearer, "A key of `muster key create`, or the `API_KEY` of the environment.")
    private static let keyHeader = CredentialDescription(
        name: "TrackAttendanceKeyHeader", .header("x-api-key"), "The same key, where kiosks send it when they rename a station.")

    private var health: [EndpointDescription] {
        [
            EndpointDescription(
                .get, "/", "Tell that the server is there, and the epoch of the last clear",
                details: "On the shared address a client that accepts text/html is sent to the page instead.",
                answers: Self.open(
                    [
                        200: .json(
                            "It is there.",
                            .object([
                                .required("status", .words(["ok"])), .required("service", .text), .required("version", .text),
                                .required(
                                    "clear_epoch",
                                    .text.orNull.meaning("A kiosk that sees another one than before deletes its scans.")),
                                .required("timestamp", .utcMoment),
                                .optional("message", .text.meaning("On the shared address, like the next two.")),
                                .optional("docs", .text), .optional("health", .text),
                            ])),
                        303: .empty("A browser is sent to the page."),
                    ])),
            EndpointDescription(
                .get, "/healthz", "Tell whether the store can be read",
                answers: Self.open(
                    [
                        200: .json(
                            "It can.", .object([.required("ok", .boolean), .required("db", .words(["connected"]))])),
                        503: .json(
                            "It cannot.",
                            .object([
                                .required("ok", .boolean), .required("db", .words(["disconnected"])), .required("error", .text),
                            ])),
                    ])),
        ]
    }

    private var scans: [EndpointDescription] {
        let event = JSONSchema.object(
            [
                .required("idempotency_key", .text(min: 1, max: 128).meaning("The same key again is the same scan.")),
                .required("badge_id", .text(min: 1, max: 128)),
                .required("station_name", .text(min: 1, max: StationName.maxScalars)),
                .required("scanned_at", .text(format: "date-time")),
                .optional("business_unit", .text(max: 256).orNull),
                .optional("scan_source", .text(max: 32).orNull),
                .optional(
                    "meta",
                    .object(
                        [],
                        others: .either([.text(max: Meta.valueMaxScalars), .number, .boolean, .null]),
                        membersMax: Meta.propertiesMax
                    ).orNull),
            ], others: .anything)
        let refused = JSONSchema.object([
            .required("error", .text), .required("saved", .count), .required("duplicates", .count), .required("errors", .count),
        ])
        return [
            EndpointDescription(
                .post, "/v1/scans/batch", "Upload scans",
                details: "All or none: one wrong event refuses the whole batch. Role: upload.",
                body: BodyDescription(
                    .object([.required("events", .list(of: event, max: ScanBatch.eventsMax))], others: .anything)),
                credentials: [Self.key],
                answers: Self.taking(
                    [
                        200: .json(
                            "They are stored.",
                            .object([.required("saved", .count), .required("duplicates", .count), .required("errors", .count)])),
                        400: .json("The batch is not right.", .either([Self.failure, refused])),
                        500: .json("Something went wrong.", .either([Self.failure, refused])),
                        503: .json("The server is busy; send it again.", .either([Self.failure, refused])),
                    ])),
            EndpointDescription(
                .get, "/v1/scans/check-duplicate", "Ask whether a badge was scanned lately", details: "Role: upload.",
                parameters: [
                    .query("badge_id", .text, isRequired: true, "The badge."),
                    .query(
                        "window_minutes",
                        .integer(
                            min: Int64(DuplicateQuestion.minutes.lowerBound), max: Int64(DuplicateQuestion.minutes.upperBound)),
                        "How far back to look; \(DuplicateQuestion.minutesDefault) by default."),
                    .query("exclude_station", .text, "A station whose scans do not count."),
                ], credentials: [Self.key],
                answers: Self.closed(
                    [
                        200: .json(
                            "The newest scan, or none.",
                            .object([
                                .required("duplicate", .boolean), .optional("badge_id", .text), .optional("station_name", .text),
                                .optional("scanned_at", .utcMoment),
                            ])),
                        400: .json("No badge was named.", .either([Self.failure, Self.sentence])),
                    ])),
        ]
    }

    private var roster: [EndpointDescription] {
        let unit = JSONSchema.object(
            [
                .required("name", .text(max: 256)),
                .required("registered", .integer(min: 0, max: Int64(RosterUpload.registeredMax))),
            ], others: .anything)
        return [
            EndpointDescription(
                .get, "/v1/roster/hash", "Tell the digest of the roster, for a kiosk to see whether it has another",
                details: "Role: upload.", credentials: [Self.key],
                answers: Self.closed([200: .json("The digest.", .object([.required("hash", .text.orNull)]))])),
            EndpointDescription(
                .post, "/v1/roster/summary", "Say how many people each unit has", details: "Role: upload.",
                body: BodyDescription(
                    .object([.required("business_units", .list(of: unit, max: RosterUpload.unitsMax))], others: .anything)),
                credentials: [Self.key],
                answers: Self.taking(
                    [
                        200: .json(
                            "The roster is stored, or was there already.",
                            .object([.required("saved", .count), .required("skipped", .boolean), .required("hash", .text)]))
                    ])),
        ]
    }

    private var dashboard: [EndpointDescription] {
        let units = JSONSchema.list(
            of: .named(
                "TrackAttendanceUnit",
                .object([.required("name", .text), .required("registered", .integer), .required("unique", .integer)])))
        let interval = JSONSchema.object([.required("refresh_interval", .integer(min: 0, max: 600))])
        return [
            EndpointDescription(
                .get, "/v1/dashboard/stats", "Tell the totals that a kiosk's dashboard shows", details: "Role: dashboard.",
                credentials: [Self.key],
                answers: Self.closed(
                    [
                        200: .json(
                            "The totals.",
                            .object([
                                .required("total_scans", .integer), .required("unique_badges", .integer),
                                .required(
                                    "stations",
                                    .list(
                                        of: .object([
                                            .required("name", .text), .required("scans", .integer), .required("unique", .integer),
                                            .required("last_scan", .utcMoment),
                                        ]))),
                                .required("business_units", units), .required("timestamp", .utcMoment),
                            ]))
                    ])),
            EndpointDescription(
                .get, "/v1/dashboard/export", "Export scans, newest first", details: "Role: dashboard.",
                parameters: [
                    .query(
                        "limit", .text(pattern: "^[0-9]*$"),
                        "The most scans, up to \(ExportLimit.rowsMax); all of them without it.")
                ], credentials: [Self.key],
                answers: Self.closed(
                    [
                        200: .json(
                            "The scans.",
                            .object([
                                .required("total_records", .count), .required("export_timestamp", .utcMoment),
                                .required("total_available", .count),
                                .required(
                                    "scans",
                                    .list(
                                        of: .object([
                                            .required("badge_id", .text), .required("legacy_id", .text.orNull),
                                            .required("station_name", .text), .required("scanned_at", .utcMoment),
                                            .required("matched", .boolean), .required("business_unit", .text.orNull),
                                            .required("scan_source", .text),
                                        ]))),
                            ])),
                        400: .json("The limit is no number.", .either([Self.failure, Self.sentence])),
                    ])),
            EndpointDescription(
                .put, "/v1/dashboard/config", "Say how often the page refreshes itself", details: "Role: admin.",
                body: BodyDescription(
                    .object([.required("refresh_interval", .integer(min: 0, max: 600))], others: .anything)),
                credentials: [Self.key],
                answers: Self.taking(
                    [
                        200: .json("From now on.", interval),
                        400: .json("Neither 0 nor 10 to 600.", .either([Self.failure, Self.sentence])),
                    ])),
            EndpointDescription(
                .get, "/v1/dashboard/public/config", "Tell how often the page refreshes itself",
                answers: Self.counted([200: .json("Seconds; 0 for never.", interval)])),
            EndpointDescription(
                .get, "/v1/dashboard/public/stats", "Tell the totals that everybody may see",
                answers: Self.counted(
                    [
                        200: .json(
                            "The totals.",
                            .object([
                                .required("total_scans", .integer), .required("unique_badges", .integer),
                                .required("total_registered", .integer),
                                .required(
                                    "stations",
                                    .list(of: .object([.required("name", .text), .required("unique", .integer)]))),
                                .required("business_units", units), .required("timestamp", .utcMoment),
                            ]))
                    ])),
        ]
    }

    private var stations: [EndpointDescription] {
        [
            EndpointDescription(
                .post, "/v1/stations/heartbeat", "Say that a station is alive", details: "Role: upload.",
                body: BodyDescription(
                    .object(
                        [
                            .required("station_name", .text(min: 1, max: StationName.maxScalars)),
                            .optional("last_clear_epoch", .text(max: HeartbeatReport.epochMaxScalars).orNull),
                            .optional("local_scan_count", .integer),
                        ], others: .anything)), credentials: [Self.key],
                answers: Self.taking(
                    Self.acting([200: .json("It was heard.", .object([.required("ok", .boolean)]))]))),
            EndpointDescription(
                .get, "/v1/stations/status", "Tell how the stations are",
                answers: Self.counted(
                    [
                        200: .json(
                            "Every station that sent a heartbeat.",
                            .object([
                                .required("clear_epoch", .text.orNull),
                                .required(
                                    "stations",
                                    .list(
                                        of: .object([
                                            .required("station_name", .text),
                                            .required("status", .words(["ready", "pending", "offline"])),
                                            .required("last_clear_epoch", .text.orNull), .required("local_scan_count", .integer),
                                            .required("seconds_ago", .count), .required("last_seen_at", .utcMoment),
                                        ]))),
                                .required("ready_count", .count), .required("total_count", .count),
                                .required("timestamp", .utcMoment),
                            ]))
                    ])),
            EndpointDescription(
                .put, "/v1/stations/rename", "Rename a station, or merge it into another",
                details: "The scans stay as they were sent and count for the new name. Role: admin.",
                body: BodyDescription(
                    .object(
                        [
                            .required("old_name", .text(min: 1, max: StationName.maxScalars)),
                            .required("new_name", .text(min: 1, max: StationName.maxScalars)),
                        ], others: .anything)), credentials: [Self.key, Self.keyHeader],
                answers: Self.taking(
                    Self.acting(
                        [
                            200: .json(
                                "It is renamed.", .object([.required("ok", .boolean), .required("scans_updated", .count)]))
                        ]))),
        ]
    }

    private var administration: [EndpointDescription] {
        func confirmation(_ confirmation: Confirmation) -> ParameterDescription {
            .header(Confirmation.header, .words([confirmation.rawValue]), "Has to be there, exactly so.")
        }
        let deleted: [JSONSchema.Member] = [
            .required("ok", .boolean), .required("deleted", .count), .required("message", .text),
            .required("timestamp", .utcMoment),
        ]
        return [
            EndpointDescription(
                .get, "/v1/admin/scan-count", "Count the scans", details: "Role: dashboard.", credentials: [Self.key],
                answers: Self.closed(
                    [200: .json("So many.", .object([.required("count", .count), .required("timestamp", .utcMoment)]))])),
            EndpointDescription(
                .delete, "/v1/admin/clear-scans", "Clear the scans of all stations",
                details: "They stay in the ledger and count no more. Role: admin.", parameters: [confirmation(.allScans)],
                credentials: [Self.key],
                answers: Self.closed(
                    Self.acting(
                        [200: .json("They are cleared.", .object(deleted + [.required("clear_epoch", .text)]))]))),
            EndpointDescription(
                .delete, "/v1/admin/clear-station", "Clear the scans of one station",
                details: "They stay in the ledger and count no more. Role: admin.",
                parameters: [confirmation(.stationScans), .query("station", .text(min: 1), isRequired: true, "Its exact name.")],
                credentials: [Self.key],
                answers: Self.closed(
                    Self.acting([200: .json("They are cleared.", .object(deleted + [.required("station", .text)]))]))),
        ]
    }

    private var page: [EndpointDescription] {
        func file(_ path: String, _ summary: String, _ type: String) -> EndpointDescription {
            EndpointDescription(
                .get, path, summary,
                answers: Self.counted([200: .file("The file.", type), 304: .empty("The client's copy is the present one.")]))
        }
        return [
            EndpointDescription(
                .get, "/dashboard", "Lead to the page", answers: [308: .empty("It is below its slash.")]),
            file("/dashboard/", "The public page", "text/html"),
            file("/dashboard/dashboard.css", "How the page looks", "text/css"),
            file("/dashboard/dashboard.js", "What the page does", "text/javascript"),
        ]
    }

    // MARK: Failures

    private static let failure = JSONSchema.named(
        "TrackAttendanceFailure",
        .object([
            .required("statusCode", .integer), .optional("code", .text), .required("error", .text), .required("message", .text),
        ]))

    private static let sentence = JSONSchema.named("TrackAttendanceSentence", .object([.required("error", .text)]))

    /// Of what acts on stations and scans.
    private static let actFailure = JSONSchema.named(
        "TrackAttendanceActFailure",
        .object([.optional("ok", .boolean), .required("error", .text), .required("message", .text)]))

    private static func acting(_ answers: [Int: AnswerDescription]) -> [Int: AnswerDescription] {
        let trouble = JSONSchema.either([failure, actFailure])
        return answers.merging(
            [
                400: .json("The request is not right.", .either([failure, actFailure, sentence])),
                404: .json("There is no such thing.", trouble), 409: .json("The name is taken.", trouble),
                500: .json("Something went wrong.", trouble), 503: .json("The server is busy; try again.", trouble),
            ]) { own, _ in own }
    }

    private static func open(_ answers: [Int: AnswerDescription]) -> [Int: AnswerDescription] {
        answers.merging(
            [
                400: .json("The request is malformed.", failure), 500: .json("Something went wrong.", failure),
                503: .json("The server is busy; try again.", failure),
            ]) { own, _ in own }
    }

    private static func counted(_ answers: [Int: AnswerDescription]) -> [Int: AnswerDescription] {
        open(answers).merging([429: .json("Too many requests from this address.", failure)]) { own, _ in own }
    }

    private static func closed(_ answers: [Int: AnswerDescription]) -> [Int: AnswerDescription] {
        counted(answers).merging(
            [401: .json("No key, or a wrong one.", failure), 403: .json("The key has not the role for this.", failure)]
        ) { own, _ in own }
    }

    private static func taking(_ answers: [Int: AnswerDescription]) -> [Int: AnswerDescription] {
        closed(answers).merging(
            [
                413: .json("The body is too long.", failure),
                415: .json("Only application/json is understood.", failure),
            ]) { own, _ in own }
    }
}
