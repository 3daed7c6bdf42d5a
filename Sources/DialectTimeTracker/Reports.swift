import AttendanceCore
import HTTPMessages
import StrictJSON

/// Sums over sessions. Source: contract §8.
extension TimeTrackerDialect {
    func tellOverview(_ visit: Visit) async throws(TimeTrackerFailure) -> Response {
        let filter = try visit.reportFilter()
        let overview = try await ask { () async throws(AttendanceError) in
            try await operations.hoursOverview(of: .timeTracker, matching: filter, as: visit.caller)
        }
        return .json {
            $0.member("total_sessions", overview.sessions)
            $0.member("total_working_hours", overview.working)
            $0.member("total_break_time", overview.breaks)
            $0.member("late_arrivals", overview.lateArrivals)
            $0.member("early_departures", overview.earlyDepartures)
            $0.member("average_hours_per_day", overview.averageWorking)
            $0.member("total_punch_cycles", overview.cycles)
        }
    }

    func tellHoursByEmployee(_ visit: Visit) async throws(TimeTrackerFailure) -> Response {
        let filter = try visit.reportFilter()
        let all = try await ask { () async throws(AttendanceError) in
            try await operations.hoursByMember(of: .timeTracker, matching: filter, as: visit.caller)
        }
        return .json(
            JSONWriter.array {
                for hours in all {
                    $0.object {
                        $0.member("employee_id", hours.member.id.rawValue)
                        $0.member("employee_name", hours.member.profile.name.text)
                        $0.member("department", hours.member.profile.department.text)
                        $0.member("sessions", hours.sessions)
                        $0.member("total_hours", hours.working)
                        $0.member("average_hours", hours.average)
                        $0.member("late_count", hours.late)
                        $0.member("early_count", hours.early)
                        $0.member("punch_cycles", hours.cycles)
                        $0.member("attendance_rate", hours.attendanceRate)
                    }
                }
            })
    }

    func tellHoursByDay(_ visit: Visit) async throws(TimeTrackerFailure) -> Response {
        let filter = try visit.reportFilter()
        let all = try await ask { () async throws(AttendanceError) in
            try await operations.hoursByDay(of: .timeTracker, matching: filter, as: visit.caller)
        }
        return .json(
            JSONWriter.array {
                for hours in all {
                    $0.object {
                        $0.member("date", hours.day.text)
                        $0.member("hours", hours.working)
                        $0.member("sessions", hours.sessions)
                        $0.member("cycles", hours.cycles)
                    }
                }
            })
    }
}
