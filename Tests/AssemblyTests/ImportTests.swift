@testable import Assembly
import AttendanceCore
import TestKit
import Testing

@Suite struct `A dry run of an import` {
    private func claim(_ number: Int) -> Claim {
        .scan(WireText("K-\(number)"), badge: "1", station: "Gate")
    }

    @Test func `tells what stands in the file twice, as far as its memory reaches`() {
        var met = MetReferences(Sealer(ambient: .test(TestClock()), pseudonymKey: [UInt8](repeating: 7, count: 32)), max: 3)
        #expect([1, 2, 2, 1, 3].map { met.isFirst(claim($0)) } == [true, true, false, false, true])
        #expect([4, 4, 1].map { met.isFirst(claim($0)) } == [true, false, true], "all is forgotten, and it goes on")
    }

    @Test func `counts what is there, what is new, and what is repeated`() {
        var met = MetReferences(Sealer(ambient: .test(TestClock()), pseudonymKey: [UInt8](repeating: 7, count: 32)))
        var counts = LineCounts()
        counts.count([claim(1), claim(2), claim(2), claim(3)], areThere: [true, false, false, false], met: &met)
        #expect([counts.alreadyThere, counts.new, counts.repeated] == [1, 2, 1])
    }
}

@Suite struct `The counts of an import` {
    @Test func `tell what the file itself brought from what was there`() {
        var counts = LineCounts()
        counts.count([.duplicate(of: 10), .appended(sequence: 11), .duplicate(of: 11)], behind: 10)
        #expect([counts.alreadyThere, counts.new, counts.repeated] == [1, 1, 1])
    }

    @Test(arguments: [(0, 0, 0, 0), (3, 3, 0, 0), (3, 0, 3, 1), (3, 1, 2, 1), (3, 1, 1, 0), (3, 0, 2, 0)])
    func `fail where nothing could be read`(lines: Int, empty: Int, unreadable: Int, code: Int32) {
        var counts = LineCounts()
        counts.lines = lines
        counts.empty = empty
        counts.unreadable = unreadable
        #expect(counts.exitCode == code)
    }
}
