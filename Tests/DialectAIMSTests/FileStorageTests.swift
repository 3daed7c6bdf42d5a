import HTTPMessages
import TestKit
import Testing

@Suite struct `A file storage that is not there` {
    @Test(arguments: StoreKind.underTest)
    func `is told of to who might use it, and everybody else hears what is wrong`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            let desk = try Desk(subject)
            let variables = try await desk.furnish()
            func status(_ token: String, _ path: String) async throws -> Int {
                try await desk.ask(.post, "/api/storage" + path, headers: .bearer(variables[token]), "").status
            }
            for path in ["/students/23/GC/207/photo", "/students/23%2FGC%2F207/photo"] {
                #expect(try await status("LIST_TEACHER_JWT", path) == 503)
                #expect(try await status("ADMIN_JWT", path) == 503)
                #expect(try await status("TEACHER_JWT", path) == 403)
                #expect(try await status("STUDENT_JWT", path) == 403)
            }
            // Whether somebody is there is judged before who may touch them.
            #expect(try await status("TEACHER_JWT", "/students/23/GC/999/photo") == 404)
            #expect(try await status("ADMIN_JWT", "/students/x/photo") == 404)
            #expect(try await status("STUDENT_JWT", "/students/me/photo") == 503)
            let place = "/classes/\(variables["CLASS_LIST_ID"] ?? "")/assignments"
            #expect(try await status("LIST_TEACHER_JWT", place) == 503)
            #expect(try await status("TEACHER_JWT", place) == 403)
            #expect(try await status("ADMIN_JWT", "/classes/00000000-0000-4000-8000-00000000dead/assignments") == 404)
            #expect(try await status("ADMIN_JWT", "/attendance/7/image") == 422)
        }
    }
}
