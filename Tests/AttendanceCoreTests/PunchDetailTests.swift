import AttendanceCore
import Testing

@Suite struct `The detail of a punch` {
    @Test func `is read as it was written`() {
        for direction in PunchDirection.allCases {
            for remarks in [[], [.derived], [.clockRepeated, .derived], Set(PunchRemark.allCases)] as [Set<PunchRemark>] {
                let detail = PunchDetail(direction, remarks)
                #expect(PunchDetail(parsing: detail.text) == detail)
            }
        }
        #expect(PunchDetail(.breakStart, [.clockRepeated, .derived]).text == "break-start derived fold")
    }

    @Test(arguments: ["", " ", "In", "in ", " in", "in fold derived", "in derived derived", "in  fold", "in x", "derived"])
    func `is refused where it was never written so`(text: WireText) {
        #expect(PunchDetail(parsing: text) == nil)
    }
}
