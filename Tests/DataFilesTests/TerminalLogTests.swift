import AttendanceCore
@testable import DataFiles
import StrictJSON
import Testing

@Suite struct `A terminal's log` {
    @Test func `says what each state means`() throws {
        let read = ReadLog(try log("every-state"))
        #expect(read.faults.isEmpty)
        #expect(
            read.details == [
                "in", "break-start", "break-end", "out", "overtime-in", "overtime-out", "undefined", "undefined unknown-state",
            ])
        let midnight = Instant(microseconds: 1_714_953_600_000_000)
        let moments = [8, 9, 10, 11, 12, 13, 14, 15].map { (hour: Int64) in midnight.adding(seconds: hour * 3_600) }
        #expect(read.punches.map(\.occurredAt) == moments)
        let means = [1, 0, 15, 4, 1, 2, 3, 25].map { (number: Int) in WireText("verification-\(number)") }
        #expect(read.punches.compactMap(\.means) == means)
        for punch in read.punches {
            #expect(punch.kind == .punch)
            #expect(punch.source == .terminalLog)
            #expect(punch.station == "Gate")
            #expect(punch.personal?.identifierKind == .devicePIN)
            #expect(punch.personal?.identifier == "213")
        }
    }

    @Test(arguments: ["every-state-blanks", "every-state-cr"])
    func `is the same log with other line ends, padding, marks between fields and fields behind`(name: String) throws {
        let first = ReadLog(try log("every-state"))
        let second = ReadLog(try log(name))
        #expect(second.faults.isEmpty)
        #expect(second.references == first.references)
        #expect(second.details == first.details)
        #expect(second.punches.map(\.occurredAt) == first.punches.map(\.occurredAt))
    }

    @Test func `names every line that cannot be read, and reads all others`() throws {
        let read = ReadLog(try log("faults"))
        let faults: [Int: TerminalLine.Fault] = [
            4: .tooFewFields(found: 5), 5: .tooFewFields(found: 1), 6: .noUser, 7: .userWithBlanks, 8: .userTooLong,
            9: .impossibleTime, 10: .impossibleTime, 11: .impossibleTime, 12: .impossibleTime, 13: .impossibleTime,
            14: .impossibleTime, 15: .malformedTime, 16: .malformedTime, 17: .malformedTime, 18: .badVerification,
            19: .badVerification, 20: .badState, 21: .badState, 22: .workCodeTooLong, 23: .notUTF8, 24: .controlCharacter,
            25: .overlong, 26: .tooFewFields(found: 5),
        ]
        #expect(read.faults == faults)
        #expect(read.empty == [2, 3])
        #expect(read.punches.map(\.personal?.identifier) == ["1", "2", "ก", "2"])
        #expect(read.references[1] == read.references[3], "what stands behind the work code makes no other punch")
        #expect(Set(read.faults.values.map { "\($0)" }).count == 13, "each reason has its words")
    }

    @Test func `is read alike, however its bytes come`() throws {
        for name in ["faults", "every-state", "every-state-blanks", "every-state-cr"] {
            let whole = ReadLog(try log(name))
            for piece in [1, 2, 3, 7, 64, 1_000] {
                let pieces = ReadLog(try log(name), piece: piece)
                #expect(pieces.punches == whole.punches)
                #expect(pieces.faults == whole.faults)
            }
        }
    }

    @Test func `keeps the fields as they were sent, and what the moment was made with`() throws {
        let line = "  0213\t2024-05-06 08:00:00\t001\t 0\tW\"7\t0\tmore"
        let read = ReadLog(Array(line.utf8), zone: try zone("Asia/Kolkata"), direction: .alternate)
        #expect(
            read.punches[0].personal?.meta
                == #"{"fields":["  0213","2024-05-06 08:00:00","001"," 0","W\"7","0","more"],"zone":"Asia/Kolkata","derived":{"direction":"alternate"}}"#
        )
        #expect(read.punches[0].detail == "in derived offset=19800")
        #expect(read.punches[0].occurredAt.millisecondText == "2024-05-06T02:30:00.000Z")
    }

    @Test func `tells punches apart by whatever says something, and by nothing else`() {
        let variants = [
            "1\t2024-05-06 08:00:00\t1\t0\t0\t0", "2\t2024-05-06 08:00:00\t1\t0\t0\t0", "1\t2024-05-06 08:00:01\t1\t0\t0\t0",
            "1\t2024-05-06 08:00:00\t2\t0\t0\t0", "1\t2024-05-06 08:00:00\t1\t1\t0\t0", "1\t2024-05-06 08:00:00\t1\t0\t1\t0",
            "01\t2024-05-06 08:00:00\t1\t0\t0\t0", "1\t2024-05-06 08:00:00\t1\t10\t0\t0", "11\t2024-05-06 08:00:00\t1\t0\t0\t0",
        ]
        let all = Array(variants.joined(separator: "\n").utf8)
        #expect(Set(ReadLog(all).references).count == variants.count)
        #expect(Set(ReadLog(all).references + ReadLog(all, source: "Gate 2").references).count == 2 * variants.count)
        for direction in DirectionRule.allCases {
            #expect(Set(ReadLog(all, direction: direction).references) == Set(ReadLog(all).references))
        }
    }

    @Test func `takes numbers with leading zeros for others only when it is told to`() {
        let lines = Array("0213 2024-05-06 08:00:00 1 0 0 0\n213 2024-05-06 08:00:00 1 0 0 0\n".utf8)
        let asWritten = ReadLog(lines)
        #expect(asWritten.punches.map(\.personal?.identifier) == ["0213", "213"])
        #expect(Set(asWritten.references).count == 2)
        let stripped = ReadLog(lines, numbers: .withoutLeadingZeros)
        #expect(stripped.punches.map(\.personal?.identifier) == ["213", "213"])
        #expect(Set(stripped.references).count == 1)
        #expect(stripped.references[1] == asWritten.references[1])
        #expect(NumberRule.withoutLeadingZeros.number("000") == "0")
        #expect(NumberRule.withoutLeadingZeros.number("00A") == "00A")
    }

    @Test func `flags times that the clocks skipped or showed twice`() throws {
        let read = ReadLog(
            "1,2024-03-31 01:59:59", "1,2024-03-31 02:00:00", "1,2024-03-31 02:30:00", "1,2024-03-31 03:00:00",
            "1,2024-10-27 01:59:59", "1,2024-10-27 02:30:00", "1,2024-10-27 03:00:00", zone: try zone("Europe/Berlin"))
        #expect(
            read.details == [
                "in offset=3600", "in gap offset=7200", "in gap offset=7200", "in offset=7200", "in offset=7200",
                "in fold offset=7200", "in offset=3600",
            ])
        #expect(
            read.punches.map(\.occurredAt.millisecondText) == [
                "2024-03-31T00:59:59.000Z", "2024-03-31T01:00:00.000Z", "2024-03-31T01:30:00.000Z", "2024-03-31T01:00:00.000Z",
                "2024-10-26T23:59:59.000Z", "2024-10-27T00:30:00.000Z", "2024-10-27T02:00:00.000Z",
            ])
    }
}

@Suite struct `A direction` {
    @Test func `alternates in the order of time, anew each day`() {
        let read = ReadLog(
            "1,2024-05-06 08:00:00", "2,2024-05-06 08:30:00", "1,2024-05-06 17:00:00", "1,2024-05-06 12:00:00",
            "1,2024-05-07 00:00:00", "2,2024-05-06 17:00:00", direction: .alternate)
        func details(of person: WireText) -> [WireText?] {
            read.punches.filter { $0.personal?.identifier == person }.sorted { $0.occurredAt < $1.occurredAt }.map(\.detail)
        }
        #expect(details(of: "1") == ["in derived", "out derived", "in derived", "in derived"])
        #expect(details(of: "2") == ["in derived", "out derived"])
    }

    @Test func `is in for the first and out for the last of a day, and open between`() {
        let read = ReadLog(
            "1,2024-05-06 12:00:00", "1,2024-05-06 08:00:00", "1,2024-05-06 17:00:00", "1,2024-05-07 08:00:00",
            direction: .firstLast)
        #expect(read.details == ["in derived", "undefined derived", "out derived", "in derived"])
    }

    @Test(arguments: [DirectionRule.alternate, .firstLast])
    func `counts lines of one punch once`(rule: DirectionRule) {
        let read = ReadLog("1,2024-05-06 08:00:00", "1,2024-05-06 08:00:00", "1,2024-05-06 17:00:00", direction: rule)
        #expect(read.details == ["in derived", "in derived", "out derived"])
    }

    @Test func `is not made up for a punch behind a later day`() {
        let read = ReadLog(
            "1,2024-05-06 08:00:00", "1,2024-05-07 08:00:00", "1,2024-05-06 17:00:00", "1,2024-05-07 17:00:00",
            direction: .alternate)
        let byMoment = read.punches.sorted { $0.occurredAt < $1.occurredAt }
        #expect(
            byMoment.map(\.detail) == ["in derived", "undefined derived unordered", "in derived", "out derived"])
    }

    @Test func `comes right again behind a day on which the clock was wrong`() {
        let read = ReadLog(
            "1,2024-05-06 08:00:00", "1,2024-05-06 17:00:00", "1,2099-01-01 08:00:00", "1,2024-05-07 08:00:00",
            "1,2024-05-07 17:00:00", direction: .alternate)
        #expect(read.details == ["in derived", "out derived", "in derived", "in derived", "out derived"])
    }

    @Test func `is worked out alike for a log that stands twice in a file`() {
        var lines: [String] = []
        for day in 1...40 {
            let date = day <= 31 ? "05-\(day < 10 ? "0" : "")\(day)" : "06-0\(day - 31)"
            for hour in ["08", "17"] { lines.append("1\t2024-\(date) \(hour):00:00\t1\t0\t0\t0") }
        }
        let days = lines.joined(separator: "\n")
        let once = ReadLog(Array(days.utf8), direction: .firstLast)
        let twice = ReadLog(Array("\(days)\n\(days)".utf8), direction: .firstLast)
        #expect(twice.punches == once.punches + once.punches)
    }

    @Test func `waits for no more lines than it may hold`() throws {
        let settings = TerminalLog.Settings(source: "Gate", zone: .utc, direction: .alternate)
        var log = TerminalLog(settings, heldMax: 10)
        var released: [Claim] = []
        for person in 1...30 {
            let line = try #require(try TerminalLine(.bytes(Array("\(person) 2024-05-06 08:00:00 1 0 0 0".utf8))))
            released += log.take(line)
            #expect(person - released.count <= 10)
        }
        released += log.finish()
        let people = (1...30).map { (number: Int) in WireText("\(number)") }
        #expect(released.compactMap(\.personal?.identifier) == people)
        #expect(released.allSatisfy { $0.detail == "in derived" })
    }
}
