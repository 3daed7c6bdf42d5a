import AttendanceCore
import HTTPMessages
import Spreadsheets

/// `POST /api/reports/export/xlsx/`: what the CSV export tells, in cells that are dates, times and numbers. It is not of the
/// original's contract.
extension TimeTrackerDialect {
    func exportWorkbook(_ visit: Visit) async throws(TimeTrackerFailure) -> Response {
        let wanted = try TimesheetRequest(visit)
        let zone = try await ask { () async throws(AttendanceError) in
            try await operations.zone(of: .timeTracker, in: visit.tenant)
        }
        let pages = operations.sessions(of: .timeTracker, matching: wanted.filter, as: visit.caller)
        let sheet = TimesheetCells(zone: zone, withCycles: wanted.includesCycles)
        let book = try await fill { () async throws(SheetFault) in
            try await workbooks.open(sheet: "Timesheet", columns: sheet.columns)
        }
        while let page = try await ask(.general, { () async throws(AttendanceError) in try await pages.next() }) {
            try await fill { () async throws(SheetFault) in try await book.append(page.map { sheet.cells(of: $0) }) }
        }
        try await fill { () async throws(SheetFault) in try await book.finish(total: "Total") }
        return Response(
            status: 200,
            headers: [
                "Content-Type": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                "Content-Disposition": "attachment; filename=\"\(wanted.fileName).xlsx\"",
            ], body: .stream(ByteStream { try await book.next() }))
    }

    private func fill<Result>(
        _ work: () async throws(SheetFault) -> Result
    ) async throws(TimeTrackerFailure) -> Result {
        do throws(SheetFault) {
            return try await work()
        } catch {
            throw TimeTrackerFailure(error)
        }
    }
}

/// Sessions as the rows of a sheet.
private struct TimesheetCells: Sendable {
    let zone: ZoneRules
    let withCycles: Bool

    var columns: [SheetColumn] {
        [
            SheetColumn("Employee Name", width: 24), SheetColumn("Employee ID", width: 14), SheetColumn("Date", width: 12),
            SheetColumn("First Punch In", width: 14), SheetColumn("Last Punch Out", width: 14),
            SheetColumn("Total Hours", width: 12, total: .hundredths),
            SheetColumn("Break Duration (min)", width: 20, total: .hundredths),
            SheetColumn("Working Hours", width: 14, total: .hundredths), SheetColumn("Late Arrivals", width: 13, total: .count),
            SheetColumn("Early Departures", width: 16, total: .count), SheetColumn("Status", width: 12),
        ] + (withCycles ? [SheetColumn("Punch Cycles", width: 48)] : [])
    }

    /// A cell that holds a text is no formula, so texts stand here as they are.
    func cells(of session: SessionRecord) -> [SheetCell] {
        func clock(_ moment: Instant?) -> SheetCell {
            moment.map { .timeOfDay(LocalClock.timeOfDay($0, in: zone) / 1_000_000) } ?? .empty
        }
        let cells: [SheetCell] = [
            .text(session.member.profile.name.text), .text(session.member.profile.staffCode.text),
            .day(session.day.daysSince1970), clock(session.punchIn), clock(session.punchOut),
            .hundredths(session.figures.total.hundredths), .hundredths(session.figures.break.hundredths),
            .hundredths(session.figures.working.hundredths), .count(session.isLateIn ? 1 : 0),
            .count(session.isEarlyOut ? 1 : 0), .text(TimesheetRows.status(session.status)),
        ]
        return withCycles ? cells + [.text(TimesheetRows.cycles(of: session, in: zone))] : cells
    }
}
