/// The paths of classes and all that hangs on them. Source: contract §4, §7.
extension AIMSDialect {
    var classResources: [Resource] {
        [
            Resource("/classes", .get(.staff, listClasses), .post(.staff, createClass)),
            Resource("/classes/{class_id}", .delete(.staff, deleteClass)),
            Resource("/classes/{class_id}/schedules", .post(.staff, addSchedule)),
            Resource("/classes/{class_id}/students", .put(.staff, bodyMaxBytes: Gate.largeBodyMaxBytes, updateRoster)),
            Resource("/classes/{class_id}/reschedules", .get(.staff, listReschedules), .post(.staff, createReschedule)),
            Resource(
                "/classes/reschedules/{reschedule_id}", .put(.staff, changeReschedule), .delete(.staff, deleteReschedule)),
            Resource("/attendance/sessions", .get(.staff, listSessions), .post(.staff, openSession)),
            Resource(
                "/attendance/sessions/{session_id}/statuses",
                .put(.staff, bodyMaxBytes: Gate.largeBodyMaxBytes, updateStatuses)),
            Resource("/stats/classes/{class_id}/students", .get(.staff, showStatistics)),
        ]
    }

    var studentResources: [Resource] {
        [
            Resource("/students/me/classes", .get(.students, listOwnClasses)),
            Resource("/students/me/classes/{class_id}/attendance", .get(.students, showOwnAttendance)),
            Resource("/students/me/photo", .get(.students, showOwnPhoto)),
            Resource("/leaderboard", .get(.studentsAndAdmins, showLeaderboard)),
            Resource("/notifications/me", .get(.students, listOwnNotices)),
            Resource("/notifications/me/{notification_id}/read", .act(.students, readOwnNotice)),
            Resource("/notifications/admin/send", .post(.admins, sendNotices)),
            Resource("/notifications/admin/send-to-student", .post(.admins, sendNotice)),
        ]
    }

    /// Opened by a key of their own.
    var flagResources: [Resource] {
        [
            Resource("/bt-checkin/{class_id}", .get(open: showFlag), .put(open: setFlag)),
            Resource("/bt-checkin/{class_id}/present", .get(open: listPresence), .post(open: notePresence)),
        ]
    }

    var storageResources: [Resource] {
        let photos = Self.rollNumberParts.indices.map { last in
            let parts = Self.rollNumberParts[...last].map { "{\($0)}" }.joined(separator: "/")
            return Resource("/api/storage/students/\(parts)/photo", .act(.staff, storePhoto))
        }
        return photos + [
            Resource("/api/storage/students/me/photo", .act(.students, storeOwnPhoto)),
            Resource(
                "/api/storage/classes/{class_id}/assignments", .get(.staff, useAssignments), .act(.staff, useAssignments)),
            Resource("/api/storage/attendance/{session_id}/image", .act(.staff, storeSessionImage)),
            Resource("/api/storage/sas-url", .post(.anybody, shareBlob)),
        ]
    }
}
