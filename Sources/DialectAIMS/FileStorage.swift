import AttendanceCore
import HTTPMessages

/// The places of the file storage, which this installation has not: whoever might use them is told so, and everybody else what
/// they would be told anyway. Source: contract §7.7.
extension AIMSDialect {
    private static let noStorage = AIMSFailure.absent("File storage is not configured on this server")

    /// `POST /api/storage/students/{roll_no}/photo`: admins, and teachers who have the student in a class.
    func storePhoto(_ visit: Visit, _ asker: Asker) async throws(AIMSFailure) -> Response {
        let rollNumber = visit.rollNumber
        let words = RefusalWords(notPermitted: "You do not have permission to access this student")
        _ = try await ask(words) { () async throws(AttendanceError) in
            try await operations.student(ofRollNumber: rollNumber, as: asker.classroom)
        }
        throw Self.noStorage
    }

    /// `POST /api/storage/students/me/photo`.
    func storeOwnPhoto(_ visit: Visit, _ asker: Asker) async throws(AIMSFailure) -> Response {
        throw Self.noStorage
    }

    /// `POST` and `GET /api/storage/classes/{class_id}/assignments`: whoever may see the class.
    func useAssignments(_ visit: Visit, _ asker: Asker) async throws(AIMSFailure) -> Response {
        let id = try visit.classID()
        _ = try await ask(.access) { () async throws(AttendanceError) in
            try await operations.roster(of: id, as: asker.classroom)
        }
        throw Self.noStorage
    }

    /// `POST /api/storage/attendance/{session_id}/image`: whoever may mark the session.
    func storeSessionImage(_ visit: Visit, _ asker: Asker) async throws(AIMSFailure) -> Response {
        var reader = visit.reader
        let id = reader.path("session_id", as: .id(of: ClassSession.self))
        try reader.check()
        guard let id else { throw .incomplete }
        _ = try await ask(.marking) { () async throws(AttendanceError) in
            // Asks for the marks as they are: nothing is noted.
            try await operations.callRoll(id, [], as: asker.classroom)
        }
        throw Self.noStorage
    }

    /// `POST /api/storage/sas-url`.
    func shareBlob(_ visit: Visit, _ asker: Asker) async throws(AIMSFailure) -> Response {
        var reader = visit.reader
        if let body = reader.body() {
            _ = reader.required("container_name", of: body, as: .text)
            _ = reader.required("blob_name", of: body, as: .text)
            _ = reader.present("expiry_hours", of: body, as: .integer())
        }
        try reader.check()
        throw Self.noStorage
    }

    /// Roll numbers have slashes: each of these is a path of its own to the route table. Source: contract §7.7, decision.
    static let rollNumberParts = ["part1", "part2", "part3", "part4", "part5"]
}

extension Visit {
    /// A roll number, whose slashes cut it into several parts of the path.
    fileprivate var rollNumber: WireText {
        WireText(AIMSDialect.rollNumberParts.compactMap { parameters[$0] }.joined(separator: "/"))
    }
}
