import AttendanceCore
import HTTPMessages

/// `POST /api/reports/export/csv/`. Source: contract §9.
extension TimeTrackerDialect {
    func exportTimesheet(_ visit: Visit) async throws(TimeTrackerFailure) -> Response {
        let wanted = try TimesheetRequest(visit)
        let zone = try await ask { () async throws(AttendanceError) in
            try await operations.zone(of: .timeTracker, in: visit.tenant)
        }
        let pages = operations.sessions(of: .timeTracker, matching: wanted.filter, as: visit.caller)
        let sheet = try await ask { () async throws(AttendanceError) in
            try await PagedBody(TimesheetRows(in: zone, withCycles: wanted.includesCycles)) { () async throws(AttendanceError) in
                try await pages.next()
            }
        }
        return Response(
            status: 200,
            headers: [
                "Content-Type": "text/csv",
                "Content-Disposition": "attachment; filename=\"\(wanted.fileName).csv\"",
            ], body: sheet.body)
    }
}

/// What a body asks for that exports sessions.
struct TimesheetRequest {
    let filter: SessionFilter
    let includesCycles: Bool
    /// Without its ending.
    let fileName: String

    init(_ visit: Visit) throws(TimeTrackerFailure) {
        var fields = try visit.fields()
        let from = fields.required("start_date", as: .day)
        let through = fields.required("end_date", as: .day)
        let employee = fields.optional("employee_id", as: .uuid)
        includesCycles = fields.optional("include_punch_cycles", as: .boolean) ?? true
        try fields.check()
        guard let from, let through else { throw .fields(fields.faults) }
        filter = SessionFilter(member: employee.map { Identifier(rawValue: $0) }, from: from, through: through)
        fileName = "timesheet-\(from.text)-to-\(through.text)"
    }
}

/// Sessions as lines of RFC 4180.
struct TimesheetRows: RowFormat {
    private let zone: ZoneRules
    private let withCycles: Bool

    init(in zone: ZoneRules, withCycles: Bool) {
        self.zone = zone
        self.withCycles = withCycles
    }

    mutating func begin() -> [UInt8] {
        var line =
            "Employee Name,Employee ID,Date,First Punch In,Last Punch Out,Total Hours,Break Duration (min),Working Hours,"
            + "Late Arrivals,Early Departures,Status"
        if withCycles { line += ",Punch Cycles" }
        return Array((line + "\r\n").utf8)
    }

    mutating func page(_ rows: [SessionRecord]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(rows.count * 160)
        for row in rows { append(row, to: &bytes) }
        return bytes
    }

    mutating func end() -> [UInt8] { [] }

    private func append(_ session: SessionRecord, to bytes: inout [UInt8]) {
        func cell(_ text: String) {
            Self.append(text, to: &bytes)
            bytes.append(UInt8(ascii: ","))
        }
        cell(Self.harmless(session.member.profile.name.text))
        cell(Self.harmless(session.member.profile.staffCode.text))
        cell(session.day.text)
        cell(session.punchIn.map { LocalClock.text($0, in: zone) } ?? "")
        cell(session.punchOut.map { LocalClock.text($0, in: zone) } ?? "")
        cell(session.figures.total.text)
        cell(String(session.figures.break.wholeHalfToEven))
        cell(session.figures.working.text)
        cell(session.isLateIn ? "1" : "0")
        cell(session.isEarlyOut ? "1" : "0")
        Self.append(Self.status(session.status), to: &bytes)
        if withCycles {
            bytes.append(UInt8(ascii: ","))
            Self.append(Self.cycles(of: session, in: zone), to: &bytes)
        }
        bytes.append(contentsOf: [13, 10])
    }

    static func status(_ status: SessionStatus) -> String {
        switch status {
        case .complete: "Complete"
        case .inProgress: "In Progress"
        case .onBreak: "On Break"
        }
    }

    static func cycles(of session: SessionRecord, in zone: ZoneRules) -> String {
        func clock(_ moment: Instant) -> Substring { LocalClock.text(moment, in: zone).prefix(5) }
        return session.cycles.enumerated().map { place, cycle in
            "Cycle \(place + 1): \(clock(cycle.since)) - \(cycle.until.map { clock($0) } ?? "In Progress")"
                + (cycle.isLateIn ? " (Late)" : "") + (cycle.isEarlyOut ? " (Early)" : "")
        }.joined(separator: "; ")
    }

    /// A text that somebody typed, so that no spreadsheet takes it for a formula: an apostrophe in front says that it is none.
    /// Cells that the server makes need none. Source: contract W19.
    private static func harmless(_ text: String) -> String {
        switch text.utf8.first {
        case UInt8(ascii: "="), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "@"), 0x09, 0x0D: "'" + text
        default: text
        }
    }

    private static func append(_ text: String, to bytes: inout [UInt8]) {
        let needsQuotes = text.utf8.contains { byte in
            byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\"") || byte == 0x0A || byte == 0x0D
        }
        guard needsQuotes else {
            bytes.append(contentsOf: text.utf8)
            return
        }
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            if byte == UInt8(ascii: "\"") { bytes.append(byte) }
            bytes.append(byte)
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
