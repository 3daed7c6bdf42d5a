import AttendanceCore
import SQLStorage
import TestKit
import Testing

@Suite struct `Addresses that may sign in` {
    private func draft(
        _ email: WireText, _ role: ClassroomRole = .teacher, other: WireText? = nil, name: WireText? = nil, roll: WireText? = nil
    ) throws -> AllowedEmailDraft {
        try AllowedEmailDraft(email: email, role: role, otherEmail: other, name: name, rollNumber: roll)
    }

    @Test(arguments: StoreKind.underTest)
    func `are kept without letter case and blanks, once, and told by list`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            let first = try await subject.operations.allowEmails(
                [
                    draft(" Asha.Verma@College.example ", name: "Asha Verma"), draft("root@college.example", .admin),
                    draft("ila@mail.example", .student, other: "ILA_207@college.example", name: "Ila Rao", roll: "23/GC/207"),
                ], as: subject.caller)
            #expect(first == AllowedCount(added: 3))
            let again = try await subject.operations.allowEmails(
                [draft("asha.verma@college.example"), draft("root@college.example", .teacher)], as: subject.caller)
            #expect(again == AllowedCount(changed: 1, unchanged: 1))
            let all = try await subject.operations.allowedEmails(on: nil, as: subject.caller)
            #expect(all.map(\.email) == ["asha.verma@college.example", "root@college.example", "ila@mail.example"])
            #expect(all.map(\.role) == [.teacher, .teacher, .student])
            #expect(all[0].name == "Asha Verma" && all[2].otherEmail == "ila_207@college.example" && !all[2].isDenied)
            // Another tenant has lists of its own.
            let north = try await subject.operations.createTenant(named: try TenantName(parsing: "north"), as: subject.caller)
            let there = Caller.commandLine(tenant: north.id)
            #expect(try await subject.operations.allowedEmails(on: nil, as: there) == [])
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `that are two of one student stay one entry, whichever is told first`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            func told() async throws -> [[WireText]] {
                try await subject.operations.allowedEmails(on: .student, as: subject.caller).map {
                    [$0.email, $0.otherEmail ?? "-"]
                }
            }
            func note(_ email: WireText?, _ institute: WireText?, _ roll: WireText = "7") async throws {
                let sealer = subject.operations.sealer
                let moment = subject.clock.now
                let notes = [
                    StudentAddresses(rollNumber: roll, name: "A", email: email, instituteEmail: institute)
                ].compactMap { $0 }
                try await subject.store.write(in: .default) { tx throws(AttendanceError) in
                    try tx.noteStudentAddresses(notes, at: moment, sealer: sealer, in: .default)
                }
            }
            try await note(nil, "a1@inst.example")
            #expect(try await told() == [["a1@inst.example", "-"]])
            try await note("A@mail.example", "A1@inst.example")
            #expect(try await told() == [["a@mail.example", "a1@inst.example"]])
            let id = try await subject.operations.allowedEmails(on: .student, as: subject.caller)[0].id
            try await note("a@mail.example", nil)
            try await note(nil, "a1@inst.example")
            try await note("NULL", " ")
            try await note("no address", nil)
            #expect(try await told() == [["a@mail.example", "a1@inst.example"]])
            _ = try await subject.operations.allowEmails(
                [draft("a1@inst.example", .student, other: "a@mail.example", roll: "9")], as: subject.caller)
            let swapped = try await subject.operations.allowedEmails(on: .student, as: subject.caller)
            #expect(swapped.map(\.email) == ["a1@inst.example"] && swapped[0].otherEmail == "a@mail.example")
            #expect(swapped[0].rollNumber == "9" && swapped[0].name == "A" && swapped[0].id == id)
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `that were taken off stay off, whatever a roster says, until they are allowed again`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            func denied() async throws -> [WireText] {
                try await subject.operations.allowedEmails(on: nil, as: subject.caller).filter(\.isDenied).map(\.email)
            }
            _ = try await subject.operations.allowEmails(
                [draft("t@college.example"), draft("s@mail.example", .student, other: "s@inst.example")], as: subject.caller)
            #expect(try await subject.operations.denyEmail("T@college.example", as: subject.caller))
            #expect(try await subject.operations.denyEmail("s@INST.example", as: subject.caller))
            #expect(try await !subject.operations.denyEmail("nobody@mail.example", as: subject.caller))
            #expect(try await denied() == ["t@college.example", "nobody@mail.example", "s@mail.example", "t@college.example"])
            let note = try #require(
                StudentAddresses(rollNumber: "1", name: "S", email: "s@mail.example", instituteEmail: "nobody@mail.example"))
            let (sealer, moment) = (subject.operations.sealer, subject.clock.now)
            try await subject.store.write(in: .default) { tx throws(AttendanceError) in
                try tx.noteStudentAddresses([note], at: moment, sealer: sealer, in: .default)
            }
            #expect(try await denied().count == 4)
            _ = try await subject.operations.allowEmails([draft("s@inst.example", .student)], as: subject.caller)
            #expect(try await denied() == ["t@college.example", "nobody@mail.example", "t@college.example"])
            let trail = try await subject.store.read(in: .default) { tx throws(AttendanceError) in try tx.auditEntries(limit: 9) }
            #expect(trail.map(\.act) == [.emailAllowed, .emailDenied, .emailDenied, .emailDenied, .emailAllowed, .emailAllowed])
        }
    }

    @Test(arguments: StoreKind.underTest)
    func `come by the thousand in one piece, or not at all`(on kind: StoreKind) async throws {
        try await kind.withFreshStore { subject in
            let many = try (0..<3_000).map { try draft("s\($0)@mail.example", .student, other: "s\($0)@inst.example") }
            #expect(try await subject.operations.allowEmails(many, as: subject.caller) == AllowedCount(added: 3_000))
            #expect(try await subject.operations.allowEmails(many, as: subject.caller) == AllowedCount(unchanged: 3_000))
            let stranger = Caller.open(tenant: .default, address: nil)
            await #expect(throws: AttendanceError.notPermitted) {
                try await subject.operations.allowEmails(many, as: stranger)
            }
            await #expect(throws: AttendanceError.notPermitted) {
                try await subject.operations.denyEmail("a@b.example", as: stranger)
            }
            await #expect(throws: AttendanceError.notPermitted) {
                try await subject.operations.allowedEmails(on: nil, as: stranger)
            }
        }
    }

    @Test(
        arguments: [
            ("", .teacher, nil, nil, nil), ("no address", .teacher, nil, nil, nil),
            ("a@b.example", .teacher, "b@b.example", nil, nil),
            ("a@b.example", .admin, nil, nil, "7"), ("a@b.example", .student, "other", nil, nil),
            ("a@b.example", .student, nil, WireText(String(repeating: "x", count: 201)), nil),
            ("a@b.example", .student, nil, "a\u{0}", nil),
        ] as [(WireText, ClassroomRole, WireText?, WireText?, WireText?)])
    func `have to be addresses, and students' alone have more`(
        email: WireText, role: ClassroomRole, other: WireText?, name: WireText?, roll: WireText?
    ) {
        #expect(throws: AttendanceError.self) {
            try AllowedEmailDraft(email: email, role: role, otherEmail: other, name: name, rollNumber: roll)
        }
    }
}
