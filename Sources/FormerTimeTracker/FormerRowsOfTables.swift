import AttendanceCore
import struct FoundationEssentials.UUID

struct EmployeeRow {
    let id: UUID
    let name, code, email, department, position: String
    let isActive: Bool
    let createdAt, updatedAt: Instant?
}

struct HoursRow {
    let number: Int64
    /// Microseconds from midnight UTC.
    let start, end: Int64
    let breakMinutes, lateMinutes: Int64
    let isActive: Bool
    let createdAt, updatedAt: Instant?
}

struct AdminRow {
    let id: UUID
    let email, username, passwordHash, firstName, lastName, role: String
    let isActive: Bool
    let createdAt: Instant?
}

struct EntryRow {
    let id, employee: UUID
    let type: String
    /// Nil for infinity.
    let at: Instant?
    let atText: String
    let isLate, isEarly: Bool
    let notes: String?
    let createdAt, updatedAt: Instant?

    var direction: PunchDirection? {
        switch type {
        case "punch_in": .in
        case "punch_out": .out
        case "break_start": .breakStart
        case "break_end": .breakEnd
        default: nil
        }
    }
}

struct SessionRow {
    let id, employee: UUID
    /// Nil for infinity.
    let day: CalendarDay?
    let dayText: String
    let shown: FormerFigures
    let note: String?
    let createdAt, updatedAt: Instant?
    let cycles: Int64
}

/// What a session shows, as Time Tracker stores it: hours and minutes in hundredths.
struct FormerFigures: Equatable {
    var punchIn, punchOut, breakStart, breakEnd: Instant?
    var total, pause, working: Int64
    var isLateIn, isEarlyOut: Bool
    var status: String
}
