import AttendanceCore
import HTTPMessages
import StrictJSON

/// What students see of themselves. Source: contract §7.4.
extension AIMSDialect {
    /// `GET /students/me/classes`.
    func listOwnClasses(_ visit: Visit, _ asker: Asker) async throws(AIMSFailure) -> Response {
        let classes = try await ask { () async throws(AttendanceError) in try await operations.ownClasses(as: asker.classroom) }
        return Response.json(
            JSONWriter.array { writer in
                for one in classes {
                    writer.object { writer in
                        let profile = one.schoolClass.profile
                        writer.member("id", one.schoolClass.id.text)
                        writer.member("code", profile.code)
                        writer.member("name", profile.name)
                        writer.member("section", profile.section)
                        writer.member("teacherType", profile.teacherType)
                        writer.member("ltpPattern", profile.ltpPattern)
                        writer.member("practicalGroup", profile.practicalGroup)
                        writer.member("teacherName", one.owner?.name.text ?? "")
                        writer.member("teacherEmail", one.owner?.email.text ?? "")
                        writer.member("btCheckinEnabled", one.isCheckInOpen)
                        writer.member("schedule") { writer in
                            writer.array(of: one.schoolClass.slots) { writer, slot in
                                writer.object {
                                    $0.member("dayOfWeek", slot.weekday)
                                    $0.member("startTime", slot.start.minuteText)
                                    $0.member("endTime", slot.end.minuteText)
                                }
                            }
                        }
                    }
                }
            }
        ).unkept
    }

    /// `GET /students/me/classes/{class_id}/attendance`.
    func showOwnAttendance(_ visit: Visit, _ asker: Asker) async throws(AIMSFailure) -> Response {
        let id = try visit.classID()
        let words = RefusalWords(notPermitted: "You are not enrolled in this class")
        let own = try await ask(words) { () async throws(AttendanceError) in
            try await operations.ownAttendance(in: id, as: asker.classroom)
        }
        return Response.json { writer in
            let profile = own.schoolClass.profile
            writer.member("classId", id.text)
            writer.member("className", profile.name)
            writer.member("classCode", profile.code)
            writer.member("section", profile.section)
            writer.member("studentName", own.student.profile.name)
            writer.member("rollNo", own.student.rollNumber)
            own.tally.writeMembers(to: &writer)
            writer.member("records") { writer in
                writer.array(of: own.records) { writer, record in
                    writer.object {
                        $0.member("date", record.day.text)
                        $0.member("status", record.shownStatus.rawValue)
                        $0.member("recognizedByAi", record.mark?.isRecognisedByAI ?? false)
                        $0.member("similarityScore", record.mark?.score)
                    }
                }
            }
        }.unkept
    }

    /// `GET /students/me/photo`.
    func showOwnPhoto(_ visit: Visit, _ asker: Asker) async throws(AIMSFailure) -> Response {
        let own = try await ask { () async throws(AttendanceError) in try await operations.ownRecord(as: asker.classroom) }
        return Response.json {
            $0.member("photo_url", own?.profile.photoURL)
            $0.member("has_photo", own?.profile.photoURL != nil)
        }.unkept
    }

    /// `GET /leaderboard`. Source: contract §7.6.
    func showLeaderboard(_ visit: Visit, _ asker: Asker) async throws(AIMSFailure) -> Response {
        var reader = visit.reader
        let limit = reader.query("limit", as: .integer(1...200)) ?? 50
        let offset = reader.query("offset", as: .integer(0 ... .max)) ?? 0
        try reader.check()
        let board = try await ask { () async throws(AttendanceError) in
            try await operations.leaderboard(limit: limit, offset: offset, as: asker.classroom)
        }
        return .json { writer in
            writer.member("total", board.total)
            writer.member("limit", limit)
            writer.member("offset", offset)
            writer.member("items") { $0.array(of: board.entries) { $1.write(to: &$0) } }
            writer.member("selfEntry") { writer in
                if let own = board.own { own.write(to: &writer) } else { writer.null() }
            }
        }
    }
}

extension LeaderboardEntry {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.object {
            $0.member("studentId", student.id.text)
            $0.member("rollNo", student.rollNumber)
            $0.member("name", student.profile.name)
            $0.member("attendancePercentage", percentage)
            $0.member("consistency", consistency)
            $0.member("maxStreak", maxStreak)
            $0.member("coins", coins)
            $0.member("level", level)
            $0.member("attendedCount", tally.attended)
            $0.member("totalCount", tally.total)
            $0.member("presentCount", tally.present)
            $0.member("lateCount", tally.late)
            $0.member("absentCount", tally.absent)
            $0.member("excusedCount", tally.excused)
            $0.member("rank", rank)
        }
    }
}
