import AttendanceCore
import DataFiles
import Testing

@Suite struct `A table of comma-separated values` {
    @Test(arguments: [
        ("a,b\r\nc,d\r\n", [["a", "b"], ["c", "d"]]), ("a,b\nc,d", [["a", "b"], ["c", "d"]]), ("\u{FEFF}a\n", [["a"]]),
        ("\"a,b\",\"c\"\"d\"\n", [["a,b", "c\"d"]]), ("a;b\nc,x;d\n", [["a", "b"], ["c,x", "d"]]), ("a,,\n", [["a", "", ""]]),
        ("\n\r\na\n\n", [["a"]]), ("\"two\nlines\",x\n", [["two\nlines", "x"]]), ("", []), ("a\rb", [["a"], ["b"]]),
        ("é,Grüße\n", [["é", "Grüße"]]), (",\n", [["", ""]]),
    ])
    func `is taken apart`(text: String, rows: [[String]]) throws {
        #expect(try CSVReader.rows(of: Array(text.utf8)).map(\.cells) == rows)
    }

    @Test func `says in which line a row begins`() throws {
        let rows = try CSVReader.rows(of: Array("a,b\r\n\"1\r\n2\",x\r\n\r\nlast,y".utf8))
        #expect(rows.map(\.line) == [1, 2, 5])
    }

    @Test(arguments: [([0x22, 0x61], 1), ([0x61, 0x0A, 0x22, 0x61, 0x22, 0x62], 2), ([0xFF, 0x61], 1)] as [([UInt8], Int)])
    func `is refused where it is none`(text: [UInt8], line: Int) {
        let fault = #expect(throws: CSVReader.Fault.self) { try CSVReader.rows(of: text) }
        #expect(fault?.line == line)
    }
}

@Suite struct `A file of allowed addresses` {
    private func read(_ text: String, role: ClassroomRole? = nil) throws -> (drafts: [AllowedEmailDraft], faults: [CSVReader.Fault])
    {
        try AllowedEmailRows.drafts(Array(text.utf8), role: role)
    }

    @Test func `names its columns in any order and spelling`() throws {
        let (drafts, faults) = try read(
            """
            Roll No,ROLE,dtu-email,E-Mail,Full Name,Department
            7,Student,i@inst.example, A@Mail.example ,"Rao, Ila",CS
            ,teacher,,t@college.example
            """)
        #expect(faults == [])
        #expect(drafts.map(\.email.folded) == ["a@mail.example", "t@college.example"])
        #expect(drafts[0].otherEmail?.folded == "i@inst.example" && drafts[0].rollNumber == "7" && drafts[0].name == "Rao, Ila")
        #expect(drafts[0].department == "CS" && drafts[1].role == .teacher && drafts[1].name == nil)
    }

    @Test func `may leave the role to whoever brings it in`() throws {
        #expect(try read("email\na@b.example\n", role: .student).drafts.map(\.role) == [.student])
        #expect(try read("email,role\na@b.example,admin\nb@b.example,\n", role: .teacher).drafts.map(\.role) == [.admin, .teacher])
    }

    @Test func `has all its bad rows told at once`() throws {
        let (drafts, faults) = try read(
            "email,role,roll_no\nnobody,student,1\na@b.example,root,\nb@b.example,teacher,7\nc@b.example,student,9\n,student,2\n")
        #expect(drafts.map(\.email.folded) == ["c@b.example"])
        #expect(faults.map(\.line) == [2, 3, 4, 6])
        #expect(faults.map(\.words).joined().contains("root"))
    }

    @Test(arguments: [
        "", "role\nstudent\n", "email\na@b.example\n", "email,role,email\n", "email,role,shoe size\n", "email,role\na,b,c\n",
    ])
    func `is refused as a whole where its columns are not clear`(text: String) {
        #expect(throws: CSVReader.Fault.self) { try read(text) }
    }
}
